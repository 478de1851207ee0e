# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of an answer: how many questions are put, what is said of it, and what never leaves."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import HttpError, TradingHostsError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _driver, _registry
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import (
    Credential,
    Interview,
    Question,
    RefusedError,
)
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._okx import Okx
from ansible_collections.trading.hosts.plugins.module_utils._facts import REFUSALS, Access, ObservedKey, to_json
from ansible_collections.trading.hosts.plugins.module_utils._http import Answer, Request
from tests.unit.module_utils._exchanges.test_answers import BITGET_UNIFIED, GOOD, TIMES

NOW = datetime.datetime(2026, 11, 22, 7, 13, 54, tzinfo=datetime.UTC)
CREDENTIAL = Credential("KEYcanary0123456789", "SECRETcanary0123456789", "PHRASEcanary1!")


class FakeHttp:
    """Gives the answers of a list, and keeps the questions."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    def send(self, request: Request) -> Answer:
        self.asked.append(request)
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, Answer) else said(found)


def said(data: Any, *, status: int = 200, **headers: str) -> Answer:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, "api.example")


def ask(name: str, *answers: Any, **options: Any) -> tuple[Access, ObservedKey | None, FakeHttp]:
    exchange = _registry.get(name)
    http = FakeHttp(*answers)
    question = Question(CREDENTIAL, NOW, exchange.sites()["mainnet", "global"], "mainnet", **options)
    access, key = _driver.ask(exchange=exchange, question=question, http=http, now=lambda: NOW)
    assert not http.answers, "fewer questions than answers"
    return access, key, http


@pytest.mark.parametrize("name", GOOD)
def test_acceptance_needs_one_question(name: str) -> None:
    access, key, http = ask(name, GOOD[name])
    assert access == Access("accepted")
    assert key is not None
    assert key.masked_id == "KE…89"
    assert key.not_told == tuple(sorted(_registry.get(name).cannot_tell()))
    assert len(http.asked) == 1


OKX_REFUSED = {"code": "50111", "msg": "Invalid OK-ACCESS-KEY"}

BY_STATUS: list[tuple[Any, str, str | None]] = [
    (said(b"", status=302, location="https://evil.example/"), "unreachable", "HTTP 302"),
    (said(b"<html>", status=429), "rate_limited", "HTTP 429"),
    (said({"code": "50011", "msg": "Too Many Requests"}, status=429), "rate_limited", "50011"),
    (said(OKX_REFUSED, status=429), "rate_limited", "50111"),
    (said(b"", status=418), "rate_limited", "HTTP 418"),
    (said(b"<html>", status=403), "ambiguous", "HTTP 403"),
    (said(OKX_REFUSED, status=403), "invalid_key", "50111"),
    (said(OKX_REFUSED, status=401), "invalid_key", "50111"),
    (said(b"<html>", status=503), "unreachable", "HTTP 503"),
    (said(OKX_REFUSED, status=500), "unreachable", "50111"),
    (said(b"<html>", status=404), "unreachable", None),
    (said(b"", status=200), "unreachable", None),
    (said([], status=200), "unreachable", None),
    (said({"code": "0", "data": []}), "unreachable", None),
    (said(GOOD["okx"], status=401), "unreachable", None),
    (said(GOOD["okx"], status=403), "ambiguous", "HTTP 403"),
    (said(GOOD["okx"], status=204), "unreachable", None),
    (said({"code": "77777", "msg": "?"}), "ambiguous", "77777"),
    (HttpError(kind="timeout", host="h", problem="no whole answer came in time"), "unreachable", None),
    (HttpError(kind="tls", host="h", problem="no trusted TLS"), "unreachable", None),
]


@pytest.mark.parametrize(("answer", "status", "code"), BY_STATUS)
def test_one_question_and_no_retry_whatever_comes(answer: Any, status: str, code: str | None) -> None:
    access, key, http = ask("okx", answer, ask_futures_host=True)
    assert (access.status, access.code) == (status, code)
    assert key is None
    assert len(http.asked) == 1
    assert access.message
    assert access.next_step


def test_every_refusal_has_advice() -> None:
    assert set(REFUSALS) - {"settling", "held_back"} == set(_driver.NEXT_STEPS)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "30"}, 30),
        ({"retry_after": "0"}, 0),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "9" * 12}, None),
        ({}, None),
        ({"retry_after": "Sun, 22 Nov 2026 07:15:00 GMT", "date": "Sun, 22 Nov 2026 07:14:00 GMT"}, 60),
        ({"retry_after": "Sun, 22 Nov 2026 07:15:00 GMT"}, None),
    ],
)
def test_retry_after_is_told_and_never_waited_for(headers: dict[str, str], seconds: int | None) -> None:
    access, _key, _http = ask("okx", said(b"", status=429, **headers))
    assert access.retry_after == seconds


SKEW = {
    "bybit": {"retCode": 10002, "retMsg": "time"},
    "bitget": {"code": "40008", "msg": "Request timestamp expired"},
    "okx": {"code": "50102", "msg": "Timestamp request expired"},
    "binance": {"code": -1021, "msg": "outside of the recvWindow"},
}


@pytest.mark.parametrize("name", SKEW)
def test_a_wrong_clock_is_measured_by_one_unsigned_question(name: str) -> None:
    at = str(int(NOW.timestamp() * 1000) + 42_000)
    time_answer = json.loads(json.dumps(TIMES[name]).replace("1666879482792", at))
    access, _key, http = ask(name, SKEW[name], time_answer)
    assert access.status == "clock_skew"
    assert "is 42.0 s behind" in str(access.next_step)
    assert len(http.asked) == 2
    assert http.asked[1].headers == {}


@pytest.mark.parametrize("broken", [said(b"<html>"), HttpError(kind="timeout", host="h", problem="late")])
def test_a_wrong_clock_without_a_measurement_stays_one(broken: Any) -> None:
    access, _key, _http = ask("okx", SKEW["okx"], broken)
    assert access.status == "clock_skew"
    assert "NTP" in str(access.next_step)


def test_a_clock_that_agrees_by_now_is_not_blamed() -> None:
    time_answer = {"code": "0", "data": [{"ts": str(int(NOW.timestamp() * 1000))}]}
    access, _key, _http = ask("okx", SKEW["okx"], time_answer)
    assert "agrees" in str(access.next_step)


NO = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
SEEN = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action, request ip: 103.126.149.19"}


def test_binances_futures_host_is_asked_only_when_the_owner_says_so() -> None:
    access, _key, http = ask("binance", NO)
    assert (access.status, access.seen_address, len(http.asked)) == ("ambiguous", None, 1)


@pytest.mark.parametrize(
    ("second", "status", "seen"),
    [
        (said(SEEN, status=401), "ambiguous", "103.126.149.19"),
        (said(NO, status=401), "ambiguous", None),
        (said({"assets": []}), "permission_denied", None),
        (said({"code": -1003, "msg": "Too many"}, status=429), "ambiguous", None),
        (said(b"<html>", status=503), "ambiguous", None),
        (HttpError(kind="timeout", host="h", problem="late"), "ambiguous", None),
    ],
)
def test_binances_futures_host_tells_the_causes_apart(second: Any, status: str, seen: str | None) -> None:
    access, _key, http = ask("binance", said(NO, status=401), second, ask_futures_host=True)
    assert (access.status, access.seen_address, access.code) == (status, seen, "-2015")
    assert http.asked[1].url.startswith("https://fapi.binance.com/fapi/v2/account?")


def test_a_unified_bitget_account_is_asked_in_its_own_form() -> None:
    moved = {"code": "40085", "msg": "You are in Unified Account mode"}
    access, key, http = ask("bitget", said(moved, status=400), BITGET_UNIFIED)
    assert access.status == "accepted"
    assert key is not None
    assert key.account.id == "123456789"
    assert [request.url.split(".com")[1] for request in http.asked] == [
        "/api/v2/spot/account/info",
        "/api/v3/account/info",
    ]
    access, _key, http = ask("bitget", said(moved), {"code": "40018", "msg": "Invalid IP"})
    assert (access.status, len(http.asked)) == ("ip_refused", 2)
    access, _key, http = ask("bitget", said(moved), moved)
    assert (access.status, len(http.asked)) == ("ambiguous", 2)


HOSTILE = "a\n::error file=x::b \x1b[31m\u202e ##[error] KEYcanary0123456789 SECRETcanary0123456789 PHRASEcanary1! z"


def assert_harmless(text: str) -> None:
    for secret in CREDENTIAL.secrets():
        assert secret not in text
    for bad in ("\n", "\x1b", "\u202e", "::error", "##["):
        assert bad not in text


def test_hostile_refusals_are_made_harmless() -> None:
    access, _key, _http = ask("okx", {"code": HOSTILE, "msg": HOSTILE})
    assert_harmless(str(access.code))
    assert_harmless(str(access.message))


def test_hostile_answers_are_made_harmless() -> None:
    row = {
        "uid": HOSTILE,
        "mainUid": HOSTILE + "2",
        "label": HOSTILE,
        "perm": f"read_only,{HOSTILE}",
        "ip": f"1.2.3.4,{HOSTILE},1.2.3.4\u200b,::1,2001:db8::/32, 5.6.7.8",
    }
    _access, key, _http = ask("okx", {"code": "0", "data": [row]})
    assert key is not None
    for value in (key.label, key.account.id, key.account.parent_id, *(key.permissions or ()), *key.raw_permissions):
        assert_harmless(str(value))
    for entry in key.allowlist.entries:
        assert_harmless(entry)
    entries = set(key.allowlist.entries)
    assert {"1.2.3.4", "::1", "2001:db8::/32", "5.6.7.8"} <= entries
    assert "1.2.3.4\\u200b" in entries, "an invisible character must not vanish"
    assert_harmless(json.dumps(to_json(key), ensure_ascii=False))


def test_entries_with_space_stay_as_told() -> None:
    data = json.loads(json.dumps(GOOD["bybit"]))
    data["result"]["ips"] = [" 1.2.3.4", "1.2.3.4 - 1.2.3.9", "x" * 500]
    _access, key, _http = ask("bybit", data)
    assert key is not None
    assert key.allowlist.entries[:2] == (" 1.2.3.4", "1.2.3.4 - 1.2.3.9")
    assert len(key.allowlist.entries[2]) <= 200


def test_a_plain_account_says_that_nothing_was_told() -> None:
    _access, key, _http = ask("binance", {"balances": []})
    assert key is not None
    assert {"permissions", "allowlist", "expiry"} <= set(key.not_told)


class OneMoreQuestion(Okx):
    """An exchange that asks on after every refusal, and for what it does not list."""

    def interview(self, question: Question) -> Interview:
        try:
            yield self.key_request(question)
        except RefusedError:
            yield self.key_request(question)
        raise AssertionError("the driver went on")


@pytest.mark.parametrize("code", ["50110", "50111", "50113", "50105", "50011"])
def test_nothing_more_is_asked_after_a_refusal_that_settles_the_key(code: str) -> None:
    http = FakeHttp(said({"code": code, "msg": "no"}, status=401))
    question = Question(CREDENTIAL, NOW, _registry.get("okx").sites()["mainnet", "global"], "mainnet")
    access, key = _driver.ask(exchange=OneMoreQuestion(), question=question, http=http, now=lambda: NOW)
    assert (access.code, key, len(http.asked)) == (code, None, 1)


@pytest.mark.parametrize("name", GOOD)
def test_what_is_no_listed_read_never_leaves(name: str) -> None:
    exchange = _registry.get(name)
    http = FakeHttp()
    listed = next(iter(exchange.reads()))[1]
    for method, path in (("POST", "/api/v5/trade/order"), ("GET", "/withdraw"), ("DELETE", listed)):
        with pytest.raises(TradingHostsError, match="no listed read"):
            _driver._send(Request(method, f"https://h.example{path}"), exchange=exchange, http=http)
    assert http.asked == []


@pytest.mark.parametrize("name", GOOD)
def test_the_listed_reads_are_reads(name: str) -> None:
    assert {method for method, _path in _registry.get(name).reads()} == {"GET"}
