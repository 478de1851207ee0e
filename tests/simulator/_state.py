# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator knows: keys, clocks, planned misbehaviour, bans and the requests it saw. Memory only."""

from __future__ import annotations

import collections
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from ._exchange import DAY_MS, Exchange, Key
from ._ip_services import ECHO_KINDS
from ._registry import EXCHANGES

FAULT_KINDS = (
    "status",
    "empty",
    "truncated",
    "cut",
    "html",
    "wrong_type",
    "body",
    "huge",
    "gzip_bomb",
    "endless",
    "slow",
    "redirect",
    "reset",
)
HOUR_MS = 3_600_000
REMEMBERED_REQUESTS = 100_000


class ControlError(Exception):
    """A control call asks for something that does not exist. The text is for the person who wrote the test."""


@dataclass
class Fault:
    """A planned misbehaviour.

    `target` is an exchange, a service, a host name or `*`; `path` a prefix. `times` answers are spoiled (None: all).
    """

    target: str
    kind: str
    path: str = "/"
    status: int = 503
    retry_after: str | None = None
    location: str | None = None
    body: str | None = None
    media_type: str = "application/json"
    delay_s: float = 3600.0
    times: int | None = None


@dataclass
class PlannedRefusal:
    """A code for the next calls to an exchange: those that present a key, or with `any_call` whatever comes.

    `text` replaces the code's own text.
    """

    exchange: str
    code: str
    times: int = 1
    text: str | None = None
    any_call: bool = False


@dataclass
class Echo:
    """How an IP service answers: one of `ECHO_KINDS`, with the addresses it names instead of the caller's."""

    kind: str
    addresses: list[str] = field(default_factory=list)


@dataclass
class Seen:
    """One request. Values of headers, query and body are not kept."""

    at_ms: int
    service: str
    exchange: str | None
    host: str
    method: str
    path: str
    query: list[str]  # names only
    headers: list[str]  # names only, lower case
    user_agent: str
    body_bytes: int
    peer: str
    seen_as: str  # the peer after NAT
    label: str | None  # of the key that was presented, if it is known
    had: dict[str, bool]
    status: int = 0
    code: str | None = None


@dataclass
class Bans:
    """Ban mode.

    An address that goes on after 418, 429 or the network's 403 is banned; five refused keys in a row lock.
    """

    enabled: bool = False
    warned: set[tuple[str, str]] = field(default_factory=set)
    banned: set[tuple[str, str]] = field(default_factory=set)
    failures: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)
    locked: set[tuple[str, str]] = field(default_factory=set)

    LIMIT = 5
    WARNINGS = (403, 418, 429)
    KEY_REASONS = ("key_malformed", "key_unknown", "environment", "signature", "passphrase")

    def verdict(self, *, exchange: str, peer: str, key: str) -> str | None:
        """Return `banned` or `locked` when this call must not be answered otherwise."""
        if not self.enabled:
            return None
        if (exchange, peer) in self.warned:
            self.banned.add((exchange, peer))
        if (exchange, peer) in self.banned:
            return "banned"
        if (exchange, peer) in self.locked or (exchange, key) in self.locked:
            return "locked"
        return None

    def note(self, *, exchange: str, peer: str, key: str, status: int, reason: str | None, accepted: bool) -> None:
        """Remember how a call was answered; `reason` is why it was refused."""
        if not self.enabled:
            return
        # Some exchanges say 403 of a bad key in words of their own. What warns is the 403 of the network before them.
        if status in self.WARNINGS and (status != 403 or reason in (None, "banned")):
            self.warned.add((exchange, peer))
        for subject in ((exchange, peer), (exchange, key)):
            if reason in self.KEY_REASONS and subject[1]:
                self.failures[subject] += 1
                if self.failures[subject] >= self.LIMIT:
                    self.locked.add(subject)
            elif accepted:
                self.failures.pop(subject, None)


class State:
    def __init__(self, *, nat: dict[str, str]) -> None:
        self.nat = dict(nat)
        self.reset()

    def reset(self) -> None:
        """Forget everything but the NAT table."""
        self.keys: dict[tuple[str, str], Key] = {}
        self.skew_ms: dict[str, int] = {}
        self.latency_ms: dict[str, int] = {}
        self.faults: list[Fault] = []
        self.refusals: list[PlannedRefusal] = []
        self.echoes: dict[str, Echo] = {}
        self.rotation: collections.Counter[str] = collections.Counter()
        self.bans = Bans()
        self.seen: collections.deque[Seen] = collections.deque(maxlen=REMEMBERED_REQUESTS)
        self.account_numbers = iter(range(40_000_001, 2**31))

    def now_ms(self, exchange: str | None = None) -> int:
        return int(time.time() * 1000) + self.skew_ms.get(exchange or "*", self.skew_ms.get("*", 0))

    def public_address(self, peer: str) -> str:
        return self.nat.get(peer, peer)

    def exchange(self, name: str) -> Exchange:
        if name not in EXCHANGES:
            raise ControlError(f"exchange: {name!r} is not one of {', '.join(EXCHANGES)}.")
        return EXCHANGES[name]

    def permissions(self, exchange: str, wanted: Any) -> Any:
        """Return permissions in the exchange's raw form; a text is the name of a preset."""
        presets = self.exchange(exchange).presets
        if not isinstance(wanted, str):
            return wanted
        if wanted not in presets:
            raise ControlError(f"permissions: {wanted!r} is not one of {', '.join(presets)}.")
        return presets[wanted]

    def key(self, *, exchange: str, key: str) -> Key:
        if (exchange, key) not in self.keys:
            raise ControlError(f"key: {exchange} has no such key.")
        return self.keys[exchange, key]

    def keys_beside(self, key: Key) -> list[Key]:
        """Return the keys of the same account, itself too, that were not revoked."""
        where = (key.exchange, key.environment, key.region, key.account_id, key.parent_id)
        return [
            held
            for held in self.keys.values()
            if not held.revoked
            and (held.exchange, held.environment, held.region, held.account_id, held.parent_id) == where
        ]

    def create_key(self, wanted: dict[str, Any]) -> Key:
        """Make a key. `permissions` is a preset's name or the exchange's own raw form; times are Unix ms."""
        wanted = dict(wanted)
        exchange = self.exchange(wanted.pop("exchange", ""))
        permissions = self.permissions(exchange.name, wanted.pop("permissions", None) or "spot-trade")
        site = self._site(
            exchange, environment=wanted.pop("environment", None) or "mainnet", region=wanted.pop("region", None)
        )
        made = exchange.new_credentials()
        created_at = wanted.pop("created_at", None)
        if created_at is None:
            # Almost a day ago: whole days that are left of a key's life do not change while a test runs.
            created_at = self.now_ms() - DAY_MS + HOUR_MS
        allowlist = wanted.pop("allowlist", None)
        days_left = wanted.pop("days_left", None)
        expires_at = wanted.pop("expires_at", None)
        passphrase = wanted.pop("passphrase", None)
        if days_left is not None:
            # Half a day more, so that whole days left are the number asked for while the test runs.
            expires_at = self.now_ms() + int((days_left + 0.5) * DAY_MS)
        if expires_at is None:
            expires_at = exchange.expiry(created_at=created_at, allowlist=allowlist)
        key = Key(
            exchange=exchange.name,
            key=wanted.pop("key", None) or made.key,
            secret=wanted.pop("secret", None) or made.secret,
            passphrase=(passphrase or made.passphrase) if exchange.has_passphrase else None,
            environment=site[0],
            region=site[1],
            label=wanted.pop("label", None) or "simulated",
            permissions=permissions,
            allowlist=allowlist,
            created_at=created_at,
            expires_at=expires_at,
            account_id=str(wanted.pop("account_id", None) or next(self.account_numbers)),
            parent_id=wanted.pop("parent_id", None),
            extra=wanted.pop("extra", None) or {},
        )
        if wanted:
            raise ControlError(f"{', '.join(sorted(wanted))}: not a field of a key of {exchange.name}.")
        self.keys[exchange.name, key.key] = key
        return key

    @staticmethod
    def _site(exchange: Exchange, *, environment: str, region: str | None) -> tuple[str, str]:
        known = exchange.environments()
        if environment not in known:
            raise ControlError(f"environment: {environment!r} is not one of {', '.join(known)} of {exchange.name}.")
        regions = dict.fromkeys(site.region for site in exchange.sites)
        if region is not None and region not in regions:
            raise ControlError(f"region: {region!r} is not one of {', '.join(regions)} of {exchange.name}.")
        return environment, region or "global"

    def update_key(self, *, exchange: str, key: str, changes: dict[str, Any]) -> Key:
        held = self.key(exchange=exchange, key=key)
        names = {"allowlist", "label", "revoked", "expires_at", "permissions", "extra", "passphrase", "created_at"}
        unknown = set(changes) - names
        if unknown:
            raise ControlError(f"{', '.join(sorted(unknown))}: not one of {', '.join(sorted(names))}.")
        for name, value in changes.items():
            setattr(held, name, self.permissions(exchange, value) if name == "permissions" else value)
        return held

    def add_fault(self, wanted: dict[str, Any]) -> Fault:
        try:
            fault = Fault(**wanted)
        except TypeError as exc:
            raise ControlError(f"fault: {exc}.") from None
        if fault.kind not in FAULT_KINDS:
            raise ControlError(f"kind: {fault.kind!r} is not one of {', '.join(FAULT_KINDS)}.")
        if fault.kind == "redirect" and not fault.location:
            raise ControlError("location: a redirect needs one.")
        self.faults.append(fault)
        return fault

    def take_fault(self, *, names: set[str], path: str) -> Fault | None:
        """Return the newest fault that fits and count it."""
        for fault in reversed(self.faults):
            if (fault.target == "*" or fault.target in names) and path.startswith(fault.path):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.faults.remove(fault)
                return fault
        return None

    def plan_refusal(self, wanted: dict[str, Any]) -> PlannedRefusal:
        try:
            planned = PlannedRefusal(**wanted)
        except TypeError as exc:
            raise ControlError(f"refusal: {exc}.") from None
        known = self.exchange(planned.exchange).refusals
        if planned.code not in known:
            raise ControlError(f"code: {planned.code!r} is not one of {', '.join(known)} of {planned.exchange}.")
        self.refusals.append(planned)
        return planned

    def take_refusal(self, *, exchange: str, has_key: bool) -> PlannedRefusal | None:
        """Return the oldest planned refusal that fits and count it."""
        for planned in self.refusals:
            if planned.exchange == exchange and (has_key or planned.any_call):
                planned.times -= 1
                if planned.times <= 0:
                    self.refusals.remove(planned)
                return planned
        return None

    def set_echo(self, *, target: str, kind: str, addresses: list[str]) -> Echo:
        if kind not in ECHO_KINDS:
            raise ControlError(f"kind: {kind!r} is not one of {', '.join(ECHO_KINDS)}.")
        self.echoes[target] = Echo(kind=kind, addresses=addresses)
        return self.echoes[target]

    def next_rotation(self, target: str) -> int:
        self.rotation[target] += 1
        return self.rotation[target] - 1


def key_without_secrets(key: Key) -> dict[str, Any]:
    return {name: value for name, value in asdict(key).items() if name not in ("secret", "passphrase")}
