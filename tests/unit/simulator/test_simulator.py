# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's own behaviour: planned refusals, faults, bans, its log, IP services, start and end."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.simulator._exchange import REASONS, covers
from tests.simulator._registry import EXCHANGES
from tests.simulator.client import CHECKOUT, Simulator, SimulatorError

if TYPE_CHECKING:
    from pathlib import Path

HOST = "91.198.115.11"
TIME = {
    "bitmart": "/system/time",
    "bitstamp": "/api/v2/ticker/btcusd/",
    "cryptocom": "/exchange/v1/public/get-tickers",
    "mexc": "/api/v3/time",
    "phemex": "/public/time",
    "bitfinex": "/v2/platform/status",
    "gemini": "/v1/symbols",
    "kraken": "/0/public/Time",
    "krakenfutures": "/derivatives/api/v3/instruments/status",
    "coinbase": "/api/v3/brokerage/time",
    "bingx": "/openApi/swap/v2/server/time",
    "bitmex": "/api/v1",
    "deribit": "/api/v2/public/get_time",
    "htx": "/v1/common/timestamp",
    "binance": "/api/v3/time",
    "bybit": "/v5/market/time",
    "bitget": "/api/v2/public/time",
    "okx": "/api/v5/public/time",
    "blofin": "/api/v1/market/tickers",
    "gate": "/api/v4/spot/time",
    "kucoin": "/api/v1/timestamp",
    "woo": "/v3/public/systemInfo",
}
#: The whole query where a key is presented there and not in a header.
KEY_QUERY = {"deribit": "?grant_type=client_signature&client_id=k", "htx": "?AccessKeyId=k"}
KEY_HEADER = {
    "bingx": "X-BX-APIKEY",
    "bitmex": "api-key",
    "binance": "X-MBX-APIKEY",
    "bybit": "X-BAPI-API-KEY",
    "bitget": "ACCESS-KEY",
    "okx": "OK-ACCESS-KEY",
    "blofin": "ACCESS-KEY",
    "gate": "KEY",
    "kucoin": "KC-API-KEY",
    "woo": "x-api-key",
    "mexc": "X-MEXC-APIKEY",
}
INTROSPECTION = {
    "bitmart": "/spot/v4/query/open-orders",
    "bitstamp": "/api/v2/account_balances/usd/",
    "cryptocom": "/exchange/v1/private/user-balance",
    "mexc": "/api/v3/account",
    "phemex": "/spot/wallets",
    "bitfinex": "/v2/auth/r/permissions",
    "gemini": "/v1/roles",
    "kraken": "/0/private/GetApiKeyInfo",
    "krakenfutures": "/api/auth/v1/api-keys/v3/check",
    "coinbase": "/api/v3/brokerage/key_permissions",
    "hyperliquid": "/info",
    "bingx": "/openApi/v1/account/apiPermissions",
    "bitmex": "/api/v1/apiKey",
    "deribit": "/api/v2/public/auth",
    "htx": "/v2/user/uid",
    "binance": "/sapi/v1/account/apiRestrictions",
    "bybit": "/v5/user/query-api",
    "bitget": "/api/v2/spot/account/info",
    "okx": "/api/v5/account/config",
    "blofin": "/api/v1/user/query-apikey",
    "gate": "/api/v4/account/detail",
    "kucoin": "/api/v1/user/api-key",
    "woo": "/v3/account/credentials",
}


def get(simulator: Simulator, url: str, **options: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = simulator.ca_file
        return session.get(url, timeout=5, allow_redirects=False, **options)


def code_in(response: requests.Response) -> str:
    body = response.json()
    found = body.get("retCode") or body.get("code") or body.get("err-code") or body.get("label")
    return str(found or body["error"]["code"])


# --- exchanges ---


@pytest.mark.parametrize("name", EXCHANGES)
def test_every_reason_has_a_code(name: str) -> None:
    exchange = EXCHANGES[name]
    without_passphrase = set() if exchange.has_passphrase else {"passphrase_missing", "passphrase"}
    assert set(exchange.reasons) == set(REASONS) - without_passphrase
    assert set(exchange.reasons.values()) <= set(exchange.refusals)


# The codes that the product must tell apart, each of which must be to be had here.
CODES = {
    "bingx": "100419 100413 100001 100412 100421 100004 100410 100414 100500 100503",
    "deribit": "13004 13009 10000 13021 13403 9999 13002 10028 10040 10041 11051",
    "htx": "12005 1003 api-signature-not-valid rate-too-many-requests timeout gateway-internal-error",
    "binance": "-2015 -2014 -1022 -1021 -2008 -1003",
    "bitget": "40018 40038 40036 40012 40011 40037 40006 40009 40008 40005 40014 22010",
    "bybit": "10010 10003 33004 10004 10002 10005 10007 10009",
    "okx": "50110 50111 50119 50101 50113 50102 50112 50105 50104 50120 50100 50121",
    "blofin": "152406 152401 152402 152409 152405 152410 152408 152404 152407 429",
    "gate": "IP_FORBIDDEN INVALID_KEY INVALID_SIGNATURE REQUEST_EXPIRED READ_ONLY FORBIDDEN ACCOUNT_LOCKED",
    "kucoin": "400006 400003 400005 400002 400004 400007 411100 429000",
    "woo": "-1001 -1002 -1003 -1011",
    "mexc": "700006 10075 406 10072 700001 402 700002 602 700003 10073 700007 429",
}


@pytest.mark.parametrize(("name", "code"), [(name, code) for name, codes in CODES.items() for code in codes.split()])
def test_every_code_can_be_provoked(simulator: Simulator, name: str, code: str) -> None:
    simulator.refuse_next(name, code)
    url = simulator.base_url(name) + INTROSPECTION[name]
    assert get(simulator, simulator.base_url(name) + TIME[name]).status_code == 200  # unsigned: not this one
    headers = {KEY_HEADER[name]: "k"} if name in KEY_HEADER else {}
    answer = get(simulator, url + KEY_QUERY.get(name, ""), headers=headers)
    assert code_in(answer) == code
    assert answer.status_code == EXCHANGES[name].refusals[code].status
    assert re.search(r"\{\w+\}", answer.text) is None, "a field that was not filled in"


def test_planned_refusals_are_used_up(simulator: Simulator) -> None:
    simulator.refuse_next("bybit", "10010", times=2)
    url = simulator.base_url("bybit") + INTROSPECTION["bybit"]
    codes = [code_in(get(simulator, url, headers={"X-BAPI-API-KEY": "k"})) for _turn in range(3)]
    assert codes == ["10010", "10010", "10003"]


def test_a_planned_refusal_may_have_another_text_and_hit_unsigned_calls(simulator: Simulator) -> None:
    simulator.refuse_next("bitget", "40018", text="Invalid IP, seen {elsewhere}", any_call=True)
    answer = get(simulator, simulator.base_url("bitget") + TIME["bitget"])
    assert (answer.status_code, answer.json()["msg"]) == (400, "Invalid IP, seen {elsewhere}")


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("binance", {"key": r"[A-Za-z0-9]{64}", "secret": r"[A-Za-z0-9]{64}", "passphrase": None}),
        ("bybit", {"key": r"[A-Za-z0-9]{18}", "secret": r"[A-Za-z0-9]{36}", "passphrase": None}),
        ("bitmart", {"key": r"[0-9a-f]{40}", "secret": r"[0-9a-f]{64}", "passphrase": r"memo[A-Za-z0-9]{12}"}),
        ("mexc", {"key": r"mx0[A-Za-z0-9]{15}", "secret": r"[0-9a-f]{32}", "passphrase": None}),
        ("gate", {"key": r"[0-9a-f]{32}", "secret": r"[0-9a-f]{64}", "passphrase": None}),
        ("kucoin", {"key": r"[0-9a-f]{24}", "secret": r"[0-9a-f-]{36}", "passphrase": r"\S{7,32}"}),
        ("bingx", {"key": r"[A-Za-z0-9]{83}", "secret": r"[A-Za-z0-9]{86}", "passphrase": None}),
        ("bitmex", {"key": r"[A-Za-z0-9_-]{24}", "secret": r"[A-Za-z0-9_-]{48}", "passphrase": None}),
        ("bitfinex", {"key": r"[A-Za-z0-9]{43}", "secret": r"[A-Za-z0-9]{43}", "passphrase": None}),
        ("gemini", {"key": r"account-[A-Za-z0-9]{20}", "secret": r"[A-Za-z0-9]{28}", "passphrase": None}),
        ("kraken", {"key": r"[A-Za-z0-9+/]{56}", "secret": r"[A-Za-z0-9+/]{86}==", "passphrase": None}),
        ("krakenfutures", {"key": r"[A-Za-z0-9+/]{56}", "secret": r"[A-Za-z0-9+/]{86}==", "passphrase": None}),
        ("deribit", {"key": r"[A-Za-z0-9]{8}", "secret": r"[A-Za-z0-9_-]{43}", "passphrase": None}),
        ("htx", {"key": r"[0-9a-f]+(-[0-9a-f]+){3}", "secret": r"[0-9a-f]+(-[0-9a-f]+){3}", "passphrase": None}),
        ("bitget", {"key": r"bg_[0-9a-f]{32}", "secret": r"[0-9a-f]{64}", "passphrase": r"[A-Za-z0-9]{8,32}"}),
        (
            "okx",
            {
                "key": r"[0-9a-f-]{36}",
                "secret": r"[0-9A-F]{32}",
                "passphrase": r"(?=.*\d)(?=.*[A-Z])(?=.*[a-z])(?=.*\W).{8,32}",
            },
        ),
    ],
)
def test_credentials_have_the_exchanges_shape(simulator: Simulator, name: str, shape: dict[str, str | None]) -> None:
    key = simulator.create_key(name)
    for field, pattern in shape.items():
        value = getattr(key, field)
        assert value is None if pattern is None else re.fullmatch(pattern, value)
    assert key.secret not in repr(key)


# These have no call for their clock: only the Date header, which is the server's.
BY_DATE = {"bitfinex", "bitstamp", "blofin", "cryptocom", "gemini", "krakenfutures", "phemex"}


def test_latency(simulator: Simulator) -> None:
    def seconds(name: str) -> float:
        began = time.monotonic()
        get(simulator, simulator.base_url(name) + TIME[name])
        return time.monotonic() - began

    simulator.set_latency(300, exchange="okx")
    assert seconds("okx") >= 0.3
    simulator.set_latency(200)
    assert seconds("okx") >= 0.3, "an exchange's own goes before that of all"
    assert seconds("bybit") >= 0.2
    simulator.set_latency(30_000, exchange="okx")
    simulator.reset()
    assert seconds("okx") < 30


@pytest.mark.parametrize("name", sorted(set(EXCHANGES) - BY_DATE - {"hyperliquid"}))  # whose clock takes a POST
def test_clock_and_its_skew(simulator: Simulator, name: str) -> None:
    simulator.set_clock_skew(3_600_000, exchange=name)
    answers = {
        other: get(simulator, simulator.base_url(other) + path).json()
        for other, path in TIME.items()
        if other in (name, "okx", "bybit")
    }
    told = int(
        {
            "binance": lambda body: body["serverTime"],
            "kraken": lambda body: body["result"]["unixtime"] * 1000,
            "coinbase": lambda body: body["epochMillis"],
            "bingx": lambda body: body["data"]["serverTime"],
            "bitmex": lambda body: body["timestamp"],
            "bybit": lambda body: body["time"],
            "deribit": lambda body: body["result"],
            "htx": lambda body: body["data"],
            "bitget": lambda body: body["data"]["serverTime"],
            "okx": lambda body: body["data"][0]["ts"],
            "gate": lambda body: body["server_time"],
            "bitmart": lambda body: body["data"]["server_time"],
            "mexc": lambda body: body["serverTime"],
            "kucoin": lambda body: body["data"],
            "woo": lambda body: body["timestamp"],
        }[name](answers[name])
    )
    reference = int(answers["bybit"]["time"]) if name != "bybit" else int(answers["okx"]["data"][0]["ts"])
    assert abs(told - reference - 3_600_000) < 5000


@pytest.mark.parametrize("name", EXCHANGES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(simulator: Simulator, name: str, method: str) -> None:
    url = simulator.base_url(name) + INTROSPECTION[name]
    answer = requests.request(method, url, verify=simulator.ca_file, timeout=5)
    if method == "POST" and INTROSPECTION[name] in EXCHANGES[name].posts:
        # Such a call only reads, and this one lacks a key.
        assert answer.status_code == EXCHANGES[name].refusals[EXCHANGES[name].reasons["key_missing"]].status
        answer = get(simulator, url)
    assert answer.status_code == 404
    assert method in (seen.method for seen in simulator.requests())


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"exchange": "nowhere"}, "exchange: 'nowhere' is not one of"),
        ({"exchange": "okx", "permissions": "everything"}, "permissions: 'everything' is not one of"),
        ({"exchange": "okx", "environment": "testnet"}, "environment: 'testnet' is not one of mainnet, demo"),
        ({"exchange": "okx", "region": "mars"}, "region: 'mars' is not one of global, us, eea"),
    ],
)
def test_a_key_that_cannot_be_made(simulator: Simulator, wanted: dict[str, Any], named: str) -> None:
    with pytest.raises(SimulatorError, match=re.escape(named)):
        simulator.create_key(**wanted)


@pytest.mark.parametrize(
    ("entries", "address", "covered"),
    [
        (["1.2.3.4"], "1.2.3.4", True),
        ([" 1.2.3.4 "], "1.2.3.4", True),
        (["1.2.3.4/24"], "1.2.3.99", True),
        (["1.2.3.4"], "1.2.3.5", False),
        (["2001:db8::/32"], "2001:db8::7", True),
        (["::ffff:1.2.3.4"], "1.2.3.4", False),
        (["*", "", "1.2.3"], "1.2.3.4", False),
        ([], "1.2.3.4", False),
    ],
)
def test_covers(entries: list[str], address: str, covered: bool) -> None:
    assert covers(allowlist=entries, address=address) is covered


# --- the log ---


def test_the_log_holds_no_secret(simulator: Simulator) -> None:
    canary = uuid.uuid4().hex
    headers = {
        "OK-ACCESS-KEY": f"{canary}-key",
        "OK-ACCESS-SIGN": f"{canary}-sign",
        "OK-ACCESS-PASSPHRASE": f"{canary}-pass",
        "Authorization": f"Basic {canary}",
        "User-Agent": "tool/1",
    }
    get(simulator, simulator.base_url("okx") + f"/api/v5/account/config?token={canary}", headers=headers)
    (seen,) = simulator.requests()
    assert canary not in json.dumps(dataclasses.asdict(seen))
    assert seen.had == {"key": True, "signature": True, "passphrase": True, "authorization": True, "cookie": False}
    assert (seen.user_agent, seen.query, seen.code) == ("tool/1", ["token"], "50111")
    assert "ok-access-passphrase" in seen.headers
    simulator.clear_requests()
    assert simulator.requests() == []


def test_a_header_does_not_choose_the_address(simulator: Simulator) -> None:
    headers = {"X-Forwarded-For": "9.9.9.9", "X-Real-IP": "9.9.9.9", "Forwarded": "for=9.9.9.9"}
    assert get(simulator, simulator.ip_service_url("plain"), headers=headers).text == f"{HOST}\n"


def test_the_address_is_the_peers_after_nat(simulator: Simulator) -> None:
    url = simulator.ip_service_url("plain")
    with requests.Session() as session:
        session.trust_env = False
        session.verify = simulator.ca_file
        adapter = session.get_adapter(url)
        assert isinstance(adapter, requests.adapters.HTTPAdapter)
        adapter.poolmanager.connection_pool_kw["source_address"] = ("127.0.0.2", 0)
        assert session.get(url, timeout=5).text == "91.198.115.12\n"
    assert [(seen.peer, seen.seen_as) for seen in simulator.requests()] == [("127.0.0.2", "91.198.115.12")]
    simulator.set_nat({})
    assert get(simulator, url).text == "127.0.0.1\n"


# --- faults ---


@pytest.mark.parametrize(
    ("kind", "options", "status", "body"),
    [
        ("status", {"status": 429, "retry_after": "7"}, 429, None),
        ("status", {"status": 418}, 418, None),
        ("status", {"status": 403}, 403, None),
        ("status", {"status": 503}, 503, None),
        ("status", {"status": 429, "body": '{"code":-1003}'}, 429, '{"code":-1003}'),
        ("empty", {}, 200, ""),
        ("html", {}, 200, None),
        ("wrong_type", {}, 200, '["unexpected"]'),
        ("body", {"body": "null"}, 200, "null"),
        ("redirect", {"location": "https://elsewhere.invalid/"}, 302, ""),
        ("redirect", {"location": "https://elsewhere.invalid/", "status": 308}, 308, ""),
    ],
)
def test_fault(simulator: Simulator, kind: str, options: dict[str, Any], status: int, body: str | None) -> None:
    simulator.fault("bybit", kind, times=1, **options)
    answer = get(simulator, simulator.base_url("bybit") + TIME["bybit"])
    assert answer.status_code == status
    assert body is None or answer.text == body
    assert answer.headers.get("Retry-After") == options.get("retry_after")
    assert answer.headers.get("Location") == options.get("location")
    assert simulator.requests()[-1].code == f"fault:{kind}"
    assert get(simulator, simulator.base_url("bybit") + TIME["bybit"]).json()["retCode"] == 0  # once


def test_truncated_json(simulator: Simulator) -> None:
    simulator.fault("bybit", "truncated")
    answer = get(simulator, simulator.base_url("bybit") + TIME["bybit"])
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


@pytest.mark.parametrize("kind", ["cut", "reset"])
def test_broken_connection(simulator: Simulator, kind: str) -> None:
    simulator.fault("okx", kind)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        get(simulator, simulator.base_url("okx") + TIME["okx"])


def test_big_bodies(simulator: Simulator) -> None:
    simulator.fault("okx", "huge", times=1)
    assert len(get(simulator, simulator.base_url("okx") + TIME["okx"]).content) > 10_000_000
    simulator.fault("okx", "gzip_bomb", times=1)
    bomb = get(simulator, simulator.base_url("okx") + TIME["okx"], stream=True)
    packed = bomb.raw.read(decode_content=False)
    assert (bomb.headers["Content-Encoding"], len(packed) < 1_000_000) == ("gzip", True)


@pytest.mark.parametrize("kind", ["endless", "slow"])
def test_answers_that_do_not_end(simulator: Simulator, kind: str) -> None:
    simulator.fault("okx", kind, times=1)
    url = simulator.base_url("okx") + TIME["okx"]
    if kind == "slow":
        with pytest.raises(requests.ReadTimeout):
            requests.get(url, verify=simulator.ca_file, timeout=0.3)
        return
    with requests.get(url, verify=simulator.ca_file, timeout=5, stream=True) as answer:
        chunks = answer.iter_content(16)
        assert [len(next(chunks)) for _turn in range(3)] == [16, 16, 16]


def test_fault_is_limited_to_its_target_and_path(simulator: Simulator) -> None:
    simulator.fault("bybit-demo", "empty")
    simulator.fault("okx", "empty", path="/api/v5/account")
    urls = [
        simulator.base_url("bybit") + TIME["bybit"],
        simulator.base_url("bybit", environment="demo") + TIME["bybit"],
        simulator.base_url("okx") + TIME["okx"],
        simulator.base_url("okx") + INTROSPECTION["okx"],
    ]
    assert [get(simulator, url).text == "" for url in urls] == [False, True, False, True]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"kind": "explode"}, "kind: 'explode' is not one of"),
        ({"kind": "redirect"}, "location: a redirect needs one"),
        ({"kind": "empty", "colour": "red"}, "colour"),
    ],
)
def test_unknown_faults_are_refused(simulator: Simulator, options: dict[str, Any], named: str) -> None:
    with pytest.raises(SimulatorError, match=named):
        simulator.fault("bybit", **options)


# --- bans ---


def test_going_on_after_429_is_banned(simulator: Simulator) -> None:
    simulator.set_bans(enabled=True)
    url = simulator.base_url("binance") + TIME["binance"]
    simulator.fault("binance", "status", status=429, times=1)
    assert get(simulator, url).status_code == 429
    assert simulator.bans()["banned"] == []
    assert [get(simulator, url).status_code for _turn in range(2)] == [418, 418]
    assert simulator.bans()["banned"] == [["binance", HOST]]
    assert get(simulator, simulator.base_url("okx") + TIME["okx"]).status_code == 200  # another exchange
    simulator.set_bans(enabled=False)
    assert get(simulator, url).status_code == 200


def test_a_refused_address_locks_nothing(simulator: Simulator) -> None:
    simulator.set_bans(enabled=True)
    simulator.refuse_next("okx", "50110", times=6)
    url = simulator.base_url("okx") + INTROSPECTION["okx"]
    codes = [code_in(get(simulator, url, headers={"OK-ACCESS-KEY": str(uuid.uuid4())})) for _turn in range(7)]
    assert codes == ["50110"] * 6 + ["50119"]
    assert simulator.bans() == {"enabled": True, "banned": [], "locked": []}


@pytest.mark.parametrize(("status", "banned"), [(403, True), (404, False)])
def test_the_networks_403_warns(simulator: Simulator, status: int, banned: bool) -> None:
    simulator.set_bans(enabled=True)
    url = simulator.base_url("bitstamp") + "/api/v2/ticker/btcusd/"
    simulator.fault("bitstamp", "status", status=status, times=1)
    assert [get(simulator, url).status_code == 200 for _turn in range(2)] == [False, not banned]


def test_the_fifth_refused_key_in_a_row_locks(simulator: Simulator) -> None:
    simulator.set_bans(enabled=True)
    url = simulator.base_url("okx") + INTROSPECTION["okx"]
    headers = {"OK-ACCESS-KEY": str(uuid.uuid4())}
    assert [code_in(get(simulator, url, headers=headers)) for _turn in range(6)] == ["50119"] * 5 + ["50100"]
    assert ["okx", HOST] in simulator.bans()["locked"]


# --- IP services ---


@pytest.mark.parametrize(
    ("service", "shape", "answer"),
    [
        ("plain", None, f"{HOST}\n"),
        ("json", None, f'{{"ip": "{HOST}"}}'),
        ("echo7", "json", f'{{"ip": "{HOST}"}}'),
        ("lying", None, "91.198.115.250\n"),
        ("two", None, f"{HOST}\n91.198.115.250\n"),
        ("private", None, "192.168.1.10\n"),
        ("mapped", None, f"::ffff:{HOST}\n"),
        ("empty", None, ""),
    ],
)
def test_ip_service(simulator: Simulator, service: str, shape: str | None, answer: str) -> None:
    assert get(simulator, simulator.ip_service_url(service, shape=shape)).text == answer


def test_trace_is_cloudflares(simulator: Simulator) -> None:
    lines = get(simulator, simulator.ip_service_url("trace")).text.splitlines()
    assert f"ip={HOST}" in lines
    assert "h=127.0.0.1" in lines
    assert f"ip={HOST}" in get(simulator, simulator.base_url("okx") + "/cdn-cgi/trace").text.splitlines()
    assert get(simulator, simulator.base_url("bybit") + "/cdn-cgi/trace").status_code == 404


def test_ipv6(simulator: Simulator) -> None:
    assert get(simulator, simulator.ip_service_url("plain", family=6)).text == "2a01:4f8:c17::11\n"
    assert get(simulator, simulator.ip_service_url("lying", family=6)).text == "2a01:4f8:0:a0a1::250\n"
    key = simulator.create_key("okx", allowlist=[HOST])
    get(simulator, simulator.base_url("okx", family=6) + TIME["okx"], headers={"OK-ACCESS-KEY": key.key})
    assert simulator.requests()[-1].seen_as == "2a01:4f8:c17::11"


def test_rotating_never_repeats_at_once(simulator: Simulator) -> None:
    answers = [get(simulator, simulator.ip_service_url("rotating")).text for _turn in range(5)]
    assert len(set(answers)) == 5


def test_more_misbehaving_services(simulator: Simulator) -> None:
    assert "<html>" in get(simulator, simulator.ip_service_url("captive")).text
    assert get(simulator, simulator.ip_service_url("redirecting")).headers["Location"].startswith("https://login")
    assert get(simulator, simulator.ip_service_url("error")).status_code == 503
    assert len(get(simulator, simulator.ip_service_url("huge")).content) > 10_000_000
    with pytest.raises(requests.ReadTimeout):
        requests.get(simulator.ip_service_url("slow"), verify=simulator.ca_file, timeout=0.3)


def test_an_honest_service_can_be_told_to_misbehave(simulator: Simulator) -> None:
    simulator.set_echo("echo3", "lying", addresses=["91.198.115.77"])
    simulator.set_echo("echo4", "rotating", addresses=["91.198.115.1", "91.198.115.2"])
    assert get(simulator, simulator.ip_service_url("echo3")).text == "91.198.115.77\n"
    assert [get(simulator, simulator.ip_service_url("echo4")).text[-3:-1] for _turn in range(3)] == [".1", ".2", ".1"]
    simulator.clear_faults()
    assert get(simulator, simulator.ip_service_url("echo3")).text == f"{HOST}\n"


# --- start and end ---


def ask_by_name(simulator: Simulator, *, port: int, name: str, path: str) -> tuple[int, str]:
    """Make a request to loopback as if `name` resolved to it, its certificate checked."""
    context = ssl.create_default_context(cafile=simulator.ca_file)
    connection = http.client.HTTPSConnection(name, port, timeout=5, context=context)
    connection.sock = context.wrap_socket(
        socket.create_connection(("127.0.0.1", port), timeout=5), server_hostname=name
    )
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, body


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_services_are_told_apart_by_name(tmp_path: Path) -> None:
    port = free_port()
    listen = [f"127.0.0.1:{port}", f"[::1]:{port}"]
    with Simulator.start(listen=listen, names=["echo.example.net"], nat={"127.0.0.1": HOST}) as simulator:

        def ask(name: str, path: str) -> tuple[int, str]:
            return ask_by_name(simulator, port=port, name=name, path=path)

        assert json.loads(ask("api-demo.bybit.com", TIME["bybit"])[1])["retCode"] == 0
        assert "serverTime" in ask("api.binance.com", TIME["binance"])[1]
        assert ask("fapi.binance.com", TIME["binance"])[0] == 404
        assert ask("testnet.binance.vision", INTROSPECTION["binance"])[0] == 404
        assert ask("eea.okx.com", TIME["okx"])[0] == 200
        assert ask("checkip.amazonaws.com", "/") == (200, f"{HOST}\n")
        assert ask("echo.example.net", "/json") == (200, f'{{"ip": "{HOST}"}}')
        assert json.loads(ask("stat.ripe.net", "/data/whats-my-ip/data.json")[1])["data"]["ip"] == HOST
        assert "h=www.cloudflare.com" in ask("www.cloudflare.com", "/cdn-cgi/trace")[1].splitlines()
        simulator.set_echo("ip.me", "lying", addresses=["91.198.115.77"])
        assert ask("ip.me", "/") == (200, "91.198.115.77\n")
        services = [(seen.service, seen.host) for seen in simulator.requests()]
        assert services[0] == ("bybit-demo", "api-demo.bybit.com")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly(number: signal.Signals) -> None:
    simulator = Simulator.start(listen=["127.0.0.1"])
    process, directory = simulator._process, simulator.state_dir
    assert process is not None
    try:
        simulator.fault("okx", "endless")
        url = simulator.base_url("okx") + TIME["okx"]
        with requests.get(url, verify=simulator.ca_file, timeout=5, stream=True):
            os.kill(process.pid, number)
            assert process.wait(10) == 0
        assert not (directory / "endpoints.json").exists()
        assert not (directory / "control.sock").exists()
        assert (directory / "log").read_text() == ""
    finally:
        simulator.stop()
    assert not directory.exists()


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = (
        "import os\nfrom tests.simulator.client import Simulator\n"
        "simulator = Simulator.start(listen=['127.0.0.1'])\n"
        "print(simulator.pid, simulator.state_dir, flush=True)\nos._exit(0)"
    )
    command = [sys.executable, "-c", code]
    starter = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=30, check=True)
    output = starter.stdout.split()
    process = os.pidfd_open(int(output[0]))
    try:
        assert select.select([process], [], [], 10)[0] == [process]
    finally:
        os.close(process)
        shutil.rmtree(output[1])


def test_it_says_why_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match="too long for a unix socket"):
        Simulator.start(state_dir=tmp_path / ("x" * 100))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SimulatorError, match="cannot listen: Address already in use"):
            Simulator.start(listen=[f"127.0.0.1:{taken.getsockname()[1]}"])


def test_attach_and_a_kept_authority(simulator: Simulator) -> None:
    attached = Simulator.attach(simulator.state_dir)
    key = attached.create_key("okx")
    attached.stop()
    assert [held["key"] for held in simulator.list_keys()] == [key.key]
    assert key.secret not in json.dumps(simulator.list_keys())


def test_the_authority_is_kept() -> None:
    first = Simulator.start(listen=["127.0.0.1"])
    authority = (first.state_dir / "ca.pem").read_bytes()
    try:
        first._process.terminate() if first._process else None
        with Simulator.start(listen=["127.0.0.1"], state_dir=first.state_dir) as second:
            assert (second.state_dir / "ca.pem").read_bytes() == authority
            assert get(second, second.ip_service_url("plain")).status_code == 200
    finally:
        first.stop()


def test_the_directory_is_private(simulator: Simulator) -> None:
    modes = {name: (simulator.state_dir / name).stat().st_mode & 0o777 for name in ("ca-key.pem", "server-key.pem")}
    assert modes == {"ca-key.pem": 0o600, "server-key.pem": 0o600}
    assert (simulator.state_dir / "control.sock").stat().st_mode & 0o777 == 0o600
