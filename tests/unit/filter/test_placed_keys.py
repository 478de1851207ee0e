# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which keys a host holds already: told by key, not by document."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trading.hosts.plugins.module_utils._credential._formats import render
from ansible_collections.trading.hosts.plugins.module_utils._credential._held import held_keys
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.placed_keys import placed_keys
from ansible_collections.trading.hosts.plugins.plugin_utils._report import blocked_keys
from tests.unit.module_utils._policy.build import key, report

KEYS = [
    {"name": "a", "api_key": "AAAA0000000000000000000000001111", "secret": "s"},
    {"name": "b", "api_key": "BBBB0000000000000000000000002222", "secret": "s"},
    {"name": "c", "api_key": "CCCC0000000000000000000000003333", "secret": "s"},
]


def document(*names: str, name: str = "bot", form: str = "ccxt") -> dict[str, Any]:
    return {"name": name, "format": form, "api_keys": list(names)}


def on_host(*names: str, form: str = "ccxt", decryptable: str = "yes") -> dict[str, Any]:
    """Return what credential_info tells of a document with these keys."""
    given = {entry["name"]: {field: entry[field] for field in ("api_key", "secret")} for entry in KEYS}
    held = {name: given[name] for name in names}
    alone = next(iter(held.values()))
    several = held if len(held) > 1 else {}
    content = render(form=form, fields={} if several else alone, accounts=several, text=None, field="x")
    opened = held_keys(content=content) if decryptable == "yes" else None
    return {"name": "bot", "decryptable": decryptable, "api_keys": opened}


@pytest.mark.parametrize(
    ("held", "wanted", "placed"),
    [
        pytest.param(on_host("a"), document("a"), ["a"], id="the same key"),
        pytest.param(on_host("a"), document("b"), ["b"], id="another key in place of the only one"),
        pytest.param(on_host("a", form="freqtrade"), document("b", form="freqtrade"), ["b"], id="freqtrade"),
        pytest.param(on_host("a", "b"), document("a", "b"), ["a", "b"], id="the same keys"),
        pytest.param(on_host("a", "b"), document("a", "b", "c"), ["a", "b"], id="a new account"),
        pytest.param(on_host("a"), document("a", "b"), ["a"], id="a second key beside the only one"),
        pytest.param(on_host("a", "b"), document("b"), ["b"], id="one of two stays"),
        pytest.param(on_host("a", "b"), document("c"), [], id="a stranger in place of two"),
        pytest.param(on_host("a"), document("a", name="other"), [], id="another document"),
        pytest.param(on_host("a", decryptable="no"), document("a"), [], id="not decryptable"),
        pytest.param(on_host("a", decryptable="not_tried"), document("a"), [], id="not tried"),
    ],
)
def test_a_key_is_placed_where_the_host_holds_it(
    held: dict[str, Any], wanted: dict[str, Any], placed: list[str]
) -> None:
    assert placed_keys([wanted], [held], KEYS) == placed


def test_text_of_any_kind_in_a_document_of_one_key_is_that_key() -> None:
    held = {"name": "bot", "decryptable": "yes", "api_keys": held_keys(content=b"only a secret")}
    assert held["api_keys"] == []
    assert placed_keys([document("a", form="raw")], [held], KEYS) == ["a"]


def test_a_key_under_its_name_is_placed_though_its_id_is_new() -> None:
    rotated = [{**entry, "api_key": "N" * 32} for entry in KEYS]
    assert placed_keys([document("a", "b")], [on_host("a", "b")], rotated) == ["a", "b"]


def test_a_key_that_is_read_from_the_host_is_placed() -> None:
    assert placed_keys([], [], [{"name": "x", "credential": {"name": "bot"}}, *KEYS]) == ["x"]


def test_a_pair_that_was_just_made_is_new_to_the_document_that_names_it() -> None:
    pair = {"name": "a", "api_key": KEYS[0]["api_key"], "credential": {"name": "grid-key"}}
    assert placed_keys([], [], [pair]) == ["a"]
    assert placed_keys([document("a")], [], [pair]) == []
    assert placed_keys([document("a")], [on_host("a")], [pair]) == ["a"]


def test_a_document_that_does_not_fit_is_named() -> None:
    with pytest.raises(AnsibleFilterError, match="names 'z', which is no API key"):
        placed_keys([document("z")], [], KEYS)


def test_the_judge_blocks_only_the_new_key_for_what_is_merely_unknown() -> None:
    keys = [key(name=name, without=["account"]) for name in ("a", "b", "c")]
    placed = [("bot1", name) for name in placed_keys([document("a", "b", "c")], [on_host("a", "b")], KEYS)]
    assert blocked_keys(report(*keys, gate="place", placed=placed)) == ["c"]


def test_a_key_without_values_is_the_one_that_the_host_holds() -> None:
    bare = [{"name": each["name"]} for each in KEYS]
    assert placed_keys([document("a", "b")], [on_host("a", "b")], bare) == ["a", "b"]
    assert placed_keys([document("a", "b")], [], bare) == []
