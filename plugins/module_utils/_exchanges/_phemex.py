# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Phemex. Its keys tell nothing about themselves. Its refusals are told apart by their text."""

from __future__ import annotations

import datetime
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._clock import milliseconds
from .._facts import Access, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import Refused, date_header, hmac_sha256, member, optional, refused
from ._contract import AllowlistRule, ClockTolerance, KeyShape, Question, RateLimit, Site
from ._untold import Untold

_CLICKS = "Phemex > account menu > API Management > the key"
_WALLETS = "/spot/wallets"
_QUERY = "currency=USDT"
_TIME = "/public/time"
#: Seconds after which a request is void, as the documents want it.
_LIFE = 60

#: By code and the beginning of the text.
REFUSALS: t.Mapping[str, Refused] = {
    "401 Request IP mismatch": Refused("ip_refused"),
    "401 Failed to load API KEY": Refused("invalid_key"),
    "10500 Failed to find api-key": Refused("invalid_key"),
    "10500 API Signature verification failed": Refused("bad_signature"),
    "401 Request Expired": Refused("clock_skew"),
    "401 Insufficient privilege": Refused("permission_denied"),
    "39995": Refused("rate_limited"),
}


class Phemex(Untold):
    """Phemex."""

    name = "phemex"
    title = "Phemex"
    sources = "ccxt 4.5.90, read on 2026-11-22; public reports for an expired request (2021-04-23)"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return both hosts."""
        return {
            ("mainnet", "global"): Site("https://api.phemex.com", introspects=False),
            ("testnet", "global"): Site("https://testnet-api.phemex.com", introspects=False),
        }

    def key_shape(self) -> KeyShape:
        """Return nothing: no document tells."""
        return KeyShape()

    def allowlist_rule(self) -> AllowlistRule:
        """Return an open grammar: no readable source tells what it takes."""
        return AllowlistRule(
            grammar=AllowlistGrammar(),
            click_path=f"{_CLICKS} > Bind IP addresses",
            source="none found",
            as_of="2026-11-22",
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return the minute that a request lives; how far ahead is not documented, so this is caution."""
        return ClockTolerance(ahead=float(_LIFE), behind=float(_LIFE))

    def rate_limit(self) -> RateLimit:
        """Return fifty questions in a minute."""
        return RateLimit(
            requests=50,
            seconds=60.0,
            described="About 100 calls in a minute; half of it is used.",
            source="ccxt 4.5.90",
            as_of="2026-11-22",
        )

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask for anything: every answer carries a date, also one that says that nothing is here."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read the header ``Date``, in whole seconds."""
        return date_header(answer)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the wallets and the clock."""
        return frozenset((("GET", _WALLETS), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask for one wallet. The signature covers the query without its question mark."""
        credential = question.credential
        until = str(milliseconds(question.at) // 1000 + _LIFE)
        return Request(
            "GET",
            f"{question.site.base_url}{_WALLETS}?{_QUERY}",
            headers={
                "x-phemex-access-token": credential.api_key,
                "x-phemex-request-expiry": until,
                "x-phemex-request-signature": hmac_sha256(
                    secret=credential.secret, text=f"{_WALLETS}{_QUERY}{until}"
                ).hex(),
            },
        )

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``code``: 0 is acceptance. One code has many causes, which only ``msg`` tells apart."""
        data = json_object(answer)
        code = str(member(data, "code", int, str, host=answer.host))
        if code == "0":
            return None
        text = optional(data, "msg", str, host=answer.host) or ""
        said = text if text.startswith(f"{code} ") else f"{code} {text}"
        known = next((begins for begins in REFUSALS if said.startswith(begins)), code)
        return refused(table=REFUSALS, code=known, message=text)

    def key(self, answer: Answer) -> ObservedKey:
        """See that these are wallets; they tell nothing of the key."""
        member(json_object(answer), "data", list, host=answer.host)
        return ObservedKey(masked_id="")
