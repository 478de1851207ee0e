# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kills in the middle of placement: of the module by a program on the host, and of the whole host."""

from __future__ import annotations

import base64
import concurrent.futures
import json
import random
import shlex
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lab._tools import wait_for
from tests.lab.e2e._support import HOST_KEY, HOSTS, IDENTITY, STORE, Controller, canary, place, virgin
from tests.lab.e2e._sweep import Needles, sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab._lab import Lab

NAMES = tuple(f"key{number}" for number in range(6))
#: How often kills and cuts are repeated until one came at the instants that are hard to hit.
MOST_TURNS = 10
_DRIVER = Path(__file__).with_name("_on_host.py")


def kills(*, count: int, random_numbers: random.Random) -> list[dict[str, Any]]:
    """Return kills at random instants; most in the phase that writes, every fifth on a host that has nothing yet."""
    return [
        {
            "when": random_numbers.choice(("change", "rename", "time")),
            "share": random_numbers.random(),
            "group": random_numbers.random() < 0.5,
            "virgin": number % 5 == 4,
        }
        for number in range(count)
    ]


class Killer:
    """Two versions of six credentials, and exactly what Ansible sends to a host to place them.

    ``stores`` are the stores of the two versions: with different ones each run moves all credentials.
    """

    def __init__(self, lab: Lab, directory: Path, *, stores: tuple[str, str]) -> None:
        self.lab = lab
        self.stores = stores
        self.contents = {name: [canary(), canary()] for name in NAMES}
        self.began = time.time()
        virgin(lab)
        controller = Controller(lab, directory, user="root")
        self.payloads = [self._record(controller, version) for version in (0, 1)]

    def _record(self, controller: Controller, version: int) -> bytes:
        record = controller.directory / f"payload{version}"
        wrapper = controller.directory / "recording-ssh"
        wrapper.write_text(
            "#!/bin/sh\n"
            'case " $* " in *" -G "*|*" -O "*) exec /usr/bin/ssh "$@" ;; esac\n'
            f'tee {shlex.quote(str(record))} | /usr/bin/ssh "$@"\n'
        )
        wrapper.chmod(0o700)
        controller.write_vars({name: texts[version] for name, texts in self.contents.items()})
        run = controller.run(
            place(*({"name": name, "content": f"{{{{ {name} }}}}"} for name in NAMES), store=self.stores[version]),
            hosts="alpha",
            environment={"ANSIBLE_SSH_EXECUTABLE": str(wrapper)},
        )
        assert run.returncode == 0, run.output
        return record.read_bytes()

    def tell(self, host: str, *, runs: bool = False, kills: Sequence[dict[str, Any]] = ()) -> list[dict[str, Any]]:
        """Return what the host holds; with ``runs`` also after runs that nobody disturbs, and after these kills."""
        order = {
            "directory": f"/{STORE}",
            "host_keys": [f"/{HOST_KEY}", f"/{IDENTITY}"],
            "contents": self.contents,
            "payloads": [base64.b64encode(payload).decode() for payload in self.payloads],
            "runs": runs,
            "kills": list(kills),
        }
        done = self.lab.execute(
            host,
            ["python3", "-c", _DRIVER.read_text()],
            text_input=json.dumps(order),
            timeout=120 + 5 * len(kills),
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def kill_modules(self, *, count: int, random_numbers: random.Random) -> list[dict[str, Any]]:
        """Kill the module this many times, half on each host, and return what was told, with the host."""
        (self.lab.root("beta") / STORE).mkdir(mode=0o700, exist_ok=True)
        orders = [kills(count=count // 2, random_numbers=random_numbers) for _turn in HOSTS]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            told = pool.map(lambda host, order: self.tell(host, runs=True, kills=order), HOSTS, orders)
            return [{**entry, "host": host} for host, entries in zip(HOSTS, told, strict=True) for entry in entries]

    def kill_module_in_renames(self) -> list[dict[str, Any]]:
        """Kill the module at the first rename of each of six runs, and return what was told, with the host."""
        kill = {"when": "rename", "share": 0, "group": True, "virgin": False}
        return [{**entry, "host": HOSTS[0]} for entry in self.tell(HOSTS[0], runs=True, kills=[dict(kill)] * 6)]

    def cut_power(self, *, count: int, seconds: float, random_numbers: random.Random) -> list[dict[str, Any]]:
        """Kill a whole host while it places the other version, this many times, and return what it holds afterwards."""
        told = []
        for number in range(count):
            host = HOSTS[number % 2]
            version = int(self.tell(host)[0]["held"][NAMES[0]] == "0")
            with subprocess.Popen(
                [*self.lab.ssh_argv(host), "/usr/bin/python3"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as process:
                feeder = threading.Thread(target=_feed, args=(process, self.payloads[version]))
                feeder.start()
                self._wait_for_writing(host, process)
                threading.Event().wait(random_numbers.random() * seconds / 3)
                self.lab.kill(host)
                feeder.join()
                process.kill()
            state = self.lab.boot(host)
            told.append({**self.tell(host)[0], "host": host, "kind": "power", "version": version, "state": state})
        return told

    def _wait_for_writing(self, host: str, process: subprocess.Popen[bytes]) -> None:
        """Return when the first new file lies beside the old ones, or when the run has ended."""
        directory = self.lab.root(host) / STORE
        wait_for(
            lambda: process.poll() is not None or any(path.name.endswith(".tmp") for path in directory.iterdir()),
            what="the first new file",
            timeout=30,
            interval=0.001,
        )

    def plain_text(self) -> list[str]:
        """Return every file of the hosts' disks that holds one of the contents."""
        needles = Needles.of(text for versions in self.contents.values() for text in versions)
        return sweep(needles, *(self.lab.root(host) for host in HOSTS), newer_than=self.began)


def _feed(process: subprocess.Popen[bytes], payload: bytes) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(payload)
        process.stdin.close()
    except BrokenPipeError:
        return


def judge(told: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Check everything that was told, and count in which states the kills left the hosts."""
    counts = dict.fromkeys(("kills", "old", "new", "mixed", "half moved", "leftovers", "ended before"), 0)
    before: dict[str, dict[str, str]] = {}
    for entry in told:
        held, host = entry["held"], entry["host"]
        assert entry["plain"] == [], entry
        if entry["kind"] == "undisturbed":
            assert entry["status"] == 0, entry
            assert entry["rest"] == entry["both"] == [], entry
        if entry["kind"] == "ended":
            assert set(held.values()) == {str(entry["version"])}, entry
            assert entry["rest"] == [], entry
            counts["ended before"] += 1
        if entry["kind"] in ("killed", "power"):
            assert entry.get("status", -signal.SIGKILL) == -signal.SIGKILL, entry
            wanted = str(entry["version"])
            virgin_host = entry.get("kill", {}).get("virgin", False)
            old = dict.fromkeys(held, "absent") if virgin_host else before[host]
            for name, version in held.items():
                assert version in (old[name], wanted), entry
            assert all(name.startswith(".trading-hosts.") for name in entry["rest"]), entry
            state = "new" if set(held.values()) == {wanted} else "old" if held == old else "mixed"
            counts["kills"] += 1
            counts[state] += 1
            counts["half moved"] += bool(entry["both"])
            counts["leftovers"] += bool(entry["rest"])
        before[host] = held
    return counts


def kill_and_judge(
    lab: Lab,
    directory: Path,
    *,
    module_kills: int,
    power_cuts: int,
    random_numbers: random.Random,
    stores: tuple[str, str] = ("systemd", "systemd"),
) -> None:
    """Do all of it: kills of the module, half on each host, then power cuts, then look for plain text."""
    killer = Killer(lab, directory, stores=stores)
    told = killer.kill_modules(count=module_kills, random_numbers=random_numbers)
    counts = judge(told)
    print(f"kills of the module: {counts}")
    assert counts["kills"] == module_kills
    assert counts["leftovers"] >= module_kills / 5, counts
    # It counts only if kills came in the middle of the renames too, which take less than a thousandth of a second.
    between = counts["mixed"] + counts["half moved"]
    for _turn in range(MOST_TURNS):
        if between:
            break
        more = judge(killer.kill_module_in_renames())
        print(f"more kills, at renames: {more}")
        between = more["mixed"] + more["half moved"]
    assert between, "no kill came between two renames"

    found = [{**killer.tell(host)[0], "host": host} for host in HOSTS]
    seconds = max(entry["duration"] for entry in told if entry["kind"] == "undisturbed")
    cuts: list[dict[str, Any]] = []
    in_the_middle = 0
    for _turn in range(MOST_TURNS):
        if len(cuts) >= power_cuts and in_the_middle:
            break
        count = max(power_cuts - len(cuts), 2)
        cuts += killer.cut_power(count=count, seconds=seconds, random_numbers=random_numbers)
        counts = judge([*found, *cuts])
        print(f"power cuts: {counts}")
        in_the_middle = counts["leftovers"] + counts["mixed"] + counts["half moved"]
    assert in_the_middle, "no power cut came in the middle of the writing"
    # The next run removes what the cuts have left.
    for host in HOSTS:
        judge([{**entry, "host": host} for entry in killer.tell(host, runs=True)])
    assert killer.plain_text() == []
