# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bitget: classic (V2) and unified (V3) accounts on one host; demo keys need the header `paptrading: 1`.

A key whose permissions are a list belongs to a classic account, one whose permissions are an object
(`{"permType": ..., "permissions": [...]}`) to a unified one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, ClassVar

from ._asymmetric import echoed, is_pem
from ._exchange import (
    ALPHANUMERIC,
    HEX,
    Call,
    Credentials,
    Exchange,
    Key,
    Presented,
    Refusal,
    RefusedError,
    Signed,
    Site,
    candles,
    random_text,
    read_milliseconds,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Not documented in a source we could read; others enforce the same.
TOLERANCE_MS = 30_000
READS_SPOT = {"stor", "stow", "readonly", "trade"}
SPOT = {
    "symbol": "BTCUSDT",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "status": "online",
    "minTradeAmount": "0",
    "minTradeUSDT": "1",
    "pricePrecision": "2",
    "quantityPrecision": "6",
    "quotePrecision": "8",
    "takerFeeRate": "0.001",
    "makerFeeRate": "0.001",
}
UNIFIED_SPOT = {
    "symbol": "BTCUSDT",
    "category": "SPOT",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "status": "online",
    "minOrderQty": "0.00001",
    "minOrderAmount": "1",
    "pricePrecision": "2",
    "quantityPrecision": "6",
    "quotePrecision": "8",
}


def _unified(key: Key) -> bool:
    return isinstance(key.permissions, dict)


def _classic_only(answer: Callable[[Call, Key], Any]) -> Callable[[Call, Key], Any]:
    def checked(call: Call, key: Key) -> Any:
        if _unified(key):
            raise RefusedError("40085", is_code=True)
        return answer(call, key)

    return checked


def _unified_only(answer: Callable[[Call, Key], Any]) -> Callable[[Call, Key], Any]:
    def checked(call: Call, key: Key) -> Any:
        if not _unified(key):
            raise RefusedError("40084", is_code=True)
        return answer(call, key)

    return checked


def _any(key: Key) -> bool:
    return True


def _reads_spot(key: Key) -> bool:
    return _unified(key) or bool(READS_SPOT.intersection(key.permissions))


class Bitget(Exchange):
    name = "bitget"
    sites = (Site("bitget", "mainnet", ("api.bitget.com",)),)
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "40015": Refusal(500, "System error"),
        "22010": Refusal(400, "Please bind ip whitelist address"),
        "40001": Refusal(400, "ACCESS_KEY cannot be empty"),
        "40003": Refusal(400, "Signature cannot be empty"),
        "40005": Refusal(400, "Invalid ACCESS_TIMESTAMP"),
        "40006": Refusal(400, "Invalid ACCESS_KEY"),
        "40008": Refusal(400, "Request timestamp expired"),
        "40009": Refusal(400, "sign signature error"),
        "40011": Refusal(400, "ACCESS_PASSPHRASE cannot be empty"),
        "40012": Refusal(400, "apikey/password is incorrect"),
        "40013": Refusal(400, "User status is abnormal"),
        "40014": Refusal(400, "Incorrect permissions, need {need} permissions"),
        "40018": Refusal(400, "Invalid IP"),
        "40036": Refusal(400, "passphrase is error"),
        "40037": Refusal(400, "Apikey does not exist"),
        "40038": Refusal(400, "The current ip is not in the apikey ip whitelist"),
        "40084": Refusal(
            400, "You are in Classic Account mode, and the Unified Account API is not supported at this time"
        ),
        "40085": Refusal(
            400, "You are in Unified Account mode, and the Classic Account API is not supported at this time"
        ),
        "40099": Refusal(400, "exchange environment is incorrect"),
        "40404": Refusal(404, "Request URL NOT FOUND"),
        "429": Refusal(429, "Too Many Requests"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "40001",
        "key_malformed": "40006",
        "key_unknown": "40037",
        "region": "40037",
        "environment": "40099",
        "signature_missing": "40003",
        "signature": "40009",
        "timestamp": "40005",
        "clock_ahead": "40008",
        "clock_behind": "40008",
        "passphrase_missing": "40011",
        "passphrase": "40012",
        # Bitget documents no code for it: the key is gone.
        "expired": "40037",
        "address": "40018",
        "permission": "40014",
        "banned": "429",
        "locked": "40013",
        "not_found": "40404",
    }
    ahead_ms = TOLERANCE_MS
    behind_ms = TOLERANCE_MS
    has_passphrase = True

    def __init__(self) -> None:
        self.presets = {
            "read-only": ["coor", "cpor", "stor"],
            "spot-trade": ["stor", "stow"],
            "futures-trade": ["coor", "cpor", "coow", "cpow"],
            "withdraw": ["stor", "stow", "wtow", "wwow"],
            "unified-spot-trade": {"permType": "read-and-write", "permissions": ["uta_trade"]},
            "unified-read-only": {"permType": "read-only", "permissions": ["uta_trade", "withdraw"]},
            "unified-withdraw": {"permType": "read-and-write", "permissions": ["uta_trade", "withdraw"]},
            "none": [],
        }
        self.public = {
            "/api/v2/public/time": lambda call: {"serverTime": str(call.now_ms)},
            "/api/v2/spot/public/symbols": lambda call: [SPOT],
            "/api/v2/spot/public/coins": lambda call: [],
            "/api/v2/margin/currencies": lambda call: [],
            "/api/v2/mix/market/contracts": lambda call: [],
            "/api/v3/market/instruments": lambda call: [UNIFIED_SPOT] if call.params.get("category") == "SPOT" else [],
            "/api/v2/spot/market/candles": self._candles,
        }
        self.signed = {
            "/api/v2/spot/account/info": Signed(_classic_only(self._info), _any),
            "/api/v2/spot/account/assets": Signed(_classic_only(self._assets), _reads_spot, "spot read"),
            "/api/v3/account/info": Signed(_unified_only(self._unified_info), _any),
            "/api/v3/account/settings": Signed(_unified_only(self._settings), _any),
            "/api/v3/account/assets": Signed(_unified_only(self._unified_assets), _any),
        }

    def environments(self) -> tuple[str, ...]:
        return ("mainnet", "demo")

    def environment(self, call: Call) -> str:
        return "demo" if call.header("paptrading") == "1" else "mainnet"

    def new_credentials(self) -> Credentials:
        return Credentials(
            key="bg_" + random_text(alphabet=HEX, length=32),
            secret=random_text(alphabet=HEX, length=64),
            passphrase="Sim7" + random_text(alphabet=ALPHANUMERIC, length=12),
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"bg_[0-9a-f]{32}", key) is not None

    def presented(self, call: Call) -> Presented:
        return Presented(
            key=call.header("access-key"),
            signature=call.header("access-sign"),
            sent_at=read_milliseconds(call.header("access-timestamp")),
            passphrase=call.header("access-passphrase"),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        text = (call.header("access-timestamp") + call.method + call.target).encode() + call.body
        if is_pem(secret):
            return echoed(pem=secret, message=text, signature=presented.signature)
        return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()

    def refusal_code(self, call: Call, reason: str) -> str:
        # Two codes are documented for a refused address. Nobody says which API answers which: both occur here.
        if reason == "address" and call.path.startswith("/api/v3/"):
            return "40038"
        return super().refusal_code(call, reason)

    def success(self, call: Call, result: Any) -> Any:
        return {"code": "00000", "msg": "success", "requestTime": call.now_ms, "data": result}

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"code": code, "msg": text, "requestTime": call.now_ms, "data": None}

    def _candles(self, call: Call) -> Any:
        wanted = re.fullmatch(r"(\d+)(min|h)", call.params.get("granularity", "1min"))
        minutes = 1440 if wanted is None else int(wanted[1]) * (60 if wanted[2] == "h" else 1)
        count = read_milliseconds(call.params.get("limit", "")) or 100
        rows = candles(now_ms=call.now_ms, minutes=minutes, count=count)
        # The one exchange of the four that answers oldest first.
        return [[str(start), price, price, price, price, "1", "100", "100"] for start, price in reversed(rows)]

    def _info(self, call: Call, key: Key) -> Any:
        return {
            "userId": key.account_id,
            "inviterId": "0",
            "ips": ",".join(key.allowlist or ()),
            "authorities": key.permissions,
            "parentId": int(key.parent_id or 0),
            "traderType": "not_trader",
            "channelCode": "",
            "channel": "",
            "regisTime": str(key.created_at),
        } | key.extra

    def _unified_info(self, call: Call, key: Key) -> Any:
        return {
            "userId": key.account_id,
            "inviterId": "0",
            "parentId": key.parent_id or "",
            "channelCode": "",
            "channel": "",
            "ips": ",".join(key.allowlist or ()),
            "permType": key.permissions["permType"],
            "permissions": key.permissions["permissions"],
            "regisTime": str(key.created_at),
        } | key.extra

    def _settings(self, call: Call, key: Key) -> Any:
        return {"uid": key.account_id, "accountMode": "unified", "assetMode": "single", "holdMode": "one_way_mode"}

    def _assets(self, call: Call, key: Key) -> Any:
        balance = {"coin": "USDT", "available": "1000", "frozen": "0", "locked": "0", "limitAvailable": "0"}
        return [balance | {"uTime": str(call.now_ms)}]

    def _unified_assets(self, call: Call, key: Key) -> Any:
        balance = {"coin": "USDT", "equity": "1000", "balance": "1000", "available": "1000", "locked": "0", "debt": "0"}
        return {"accountEquity": "1000", "usdtEquity": "1000", "assets": [balance]}
