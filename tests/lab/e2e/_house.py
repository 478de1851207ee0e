# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that nothing was ever done to, which is to trade with freqtrade: what the tests of the whole house share."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass
from typing import Any

from tests.lab.demo._scenarios import Scenario, api_key, create
from tests.lab.e2e._freqtrade import CONFIG, STRATEGY, Bot
from tests.lab.e2e._program import WHEELHOUSE
from tests.lab.e2e._support import Run, listing

SCENARIO = Scenario(host="", name="bot", exchange="bybit", shows="", allowlist=("{public}",))
BUILD = {"name": "build", "ansible.builtin.include_role": {"name": "trading.hosts.trading_host"}}


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
