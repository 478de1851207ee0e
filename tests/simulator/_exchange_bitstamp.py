# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bitstamp, V2: signed calls are POST, and tell nothing of the key. It tells causes apart by texts.

`API0005` and `API0011` are codes from public reports; the code `API0000` of all others is a guess, and what it says
to a timestamp that is off is too.
"""

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

CODES = {"Invalid signature": "API0005", "Wrong API key format": "API0011", "Invalid nonce": "API0004"}
BALANCE = {"currency": "usdt", "total": "1000.00000000", "available": "1000.00000000", "reserved": "0.00000000"}


def _reads(key: Key) -> bool:
    return "balance" in key.permissions


class Bitstamp(Exchange):
    name = "bitstamp"
    sites = (Site("bitstamp", "mainnet", ("www.bitstamp.net",)),)
    refusals: ClassVar[Mapping[str, Refusal]] = {
        text: Refusal(status, text)
        for text, status in (
            ("API key not found", 403),
            ("Authentication failed", 403),
            ("IP address not allowed", 403),
            ("Invalid nonce", 403),
            ("Invalid signature", 403),
            ("Missing key, signature and nonce parameters", 403),
            ("No permission found", 403),
            ("Request limit exceeded", 429),
            ("Wrong API key format", 403),
            ("Your account is frozen", 403),
            ("404", 404),
        )
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "Missing key, signature and nonce parameters",
        "key_malformed": "Wrong API key format",
        "key_unknown": "API key not found",
        "region": "API key not found",
        "environment": "API key not found",
        "signature_missing": "Missing key, signature and nonce parameters",
        "signature": "Invalid signature",
        "timestamp": "Invalid nonce",
        "clock_ahead": "Invalid nonce",
        "clock_behind": "Invalid nonce",
        "expired": "API key not found",
        "address": "IP address not allowed",
        "permission": "No permission found",
        "banned": "Request limit exceeded",
        "locked": "Request limit exceeded",
        "not_found": "404",
    }
    ahead_ms = 150_000
    behind_ms = 150_000

    def __init__(self) -> None:
        self.presets = {
            "read-only": ["balance"],
            "spot-trade": ["balance", "trade"],
            "futures-trade": ["balance", "trade"],
            "withdraw": ["balance", "trade", "withdraw"],
            "none": [],
        }
        self.public = {"/api/v2/ticker/btcusd/": lambda call: {"last": "100", "timestamp": str(call.now_ms // 1000)}}
        self.signed = {
            "/api/v2/account_balances/": Signed(lambda call, key: [BALANCE], _reads),
            "/api/v2/account_balances/usd/": Signed(
                lambda call, key: BALANCE | {"currency": "usd"} | key.extra, _reads
            ),
        }
        self.posts = frozenset(self.signed)

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=ALPHANUMERIC, length=32), secret=random_text(alphabet=ALPHANUMERIC, length=32)
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[A-Za-z0-9]{32}", key) is not None

    def presented(self, call: Call) -> Presented:
        sent_at = read_milliseconds(call.header("x-auth-timestamp"))
        if call.header("x-auth-version") != "v2" or len(call.header("x-auth-nonce")) != 36:
            sent_at = None
        return Presented(
            key=call.header("x-auth").removeprefix("BITSTAMP "),
            signature=call.header("x-auth-signature").lower(),
            sent_at=sent_at,
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        where = f"POST{call.header('host')}{call.target}{call.header('content-type')}"
        text = f"BITSTAMP {presented.key}{where}{call.header('x-auth-nonce')}{call.header('x-auth-timestamp')}v2"
        return hmac.new(secret.encode(), text.encode() + call.body, hashlib.sha256).hexdigest()

    def success(self, call: Call, result: Any) -> Any:
        return result

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        if code == "No permission found":
            return {"error": text}
        return {"status": "error", "reason": text, "code": CODES.get(code, "API0000")}
