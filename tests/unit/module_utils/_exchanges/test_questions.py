# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures are those of ccxt for the same input, and every exchange is where it says it is."""

from __future__ import annotations

import dataclasses
import datetime
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import ccxt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _registry
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._answers import hmac_sha256
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import (
    Credential,
    Exchange,
    Question,
    RefusedError,
    Site,
)
from ansible_collections.trading.hosts.plugins.module_utils._facts import PERMISSION_WORDS, Access
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer

AT = datetime.datetime(2026, 11, 22, 7, 13, 54, 123000, tzinfo=datetime.UTC)
MILLISECONDS = 1795331634123
KEY, SECRET, PASSPHRASE = (
    "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    "MjI1ODJCRDBDRkYxNEM0MUVEQkYxQUI5ODUwNjI4NkQ=",
    "Pass-Phrase1!",
)
CREDENTIAL = Credential(KEY, SECRET, PASSPHRASE)
ALL = list(_registry.EXCHANGES.values())
#: Header names that ccxt adds for itself, and that no signature covers.
CCXT_ONLY = {
    "x-channel-api-code",
    "content-type",
    "kc-api-partner",
    "kc-api-partner-sign",
    "kc-api-partner-verify",
}


def question(exchange: Exchange, *, environment: str = "mainnet", credential: Credential = CREDENTIAL) -> Question:
    return Question(credential, AT, exchange.sites()[environment, "global"], environment)


def from_ccxt(name: str, path: str, api: list[str], *, params: dict[str, Any] | None = None) -> dict[str, Any]:
    client = getattr(ccxt, name)(
        {"apiKey": KEY, "secret": SECRET, "password": PASSPHRASE, "options": {"recvWindow": 5000}}
    )
    client.milliseconds = lambda: MILLISECONDS
    client.nonce = lambda: MILLISECONDS
    return dict(client.sign(path, api, "GET", params or {}))


CALLS = {
    "bybit": ("v5/user/query-api", ["private"]),
    "bitget": ("v2/spot/account/info", ["private", "spot"]),
    "okx": ("account/config", ["private"]),
    "blofin": ("user/query-apikey", ["private"]),
    "gate": ("detail", ["private", "account"]),
    "kucoin": ("user/api-key", ["private"]),
}


#: ccxt's clients for the tests with many inputs: making one takes long.
CLIENTS = {name: getattr(ccxt, name)({"apiKey": KEY}) for name in ("blofin", "gate", "kucoin")}


@pytest.mark.parametrize("name", CALLS)
def test_headers_equal_those_of_ccxt(name: str) -> None:
    exchange = _registry.get(name)
    ours = exchange.key_request(question(exchange))
    theirs = from_ccxt(name, *CALLS[name])
    assert ours.url == theirs["url"].rstrip("?")
    expected = {key.lower(): value for key, value in theirs["headers"].items() if key.lower() not in CCXT_ONLY}
    sent = {key.lower(): value for key, value in ours.headers.items()}
    assert expected.items() <= sent.items()
    assert expected, "ccxt signed nothing"


def test_bitgets_other_form_equals_that_of_ccxt() -> None:
    exchange = _registry.get("bitget")
    interview = exchange.interview(question(exchange))
    next(interview)
    ours = interview.throw(RefusedError(Access("ambiguous", code="40085")))
    theirs = from_ccxt("bitget", "v3/account/info", ["private", "uta"])
    assert ours.url == theirs["url"]
    assert ours.headers["ACCESS-SIGN"] == theirs["headers"]["ACCESS-SIGN"]


@pytest.mark.parametrize(
    ("name", "path", "api"),
    [
        ("kucoin", "user/api-key", ["utaPrivate"]),
        ("gate", "main_keys", ["private", "account"]),
    ],
)
def test_second_questions_equal_those_of_ccxt(name: str, path: str, api: list[str]) -> None:
    exchange = _registry.get(name)
    interview = exchange.interview(question(exchange))
    next(interview)
    if name == "gate":
        ours = interview.send(Answer(200, {}, b'{"user_id":1}', "api.example"))
    else:
        ours = interview.throw(RefusedError(Access("ambiguous", code="404")))
    theirs = from_ccxt(name, path, api)
    assert ours.url == theirs["url"]
    expected = {key.lower(): value for key, value in theirs["headers"].items() if key.lower() not in CCXT_ONLY}
    assert expected.items() <= {key.lower(): value for key, value in ours.headers.items()}.items()


def test_woo_signs_like_ccxt() -> None:
    exchange = _registry.get("woo")
    ours = exchange.key_request(question(exchange))
    theirs = from_ccxt("woo", "account/credentials", ["v3", "private"], params={"page": 1, "size": 1000})
    assert ours.url == theirs["url"]
    assert ours.headers == theirs["headers"]


ODD = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["Cc"]), min_size=1, max_size=40)


@pytest.mark.parametrize("name", ["blofin", "gate", "kucoin"])
@given(secret=ODD, passphrase=ODD, at=st.integers(min_value=10**12, max_value=4 * 10**12))
@settings(max_examples=60, deadline=None)
def test_odd_secrets_sign_like_ccxt(name: str, secret: str, passphrase: str, at: int) -> None:
    exchange = _registry.get(name)
    client = CLIENTS[name]
    client.secret, client.password = secret, passphrase
    client.milliseconds = client.nonce = lambda: at
    credential = Credential(KEY, secret, passphrase)
    instant = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(milliseconds=at)
    ours = exchange.key_request(dataclasses.replace(question(exchange, credential=credential), at=instant))
    theirs = client.sign(*CALLS[name], "GET", {})
    expected = {key.lower(): value for key, value in theirs["headers"].items() if key.lower() not in CCXT_ONLY}
    assert expected.items() <= {key.lower(): value for key, value in ours.headers.items()}.items()


def put(name: str, secret: str, *, at: int = MILLISECONDS) -> Question:
    instant = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(milliseconds=at)
    exchange = _registry.get(name)
    return Question(
        Credential(KEY, secret), instant, exchange.sites()["mainnet", "global"], "mainnet", ask_key_list=True
    )


#: What the second question of an interview needs to know from the first answer.
FIRST = {
    "bingx": b'{"permissions": [2], "ipAddresses": []}',
    "deribit": b'{"result": {"scope": "trade:read"}}',
    "htx": b'{"code": 200, "data": 4711}',
}
#: By exchange and turn: the path, the section and the fields of the same call in ccxt, which has no signed login.
SECOND: dict[tuple[str, int], tuple[str, list[str], dict[str, Any]]] = {
    ("bingx", 1): ("account/apiPermissions", ["account", "v1", "private"], {"recvWindow": 5000}),
    ("bingx", 2): ("account/apiRestrictions", ["account", "v1", "private"], {"recvWindow": 5000}),
    ("deribit", 2): ("list_api_keys", ["private"], {}),
    ("htx", 1): ("user/uid", ["v2Private"], {}),
    ("htx", 2): ("user/api-key", ["v2Private"], {"uid": "4711", "accessKey": KEY}),
}
TURN_CLIENTS = {name: getattr(ccxt, name)({"apiKey": KEY}) for name in FIRST}


@pytest.mark.parametrize(("name", "turn"), SECOND)
@given(secret=ODD, at=st.integers(min_value=10**12, max_value=4 * 10**12))
@settings(max_examples=60, deadline=None)
def test_each_turn_of_an_interview_equals_the_same_call_of_ccxt(name: str, turn: int, secret: str, at: int) -> None:
    if name == "htx":
        at -= at % 1000  # its clock has whole seconds, to which ccxt rounds up too
    client = TURN_CLIENTS[name]
    client.secret = secret
    client.milliseconds = client.nonce = lambda: at
    path, api, params = SECOND[name, turn]
    theirs = client.sign(path, api, "GET", params)
    interview = _registry.get(name).interview(put(name, secret, at=at))
    ours = next(interview)
    if turn == 2:
        ours = interview.send(Answer(200, {}, FIRST[name], "api.example"))
    assert urlsplit(ours.url).path == urlsplit(theirs["url"]).path
    assert query_of(ours.url) == query_of(theirs["url"])
    expected = {key: value for key, value in (theirs["headers"] or {}).items() if key != "X-SOURCE-KEY"}
    assert expected.items() - {("Content-Type", "application/x-www-form-urlencoded")} <= ours.headers.items()


def test_deribits_login_is_signed_as_documented() -> None:
    signed = hmac_sha256(secret="AMANDASECRECT", text="1576074319000\n1iqt2wls\n").hex()
    assert signed == "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1"
    query = query_of(next(_registry.get("deribit").interview(put("deribit", SECRET))).url)
    (stamp,), (nonce,) = query["timestamp"], query["nonce"]
    assert query["signature"] == [hmac_sha256(secret=SECRET, text=f"{stamp}\n{nonce}\n").hex()]
    assert (query["grant_type"], query["client_id"]) == (["client_signature"], [KEY])


def test_the_documented_vector_of_bitmex() -> None:
    secret = "chNOOS4KvNXR_Xq4k4c9qsfoKWvnDecLATCRlcBwyKDYnWgO"
    signed = hmac_sha256(secret=secret, text="GET/api/v1/instrument1518064236").hex()
    assert signed == "c7682d435d0cfe87c16098df34ef2eb5a549d4c5a3c2b1f0f77b8af73423bf00"
    asked = _registry.get("bitmex").key_request(put("bitmex", secret, at=1518064176_999))
    assert asked.headers["api-expires"] == "1518064236"
    assert asked.headers["api-signature"] == hmac_sha256(secret=secret, text="GET/api/v1/apiKey1518064236").hex()


def query_of(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


@pytest.mark.parametrize(
    ("site", "path", "api", "params"),
    [
        (("mainnet", "global"), "account/apiRestrictions", ["sapi"], {}),
        (("testnet", "global"), "account", ["private"], {"omitZeroBalances": "true"}),
    ],
)
def test_binance_signs_like_ccxt(site: tuple[str, str], path: str, api: list[str], params: dict[str, Any]) -> None:
    exchange = _registry.get("binance")
    ours = exchange.key_request(Question(CREDENTIAL, AT, exchange.sites()[site], site[0]))
    theirs = from_ccxt("binance", path, api, params=params)
    assert urlsplit(ours.url).path == urlsplit(theirs["url"]).path
    assert ours.headers["X-MBX-APIKEY"] == theirs["headers"]["X-MBX-APIKEY"]
    # ccxt has another order of the fields, and the signature covers the order: both must verify over their own text.
    for url in (ours.url, theirs["url"]):
        signed, _rest, signature = urlsplit(url).query.partition("&signature=")
        assert hmac_sha256(secret=SECRET, text=signed).hex() == signature
    without = [{k: v for k, v in query_of(url).items() if k != "signature"} for url in (ours.url, theirs["url"])]
    assert without[0] == without[1]


def test_binance_asks_its_futures_host_like_ccxt() -> None:
    exchange = _registry.get("binance")
    first = Access("ambiguous", code="-2015")
    allowed = dataclasses.replace(question(exchange), ask_futures_host=True)
    interview = exchange.interview(allowed)
    next(interview)
    ours = interview.throw(RefusedError(first))
    theirs = urlsplit(from_ccxt("binance", "account", ["fapiPrivateV2"])["url"])
    assert (urlsplit(ours.url).netloc, urlsplit(ours.url).path) == (theirs.netloc, theirs.path)
    elsewhere = Question(CREDENTIAL, AT, Site("https://a.b"), "custom", ask_futures_host=True)
    for asked, refusal in (
        (question(exchange), first),
        (allowed, Access("ambiguous", code="-9")),
        (elsewhere, first),
    ):
        interview = exchange.interview(asked)
        next(interview)
        with pytest.raises(RefusedError) as refused:
            interview.throw(RefusedError(refusal))
        assert refused.value.access == refusal


def test_the_documented_vector_of_binance() -> None:
    payload = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
    )
    signature = hmac_sha256(secret="NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j", text=payload)
    assert signature.hex() == "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"


@pytest.mark.parametrize(("name", "header"), [("bitget", "paptrading"), ("okx", "x-simulated-trading")])
def test_demo_keys_are_asked_for_with_a_header(name: str, header: str) -> None:
    exchange = _registry.get(name)
    assert header not in exchange.key_request(question(exchange)).headers
    assert exchange.key_request(question(exchange, environment="demo")).headers[header] == "1"


#: What a POST that reads carries; of the others there is nothing.
HEADERS_OF_TIME = {"hyperliquid": {"Content-Type": "application/json"}}
BODIES = {
    "hyperliquid": rb'\{"type": "userRole", "user": "[^"]+"\}',
    "bitfinex": rb"\{\}",
    "bitmart": rb'\{"limit":1,"recvWindow":5000\}',
    "bitstamp": rb"foo=bar",
    "cryptocom": rb'\{"id":"1795331634123","method":"private/user-balance","params":\{\},"api_key":"[^"]+",'
    rb'"sig":"[0-9a-f]{64}","nonce":"1795331634123"\}',
    "kraken": rb"nonce=1795331634123",
}


@pytest.mark.parametrize("exchange", ALL, ids=lambda exchange: exchange.name)
def test_no_question_changes_anything_or_shows_a_secret(exchange: Exchange) -> None:
    for (environment, _region), site in exchange.sites().items():
        asked = exchange.key_request(Question(CREDENTIAL, AT, site, environment))
        assert (asked.method, urlsplit(asked.url).path) in exchange.reads()
        assert re.fullmatch(BODIES.get(exchange.name, b""), asked.body)
        assert asked.url.startswith(f"{site.base_url}/")
        # The id of a key is no secret, but it is in a URL only where an exchange takes it nowhere else.
        assert (KEY in asked.url) == (exchange.name in ("deribit", "htx"))
        for secret in (SECRET, PASSPHRASE):
            assert secret not in asked.url
        assert SECRET not in "".join(asked.headers.values()) + asked.body.decode()
        assert exchange.time_request(site=site).headers == HEADERS_OF_TIME.get(exchange.name, {})


@pytest.mark.parametrize("exchange", ALL, ids=lambda exchange: exchange.name)
def test_what_is_known_of_an_exchange_is_complete(exchange: Exchange) -> None:
    assert next(iter(exchange.sites())) == ("mainnet", "global")
    for site in exchange.sites().values():
        for url in filter(None, (site.base_url, site.futures_url)):
            assert re.fullmatch(r"https://[a-z0-9.-]+", url)
    assert exchange.title in exchange.click_path()
    assert exchange.click_path() in exchange.allowlist_rule().click_path
    assert exchange.clock_tolerance().ahead > 0
    for rule in (exchange.lifetime_rule(), exchange.passphrase_rule(), exchange.allowlist_rule()):
        if rule is not None:
            assert rule.source
            assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", rule.as_of)


WORDS = st.frozensets(st.sampled_from(sorted(PERMISSION_WORDS)))


@pytest.mark.parametrize("exchange", ALL, ids=lambda exchange: exchange.name)
@given(words=WORDS, more=WORDS)
@settings(max_examples=60)
def test_a_closure_is_one(exchange: Exchange, words: frozenset[str], more: frozenset[str]) -> None:
    closed = exchange.closure(words)
    assert words <= closed <= PERMISSION_WORDS
    assert exchange.closure(closed) == closed
    assert closed <= exchange.closure(words | more)
    assert closed - words <= PERMISSION_WORDS - {"withdraw", "transfer_out", "spend", "manage_keys"}


@pytest.mark.parametrize(
    ("name", "words", "closed"),
    [
        ("okx", {"read"}, {"read"}),
        (
            "okx",
            {"read", "spot_trade"},
            {"read", "spot_trade", "margin_trade", "futures_trade", "options_trade", "transfer_own"},
        ),
        ("bybit", {"spot_trade"}, {"read", "spot_trade", "margin_trade"}),
        ("bybit", {"futures_trade"}, {"read", "futures_trade"}),
        ("bitget", {"spot_trade"}, {"read", "spot_trade"}),
        ("binance", {"spot_trade"}, {"read", "spot_trade", "margin_trade"}),
        ("binance", {"futures_trade"}, {"read", "futures_trade"}),
        ("bingx", {"spot_trade"}, {"read", "spot_trade", "margin_trade"}),
        ("bingx", {"futures_trade"}, {"read", "futures_trade"}),
        ("bitmex", {"futures_trade"}, {"read", "spot_trade", "futures_trade"}),
        ("deribit", {"options_trade"}, {"read", "spot_trade", "futures_trade", "options_trade"}),
        ("deribit", {"read"}, {"read"}),
        # Its wallet scope withdraws too, and that is never a by-product.
        ("deribit", {"transfer_own"}, {"read", "transfer_own", "transfer_sub"}),
        ("htx", {"spot_trade"}, {"read", "spot_trade", "margin_trade", "futures_trade", "transfer_own"}),
        ("htx", {"read"}, {"read"}),
        ("coinbase", {"spot_trade"}, {"read", "spot_trade", "futures_trade"}),
        ("coinbase", {"read"}, {"read"}),
        ("hyperliquid", {"futures_trade"}, {"read", "spot_trade", "futures_trade"}),
        ("kucoin", {"spot_trade"}, {"read", "spot_trade"}),
        ("kucoin", {"margin_trade"}, {"read", "margin_trade", "borrow"}),
        ("kucoin", {"transfer_own"}, {"read", "transfer_own", "transfer_sub"}),
        ("gate", {"spot_trade"}, {"read", "spot_trade", "margin_trade"}),
        ("gate", {"futures_trade"}, {"read", "futures_trade"}),
        ("blofin", {"spot_trade"}, {"read", "spot_trade"}),
        ("woo", {"read"}, {"read"}),
        ("woo", {"spot_trade"}, {"read", "spot_trade", "margin_trade", "futures_trade"}),
    ],
)
def test_closures_are_the_least_grant(name: str, words: set[str], closed: set[str]) -> None:
    assert _registry.get(name).closure(frozenset(words)) == closed


def test_the_registry_lists_every_exchange_file() -> None:
    folder = Path(_registry.__file__).parent
    helpers = {
        "_registry",
        "_clock_options",
        "_clocks",
        "_contract",
        "_answers",
        "_driver",
        "_in_clear",
        "_learn",
        "_marks",
        "_nonce",
        "_options",
        "_pace",
        "_pairs",
        "_passphrase",
        "_placed",
        "_signing",
        "_untold",
    }
    files = {path.stem for path in folder.glob("_*.py")} - helpers
    assert {f"_{name}" for name in _registry.EXCHANGES} == files
    assert _registry.names() == (*_registry.EXCHANGES, "other")
    assert _registry.find("other") is None


@pytest.mark.parametrize("name", ["Bybit", "mtgox", "other", ""])
def test_unknown_exchanges_are_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(InputError, match=f"write one of {', '.join(_registry.EXCHANGES)}, other"):
        _registry.get(name)
