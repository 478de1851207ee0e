# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kraken Futures. One documented call tells about a key; much around it is not documented.

Which path its signature covers is not verified: it is signed as ccxt signs the other calls outside ``/derivatives``. So
a refused signature proves nothing of the key. How permissions are spelled is not documented, so none is read as safe.
No nonce is sent (it is optional), so no question can lock out another program.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._clock import from_text, to_text
from .._errors import AnswerError
from .._facts import Access, Account, Allowlist, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import (
    Refused,
    date_header,
    hmac_sha512,
    identifier,
    in_base64,
    member,
    optional,
    refused,
    strings,
    unknown,
)
from ._contract import (
    LIFETIME_NOT_DOCUMENTED,
    AllowlistRule,
    ClockTolerance,
    Credential,
    Exchange,
    KeyShape,
    LifetimeRule,
    Question,
    Site,
)
from ._signing import PrivateKey, base64_secret

_CLICKS = "Kraken Futures > account menu > Settings > API keys > the key"
_CHECK = "/api/auth/v1/api-keys/v3/check"
_TIME = "/derivatives/api/v3/instruments/status"
#: No document says how its permissions are spelled: every word is unknown.
_WORDS: t.Mapping[str, tuple[str, ...]] = {}

_UNSURE = (
    "Kraken Futures has one answer for an unknown key and for a wrong signature, and how this call is to be signed is"
    " not verified. So nothing is proved of the key. Compare key and secret, and environment (mainnet, demo), with your"
    " record; if they are right, look at the key's page."
)
#: By HTTP status, which is all that is documented, and by the words of the exchange's other calls.
REFUSALS: t.Mapping[str, Refused] = {
    "401": Refused("ambiguous", _UNSURE),
    "authenticationError": Refused("ambiguous", _UNSURE),
    "apiLimitExceeded": Refused("rate_limited"),
    "unavailable": Refused("unreachable"),
}


class KrakenFutures(Exchange):
    """Kraken Futures."""

    name = "krakenfutures"
    title = "Kraken Futures"
    sources = 'its document "Check v3 API key" as of 2026-11-22; ccxt 4.5.90 for the signature'

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return both hosts; that the demo has this call too is not documented."""
        return {
            ("mainnet", "global"): Site("https://futures.kraken.com"),
            ("demo", "global"): Site("https://demo-futures.kraken.com"),
        }

    def key_shape(self) -> KeyShape:
        """Return base64 of 42 bytes for the key, as in the document; the secret's length is not known."""
        return KeyShape(api_key=r"[A-Za-z0-9+/]{56}")

    def private_key(self, credential: Credential) -> PrivateKey | None:
        """Return no private key; refuse a secret that is no base64, with which nothing can be signed."""
        base64_secret(credential)
        return super().private_key(credential)

    def allowlist_rule(self) -> AllowlistRule:
        """Return networks of IPv4, as in the document; the rest is not known."""
        return AllowlistRule(
            grammar=AllowlistGrammar(networks_v4=True),
            click_path=f"{_CLICKS} > IP ranges",
            source="Kraken Futures: check v3 API key",
            as_of="2026-11-22",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return that nothing is known."""
        return LIFETIME_NOT_DOCUMENTED

    def clock_tolerance(self) -> ClockTolerance:
        """Return a minute: the signature holds no time, and this is caution."""
        return ClockTolerance(ahead=60.0, behind=60.0)

    def cannot_tell(self) -> frozenset[str]:
        """Return what the check lacks; ``permissions`` come, but nobody documents their words."""
        return frozenset(("expiry", "label", "last_used_at", "owner_kind", "state"))

    def tells_in_part(self) -> t.Mapping[str, str]:
        """Return what it tells only of some keys, or not whole."""
        return {"permissions": "but no word is known"}

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words as they are: nothing is known that comes together."""
        return words | {"read"}

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask for the state of the markets, whose answer carries a date."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read the header ``Date``, in whole seconds."""
        return date_header(answer)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the key's check and the state of the markets."""
        return frozenset((("GET", _CHECK), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask ``api-keys/v3/check``. The signature covers the path alone: no data, no nonce."""
        digest = hashlib.sha256(_CHECK.encode()).digest()
        return Request(
            "GET",
            f"{question.site.base_url}{_CHECK}",
            headers={
                "APIKey": question.credential.api_key,
                "Authent": in_base64(hmac_sha512(secret=base64_secret(question.credential), message=digest)),
            },
        )

    def refusal(self, answer: Answer) -> Access | None:
        """Read the HTTP status, and ``error`` where there is one. HTTP 401 is always open, whatever it says."""
        data = json_object(answer)
        word = optional(data, "error", str, host=answer.host)
        said = optional(data, "message", str, host=answer.host) or word or ""
        if answer.status == 401:
            return refused(table=REFUSALS, code="401", message=said)
        if word is not None:
            return refused(table=REFUSALS, code=word, message=said)
        if answer.status == 200:
            return None
        raise AnswerError(f"{answer.host} answered HTTP {answer.status} in a form that is not documented")

    def key(self, answer: Answer) -> ObservedKey:
        """Read the key's details. An empty list of networks is not documented to mean "anywhere": not known."""
        host = answer.host
        data = json_object(answer)
        raw = _permissions(data, host=host)
        entries = tuple(strings(data, "allowedCidrBlocks", host=host))
        return ObservedKey(
            masked_id="",
            account=Account(id=identifier(data, "accountUid", host=host)),
            permissions=tuple(unknown(word) for word in raw) or None,
            raw_permissions=raw,
            allowlist=Allowlist("entries", entries) if any(entries) else Allowlist("unknown"),
            created_at=_instant(data, "createdAt", host=host),
            not_told=() if raw else ("permissions",),
        )


def _permissions(data: t.Mapping[str, t.Any], *, host: str) -> tuple[str, ...]:
    """Return each permission by name and value, however it is spelled."""
    given: dict[str, t.Any] = member(data, "permissions", dict, host=host)
    return tuple(
        f"{name}:{value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))}"
        for name, value in given.items()
    )


def _instant(data: t.Mapping[str, t.Any], name: str, *, host: str) -> str | None:
    text = optional(data, name, str, host=host)
    try:
        return None if text is None else to_text(from_text(text))
    except ValueError:
        raise AnswerError(f"{host} answered no time for {name}") from None
