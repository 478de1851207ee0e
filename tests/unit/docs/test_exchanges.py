# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docs/exchanges.md says of an exchange is what the code holds: ``make generated`` writes it."""

from __future__ import annotations

import dataclasses
import re
import sys

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.module_utils._facts import ObservedKey
from tests.generated.exchanges_guide import FILE, facts, overview, written

GUIDE = FILE.read_text(encoding="utf-8")
DATED = re.compile(r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}\b")


def shown(name: str) -> str:
    """Return what the guide has between the marks of this name."""
    return GUIDE.partition(f"<!-- facts of {name} -->\n")[2].partition(f"\n<!-- end of {name} -->")[0].strip()


@pytest.mark.parametrize("name", EXCHANGES)
def test_the_guide_says_what_the_code_holds(name: str) -> None:
    assert shown(name) == facts(EXCHANGES[name]), "run: make generated"


def test_the_table_of_all_exchanges_is_the_codes() -> None:
    assert shown("all exchanges") == overview(), "run: make generated"
    assert written(GUIDE) == GUIDE


def test_the_guide_has_each_exchange_once() -> None:
    named = re.findall(r"^<!-- facts of (\w+) -->$", GUIDE, flags=re.MULTILINE)
    assert sorted(named) == sorted(EXCHANGES)


@pytest.mark.parametrize("name", EXCHANGES)
def test_every_fact_has_a_source_and_a_day(name: str) -> None:
    assert DATED.search(EXCHANGES[name].sources)
    for row in shown(name).splitlines():
        if row.startswith("| source "):
            assert DATED.search(row), row


@pytest.mark.parametrize("name", EXCHANGES)
def test_what_is_told_in_part_is_not_what_is_never_told(name: str) -> None:
    exchange = EXCHANGES[name]
    assert set(exchange.tells_in_part()) <= {field.name for field in dataclasses.fields(ObservedKey)}
    assert not set(exchange.tells_in_part()) & exchange.cannot_tell()


@pytest.mark.parametrize("name", EXCHANGES)
def test_every_section_says_what_a_good_key_is(name: str) -> None:
    section = GUIDE.partition(f"<!-- facts of {name} -->")[0].rpartition("\n## ")[2]
    assert "\nA good key: " in section


def test_the_guide_shows_no_code_that_the_exchange_file_lacks() -> None:
    for name, exchange in EXCHANGES.items():
        refusals = sys.modules[type(exchange).__module__].REFUSALS
        rows = re.findall(r"^\| `([^`]+)` \| `(\w+)` \|", shown(name).rpartition("| code |")[2], flags=re.MULTILINE)
        assert rows == [(code, refused.status) for code, refused in refusals.items()]
