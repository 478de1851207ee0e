# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What takes part in a rotation, and the document that it places beside the old one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.rotated_document import rotated_document
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.rotation import rotation

GRID = {"name": "grid", "exchange": "bybit", "api_key": "CANARYgridkey", "secret": "CANARYgridsecret"}
HEDGE = {
    "name": "hedge",
    "exchange": "okx",
    "api_key": "CANARYhedgekey",
    "secret": "CANARYhedgesecret",
    "passphrase": "CANARYphrase",
    "declared": {"label": "hedge"},
    "region": "eea",
}
ALONE = {"name": "bot", "format": "ccxt", "api_keys": ["grid"], "with_key": "host"}
BOTH = {"name": "both", "format": "ccxt", "api_keys": ["grid", "hedge"]}
KEYS = [GRID, HEDGE]
NEW = {"api_key": "CANARYnewkey", "secret": "CANARYnewsecret"}


def placed(document: str = "bot", *, keys: Any = None, **given: Any) -> list[dict[str, Any]]:
    return rotated_document([ALONE, BOTH], keys or KEYS, document=document, name=f"{document}.next", **given)


def test_what_takes_part() -> None:
    told = rotation([ALONE, BOTH], KEYS, document="bot", api_key="")
    names = [
        told[part] for part in ("document", "next", "previous", "api_key", "entry", "title", "settles", "settling")
    ]
    assert names == ["bot", "bot.next", "bot.previous", "grid", None, "Bybit", 0, ""]
    assert [each["field"] for each in told["asks"]] == ["api_key", "secret"]
    assert told["question"] == {"name": "grid", "exchange": "bybit"}
    assert told["where"]
    assert told["terms"] == {"with_key": "host"}


def test_one_key_of_several() -> None:
    told = rotation([ALONE, BOTH], KEYS, document="both", api_key="hedge")
    assert (told["api_key"], told["entry"], told["terms"]) == ("hedge", "hedge", {})
    assert [each["field"] for each in told["asks"]] == ["api_key", "secret", "passphrase"]
    assert told["question"] == {"name": "hedge", "exchange": "okx", "declared": {"label": "hedge"}, "region": "eea"}
    assert "CANARY" not in json.dumps(told)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"document": "no"}, "'no' is no document of this host; name one of bot, both"),
        ({"document": "both"}, "The document both holds grid, hedge; say which one is rotated"),
        ({"document": "bot", "api_key": "hedge"}, "'hedge' is no key of the document bot; name one of grid"),
    ],
)
def test_names_that_do_not_fit(given: dict[str, Any], said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=re.escape(said)):
        rotation([ALONE, BOTH], KEYS, **given)


def test_a_field_that_no_key_has_is_refused_and_its_value_not_shown() -> None:
    with pytest.raises(AnsibleFilterError, match=r"The key grid\.api_secret: is no option here") as error:
        rotation([ALONE], [{**GRID, "api_secret": "CANARY"}], document="bot")
    assert "CANARY" not in str(error.value)


def test_an_exchange_that_is_not_known_is_called_as_ccxt_does() -> None:
    key = {"name": "grid", "exchange": "other", "declared": {"ccxt_id": "weex"}}
    told = rotation([ALONE], [key], document="bot")
    assert (told["title"], told["cannot_be_typed"]) == ("weex", None)
    assert [each["field"] for each in told["asks"]] == ["api_key", "secret"]


@pytest.mark.parametrize("name", sorted(EXCHANGES))
def test_every_exchange_can_be_rotated(name: str) -> None:
    told = rotation([ALONE], [{"name": "grid", "exchange": name}], document="bot")
    assert told["title"] == EXCHANGES[name].title
    assert told["asks"][0]["field"] == "api_key"
    assert bool(told["settles"]) == bool(told["settling"])
    settling = EXCHANGES[name].settling()
    assert settling is None or (settling.source and settling.as_of)


def test_who_cannot_be_typed_and_who_settles() -> None:
    told = {name: rotation([ALONE], [{"name": "grid", "exchange": name}], document="bot") for name in EXCHANGES}
    assert [name for name, each in told.items() if each["cannot_be_typed"]] == ["coinbase"]
    assert {name: each["settles"] for name, each in told.items() if each["settles"]} == {
        "coinbase": 172800,
        "gate": 300,
        "woo": 60,
    }


def test_the_new_values_take_the_place_of_the_old_ones() -> None:
    assert placed(new=NEW, api_key="") == [{"name": "bot.next", "format": "ccxt", "with_key": "host", "fields": NEW}]


def test_without_new_values_the_inventory_s_own_are_taken() -> None:
    (found,) = placed(new={})
    assert found["fields"] == {"api_key": GRID["api_key"], "secret": GRID["secret"]}


@pytest.mark.parametrize(
    "key",
    [
        {"name": "grid", "exchange": "bybit"},
        {"name": "grid", "exchange": "bybit", "api_key": "CANARYgridkey"},
        {"name": "grid", "exchange": "bybit", "api_key": "CANARYgridkey", "secret": ""},
        {"name": "grid", "exchange": "bybit", "credential": {"name": "bot"}},
        {"name": "grid", "exchange": "okx", "api_key": "CANARYgridkey", "secret": "CANARYgridsecret"},
    ],
)
def test_an_inventory_that_lacks_a_value_gives_nothing(key: dict[str, Any]) -> None:
    assert placed(keys=[key, HEDGE]) == []


def test_the_others_of_a_document_stay() -> None:
    (found,) = placed("both", api_key="grid", new=NEW)
    hedge = {field: HEDGE[field] for field in ("api_key", "secret", "passphrase")}
    assert (found["name"], found["accounts"]) == ("both.next", {"grid": NEW, "hedge": hedge})


def test_a_new_key_does_not_inherit_a_passphrase() -> None:
    with pytest.raises(AnsibleFilterError, match="The new key's passphrase is empty"):
        placed("both", api_key="hedge", new=NEW)


def test_a_document_is_not_written_without_its_other_keys() -> None:
    with pytest.raises(AnsibleFilterError, match="The document both also holds hedge, whose values are not in"):
        placed("both", api_key="grid", new=NEW, keys=[GRID, {"name": "hedge", "exchange": "okx"}])


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ({"api_key": "CANARYnewkey"}, "The new key's secret is empty; nothing was sent"),
        ({**NEW, "secret": ""}, "The new key's secret is empty"),
        ({**NEW, "secret": None}, "The new key's secret is empty"),
        ({**NEW, "api_key": " \t"}, "The new key's api_key is empty"),
        ({**NEW, "secret": " CANARYnewsecret"}, "has white space around it"),
        ({**NEW, "secret": "your-secret-here"}, "is a placeholder"),
        ({**NEW, "secret": NEW["api_key"]}, "equals api_key"),
        ({**NEW, "secret": 12345678}, "was read as a number"),
        ({**NEW, "CANARYfield": "x"}, "The new key has 1 unknown fields"),
        ("CANARYtext", "The new key is not a mapping"),
    ],
)
def test_values_that_cannot_be_right_are_refused(new: Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said) as caught:
        placed(new=new)
    assert "CANARY" not in str(caught.value)


def test_a_pair_that_waits_on_the_host_is_a_new_key_without_a_secret() -> None:
    pair = {"name": "grid", "exchange": "bybit", "api_key": "CANARYpairid", "credential": {"name": "grid-key.next"}}
    assert placed(keys=[pair, HEDGE]) == [
        {
            "name": "bot.next",
            "format": "ccxt",
            "with_key": "host",
            "fields": {"api_key": "CANARYpairid"},
            "private_key_from": "grid-key.next",
        }
    ]
    assert rotation([ALONE], [pair], document="bot")["question"] == {"name": "grid", "exchange": "bybit"}
