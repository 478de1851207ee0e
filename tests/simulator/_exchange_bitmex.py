# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BitMEX: a list of all keys of the account, and refusals that are texts without codes.

Guesses: what is said to an address that is not on the list, and of a key that ended; that the list holds no secrets
(here the other keys have some, so that a test can see that they go nowhere).
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
import string
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
)

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE64URL = ALPHANUMERIC + "-_"
#: `expires` may be any time in the future.
FOREVER_MS = 10**15
OTHER_SECRET = "another-keys-secret-canary-" + string.ascii_lowercase[:21]
#: A key of somebody else on the same account.
ANOTHER = {"id": "x" * 24, "name": "other", "secret": OTHER_SECRET, "permissions": ["withdraw"]}


def _can_read(key: Key) -> bool:
    return bool("nothing" not in key.permissions)


def _iso(at_ms: int) -> str:
    moment = datetime.datetime.fromtimestamp(at_ms / 1000, tz=datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}Z"


class Bitmex(Exchange):
    name = "bitmex"
    sites = (
        Site("bitmex", "mainnet", ("www.bitmex.com",)),
        Site("bitmex-testnet", "testnet", ("testnet.bitmex.com",)),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "Invalid API Key": Refusal(401, "Invalid API Key."),
        "This key is disabled": Refusal(401, "This key is disabled."),
        "Signature not valid": Refusal(401, "Signature not valid."),
        "This request has expired": Refusal(
            400, "This request has expired - `expires` is in the past. Current time: {need}"
        ),
        "Access Denied": Refusal(403, "Access Denied"),
        "Account is restricted": Refusal(403, "Account is restricted"),
        "Rate limit exceeded": Refusal(429, "Rate limit exceeded, retry in 1 seconds."),
        "The system is currently overloaded": Refusal(
            503, "The system is currently overloaded. Please try again later."
        ),
        "404": Refusal(404, "Not Found"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "Invalid API Key",
        "key_malformed": "Invalid API Key",
        "key_unknown": "Invalid API Key",
        "region": "Invalid API Key",
        "environment": "Invalid API Key",
        "signature_missing": "Signature not valid",
        "signature": "Signature not valid",
        "timestamp": "This request has expired",
        "clock_ahead": "This request has expired",
        "clock_behind": "This request has expired",
        "expired": "This key is disabled",
        "address": "Access Denied",
        "permission": "Access Denied",
        "banned": "Rate limit exceeded",
        "locked": "Account is restricted",
        "not_found": "404",
    }
    ahead_ms = FOREVER_MS
    # `sent_at` is when the request expires.
    behind_ms = 0

    def __init__(self) -> None:
        self.presets = {
            "read-only": [],
            "spot-trade": ["order"],
            "futures-trade": ["order"],
            "withdraw": ["order", "withdraw"],
            # Every key of BitMEX reads; this one is for the tests of a refusal.
            "none": ["nothing"],
        }
        self.public = {
            "/api/v1": lambda call: {"name": "BitMEX API", "version": "2.0.0", "timestamp": call.now_ms},
        }
        self.signed = {
            "/api/v1/apiKey": Signed(self._keys, _can_read),
            "/api/v1/user/margin": Signed(self._margin, _can_read),
        }

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=BASE64URL, length=24), secret=random_text(alphabet=BASE64URL, length=48)
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[A-Za-z0-9_-]{24}", key) is not None

    def presented(self, call: Call) -> Presented:
        expires = call.header("api-expires")
        return Presented(
            key=call.header("api-key"),
            signature=call.header("api-signature"),
            sent_at=int(expires) * 1000 if expires.isascii() and expires.isdigit() else None,
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        text = f"{call.method}{call.target}{call.header('api-expires')}".encode() + call.body
        return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()

    def refusal_text(self, call: Call, *, code: str, reason: str | None) -> str:
        return self.refusals[code].text.replace("{need}", str(call.now_ms // 1000))

    def success(self, call: Call, result: Any) -> Any:
        return result

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"error": {"message": text, "name": "HTTPError"}}

    def _keys(self, call: Call, key: Key) -> Any:
        rows = [self._row(held) for held in call.keys_beside(key)]
        return [{**rows[0], **ANOTHER}, *rows]

    @staticmethod
    def _row(key: Key) -> dict[str, Any]:
        row = {
            "id": key.key,
            "name": key.label,
            "nonce": 0,
            "cidr": (key.allowlist or ["0.0.0.0/0"])[0],
            "cidrs": key.allowlist or ["0.0.0.0/0"],
            "permissions": key.permissions,
            "enabled": True,
            "userId": int(key.account_id),
            "created": _iso(key.created_at),
        }
        return row | key.extra

    def _margin(self, call: Call, key: Key) -> Any:
        return {"account": int(key.account_id), "currency": "USDt", "walletBalance": 1_000_000_000}
