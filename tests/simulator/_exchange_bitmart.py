# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BitMart, spot: open orders by a signed POST. The memo is the passphrase, and a part of what is signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ._exchange import (
    ALPHANUMERIC,
    HEX,
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
    from collections.abc import Callable, Mapping

# The memo is never sent: where the signature is right, the memo is.
SIGNED = "signed"


def _reads(key: Key) -> bool:
    return bool(key.permissions)


def _window(call: Call) -> int:
    try:
        asked = json.loads(call.body)
    except ValueError:
        return 5000
    window = asked.get("recvWindow") if isinstance(asked, dict) else None
    return window if isinstance(window, int) and 0 < window <= 60_000 else 5000


class Bitmart(Exchange):
    name = "bitmart"
    sites = (Site("bitmart", "mainnet", ("api-cloud.bitmart.com",)),)
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "30000": Refusal(404, "Not found"),
        "30001": Refusal(401, "Header X-BM-KEY is empty"),
        "30002": Refusal(401, "Header X-BM-KEY not found"),
        "30003": Refusal(401, "Header X-BM-KEY has frozen"),
        "30004": Refusal(401, "Header X-BM-SIGN is empty"),
        "30005": Refusal(401, "Header X-BM-SIGN is wrong"),
        "30006": Refusal(401, "Header X-BM-TIMESTAMP is empty"),
        "30007": Refusal(401, "Header X-BM-TIMESTAMP range. Within a minute"),
        "30010": Refusal(
            403, "IP is forbidden. We recommend enabling IP whitelist for API trading. After that reauth your account"
        ),
        "30011": Refusal(403, "Header X-BM-KEY over expire time"),
        "30012": Refusal(403, "Header X-BM-KEY is forbidden to request it"),
        "30013": Refusal(429, "Request too many requests"),
        "30014": Refusal(503, "Service unavailable"),
        "30016": Refusal(200, "Service maintenance, the function is temporarily unavailable"),
        "30017": Refusal(
            418, "Your account request is temporarily rejected due to violation of current limiting rules"
        ),
        "30019": Refusal(200, "You do not have the permissions to perform this operation"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "30001",
        "key_malformed": "30002",
        "key_unknown": "30002",
        "region": "30002",
        "environment": "30002",
        "signature_missing": "30004",
        "signature": "30005",
        "timestamp": "30006",
        "clock_ahead": "30007",
        "clock_behind": "30007",
        "passphrase_missing": "30005",
        "passphrase": "30005",
        "expired": "30011",
        "address": "30010",
        "permission": "30012",
        "banned": "30013",
        "locked": "30017",
        "not_found": "30000",
    }

    has_passphrase = True

    def __init__(self) -> None:
        self.presets = {
            "read-only": ["Read-only"],
            "spot-trade": ["Read-only", "Spot-Trade"],
            "futures-trade": ["Read-only", "Future-Trade"],
            "withdraw": ["Read-only", "Withdraw"],
            "none": [],
        }
        self.public = {"/system/time": lambda call: {"server_time": call.now_ms}}
        self.signed = {"/spot/v4/query/open-orders": Signed(self._orders, _reads)}
        self.posts = frozenset(self.signed)

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=HEX, length=40),
            secret=random_text(alphabet=HEX, length=64),
            passphrase="memo" + random_text(alphabet=ALPHANUMERIC, length=12),
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[0-9a-f]{40}", key) is not None

    def presented(self, call: Call) -> Presented:
        return Presented(
            key=call.header("x-bm-key"),
            signature=call.header("x-bm-sign"),
            sent_at=read_milliseconds(call.header("x-bm-timestamp")),
            window_ms=_window(call),
            passphrase=SIGNED,
        )

    def expected_passphrase(self, call: Call, key: Key) -> str | None:
        return SIGNED

    def admit(self, call: Call, *, route: Signed, lookup: Callable[[str], Key | None]) -> Key:
        """Join the memo to the secret: it is never sent, but it is a part of what is signed."""

        def with_memo(name: str) -> Key | None:
            key = lookup(name)
            return key and replace(key, secret=f"{key.secret}#{key.passphrase}")

        return super().admit(call, route=route, lookup=with_memo)

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        own, _mark, memo = secret.partition("#")
        text = f"{call.header('x-bm-timestamp')}#{memo}#{call.query or call.body.decode()}"
        return hmac.new(own.encode(), text.encode(), hashlib.sha256).hexdigest()

    def success(self, call: Call, result: Any) -> Any:
        return {"code": 1000, "message": "success", "data": result, "trace": "0"}

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"code": int(code), "message": text, "data": {}, "trace": "0"}

    def _orders(self, call: Call, key: Key) -> Any:
        return []
