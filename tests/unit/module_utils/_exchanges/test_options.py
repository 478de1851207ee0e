# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input gets one sentence that names field, value and mend, never a secret, before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._declared import (
    ATTESTABLE,
    DECLARED_SPEC,
    declaration,
)
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._options import Plan, check_texts, read_keys
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._passphrase import (
    check_passphrase,
    is_guessable,
)
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import get
from ansible_collections.trading.hosts.plugins.module_utils._facts import PassphraseChecks

UUID, HEX32 = "b68428e0-1234-5678-9abc-def012345678", "22582BD0CFF14C41EDBF1AB98506286D"
OKX: dict[str, Any] = {
    "name": "bot",
    "exchange": "okx",
    "api_key": UUID,
    "secret": HEX32,
    "passphrase": "Correct-Horse-9-Battery",
}
BYBIT: dict[str, Any] = {"name": "grid", "exchange": "bybit", "api_key": "k" * 18, "secret": "s" * 36}
BITMART: dict[str, Any] = {
    "name": "memo",
    "exchange": "bitmart",
    "api_key": "ab" * 20,
    "secret": "cd" * 32,
    "passphrase": "a memo",
}
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"


def read(given: dict[str, Any]) -> Plan:
    return read_keys([given])[0]


def refusal(given: dict[str, Any]) -> str:
    with pytest.raises(InputError) as refused:
        read(given)
    text = str(refused.value)
    for name in ("api_key", "secret", "passphrase"):
        value = str(given.get(name) or "").strip()
        assert not value or value not in text.replace("api_key", "").replace("secret", ""), f"shows {name}"
    assert "\n" not in text
    return text


def test_a_good_key_is_read() -> None:
    plan = read({**OKX, "environment": "demo", "region": "eea"})
    assert (plan.name, plan.exchange_name, plan.asked_host) == ("bot", "okx", "eea.okx.com")
    assert plan.credential is not None
    assert plan.credential.passphrase == OKX["passphrase"]
    assert not plan.overridden


BAD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (OKX, {"exchange": "Okx"}, "api_keys[0] (bot).exchange 'Okx': is not known here; write one of "),
    (OKX, {"environment": "testnet"}, "api_keys[0] (bot).environment 'testnet': is no environment of OKX"),
    (OKX, {"environment": "custom"}, "api_keys[0] (bot).environment 'custom': says no place to ask; give base_url"),
    (OKX, {"region": "eu"}, "api_keys[0] (bot).region 'eu': is no region of OKX's mainnet that is known here;"),
    (BYBIT, {"environment": "demo", "region": "eu"}, "write one of global."),
    (OKX, {"passphrase": None}, "api_keys[0] (bot).passphrase: is missing; OKX asks for"),
    (OKX, {"passphrase": None}, "was made; give it (in ccxt's form it is called password)."),
    (BITMART, {"passphrase": None}, "was made; give it (in ccxt's form it is called uid)."),
    (OKX, {"passphrase": ""}, "(bot).passphrase: is missing"),
    (BYBIT, {"passphrase": "Something-1"}, "(grid).passphrase: is given, and Bybit has none"),
    (OKX, {"passphrase": "Something-1 "}, "(bot).passphrase: has white space around it"),
    (OKX, {"passphrase": "S\u00f6mething-1"}, "(bot).passphrase: holds a character that cannot be sent"),
    (OKX, {"passphrase": "Some\nthing-1"}, "(bot).passphrase: holds a character that cannot be sent"),
    (OKX, {"api_key": HEX32, "secret": UUID}, "the two are swapped; exchange them"),
    (BYBIT, {"api_key": "s" * 36, "secret": "k" * 18}, "the two are swapped"),
    (OKX, {"api_key": None}, "(bot).api_key: is missing or empty"),
    (OKX, {"secret": ""}, "(bot).secret: is missing or empty"),
    (OKX, {"secret": "short12"}, "(bot).secret: is shorter than 8 characters"),
    (OKX, {"api_key": "short12"}, "(bot).api_key: is shorter than 8 characters"),
    (OKX, {"api_key": UUID + " "}, "(bot).api_key: has white space around it"),
    (OKX, {"secret": "\n" + HEX32}, "(bot).secret: has white space around it"),
    (OKX, {"secret": HEX32 + "\r\nX-Header: 1"}, "(bot).secret: holds a space or a character"),
    (OKX, {"secret": "a b" * 9}, "(bot).secret: holds a space or a character"),
    (OKX, {"secret": UUID}, "(bot).secret: equals api_key"),
    (OKX, {"secret": PEM}, "(bot).secret: is a private key in PEM form"),
    (OKX, {"name": ""}, "api_keys[0].name: is no name"),
    (OKX, {"name": "a\nb"}, "api_keys[0].name: is no name"),
    (OKX, {"name": " a"}, "api_keys[0].name: is no name"),
    (OKX, {"base_url": "http://127.0.0.1:8000"}, "is plain HTTP"),
    (OKX, {"base_url": "http://10.0.0.1", "environment": "custom"}, "is plain HTTP"),
    (OKX, {"base_url": "https://u:p@a.example"}, "(bot).base_url: is not a base URL"),
    (OKX, {"base_url": "https://a.example/api"}, "(bot).base_url: is not a base URL"),
    (OKX, {"base_url": "https://a.example?x=1"}, "(bot).base_url: is not a base URL"),
    (OKX, {"base_url": "a.example"}, "(bot).base_url: is not a base URL"),
    (OKX, {"base_url": "https://a.example:99999"}, "(bot).base_url: is not a base URL"),
    (OKX, {"base_url": "ftp://a.example"}, "(bot).base_url: is not a base URL"),
    (OKX, {"futures_base_url": "https://a.example"}, "(bot).futures_base_url: is given without base_url"),
    (OKX, {"credential": {"name": "bot.json"}}, "(bot).secret: is given together with credential"),
    (
        OKX,
        {"credential": {"name": "bot.json"}, "api_key": None, "secret": None},
        "(bot).passphrase: is given together with credential",
    ),
    (OKX, {"declared": {"created_on": "22.11.2026"}}, "(bot).declared.created_on '22.11.2026': is not a day"),
    (OKX, {"declared": {"expires_on": "2026-02-30"}}, "(bot).declared.expires_on '2026-02-30': is not a day"),
    (OKX, {"declared": {"two_factor": {"attested_on": "today"}}}, "(bot).declared.two_factor.attested_on 'today'"),
    (OKX, {"declared": {"attested": {"allowlist": {"on": "x"}}}}, "(bot).declared.attested.allowlist.on 'x'"),
    (OKX, {"declared": {"restriction_events": [{"on": "x"}]}}, "(bot).declared.restriction_events[0].on 'x'"),
    ({"name": "o", "exchange": "other"}, {"base_url": "https://a.b"}, "(o).base_url: is given for exchange other"),
    ({"name": "o", "exchange": "other"}, {"api_key": "abcdefgh"}, "(o).secret: is missing or empty"),
]  # fmt: skip


@pytest.mark.parametrize(("base", "change", "expected"), BAD)
def test_bad_input_is_named(base: dict[str, Any], change: dict[str, Any], expected: str) -> None:
    assert expected in refusal({**base, **change})


def test_names_come_once() -> None:
    with pytest.raises(InputError, match=r"api_keys\[1\] \(bot\)\.name 'bot': is also the name of api_keys\[0\]"):
        read_keys([OKX, OKX])


def test_a_custom_place_may_be_plain_on_loopback_only() -> None:
    for url in ("http://127.0.0.1:8000", "http://localhost:8000/", "http://[::1]:8000", "https://sim.example"):
        plan = read({**OKX, "environment": "custom", "region": "anything", "base_url": url})
        assert plan.overridden
        assert plan.site is not None
        assert plan.site.base_url == url.rstrip("/")


def test_an_override_never_mixes_with_the_real_futures_host() -> None:
    plan = read({**BYBIT, "exchange": "binance", "base_url": "https://sim.example", "ask_futures_host": True})
    assert plan.site is not None
    assert plan.site.futures_url is None


def test_other_needs_no_secret() -> None:
    plan = read({"name": "o", "exchange": "other", "environment": "paper", "region": "mars"})
    assert plan.site is None
    assert plan.credential is None


@pytest.mark.parametrize("value", [0, 12345678, 1.5, True, ["a"], {"a": 1}])
@pytest.mark.parametrize("name", ["api_key", "secret", "passphrase"])
def test_secrets_that_yaml_took_for_something_else(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"api_keys\[0\] \(bot\)\.{name}: .* put it in quotes") as refused:
        check_texts([{**OKX, name: value}])
    assert "12345678" not in str(refused.value)


def test_texts_pass_and_odd_containers_are_left_to_ansible() -> None:
    odd: tuple[Any, ...] = ([OKX], None, "x", [None], {})
    for given in odd:
        check_texts(given)


GUESSABLE = [
    "000000", "12345678", "87654321", "password", "Password1", "PASSWORD123!", "qwerty123", "asdfghjkl", "abcdefgh",
    "1qaz2wsx", "aaaaaaaaaaaaaaaa", "abababababab", "abcabcabcabc", "bitget123", "Trading2024!", "19900101", "okx",
    "01-01-1990", "zyxwvuts", "12341234", "letmein!!", "Passw0rd", "tothemoon99",
]  # fmt: skip
NOT_GUESSABLE = ["Correct-Horse-9-Battery", "x7Kq2mVw9LpZ4tRb", "T9f$kk2!pQ", "h4Jd92ksPQmz", "4711-8153-2342-9977"]


@pytest.mark.parametrize("text", GUESSABLE)
def test_guessable_passphrases(text: str) -> None:
    assert is_guessable(text)


@pytest.mark.parametrize("text", NOT_GUESSABLE)
def test_passphrases_that_are_not_guessable(text: str) -> None:
    assert not is_guessable(text)


@pytest.mark.parametrize(
    ("name", "text", "fits", "length"),
    [
        ("bitget", "abcd1234", True, "short"),
        ("bitget", "abcdefg", False, "short"),
        ("bitget", "abcd-1234", False, "short"),
        ("bitget", "a1" * 16, True, "long"),
        ("bitget", "a1" * 17, False, "long"),
        ("okx", "Abcdef1!", True, "short"),
        ("okx", "abcdef1!", False, "short"),
        ("okx", "ABCDEF1!", False, "short"),
        ("okx", "Abcdefg!", False, "short"),
        ("okx", "Abcdefg1", False, "short"),
        ("okx", "Abcdef1!xxxx", True, "fair"),
        ("okx", "Abcdef1!" * 2, True, "long"),
        ("bybit", "anything", None, "short"),
    ],
)
def test_what_is_told_of_a_passphrase(name: str, text: str, fits: bool | None, length: str) -> None:
    checks = check_passphrase(passphrase=text, rule=get(name).passphrase_rule(), credential=None, names=())
    assert (checks.given, checks.fits_format, checks.length) == (True, fits, length)


@pytest.mark.parametrize(
    ("text", "equal"), [("Spot-Bot", True), ("OKX", True), (UUID, True), (HEX32, True), ("x7Kq2mVw9LpZ", False)]
)
def test_a_passphrase_that_equals_its_neighbour(text: str, equal: bool) -> None:
    plan = read(OKX)
    checks = check_passphrase(
        passphrase=text, rule=None, credential=plan.credential, names=("spot-bot", "okx", None, "")
    )
    assert checks.equals_other_field is equal


def test_no_passphrase_says_only_that() -> None:
    for nothing in (None, ""):
        checks = check_passphrase(passphrase=nothing, rule=None, credential=None, names=("",))
        assert checks == PassphraseChecks(given=False)


def test_a_declaration_holds_only_what_was_declared() -> None:
    given = {
        "label": "bot",
        "access": None,
        "allowlist": [],
        "two_factor": {"kind": "app", "attested_by": "Ada", "attested_on": "2026-11-01"},
        "attested": {"allowlist": {"by": "Ada", "on": "2026-11-01"}, "label": None},
        "egress_paths": [{"family": "ipv4", "proxy": "none", "source_address": None}],
    }
    assert declaration(given, where="d") == {
        "label": "bot",
        "allowlist": [],
        "two_factor": given["two_factor"],
        "attested": {"allowlist": {"by": "Ada", "on": "2026-11-01"}},
        "egress_paths": [{"family": "ipv4", "proxy": "none"}],
    }
    assert declaration(None, where="d") == {}


def test_what_can_be_attested_is_what_the_options_take() -> None:
    assert list(DECLARED_SPEC["attested"]["options"]) == list(ATTESTABLE)


@pytest.mark.parametrize(("given", "in_uid"), [(BITMART, True), (OKX, False), (BYBIT, False)])
def test_where_a_placed_passphrase_lies(given: dict[str, Any], in_uid: bool) -> None:
    plan = read({"name": "a", "exchange": given["exchange"], "credential": {"name": "a.json"}})
    assert plan.placed is not None
    assert plan.placed.passphrase_in_uid is in_uid
