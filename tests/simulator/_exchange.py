# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every simulated exchange has in common: how a call is admitted or refused, in which order.

An exchange is one file with one subclass of `Exchange` and one line in `_registry.py`.
"""

from __future__ import annotations

import ipaddress
import json
import secrets
import string
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DAY_MS = 86_400_000
HEX = "0123456789abcdef"
ALPHANUMERIC = string.ascii_letters + string.digits


def random_text(*, alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _turn in range(length))


@dataclass
class Key:
    """An API key as the exchange holds it. Times are Unix milliseconds."""

    exchange: str
    key: str
    secret: str
    passphrase: str | None
    environment: str
    region: str
    label: str
    permissions: Any  # in the exchange's own raw form
    allowlist: list[str] | None  # None: unrestricted
    created_at: int
    expires_at: int | None
    account_id: str
    parent_id: str | None  # None: the key of a main account
    extra: dict[str, Any] = field(default_factory=dict)  # merged over the introspection answer
    revoked: bool = False
    last_nonce: int = 0  # the highest one, where the exchange has nonces


@dataclass(frozen=True)
class Credentials:
    key: str
    secret: str
    passphrase: str | None = None


@dataclass(frozen=True)
class Site:
    """One front door of an exchange. `service` names its port on loopback, `hosts` its official names."""

    service: str
    environment: str
    hosts: tuple[str, ...]
    region: str = "global"


@dataclass(frozen=True)
class Call:
    """One HTTP request. `peer` is the address the exchange sees (after NAT); header names are lower case."""

    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    site: Site
    peer: str
    now_ms: int
    #: The living keys of a key's account, in the order in which they were made.
    keys_beside: Callable[[Key], Sequence[Key]]

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @cached_property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


@dataclass(frozen=True)
class Presented:
    """What a signed call carries. `sent_at` is None when the timestamp cannot be read."""

    key: str
    signature: str
    sent_at: int | None
    window_ms: int = 5000
    passphrase: str | None = None


@dataclass(frozen=True)
class Refusal:
    """A code's HTTP status and text. `{ip}`, `{key}`, `{need}` and `{now}` in the text are filled in."""

    status: int
    text: str


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    code: str | None = None  # the refusal code, for the log
    reason: str | None = None  # one of REASONS
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"

    def encoded(self) -> bytes:
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, separators=(",", ":")).encode()


# Why a call is refused. The passphrase ones only where there is a passphrase.
REASONS = (
    "key_missing",
    "key_malformed",
    "key_unknown",
    "region",
    "environment",
    "signature_missing",
    "signature",
    "timestamp",
    "clock_ahead",
    "clock_behind",
    "passphrase_missing",
    "passphrase",
    "expired",
    "address",
    "permission",
    "banned",
    "locked",
    "not_found",
)


class RefusedError(Exception):
    """The exchange refuses a call. `reason` is one of REASONS, or a code when `is_code`; `text` replaces its text."""

    def __init__(self, reason: str, *, is_code: bool = False, need: str = "", text: str | None = None) -> None:
        super().__init__(reason)
        self.text = text
        self.reason = reason
        self.is_code = is_code
        self.need = need


def refuse(reason: str, *, need: str = "") -> NoReturn:
    raise RefusedError(reason, need=need)


@dataclass(frozen=True)
class Signed:
    """A signed route. `allowed` tells whether the key may call it; `need` names what it lacks otherwise."""

    answer: Callable[[Call, Key], Any]
    allowed: Callable[[Key], bool]
    need: str = ""


def covers(*, allowlist: Sequence[str], address: str) -> bool:
    """Tell whether one entry holds `address`: an address or a network, IPv4 or IPv6. Other text covers nothing."""
    seen = ipaddress.ip_address(address)
    for entry in allowlist:
        try:
            if seen in ipaddress.ip_network(entry.strip(), strict=False):
                return True
        except ValueError:
            continue
    return False


class Exchange:
    """A simulated exchange.

    Subclasses set the attributes and implement the methods that raise NotImplementedError here.
    The order in which reasons to refuse are looked for is the same for all of them (see `admit`).
    """

    name: ClassVar[str]
    sites: ClassVar[tuple[Site, ...]]
    refusals: ClassVar[Mapping[str, Refusal]]
    # Which code answers each reason: see REASONS.
    reasons: ClassVar[Mapping[str, str]]
    presets: Mapping[str, Any]
    public: Mapping[str, Callable[[Call], Any]]
    signed: Mapping[str, Signed]
    # May a timestamp be this far ahead of, or behind, the exchange's clock? None: the call's own window.
    ahead_ms: int = 1000
    behind_ms: int | None = None
    has_passphrase: bool = False
    # Paths that are asked by POST, although they only read.
    posts: frozenset[str] = frozenset()
    # Exchanges behind Cloudflare answer /cdn-cgi/trace on the API's own host.
    has_trace: bool = False

    def new_credentials(self) -> Credentials:
        raise NotImplementedError

    def key_well_formed(self, key: str) -> bool:
        raise NotImplementedError

    def presented(self, call: Call) -> Presented:
        raise NotImplementedError

    def signature(self, call: Call, *, presented: Presented, secret: str) -> str:
        raise NotImplementedError

    def success(self, call: Call, result: Any) -> Any:
        raise NotImplementedError

    def refusal_body(self, call: Call, *, code: str, text: str) -> Any:
        raise NotImplementedError

    def refusal_code(self, call: Call, reason: str) -> str:
        """Return the code for a reason; override where it depends on the call."""
        return self.reasons[reason]

    def refusal_text(self, call: Call, *, code: str, reason: str | None) -> str:
        """Return a code's text before its fields are filled in; override where it depends on more than the code."""
        return self.refusals[code].text

    def expected_passphrase(self, call: Call, key: Key) -> str | None:
        """Return what must be sent as passphrase; override where it is sent in another form."""
        return key.passphrase

    def environment(self, call: Call) -> str:
        """Return the environment the call asks for; override where a header chooses it."""
        return call.site.environment

    def environments(self) -> tuple[str, ...]:
        """Return the environments a key can belong to."""
        return tuple(dict.fromkeys(site.environment for site in self.sites))

    def expiry(self, *, created_at: int, allowlist: Sequence[str] | None) -> int | None:
        """Return when a key made without an explicit expiry ends (Unix ms), None if never."""
        return None

    def serves(self, call: Call) -> bool:
        """Tell whether this host has this path at all; override where an exchange has several API hosts."""
        return True

    def admit(self, call: Call, *, route: Signed, lookup: Callable[[str], Key | None]) -> Key:
        """Return the key whose call this is, or raise `RefusedError` for the first thing that is wrong."""
        given = self.presented(call)
        if not given.key:
            refuse("key_missing")
        if not self.key_well_formed(given.key):
            refuse("key_malformed")
        key = lookup(given.key)
        if key is None or key.revoked:
            refuse("key_unknown")
        if key.region != call.site.region:
            refuse("region")
        if key.environment != self.environment(call):
            refuse("environment")
        if not given.signature:
            refuse("signature_missing")
        expected = self.signature(call, presented=given, secret=key.secret)
        if given.signature != expected:
            refuse("signature")
        self.check_time(call, given=given, key=key)
        if self.has_passphrase:
            if not given.passphrase:
                refuse("passphrase_missing")
            if given.passphrase != self.expected_passphrase(call, key):
                refuse("passphrase")
        if key.expires_at is not None and key.expires_at <= call.now_ms:
            refuse("expired")
        if key.allowlist is not None and not covers(allowlist=key.allowlist, address=call.peer):
            refuse("address")
        if not route.allowed(key):
            refuse("permission", need=route.need)
        return key

    def check_time(self, call: Call, *, given: Presented, key: Key) -> None:
        """Refuse a call of another time; override where calls are numbered (see `check_nonce`) or have no time."""
        if given.sent_at is None:
            refuse("timestamp")
        if given.sent_at - call.now_ms >= self.ahead_ms:
            refuse("clock_ahead")
        behind = given.window_ms if self.behind_ms is None else self.behind_ms
        if call.now_ms - given.sent_at > behind:
            refuse("clock_behind")

    def refused(self, call: Call, refused: RefusedError) -> Answer:
        reason = None if refused.is_code else refused.reason
        code = refused.reason if reason is None else self.refusal_code(call, reason)
        text = refused.text
        if text is None:
            text = self.refusal_text(call, code=code, reason=reason).format(
                ip=call.peer, key=self.presented(call).key, need=refused.need, now=call.now_ms
            )
        return Answer(
            status=self.refusals[code].status,
            body=self.refusal_body(call, code=code, text=text),
            code=code,
            reason=reason,
        )

    def answer(self, call: Call, *, lookup: Callable[[str], Key | None]) -> Answer:
        """Answer one call as the exchange would. Nothing is changed by a call but the last nonce."""
        try:
            if call.method != ("POST" if call.path in self.posts else "GET") or not self.serves(call):
                refuse("not_found")
            if call.path in self.public:
                return Answer(status=200, body=self.success(call, self.public[call.path](call)))
            route = self.signed.get(call.path)
            if route is None:
                refuse("not_found")
            key = self.admit(call, route=route, lookup=lookup)
            return Answer(status=200, body=self.success(call, route.answer(call, key)))
        except RefusedError as exc:
            return self.refused(call, exc)


def check_nonce(nonce: int | None, *, key: Key, window: int = 0) -> None:
    """Refuse a number that is not above the last one less the key's window; remember the highest."""
    if nonce is None or nonce <= key.last_nonce - window or nonce == key.last_nonce:
        refuse("timestamp")
    key.last_nonce = max(key.last_nonce, nonce)


def read_milliseconds(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


def candles(*, now_ms: int, minutes: int, count: int) -> list[tuple[int, str]]:
    """Return (start in ms, price) of the newest `count` candles, newest first: a flat market."""
    step = minutes * 60_000
    newest = now_ms - now_ms % step
    return [(newest - index * step, "100") for index in range(max(1, min(count, 1000)))]
