# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hyperliquid: public answers about addresses, all by POST to one path. Its `permissions` are an address's role."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar

from ._exchange import DAY_MS, HEX, Answer, Call, Credentials, Exchange, Key, Presented, Refusal, Site, random_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

INFO = "/info"
LIFE_MS = 180 * DAY_MS


def _asked(call: Call) -> dict[str, Any]:
    try:
        asked = json.loads(call.body)
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}


def master_of(key: Key) -> str:
    """Return the address of the account that approved an agent."""
    return f"0x{int(key.account_id):040x}"


class Hyperliquid(Exchange):
    name = "hyperliquid"
    sites = (
        Site("hyperliquid", "mainnet", ("api.hyperliquid.xyz",)),
        Site("hyperliquid-testnet", "testnet", ("api.hyperliquid-testnet.xyz",)),
    )
    posts = frozenset((INFO,))
    refusals: ClassVar[Mapping[str, Refusal]] = {
        "missing": Refusal(200, ""),
        "422": Refusal(422, "Failed to deserialize the JSON body into the target type"),
        "429": Refusal(429, "Too many requests"),
        "404": Refusal(404, "Not Found"),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "key_missing": "422",
        "key_malformed": "422",
        "key_unknown": "missing",
        "region": "missing",
        "environment": "missing",
        # Nothing is signed, and no address is refused.
        "signature_missing": "422",
        "signature": "422",
        "timestamp": "422",
        "clock_ahead": "422",
        "clock_behind": "422",
        "expired": "missing",
        "address": "422",
        "permission": "422",
        "banned": "429",
        "locked": "429",
        "not_found": "404",
    }

    def __init__(self) -> None:
        self.presets = {
            "read-only": "agent",
            "spot-trade": "agent",
            "futures-trade": "agent",
            "withdraw": "user",
            "none": "subAccount",
        }
        self.public: Mapping[str, Callable[[Call], Any]] = {}
        self.signed = {}
        #: The agents of which a role was told, by their master's address.
        self._agents: dict[str, set[str]] = {}

    def new_credentials(self) -> Credentials:
        address, private_key = (f"0x{random_text(alphabet=HEX, length=length)}" for length in (40, 64))
        return Credentials(key=address, secret=private_key)

    def expiry(self, *, created_at: int, allowlist: Sequence[str] | None) -> int | None:
        return created_at + LIFE_MS

    def presented(self, call: Call) -> Presented:
        return Presented(key=str(_asked(call).get("user") or "").lower(), signature="", sent_at=None)

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        return {"role": "missing"} if code == "missing" else text

    def answer(self, call: Call, *, lookup: Callable[[str], Key | None]) -> Answer:
        """Answer a question by its type."""
        if call.path != INFO or call.method != "POST":
            return Answer(404, "Not Found", code="404", reason="not_found")
        asked, user = _asked(call), self.presented(call).key
        if asked.get("type") == "exchangeStatus":
            return Answer(200, {"specialStatuses": None, "time": call.now_ms})
        if re.fullmatch(r"0x[0-9a-f]{40}", user) is None or "application/json" not in call.header("content-type"):
            return Answer(422, self.refusals["422"].text, code="422", reason="key_malformed", media_type="text/plain")
        if asked["type"] == "userRole":
            return self._role(call, key=lookup(user))
        if asked["type"] == "extraAgents":
            agents = (self._living(call, lookup(agent)) for agent in sorted(self._agents.get(user, ())))
            return Answer(200, [self._agent(key) for key in agents if key is not None and master_of(key) == user])
        if asked["type"] == "clearinghouseState":
            return Answer(200, self._balance(call))
        return Answer(422, self.refusals["422"].text, code="422", reason="key_malformed", media_type="text/plain")

    @staticmethod
    def _living(call: Call, key: Key | None) -> Key | None:
        if key is None or key.revoked or key.environment != call.site.environment:
            return None
        return None if key.expires_at is not None and key.expires_at <= call.now_ms else key

    def _role(self, call: Call, *, key: Key | None) -> Answer:
        key = self._living(call, key)
        if key is None:
            return Answer(200, {"role": "missing"}, code="missing", reason="key_unknown")
        if key.permissions != "agent":
            return Answer(200, {"role": key.permissions} | key.extra)
        if key.label:  # an agent without a name stands in no list
            self._agents.setdefault(master_of(key), set()).add(key.key)
        return Answer(200, {"role": "agent", "data": {"user": master_of(key)}} | key.extra)

    @staticmethod
    def _agent(key: Key) -> dict[str, Any]:
        return {"name": key.label, "address": key.key, "validUntil": key.expires_at}

    def _balance(self, call: Call) -> dict[str, Any]:
        sums = {"accountValue": "1000.0", "totalMarginUsed": "0.0", "totalNtlPos": "0.0", "totalRawUsd": "1000.0"}
        return {
            "assetPositions": [],
            "crossMaintenanceMarginUsed": "0.0",
            "crossMarginSummary": sums,
            "marginSummary": sums,
            "time": call.now_ms,
            "withdrawable": "1000.0",
        }
