# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kraken (spot). A key tells everything about itself in one call, which reads although it is a POST.

Its requests are numbered. Beside another program the number is taken from the earlier of two clocks, the exchange's and
this host's, less half of the key's nonce window: see ``_nonce.py``.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._errors import AnswerError
from .._facts import Access, Allowlist, Expiry, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import (
    Refused,
    clock,
    hmac_sha512,
    in_base64,
    instant,
    member,
    optional,
    refused,
    strings,
    together,
    unknown,
)
from ._contract import (
    AllowlistRule,
    ClockTolerance,
    Credential,
    Exchange,
    Interview,
    KeyShape,
    Question,
    RateLimit,
    Site,
)
from ._nonce import Nonce, NonceRule
from ._signing import PrivateKey, base64_secret

_CLICKS = "Kraken > account menu > API > the key > Edit key"
_KEY = "/0/private/GetApiKeyInfo"
_TIME = "/0/public/Time"

#: What is not here is kept as unknown, ``export-data`` and ``earn-funds`` too: no document spells these two.
_WORDS: t.Mapping[str, tuple[str, ...]] = {
    "query-funds": ("read",),
    "query-open-trades": ("read",),
    "query-closed-trades": ("read",),
    "query-ledger": ("read",),
    # Kraken has no word of its own for margin.
    "modify-trades": ("spot_trade", "margin_trade"),
    "close-trades": ("spot_trade", "margin_trade"),
    "add-funds": ("benign",),
    "withdraw-funds": ("withdraw",),
    "create-ws-token": ("benign",),
}

_NUMBER = (
    "Kraken saw a higher number with this key before: another program uses it too, or counts in a finer unit, or this"
    " host's clock is behind. Compare nonce.unit and nonce.window with the key's page, or give a key of its own."
)
REFUSALS: t.Mapping[str, Refused] = {
    "EAPI:Invalid key": Refused(
        "invalid_key",
        "Compare the key with your record and with Kraken's page. Whether Kraken says the same to an address that is"
        " not on the key's list, or to a key that has ended, is not documented: look there too. Do not ask again"
        " before: repeated, this answer locks the account for a while.",
    ),
    "EAPI:Invalid signature": Refused("bad_signature"),
    "EAPI:Invalid nonce": Refused("clock_skew", _NUMBER),
    "EGeneral:Permission denied": Refused(
        "permission_denied",
        "This question needs no permission. Look at the key's page: whether Kraken says this of an address that is not"
        " on the key's list is not documented.",
    ),
    "EGeneral:Temporary lockout": Refused(
        "rate_limited", "Kraken has locked the account's API for a while. Ask nothing more for 30 minutes."
    ),
    "EAPI:Rate limit exceeded": Refused("rate_limited"),
    "EGeneral:Too many requests": Refused("rate_limited"),
    "ESession:Invalid session": Refused(
        "ambiguous",
        "What Kraken means by this for a key is not documented. Look on the key's page whether it still exists.",
    ),
    "EService:Unavailable": Refused("unreachable"),
    "EService:Busy": Refused("unreachable"),
    "EGeneral:Internal error": Refused("unreachable"),
}


class Kraken(Exchange):
    """Kraken."""

    name = "kraken"
    title = "Kraken"
    sources = "its documents and support pages as of 2026-11-22"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return its only host; there is no test site for spot."""
        return {("mainnet", "global"): Site("https://api.kraken.com")}

    def living_codes(self) -> None:
        """Return that nobody knows: what it says to an address that the key does not allow is not documented."""

    def most_refused(self) -> int:
        """Return three: how many lock the account ("too many sequential") its documents do not tell."""
        return 3

    def key_shape(self) -> KeyShape:
        """Return base64 of 42 and of 64 bytes."""
        return KeyShape(api_key=r"[A-Za-z0-9+/]{56}", secret=r"[A-Za-z0-9+/]{86}==")

    def private_key(self, credential: Credential) -> PrivateKey | None:
        """Return no private key; refuse a secret that is no base64, with which nothing can be signed."""
        base64_secret(credential)
        return super().private_key(credential)

    def nonce_rule(self) -> NonceRule:
        """Return an increasing number of 64 bits, with a window that each key may have."""
        return NonceRule(
            units=("ms", "s", "us", "ns"),
            window=True,
            described="Each request of a key needs a higher number than the last one. A key's nonce window, counted in"
            " the same unit, lets lower numbers through.",
            source="Kraken: REST authentication; support: what is a nonce window",
            as_of="2026-11-22",
        )

    def allowlist_rule(self) -> AllowlistRule:
        """Return addresses and networks of both families; the maximum is not known."""
        return AllowlistRule(
            grammar=AllowlistGrammar(networks_v4=True, networks_v6=True, ipv6=True),
            click_path=f"{_CLICKS} > IP address restriction",
            source="Kraken: Fast API key (the same field)",
            as_of="2026-11-22",
        )

    def lifetime_rule(self) -> None:
        """Return nothing: a key ends only on the day that was chosen for it."""

    def clock_tolerance(self) -> ClockTolerance:
        """Return 5 seconds, for the numbers: Kraken compares no clocks, and asks for "a few seconds"."""
        return ClockTolerance(ahead=5.0, behind=5.0)

    def rate_limit(self) -> RateLimit:
        """Return two thirds of the smallest counter, as if all keys shared it."""
        return RateLimit(
            requests=10,
            seconds=30.0,
            described="A counter for each key of at most 15 to 20, which falls by 0.33 to 1 in a"
            " second. The bot counts on it too, so two thirds of the smallest one are used.",
            source="Kraken: Spot REST rate limits",
            as_of="2026-11-22",
        )

    def cannot_tell(self) -> frozenset[str]:
        """Return what ``GetApiKeyInfo`` lacks."""
        return frozenset(("account", "owner_kind", "state"))

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words with spot and margin together."""
        return together(words, frozenset(("spot_trade", "margin_trade")))

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/0/public/Time``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``unixtime``, in whole seconds."""
        result = member(json_object(answer), "result", dict, host=answer.host)
        return clock(result, "unixtime", host=answer.host, unit=1000)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the key's page and the clock."""
        return frozenset((("POST", _KEY), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask ``GetApiKeyInfo``, which needs no permission. Without ``nonce`` the key is taken for one of its own."""
        number = str((question.nonce or Nonce("ms")).number(question.at))
        body = f"nonce={number}"
        secret = base64_secret(question.credential)
        return Request(
            "POST",
            f"{question.site.base_url}{_KEY}",
            headers={
                "API-Key": question.credential.api_key,
                "API-Sign": signature(path=_KEY, number=number, body=body, secret=secret),
                "Content-Type": "application/x-www-form-urlencoded",
            },
            body=body.encode(),
        )

    def interview(self, question: Question) -> Interview:
        """Ask for the clock first where another program uses the key: a clock that is ahead must not number for it."""
        if question.nonce is not None and question.nonce.shared:
            there = self.server_time((yield self.time_request(site=question.site)))
            question = dataclasses.replace(question, at=min(there, question.at))
        answer = yield self.key_request(question)
        return self.key(answer)

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``error``: texts that begin with ``W`` are warnings, anything else refuses."""
        texts = strings(json_object(answer), "error", host=answer.host)
        errors = [text for text in texts if not text.startswith("W")]
        return refused(table=REFUSALS, code=errors[0], message="; ".join(errors)) if errors else None

    def key(self, answer: Answer) -> ObservedKey:
        """Read ``result``. Numbers are texts in seconds, and ``0`` is none; ``[""]`` is no restriction."""
        host = answer.host
        result = member(json_object(answer), "result", dict, host=host)
        raw = tuple(strings(result, "permissions", host=host))
        words: set[str] = set()
        for word in raw:
            words.update(_WORDS.get(word) or (unknown(word),))
        addresses = tuple(strings(result, "ip_allowlist", host=host))
        until = _seconds(result, "valid_until", host=host)
        return ObservedKey(
            masked_id="",
            label=optional(result, "api_key_name", str, host=host),
            permissions=tuple(sorted(words)),
            raw_permissions=raw,
            allowlist=Allowlist("entries", addresses) if any(addresses) else Allowlist("unrestricted"),
            created_at=_seconds(result, "created_time", host=host),
            expiry=Expiry("never") if until is None else Expiry("at", at=until),
            last_used_at=_seconds(result, "last_used", host=host) if "last_used" in result else None,
        )


def signature(*, path: str, number: str, body: str, secret: bytes) -> str:
    """Return ``API-Sign``: of the path, and of the number and the body that holds it."""
    message = path.encode() + hashlib.sha256((number + body).encode()).digest()
    return in_base64(hmac_sha512(secret=secret, message=message))


def _seconds(result: t.Mapping[str, t.Any], name: str, *, host: str) -> str | None:
    """Return the instant of whole seconds in digits, or ``None`` for ``0``."""
    text = member(result, name, str, host=host)
    if not (text.isascii() and text.isdigit() and len(text) < 13):
        raise AnswerError(f"{host} answered no time for {name}")
    return None if int(text) == 0 else instant(int(text) * 1000, name=name, host=host)
