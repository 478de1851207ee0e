# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gate. One call tells a key's addresses, another one the permissions of every key of the main account.

The second answer holds other people's keys too: of those only what was asked for is kept.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import hmac
import re
import typing as t

from .._allowlist._rule import AllowlistGrammar
from .._clock import milliseconds
from .._errors import AnswerError
from .._facts import Access, Account, ObservedKey
from .._json import json_object, json_value
from .._message import Answer, Request
from ._answers import (
    Refused,
    clock,
    identifier,
    instant,
    listed,
    member,
    optional,
    other_keys,
    refused,
    strings,
    together,
    unknown,
)
from ._contract import (
    AllowlistRule,
    ClockTolerance,
    Exchange,
    Interview,
    KeyShape,
    LifetimeRule,
    Question,
    RateLimit,
    RefusedError,
    Settling,
    Site,
)

_CLICKS = "Gate > account menu > API Management > the key > Edit"
_DETAIL = "/api/v4/account/detail"
_KEYS = "/api/v4/account/main_keys"
_TIME = "/api/v4/spot/time"
#: What only the list of the main account's keys tells.
_IN_THE_LIST = ("created_at", "label", "last_used_at", "permissions", "state")
#: As much of a key as proves whose row it is; the document's sample shows twelve characters.
_MASKED = re.compile(r"([0-9A-Za-z]{8,})\*+")

_SPOT = frozenset(("spot_trade", "margin_trade"))
_MARGIN = frozenset(("margin_trade", "borrow"))
_WALLET = frozenset(("transfer_own", "transfer_sub"))
#: What each group allows when it is not read only. What ``account``, ``custody``, ``pilot``, ``otc``, ``alpha`` and
#: ``crossx`` allow then is in no readable source.
_WORDS: t.Mapping[str, frozenset[str]] = {
    "wallet": _WALLET,
    "spot": _SPOT,
    "margin": _MARGIN,
    "loan": frozenset(("borrow",)),
    "unified": _MARGIN,
    "futures": frozenset(("futures_trade",)),
    "delivery": frozenset(("futures_trade",)),
    "options": frozenset(("options_trade",)),
    "earn": frozenset(("earn",)),
    "copy": frozenset(("copy_trade",)),
    # The document's list of groups and its list of values differ in the spelling.
    "withdrawal": frozenset(("withdraw",)),
    "withdraw": frozenset(("withdraw",)),
}
_STATES = {1: "normal", 2: "locked", 3: "frozen"}
_SEES = (re.compile(r"not in whitelist: (\S+)"),)

REFUSALS: t.Mapping[str, Refused] = {
    "IP_FORBIDDEN": Refused("ip_refused"),
    "INVALID_KEY": Refused(
        "invalid_key",
        "Check the environment first: keys of the TestNet and of the European site are others. If that is right, the"
        " key was deleted or has ended.",
    ),
    "INVALID_SIGNATURE": Refused("bad_signature"),
    "REQUEST_EXPIRED": Refused("clock_skew"),
    "READ_ONLY": Refused("permission_denied"),
    # With "whitelist" in its text it is a refused address.
    "FORBIDDEN": Refused("permission_denied"),
    "ACCOUNT_LOCKED": Refused("ambiguous", "Gate has locked this account. Ask its support why."),
    "TOO_FAST": Refused("rate_limited"),
    "TOO_MANY_REQUESTS": Refused("rate_limited"),
    "INTERNAL": Refused("unreachable"),
    "SERVER_ERROR": Refused("unreachable"),
}


class Gate(Exchange):
    """Gate."""

    name = "gate"
    title = "Gate"
    sources = "its API v4 documents as copied on 2025-11-30, and its SDK"

    def sites(self) -> t.Mapping[tuple[str, str], Site]:
        """Return the hosts; TestNet and the European site have keys of their own."""
        return {
            ("mainnet", "global"): Site("https://api.gateio.ws"),
            ("mainnet", "eu"): Site("https://api.gateeu.com"),
            ("testnet", "global"): Site("https://api-testnet.gateapi.io"),
        }

    def key_shape(self) -> KeyShape:
        """Return nothing: the usual shape is not documented."""
        return KeyShape()

    def allowlist_rule(self) -> AllowlistRule:
        """Return at most 20 single IPv4 addresses."""
        return AllowlistRule(
            grammar=AllowlistGrammar(networks_v4=False, networks_v6=False, ipv6=False, ranges=False, max_entries=20),
            click_path=f"{_CLICKS} > IP whitelist",
            source="Gate API v4: authentication",
            as_of="2025-11-30",
        )

    def lifetime_rule(self) -> LifetimeRule:
        """Return 90 days; whether reading alone is spared is not documented."""
        return LifetimeRule(
            days=90,
            idle=False,
            described="A key without IP restriction is valid for 90 days.",
            source="Gate: FAQ 17521",
            as_of="2026-11-22",
            applies_to_read_only=None,
        )

    def settling(self) -> Settling:
        return Settling(
            seconds=300,
            described="At Gate a change of a key takes up to 5 minutes to count.",
            source="Gate, API v4 documents, authentication",
            as_of="2025-11-30",
        )

    def clock_tolerance(self) -> ClockTolerance:
        """Return 60 seconds both ways."""
        return ClockTolerance(ahead=60.0, behind=60.0)

    def rate_limit(self) -> RateLimit:
        """Return ten questions in a second."""
        return RateLimit(
            requests=10,
            seconds=1.0,
            described="About 15 calls in a second for each path; fewer are used.",
            source="ccxt 4.5.90",
            as_of="2026-11-22",
        )

    def cannot_tell(self) -> frozenset[str]:
        """Return what neither answer holds."""
        return frozenset(("expiry", "owner_kind"))

    def tells_in_part(self) -> t.Mapping[str, str]:
        """Return what it tells only of some keys, or not whole."""
        return dict.fromkeys(("permissions", "created_at", "label"), "to most keys")

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words with those that share a group: spot with margin, both directions of transfers."""
        return together(words, _SPOT, _WALLET)

    def lists_keys_of(self) -> str:
        """Return main: it lists the keys of main accounts alone."""
        return "main"

    def click_path(self) -> str:
        """Return the way to the key's page."""
        return _CLICKS

    def time_request(self, *, site: Site) -> Request:
        """Ask ``/api/v4/spot/time``."""
        return Request("GET", f"{site.base_url}{_TIME}")

    def server_time(self, answer: Answer) -> datetime.datetime:
        """Read ``server_time``, in milliseconds (what we send is in seconds)."""
        return clock(json_object(answer), "server_time", host=answer.host)

    def reads(self) -> frozenset[tuple[str, str]]:
        """Return the account's page, the list of keys, and the clock."""
        return frozenset(("GET", path) for path in (_DETAIL, _KEYS, _TIME))

    def key_request(self, question: Question) -> Request:
        """Ask ``/api/v4/account/detail``, which tells the calling key's addresses."""
        return _signed(_DETAIL, question=question)

    def interview(self, question: Question) -> Interview:
        """Ask for the addresses, then for the permissions.

        A key that may not see the list of keys, or is not on it (a sub-account's), is known by its addresses alone:
        that says nothing against it.
        """
        observed = self.key((yield self.key_request(question)))
        try:
            answer = yield _signed(_KEYS, question=question)
        except RefusedError as refusal:
            if refusal.access.status != "permission_denied":
                raise
            return observed
        rows = _rows(answer)
        own = [
            row for row in rows if isinstance(row, dict) and _is(row.get("key"), api_key=question.credential.api_key)
        ]
        if len(own) != 1:
            return observed
        others = None
        if question.tell_other_keys:
            bare = ObservedKey(masked_id="")
            others = other_keys(
                rows,
                name="key",
                own=own[0]["key"],
                read=lambda row: _with_row(bare, row, host=answer.host),
                # The end of a key is not shown, so only its beginning can be compared.
                mask=lambda shown: f"{shown.partition('*')[0][:4]}…",
            )
        return dataclasses.replace(_with_row(observed, own[0], host=answer.host), other_keys=others)

    def refusal(self, answer: Answer) -> Access | None:
        """Read ``label``, which only refusals have. A list of keys comes without an envelope."""
        data = json_value(answer)
        if isinstance(data, list) and answer.status == 200:
            return None
        data = json_object(answer)
        if "label" not in data:
            if answer.status != 200:
                raise AnswerError(f"{answer.host} answered HTTP {answer.status} without a label")
            return None
        code = member(data, "label", str, host=answer.host)
        message = optional(data, "message", str, host=answer.host) or ""
        if code == "FORBIDDEN" and "whitelist" in message:
            return refused(table={code: REFUSALS["IP_FORBIDDEN"]}, code=code, message=message, sees=_SEES)
        return refused(table=REFUSALS, code=code, message=message, sees=_SEES)

    def key(self, answer: Answer) -> ObservedKey:
        """Read the account's page: the calling key's addresses. An empty list means no restriction."""
        host = answer.host
        data = json_object(answer)
        if "user_id" not in data:
            raise AnswerError(f"{host} answered no user_id, which every account has")
        entries: tuple[str, ...] = ()
        if "ip_whitelist" in data:
            entries = tuple(strings(data, "ip_whitelist", host=host))
        return ObservedKey(
            masked_id="",
            account=Account(id=identifier(data, "user_id", host=host)),
            allowlist=listed(entries, empty="unrestricted"),
            not_told=_IN_THE_LIST,
        )


def _rows(answer: Answer) -> list[t.Any]:
    data = json_value(answer)
    return [data] if isinstance(data, dict) else data if isinstance(data, list) else []


def _is(shown: t.Any, *, api_key: str) -> bool:
    """Tell whose row it is. Keys are shown masked; the schema has an object in their place: such a row is nobody's."""
    if not isinstance(shown, str):
        return False
    masked = _MASKED.fullmatch(shown)
    return shown == api_key if masked is None else api_key.startswith(masked.group(1))


def _with_row(observed: ObservedKey, row: dict[str, t.Any], *, host: str) -> ObservedKey:
    words: set[str] = set()
    raw = []
    for group in member(row, "perms", list, host=host):
        if not isinstance(group, dict):
            raise AnswerError(f"{host} answered something else than objects in perms")
        name = member(group, "name", str, host=host)
        reads_only = member(group, "read_only", bool, host=host)
        raw.append(f"{name}:{'read_only' if reads_only else 'read_write'}")
        words |= {"read"} if reads_only else {"read"} | (_WORDS.get(name) or {unknown(f"{name}:read_write")})
    if not raw:
        raise AnswerError(f"{host} answered nothing for perms, which every key has")
    state = optional(row, "state", int, host=host)
    return dataclasses.replace(
        observed,
        label=optional(row, "name", str, host=host),
        permissions=tuple(sorted(words)),
        raw_permissions=tuple(raw),
        created_at=_seconds(row, "created_at", host=host),
        last_used_at=_seconds(row, "last_access", host=host),
        state=None if state is None else _STATES.get(state),
        not_told=(),
    )


def _seconds(row: dict[str, t.Any], name: str, *, host: str) -> str | None:
    value = optional(row, name, str, int, host=host)
    if value in (None, 0, "", "0"):
        return None
    try:
        return instant(int(value) * 1000, name=name, host=host)
    except ValueError:
        raise AnswerError(f"{host} answered no time for {name}") from None


def _signed(path: str, *, question: Question) -> Request:
    credential = question.credential
    timestamp = str(milliseconds(question.at) // 1000)
    text = "\n".join(("GET", path, "", hashlib.sha512(b"").hexdigest(), timestamp))
    headers = {
        "KEY": credential.api_key,
        "Timestamp": timestamp,
        "SIGN": hmac.new(credential.secret.encode(), text.encode(), hashlib.sha512).hexdigest(),
        "Accept": "application/json",
    }
    return Request("GET", f"{question.site.base_url}{path}", headers=headers)
