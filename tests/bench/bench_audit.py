# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long the audit of a fleet takes, as root: `python -m tests.bench.bench_audit [--hosts 20] [--rounds 3]`.

Side by side in one run, over real hosts of the lab by SSH with pipelining, whole `ansible-playbook` processes with as
many forks as hosts: a ping of all of them, and the playbook `audit` over four placed keys on each, while every exchange
answers late. Prints medians of the wall time, what the slowest exchange's answers take of it, and the ratio.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lab import _host
from tests.lab._lab import Lab
from tests.lab._spec import HostSpec
from tests.lab.demo._scenarios import Scenario, api_key, create
from tests.lab.e2e._support import Controller

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.client import Simulator

EXCHANGES = ("bybit", "okx", "binance", "bitget")
LATENCY_MS = 150
TARGET = 3.0
SECRETS = ("api_key", "secret", "passphrase")
FIRST = 20


def boot(lab: Lab, *, count: int, authority: str) -> list[str]:
    """Boot the hosts, which trust the exchanges' authority; the lab's own two stay as they are."""
    hosts = []
    for number in range(FIRST, FIRST + count):
        spec = HostSpec(
            name=f"fleet{number}",
            number=number,
            suite="trixie",
            public_v4=f"91.198.115.{number + 100}",
            public_v6=f"2a02:ec80:700:1::{number + 100}",
        )
        lab.add_guest(spec)
        _host.install_ca(spec, authority)
        hosts.append(spec.name)
        print(f"{spec.name} is up", file=sys.stderr)
    return hosts


def prepare(lab: Lab, controller: Controller, hosts: list[str], *, simulator: Simulator) -> None:
    """Place four keys on each host, and declare them without their values."""
    now = datetime.datetime.now(tz=datetime.UTC)
    declared: dict[str, dict[str, Any]] = {}
    for host in hosts:
        keys = []
        for exchange in EXCHANGES:
            scenario = Scenario(
                host=host, name=f"{host}-{exchange}", exchange=exchange, shows="a good key", allowlist=("{public}",)
            )
            key = create(simulator, scenario, public=lab.public_addresses(host)[0], now=now)
            keys.append(api_key(scenario, key, now=now))
        given = {key["name"]: {name: key[name] for name in SECRETS if name in key} for key in keys}
        controller.write_vars(
            {"given": [{"name": name, "format": "ccxt", "fields": fields} for name, fields in given.items()]},
            hosts=[host],
        )
        declared[host] = {
            "exchange_credentials_api_keys": [
                {name: value for name, value in key.items() if name not in SECRETS} for key in keys
            ],
            "exchange_credentials_documents": [
                {"name": key["name"], "format": "ccxt", "api_keys": [key["name"]]} for key in keys
            ],
            "audit_directory": str(controller.directory / "audit"),
            "audit_fail_on": "never",
        }
    placing = {"name": "place", "trading.hosts.credential": {"credentials": "{{ given }}"}}
    placed = controller.run(placing, hosts=",".join(hosts))
    if placed.returncode != 0:
        raise SystemExit(placed.output)
    for host, variables in declared.items():
        controller.write_vars(variables, hosts=[host])
    simulator.set_latency(LATENCY_MS)


def timed(run: Callable[[], Any]) -> float:
    """Return the wall seconds of a run that must succeed."""
    began = time.monotonic()
    done = run()
    took = time.monotonic() - began
    if done.returncode != 0:
        raise SystemExit(done.output)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, Lab() as lab:
        simulator = lab.start_simulator()
        hosts = boot(lab, count=options.hosts, authority=Path(simulator.ca_file).read_text())
        controller = Controller(lab, Path(name), user="root", pipelining=True, guests=True)
        forks = ["--forks", str(options.hosts)]
        prepare(lab, controller, hosts, simulator=simulator)
        of_them = ",".join(hosts)
        ping = [{"name": "ping", "ansible.builtin.ping": {}}]
        pings, audits = [], []
        for _round in range(options.rounds):
            pings.append(timed(lambda: controller.run(*ping, hosts=of_them, arguments=["-v", *forks])))
            audits.append(timed(lambda: controller.playbook("trading.hosts.audit", *forks, "--limit", of_them)))
        report = json.loads((controller.directory / "audit" / "report.json").read_text(encoding="utf-8"))
        seen = report["fleet"]["coverage"]["keys_seen"]
        if seen != len(EXCHANGES) * options.hosts:
            raise SystemExit(f"{seen} keys were seen")
    ping_wall, audit_wall = statistics.median(pings), statistics.median(audits)
    answers = LATENCY_MS / 1000
    ratio = (audit_wall - answers) / ping_wall
    print(f"{options.hosts} hosts, {len(EXCHANGES)} keys each; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"ansible.builtin.ping    {ping_wall:6.2f} s  ({min(pings):.2f}-{max(pings):.2f})")
    print(f"trading.hosts.audit     {audit_wall:6.2f} s  ({min(audits):.2f}-{max(audits):.2f})")
    print(
        f"the slowest exchange answers after {answers} s; the rest is {ratio:.2f} x ping, target: at most {TARGET:.0f}"
    )


if __name__ == "__main__":
    main()
