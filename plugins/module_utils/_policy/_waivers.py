# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waivers: one rule, one named subject, two persons, an end. Private to this collection."""

from __future__ import annotations

import typing as t
import unicodedata

from .._errors import InputError
from ._case import DAY, Rule, instant, shown
from ._settings import UNWAIVABLE, Policy

_FIELDS = ("rule", "host", "key", "justification", "requested_by", "approved_by", "expires")
_WILD = frozenset("*?[]{},|")


class Waiver(t.NamedTuple):
    """An exception that two persons agreed on. It ends with the day ``expires`` (``YYYY-MM-DD``), in UTC."""

    rule: str
    host: str
    key: str | None
    justification: str
    requested_by: str
    approved_by: str
    expires: str

    @property
    def ends(self) -> float:
        """The first instant, in seconds since 1970, at which the waiver counts no more."""
        return (instant(self.expires) or 0.0) + DAY

    @property
    def said(self) -> str:
        """Who wants it and until when, in one line."""
        who = f"requested by {shown(self.requested_by)}, approved by {shown(self.approved_by)}"
        return f"{who}, until {self.expires}: {shown(self.justification, limit=120)}"


def read_waivers(
    given: t.Any, *, rules: t.Mapping[str, Rule], policy: Policy, now: float, where: str = "waivers"
) -> tuple[Waiver, ...]:
    """Read a list of waivers. Raises ``InputError`` in one sentence that names the waiver by its place."""
    if given is None:
        return ()
    if not isinstance(given, (list, tuple)):
        raise InputError(field=where, problem="is not a list", mend="write one waiver per list element")
    waivers = tuple(
        _waiver(each, rules=rules, policy=policy, now=now, where=f"{where}[{index}]")
        for index, each in enumerate(given)
    )
    seen: dict[tuple[str, str, str | None], int] = {}
    for index, waiver in enumerate(waivers):
        first = seen.setdefault((waiver.rule, waiver.host, waiver.key), index)
        if first != index:
            problem = f"repeats {where}[{first}]"
            raise InputError(field=f"{where}[{index}]", problem=problem, mend="keep one of the two")
    return waivers


def _waiver(given: t.Any, *, rules: t.Mapping[str, Rule], policy: Policy, now: float, where: str) -> Waiver:
    if not isinstance(given, t.Mapping):
        raise InputError(field=where, problem="is not a mapping", mend=f"give {', '.join(_FIELDS)}")
    for name in given:
        if name not in _FIELDS:
            mend = f"use {', '.join(_FIELDS)}"
            raise InputError(field=where, value=str(name), problem="is not a part of a waiver", mend=mend)
    rule = rules.get(str(given.get("rule")))
    if rule is None:
        mend = "see docs/policy.md for their names"
        raise InputError(field=f"{where}.rule", value=str(given.get("rule")), problem="is not a rule", mend=mend)
    if not rule.waivable or rule.id in UNWAIVABLE:
        raise InputError(field=f"{where}.rule", value=rule.id, problem="cannot be waived", mend="mend its cause")
    key = _text(given, "key", where) if rule.scope == "key" or given.get("key") is not None else None
    waiver = Waiver(
        rule.id,
        _text(given, "host", where),
        key,
        _text(given, "justification", where),
        _text(given, "requested_by", where),
        _text(given, "approved_by", where),
        _text(given, "expires", where),
    )
    for name, value in (("host", waiver.host), ("key", waiver.key or "")):
        if _WILD & set(value) or value.lower() == "all":
            mend = "name one host and one key"
            raise InputError(field=f"{where}.{name}", value=value, problem="is not one name", mend=mend)
    if _same_person(waiver.requested_by, waiver.approved_by):
        problem = "is also who requested it"
        raise InputError(
            field=f"{where}.approved_by", value=waiver.approved_by, problem=problem, mend="let a second person approve"
        )
    _check_end(waiver, rule=rule, policy=policy, now=now, where=where)
    return waiver


def _same_person(one: str, other: str) -> bool:
    """Tell whether two texts are one name, however it is spaced, dotted or capitalised."""
    letters = ["".join(filter(str.isalnum, unicodedata.normalize("NFKD", each).casefold())) for each in (one, other)]
    return letters[0] == letters[1]


def _text(given: t.Mapping[str, t.Any], name: str, where: str) -> str:
    value = given.get(name)
    if value is None or isinstance(value, (list, tuple, t.Mapping, bool)) or not str(value).strip():
        raise InputError(field=f"{where}.{name}", problem="is missing", mend="give one text")
    return str(value).strip()


def longest(policy: Policy, severity: str) -> int:
    """Return for how many days from now a waiver of a finding of this severity may run."""
    return policy.waiver_days_critical if severity == "critical" else policy.waiver_days


def _check_end(waiver: Waiver, *, rule: Rule, policy: Policy, now: float, where: str) -> None:
    if len(waiver.expires) != 10 or instant(waiver.expires) is None:
        raise InputError(
            field=f"{where}.expires", value=waiver.expires, problem="is not a day", mend="write it as YYYY-MM-DD"
        )
    most = longest(policy, policy.severities.get(rule.id, rule.severity))
    if waiver.ends - now > (most + 1) * DAY:
        problem = f"is more than {most} days ahead"
        raise InputError(field=f"{where}.expires", value=waiver.expires, problem=problem, mend="choose an earlier day")
