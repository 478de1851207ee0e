# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kraken Futures: two APIs on one host, of which one tells about a key. Calls carry no time and no number.

The signature of `api-keys/v3/check` is not documented; here it covers the whole path, as ccxt signs other such calls.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import secrets
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from ._exchange import Call, Credentials, Exchange, Key, Presented, Refusal, Signed, Site

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECK = "/api/auth/v1/api-keys/v3/check"


def _iso(milliseconds: int) -> str:
    moment = datetime.datetime.fromtimestamp(milliseconds // 1000, tz=datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class KrakenFutures(Exchange):
    name = "krakenfutures"
    sites = (
        Site("krakenfutures", "mainnet", ("futures.kraken.com",)),
        Site("krakenfutures-demo", "demo", ("demo-futures.kraken.com",)),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "401": Refusal(401, "API key is not found or request signature is invalid."),
        "authenticationError": Refusal(200, "authenticationError"),
        "apiLimitExceeded": Refusal(429, "apiLimitExceeded"),
        "unavailable": Refusal(503, "unavailable"),
        "404": Refusal(404, "notFound"),
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
                "timestamp",
                "clock_ahead",
                "clock_behind",
                "expired",
                "address",
                "permission",
            ),
            "401",
        ),
        "banned": "apiLimitExceeded",
        "locked": "401",
        "not_found": "404",
    }

    def __init__(self) -> None:
        # How permissions are spelled is not documented: these are made up.
        self.presets = {
            "read-only": {"general": "read"},
            "spot-trade": {"general": "full"},
            "futures-trade": {"general": "full"},
            "withdraw": {"general": "full", "transfer": "full"},
            "none": {},
        }
        self.public = {"/derivatives/api/v3/instruments/status": lambda call: {"instrumentStatus": []}}
        self.signed = {
            CHECK: Signed(self._check, lambda key: True),
            "/derivatives/api/v3/accounts": Signed(
                lambda call, key: {"accounts": {"cash": {"type": "cashAccount", "balances": {"usdt": 1000.0}}}},
                lambda key: bool(key.permissions),
            ),
        }

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=base64.b64encode(secrets.token_bytes(42)).decode(),
            secret=base64.b64encode(secrets.token_bytes(64)).decode(),
        )

    def key_well_formed(self, key: str) -> bool:
        return True  # there is no code of its own for it

    def presented(self, call: Call) -> Presented:
        return Presented(key=call.header("apikey"), signature=call.header("authent"), sent_at=None)

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        signed = call.query + call.path.removeprefix("/derivatives")
        digest = hashlib.sha256(signed.encode()).digest()
        return base64.b64encode(hmac.new(base64.b64decode(secret), digest, hashlib.sha512).digest()).decode()

    def check_time(self, call: Call, *, given: Presented, key: Key) -> None:
        """Nothing: there is no time in the call."""

    def refusal_code(self, call: Call, reason: str) -> str:
        code = super().refusal_code(call, reason)
        return "authenticationError" if code == "401" and call.path != CHECK else code

    def success(self, call: Call, result: Any) -> Any:
        return result if call.path == CHECK else {"result": "success", "serverTime": _iso(call.now_ms)} | result

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        if code == "401":
            return {"message": text}
        return {"result": "error", "error": text, "serverTime": _iso(call.now_ms)}

    def _check(self, call: Call, key: Key) -> Any:
        return {
            "apiKey": key.key,
            "accountUid": str(uuid.UUID(int=int(key.account_id))),
            "iiban": "AA08 N84G CPAR UN7A",
            "createdAt": _iso(key.created_at),
            "permissions": key.permissions,
            "allowedCidrBlock": key.allowlist[0] if key.allowlist else None,
            "allowedCidrBlocks": key.allowlist or [],
        } | key.extra
