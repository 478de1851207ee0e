# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WOO X: every key of the account in one list, unmasked, and one code for every cause.

That a refused address and a wrong clock get the same code is a guess, and so are the HTTP statuses and 30 seconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
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

TOLERANCE_MS = 30_000
# Keys of other people on the same account, which a caller has to pass over.
OTHERS = [
    {
        "accountName": f"desk{number}",
        "userId": number,
        "apiKey": f"Other{number}xxxxxxxxxxxxxxxx==",
        "permissions": ["READ", "TRADE", "WITHDRAWAL"],
        "allowedIPs": [f"203.0.113.{number}"],
    }
    for number in (1, 2)
]


def _reads(key: Key) -> bool:
    return "READ" in key.permissions


class Woo(Exchange):
    name = "woo"
    sites = (
        Site("woo", "mainnet", ("api.woox.io",)),
        Site("woo-testnet", "testnet", ("api.staging.woox.io",)),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "-1000": Refusal(500, "An unknown error occurred while processing the request"),
        "-1001": Refusal(401, "The api key or secret is in wrong format"),
        "-1002": Refusal(
            401,
            "API key or secret is invalid, it may because key have insufficient permission or the key is"
            " expired/revoked.",
        ),
        "-1003": Refusal(429, "Rate limit exceed."),
        "-1006": Refusal(404, "The data is not found in server."),
        "-1011": Refusal(503, "The system is under maintenance."),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "-1001",
        "key_malformed": "-1001",
        "key_unknown": "-1002",
        "region": "-1002",
        "environment": "-1002",
        "signature_missing": "-1001",
        "signature": "-1002",
        "timestamp": "-1002",
        "clock_ahead": "-1002",
        "clock_behind": "-1002",
        "expired": "-1002",
        "address": "-1002",
        "permission": "-1002",
        "banned": "-1003",
        "locked": "-1002",
        "not_found": "-1006",
    }
    ahead_ms = TOLERANCE_MS
    behind_ms = TOLERANCE_MS

    def __init__(self) -> None:
        self.presets = {
            "read-only": ["READ"],
            "spot-trade": ["READ", "TRADE"],
            "futures-trade": ["READ", "TRADE"],
            "withdraw": ["READ", "TRADE", "WITHDRAWAL"],
            "none": [],
        }
        self.public = {"/v3/public/systemInfo": lambda call: {"status": 0, "msg": "System is functioning properly."}}
        self.signed = {
            "/v3/account/credentials": Signed(self._credentials, _reads),
            "/v3/asset/balances": Signed(self._balances, _reads),
        }

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=base64.b64encode(secrets.token_bytes(16)).decode(),
            secret=random_text(alphabet=ALPHANUMERIC, length=28),
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[0-9A-Za-z+/]{22}==", key) is not None

    def presented(self, call: Call) -> Presented:
        return Presented(
            key=call.header("x-api-key"),
            signature=call.header("x-api-signature"),
            sent_at=read_milliseconds(call.header("x-api-timestamp")),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        text = (call.header("x-api-timestamp") + call.method + call.target).encode() + call.body
        return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()

    def success(self, call: Call, result: Any) -> Any:
        return {"success": True, "data": result, "timestamp": call.now_ms}

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"success": False, "code": int(code), "message": text}

    def _credentials(self, call: Call, key: Key) -> Any:
        rows = [OTHERS[0], *map(self._row, call.keys_beside(key)), OTHERS[1]]
        size = int(call.params.get("size", "25"))
        return {"rows": rows[:size], "meta": {"total": len(rows), "recordsPerPage": size, "currentPage": 1}}

    @staticmethod
    def _row(key: Key) -> dict[str, Any]:
        row: dict[str, Any] = {
            "accountName": "Main" if key.parent_id is None else key.label,
            "userId": int(key.account_id),
            "apiKey": key.key,
            "permissions": key.permissions,
        }
        if key.allowlist is not None:
            row["allowedIPs"] = key.allowlist
        return row | key.extra

    def _balances(self, call: Call, key: Key) -> Any:
        return {"holding": [{"token": "USDT", "holding": 1000, "frozen": 0, "availableBalance": 1000}]}
