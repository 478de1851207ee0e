# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documented answers, their traps, every refusal code, and answers that no exchange gives."""

from __future__ import annotations

import concurrent.futures
import copy
import importlib
import json
import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import AnswerError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _binance, _registry
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Exchange
from ansible_collections.trading.hosts.plugins.module_utils._facts import (
    REFUSALS,
    Account,
    Allowlist,
    Expiry,
    ObservedKey,
)
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer


def test_threads_that_ask_for_an_exchange_at_the_same_time_get_the_same_one(monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(8)

    def made() -> object:
        together.wait(timeout=10)
        return object()

    monkeypatch.setattr(importlib, "import_module", lambda *_args, **_more: SimpleNamespace(Okx=made))
    monkeypatch.setattr(_registry, "EXCHANGES", type(_registry.EXCHANGES)())
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        found = list(threads.map(_registry.find, ["okx"] * 8))
    assert len(set(found)) == 1


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
HTX: dict[str, Any] = {
    "code": 200,
    "message": "success",
    "data": [
        {
            "accessKey": "KEYcanary0123456789",
            "status": "normal",
            "note": "host",
            "permission": "trade,readOnly",
            "ipAddresses": "192.168.0.1,192.168.1.1",
            "validDays": -1,
            "createTime": 1615192704000,
            "updateTime": 1623030338000,
        }
    ],
    "ok": True,
}
BINGX: dict[str, Any] = {"apiKey": "", "permissions": [1, 2], "ipAddresses": [], "note": "demo"}
#: Only the own row is left when it is read: see the driver's tests for the whole list.
BITMEX: list[Any] = [
    {
        "id": "KEYcanary0123456789",
        "name": "bot",
        "nonce": 0,
        "cidr": "1.2.3.4/32",
        "cidrs": ["1.2.3.4/32", "5.6.7.0/24"],
        "permissions": ["order"],
        "enabled": True,
        "userId": 42,
        "created": "2026-01-02T03:04:05.678Z",
    }
]
DERIBIT: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 9929,
    "result": {
        "access_token": "ACCESScanary",
        "expires_in": 31536000,
        "refresh_token": "REFRESHcanary",
        "scope": "connection mainaccount account:read block_trade:none trade:read_write wallet:read",
        "enabled_features": [],
        "token_type": "bearer",
    },
}
KRAKEN: dict[str, Any] = {
    "error": [],
    "result": {
        "api_key_name": "TestKey",
        "api_key": "123",
        "nonce": "123",
        "nonce_window": "15",
        "permissions": [
            "query-funds",
            "add-funds",
            "withdraw-funds",
            "query-open-trades",
            "query-closed-trades",
            "modify-trades",
            "close-trades",
            "query-ledger",
            "create-ws-token",
        ],
        "iban": "123",
        "valid_until": "0",
        "query_from": "0",
        "query_to": "0",
        "created_time": "1522132642",
        "modified_time": "1618230358",
        "ip_allowlist": [""],
        "last_used": "1774350056",
    },
}
KRAKENFUTURES: dict[str, Any] = {
    "apiKey": "Gom9BsP75m41c9fuY6oJk/unMWaDZjYIcTP4/5kqPvtzdbj5JU5/Fyeb",
    "accountUid": "3c90c3cc-0d44-4b50-8888-8dd25736052a",
    "iiban": "AA08 N84G CPAR UN7A",
    "createdAt": "2019-08-24T14:15:22Z",
    "permissions": {},
    "allowedCidrBlock": "192.168.0.0/16",
    "allowedCidrBlocks": ["192.168.0.0/16"],
}
BITFINEX: list[Any] = [
    ["account", 1, 1],
    ["history", 1, 1],
    ["orders", 1, 1],
    ["positions", 0, 0],
    ["funding", 1, 1],
    ["settings", 0, 0],
    ["wallets", 1, 1],
    ["withdraw", 0, 1],
    ["ui_withdraw", 0, 0],
    ["bfxpay", 0, 0],
]
GEMINI: dict[str, Any] = {"isAuditor": False, "isFundManager": True, "isTrader": True}
KUCOIN: dict[str, Any] = {
    "code": "200000",
    "data": {
        "remark": "account1",
        "apiKey": "6705f5c311545b000157d3eb",
        "apiVersion": 3,
        "permission": "General,Futures,Spot,Earn,InnerTransfer,Transfer,Margin",
        "ipWhitelist": "203.**.154,103.**.34",
        "createdAt": 1728443843000,
        "uid": 165111215,
        "isMaster": True,
    },
}
GATE: dict[str, Any] = {
    "user_id": 1667201533,
    "ip_whitelist": ["127.0.0.1"],
    "currency_pairs": ["USDT_BTC"],
    "key": {"mode": 1},
    "tier": 2,
    "copy_trading_role": 1,
}
BLOFIN: dict[str, Any] = {
    "code": "0",
    "msg": "success",
    "data": {
        "uid": "2406155",
        "apiName": "read_test",
        "apiKey": "XXXXXXXX",
        "readOnly": 1,
        "ips": ["18.181.170.164"],
        "type": 1,
        "expireTime": "1798761600000",
        "createTime": "1728443843000",
        "referralCode": "blofin",
        "parentUid": "0",
    },
}
WOO: dict[str, Any] = {
    "success": True,
    "data": {
        "rows": [
            {
                "accountName": "Main",
                "userId": 12523,
                "apiKey": "KEYcanary0123456789",
                "permissions": ["READ", "TRADE", "WITHDRAWAL"],
                "allowedIPs": ["123.0.0.1", "124.2.1.1"],
            }
        ],
        "meta": {"total": 46, "recordsPerPage": 1, "currentPage": 1},
    },
    "timestamp": 1721295317627,
}
COINBASE: dict[str, Any] = {
    "can_view": True,
    "can_trade": True,
    "can_transfer": True,
    "portfolio_uuid": "94ad58bc-0f15-5309-b35a-a4c86d7bad60",
    "portfolio_type": "DEFAULT",
}
#: Answers that tell nothing of the key.
MEXC: dict[str, Any] = {
    "canTrade": True,
    "canWithdraw": True,
    "canDeposit": True,
    "updateTime": None,
    "accountType": "SPOT",
    "balances": [{"asset": "NBNTEST", "free": "1111078", "locked": "33"}],
    "permissions": ["SPOT"],
}
CRYPTOCOM: dict[str, Any] = {
    "id": 11,
    "method": "private/user-balance",
    "code": 0,
    "result": {"data": [{"total_available_balance": "4721.05898582", "instrument_name": "USD"}]},
}
BITMART: dict[str, Any] = {"code": 1000, "message": "success", "data": [], "trace": "5e1c9f98d761443ea559c7af71ca57fa"}
PHEMEX: dict[str, Any] = {"code": 0, "msg": "", "data": [{"currency": "USDT", "balanceEv": 0, "walletVid": 0}]}
BITSTAMP: dict[str, Any] = {"currency": "usd", "total": "7.00000", "available": "7.00000", "reserved": "0.00000"}
HYPERLIQUID: dict[str, Any] = {"role": "agent", "data": {"user": "0x" + "bb" * 20}}
GOOD: dict[str, Any] = {
    "hyperliquid": HYPERLIQUID,
    "bitmart": BITMART,
    "bitstamp": BITSTAMP,
    "cryptocom": CRYPTOCOM,
    "mexc": MEXC,
    "phemex": PHEMEX,
    "coinbase": COINBASE,
    "blofin": BLOFIN,
    "gate": GATE,
    "kucoin": KUCOIN,
    "woo": WOO,
    "binance": BINANCE,
    "bingx": BINGX,
    "bitfinex": BITFINEX,
    "bitget": BITGET,
    "bitmex": BITMEX,
    "bybit": BYBIT,
    "deribit": DERIBIT,
    "gemini": GEMINI,
    "htx": HTX,
    "kraken": KRAKEN,
    "krakenfutures": KRAKENFUTURES,
    "okx": OKX,
}
ALL = list(_registry.EXCHANGES.values())


def answer(data: Any, *, status: int = 200) -> Answer:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return Answer(status, {}, body, "api.example")


def changed(data: Any, *path: Any, to: Any) -> Any:
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
    assert _registry.get("htx").key(answer(changed(HTX, "data", 0, "ipAddresses", to=text))).allowlist == expected


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


def test_htx() -> None:
    key = _registry.get("htx").key(answer(HTX))
    assert set(key.permissions or ()) == {"read", "spot_trade", "margin_trade", "futures_trade", "transfer_own"}
    assert key.raw_permissions == ("trade", "readOnly")
    assert key.label == "host"
    assert key.created_at == "2021-03-08T08:38:24Z"
    assert (key.expiry, key.state) == (Expiry("never"), "normal")


@pytest.mark.parametrize(
    ("row", "field", "expected"),
    [
        ({"permission": "readOnly,trade,withdraw"}, "raw_permissions", ("readOnly", "trade", "withdraw")),
        ({"permission": "readOnly,withdraw"}, "permissions", ("read", "withdraw")),
        ({"permission": "readOnly,Trade"}, "permissions", ("read", "unknown:Trade")),
        # How many days are left is an instant only where the day is known: see the driver's tests.
        ({"validDays": 7}, "expiry", Expiry("unknown")),
        ({"status": "expired"}, "expiry", Expiry("unknown")),
        ({"status": "expired"}, "state", None),
        ({"status": "new"}, "state", None),
    ],
)
def test_htx_traps(row: dict[str, Any], field: str, expected: Any) -> None:
    data = changed(HTX, "data", 0, to={**HTX["data"][0], **row})
    assert getattr(_registry.get("htx").key(answer(data)), field) == expected


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": "error", "err_code": 403, "err_msg": "Incorrect Access key [Access key错误]"}, "invalid_key"),
        ({"code": 1002, "message": "API key has no permission [API Key没有权限]"}, "permission_denied"),
        ({"code": "1003", "message": "invalid signature"}, "bad_signature"),
        ({"code": 1002, "message": "unauthorized"}, "ambiguous"),
        ({"code": 2002, "message": None}, "ambiguous"),
    ],
)
def test_htx_refuses_in_two_forms(body: dict[str, Any], status: str) -> None:
    access = _registry.get("htx").refusal(answer(body))
    assert access is not None
    assert access.status == status


def test_bingx() -> None:
    key = _registry.get("bingx").key(answer(BINGX))
    assert key.permissions == ("margin_trade", "read", "spot_trade")
    assert key.raw_permissions == ("1", "2")
    assert (key.label, key.allowlist) == ("demo", Allowlist("unrestricted"))


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (2, "read"),
        (3, "futures_trade"),
        (4, "transfer_own"),
        (5, "withdraw"),
        (6, "unknown:6"),
        (7, "transfer_sub"),
        (99, "unknown:99"),
    ],
)
def test_bingx_numbers(number: int, expected: str) -> None:
    assert _registry.get("bingx").key(answer({**BINGX, "permissions": [number]})).permissions == (expected,)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], Allowlist("unrestricted")),
        ([""], Allowlist("unrestricted")),
        (["1.2.3.4"], Allowlist("entries", ("1.2.3.4",))),
        (["1.2.3.4", " "], Allowlist("entries", ("1.2.3.4", " "))),
    ],
)
def test_bingx_addresses(entries: list[str], expected: Allowlist) -> None:
    assert _registry.get("bingx").key(answer({**BINGX, "ipAddresses": entries})).allowlist == expected


def test_a_plain_bingx_balance_tells_nothing_of_the_key() -> None:
    key = _registry.get("bingx").key(answer({"code": 0, "msg": "", "data": {"balance": {}}}))
    assert (key.permissions, key.allowlist) == (None, Allowlist("unknown"))


def test_bitmex() -> None:
    key = _registry.get("bitmex").key(answer(BITMEX))
    assert key.permissions == ("futures_trade", "read", "spot_trade")
    assert key.account == Account(id="42")
    assert (key.label, key.state) == ("bot", "normal")
    assert key.allowlist == Allowlist("entries", ("1.2.3.4/32", "5.6.7.0/24"))
    assert key.created_at == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("row", "field", "expected"),
    [
        ({"permissions": []}, "permissions", ("read",)),
        ({"permissions": ["order", "withdraw"]}, "permissions", ("futures_trade", "read", "spot_trade", "withdraw")),
        ({"permissions": ["orderCancel"]}, "permissions", ("read", "unknown:orderCancel")),
        ({"cidr": "0.0.0.0/0", "cidrs": None}, "allowlist", Allowlist("unrestricted")),
        ({"cidr": "", "cidrs": ["1.2.3.4", "0.0.0.0/0"]}, "allowlist", Allowlist("unrestricted")),
        ({"cidr": "1.2.3.4/32", "cidrs": []}, "allowlist", Allowlist("entries", ("1.2.3.4/32",))),
        ({"cidr": "", "cidrs": []}, "allowlist", Allowlist("unknown")),
        ({"cidr": None, "cidrs": None}, "allowlist", Allowlist("unknown")),
        ({"enabled": False}, "state", "locked"),
        ({"enabled": None}, "state", None),
        ({"created": ""}, "created_at", None),
    ],
)
def test_bitmex_traps(row: dict[str, Any], field: str, expected: Any) -> None:
    assert getattr(_registry.get("bitmex").key(answer([{**BITMEX[0], **row}])), field) == expected


def test_bitmexes_own_time_is_no_address() -> None:
    text = " - `expires` is in the past. Current time: 1516534870"
    access = _registry.get("bitmex").refusal(refusal("bitmex", "This request has expired", text))
    assert access is not None
    assert (access.status, access.seen_address) == ("clock_skew", None)


def test_deribit() -> None:
    key = _registry.get("deribit").key(answer(DERIBIT))
    assert key.permissions == ("futures_trade", "options_trade", "read", "spot_trade")
    assert "trade:read_write" in key.raw_permissions
    assert key.allowlist == Allowlist("unknown")
    assert "canary" not in repr(key)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("account:read", {"read"}),
        ("account:read_write", {"read", "manage_keys"}),
        ("wallet:read_write", {"read", "withdraw", "transfer_own", "transfer_sub"}),
        ("block_rfq:read_write", {"read", "spot_trade", "futures_trade", "options_trade"}),
        ("trade:none wallet:none", set()),
        ("connection session:bot expires:300 ip:1.2.3.4", set()),
        ("custody:read_write", {"unknown:custody:read_write"}),
        ("wallet:write", {"unknown:wallet:write"}),
        ("", set()),
    ],
)
def test_deribits_scopes(scope: str, expected: set[str]) -> None:
    key = _registry.get("deribit").key(answer(changed(DERIBIT, "result", "scope", to=scope)))
    assert set(key.permissions or ()) == expected


def test_a_plain_binance_account_tells_nothing_of_the_key() -> None:
    key = _registry.get("binance").key(answer({"canTrade": True, "canWithdraw": True, "balances": []}))
    assert key.permissions is None
    assert key.allowlist == Allowlist("unknown")


def test_kucoin() -> None:
    key = _registry.get("kucoin").key(answer(KUCOIN))
    assert set(key.permissions or ()) == {
        "read",
        "futures_trade",
        "spot_trade",
        "margin_trade",
        "borrow",
        "earn",
        "transfer_own",
        "transfer_sub",
        "withdraw",
    }
    assert key.account == Account(id="165111215", level="main")
    assert key.label == "account1"
    assert key.created_at == "2024-10-09T03:17:23Z"
    assert key.allowlist == Allowlist("entries", ("203.**.154", "103.**.34"))
    assert key.not_told == ()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("General", {"read"}),
        ("Spot", {"spot_trade"}),
        ("Trade", {"spot_trade", "margin_trade"}),
        ("Unified", {"spot_trade", "margin_trade", "futures_trade"}),
        ("InnerTransfer", {"transfer_own", "transfer_sub"}),
        ("Transfer", {"transfer_own", "withdraw"}),
        ("transfer", {"unknown:transfer"}),
        ("NewThing", {"unknown:NewThing"}),
    ],
)
def test_kucoins_words(word: str, expected: set[str]) -> None:
    key = _registry.get("kucoin").key(answer(changed(KUCOIN, "data", "permission", to=word)))
    assert set(key.permissions or ()) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (..., Allowlist("unrestricted")),
        ("", Allowlist("unrestricted")),
        (None, Allowlist("unknown")),
        ("1.2.3.4", Allowlist("entries", ("1.2.3.4",))),
    ],
)
def test_kucoin_leaves_the_list_out_where_there_is_none(text: Any, expected: Allowlist) -> None:
    key = _registry.get("kucoin").key(answer(changed(KUCOIN, "data", "ipWhitelist", to=text)))
    assert key.allowlist == expected


def test_gates_account_tells_the_addresses_alone() -> None:
    key = _registry.get("gate").key(answer(GATE))
    assert key.permissions is None
    assert "permissions" in key.not_told
    assert key.account == Account(id="1667201533")
    assert key.allowlist == Allowlist("entries", ("127.0.0.1",))
    empty: list[Any] = [[], ...]
    for none in empty:
        unbound = _registry.get("gate").key(answer(changed(GATE, "ip_whitelist", to=none)))
        assert unbound.allowlist == Allowlist("unrestricted")


def test_gates_refused_address_may_come_as_another_label() -> None:
    access = _registry.get("gate").refusal(refusal("gate", "FORBIDDEN", "Request IP not in whitelist: 1.2.3.4"))
    assert access is not None
    assert (access.status, access.code) == ("ip_refused", "FORBIDDEN")


def test_blofin() -> None:
    key = _registry.get("blofin").key(answer(BLOFIN))
    assert key.permissions == ("read",)
    assert key.owner_kind == "own"
    assert key.account == Account(id="2406155", level="main")
    assert key.label == "read_test"
    assert key.allowlist == Allowlist("entries", ("18.181.170.164",))
    assert key.created_at == "2024-10-09T03:17:23Z"
    assert key.expiry == Expiry("at", "2027-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        # It may trade, transfer or withdraw: that is not told, and never guessed.
        ({"readOnly": 0}, "permissions", None),
        ({"readOnly": 0}, "not_told", ("permissions",)),
        ({"readOnly": 1}, "not_told", ()),
        ({"type": 2}, "owner_kind", "vendor"),
        ({"type": 3}, "owner_kind", None),
        ({"ips": []}, "allowlist", Allowlist("unrestricted")),
        ({"expireTime": "0"}, "expiry", Expiry("unknown")),
        ({"expireTime": ""}, "expiry", Expiry("unknown")),
        # The document's example: an end that is the beginning.
        ({"expireTime": "1728443843000"}, "expiry", Expiry("unknown")),
        ({"parentUid": "77"}, "account", Account(id="2406155", parent_id="77", level="sub")),
        ({"parentUid": ""}, "account", Account(id="2406155")),
    ],
)
def test_blofins_traps(changes: dict[str, Any], field: str, expected: Any) -> None:
    data = changed(BLOFIN, "data", to={**BLOFIN["data"], **changes})
    assert getattr(_registry.get("blofin").key(answer(data)), field) == expected


def test_blofins_clock_is_the_date_of_an_answer() -> None:
    dated = Answer(200, {"date": "Sun, 22 Nov 2026 07:14:00 GMT"}, b"{}", "api.example")
    assert _registry.get("blofin").server_time(dated).isoformat() == "2026-11-22T07:14:00+00:00"


def test_woo() -> None:
    key = _registry.get("woo").key(answer(WOO))
    assert set(key.permissions or ()) == {"read", "spot_trade", "margin_trade", "futures_trade", "withdraw"}
    assert key.account == Account(id="12523")
    assert key.allowlist == Allowlist("entries", ("123.0.0.1", "124.2.1.1"))
    row = ("data", "rows", 0)
    assert _registry.get("woo").key(answer(changed(WOO, *row, "allowedIPs", to=...))).allowlist.state == "unrestricted"
    assert _registry.get("woo").key(answer(changed(WOO, *row, "allowedIPs", to=[]))).allowlist.state == "unknown"
    strange = _registry.get("woo").key(answer(changed(WOO, *row, "permissions", to=["READ", "TRANSFER"])))
    assert strange.permissions == ("read", "unknown:TRANSFER")


def test_coinbase() -> None:
    key = _registry.get("coinbase").key(answer(COINBASE))
    assert set(key.permissions or ()) == {
        "read",
        "spot_trade",
        "futures_trade",
        "transfer_own",
        "transfer_out",
        "withdraw",
    }
    assert key.raw_permissions == ("can_view:true", "can_trade:true", "can_transfer:true")
    assert key.account == Account(id="94ad58bc-0f15-5309-b35a-a4c86d7bad60")
    assert key.allowlist == Allowlist("unknown")
    strange = _registry.get("coinbase").key(answer({**COINBASE, "can_transfer": False, "can_teleport": True}))
    assert set(strange.permissions or ()) == {"read", "spot_trade", "futures_trade", "unknown:can_teleport"}


def test_coinbase_refuses_in_plain_text() -> None:
    for body in (b"Unauthorized\n", b"", b"\xff", b'{"error":"unauthorized"}'):
        access = _registry.get("coinbase").refusal(answer(body, status=401))
        assert access is not None
        assert (access.status, access.code) == ("ambiguous", "401")


@pytest.mark.parametrize("name", ["bitmart", "bitstamp", "cryptocom", "mexc", "phemex"])
def test_an_account_that_tells_nothing_of_the_key(name: str) -> None:
    exchange = _registry.get(name)
    assert exchange.key(answer(GOOD[name])) == ObservedKey(masked_id="")
    assert {"permissions", "allowlist", "expiry"} <= exchange.cannot_tell()
    assert not any(site.introspects for site in exchange.sites().values())
    with pytest.raises(AnswerError, match="example answered"):
        exchange.key(answer({"code": 0, "ok": True}))


@pytest.mark.parametrize("name", ["bitstamp", "mexc"])
def test_an_error_without_a_word_is_no_acceptance(name: str) -> None:
    with pytest.raises(AnswerError, match="HTTP 400 without a"):
        _registry.get(name).refusal(answer(GOOD[name], status=400))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"error": "No permission found"}, "permission_denied", "No permission found"),
        (
            {"status": "error", "reason": "IP address not allowed.", "code": "API0"},
            "ip_refused",
            "IP address not allowed",
        ),
        ({"status": "error", "reason": {"__all__": ["x"]}}, "ambiguous", "error"),
        ({"error": None}, "ambiguous", "error"),
    ],
)
def test_bitstamp_refuses_in_two_forms(body: dict[str, Any], status: str, code: str) -> None:
    access = _registry.get("bitstamp").refusal(answer(body, status=403))
    assert access is not None
    assert (access.status, access.code) == (status, code)


TABLES: dict[str, dict[str, Any]] = {
    exchange.name: sys.modules[type(exchange).__module__].REFUSALS for exchange in ALL if exchange.name != "hyperliquid"
}
#: Section by section what the normalised classes are, written once more by hand.
EXPECTED = {
    ("coinbase", "401"): "ambiguous",
    ("coinbase", "PERMISSION_DENIED"): "permission_denied",
    ("coinbase", "rate_limit_exceeded"): "rate_limited",
    ("coinbase", "resource_exhausted"): "rate_limited",
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
    ("kucoin", "400006"): "ip_refused",
    ("kucoin", "400003"): "invalid_key",
    ("kucoin", "400005"): "bad_signature",
    ("kucoin", "400002"): "clock_skew",
    ("kucoin", "400004"): "bad_passphrase",
    ("kucoin", "400007"): "permission_denied",
    ("kucoin", "411100"): "ambiguous",
    ("kucoin", "429000"): "rate_limited",
    ("kucoin", "500000"): "unreachable",
    ("gate", "IP_FORBIDDEN"): "ip_refused",
    ("gate", "INVALID_KEY"): "invalid_key",
    ("gate", "INVALID_SIGNATURE"): "bad_signature",
    ("gate", "REQUEST_EXPIRED"): "clock_skew",
    ("gate", "READ_ONLY"): "permission_denied",
    ("gate", "FORBIDDEN"): "permission_denied",
    ("gate", "ACCOUNT_LOCKED"): "ambiguous",
    ("gate", "TOO_FAST"): "rate_limited",
    ("gate", "TOO_MANY_REQUESTS"): "rate_limited",
    ("gate", "INTERNAL"): "unreachable",
    ("gate", "SERVER_ERROR"): "unreachable",
    ("blofin", "152406"): "ip_refused",
    ("blofin", "152401"): "invalid_key",
    ("blofin", "152402"): "expired",
    ("blofin", "152409"): "bad_signature",
    ("blofin", "401"): "bad_signature",
    ("blofin", "152405"): "clock_skew",
    ("blofin", "152410"): "clock_skew",
    ("blofin", "152408"): "bad_passphrase",
    ("blofin", "152404"): "permission_denied",
    ("blofin", "152407"): "ambiguous",
    ("blofin", "429"): "rate_limited",
    ("blofin", "500"): "unreachable",
    ("woo", "-1001"): "ambiguous",
    ("woo", "-1002"): "ambiguous",
    ("woo", "-1003"): "rate_limited",
    ("woo", "-1000"): "unreachable",
    ("woo", "-1011"): "unreachable",
    ("bingx", "100419"): "ip_refused",
    ("bingx", "100413"): "invalid_key",
    ("bingx", "100001"): "bad_signature",
    ("bingx", "100412"): "bad_signature",
    ("bingx", "100421"): "clock_skew",
    ("bingx", "100004"): "permission_denied",
    ("bingx", "100410"): "rate_limited",
    ("bingx", "100414"): "ambiguous",
    ("bingx", "100500"): "unreachable",
    ("bingx", "100503"): "unreachable",
    ("bitmex", "Invalid API Key"): "invalid_key",
    ("bitmex", "This key is disabled"): "invalid_key",
    ("bitmex", "Signature not valid"): "bad_signature",
    ("bitmex", "This request has expired"): "clock_skew",
    ("bitmex", "Access Denied"): "ambiguous",
    ("bitmex", "Account is restricted"): "ambiguous",
    ("bitmex", "Rate limit exceeded"): "rate_limited",
    ("bitmex", "The system is currently overloaded"): "unreachable",
    ("deribit", "13004"): "ambiguous",
    ("deribit", "13009"): "ambiguous",
    ("deribit", "10000"): "bad_signature",
    ("deribit", "13021"): "permission_denied",
    ("deribit", "13403"): "permission_denied",
    ("deribit", "9999"): "ambiguous",
    ("deribit", "13002"): "ambiguous",
    ("deribit", "10028"): "rate_limited",
    ("deribit", "10040"): "unreachable",
    ("deribit", "10041"): "unreachable",
    ("deribit", "11051"): "unreachable",
    ("htx", "Incorrect IP address"): "ip_refused",
    ("htx", "12005"): "ip_refused",
    ("htx", "Incorrect Access key"): "invalid_key",
    ("htx", "Verification failure"): "bad_signature",
    ("htx", "api-signature-check-failed"): "bad_signature",
    ("htx", "1003"): "bad_signature",
    ("htx", "Invalid submission time"): "clock_skew",
    ("htx", "API key has no permission"): "permission_denied",
    ("htx", "api-signature-not-valid"): "ambiguous",
    ("htx", "rate-too-many-requests"): "rate_limited",
    ("htx", "base-request-exceed-frequency-limit"): "rate_limited",
    ("htx", "timeout"): "unreachable",
    ("htx", "gateway-internal-error"): "unreachable",
    ("htx", "system-maintenance"): "unreachable",
}

EXPECTED |= {
    ("bitfinex", "10100"): "ambiguous",
    ("bitfinex", "10112"): "bad_signature",
    ("bitfinex", "10113"): "bad_signature",
    ("bitfinex", "10114"): "clock_skew",
    ("bitfinex", "10001"): "permission_denied",
    ("bitfinex", "11010"): "rate_limited",
    ("bitfinex", "20060"): "unreachable",
    ("gemini", "InvalidApiKey"): "invalid_key",
    ("gemini", "InvalidSignature"): "bad_signature",
    ("gemini", "InvalidNonce"): "clock_skew",
    ("gemini", "MissingRole"): "permission_denied",
    ("gemini", "RateLimit"): "rate_limited",
    ("gemini", "Maintenance"): "unreachable",
    ("gemini", "System"): "unreachable",
    ("kraken", "EAPI:Invalid key"): "invalid_key",
    ("kraken", "EAPI:Invalid signature"): "bad_signature",
    ("kraken", "EAPI:Invalid nonce"): "clock_skew",
    ("kraken", "EGeneral:Permission denied"): "permission_denied",
    ("kraken", "EGeneral:Temporary lockout"): "rate_limited",
    ("kraken", "EAPI:Rate limit exceeded"): "rate_limited",
    ("kraken", "EGeneral:Too many requests"): "rate_limited",
    ("kraken", "ESession:Invalid session"): "ambiguous",
    ("kraken", "EService:Unavailable"): "unreachable",
    ("kraken", "EService:Busy"): "unreachable",
    ("kraken", "EGeneral:Internal error"): "unreachable",
    ("krakenfutures", "401"): "ambiguous",
    ("krakenfutures", "authenticationError"): "ambiguous",
    ("krakenfutures", "apiLimitExceeded"): "rate_limited",
    ("krakenfutures", "unavailable"): "unreachable",
}

EXPECTED |= {
    ("bitmart", "30010"): "ip_refused",
    ("bitmart", "30002"): "invalid_key",
    ("bitmart", "30003"): "invalid_key",
    ("bitmart", "30011"): "expired",
    ("bitmart", "30005"): "ambiguous",
    ("bitmart", "30007"): "clock_skew",
    ("bitmart", "30012"): "permission_denied",
    ("bitmart", "30019"): "permission_denied",
    ("bitmart", "30013"): "rate_limited",
    ("bitmart", "30017"): "rate_limited",
    ("bitmart", "30014"): "unreachable",
    ("bitmart", "30016"): "unreachable",
    ("bitstamp", "IP address not allowed"): "ip_refused",
    ("bitstamp", "API key not found"): "invalid_key",
    ("bitstamp", "Wrong API key format"): "invalid_key",
    ("bitstamp", "Invalid signature"): "bad_signature",
    ("bitstamp", "No permission found"): "permission_denied",
    ("bitstamp", "Invalid nonce"): "ambiguous",
    ("bitstamp", "Authentication failed"): "ambiguous",
    ("bitstamp", "Your account is frozen"): "ambiguous",
    ("cryptocom", "40103"): "ip_refused",
    ("cryptocom", "40101"): "ambiguous",
    ("cryptocom", "40102"): "clock_skew",
    ("cryptocom", "40104"): "ambiguous",
    ("cryptocom", "42901"): "rate_limited",
    ("cryptocom", "40801"): "unreachable",
    ("cryptocom", "50001"): "unreachable",
    ("mexc", "700006"): "ip_refused",
    ("mexc", "10075"): "ip_refused",
    ("mexc", "406"): "ip_refused",
    ("mexc", "10072"): "invalid_key",
    ("mexc", "700001"): "invalid_key",
    ("mexc", "402"): "expired",
    ("mexc", "700002"): "ambiguous",
    ("mexc", "602"): "bad_signature",
    ("mexc", "700003"): "clock_skew",
    ("mexc", "10073"): "clock_skew",
    ("mexc", "700007"): "permission_denied",
    ("mexc", "429"): "rate_limited",
    ("phemex", "401 Request IP mismatch"): "ip_refused",
    ("phemex", "401 Failed to load API KEY"): "invalid_key",
    ("phemex", "10500 Failed to find api-key"): "invalid_key",
    ("phemex", "10500 API Signature verification failed"): "bad_signature",
    ("phemex", "401 Request Expired"): "clock_skew",
    ("phemex", "401 Insufficient privilege"): "permission_denied",
    ("phemex", "39995"): "rate_limited",
}


def _phemex_refusal(code: str, text: str) -> Any:
    """Return a code and its text, of which some repeat the code."""
    number, _space, words = code.partition(" ")
    return {"code": int(number), "msg": f"{code if number == '401' else words}{text}"}


def _htx_refusal(code: str, text: str) -> Any:
    if code.isdigit():
        return {"code": int(code), "message": text}
    if " " in code:  # the words stand in the text, after one code for all of them
        return {
            "status": "error",
            "err-code": "api-signature-not-valid",
            "err-msg": f"Signature not valid: {code}{text}",
        }
    return {"status": "error", "err-code": code, "err-msg": text}


#: How each exchange writes a refusal; a code with spaces is the beginning of the text.
FORMS: dict[str, Callable[[str, str], Any]] = {
    "coinbase": lambda code, text: {"error": code, "error_details": text, "message": text},
    "binance": lambda code, text: {"code": int(code), "msg": text},
    "bingx": lambda code, text: {"code": int(code), "msg": text},
    "bitfinex": lambda code, text: ["error", int(code), text],
    "bitget": lambda code, text: {"code": code, "msg": text},
    "bitmex": lambda code, text: {"error": {"message": f"{code}{text}", "name": "HTTPError"}},
    "bybit": lambda code, text: {"retCode": int(code), "retMsg": text},
    "deribit": lambda code, text: {"jsonrpc": "2.0", "error": {"code": int(code), "message": text}},
    "gemini": lambda code, text: {"result": "error", "reason": code, "message": text},
    "htx": _htx_refusal,
    "kraken": lambda code, text: {"error": [code, text]},
    "krakenfutures": lambda code, text: {"error": code, "message": text},
    "okx": lambda code, text: {"code": code, "msg": text},
    "bitmart": lambda code, text: {"code": int(code), "message": text, "data": {}},
    "bitstamp": lambda code, text: {"status": "error", "reason": f"{code}{text}", "code": "API0000"},
    "cryptocom": lambda code, text: {"id": -1, "method": "private/user-balance", "code": int(code), "message": text},
    "mexc": lambda code, text: {"code": int(code), "msg": text},
    "phemex": _phemex_refusal,
    "blofin": lambda code, text: {"code": code, "msg": text},
    "gate": lambda code, text: {"label": code, "message": text},
    "kucoin": lambda code, text: {"code": code, "msg": text},
    "woo": lambda code, text: {"success": False, "code": int(code), "message": text},
}


def refusal(name: str, code: str, text: str = "no") -> Answer:
    return answer(FORMS[name](code, text))


@pytest.mark.parametrize(("name", "code"), EXPECTED)
def test_refusals_have_a_class(name: str, code: str) -> None:
    access = _registry.get(name).refusal(refusal(name, code))
    assert access is not None
    assert (access.status, access.code) == (EXPECTED[name, code], code)
    assert str(access.message).endswith("no")


def test_every_code_of_a_table_is_expected() -> None:
    assert {(name, code) for name, table in TABLES.items() for code in table} <= set(EXPECTED)
    assert set(EXPECTED.values()) <= set(REFUSALS)


def test_an_ambiguous_code_says_why() -> None:
    silent = {
        (name, code)
        for name, table in TABLES.items()
        for code, refused in table.items()
        if refused.status == "ambiguous" and not refused.next_step
    }
    assert silent == set()


@pytest.mark.parametrize("name", TABLES)
def test_an_unknown_code_stays_ambiguous(name: str) -> None:
    access = _registry.get(name).refusal(refusal(name, "98765"))
    assert access is not None
    assert access.status == "ambiguous"


@pytest.mark.parametrize("name", TABLES)
def test_acceptance_is_no_refusal(name: str) -> None:
    assert _registry.get(name).refusal(answer(GOOD[name])) is None


OKX_LIST = "Your IP {} is not included in your API key's b68428e0-x IP whitelist."
BINGX_IP = "your current request IP is {} does not match IP whitelist , please go to https://bingx.com/en/account/api/"
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
        ("kucoin", "400006", "Invalid request ip, the current clientIp is:34.58.165.144", "34.58.165.144"),
        ("kucoin", "400006", "Invalid request ip, the current clientIp is:e3b:e3b::1", "e3b:e3b::1"),
        ("kucoin", "400006", "The requested ip address is not in the api whitelist", None),
        ("gate", "IP_FORBIDDEN", "Request IP not in whitelist: 142.163.85.117", "142.163.85.117"),
        ("gate", "FORBIDDEN", "Request IP not in whitelist: 142.163.85.117", "142.163.85.117"),
        ("blofin", "152406", "Your IP is not included in your API key's IP whitelist", None),
        ("bitget", "40018", "invalid ip,current request ip 1.2.3.4", "1.2.3.4"),
        ("bitget", "40018", "Invalid IP, current request ip: 2a02:c207::1.", "2a02:c207::1"),
        ("bingx", "100419", BINGX_IP.format("1.2.3.4"), "1.2.3.4"),
        ("bingx", "100419", BINGX_IP.format("xx.xx.xx.xxx"), None),
        ("bingx", "100419", "IP does not match IP whitelist", None),
        ("htx", "Incorrect IP address", " [IP地址错误]:104.128.67.45", "104.128.67.45"),
        ("htx", "Incorrect IP address", " [IP地址错误]:2a02:c207::1", "2a02:c207::1"),
        ("htx", "Incorrect IP address", "", None),
        ("htx", "12005", "Incorrect IP address.", None),
        ("mexc", "700006", "IP [162.220.234.40] not in the ip white list", "162.220.234.40"),
        ("mexc", "700006", "IP [2a02:c207::1] not in the ip white list", "2a02:c207::1"),
        ("mexc", "10075", "IP [162.220.234.40] not in the ip white list", "162.220.234.40"),
        ("mexc", "700006", "IP non white list", None),
        ("mexc", "700006", "IP [nowhere] not in the ip white list", None),
        ("phemex", "401 Request IP mismatch", ".", None),
        ("bitmart", "30010", "IP is forbidden. We recommend enabling IP whitelist for API trading.", None),
        ("cryptocom", "40103", "IP_ILLEGAL", None),
    ],
)
def test_the_address_that_was_seen(name: str, code: str, text: str, seen: str | None) -> None:
    access = _registry.get(name).refusal(refusal(name, code, text))
    assert access is not None
    assert access.seen_address == seen


TIMES = {
    "hyperliquid": {"specialStatuses": None, "time": 1666879482792},
    "coinbase": {"iso": "2022-10-27T14:04:42Z", "epochSeconds": "1666879482", "epochMillis": "1666879482792"},
    "bybit": {"retCode": 0, "result": {"timeSecond": "1666879482"}, "time": 1666879482792},
    "bitget": {"code": "00000", "data": {"serverTime": "1666879482792"}},
    "okx": {"code": "0", "data": [{"ts": "1666879482792"}]},
    "binance": {"serverTime": 1666879482792},
    "gate": {"server_time": 1666879482792},
    "bitmart": {"message": "OK", "code": 1000, "trace": "0", "data": {"server_time": 1666879482792}},
    "mexc": {"serverTime": 1666879482792},
    "kucoin": {"code": "200000", "data": 1666879482792},
    "woo": {"success": True, "data": {"status": 0}, "timestamp": 1666879482792},
    "bingx": {"code": 0, "msg": "", "data": {"serverTime": 1666879482792}},
    "bitmex": {"name": "BitMEX API", "version": "1.2.0", "timestamp": 1666879482792},
    "deribit": {"jsonrpc": "2.0", "result": 1666879482792},
    "htx": {"status": "ok", "data": 1666879482792},
}


def test_every_exchange_has_a_documented_answer_and_a_clock() -> None:
    names = {exchange.name for exchange in ALL}
    assert set(GOOD) == names
    by_date = {"bitfinex", "bitstamp", "blofin", "cryptocom", "gemini", "krakenfutures", "phemex"}
    assert set(TIMES) | by_date | {"kraken"} == names


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
    reads = (exchange.key, exchange.server_time, exchange.refusal)
    # Gate's list of keys and Hyperliquid's of agents have no envelope: an empty one is none of their refusals.
    for read in reads[:2] if name == "list" and exchange.name in ("gate", "hyperliquid") else reads:
        with pytest.raises(AnswerError, match="example"):
            read(bad)
    assert time.monotonic() - started < 2


WRONG: list[tuple[str, tuple[Any, ...], Any]] = [
    ("hyperliquid", ("role",), 7),
    ("hyperliquid", ("role",), ...),
    ("hyperliquid", ("data",), ...),
    ("hyperliquid", ("data", "user"), ["0x"]),
    ("hyperliquid", ("data", "user"), "0x77"),
    ("coinbase", ("can_view",), "true"),
    ("coinbase", ("can_trade",), 1),
    ("coinbase", ("can_transfer",), ...),
    ("coinbase", ("can_teleport",), "true"),
    ("coinbase", ("portfolio_uuid",), 7),
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
    ("bitfinex", (0,), {}),
    ("bitfinex", (0,), ["account", 1]),
    ("bitfinex", (0, 0), 7),
    ("bitfinex", (0, 0), "history"),
    ("bitfinex", (7, 2), "1"),
    ("bitfinex", (7, 2), True),
    ("bitfinex", (7, 2), 2),
    ("bitfinex", (7, 2), None),
    ("bitfinex", (7,), ...),
    ("bitfinex", (2,), ...),
    ("gemini", ("isAuditor",), ...),
    ("gemini", ("isFundManager",), ...),
    ("gemini", ("isTrader",), "false"),
    ("gemini", ("isFundManager",), 0),
    ("gemini", ("isAccountAdmin",), "true"),
    ("kraken", ("result",), []),
    ("kraken", ("result", "permissions"), ...),
    ("kraken", ("result", "permissions"), "withdraw-funds"),
    ("kraken", ("result", "permissions"), [1]),
    ("kraken", ("result", "ip_allowlist"), ...),
    ("kraken", ("result", "ip_allowlist"), "1.2.3.4"),
    ("kraken", ("result", "valid_until"), ...),
    ("kraken", ("result", "valid_until"), 0),
    ("kraken", ("result", "valid_until"), "-1"),
    ("kraken", ("result", "valid_until"), "9" * 12),
    ("kraken", ("result", "created_time"), ""),
    ("kraken", ("result", "last_used"), None),
    ("kraken", ("result", "api_key_name"), 7),
    ("krakenfutures", ("permissions",), ...),
    ("krakenfutures", ("permissions",), ["general"]),
    ("krakenfutures", ("allowedCidrBlocks",), ...),
    ("krakenfutures", ("allowedCidrBlocks",), "192.168.0.0/16"),
    ("krakenfutures", ("accountUid",), 1.5),
    ("krakenfutures", ("createdAt",), "yesterday"),
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
    ("kucoin", ("data",), []),
    ("kucoin", ("data", "permission"), ["General"]),
    ("kucoin", ("data", "permission"), ...),
    ("kucoin", ("data", "permission"), ""),
    ("kucoin", ("data", "ipWhitelist"), ["1.2.3.4"]),
    ("kucoin", ("data", "isMaster"), "true"),
    ("kucoin", ("data", "createdAt"), "now"),
    ("gate", ("user_id",), ...),
    ("gate", ("user_id",), []),
    ("gate", ("ip_whitelist",), "1.2.3.4"),
    ("gate", ("ip_whitelist",), None),
    ("gate", ("ip_whitelist",), [1]),
    ("blofin", ("data",), []),
    ("blofin", ("data", "readOnly"), ...),
    ("blofin", ("data", "readOnly"), "1"),
    ("blofin", ("data", "readOnly"), True),
    ("blofin", ("data", "readOnly"), 2),
    ("blofin", ("data", "ips"), ...),
    ("blofin", ("data", "ips"), "1.2.3.4"),
    ("blofin", ("data", "expireTime"), "soon"),
    ("blofin", ("data", "type"), "own"),
    ("woo", ("data",), []),
    ("woo", ("data", "rows"), []),
    ("woo", ("data", "rows"), [{}, {}]),
    ("woo", ("data", "rows", 0, "permissions"), ...),
    ("woo", ("data", "rows", 0, "permissions"), []),
    ("woo", ("data", "rows", 0, "permissions"), "READ"),
    ("woo", ("data", "rows", 0, "allowedIPs"), "1.2.3.4"),
    ("bingx", ("permissions",), ...),
    ("bingx", ("permissions",), "1,2"),
    ("bingx", ("permissions",), [True]),
    ("bingx", ("permissions",), ["1"]),
    ("bingx", ("ipAddresses",), ...),
    ("bingx", ("ipAddresses",), "1.2.3.4"),
    ("bingx", ("note",), 7),
    ("bitmex", (0,), []),
    ("bitmex", (0, "permissions"), ...),
    ("bitmex", (0, "permissions"), "order"),
    ("bitmex", (0, "cidr"), ["1.2.3.4"]),
    ("bitmex", (0, "cidrs"), "1.2.3.4"),
    ("bitmex", (0, "enabled"), "yes"),
    ("bitmex", (0, "created"), "soon"),
    ("bitmex", (0, "name"), {}),
    ("deribit", ("result",), []),
    ("deribit", ("result", "scope"), ...),
    ("deribit", ("result", "scope"), ["trade:read"]),
    ("htx", ("data",), {}),
    ("htx", ("data",), []),
    ("htx", ("data",), [1]),
    ("htx", ("data", 0, "permission"), ...),
    ("htx", ("data", 0, "permission"), " "),
    ("htx", ("data", 0, "permission"), ["trade"]),
    ("htx", ("data", 0, "ipAddresses"), ["1.2.3.4"]),
    ("htx", ("data", 0, "validDays"), ...),
    ("htx", ("data", 0, "validDays"), "7"),
    ("htx", ("data", 0, "validDays"), True),
    ("htx", ("data", 0, "validDays"), -2),
    ("htx", ("data", 0, "validDays"), 10**9),
    ("htx", ("data", 0, "createTime"), "now"),
    ("htx", ("data", 0, "status"), 1),
]


@pytest.mark.parametrize(("name", "path", "value"), WRONG)
def test_wrong_types_are_named(name: str, path: tuple[Any, ...], value: Any) -> None:
    with pytest.raises(AnswerError, match="example answered"):
        _registry.get(name).key(answer(changed(GOOD[name], *path, to=value)))


def test_a_list_of_hundreds_of_thousands_of_entries_does_not_hang() -> None:
    started = time.monotonic()
    data = changed(BYBIT, "result", "ips", to=["1.2.3.4"] * 90_000)
    assert len(_registry.get("bybit").key(answer(data)).allowlist.entries) == 90_000
    text = ",".join(["1.2.3.4"] * 1_000_000)
    assert len(_registry.get("okx").key(answer(changed(OKX, "data", 0, "ip", to=text))).allowlist.entries) == 1_000_000
    assert time.monotonic() - started < 5
