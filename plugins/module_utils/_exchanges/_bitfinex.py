# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bitfinex, V2. A key tells its permissions, and nothing else, in one call, which reads although it is a POST.

Its requests are numbered, and lower numbers are never taken: a key that another program uses is not asked.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._errors import AnswerError
from .._facts import Access, ObservedKey
from .._json import json_list
from .._message import Answer, Request
from ._answers import Refused, date_header, refused, together, unknown
from ._contract import (
    LIFETIME_NOT_DOCUMENTED,
    AllowlistRule,
    ClockTolerance,
    Exchange,
    KeyShape,
    LifetimeRule,
    Question,
    RateLimit,
    Site,
)
from ._nonce import Nonce, NonceRule

_CLICKS = "Bitfinex > account menu > API keys > the key > Edit"
_PERMISSIONS = "/v2/auth/r/permissions"
_TIME = "/v2/platform/status"

#: What writing means, by scope. Reading is ``read`` for all of them; what is not here is kept as unknown.
_WRITES: t.Mapping[str, tuple[str, ...]] = {
    "orders": ("spot_trade", "margin_trade"),
    "positions": ("futures_trade",),
    "funding": ("earn",),
    "wallets": ("transfer_own",),
    "withdraw": ("withdraw",),
}
_SCOPES = ("account", "history", "orders", "positions", "funding", "settings", "wallets", "withdraw")
#: Scopes that every answer has: without one of them nothing is known of the right.
_REQUIRED = frozenset(_SCOPES)
_WORDS: t.Mapping[tuple[str, str], tuple[str, ...]] = {
    **{(scope, "read"): ("read",) for scope in _SCOPES},
    **{(scope, "write"): words for scope, words in _WRITES.items()},
}

REFUSALS: t.Mapping[str, Refused] = {
    "10100": Refused(
        "ambiguous",
        "Bitfinex gives this answer for a wrong key and for a wrong secret; whether also for a wrong address is not"
        " documented. Compare both with your record, and this host's public address with the key's page.",
    ),
    "10112": Refused("bad_signature"),
    "10113": Refused("bad_signature"),
    "10114": Refused(
        "clock_skew",
        "Bitfinex saw a higher number with this key before: another program uses it too, or an earlier one counted in a"
        " finer unit, or this host's clock is behind. Give a key that only this collection uses.",
    ),
    "10001": Refused("permission_denied"),
    "11010": Refused("rate_limited"),
    "20060": Refused("unreachable"),
}


class Bitfinex(Exchange):
    """Bitfinex."""

    name = "bitfinex"
    title = "Bitfinex"
    sources = 'its document "Key Permissions" as of 2025-06-10; ccxt 4.5.90 (2026-11-22) for the codes'

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return its host for signed calls; paper trading is a sub-account on the same one."""
        return {("mainnet", "global"): Site("https://api.bitfinex.com")}

    def key_shape(self) -> KeyShape:
        """Return nothing: key and secret have 43 characters both, so that they cannot be told apart."""
        return KeyShape()

    def nonce_rule(self) -> NonceRule:
        """Return an increasing number up to 9007199254740991, which rules nanoseconds out."""
        return NonceRule(
            units=("ms", "s", "us"),
            described="Each request of a key needs a higher number than the last one, of at most 9007199254740991."
            " There is no window: Bitfinex asks for a key of its own for each program.",
            source="Bitfinex: REST authentication; bfx-api-node-rest: nonce too small",
            as_of="2026-11-22",
        )

    def allowlist_rule(self) -> AllowlistRule:
        """Return an open grammar: no readable source tells what it takes."""
        return AllowlistRule(
            grammar=AllowlistGrammar(),
            click_path=f"{_CLICKS} > IP access restrictions",
            source="none found",
            as_of="2026-11-22",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return that nothing is known."""
        return LIFETIME_NOT_DOCUMENTED

    def clock_tolerance(self) -> ClockTolerance:
        """Return 5 seconds: Bitfinex compares no clocks; this is caution, for the numbers."""
        return ClockTolerance(ahead=5.0, behind=5.0)

    def rate_limit(self) -> RateLimit:
        """Return ninety questions in a minute."""
        return RateLimit(
            requests=90,
            seconds=60.0,
            described="90 calls in a minute.",
            source="Bitfinex: Key Permissions",
            as_of="2025-11-30",
        )

    def cannot_tell(self) -> frozenset[str]:
        """Return everything but the permissions."""
        return frozenset(
            ("account", "allowlist", "created_at", "expiry", "label", "last_used_at", "owner_kind", "state")
        )

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words with spot and margin together: both are orders."""
        return together(words, frozenset(("spot_trade", "margin_trade")))

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask for the state of the platform, whose answer carries a date."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read the header ``Date``, in whole seconds."""
        return date_header(answer)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the key's permissions and the state of the platform."""
        return frozenset((("POST", _PERMISSIONS), ("GET", _TIME)))

    def refuses_by_500(self) -> bool:
        """Return true: ``["error", code, text]`` comes with HTTP 500 (ccxt 4.5.90)."""
        return True

    def key_request(self, question: Question) -> Request:
        """Ask for the key's permissions. Without ``nonce`` the key is taken for one of its own."""
        number = str((question.nonce or Nonce("ms")).number(question.at))
        body = b"{}"
        signed = f"/api{_PERMISSIONS}{number}".encode() + body
        return Request(
            "POST",
            f"{question.site.base_url}{_PERMISSIONS}",
            headers={
                "bfx-nonce": number,
                "bfx-apikey": question.credential.api_key,
                "bfx-signature": hmac.new(question.credential.secret.encode(), signed, hashlib.sha384).hexdigest(),
                "Content-Type": "application/json",
            },
            body=body,
        )

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``["error", code, text]``; any other list is acceptance."""
        data = json_list(answer)
        if not data:
            raise AnswerError(f"{answer.host} answered an empty list, which is not documented")
        if data[0] != "error":
            return None
        code, text = (*data[1:3], None, None)[:2]
        if not isinstance(code, int) or isinstance(code, bool):
            raise AnswerError(f"{answer.host} answered an error without the documented number")
        return refused(table=REFUSALS, code=str(code), message=text if isinstance(text, str) else "")

    def key(self, answer: Answer) -> ObservedKey:
        """Read the rows of scope, read and write."""
        rights = _rights(answer)
        raw = [f"{scope}:{right}" for scope, given in rights.items() for right, has in given.items() if has]
        words: set[str] = set()
        for scope, given in rights.items():
            if given["read"]:
                words.add("read")
            if given["write"]:
                words.update(_WRITES.get(scope) or (unknown(f"{scope}:write"),))
        return ObservedKey(masked_id="", permissions=tuple(sorted(words)), raw_permissions=tuple(raw))


def _rights(answer: Answer) -> dict[str, dict[str, bool]]:
    """Return what each scope may do; ``AnswerError`` where a row is odd, or one that every answer has is missing."""
    rights: dict[str, dict[str, bool]] = {}
    for row in json_list(answer):
        if not isinstance(row, list) or len(row) != 3 or not isinstance(row[0], str) or row[0] in rights:
            raise AnswerError(f"{answer.host} answered a permission that is not in the documented form")
        if not all(isinstance(right, int) and not isinstance(right, bool) and right in (0, 1) for right in row[1:]):
            raise AnswerError(f"{answer.host} answered something else than 0 or 1 for a permission")
        rights[row[0]] = {"read": bool(row[1]), "write": bool(row[2])}
    missing = sorted(_REQUIRED - rights.keys())
    if missing:
        raise AnswerError(f"{answer.host} answered nothing for {', '.join(missing)}, which every key has")
    return rights
