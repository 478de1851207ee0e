# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTX: the host is signed, and refusals come with HTTP 200.

Guesses: that the newer paths (`/v2/`) refuse a key in the older form, with the words of the logs; what they say to a
sub-user who asks for a key's page; what is said of a key that ended.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, ClassVar

from ._asymmetric import echoed, is_pem
from ._exchange import (
    DAY_MS,
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
    refuse,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOLERANCE_MS = 300_000
NO_RESTRICTION_DAYS = 90
#: The wallet of that kind, which is not the user's id.
SPOT_ACCOUNT = 100_001
SPOT = {
    "base-currency": "btc",
    "quote-currency": "usdt",
    "price-precision": 2,
    "amount-precision": 6,
    "symbol-partition": "main",
    "symbol": "btcusdt",
    "state": "online",
    "value-precision": 8,
    "min-order-amt": 0.00001,
    "max-order-amt": 1000,
    "min-order-value": 10,
    "api-trading": "enabled",
}
WRONG = "Signature not valid: "


def _reads(key: Key) -> bool:
    return "readOnly" in key.permissions.split(",")


def _group(length: int) -> str:
    return random_text(alphabet=HEX, length=length)


class Htx(Exchange):
    name = "htx"
    sites = (
        Site("htx", "mainnet", ("api.huobi.pro",)),
        # The same keys work here; the simulator holds them apart, as it does for every region.
        Site("htx-aws", "mainnet", ("api-aws.huobi.pro",), "aws"),
    )
    # One code has many causes, so that each is named by its words here, as in the collection.
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "Incorrect IP address": Refusal(200, WRONG + "Incorrect IP address [IP地址错误]:{ip}"),
        "Incorrect Access key": Refusal(200, WRONG + "Incorrect Access key [Access key错误]"),
        "API key has no permission": Refusal(200, WRONG + "API key has no permission [API Key没有权限]"),
        "Invalid submission time": Refusal(200, WRONG + "Invalid submission time or incorrect time format"),
        "Verification failure": Refusal(200, WRONG + "Verification failure [校验失败]"),
        "api-signature-not-valid": Refusal(200, "Signature not valid"),
        "api-signature-check-failed": Refusal(200, "Signature check failed"),
        "12005": Refusal(200, "Incorrect IP address."),
        "1003": Refusal(200, "invalid signature"),
        "rate-too-many-requests": Refusal(429, "exceeded rate limit"),
        "base-request-exceed-frequency-limit": Refusal(
            429, "Frequency of requests has exceeded the limit, please try again later"
        ),
        "timeout": Refusal(504, "Request Timeout"),
        "gateway-internal-error": Refusal(500, "Failed to load data. Try again later."),
        "system-maintenance": Refusal(503, "System is in maintenance!"),
        "404": Refusal(404, "Not Found"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "Incorrect Access key",
        "key_malformed": "Incorrect Access key",
        "key_unknown": "Incorrect Access key",
        "region": "Incorrect Access key",
        "environment": "Incorrect Access key",
        "signature_missing": "Verification failure",
        "signature": "Verification failure",
        "timestamp": "Invalid submission time",
        "clock_ahead": "Invalid submission time",
        "clock_behind": "Invalid submission time",
        "expired": "Incorrect Access key",
        "address": "Incorrect IP address",
        "permission": "API key has no permission",
        "banned": "rate-too-many-requests",
        "locked": "api-signature-not-valid",
        "not_found": "404",
    }
    ahead_ms = TOLERANCE_MS
    behind_ms = TOLERANCE_MS

    def __init__(self) -> None:
        self.presets = {
            "read-only": "readOnly",
            "spot-trade": "readOnly,trade",
            "futures-trade": "readOnly,trade",
            "withdraw": "readOnly,trade,withdraw",
            "none": "",
        }
        self.public = {
            "/v1/common/timestamp": lambda call: {"status": "ok", "data": call.now_ms},
            "/v1/common/symbols": lambda call: {"status": "ok", "data": [SPOT]},
            "/v2/reference/currencies": lambda call: {"code": 200, "data": []},
        }
        self.signed = {
            "/v2/user/uid": Signed(lambda call, key: {"code": 200, "data": int(key.account_id)}, _reads),
            "/v2/user/api-key": Signed(self._key, _reads),
            "/v1/account/accounts": Signed(self._accounts, _reads),
            f"/v1/account/accounts/{SPOT_ACCOUNT}/balance": Signed(self._balance, _reads),
        }

    def new_credentials(self) -> Credentials:
        return Credentials(
            key="-".join(_group(length) for length in (8, 8, 8, 5)),
            secret="-".join(_group(length) for length in (8, 8, 8, 5)),
        )

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[0-9a-z]+(-[0-9a-z]+){3}", key) is not None

    def expiry(self, *, created_at: int, allowlist: Sequence[str] | None) -> int | None:
        return None if allowlist else created_at + (NO_RESTRICTION_DAYS + 1) * DAY_MS

    def presented(self, call: Call) -> Presented:
        return Presented(
            key=call.params.get("AccessKeyId", ""),
            signature=call.params.get("Signature", ""),
            sent_at=_read_timestamp(call.params.get("Timestamp", "")),
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        pairs = sorted(pair for pair in call.query.split("&") if not pair.startswith("Signature="))
        text = f"{call.method}\n{call.host}\n{call.path}\n{'&'.join(pairs)}"
        if call.params.get("SignatureMethod") != ("Ed25519" if is_pem(secret) else "HmacSHA256"):
            return "another method"
        if is_pem(secret):
            return echoed(pem=secret, message=text.encode(), signature=presented.signature)
        return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()

    def success(self, call: Call, result: Any) -> Any:
        return result

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        if code.isdigit():
            return {"code": int(code), "message": text, "data": None, "success": False}
        return {
            "status": "error",
            "err-code": "api-signature-not-valid" if " " in code else code,
            "err-msg": text,
            "data": None,
        }

    def _key(self, call: Call, key: Key) -> Any:
        if key.parent_id is not None:
            refuse("permission")
        if call.params.get("uid") != key.account_id or call.params.get("accessKey") not in (None, key.key):
            return {"code": 2002, "message": "invalid field value in `uid` or `accessKey`", "data": None}
        if "accessKey" in call.params:
            rows = [self._row(key, call=call)]
        else:
            rows = [self._row(held, call=call) for held in call.keys_beside(key)]
            other = {"accessKey": "another-key-of-this-account", "permission": "readOnly,trade,withdraw"}
            rows.append({**rows[0], **other})
        return {"code": 200, "message": "success", "data": rows, "ok": True}

    @staticmethod
    def _row(key: Key, *, call: Call) -> dict[str, Any]:
        days = -1 if key.expires_at is None else max(0, (key.expires_at - call.now_ms) // DAY_MS)
        row = {
            "accessKey": key.key,
            "status": "normal",
            "note": key.label,
            "permission": key.permissions,
            "ipAddresses": ",".join(key.allowlist or ()),
            "validDays": days,
            "createTime": key.created_at,
            "updateTime": key.created_at,
        }
        return row | key.extra

    def _accounts(self, call: Call, key: Key) -> Any:
        return {
            "status": "ok",
            "data": [{"id": SPOT_ACCOUNT, "type": "spot", "subtype": "", "state": "working"}],
        }

    def _balance(self, call: Call, key: Key) -> Any:
        balances = {"trade": "1000", "frozen": "0"}
        usdt = [{"currency": "usdt", "type": kind, "balance": amount} for kind, amount in balances.items()]
        return {"status": "ok", "data": {"id": SPOT_ACCOUNT, "type": "spot", "state": "working", "list": usdt}}


def _read_timestamp(text: str) -> int | None:
    try:
        moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.UTC)
    except ValueError:
        return None
    return round(moment.timestamp() * 1000)
