# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of an answer: how many questions are put, what is said of it, and what never leaves."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
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
from ansible_collections.trading.hosts.plugins.module_utils._facts import (
    REFUSALS,
    Access,
    Allowlist,
    Expiry,
    ObservedKey,
    to_json,
)
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer, Request
from tests.unit.module_utils._exchanges.test_answers import BITGET_UNIFIED, GOOD, TIMES

NOW = datetime.datetime(2026, 11, 22, 7, 13, 54, tzinfo=datetime.timezone.utc)
CREDENTIAL = Credential("KEYcanary0123456789", "SECRETcanary0123456789AASECRETcanary0123456=", "PHRASEcanary1!")


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


BOXES = {
    "ipRestrict": False,
    "createTime": 1684763997626,
    "permitsUniversalTransfer": False,
    "enableReading": True,
    "enableFutures": False,
    "enableSpotAndMarginTrading": False,
}
UID = {"code": 200, "data": 4711}
#: The answers of an accepted key, where more than one is asked for.
INTERVIEWS: dict[str, list[Any]] = {"bingx": [GOOD["bingx"], BOXES], "htx": [UID, GOOD["htx"]]}


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"gate", "hyperliquid", "krakenfutures"}))
def test_acceptance_needs_no_more_questions_than_that(name: str) -> None:
    exchange = _registry.get(name)
    access, key, http = ask(name, *INTERVIEWS.get(name, [GOOD[name]]))
    assert access == Access("accepted")
    assert key is not None
    assert key.masked_id == "KE…89"
    assert key.not_told == tuple(sorted(exchange.cannot_tell().union(exchange.key(said(GOOD[name])).not_told)))
    assert len({request.url for request in http.asked}) == len(http.asked)


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


def test_a_refusal_by_http_500_is_heard_where_that_is_the_exchanges_way() -> None:
    refused = said(["error", 10114, "nonce: small"], status=500)
    access, _key, _http = ask("bitfinex", refused, said([1], date="Sun, 22 Nov 2026 07:13:54 GMT"))
    assert (access.status, access.code) == ("ambiguous", "10114")
    for other in (said(b"<html>", status=500), said(["error", 10100, "apikey: invalid"], status=502)):
        assert ask("bitfinex", other)[0].status == "unreachable"


@pytest.mark.parametrize(
    ("there", "status", "step"),
    [
        ("07:13:53", "ambiguous", "saw a higher number"),
        ("07:14:54", "clock_skew", "clock is 60.0 s behind"),
        (None, "ambiguous", "saw a higher number"),
    ],
)
def test_a_refused_number_is_the_clocks_fault_only_where_the_clock_is_off(
    there: str | None, status: str, step: str
) -> None:
    # clock_skew keeps a service from starting again: a bot that counts higher than the question must not be cut off.
    seen = said([]) if there is None else said([], date=f"Sun, 22 Nov 2026 {there} GMT")
    refused = said({"result": "error", "reason": "InvalidNonce", "message": "no"}, status=400)
    access, _key, http = ask("gemini", refused, seen)
    assert access.status == status
    assert step in str(access.next_step)
    assert len(http.asked) == 2


def test_geminis_refusal_does_not_show_the_key_that_it_prints() -> None:
    text = "assign one of these roles [FundManager] to API key wujB3szN54gtJ4QDhqRJ which currently has roles [Trader]"
    access, _key, _http = ask("gemini", said({"result": "error", "reason": "MissingRole", "message": text}, status=403))
    assert access.status == "permission_denied"
    assert "wujB3" not in str(access.message)
    assert "[FundManager]" in str(access.message)


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
    "bingx": {"code": 100421, "msg": "timestamp mismatch"},
    "bitmex": {"error": {"message": "This request has expired - `expires` is in the past.", "name": "HTTPError"}},
    "htx": {"status": "error", "err-code": "api-signature-not-valid", "err-msg": "Invalid submission time"},
    "gate": {"label": "REQUEST_EXPIRED", "message": "gap exceeds 60"},
    "kucoin": {"code": "400002", "msg": "KC-API-TIMESTAMP Invalid"},
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
    assert access.status == "unreachable"  # a slow network, which keeps no service down
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
        (said(b"<html>", status=503), "ambiguous", None),
        (HttpError(kind="timeout", host="h", problem="late"), "ambiguous", None),
    ],
)
def test_binances_futures_host_tells_the_causes_apart(second: Any, status: str, seen: str | None) -> None:
    access, _key, http = ask("binance", said(NO, status=401), second, ask_futures_host=True)
    assert (access.status, access.seen_address, access.code) == (status, seen, "-2015")
    assert http.asked[1].url.startswith("https://fapi.binance.com/fapi/v2/account?")


def test_binances_futures_host_may_call_for_silence() -> None:
    limited = said({"code": -1003, "msg": "Too many"}, status=429)
    access, _key, _http = ask("binance", said(NO, status=401), limited, ask_futures_host=True)
    assert (access.status, access.code) == ("rate_limited", "-1003")


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
            _driver.send_read(Request(method, f"https://h.example{path}"), exchange=exchange, http=http)
    assert http.asked == []


#: Every POST that is ever sent, and why it is one although it only reads.
POST_READS = {
    (
        "bitmart",
        "/spot/v4/query/open-orders",
    ): "its documents: open orders, for keys that may only read; it looks at the"
    " signature, which its reads by GET do not",
    (
        "bitstamp",
        "/api/v2/account_balances/usd/",
    ): "its documents: a balance; all signed calls that ccxt knows are POST",
    ("cryptocom", "/exchange/v1/private/user-balance"): "its documents: balances; all signed calls are POST",
    ("bitfinex", "/v2/auth/r/permissions"): "its documents: r is read, w is write; all signed calls are POST",
    ("hyperliquid", "/info"): "its documents: public answers, without signature; what acts has another path",
    ("gemini", "/v1/roles"): "its documents: tells the roles of the key that asks; all signed calls are POST",
    ("kraken", "/0/private/GetApiKeyInfo"): "its documents: tells of the key that asks; all signed calls are POST",
}


@pytest.mark.parametrize("name", _registry.EXCHANGES)
def test_the_listed_reads_are_reads(name: str) -> None:
    reads = _registry.get(name).reads()
    assert {method for method, _path in reads} <= {"GET", "POST"}
    assert {path for method, path in reads if method == "POST"} == {path for of, path in POST_READS if of == name}


#: Words of calls that act. None may stand in a path that is ever asked, in whatever spelling.
ACTS = re.compile(
    r"order(?!s$)|cancel|withdraw|transfer|batch|test$|place|create|delete|revoke|revoc|edit|modify|amend|apikeyinfo$"
    r"|approve|close|leverage|borrow|repay|convert|exchange$|user/universal",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", _registry.EXCHANGES)
def test_no_listed_path_has_a_word_of_a_call_that_acts(name: str) -> None:
    paths = {path for _method, path in _registry.get(name).reads()}
    # Kraken's call for a key's own page is told from MEXC's, which writes, by its whole path.
    assert {path for path in paths if ACTS.search(path)} - {"/0/private/GetApiKeyInfo"} == set()


@pytest.mark.parametrize(
    ("name", "method", "path"),
    [
        ("mexc", "POST", "/api/v3/apiKeyInfo"),
        ("mexc", "GET", "/api/v3/apiKeyInfo"),
        ("mexc", "POST", "/api/v3/order/test"),
        ("bitstamp", "POST", "/api/v2/revoke_all_api_keys/"),
        ("bitstamp", "POST", "/api/v2/account_balances/../revoke_all_api_keys/"),
        ("kraken", "POST", "/0/private/Withdraw"),
        ("bitmart", "POST", "/spot/v2/submit_order"),
        ("hyperliquid", "POST", "/exchange"),
        ("gemini", "POST", "/v1/order/cancel/all"),
        ("deribit", "GET", "/api/v2/private/disable_api_key"),
        ("bitfinex", "POST", "/v2/auth/w/order/submit"),
        ("binance", "POST", "/api/v3/order/test"),
        ("bybit", "POST", "/v5/user/update-api"),
    ],
)
def test_known_calls_that_act_never_leave(name: str, method: str, path: str) -> None:
    http = FakeHttp()
    with pytest.raises(TradingHostsError, match="no listed read"):
        _driver.send_read(Request(method, f"https://h.example{path}"), exchange=_registry.get(name), http=http)
    assert http.asked == []


def test_only_the_driver_sends() -> None:
    """No other file of the exchanges has a way to the network, so that none can go round the list of reads."""
    folder = Path(_registry.__file__).parent
    sending = {file.name for file in folder.glob("*.py") if re.search(r"\.send\(request", file.read_text())}
    assert sending == {"_driver.py", "_pace.py"}  # the pace hands on what the driver sends
    network = re.compile(r"^(?:import|from) (?:requests|urllib3|http|socket|urllib\.request)\b", re.MULTILINE)
    networked = {file.name for file in folder.glob("*.py") if network.search(file.read_text())}
    assert networked == set()


DENIED = said({"label": "FORBIDDEN", "message": "no permission"}, status=403)
OWN = {
    "state": 2,
    "name": "bot",
    "perms": [{"name": "account", "read_only": True}, {"name": "spot", "read_only": False}],
    "key": "KEYcanary012*****",
    "created_at": 1753030929,
    "last_access": "1753030930",
}
STRANGER = {**OWN, "name": "STRANGERcanary", "key": "52fd0035f665*****", "perms": [{"name": "x", "read_only": 7}]}


def gate(*keys: Any) -> ObservedKey:
    access, key, _http = ask("gate", GOOD["gate"], *keys)
    assert access == Access("accepted")
    assert key is not None
    assert key.allowlist.entries == ("127.0.0.1",)
    return key


def test_gates_permissions_come_from_the_callers_own_row() -> None:
    key = gate(said(json.dumps([STRANGER, OWN]).encode()))
    assert key.permissions == ("margin_trade", "read", "spot_trade")
    assert key.raw_permissions == ("account:read_only", "spot:read_write")
    assert (key.label, key.state) == ("bot", "locked")
    assert (key.created_at, key.last_used_at) == ("2025-07-20T17:02:09Z", "2025-07-20T17:02:10Z")
    assert key.not_told == ("expiry", "owner_kind")
    assert "STRANGERcanary" not in json.dumps(to_json(key))


@pytest.mark.parametrize(
    ("group", "word"),
    [
        ("wallet", "transfer_own"),
        ("withdrawal", "withdraw"),
        ("withdraw", "withdraw"),
        ("delivery", "futures_trade"),
        ("account", "unknown:account:read_write"),
        ("new", "unknown:new:read_write"),
    ],
)
def test_gates_groups(group: str, word: str) -> None:
    row = {**OWN, "perms": [{"name": group, "read_only": False}]}
    assert word in (gate(said(json.dumps([row]).encode())).permissions or ())
    row = {**OWN, "perms": [{"name": group, "read_only": True}]}
    assert gate(said(json.dumps([row]).encode())).permissions == ("read",)


@pytest.mark.parametrize(
    "keys",
    [
        DENIED,
        said(b"[]"),
        said(json.dumps([STRANGER]).encode()),
        said(json.dumps([OWN, OWN]).encode()),
        said(json.dumps([{**OWN, "key": {"mode": 1}}]).encode()),
        said(json.dumps([{**OWN, "key": "*****"}]).encode()),
        said(json.dumps([{**OWN, "key": "KEYcan*****"}]).encode()),
        said(json.dumps([{**OWN, "key": "KEYcanary012345678"}]).encode()),
        said(b'[7, null, "x", []]'),
    ],
)
def test_gates_permissions_stay_unknown_where_no_row_is_surely_the_callers(keys: Any) -> None:
    key = gate(keys)
    assert key.permissions is None
    assert key.raw_permissions == ()
    assert "permissions" in key.not_told
    assert "created_at" in key.not_told


@pytest.mark.parametrize(
    "row",
    [
        {**OWN, "perms": "spot"},
        {**OWN, "perms": []},
        {**OWN, "perms": ["spot"]},
        {**OWN, "perms": [{"name": "spot"}]},
        {**OWN, "perms": [{"name": "spot", "read_only": "true"}]},
        {**OWN, "created_at": "soon"},
        {**OWN, "created_at": 10**30},
        {**OWN, "name": []},
    ],
)
def test_gates_own_row_of_another_form_is_no_answer(row: Any) -> None:
    access, key, _http = ask("gate", GOOD["gate"], said(json.dumps([row]).encode()))
    assert (access.status, key) == ("unreachable", None)


def test_gates_other_refusals_of_the_list_are_refusals() -> None:
    limited = said({"label": "TOO_MANY_REQUESTS", "message": "slow"}, status=429)
    access, key, _http = ask("gate", GOOD["gate"], limited)
    assert (access.status, key) == ("rate_limited", None)


UNIFIED = {
    "code": "200000",
    "data": {
        "remark": "123",
        "apiVersion": 3,
        "permission": "General,Futures,Unified,Spot,Earn,InnerTransfer,Margin",
        "createdAt": 1770014893000,
        "uid": 157267400,
        "isMaster": True,
        "region": "ID",
    },
}


def test_kucoins_unified_form_hides_the_list() -> None:
    access, key, http = ask("kucoin", {"code": "112010", "msg": "not for this account"}, UNIFIED)
    assert access == Access("accepted")
    assert key is not None
    assert key.allowlist.state == "unknown"
    assert "allowlist" in key.not_told
    assert "futures_trade" in (key.permissions or ())
    assert http.asked[1].url == "https://api.kucoin.com/api/ua/v1/user/api-key"


@pytest.mark.parametrize("code", ["400006", "400003", "400004", "400007", "411100"])
def test_kucoins_documented_refusals_are_heard_once(code: str) -> None:
    _access, _key, http = ask("kucoin", {"code": code, "msg": "no"})
    assert len(http.asked) == 1


def test_kucoin_is_not_asked_again_where_the_network_refused() -> None:
    access, _key, http = ask("kucoin", said(b"<html>", status=403))
    assert (access.status, access.code, len(http.asked)) == ("ambiguous", "HTTP 403", 1)


def test_kucoins_first_refusal_counts_where_both_forms_refuse() -> None:
    access, _key, _http = ask("kucoin", {"code": "112010", "msg": "first"}, {"code": "999999", "msg": "second"})
    assert (access.status, access.code, access.message) == ("ambiguous", "112010", "first")


def test_woos_other_keys_are_dropped() -> None:
    row = GOOD["woo"]["data"]["rows"][0]
    other = {**row, "apiKey": "OTHERcanary", "accountName": "STRANGERcanary", "allowedIPs": ["9.9.9.9"]}
    rows = {"success": True, "data": {"rows": [other, {**row, "permissions": ["READ"]}, 7]}}
    _access, key, _http = ask("woo", rows)
    assert key is not None
    assert key.permissions == ("read",)
    assert key.allowlist.entries == ("123.0.0.1", "124.2.1.1")
    assert "canary" not in json.dumps(to_json(key))


@pytest.mark.parametrize("count", [0, 2])
def test_a_woo_key_that_is_not_listed_once_is_accepted_and_nothing_more(count: int) -> None:
    rows = GOOD["woo"]["data"]["rows"] * count
    access, key, _http = ask("woo", {"success": True, "data": {"rows": rows}})
    assert access == Access("accepted")
    assert key is not None
    assert (key.permissions, key.allowlist.state) == (None, "unknown")
    assert {"permissions", "allowlist"} <= set(key.not_told)


OTHERS_SECRET = "OTHERcanary0123456789"
HTX_NO = {"status": "error", "err-code": "api-signature-not-valid", "err-msg": "API key has no permission"}


def test_htx_is_asked_for_the_id_and_then_for_this_keys_page_only() -> None:
    own = GOOD["htx"]["data"][0]
    other = {**own, "accessKey": OTHERS_SECRET, "permission": "withdraw", "note": OTHERS_SECRET}
    _access, key, http = ask("htx", UID, {"code": 200, "data": [other, {**own, "validDays": 7}, other]})
    assert key is not None
    assert key.account.id == "4711"
    assert key.expiry == Expiry("at", "2026-11-29T07:13:54Z")
    assert "withdraw" not in (key.permissions or ())
    assert OTHERS_SECRET not in json.dumps(to_json(key))
    assert "uid=4711" in http.asked[1].url
    assert f"accessKey={CREDENTIAL.api_key}" in http.asked[1].url
    _access, key, _http = ask("htx", UID, {"code": 200, "data": [{**own, "status": "expired"}]})
    assert key is not None
    assert key.expiry == Expiry("at", "2026-11-22T07:13:54Z")


@pytest.mark.parametrize("no", [HTX_NO, {"code": 1002, "message": "unauthorized"}])
def test_a_key_that_htx_lets_not_see_its_own_page_is_accepted_and_unknown(no: dict[str, Any]) -> None:
    access, key, http = ask("htx", UID, no)
    assert (access.status, len(http.asked)) == ("accepted", 2)
    assert key is not None
    assert (key.permissions, key.allowlist.state, key.expiry.state) == (None, "unknown", "unknown")
    assert {"permissions", "allowlist", "expiry"} <= set(key.not_told)
    assert (key.account.id, "account" in key.not_told) == ("4711", False)


@pytest.mark.parametrize("rows", [[], None, {}, [1], [{"accessKey": "another"}], GOOD["htx"]["data"] * 2])
def test_a_list_of_htx_without_this_key_tells_nothing(rows: Any) -> None:
    access, key, _http = ask("htx", UID, {"code": 200, "data": rows})
    assert (access.status, key) == ("unreachable", None)


@pytest.mark.parametrize("uid", [None, "4711", True, {}, []])
def test_htx_without_an_id_is_asked_no_further(uid: Any) -> None:
    access, _key, http = ask("htx", {"code": 200, "data": uid})
    assert (access.status, len(http.asked)) == ("unreachable", 1)


def test_what_either_page_of_bingx_shows_the_key_can_do() -> None:
    _access, key, _http = ask("bingx", GOOD["bingx"], {**BOXES, "enableFutures": True, "enableTeleport": True})
    assert key is not None
    assert set(key.permissions or ()) == {
        "read",
        "spot_trade",
        "margin_trade",
        "futures_trade",
        "unknown:enableTeleport",
    }
    assert key.created_at == "2023-05-22T13:59:57Z"


@pytest.mark.parametrize(
    ("entries", "restricted", "state"),
    [
        ([], False, "unrestricted"),
        ([], True, "hidden"),
        (["1.2.3.4"], True, "entries"),
        (["1.2.3.4"], False, "unknown"),
    ],
)
def test_pages_of_bingx_that_contradict_each_other_prove_nothing(
    entries: list[str], restricted: bool, state: str
) -> None:
    _access, key, _http = ask("bingx", {**GOOD["bingx"], "ipAddresses": entries}, {**BOXES, "ipRestrict": restricted})
    assert key is not None
    assert key.allowlist.state == state


def test_the_second_page_of_bingx_may_be_refused_but_not_be_wrong() -> None:
    access, key, _http = ask("bingx", GOOD["bingx"], {"code": 100004, "msg": "no permission"})
    assert access.status == "accepted"
    assert key is not None
    assert (key.permissions, key.created_at) == (("margin_trade", "read", "spot_trade"), None)
    for wrong in ({"ipRestrict": "false"}, {"enableReading": 1}, {"createTime": "now"}, {"permitsX": "true"}):
        access, key, _http = ask("bingx", GOOD["bingx"], {**BOXES, **wrong})
        assert (access.status, key) == ("unreachable", None)


def test_of_bitmexes_list_only_the_own_row_is_kept() -> None:
    own = GOOD["bitmex"][0]
    other = {"id": "another", "secret": OTHERS_SECRET, "name": OTHERS_SECRET, "permissions": ["withdraw"]}
    _access, key, http = ask("bitmex", [other, {**own, "secret": CREDENTIAL.secret}, other])
    assert key is not None
    assert key.permissions == ("futures_trade", "read", "spot_trade")
    assert OTHERS_SECRET not in json.dumps(to_json(key))
    assert len(http.asked) == 1
    for rows in ([other], [own, own], [[own]]):
        access, key, _http = ask("bitmex", rows)
        assert (access.status, key) == ("unreachable", None)
        assert OTHERS_SECRET not in str(access)


DERIBIT_ROW = {
    "timestamp": 1560236001108,
    "max_scope": "account:read trade:read wallet:read_write",
    "id": 1,
    "enabled": True,
    "client_secret": CREDENTIAL.secret,
    "client_id": CREDENTIAL.api_key,
    "name": "bot",
    "ip_whitelist": ["1.2.3.4"],
}
DERIBIT_OTHER = {**DERIBIT_ROW, "client_id": "another", "client_secret": OTHERS_SECRET, "name": OTHERS_SECRET}
DERIBIT_NO = {"error": {"code": 13403, "message": "scope_exceeded"}}


def test_deribits_list_is_asked_for_only_on_request_and_only_the_own_row_is_kept() -> None:
    _access, key, http = ask("deribit", GOOD["deribit"])
    assert key is not None
    assert (key.allowlist.state, "allowlist" in key.not_told) == ("unknown", True)
    assert len(http.asked) == 1
    rows = {"result": [DERIBIT_OTHER, DERIBIT_ROW, DERIBIT_OTHER]}
    _access, key, http = ask("deribit", GOOD["deribit"], rows, ask_key_list=True)
    assert key is not None
    assert key.allowlist == Allowlist("entries", ("1.2.3.4",))
    assert (key.label, key.created_at, key.state) == ("bot", "2019-06-11T06:53:21Z", "normal")
    assert {"withdraw", "futures_trade"} <= set(key.permissions or ()), "what either answer shows"
    assert key.not_told == tuple(sorted(_registry.get("deribit").cannot_tell()))
    assert "canary" not in json.dumps(to_json(key))
    assert "?" not in http.asked[1].url


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"ip_whitelist": []}, "unrestricted"),
        ({"ip_whitelist": [""]}, "unrestricted"),
        ({"ip_whitelist": None}, "unknown"),
        ({"ip_whitelist": ["1.2.3.4", "x"]}, "entries"),
    ],
)
def test_deribits_addresses(row: dict[str, Any], state: str) -> None:
    _access, key, _http = ask("deribit", GOOD["deribit"], {"result": [{**DERIBIT_ROW, **row}]}, ask_key_list=True)
    assert key is not None
    assert key.allowlist.state == state


def test_deribits_list_may_be_refused_but_not_be_wrong() -> None:
    access, key, _http = ask("deribit", GOOD["deribit"], said(DERIBIT_NO, status=403), ask_key_list=True)
    assert access.status == "accepted"
    assert key is not None
    assert key.permissions == ("futures_trade", "options_trade", "read", "spot_trade")
    assert (key.allowlist.state, "allowlist" in key.not_told) == ("unknown", True)
    lists: list[Any] = [[], {}, [DERIBIT_OTHER], [DERIBIT_ROW] * 2, [{**DERIBIT_ROW, "max_scope": None}]]
    for rows in lists:
        access, key, _http = ask("deribit", GOOD["deribit"], {"result": rows}, ask_key_list=True)
        assert (access.status, key) == ("unreachable", None)
        assert "canary" not in str(access)
