# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bitstamp, V2. Its keys tell nothing about themselves. Every signed call is a POST, reads too.

It also has calls that revoke keys. They are never made.
"""

from __future__ import annotations

import datetime
import typing as t
import uuid
from urllib.parse import urlsplit

from .._allowlist._rule import AllowlistGrammar
from .._clock import milliseconds
from .._errors import AnswerError
from .._facts import Access, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import Refused, date_header, hmac_sha256, member, refused
from ._contract import AllowlistRule, ClockTolerance, KeyShape, Question, Site
from ._untold import Untold

_CLICKS = "Bitstamp > account menu > Settings > API access > the key"
_BALANCE = "/api/v2/account_balances/usd/"
_TICKER = "/api/v2/ticker/btcusd/"
_FORM = "application/x-www-form-urlencoded"
#: Bitstamp refuses an empty body; it does not look at this one.
_BODY = "foo=bar"

#: By text: what codes it has beside them is not documented for all.
REFUSALS: t.Mapping[str, Refused] = {
    "IP address not allowed": Refused("ip_refused"),
    "API key not found": Refused("invalid_key"),
    "Wrong API key format": Refused("invalid_key"),
    "Invalid signature": Refused("bad_signature"),
    "No permission found": Refused("permission_denied"),
    "Invalid nonce": Refused(
        "ambiguous", "Bitstamp saw this question before, or this host's clock is off. Set it by NTP, then ask again."
    ),
    "Authentication failed": Refused(
        "ambiguous",
        "Bitstamp does not say what failed. Check this host's clock, then compare key and secret with the key's page.",
    ),
    "Your account is frozen": Refused("ambiguous", "Bitstamp has frozen the account. Ask its support why."),
}


class Bitstamp(Untold):
    """Bitstamp."""

    name = "bitstamp"
    title = "Bitstamp"
    sources = "its V2 documents on authentication as copied in public, read on 2026-11-22; ccxt 4.5.90 for the refusals"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return its one host; a sandbox is given out on request."""
        return {("mainnet", "global"): Site("https://www.bitstamp.net", introspects=False)}

    def key_shape(self) -> KeyShape:
        """Return nothing: key and secret look alike."""
        return KeyShape()

    def allowlist_rule(self) -> AllowlistRule:
        """Return an open grammar: no readable source tells what it takes."""
        return AllowlistRule(
            grammar=AllowlistGrammar(),
            click_path=f"{_CLICKS} > IP addresses",
            source="none found",
            as_of="2026-11-22",
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return 150 seconds either way."""
        return ClockTolerance(ahead=150.0, behind=150.0)

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask for one price, whose answer carries a date: there is no call for the time."""
        return Request("GET", f"{site.base_url}{_TICKER}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read the header ``Date``, in whole seconds."""
        return date_header(answer)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the balance in one currency, and a price."""
        return frozenset((("POST", _BALANCE), ("GET", _TICKER)))

    def key_request(self, question: Question) -> Request:
        """Ask for the balance in one currency."""
        credential = question.credential
        url = f"{question.site.base_url}{_BALANCE}"
        timestamp = str(milliseconds(question.at))
        # It must not repeat within 150 seconds: nobody asks twice with one key within a millisecond.
        nonce = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{credential.api_key} {timestamp}"))
        who = f"BITSTAMP {credential.api_key}"
        signed = f"{who}POST{urlsplit(url).netloc}{_BALANCE}{_FORM}{nonce}{timestamp}v2{_BODY}"
        return Request(
            "POST",
            url,
            headers={
                "X-Auth": who,
                "X-Auth-Nonce": nonce,
                "X-Auth-Timestamp": timestamp,
                "X-Auth-Version": "v2",
                "X-Auth-Signature": hmac_sha256(secret=credential.secret, text=signed).hex(),
                "Content-Type": _FORM,
            },
            body=_BODY.encode(),
        )

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``reason`` (``status`` is ``error``) or ``error``, which only refusals have."""
        data = json_object(answer)
        if "error" in data:
            text = data["error"]
        elif data.get("status") == "error":
            text = data.get("reason")
        elif answer.status == 200:
            return None
        else:
            raise AnswerError(f"{answer.host} answered HTTP {answer.status} without a reason")
        if not isinstance(text, str):
            return Access("ambiguous", code="error", message="the reason is not in the documented form")
        code = next((begins for begins in REFUSALS if text.startswith(begins)), text)
        return refused(table=REFUSALS, code=code, message=text)

    def key(self, answer: Answer) -> ObservedKey:
        """See that this is a balance; it tells nothing of the key."""
        member(json_object(answer), "available", str, host=answer.host)
        return ObservedKey(masked_id="")
