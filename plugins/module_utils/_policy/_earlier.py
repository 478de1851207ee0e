# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an earlier report tells a later judgement: findings that are known, and addresses that worked.

Reports are files that people move about, so nothing in them is taken for granted. Private to this collection.
"""

from __future__ import annotations

import re
import typing as t

from .._errors import InputError
from .._facts import FAMILIES, PROXIES
from ._case import instant, shown
from ._finding import FAIL, MOST_NAME, RANK, Finding

#: A way out of a host: host, family, proxy, source address.
WayName = tuple[str, str, str, t.Optional[str]]
_MEND = "give a file that fleet_policy wrote with report_path"
#: Reports hold no other form.
_WHOLE_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


#: What differs from run to run in a failure that is the same: measured numbers, instants and their units.
_MEASURED = re.compile(
    r"[<>~+-]?\d+([.,]\d+)?(%|ms|s|min|h|d)?|\d{4}-\d{2}-\d{2}(T[\d:.]+Z?)?|(second|minute|hour|day|week)s?"
)


#: Rules whose evidence quotes an exchange, which never says the same twice: their code tells what it is.
_QUOTING = frozenset(("key-accepted",))


class Known(t.NamedTuple):
    """How grave a known failure was, the words of its evidence, and its codes."""

    rank: int
    words: frozenset[str] = frozenset()
    codes: frozenset[str | None] = frozenset()


class Baseline(t.NamedTuple):
    """Failures that were known when ``judged_at``, by rule, host and key."""

    judged_at: str
    known: t.Mapping[tuple[str, str | None, str | None], Known]

    def holds(self, finding: Finding) -> str | None:
        """Return why this failure is nothing new, or ``None`` for one that is new, worse, or names something new."""
        known = self.known.get((finding.rule, finding.subject.host, finding.subject.key))
        if known is None or RANK[finding.severity] > known.rank or finding.code not in known.codes:
            return None
        if finding.rule not in _QUOTING and not _words(finding.evidence) <= known.words:
            return None
        return f"in the baseline of {self.judged_at}"


def _words(evidence: str) -> frozenset[str]:
    words = (each.strip(",;:()'.") for each in evidence.split())
    return frozenset(each for each in words if not _MEASURED.fullmatch(each))


class Worked(t.NamedTuple):
    """The addresses at which an exchange last accepted a restricted key over one way, and when."""

    addresses: tuple[str, ...]
    at: str


class History(t.NamedTuple):
    """What an earlier report says of addresses. ``idle_since`` is by host, key and entry."""

    judged_at: str
    worked: t.Mapping[WayName, Worked]
    idle_since: t.Mapping[tuple[str, str, str], str]


def read_baseline(document: t.Any, *, where: str) -> Baseline:
    """Read the failures of an earlier report; raises ``InputError`` for what is none."""
    known: dict[tuple[str, str | None, str | None], Known] = {}
    for index, finding in enumerate(_list(document, "findings", where)):
        place = f"{where}.findings[{index}]"
        subject = _mapping(finding, "subject", place)
        rule, status, severity = (_text(finding, name, place) for name in ("rule", "status", "severity"))
        if status != FAIL:
            continue
        if severity not in RANK:
            raise InputError(field=f"{place}.severity", value=severity, problem="is not a severity", mend=_MEND)
        name = (rule, _optional(subject, "host", place), _optional(subject, "key", place))
        before = known.get(name, Known(0))
        words = _words(_optional(finding, "evidence", place) or "")
        codes = before.codes | {_optional(finding, "code", place)}
        known[name] = Known(max(RANK[severity], before.rank), before.words | words, codes)
    return Baseline(_instant(document, "judged_at", where), known)


def read_history(document: t.Any, *, where: str) -> History:
    """Read what an earlier report says of addresses; raises ``InputError`` for what is none.

    A row that no report may hold is left out: it would be in every later one.
    """
    fleet = _mapping(document, "fleet", where)
    worked: dict[WayName, Worked] = {}
    for row in _list(fleet, "addresses", f"{where}.fleet"):
        worked.update(_usable(_worked, row))
    idle: dict[tuple[str, str, str], str] = {}
    for row in _list(fleet, "allowlists", f"{where}.fleet"):
        idle.update(_usable(_idle, row))
    return History(_instant(document, "judged_at", where), worked, idle)


_Row = t.TypeVar("_Row")


def _usable(read: t.Callable[[t.Any], t.Iterator[_Row]], row: t.Any) -> list[_Row]:
    """Return what ``read`` finds in a row, or nothing where something in it is not as reports have it."""
    try:
        return list(read(row))
    except InputError:
        return []


def _worked(row: t.Any) -> t.Iterator[tuple[WayName, Worked]]:
    accepted = tuple(_safe(each, "accepted") for each in _list(row, "accepted", ""))
    if accepted:
        source = _optional(row, "source_address", "")
        way = (
            _safe(row.get("host"), "host"),
            _word(row, "family", FAMILIES),
            _word(row, "proxy", PROXIES),
            None if source is None else _safe(source, "source_address"),
        )
        yield way, Worked(accepted, _instant(row, "accepted_at", ""))


def _idle(row: t.Any) -> t.Iterator[tuple[tuple[str, str, str], str]]:
    names = [(_text(key, "host", ""), _text(key, "key", "")) for key in _list(row, "used_by", "")]
    for each in _list(row, "idle", ""):
        entry = _text(each, "entry", "")
        if each.get("since") is not None:
            since = _instant(each, "since", "")
            yield from (((host, key, entry), since) for host, key in names)


def _safe(text: t.Any, name: str) -> str:
    if not isinstance(text, str) or shown(text, limit=MOST_NAME) != text:
        raise InputError(field=name, problem="is no safe text", mend=_MEND)
    return text


def _word(row: t.Mapping[str, t.Any], name: str, words: t.Collection[str]) -> str:
    text = _text(row, name, "")
    if text not in words:
        raise InputError(field=name, problem="is no word of this release", mend=_MEND)
    return text


def _mapping(data: t.Any, name: str, where: str) -> t.Mapping[str, t.Any]:
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, dict):
        raise InputError(field=f"{where}.{name}", problem="is not there, or no mapping", mend=_MEND)
    return value


def _list(data: t.Any, name: str, where: str) -> list[t.Any]:
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, list):
        raise InputError(field=f"{where}.{name}", problem="is not there, or no list", mend=_MEND)
    return value


def _text(data: t.Any, name: str, where: str) -> str:
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, str):
        raise InputError(field=f"{where}.{name}", problem="is not there, or no text", mend=_MEND)
    return value


def _optional(data: t.Mapping[str, t.Any], name: str, where: str) -> str | None:
    return None if data.get(name) is None else _text(data, name, where)


def _instant(data: t.Any, name: str, where: str) -> str:
    text = _text(data, name, where)
    if instant(text) is None or not _WHOLE_INSTANT.fullmatch(text):
        raise InputError(field=f"{where}.{name}", value=shown(text), problem="is no instant in UTC", mend=_MEND)
    return text
