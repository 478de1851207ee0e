# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deribit. A signed ``public/auth`` tells a key's scopes and no secret of anybody else; no secret is ever in a URL.

Its list of keys tells the addresses too, but may hold the secret of every key of the account. It is asked for only on
request, and all that was not asked for is dropped before anything else sees it.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import typing as t
from urllib.parse import quote

from .._allowlist._rule import AllowlistGrammar
from .._clock import milliseconds
from .._errors import AnswerError
from .._facts import Access, Allowlist, ObservedKey
from .._json import json_object
from .._message import Answer, Request
from ._answers import (
    Refused,
    clock,
    hmac_sha256,
    instant,
    member,
    only_own,
    optional,
    other_keys,
    refused,
    strings,
    unknown,
)
from ._contract import (
    LIFETIME_NOT_DOCUMENTED,
    PUBLIC_PEM,
    AllowlistRule,
    ClockTolerance,
    Exchange,
    Interview,
    KeyShape,
    LifetimeRule,
    Question,
    RefusedError,
    Registration,
    Site,
)
from ._signing import ED25519, HMAC, digest, is_pem

_CLICKS = "Deribit > account menu > API > the key > Edit"
_AUTH = "/api/v2/public/auth"
_LIST = "/api/v2/private/list_api_keys"
_TIME = "/api/v2/public/get_time"
#: ``wallet:read_write`` is withdrawals and all transfers in one.
_WALLET = frozenset(("withdraw", "transfer_own", "transfer_sub"))
_TRADE = frozenset(("spot_trade", "futures_trade", "options_trade"))
_READ = frozenset(("read",))
_WORDS: t.Mapping[str, frozenset[str]] = {
    "account:read": _READ,
    "account:read_write": _READ | {"manage_keys"},
    "trade:read": _READ,
    "trade:read_write": _READ | _TRADE,
    "wallet:read": _READ,
    "wallet:read_write": _READ | _WALLET,
    "block_trade:read": _READ,
    "block_trade:read_write": _READ | _TRADE,
    "block_rfq:read": _READ,
    "block_rfq:read_write": _READ | _TRADE,
}
#: What describes the token that was issued, or says that a scope is not had.
_NO_RIGHTS = frozenset(("connection", "mainaccount"))
_NO_RIGHTS_BEFORE = ("session:", "expires:", "ip:")
_ONLY_IN_THE_LIST = ("allowlist", "created_at", "label", "state")

REFUSALS: t.Mapping[str, Refused] = {
    "13004": Refused(
        "ambiguous",
        "Deribit has one answer for a wrong key, a wrong secret, a key of its other site (test or live) and perhaps a"
        " wrong clock. Check the environment and this host's clock first, then copy key and secret again.",
    ),
    "13009": Refused(
        "ambiguous",
        "Deribit says so of a wrong signature and of a wrong clock. Check this host's clock, then copy the secret"
        " again.",
    ),
    "10000": Refused("bad_signature"),
    "13021": Refused("permission_denied"),
    "13403": Refused("permission_denied"),
    "9999": Refused(
        "ambiguous", "The account is not set to be used by API. Switch that on, on the account's API page."
    ),
    "13002": Refused("ambiguous", "Deribit has blocked this account. Ask its support why."),
    "10028": Refused("rate_limited"),
    "10040": Refused("unreachable"),
    "10041": Refused("unreachable"),
    "11051": Refused("unreachable"),
}


class Deribit(Exchange):
    """Deribit."""

    name = "deribit"
    title = "Deribit"
    sources = "its documents as copied on 2025-11-30"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return the live site and the test one, which has keys of its own."""
        return {
            ("mainnet", "global"): Site("https://www.deribit.com"),
            ("testnet", "global"): Site("https://test.deribit.com"),
        }

    def key_shape(self) -> KeyShape:
        """Return 8 to 10 characters for the id and 43 of base64url for the secret, as in the documents' samples."""
        return KeyShape(api_key=r"[A-Za-z0-9_-]{8,10}", secret=r"[A-Za-z0-9_-]{43}")

    def key_types(self) -> tuple[str, ...]:
        """Return what its page names, but RSA: how that is padded is not documented."""
        return (ED25519, HMAC)

    def registration(self) -> Registration:
        """Return where a public half is pasted."""
        return Registration(
            click_path="Deribit > account menu > API > Add new key > with a public key of your own",
            described=PUBLIC_PEM,
            unverified="The words on the page; that it takes PEM is told of the call that does the same.",
            source="Deribit: Asymmetric API keys; private/create_api_key",
            as_of="2026-11-22",
        )

    def allowlist_rule(self) -> AllowlistRule:
        """Return an open grammar: no readable source tells what the list takes."""
        return AllowlistRule(
            grammar=AllowlistGrammar(),
            click_path=f"{_CLICKS} > IP whitelist",
            source="Deribit: private/edit_api_key",
            as_of="2025-11-30",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return a rule without days: whether one exists is not documented."""
        return LIFETIME_NOT_DOCUMENTED

    def clock_tolerance(self) -> ClockTolerance:
        """Return our caution: the documents do not say how old a signature may be."""
        return ClockTolerance(ahead=5.0, behind=5.0)

    def cannot_tell(self) -> frozenset[str]:
        """Return what both answers lack; without the list, addresses and age are unknown too."""
        return frozenset(("account", "expiry", "last_used_at", "owner_kind"))

    def tells_in_part(self) -> t.Mapping[str, str]:
        """Return what it tells only of some keys, or not whole."""
        return dict.fromkeys(("allowlist", "created_at", "label"), "on request")

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words with those that share a scope. A transfer cannot be had without withdrawals.

        Still, a withdrawal that nobody declared is no part of the answer: it must never pass as a by-product.
        """
        closed = set(words) | {"read"}
        if closed & _TRADE:
            closed |= _TRADE
        if closed & _WALLET:
            closed |= _WALLET - {"withdraw"}
        return frozenset(closed)

    def lists_keys_of(self) -> str:
        """Return any: it lists the keys of every account."""
        return "any"

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``public/get_time``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``result``, in milliseconds."""
        return clock(json_object(answer), "result", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the login that tells the scopes, the list of keys, and the clock."""
        return frozenset((("GET", _AUTH), ("GET", _LIST), ("GET", _TIME)))

    def key_request(self, question: Question) -> Request:
        """Ask ``public/auth`` with a signature in place of the secret."""
        credential = question.credential
        timestamp = str(milliseconds(question.at))
        # The nonce is the time: nothing is asked twice within a millisecond.
        raw = digest(credential=credential, text=f"{timestamp}\n{timestamp}\n")
        signature = base64.urlsafe_b64encode(raw).rstrip(b"=").decode() if is_pem(credential.secret) else raw.hex()
        query = (
            f"grant_type=client_signature&client_id={quote(credential.api_key, safe='')}"
            f"&timestamp={timestamp}&nonce={timestamp}&data=&signature={signature}"
        )
        return Request("GET", f"{question.site.base_url}{_AUTH}?{query}")

    def interview(self, question: Question) -> Interview:
        """Ask for the scopes, and for the list of keys where the owner asked for it.

        Where the list is refused (it needs the scope ``account:read``), what the scopes tell stands alone.
        """
        answer = yield self.key_request(question)
        observed = self.key(answer)
        # How a private key signs any other call is not documented.
        if not question.ask_key_list or is_pem(question.credential.secret):
            return observed
        try:
            answer = yield _list_request(question)
        except RefusedError:
            return observed
        own, host, rows = question.credential.api_key, answer.host, json_object(answer).get("result")
        row = only_own(rows, name="client_id", own=own, host=host)
        others = None
        if question.tell_other_keys:
            bare = ObservedKey(masked_id="")
            others = other_keys(rows, name="client_id", own=own, read=lambda row: _with_row(bare, row, host=host))
        return dataclasses.replace(_with_row(observed, row, host=host), other_keys=others)

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``error.code``, which only refusals have; an acceptance has ``result``."""
        data = json_object(answer)
        if "error" not in data:
            if "result" not in data:
                raise AnswerError(f"{answer.host} answered neither result nor error")
            return None
        error = member(data, "error", dict, host=answer.host)
        code = str(member(error, "code", int, host=answer.host))
        message = optional(error, "message", str, host=answer.host) or ""
        return refused(table=REFUSALS, code=code, message=message)

    def key(self, answer: Answer) -> ObservedKey:
        """Read ``result.scope``; the tokens beside it are not looked at."""
        result = member(json_object(answer), "result", dict, host=answer.host)
        words, raw = _scopes(member(result, "scope", str, host=answer.host))
        return ObservedKey(masked_id="", permissions=words, raw_permissions=raw, not_told=_ONLY_IN_THE_LIST)


def _scopes(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    raw = tuple(text.split())
    words: set[str] = set()
    for scope in raw:
        if scope not in _NO_RIGHTS and not scope.startswith(_NO_RIGHTS_BEFORE) and not scope.endswith(":none"):
            words |= _WORDS.get(scope) or {unknown(scope)}
    return tuple(sorted(words)), raw


def _with_row(observed: ObservedKey, row: t.Mapping[str, t.Any], *, host: str) -> ObservedKey:
    words, raw = _scopes(member(row, "max_scope", str, host=host))
    created = optional(row, "timestamp", int, host=host)
    enabled = optional(row, "enabled", bool, host=host)
    allowlist = Allowlist("unknown")
    if row.get("ip_whitelist") is not None:
        entries = strings(row, "ip_whitelist", host=host)
        allowlist = Allowlist("entries", tuple(entries)) if any(entries) else Allowlist("unrestricted")
    return dataclasses.replace(
        observed,
        # What either answer shows, the key can do.
        permissions=tuple(sorted({*(observed.permissions or ()), *words})),
        raw_permissions=tuple(dict.fromkeys((*observed.raw_permissions, *raw))),
        label=optional(row, "name", str, host=host),
        allowlist=allowlist,
        created_at=None if created is None else instant(created, name="timestamp", host=host),
        state=None if enabled is None else "normal" if enabled else "locked",
        not_told=(),
    )


def _list_request(question: Question) -> Request:
    credential = question.credential
    timestamp = str(milliseconds(question.at))
    text = f"{timestamp}\n{timestamp}\nGET\n{_LIST}\n\n"
    signature = hmac_sha256(secret=credential.secret, text=text).hex()
    signed = f"deri-hmac-sha256 id={credential.api_key},ts={timestamp},sig={signature},nonce={timestamp}"
    return Request("GET", f"{question.site.base_url}{_LIST}", headers={"Authorization": signed})
