# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long learning many keys takes: `python -m tests.bench.bench_learning [--repeat 5]`.

Fifty keys of ten simulated exchanges, each answer of which takes 150 ms, asked by whole plays on localhost: an empty
one, one task for all keys, and what a user would do otherwise, a loop with one task for each key. Prints seconds, the
largest module process, and the questions that were asked. Also how many bytes each module is to the host.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.bench.bench_policy import play, run
from tests.payload import payload
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LATENCY_MS = 150
PER_EXCHANGE = 5
#: BingX, Gate and HTX take two questions for each key.
EXCHANGES = ("binance", "bingx", "bitmex", "blofin", "bybit", "deribit", "gate", "htx", "kucoin", "okx")
#: It takes one question in a second, so five keys take four seconds at least.
SLOW = "bitget"
#: The first of them asks the world from the host too, with all that takes; the last one is the smallest.
WITHOUT_EXCHANGES = ("public_ip_info", "credential_info", "credential")
MODULES = ("api_key_info", "clock_info", *WITHOUT_EXCHANGES)

#: In the place of Python on the host: writes down how long a module ran and how large it became.
_WATCHED_PYTHON = """#!{python}
import json, resource, subprocess, sys, time
began = time.monotonic()
status = subprocess.run([{python!r}, *sys.argv[1:]]).returncode
size = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
with open({log!r}, "a") as log:
    log.write(json.dumps([time.monotonic() - began, size]) + "\\n")
sys.exit(status)
"""


class Measured(NamedTuple):
    """One play: its wall seconds, the longest module's seconds, the largest module's MB, and the questions asked."""

    wall: float
    module: float
    memory: float
    questions: int


def keys(simulator: Simulator, exchanges: Sequence[str]) -> list[dict[str, Any]]:
    """Return the options for keys of these exchanges, in turns, as a person's list would have them."""
    made = [simulator.create_key(name, allowlist=["127.0.0.1"]) for _turn in range(PER_EXCHANGE) for name in exchanges]
    return [
        {
            "name": f"{key.exchange}-{number}",
            "exchange": key.exchange,
            "api_key": key.key,
            "secret": key.secret,
            "base_url": simulator.base_url(key.exchange),
            **({"passphrase": key.passphrase} if key.passphrase else {}),
        }
        for number, key in enumerate(made)
    ]


def measure(task: Mapping[str, Any], *, simulator: Simulator, directory: Path) -> Measured:
    """Run a play with one task; all keys that it asks about must be accepted."""
    log, python = directory / "log", directory / "python"
    log.write_text("")
    python.write_text(_WATCHED_PYTHON.format(python=sys.executable, log=str(log)))
    python.chmod(0o755)
    simulator.clear_requests()
    plays = play(task)
    plays[0]["vars"] = {"ansible_python_interpreter": str(python)}
    wall, _memory, _output = run(plays, directory=directory)
    ran = [json.loads(line) for line in log.read_text().splitlines()] or [[0.0, 0.0]]
    return Measured(
        wall=wall,
        module=max(seconds for seconds, _size in ran),
        memory=max(size for _seconds, size in ran),
        questions=len(simulator.requests()),
    )


def learning(api_keys: Any, *, simulator: Simulator, **more: Any) -> dict[str, Any]:
    """Return a task that asks about keys, and fails where one is not accepted."""
    status = "api_keys | map(attribute='access.status') | reject('eq', 'accepted') | list == []"
    return {
        "trading.hosts.api_key_info": {"api_keys": api_keys, "ca_path": simulator.ca_file},
        "register": "learned",
        "failed_when": f"not (learned.{status})",
        **more,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--without-loop", action="store_true", help="leave out the loop, which takes a minute")
    arguments = parser.parse_args()
    with Simulator.start() as simulator, tempfile.TemporaryDirectory() as name:
        simulator.set_latency(LATENCY_MS)
        fifty = keys(simulator, EXCHANGES)
        slow = keys(simulator, (*EXCHANGES[1:], SLOW))
        one = learning(["{{ item }}"], simulator=simulator, loop=fifty, loop_control={"label": "{{ item.name }}"})
        rows = (
            ("an empty play", {"ansible.builtin.debug": {"msg": "nothing"}}, arguments.repeat),
            ("50 keys in one task", learning(fifty, simulator=simulator), arguments.repeat),
            (f"the same with {SLOW} for {EXCHANGES[0]}", learning(slow, simulator=simulator), arguments.repeat),
            ("a loop of one task for each key", one, 0 if arguments.without_loop else 1),
        )
        empty = 0.0
        print(f"{'':<34}    wall  over empty  module   memory  questions")
        for what, task, turns in rows:
            if not turns:
                continue
            found = [measure(task, simulator=simulator, directory=Path(name)) for _turn in range(turns)]
            middle = Measured(*(statistics.median(values) for values in zip(*found, strict=True)))
            empty = empty or middle.wall
            print(
                f"{what:<34} {middle.wall:6.2f} s  {middle.wall - empty:8.2f} s {middle.module:6.2f} s"
                f" {max(each.memory for each in found):5.0f} MB {middle.questions:10.0f}"
            )
    print_payloads()


def print_payloads() -> None:
    """Print how large each module is, and how many times that is what the others are that know no exchange."""
    print(f"{'':<18} {'as sent':>9} {'unpacked':>9}  files  times {', times '.join(WITHOUT_EXCHANGES)}")
    for module in MODULES:
        own = payload(module)
        times = "  ".join(f"{own.sent / payload(other).sent:.2f}" for other in WITHOUT_EXCHANGES)
        print(f"{module:<18} {own.sent:>9} {own.unpacked:>9} {len(own.files):>6}  {times}")


if __name__ == "__main__":
    main()
