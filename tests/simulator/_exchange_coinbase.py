# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Coinbase Advanced: a signed token for each call. One answer, in plain text, for nearly every mistake."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ._asymmetric import is_signed, kind_of
from ._exchange import Call, Credentials, Exchange, Key, Presented, Refusal, Signed, Site

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "api.coinbase.com"
WORDS = ("can_view", "can_trade", "can_transfer")
LIFE_S = 120


def _unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _permissions(*granted: str) -> dict[str, bool]:
    return {word: word in granted for word in WORDS}


class Coinbase(Exchange):
    name = "coinbase"
    sites = (Site("coinbase", "mainnet", (HOST,)),)
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "resource_exhausted": Refusal(429, "Too many requests"),
        "401": Refusal(401, "Unauthorized"),
        "PERMISSION_DENIED": Refusal(403, "Missing required scopes"),
        "rate_limit_exceeded": Refusal(429, "Too many requests"),
        "404": Refusal(404, "404 page not found"),
    }
    # That a refused address is no different is not documented either way.
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "401",
        "key_malformed": "401",
        "key_unknown": "401",
        "region": "401",
        "environment": "401",
        "signature_missing": "401",
        "signature": "401",
        "timestamp": "401",
        "clock_ahead": "401",
        "clock_behind": "401",
        "expired": "401",
        "address": "401",
        "permission": "PERMISSION_DENIED",
        "banned": "rate_limit_exceeded",
        "locked": "401",
        "not_found": "404",
    }

    def __init__(self) -> None:
        self.presets = {
            "read-only": _permissions("can_view"),
            "spot-trade": _permissions("can_view", "can_trade"),
            "futures-trade": _permissions("can_view", "can_trade"),
            "withdraw": _permissions(*WORDS),
            "none": _permissions(),
        }
        self.public = {
            "/api/v3/brokerage/time": self._time,
            "/v2/time": lambda call: {"data": {"epoch": call.now_ms // 1000, "iso": self._iso(call)}},
        }
        self.signed = {
            "/api/v3/brokerage/key_permissions": Signed(self._key_permissions, lambda key: True),
            "/api/v3/brokerage/accounts": Signed(self._accounts, lambda key: bool(key.permissions["can_view"])),
        }

    def new_credentials(self) -> Credentials:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        return Credentials(key=f"organizations/{uuid.uuid4()}/apiKeys/{uuid.uuid4()}", secret=pem.decode())

    def key_well_formed(self, key: str) -> bool:
        return True  # there is no code of its own for it

    def presented(self, call: Call) -> Presented:
        scheme, _space, token = call.header("authorization").partition(" ")
        try:
            head, body, signature = token.split(".")
            header, claims = json.loads(_unpacked(head)), json.loads(_unpacked(body))
            life = claims["exp"] - claims["nbf"]
            if scheme != "Bearer" or header["kid"] != claims["sub"] or not 0 < life <= LIFE_S or not header["nonce"]:
                return Presented(key="", signature="", sent_at=None)
            return Presented(
                key=claims["sub"], signature=signature, sent_at=claims["nbf"] * 1000, window_ms=life * 1000
            )
        except (ValueError, KeyError, TypeError):
            return Presented(key="", signature="", sent_at=None)

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        """Return the signature that came, if it is the key's and for this call; another text if not."""
        signed, _dot, signature = call.header("authorization").partition(" ")[2].rpartition(".")
        header, claims = (json.loads(_unpacked(part)) for part in signed.split("."))
        places = (f"{call.method} {host}{call.path}" for host in (call.header("host"), HOST))
        right = (
            header["alg"] == {"es256": "ES256", "ed25519": "EdDSA"}.get(kind_of(secret))
            and (claims.get("uri") or (claims.get("uris") or [""])[0]) in places
            and is_signed(pem=secret, message=signed.encode(), signature=_unpacked(signature))
        )
        return presented.signature if right else "not the key's"

    def success(self, call: Call, result: Any) -> Any:
        return result

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        if code in ("401", "404"):
            return f"{text}\n"
        return {"error": code, "error_details": text, "message": text}

    @staticmethod
    def _iso(call: Call) -> str:
        return datetime.fromtimestamp(call.now_ms // 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _time(self, call: Call) -> Any:
        return {"iso": self._iso(call), "epochSeconds": str(call.now_ms // 1000), "epochMillis": str(call.now_ms)}

    def _key_permissions(self, call: Call, key: Key) -> Any:
        portfolio = str(uuid.UUID(int=int(key.account_id)))
        return {**key.permissions, "portfolio_uuid": portfolio, "portfolio_type": "DEFAULT"} | key.extra

    def _accounts(self, call: Call, key: Key) -> Any:
        account = {
            "uuid": str(uuid.UUID(int=int(key.account_id) + 1)),
            "name": "USDT Wallet",
            "currency": "USDT",
            "available_balance": {"value": "1000", "currency": "USDT"},
            "default": True,
            "active": True,
            "type": "ACCOUNT_TYPE_CRYPTO",
            "ready": True,
            "hold": {"value": "0", "currency": "USDT"},
        }
        return {"accounts": [account], "has_next": False, "cursor": "", "size": 1}
