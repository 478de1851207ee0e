# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Crypto.com Exchange, V1: signed calls are POST with key and signature in the body, and tell nothing of the key."""

from __future__ import annotations

import hashlib
import hmac
import json
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

ROOT = "/exchange/v1/"


def _reads(key: Key) -> bool:
    return bool(key.permissions)


def _asked(call: Call) -> dict[str, Any]:
    try:
        asked = json.loads(call.body)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}


def _flat(value: Any) -> str:
    """Return parameters as they are signed: names sorted, each with its value behind it."""
    if isinstance(value, dict):
        return "".join(name + _flat(value[name]) for name in sorted(value))
    if isinstance(value, list):
        return "".join(_flat(item) for item in value)
    return str(value)


class CryptoCom(Exchange):
    name = "cryptocom"
    sites = (
        Site("cryptocom", "mainnet", ("api.crypto.com",)),
        Site("cryptocom-testnet", "testnet", ("uat-api.3ona.co",)),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "404": Refusal(404, "Not Found"),
        "40101": Refusal(401, "UNAUTHORIZED"),
        "40102": Refusal(400, "INVALID_NONCE"),
        "40103": Refusal(401, "IP_ILLEGAL"),
        "40104": Refusal(401, "USER_TIER_INVALID"),
        "40801": Refusal(408, "REQUEST_TIMEOUT"),
        "42901": Refusal(429, "TOO_MANY_REQUESTS"),
        "50001": Refusal(400, "ERR_INTERNAL"),
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
                "permission",
            ),
            "40101",
        ),
        "timestamp": "40102",
        "clock_ahead": "40102",
        "clock_behind": "40102",
        "address": "40103",
        "banned": "42901",
        "locked": "42901",
        "not_found": "404",
    }
    ahead_ms = 60_000
    behind_ms = 60_000

    def __init__(self) -> None:
        self.presets = {
            "read-only": ["read"],
            "spot-trade": ["read", "trade"],
            "futures-trade": ["read", "trade"],
            "withdraw": ["read", "trade", "withdraw"],
            "none": [],
        }
        self.public = {f"{ROOT}public/get-tickers": lambda call: {"data": [{"i": "BTC_USD", "a": "100"}]}}
        self.signed = {f"{ROOT}private/user-balance": Signed(self._balance, _reads)}
        self.posts = frozenset(self.signed)

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=ALPHANUMERIC, length=22), secret=random_text(alphabet=ALPHANUMERIC, length=28)
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[A-Za-z0-9_]+", key) is not None

    def presented(self, call: Call) -> Presented:
        asked = _asked(call)
        return Presented(
            key=str(asked.get("api_key", "")),
            signature=str(asked.get("sig", "")),
            sent_at=read_milliseconds(str(asked.get("nonce", ""))),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        asked = _asked(call)
        # The method in the body must be that of the path.
        method = call.path.removeprefix(ROOT)
        text = f"{method}{asked.get('id')}{presented.key}{_flat(asked.get('params', {}))}{asked.get('nonce')}"
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def success(self, call: Call, result: Any) -> Any:
        return {"id": _asked(call).get("id", -1), "method": call.path.removeprefix(ROOT), "code": 0, "result": result}

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"id": -1, "method": call.path.removeprefix(ROOT), "code": int(code), "message": text}

    def _balance(self, call: Call, key: Key) -> Any:
        coin = {"instrument_name": "USDT", "quantity": "1000", "reserved_qty": "0", "max_withdrawal_balance": "1000"}
        wallet = {"instrument_name": "USD", "total_available_balance": "1000", "position_balances": [coin]}
        return {"data": [wallet]} | key.extra
