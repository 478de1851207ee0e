# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BloFin. It tells addresses and an end, but of the permissions only whether the key does more than read."""

from __future__ import annotations

import datetime
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._clock import milliseconds
from .._errors import AnswerError
from .._facts import Access, Account, Expiry, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import (
    Refused,
    date_header,
    hmac_sha256,
    identifier,
    in_base64,
    instant,
    listed,
    member,
    optional,
    refused,
    strings,
)
from ._contract import (
    AllowlistRule,
    ClockTolerance,
    Exchange,
    KeyShape,
    LifetimeRule,
    PassphraseRule,
    Question,
    Site,
)

_CLICKS = "BloFin > account menu > API > the key > Edit"
_KEY = "/api/v1/user/query-apikey"
#: It has no call for its clock. Any unsigned one has the Date header; this one's answer is short.
_TIME = "/api/v1/market/tickers"

#: A key that does more than read may trade, transfer and withdraw, or only one of them: that is not told.
_WORDS: t.Mapping[str, tuple[str, ...]] = {"readOnly:1": ("read",)}

REFUSALS: t.Mapping[str, Refused] = {
    "152406": Refused("ip_refused"),
    "152401": Refused("invalid_key"),
    "152402": Refused("expired"),
    "152409": Refused("bad_signature"),
    "401": Refused("bad_signature"),
    "152405": Refused("clock_skew"),
    "152410": Refused("clock_skew"),
    "152408": Refused("bad_passphrase"),
    "152404": Refused("permission_denied"),
    "152407": Refused(
        "ambiguous",
        "Another program used this key in the same millisecond, which BloFin takes for a repeat. Ask again.",
    ),
    "429": Refused("rate_limited"),
    "500": Refused("unreachable"),
}


class Blofin(Exchange):
    """BloFin."""

    name = "blofin"
    title = "BloFin"
    sources = "its API documents as of 2026-03-21"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return the hosts; demo trading has one of its own."""
        return {
            ("mainnet", "global"): Site("https://openapi.blofin.com"),
            ("demo", "global"): Site("https://demo-trading-openapi.blofin.com"),
        }

    def key_shape(self) -> KeyShape:
        """Return nothing: it is not documented."""
        return KeyShape()

    def passphrase_rule(self) -> PassphraseRule:
        """Return that there is one; its form is not documented."""
        return PassphraseRule(
            pattern=None,
            described="the one that was chosen when the key was made; its form is not documented",
            source="BloFin: REST authentication",
            as_of="2026-03-21",
        )

    def allowlist_rule(self) -> AllowlistRule:
        """Return at most 20 entries; no readable source tells about networks or IPv6."""
        return AllowlistRule(
            grammar=AllowlistGrammar(max_entries=20),
            click_path=f"{_CLICKS} > IP addresses",
            source="BloFin: API key creation",
            as_of="2026-03-21",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return 90 days; older copies of the document say that they count from the last use."""
        return LifetimeRule(
            days=90,
            idle=False,
            described="A key without IP restriction ends after 90 days. The answer shows the date.",
            source="BloFin: API key creation",
            as_of="2026-03-21",
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return 60 seconds both ways."""
        return ClockTolerance(ahead=60.0, behind=60.0)

    def cannot_tell(self) -> frozenset[str]:
        """Return what the answer lacks; of a key that does more than read it lacks the permissions too."""
        return frozenset(("last_used_at", "state"))

    def tells_in_part(self) -> t.Mapping[str, str]:
        """Return what it tells only of some keys, or not whole."""
        return {"permissions": "only whether it does more than read"}

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words as they are, with reading: how its boxes hang together is not documented."""
        return words | {"read"}

    def vague_words(self) -> frozenset[str]:
        """Return ``readOnly`` with 0."""
        return frozenset(("readOnly:0",))

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask for one public price, for the sake of the ``Date`` header."""
        return Request("GET", f"{site.base_url}{_TIME}?instId=BTC-USDT")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read the ``Date`` header, in whole seconds."""
        return date_header(answer)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the key's page and a public price."""
        return frozenset((("GET", _KEY), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask ``/api/v1/user/query-apikey``. The signature is the base64 of the hexadecimal digest."""
        credential = question.credential
        timestamp = str(milliseconds(question.at))
        # The second one is the nonce, which must not repeat within a minute.
        text = f"{_KEY}GET{timestamp}{timestamp}"
        headers = {
            "ACCESS-KEY": credential.api_key,
            "ACCESS-SIGN": in_base64(hmac_sha256(secret=credential.secret, text=text).hex().encode()),
            "ACCESS-TIMESTAMP": timestamp,
            "ACCESS-NONCE": timestamp,
            "ACCESS-PASSPHRASE": credential.passphrase or "",
        }
        return Request("GET", f"{question.site.base_url}{_KEY}", headers=headers)

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``code``: 0 is acceptance."""
        data = json_object(answer)
        code = str(member(data, "code", str, int, host=answer.host))
        if code == "0":
            return None
        message = optional(data, "msg", str, host=answer.host) or ""
        return refused(table=REFUSALS, code=code, message=message)

    def key(self, answer: Answer) -> ObservedKey:
        """Read ``data``. ``type`` 2 is a key for a third party's application."""
        host = answer.host
        data = member(json_object(answer), "data", dict, host=host)
        read_only = member(data, "readOnly", int, host=host)
        if read_only not in (0, 1):
            raise AnswerError(f"{host} answered {read_only} for readOnly, which is not documented")
        entries = tuple(strings(data, "ips", host=host))
        parent = identifier(data, "parentUid", host=host)
        return ObservedKey(
            masked_id="",
            account=Account(
                id=identifier(data, "uid", host=host),
                parent_id=parent,
                level=None if data.get("parentUid") in (None, "") else "main" if parent is None else "sub",
            ),
            owner_kind={1: "own", 2: "vendor"}.get(optional(data, "type", int, host=host)),
            label=optional(data, "apiName", str, host=host),
            permissions=_WORDS["readOnly:1"] if read_only else None,
            raw_permissions=(f"readOnly:{read_only}",),
            allowlist=listed(entries, empty="unrestricted"),
            created_at=_time(data, "createTime", host=host),
            expiry=_expiry(data, host=host),
            not_told=() if read_only else ("permissions",),
        )


def _time(data: t.Mapping[str, t.Any], name: str, *, host: str) -> str | None:
    value = optional(data, name, str, int, host=host)
    return None if value in (None, "", "0", 0) else instant(value, name=name, host=host)


def _expiry(data: t.Mapping[str, t.Any], *, host: str) -> Expiry:
    """Read the end. What a key that does not end shows is not documented: only an end after the beginning counts."""
    at, created = _time(data, "expireTime", host=host), _time(data, "createTime", host=host)
    return Expiry("unknown") if at is None or created is None or at <= created else Expiry("at", at=at)
