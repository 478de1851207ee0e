# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long it takes to judge a fleet, whole processes with their start: `python -m tests.bench.bench_fleet`.

An inventory of 10,000 keys on 1,000 hosts at 20 exchanges, one file of variables for each host, and facts as learners
write them. Every tenth host has no facts. Then the cost of one key in fleets of 100 to 100,000 keys, without Ansible.
Prints seconds and peak memory; each play is a process of its own, bound to one core.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES, find
from ansible_collections.trading.hosts.plugins.module_utils._facts import egress_facts, key_facts
from ansible_collections.trading.hosts.plugins.module_utils._policy._case import instant
from ansible_collections.trading.hosts.plugins.module_utils._policy._earlier import History
from ansible_collections.trading.hosts.plugins.module_utils._policy._engine import judge
from ansible_collections.trading.hosts.plugins.module_utils._policy._fleet import FleetInput
from ansible_collections.trading.hosts.plugins.module_utils._policy._settings import Policy
from tests.bench import bench_policy
from tests.collection import collections_directory

_EXCHANGES = sorted(EXCHANGES)[:20]
_PER_HOST = 10


def key(number: int, *, host: str) -> dict[str, object]:
    """Return the facts of one key with an id of its own; every fiftieth host has the key of the host before it."""
    facts = bench_policy.key(number, host=host)
    observed = facts["observed"]
    if isinstance(observed, dict):
        observed["masked_id"] = f"{number:05d}…{number % 97:03d}"
    return {**facts, "exchange": _EXCHANGES[number % len(_EXCHANGES)]}


def _hosts(keys: int) -> list[tuple[str, range]]:
    return [
        (f"host-{first // _PER_HOST}", range(first, min(first + _PER_HOST, keys)))
        for first in range(0, keys, _PER_HOST)
    ]


def write(directory: Path, *, keys: int) -> None:
    """Write the inventory and the facts."""
    for name in ("facts", "host_vars"):
        (directory / name).mkdir()
    names = []
    for index, (host, numbers) in enumerate(_hosts(keys)):
        names.append(host)
        facts = [key(number, host=host) for number in numbers]
        declared = [
            {
                "name": each["name"],
                "exchange": each["exchange"],
                "credential": {"name": "keys.json"},
                "declared": each["declared"],
            }
            for each in facts
        ]
        variables = {"exchange_credentials_api_keys": declared}
        (directory / "host_vars" / f"{host}.json").write_text(json.dumps(variables), encoding="ascii")
        if index % 10 == 9:
            continue
        head = {"schema": 1, "host": host, "learned_at": "2026-11-22T07:13:54Z", "collection_version": "1.0.0"}
        for kind, content in (("api_keys", facts), ("egress", [bench_policy.egress(host)])):
            text = json.dumps({**head, "kind": kind, "facts": content}, indent=1)
            (directory / "facts" / f"{host}.{kind}.json").write_text(text, encoding="ascii")
    (directory / "hosts.ini").write_text("\n".join(names) + "\n", encoding="ascii")


def run(directory: Path, task: dict[str, object]) -> tuple[float, float, float, str]:
    """Run one task for the whole inventory; return its seconds, those of the processor, peak MB and the output."""
    book = [{"hosts": "all", "gather_facts": False, "tasks": [{**task, "run_once": True, "delegate_to": "localhost"}]}]
    (directory / "play.json").write_text(json.dumps(book), encoding="ascii")
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collections_directory())}
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.ini", "play.json"]
    output = directory / "output"
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.chdir(directory)
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        with output.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            os.execve(command[0], command, environment)
    _pid, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - began
    said = output.read_text(encoding="utf-8")
    if status != 0:
        raise SystemExit(said)
    # Of the largest of its processes: Ansible forks for the task, and what they share is counted in each.
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said


def per_key(keys: int) -> float:
    """Return the microseconds that one key takes in a fleet of this size: facts read already, no Ansible."""
    facts = [
        key_facts(json.loads(json.dumps(key(number, host=host))), where="bench")
        for host, numbers in _hosts(keys)
        for number in numbers
    ]
    seen = [
        egress_facts(json.loads(json.dumps(bench_policy.egress(host))), where="bench") for host, _each in _hosts(keys)
    ]
    given = FleetInput(
        hosts=frozenset(host for host, _each in _hosts(keys)),
        declared=frozenset((each.host, each.name) for each in facts),
        history=History("", {}, {}),
    )
    gc.disable()
    began = time.process_time()
    report = judge(
        keys=facts,
        egress=seen,
        policy=Policy(),
        now=instant(bench_policy.NOW) or 0.0,
        exchange_of=find,
        fleet=given,
    )
    if report.fleet is not None:
        report.fleet.allowlists()
    spent = time.process_time() - began
    gc.enable()
    return spent / keys * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write(directory, keys=arguments.keys)
        empty = run(directory, {"ansible.builtin.debug": {"msg": "nothing"}})
        options = {
            "src": ["facts"],
            "now": bench_policy.NOW,
            "fail_on": "never",
            "report_path": "report.json",
            "previous": "report.json",
        }
        first = run(directory, {"trading.hosts.fleet_policy": options})
        second = run(directory, {"trading.hosts.fleet_policy": options})
        report = json.loads((directory / "report.json").read_text(encoding="ascii"))
    print(
        report["fleet"]["coverage"]["keys_seen"],
        "of",
        arguments.keys,
        "keys seen,",
        len(report["findings"]),
        "findings",
    )
    for what, (wall, busy, memory, _output) in (
        ("a task that says nothing", empty),
        (f"{arguments.keys} keys, the first run", first),
        ("the same with the last report", second),
    ):
        print(f"{what:<34} {wall:6.2f} s, busy {busy:6.2f} s   {memory:6.0f} MB")
    for size in (100, 1_000, 10_000, 100_000):
        print(f"one key of {size:<7} {per_key(size):6.0f} us")


if __name__ == "__main__":
    main()
