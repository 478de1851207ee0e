# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No leak, from the table of the argument specifications: every place that takes a secret, every way to fail.

The channels, all at once: output at -vvvvvv with --diff, check mode, Ansible's log, its fact cache, the junit report,
ansible-runner's artifacts, sudo's recordings, journal, temporary files, command lines and environments, and the disks
of hosts and controller. That each of them is really read is proved by something that is planted to be found there.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.lab._simulator import STATE_DIR
from tests.lab.e2e._canaries import SCENARIOS, failing, named
from tests.lab.e2e._leaks import Leaks
from tests.lab.e2e._support import HOSTS, Controller, canary, in_memory, memory_root, names, place, virgin
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.lab._lab import Lab

SUDO_IO = "var/log/sudo-io"
RULES = "etc/sudoers.d/zz-record"
#: A secret in clear, for the module that looks for such.
EXPOSED = "srv/exposed/config.json"


def locked_pem(password: str) -> str:
    return (
        ed25519.Ed25519PrivateKey.generate()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode()),
        )
        .decode()
    )


def canaries() -> dict[str, str]:
    """Return what every scenario's secrets are made of: what exchanges take holds no letter beyond ASCII."""
    found = {name: canary().replace("é", "") for name in ("key", "secret", "phrase", "password")}
    plain = canary().replace('"\\/+é', "")
    given = {f"canary_{name}": text for name, text in {**found, "plain": plain}.items()}
    return {**given, "canary_pem": locked_pem(found["password"])}


@contextlib.contextmanager
def sudo_records(lab: Lab, what: str) -> Iterator[None]:
    """Have sudo record this on both hosts for a while."""
    rules = [lab.root(host) / RULES for host in HOSTS]
    before = [path.read_text() if path.exists() else None for path in rules]
    for path in rules:
        path.write_text(f"Defaults {what}\n")
        path.chmod(0o440)
    try:
        yield
    finally:
        for path, text in zip(rules, before, strict=True):
            if text is None:
                path.unlink()
            else:
                path.write_text(text)


class Swept:
    """A controller whose hosts hold canaries, and what was planted to be found."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.directory = directory
        self.secrets = canaries()
        simulator = Simulator.attach(STATE_DIR)
        addresses = [lab.host(host).public_v4 for host in HOSTS]
        good = simulator.create_key("bybit", permissions="spot-trade", allowlist=addresses, label="good")
        key = {"name": "good", "exchange": "bybit", "api_key": good.key, "secret": good.secret}
        declared = {"label": "good", "account": good.account_id, "access": "read_write", "products": ["spot"]}
        self.controller = Controller(lab, directory)
        self.planted = canary().replace('"\\/+é', "")
        held = {**self.secrets, "good_key": good.key, "good_secret": good.secret}
        self.leaks = Leaks(lab, directory, held, belongs=["/run/credentials/swept.service/", f"/{EXPOSED}"])
        config = {"exchange": {"name": "bybit", "key": good.key, "secret": good.secret}}
        for host in HOSTS:
            (lab.root(host) / EXPOSED).parent.mkdir(exist_ok=True)
            (lab.root(host) / EXPOSED).write_text(json.dumps(config))
        self.controller.write_vars(
            {
                **self.secrets,
                "good": {**key, "declared": declared},
                "canary_keys": [{**key, "declared": declared}],
                "planted": self.planted,
                "swept_directory": str(directory / "facts"),
            }
        )

    def plant(self) -> dict[str, Any]:
        """Return a task that tells something which is no canary to every channel, as a careless one would."""
        return {
            "name": "plant",
            "ansible.builtin.command": {"argv": ["echo", "{{ planted }}"]},
            "changed_when": False,
        }

    def shows_planted(self, *roots: Path) -> bool:
        return bool(sweep(Needles.of([self.planted]), *roots, newer_than=self.leaks.began))


@pytest.fixture
def swept(lab: Lab, tmp_path: Path) -> Iterator[Swept]:
    virgin(lab)
    with in_memory(tmp_path), sudo_records(lab, "log_output"):
        yield Swept(lab, tmp_path)
        for host in HOSTS:
            lab.execute(host, ["systemctl", "disable", "--quiet", "--now", "swept.service"], check=False)
            (lab.root(host) / "etc/systemd/system/swept.service").unlink(missing_ok=True)
            (lab.root(host) / EXPOSED).unlink()


def scenarios(*, without: str = "") -> list[dict[str, Any]]:
    return [named(name, task) for name, task in SCENARIOS.items() if name != without]


def test_every_scenario_and_every_failure(lab: Lab, swept: Swept) -> None:
    failures = list(failing())
    tasks = [*scenarios(), *(named(name, task) for name, task, _surely in failures), swept.plant()]
    run, seen = swept.leaks.watched(swept.controller, *tasks, arguments=["-vvvvvv", "--diff"])
    assert seen == []
    assert "PLAY RECAP" in run.output
    for host in HOSTS:
        ended = {result.task: result.status for result in run.results if result.host == host}
        for name, task in SCENARIOS.items():
            if "block" not in named(name, task):
                assert ended[name] in ("ok", "changed"), (name, run.output[-3000:])
        for name, task, surely in failures:
            if surely and "block" not in named(name, task):
                assert ended[name] == "failed", (name, run.output[-3000:])
        (placed,) = run.of(host, "learn what is placed").data["api_keys"]
        assert placed["access"]["status"] == "accepted"
        assert (swept.directory / "facts" / f"{host}.report.json").exists()
        exposed = run.of(host, "find what is exposed").data["exposed"]
        assert f"/{EXPOSED}" in {each["path"] for each in exposed}
        assert {"good", "swept", "swept-pair"} <= set(names(lab, host))
        # The control: every channel is written, and read here.
        assert swept.shows_planted(memory_root(host) / SUDO_IO)
    for channel in ("ansible.log", "junit"):
        assert swept.shows_planted(swept.directory / channel), channel
    assert swept.planted in run.output


def test_check_mode(swept: Swept) -> None:
    run, seen = swept.leaks.watched(
        swept.controller,
        *scenarios(without="build through a proxy"),
        swept.plant(),
        arguments=["-vvvvvv", "--diff", "--check"],
    )
    assert seen == []
    assert "PLAY RECAP" in run.output


def test_ansible_runners_artifacts(swept: Swept) -> None:
    failures = [named(name, task) for name, task, _surely in failing() if name.startswith(("place fields", "learn: "))]
    of_modules = [named(name, task) for name, task in SCENARIOS.items() if "vars" not in task]
    playbook = swept.directory / "runner.json"
    playbook.write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [*of_modules, *failures, swept.plant()]}])
    )
    private = swept.directory / "runner"
    private.mkdir()

    def work() -> int:
        return run_by_runner(swept.controller, playbook, private=private, environment=swept.leaks.logs())

    _status, seen = swept.leaks.watch(swept.controller, work)
    assert seen == []
    artifacts = private / "artifacts" / "sweep"
    events = [json.loads(path.read_text()) for path in (artifacts / "job_events").glob("*.json")]
    assert {"place fields", "learn"} <= {event.get("event_data", {}).get("task") for event in events}
    assert "playbook_on_stats" in {event["event"] for event in events}
    # The control: a careless task would be seen in both.
    assert swept.shows_planted(artifacts / "job_events")
    assert swept.shows_planted(artifacts / "stdout")


def run_by_runner(controller: Controller, playbook: Path, *, private: Path, environment: Mapping[str, str]) -> int:
    programs = Path(sys.executable).parent
    done = subprocess.run(
        [
            programs / "ansible-runner", "run", private, "-p", playbook, "-i", "sweep", "--quiet",
            "--inventory", controller.project.inventory, "--cmdline=-vvvvvv --diff",
        ],
        env=controller.project.environment(
            PATH=f"{programs}:{os.environ['PATH']}",
            ANSIBLE_HOME=str(controller.directory / "home"),
            TMPDIR=str(controller.directory / "tmpdir"),
            **environment,
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )  # fmt: skip
    return done.returncode


def test_where_sudo_records_what_it_is_sent_nothing_is_sent(lab: Lab, swept: Swept) -> None:
    tasks = [named(name, task) for name, task in SCENARIOS.items() if "vars" not in task]
    with sudo_records(lab, "log_input, log_output"):
        run, seen = swept.leaks.watched(swept.controller, *tasks, swept.plant())
    assert seen == []
    for host in HOSTS:
        assert "records what it is sent" in run.of(host, "place fields").data["msg"]
        assert "records what it is sent" in run.of(host, "learn").data["msg"]
        # The control: what an ordinary module is sent stands there.
        assert swept.shows_planted(memory_root(host) / SUDO_IO)
        assert names(lab, host) == ["swept-pair"]


def test_the_sweep_sees_what_a_module_without_care_would_do(swept: Swept) -> None:
    """The control: one secret, given to a module that knows nothing of secrets, is found in many places."""
    careless = {
        "name": "careless",
        "ansible.builtin.command": {"argv": ["cat"], "stdin": "{{ canary_plain }}"},
        "changed_when": False,
    }
    _run, seen = swept.leaks.watched(swept.controller, careless, place({"name": "x", "content": "{{ canary_pem }}"}))
    for channel in ("ansible.log", "junit", "sudo-io", "the output"):
        assert [where for where in seen if channel in where], (channel, seen)
