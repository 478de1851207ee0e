# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instants in and out."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils import _clock
from ansible_collections.trading.hosts.plugins.module_utils._version import VERSION

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MOMENTS = st.timedeltas(min_value=datetime.timedelta(0), max_value=datetime.timedelta(days=80_000)).map(EPOCH.__add__)


@given(at=MOMENTS)
def test_text_and_milliseconds_keep_the_instant(at: datetime.datetime) -> None:
    assert _clock.from_text(_clock.to_text(at)) == at.replace(microsecond=0)
    assert _clock.from_milliseconds(_clock.milliseconds(at)) == at.replace(microsecond=at.microsecond // 1000 * 1000)


def test_other_time_zones_become_utc() -> None:
    east = datetime.timezone(datetime.timedelta(hours=2))
    assert _clock.to_text(datetime.datetime(2026, 11, 22, 9, 0, tzinfo=east)) == "2026-11-22T07:00:00Z"


@pytest.mark.parametrize(
    ("text", "microsecond"), [("2026-11-22T07:13:54.5Z", 500_000), ("2026-11-22T07:13:54.123456789Z", 123_456)]
)
def test_fractions_are_read(text: str, microsecond: int) -> None:
    assert _clock.from_text(text).microsecond == microsecond


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22",
        "2026-11-22T07:13:54",
        "2026-11-22T07:13:54+00:00",
        "2026-11-22 07:13:54Z",
        "2026-02-30T00:00:00Z",
        "2026-11-22T25:00:00Z",
        "2026-11-22T07:13:54Z\n",
        "\u0662026-11-22T07:13:54Z",
    ],
)
def test_other_texts_are_no_instants(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        _clock.from_text(text)


@pytest.mark.parametrize("value", [10**30, -(10**30)])
def test_milliseconds_beyond_the_calendar(value: int) -> None:
    with pytest.raises(ValueError, match="calendar"):
        _clock.from_milliseconds(value)


@pytest.mark.parametrize("text", ["", "soon", "-1", "Sun, 99 Nov 2026 07:15:00 GMT", "Sun, 22 Nov 2026 07:15:00 -0000"])
def test_other_texts_are_no_http_dates(text: str) -> None:
    assert _clock.from_http_date(text) is None


def test_an_http_date() -> None:
    at = _clock.from_http_date("Sun, 22 Nov 2026 07:15:00 GMT")
    assert at is not None
    assert _clock.to_text(at) == "2026-11-22T07:15:00Z"


def test_the_version_is_that_of_the_collection() -> None:
    galaxy = yaml.safe_load((Path(__file__).resolve().parents[3] / "galaxy.yml").read_text())
    assert galaxy["version"] == VERSION
