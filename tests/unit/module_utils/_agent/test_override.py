# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Overrides: for whom and how long they count, who could have written them, and what is kept for the audit."""

from __future__ import annotations

import datetime
import json
import os
import stat
import typing as t
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._agent import _override
from ansible_collections.trading.hosts.plugins.module_utils._agent._override import (
    Override,
    add_override,
    check_service,
    in_force,
    length_of,
    new_override,
    read_overrides,
    told,
)
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, StoreError

NOW = datetime.datetime(2026, 11, 22, 7, 30, tzinfo=datetime.timezone.utc)
HOUR = datetime.timedelta(hours=1)
ME = os.geteuid()


def override(**changes: t.Any) -> Override:
    values: dict[str, t.Any] = {
        "service": "grid-bot",
        "length": 2 * HOUR,
        "reason": "positions are open",
        "by": "ada",
        "now": NOW,
        **changes,
    }
    return new_override(**values)


@pytest.mark.parametrize(
    ("text", "minutes"), [("2h", 120), ("90m", 90), ("1h30m", 90), ("24h", 1440), ("1m", 1), ("1440m", 1440)]
)
def test_lengths(text: str, minutes: int) -> None:
    assert length_of(text) == datetime.timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text", ["", "0h", "0m", "2", "h", "25h", "24h1m", "1441m", "-2h", "2h ", "2d", "1.5h", "30m1h", "²h"]
)
def test_lengths_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="at most 24h"):
        length_of(text)


@pytest.mark.parametrize("reason", ["", "  ", "\n\n", "x", "\u202e"])
def test_a_reason_must_say_something(reason: str) -> None:
    with pytest.raises(InputError, match="--reason"):
        override(reason=reason)


def test_a_reason_is_one_line() -> None:
    made = override(reason="the\nexchange ::error:: " + "x" * 500)
    assert "\n" not in made.reason
    assert "::error" not in made.reason
    assert len(made.reason) <= 160


@pytest.mark.parametrize("name", ["grid-bot", "a", "grid@btc", "a1-b@2"])
def test_names_of_services(name: str) -> None:
    assert check_service(name) == name


@pytest.mark.parametrize(
    "name", ["", "Grid", "../x", "a/b", "grid.service", "a@", "@a", "-a", "a b", "a@b@c", "x" * 32]
)
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(InputError, match="--service"):
        check_service(name)


@pytest.mark.parametrize(
    ("given", "after", "counts"),
    [
        pytest.param({}, 0 * HOUR, True, id="at once"),
        pytest.param({}, 1.9 * HOUR, True, id="just before its end"),
        pytest.param({}, 2 * HOUR, False, id="at its end"),
        pytest.param({}, -HOUR, False, id="from the future"),
        pytest.param({"service": None}, HOUR, True, id="for all services"),
        pytest.param({"service": "other"}, HOUR, False, id="for another service"),
    ],
)
def test_when_it_counts(given: dict[str, t.Any], after: datetime.timedelta, counts: bool) -> None:
    made = override(**given)
    assert made.covers("grid-bot", now=NOW + after) == counts
    assert in_force([made], service="grid-bot", now=NOW + after) == (made if counts else None)


def test_the_longest_one_is_told() -> None:
    short, long = override(length=HOUR), override(length=3 * HOUR)
    assert in_force([long, short], service="grid-bot", now=NOW) == long


def test_what_is_kept(tmp_path: Path) -> None:
    path = str(tmp_path / "made" / "overrides.json")
    assert read_overrides(path=path, owner=ME) == ()
    old = override(now=NOW - datetime.timedelta(days=100))
    recent = override(now=NOW - datetime.timedelta(days=50))
    for each in (old, recent, override()):
        add_override(each, path=path, owner=ME)
    assert read_overrides(path=path, owner=ME) == (recent, override())
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o644
    assert os.listdir(os.path.dirname(path)) == ["overrides.json"]


def test_services_can_read_it_whatever_root_lets_others_read(tmp_path: Path) -> None:
    path = tmp_path / "made" / "overrides.json"
    before = os.umask(0o077)
    try:
        add_override(override(), path=str(path), owner=ME)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path.parent, path)] == [0o755, 0o644]


def test_it_is_bounded(tmp_path: Path) -> None:
    path = str(tmp_path / "overrides.json")
    many = [override(now=NOW + datetime.timedelta(seconds=number)) for number in range(_override.MOST + 5)]
    (tmp_path / "overrides.json").write_text(json.dumps({"overrides": [vars(each) for each in many]}))
    os.chmod(path, 0o644)
    last = override(now=NOW + HOUR)
    add_override(last, path=path, owner=ME)
    kept = read_overrides(path=path, owner=ME)
    assert len(kept) == _override.MOST
    assert kept[-1] == last


def test_what_the_audit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "overrides.json")
    add_override(override(service=None), path=path, owner=ME)
    monkeypatch.setattr(_override, "read_overrides", lambda **_given: read_overrides(path=path, owner=ME))
    (one,) = told(now=NOW + HOUR)
    assert one == {
        "service": None,
        "reason": "positions are open",
        "by": "ada",
        "at": "2026-11-22T07:30:00Z",
        "until": "2026-11-22T09:30:00Z",
        "in_force": True,
    }
    assert [each["in_force"] for each in told(now=NOW + 2 * HOUR)] == [False]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.chmod(0o666), id="others can write it"),
        pytest.param(lambda path: path.chmod(0o664), id="a group can write it"),
        pytest.param(lambda path: path.write_text("{"), id="cut short"),
        pytest.param(lambda path: path.write_text("[]"), id="another form"),
        pytest.param(lambda path: path.write_text('{"overrides": [{"reason": "x"}]}'), id="half a record"),
        pytest.param(lambda path: path.write_text("[" * 100_000), id="too deep"),
        pytest.param(lambda path: (path.unlink(), path.symlink_to("/etc/passwd")), id="a link"),
        pytest.param(lambda path: (path.unlink(), path.mkdir()), id="a directory"),
    ],
)
def test_what_cannot_be_trusted_counts_for_nothing(tmp_path: Path, spoil: t.Callable[[Path], t.Any]) -> None:
    path = tmp_path / "overrides.json"
    add_override(override(), path=str(path), owner=ME)
    spoil(path)
    with pytest.raises(StoreError):
        read_overrides(path=str(path), owner=ME)


def test_what_somebody_else_wrote_counts_for_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "overrides.json")
    add_override(override(), path=path, owner=ME)
    with pytest.raises(StoreError, match="only root can write"):
        read_overrides(path=path, owner=ME + 1)
