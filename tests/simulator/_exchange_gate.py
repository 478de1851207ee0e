# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gate: the caller's addresses in one call, all keys of the main account, masked, in another.

Which permission the list of keys needs is a guess (`account`), and so is the text of a missing one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, ClassVar

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
    read_milliseconds,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TOLERANCE_MS = 60_000
LIFE_DAYS = 90
# Keys of other people on the same main account, which a caller has to pass over.
OTHERS = [
    {
        "state": 1,
        "mode": 1,
        "name": f"other{number}",
        "user_id": 1,
        "perms": [{"name": "withdrawal", "read_only": False}],
        "ip_whitelist": [f"203.0.113.{number}"],
        "currency_pairs": [],
        "key": f"{shown}*****",
        "created_at": 1753030929,
        "update_at": 1756300567,
        "last_access": 1753030929,
    }
    for number, shown in ((1, "52fd0035f665"), (2, "00000000000f"))
]


def _perms(**groups: bool) -> list[dict[str, Any]]:
    """Return the groups in the exchange's form; a value tells whether the group is read only."""
    return [{"name": name, "read_only": reads_only} for name, reads_only in groups.items()]


def _has(group: str) -> Callable[[Key], bool]:
    return lambda key: any(perm["name"] == group for perm in key.permissions)


class Gate(Exchange):
    name = "gate"
    sites = (
        Site("gate", "mainnet", ("api.gateio.ws",)),
        Site("gate-eu", "mainnet", ("api.gateeu.com",), region="eu"),
        Site("gate-testnet", "testnet", ("api-testnet.gateapi.io",)),
    )
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "TOO_FAST": Refusal(429, "Request too fast"),
        "INTERNAL": Refusal(500, "Internal error"),
        "SERVER_ERROR": Refusal(500, "Server error"),
        "ACCOUNT_LOCKED": Refusal(403, "Account locked"),
        "FORBIDDEN": Refusal(403, "Request API key does not have {need} permission"),
        "INVALID_KEY": Refusal(401, "Invalid key provided"),
        "INVALID_SIGNATURE": Refusal(401, "Signature mismatch"),
        "IP_FORBIDDEN": Refusal(401, "Request IP not in whitelist: {ip}"),
        "MISSING_REQUIRED_HEADER": Refusal(400, "Missing required header"),
        "NOT_FOUND": Refusal(404, "Not found"),
        "READ_ONLY": Refusal(403, "This operation is not permitted for API key is read-only"),
        "REQUEST_EXPIRED": Refusal(403, "gap between request Timestamp and server time exceeds 60"),
        "TOO_MANY_REQUESTS": Refusal(429, "Request Rate Limit Exceeded"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "MISSING_REQUIRED_HEADER",
        "key_malformed": "INVALID_KEY",
        "key_unknown": "INVALID_KEY",
        "region": "INVALID_KEY",
        "environment": "INVALID_KEY",
        "signature_missing": "MISSING_REQUIRED_HEADER",
        "signature": "INVALID_SIGNATURE",
        "timestamp": "REQUEST_EXPIRED",
        "clock_ahead": "REQUEST_EXPIRED",
        "clock_behind": "REQUEST_EXPIRED",
        "expired": "INVALID_KEY",
        "address": "IP_FORBIDDEN",
        "permission": "FORBIDDEN",
        "banned": "TOO_MANY_REQUESTS",
        "locked": "ACCOUNT_LOCKED",
        "not_found": "NOT_FOUND",
    }
    ahead_ms = TOLERANCE_MS
    behind_ms = TOLERANCE_MS

    def __init__(self) -> None:
        self.presets = {
            "read-only": _perms(account=True, spot=True, wallet=True),
            "spot-trade": _perms(account=True, spot=False),
            "futures-trade": _perms(account=True, futures=False),
            "withdraw": _perms(account=True, spot=False, wallet=False, withdrawal=False),
            "spot-only": _perms(spot=False),
            "none": [],
        }
        self.public = {"/api/v4/spot/time": lambda call: {"server_time": call.now_ms}}
        self.signed = {
            "/api/v4/account/detail": Signed(self._detail, lambda key: bool(key.permissions), "account"),
            "/api/v4/account/main_keys": Signed(self._main_keys, _has("account"), "account"),
            "/api/v4/spot/accounts": Signed(self._accounts, _has("spot"), "spot"),
        }

    def new_credentials(self) -> Credentials:
        return Credentials(
            key=random_text(alphabet=HEX, length=32),
            secret=random_text(alphabet=HEX, length=64),
        )

    def expiry(self, *, created_at: int, allowlist: Sequence[str] | None) -> int | None:
        return created_at + LIFE_DAYS * DAY_MS if allowlist is None else None

    def key_well_formed(self, key: str) -> bool:
        return re.fullmatch(r"[0-9a-f]{32}", key) is not None

    def presented(self, call: Call) -> Presented:
        seconds = read_milliseconds(call.header("timestamp"))
        return Presented(
            key=call.header("key"),
            signature=call.header("sign"),
            sent_at=None if seconds is None else seconds * 1000,
        )

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        body = hashlib.sha512(call.body).hexdigest()
        text = "\n".join((call.method, call.path, call.query, body, call.header("timestamp")))
        return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()

    def success(self, call: Call, result: Any) -> Any:
        return result

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"label": code, "message": text}

    def _detail(self, call: Call, key: Key) -> Any:
        return {
            "user_id": int(key.account_id),
            "ip_whitelist": key.allowlist or [],
            "currency_pairs": [],
            "key": {"mode": 1},
            "tier": 2,
            "copy_trading_role": 0,
        } | key.extra

    def _main_keys(self, call: Call, key: Key) -> Any:
        # Keys of sub-accounts are not on the main account's list.
        held = call.keys_beside(key) if key.parent_id is None else []
        return [OTHERS[0], *(self._row(each, call=call) for each in held), OTHERS[1]]

    @staticmethod
    def _row(key: Key, *, call: Call) -> dict[str, Any]:
        return {
            "state": 1,
            "mode": 1,
            "name": key.label,
            "user_id": int(key.account_id),
            "perms": key.permissions,
            "ip_whitelist": key.allowlist or [],
            "currency_pairs": [],
            "key": f"{key.key[:12]}*****",
            "created_at": key.created_at // 1000,
            "update_at": key.created_at // 1000,
            "last_access": call.now_ms // 1000,
        }

    def _accounts(self, call: Call, key: Key) -> Any:
        return [{"currency": "USDT", "available": "1000", "locked": "0"}]
