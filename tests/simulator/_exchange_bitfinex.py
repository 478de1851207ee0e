# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bitfinex: V2, HMAC-SHA384, numbered calls without a window, refusals with HTTP 500."""

from __future__ import annotations

import hashlib
import hmac
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
    check_nonce,
    random_text,
    read_milliseconds,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

SCOPES = (
    "account",
    "history",
    "orders",
    "positions",
    "funding",
    "settings",
    "wallets",
    "withdraw",
    "ui_withdraw",
    "bfxpay",
)
READS = ("account", "history", "orders", "positions", "funding", "wallets")


def _rights(*writes: str, reads: tuple[str, ...] = READS) -> list[list[Any]]:
    return [[scope, int(scope in reads), int(scope in writes)] for scope in SCOPES]


def _may_read(key: Key, scope: str) -> bool:
    return any(row[0] == scope and row[1] for row in key.permissions)


class Bitfinex(Exchange):
    name = "bitfinex"
    sites = (Site("bitfinex", "mainnet", ("api.bitfinex.com", "api-pub.bitfinex.com")),)
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "10001": Refusal(500, "api_key: permission invalid"),
        "10100": Refusal(500, "apikey: invalid"),
        "10112": Refusal(500, "signature: invalid"),
        "10113": Refusal(500, "hmac: invalid"),
        "10114": Refusal(500, "nonce: small"),
        "11010": Refusal(429, "ratelimit: error"),
        "20060": Refusal(503, "maintenance"),
        "404": Refusal(404, "not found"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                "key_missing",
                "key_malformed",
                "key_unknown",
                "region",
                "environment",
                "signature_missing",
                "signature",
                "expired",
                # What Bitfinex says to an address that is not on the list is not documented.
                "address",
                "locked",
            ),
            "10100",
        ),
        "timestamp": "10114",
        "clock_ahead": "10114",
        "clock_behind": "10114",
        "permission": "10001",
        "banned": "11010",
        "not_found": "404",
    }

    def __init__(self) -> None:
        self.presets = {
            "read-only": _rights(),
            "spot-trade": _rights("orders"),
            "futures-trade": _rights("orders", "positions"),
            "withdraw": _rights("orders", "wallets", "withdraw"),
            "none": _rights(reads=()),
        }
        self.public = {"/v2/platform/status": lambda call: [1]}
        self.signed = {
            "/v2/auth/r/permissions": Signed(lambda call, key: key.permissions, lambda key: True),
            "/v2/auth/r/wallets": Signed(
                lambda call, key: [["exchange", "UST", 1000, 0, 1000, None, None]],
                lambda key: _may_read(key, "wallets"),
            ),
        }
        self.posts = frozenset(self.signed)

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=ALPHANUMERIC, length=43), secret=random_text(alphabet=ALPHANUMERIC, length=43)
        )

    def key_well_formed(self, key: str) -> bool:
        return True  # there is no code of its own for it

    def presented(self, call: Call) -> Presented:
        nonce = read_milliseconds(call.header("bfx-nonce"))
        return Presented(
            key=call.header("bfx-apikey"),
            signature=call.header("bfx-signature"),
            sent_at=nonce if nonce is not None and nonce <= 2**53 - 1 else None,
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        text = f"/api{call.path}{call.header('bfx-nonce')}".encode() + call.body
        return hmac.new(secret.encode(), text, hashlib.sha384).hexdigest()

    def check_time(self, call: Call, *, given: Presented, key: Key) -> None:
        check_nonce(given.sent_at, key=key)

    def refusal_text(self, call: Call, *, code: str, reason: str | None) -> str:
        return (
            "apikey: digest invalid" if reason == "signature" else super().refusal_text(call, code=code, reason=reason)
        )

    def success(self, call: Call, result: Any) -> Any:
        return result

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return ["error", int(code), text]
