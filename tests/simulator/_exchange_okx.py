# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OKX: V5. Live and demo share hosts (header `x-simulated-trading: 1`); regions have hosts of their own."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import re
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

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

TOLERANCE_MS = 30_000
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SPOT = {
    "instType": "SPOT",
    "instId": "BTC-USDT",
    "baseCcy": "BTC",
    "quoteCcy": "USDT",
    "state": "live",
    "lotSz": "0.00000001",
    "minSz": "0.00001",
    "tickSz": "0.1",
}


def _read_timestamp(text: str) -> int | None:
    if not TIMESTAMP.fullmatch(text):
        return None
    try:
        moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        return None
    return round(moment.timestamp() * 1000)


def _can_read(key: Key) -> bool:
    return "read_only" in key.permissions.split(",")


class Okx(Exchange):
    name = "okx"
    sites = (
        Site("okx", "mainnet", ("www.okx.com", "openapi.okx.com")),
        Site("okx-us", "mainnet", ("us.okx.com",), "us"),
        Site("okx-eea", "mainnet", ("eea.okx.com",), "eea"),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "50061": Refusal(429, "Too many requests"),
        "50001": Refusal(503, "Service temporarily unavailable."),
        "50004": Refusal(400, "API endpoint request timeout."),
        "50013": Refusal(503, "Systems are busy. Please try again later."),
        "50026": Refusal(500, "System error. Try again later."),
        "50011": Refusal(429, "Too Many Requests"),
        "50100": Refusal(401, "API frozen, please contact customer service."),
        "50101": Refusal(401, "APIKey does not match current environment."),
        "50102": Refusal(401, "Timestamp request expired"),
        "50103": Refusal(401, 'Request header "OK-ACCESS-KEY" can not be empty.'),
        "50104": Refusal(401, 'Request header "OK-ACCESS-PASSPHRASE" can not be empty.'),
        "50105": Refusal(401, 'Request header "OK-ACCESS-PASSPHRASE" incorrect.'),
        "50106": Refusal(401, 'Request header "OK-ACCESS-SIGN" can not be empty.'),
        "50107": Refusal(401, 'Request header "OK-ACCESS-TIMESTAMP" can not be empty.'),
        "50110": Refusal(401, "Your IP {ip} is not included in your API key's {key} IP whitelist."),
        "50111": Refusal(401, "Invalid OK-ACCESS-KEY"),
        "50112": Refusal(401, "Invalid OK-ACCESS-TIMESTAMP"),
        "50113": Refusal(401, "Invalid Sign"),
        "50119": Refusal(200, "API key doesn't exist"),
        "50120": Refusal(401, "This API key doesn't have permission to use this function"),
        "50121": Refusal(200, "You can't access our services through the IP address ({ip})"),
        "404": Refusal(404, "Not Found"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "50103",
        "key_malformed": "50111",
        "key_unknown": "50119",
        "region": "50119",
        "environment": "50101",
        "signature_missing": "50106",
        "signature": "50113",
        "timestamp": "50112",
        "clock_ahead": "50102",
        "clock_behind": "50102",
        "passphrase_missing": "50104",
        "passphrase": "50105",
        # What OKX says of a key that ended by its inactivity rule is not documented: it is gone.
        "expired": "50119",
        "address": "50110",
        "permission": "50120",
        "banned": "50011",
        "locked": "50100",
        "not_found": "404",
    }
    ahead_ms = TOLERANCE_MS
    behind_ms = TOLERANCE_MS
    has_passphrase = True
    has_trace = True

    def __init__(self) -> None:
        self.presets = {
            "read-only": "read_only",
            "spot-trade": "read_only,trade",
            "futures-trade": "read_only,trade",
            "withdraw": "read_only,withdraw,trade",
            "none": "",
        }
        self.public = {
            "/api/v5/public/time": lambda call: [{"ts": str(call.now_ms)}],
            "/api/v5/public/instruments": lambda call: [SPOT] if call.params.get("instType") == "SPOT" else [],
            "/api/v5/market/candles": self._candles,
        }
        self.signed = {
            "/api/v5/account/config": Signed(self._config, _can_read, "read_only"),
            "/api/v5/account/balance": Signed(self._balance, _can_read, "read_only"),
            "/api/v5/asset/currencies": Signed(lambda call, key: [], _can_read, "read_only"),
        }

    def environments(self) -> tuple[str, ...]:
        return ("mainnet", "demo")

    def environment(self, call: Call) -> str:
        return "demo" if call.header("x-simulated-trading") == "1" else "mainnet"

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=str(uuid.uuid4()),
            secret=random_text(alphabet="0123456789ABCDEF", length=32),
            passphrase="Sim-7" + random_text(alphabet=ALPHANUMERIC, length=12),
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key) is not None

    def presented(self, call: Call) -> Presented:
        return Presented(
            key=call.header("ok-access-key"),
            signature=call.header("ok-access-sign"),
            sent_at=_read_timestamp(call.header("ok-access-timestamp")),
            passphrase=call.header("ok-access-passphrase"),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        text = (call.header("ok-access-timestamp") + call.method + call.target).encode() + call.body
        return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()

    def refusal_code(self, call: Call, reason: str) -> str:
        if reason == "timestamp" and not call.header("ok-access-timestamp"):
            return "50107"
        return super().refusal_code(call, reason)

    def success(self, call: Call, result: Any) -> Any:
        return {"code": "0", "data": result, "msg": ""}

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        if code == "404":
            return {"code": "404", "data": {}, "detailMsg": "", "error_code": "404", "error_message": text, "msg": text}
        return {"msg": text, "code": code}

    def _candles(self, call: Call) -> Any:
        wanted = re.fullmatch(r"(\d+)([mH])", call.params.get("bar", "1m"))
        minutes = 1440 if wanted is None else int(wanted[1]) * (60 if wanted[2] == "H" else 1)
        count = read_milliseconds(call.params.get("limit", "")) or 100
        return [
            [str(start), price, price, price, price, "1", "1", "100", "1"]
            for start, price in candles(now_ms=call.now_ms, minutes=minutes, count=count)
        ]

    def _config(self, call: Call, key: Key) -> Any:
        return [
            {
                "acctLv": "2",
                "acctStpMode": "cancel_maker",
                "autoLoan": False,
                "ctIsoMode": "automatic",
                "feeType": "0",
                "greeksType": "PA",
                "ip": ",".join(key.allowlist or ()),
                "kycLv": "3",
                "label": key.label,
                "level": "Lv1",
                "levelTmp": "",
                "mainUid": key.parent_id or key.account_id,
                "mgnIsoMode": "automatic",
                "opAuth": "0",
                "perm": key.permissions,
                "posMode": "net_mode",
                "roleType": "0",
                "settleCcy": "USDC",
                "spotOffsetType": "",
                "spotRoleType": "0",
                "spotTraderInsts": [],
                "traderInsts": [],
                "type": "0" if key.parent_id is None else "1",
                "uid": key.account_id,
            }
            | key.extra
        ]

    def _balance(self, call: Call, key: Key) -> Any:
        now = str(call.now_ms)
        detail = {"ccy": "USDT", "eq": "1000", "availEq": "1000", "cashBal": "1000", "availBal": "1000"}
        return [{"details": [detail | {"frozenBal": "0", "uTime": now}], "totalEq": "1000", "uTime": now}]
