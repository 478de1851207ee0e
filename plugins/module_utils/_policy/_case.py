# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rule is, what it looks at and what it answers. Private to this collection.

A rule is a pure function from a :class:`Case` (one key) or a :class:`HostCase` (one host) to a :class:`Verdict`. What
several rules need is worked out once, here.
"""

from __future__ import annotations

import calendar
import functools
import hashlib
import re
import typing as t

from .._allowlist._cover import is_everything
from .._allowlist._grammar import Entry
from .._allowlist._lint import EntryReport, lint
from .._allowlist._rule import AllowlistGrammar
from .._facts import (
    ACCEPTED,
    EGRESS_BASES,
    FAMILIES,
    PERMISSION_WORDS,
    PRODUCT_WORDS,
    TRADE_WORDS,
    UNKNOWN_PREFIX,
    ClockFacts,
    EgressFacts,
    KeyFacts,
)
from .._redact import one_line
from ._finding import FAIL, NOT_APPLICABLE, PASSED, UNKNOWN, Remedy, Subject
from ._settings import Policy

if t.TYPE_CHECKING:
    from .._exchanges._contract import Exchange
    from ._fleet import Fleet

DAY = 86400.0
#: The access status of a key that is declared and of which no facts were learned.
NOT_OBSERVED = "not_observed"
#: What is declared of a key that is no longer used, and of one that must not be used.
RETIRED = "retired"
REVOKED = "revoked"
#: A fact that is more than this many seconds newer than ``now`` means that one of the two clocks is wrong.
CLOCK_DOUBT = 300.0


class Verdict(t.NamedTuple):
    """A rule's answer for one case; ``severity`` is ``None`` for the rule's own."""

    status: str
    basis: str = "none"
    evidence: str = ""
    severity: str | None = None
    remedy: Remedy | None = None
    paste: str | None = None
    root: str | None = None
    code: str | None = None


PROVED = Verdict(PASSED, "proved")
OBSERVED = Verdict(PASSED, "observed")
ATTESTED = Verdict(PASSED, "attested")
DECLARED = Verdict(PASSED, "declared")
SKIP = Verdict(NOT_APPLICABLE)
NO_ANSWER = Verdict(UNKNOWN, evidence="the exchange did not answer for this key", root="key-accepted")
NOT_OFFICIAL = Verdict(
    UNKNOWN, evidence="the answer may come from somebody else than the exchange", root="observed-at-official-host"
)
_PASSES: t.Mapping[str, Verdict] = {"proved": PROVED, "observed": OBSERVED, "attested": ATTESTED, "declared": DECLARED}


def passed(basis: str) -> Verdict:
    """Return the pass that rests on ``basis``."""
    return _PASSES[basis]


def failed(
    basis: str,
    evidence: str,
    *,
    severity: str | None = None,
    remedy: Remedy | None = None,
    paste: str | None = None,
    root: str | None = None,
    code: str | None = None,
) -> Verdict:
    """Return a failure with its evidence."""
    return Verdict(FAIL, basis, evidence, severity, remedy, paste, root, code)


def unknown(
    evidence: str, *, severity: str | None = None, remedy: Remedy | None = None, root: str | None = None
) -> Verdict:
    """Return that nobody knows, and why."""
    return Verdict(UNKNOWN, "none", evidence, severity, remedy, None, root)


class Rule(t.NamedTuple):
    """One rule. ``least`` is the weakest basis that can pass it; ``scope`` is ``key``, ``host`` or ``policy``.

    A rule ``of_retired`` also looks at keys that are no longer used; the others do not apply to them. A rule
    ``of_fleet`` needs to know all hosts of an inventory, so only ``fleet_policy`` judges by it.
    """

    id: str
    title: str
    family: str
    severity: str
    least: str
    function: t.Callable[..., t.Any]
    waivable: bool = True
    scope: str = "key"
    of_retired: bool = False
    of_fleet: bool = False
    #: By what a rule about a host passes, as in ``Machine.learned``.
    learned: str = ""


class Machine(t.NamedTuple):
    """What ``credential_info`` and the connection told of one host; an absent part was not learned.

    ``host_key`` is as ``credential_info`` words it. ``credentials`` are dictionaries with
    ``name``, ``key_type``, ``loaded_by`` and more. ``verified_host`` says whether the SSH host key was checked.
    ``exposed`` is what ``exposed_credential_info`` told of the host, ``inventory`` what it told of an inventory there.
    ``identity`` holds what two hosts have in common only when one is a clone of the other. ``overrides`` are those of
    the check before a start, ``None`` where nobody looked or they could not be read. ``learned`` says when that was
    learned which comes from a file: ``credentials`` (with host key, identity and overrides), ``transport``, ``exposed``
    and ``inventory``; what is not in it was learned just now. ``unread`` says why what was learned cannot be used.
    """

    host: str
    host_key: str | None = None
    credentials: t.Sequence[t.Mapping[str, t.Any]] = ()
    verified_host: bool | None = None
    transport_problem: str | None = None
    exposed: t.Mapping[str, t.Any] | None = None
    inventory: t.Mapping[str, t.Any] | None = None
    identity: t.Mapping[str, t.Any] | None = None
    overrides: t.Sequence[t.Mapping[str, t.Any]] | None = None
    overrides_problem: str | None = None
    learned: t.Mapping[str, str] = {}
    unread: t.Mapping[str, str] = {}


class Host:
    """Everything known of one host: its ways out, its keys and its machine."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.egress: list[EgressFacts] = []
        self.clocks: list[ClockFacts] = []
        self.keys: list[KeyFacts] = []
        self.machine: Machine | None = None
        #: Kinds of evidence by address, worked out once for all keys of the host.
        self.kinds: dict[str, frozenset[str]] = {}


class Way(t.NamedTuple):
    """One way by which a key leaves its host, and what is known of it.

    ``families`` are those by which the key can leave at all: the path's own, as far as the exchange has addresses of
    them. ``own`` says that the exchange was asked over this very way. ``facts`` holds the best fact of each family.
    """

    families: frozenset[str]
    own: bool
    facts: tuple[EgressFacts, ...]


_FAMILIES = frozenset(FAMILIES)
_EVIDENCE = {basis: place for place, basis in enumerate(EGRESS_BASES)}


def ways_of(key: KeyFacts, egress: t.Sequence[EgressFacts]) -> tuple[Way, ...]:
    """Return the ways of a key: the declared ones, or the one over which the exchange was asked."""
    asked = key.path
    declared = key.declared.get("egress_paths")
    # An address of a family that the exchange's name does not have is never seen there.
    reached = _FAMILIES if key.exchange_families is None else _FAMILIES.intersection(key.exchange_families)
    if not declared:
        families = reached & _families(asked.family)
        return (_way(families, asked.proxy, asked.source_address, asked.netns, egress, own=True),)
    found = []
    for path in declared:
        family, proxy, source = path.get("family", "any"), path.get("proxy", "none"), path.get("source_address")
        own = (proxy, source) == (asked.proxy, asked.source_address) and family in ("any", asked.family)
        found.append(_way(reached & _families(family), proxy, source, asked.netns, egress, own=own))
    return tuple(found)


def _families(name: str) -> frozenset[str]:
    return _FAMILIES if name == "any" else frozenset((name,))


def _way(
    families: frozenset[str],
    proxy: str,
    source: str | None,
    netns: str | None,
    egress: t.Sequence[EgressFacts],
    *,
    own: bool,
) -> Way:
    best: dict[str, EgressFacts] = {}
    for fact in egress:
        path = fact.path
        if path.proxy != proxy or path.source_address != source or fact.family not in families:
            continue
        if netns is not None and path.netns is not None and netns != path.netns:
            continue
        known = best.get(fact.family)
        if known is None or _believed_first(fact) < _believed_first(known):
            best[fact.family] = fact
    return Way(families, own, tuple(best.values()))


def _believed_first(fact: EgressFacts) -> tuple[int, float, bool]:
    """Stronger evidence comes first, what was learned later before what it replaces, and doubt before certainty."""
    return _EVIDENCE.get(fact.basis, 9), -(instant(fact.asked_at) or 0.0), fact.status == "agreed"


def is_retired(key: KeyFacts) -> bool:
    """Tell whether the key is declared to be no longer used."""
    return key.declared.get("lifecycle") in (RETIRED, REVOKED)


class HostCase(t.NamedTuple):
    """What a rule about a host looks at; ``fleet`` is there where a whole inventory is judged."""

    host: Host
    policy: Policy
    placing: bool
    fleet: Fleet | None = None


class Grant(t.NamedTuple):
    """A key's permissions in our own words. ``unknown`` keeps the exchange's words that nobody vouched for."""

    words: frozenset[str]
    unknown: tuple[str, ...]
    trades: bool
    read_only: bool


class Listing(t.NamedTuple):
    """A key's allowlist, classified entry by entry."""

    entries: tuple[Entry, ...]
    reports: tuple[EntryReport, ...]
    everything: bool
    masked: bool


@functools.lru_cache(maxsize=4096)
def grant(words: tuple[str, ...], benign: tuple[str, ...]) -> Grant:
    """Return what the words allow; ``benign`` are the exchange's words that a named person found harmless."""
    known = frozenset(word for word in words if word in PERMISSION_WORDS)
    strange = [word.removeprefix(UNKNOWN_PREFIX) for word in words if word not in known]
    left = tuple(sorted({word for word in strange if word not in benign}))
    acting = known - {"read", "benign"}
    return Grant(known, left, bool(known & TRADE_WORDS), not acting and not left)


@functools.lru_cache(maxsize=4096)
def listing(entries: tuple[str, ...], grammar: AllowlistGrammar, owned: tuple[str, ...] = ()) -> Listing:
    """Return the entries of an allowlist, classified by what the exchange takes.

    Raises ``InputError`` for an owned prefix that cannot be read.
    """
    reports = lint(entries, grammar=grammar, owned_prefixes=owned)
    parsed = tuple(report.entry for report in reports)
    # Single addresses alone never add up to everything, and most lists hold nothing else.
    everything = any(entry.kind != "address" or entry.readings for entry in parsed) and is_everything(parsed)
    return Listing(parsed, reports, everything, any(entry.kind == "masked" for entry in parsed))


#: Where nobody says what the exchange takes.
ANY_GRAMMAR = AllowlistGrammar()


class Case:
    """One key and everything that a rule may look at. Rules read it, nothing changes it."""

    __slots__ = (
        "accepted",
        "acts",
        "cannot",
        "clock_doubt",
        "confirmed",
        "declared",
        "exchange",
        "fleet",
        "grant",
        "grant_basis",
        "host",
        "key",
        "labels",
        "list_basis",
        "list_state",
        "listing",
        "now",
        "observed",
        "ours",
        "placing",
        "policy",
        "retired",
        "root",
        "stale",
        "status",
        "subject",
        "trusted",
        "ways",
    )

    def __init__(
        self,
        *,
        key: KeyFacts,
        host: Host,
        exchange: Exchange | None,
        cannot: frozenset[str],
        policy: Policy,
        now: float,
        placing: bool,
        labels: t.Mapping[tuple[str, str], int],
        confirmed: bool = False,
        ours: t.Collection[str] = (),
    ) -> None:
        self.key = key
        self.host = host
        self.exchange = exchange
        #: What is known of all hosts together; set where a whole inventory is judged.
        self.fleet: Fleet | None = None
        self.cannot = cannot
        self.policy = policy
        self.now = now
        self.placing = placing
        self.labels = labels
        self.confirmed = confirmed
        self.ours = ours
        self.declared = key.declared
        self.retired = is_retired(key)
        self.status = key.access.status
        self.trusted = key.official or key.environment == "custom"
        self.observed = key.observed if self.trusted else None
        self.accepted = self.trusted and self.status == ACCEPTED
        self.root = self._root()
        asked = instant(key.asked_at)
        self.clock_doubt = asked is not None and asked - now > CLOCK_DOUBT
        self.stale = stale(key.asked_at, policy=policy, now=now)
        self.subject = Subject(shown(key.host), shown(key.name), shown(key.declared.get("service")) or None)
        self._read_permissions()
        self._read_allowlist()
        self.ways = ways_of(key, host.egress)

    def _root(self) -> Verdict | None:
        if not self.trusted:
            return NOT_OFFICIAL
        return None if self.status in (ACCEPTED, "not_asked") else NO_ANSWER

    def _read_permissions(self) -> None:
        self.grant: Grant | None = None
        self.grant_basis = "none"
        #: Whether the exchange tells that the key does more than read, though not what.
        self.acts = self._acts()
        benign: tuple[str, ...] = ()
        if "benign_permissions" in self.declared and self.basis_of("benign_permissions") == "attested":
            benign = tuple(str(w).removeprefix(UNKNOWN_PREFIX) for w in self.declared["benign_permissions"])
        if self.observed is not None and self.observed.permissions is not None:
            self.grant, self.grant_basis = grant(self.observed.permissions, benign), "observed"
        elif self.may_be_declared("permissions"):
            words = declared_words(self.declared)
            if words is not None and not (self.acts and words <= {"read"}):
                self.grant, self.grant_basis = grant(tuple(sorted(words)), ()), self.basis_of("permissions")

    def _acts(self) -> bool:
        if self.observed is None or self.observed.permissions is not None or self.exchange is None:
            return False
        return not self.exchange.vague_words().isdisjoint(self.observed.raw_permissions)

    def _read_allowlist(self) -> None:
        """Tell the list's four states apart; what a person entered stands in where the exchange does not show it."""
        self.listing: Listing | None = None
        self.list_basis = "none"
        self.list_state = "unknown"
        entries: tuple[str, ...] = ()
        allowlist = self.observed.allowlist if self.observed is not None else None
        if allowlist is not None and allowlist.state != "unknown":
            self.list_state, self.list_basis = allowlist.state, "observed"
            entries = allowlist.entries if allowlist.state == "entries" else ()
            if allowlist.state == "entries" and not entries:
                self.list_state, self.list_basis = "unknown", "none"
        elif self.may_be_declared("allowlist") and "ip_restriction" in self.declared:
            self.list_state = "hidden" if self.declared["ip_restriction"] else "unrestricted"
            self.list_basis = self.basis_of("ip_restriction")
        basis = self.list_basis
        if not entries and self.list_state != "unrestricted" and self.may_be_declared("allowlist", hidden=True):
            entries, basis = tuple(self.declared.get("allowlist") or ()), self.basis_of("allowlist")
        if entries:
            self.listing = listing(entries, self.grammar, self._owned())
            if self.list_state in ("entries", "unknown"):
                self.list_state, self.list_basis = "entries", basis
            if self.listing.everything and self.list_state == "entries":
                self.list_state = "unrestricted"

    def _owned(self) -> tuple[str, ...]:
        if "owned_prefixes" in self.declared and self.basis_of("owned_prefixes") == "attested":
            return tuple(self.declared["owned_prefixes"])
        return ()

    @property
    def restrictable(self) -> bool:
        """Whether the exchange can restrict a key to addresses at all."""
        return self.exchange is None or self.exchange.restricts_addresses()

    @property
    def grammar(self) -> AllowlistGrammar:
        """What the exchange takes as an entry of its allowlist."""
        return self.exchange.allowlist_rule().grammar if self.exchange is not None else ANY_GRAMMAR

    @property
    def entries_basis(self) -> str:
        """What the entries rest on: a hidden list is observed to exist, while its entries are only somebody's word."""
        if self.list_state == "hidden" or self.observed is None or not self.observed.allowlist.entries:
            return self.basis_of("allowlist")
        return "observed"

    def may_be_declared(self, field: str, *, hidden: bool = False) -> bool:
        """Tell whether a person's word may stand in for ``field``: only where the exchange cannot tell it.

        A key that was refused could have told it, so there the answer stays open. ``hidden`` is for a list that the
        exchange is known to restrict without showing it.
        """
        if self.status == "not_asked" or field in self.cannot or self.exchange is None:
            return True
        if self.observed is None:
            return False
        return field in self.observed.not_told or (hidden and self.observed.allowlist.state == "hidden")

    def basis_of(self, *names: str) -> str:
        """Return ``attested`` if a named person vouches for all of these, recently enough; else ``declared``."""
        attested = self.declared.get("attested")
        if not attested:
            return "declared"
        for name in names:
            word = attested.get(name)
            if not word or not self.fresh(word.get("by"), word.get("on")):
                return "declared"
        return "attested"

    def fresh(self, by: t.Any, on: t.Any) -> bool:
        """Tell whether a person's word still counts: a name, and a day neither too old nor in the future."""
        day = instant(on)
        if day is None or not by or not str(by).strip():
            return False
        return -DAY <= self.now - day <= (self.policy.attestation_days + 1) * DAY

    def spelled(self, name: t.Any) -> str:
        """Return the id of a key or an account as it is compared with another one."""
        return self.exchange.spelled(str(name)) if self.exchange is not None else str(name).strip()

    def no_answer(self, field: str, evidence: str) -> Verdict:
        """Return the unknown for a field nobody told: folded under its root where the key was refused."""
        if self.root is not None and field not in self.cannot:
            return self.root
        declared = _DECLARED_AS.get(field) if self.may_be_declared(field) else None
        if declared is None:
            return unknown(evidence)
        look = f"Look it up on {self.title}'s page of the key, declare {declared}, and say in attested who looked."
        return unknown(evidence, remedy=Remedy(look, None, None, self.click_path))

    @property
    def read_only(self) -> bool:
        """Whether the key can certainly do no more than read."""
        return self.grant is not None and self.grant_basis != "declared" and self.grant.read_only

    @property
    def click_path(self) -> str | None:
        """Where a person edits keys on the exchange's own pages."""
        return self.exchange.click_path() if self.exchange is not None else None

    @property
    def title(self) -> str:
        """The exchange's name as people write it; of one that is not known here, the name that ccxt has for it."""
        if self.exchange is not None:
            return self.exchange.title
        return shown(self.declared.get("ccxt_id") or self.key.exchange)


#: What a person declares in place of a field that the exchange does not tell.
_DECLARED_AS = {
    "permissions": "access and products",
    "allowlist": "allowlist or ip_restriction",
    "account": "account and account_level",
    "created_at": "created_on",
    "label": "label",
    "owner_kind": "owner_kind",
}


@functools.lru_cache(maxsize=1024)
def _words_of(access: str | None, products: tuple[str, ...]) -> frozenset[str] | None:
    if access is None or (access == "read_write" and not products):
        return None
    words = {"read"}
    if access == "read_write":
        words.update(PRODUCT_WORDS[product] for product in products if product in PRODUCT_WORDS)
    return frozenset(words)


def declared_words(declared: t.Mapping[str, t.Any]) -> frozenset[str] | None:
    """Return the permission words that the owner declared, or ``None`` where access or products are not declared."""
    return _words_of(declared.get("access"), tuple(declared.get("products") or ()))


_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(?:Z|\+00:00))?"
)


@functools.lru_cache(maxsize=65536)
def instant(text: t.Any) -> float | None:
    """Return the seconds since 1970 of an ISO 8601 instant in UTC or of a day's start; ``None`` for anything else."""
    found = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    if not (year and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    return float(calendar.timegm((year, month, day, hour, minute, second)))


def stale(asked_at: str, *, policy: Policy, now: float) -> str | None:
    """Return why a fact that was learned at ``asked_at`` can prove nothing now, or ``None`` where it can."""
    asked = instant(asked_at)
    if asked is None:
        return "of an unknown time"
    if asked - now > CLOCK_DOUBT:
        return "from the future: the host's clock or the judge's is wrong"
    return f"{days(now - asked)} old" if now - asked > policy.max_fact_age else None


_PLAIN = re.compile(r"[A-Za-z0-9_.,/@+-]*(?: [A-Za-z0-9_.,/@+-]+)*")


def shown(text: t.Any, *, limit: int = 80) -> str:
    """Return foreign text as one safe line; nothing is shown for ``None``."""
    if text is None:
        return ""
    if isinstance(text, str) and len(text) <= limit and _PLAIN.fullmatch(text):
        return text  # most names are plain, and the full door costs thirty times more
    return one_line(text, limit=limit)


def listed(texts: t.Iterable[t.Any], *, most: int = 5) -> str:
    """Return some foreign texts in one line, and how many more there are, with a mark that stands for those."""
    each = list(texts)
    rest = f" and {len(each) - most} more ({mark(each[most:])})" if len(each) > most else ""
    return ", ".join(shown(text, limit=50) for text in each[:most]) + rest


def mark(texts: t.Iterable[t.Any]) -> str:
    """Return some letters that stand for these texts: the same for the same ones, in any order."""
    told = "\n".join(sorted(ascii(each) for each in texts))
    return hashlib.sha256(told.encode()).hexdigest()[:6]


def days(seconds: float) -> str:
    """Return a stretch of time as people say it: ``9 days``, ``1 day``, ``5 hours``."""
    number, unit = (round(seconds / DAY), "day") if seconds >= DAY * 1.5 else (max(0, round(seconds / 3600)), "hour")
    return f"{number} {unit}" + ("" if number == 1 else "s")
