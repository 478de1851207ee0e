# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MEXC, spot V3. Its keys tell nothing about themselves.

``POST /api/v3/apiKeyInfo`` looks like such a call and is none: it overwrites the key's addresses. It is never made.
The account's ``canTrade`` and ``canWithdraw`` are the account's, not the key's: they are not read.
"""

from __future__ import annotations

import datetime
import re
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._clock import milliseconds
from .._errors import AnswerError
from .._facts import Access, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import Refused, clock, hmac_sha256, member, optional, refused
from ._contract import AllowlistRule, ClockTolerance, KeyShape, LifetimeRule, Question, RateLimit, Site
from ._untold import Untold

_CLICKS = "MEXC > account menu > API Management > the key > Edit"
_ACCOUNT = "/api/v3/account"
_TIME = "/api/v3/time"
_RECV_WINDOW = "5000"
_SEES = (re.compile(r"IP \[([^\]]+)\]"),)

REFUSALS: t.Mapping[str, Refused] = {
    "700006": Refused("ip_refused"),
    "10075": Refused("ip_refused"),
    "406": Refused("ip_refused"),
    "10072": Refused("invalid_key"),
    "700001": Refused("invalid_key"),
    "402": Refused("expired"),
    "700002": Refused(
        "ambiguous",
        "MEXC gives the same answer for a wrong secret and for a key that has ended. See on the key's page whether it"
        " has: a key without IP restriction lives 90 days. If not, the secret does not belong to this key.",
    ),
    "602": Refused("bad_signature"),
    "700003": Refused("clock_skew"),
    "10073": Refused("clock_skew"),
    "700007": Refused("permission_denied"),
    "429": Refused("rate_limited"),
}


class Mexc(Untold):
    """MEXC."""

    name = "mexc"
    title = "MEXC"
    sources = "its spot V3 documents as of 2025-11-30; ccxt 4.5.90 and public reports for the refusals"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return its one host; there is no testnet."""
        return {("mainnet", "global"): Site("https://api.mexc.com", introspects=False)}

    def key_shape(self) -> KeyShape:
        """Return 18 and 32 characters, as in all samples of the documents."""
        return KeyShape(api_key=r"mx0[A-Za-z0-9]{15}", secret=r"[0-9a-f]{32}")

    def allowlist_rule(self) -> AllowlistRule:
        """Return an open grammar: one page says 10 addresses at most, another 20."""
        return AllowlistRule(
            grammar=AllowlistGrammar(),
            click_path=f"{_CLICKS} > Link IP Address",
            source="MEXC spot V3: FAQ (at most 10), sub-account API key (at most 20)",
            as_of="2025-11-30",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return 90 days."""
        return LifetimeRule(
            days=90,
            idle=False,
            described="A key without IP restriction is valid for 90 days.",
            source="MEXC spot V3: FAQ",
            as_of="2025-11-30",
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return the window that we send, and one second ahead."""
        return ClockTolerance(ahead=1.0, behind=5.0)

    def rate_limit(self) -> RateLimit:
        """Return twenty questions in ten seconds."""
        return RateLimit(
            requests=20,
            seconds=10.0,
            described="A weight of 500 in 10 seconds, of which this call takes 10; the bot's calls"
            " count too, so less than half of it is used.",
            source="ccxt 4.5.90",
            as_of="2026-11-22",
        )

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/api/v3/time``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``serverTime``, in milliseconds."""
        return clock(json_object(answer), "serverTime", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the account and the clock."""
        return frozenset((("GET", _ACCOUNT), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask for the account's balances."""
        credential = question.credential
        query = f"timestamp={milliseconds(question.at)}&recvWindow={_RECV_WINDOW}"
        signature = hmac_sha256(secret=credential.secret, text=query).hex()
        return Request(
            "GET",
            f"{question.site.base_url}{_ACCOUNT}?{query}&signature={signature}",
            headers={"X-MEXC-APIKEY": credential.api_key},
        )

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``code``, which only refusals have."""
        data = json_object(answer)
        if "code" not in data:
            if answer.status != 200:
                raise AnswerError(f"{answer.host} answered HTTP {answer.status} without a code")
            return None
        code = str(member(data, "code", int, str, host=answer.host))
        return refused(
            table=REFUSALS, code=code, message=optional(data, "msg", str, host=answer.host) or "", sees=_SEES
        )

    def key(self, answer: Answer) -> ObservedKey:
        """See that these are an account's balances; they tell nothing of the key."""
        member(json_object(answer), "balances", list, host=answer.host)
        return ObservedKey(masked_id="")
