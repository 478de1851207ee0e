# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""With what a key is asked about: what lies on its host, or the values of the inventory."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._options import read_keys
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.placed_questions import placed_questions

VALUES = {"api_key": "CANARYkey", "secret": "CANARYsecret"}
GRID = {"name": "grid", "exchange": "bybit", "declared": {"label": "grid"}}
HEDGE = {"name": "hedge", "exchange": "okx", "region": "eea"}
OTHER = {"name": "new", "exchange": "other", "declared": {"ccxt_id": "ascendex"}}
OWN = {"name": "own", "exchange": "binance", "credential": {"name": "own"}}
BOT = {"name": "bot", "format": "ccxt", "api_keys": ["grid"]}
BOTH = {"name": "both", "format": "ccxt", "api_keys": ["grid", "hedge"]}


def held(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "decryptable": "yes"} for name in names]


class Locked(dict[str, Any]):
    """A key whose values are in a vault that nobody opened."""

    def __getitem__(self, name: str) -> Any:
        if name in VALUES:
            raise AssertionError(name)
        return super().__getitem__(name)


def test_what_lies_on_the_host_is_asked_with_and_no_secret_is_looked_at() -> None:
    asked = placed_questions([Locked(GRID | VALUES)], [BOT], held("bot"), directory="/d")
    assert asked == [{**GRID, "credential": {"name": "bot", "directory": "/d", "entry": None}}]


def test_where_a_key_was_read_in_clear_is_no_part_of_a_question_with_its_document() -> None:
    asked = placed_questions([{**GRID, "file": {"path": "/home/bot/keys.json"}}], [BOT], held("bot"))
    assert asked == [{**GRID, "credential": {"name": "bot", "entry": None}}]
    read_keys(asked)


def test_a_field_that_no_key_has_is_refused_and_its_value_not_shown() -> None:
    with pytest.raises(AnsibleFilterError, match=r"The key grid\.api_secret: is no option here") as error:
        placed_questions([{**GRID, "api_secret": "CANARY"}], [BOT], held("bot"))
    assert "CANARY" not in str(error.value)


def test_a_document_of_several_is_asked_by_account() -> None:
    asked = placed_questions([HEDGE, GRID], [BOTH], held("both"))
    assert [each["credential"] for each in asked] == [
        {"name": "both", "entry": "hedge"},
        {"name": "both", "entry": "grid"},
    ]
    assert asked[0]["region"] == "eea"


def test_what_is_not_on_the_host_is_left_out_but_for_what_is_never_asked() -> None:
    asked = placed_questions([GRID | VALUES, OTHER | VALUES, OWN], [BOT], held("another"))
    assert asked == [OTHER, OWN]
    assert "CANARY" not in json.dumps(asked)


def test_a_key_in_two_documents_is_asked_once() -> None:
    asked = placed_questions([GRID, HEDGE], [BOTH, BOT], held("bot", "both"))
    assert [(each["name"], each["credential"]["name"]) for each in asked] == [("grid", "both"), ("hedge", "both")]


def test_given_values_come_first_where_they_are_preferred() -> None:
    asked = placed_questions(
        [GRID | VALUES, HEDGE], [BOT, {**BOTH, "api_keys": ["hedge"]}], held("bot", "both"), prefer="given"
    )
    assert asked == [GRID | VALUES, {**HEDGE, "credential": {"name": "both", "entry": None}}]


def test_a_key_of_which_nobody_has_anything_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="The key grid has no values in the inventory, and no credential"):
        placed_questions([GRID], [BOT], held(), prefer="given")


def test_another_preference_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="prefer is 'both'; use placed or given"):
        placed_questions([GRID], [BOT], held(), prefer="both")
