# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deribit: a signed login that tells scopes, and a list of keys that holds every key's secret.

Guesses: how far a clock may be off; what is said to an address that is not on the list, of a wrong clock, and of a key
that ended; that a login with a wrong signature gets the code of wrong credentials.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, ClassVar

from ._asymmetric import is_pem, is_signed
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

AUTH = "/api/v2/public/auth"
BASE64URL = ALPHANUMERIC + "-_"
TOLERANCE_MS = 30_000
#: They must never be seen anywhere else.
ACCESS_TOKEN = "1582628593469.access-token-canary"
REFRESH_TOKEN = "1582628593469.refresh-token-canary"
OTHER_SECRET = "another-keys-secret-canary-0123456789abcdef"


def _reads_account(key: Key) -> bool:
    return "account:read" in key.permissions


def _reads_any(key: Key) -> bool:
    return ":read" in key.permissions


class Deribit(Exchange):
    name = "deribit"
    sites = (
        Site("deribit", "mainnet", ("www.deribit.com",)),
        Site("deribit-testnet", "testnet", ("test.deribit.com",)),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "9999": Refusal(400, "api_not_enabled"),
        "10000": Refusal(401, "authorization_required"),
        "10028": Refusal(429, "too_many_requests"),
        "10040": Refusal(503, "retry"),
        "10041": Refusal(503, "settlement_in_progress"),
        "11051": Refusal(503, "system_maintenance"),
        "13002": Refusal(400, "account_blocked"),
        "13004": Refusal(400, "invalid_credentials"),
        "13009": Refusal(401, "unauthorized"),
        "13021": Refusal(403, "forbidden"),
        "13403": Refusal(403, "scope_exceeded"),
        "404": Refusal(404, "Method not found"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "10000",
        "key_malformed": "13004",
        "key_unknown": "13004",
        "region": "13004",
        "environment": "13004",
        "signature_missing": "10000",
        "signature": "13009",
        "timestamp": "13009",
        "clock_ahead": "13009",
        "clock_behind": "13009",
        "expired": "13004",
        "address": "13021",
        "permission": "13403",
        "banned": "10028",
        "locked": "13002",
        "not_found": "404",
    }
    ahead_ms = TOLERANCE_MS
    behind_ms = TOLERANCE_MS

    def __init__(self) -> None:
        self.presets = {
            "read-only": "account:read trade:read wallet:read",
            "spot-trade": "account:read trade:read_write wallet:read",
            "futures-trade": "account:read trade:read_write wallet:none",
            "withdraw": "account:read trade:read_write wallet:read_write",
            "none": "account:none trade:none wallet:none",
        }
        self.public = {
            "/api/v2/public/get_time": lambda call: call.now_ms,
            "/api/v2/public/get_instruments": lambda call: [],
            "/api/v2/public/get_currencies": lambda call: [],
        }
        self.signed = {
            AUTH: Signed(self._auth, lambda key: True),
            "/api/v2/private/list_api_keys": Signed(self._keys, _reads_account),
            "/api/v2/private/get_account_summaries": Signed(self._summaries, _reads_any),
        }

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=ALPHANUMERIC, length=8), secret=random_text(alphabet=BASE64URL, length=43)
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[A-Za-z0-9_-]{8,10}", key) is not None

    @staticmethod
    def _given(call: Call) -> dict[str, str]:
        """Return id, time, nonce and signature, from the query of the login or from the header of anything else."""
        if call.path == AUTH:
            wanted = call.params.get("grant_type") == "client_signature"
            names = {"client_id": "id", "timestamp": "ts", "nonce": "nonce", "signature": "sig", "data": "data"}
            return {short: call.params.get(name, "") for name, short in names.items()} if wanted else {}
        scheme, _space, fields = call.header("authorization").partition(" ")
        if scheme != "deri-hmac-sha256":
            return {}
        return {name: value for name, _is, value in (pair.partition("=") for pair in fields.split(","))}

    def presented(self, call: Call) -> Presented:
        given = self._given(call)
        return Presented(
            key=given.get("id", ""),
            signature=given.get("sig", ""),
            sent_at=read_milliseconds(given.get("ts", "")),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        given = self._given(call)
        rest = given["data"] if call.path == AUTH else f"{call.method}\n{call.target}\n{call.body.decode()}\n"
        text = f"{given.get('ts', '')}\n{given.get('nonce', '')}\n{rest}"
        if is_pem(secret):  # base64 for URLs, without padding
            signature = base64.b64decode(presented.signature + "==", altchars=b"-_")
            return (
                presented.signature if is_signed(pem=secret, message=text.encode(), signature=signature) else "another"
            )
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def refusal_code(self, call: Call, reason: str) -> str:
        if reason == "signature" and call.path == AUTH:
            return "13004"
        return super().refusal_code(call, reason)

    def success(self, call: Call, result: Any) -> Any:
        return {"jsonrpc": "2.0", "result": result, "testnet": call.site.environment == "testnet"}

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"jsonrpc": "2.0", "error": {"code": -32601 if code == "404" else int(code), "message": text}}

    def _auth(self, call: Call, key: Key) -> Any:
        return {
            "access_token": ACCESS_TOKEN,
            "refresh_token": REFRESH_TOKEN,
            "token_type": "bearer",
            "expires_in": 900,
            "scope": f"connection mainaccount {key.permissions}",
            "enabled_features": [],
        }

    def _keys(self, call: Call, key: Key) -> Any:
        rows = [self._row(held) for held in call.keys_beside(key)]
        other = {"id": 1, "client_id": "OtherKey", "client_secret": OTHER_SECRET, "name": "other"}
        return [{**rows[0], **other, "max_scope": "wallet:read_write"}, *rows]

    @staticmethod
    def _row(key: Key) -> dict[str, Any]:
        row = {
            "timestamp": key.created_at,
            "max_scope": key.permissions,
            "id": 2,
            "enabled": True,
            "default": False,
            "client_secret": key.secret,
            "client_id": key.key,
            "name": key.label,
            "enabled_features": [],
            "ip_whitelist": list(key.allowlist or ()),
        }
        return row | key.extra

    def _summaries(self, call: Call, key: Key) -> Any:
        usdt = {"currency": "USDT", "equity": 1000, "balance": 1000, "available_funds": 1000, "maintenance_margin": 0}
        return {"id": int(key.account_id), "summaries": [usdt]}
