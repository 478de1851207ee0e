# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab as a library:

with Lab() as lab:
    simulator = lab.start_simulator()
    lab.execute("alpha", ["systemctl", "is-system-running"])
    lab.reboot("alpha")

`Lab.attach()` finds the lab that `python -m tests.lab up` started.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import ipaddress
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from . import _cgroup, _host, _network, _simulator
from ._images import ensure_images
from ._prepare import prepare, require_root
from ._spec import CHECKOUT, DEFAULT_HOSTS, LOCK_FILE, PREFIX, RUN_DIR, HostSpec
from ._tools import LabError, remove_tree, run, say, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import FrameType, TracebackType

    from tests.simulator.client import Simulator

_STATE = RUN_DIR / "state.json"
_ID = RUN_DIR / "id"
_DONE = b"done"
_LOCK_TIMEOUT = 900.0


class Lab:
    """Real hosts behind NAT on this machine. One at a time: `up` removes what an earlier one left."""

    def __init__(self, *, hosts: Sequence[HostSpec] = DEFAULT_HOSTS) -> None:
        self.hosts = {host.name: host for host in hosts}
        if len(self.hosts) != len(hosts) or len({host.number for host in hosts}) != len(hosts):
            raise ValueError("hosts of a lab: give each its own name and number.")
        #: Hosts that one test asked for: they are in no inventory, and are told nothing after their boot.
        self.guests: dict[str, HostSpec] = {}
        self._nat: dict[str, list[str]] = {}
        self._names: dict[str, list[str]] = {}
        self._id = uuid.uuid4().hex
        self._end = contextlib.ExitStack()

    # Life

    @classmethod
    def attach(cls) -> Self:
        """Return the lab that is up. Raises LabError when there is none."""
        require_root()
        try:
            state = json.loads(_STATE.read_text())
        except FileNotFoundError:
            raise LabError("No lab is up: start one with `python -m tests.lab up`.") from None
        lab = cls(hosts=[HostSpec(**host) for host in state["hosts"]])
        lab._nat = state["nat"]
        lab._names = state["names"]
        return lab

    def up(self, *, simulator: bool = False) -> None:
        """Boot all hosts and leave them running after the end of this program, until `down`.

        When it fails, is interrupted or is killed meanwhile, nothing stays.
        """
        with _locked(), _signals_raise(), _undertaker(self._id):
            try:
                self._up()
                if simulator:
                    self.start_simulator()
            except BaseException:
                _remove_everything()
                raise

    def __enter__(self) -> Self:
        """Boot all hosts; they go when the block ends, however it ends, and also when this process is killed."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(_locked())
            stack.enter_context(_signals_raise())
            stack.enter_context(_undertaker(self._id))
            stack.callback(_remove_everything)
            self._up()
            self._end = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.close()

    def _up(self) -> None:
        started = time.monotonic()
        prepare()
        _remove_everything()
        images = ensure_images(sorted({host.suite for host in self.hosts.values()}))
        booting = time.monotonic()
        RUN_DIR.mkdir(mode=0o700)
        _ID.write_text(self._id)
        _host.make_client_key()
        _network.create(list(self.hosts.values()))
        for host in self.hosts.values():
            self._nat[host.uplink_v4] = [host.public_v4]
            _host.create(host, image=images[host.suite], names=self._names)
            _host.start(host)
        _network.apply_nat(self._nat)
        self._save()
        self._each(lambda host: _report(host, _host.wait_ready(host)))
        now = time.monotonic()
        say(f"up: {', '.join(self.hosts)}; booted in {now - booting:.1f} s, {now - started:.1f} s in all")

    def down(self) -> None:
        """Remove the lab and whatever an earlier one left. Does nothing when there is nothing."""
        down()

    def _save(self) -> None:
        state = {"hosts": [host.to_json() for host in self.hosts.values()], "nat": self._nat, "names": self._names}
        fresh = _STATE.with_suffix(".new")
        fresh.write_text(json.dumps(state, indent=1))
        fresh.replace(_STATE)

    def _each(self, action: Callable[[HostSpec], Any]) -> None:
        """Do something on all hosts side by side."""
        with concurrent.futures.ThreadPoolExecutor(max_workers=len(self.hosts)) as pool:
            list(pool.map(action, self.hosts.values()))

    # Hosts

    def host(self, name: str) -> HostSpec:
        try:
            return self.guests.get(name) or self.hosts[name]
        except KeyError:
            raise LabError(f"host {name!r} is not in the lab: use one of {', '.join(self.hosts)}.") from None

    def add_guest(self, spec: HostSpec, *, layers: Sequence[Path] = ()) -> str:
        """Boot one more host, which stays until the lab ends; returns "running" or "degraded: UNITS".

        `layers` are directories whose files are on its disk from the beginning; they stay as they are.
        """
        image = ensure_images([spec.suite])[spec.suite]
        _network.add_host(spec)
        self.guests[spec.name] = spec
        self._nat[spec.uplink_v4] = [spec.public_v4]
        _host.create(spec, image=image, names=self._names, layers=layers)
        _network.apply_nat(self._nat)
        return self.boot(spec.name)

    def dismiss(self, name: str) -> None:
        """End a guest for good: it is in no inventory any more. Its name and number stay taken until the lab ends."""
        self.kill(name)
        del self.guests[name]

    def root(self, name: str) -> Path:
        """Return the directory that holds the host's whole disk, for sweeps; also while it runs."""
        return self.host(name).root

    def is_running(self, name: str) -> bool:
        return _cgroup.is_populated(self.host(name).name)

    def cpu_seconds(self, name: str) -> float:
        """Return the CPU time this host has used since `up`, in seconds: take the difference of two."""
        return _cgroup.cpu_seconds(self.host(name).name)

    def public_addresses(self, name: str) -> list[str]:
        """Return the addresses this host's first inner addresses are seen from: IPv4, then IPv6."""
        host = self.host(name)
        return [*self._nat[host.uplink_v4], *self._nat.get(host.public_v6, [host.public_v6])]

    def boot(self, name: str) -> str:
        """Power a stopped host on and wait for it; returns "running" or "degraded: UNITS"."""
        _host.start(self.host(name))
        return _host.wait_ready(self.host(name))

    def reboot(self, name: str) -> str:
        """Reboot from inside and wait for the host; returns "running" or "degraded: UNITS"."""
        return _host.reboot(self.host(name))

    def power_off(self, name: str) -> None:
        _host.power_off(self.host(name))

    def kill(self, name: str) -> None:
        """End all processes of the host at once. Its disk stays as it is at this instant; `boot` starts it again.

        What a process has written is not lost, as it would be with the machine's own power: the page cache stays.
        """
        _host.kill(self.host(name))

    def ssh_argv(self, name: str, user: str = "root") -> list[str]:
        return _host.ssh_argv(self.host(name), user)

    def execute(
        self,
        name: str,
        argv: Sequence[str],
        *,
        user: str = "root",
        check: bool = True,
        text_input: str | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on the host over SSH; LabError when it fails (with `check`) or takes too long."""
        return _host.execute(
            self.host(name), shlex.join(argv), user=user, check=check, text_input=text_input, timeout=timeout
        )

    # Networks

    def set_public_address(self, name: str, *addresses: str, inner: str | None = None) -> None:
        """Let the host be seen from this address from the next connection on; from several in turn if several.

        IPv4 and IPv6 are told apart by the addresses; the other family stays. `inner` is an address that
        `add_source_address` returned, instead of the host's first one.
        """
        host = self.host(name)
        for version, first in ((4, host.uplink_v4), (6, host.public_v6)):
            public = [address for address in addresses if ipaddress.ip_address(address).version == version]
            if public:
                self._nat[inner or first] = public
        _network.apply_nat(self._nat)
        self._save()

    def add_source_address(self, name: str, *, public: str) -> str:
        """Give the host one more inner IPv4 address, seen from outside as `public`; return the inner one."""
        host = self.host(name)
        prefix = host.uplink_v4.rpartition(".")[0]
        inner = next(address for i in range(11, 250) if (address := f"{prefix}.{i}") not in self._nat)
        _network.add_address(host, inner)
        self._nat[inner] = [public]
        _network.apply_nat(self._nat)
        self._save()
        return inner

    def write_hosts_entries(self, names: Mapping[str, str | Sequence[str]]) -> None:
        """Let every host resolve exactly these names (and its own), each to one or more addresses."""
        self._names = {name: [value] if isinstance(value, str) else list(value) for name, value in names.items()}
        for host in self.hosts.values():
            _host.write_names(host, self._names)
        self._save()

    def install_ca(self, pem: str) -> None:
        """Let every host trust this authority, as if its administrator had installed it."""
        self._each(lambda host: _host.install_ca(host, pem))

    # Simulator

    def start_simulator(self, *, names: Sequence[str] = ()) -> Simulator:
        """Run the exchange simulator in the services namespace and return its control.

        All its names (and `names`) lead to it from every host, and every host trusts its authority.
        """
        simulator = _simulator.start(names=names)
        self.write_hosts_entries(_simulator.names(extra=names))
        self.install_ca(Path(simulator.ca_file).read_text())
        return simulator

    def stop_simulator(self) -> None:
        """End the simulator, as if the exchanges were unreachable. Does nothing when it is not running."""
        _simulator.stop()

    # Ansible

    def write_inventory(self, path: Path, *, user: str = "deploy", guests: bool = False) -> None:
        """Write an inventory of all hosts for this user (`deploy` becomes root with sudo), groups by Debian release."""
        common = {
            "ansible_user": user,
            "ansible_become": user != "root",
            "ansible_ssh_private_key_file": str(_host.CLIENT_KEY),
            "ansible_ssh_common_args": shlex.join(["-F", "/dev/null", *_host.ssh_address_options()]),
            "ansible_control_path_dir": str(RUN_DIR / "cp"),
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        groups: dict[str, Any] = {}
        for host in (*self.hosts.values(), *(self.guests.values() if guests else ())):
            groups.setdefault(host.suite, {"hosts": {}})["hosts"][host.name] = {"ansible_host": host.ssh_address}
        path.write_text(json.dumps({"all": {"vars": common, "children": groups}}, indent=2) + "\n")


def down() -> None:
    """Remove the lab that is up and whatever an earlier one left. Does nothing when there is nothing."""
    require_root()
    with _locked():
        _remove_everything()


def _report(host: HostSpec, state: str) -> None:
    if state != "running":
        say(f"{host.name} is {state}")


def _remove_everything() -> None:
    """Remove all that any lab has made, found by name: works after a crash as well."""
    with _signals(lambda number, frame: None, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        _close_ssh_connections()
        for name in _cgroup.names():
            _cgroup.kill(name)
        _network.remove_all()
        _cgroup.remove_all()
        remove_tree(RUN_DIR)
        for path in Path("/run/systemd/nspawn").glob(f"*/{PREFIX}-*"):
            remove_tree(path)


def _close_ssh_connections() -> None:
    """End the connections that Ansible keeps open for later: they would stay until they time out."""
    for control in (RUN_DIR / "cp").glob("*"):
        run(["ssh", "-F", "/dev/null", "-o", f"ControlPath={control}", "-O", "exit", "lab"], check=False)


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """Let one program at a time use the lab; wait for the other to end."""
    with LOCK_FILE.open("a+") as stream:
        if not _try_lock(stream):
            stream.seek(0)
            say(f"waiting for another lab (process {stream.read().strip() or 'unknown'}) to end")
            wait_for(lambda: _try_lock(stream), what="the other lab to end", timeout=_LOCK_TIMEOUT, interval=0.2)
        stream.truncate(0)
        stream.write(f"{os.getpid()}\n")
        stream.flush()
        yield


def _try_lock(stream: IO[str]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _signals_raise() -> contextlib.AbstractContextManager[None]:
    """Let SIGTERM and SIGHUP end the program as Ctrl-C does, through all clean-up."""
    return _signals(_stop, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def _signals(handler: Callable[[int, FrameType | None], None], *numbers: signal.Signals) -> Iterator[None]:
    """Have these signals handled so for a while. Only the main thread can; elsewhere this does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


@contextlib.contextmanager
def _undertaker(lab_id: str) -> Iterator[None]:
    """Have a process that removes the lab if this one dies without doing so: it sees the pipe close."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.lab", "undertaker", lab_id],
        stdin=subprocess.PIPE,
        start_new_session=True,
        cwd=CHECKOUT,
    )
    try:
        yield
    finally:
        process.communicate(_DONE)


def undertake(lab_id: str) -> None:
    """Wait on stdin for the word that all is well; without it, remove this lab."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.stdin.buffer.read() == _DONE:
        return
    with _locked():
        # Meanwhile somebody may have removed it and started another.
        if not _ID.exists() or _ID.read_text() == lab_id:
            _remove_everything()
