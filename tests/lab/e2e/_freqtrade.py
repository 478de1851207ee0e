# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""freqtrade, as it is on PyPI, on a host of its own: what the tests of it share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.collection import CHECKOUT
from tests.lab._tools import wait_for
from tests.lab.e2e._program import WHEELHOUSE, ProgramHost

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab._lab import Lab

LOCK = CHECKOUT / "roles" / "freqtrade" / "files" / "freqtrade-2026.9.txt"
UNIT = "freqtrade.service"
OPT = "opt/freqtrade"
FREQTRADE = {"name": "freqtrade", "ansible.builtin.include_role": {"name": "trading.hosts.freqtrade"}}
SYNCED = "Wallets synced."
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"

STRATEGY = '''
from freqtrade.strategy import IStrategy


class NeverTrade(IStrategy):
    """It reads and never buys."""

    timeframe = "5m"
    stoploss = -0.99

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
'''
#: As somebody would write it, but for the lab's authority: ccxt does not look where the system keeps them.
CONFIG: dict[str, Any] = {
    "max_open_trades": 1,
    "stake_currency": "USDT",
    "stake_amount": 10,
    "dry_run": False,
    "trading_mode": "spot",
    "entry_pricing": {"price_side": "same", "use_order_book": True, "order_book_top": 1},
    "exit_pricing": {"price_side": "same", "use_order_book": True, "order_book_top": 1},
    "exchange": {
        "name": "bybit",
        "enable_ws": False,
        "log_responses": True,
        "pair_whitelist": ["BTC/USDT"],
        "pair_blacklist": [],
        "ccxt_config": {"validateServerSsl": AUTHORITIES, "cafile": AUTHORITIES},
    },
    "pairlists": [{"method": "StaticPairList"}],
}


class Bot(ProgramHost):
    """A host with freqtrade, its controller, and its key on the exchange."""

    program = "freqtrade"
    unit = UNIT
    form = "freqtrade"

    def __init__(self, lab: Lab, directory: Path, *, suite: str) -> None:
        super().__init__(lab, directory, suite=suite, lock=LOCK)
        strategy = directory / "never_trade.py"
        strategy.write_text(STRATEGY)
        self.variables |= {
            "freqtrade_config": CONFIG,
            "freqtrade_strategy": "NeverTrade",
            "freqtrade_strategy_files": [str(strategy)],
            "freqtrade_credentials": ["bot"],
            "freqtrade_wheelhouse": f"/{WHEELHOUSE}",
            "freqtrade_restart_sec": 2,
            "freqtrade_restart_max_delay_sec": 0,
        }

    def await_synced(self, *, other_than: str = "", timeout: float = 90) -> str:
        """Wait until an invocation runs and has read its balance, and return it."""

        def synced() -> str | None:
            shown = self.shown("InvocationID", "ActiveState")
            if shown["ActiveState"] != "active" or shown["InvocationID"] == other_than:
                return None
            return shown["InvocationID"] if SYNCED in self.journal() else None

        return wait_for(synced, what=f"freqtrade on {self.host} to read its balance", timeout=timeout, interval=0.3)
