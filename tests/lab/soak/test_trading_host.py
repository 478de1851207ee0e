# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole house: a host that nothing was ever done to becomes one that trades with freqtrade, and stays so.

The tests of this file build on each other, in the order in which they stand here.
"""

from __future__ import annotations

import datetime
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.demo._scenarios import Scenario, api_key, create
from tests.lab.e2e._freqtrade import CONFIG, STRATEGY, UNIT, WHEELHOUSE, Bot
from tests.lab.e2e._support import Run, listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

SCENARIO = Scenario(host="", name="bot", exchange="bybit", shows="", allowlist=("{public}",))
BUILD = {"name": "build", "ansible.builtin.include_role": {"name": "trading.hosts.trading_host"}}
DECLARATION = "/etc/trading-hosts/services/freqtrade.json"


@dataclass(frozen=True)
class Built:
    """One run of the role: how long it took, in seconds, and how often each role went to the host."""

    run: Run
    seconds: float
    roles: dict[str, dict[str, float]]

    @property
    def changed(self) -> list[str]:
        return [result.task for result in self.run.results if result.status == "changed"]


class House(Bot):
    """A fresh host that is to trade, and what its owner wrote."""

    def prepare(self) -> None:
        self.boot(layers=False)
        self.lab.execute(self.host, ["systemctl", "unmask", "--quiet", "apt-daily.timer", "apt-daily-upgrade.timer"])
        now = datetime.datetime.now(tz=datetime.UTC)
        public = self.lab.public_addresses(self.host)[0]
        self.key = create(self.simulator, SCENARIO, public=public, now=now)
        (self.directory / "never_trade.py").write_text(STRATEGY)
        self.declare(entry=api_key(SCENARIO, self.key, now=now))

    def declare(self, *, entry: dict[str, Any]) -> None:
        settings = {
            "config": CONFIG,
            "strategy": "NeverTrade",
            "strategy_files": [str(self.directory / "never_trade.py")],
            "credentials": ["bot"],
            "wheelhouse": f"/{WHEELHOUSE}",
            "restart_sec": 2,
            "restart_max_delay_sec": 0,
        }
        self.variables = {
            "exchange_credentials_api_keys": [entry],
            "exchange_credentials_documents": [{"name": "bot", "format": "freqtrade", "api_keys": ["bot"]}],
            "trading_host_services": [
                {"name": "freqtrade", "program": "freqtrade", "ip_family": "ipv4", "settings": settings}
            ],
            # No time server can be reached in the lab.
            "host_baseline_clock_wait": 0,
        }
        self.write()

    def build(self, **changes: Any) -> Built:
        self.write(**changes)
        began = time.monotonic()
        run, roles = self.controller.run_counted(BUILD, hosts=self.host)
        return Built(run, time.monotonic() - began, roles)

    def changed_files(self) -> dict[str, Any]:
        return listing(self.lab, self.host, "etc", "opt", "usr/local")


@pytest.fixture(scope="module", params=["trixie", "bookworm"])
def house(lab: Lab, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[House]:
    made = House(lab, tmp_path_factory.mktemp("house"), suite=request.param)
    made.simulator.reset()
    made.prepare()
    yield made
    lab.kill(made.host)


def test_check_mode_foresees_it_and_changes_nothing(house: House) -> None:
    before = house.changed_files()
    run = house.run(BUILD, arguments=["-v", "--check", "--diff"])
    assert run.returncode == 0, run.output
    assert house.changed_files() == before
    assert house.key.secret not in run.output


@pytest.fixture(scope="module")
def first(house: House) -> Built:
    return house.build()


def test_a_fresh_host_trades(house: House, first: Built, record_property: Any) -> None:
    assert first.run.returncode == 0, first.run.output
    house.await_synced()
    assert house.answers(house.key) == {None}
    record_property("seconds from fresh to trading", first.seconds)
    record_property("trips", first.roles)
    assert first.seconds < 240
    for secret in (house.key.key, house.key.secret):
        assert secret not in first.run.output
        assert secret not in house.lab.execute(house.host, ["cat", DECLARATION]).stdout
    assert json.loads(house.lab.execute(house.host, ["cat", DECLARATION]).stdout)["api_keys"][0]["name"] == "bot"
    # Its key was asked before it was started.
    journal = house.lab.execute(house.host, ["journalctl", "--output=cat", "--no-pager", f"--unit={UNIT}"]).stdout
    assert "trading-hosts-agent: freqtrade starts: accepted: bot" in journal


def test_trips_to_the_host_are_few(first: Built) -> None:
    over = {
        role: counts
        for role, counts in first.roles.items()
        if counts["trips"] > 5 * counts.get("files", 0) + counts.get("others", 0)
    }
    assert over == {}


def test_a_second_run_changes_nothing_and_is_quick(house: House, first: Built, record_property: Any) -> None:
    before = house.invocation()
    again = house.build()
    assert again.run.returncode == 0, again.run.output
    assert again.changed == []
    assert house.invocation() == before
    record_property("seconds of the second run", again.seconds)
    record_property("trips of the second run", again.roles)
    assert again.seconds <= first.seconds / 5


def test_it_trades_where_nothing_else_is_let_out(house: House) -> None:
    before = house.invocation()
    enforced = house.build(egress_firewall_mode="enforce")
    assert enforced.run.returncode == 0, enforced.run.output
    house.lab.execute(house.host, ["systemctl", "restart", UNIT])
    house.await_synced(other_than=before)
    status = house.lab.execute(house.host, ["trading-hosts-firewall", "status"]).stdout
    assert "mode: enforce\n" in status
    assert house.build().changed == []


def test_it_trades_after_a_reboot(house: House) -> None:
    before = house.invocation()
    house.simulator.clear_requests()
    assert house.lab.reboot(house.host) == "running"
    house.await_synced(other_than=before)
    assert house.answers(house.key) == {None}
