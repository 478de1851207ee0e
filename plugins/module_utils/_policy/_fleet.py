# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of all keys and hosts of an inventory together. Pure, and linear in the number of keys.

Which keys are one key on several hosts is told by what the exchange, the placed credential or the inventory tells of
its id. A key of which nobody knows that may be any other one of its exchange: as long as there is one, nobody may say
that an entry of an allowlist is used by no host. Private to this collection.
"""

from __future__ import annotations

import collections
import functools
import typing as t

from .._allowlist._cover import unused
from .._allowlist._grammar import Entry, parse_entry, read_address
from .._allowlist._lint import paste_text
from .._clock import from_milliseconds, to_text
from .._errors import InputError
from .._facts import EgressFacts
from ._case import ANY_GRAMMAR, DAY, NOT_OBSERVED, Case, Host, instant, shown
from ._earlier import Baseline, History, WayName, Worked
from ._egress import addable, covered, seen_from
from ._finding import MOST_NAME, pasted
from ._other_keys import ENOUGH, OtherKeys
from ._settings import Policy

#: A key by host and name, as the inventory writes them.
Place = tuple[str, str]


class GivenId(t.NamedTuple):
    """What the controller knows of a key's id: a mark that is the same for the same id in this run, and its ends."""

    mark: str
    masked: str


class FleetInput(t.NamedTuple):
    """What is known of an inventory beside the facts.

    ``hosts`` are all its hosts, ``declared`` all keys that it declares. ``unseen`` says why there are no facts of a key
    of this run. ``ids`` and ``phrases`` hold marks of what the inventory tells: equal marks, equal values. ``since`` is
    when this run began, in seconds since 1970.
    """

    hosts: frozenset[str]
    declared: frozenset[Place]
    unseen: t.Mapping[Place, str] = {}
    ids: t.Mapping[Place, GivenId] = {}
    phrases: t.Mapping[Place, str] = {}
    history: History | None = None
    baseline: Baseline | None = None
    since: float = 0.0


class Unseen(t.NamedTuple):
    """A declared key that was not seen in this run, and why."""

    host: str
    key: str
    why: str


class Idle(t.NamedTuple):
    """An entry that no host uses, as far as hosts were seen; ``since`` when (ISO 8601), where that is known."""

    entry: str
    since: str | None


class AllowlistText(t.NamedTuple):
    """What to do with one key's allowlist, in three parts; all hosts that use the key are in ``used_by``.

    ``add`` are addresses on two kinds of evidence, ``unconfirmed`` such as nothing may be pasted for yet. ``idle`` are
    entries that no host was seen to use. Only where ``whole`` (every host that may use the key was seen) they are in
    ``remove_later`` too, and out of ``keep``. ``why_not_whole`` says who was not seen. ``line`` is the text to paste,
    which still holds what is to be removed later; ``None`` where the list is not known.
    """

    exchange: str
    environment: str
    used_by: tuple[Place, ...]
    state: str
    add: tuple[str, ...]
    keep: tuple[str, ...]
    remove_later: tuple[str, ...]
    unconfirmed: tuple[str, ...]
    idle: tuple[Idle, ...]
    whole: bool
    why_not_whole: tuple[str, ...]
    line: str | None

    @property
    def says_something(self) -> bool:
        """Whether there is anything to do or to know beside keeping the list."""
        return bool(self.add or self.unconfirmed or self.idle)


class SeenFrom(t.NamedTuple):
    """Where a host is seen from over one way, and the addresses at which an exchange last accepted a restricted key."""

    host: str
    family: str
    proxy: str
    source_address: str | None
    addresses: tuple[str, ...]
    accepted: tuple[str, ...]
    accepted_at: str | None


class Coverage(t.NamedTuple):
    """How much of the inventory was seen. A host is seen when each of its keys is."""

    hosts_declared: int
    hosts_seen: int
    keys_declared: int
    keys_seen: int
    not_seen: tuple[Unseen, ...]


class _Open:
    """Keys of one exchange and environment whose id is not known, counted by account."""

    def __init__(self) -> None:
        self.count: collections.Counter[str | None] = collections.Counter()
        self.example: dict[str | None, str] = {}

    def add(self, case: Case) -> None:
        account = _account(case)
        self.count[account] += 1
        self.example.setdefault(account, _named(case))

    def like(self, case: Case) -> str | None:
        """Return which of them might be the key of ``case``: those of its account, and of no known one."""
        account = _account(case)
        accounts = list(self.count) if account is None else [a for a in (account, None) if a in self.count]
        number = sum(self.count[a] for a in accounts)
        if not number:
            return None
        rest = f" and {number - 1} more" if number > 1 else ""
        return f"{self.example[accounts[0]]}{rest} may use this key too: its id is not known"


class Group:
    """One key of an exchange, as all hosts that use it see it."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.text: AllowlistText | None = None
        self.hosts: tuple[str, ...] | None = None
        self.idle: tuple[Entry, ...] = ()
        self.sure = True


class Fleet:
    """All keys of an inventory; rules read it, nothing changes it."""

    def __init__(
        self, cases: t.Sequence[Case], *, hosts: t.Mapping[str, Host], given: FleetInput, policy: Policy, now: float
    ) -> None:
        self.given = given
        self.policy = policy
        self.now = now
        self.hosts = hosts
        self.cases = tuple(cases)
        self.why: dict[Place, str] = {}
        for case in cases:
            why = self._unseen(case)
            if why is not None:
                self.why[place(case)] = why
        self._groups: dict[Place, Group] = {}
        self._open: dict[tuple[str, str], _Open] = {}
        self._group_keys()
        self.phrases: dict[str, list[Case]] = {}
        for case in cases:
            mark = given.phrases.get(place(case))
            if mark is not None and not case.retired:
                self.phrases.setdefault(mark, []).append(case)
        self.at: dict[str, list[str]] = {}
        for host in hosts.values():
            for address in dict.fromkeys(a for fact in host.egress for a in fact.addresses if fact.status == "agreed"):
                self.at.setdefault(address, []).append(host.name)
        self._accepted = self._accepted_now()
        self._was_at: dict[str, str] = {}
        if given.history is not None:
            for way, worked in given.history.worked.items():
                self._was_at.update((address, way[0]) for address in worked.addresses)
        self.twins = self._twins()

    # --- who was seen ---

    def _unseen(self, case: Case) -> str | None:
        why = self.given.unseen.get(place(case))
        if why is not None:
            return why
        if case.status == NOT_OBSERVED:
            return "there are no facts of it"
        if case.stale is not None:
            return f"its facts are {case.stale}"
        return None

    def seen(self, case: Case) -> bool:
        """Tell whether there are facts of this run."""
        return place(case) not in self.why

    def coverage(self) -> Coverage:
        """Count what was seen of what the inventory declares."""
        declared = [case for case in self.cases if place(case) in self.given.declared]
        unseen = [
            Unseen(shown(case.key.host), shown(case.key.name), self.why[place(case)])
            for case in declared
            if not self.seen(case)
        ]
        hosts = {case.key.host for case in declared}
        lacking = {case.key.host for case in declared if not self.seen(case)}
        return Coverage(
            len(hosts), len(hosts) - len(lacking), len(declared), len(declared) - len(unseen), tuple(unseen)
        )

    # --- which keys are one ---

    def _group_keys(self) -> None:
        buckets: dict[tuple[str, str], list[Case]] = {}
        for case in self.cases:
            if case.retired:
                continue
            masked = self._masked(case)
            masked = masked and case.spelled(masked)
            if masked is None:
                self._open.setdefault((case.key.exchange, case.key.environment), _Open()).add(case)
            else:
                buckets.setdefault((case.key.exchange, masked), []).append(case)
        for (_exchange, masked), cases in buckets.items():
            for group in self._split(cases, masked=masked):
                self._groups.update((place(case), group) for case in group.cases)

    def _split(self, cases: t.Sequence[Case], *, masked: str) -> t.Iterable[Group]:
        """Split keys with the same ends by what is known of all of them: the inventory's ids, else the accounts."""
        sure = len(masked) - masked.count("…") >= ENOUGH
        tellers: tuple[t.Callable[[Case], str | None], ...] = (self._mark, _observed_account)
        for tell in tellers if len(cases) > 1 else ():
            told = [tell(case) for case in cases]
            if all(each is not None for each in told):
                groups: dict[str | None, Group] = {}
                for case, name in zip(cases, told):
                    groups.setdefault(name, Group()).cases.append(case)
                for group in groups.values():
                    group.sure = sure or tell == self._mark
                return groups.values()
        one = Group()
        one.cases = list(cases)
        one.sure = sure or len(cases) == 1
        return (one,)

    def _mark(self, case: Case) -> str | None:
        known = self.given.ids.get(place(case))
        return known.mark if known is not None else None

    def _masked(self, case: Case) -> str | None:
        if case.observed is not None and case.observed.masked_id:
            return case.observed.masked_id
        if case.key.credential is not None and case.host.machine is not None:
            for held in case.host.machine.credentials:
                if held.get("name") == case.key.credential:
                    ids = [each for each in _dicts(held.get("api_keys")) if isinstance(each.get("masked_id"), str)]
                    own = [each for each in ids if each.get("entry") == case.key.name] or ids
                    if len(own) == 1:
                        return str(own[0]["masked_id"])
        if case.key.file is not None and case.host.machine is not None and case.host.machine.exposed is not None:
            for found in _dicts(case.host.machine.exposed.get("found_keys")):
                if found.get("name") == case.key.name and isinstance(found.get("masked_id"), str):
                    return str(found["masked_id"])
        known = self.given.ids.get(place(case))
        return known.masked if known is not None else None

    def group(self, case: Case) -> Group | None:
        """Return the key with all its hosts; ``None`` where nobody knows its id."""
        return self._groups.get(place(case))

    def strangers(self, case: Case) -> str | None:
        """Return which other keys might be this one, or ``None`` where there are none."""
        open_ = self._open.get((case.key.exchange, case.key.environment))
        return open_.like(case) if open_ is not None else None

    @functools.cached_property
    def other_keys(self) -> OtherKeys:
        """The lists of an account's keys that exchanges told, held against all keys here."""
        known = self.policy.known_keys
        return OtherKeys(self.cases, masked=self._masked, account=_account, known=known)

    # --- the allowlist of one key ---

    def allowlist(self, case: Case) -> AllowlistText:
        """Return the three parts for the key of ``case``, worked out once for all its hosts."""
        group = self.group(case)
        if group is None:
            alone = Group()
            alone.cases = [case]
            return self._three_parts(alone, known=False)
        if group.text is None:
            group.text = self._three_parts(group, known=True)
        return group.text

    def allowlists(self) -> tuple[AllowlistText, ...]:
        """Return the three parts of every key that is used, each key once."""
        done: set[int] = set()
        texts = []
        for case in self.cases:
            if case.retired:
                continue
            group = self.group(case)
            if group is None or id(group) not in done:
                texts.append(self.allowlist(case))
            if group is not None:
                done.add(id(group))
        return tuple(texts)

    def _three_parts(self, group: Group, *, known: bool) -> AllowlistText:
        listing = max(
            (case for case in group.cases if case.listing is not None and case.list_state != "unknown"),
            key=lambda case: (self.seen(case), instant(case.key.asked_at) or 0.0),
            default=None,
        )
        base = listing or group.cases[0]
        entries = listing.listing.entries if listing is not None and listing.listing is not None else ()
        if base.list_state == "unrestricted":
            entries = tuple(entry for entry in entries if entry.kind != "everything")
        idle, missing = self._idle(group, entries, known=known)
        add: dict[str, None] = {}
        doubtful: dict[str, None] = {}
        for case in group.cases:
            if case.list_state == "unknown" or not self.seen(case):
                continue
            sure, open_ = addable(case)
            changed = self.moved(case.host)
            add.update(dict.fromkeys(a for a in sure if case.confirmed or a not in changed))
            doubtful.update(dict.fromkeys([*open_, *(a for a in sure if not case.confirmed and a in changed)]))
        whole = not missing
        gone = {entry.text for entry in idle} if whole else set()
        keep = [entry for entry in entries if entry.text not in gone]
        line = None
        # What was listed since an old list was learned would be lost by pasting that. And where everybody is let in
        # today, a list cuts off every host that it lacks.
        safe = listing is None or self.seen(listing)
        if base.list_state == "unrestricted":
            safe = safe and whole and not doubtful and self._all_told(group)
        if (entries or add) and safe:
            later = [entry for entry in entries if entry.text in gone]
            line = paste_text(keep=keep, add=list(add), remove_later=later, grammar=base.grammar).line or None
        return AllowlistText(
            exchange=shown(base.key.exchange),
            environment=shown(base.key.environment),
            used_by=tuple((shown(case.key.host), shown(case.key.name)) for case in group.cases),
            state=base.list_state,
            add=tuple(map(shown, add)),
            keep=tuple(shown(entry.text) for entry in keep),
            remove_later=tuple(shown(entry.text) for entry in idle) if whole else (),
            unconfirmed=tuple(map(shown, doubtful)),
            idle=tuple(Idle(shown(entry.text), self._since(group, shown(entry.text), whole=whole)) for entry in idle),
            whole=whole,
            why_not_whole=missing,
            line=pasted(line),
        )

    def _all_told(self, group: Group) -> bool:
        """Tell whether it is known from where every host is seen that uses the key, or may have to."""
        hosts = {case.key.host for case in group.cases}
        others = {
            str(name)
            for case in group.cases
            for field in ("standby_hosts", "shared_with")
            for name in case.declared.get(field) or ()
        }
        return others <= hosts and all(
            way.families and all(_told(way.facts, family) for family in way.families)
            for case in group.cases
            for way in case.ways
        )

    def users(self, case: Case) -> tuple[str, ...]:
        """Return all hosts that are known to use the key of ``case``, worked out once for all of them."""
        group = self.group(case)
        if group is None:
            return ()
        if group.hosts is None:
            group.hosts = tuple(sorted({other.key.host for other in group.cases}))
        return group.hosts

    def _since(self, group: Group, entry: str, *, whole: bool) -> str | None:
        history = self.given.history
        for case in group.cases if history is not None else ():
            since = history.idle_since.get((shown(case.key.host), shown(case.key.name), entry)) if history else None
            if since is not None:
                return since
        return _text_of(self.now) if whole else None

    def _idle(
        self, group: Group, entries: tuple[Entry, ...], *, known: bool
    ) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
        """Return the entries that no host was seen to use, and why somebody may use them all the same."""
        missing = [] if known else ["the key's id is not known, so other hosts may use it"]
        used: list[str] = []
        listed = {family for family in ("ipv4", "ipv6") if any(_of_family(entry, family) for entry in entries)}
        users = {case.key.host for case in group.cases}
        for case in group.cases:
            if not self.seen(case):
                missing.append(f"{_named(case)}: {self.why[place(case)]}")
            used += _readable((*seen_from(case), *_beside(case)))
            families = {family for way in case.ways for family in way.families if not _told(way.facts, family)}
            if not any(way.families for way in case.ways):
                families = listed
            missing += [
                f"the {family} address of {shown(case.key.host)} is not known" for family in sorted(families & listed)
            ]
            # Who shares a key need not declare it: a desktop, a program that is set up by hand.
            others = [("the standby host", name) for name in case.declared.get("standby_hosts") or ()]
            others += [("the host", name) for name in case.declared.get("shared_with") or () if str(name) not in users]
            for what, name in others:
                found, lacking = self._addresses_of(str(name), listed)
                used += found
                missing += [f"the {family}address of {what} {shown(name)} is not known" for family in lacking]
        if known and not group.sure:
            missing.append("it is not certain which keys are this one")
        stranger = self.strangers(group.cases[0])
        if stranger is not None:
            missing.append(stranger)
        reasons = self._reasons(group)
        idle = [entry for entry in unused(entries, used) if entry.canonical not in reasons]
        return tuple(idle), tuple(dict.fromkeys(missing))

    def _addresses_of(self, name: str, families: t.Collection[str]) -> tuple[list[str], list[str]]:
        """Return where a host is seen from, and of which of these families that is not known (as ``"ipv4 "``)."""
        host = self.hosts.get(name)
        facts = host.egress if host is not None else []
        found = _readable(a for fact in facts for a in fact.addresses if fact.status == "agreed")
        if not found:
            return [], [""]
        lacking = [
            f"{family} "
            for family in sorted(families)
            if not _told(facts, family)
            or any(fact.family == family and fact.status in ("disputed", "no_quorum") for fact in facts)
        ]
        return found, lacking

    def _reasons(self, group: Group) -> set[str]:
        """Return the entries that are there for a reason whose last day is not over."""
        found = set()
        for case in group.cases:
            for reason in case.declared.get("allowlist_reasons") or ():
                until = instant(reason.get("until"))
                if until is not None and self.now < until + DAY and str(reason.get("reason") or "").strip():
                    found.add(_canonical(str(reason.get("entry"))))
        return found

    def whose(self, entry: str) -> str | None:
        """Return another host of the inventory that is seen from this address now, or ``None``."""
        return next(iter(self.at.get(entry, ())), None)

    def released(self, entry: str) -> str | None:
        """Return the host that had this address and has it no more: it may be anybody's by now."""
        host = self._was_at.get(entry)
        return host if host is not None and host not in self.at.get(entry, ()) else None

    # --- addresses ---

    def _accepted_now(self) -> dict[WayName, tuple[str, ...]]:
        """Return the addresses at which an exchange accepted a restricted key in this run, by way."""
        found: dict[WayName, dict[str, None]] = {}
        for host in self.hosts.values():
            for fact in host.egress:
                if fact.basis == "exchange_accepted" and fact.status == "agreed":
                    found.setdefault(_way_name(fact), {}).update(dict.fromkeys(fact.addresses))
        for case in self.cases:
            if not case.accepted or not self.seen(case) or case.list_state not in ("entries", "hidden"):
                continue
            for fact in (fact for way in case.ways if way.own for fact in way.facts if fact.status == "agreed"):
                # A list that is not shown proves an address only where there is no other.
                alone = case.listing is None and len(seen_from(case)) == 1
                good = [a for a in fact.addresses if alone or covered(case, a)]
                if good:
                    found.setdefault(_way_name(fact), {}).update(dict.fromkeys(good))
        return {way: tuple(addresses) for way, addresses in found.items()}

    def moves(self, host: Host) -> t.Iterator[tuple[EgressFacts, Worked | None, tuple[str, ...]]]:
        """Yield each agreed way of a host, what worked there before, and the addresses that never did."""
        history = self.given.history
        for fact in host.egress:
            if fact.status != "agreed" or not fact.addresses or history is None:
                continue
            before = history.worked.get(_way_name(fact))
            good = self._accepted.get(_way_name(fact), ())
            known = set(good).union(before.addresses if before is not None else ())
            yield fact, before, tuple(a for a in fact.addresses if a not in known) if before is not None else ()

    def moved(self, host: Host) -> frozenset[str]:
        """Return the addresses of a host that differ from those that worked before, and were not accepted since."""
        return frozenset(address for _fact, _before, new in self.moves(host) for address in new)

    def addresses(self) -> tuple[SeenFrom, ...]:
        """Return every way of every host; what worked before stays until something else is accepted."""
        rows: dict[WayName, SeenFrom] = {}
        history = self.given.history
        for way, worked in history.worked.items() if history is not None else ():
            if way[0] in self.given.hosts:
                rows[way] = _row(way, accepted=worked.addresses, at=worked.at)
        for host in self.hosts.values():
            for fact in host.egress:
                if fact.status != "agreed":
                    continue
                way = _way_name(fact)
                old = rows.get(way)
                good = self._accepted.get(way, ())
                accepted = good or (old.accepted if old is not None else ())
                at = _text_of(self.now) if good else (old.accepted_at if old is not None else None)
                rows[way] = _row(way, fact.addresses, accepted=accepted, at=at)
        return tuple(rows.values())

    # --- machines ---

    def _twins(self) -> dict[str, tuple[str, str]]:
        """Return the hosts that are the same machine as another one: which other, and by what that shows."""
        found: dict[str, tuple[str, str]] = {}
        first: dict[tuple[str, str], str] = {}
        for host in self.hosts.values():
            for kind, mark in identity_marks(host):
                other = first.setdefault((kind, mark), host.name)
                if other != host.name:
                    found.setdefault(host.name, (other, kind))
                    found.setdefault(other, (host.name, kind))
        return found


def place(case: Case) -> Place:
    """Return a key's host and name as the inventory writes them."""
    return case.key.host, case.key.name


def identity_marks(host: Host) -> t.Iterator[tuple[str, str]]:
    """Yield what tells a host from its clones: the kind and the mark."""
    identity = host.machine.identity if host.machine is not None else None
    if not isinstance(identity, t.Mapping):
        return
    if isinstance(identity.get("machine_id"), str):
        yield "machine-id", identity["machine_id"]
    keys = identity.get("ssh_host_keys")
    for key in keys if isinstance(keys, (list, tuple)) else ():
        yield "SSH host key", str(key)


def _account(case: Case) -> str | None:
    """Return the account of a key as the exchange tells it, else as a named person vouches for it."""
    account = _observed_account(case)
    if account is None and case.declared.get("account") and case.basis_of("account") == "attested":
        return case.spelled(case.declared["account"])
    return account


def _observed_account(case: Case) -> str | None:
    account = case.observed.account.id if case.observed is not None else None
    return None if account is None else case.spelled(account)


def _named(case: Case) -> str:
    return f"{shown(case.key.name)} on {shown(case.key.host)}"


def _way_name(fact: EgressFacts) -> WayName:
    return fact.host, fact.family, fact.path.proxy, fact.path.source_address


def _row(way: WayName, addresses: t.Iterable[str] = (), *, accepted: t.Iterable[str], at: str | None) -> SeenFrom:
    host, family, proxy, source = way
    source = None if source is None else shown(source, limit=MOST_NAME)
    return SeenFrom(
        shown(host, limit=MOST_NAME),
        family,
        proxy,
        source,
        tuple(map(shown, addresses)),
        tuple(map(shown, accepted)),
        at,
    )


def _told(facts: t.Iterable[EgressFacts], family: str) -> bool:
    return any(fact.family == family and fact.status in ("agreed", "no_route") for fact in facts)


def _beside(case: Case) -> t.Iterator[str]:
    """Yield the addresses of the host's other family on the key's own ways: that an exchange shows none may pass."""
    paths = {(fact.path.proxy, fact.path.source_address) for way in case.ways for fact in way.facts}
    for fact in case.host.egress:
        if fact.status == "agreed" and (fact.path.proxy, fact.path.source_address) in paths:
            yield from fact.addresses


def _of_family(entry: Entry, family: str) -> bool:
    return any(span[0] == (6 if family == "ipv6" else 4) for span in entry.spans)


def _readable(addresses: t.Iterable[str]) -> list[str]:
    """Return those that are one plain address: hosts and exchanges may write anything."""
    found = []
    for address in addresses:
        try:
            version, value = read_address(address)
        except InputError:
            continue
        if not (version == 6 and value >> 32 == 0xFFFF):
            found.append(address)
    return found


def _canonical(entry: str) -> str:
    return parse_entry(entry, rule=ANY_GRAMMAR).canonical


def _text_of(at: float) -> str:
    return to_text(from_milliseconds(int(at * 1000)))


def _dicts(value: t.Any) -> list[t.Mapping[str, t.Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, (list, tuple)) else []
