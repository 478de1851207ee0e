# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Binance: spot and wallet API, and the futures host, whose refusals print the caller's address.

Introspection tells whether there is an allowlist, never what is in it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, ClassVar

from ._asymmetric import echoed, is_pem
from ._exchange import (
    ALPHANUMERIC,
    Call,
    Credentials,
    Exchange,
    Key,
    Presented,
    Refusal,
    Signed,
    Site,
    candles,
    random_text,
    read_milliseconds,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

FUTURES_PATHS = ("/fapi/", "/dapi/")
FLAGS = (
    "enableReading",
    "enableWithdrawals",
    "enableInternalTransfer",
    "enableMargin",
    "enableFutures",
    "permitsUniversalTransfer",
    "enableVanillaOptions",
    "enableFixApiTrade",
    "enableFixReadOnly",
    "enableSpotAndMarginTrading",
    "enablePortfolioMarginTrading",
)
SPOT = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "baseAssetPrecision": 8,
    "quoteAsset": "USDT",
    "quotePrecision": 8,
    "quoteAssetPrecision": 8,
    "orderTypes": ["LIMIT", "MARKET"],
    "isSpotTradingAllowed": True,
    "isMarginTradingAllowed": False,
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000.00", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000.0", "stepSize": "0.00001"},
        {"filterType": "NOTIONAL", "minNotional": "5"},
    ],
    "permissions": ["SPOT"],
}
# Only here a key can be asked what it is.
MAIN = ("mainnet", "global")
UNIT_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080, "M": 43200}


def _permissions(*enabled: str) -> dict[str, bool]:
    return {flag: flag in enabled for flag in FLAGS}


def _reads(key: Key) -> bool:
    return bool(key.permissions["enableReading"])


def _futures(key: Key) -> bool:
    return bool(key.permissions["enableFutures"])


class Binance(Exchange):
    name = "binance"
    sites = (
        Site(
            "binance",
            "mainnet",
            (
                "api.binance.com",
                "api1.binance.com",
                "api2.binance.com",
                "api3.binance.com",
                "api4.binance.com",
                "api-gcp.binance.com",
            ),
        ),
        Site("binance-futures", "mainnet", ("fapi.binance.com", "dapi.binance.com")),
        Site("binance-us", "mainnet", ("api.binance.us",), "us"),
        Site("binance-testnet", "testnet", ("testnet.binance.vision", "testnet.binancefuture.com")),
        Site("binance-demo", "demo", ("demo-api.binance.com", "demo-fapi.binance.com", "demo-dapi.binance.com")),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "-1000": Refusal(500, "An unknown error occurred while processing the request."),
        "-1001": Refusal(500, "Internal error; unable to process your request."),
        "-1002": Refusal(401, "You are not authorized to execute this request."),
        "-1007": Refusal(504, "Timeout waiting for response from backend server."),
        "-1008": Refusal(503, "Server is currently overloaded with other requests."),
        "-1003": Refusal(
            429,
            "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. "
            "Please use WebSocket Streams for live updates to avoid polling the API.",
        ),
        "-1021": Refusal(400, "Timestamp for this request is outside of the recvWindow."),
        "-1022": Refusal(400, "Signature for this request is not valid."),
        "-1102": Refusal(400, "Mandatory parameter '{need}' was not sent, was empty/null, or malformed."),
        "-2008": Refusal(400, "Invalid Api-Key ID."),
        "-2014": Refusal(401, "API-key format invalid."),
        "-2015": Refusal(401, "Invalid API-key, IP, or permissions for action."),
        # The number is the HTTP status; the body's code is -1003.
        "418": Refusal(
            418,
            "Way too much request weight used; IP banned until {now}. "
            "Please use WebSocket Streams for live updates to avoid bans.",
        ),
        "404": Refusal(404, "Not Found"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "-2014",
        "key_malformed": "-2014",
        "key_unknown": "-2008",
        "region": "-2015",
        "environment": "-2015",
        "signature_missing": "-1102",
        "signature": "-1022",
        "timestamp": "-1102",
        "clock_ahead": "-1021",
        "clock_behind": "-1021",
        "expired": "-2015",
        "address": "-2015",
        "permission": "-2015",
        "banned": "418",
        "locked": "418",
        "not_found": "404",
    }

    def __init__(self) -> None:
        self.presets = {
            "read-only": _permissions("enableReading"),
            "spot-trade": _permissions("enableReading", "enableSpotAndMarginTrading"),
            "futures-trade": _permissions("enableReading", "enableFutures"),
            "withdraw": _permissions("enableReading", "enableSpotAndMarginTrading", "enableWithdrawals"),
            "none": _permissions(),
        }
        self.public = {
            "/api/v3/ping": lambda call: {},
            "/api/v3/time": self._time,
            "/api/v3/exchangeInfo": lambda call: self._exchange_info(call) | {"symbols": [SPOT]},
            "/api/v3/klines": self._klines,
            "/fapi/v1/time": self._time,
            "/fapi/v1/exchangeInfo": self._exchange_info,
            "/dapi/v1/exchangeInfo": self._exchange_info,
        }
        self.signed = {
            "/sapi/v1/account/apiRestrictions": Signed(self._restrictions, _reads),
            "/sapi/v1/capital/config/getall": Signed(lambda call, key: [], _reads),
            "/sapi/v1/margin/allPairs": Signed(lambda call, key: [], _reads),
            "/sapi/v1/margin/isolated/allPairs": Signed(lambda call, key: [], _reads),
            "/api/v3/account": Signed(self._account, _reads),
            "/fapi/v2/account": Signed(self._futures_account, _futures),
            "/fapi/v3/account": Signed(self._futures_account, _futures),
        }

    def serves(self, call: Call) -> bool:
        if call.path.startswith("/sapi/v1/account/") and (call.site.environment, call.site.region) != MAIN:
            return False
        official = call.host in (host for site in self.sites for host in site.hosts)
        # On loopback one port may stand for both hosts.
        return not official or self._is_futures(call) == ("fapi" in call.host or "dapi" in call.host)

    @staticmethod
    def _is_futures(call: Call) -> bool:
        return call.path.startswith(FUTURES_PATHS)

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=ALPHANUMERIC, length=64), secret=random_text(alphabet=ALPHANUMERIC, length=64)
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[A-Za-z0-9]{64}", key) is not None

    def presented(self, call: Call) -> Presented:
        sent_at = read_milliseconds(call.params.get("timestamp", ""))
        if sent_at is not None and sent_at > 10**14:  # microseconds are accepted too
            sent_at //= 1000
        return Presented(
            key=call.header("x-mbx-apikey"),
            signature=call.params.get("signature", ""),
            sent_at=sent_at,
            window_ms=min(read_milliseconds(call.params.get("recvWindow", "")) or 5000, 60_000),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        signed = "&".join(pair for pair in call.query.split("&") if not pair.startswith("signature="))
        text = signed.encode() + call.body
        if is_pem(secret):
            return echoed(pem=secret, message=text, signature=presented.signature)
        # Only here letters may be of either case.
        digest = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
        return presented.signature if presented.signature.lower() == digest else digest

    def success(self, call: Call, result: Any) -> Any:
        return result

    def refusal_text(self, call: Call, *, code: str, reason: str | None) -> str:
        if code == "-1021" and reason == "clock_ahead":
            return "Timestamp for this request was 1000ms ahead of the server's time."
        if code == "-1102":
            missing = "signature" if reason == "signature_missing" else "timestamp"
            return self.refusals[code].text.replace("{need}", missing)
        if code == "-2015" and self._is_futures(call):
            return "Invalid API-key, IP, or permissions for action, request ip: {ip}"
        return super().refusal_text(call, code=code, reason=reason)

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        if code == "404":
            return "<html><head><title>404 Not Found</title></head></html>"
        return {"code": -1003 if code == "418" else int(code), "msg": text}

    def _time(self, call: Call) -> Any:
        return {"serverTime": call.now_ms}

    def _exchange_info(self, call: Call) -> dict[str, Any]:
        return {
            "timezone": "UTC",
            "serverTime": call.now_ms,
            "rateLimits": [],
            "exchangeFilters": [],
            "assets": [],
            "symbols": [],
        }

    def _klines(self, call: Call) -> Any:
        wanted = re.fullmatch(r"(\d+)([mhdwM])", call.params.get("interval", "1m"))
        minutes = 1 if wanted is None else int(wanted[1]) * UNIT_MINUTES[wanted[2]]
        count = read_milliseconds(call.params.get("limit", "")) or 500
        return [
            [start, price, price, price, price, "1", start + minutes * 60_000 - 1, "100", 1, "1", "100", "0"]
            for start, price in reversed(candles(now_ms=call.now_ms, minutes=minutes, count=count))
        ]

    def _restrictions(self, call: Call, key: Key) -> Any:
        answer = {"ipRestrict": key.allowlist is not None, "createTime": key.created_at, **key.permissions}
        if key.expires_at is not None:
            answer["tradingAuthorityExpirationTime"] = key.expires_at
        return answer | key.extra

    def _account(self, call: Call, key: Key) -> Any:
        return {
            "makerCommission": 10,
            "takerCommission": 10,
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "updateTime": call.now_ms,
            "accountType": "SPOT",
            "balances": [{"asset": "USDT", "free": "1000.00000000", "locked": "0.00000000"}],
            "permissions": ["SPOT"],
            "uid": int(key.account_id),
        }

    def _futures_account(self, call: Call, key: Key) -> Any:
        asset = {"asset": "USDT", "walletBalance": "1000.0", "marginBalance": "1000.0", "availableBalance": "1000.0"}
        return {
            "feeTier": 0,
            "canTrade": True,
            "canDeposit": True,
            "canWithdraw": True,
            "totalWalletBalance": "1000.0",
            "availableBalance": "1000.0",
            "assets": [asset],
            "positions": [],
        }
