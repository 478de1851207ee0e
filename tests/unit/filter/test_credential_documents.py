# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter joins documents and keys, and leaves out what policy rejected."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trading.hosts.plugins.module_utils._credential._request import parse
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.credential_documents import credential_documents
from ansible_collections.trading.hosts.plugins.plugin_utils._report import blocked_keys
from tests.unit.module_utils._policy.build import refused, report

KEYS: list[dict[str, object]] = [
    {"name": "a", "exchange": "bybit", "api_key": "key-a", "secret": "secret-a", "passphrase": None},
    {"name": "b", "exchange": "okx", "api_key": "key-b", "secret": "secret-b", "passphrase": "phrase-b"},
]


def test_one_key_becomes_fields_and_the_rest_of_the_document_stays() -> None:
    documents = [{"name": "bot", "format": "ccxt", "api_keys": ["a"], "with_key": "host"}]
    assert credential_documents(documents, KEYS) == [
        {"name": "bot", "format": "ccxt", "with_key": "host", "fields": {"api_key": "key-a", "secret": "secret-a"}}
    ]


PAIR: dict[str, object] = {
    "name": "p",
    "exchange": "bitget",
    "api_key": "id-of-the-pair",
    "passphrase": "phrase-p",
    "credential": {"name": "grid-key"},
}


def test_a_private_half_that_lies_on_the_host_is_taken_there() -> None:
    documents = [{"name": "bot", "format": "ccxt", "api_keys": ["p"]}]
    (placed,) = credential_documents(documents, [*KEYS, PAIR])
    fields = {"api_key": "id-of-the-pair", "passphrase": "phrase-p"}
    assert placed == {"name": "bot", "format": "ccxt", "fields": fields, "private_key_from": "grid-key"}
    assert parse(credentials=[placed])[0].copy_from == "grid-key"


@pytest.mark.parametrize(("form", "names"), [("ccxt", ["a", "p"]), ("passivbot", ["p"])])
def test_a_private_half_on_the_host_is_no_account_among_several(form: str, names: list[str]) -> None:
    with pytest.raises(AnsibleFilterError, match="the private half of p lies on the host alone; give that key"):
        credential_documents([{"name": "bot", "format": form, "api_keys": names}], [*KEYS, PAIR])


def test_several_keys_become_accounts_under_their_names() -> None:
    documents = [{"name": "bot", "format": "ccxt", "api_keys": ["a", "b"]}]
    assert credential_documents(documents, KEYS)[0]["accounts"] == {
        "a": {"api_key": "key-a", "secret": "secret-a"},
        "b": {"api_key": "key-b", "secret": "secret-b", "passphrase": "phrase-b"},
    }


@pytest.mark.parametrize(
    ("said", "exchange"),
    [
        ({}, "okx"),
        ({"exchange": "okx_perpetual"}, "okx_perpetual"),
        ({"exchanges": {"b": "okx_perpetual"}, "exchange": "x"}, "okx_perpetual"),
    ],
)
def test_a_form_that_tells_the_exchange_gets_it(said: dict[str, object], exchange: str) -> None:
    document = {"name": "bot", "format": "hummingbot", "api_keys": ["b"], **said}
    assert credential_documents([document], KEYS) == [
        {
            "name": "bot",
            "format": "hummingbot",
            "exchange": exchange,
            "fields": {"api_key": "key-b", "secret": "secret-b", "passphrase": "phrase-b"},
        }
    ]


def test_each_of_several_accounts_gets_its_exchange() -> None:
    document = {"name": "bot", "format": "octobot", "api_keys": ["a", "b"]}
    placed = credential_documents([document], [KEYS[0], {**KEYS[1], "declared": {"ccxt_id": "weex"}}])
    assert placed[0]["exchanges"] == {"a": "bybit", "b": "weex"}


@pytest.mark.parametrize("form", ["passivbot", "jesse", "roq"])
def test_where_keys_have_names_the_only_one_has_one_too(form: str) -> None:
    placed = credential_documents([{"name": "bot", "format": form, "api_keys": ["a"]}], KEYS)
    assert placed[0]["accounts"] == {"a": {"api_key": "key-a", "secret": "secret-a"}}
    assert "fields" not in placed[0]


@pytest.mark.parametrize(
    ("exchange", "form", "declared", "field"),
    [
        ("bitmart", "ccxt", None, "uid"),
        ("bitmart", "freqtrade", None, "uid"),
        ("bitmart", "octobot", None, "uid"),
        ("bitmart", "hummingbot", None, "passphrase"),
        ("bitmart", "json", None, "passphrase"),
        ("okx", "ccxt", {"ccxt_id": "coinmate"}, "passphrase"),
        ("other", "ccxt", {"ccxt_id": "coinmate"}, "uid"),
        ("other", "ccxt", {"ccxt_id": "weex"}, "passphrase"),
        ("other", "ccxt", {"ccxt_id": "ndax"}, "passphrase"),  # it asks for both
        ("other", "ccxt", None, "passphrase"),
        ("other", "ccxt", "no mapping", "passphrase"),
    ],
)
def test_a_passphrase_goes_where_the_program_looks_for_it(
    exchange: str, form: str, declared: object, field: str
) -> None:
    key = {**KEYS[1], "exchange": exchange, "declared": declared}
    placed = credential_documents([{"name": "bot", "format": form, "api_keys": ["b"]}], [key])
    assert placed[0]["fields"] == {"api_key": "key-b", "secret": "secret-b", field: "phrase-b"}


def test_a_document_with_a_rejected_key_is_left_out_whole() -> None:
    documents = [
        {"name": "both", "format": "ccxt", "api_keys": ["a", "b"]},
        {"name": "good", "format": "ccxt", "api_keys": ["a"]},
    ]
    assert [placed["name"] for placed in credential_documents(documents, KEYS, rejected=["b"])] == ["good"]


@pytest.mark.parametrize(
    ("documents", "api_keys", "named"),
    [
        ([{"name": "bot", "format": "ccxt"}], KEYS, r"documents\[0\].api_keys is missing"),
        ([{"name": "bot", "api_keys": ["a"]}], KEYS, r"documents\[0\].format is missing"),
        ([{"name": "bot", "format": "ccxt", "api_keys": "a"}], KEYS, r"documents\[0\].api_keys is not a list"),
        (
            [{"name": "bot", "format": "ccxt", "api_keys": ["c"]}],
            KEYS,
            r"names 'c', which is no API key; use one of a, b",
        ),
        ({"name": "bot"}, KEYS, "documents is not a list"),
        ([], ["a"], "api_keys is not a list of mappings"),
    ],
)
def test_what_does_not_fit_is_named(documents: object, api_keys: object, named: str) -> None:
    with pytest.raises(AnsibleFilterError, match=named):
        credential_documents(documents, api_keys)


@pytest.mark.parametrize("name", ["grid::bybit", "grid  bybit", "##[grid]", "g" * 100])
def test_a_rejected_key_is_left_out_under_the_name_that_the_judge_shows(name: str) -> None:
    rejected = blocked_keys(report(refused("invalid_key", name=name)))
    assert rejected
    documents = [{"name": "bot", "format": "ccxt", "api_keys": [name]}]
    assert credential_documents(documents, [{"name": name, "secret": "s"}], rejected=rejected) == []


BARE: dict[str, object] = {"name": "bare", "exchange": "bybit"}


def test_a_document_whose_values_are_not_in_the_inventory_stays_as_it_lies_on_the_host() -> None:
    documents = [
        {"name": "kept", "format": "ccxt", "api_keys": ["bare"]},
        {"name": "bot", "format": "ccxt", "api_keys": ["a"]},
    ]
    assert [each["name"] for each in credential_documents(documents, [*KEYS, BARE])] == ["bot"]


def test_a_document_of_which_only_some_values_are_there_is_refused() -> None:
    documents = [{"name": "bot", "format": "ccxt", "api_keys": ["a", "bare"]}]
    with pytest.raises(AnsibleFilterError, match=r"written whole.*give those of bare too, or of none"):
        credential_documents(documents, [*KEYS, BARE])
