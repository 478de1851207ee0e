# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bybit: V5, HMAC keys, environments live, testnet and demo on hosts of their own."""

from __future__ import annotations

import datetime
import hashlib
import hmac
from typing import TYPE_CHECKING, Any, ClassVar

from ._asymmetric import echoed, is_pem
from ._exchange import (
    ALPHANUMERIC,
    DAY_MS,
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
    from collections.abc import Mapping, Sequence

GROUPS = (
    "ContractTrade",
    "Spot",
    "Wallet",
    "Options",
    "Derivatives",
    "CopyTrading",
    "BlockTrade",
    "Exchange",
    "NFT",
    "Affiliate",
    "Earn",
    "FiatP2P",
    "FiatConvertBroker",
    "FiatGlobalPay",
    "FiatBitPay",
    "BitCard",
    "ByXPost",
)
REGIONS = {
    "ae": "api.bybit.ae",
    "eu": "api.bybit.eu",
    "ge": "api.bybitgeorgia.ge",
    "id": "api.bybit.id",
    "jp": "api.manepa.jp",
    "kz": "api.bybit.kz",
    "nl": "api.bybit.nl",
    "tr": "api.bybit.tr",
}
SPOT = {
    "symbol": "BTCUSDT",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "innovation": "0",
    "status": "Trading",
    "marginTrading": "utaOnly",
    "lotSizeFilter": {
        "basePrecision": "0.000001",
        "quotePrecision": "0.00000001",
        "minOrderQty": "0.00001",
        "maxOrderQty": "100",
        "minOrderAmt": "1",
        "maxOrderAmt": "1000000",
    },
    "priceFilter": {"tickSize": "0.01"},
}


def _iso(milliseconds: int) -> str:
    moment = datetime.datetime.fromtimestamp(milliseconds // 1000, tz=datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _any_permission(key: Key) -> bool:
    return any(key.permissions["permissions"].values())


class Bybit(Exchange):
    name = "bybit"
    sites = (
        Site("bybit", "mainnet", ("api.bybit.com", "api.bytick.com")),
        Site("bybit-testnet", "testnet", ("api-testnet.bybit.com",)),
        Site("bybit-demo", "demo", ("api-demo.bybit.com",)),
        Site("bybit-testnet-jp", "testnet", ("api-testnet.manepa.jp",), "jp"),
        *(Site(f"bybit-{region}", "mainnet", (host,), region) for region, host in REGIONS.items()),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "-2015": Refusal(401, "Your api key has expired."),
        "10018": Refusal(200, "Exceeded the IP Rate Limit."),
        "10429": Refusal(200, "System level frequency protection."),
        "10016": Refusal(200, "Server error."),
        "10002": Refusal(
            200,
            "invalid request, please check your server timestamp or recv_window param. "
            "req_timestamp[{origin}],server_timestamp[{now}],recv_window[5000]",
        ),
        "10003": Refusal(
            200,
            "API key is invalid. Check whether the key and domain are matched, "
            "there are 4 env: mainnet, testnet, mainnet-demo, testnet-demo",
        ),
        "10004": Refusal(200, "error sign! origin_string[{origin}]"),
        "10005": Refusal(200, "Permission denied, please check your API key permissions."),
        "10006": Refusal(200, "Too many visits. Exceeded the API Rate Limit."),
        "10007": Refusal(200, "User authentication failed."),
        "10008": Refusal(200, "Common banned, please check your account mode"),
        "10009": Refusal(200, "IP has been banned."),
        "10010": Refusal(200, "Unmatched IP, please check your API key's bound IP addresses."),
        "33004": Refusal(200, "Your api key has expired."),
        # The number is the HTTP status: the body is not in the API's own form.
        "403": Refusal(403, "access too frequent, please try again later"),
        "404": Refusal(404, "404 page not found"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "10007",
        "key_malformed": "10003",
        "key_unknown": "10003",
        "region": "10003",
        "environment": "10003",
        "signature_missing": "10004",
        "signature": "10004",
        "timestamp": "10002",
        "clock_behind": "10002",
        "clock_ahead": "10002",
        "expired": "33004",
        "address": "10010",
        "permission": "10005",
        "banned": "403",
        "locked": "10008",
        "not_found": "404",
    }

    def __init__(self) -> None:
        self.presets = {
            "read-only": self._permissions(read_only=1, Spot=["SpotTrade"], Wallet=["AccountTransfer"]),
            "spot-trade": self._permissions(Spot=["SpotTrade"]),
            "futures-trade": self._permissions(ContractTrade=["Order", "Position"], Derivatives=["DerivativesTrade"]),
            "withdraw": self._permissions(Spot=["SpotTrade"], Wallet=["AccountTransfer", "Withdraw"]),
            "none": self._permissions(),
        }
        self.public = {
            "/v5/market/time": self._time,
            "/v5/market/instruments-info": self._instruments,
            "/v5/market/kline": self._kline,
        }
        self.signed = {
            # "any permission may call it"
            "/v5/user/query-api": Signed(self._query_api, lambda key: True),
            "/v5/account/info": Signed(self._account_info, _any_permission),
            "/v5/account/wallet-balance": Signed(self._balance, _any_permission),
            "/v5/account/fee-rate": Signed(self._fees, _any_permission),
            "/v5/asset/coin/query-info": Signed(lambda call, key: {"rows": []}, _any_permission),
        }

    @staticmethod
    def _permissions(*, read_only: int = 0, **groups: list[str]) -> dict[str, Any]:
        return {"readOnly": read_only, "permissions": {group: groups.get(group, []) for group in GROUPS}}

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=ALPHANUMERIC, length=18), secret=random_text(alphabet=ALPHANUMERIC, length=36)
        )

    def expiry(self, *, created_at: int, allowlist: Sequence[str] | None) -> int | None:
        return created_at + 90 * DAY_MS if allowlist is None else None

    def key_well_formed(self, key: str) -> bool:
        return True  # there is no code of its own for it

    def presented(self, call: Call) -> Presented:
        return Presented(
            key=call.header("x-bapi-api-key"),
            signature=call.header("x-bapi-sign"),
            sent_at=read_milliseconds(call.header("x-bapi-timestamp")),
            window_ms=read_milliseconds(call.header("x-bapi-recv-window")) or 5000,
        )

    def _origin(self, call: Call) -> str:
        return (call.header("x-bapi-timestamp") + call.header("x-bapi-api-key") + call.header("x-bapi-recv-window")) + (
            call.query if call.method == "GET" else call.body.decode("utf-8", "replace")
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        origin = self._origin(call).encode()
        if is_pem(secret):
            return echoed(pem=secret, message=origin, signature=presented.signature)
        return hmac.new(secret.encode(), origin, hashlib.sha256).hexdigest()

    def success(self, call: Call, result: Any) -> Any:
        return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": call.now_ms}

    def refusal_text(self, call: Call, *, code: str, reason: str | None) -> str:
        # Bybit prints what it signed, the key id included, and the timestamp it was sent.
        origin = self._origin(call) if code == "10004" else call.header("x-bapi-timestamp")
        origin = origin.replace("{", "{{").replace("}", "}}")
        return self.refusals[code].text.replace("{origin}", origin)

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        if code in ("403", "404"):
            return text
        return {"retCode": int(code), "retMsg": text, "result": {}, "retExtInfo": {}, "time": call.now_ms}

    def _time(self, call: Call) -> Any:
        return {"timeSecond": str(call.now_ms // 1000), "timeNano": str(call.now_ms * 1_000_000)}

    def _instruments(self, call: Call) -> Any:
        category = call.params.get("category", "")
        return {"category": category, "list": [SPOT] if category == "spot" else [], "nextPageCursor": ""}

    def _kline(self, call: Call) -> Any:
        interval = call.params.get("interval", "5")
        rows = candles(
            now_ms=call.now_ms,
            minutes=int(interval) if interval.isdigit() else 1440,
            count=read_milliseconds(call.params.get("limit", "")) or 200,
        )
        return {
            "category": "spot",
            "symbol": "BTCUSDT",
            "list": [[str(start), price, price, price, price, "1", "100"] for start, price in rows],
        }

    def _query_api(self, call: Call, key: Key) -> Any:
        bound = key.allowlist is not None
        left = -2
        if key.expires_at is not None and not bound:
            left = max(0, (key.expires_at - call.now_ms) // DAY_MS)
        return {
            "id": str(2_000_000 + int(key.account_id) % 1_000_000),
            "note": key.label,
            "apiKey": key.key,
            "readOnly": key.permissions["readOnly"],
            "secret": "",
            "permissions": key.permissions["permissions"],
            "ips": key.allowlist if key.allowlist is not None else ["*"],
            "type": 1,
            "deadlineDay": left,
            "expiredAt": _iso(key.expires_at or 0) if not bound else "1970-01-01T00:00:00Z",
            "createdAt": _iso(key.created_at),
            "unified": 0,
            "uta": 1,
            "userID": int(key.account_id),
            "inviterID": 0,
            "vipLevel": "No VIP",
            "mktMakerLevel": "0",
            "affiliateID": 0,
            "rsaPublicKey": "",
            "isMaster": key.parent_id is None,
            "parentUid": key.parent_id or "0",
            "kycLevel": "LEVEL_1",
            "kycRegion": "DEU",
        } | key.extra

    def _account_info(self, call: Call, key: Key) -> Any:
        return {"unifiedMarginStatus": 6, "marginMode": "REGULAR_MARGIN", "updatedTime": str(call.now_ms)}

    def _balance(self, call: Call, key: Key) -> Any:
        coin = {
            "coin": "USDT",
            "walletBalance": "1000",
            "locked": "0",
            "equity": "1000",
            "usdValue": "1000",
            **dict.fromkeys(("bonus", "accruedInterest", "borrowAmount", "spotBorrow", "unrealisedPnl"), "0"),
            **dict.fromkeys(("cumRealisedPnl", "totalOrderIM", "totalPositionIM", "totalPositionMM"), "0"),
            "availableToWithdraw": "1000",
            "availableToBorrow": "",
            "collateralSwitch": True,
            "marginCollateral": True,
        }
        account = {
            **dict.fromkeys(("accountIMRate", "accountMMRate", "accountLTV", "totalPerpUPL"), "0"),
            **dict.fromkeys(("totalInitialMargin", "totalMaintenanceMargin"), "0"),
            **dict.fromkeys(
                ("totalEquity", "totalMarginBalance", "totalAvailableBalance", "totalWalletBalance"), "1000"
            ),
        }
        return {"list": [{"accountType": call.params.get("accountType", "UNIFIED"), **account, "coin": [coin]}]}

    def _fees(self, call: Call, key: Key) -> Any:
        return {"list": [{"symbol": "BTCUSDT", "baseCoin": "", "takerFeeRate": "0.001", "makerFeeRate": "0.001"}]}
