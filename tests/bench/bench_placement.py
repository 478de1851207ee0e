# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long placing 20 credentials takes, as root: `python -m tests.bench.bench_placement [--rounds 7] [--host beta]`.

Side by side in one run, on one real host of the lab over SSH with pipelining, whole `ansible-playbook` processes: a
ping, placing on a host that has none, placing on one that has them all, both by either store, and what
was there before: community.general's
systemd_creds_encrypt and copy, in loops. Prints medians of the wall time, the ratios, how often ssh was run, and the
CPU seconds of the host. The other collection is taken from PyPI's package `ansible`, once, and kept in the cache.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.collection import collections_directory
from tests.lab._images import cache_dir
from tests.lab._lab import Lab
from tests.lab.e2e._support import STORE, Controller, Run, canary, place, virgin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COUNT = 20
#: Holds community.general 11.4.
PACKAGE = "ansible==12.3.0"
TARGETS = {"none": 1.5, "present": 1.4, "loops": 15.0, "age": 2.5}

NAMES = [f"bot{number:02}.json" for number in range(COUNT)]
PING = ({"name": "ping", "ansible.builtin.ping": {}},)
CREDENTIALS: tuple[Mapping[str, Any], ...] = tuple(
    {
        "name": name,
        "format": "ccxt",
        "fields": {"api_key": f"{{{{ keys[{number}] }}}}", "secret": f"{{{{ secrets[{number}] }}}}"},
    }
    for number, name in enumerate(NAMES)
)
PLACE = (place(*CREDENTIALS),)
PLACE_AGE = (place(*CREDENTIALS, store="age"),)
LOOPS = (
    {"name": "directory", "ansible.builtin.file": {"path": f"/{STORE}", "state": "directory", "mode": "0700"}},
    {
        "name": "encrypt",
        "community.general.systemd_creds_encrypt": {
            "name": "{{ item.1 }}",
            "secret": "{{ {'apiKey': keys[item.0], 'secret': secrets[item.0]} | to_json }}",
        },
        "loop": "{{ range(20) | zip(names) }}",
        "loop_control": {"label": "{{ item.1 }}"},
        "register": "encrypted",
    },
    {
        "name": "copy",
        "ansible.builtin.copy": {
            "content": "{{ item.value }}",
            "dest": f"/{STORE}/{{{{ item.item.1 }}}}",
            "mode": "0600",
        },
        "loop": "{{ encrypted.results }}",
        "loop_control": {"label": "{{ item.item.1 }}"},
    },
)


@dataclass
class Measured:
    """Wall seconds and host CPU seconds of each round, and the number of ssh runs of the last."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    trips: int = 0

    def line(self, name: str, *, base: float) -> str:
        median = statistics.median(self.wall)
        spread = f"{min(self.wall):.2f}-{max(self.wall):.2f}"
        return (
            f"{name:<34} {median:7.2f} s  ({spread:>11})  {median / base:6.2f} x ping"
            f"  {self.trips:4} ssh  {statistics.median(self.cpu):6.2f} s host CPU"
        )


def community_general() -> Path:
    """Return a collections directory with community.general in it; downloads it the first time (50 MB)."""
    directory = cache_dir() / f"{PACKAGE.replace('==', '-')}-community.general"
    if not directory.exists():
        with tempfile.TemporaryDirectory() as name:
            subprocess.run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", name, PACKAGE], check=True
            )
            wheel = next(Path(name).glob("ansible-*.whl"))
            fresh = directory.with_suffix(".new")
            with zipfile.ZipFile(wheel) as archive:
                wanted = [entry for entry in archive.namelist() if "/community/general/" in entry]
                archive.extractall(fresh, members=wanted)
            fresh.rename(directory)
    return directory


def measure(
    lab: Lab,
    host: str,
    controller: Controller,
    tasks: tuple[Mapping[str, Any], ...],
    into: Measured,
    check: Callable[[Run], bool],
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run once and note what it took."""
    cpu = lab.cpu_seconds(host)
    began = time.monotonic()
    run = controller.run(*tasks, hosts=host, environment=environment)
    into.wall.append(time.monotonic() - began)
    into.cpu.append(lab.cpu_seconds(host) - cpu)
    into.trips = run.trips
    if run.returncode != 0 or not check(run):
        raise SystemExit(run.output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--host", default="beta")
    options = parser.parse_args()
    host = options.host
    other = community_general()
    ping, none, present, loops, default_loops, age_none, age_present = (Measured() for _turn in range(7))
    with tempfile.TemporaryDirectory() as name, Lab() as lab:
        controller = Controller(lab, Path(name), user="root", pipelining=True)
        with_other = {"ANSIBLE_COLLECTIONS_PATH": f"{collections_directory()}:{other}"}
        default = Controller(lab, Path(name) / "default", user="root", pipelining=False)
        for one in (controller, default):
            one.write_vars(
                {
                    "keys": [canary() for _turn in NAMES],
                    "secrets": [canary() for _turn in NAMES],
                    "names": NAMES,
                },
                hosts=[host],
            )
        controller.run(*PING, hosts=host)  # opens the connection that all others use
        for number in range(options.rounds):
            virgin(lab, host)
            measure(lab, host, controller, PING, ping, lambda run: True)
            measure(lab, host, controller, PLACE, none, lambda run: run.of(host, "place").status == "changed")
            measure(lab, host, controller, PING, ping, lambda run: True)
            measure(lab, host, controller, PLACE, present, lambda run: run.of(host, "place").status == "ok")
            virgin(lab, host)
            measure(lab, host, controller, PLACE_AGE, age_none, lambda run: run.of(host, "place").status == "changed")
            measure(lab, host, controller, PING, ping, lambda run: True)
            measure(lab, host, controller, PLACE_AGE, age_present, lambda run: run.of(host, "place").status == "ok")
            if number < 2:  # they are long enough to be measured well
                for configured, measured in ((controller, loops), (default, default_loops)):
                    virgin(lab, host)
                    measure(lab, host, configured, LOOPS, measured, lambda run: True, with_other)

    base = statistics.median(ping.wall)
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{COUNT} credentials on {host} ({lab.host(host).suite}), {options.rounds} rounds, {machine}; median (range)")
    for text, measured in (
        ("ansible.builtin.ping", ping),
        ("placed on a host that has none", none),
        ("placed on a host that has them", present),
        ("age, on a host that has none", age_none),
        ("age, on a host that has them", age_present),
        ("community.general and copy, loops", loops),
        ("the same, pipelining off (default)", default_loops),
    ):
        print(measured.line(text, base=base))
    ratios = {
        "none": statistics.median(none.wall) / base,
        "present": statistics.median(present.wall) / base,
        "age": statistics.median(age_none.wall) / base,
        "age present": statistics.median(age_present.wall) / base,
        "loops": statistics.median(loops.wall) / statistics.median(none.wall),
        "default loops": statistics.median(default_loops.wall) / statistics.median(none.wall),
    }
    print(f"none / ping      {ratios['none']:6.2f}   target: at most {TARGETS['none']}")
    print(f"present / ping   {ratios['present']:6.2f}   target: at most {TARGETS['present']}")
    print(f"age none / ping  {ratios['age']:6.2f}   target: at most {TARGETS['age']}")
    print(f"age held / ping  {ratios['age present']:6.2f}   target: at most {TARGETS['age']}")
    print(f"loops / none     {ratios['loops']:6.1f}   target: at least {TARGETS['loops']:.0f}")
    print(f"the same, off    {ratios['default loops']:6.1f}")


if __name__ == "__main__":
    main()
