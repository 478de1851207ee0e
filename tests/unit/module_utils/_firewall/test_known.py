# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses are added at once and removed a day after the last answer that held them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._firewall._known import (
    KEEP,
    Known,
    from_text,
    learn,
    only,
    to_text,
)

NAME = "api.bybit.com"
DAY = 86400.0


def test_an_address_stays_for_a_day_after_its_last_answer() -> None:
    known = learn({}, name=NAME, answer=["192.0.2.1"], now=1000)
    known = learn(known, name=NAME, answer=["192.0.2.2", "2001:db8::2"], now=2000)
    assert known == {NAME: {"192.0.2.1": 1000, "192.0.2.2": 2000, "2001:db8::2": 2000}}
    known = learn(known, name=NAME, answer=["192.0.2.2"], now=1000 + DAY)
    assert set(known[NAME]) == {"192.0.2.1", "192.0.2.2", "2001:db8::2"}
    known = learn(known, name=NAME, answer=["192.0.2.2"], now=1001 + DAY)
    assert set(known[NAME]) == {"192.0.2.2", "2001:db8::2"}
    assert KEEP == DAY


@pytest.mark.parametrize("answer", [[], [""], ["no address"]])
def test_an_empty_answer_changes_nothing_however_late(answer: list[str]) -> None:
    known = {NAME: {"192.0.2.1": 1000.0}}
    assert learn(known, name=NAME, answer=answer, now=1000 + 30 * DAY) == known


def test_a_clock_that_steps_back_keeps_no_address_for_ever() -> None:
    known = learn({}, name=NAME, answer=["192.0.2.1"], now=10 * DAY)
    known = learn(known, name=NAME, answer=["192.0.2.2"], now=DAY)
    assert known[NAME] == {"192.0.2.1": DAY, "192.0.2.2": DAY}


def test_a_name_that_is_no_longer_declared_is_forgotten() -> None:
    assert only({NAME: {"192.0.2.1": 1.0}, "other": {}}, names=["other", "third"]) == {"other": {}}


_ADDRESSES = st.ip_addresses().map(str)


@given(st.dictionaries(st.text(), st.dictionaries(_ADDRESSES, st.floats(0, 2**40))))
def test_the_state_comes_back_as_it_was_written(known: Known) -> None:
    assert from_text(to_text(known)) == known


@given(st.lists(st.tuples(st.lists(_ADDRESSES, max_size=3), st.floats(0, DAY / 2)), max_size=20))
def test_what_an_answer_held_within_a_day_is_there(answers: list[tuple[list[str], float]]) -> None:
    known: Known = {}
    now, held = 0.0, {}
    for answer, later in answers:
        now += later
        known = learn(known, name=NAME, answer=answer, now=now)
        held.update(dict.fromkeys(answer, now))
        wanted = {address for address, seen in held.items() if now - seen <= DAY}
        assert wanted <= set(known.get(NAME, {})) <= set(held)
        if answer:
            assert set(known[NAME]) == wanted


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"names": 1}', '{"names": {"a": 1}}', '{"names": {"a": ["x"]'])
def test_a_damaged_state_is_none(text: str) -> None:
    assert from_text(text) == {}
