# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""KuCoin: one page about a key in two forms. The unified form lacks the allowlist.

Which HTTP status goes with which code is a guess; the codes and the text of a refused address are not.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
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
    from collections.abc import Mapping

TOLERANCE_MS = 5_000


def _sign(*, secret: str, text: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def _reads(key: Key) -> bool:
    return "General" in key.permissions.split(",")


class Kucoin(Exchange):
    name = "kucoin"
    sites = (
        Site("kucoin", "mainnet", ("api.kucoin.com",)),
        Site("kucoin-eu", "mainnet", ("api.kucoin.eu",), region="eu"),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "500000": Refusal(500, "Internal Server Error"),
        "400001": Refusal(401, "Please check the header of your request for KC-API-KEY, KC-API-SIGN"),
        "400002": Refusal(401, "KC-API-TIMESTAMP Invalid"),
        "400003": Refusal(401, "KC-API-KEY not exists"),
        "400004": Refusal(401, "KC-API-PASSPHRASE error"),
        "400005": Refusal(401, "Signature error"),
        "400006": Refusal(401, "Invalid request ip, the current clientIp is:{ip}"),
        "400007": Refusal(403, "Access denied--->Require more permission."),
        "404": Refusal(404, "Not Found"),
        "411100": Refusal(400, "User is frozen"),
        "429000": Refusal(429, "Too many requests. System-level rate limit exceeded."),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "400001",
        "key_malformed": "400003",
        "key_unknown": "400003",
        "region": "400003",
        "environment": "400003",
        "signature_missing": "400001",
        "signature": "400005",
        "timestamp": "400002",
        "clock_ahead": "400002",
        "clock_behind": "400002",
        "passphrase_missing": "400001",
        "passphrase": "400004",
        # The key is deleted.
        "expired": "400003",
        "address": "400006",
        "permission": "400007",
        "banned": "429000",
        "locked": "411100",
        "not_found": "404",
    }
    ahead_ms = TOLERANCE_MS
    behind_ms = TOLERANCE_MS
    has_passphrase = True

    def __init__(self) -> None:
        self.presets = {
            "read-only": "General",
            "spot-trade": "General,Spot",
            "futures-trade": "General,Futures",
            "withdraw": "General,Spot,Transfer",
            "none": "",
        }
        self.public = {"/api/v1/timestamp": lambda call: call.now_ms}
        self.signed = {
            "/api/v1/user/api-key": Signed(self._key, _reads),
            "/api/ua/v1/user/api-key": Signed(self._unified_key, _reads),
            "/api/ua/v1/account/mode": Signed(lambda call, key: {"selfAccountMode": "CLASSIC"}, _reads),
            "/api/v1/accounts": Signed(self._accounts, _reads),
        }

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=HEX, length=24),
            secret=str(uuid.uuid4()),
            passphrase="Sim7" + random_text(alphabet=ALPHANUMERIC, length=12),
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[0-9a-f]{24}", key) is not None

    def presented(self, call: Call) -> Presented:
        return Presented(
            key=call.header("kc-api-key"),
            signature=call.header("kc-api-sign"),
            sent_at=read_milliseconds(call.header("kc-api-timestamp")),
            passphrase=call.header("kc-api-passphrase"),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        text = (call.header("kc-api-timestamp") + call.method + call.target).encode() + call.body
        return _sign(secret=secret, text=text)

    def expected_passphrase(self, call: Call, key: Key) -> str | None:
        # Version 1 sends it plain.
        if call.header("kc-api-key-version") not in ("2", "3"):
            return key.passphrase
        return _sign(secret=key.secret, text=(key.passphrase or "").encode())

    def success(self, call: Call, result: Any) -> Any:
        return {"code": "200000", "data": result}

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"code": code, "msg": text}

    def _about(self, key: Key) -> dict[str, Any]:
        return {
            "remark": key.label,
            "apiKey": key.key,
            "apiVersion": 3,
            "permission": key.permissions,
            "createdAt": key.created_at,
            "uid": int(key.account_id),
            "isMaster": key.parent_id is None,
        }

    def _key(self, call: Call, key: Key) -> Any:
        bound = {} if key.allowlist is None else {"ipWhitelist": ",".join(key.allowlist)}
        return self._about(key) | bound | key.extra

    def _unified_key(self, call: Call, key: Key) -> Any:
        return self._about(key) | {"region": "ID", "kycStatus": 1, "siteType": "global"} | key.extra

    def _accounts(self, call: Call, key: Key) -> Any:
        balance = {"currency": "USDT", "balance": "1000", "available": "1000", "holds": "0"}
        return [balance | {"id": "5bd6e9286d99522a52e458de", "type": call.params.get("type", "trade")}]
