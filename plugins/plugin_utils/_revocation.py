# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which keys are to be deleted in an emergency, in which order, and how far that is. Private to this collection.

Pure functions around plain values, which Ansible carries from task to task. A *row* is one key on one host: a mapping
with ``host``, ``key``, ``exchange``, ``environment``, ``region``, ``title``, ``id`` (its ends, or ``None``),
``number`` (of the key in the list that people see), ``documents`` (credentials that hold it), ``services``, ``where``
(in the inventory), ``page``, ``way``, ``dead_since`` (by an earlier timeline), ``known`` (whether its exchange was seen
to know it, asked from this host at this site), ``status`` (:data:`DEAD`, :data:`ALIVE` or :data:`UNKNOWN`), ``ask``
(whether it may be asked about again in this run), ``held_by`` (the host that was refused with the same key), ``why``
and ``at``. No secret is in it.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ..module_utils._errors import InputError
from ..module_utils._exchanges._driver import wants_silence
from ..module_utils._exchanges._registry import OTHER
from ..module_utils._facts import ACCEPTED, TRADE_WORDS, UNKNOWN_PREFIX, Access
from ..module_utils._policy._case import declared_words, shown
from ._key_pages import page, title, way
from ._refused_keys import MANY, SAME_KEY, why_held_back

DEAD, ALIVE, UNKNOWN = "dead", "alive", "unknown"
STOP, KEEP, RUN = "stop", "keep", "run"

Row = dict[str, t.Any]
Event = dict[str, t.Any]
_Place = tuple[str, str]

_MONEY_OUT = frozenset(("spend", "transfer_out", "transfer_sub"))
#: What a key can do, the most powerful first.
POWERS = ("withdraw", "money out", "manage keys", "trade", "read")


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One key of one host, as the inventory declares it and as it was last seen.

    ``declared`` is empty for a key that only the facts tell of. ``permissions`` are the words last observed, on the day
    ``seen_on``. ``known`` says that the exchange knew it then. ``mark`` is equal for equal ids, where the inventory
    holds the id. ``file`` is ``{path, entry}`` of a key that lies in clear.
    """

    host: str
    name: str
    exchange: str
    environment: str = "mainnet"
    region: str | None = None
    declared: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    where: str | None = None
    id: str | None = None
    mark: str | None = None
    account: str | None = None
    parent_account: str | None = None
    label: str | None = None
    permissions: frozenset[str] | None = None
    seen_on: str | None = None
    known: bool = False
    documents: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    file: t.Mapping[str, t.Any] | None = None

    @property
    def place(self) -> _Place:
        """Return where it is."""
        return self.host, self.name

    def accounts(self) -> frozenset[str]:
        """Return the ids of the account and of the one above it."""
        told = (self.account, self.parent_account, self.declared.get("account"))
        return frozenset(str(each) for each in told if each)


@dataclasses.dataclass(frozen=True)
class Selection:
    """What a person asked for: a key, a host, an account, an owner, or several of these at once."""

    key: str = ""
    host: str = ""
    account: str = ""
    owner: str = ""

    def words(self) -> list[str]:
        """Return what was given."""
        return [str(value) for value in dataclasses.astuple(self) if value]

    def fits(self, candidate: Candidate) -> bool:
        """Return whether it is about this key."""
        owner = str(candidate.declared.get("owner") or "")
        return (
            self.key in ("", candidate.name)
            and self.host in ("", candidate.host)
            and (not self.account or self.account in candidate.accounts())
            and (not self.owner or self.owner.casefold() == owner.casefold())
        )


@dataclasses.dataclass(frozen=True)
class Power:
    """How much harm a key can do: a rank (0 is the worst), in words, and what that is known from."""

    rank: int
    text: str
    proved: bool

    def order(self) -> tuple[int, bool]:
        """Return what to sort by: of two that are as bad, the one of which that was seen comes first."""
        return self.rank, not self.proved


def power(candidate: Candidate) -> Power:
    """Return what a key can do, by what was observed last, else by what is declared; else it may do anything."""
    words = candidate.permissions
    if words is not None:
        day = f", seen {candidate.seen_on}" if candidate.seen_on else ""
        strange = sorted(word for word in words if word.startswith(UNKNOWN_PREFIX))
        if strange and "withdraw" not in words:
            return Power(
                0,
                f"has a permission that nobody knows ({shown(strange[0])}), so treat it as one that can withdraw{day}",
                False,
            )
        rank, text = _of_words(words)
        return Power(rank, f"{text}{day}", True)
    words = declared_words(candidate.declared)
    if words is None:
        return Power(0, "nobody knows what it can do, so treat it as one that can withdraw", False)
    rank, text = _of_words(words)
    return Power(rank, f"{text}, as declared", False)


def _of_words(words: frozenset[str]) -> tuple[int, str]:
    if "withdraw" in words:
        return 0, "CAN WITHDRAW"
    if words & _MONEY_OUT:
        return 1, "money can leave by it"
    if "manage_keys" in words:
        return 2, "can manage keys"
    if words & (TRADE_WORDS | {"transfer_own"}):
        return 3, "can trade"
    return 4, "can read"


def same(one: Candidate, other: Candidate) -> bool:
    """Return whether two hosts use one key, as far as the inventory and the facts tell. In doubt they do not."""
    if (one.exchange, one.environment) != (other.exchange, other.environment):
        return False
    if one.mark and other.mark:
        return one.mark == other.mark
    if one.id and other.id:
        apart = one.account and other.account and one.account != other.account
        return one.id == other.id and not apart
    if other.host not in _sharers(one) and one.host not in _sharers(other):
        return False
    labels = [each.declared.get("label") for each in (one, other)]
    return one.name == other.name or (labels[0] is not None and labels[0] == labels[1])


def _sharers(one: Candidate) -> list[str]:
    given = one.declared.get("shared_with")
    return [str(host) for host in given] if isinstance(given, list) else []


class _Alike:
    """Finds the keys that are the same as one, without comparing each with each."""

    def __init__(self, candidates: t.Iterable[Candidate]) -> None:
        self._by: dict[tuple[str, ...], list[Candidate]] = {}
        for one in candidates:
            for name in self._names(one):
                self._by.setdefault(name, []).append(one)
            self._by.setdefault(("host", one.host), []).append(one)
            for host in _sharers(one):
                self._by.setdefault(("shares with", host), []).append(one)

    def of(self, one: Candidate) -> list[Candidate]:
        """Return them, without the one itself."""
        names = [*self._names(one), ("shares with", one.host), *(("host", host) for host in _sharers(one))]
        near = {other.place: other for name in names for other in self._by.get(name, ())}
        return [other for other in near.values() if other.place != one.place and same(one, other)]

    @staticmethod
    def _names(one: Candidate) -> list[tuple[str, ...]]:
        told = (("mark", one.mark), ("id", one.id))
        return [(kind, one.exchange, one.environment, value) for kind, value in told if value]


def selected(candidates: t.Sequence[Candidate], selection: Selection) -> list[Candidate]:
    """Return the keys that are meant, and those that are the same key on other hosts, in the order given.

    Raises ``InputError`` where nothing was asked for, or nothing fits.
    """
    if not selection.words():
        mend = "give one of key, host, account and owner"
        raise InputError(field="The keys to revoke", problem="are not named", mend=mend)
    found = {each.place: each for each in candidates if selection.fits(each)}
    if not found:
        known = sorted({each.name for each in candidates})[:10]
        mend = f"the inventory and the facts know {', '.join(known)}" if known else "no host declares a key"
        raise InputError(field="The keys to revoke", value=" ".join(selection.words()), problem="fit no key", mend=mend)
    alike, queue = _Alike(candidates), list(found.values())
    while queue:
        for other in alike.of(queue.pop()):
            if other.place not in found:
                found[other.place] = other
                queue.append(other)
    return [each for each in candidates if each.place in found]


def groups(chosen: t.Sequence[Candidate]) -> list[list[Candidate]]:
    """Return the keys with their hosts, one list for each key of an exchange, the most powerful first."""
    alike = _Alike(chosen)
    placed: set[_Place] = set()
    found: list[list[Candidate]] = []
    for first in chosen:
        if first.place in placed:
            continue
        group = [first]
        placed.add(first.place)
        for one in group:  # it grows meanwhile
            more = [other for other in alike.of(one) if other.place not in placed]
            group += more
            placed.update(other.place for other in more)
        found.append(group)
    # Keys of one account follow each other, so that a person stays on its page.
    return sorted(found, key=lambda group: (_worst(group).order(), group[0].exchange, sorted(_accounts(group))))


def _worst(group: t.Sequence[Candidate]) -> Power:
    return min((power(each) for each in group), key=Power.order)


def _accounts(group: t.Iterable[Candidate]) -> list[str]:
    return sorted({str(each.account or each.declared.get("account") or "") for each in group} - {""})


def plan(
    candidates: t.Sequence[Candidate],
    *,
    selection: Selection,
    earlier: t.Mapping[_Place, t.Mapping[str, t.Any]],
    services: t.Mapping[str, t.Mapping[str, t.Any]],
    at: str,
    operator: str,
) -> dict[str, t.Any]:
    """Return what is to be done, in its order.

    ``earlier`` are events of earlier runs (:func:`last_told`). ``services`` says for each host what its services
    declare to do. The result holds ``word`` (to be typed), ``rows``, ``hosts``, ``lines``
    for people, ``undeclared`` (services that declare nothing), ``mistakes`` (sentences about what services declare that
    they cannot do: the list is shown all the same) and ``events``. Raises ``InputError``.
    """
    rows: list[Row] = []
    lines: list[str] = []
    events: list[Event] = []
    undeclared: set[str] = set()
    begun = {"at": at, "run": at, "operator": operator}
    what = " ".join(selection.words())
    events.append({**begun, "what": "begun", "evidence": f"revoke {shown(what)}"})
    found = groups(selected(candidates, selection))
    good, mistakes = _checked({one.host: services.get(one.host, {}) for group in found for one in group})
    for number, group in enumerate(found, start=1):
        told = _told(group, number=number)
        lines += told["lines"]
        for one in group:
            last = earlier.get(one.place)
            row = _row(one, number=number, head=told, last=last if last and _fits(one, last) else None)
            rows.append(row)
            events.append({**event(row, what="listed", at=at, evidence=told["power"]), **begun})
            wanted = good.get(one.host, {})
            undeclared.update(f"{name} on {one.host}" for name in one.services if _declared_of(name, wanted) is None)
            first = [name for name in one.services if isinstance(_declared_of(name, wanted), list)]
            if first:
                lines.append(
                    f"   {', '.join(first)} on {one.host} reduces with this key first: delete it when that is done, or"
                    " at once where money can leave by it."
                )
    return {
        "word": what,
        "run": at,
        "operator": operator,
        "rows": rows,
        "hosts": sorted({row["host"] for row in rows}),
        "lines": lines,
        "undeclared": sorted(undeclared),
        "mistakes": mistakes,
        "events": events,
    }


def _fits(one: Candidate, last: t.Mapping[str, t.Any]) -> bool:
    """Return whether an earlier event is about this key: a name may have been given to another key since."""
    if last.get("exchange") != one.exchange:
        return False
    return not (one.id and last.get("id")) or one.id == last["id"]


def _told(group: t.Sequence[Candidate], *, number: int) -> dict[str, t.Any]:
    """Return what people read of one key: its name at the exchange, what it can do, where it is, what to open."""
    one = group[0]
    ccxt_id = one.declared.get("ccxt_id")
    name = title(one.exchange, ccxt_id=ccxt_id)
    id_ = next((each.id for each in group if each.id), None)
    label = next((each.label for each in group if each.label), None)
    accounts = _accounts(group)
    worst = _worst(group)
    url = page(exchange=one.exchange, region=one.region, environment=one.environment)
    clicks = way(one.exchange, ccxt_id=ccxt_id)
    site = "" if one.environment == "mainnet" else f" ({shown(one.environment)})"
    parts = [f"key {shown(id_)}" if id_ else "a key whose id is not known (compare the label)"]
    if label:
        parts.append(f"label {shown(label)}")
    if accounts:
        parts.append(f"account {', '.join(map(shown, accounts))}")
    places = ", ".join(f"{shown(each.name)} on {each.host}" for each in group)
    lines = [f"{number}. {name}{site}, {', '.join(parts)}: {worst.text}", f"   {places}"]
    lines += [f"   {url}"] if url else []
    lines.append(f"   {clicks}, then delete it" + ("" if url else " (the address of this page is not known here)"))
    return {
        "lines": lines,
        "title": name,
        "id": id_,
        "page": url,
        "way": clicks,
        "power": worst.text,
        "rank": worst.rank,
    }


def _row(one: Candidate, *, number: int, head: t.Mapping[str, t.Any], last: t.Mapping[str, t.Any] | None) -> Row:
    died = last if last and last["what"] == DEAD else None
    return {
        "host": one.host,
        "key": one.name,
        "number": number,
        "exchange": one.exchange,
        "environment": one.environment,
        "region": one.region,
        "title": head["title"],
        "id": one.id or head["id"],
        "power": head["power"],
        "rank": head["rank"],
        "page": head["page"],
        "way": head["way"],
        "documents": list(one.documents),
        "services": list(one.services),
        "where": one.where,
        "file": dict(one.file) if one.file else None,
        "dead_since": died["at"] if died else None,
        "dead_id": died.get("id") if died else None,
        # What was proved dead was known before.
        "known": one.known or last is not None,
        "status": UNKNOWN,
        "ask": True,
        "why": "nobody asked yet",
        "at": None,
        "held_by": None,
    }


def event(row: Row, *, what: str, at: str, evidence: str) -> Event:
    """Return one line of the timeline about a key."""
    named = {name: row[name] for name in ("host", "key", "exchange", "id")}
    return {"at": at, "what": what, **named, "evidence": evidence}


# --- services ---


def check_services(given: t.Any, *, host: str) -> None:
    """Raise ``InputError`` for what no service can do."""
    field = f"exchange_credentials_revoke_services of {host}"
    mend = "write the name of a service with stop, keep, or a command as a list of words"
    if not isinstance(given, t.Mapping):
        raise InputError(field=field, problem="is no mapping", mend=mend)
    for name, wanted in given.items():
        words = isinstance(wanted, (list, tuple)) and wanted and all(isinstance(word, str) for word in wanted)
        if not words and wanted not in (STOP, KEEP):
            raise InputError(
                field=f"{field}: {name}", value=str(wanted)[:40], problem="is nothing it can do", mend=mend
            )


def _checked(services: t.Mapping[str, t.Any]) -> tuple[dict[str, t.Mapping[str, t.Any]], list[str]]:
    """Return what services declare that they can do, and a sentence for each host where one cannot."""
    good: dict[str, t.Mapping[str, t.Any]] = {}
    mistakes = []
    for host, given in services.items():
        try:
            check_services(given, host=host)
        except InputError as error:
            mistakes.append(str(error))
        else:
            good[host] = given
    return good, mistakes


def _declared_of(name: str, given: t.Mapping[str, t.Any]) -> t.Any:
    bare = name.removesuffix(".service")
    return next((value for each, value in given.items() if each.removesuffix(".service") == bare), None)


def services_of(
    rows: t.Sequence[Row],
    *,
    credentials: t.Sequence[t.Mapping[str, t.Any]],
    declared: t.Mapping[str, t.Any],
    undeclared: str,
) -> list[dict[str, t.Any]]:
    """Return what each service of one host does: ``unit``, ``do``, ``command`` and ``declared``.

    Its services are those that load a credential with one of the keys, and those that the keys' declarations name.
    """
    loaded: dict[str, list[str]] = {}
    for held in credentials:
        loaded.setdefault(held["name"], []).extend(held.get("loaded_by") or [])
    units: dict[str, None] = {}
    # What is dead already was dealt with by an earlier run: nothing is reduced twice.
    for row in (row for row in rows if row["status"] != DEAD):
        for name in (*row["services"], *(unit for document in row["documents"] for unit in loaded.get(document, []))):
            units.setdefault(name if name.endswith(".service") else f"{name}.service")
    found = []
    for unit in units:
        wanted = _declared_of(unit, declared)
        do = undeclared if wanted is None else RUN if isinstance(wanted, (list, tuple)) else str(wanted)
        command = [str(word) for word in wanted] if do == RUN and wanted is not None else []
        found.append({"unit": unit, "do": do, "command": command, "declared": wanted is not None})
    return found


def services_done(
    services: t.Sequence[t.Mapping[str, t.Any]], results: t.Sequence[t.Mapping[str, t.Any]], *, host: str, at: str
) -> tuple[list[Event], list[str]]:
    """Return the lines of the timeline about what services did, and a sentence for each that did not.

    ``results`` are those of the tasks that ran commands and stopped units, each with its service as ``item``. What a
    command prints is not repeated: it may hold anything.
    """
    by_unit = {str(result["item"]["unit"]): result for result in results if isinstance(result.get("item"), dict)}
    events: list[Event] = []
    problems: list[str] = []
    for service in services:
        unit = service["unit"]
        text, problem = _outcome(service, by_unit.get(unit, {}))
        if problem:
            problems.append(f"{unit} {problem}")
        by = "" if service["declared"] else ", as nobody declared what it does"
        told = f"FAILED: {problem}" if problem else f"{text}{by}"
        events.append({"at": at, "what": f"service {service['do']}", "host": host, "service": unit, "evidence": told})
    return events, problems


def _outcome(service: t.Mapping[str, t.Any], result: t.Mapping[str, t.Any]) -> tuple[str, str | None]:
    if service["do"] == KEEP:
        return "goes on", None
    if service["do"] == RUN:
        if result.get("rc") == 0:
            return "its command to reduce has ended well", None
        if result.get("rc") == 124:
            return "", "did not reduce: its command took too long and was ended"
        status = result.get("rc")
        return "", f"did not reduce: its command {'did not run' if status is None else f'ended with status {status}'}"
    if result.get("state") == "stopped":
        return "stopped for good", None
    said = str(result.get("msg") or "the host was not reached")
    if said.startswith("Could not find the requested service"):
        return "there is no such service", None
    return "", f"was not stopped: {shown(said, limit=160)}"


# --- how far it is ---


def begun(
    rows: t.Sequence[Row], *, credentials: t.Sequence[t.Mapping[str, t.Any]], askable: t.Collection[str], at: str
) -> tuple[list[Row], list[Event]]:
    """Return the rows of one host that was reached: by what lies there, each can be asked about or not.

    ``credentials`` are those of ``credential_info``, ``askable`` the names of keys about which a question can be put.
    """
    held = {each["name"]: each for each in credentials if not each.get("superseded")}
    changed = [{**row, **_found(row, held=held, askable=askable, at=at)} for row in rows]
    return changed, _changes(rows, changed, at=at)


def _found(
    row: Row, *, held: t.Mapping[str, t.Mapping[str, t.Any]], askable: t.Collection[str], at: str
) -> dict[str, t.Any]:
    """Return what changes in a row by what lies on its host."""
    here = [held[name] for name in row["documents"] if name in held]
    ids = [
        entry["masked_id"]
        for each in here
        for entry in each.get("api_keys") or []
        if entry.get("masked_id") and entry.get("entry") in (None, row["key"])
    ]
    told = {"id": ids[0] if ids else row["id"]}
    if row["file"] is None and row["exchange"] != OTHER and (not here or row["key"] not in askable):
        if row["dead_since"] and not here:
            why = f"it was proved dead at {row['dead_since']}, and its credential is gone"
            return {**told, "status": DEAD, "ask": False, "why": why, "at": at}
        return {**told, "ask": False, "why": "no credential on its host holds it, so nothing can sign the proof"}
    # It is asked about with the first one.
    if here and here[0].get("decryptable") != "yes":
        why = f"its credential does not open: {shown(here[0].get('problem'), limit=200)}"
        return {**told, "ask": False, "why": why}
    return told


def unreached(rows: t.Sequence[Row], *, why: str, at: str) -> tuple[list[Row], list[Event]]:
    """Return the rows of a host that told nothing: its keys count as alive, but for those known to have died.

    A name may have been given to another key since, so an earlier death counts only with the same id.
    """
    changed = []
    for row in rows:
        if row["status"] == DEAD:
            changed.append(row)
        elif row["dead_since"] and row["id"] and row["id"] == row["dead_id"]:
            told = f"it was proved dead at {row['dead_since']}; its host was not reached now"
            changed.append({**row, "status": DEAD, "ask": False, "why": told, "at": at})
        else:
            changed.append({**row, "ask": False, "why": shown(why, limit=200)})
    return changed, _changes(rows, changed, at=at)


def judged(
    rows: t.Sequence[Row],
    *,
    learned: t.Sequence[t.Mapping[str, t.Any]],
    findings: t.Sequence[t.Mapping[str, t.Any]],
    others: t.Sequence[Row],
    at: str,
) -> tuple[list[Row], list[Event]]:
    """Return the rows of one host after its keys were asked about.

    ``learned`` and ``findings`` are those of ``api_key_info`` and ``api_key_policy`` (rule ``retired-key-alive``). With
    ``others``, the rows of all hosts, a key that died for one host is dead for the others: that takes a step of its
    own, when all of them have noted their answers. A refused key is not asked about again, and after a call for silence
    no key of that exchange.
    """
    facts = {fact["name"]: fact for fact in learned}
    verdicts = {each["subject"]["key"]: each for each in findings if each["rule"] == "retired-key-alive"}
    silent = {
        fact["exchange"] for fact in learned if wants_silence(Access(fact["access"]["status"], fact["access"]["code"]))
    }
    changed = []
    for row in rows:
        fact, verdict = facts.get(row["key"]), verdicts.get(shown(row["key"]))
        told: dict[str, t.Any] = {}
        if row["status"] != DEAD and fact is not None and verdict is not None:
            told = {**_answered(row, fact=fact, verdict=verdict), "at": at}
        new = {**row, **told}
        if new["status"] != DEAD and new["held_by"]:
            new.update(_by_another(new, others=others))
        if row["exchange"] in silent and new["status"] != DEAD and new["ask"]:
            new.update(ask=False, why=f"{row['title']} asked for silence; ask again in half an hour")
        changed.append(new)
    return changed, _changes(rows, changed, at=at)


def _answered(row: Row, *, fact: t.Mapping[str, t.Any], verdict: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    access = fact["access"]
    status = access["status"]
    said = access.get("message") or access.get("next_step") or status
    if verdict["status"] == "pass":
        code = f" ({shown(access['code'])})" if access.get("code") else ""
        said = f"{row['title']} refused it as a key that it does not know{code}"
        if row["known"]:
            return {"status": DEAD, "ask": False, "why": said}
        why = (
            f"{said}, but nobody saw it accepted before, and a living key may be told the same at another site"
            " (environment, region) or from another address; see on its page that it is gone"
        )
        return {"status": UNKNOWN, "ask": False, "why": why}
    if verdict["status"] == "waived":
        return {"status": DEAD, "ask": False, "why": f"waived: {shown(verdict.get('waiver') or 'retired-key-alive')}"}
    if status == ACCEPTED:
        return {"status": ALIVE, "ask": True, "known": True, "why": f"{row['title']} still accepts it"}
    if status == "permission_denied":
        return {
            "status": ALIVE,
            "ask": False,
            "known": True,
            "why": f"{row['title']} still knows it: {shown(said, limit=200)}",
        }
    if status == "not_asked":
        return {"ask": False, "why": "nobody here can ask this exchange; see on its page that the key is gone"}
    if status == "held_back":
        held = why_held_back(access.get("next_step"))
        if held is not None and held.kind == SAME_KEY:
            why = f"{held.host} was refused with the same key ({shown(held.status)}), so nobody asks again in this run"
            proves = held.status == "invalid_key"
            return {"ask": False, "why": why, "held_by": held.host if proves else None}
        if held is not None and held.kind == MANY:
            why = f"{row['title']} has refused as many keys as may be shown to it in one run; ask again in half an hour"
            return {"ask": False, "why": why}
        # With a message something on the host is wrong, which no later round mends.
        return {"ask": held is None and not access.get("message"), "why": shown(said, limit=200)}
    if status == "unreachable":
        return {"status": UNKNOWN, "ask": True, "why": f"{row['title']} was not reached: {shown(said, limit=160)}"}
    why = f"{row['title']} answered {shown(status)}, which proves nothing: {shown(said, limit=200)}"
    return {"status": UNKNOWN, "ask": False, "why": why}


def _by_another(row: Row, *, others: t.Sequence[Row]) -> dict[str, t.Any]:
    """Return what another host's refusal with the same key proves: nothing, unless that key is dead there.

    It is that key where the list has the two under one number, or both have the same id, and at the same site.
    """
    site = ("exchange", "environment", "region")
    if any(
        each["host"] == row["held_by"]
        and each["status"] == DEAD
        and all(each[name] == row[name] for name in site)
        and (each["number"] == row["number"] or (row["id"] is not None and each["id"] == row["id"]))
        for each in others
    ):
        why = f"{row['title']} refused it as a key that it does not know, when {row['held_by']} asked"
        return {"status": DEAD, "why": why}
    return {}


def _changes(before: t.Sequence[Row], after: t.Sequence[Row], *, at: str) -> list[Event]:
    return [
        event(new, what=new["status"] if new["status"] != UNKNOWN else "not proved", at=at, evidence=new["why"])
        for old, new in zip(before, after, strict=True)
        if (old["status"], old["why"]) != (new["status"], new["why"])
    ]


# --- what goes, and what is left ---


def removable(
    rows: t.Sequence[Row],
    *,
    documents: t.Sequence[t.Mapping[str, t.Any]],
    credentials: t.Sequence[t.Mapping[str, t.Any]],
) -> tuple[list[str], list[dict[str, str]]]:
    """Return the credentials of one host of which every key is dead, and why others with a dead key are kept.

    One that holds another key than the one that was asked about, under its name, is kept too. What a rotation left
    beside a document goes with it where it holds the same keys.
    """
    dead = {row["key"]: row["id"] for row in rows if row["status"] == DEAD}
    members = {each["name"]: [str(name) for name in each["api_keys"]] for each in documents}
    for row in rows:
        for name in row["documents"]:
            members.setdefault(name, [row["key"]])  # what a key names itself
    held = {each["name"]: each for each in credentials}
    gone: list[str] = []
    kept: list[dict[str, str]] = []
    for name, keys in members.items():
        if name not in held or not dead.keys() & set(keys):
            continue
        alive = [key for key in keys if key not in dead]
        if alive:
            kept.append({"name": name, "why": f"it also holds {', '.join(alive)}; place it anew without the dead keys"})
            continue
        ids = _ids(held[name])
        proved = {dead[key] for key in keys}
        if None not in proved and (other := sorted(ids - proved)):
            why = f"it holds {', '.join(other)}, which nobody proved dead; see whether that must be deleted too"
            kept.append({"name": name, "why": why})
            continue
        gone.append(name)
        for copy in (f"{name}.next", f"{name}.previous"):
            if copy not in held:
                continue
            if ids and _ids(held[copy]) == ids:
                gone.append(copy)
            else:
                why = "a rotation left it, and it holds another key; see whether that must be deleted too"
                kept.append({"name": copy, "why": why})
    return gone, kept


def _ids(credential: t.Mapping[str, t.Any]) -> frozenset[str]:
    return frozenset(each["masked_id"] for each in credential.get("api_keys") or [] if each.get("masked_id"))


def report(
    planned: t.Mapping[str, t.Any],
    rows: t.Sequence[Row],
    *,
    kept: t.Sequence[t.Mapping[str, t.Any]],
    problems: t.Sequence[str],
    directories: t.Mapping[str, str],
) -> dict[str, t.Any]:
    """Return how it stands over all hosts, for people.

    ``rows`` are those of the hosts that took part in the play; the others of ``planned`` were left out of it. ``kept``
    are the credentials with a dead key that stay (``host``, ``name``, ``why``), ``problems`` what else went wrong.
    """
    seen = {(row["host"], row["key"]): row for row in rows}
    whole = [
        seen.get((row["host"], row["key"]))
        or {**row, "ask": False, "why": "its host took no part in this run (left out by --limit, or failed above)"}
        for row in planned["rows"]
    ]
    open_ = [row for row in whole if row["status"] != DEAD]
    counted = f"{len(whole) - len(open_)} of {len(whole)} dead"
    waiting = [row for row in open_ if row["ask"]]
    told = "; ".join(f"{row['key']} on {row['host']} ({row['title']}): {row['why']}" for row in waiting[:5])
    more = f" and {len(waiting) - 5} more" if len(waiting) > 5 else ""
    by_hand = [line for row in whole for line in _by_hand(row, directory=directories.get(row["host"], ""))]
    by_hand += [f"{each['name']} on {each['host']} is kept: {each['why']}." for each in kept]
    by_hand += [shown(each, limit=300) for each in problems]
    return {
        "pending": len(waiting),
        "left": len(open_),
        "progress": f"{counted}. Waiting for: {told}{more}" if waiting else f"{counted}.",
        "table": _table(whole),
        "by_hand": by_hand,
        "inventory": [_line_to_change(row) for row in whole if row["status"] == DEAD and row["where"]],
        "why": "; ".join(f"{row['key']} on {row['host']}: {row['why']}" for row in open_[:10]),
        "done": not open_ and not problems,
    }


def _by_hand(row: Row, *, directory: str) -> list[str]:
    """Return what a person has to do about one key, if anything."""
    host, lines = row["host"], []
    if row["status"] != DEAD:
        id_ = f" {row['id']}" if row["id"] else ""
        where = f"{row['page']} ({row['way']})" if row["page"] else row["way"]
        alive = "still there" if row["status"] == ALIVE else "not proved dead, so take it for alive"
        lines.append(f"{row['key']} on {host}: {row['title']} key{id_} is {alive}: {row['why']}. Delete it: {where}.")
    if row["file"]:
        lines.append(f"{row['key']} on {host} lies in clear in {shown(row['file'].get('path'), limit=200)}: remove it.")
    elif row["status"] != DEAD and row["documents"] and not row["ask"]:
        units = ", ".join(name if name.endswith(".service") else f"{name}.service" for name in row["services"])
        stop = f"stop there {units} and remove " if units else "remove there "
        files = ", ".join(f"{directory}/{name}" for name in row["documents"])
        lines.append(f"   Then run this again. If {host} cannot be reached any more, {stop}{files}.")
    return lines


def _line_to_change(row: Row) -> str:
    return (
        f"{row['where']} ({row['key']}): take it out (module registry_entry, state: absent), or set declared.lifecycle"
        " to revoked."
    )


_HEAD = ("KEY", "HOST", "EXCHANGE", "ID", "STATE", "AT", "WHY")


def _table(rows: t.Sequence[Row]) -> list[str]:
    body = [
        tuple(
            shown(each, limit=160)
            for each in (
                row["key"],
                row["host"],
                row["title"],
                row["id"] or "not known",
                row["status"].upper(),
                row["at"] or "",
                row["why"],
            )
        )
        for row in rows
    ]
    sizes = [max(len(line[column]) for line in (_HEAD, *body)) for column in range(len(_HEAD) - 1)]
    return [
        "  ".join([*(cell.ljust(size) for cell, size in zip(line, sizes, strict=False)), line[-1]]).rstrip()
        for line in (_HEAD, *body)
    ]


# --- the timeline ---


def last_told(text: str) -> tuple[dict[_Place, Event], int]:
    """Return the last event of each key that told whether it lives, and how many lines of a timeline cannot be read.

    A line that somebody damaged must not keep anybody from revoking.
    """
    found: dict[_Place, Event] = {}
    bad = 0
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            given = json.loads(line)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            bad += 1
            continue
        host, key, at = (given.get(name) for name in ("host", "key", "at"))
        if all(isinstance(each, str) for each in (host, key, at)) and given.get("what") in (DEAD, ALIVE):
            found[str(host), str(key)] = given
    return found, bad


def timeline(events: t.Sequence[Event], *, run: str, operator: str) -> str:
    """Return events as lines of JSON, ASCII, each with who did it in which run; nothing for no event."""
    return "\n".join(
        json.dumps({**each, "run": run, "operator": operator}, ensure_ascii=True, sort_keys=True) for each in events
    )
