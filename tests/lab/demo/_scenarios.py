# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of the demo: what stands on the simulated exchanges, and what the inventory declares of it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.simulator.client import SimulatedKey, Simulator

DAY_MS = 86_400_000
#: The service on the host of the key ``grid``.
SERVICE = "grid-bot"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One key: how it is created on the exchange, and what it shows. ``{public}`` is the host's own address."""

    host: str
    name: str
    exchange: str
    shows: str
    allowlist: tuple[str, ...] | None
    permissions: str = "spot-trade"
    passphrase: str | None = None
    days_left: float | None = None
    age_days: int = 20
    declared: dict[str, Any] = field(default_factory=dict)


SCENARIOS = (
    Scenario(host="alpha", name="grid", exchange="bybit", shows="a good key", allowlist=("{public}",)),
    Scenario(
        host="alpha",
        name="hedge",
        exchange="okx",
        shows="an allowlist that lacks the host",
        allowlist=("91.198.115.77",),
    ),
    Scenario(
        host="alpha",
        name="sweep",
        exchange="binance",
        shows="a key that can withdraw",
        allowlist=("{public}",),
        permissions="withdraw",
    ),
    Scenario(
        host="beta",
        name="scalp",
        exchange="bybit",
        shows="no IP restriction, and the days it has left",
        allowlist=None,
        days_left=23,
        age_days=67,
    ),
    Scenario(
        host="beta",
        name="copy",
        exchange="bitget",
        shows="a weak passphrase",
        allowlist=("{public}",),
        passphrase="abcd1234",
    ),
    Scenario(
        host="beta",
        name="office",
        exchange="bitget",
        shows="an entry that is no public address",
        allowlist=("{public}", "192.168.1.10"),
    ),
)


def create(simulator: Simulator, scenario: Scenario, *, public: str, now: datetime.datetime) -> SimulatedKey:
    """Create the scenario's key on the simulated exchange, as a person would on its pages."""
    now_ms = int(now.timestamp() * 1000)
    allowlist = None if scenario.allowlist is None else [entry.format(public=public) for entry in scenario.allowlist]
    return simulator.create_key(
        scenario.exchange,
        permissions=scenario.permissions,
        allowlist=allowlist,
        label=scenario.name,
        created_at=now_ms - scenario.age_days * DAY_MS,
        days_left=scenario.days_left,
        parent_id="10000001",
        passphrase=scenario.passphrase,
    )


def declaration(scenario: Scenario, key: SimulatedKey, *, now: datetime.datetime) -> dict[str, Any]:
    """Return what a careful owner declares of the key."""
    today = now.date().isoformat()
    return {
        "label": scenario.name,
        "account": key.account_id,
        "account_level": "sub",
        "access": "read_write",
        "products": ["spot"],
        "created_on": (now - datetime.timedelta(days=scenario.age_days)).date().isoformat(),
        "two_factor": {"kind": "hardware", "attested_by": "Ada Lovelace", "attested_on": today},
        "attested": {
            name: {"by": "Ada Lovelace", "on": today}
            for name in ("created_on", "account", "account_level", "owner_kind", "recovery")
        },
        "owner_kind": "own",
        "recovery": "recreate",
        **scenario.declared,
    }


def api_key(scenario: Scenario, key: SimulatedKey, *, now: datetime.datetime) -> dict[str, Any]:
    """Return the key's entry in the inventory, with its secrets."""
    entry = {
        "name": scenario.name,
        "exchange": scenario.exchange,
        "api_key": key.key,
        "secret": key.secret,
        "declared": declaration(scenario, key, now=now),
    }
    return {**entry, "passphrase": key.passphrase} if key.passphrase else entry


def host_variables(
    simulator: Simulator,
    host: str,
    *,
    public: str,
    report: Path,
    now: datetime.datetime,
    base_url: Callable[[str], str] | None = None,
) -> dict[str, Any]:
    """Create the host's keys on the exchanges and return what its inventory says, secrets included.

    ``base_url`` gives an exchange's URL where the exchanges do not answer under their own names.
    """
    keys = []
    for scenario in SCENARIOS:
        if scenario.host == host:
            entry = api_key(scenario, create(simulator, scenario, public=public, now=now), now=now)
            custom = {"environment": "custom", "base_url": base_url(scenario.exchange)} if base_url else {}
            keys.append({**entry, **custom})
    service = {
        "name": SERVICE,
        "command": ["/usr/bin/python3", "/usr/local/lib/balance.py", "%d/grid"],
        "credentials": ["grid"],
    }
    return {
        "exchange_credentials_api_keys": keys,
        "exchange_credentials_documents": [
            {"name": key["name"], "format": "ccxt", "api_keys": [key["name"]]} for key in keys
        ],
        "exchange_credentials_on_rejected": "skip",
        "exchange_credentials_report_path": str(report),
        "exchange_credentials_install_libraries": False,
        # What the lab's hosts are prepared with is in their images; tests/lab/soak/test_trading_host.py does all of it.
        "trading_host_baseline": False,
        "trading_host_firewall": False,
        "trading_agent_install_libraries": False,
        "trading_host_services": [service] if any(key["name"] == "grid" for key in keys) else [],
    }
