# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exchanges that want requests numbered: Kraken, Bitfinex and Gemini; and Kraken Futures, which goes without."""

from __future__ import annotations

import base64
import datetime
import json
import types
from typing import Any
from urllib.parse import urlsplit

import ccxt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import (
    _driver,
    _kraken,
    _registry,
)
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential, Question
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._learn import learn
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._nonce import UNITS, Nonce, read_nonce
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._options import Plan, read_keys
from ansible_collections.trading.hosts.plugins.module_utils._facts import Account, Allowlist, Expiry, KeyFacts
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer, Request
from tests.simulator._exchange import RefusedError, check_nonce
from tests.simulator.client import SimulatedKey, Simulator
from tests.unit.module_utils._exchanges.test_answers import (
    BITFINEX,
    GEMINI,
    KRAKEN,
    KRAKENFUTURES,
    answer,
    changed,
)

AT = datetime.datetime(2026, 11, 22, 7, 13, 54, 123000, tzinfo=datetime.UTC)
MILLISECONDS = 1795331634123
NUMBERED = ("bitfinex", "gemini", "kraken")
KEYS = {
    "bitfinex": Credential("k" * 43, "s" * 43),
    "gemini": Credential("account-0123456789abcdefghij", "secret0123456789"),
    "kraken": Credential("K" * 56, base64.b64encode(bytes(range(64))).decode()),
    "krakenfutures": Credential("K" * 56, base64.b64encode(bytes(range(64))).decode()),
}
HOST = "91.198.115.11"


# --- the option ---


def nonce(name: str, given: dict[str, Any] | None) -> Nonce | None:
    exchange = _registry.get(name)
    return read_nonce(given, rule=exchange.nonce_rule(), title=exchange.title, field="api_keys[0] (bot).nonce")


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("okx", None, None),
        ("krakenfutures", None, None),
        ("kraken", {"shared": False}, Nonce("ms")),
        ("kraken", {"shared": False, "unit": "ns"}, Nonce("ns")),
        ("bitfinex", {"shared": False, "unit": "us"}, Nonce("us")),
        ("gemini", {"shared": False}, Nonce("ms")),
        ("gemini", {"shared": True, "time_based": True}, Nonce("s")),
        ("kraken", {"shared": True, "unit": "ms", "window": 10_000}, Nonce("ms", lag=5.0, shared=True)),
        ("kraken", {"unit": "us", "window": 15_000_000}, Nonce("us", lag=7.5, shared=True)),
    ],
)
def test_what_is_safe_is_read(name: str, given: dict[str, Any] | None, expected: Nonce | None) -> None:
    assert nonce(name, given) == expected


REFUSED: list[tuple[str, dict[str, Any] | None, str]] = [
    ("okx", {"shared": False}, "nonce: is given, and OKX has no nonces; leave it out."),
    ("krakenfutures", {"unit": "ms"}, "nonce: is given, and Kraken Futures has no nonces"),
    ("kraken", None, "nonce: is missing; Kraken refuses a number below the last one, so a question with a wrong one"),
    ("bitfinex", None, "lock out the program that uses this key; give a key that only this collection uses, with"),
    ("gemini", None, "nonce.shared: false, or describe how that program counts."),
    ("kraken", {}, "nonce.unit: is missing; a question in a finer unit than the other program counts in locks that"),
    ("kraken", {"unit": "ms"}, "nonce.window: is missing; with less than 10 seconds"),
    ("kraken", {"unit": "ms", "window": 0}, "nonce.window '0': is too small; with less than 10 seconds"),
    ("kraken", {"unit": "ms", "window": 9_999}, "set the nonce window on the key's page at Kraken to 10000 or more"),
    ("kraken", {"unit": "us", "window": 10_000}, "nonce.window '10000': is too small"),
    ("kraken", {"unit": "ms", "window": -10_000}, "nonce.window '-10000': is too small"),
    ("kraken", {"unit": "ms", "window": 10**7}, "nonce.window '10000000': is more than an hour in ms"),
    ("kraken", {"unit": "ms", "window": 10**400}, "is more than an hour in ms"),
    ("kraken", {"shared": False, "time_based": True}, "time_based: is true, and Kraken has no keys with time based"),
    ("bitfinex", {"unit": "ms"}, "nonce.shared: is true, and Bitfinex has no nonce window"),
    ("bitfinex", {"shared": False, "unit": "ns"}, "nonce.unit 'ns': makes numbers that Bitfinex does not take; write"),
    ("bitfinex", {"shared": False, "window": 10_000}, "nonce.window '10000': is given, and keys of Bitfinex have no"),
    ("gemini", {"unit": "ms"}, "with nonce.shared: false, or one with time based nonces, with nonce.time_based: true."),
    ("gemini", {"time_based": True, "unit": "ms"}, "nonce.unit 'ms': is given with time_based, where Gemini counts in"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "expected"), REFUSED)
def test_what_could_lock_out_a_program_is_refused_in_one_sentence(
    name: str, given: dict[str, Any] | None, expected: str
) -> None:
    with pytest.raises(InputError) as refused:
        nonce(name, given)
    assert expected in f"{refused.value}"
    assert "\n" not in str(refused.value)


def plan(name: str, **options: Any) -> Plan:
    credential = KEYS[name]
    given = {"name": "bot", "exchange": name, "api_key": credential.api_key, "secret": credential.secret}
    return read_keys([{**given, **options}])[0]


@pytest.mark.parametrize("name", NUMBERED)
def test_a_key_is_shared_until_somebody_says_otherwise(name: str) -> None:
    for option in (None, {}, {"shared": True}):
        with pytest.raises(InputError, match=r"api_keys\[0\] \(bot\)\.nonce"):
            plan(name, nonce=option)
    # A placed key belongs to a program: it is no exception.
    placed = {"name": "bot", "exchange": name, "credential": {"name": "bot.json"}}
    with pytest.raises(InputError, match=r"api_keys\[0\] \(bot\)\.nonce: is missing"):
        read_keys([placed])
    assert plan(name, nonce={"shared": False}).nonce == Nonce("ms")


@pytest.mark.parametrize("name", ["kraken", "krakenfutures"])
def test_a_secret_that_is_no_base64_is_refused_before_anything_is_sent(name: str) -> None:
    options = {} if name == "krakenfutures" else {"nonce": {"shared": False}}
    with pytest.raises(InputError, match=r"\(bot\)\.secret: is no base64, .*; copy it again") as refused:
        plan(name, secret="not*base64*canary", **options)
    assert "canary" not in str(refused.value)


# --- the numbers ---


@pytest.mark.parametrize(
    ("unit", "lag", "number"),
    [
        ("s", 0.0, 1795331634),
        ("ms", 0.0, 1795331634123),
        ("us", 0.0, 1795331634123000),
        ("ns", 0.0, 1795331634123000000),
        ("ms", 5.0, 1795331629123),
        ("us", 7.5, 1795331626623000),
    ],
)
def test_numbers(unit: str, lag: float, number: int) -> None:
    assert Nonce(unit, lag=lag).number(AT) == number
    assert Nonce(unit, lag=lag).number(AT.astimezone(datetime.timezone(datetime.timedelta(hours=5)))) == number


@given(
    unit=st.sampled_from(sorted(UNITS)),
    window_s=st.integers(10, 3600),
    requests=st.lists(st.tuples(st.floats(0, 60), st.floats(0, 1)), min_size=1, max_size=8),
    asked=st.floats(0, 60),
    behind=st.floats(0, 1),
)
@settings(max_examples=300)
def test_no_question_ever_refuses_a_request_of_the_bot(
    unit: str, window_s: int, requests: list[tuple[float, float]], asked: float, behind: float
) -> None:
    """The bot's requests arrive late and out of order, and its clock is behind, together by less than the lag."""
    made = nonce("kraken", {"unit": unit, "window": window_s * UNITS[unit]})
    assert made is not None
    most = made.lag * 0.99
    key: Any = types.SimpleNamespace(last_nonce=0)

    def at(seconds: float) -> datetime.datetime:
        return AT + datetime.timedelta(seconds=seconds)

    events: list[tuple[float, int, bool]] = [(asked, made.number(at(asked)), False)]
    for sent, late in requests:
        number = Nonce(unit).number(at(sent - behind * most / 2))
        events.append((sent + late * most / 2, number, True))
    alone: Any = types.SimpleNamespace(last_nonce=0)
    for _arrived, number, of_bot in sorted(events):
        accepted = {}
        for name, held in (("together", key), ("alone", alone)):
            if name == "alone" and not of_bot:
                continue
            try:
                check_nonce(number, key=held, window=window_s * UNITS[unit])
                accepted[name] = True
            except RefusedError:
                accepted[name] = False
        if of_bot:
            assert accepted["together"] == accepted["alone"], "the question refused a request of the bot"


def test_beside_a_bot_the_earlier_clock_counts() -> None:
    exchange = _registry.get("kraken")
    shared = Nonce("ms", lag=5.0, shared=True)
    for here_is_ahead, at in ((3600, "2026-11-22T07:13:54Z"), (-2, "2026-11-22T07:13:52Z")):
        here = AT.replace(microsecond=0) + datetime.timedelta(seconds=here_is_ahead)
        question = Question(KEYS["kraken"], here, exchange.sites()["mainnet", "global"], "mainnet", nonce=shared)
        interview = exchange.interview(question)
        clock = next(interview)
        assert (clock.method, urlsplit(clock.url).path, clock.headers) == ("GET", "/0/public/Time", {})
        asked = interview.send(answer({"error": [], "result": {"unixtime": MILLISECONDS // 1000}}))
        expected = datetime.datetime.fromisoformat(at) - datetime.timedelta(seconds=5)
        assert asked.body == f"nonce={int(expected.timestamp() * 1000)}".encode()


def test_beside_a_bot_nothing_is_asked_where_the_clock_is_not_told() -> None:
    class Silent:
        asked = 0

        def send(self, request: Request) -> Answer:
            self.asked += 1
            return answer({"error": ["EService:Unavailable"]})

    exchange, http = _registry.get("kraken"), Silent()
    question = Question(
        KEYS["kraken"], AT, exchange.sites()["mainnet", "global"], "mainnet", nonce=Nonce("ms", lag=5.0, shared=True)
    )
    access, key = _driver.ask(exchange=exchange, question=question, http=http, now=lambda: AT)
    assert (access.status, key, http.asked) == ("unreachable", None, 1)


# --- signatures ---


def test_the_documented_vector_of_kraken() -> None:
    secret = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
    body = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
    signed = _kraken.signature(
        path="/0/private/AddOrder", number="1616492376594", body=body, secret=base64.b64decode(secret)
    )
    assert signed == "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="


CALLS = {
    "bitfinex": ("auth/r/permissions", ["private"], "POST"),
    "gemini": ("v1/roles", ["private"], "POST"),
    "kraken": ("GetApiKeyInfo", ["private"], "POST"),
    "krakenfutures": ("api-keys/v3/check", ["auth"], "GET"),
}
CLIENTS: dict[str, Any] = {name: getattr(ccxt, name)() for name in CALLS}
# ccxt does not know this call: it is signed as its other calls outside /derivatives are.
CLIENTS["krakenfutures"].urls["api"]["auth"] = "https://futures.kraken.com/api/auth/"
CLIENTS["krakenfutures"].options["access"]["auth"] = {"GET": {"api-keys/v3/check": "private"}}
CLIENTS["krakenfutures"].options["versions"]["auth"] = {"GET": {"api-keys/v3/check": "v1"}}

TEXTS = st.text(min_size=1, max_size=60).filter(lambda text: text == text.strip() and text.isprintable())


@pytest.mark.parametrize("name", CALLS)
@given(secret=TEXTS, raw=st.binary(min_size=1, max_size=80), milliseconds=st.integers(10**12, 4 * 10**12))
@settings(max_examples=100, deadline=None)
def test_signatures_equal_those_of_ccxt(name: str, secret: str, raw: bytes, milliseconds: int) -> None:
    client, exchange = CLIENTS[name], _registry.get(name)
    credential = Credential(KEYS[name].api_key, base64.b64encode(raw).decode() if name.startswith("kraken") else secret)
    client.apiKey, client.secret = credential.api_key, credential.secret
    client.options["lastNonce"] = 0
    client.nonce = lambda: milliseconds
    path, api, method = CALLS[name]
    theirs = client.sign(path, api, method, {})
    at = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(milliseconds=milliseconds)
    ours = exchange.key_request(Question(credential, at, exchange.sites()["mainnet", "global"], "mainnet"))
    assert (ours.method, ours.url) == (theirs["method"], theirs["url"])
    assert {**theirs["headers"], **ours.headers} == {**ours.headers, **theirs["headers"]}
    assert {"API-Sign", "Authent", "bfx-signature", "X-GEMINI-SIGNATURE"} & ours.headers.keys()
    # What Gemini's signature does not cover is left out: its documents want an empty body.
    assert ours.body.decode() == ("" if name == "gemini" else theirs["body"] or "")


# --- what a key tells ---


def test_kraken() -> None:
    key = _registry.get("kraken").key(answer(KRAKEN))
    assert key.permissions == ("benign", "margin_trade", "read", "spot_trade", "withdraw")
    assert key.raw_permissions == tuple(KRAKEN["result"]["permissions"])
    assert (key.label, key.account) == ("TestKey", Account())
    assert (key.allowlist, key.expiry) == (Allowlist("unrestricted"), Expiry("never"))
    assert (key.created_at, key.last_used_at) == ("2018-03-27T06:37:22Z", "2026-03-24T11:00:56Z")


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("ip_allowlist", [], "allowlist", Allowlist("unrestricted")),
        ("ip_allowlist", ["2001:db8::/32"], "allowlist", Allowlist("entries", ("2001:db8::/32",))),
        ("ip_allowlist", ["1.2.3.4", ""], "allowlist", Allowlist("entries", ("1.2.3.4", ""))),
        ("valid_until", "1798761600", "expiry", Expiry("at", at="2027-01-01T00:00:00Z")),
        ("last_used", "0", "last_used_at", None),
        ("last_used", ..., "last_used_at", None),
        ("permissions", [], "permissions", ()),
        ("permissions", ["query-ledger", "export-data"], "permissions", ("read", "unknown:export-data")),
        ("permissions", ["earn-funds"], "permissions", ("unknown:earn-funds",)),
        ("permissions", ["close-trades"], "permissions", ("margin_trade", "spot_trade")),
    ],
)  # fmt: skip
def test_krakens_traps(name: str, value: Any, field: str, expected: Any) -> None:
    key = _registry.get("kraken").key(answer(changed(KRAKEN, "result", name, to=value)))
    assert getattr(key, field) == expected


@pytest.mark.parametrize(
    ("errors", "status"),
    [
        (["WGeneral:Something"], None),
        (["WGeneral:Something", "EAPI:Invalid key"], "invalid_key"),
        (["Invalid key"], "ambiguous"),
        ([""], "ambiguous"),
    ],
)
def test_krakens_warnings_are_none_of_its_errors(errors: list[str], status: str | None) -> None:
    access = _registry.get("kraken").refusal(answer({**KRAKEN, "error": errors}))
    assert (None if access is None else access.status) == status


def test_kraken_futures() -> None:
    exchange = _registry.get("krakenfutures")
    key = exchange.key(answer(KRAKENFUTURES))
    assert key.account == Account(id="3c90c3cc-0d44-4b50-8888-8dd25736052a")
    assert key.allowlist == Allowlist("entries", ("192.168.0.0/16",))
    assert key.created_at == "2019-08-24T14:15:22Z"
    assert (key.permissions, key.not_told) == (None, ("permissions",))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"general": "full"}, ("unknown:general:full",)),
        ({"transfer": False, "general": {"read": True}}, ("unknown:transfer:false", 'unknown:general:{"read":true}')),
    ],
)
def test_kraken_futures_words_are_all_unknown(told: dict[str, Any], words: tuple[str, ...]) -> None:
    assert _registry.get("krakenfutures").key(answer({**KRAKENFUTURES, "permissions": told})).permissions == words


@pytest.mark.parametrize("entries", [[], [""]])
def test_kraken_futures_without_networks_is_not_taken_for_open_nor_for_closed(entries: list[str]) -> None:
    data = {**KRAKENFUTURES, "allowedCidrBlock": None, "allowedCidrBlocks": entries}
    assert _registry.get("krakenfutures").key(answer(data)).allowlist == Allowlist("unknown")


@pytest.mark.parametrize(
    "body", [{}, {"error": "authenticationError"}, {"message": "API key is not found"}, KRAKENFUTURES]
)
def test_a_401_of_kraken_futures_proves_nothing(body: dict[str, Any]) -> None:
    access = _registry.get("krakenfutures").refusal(answer(body, status=401))
    assert access is not None
    assert (access.status, access.code) == ("ambiguous", "401")
    assert "not verified" in str(access.next_step)


def test_bitfinex() -> None:
    key = _registry.get("bitfinex").key(answer(BITFINEX))
    assert key.permissions == (
        "earn",
        "margin_trade",
        "read",
        "spot_trade",
        "transfer_own",
        "unknown:account:write",
        "unknown:history:write",
        "withdraw",
    )
    assert "withdraw:write" in key.raw_permissions
    assert "withdraw:read" not in key.raw_permissions
    assert key.allowlist == Allowlist("unknown")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["positions", 1, 1], "futures_trade"),
        (["settings", 1, 1], "unknown:settings:write"),
        (["ui_withdraw", 0, 1], "unknown:ui_withdraw:write"),
        (["eaas_withdraw", 0, 1], "unknown:eaas_withdraw:write"),
        (["new", 1, 0], "read"),
    ],
)
def test_bitfinexs_scopes(row: list[Any], expected: str) -> None:
    quiet = [[scope, 0, 0] for scope, _read, _write in BITFINEX if scope != row[0]]
    permissions = _registry.get("bitfinex").key(answer([*quiet, row])).permissions or ()
    assert set(permissions) == ({expected, "read"} if row[1] else {expected})


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ({"isAuditor": True}, ("read",)),
        ({"isTrader": True}, ("read", "spot_trade")),
        ({"isTrader": True, "isFundManager": True}, ("read", "spot_trade", "transfer_own", "withdraw")),
        ({"isTrader": True, "isAccountAdmin": True}, ("read", "spot_trade", "unknown:isAccountAdmin")),
        ({"isTrader": True, "isAccountAdmin": False, "counterparty_id": "EXCH"}, ("read", "spot_trade")),
        ({}, ()),
    ],
)
def test_geminis_roles(roles: dict[str, Any], expected: tuple[str, ...]) -> None:
    data = {**dict.fromkeys(GEMINI, False), **roles}
    assert _registry.get("gemini").key(answer(data)).permissions == expected


@pytest.mark.parametrize("name", ["bitfinex", "gemini", "krakenfutures"])
def test_the_clock_is_read_from_the_date(name: str) -> None:
    told = Answer(200, {"date": "Sun, 22 Nov 2026 07:13:54 GMT"}, b"[]", "api.example")
    assert _registry.get(name).server_time(told).isoformat() == "2026-11-22T07:13:54+00:00"


def test_krakens_clock() -> None:
    told = answer({"error": [], "result": {"unixtime": 1700000000, "rfc1123": ""}})
    assert _registry.get("kraken").server_time(told).isoformat() == "2023-11-14T22:13:20+00:00"


# --- against the simulator ---


def ask(simulator: Simulator, key: SimulatedKey, **options: Any) -> KeyFacts:
    given = {
        "name": "bot",
        "exchange": key.exchange,
        "environment": "custom",
        "base_url": simulator.base_url(key.exchange, environment=key.environment),
        "api_key": key.key,
        "secret": key.secret,
        "nonce": None if key.exchange == "krakenfutures" else {"shared": False},
    }
    asked = {"api_keys": [{**given, **options}], "ca_path": simulator.ca_file}

    def nothing_placed(*unused: Any) -> Credential:
        raise AssertionError(unused)

    return learn(asked, host="h", open_placed=nothing_placed)[0]


@pytest.mark.parametrize("name", CALLS)
def test_a_key_is_learned(simulator: Simulator, name: str) -> None:
    environment = {"gemini": "testnet", "krakenfutures": "demo"}.get(name, "mainnet")
    key = simulator.create_key(name, allowlist=[f"{HOST}/32"], environment=environment)
    facts = ask(simulator, key)
    assert facts.access.status == "accepted"
    assert facts.observed is not None
    told = Allowlist("entries", (f"{HOST}/32",)) if name.startswith("kraken") else Allowlist("unknown")
    assert facts.observed.allowlist == told
    seen = simulator.requests(exchange=name)
    assert [(one.method, one.path) for one in seen] == [("GET" if name == "krakenfutures" else "POST", PATHS[name])]


PATHS = {
    "bitfinex": "/v2/auth/r/permissions",
    "gemini": "/v1/roles",
    "kraken": "/0/private/GetApiKeyInfo",
    "krakenfutures": "/api/auth/v1/api-keys/v3/check",
}


@pytest.mark.parametrize(
    ("name", "mistake", "status"),
    [
        ("bitfinex", "secret", "ambiguous"),
        ("bitfinex", "address", "ambiguous"),
        ("bitfinex", "revoked", "ambiguous"),
        ("bitfinex", "number", "ambiguous"),
        ("gemini", "secret", "bad_signature"),
        ("gemini", "address", "invalid_key"),
        ("gemini", "revoked", "invalid_key"),
        ("gemini", "number", "ambiguous"),
        ("kraken", "secret", "bad_signature"),
        ("kraken", "address", "invalid_key"),
        ("kraken", "revoked", "invalid_key"),
        ("kraken", "number", "ambiguous"),
        ("krakenfutures", "secret", "ambiguous"),
        ("krakenfutures", "address", "ambiguous"),
        ("krakenfutures", "revoked", "ambiguous"),
    ],
)
def test_mistakes_get_their_class(simulator: Simulator, name: str, mistake: str, status: str) -> None:
    key = simulator.create_key(name)
    other = simulator.create_key(name)
    options: dict[str, Any] = {"secret": other.secret} if mistake == "secret" else {}
    if mistake == "address":
        simulator.update_key(key, allowlist=["91.198.115.99"])
    elif mistake == "revoked":
        simulator.update_key(key, revoked=True)
    elif mistake == "number":
        # Another program counted in microseconds before.
        assert ask(simulator, key, nonce={"shared": False, "unit": "us"}).access.status == "accepted"
    facts = ask(simulator, key, **options)
    assert facts.access.status == status
    assert facts.access.next_step
    assert facts.observed is None
    assert key.secret not in json.dumps(facts.access.__dict__)


def bot(simulator: Simulator, key: SimulatedKey) -> Any:
    """Return ccxt's client as a bot has it."""
    client = getattr(ccxt, key.exchange)(
        {
            "apiKey": key.key,
            "secret": key.secret,
            "validateServerSsl": simulator.ca_file,
            "enableRateLimit": False,
        }
    )
    base = simulator.base_url(key.exchange, environment=key.environment)
    path = "/derivatives/api/" if key.exchange == "krakenfutures" else ""
    client.urls["api"] = dict.fromkeys(client.urls["api"], f"{base}{path}")
    return client


BALANCE = {
    "bitfinex": "privatePostAuthRWallets",
    "gemini": "privatePostV1Balances",
    "kraken": "privatePostBalanceEx",
    "krakenfutures": "privateGetAccounts",
}


@pytest.mark.parametrize("name", BALANCE)
def test_ccxt_reads_its_balance_here_and_is_refused_as_there(simulator: Simulator, name: str) -> None:
    key = simulator.create_key(name, allowlist=[HOST])
    assert "1000" in json.dumps(getattr(bot(simulator, key), BALANCE[name])())
    stranger = bot(simulator, key)
    stranger.secret = simulator.create_key(name).secret
    with pytest.raises(ccxt.ExchangeError):
        getattr(stranger, BALANCE[name])()
    simulator.update_key(key, allowlist=["91.198.115.99"])
    with pytest.raises(ccxt.AuthenticationError):
        getattr(bot(simulator, key), BALANCE[name])()
    simulator.update_key(key, allowlist=None, permissions="none")
    with pytest.raises((ccxt.PermissionDenied, ccxt.AuthenticationError)):
        getattr(bot(simulator, key), BALANCE[name])()


def test_a_bot_on_kraken_trades_on_while_its_key_is_asked(simulator: Simulator) -> None:
    key = simulator.create_key("kraken", extra={"nonce_window": "10000"})
    client = bot(simulator, key)
    for skew in (0, 0, 3_600_000, -2_000):
        # Whatever the exchange's clock and its own say: the bot is never refused.
        simulator.set_clock_skew(skew, exchange="kraken")
        client.privatePostBalanceEx()
        before = client.options["lastNonce"]
        facts = ask(simulator, key, nonce={"unit": "ms", "window": 10_000})
        assert facts.access.status == "accepted"
        assert int(next(k for k in simulator.list_keys() if k["key"] == key.key)["last_nonce"]) == before
        client.privatePostBalanceEx()


def test_without_the_window_that_was_said_only_the_question_is_refused(simulator: Simulator) -> None:
    key = simulator.create_key("kraken")
    client = bot(simulator, key)
    client.privatePostBalanceEx()
    assert ask(simulator, key, nonce={"unit": "ms", "window": 10_000}).access.status == "ambiguous"
    client.privatePostBalanceEx()


def test_a_bot_on_gemini_with_a_time_based_key_trades_on(simulator: Simulator) -> None:
    key = simulator.create_key("gemini", extra={"time_based_nonce": True})
    client = bot(simulator, key)
    client.options["nonce"] = "seconds"
    client.privatePostV1Balances()
    assert ask(simulator, key, nonce={"time_based": True}).access.status == "accepted"
    client.privatePostV1Balances()
    assert ask(simulator, key).access.status == "ambiguous"
