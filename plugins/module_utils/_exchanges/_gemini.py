# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gemini. A key tells its roles, and nothing else, in one call, which reads although it is a POST.

Its requests are numbered. A key that another program uses is asked only where it was made for time based nonces.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import re
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._facts import Access, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import Refused, date_header, in_base64, member, optional, refused, unknown
from ._contract import (
    LIFETIME_NOT_DOCUMENTED,
    AllowlistRule,
    ClockTolerance,
    Exchange,
    KeyShape,
    LifetimeRule,
    Question,
    Site,
)
from ._nonce import Nonce, NonceRule

_CLICKS = "Gemini > account menu > API settings > the key"
_ROLES = "/v1/roles"
_TIME = "/v1/symbols"

#: Gemini's roles; each of them may look at balances. The administrator's name in the answer is not documented.
_WORDS: t.Mapping[str, tuple[str, ...]] = {
    "isAuditor": ("read",),
    "isTrader": ("read", "spot_trade"),
    "isFundManager": ("read", "transfer_own", "withdraw"),
}

REFUSALS: t.Mapping[str, Refused] = {
    "InvalidApiKey": Refused("invalid_key"),
    "InvalidSignature": Refused("bad_signature"),
    "InvalidNonce": Refused(
        "clock_skew",
        "Gemini saw a higher number with this key before, or the key is made for time based nonces and that was not"
        " said. Compare the nonce setting on the key's page, or give a key that only this collection uses.",
    ),
    "MissingRole": Refused("permission_denied"),
    "RateLimit": Refused("rate_limited"),
    "Maintenance": Refused("unreachable"),
    "System": Refused("unreachable"),
}
#: A refusal prints the key, without the front part by which we would know it again.
_PRINTED_KEY = re.compile(r"(API key )\S+")


class Gemini(Exchange):
    """Gemini."""

    name = "gemini"
    title = "Gemini"
    sources = "its documents on roles and API keys as of 2026-11-22"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return its host, and that of what Gemini calls the sandbox."""
        return {
            ("mainnet", "global"): Site("https://api.gemini.com"),
            ("testnet", "global"): Site("https://api.sandbox.gemini.com"),
        }

    def living_codes(self) -> None:
        """Return that nobody knows: what it says to an address that the key does not allow is not documented."""

    def key_shape(self) -> KeyShape:
        """Return that a key begins with ``account-`` or ``master-`` (for a whole group)."""
        return KeyShape(api_key=r"[a-z]{6,7}-[A-Za-z0-9]+")

    def nonce_rule(self) -> NonceRule:
        """Return an increasing number, or the time for keys that were made so."""
        return NonceRule(
            units=("ms", "s", "us", "ns"),
            time_based=30,
            described="Each request of a key needs a higher number than the last one. A key that was made with the"
            " setting Uses a time based nonce takes whole seconds, in any order, up to 30 s off the clock.",
            source="Gemini: private API invocation",
            as_of="2026-11-22",
        )

    def allowlist_rule(self) -> AllowlistRule:
        """Return an open grammar: no readable source tells what it takes."""
        return AllowlistRule(
            grammar=AllowlistGrammar(),
            click_path=f"{_CLICKS} > Trusted IPs",
            source="none found",
            as_of="2026-11-22",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return that nothing is known."""
        return LIFETIME_NOT_DOCUMENTED

    def clock_tolerance(self) -> ClockTolerance:
        """Return 30 seconds both ways, which hold for time based nonces."""
        return ClockTolerance(ahead=30.0, behind=30.0)

    def cannot_tell(self) -> frozenset[str]:
        """Return everything but the permissions."""
        return frozenset(
            ("account", "allowlist", "created_at", "expiry", "label", "last_used_at", "owner_kind", "state")
        )

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words as they are. Transfers come only with withdrawals, which no closure may grant."""
        return words | {"read"}

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask for the names of the markets, whose answer carries a date."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read the header ``Date``, in whole seconds."""
        return date_header(answer)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the key's roles and the names of the markets."""
        return frozenset((("POST", _ROLES), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask ``/v1/roles``; the body is empty. Without ``nonce`` the key is taken for one of its own."""
        number = str((question.nonce or Nonce("ms")).number(question.at))
        payload = in_base64(json.dumps({"request": _ROLES, "nonce": number}, separators=(",", ":")).encode())
        secret = question.credential.secret.encode()
        return Request(
            "POST",
            f"{question.site.base_url}{_ROLES}",
            headers={
                "X-GEMINI-APIKEY": question.credential.api_key,
                "X-GEMINI-PAYLOAD": payload,
                "X-GEMINI-SIGNATURE": hmac.new(secret, payload.encode(), hashlib.sha384).hexdigest(),
                "Content-Type": "text/plain",
                "Cache-Control": "no-cache",
            },
        )

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``result`` and ``reason``; an answer of roles has neither."""
        data = json_object(answer)
        if optional(data, "result", str, host=answer.host) != "error":
            return None
        reason = member(data, "reason", str, host=answer.host)
        said = optional(data, "message", str, host=answer.host) or ""
        return refused(table=REFUSALS, code=reason, message=_PRINTED_KEY.sub(r"\1...", said))

    def key(self, answer: Answer) -> ObservedKey:
        """Read the roles; one that is not known and is true is kept by name."""
        host = answer.host
        data = json_object(answer)
        for role in {*_WORDS, *(name for name in data if name.startswith("is"))}:
            member(data, role, bool, host=host)
        raw = tuple(name for name, value in data.items() if value is True)
        words: set[str] = set()
        for role in raw:
            words.update(_WORDS.get(role) or (unknown(role),))
        return ObservedKey(masked_id="", permissions=tuple(sorted(words)), raw_permissions=raw)
