# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One program's document after the other: what it looks like, what is refused, and that it reads back."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._credential import _formats, _programs
from ansible_collections.trading.hosts.plugins.module_utils._credential._held import (
    field_names,
    forms_of,
    held_keys,
    loses_keys,
    read_fields,
)
from ansible_collections.trading.hosts.plugins.module_utils._credential._request import parse
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError

#: Every value looks like a number or a truth value to a reader that is free to guess.
BYBIT = {"api_key": "0012345678", "secret": "1e100000000"}
OKX = {"api_key": "0x1234567890", "secret": "12345678.50", "passphrase": "0123456"}
ACCOUNTS = {"grid": BYBIT, "hedge": OKX}
EXCHANGES = {"grid": "bybit", "hedge": "okx"}


def placed(form: str, **given: t.Any) -> str:
    entry = {"name": "bot", "format": form, "fields": None if "accounts" in given else BYBIT, **given}
    (request,) = parse(credentials=[entry])
    return (request.content or b"").decode("utf-8")


def several(form: str, **given: t.Any) -> str:
    return placed(form, accounts=ACCOUNTS, exchanges=EXCHANGES, **given)


def test_passivbot() -> None:
    assert json.loads(several("passivbot")) == {
        "grid": {"exchange": "bybit", "key": BYBIT["api_key"], "secret": BYBIT["secret"]},
        "hedge": {
            "exchange": "okx",
            "key": OKX["api_key"],
            "secret": OKX["secret"],
            "passphrase": OKX["passphrase"],
        },
    }


def test_passivbot_names_what_is_for_its_ccxt_bot_as_ccxt_does() -> None:
    document = json.loads(placed("passivbot", accounts={"a": OKX, "gate": BYBIT}, exchanges={"a": "kraken"}))
    assert document["a"] == {
        "exchange": "kraken",
        "apiKey": OKX["api_key"],
        "secret": OKX["secret"],
        "password": OKX["passphrase"],
    }
    assert document["gate"]["exchange"] == "gateio"
    assert document["gate"]["key"] == BYBIT["api_key"]


def test_passivbot_takes_a_wallet_by_its_names() -> None:
    wallet = {"wallet_address": "0x123456789", "private_key": "0x987654321"}
    document = json.loads(placed("passivbot", accounts={"a": wallet}, exchange="hyperliquid"))
    assert document == {"a": {"exchange": "hyperliquid", **wallet}}


def test_nautilus() -> None:
    assert several("nautilus") == (
        "BYBIT_API_KEY='0012345678'\nBYBIT_API_SECRET='1e100000000'\n"
        "OKX_API_KEY='0x1234567890'\nOKX_API_SECRET='12345678.50'\nOKX_API_PASSPHRASE='0123456'\n"
    )
    assert placed("nautilus", exchange="kraken").startswith("KRAKEN_SPOT_API_KEY=")


def test_hummingbot() -> None:
    document = placed("hummingbot", accounts={"a": BYBIT, "b": OKX}, exchanges={"a": "gate", "b": "okx_perpetual"})
    assert json.loads(document) == {
        "connectors": {
            "gate_io": {"gate_io_api_key": BYBIT["api_key"], "gate_io_secret_key": BYBIT["secret"]},
            "okx_perpetual": {
                "okx_perpetual_api_key": OKX["api_key"],
                "okx_perpetual_secret_key": OKX["secret"],
                "okx_perpetual_passphrase": OKX["passphrase"],
            },
        }
    }


def test_jesse() -> None:
    document = placed(
        "jesse", accounts=ACCOUNTS, exchanges={"grid": "Bybit USDT Perpetual", "hedge": "KuCoin USDT Perpetual"}
    )
    assert document.splitlines() == [
        "Name,Exchange,API Key,API Secret,api_passphrase,wallet_address,stark_private_key",
        "grid,Bybit USDT Perpetual,0012345678,1e100000000,,,",
        "hedge,KuCoin USDT Perpetual,0x1234567890,12345678.50,0123456,,",
    ]


def test_octobot() -> None:
    assert json.loads(several("octobot"))["exchanges"] == {
        "bybit": {"enabled": True, "api-key": BYBIT["api_key"], "api-secret": BYBIT["secret"]},
        "okx": {
            "enabled": True,
            "api-key": OKX["api_key"],
            "api-secret": OKX["secret"],
            "api-password": OKX["passphrase"],
        },
    }


def test_roq() -> None:
    assert placed("roq", accounts={"A1": OKX, "A2": BYBIT}) == (
        '[accounts.A1]\nmaster = true\nsymbols = [".*"]\n'
        'login = "0x1234567890"\nsecret = "12345678.50"\npassword = "0123456"\n'
        '\n[accounts.A2]\nmaster = false\nsymbols = [".*"]\nlogin = "0012345678"\nsecret = "1e100000000"\n'
    )


def test_dotenv() -> None:
    assert placed("dotenv") == "API_KEY='0012345678'\nSECRET='1e100000000'\n"
    assert placed("dotenv", accounts={"my-grid": BYBIT}) == (
        "MY_GRID_API_KEY='0012345678'\nMY_GRID_SECRET='1e100000000'\n"
    )


def test_template() -> None:
    text = 'exchange { key: "{api_key}" } [{secret}] {other} {}\n'
    assert placed("template", template=text) == ('exchange { key: "0012345678" } [1e100000000] {other} {}\n')
    text = "a={grid.api_key}{grid.secret} b={hedge.api_key} {hedge.secret} {hedge.passphrase} {x.y}"
    assert placed("template", accounts=ACCOUNTS, template=text) == (
        "a=00123456781e100000000 b=0x1234567890 12345678.50 0123456 {x.y}"
    )


PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
REFUSED: list[tuple[str, dict[str, t.Any], str]] = [
    ("passivbot", {"exchange": "bybit"}, r"in which every key has a name; give accounts"),
    ("jesse", {"exchange": "Bybit Spot"}, r"in which every key has a name"),
    ("roq", {}, r"in which every key has a name"),
    ("nautilus", {}, r"exchange: is missing; say which exchange the key is for, as nautilus does"),
    ("octobot", {}, r"exchange: is missing"),
    ("nautilus", {"exchange": "gemini"}, r"exchange 'gemini': is no exchange that nautilus has a name for here; use b"),
    ("hummingbot", {"exchange": "kraken_futures"}, r"is no exchange that hummingbot has a name for"),
    ("jesse", {"accounts": {"bybit": BYBIT}}, r"exchange 'bybit': is no exchange that jesse .*Bybit Spot"),
    ("nautilus", {"exchange": "bybit", "fields": OKX}, r"passphrase: is not a field of this format for bybit"),
    ("roq", {"accounts": {"A1": {**BYBIT, "uid": "7654321"}}}, r"uid: is not a field of this format"),
    (
        "octobot",
        {"accounts": {"a": BYBIT, "b": OKX}, "exchange": "okx"},
        r"b: is another key of okx, and octobot takes",
    ),
    ("raw", {"accounts": {"a": BYBIT}}, r"does not fit the format raw"),
    ("ccxt", {"accounts": {"exchanges": BYBIT}}, r"accounts\.exchanges: has the name of a section of some programs"),
    (
        "passivbot",
        {"accounts": {"hyperliquid": BYBIT}},
        r"api_key: is not a field .*; use wallet_address, private_key\.",
    ),
    ("passivbot", {"accounts": {"bybit": {**BYBIT, "uid": "7654321"}}}, r"uid: is not a field"),
    ("freqtrade", {"accounts": {"a": BYBIT}}, r"use the format json, ccxt, .*dotenv or template"),
    ("dotenv", {"accounts": {"a-b": BYBIT, "A_B": OKX}}, r"only differs by case, _ or -"),
    ("dotenv", {"accounts": {"7up": BYBIT}}, r"cannot begin the names of variables"),
    ("dotenv", {"fields": {**BYBIT, "secret": "CANARY'quoted"}}, r"\(SECRET\): holds a single quote, a backslash"),
    ("dotenv", {"fields": {**BYBIT, "secret": "CANARY${HOME}"}}, r"holds a single quote"),
    ("nautilus", {"exchange": "okx", "fields": {**OKX, "passphrase": "CANARYé"}}, r"\(OKX_API_PASSPHRASE\): holds"),
    ("dotenv", {"fields": {**BYBIT, "secret": "CANARY\\back"}}, r"holds a single quote"),
    ("jesse", {"accounts": {"a": {**BYBIT, "secret": "CANARYxp_1"}}, "exchange": "Bybit Spot"}, r"holds 'xp_' in a"),
    ("jesse", {"accounts": {"a": {"api_key": "0012345678"}}, "exchange": "Bybit Spot"}, r"a\.secret: is missing"),
    ("template", {}, r"template: is missing; give it with the format template"),
    ("ccxt", {"template": "{api_key}"}, r"template: does not fit the format ccxt"),
    ("template", {"template": "{api_key} {secret} {uid}"}, r"names \{uid\}, for which no value is given"),
    ("template", {"template": "{api_key}"}, r"does not say where \{secret\} goes"),
    ("template", {"template": "{api_key}{x.secret}{secret}"}, r"names \{x\.secret\}, for which"),
    (
        "template",
        {"template": "{api_key}{secret}", "fields": {**BYBIT, "secret": 'CANARY"e'}},
        r"\(secret\): holds a c",
    ),
    ("template", {"template": "{api_key}{secret}", "fields": {**BYBIT, "secret": PEM}}, r"\(secret\): holds a charac"),
    ("ccxt", {"exchange": "CANARY=CANARY"}, r"exchange: is no exchange's name"),
    (
        "passivbot",
        {"accounts": {"a": BYBIT}, "exchanges": {"CANARY": "bybit"}},
        r"exchanges: is not a mapping of names",
    ),
    ("octobot", {"exchanges": {"a": "bybit"}}, r"exchanges: is not a mapping of names in accounts"),
]


@pytest.mark.parametrize(("form", "given", "sentence"), REFUSED, ids=[f"{i}-{r[0]}" for i, r in enumerate(REFUSED)])
def test_refused(form: str, given: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        placed(form, **given)
    assert "CANARY" not in str(refused.value)
    assert "\n" not in str(refused.value)


#: format -> the options of a document of one key, and of one of two.
ONE: dict[str, dict[str, t.Any]] = {
    "json": {},
    "ccxt": {},
    "freqtrade": {},
    "nautilus": {"exchange": "okx"},
    "hummingbot": {"exchange": "okx"},
    "octobot": {"exchange": "okx"},
    "dotenv": {},
}
TWO: dict[str, dict[str, t.Any]] = {
    **{form: {} for form in ("json", "ccxt", "dotenv", "roq")},
    **{form: {"exchanges": EXCHANGES} for form in ("passivbot", "nautilus", "hummingbot", "octobot")},
    "jesse": {"exchange": "Bybit Spot"},
}


@pytest.mark.parametrize("form", ONE)
def test_one_key_is_found_again(form: str) -> None:
    content = placed(form, fields=OKX, **ONE[form]).encode()
    assert read_fields(content=content) == OKX
    assert held_keys(content=content) == [{"entry": None, "masked_id": "0x…0"}]
    assert forms_of(content=content) == {form}
    assert field_names(content=content) == list(OKX)


@pytest.mark.parametrize("form", TWO)
def test_several_keys_are_found_again(form: str) -> None:
    content = placed(form, accounts=ACCOUNTS, **TWO[form]).encode()
    # A program with one key for each exchange knows no other name of it.
    names = ["bybit", "okx"] if form in ("nautilus", "hummingbot", "octobot") else ["grid", "hedge"]
    assert [held["entry"] for held in held_keys(content=content)] == names
    assert [read_fields(content=content, account=name) for name in names] == [BYBIT, OKX]
    assert read_fields(content=content, account="other") == read_fields(content=content) == {}
    assert forms_of(content=content) == {form}
    assert field_names(content=content) == list(OKX)


@pytest.mark.parametrize("text", ["", "text", "[]", '{"a": 1}', "A='b'\n", "BYBIT_SECRET_KEY='b'\n", '{"key": "a"}'])
def test_what_is_in_no_format(text: str) -> None:
    assert forms_of(content=text.encode()) == frozenset()


def test_an_account_is_found_by_the_name_that_it_was_given() -> None:
    content = placed("dotenv", accounts={"My-Grid": BYBIT, "b": OKX}).encode()
    assert read_fields(content=content, account="My-Grid") == BYBIT


#: Of these nautilus reads variables that other programs read too.
SHARED = sorted(name for name, names in _programs.NAUTILUS.items() if "secret" in names)


@pytest.mark.parametrize("name", SHARED)
def test_an_account_that_is_named_like_an_exchange_is_found_again(name: str) -> None:
    content = placed("dotenv", accounts={name: OKX, "grid2": BYBIT}).encode()
    assert read_fields(content=content, account=name) == OKX
    assert read_fields(content=content, account="grid2") == BYBIT
    assert read_fields(content=placed("dotenv", accounts={name: OKX}).encode(), account=name) == OKX


@pytest.mark.parametrize("name", ["dydx", "dydx_testnet"])
def test_a_wallet_that_is_named_like_an_exchange_is_found_again(name: str) -> None:
    wallet = {"private_key": "CANARYprivate", "wallet_address": "CANARYaddress"}
    content = placed("dotenv", accounts={name: wallet}).encode()
    assert read_fields(content=content, account=name) == read_fields(content=content) == wallet


@pytest.mark.parametrize("secret", ["SECRET", "SECRET_KEY", "API_SECRET", "API_SECRET_KEY"])
@pytest.mark.parametrize("phrase", ["", "PASSPHRASE", "API_PASSPHRASE", "PASSWORD"])
@pytest.mark.parametrize("name", SHARED)
def test_what_people_call_the_fields_of_an_exchange_is_read_whole(name: str, secret: str, phrase: str) -> None:
    lines = {"API_KEY": "CANARYkey", secret: "CANARYsecret", **({phrase: "CANARYphrase"} if phrase else {})}
    content = "".join(f"{name.upper()}_{field}='{value}'\n" for field, value in lines.items())
    fields = {"api_key": "CANARYkey", "secret": "CANARYsecret", **({"passphrase": "CANARYphrase"} if phrase else {})}
    assert read_fields(content=content.encode()) == fields
    other = content.replace("CANARYsecret", "CANARYother")
    assert loses_keys(old=content.encode(), new=other.encode())


def test_every_format_is_told_here() -> None:
    assert set(ONE) | set(TWO) | {"raw", "template"} == set(_formats.FORMATS)
    assert set(TWO) == set(_formats.FORMATS) - _formats.SINGLE - {"template"}


PLAIN = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40)


@pytest.mark.parametrize("form", [name for name in TWO if name not in ("json", "ccxt")])
@given(secret=PLAIN)
def test_whatever_is_not_refused_reads_back(form: str, secret: str) -> None:
    accounts = {"grid": {**BYBIT, "secret": secret}, "hedge": OKX}
    entry = {"name": "bot", "format": form, "accounts": accounts, **TWO[form]}
    try:
        (request,) = parse(credentials=[entry])
    except InputError:
        return
    name = "bybit" if form in ("nautilus", "hummingbot", "octobot") else "grid"
    assert read_fields(content=request.content or b"", account=name) == accounts["grid"]


@pytest.mark.parametrize("names", [_programs.NAUTILUS, _programs.HUMMINGBOT], ids=["nautilus", "hummingbot"])
def test_no_two_fields_of_an_exchange_share_a_name(names: t.Mapping[str, t.Mapping[str, str]]) -> None:
    for spellings in names.values():
        assert len(set(spellings.values())) == len(spellings)
        assert set(spellings) <= set(_programs.FIELDS)
