# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of a document without its secrets."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential._formats import render
from ansible_collections.trading.hosts.plugins.module_utils._credential._held import held_keys

ID = "abcd0123456789012345678901wxyz"
FIELDS = {"api_key": ID, "secret": "CANARY"}


@pytest.mark.parametrize("form", ["json", "ccxt", "freqtrade"])
def test_one_key_is_told_by_the_ends_of_its_id(form: str) -> None:
    content = render(form=form, fields=FIELDS, accounts={}, text=None, field="x")
    assert held_keys(content=content) == [{"entry": None, "masked_id": "abcd…xyz"}]


def test_several_are_told_by_their_names_too() -> None:
    content = render(form="ccxt", fields={}, accounts={"a": FIELDS, "b": FIELDS}, text=None, field="x")
    assert [held["entry"] for held in held_keys(content=content)] == ["a", "b"]
    assert "CANARY" not in json.dumps(held_keys(content=content))


def test_a_wallet_without_an_id_is_told_without_one() -> None:
    content = render(form="ccxt", fields={"private_key": "CANARY"}, accounts={}, text=None, field="x")
    assert held_keys(content=content) == [{"entry": None, "masked_id": None}]


@pytest.mark.parametrize(
    "document",
    ["CANARY", {"CANARY": "CANARY"}, {"CANARY": {"other": "CANARY"}}, ["CANARY"], 7, None],
    ids=["text", "strings", "foreign accounts", "list", "number", "null"],
)
def test_nothing_is_told_of_what_is_not_ours(document: t.Any) -> None:
    assert held_keys(content=json.dumps(document).encode()) == []


def test_nothing_is_told_of_what_is_no_text() -> None:
    assert held_keys(content=b"\xff\xfe\x00") == []
