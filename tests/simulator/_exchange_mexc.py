# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MEXC, spot V3: an account that tells nothing of the key. A refused address is printed.

Which HTTP statuses go with the codes is a guess.
"""

from __future__ import annotations

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

LIFE_DAYS = 90


def _reads(key: Key) -> bool:
    return "SPOT_ACCOUNT_READ" in key.permissions


class Mexc(Exchange):
    name = "mexc"
    sites = (Site("mexc", "mainnet", ("api.mexc.com",)),)
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "402": Refusal(400, "API Key expired, please apply again"),
        "406": Refusal(400, "Accessing IP is not in the whitelist"),
        "429": Refusal(429, "Too Many Requests"),
        "602": Refusal(400, "Signature verification failed"),
        "10072": Refusal(400, "Api key info invalid"),
        "10073": Refusal(400, "invalid Request-Time"),
        "10075": Refusal(400, "IP [{ip}] not in the ip white list"),
        "700001": Refusal(400, "API-key format invalid."),
        "700002": Refusal(400, "Signature for this request is not valid."),
        "700003": Refusal(400, "Timestamp for this request is outside of the recvWindow."),
        "700004": Refusal(400, "Param 'signature' or 'timestamp' must be sent, but both were empty/null!"),
        "700006": Refusal(400, "IP [{ip}] not in the ip white list"),
        "700007": Refusal(400, "No permission to access the endpoint."),
        "404": Refusal(404, "Not Found"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "700001",
        "key_malformed": "700001",
        "key_unknown": "10072",
        "region": "10072",
        "environment": "10072",
        "signature_missing": "700004",
        "signature": "700002",
        "timestamp": "700004",
        "clock_ahead": "700003",
        "clock_behind": "700003",
        "expired": "700002",
        "address": "700006",
        "permission": "700007",
        "banned": "429",
        "locked": "429",
        "not_found": "404",
    }

    def __init__(self) -> None:
        read = ["SPOT_ACCOUNT_READ", "SPOT_DEAL_READ"]
        self.presets = {
            "read-only": read,
            "spot-trade": [*read, "SPOT_DEAL_WRITE"],
            "futures-trade": [*read, "CONTRACT_DEAL_WRITE"],
            "withdraw": [*read, "SPOT_WITHDRAW_WRITE"],
            "none": [],
        }
        self.public = {"/api/v3/time": lambda call: {"serverTime": call.now_ms}}
        self.signed = {"/api/v3/account": Signed(self._account, _reads)}

    def new_credentials(self) -> Credentials:
        return Credentials(
            key="mx0" + random_text(alphabet=ALPHANUMERIC, length=15), secret=random_text(alphabet=HEX, length=32)
        )

    def expiry(self, *, created_at: int, allowlist: Sequence[str] | None) -> int | None:
        return created_at + LIFE_DAYS * DAY_MS if allowlist is None else None

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"mx0[A-Za-z0-9]{15}", key) is not None

    def presented(self, call: Call) -> Presented:
        return Presented(
            key=call.header("x-mexc-apikey"),
            signature=call.params.get("signature", ""),
            sent_at=read_milliseconds(call.params.get("timestamp", "")),
            window_ms=min(read_milliseconds(call.params.get("recvWindow", "")) or 5000, 60_000),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        signed = call.query.partition("&signature=")[0]
        return hmac.new(secret.encode(), signed.encode() + call.body, hashlib.sha256).hexdigest()

    def success(self, call: Call, result: Any) -> Any:
        return result

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"code": int(code), "msg": text}

    def _account(self, call: Call, key: Key) -> Any:
        return {
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "updateTime": None,
            "accountType": "SPOT",
            "balances": [{"asset": "USDT", "free": "1000", "locked": "0"}],
            "permissions": ["SPOT"],
        } | key.extra
