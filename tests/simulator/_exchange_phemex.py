# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phemex: wallets that tell nothing of the key. One code has many texts; which HTTP status they have is a guess."""

from __future__ import annotations

import hashlib
import hmac
import re
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
    random_text,
    read_milliseconds,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

LIFE_MS = 60_000


def _reads(key: Key) -> bool:
    return bool(key.permissions)


class Phemex(Exchange):
    name = "phemex"
    sites = (
        Site("phemex", "mainnet", ("api.phemex.com",)),
        Site("phemex-testnet", "testnet", ("testnet-api.phemex.com",)),
    )
    # By code and the beginning of the text.
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "401 Request IP mismatch": Refusal(401, "401 Request IP mismatch."),
        "401 Failed to load API KEY": Refusal(401, "401 Failed to load API KEY."),
        "401 Insufficient privilege": Refusal(401, "401 Insufficient privilege."),
        "401 Request Expired": Refusal(401, "401 Request Expired at {now}"),
        "10500 Failed to find api-key": Refusal(401, "Failed to find api-key {key}"),
        "10500 API Signature verification failed": Refusal(401, "API Signature verification failed."),
        "39995": Refusal(429, "Too many requests."),
        "404": Refusal(404, "Not Found"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "401 Failed to load API KEY",
        "key_malformed": "401 Failed to load API KEY",
        "key_unknown": "10500 Failed to find api-key",
        "region": "10500 Failed to find api-key",
        "environment": "10500 Failed to find api-key",
        "signature_missing": "10500 API Signature verification failed",
        "signature": "10500 API Signature verification failed",
        "timestamp": "401 Request Expired",
        "clock_ahead": "401 Request Expired",
        "clock_behind": "401 Request Expired",
        "expired": "401 Failed to load API KEY",
        "address": "401 Request IP mismatch",
        "permission": "401 Insufficient privilege",
        "banned": "39995",
        "locked": "39995",
        "not_found": "404",
    }
    ahead_ms = LIFE_MS
    behind_ms = LIFE_MS

    def __init__(self) -> None:
        self.presets = {
            "read-only": ["Read"],
            "spot-trade": ["Read", "Trade"],
            "futures-trade": ["Read", "Trade"],
            "withdraw": ["Read", "Trade", "Withdraw"],
            "none": [],
        }
        self.public = {"/public/time": lambda call: {"serverTime": call.now_ms}}
        self.signed = {"/spot/wallets": Signed(self._wallets, _reads)}

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=ALPHANUMERIC, length=36),
            secret=random_text(alphabet=ALPHANUMERIC + "-_", length=86),
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[A-Za-z0-9-]{36}", key) is not None

    def presented(self, call: Call) -> Presented:
        until = read_milliseconds(call.header("x-phemex-request-expiry"))
        return Presented(
            key=call.header("x-phemex-access-token"),
            signature=call.header("x-phemex-request-signature"),
            # What is sent is the second at which the request ends.
            sent_at=None if until is None else until * 1000 - LIFE_MS,
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        text = call.path + call.query + call.header("x-phemex-request-expiry")
        return hmac.new(secret.encode(), text.encode() + call.body, hashlib.sha256).hexdigest()

    def success(self, call: Call, result: Any) -> Any:
        return {"code": 0, "msg": "", "data": result}

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        number = code.split(maxsplit=1)[0]
        return {"code": int(number) if number == "10500" else number, "msg": text}

    def _wallets(self, call: Call, key: Key) -> Any:
        return [{"currency": "USDT", "balanceEv": 100_000_000_000, "lockedTradingBalanceEv": 0, "lockedWithdrawEv": 0}]
