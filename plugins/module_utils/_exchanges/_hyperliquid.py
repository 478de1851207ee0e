# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hyperliquid. A key is an agent (API wallet): what it may do is public and asked by its address, without signature.

No secret is needed, taken or sent. What signs with the account's own wallet can do everything.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._errors import AnswerError
from .._facts import Access, Account, Allowlist, Expiry, ObservedKey
from .._json import json_object, json_value
from .._message import Answer, Request
from ._answers import Refused, clock, instant, member, optional, refused, together, unknown
from ._contract import (
    AllowlistRule,
    ClockTolerance,
    Exchange,
    Interview,
    KeyShape,
    LifetimeRule,
    Question,
    RateLimit,
    Site,
)

_CLICKS = "Hyperliquid > More > API"
_INFO = "/info"
_DAY = 86400.0
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")

_TRADE = frozenset(("spot_trade", "futures_trade"))
#: What the holder of an address may do, by its role.
_WORDS: t.Mapping[str, tuple[str, ...]] = {
    "agent": ("futures_trade", "read", "spot_trade"),
    # The account's own wallet: it approves agents, and it sends everything anywhere.
    "user": (
        "futures_trade",
        "manage_keys",
        "read",
        "spot_trade",
        "transfer_out",
        "transfer_own",
        "transfer_sub",
        "withdraw",
    ),
}

REFUSALS: t.Mapping[str, Refused] = {
    "missing": Refused(
        "invalid_key",
        "Hyperliquid knows no such address: the agent has ended, was replaced by another one of its name, or belongs to"
        " the other network (mainnet, testnet). Approve a new agent with a new address, and never one that was an"
        " agent before.",
    ),
}


class Hyperliquid(Exchange):
    """Hyperliquid."""

    name = "hyperliquid"
    title = "Hyperliquid"
    sources = "its documents as copied on 2025-11-30, and a client library's recorded answers"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return both networks; an agent of one is unknown on the other."""
        return {
            ("mainnet", "global"): Site("https://api.hyperliquid.xyz"),
            ("testnet", "global"): Site("https://api.hyperliquid-testnet.xyz"),
        }

    def key_shape(self) -> KeyShape:
        """Return an address; a private key is longer and must never be sent."""
        return KeyShape(api_key=_ADDRESS.pattern)

    def spelled(self, name: str) -> str:
        """Return an address without its checksum, which is in the case of its letters."""
        return name.strip().lower()

    def key_types(self) -> tuple[str, ...]:
        """Return none: nothing is signed."""
        return ()

    def needs_secret(self) -> bool:
        """Return false: the answers are public."""
        return False

    def restricts_addresses(self) -> bool:
        """Return false: there is no such thing."""
        return False

    def allowlist_rule(self) -> AllowlistRule:
        """Return a rule without room."""
        return AllowlistRule(
            grammar=AllowlistGrammar(max_entries=0),
            click_path=f"{_CLICKS} (Hyperliquid has no allowlist)",
            source="Hyperliquid: API wallets",
            as_of="2025-11-30",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return the longest life of an agent."""
        return LifetimeRule(
            days=180,
            idle=False,
            described="An agent ends at the latest 180 days after it was approved. It cannot be made to live on:"
            " approve a new one, with a new address, and switch.",
            source="Hyperliquid: approving an agent, as a client library checks it",
            as_of="2026-11-22",
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return the window of an order's number, which is a time; what is asked here has none."""
        return ClockTolerance(ahead=_DAY, behind=2 * _DAY)

    def rate_limit(self) -> RateLimit:
        """Return half of the address's weight."""
        return RateLimit(
            requests=15,
            seconds=60.0,
            described="A weight of 1200 in a minute for each address; the role weighs 60, the agents"
            " 20. The bot's questions count too, so half of it is used.",
            source="Hyperliquid: rate limits, as the client guilder-client-hyperliquid 0.2.0 gives them",
            as_of="2026-11-22",
        )

    def cannot_tell(self) -> frozenset[str]:
        """Return what neither answer holds."""
        return frozenset(("created_at", "last_used_at", "owner_kind", "state"))

    def tells_in_part(self) -> t.Mapping[str, str]:
        """Return what it tells only of some keys, or not whole."""
        return dict.fromkeys(("expiry", "label"), "of named agents")

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words with spot and futures together: an agent trades both."""
        return together(words, _TRADE)

    def click_path(self) -> str:
        """Return the way to the agents' page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask for ``exchangeStatus``."""
        return _info(site, {"type": "exchangeStatus"})

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``time``, in milliseconds."""
        return clock(json_object(answer), "time", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the one door for questions. What changes anything has another one, and a signature."""
        return frozenset((("POST", _INFO),))

    def key_request(self, question: Question) -> Request:
        """Ask for the address's ``userRole``."""
        return _info(question.site, {"type": "userRole", "user": question.credential.api_key})

    def interview(self, question: Question) -> Interview:
        """Ask for the role, and for an agent what its account says of its agents: name and end."""
        answer = yield self.key_request(question)
        told = self.key(answer)
        if told.account.id is None:
            return told
        agents = yield _info(question.site, {"type": "extraAgents", "user": told.account.id})
        return _named(told, agents=agents, own=question.credential.api_key)

    def refusal(self, answer: Answer) -> Access | None:
        """Read the role ``missing``, and ``status``, which only refusals have."""
        data = json_value(answer)
        if isinstance(data, dict) and (data.get("role") == "missing" or data.get("status") == "err"):
            code = "missing" if data.get("role") == "missing" else "err"
            return refused(
                table=REFUSALS,
                code=code,
                message=optional(data, "response", str, host=answer.host) or "no such address",
            )
        if answer.status != 200 or not isinstance(data, (dict, list)):
            raise AnswerError(f"{answer.host} answered HTTP {answer.status} with another thing than an answer")
        return None

    def key(self, answer: Answer) -> ObservedKey:
        """Read the role. Of an agent the account is its master's address; name and end stand elsewhere."""
        data = json_object(answer)
        role = member(data, "role", str, host=answer.host)
        account = Account()
        if role == "agent":
            master = member(member(data, "data", dict, host=answer.host), "user", str, host=answer.host)
            if _ADDRESS.fullmatch(master) is None:
                raise AnswerError(f"{answer.host} answered no address for user")
            account = Account(id=master)
        return ObservedKey(
            masked_id="",
            account=account,
            permissions=tuple(sorted(_WORDS.get(role) or (unknown(f"role:{role}"),))),
            raw_permissions=(f"role:{role}",),
            allowlist=Allowlist("unrestricted"),
            # Only of named agents the end is told; a wallet has neither name nor end.
            not_told=("expiry", "label"),
        )


def _named(told: ObservedKey, *, agents: Answer, own: str) -> ObservedKey:
    """Add name and end, where the account's list holds this agent; all others are dropped here."""
    host = agents.host
    rows = json_value(agents)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AnswerError(f"{host} answered something else than a list of agents")
    for row in rows:
        if member(row, "address", str, host=host).lower() == own.lower():
            until = optional(row, "validUntil", int, host=host)
            return dataclasses.replace(
                told,
                label=optional(row, "name", str, host=host) or None,
                expiry=Expiry("unknown")
                if until is None
                else Expiry("at", instant(until, name="validUntil", host=host)),
                not_told=("expiry",) if until is None else (),
            )
    return told


def _info(site: Site, question: t.Mapping[str, str]) -> Request:
    return Request(
        "POST",
        f"{site.base_url}{_INFO}",
        headers={"Content-Type": "application/json"},
        body=json.dumps(question).encode(),
    )
