# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the end-to-end tests share: a user's controller that runs playbooks against the lab, and looks at the hosts."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shlex
import string
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lab import _cgroup
from tests.lab._spec import RUN_DIR
from tests.lab._tools import run
from tests.lab.ansible import Project, ansible_playbook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.lab._lab import Lab

HOSTS = ("alpha", "beta")
USERS = ("root", "deploy")
STORE = "etc/credstore.encrypted"
HOST_KEY = "var/lib/systemd/credential.secret"
MACHINE_ID = "etc/machine-id"
IDENTITY = "var/lib/trading-hosts/age/identity"

_RESULT = re.compile(r"^(ok|changed|fatal|failed|skipping|unreachable): \[(\w+)\](?:: \w+!)? => (\{.*\})$")
_WORDS = string.ascii_letters + string.digits


def canary() -> str:
    """Return a random secret that no escape leaves as it is: two pieces, and between them what escapes change."""
    pieces = ["".join(secrets.choice(_WORDS) for _turn in range(20)) for _turn in range(2)]
    return '"\\/+é'.join(pieces)


@dataclass(frozen=True)
class Result:
    """What one task said of one host. ``status`` is ok, changed, failed or skipped."""

    task: str
    host: str
    status: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """One ``ansible-playbook`` that has ended. ``trips`` is the number of times that it ran ssh for a host."""

    returncode: int
    output: str
    trips: int

    @property
    def results(self) -> list[Result]:
        found, task = [], ""
        words = {"fatal": "failed", "skipping": "skipped"}
        for line in self.output.splitlines():
            if line.startswith(("TASK [", "RUNNING HANDLER [")):
                task = line.partition("[")[2].rpartition("]")[0]
            elif match := _RESULT.match(line):
                status, host, data = match.groups()
                found.append(Result(task, host, words.get(status, status), json.loads(data)))
        return found

    def of(self, host: str, task: str) -> Result:
        """Return what the task said of the host; fails with the whole output if it said nothing."""
        for result in self.results:
            if (result.host, result.task) == (host, task):
                return result
        raise AssertionError(f"{task!r} said nothing of {host}:\n{self.output}")

    def everywhere(self, task: str, *, hosts: Sequence[str] = HOSTS) -> list[Result]:
        return [self.of(host, task) for host in hosts]

    def message(self, host: str = "alpha") -> str:
        """Return the sentence with which the only failed task failed on this host."""
        failed = [result for result in self.results if result.host == host and result.status == "failed"]
        assert len(failed) == 1, self.output
        return str(failed[0].data["msg"])


class Controller:
    """A user's own machine: a directory with a configuration, an inventory for one user and vaulted variables.

    All temporary files, logs and caches of its Ansible are below ``directory``.
    """

    def __init__(
        self, lab: Lab, directory: Path, *, user: str = "deploy", pipelining: bool = False, guests: bool = False
    ) -> None:
        self.lab = lab
        self.directory = directory
        self._trips = directory / "trips"
        self._runs = 0
        for name in ("tmp", "tmpdir", "home", "facts"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        self.project = Project(directory)
        lab.write_inventory(self.project.inventory, user=user, guests=guests)
        setting = f"pipelining = {pipelining}\n"
        (directory / "ansible.cfg").write_text(f"[defaults]\n[connection]\n{setting}[ssh_connection]\n{setting}")
        wrapper = directory / "ssh"
        wrapper.write_text(
            "#!/bin/sh\n"
            "# Counts what reaches a host: not questions to ssh itself or to a connection that is open.\n"
            f'case " $* " in *" -G "*|*" -O "*) ;; *) echo trip >> {shlex.quote(str(self._trips))} ;; esac\n'
            'exec /usr/bin/ssh "$@"\n'
        )
        wrapper.chmod(0o700)

    def write_vars(self, variables: Mapping[str, Any], *, hosts: Sequence[str] = HOSTS) -> None:
        """Put variables into each host's vaulted file; they replace what was there."""
        for host in hosts:
            self.project.write_host_vars(host, variables)

    def playbook_command(self, playbook: str, *words: str) -> tuple[list[str], dict[str, str]]:
        """Return the words and the environment by which a person runs a playbook of the collection."""
        argv = [*ansible_playbook(), "-i", str(self.project.inventory), "-v", *words, playbook]
        environment = self.project.environment(
            ANSIBLE_CALLBACK_FORMAT_PRETTY="False",
            ANSIBLE_HOME=str(self.directory / "home"),
            ANSIBLE_DEPRECATION_WARNINGS="False",
            TMPDIR=str(self.directory / "tmpdir"),
        )
        return argv, environment

    def playbook(self, playbook: str, *words: str) -> Run:
        """Run a playbook of the collection without a terminal; its trips are not counted."""
        argv, environment = self.playbook_command(playbook, *words)
        done = subprocess.run(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Run(done.returncode, done.stdout, 0)

    def run(
        self,
        *tasks: Mapping[str, Any],
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        hosts: str = "all",
        facts: bool = False,
        **play: Any,
    ) -> Run:
        """Run the tasks as one play on these hosts; a failed play is a result."""
        self._runs += 1
        playbook = self.directory / f"play{self._runs}.json"
        playbook.write_text(json.dumps([{"hosts": hosts, "gather_facts": facts, **play, "tasks": tasks}], indent=1))
        self._trips.write_text("")
        done = self.project.run(
            playbook,
            *(arguments or ("-v",)),
            environment={
                "ANSIBLE_CALLBACK_FORMAT_PRETTY": "False",
                "ANSIBLE_HOME": str(self.directory / "home"),
                "ANSIBLE_SSH_EXECUTABLE": str(self.directory / "ssh"),
                "ANSIBLE_DEPRECATION_WARNINGS": "False",
                "TMPDIR": str(self.directory / "tmpdir"),
                **(environment or {}),
            },
        )
        return Run(done.returncode, done.stdout, len(self._trips.read_text().splitlines()))

    def run_counted(self, *tasks: Mapping[str, Any], hosts: str) -> tuple[Run, dict[str, dict[str, float]]]:
        """Run the tasks on one host, and return what tests/lab/callback/trips.py tells of each role."""
        report = self.directory / "trips.json"
        callback = {
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parents[1] / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "trips",
            "TRIPS_LOG": str(self._trips),
            "TRIPS_REPORT": str(report),
        }
        done = self.run(*tasks, hosts=hosts, environment=callback)
        return done, dict(json.loads(report.read_text()))


def place(*credentials: Mapping[str, Any], name: str = "place", **options: Any) -> dict[str, Any]:
    """Return the task that places these credentials. ``vars``, ``check_mode`` and ``ignore_errors`` go to the task."""
    keywords: dict[str, Any] = {
        key: options.pop(key) for key in ("vars", "check_mode", "ignore_errors") if key in options
    }
    return {"name": name, "trading.hosts.credential": {"credentials": list(credentials), **options}, **keywords}


def info(*, name: str = "info", **options: Any) -> dict[str, Any]:
    """Return the task that asks what is placed."""
    return {"name": name, "trading.hosts.credential_info": options}


def virgin(lab: Lab, *hosts: str) -> None:
    """Take every credential and the host's keys away, as on a host that has never held one."""
    for host in hosts or HOSTS:
        root = lab.root(host)
        for path in (root / STORE).glob("*"):
            path.unlink()
        for path in (root / STORE).glob(".trading-hosts.*"):
            path.unlink()
        (root / HOST_KEY).unlink(missing_ok=True)
        (root / IDENTITY).unlink(missing_ok=True)


def decrypt(lab: Lab, host: str, name: str, *, directory: str = f"/{STORE}") -> str:
    """Return the content of a credential, by systemd's own program."""
    return lab.execute(host, ["systemd-creds", "decrypt", f"--name={name}", f"{directory}/{name}", "-"]).stdout


def decrypt_age(lab: Lab, host: str, name: str, *, identity: str = f"/{IDENTITY}") -> str:
    """Return the content of a credential of the store age, by age itself."""
    return lab.execute(host, ["age", "--decrypt", "--identity", identity, f"/{STORE}/{name}.age"]).stdout


def names(lab: Lab, host: str) -> list[str]:
    """Return all that is in the credentials' directory, temporary files included."""
    directory = lab.root(host) / STORE
    return sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []


def listing(lab: Lab, host: str, *directories: str) -> dict[str, tuple[int, ...]]:
    """Return mode, owner, size and time of every file below these directories of the host's disk."""
    found: dict[str, tuple[int, ...]] = {}
    for directory in directories:
        for path in (lab.root(host) / directory).rglob("*"):
            status = path.lstat()
            found[str(path)] = (status.st_mode, status.st_uid, status.st_size, status.st_mtime_ns)
    return found


def memory_root(host: str) -> Path:
    """Return the host's root as its processes see it, with /run, /tmp and /dev/shm, which are on no disk."""
    for tree in _cgroup._trees():
        for path in (tree / host).rglob("init.scope/cgroup.procs"):
            if pids := path.read_text().split():
                return Path(f"/proc/{pids[0]}/root")
    raise AssertionError(f"{host} does not run")


def drop_connections() -> None:
    """Forget the connections that Ansible keeps open: the next run makes its own, as the first one does."""
    for control in (RUN_DIR / "cp").glob("*"):
        control.unlink(missing_ok=True)


@contextlib.contextmanager
def in_memory(directory: Path) -> Iterator[None]:
    """Give the directory a file system of its own, so that a watch sees what happens there and nothing else."""
    run(["mount", "-t", "tmpfs", "-o", "mode=700", "thlab-controller", str(directory)])
    try:
        yield
    finally:
        run(["umount", "--lazy", str(directory)])


def places(lab: Lab, controller: Controller, *hosts: str) -> list[Path]:
    """Return the file systems in which a secret could end up: the controller's, and of each host disk and memory."""
    found = [controller.directory]
    for host in hosts or HOSTS:
        root = memory_root(host)
        found += [root, *(root / name for name in ("run", "tmp", "dev/shm"))]
    return found
