# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BitMart. Its keys tell nothing about themselves. Its "memo" is the passphrase here.

Most of its reads look at the key alone, not at the signature. The orders that are open are asked for by a signed
POST, which any key may make: so this one also proves secret and memo.
"""

from __future__ import annotations

import datetime
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._clock import milliseconds
from .._facts import Access, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import Refused, clock, hmac_sha256, member, optional, refused
from ._contract import AllowlistRule, ClockTolerance, KeyShape, PassphraseRule, Question, Site
from ._untold import Untold

_CLICKS = "BitMart > account menu > API Settings > the key > Edit"
_ORDERS = "/spot/v4/query/open-orders"
_TIME = "/system/time"
_BODY = '{"limit":1,"recvWindow":5000}'

REFUSALS: t.Mapping[str, Refused] = {
    "30010": Refused("ip_refused"),
    "30002": Refused("invalid_key"),
    "30003": Refused("invalid_key", "BitMart has frozen this key. Ask its support why, or create another key."),
    "30011": Refused("expired"),
    "30005": Refused(
        "ambiguous",
        "BitMart gives the same answer for a wrong secret and for a wrong memo (passphrase, here). Compare both with"
        " your record; if one is lost, create another key, place it, then delete this one.",
    ),
    "30007": Refused("clock_skew"),
    "30012": Refused("permission_denied"),
    "30019": Refused("permission_denied"),
    "30013": Refused("rate_limited"),
    "30017": Refused("rate_limited"),
    "30014": Refused("unreachable"),
    "30016": Refused("unreachable"),
}


class Bitmart(Untold):
    """BitMart."""

    name = "bitmart"
    title = "BitMart"
    sources = "its spot documents as of 2025-11-30; ccxt 4.5.20 (2026-11-22) for the refusals"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return the host of spot."""
        return {("mainnet", "global"): Site("https://api-cloud.bitmart.com", introspects=False)}

    def living_codes(self) -> frozenset[str]:
        """Return that of a frozen key."""
        return frozenset(("30003",))

    def key_shape(self) -> KeyShape:
        """Return 40 and 64 characters, as in the document's example."""
        return KeyShape(api_key=r"[0-9a-f]{40}", secret=r"[0-9a-f]{64}")

    def passphrase_rule(self) -> PassphraseRule:
        """Return the memo, which may be any text."""
        return PassphraseRule(
            pattern=None,
            described="the memo that was chosen when the key was made, any text (in ccxt's form it is called uid)",
            source="BitMart: authentication",
            as_of="2025-11-30",
            ccxt_name="uid",
        )

    def allowlist_rule(self) -> AllowlistRule:
        """Return an open grammar: no readable source tells what it takes."""
        return AllowlistRule(
            grammar=AllowlistGrammar(),
            click_path=f"{_CLICKS} > Bind IP",
            source="BitMart: authentication",
            as_of="2025-11-30",
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return the window that we send, and one second ahead."""
        return ClockTolerance(ahead=1.0, behind=5.0)

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/system/time``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``server_time``, in milliseconds."""
        data = member(json_object(answer), "data", dict, host=answer.host)
        return clock(data, "server_time", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the open orders and the clock."""
        return frozenset((("POST", _ORDERS), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask for at most one of the orders that are open."""
        credential = question.credential
        timestamp = str(milliseconds(question.at))
        signed = f"{timestamp}#{credential.passphrase or ''}#{_BODY}"
        return Request(
            "POST",
            f"{question.site.base_url}{_ORDERS}",
            headers={
                "X-BM-KEY": credential.api_key,
                "X-BM-TIMESTAMP": timestamp,
                "X-BM-SIGN": hmac_sha256(secret=credential.secret, text=signed).hex(),
                "Content-Type": "application/json",
            },
            body=_BODY.encode(),
        )

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``code``: 1000 is acceptance."""
        data = json_object(answer)
        code = member(data, "code", int, host=answer.host)
        if code == 1000:
            return None
        message = optional(data, "message", str, host=answer.host) or ""
        return refused(table=REFUSALS, code=str(code), message=message)

    def key(self, answer: Answer) -> ObservedKey:
        """See that this is a list of orders; it tells nothing of the key."""
        member(json_object(answer), "data", list, host=answer.host)
        return ObservedKey(masked_id="")
