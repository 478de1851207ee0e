# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Crypto.com Exchange, V1. Its keys tell nothing about themselves. Every signed call is a POST, reads too."""

from __future__ import annotations

import datetime
import json
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._clock import milliseconds
from .._facts import Access, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import Refused, date_header, hmac_sha256, member, optional, refused
from ._contract import AllowlistRule, ClockTolerance, KeyShape, Question, Site
from ._untold import Untold

_CLICKS = "Crypto.com Exchange > account menu > API Management > the key > Edit"
_ROOT = "/exchange/v1/"
_BALANCE = "private/user-balance"
_TICKER = "public/get-tickers"

REFUSALS: t.Mapping[str, Refused] = {
    "40103": Refused("ip_refused"),
    "40101": Refused(
        "ambiguous",
        "Crypto.com has one answer for an unknown key, a wrong secret and a key that may not do this. First see whether"
        " the key still exists, in this environment; then compare the secret with your record; then tick Can Read.",
    ),
    "40102": Refused("clock_skew"),
    "40104": Refused("ambiguous", "Crypto.com does not allow this to the account's tier. Ask its support why."),
    "42901": Refused("rate_limited"),
    "40801": Refused("unreachable"),
    "50001": Refused("unreachable"),
}


class CryptoCom(Untold):
    """Crypto.com Exchange."""

    name = "cryptocom"
    title = "Crypto.com"
    sources = "its V1 documents as of 2025-11-30"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return production, and the sandbox that its documents call UAT."""
        return {
            ("mainnet", "global"): Site("https://api.crypto.com", introspects=False),
            ("testnet", "global"): Site("https://uat-api.3ona.co", introspects=False),
        }

    def key_shape(self) -> KeyShape:
        """Return nothing: no document tells."""
        return KeyShape()

    def allowlist_rule(self) -> AllowlistRule:
        """Return an open grammar: no readable source tells what it takes."""
        return AllowlistRule(
            grammar=AllowlistGrammar(),
            click_path=f"{_CLICKS} > IP whitelist",
            source="Crypto.com Exchange V1: generating the API key",
            as_of="2025-11-30",
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return a minute either way."""
        return ClockTolerance(ahead=60.0, behind=60.0)

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask for one price, whose answer carries a date: there is no call for the time."""
        return Request("GET", f"{site.base_url}{_ROOT}{_TICKER}?instrument_name=BTC_USD")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read the header ``Date``, in whole seconds."""
        return date_header(answer)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the balances and a price."""
        return frozenset((("POST", f"{_ROOT}{_BALANCE}"), ("GET", f"{_ROOT}{_TICKER}")))

    def key_request(self, question: Question) -> Request:
        """Ask for the balances; the body holds the key and the signature."""
        credential = question.credential
        nonce = str(milliseconds(question.at))
        signed = f"{_BALANCE}{nonce}{credential.api_key}{nonce}"
        body = {
            "id": nonce,
            "method": _BALANCE,
            "params": {},
            "api_key": credential.api_key,
            "sig": hmac_sha256(secret=credential.secret, text=signed).hex(),
            "nonce": nonce,
        }
        return Request(
            "POST",
            f"{question.site.base_url}{_ROOT}{_BALANCE}",
            headers={"Content-Type": "application/json"},
            body=json.dumps(body, separators=(",", ":")).encode(),
        )

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``code``: 0 is acceptance."""
        data = json_object(answer)
        code = str(member(data, "code", int, str, host=answer.host))
        if code == "0":
            return None
        message = optional(data, "message", str, host=answer.host) or ""
        return refused(table=REFUSALS, code=code, message=message)

    def key(self, answer: Answer) -> ObservedKey:
        """See that these are balances; they tell nothing of the key."""
        member(member(json_object(answer), "result", dict, host=answer.host), "data", list, host=answer.host)
        return ObservedKey(masked_id="")
