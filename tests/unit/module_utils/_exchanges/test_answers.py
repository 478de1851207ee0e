# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documented answers, their traps, every refusal code, and answers that no exchange gives."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._errors import AnswerError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import (
    _binance,
    _bitget,
    _bybit,
    _okx,
    _registry,
)
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Exchange
from ansible_collections.trading.hosts.plugins.module_utils._facts import REFUSALS, Account, Allowlist, Expiry
from ansible_collections.trading.hosts.plugins.module_utils._http import Answer

BYBIT: dict[str, Any] = {
    "retCode": 0,
    "retMsg": "",
    "result": {
        "id": "2208369",
        "note": "grid",
        "apiKey": "XXXXXXXX",
        "readOnly": 0,
        "secret": "",
        "permissions": {
            "ContractTrade": ["Order", "Position"],
            "Spot": ["SpotTrade"],
            "Wallet": ["AccountTransfer", "SubMemberTransfer"],
            "Options": [],
            "Derivatives": ["DerivativesTrade"],
            "CopyTrading": [],
            "BlockTrade": [],
            "Exchange": ["ExchangeHistory"],
            "NFT": [],
            "Affiliate": ["Affiliate"],
            "Earn": ["Earn"],
            "FiatP2P": ["FiatP2POrder", "Advertising"],
            "FiatConvertBroker": ["FiatConvertBrokerOrder"],
            "FiatGlobalPay": [],
            "FiatBitPay": ["FaitPayOrder"],
            "BitCard": ["BitCard"],
            "ByXPost": ["ByXPost"],
        },
        "ips": ["18.181.170.164", "13.212.45.47"],
        "type": 1,
        "deadlineDay": -2,
        "expiredAt": "1970-01-01T00:00:00Z",
        "createdAt": "2025-10-13T03:20:45Z",
        "unified": 0,
        "uta": 1,
        "userID": 1448939,
        "isMaster": True,
        "parentUid": "0",
    },
    "retExtInfo": {},
    "time": 1776149990532,
}
BITGET: dict[str, Any] = {
    "code": "00000",
    "msg": "success",
    "requestTime": 1695808949356,
    "data": {
        "userId": "1234",
        "inviterId": "**********",
        "ips": "127.0.0.1",
        "authorities": ["trade", "readonly"],
        "parentId": 99,
        "traderType": "trader",
        "regisTime": "1246566789345",
    },
}
BITGET_UNIFIED: dict[str, Any] = {
    "code": "00000",
    "data": {
        "userId": "123456789",
        "parentId": "",
        "ips": "192.168.1.1,192.168.1.2",
        "permType": "read-and-write",
        "permissions": ["uta_mgt", "uta_trade", "withdraw", "copy_futures_position", "copy_futures_order"],
        "regisTime": "1704067200000",
    },
}
OKX: dict[str, Any] = {
    "code": "0",
    "data": [
        {
            "acctLv": "3",
            "uid": "44705892343619584",
            "label": "V5 Test",
            "ip": "120.255.24.182,49.245.196.13",
            "perm": "read_only,withdraw,trade",
            "mainUid": "444810535339712570",
        }
    ],
    "msg": "",
}
BINANCE: dict[str, Any] = {
    "ipRestrict": False,
    "createTime": 1698645219000,
    "enableReading": True,
    "enableWithdrawals": False,
    "enableInternalTransfer": False,
    "enableMargin": False,
    "enableFutures": False,
    "permitsUniversalTransfer": False,
    "enableVanillaOptions": False,
    "enableFixApiTrade": False,
    "enableFixReadOnly": True,
    "enableSpotAndMarginTrading": False,
    "enablePortfolioMarginTrading": True,
}
GOOD = {"bybit": BYBIT, "bitget": BITGET, "okx": OKX, "binance": BINANCE}
ALL = list(_registry.EXCHANGES.values())


def answer(data: Any, *, status: int = 200) -> Answer:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return Answer(status, {}, body, "api.example")


def changed(data: dict[str, Any], *path: Any, to: Any) -> dict[str, Any]:
    """Return a copy of an answer with one member set to, or with `to` Ellipsis without it."""
    whole = copy.deepcopy(data)
    place: Any = whole
    for step in path[:-1]:
        place = place[step]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return whole


def test_bybit() -> None:
    key = _registry.get("bybit").key(answer(BYBIT))
    assert key.account == Account(id="1448939", parent_id=None, level="main")
    assert key.owner_kind == "own"
    assert key.label == "grid"
    assert set(key.permissions or ()) == {
        "read",
        "futures_trade",
        "spot_trade",
        "margin_trade",
        "transfer_own",
        "transfer_sub",
        "convert",
        "earn",
        "spend",
        "benign",
    }
    assert "FiatBitPay:FaitPayOrder" in key.raw_permissions
    assert key.allowlist == Allowlist("entries", ("18.181.170.164", "13.212.45.47"))
    assert key.created_at == "2025-10-13T03:20:45Z"
    assert key.expiry == Expiry("never")


def test_bybits_read_only_overrides_its_lists() -> None:
    full = changed(BYBIT, "result", "permissions", "Wallet", to=["Withdraw"])
    key = _registry.get("bybit").key(answer(changed(full, "result", "readOnly", to=1)))
    assert key.permissions == ("read",)
    assert "Wallet:Withdraw" in key.raw_permissions
    assert "withdraw" in (_registry.get("bybit").key(answer(full)).permissions or ())


@pytest.mark.parametrize(
    ("group", "word", "expected"),
    [
        ("Wallet", "SubMemberTransferList", "transfer_sub"),
        ("Wallet", "Withdraw", "withdraw"),
        ("Options", "OptionsTrade", "options_trade"),
        ("CopyTrading", "CopyTrading", "copy_trade"),
        ("FiatGlobalPay", "Anything", "spend"),
        ("Wallet", "NewThing", "unknown:Wallet:NewThing"),
        ("BlockTrade", "BlockTrade", "unknown:BlockTrade:BlockTrade"),
        ("Brand\nNew", "x", "unknown:Brand New:x"),
    ],
)
def test_bybits_words(group: str, word: str, expected: str) -> None:
    data = changed(BYBIT, "result", "permissions", to={group: [word]})
    assert expected in (_registry.get("bybit").key(answer(data)).permissions or ())


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"ips": ["*"]}, "allowlist", Allowlist("unrestricted")),
        ({"ips": []}, "allowlist", Allowlist("unknown")),
        ({"ips": [""]}, "allowlist", Allowlist("unknown")),
        ({"ips": ["1.2.3.4", "0.0.0.0/1"]}, "allowlist", Allowlist("entries", ("1.2.3.4", "0.0.0.0/1"))),
        ({"ips": [" 1.2.3.4"]}, "allowlist", Allowlist("entries", (" 1.2.3.4",))),
        ({"expiredAt": "2026-12-22T07:20:25Z", "deadlineDay": 66}, "expiry", Expiry("at", "2026-12-22T07:20:25Z")),
        ({"expiredAt": ""}, "expiry", Expiry("unknown")),
        ({"type": 2}, "owner_kind", "vendor"),
        ({"type": 3}, "owner_kind", None),
        (
            {"isMaster": False, "parentUid": "7"},
            "account",
            Account(id="1448939", parent_id="7", level="sub"),
        ),
    ],
)
def test_bybits_traps(changes: dict[str, Any], field: str, expected: Any) -> None:
    data = changed(BYBIT, "result", to={**BYBIT["result"], **changes})
    assert getattr(_registry.get("bybit").key(answer(data)), field) == expected


def test_bitget_classic() -> None:
    key = _registry.get("bitget").key(answer(BITGET))
    assert key.permissions == ("read", "spot_trade")
    assert key.raw_permissions == ("trade", "readonly")
    assert key.allowlist == Allowlist("entries", ("127.0.0.1",))
    assert key.account == Account(id="1234", parent_id="99", level="sub")
    assert key.created_at is None
    assert key.expiry == Expiry("unknown")


def test_bitget_unified() -> None:
    key = _registry.get("bitget").key(answer(BITGET_UNIFIED))
    assert set(key.permissions or ()) == {
        "read",
        "spot_trade",
        "margin_trade",
        "futures_trade",
        "copy_trade",
        "withdraw",
        "unknown:uta_mgt",
    }
    assert key.allowlist == Allowlist("entries", ("192.168.1.1", "192.168.1.2"))
    assert key.account == Account(id="123456789", parent_id=None, level="main")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("read-only", ("read",)), ("read_only", ("read",)), ("ReadOnly", ("read",))],
)
def test_bitgets_read_only_overrides_its_list(kind: str, expected: tuple[str, ...]) -> None:
    key = _registry.get("bitget").key(answer(changed(BITGET_UNIFIED, "data", "permType", to=kind)))
    assert key.permissions == expected


def test_bitgets_unknown_kind_is_kept() -> None:
    key = _registry.get("bitget").key(answer(changed(BITGET_UNIFIED, "data", "permType", to="write-only")))
    assert "unknown:permType:write-only" in (key.permissions or ())


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("coor", "read"),
        ("coow", "futures_trade"),
        ("cpow", "futures_trade"),
        ("stow", "spot_trade"),
        ("smow", "margin_trade"),
        ("ttow", "copy_trade"),
        ("wtow", "transfer_own"),
        ("wwow", "withdraw"),
        ("withdraw", "withdraw"),
        ("chow", "manage_keys"),
        ("p2p", "spend"),
        ("pllw", "borrow"),
        ("taxw", "benign"),
        ("newword", "unknown:newword"),
    ],
)
def test_bitgets_words(word: str, expected: str) -> None:
    key = _registry.get("bitget").key(answer(changed(BITGET, "data", "authorities", to=[word])))
    assert expected in (key.permissions or ())


COMMA_LISTS = [
    ("", Allowlist("unrestricted")),
    ("*", Allowlist("unrestricted")),
    ("1.2.3.4", Allowlist("entries", ("1.2.3.4",))),
    ("1.2.3.4, 5.6.7.8", Allowlist("entries", ("1.2.3.4", "5.6.7.8"))),
    ("1.2.3.4,", Allowlist("entries", ("1.2.3.4", ""))),
    ("0.0.0.0/1,128.0.0.0/1", Allowlist("entries", ("0.0.0.0/1", "128.0.0.0/1"))),
    (..., Allowlist("unknown")),
    (None, Allowlist("unknown")),
]


@pytest.mark.parametrize(("text", "expected"), COMMA_LISTS)
def test_comma_lists(text: Any, expected: Allowlist) -> None:
    assert _registry.get("okx").key(answer(changed(OKX, "data", 0, "ip", to=text))).allowlist == expected
    assert _registry.get("bitget").key(answer(changed(BITGET, "data", "ips", to=text))).allowlist == expected


def test_okx() -> None:
    key = _registry.get("okx").key(answer(OKX))
    assert set(key.permissions or ()) == {
        "read",
        "withdraw",
        "spot_trade",
        "margin_trade",
        "futures_trade",
        "options_trade",
        "transfer_own",
    }
    assert key.label == "V5 Test"
    assert key.account == Account("44705892343619584", "444810535339712570", "sub")
    assert key.allowlist.entries == ("120.255.24.182", "49.245.196.13")


@pytest.mark.parametrize(
    ("row", "level"),
    [
        ({"uid": "1", "mainUid": "1"}, "main"),
        ({"uid": "1", "mainUid": "2"}, "sub"),
        ({"uid": "1", "mainUid": "1", "type": "0"}, "main"),
        ({"uid": "1", "mainUid": "2", "type": "1"}, "sub"),
        ({"uid": "1", "mainUid": "2", "type": "5"}, "sub"),
        ({"uid": "1"}, None),
    ],
)
def test_okx_levels(row: dict[str, str], level: str | None) -> None:
    data = {"code": "0", "data": [{"perm": "read_only", "ip": "", **row}]}
    assert _registry.get("okx").key(answer(data)).account.level == level


def test_okx_unknown_word() -> None:
    key = _registry.get("okx").key(answer(changed(OKX, "data", 0, "perm", to="read_only,earn")))
    assert key.permissions == ("read", "unknown:earn")


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ("enableSpotAndMarginTrading", {"spot_trade", "margin_trade"}),
        ("enableMargin", {"borrow", "transfer_own"}),
        ("enableFutures", {"futures_trade"}),
        ("enableVanillaOptions", {"options_trade"}),
        ("enablePortfolioMarginTrading", {"futures_trade", "margin_trade"}),
        ("permitsUniversalTransfer", {"transfer_own"}),
        ("enableInternalTransfer", {"transfer_sub"}),
        ("enableWithdrawals", {"withdraw"}),
        ("enableFixApiTrade", {"spot_trade"}),
        ("enableFixReadOnly", set()),
        ("enableTeleport", {"unknown:enableTeleport"}),
    ],
)
def test_binances_boxes(box: str, expected: set[str]) -> None:
    data = {**BINANCE, **dict.fromkeys(_binance._BOXES, False), "ipRestrict": True, "enableReading": True, box: True}
    assert set(_registry.get("binance").key(answer(data)).permissions or ()) == expected | {"read"}
    data[box] = False
    assert _registry.get("binance").key(answer(data)).permissions == ("read",)


@pytest.mark.parametrize(
    ("restricted", "until", "allowlist", "expiry"),
    [
        (False, ..., Allowlist("unrestricted"), Expiry("unknown", scope="trade")),
        (True, ..., Allowlist("hidden"), Expiry("never", scope="trade")),
        (False, 1798761600000, Allowlist("unrestricted"), Expiry("at", "2027-01-01T00:00:00Z", "trade")),
    ],
)
def test_binance_tells_whether_and_until_when(
    restricted: bool, until: Any, allowlist: Allowlist, expiry: Expiry
) -> None:
    data = {**BINANCE, "ipRestrict": restricted, "tradingAuthorityExpirationTime": 0}
    key = _registry.get("binance").key(answer(changed(data, "tradingAuthorityExpirationTime", to=until)))
    assert key.allowlist == allowlist
    assert key.expiry == expiry
    assert key.created_at == "2023-10-30T05:53:39Z"


def test_a_plain_binance_account_tells_nothing_of_the_key() -> None:
    key = _registry.get("binance").key(answer({"canTrade": True, "canWithdraw": True, "balances": []}))
    assert key.permissions is None
    assert key.allowlist == Allowlist("unknown")


TABLES = {"binance": _binance.REFUSALS, "bitget": _bitget.REFUSALS, "bybit": _bybit.REFUSALS, "okx": _okx.REFUSALS}
#: Section by section what the normalised classes are, written once more by hand.
EXPECTED = {
    ("bybit", "10010"): "ip_refused",
    ("bybit", "10003"): "invalid_key",
    ("bybit", "33004"): "expired",
    ("bybit", "-2015"): "expired",
    ("bybit", "10004"): "bad_signature",
    ("bybit", "10002"): "clock_skew",
    ("bybit", "10005"): "permission_denied",
    ("bybit", "10009"): "ambiguous",
    ("bybit", "10007"): "ambiguous",
    ("bybit", "10006"): "rate_limited",
    ("bybit", "10018"): "rate_limited",
    ("bybit", "10429"): "rate_limited",
    ("bybit", "10016"): "unreachable",
    ("bitget", "40018"): "ip_refused",
    ("bitget", "40038"): "ip_refused",
    ("bitget", "40006"): "invalid_key",
    ("bitget", "40037"): "invalid_key",
    ("bitget", "40009"): "bad_signature",
    ("bitget", "40008"): "clock_skew",
    ("bitget", "40005"): "clock_skew",
    ("bitget", "40036"): "bad_passphrase",
    ("bitget", "40011"): "bad_passphrase",
    ("bitget", "40012"): "ambiguous",
    ("bitget", "40014"): "permission_denied",
    ("bitget", "40099"): "wrong_environment",
    ("bitget", "22010"): "permission_denied",
    ("bitget", "429"): "rate_limited",
    ("bitget", "40015"): "unreachable",
    ("okx", "50110"): "ip_refused",
    ("okx", "50121"): "ip_refused",
    ("okx", "50111"): "invalid_key",
    ("okx", "50119"): "invalid_key",
    ("okx", "50113"): "bad_signature",
    ("okx", "50102"): "clock_skew",
    ("okx", "50112"): "clock_skew",
    ("okx", "50105"): "bad_passphrase",
    ("okx", "50104"): "bad_passphrase",
    ("okx", "50120"): "permission_denied",
    ("okx", "50101"): "wrong_environment",
    ("okx", "50100"): "ambiguous",
    ("okx", "50011"): "rate_limited",
    ("okx", "50061"): "rate_limited",
    ("okx", "50001"): "unreachable",
    ("okx", "50004"): "unreachable",
    ("okx", "50013"): "unreachable",
    ("okx", "50026"): "unreachable",
    ("binance", "-2015"): "ambiguous",
    ("binance", "-2014"): "invalid_key",
    ("binance", "-2008"): "invalid_key",
    ("binance", "-1022"): "bad_signature",
    ("binance", "-1021"): "clock_skew",
    ("binance", "-1003"): "rate_limited",
    ("binance", "-1002"): "permission_denied",
    ("binance", "-1000"): "unreachable",
    ("binance", "-1001"): "unreachable",
    ("binance", "-1007"): "unreachable",
    ("binance", "-1008"): "unreachable",
}
CODE_FIELD = {"bybit": "retCode", "bitget": "code", "okx": "code", "binance": "code"}
TEXT_FIELD = {"bybit": "retMsg", "bitget": "msg", "okx": "msg", "binance": "msg"}


def refusal(name: str, code: str, text: str = "no") -> Answer:
    value: Any = int(code) if name in ("bybit", "binance") else code
    return answer({CODE_FIELD[name]: value, TEXT_FIELD[name]: text})


@pytest.mark.parametrize(("name", "code"), EXPECTED)
def test_refusals_have_a_class(name: str, code: str) -> None:
    access = _registry.get(name).refusal(refusal(name, code))
    assert access is not None
    assert (access.status, access.code, access.message) == (EXPECTED[name, code], code, "no")


def test_every_code_of_a_table_is_expected() -> None:
    assert {(name, code) for name, table in TABLES.items() for code in table} <= set(EXPECTED)
    assert set(EXPECTED.values()) <= set(REFUSALS)


@pytest.mark.parametrize("name", TABLES)
def test_an_unknown_code_stays_ambiguous(name: str) -> None:
    access = _registry.get(name).refusal(refusal(name, "98765"))
    assert access is not None
    assert access.status == "ambiguous"


@pytest.mark.parametrize("name", TABLES)
def test_acceptance_is_no_refusal(name: str) -> None:
    assert _registry.get(name).refusal(answer(GOOD[name])) is None


OKX_LIST = "Your IP {} is not included in your API key's b68428e0-x IP whitelist."
BINANCE_IP = "Invalid API-key, IP, or permissions for action, request ip: {}"


@pytest.mark.parametrize(
    ("name", "code", "text", "seen"),
    [
        ("okx", "50110", OKX_LIST.format("185.14.47.178"), "185.14.47.178"),
        ("okx", "50110", OKX_LIST.format("2a02:c207::1"), "2a02:c207::1"),
        ("okx", "50121", "You can't access our services through the IP address (1.2.3.4)", "1.2.3.4"),
        ("okx", "50110", OKX_LIST.format("<script>"), None),
        ("okx", "50110", OKX_LIST.format("()"), None),
        ("okx", "50110", OKX_LIST.format("1.2.3"), None),
        ("binance", "-2015", BINANCE_IP.format("103.126.149.19"), "103.126.149.19"),
        ("binance", "-2015", "Invalid API-key, IP, or permissions for action.", None),
        ("bybit", "10010", "Unmatched IP, please check your API key's bound IP addresses.", None),
        ("bitget", "40018", "Invalid IP", None),
        ("bitget", "40018", "invalid ip,current request ip 1.2.3.4", "1.2.3.4"),
        ("bitget", "40018", "Invalid IP, current request ip: 2a02:c207::1.", "2a02:c207::1"),
    ],
)
def test_the_address_that_was_seen(name: str, code: str, text: str, seen: str | None) -> None:
    access = _registry.get(name).refusal(refusal(name, code, text))
    assert access is not None
    assert access.seen_address == seen


TIMES = {
    "bybit": {"retCode": 0, "result": {"timeSecond": "1666879482"}, "time": 1666879482792},
    "bitget": {"code": "00000", "data": {"serverTime": "1666879482792"}},
    "okx": {"code": "0", "data": [{"ts": "1666879482792"}]},
    "binance": {"serverTime": 1666879482792},
}


@pytest.mark.parametrize("name", TIMES)
def test_server_time(name: str) -> None:
    at = _registry.get(name).server_time(answer(TIMES[name]))
    assert at.isoformat() == "2022-10-27T14:04:42.792000+00:00"


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("value", ["soon", 10**30, None, True, [], "9" * 60])
def test_server_time_that_is_none(name: str, value: Any) -> None:
    text = json.dumps(TIMES[name]).replace("1666879482792", "0") if value is None else ""
    data = json.loads(text or json.dumps(TIMES[name]).replace('"1666879482792"', "1666879482792"))
    data = json.loads(json.dumps(data).replace("1666879482792", json.dumps(value)))
    if value is None:
        data = {}
    with pytest.raises(AnswerError):
        _registry.get(name).server_time(answer(data))


BAD_BODIES = {
    "empty": b"",
    "space": b"  ",
    "html": b"<html>blocked</html>",
    "truncated": b'{"retCode":0,"code":"0","data":[{"per',
    "list": b"[]",
    "number": b"7",
    "null": b"null",
    "nan": b'{"code":NaN}',
    "infinity": b'{"retCode":Infinity,"code":Infinity}',
    "duplicate": b'{"code":"0","code":"1","retCode":0,"retCode":1}',
    "not utf-8": b'{"code":"\xff\xfe"}',
    "deep": b"[" * 100_000,
    "many digits": b'{"code":' + b"9" * 900_000 + b"}",
    "utf-16": '{"code":"0"}'.encode("utf-16"),
}


@pytest.mark.parametrize("exchange", ALL, ids=lambda exchange: exchange.name)
@pytest.mark.parametrize("name", BAD_BODIES)
def test_what_is_no_answer_is_said_so(exchange: Exchange, name: str) -> None:
    bad = answer(BAD_BODIES[name])
    started = time.monotonic()
    for read in (exchange.refusal, exchange.key, exchange.server_time):
        with pytest.raises(AnswerError, match="example"):
            read(bad)
    assert time.monotonic() - started < 2


WRONG: list[tuple[str, tuple[Any, ...], Any]] = [
    ("bybit", ("result",), []),
    ("bybit", ("result",), ...),
    ("bybit", ("result", "readOnly"), "1"),
    ("bybit", ("result", "readOnly"), True),
    ("bybit", ("result", "readOnly"), 2),
    ("bybit", ("result", "readOnly"), ...),
    ("bybit", ("result", "permissions"), ["Spot"]),
    ("bybit", ("result", "permissions"), ...),
    ("bybit", ("result", "permissions", "Spot"), "SpotTrade"),
    ("bybit", ("result", "permissions", "Spot"), [1]),
    ("bybit", ("result", "permissions", "Spot"), False),
    ("bybit", ("result", "permissions", "Wallet"), {}),
    ("bybit", ("result", "ips"), "1.2.3.4"),
    ("bybit", ("result", "ips"), [["1.2.3.4"]]),
    ("bybit", ("result", "ips"), ...),
    ("bybit", ("result", "expiredAt"), "soon"),
    ("bybit", ("result", "expiredAt"), 7),
    ("bybit", ("result", "createdAt"), "2025-13-13T03:20:45Z"),
    ("bybit", ("result", "isMaster"), "yes"),
    ("bybit", ("result", "note"), {}),
    ("bitget", ("data",), []),
    ("bitget", ("data", "authorities"), "trade"),
    ("bitget", ("data", "authorities"), ...),
    ("bitget", ("data", "ips"), ["1.2.3.4"]),
    ("bitget", ("data", "userId"), 1.5),
    ("okx", ("data",), []),
    ("okx", ("data",), {}),
    ("okx", ("data",), [1]),
    ("okx", ("data",), [{}, {}]),
    ("okx", ("data", 0, "perm"), ["trade"]),
    ("okx", ("data", 0, "perm"), ...),
    ("okx", ("data", 0, "perm"), ""),
    ("okx", ("data", 0, "ip"), ["1.2.3.4"]),
    ("binance", ("ipRestrict",), "false"),
    ("binance", ("ipRestrict",), 0),
    ("binance", ("ipRestrict",), ...),
    ("binance", ("enableReading",), ...),
    ("binance", ("enableWithdrawals",), "true"),
    ("binance", ("enableWithdrawals",), ...),
    ("binance", ("enableFutures",), 1),
    ("binance", ("enableTeleport",), "true"),
    ("binance", ("createTime",), "now"),
    ("binance", ("createTime",), 10**30),
]


@pytest.mark.parametrize(("name", "path", "value"), WRONG)
def test_wrong_types_are_named(name: str, path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(AnswerError, match="example answered"):
        _registry.get(name).key(answer(changed(GOOD[name], *path, to=value)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def every_place(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    places = [path] if path else []
    if isinstance(data, dict):
        for name, value in data.items():
            places += every_place(value, (*path, name))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            places += every_place(value, (*path, index))
    return places


@pytest.mark.parametrize("exchange", ALL, ids=lambda exchange: exchange.name)
@given(draw=st.data())
@settings(max_examples=150, deadline=None)
def test_a_mutated_answer_is_read_or_refused_but_never_worse(exchange: Exchange, draw: Any) -> None:
    good = GOOD[exchange.name]
    place = draw.draw(st.sampled_from(every_place(good)))
    bad = answer(changed(good, *place, to=draw.draw(JSON)))
    try:
        key = exchange.key(bad)
    except AnswerError:
        return
    assert key.allowlist.state in ("entries", "unrestricted", "hidden", "unknown")
    assert key.permissions is not None or "balances" in bad.text()


def test_a_list_of_hundreds_of_thousands_of_entries_does_not_hang() -> None:
    started = time.monotonic()
    data = changed(BYBIT, "result", "ips", to=["1.2.3.4"] * 90_000)
    assert len(_registry.get("bybit").key(answer(data)).allowlist.entries) == 90_000
    text = ",".join(["1.2.3.4"] * 1_000_000)
    assert len(_registry.get("okx").key(answer(changed(OKX, "data", 0, "ip", to=text))).allowlist.entries) == 1_000_000
    assert time.monotonic() - started < 5
