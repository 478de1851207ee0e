# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BingX: a key's two pages are not wrapped, everything else is. A refusal for the address prints it.

Guesses: that refusals come with HTTP 200; most of their texts; what is said of a key that ended.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote

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

PERMISSIONS = "/openApi/v1/account/apiPermissions"
RESTRICTIONS = "/openApi/v1/account/apiRestrictions"
KEY_PAGES = (PERMISSIONS, RESTRICTIONS)


def _reads(key: Key) -> bool:
    return 2 in key.permissions


class Bingx(Exchange):
    name = "bingx"
    sites = (
        Site("bingx", "mainnet", ("open-api.bingx.com", "open-api.bingx.io")),
        # The same keys work there; the simulator holds them apart, as it does for every environment.
        Site("bingx-demo", "demo", ("open-api-vst.bingx.com",)),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "100001": Refusal(200, "Signature verification failed due to signature mismatch"),
        "100004": Refusal(200, "Permission denied, this api need {need} permission, please grant it to the API key"),
        "100410": Refusal(429, "rate limited"),
        "100412": Refusal(200, "Null signature"),
        "100413": Refusal(200, "Incorrect apiKey"),
        "100414": Refusal(200, "risk control check fail"),
        "100419": Refusal(
            200,
            "your current request IP is {ip} does not match IP whitelist , please go to "
            "https://bingx.com/en/account/api/ to verify the ip you have set",
        ),
        "100421": Refusal(200, "Null timestamp or timestamp mismatch"),
        "100500": Refusal(500, "The current system is busy, please try again later"),
        "100503": Refusal(503, "Server busy"),
        "404": Refusal(404, "api is not exist, please check the doc"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "100413",
        "key_malformed": "100413",
        "key_unknown": "100413",
        "region": "100413",
        "environment": "100413",
        "signature_missing": "100412",
        "signature": "100001",
        "timestamp": "100421",
        "clock_ahead": "100421",
        "clock_behind": "100421",
        "expired": "100413",
        "address": "100419",
        "permission": "100004",
        "banned": "100410",
        "locked": "100414",
        "not_found": "404",
    }

    def __init__(self) -> None:
        self.presets = {
            "read-only": [2],
            "spot-trade": [1, 2],
            "futures-trade": [2, 3],
            "withdraw": [1, 2, 5],
            "none": [],
        }
        self.public = {"/openApi/swap/v2/server/time": lambda call: {"serverTime": call.now_ms}}
        self.signed = {
            PERMISSIONS: Signed(self._permissions, _reads, "Read"),
            RESTRICTIONS: Signed(self._restrictions, _reads, "Read"),
            "/openApi/spot/v1/account/balance": Signed(self._spot, _reads, "Read"),
            "/openApi/swap/v2/user/balance": Signed(self._swap, _reads, "Read"),
        }

    def serves(self, call: Call) -> bool:
        return call.site.environment == "mainnet" or call.path not in KEY_PAGES

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=ALPHANUMERIC, length=83), secret=random_text(alphabet=ALPHANUMERIC, length=86)
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[A-Za-z0-9]+", key) is not None

    def presented(self, call: Call) -> Presented:
        return Presented(
            key=call.header("x-bx-apikey"),
            signature=call.params.get("signature", ""),
            sent_at=read_milliseconds(call.params.get("timestamp", "")),
            window_ms=min(read_milliseconds(call.params.get("recvWindow", "")) or 5000, 60_000),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        # Values are signed as they were before the URL was encoded, in the order sent.
        signed = "&".join(unquote(pair) for pair in call.query.split("&") if not pair.startswith("signature="))
        return hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()

    def success(self, call: Call, result: Any) -> Any:
        return result if call.path in KEY_PAGES else {"code": 0, "msg": "", "data": result}

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"code": 100400 if code == "404" else int(code), "msg": text, "timestamp": call.now_ms}

    def _permissions(self, call: Call, key: Key) -> Any:
        answer = {
            "apiKey": key.key,
            "permissions": key.permissions,
            "ipAddresses": list(key.allowlist or ()),
            "note": key.label,
        }
        return answer | {name: value for name, value in key.extra.items() if name in answer}

    def _restrictions(self, call: Call, key: Key) -> Any:
        answer = {
            "ipRestrict": key.allowlist is not None,
            "createTime": key.created_at,
            "permitsUniversalTransfer": 4 in key.permissions,
            "enableReading": 2 in key.permissions,
            "enableFutures": 3 in key.permissions,
            "enableSpotAndMarginTrading": 1 in key.permissions,
        }
        return answer | {name: value for name, value in key.extra.items() if name not in self._permissions(call, key)}

    def _spot(self, call: Call, key: Key) -> Any:
        return {"balances": [{"asset": "USDT", "free": "1000", "locked": "0"}]}

    def _swap(self, call: Call, key: Key) -> Any:
        return {"balance": {"asset": "VST", "balance": "100000", "equity": "100000", "availableMargin": "100000"}}
