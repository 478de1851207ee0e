# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a host's clock is measured, and what the measurements mean."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.clock_places import clock_places
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.clock_verdicts import clock_verdicts


def test_each_place_is_there_once_and_without_secrets() -> None:
    keys: list[dict[str, Any]] = [
        {"name": "a", "exchange": "okx", "secret": "canary"},
        {"name": "b", "exchange": "okx", "environment": "mainnet", "region": "global", "base_url": None},
        {"name": "c", "exchange": "okx", "region": "eea"},
        {"name": "d", "exchange": "other"},
        {"name": "e", "exchange": "bybit", "environment": "custom", "base_url": "http://127.0.0.1:1"},
    ]
    assert clock_places(keys) == [
        {"exchange": "okx", "environment": "mainnet", "region": "global"},
        {"exchange": "okx", "environment": "mainnet", "region": "eea"},
        {"exchange": "bybit", "environment": "custom", "region": "global", "base_url": "http://127.0.0.1:1"},
    ]


def clock(exchange: str, offset: float | None, **changes: Any) -> dict[str, Any]:
    measured = {"exchange": exchange, "environment": "mainnet", "official": True, "problem": None}
    return {**measured, "offset": offset, "uncertainty": None if offset is None else 0.01, **changes}


@pytest.mark.parametrize("exchange", sorted(EXCHANGES))
@pytest.mark.parametrize("side", [1, -1])
def test_each_exchange_judges_by_its_own_tolerance(exchange: str, side: int) -> None:
    tolerance = EXCHANGES[exchange].clock_tolerance()
    limit = tolerance.ahead if side > 0 else tolerance.behind
    offsets = [side * limit * share for share in (0.1, 0.4, 0.6, 2)]
    told = clock_verdicts(clock(exchange, offset) for offset in offsets)
    assert [(each["status"], each["severity"]) for each in told] == [
        ("pass", "none"),
        ("fail", "medium"),
        ("fail", "high"),
        ("fail", "high"),
    ]


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        (clock("okx", None, problem="www.okx.com answered HTTP 503\n::error"), "could not be read"),
        (clock("okx", 0.0, official=False), "somebody else"),
        (clock("okx", 0.0, uncertainty=1000.0), "give or take 1000"),
        (clock("nobody-knows", 0.0), "could not be read"),
    ],
)
def test_what_was_not_measured_is_unknown(measured: dict[str, Any], said: str) -> None:
    (verdict,) = clock_verdicts([measured])
    assert (verdict["status"], verdict["severity"]) == ("unknown", "none")
    assert said in verdict["evidence"]
    assert "\n" not in verdict["evidence"]
    assert "::" not in verdict["evidence"]
