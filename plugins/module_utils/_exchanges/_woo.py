# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""WOO X. Its one list holds every key of the account: of the others only what was asked for is kept.

Its refusal -1002 has every cause: a wrong key, secret or address, an expired key, a missing permission.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._clock import milliseconds
from .._errors import AnswerError
from .._facts import Access, Account, Allowlist, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import (
    Refused,
    clock,
    hmac_sha256,
    identifier,
    listed,
    member,
    optional,
    other_keys,
    refused,
    strings,
    together,
    unknown,
    with_json,
)
from ._contract import (
    LIFETIME_NOT_DOCUMENTED,
    AllowlistRule,
    ClockTolerance,
    Exchange,
    Interview,
    KeyShape,
    LifetimeRule,
    Question,
    RateLimit,
    Settling,
    Site,
)

_CLICKS = "WOO X > account menu > API > the key > Edit"
_KEYS = "/v3/account/credentials"
#: The most that one page may have; more keys than that are nobody's.
_PAGE = "page=1&size=1000"
_TIME = "/v3/public/systemInfo"

_TRADE = frozenset(("spot_trade", "margin_trade", "futures_trade"))
_WORDS: t.Mapping[str, frozenset[str]] = {
    "READ": frozenset(("read",)),
    "TRADE": _TRADE,
    "WITHDRAWAL": frozenset(("withdraw",)),
}

REFUSALS: t.Mapping[str, Refused] = {
    "-1001": Refused("ambiguous", "WOO X cannot read the key or the secret, and does not say which: copy both again."),
    "-1002": Refused(
        "ambiguous",
        "WOO X has one answer for everything: a wrong key or secret, an expired or deleted key, a missing permission,"
        " and perhaps a wrong address or clock. First compare this host's public address with the key's list, then look"
        " whether the key still exists and may read.",
    ),
    "-1003": Refused("rate_limited"),
    "-1000": Refused("unreachable"),
    "-1011": Refused("unreachable"),
}


class Woo(Exchange):
    """WOO X."""

    name = "woo"
    title = "WOO X"
    sources = "its API documents and a client library, as of 2026-11-22"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return the host, and the staging site as testnet."""
        return {
            ("mainnet", "global"): Site("https://api.woox.io"),
            ("testnet", "global"): Site("https://api.staging.woox.io"),
        }

    def key_shape(self) -> KeyShape:
        """Return nothing: it is not documented."""
        return KeyShape()

    def allowlist_rule(self) -> AllowlistRule:
        """Return that addresses can be listed; no readable source tells how many, or of which kind."""
        return AllowlistRule(
            grammar=AllowlistGrammar(),
            click_path=f"{_CLICKS} > IP restriction",
            source="WOO X: get account API key permission",
            as_of="2026-11-22",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return a rule without days: whether one exists is not documented."""
        return LIFETIME_NOT_DOCUMENTED

    def settling(self) -> Settling:
        return Settling(
            seconds=60,
            described="At WOO X a change of a key counts after up to 1 minute.",
            source="WOO X Pro, page on API keys",
            as_of="2026-11-22",
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return 30 seconds; no readable source tells, so this is the caution of others."""
        return ClockTolerance(ahead=30.0, behind=30.0)

    def rate_limit(self) -> RateLimit:
        """Return ten questions in a minute."""
        return RateLimit(
            requests=10,
            seconds=60.0,
            described="10 calls in a minute.",
            source="WOO X: Get API keys",
            as_of="2026-11-22",
        )

    def cannot_tell(self) -> frozenset[str]:
        """Return what a row lacks."""
        return frozenset(("created_at", "expiry", "label", "last_used_at", "owner_kind", "state"))

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return every product as soon as one is declared: ``TRADE`` has no finer split."""
        return together(words, _TRADE)

    def lists_keys_of(self) -> str:
        """Return any: it lists the keys of every account."""
        return "any"

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/v3/public/systemInfo``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``timestamp``, in milliseconds."""
        return clock(json_object(answer), "timestamp", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the list of keys and the clock."""
        return frozenset((("GET", _KEYS), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask ``/v3/account/credentials``."""
        credential = question.credential
        timestamp = str(milliseconds(question.at))
        target = f"{_KEYS}?{_PAGE}"
        headers = {
            "x-api-key": credential.api_key,
            "x-api-timestamp": timestamp,
            "x-api-signature": hmac_sha256(secret=credential.secret, text=f"{timestamp}GET{target}").hex(),
        }
        return Request("GET", f"{question.site.base_url}{target}", headers=headers)

    def interview(self, question: Question) -> Interview:
        """Ask for the list and read the caller's own row. A key that is not on it is accepted, and nothing more."""
        answer = yield self.key_request(question)
        data, own = _data(answer), question.credential.api_key
        rows: list[t.Any] = member(data, "rows", list, host=answer.host)

        def read(row: dict[str, t.Any]) -> ObservedKey:
            return self.key(with_json(answer, {"data": {"rows": [row]}}))

        found = [row for row in rows if isinstance(row, dict) and row.get("apiKey") == own]
        if len(found) != 1:
            return ObservedKey(masked_id="")
        others = None
        # Whoever sees a part of the list, or may see one, does not know which keys lack.
        if question.tell_other_keys and _is_whole(data, rows):
            others = other_keys(rows, name="apiKey", own=own, read=read)
        return dataclasses.replace(read(found[0]), other_keys=others)

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``success``; a refusal has a ``code``."""
        data = json_object(answer)
        if member(data, "success", bool, host=answer.host):
            return None
        code = str(member(data, "code", str, int, host=answer.host))
        message = optional(data, "message", str, host=answer.host) or ""
        return refused(table=REFUSALS, code=code, message=message)

    def key(self, answer: Answer) -> ObservedKey:
        """Read the only row. Without ``allowedIPs`` the key has no IP restriction."""
        host = answer.host
        rows = member(_data(answer), "rows", list, host=host)
        if len(rows) != 1 or not isinstance(rows[0], dict):
            raise AnswerError(f"{host} answered {len(rows)} rows where one key was expected")
        row = rows[0]
        raw = strings(row, "permissions", host=host)
        if not raw:
            raise AnswerError(f"{host} answered nothing for permissions, which every key has")
        words: set[str] = set()
        for word in raw:
            words |= _WORDS.get(word) or {unknown(word)}
        if "allowedIPs" in row:
            entries = tuple(strings(row, "allowedIPs", host=host))
            # The field is documented to be absent where there is no restriction: an empty one is something else.
            allowlist = listed(entries, empty="unknown")
        else:
            allowlist = Allowlist("unrestricted")
        return ObservedKey(
            masked_id="",
            account=Account(id=identifier(row, "userId", host=host)),
            permissions=tuple(sorted(words)),
            raw_permissions=tuple(raw),
            allowlist=allowlist,
        )


def _data(answer: Answer) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", member(json_object(answer), "data", dict, host=answer.host))


def _is_whole(data: t.Mapping[str, t.Any], rows: t.Sequence[t.Any]) -> bool:
    """Return whether ``meta.total`` counts as many rows as there are: without it nobody knows."""
    meta = data.get("meta")
    total = meta.get("total") if isinstance(meta, dict) else None
    return isinstance(total, int) and not isinstance(total, bool) and total == len(rows)
