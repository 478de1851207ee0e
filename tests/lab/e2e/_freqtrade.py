# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""freqtrade, as it is on PyPI, on a host of its own: what the tests of it share.

Its environment takes a minute to make, so the first run keeps it, as the role made it, beside the images. Later runs
lay it below the host's disk. It is made anew when anything changes that it is made by.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.collection import CHECKOUT
from tests.lab import _host
from tests.lab._images import cache_dir, image_path
from tests.lab._simulator import STATE_DIR
from tests.lab._spec import HostSpec
from tests.lab._tools import remove_tree, wait_for
from tests.lab._wheelhouse import ensure_wheelhouse
from tests.lab.e2e._support import Controller, Run, place
from tests.simulator.client import SimulatedKey, Simulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab._lab import Lab

SPECS = {
    "bookworm": HostSpec(
        name="bot12", number=14, suite="bookworm", public_v4="91.198.115.114", public_v6="2a02:ec80:700:1::114"
    ),
    "trixie": HostSpec(
        name="bot13", number=15, suite="trixie", public_v4="91.198.115.115", public_v6="2a02:ec80:700:1::115"
    ),
}
LOCK = CHECKOUT / "roles" / "freqtrade" / "files" / "freqtrade-2026.9.txt"
UNIT = "freqtrade.service"
OPT = "opt/freqtrade"
WHEELHOUSE = "srv/wheelhouse"
RUN_SERVICE = "trading.hosts.trading_service : Run it"
INSTALL = "trading.hosts.python_program : Install the program and all it needs, each file by its hash"
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


class Bot:
    """A host with freqtrade, its controller, and its key on the exchange."""

    def __init__(self, lab: Lab, directory: Path, *, suite: str) -> None:
        self.lab = lab
        self.spec = SPECS[suite]
        self.host = self.spec.name
        self.simulator = Simulator.attach(STATE_DIR)
        self.wheelhouse = ensure_wheelhouse(LOCK, suite=suite)
        self.layer = cache_dir() / f"freqtrade-{suite}-{_digest(suite, self.wheelhouse)}"
        strategy = directory / "never_trade.py"
        strategy.parent.mkdir(parents=True, exist_ok=True)
        strategy.write_text(STRATEGY)
        self.variables: dict[str, Any] = {
            "freqtrade_config": CONFIG,
            "freqtrade_strategy": "NeverTrade",
            "freqtrade_strategy_files": [str(strategy)],
            "freqtrade_credentials": ["bot"],
            "freqtrade_wheelhouse": f"/{WHEELHOUSE}",
            "freqtrade_restart_sec": 2,
            "freqtrade_restart_max_delay_sec": 0,
        }
        self.directory = directory

    def boot(self, *, layers: bool = True) -> None:
        """Make the host: from the kept environment where there is one, and else with the wheels to make it from."""
        if self.host in self.lab.guests:
            if not self.lab.is_running(self.host):
                self.lab.boot(self.host)
        else:
            below = [self.layer] if layers and self.layer.is_dir() else []
            assert self.lab.add_guest(self.spec, layers=below) == "running"
        _host.install_ca(self.spec, Path(self.simulator.ca_file).read_text())
        if not (self.lab.root(self.host) / OPT).is_dir():
            self.bring(self.wheelhouse)
        self.controller = Controller(self.lab, self.directory, pipelining=True, guests=True)

    def bring(self, wheelhouse: Path) -> Path:
        """Put the wheels on the host and return where."""
        return Path(shutil.copytree(wheelhouse, self.lab.root(self.host) / WHEELHOUSE, dirs_exist_ok=True))

    def keep(self) -> None:
        """Keep the environment for the next run."""
        if self.layer.is_dir():
            return
        scratch = Path(tempfile.mkdtemp(prefix=".keeping-", dir=cache_dir()))
        try:
            shutil.copytree(self.lab.root(self.host) / OPT, scratch / OPT, symlinks=True)
            scratch.chmod(0o755)
            scratch.rename(self.layer)
        finally:
            remove_tree(scratch)

    def create_key(self, *, label: str = "bot") -> SimulatedKey:
        return self.simulator.create_key(
            "bybit", allowlist=[self.lab.public_addresses(self.host)[0]], label=label, parent_id="10000001"
        )

    def give(self, key: SimulatedKey, **variables: Any) -> dict[str, Any]:
        """Write the key to the host's vaulted variables, and return the task that places it."""
        self.write(key=key.key, secret=key.secret, **variables)
        return place(
            {"name": "bot", "format": "freqtrade", "fields": {"api_key": "{{ key }}", "secret": "{{ secret }}"}}
        )

    def write(self, **variables: Any) -> None:
        self.variables |= variables
        self.controller.write_vars(self.variables, hosts=[self.host])

    def run(self, *tasks: Mapping[str, Any], **options: Any) -> Run:
        return self.controller.run(*tasks, hosts=self.host, **options)

    def failure(self, run: Run) -> str:
        """Return the last sentence with which a task failed: what was rescued came before it."""
        failed = [str(result.data["msg"]) for result in run.results if result.status == "failed"]
        assert failed, run.output
        return failed[-1]

    def shown(self, *properties: str) -> dict[str, str]:
        """Return properties of the service."""
        argv = ["systemctl", "show", f"--property={','.join(properties)}", UNIT]
        return dict(line.split("=", 1) for line in self.lab.execute(self.host, argv).stdout.splitlines())

    def invocation(self) -> str:
        return self.shown("InvocationID")["InvocationID"]

    def journal(self, *, everything: bool = False) -> str:
        """Return what the service has said, since its last start or ever."""
        match = f"--unit={UNIT}" if everything else f"_SYSTEMD_INVOCATION_ID={self.invocation()}"
        return self.lab.execute(self.host, ["journalctl", "--output=cat", "--no-pager", match]).stdout

    def await_synced(self, *, other_than: str = "", timeout: float = 90) -> str:
        """Wait until an invocation runs and has read its balance, and return it."""

        def synced() -> str | None:
            shown = self.shown("InvocationID", "ActiveState")
            if shown["ActiveState"] != "active" or shown["InvocationID"] == other_than:
                return None
            return shown["InvocationID"] if SYNCED in self.journal() else None

        return wait_for(synced, what=f"freqtrade on {self.host} to read its balance", timeout=timeout, interval=0.3)

    def answers(self, key: SimulatedKey, path: str = "/v5/account/wallet-balance") -> set[str | None]:
        """Return what the exchange answered to this key's requests there: codes, or None for what it asked for."""
        seen = self.simulator.requests(exchange="bybit")
        return {request.code for request in seen if (request.label, request.path) == (key.label, path)}


def _digest(suite: str, wheelhouse: Path) -> str:
    role = CHECKOUT / "roles" / "python_program"
    made_by = [
        *(path.read_text() for path in sorted(role.rglob("*")) if path.suffix in (".py", ".yml")),
        LOCK.read_text(),
        wheelhouse.name,
        image_path(suite).name,
    ]
    return hashlib.sha256("\0".join(made_by).encode()).hexdigest()[:12]
