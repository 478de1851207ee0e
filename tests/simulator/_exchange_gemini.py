# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gemini: HMAC-SHA384 over a payload in a header, numbered calls, roles.

A key whose `extra` has `time_based_nonce` takes whole seconds near the clock, in any order.
"""

from __future__ import annotations

import base64
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
    RefusedError,
    Signed,
    Site,
    check_nonce,
    random_text,
    read_milliseconds,
    refuse,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

TOLERANCE_S = 30


def _roles(*names: str) -> dict[str, bool]:
    return {name: name in names for name in ("isAuditor", "isFundManager", "isTrader")}


def _payload(call: Call) -> dict[str, Any]:
    try:
        data = json.loads(base64.b64decode(call.header("x-gemini-payload"), validate=True))
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


class Gemini(Exchange):
    name = "gemini"
    sites = (
        Site("gemini", "mainnet", ("api.gemini.com",)),
        Site("gemini-testnet", "testnet", ("api.sandbox.gemini.com",)),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "InvalidApiKey": Refusal(400, "InvalidApiKey"),
        "InvalidSignature": Refusal(400, "InvalidSignature"),
        "InvalidNonce": Refusal(400, "Nonce is not greater than the last one, or not near server time '{now}'"),
        "MissingRole": Refusal(
            403,
            "To access this endpoint, you need to log in to the website and go to the settings page to assign one of"
            " these roles [{need}] to API key {key} which currently has roles []",
        ),
        "EndpointMismatch": Refusal(400, "EndpointMismatch"),
        "RateLimit": Refusal(429, "Requests were made too frequently."),
        "Maintenance": Refusal(503, "The Gemini Exchange is currently undergoing maintenance."),
        "System": Refusal(500, "We are investigating technical issues with the Gemini Exchange."),
        "404": Refusal(404, "EndpointNotFound"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                "key_missing",
                "key_malformed",
                "key_unknown",
                "region",
                "environment",
                "expired",
                # What Gemini says to an address that is not on the list is not documented.
                "address",
                "locked",
            ),
            "InvalidApiKey",
        ),
        "signature_missing": "InvalidSignature",
        "signature": "InvalidSignature",
        "timestamp": "InvalidNonce",
        "clock_ahead": "InvalidNonce",
        "clock_behind": "InvalidNonce",
        "permission": "MissingRole",
        "banned": "RateLimit",
        "not_found": "404",
    }

    def __init__(self) -> None:
        self.presets = {
            "read-only": _roles("isAuditor"),
            "spot-trade": _roles("isTrader"),
            "futures-trade": _roles("isTrader"),
            "withdraw": _roles("isTrader", "isFundManager"),
            "none": _roles(),
        }
        self.public = {"/v1/symbols": lambda call: ["btcusd"]}
        self.signed = {
            "/v1/roles": Signed(self._roles, lambda key: True),
            "/v1/balances": Signed(
                lambda call, key: [{"type": "exchange", "currency": "USD", "amount": "1000", "available": "1000"}],
                lambda key: any(key.permissions.values()),
                "Trader, FundManager, Auditor",
            ),
        }
        self.posts = frozenset(self.signed)

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=f"account-{random_text(alphabet=ALPHANUMERIC, length=20)}",
            secret=random_text(alphabet=ALPHANUMERIC, length=28),
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"(account|master)-[A-Za-z0-9]+", key) is not None

    def presented(self, call: Call) -> Presented:
        return Presented(
            key=call.header("x-gemini-apikey"),
            signature=call.header("x-gemini-signature"),
            sent_at=read_milliseconds(str(_payload(call).get("nonce", ""))),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        return hmac.new(secret.encode(), call.header("x-gemini-payload").encode(), hashlib.sha384).hexdigest()

    def check_time(self, call: Call, *, given: Presented, key: Key) -> None:
        if _payload(call).get("request") != call.path:
            raise RefusedError("EndpointMismatch", is_code=True)
        if not key.extra.get("time_based_nonce"):
            check_nonce(given.sent_at, key=key)
        elif given.sent_at is None or abs(given.sent_at - call.now_ms // 1000) > TOLERANCE_S:
            refuse("timestamp")

    def success(self, call: Call, result: Any) -> Any:
        return result

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        reason = "EndpointNotFound" if code == "404" else code
        return {"result": "error", "reason": reason, "message": text}

    def _roles(self, call: Call, key: Key) -> Any:
        told = key.permissions | key.extra
        return {name: value for name, value in told.items() if name != "time_based_nonce"}
