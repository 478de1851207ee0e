# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a service may be restarted: every edge of a window, every shape of a freeze."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.plugin_utils._restart_times import parse_window, restart_bar


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


SUNDAY = at("2026-11-22 03:00")


@pytest.mark.parametrize(
    ("window", "instant", "may"),
    [
        ("02:00-04:00", "2026-11-22 02:00", True),
        ("02:00-04:00", "2026-11-22 03:59:59", True),
        ("02:00-04:00", "2026-11-22 04:00", False),
        ("02:00-04:00", "2026-11-22 01:59:59", False),
        ("22:00-02:00", "2026-11-22 23:30", True),
        ("22:00-02:00", "2026-11-22 01:30", True),
        ("22:00-02:00", "2026-11-22 12:00", False),
        ("00:00-24:00", "2026-11-22 23:59:59", True),
        ("Sun 02:00-04:00", "2026-11-22 03:00", True),
        ("Sat 02:00-04:00", "2026-11-22 03:00", False),
        ("Mon..Fri 02:00-04:00", "2026-11-22 03:00", False),
        ("Mon..Fri 02:00-04:00", "2026-11-20 03:00", True),
        ("Fri..Mon 02:00-04:00", "2026-11-22 03:00", True),
        ("Fri..Mon 02:00-04:00", "2026-11-18 03:00", False),
        ("Wed,Sat..Sun 02:00-04:00", "2026-11-22 03:00", True),
        # The night from Saturday to Sunday belongs to Saturday.
        ("Sat 22:00-04:00", "2026-11-22 03:00", True),
        ("Sun 22:00-04:00", "2026-11-22 03:00", False),
        ("Sun 22:00-04:00", "2026-11-23 03:00", True),
    ],
)
def test_windows(window: str, instant: str, may: bool) -> None:
    said = restart_bar({}, windows=[window], at=at(instant))
    assert (said == "") is may
    assert may or (window in said and "outside of its restart windows" in said)


def test_one_window_of_several_is_enough() -> None:
    assert restart_bar({}, windows=["12:00-13:00", "03:00-03:01"], at=SUNDAY) == ""
    assert restart_bar({}, windows=[], at=SUNDAY) == ""


@pytest.mark.parametrize(
    "window",
    [
        *(
            "",
            "2-4",
            "25:00-26:00",
            "02:60-03:00",
            "02:00-02:00",
            "02:00-24:30",
            "24:00-01:00",
            "02:00-04:00\n",
            None,
            5,
        ),
        *("Foo 02:00-04:00", "sat 02:00-04:00", "Sat.. 02:00-04:00", "..Sat 02:00-04:00", "Sat  02:00-04:00"),
    ],
)
def test_what_is_no_window_is_named(window: t.Any) -> None:
    with pytest.raises(InputError, match=r"restart windows\[1\]"):
        restart_bar({}, windows=["02:00-04:00", window], at=SUNDAY)


def test_windows_that_are_no_list() -> None:
    with pytest.raises(InputError, match="are not a list"):
        restart_bar({}, windows="02:00-04:00", at=SUNDAY)


@pytest.mark.parametrize(
    "until", ["2026-11-22T03:00:01Z", at("2026-11-22 03:00:01"), at("2026-11-23").replace(tzinfo=None)]
)
def test_a_freeze_bars_everything_until_it_ends(until: t.Any) -> None:
    said = restart_bar({"until": until, "reason": " FOMC "}, windows=["02:00-04:00"], at=SUNDAY)
    assert said.startswith("everything is frozen until 2026-11-2")
    assert said.endswith("(FOMC)")


@pytest.mark.parametrize("freeze", [None, "", {}, {"until": "2026-11-22T03:00:00Z", "reason": "over"}])
def test_no_freeze_and_one_that_is_over(freeze: t.Any) -> None:
    assert restart_bar(freeze, windows=[], at=SUNDAY) == ""


@pytest.mark.parametrize(
    "freeze",
    [
        {"until": "2026-11-22T03:00:00Z"},
        {"until": "2026-11-22T03:00:00Z", "reason": " "},
        {"until": "tomorrow", "reason": "FOMC"},
        {"until": "2026-11-22T03:00:00", "reason": "FOMC"},
        {"until": "2026-11-22T03:00:00Z", "reason": "FOMC", "hosts": []},
        "yes",
        True,
        [],
    ],
)
def test_a_freeze_that_cannot_be_read_is_an_error_and_never_none(freeze: t.Any) -> None:
    with pytest.raises(InputError, match="trading_hosts_freeze"):
        restart_bar(freeze, windows=[], at=SUNDAY)


@given(st.integers(0, 1439), st.integers(1, 1439), st.integers(0, 7 * 1440 - 1))
def test_a_window_is_open_for_exactly_its_minutes(begins: int, length: int, minute: int) -> None:
    ends = (begins + length) % 1440
    window = parse_window(f"{begins // 60:02}:{begins % 60:02}-{ends // 60:02}:{ends % 60:02}", field="x")
    instant = at("2026-11-16 00:00") + datetime.timedelta(minutes=minute)
    assert window.holds(instant) is ((minute - begins) % 1440 < length)
