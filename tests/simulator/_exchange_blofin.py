# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BloFin: addresses, an end, and whether a key only reads.

What `expireTime` shows for a key that does not end is a guess ("0"). Its refusals come with HTTP 200, as documented.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, ClassVar

from ._exchange import (
    ALPHANUMERIC,
    DAY_MS,
    HEX,
    Call,
    Credentials,
    Exchange,
    Key,
    Presented,
    Refusal,
    Signed,
    Site,
    random_text,
    read_milliseconds,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOLERANCE_MS = 60_000
LIFE_DAYS = 90


def _reads(key: Key) -> bool:
    return bool(key.permissions)


class Blofin(Exchange):
    name = "blofin"
    sites = (
        Site("blofin", "mainnet", ("openapi.blofin.com",)),
        Site("blofin-demo", "demo", ("demo-trading-openapi.blofin.com",)),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "401": Refusal(401, "Unauthorized"),
        "500": Refusal(500, "Internal Server Error"),
        "152001": Refusal(200, "Parameter ACCESS-KEY cannot be empty"),
        "152401": Refusal(
            200,
            "Access key does not exist, Please go to the API Management page and check if it exists and is in an"
            " active state.",
        ),
        "152402": Refusal(
            200,
            "Access key has expired, Please go to the API Management page and check if it exists and is in an"
            " active state.",
        ),
        "152404": Refusal(200, "This operation is not supported, Please check the requestPath or API key permissions."),
        "152405": Refusal(200, "Timestamp in header or signature has expired, need to be within 60s"),
        "152406": Refusal(200, "Your IP is not included in your API key's IP whitelist"),
        "152407": Refusal(200, "Repeated nonce, Reusing within 60 seconds is not allowed."),
        "152408": Refusal(200, "Passphrase error"),
        "152409": Refusal(200, "Signature verification failed"),
        "152410": Refusal(200, "The value of ACCESS-TIMESTAMP needs to be a millisecond timestamp"),
        "404": Refusal(404, "not found"),
        "429": Refusal(429, "Too Many Requests"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "152001",
        "key_malformed": "152401",
        "key_unknown": "152401",
        "region": "152401",
        "environment": "152401",
        "signature_missing": "152001",
        "signature": "152409",
        "timestamp": "152410",
        "clock_ahead": "152405",
        "clock_behind": "152405",
        "passphrase_missing": "152001",
        "passphrase": "152408",
        "expired": "152402",
        "address": "152406",
        "permission": "152404",
        "banned": "429",
        "locked": "429",
        "not_found": "404",
    }
    ahead_ms = TOLERANCE_MS
    behind_ms = TOLERANCE_MS
    has_passphrase = True

    def __init__(self) -> None:
        self.presets = {
            "read-only": {"readOnly": 1},
            "spot-trade": {"readOnly": 0},
            "futures-trade": {"readOnly": 0},
            "withdraw": {"readOnly": 0},
            "none": {},
        }
        self.public = {"/api/v1/market/tickers": lambda call: [{"instId": "BTC-USDT", "last": "100"}]}
        self.signed = {
            "/api/v1/user/query-apikey": Signed(self._key, _reads),
            "/api/v1/account/balance": Signed(self._balance, _reads),
        }

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=HEX, length=32),
            secret=random_text(alphabet=HEX, length=32),
            passphrase="Sim7" + random_text(alphabet=ALPHANUMERIC, length=12),
        )

    def expiry(self, *, created_at: int, allowlist: Sequence[str] | None) -> int | None:
        return created_at + LIFE_DAYS * DAY_MS if allowlist is None else None

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[0-9a-f]{32}", key) is not None

    def presented(self, call: Call) -> Presented:
        return Presented(
            key=call.header("access-key"),
            signature=call.header("access-sign"),
            sent_at=read_milliseconds(call.header("access-timestamp")),
            passphrase=call.header("access-passphrase"),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        text = call.target + call.method + call.header("access-timestamp") + call.header("access-nonce")
        digest = hmac.new(secret.encode(), text.encode() + call.body, hashlib.sha256).hexdigest()
        return base64.b64encode(digest.encode()).decode()

    def success(self, call: Call, result: Any) -> Any:
        return {"code": "0", "msg": "success", "data": result}

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"code": code, "msg": text}

    def _key(self, call: Call, key: Key) -> Any:
        return {
            "uid": key.account_id,
            "apiName": key.label,
            "apiKey": key.key,
            "readOnly": key.permissions["readOnly"],
            "ips": key.allowlist or [],
            "type": 1,
            "expireTime": str(key.expires_at or 0),
            "createTime": str(key.created_at),
            "referralCode": "",
            "parentUid": key.parent_id or "0",
        } | key.extra

    def _balance(self, call: Call, key: Key) -> Any:
        coin = {"currency": "USDT", "equity": "1000", "balance": "1000", "available": "1000", "frozen": "0"}
        return {"ts": str(call.now_ms), "totalEquity": "1000", "isolatedEquity": "0", "details": [coin]}
