# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts: what was declared and what was observed, without any secret. Private to this collection.

Learners write them (as registered results and as JSON files), judges read them, nothing else passes between
the two. The JSON form of a dataclass here is the dictionary of its fields; ``from_json`` refuses what does not fit.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ._errors import InputError
from ._redact import one_line

SCHEMA = 1

#: Hosts write facts: a text or number beyond these is no fact, and what is made of it fits into a report.
MAX_TEXT = 4096
MAX_NUMBER = 2**63

#: What a key may do, in the collection's own words. Every exchange's words are mapped to these.
PERMISSION_WORDS = frozenset(
    [
        "read",
        "spot_trade",
        "margin_trade",
        "borrow",
        "futures_trade",
        "options_trade",
        "copy_trade",
        "earn",
        "convert",
        "transfer_own",
        "transfer_sub",
        "transfer_out",
        "spend",
        "withdraw",
        "manage_keys",
        "benign",
    ]
)
#: A word of the exchange that this collection does not know is kept as ``unknown:<word>``.
UNKNOWN_PREFIX = "unknown:"

TRADE_WORDS = frozenset(
    ["spot_trade", "margin_trade", "borrow", "futures_trade", "options_trade", "copy_trade", "earn", "convert"]
)

#: Products that a person declares, and the word each one needs on top of ``read`` when ``access`` is ``read_write``.
PRODUCT_WORDS = {
    "spot": "spot_trade",
    "margin": "margin_trade",
    "borrow": "borrow",
    "futures": "futures_trade",
    "options": "options_trade",
    "copy": "copy_trade",
    "earn": "earn",
    "convert": "convert",
    "transfer": "transfer_own",
}

ACCEPTED = "accepted"
#: The normalised classes of a refusal, and of a question that could not be put.
REFUSALS = (
    "ip_refused",
    "invalid_key",
    "expired",
    "bad_signature",
    "clock_skew",
    "bad_passphrase",
    "permission_denied",
    "wrong_environment",
    "rate_limited",
    "unreachable",
    "settling",
    "ambiguous",
    "held_back",
)
#: Of an exchange that cannot be asked.
NOT_ASKED = "not_asked"
#: Refusals after which nothing more is known than before.
UNDECIDED = frozenset(("rate_limited", "unreachable", "settling", "ambiguous", "held_back"))

#: The other words of facts, each with what it means at the fact that has it.
ACCOUNT_LEVELS = ("main", "sub")
OWNER_KINDS = ("own", "vendor")
KEY_STATES = ("normal", "locked", "frozen")
LIST_STATES = ("entries", "unrestricted", "hidden", "unknown")
EXPIRY_STATES = ("at", "never", "unknown")
EXPIRY_SCOPES = ("key", "trade")
LENGTHS = ("short", "fair", "long")
FAMILIES = ("ipv4", "ipv6")
ANY_FAMILY = "any"
PROXIES = ("none", "http", "socks5")
EGRESS_STATUSES = ("agreed", "disputed", "no_quorum", "no_route")
AGREED, DISPUTED, NO_QUORUM, NO_ROUTE = EGRESS_STATUSES
#: The order of evidence: a stronger one is believed before a weaker one.
EGRESS_BASES = ("exchange_accepted", "exchange_printed", "majority", "declared")
EXCHANGE_ACCEPTED, EXCHANGE_PRINTED, MAJORITY, DECLARED = EGRESS_BASES


@dataclasses.dataclass(frozen=True)
class Access:
    """Whether the exchange accepted the signed read, and what it said if not.

    ``status`` is ``accepted``, one of :data:`REFUSALS`, or ``not_asked`` (``exchange: other`` has nothing to ask).
    ``seen_address`` is the caller's address as the exchange printed it. ``code`` and ``message`` are the
    exchange's own, redacted. ``retry_after`` is in seconds.
    """

    status: str
    code: str | None = None
    message: str | None = None
    seen_address: str | None = None
    next_step: str | None = None
    retry_after: int | None = None


@dataclasses.dataclass(frozen=True)
class Account:
    """Whose key it is. ``level`` is ``main``, ``sub`` or ``None`` where the exchange does not tell."""

    id: str | None = None
    parent_id: str | None = None
    level: str | None = None


@dataclasses.dataclass(frozen=True)
class Allowlist:
    """The four states of a key's IP restriction, never confused.

    ``entries``: restricted to ``entries``, exactly as the exchange spells them. ``unrestricted``: any address.
    ``hidden``: restricted, but the exchange does not show to what. ``unknown``: not told.
    """

    state: str
    entries: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Expiry:
    """``state`` is ``at`` (then ``at`` is the instant), ``never`` or ``unknown``.

    ``scope`` says what ends: ``key``, or ``trade`` where only the right to trade does (Binance).
    """

    state: str
    at: str | None = None
    scope: str = "key"


@dataclasses.dataclass(frozen=True)
class OtherKey:
    """Another key of the same account: as little of it as tells whether somebody knows it."""

    masked_id: str
    permissions: tuple[str, ...]
    created_at: str | None = None


@dataclasses.dataclass(frozen=True)
class ObservedKey:
    """What the exchange told of a key. ``None`` and ``unknown`` mean: not told.

    ``permissions`` holds words of :data:`PERMISSION_WORDS` and ``unknown:<word>``; ``raw_permissions`` what the
    exchange said, as text. Instants are ISO 8601 in UTC (``2026-11-22T07:13:54Z``). ``owner_kind`` is ``own`` or
    ``vendor``. ``state`` is ``normal``, ``locked``, ``frozen`` or ``None``. ``not_told`` names the fields that this
    exchange cannot tell. ``other_keys`` are the account's other keys, all of them, where that was asked for.
    """

    masked_id: str
    account: Account = Account()
    owner_kind: str | None = None
    label: str | None = None
    permissions: tuple[str, ...] | None = None
    raw_permissions: tuple[str, ...] = ()
    allowlist: Allowlist = Allowlist("unknown")
    created_at: str | None = None
    expiry: Expiry = Expiry("unknown")
    last_used_at: str | None = None
    state: str | None = None
    not_told: tuple[str, ...] = ()
    other_keys: tuple[OtherKey, ...] | None = None


#: What an exchange may tell of a key that asks about itself.
TELLABLE = frozenset(
    field.name for field in dataclasses.fields(ObservedKey) if field.name not in ("masked_id", "not_told", "other_keys")
)


@dataclasses.dataclass(frozen=True)
class Path:
    """The way by which a question left the host: evidence holds for this way only.

    ``user`` is the local user, ``netns`` the inode of its network namespace, ``family`` is ``ipv4``, ``ipv6`` or
    ``any``, ``proxy`` says only ``none``, ``http`` or ``socks5`` (a proxy's URL is a secret), ``source_address`` the
    bound address.
    """

    user: str
    family: str = "any"
    proxy: str = "none"
    source_address: str | None = None
    netns: str | None = None


@dataclasses.dataclass(frozen=True)
class PassphraseChecks:
    """What was computed where the passphrase is; only these booleans and one class leave that place.

    ``length`` is ``short`` (under 12), ``fair`` (12 to 15) or ``long`` (16 and more). ``fits_format`` is ``None`` where
    the exchange's grammar is not known.
    """

    given: bool
    fits_format: bool | None = None
    length: str | None = None
    guessable: bool | None = None
    equals_other_field: bool | None = None


@dataclasses.dataclass(frozen=True)
class KeyFacts:
    """One key as seen from one host: what was declared of it and what was observed.

    ``declared`` is the declaration without secrets (see ``docs/policy.md``). ``official`` is false when ``base_url``,
    an own CA or ``validate_certs: false`` means that the answer may come from somebody else than the exchange.
    ``exchange_families`` are the families in which the exchange's name has addresses (``ipv4``, ``ipv6``), as the host
    resolves it; ``None`` where it was not resolved (a proxy does it, or the name does not resolve).
    ``credential`` names the placed credential that was used, ``file`` the file in clear on the host.
    ``key_type`` is ``hmac``, ``rsa``, ``ed25519`` or ``es256``; ``None`` where no secret was at hand or none is signed
    with.
    """

    name: str
    exchange: str
    environment: str
    region: str
    host: str
    access: Access
    asked_at: str
    path: Path
    official: bool = True
    asked_host: str | None = None
    exchange_families: tuple[str, ...] | None = None
    observed: ObservedKey | None = None
    passphrase: PassphraseChecks | None = None
    key_type: str | None = None
    credential: str | None = None
    file: str | None = None
    declared: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class SourceAnswer:
    """What one IP source said. ``network`` is its network owner. ``address`` is ``None`` when ``problem`` says why."""

    source: str
    network: str
    address: str | None = None
    problem: str | None = None


@dataclasses.dataclass(frozen=True)
class EgressFacts:
    """The addresses a host is seen from, for one family over one path.

    ``status`` is ``agreed`` (a majority of at least three network owners, or the exchange itself), ``disputed``,
    ``no_quorum`` or ``no_route`` (the family does not leave the host). ``stable`` is ``None`` when too few samples
    answered.
    ``basis`` is ``exchange_accepted``, ``exchange_printed``, ``majority`` or ``declared``.
    """

    host: str
    family: str
    path: Path
    status: str
    asked_at: str
    addresses: tuple[str, ...] = ()
    stable: bool | None = None
    samples_asked: int = 0
    samples_answered: int = 0
    basis: str = "majority"
    sources: tuple[SourceAnswer, ...] = ()


@dataclasses.dataclass(frozen=True)
class ClockFacts:
    """How far a host's clock is off an exchange's.

    ``offset`` is in seconds, positive where the host is ahead; the true one lies within ``uncertainty`` of it.
    ``round_trip`` is that of the sample that counts. All three are ``None`` where nothing was measured; ``problem``
    says why fewer samples were answered than asked. ``official`` and ``asked_host`` are as in :class:`KeyFacts`.
    """

    host: str
    exchange: str
    environment: str
    region: str
    asked_host: str
    asked_at: str
    path: Path
    official: bool = True
    offset: float | None = None
    uncertainty: float | None = None
    round_trip: float | None = None
    samples_asked: int = 0
    samples_answered: int = 0
    problem: str | None = None


def to_json(fact: t.Any) -> dict[str, t.Any]:
    """Return the JSON form of a fact: plain dictionaries, lists, strings, numbers, booleans and nulls."""
    plain = _plain(fact)
    if not isinstance(plain, dict):
        raise TypeError("only a dataclass has a JSON form")
    return plain


def _plain(value: t.Any) -> t.Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, t.Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    return value


def key_facts(data: t.Mapping[str, t.Any], *, where: str) -> KeyFacts:
    """Read one key's facts from their JSON form; ``where`` names the file or option in the error."""
    return t.cast(KeyFacts, _read(KeyFacts, data, where=where))


def egress_facts(data: t.Mapping[str, t.Any], *, where: str) -> EgressFacts:
    """Read one path's addresses from their JSON form; ``where`` names the file or option in the error."""
    return t.cast(EgressFacts, _read(EgressFacts, data, where=where))


def clock_facts(data: t.Mapping[str, t.Any], *, where: str) -> ClockFacts:
    """Read one clock's offset from its JSON form; ``where`` names the file or option in the error."""
    return t.cast(ClockFacts, _read(ClockFacts, data, where=where))


_MEND = "learn the facts again with this release"

#: Which fields hold other facts, and which hold tuples of them.
_NESTED: t.Mapping[tuple[type, str], type] = {
    (KeyFacts, "access"): Access,
    (KeyFacts, "path"): Path,
    (KeyFacts, "observed"): ObservedKey,
    (KeyFacts, "passphrase"): PassphraseChecks,
    (ObservedKey, "account"): Account,
    (ObservedKey, "allowlist"): Allowlist,
    (ObservedKey, "expiry"): Expiry,
    (ObservedKey, "other_keys"): OtherKey,
    (ClockFacts, "path"): Path,
    (EgressFacts, "path"): Path,
    (EgressFacts, "sources"): SourceAnswer,
}
_SLUG = re.compile(r"[a-z0-9_-]{1,80}")
#: Of an exchange that is not known here, a person names environment and region.
_SITE = re.compile(r"[\w .,()+/-]{0,80}")
#: The fields that hold one of a few words, which judges act on and reports take over.
_WORDS: t.Mapping[tuple[type, str], frozenset[str] | re.Pattern[str]] = {
    (KeyFacts, "exchange"): _SLUG,
    (KeyFacts, "environment"): _SITE,
    (KeyFacts, "region"): _SITE,
    (KeyFacts, "key_type"): _SLUG,
    (Access, "status"): frozenset((ACCEPTED, NOT_ASKED, *REFUSALS)),
    (Account, "level"): frozenset(ACCOUNT_LEVELS),
    (Allowlist, "state"): frozenset(LIST_STATES),
    (Expiry, "state"): frozenset(EXPIRY_STATES),
    (Expiry, "scope"): frozenset(EXPIRY_SCOPES),
    (ObservedKey, "owner_kind"): frozenset(OWNER_KINDS),
    (ObservedKey, "state"): frozenset(KEY_STATES),
    (PassphraseChecks, "length"): frozenset(LENGTHS),
    (Path, "family"): frozenset((*FAMILIES, ANY_FAMILY)),
    (Path, "proxy"): frozenset(PROXIES),
    (EgressFacts, "family"): frozenset(FAMILIES),
    (EgressFacts, "status"): frozenset(EGRESS_STATUSES),
    (EgressFacts, "basis"): frozenset(EGRESS_BASES),
    (ClockFacts, "exchange"): _SLUG,
    (ClockFacts, "environment"): _SITE,
    (ClockFacts, "region"): _SITE,
}
_TYPES: t.Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "bool": (bool,),
    "bool | None": (bool, type(None)),
    "int": (int,),
    "int | None": (int, type(None)),
    "float | None": (float, int, type(None)),
}


def _read(kind: t.Any, data: t.Any, *, where: str) -> t.Any:
    if not isinstance(data, (dict, t.Mapping)):  # nearly always a dictionary, which is told much faster
        raise InputError(
            field=where, problem=f"is {type(data).__name__}, not a mapping", mend="give facts as a learner wrote them"
        )
    values: dict[str, t.Any] = {}
    fields = _FIELDS[kind]
    for name, given in data.items():
        if name not in fields:
            raise InputError(
                field=f"{where}.{one_line(name, limit=60)}",
                problem="is not a fact of this schema",
                mend=_MEND,
            )
        values[name] = _read_field(kind, name, fields[name], given, where=f"{where}.{name}")
    try:
        return kind(**values)
    except TypeError:
        missing = sorted(n for n in fields if n not in values)
        raise InputError(field=where, problem=f"lacks some of {', '.join(missing)}", mend=_MEND) from None


def _read_field(kind: t.Any, name: str, annotation: str, given: t.Any, *, where: str) -> t.Any:
    nested = _NESTED.get((kind, name))
    if nested is not None and not (given is None and annotation.endswith("| None")):
        if annotation.startswith("tuple"):
            if not isinstance(given, (list, tuple)):
                raise InputError(field=where, problem="is not a list", mend=_MEND)
            return tuple(_read(nested, item, where=f"{where}[{i}]") for i, item in enumerate(given))
        return _read(nested, given, where=where)
    if "tuple[str, ...]" in annotation:
        if given is None and annotation.endswith("| None"):
            return None
        if not isinstance(given, (list, tuple)) or not all(isinstance(item, str) for item in given):
            raise InputError(field=where, problem="is not a list of strings", mend=_MEND)
        if any(len(item) > MAX_TEXT for item in given):
            raise InputError(field=where, problem=f"holds a text longer than {MAX_TEXT} characters", mend=_MEND)
        return tuple(given)
    expected = _TYPES.get(annotation)
    if expected is not None and (not isinstance(given, expected) or (isinstance(given, bool) and bool not in expected)):
        raise InputError(field=where, problem=f"is {type(given).__name__}", mend=_MEND)
    _check_bounds(given, where=where)
    _check_word(kind, name, given, where=where)
    return given


def _check_bounds(given: t.Any, *, where: str) -> None:
    if isinstance(given, str):
        if len(given) > MAX_TEXT:
            raise InputError(field=where, problem=f"is longer than {MAX_TEXT} characters", mend=_MEND)
    elif isinstance(given, (int, float)) and not abs(given) <= MAX_NUMBER:
        raise InputError(field=where, problem="is out of bounds", mend=_MEND)


def _check_word(kind: t.Any, name: str, given: t.Any, *, where: str) -> None:
    words = _WORDS.get((kind, name))
    if words is None or given is None:
        return
    if given not in words if isinstance(words, frozenset) else words.fullmatch(given) is None:
        raise InputError(field=where, value=one_line(given, limit=60), problem="is no word of this release", mend=_MEND)


_FIELDS: t.Mapping[type, t.Mapping[str, str]] = {
    kind: {f.name: str(f.type) for f in dataclasses.fields(kind)}
    for kind in (
        KeyFacts,
        Access,
        Path,
        ObservedKey,
        OtherKey,
        PassphraseChecks,
        Account,
        Allowlist,
        Expiry,
        EgressFacts,
        SourceAnswer,
        ClockFacts,
    )
}
