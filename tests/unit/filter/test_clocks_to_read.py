# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose clock may be asked for: each place once, and none that wants silence."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.trading.hosts.plugins.plugin_utils._filters.clocks_to_read import clocks_to_read


def place(exchange: str, region: str = "global", environment: str = "mainnet") -> dict[str, Any]:
    return {"exchange": exchange, "environment": environment, "region": region}


def places(*keys: tuple[dict[str, Any], str, str | None]) -> list[dict[str, Any]]:
    """Return the places of keys, each given as its options, its status and the code of its refusal."""
    named = [{"name": number, "secret": "canary", **key} for number, (key, _status, _code) in enumerate(keys)]
    learned = [
        {
            **place("?"),
            **{name: value for name, value in key.items() if name != "base_url"},
            "name": str(number),
            "asked_host": key.get("base_url", "https://the-exchanges-own").partition("//")[2],
            "access": {"status": status, "code": code},
        }
        for number, (key, status, code) in enumerate(keys)
    ]
    return clocks_to_read(named, learned)


def test_each_place_is_named_once() -> None:
    custom = {**place("okx", environment="custom"), "base_url": "http://127.0.0.1:1"}
    keys = [{"exchange": "okx"}, place("okx"), place("okx", "eea"), custom, {"exchange": "bybit"}, custom]
    expected = [place("okx"), place("okx", "eea"), custom, place("bybit")]
    assert places(*((key, "accepted", None) for key in keys)) == expected


@pytest.mark.parametrize(
    ("status", "code", "asked"),
    [
        ("accepted", None, True),
        ("ip_refused", "50110", True),
        ("clock_skew", "50102", True),
        ("ambiguous", "-2015", True),
        ("ambiguous", "HTTP 403", False),
        ("rate_limited", "HTTP 429", False),
        ("unreachable", None, False),
        ("held_back", None, False),
        ("not_asked", None, False),
    ],
)
def test_who_wants_silence_is_left_alone(status: str, code: str | None, asked: bool) -> None:
    assert bool(places(({"exchange": "okx"}, status, code))) is asked


@pytest.mark.parametrize("order", [1, -1])
def test_one_call_for_silence_counts_for_all_keys_there(order: int) -> None:
    both = [({"exchange": "okx"}, "accepted", None), ({"exchange": "okx"}, "rate_limited", "50011")]
    assert places(*both[::order]) == []
    assert places(({"exchange": "okx"}, "accepted", None), ({"exchange": "okx"}, "held_back", None)) != []


def test_a_clock_that_was_measured_is_not_asked_for_again() -> None:
    learned = [
        {"name": each, **place(each), "asked_host": f"{each}.example", "access": {"status": "accepted", "code": None}}
        for each in ("okx", "bybit", "gate")
    ]
    measured = {**place("okx"), "asked_host": "okx.example", "offset": 0.01}
    failed = {**place("bybit"), "asked_host": "bybit.example", "offset": None}
    elsewhere = {**place("gate"), "asked_host": "127.0.0.1:1", "offset": 0.01}
    asked = clocks_to_read(
        [{"name": each} for each in ("okx", "bybit", "gate")], learned, [measured, failed, elsewhere]
    )
    assert asked == [place("bybit"), place("gate")]
