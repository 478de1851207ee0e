# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kraken, spot: HMAC-SHA512, numbered calls with a window per key, errors with HTTP 200.

A key's window is its `extra` `nonce_window`, as the introspection shows it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs

from ._exchange import (
    Call,
    Credentials,
    Exchange,
    Key,
    Presented,
    Refusal,
    Signed,
    Site,
    check_nonce,
    read_milliseconds,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

READ = ["query-funds", "query-open-trades", "query-closed-trades", "query-ledger"]
TRADE = [*READ, "modify-trades", "close-trades"]


class Kraken(Exchange):
    name = "kraken"
    sites = (Site("kraken", "mainnet", ("api.kraken.com",)),)
    refusals: ClassVar[Mapping[str, Refusal]] = {
        **{
            code: Refusal(200, code)
            for code in (
                "EAPI:Invalid key",
                "EAPI:Invalid signature",
                "EAPI:Invalid nonce",
                "EAPI:Rate limit exceeded",
                "EGeneral:Permission denied",
                "EGeneral:Temporary lockout",
                "EGeneral:Too many requests",
                "EGeneral:Internal error",
                "ESession:Invalid session",
                "EService:Unavailable",
                "EService:Busy",
            )
        },
        "404": Refusal(404, "EGeneral:Unknown method"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "EAPI:Invalid key",
        "key_malformed": "EAPI:Invalid key",
        "key_unknown": "EAPI:Invalid key",
        "region": "EAPI:Invalid key",
        "environment": "EAPI:Invalid key",
        "signature_missing": "EAPI:Invalid signature",
        "signature": "EAPI:Invalid signature",
        "timestamp": "EAPI:Invalid nonce",
        "clock_behind": "EAPI:Invalid nonce",
        "clock_ahead": "EAPI:Invalid nonce",
        # What Kraken says of these two is not documented.
        "expired": "EAPI:Invalid key",
        "address": "EAPI:Invalid key",
        "permission": "EGeneral:Permission denied",
        "banned": "EGeneral:Temporary lockout",
        "locked": "EGeneral:Temporary lockout",
        "not_found": "404",
    }

    def __init__(self) -> None:
        self.presets = {
            "read-only": READ,
            "spot-trade": TRADE,
            "futures-trade": TRADE,
            "withdraw": [*TRADE, "add-funds", "withdraw-funds"],
            "none": [],
        }
        self.public = {"/0/public/Time": lambda call: {"unixtime": call.now_ms // 1000, "rfc1123": ""}}
        self.signed = {
            # No permission is needed.
            "/0/private/GetApiKeyInfo": Signed(self._key, lambda key: True),
            "/0/private/BalanceEx": Signed(
                lambda call, key: {"ZUSD": {"balance": "1000.0000", "hold_trade": "0.0000"}},
                lambda key: "query-funds" in key.permissions,
            ),
        }
        self.posts = frozenset(self.signed)

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=base64.b64encode(secrets.token_bytes(42)).decode(),
            secret=base64.b64encode(secrets.token_bytes(64)).decode(),
        )

    def key_well_formed(self, key: str) -> bool:
        return True  # there is no code of its own for it

    @staticmethod
    def _nonce(call: Call) -> str:
        return parse_qs(call.body.decode("utf-8", "replace")).get("nonce", [""])[0]

    def presented(self, call: Call) -> Presented:
        return Presented(
            key=call.header("api-key"),
            signature=call.header("api-sign"),
            sent_at=read_milliseconds(self._nonce(call)),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        text = call.path.encode() + hashlib.sha256(self._nonce(call).encode() + call.body).digest()
        return base64.b64encode(hmac.new(base64.b64decode(secret), text, hashlib.sha512).digest()).decode()

    def check_time(self, call: Call, *, given: Presented, key: Key) -> None:
        check_nonce(given.sent_at, key=key, window=int(key.extra.get("nonce_window", "0")))

    def success(self, call: Call, result: Any) -> Any:
        return {"error": [], "result": result}

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"error": [text]}

    def _key(self, call: Call, key: Key) -> Any:
        return {
            "api_key_name": key.label,
            "api_key": key.key,
            "nonce": str(key.last_nonce),
            "nonce_window": "0",
            "permissions": key.permissions,
            "iban": "AA00 N84G SIMU LATE",
            "valid_until": str((key.expires_at or 0) // 1000),
            "query_from": "0",
            "query_to": "0",
            "created_time": str(key.created_at // 1000),
            "modified_time": str(key.created_at // 1000),
            "ip_allowlist": key.allowlist or [""],
            "last_used": str(call.now_ms // 1000),
        } | key.extra
