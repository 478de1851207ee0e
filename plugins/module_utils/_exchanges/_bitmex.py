# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BitMEX. It tells about all keys of the account at once: of the others only what was asked for is kept."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._clock import from_text, milliseconds, to_text
from .._errors import AnswerError
from .._facts import Access, Account, Allowlist, ObservedKey
from .._json import json_object, json_value
from .._message import Answer, Request
from ._answers import (
    Refused,
    clock,
    hmac_sha256,
    identifier,
    member,
    only_own,
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
    Site,
)

_CLICKS = "BitMEX > account menu > API keys > the key"
_KEYS = "/api/v1/apiKey"
_TIME = "/api/v1"
#: How long a question may be under way, in seconds.
_LIFE = 60
_TRADE = frozenset(("spot_trade", "futures_trade"))
#: ``orderCancel`` is not here: taking orders away is neither trading nor harmless.
_WORDS: t.Mapping[str, frozenset[str]] = {
    "order": _TRADE,
    "withdraw": frozenset(("withdraw",)),
}
#: Networks that hold every address.
_EVERYWHERE = frozenset(("0.0.0.0/0", "::/0"))

#: BitMEX has no codes: the beginnings of its texts stand here in their place.
REFUSALS: t.Mapping[str, Refused] = {
    "Invalid API Key": Refused(
        "invalid_key",
        "Check the environment first: keys of testnet and of the live site are not known to each other. If it is"
        " right, the key was deleted.",
    ),
    "This key is disabled": Refused(
        "invalid_key", "The key exists, but is switched off. Switch it on on its page, or create another one."
    ),
    "Signature not valid": Refused("bad_signature"),
    "This request has expired": Refused("clock_skew"),
    "Access Denied": Refused(
        "ambiguous",
        "BitMEX says so of a missing permission; what it says to an address that the key does not allow is not"
        " documented. Compare both on the key's page.",
    ),
    "Account is restricted": Refused("ambiguous", "BitMEX has restricted this account. Ask its support why."),
    "Rate limit exceeded": Refused("rate_limited"),
    "The system is currently overloaded": Refused("unreachable"),
}


class Bitmex(Exchange):
    """BitMEX."""

    name = "bitmex"
    title = "BitMEX"
    sources = "the schema of its API connectors, read on 2026-11-22; refusals in users' logs of 2018 to 2021"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return the live site and testnet, which has keys of its own."""
        return {
            ("mainnet", "global"): Site("https://www.bitmex.com"),
            ("testnet", "global"): Site("https://testnet.bitmex.com"),
        }

    def living_codes(self) -> frozenset[str]:
        """Return that of a key which can be switched on again."""
        return frozenset(("This key is disabled",))

    def key_shape(self) -> KeyShape:
        """Return 24 and 48 characters of base64url, as in the documents' sample."""
        return KeyShape(api_key=r"[A-Za-z0-9_-]{24}", secret=r"[A-Za-z0-9_-]{48}")

    def allowlist_rule(self) -> AllowlistRule:
        """Return networks of IPv4: the field has room for 18 characters. How many is not documented."""
        return AllowlistRule(
            grammar=AllowlistGrammar(networks_v4=True, networks_v6=False, ipv6=False),
            click_path=f"{_CLICKS} > CIDR",
            source="BitMEX: swagger.json of its API connectors",
            as_of="2026-11-22",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return a rule without days: whether one exists is not documented."""
        return LIFETIME_NOT_DOCUMENTED

    def clock_tolerance(self) -> ClockTolerance:
        """Return the life that we give a question; a clock that is ahead makes it longer, so that is our caution."""
        return ClockTolerance(ahead=float(_LIFE), behind=float(_LIFE))

    def cannot_tell(self) -> frozenset[str]:
        """Return what the list of keys lacks."""
        return frozenset(("expiry", "last_used_at", "owner_kind"))

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return all that ``order`` holds as soon as one of it is declared; every key may read."""
        return together(words, _TRADE)

    def lists_keys_of(self) -> str:
        """Return any: it lists the keys of every account."""
        return "any"

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/api/v1``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``timestamp``, in milliseconds."""
        return clock(json_object(answer), "timestamp", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the list of keys and the clock."""
        return frozenset((("GET", _KEYS), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask ``/api/v1/apiKey``: there is no way to ask for one key only."""
        credential = question.credential
        expires = str(milliseconds(question.at) // 1000 + _LIFE)
        return Request(
            "GET",
            f"{question.site.base_url}{_KEYS}",
            headers={
                "api-key": credential.api_key,
                "api-expires": expires,
                "api-signature": hmac_sha256(secret=credential.secret, text=f"GET{_KEYS}{expires}").hex(),
            },
        )

    def interview(self, question: Question) -> Interview:
        """Ask for the list, and keep the own row without what it may hold of secrets."""
        answer = yield self.key_request(question)
        rows, own = json_value(answer), question.credential.api_key

        def read(row: dict[str, t.Any]) -> ObservedKey:
            return self.key(with_json(answer, [{name: value for name, value in row.items() if name != "secret"}]))

        row = only_own(rows, name="id", own=own, host=answer.host)
        others = other_keys(rows, name="id", own=own, read=read) if question.tell_other_keys else None
        return dataclasses.replace(read(row), other_keys=others)

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``error.message``; an acceptance is a list."""
        data = json_value(answer)
        if isinstance(data, list) and data:
            return None
        error = member(json_object(answer), "error", dict, host=answer.host)
        message = member(error, "message", str, host=answer.host)
        said = next((text for text in REFUSALS if message.lower().startswith(text.lower())), "")
        access = refused(table=REFUSALS, code=said, message=message)
        if said:
            return access
        return Access("ambiguous", code=f"HTTP {answer.status}", message=message)

    def key(self, answer: Answer) -> ObservedKey:
        """Read the only row. No permissions mean that the key can only read; ``0.0.0.0/0`` is no restriction."""
        host = answer.host
        rows = json_value(answer)
        if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict):
            raise AnswerError(f"{host} answered something else than a list of one key")
        row = rows[0]
        raw = strings(row, "permissions", host=host)
        words = {"read"}
        for word in raw:
            words |= _WORDS.get(word) or {unknown(word)}
        enabled = optional(row, "enabled", bool, host=host)
        return ObservedKey(
            masked_id="",
            account=Account(id=identifier(row, "userId", host=host)),
            label=optional(row, "name", str, host=host),
            permissions=tuple(sorted(words)),
            raw_permissions=tuple(raw),
            allowlist=_allowlist(row, host=host),
            created_at=_instant(optional(row, "created", str, host=host), host=host),
            state=None if enabled is None else "normal" if enabled else "locked",
        )


def _allowlist(row: t.Mapping[str, t.Any], *, host: str) -> Allowlist:
    one = optional(row, "cidr", str, host=host)
    entries = strings(row, "cidrs", host=host) if row.get("cidrs") is not None else []
    entries = [entry for entry in entries if entry] or ([one] if one else [])
    if any(entry.strip() in _EVERYWHERE for entry in entries):
        return Allowlist("unrestricted")
    # What an empty list means is not documented: a key without restriction shows a network that holds everything.
    return Allowlist("entries", tuple(entries)) if entries else Allowlist("unknown")


def _instant(text: str | None, *, host: str) -> str | None:
    if not text:
        return None
    try:
        return to_text(from_text(text))
    except ValueError:
        raise AnswerError(f"{host} answered no time for created") from None
