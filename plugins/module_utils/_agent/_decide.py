# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which gate a service stands before, and the line that says what came of it. Private to this collection.

Nothing is judged here: the rules of the shared packages find, and their gates say what stops a start.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._exchanges._registry import OTHER, find
from .._facts import ACCEPTED
from .._policy._case import shown
from .._policy._engine import judge
from .._policy._finding import FAIL, RANK, UNKNOWN, Finding, Subject
from .._policy._gates import GATES, blocks
from .._policy._rules import KEY_RULES, RULES
from .._policy._settings import read_policy
from .._policy._waivers import read_waivers
from .._redact import one_line
from ._declaration import Declaration
from ._override import Override
from ._see import Seen

#: In one line there is room for so many findings, and for so many characters.
_MOST = 3
LINE = 1500

INFO, WARNING, ERROR = 6, 4, 3


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Whether the service starts. ``line`` says why and what mends it, ``level`` is syslog's."""

    start: bool
    level: int
    line: str


def gate_of(*, ran_before: bool) -> str:
    """Return the name of the gate in front of this start."""
    return "restart" if ran_before else "first_start"


def unasked(why: str, *, subject: Subject) -> Finding:
    """Return that nothing is known of a key, or of all, because it could not even be asked."""
    return Finding("key-accepted", UNKNOWN, RULES["key-accepted"].severity, "none", subject, why)


def accepted(seen: Seen) -> str:
    """Return which keys the exchanges took."""
    titles = {key.name: find(key.exchange) for key in seen.keys if key.access.status == ACCEPTED}
    return ", ".join(f"{shown(name)} ({each.title if each else OTHER})" for name, each in titles.items())


def findings_of(
    seen: Seen, *, declaration: Declaration, ran_before: bool, now: datetime.datetime
) -> tuple[Finding, ...]:
    """Judge what was seen, by the rules and the policy by which it was placed. Raises ``InputError``."""
    at = now.timestamp()
    policy = read_policy(declaration.policy, rules=RULES)
    report = judge(
        keys=seen.keys,
        egress=seen.egress,
        clocks=seen.clocks,
        policy=policy,
        waivers=read_waivers(list(declaration.waivers), rules=RULES, policy=policy, now=at),
        now=at,
        exchange_of=find,
        gate=gate_of(ran_before=ran_before),
        # Of the host nothing was learned, and inside the unit nothing can be: the audit looks at that.
        rules=frozenset(rule.id for rule in KEY_RULES),
    )
    subjects = (Subject(declaration.host, shown(name), declaration.service) for name, _why in seen.problems)
    unknown = (unasked(why, subject=subject) for subject, (_name, why) in zip(subjects, seen.problems))
    return (*report.findings, *unknown)


def decide(
    *,
    service: str,
    findings: t.Sequence[Finding],
    ran_before: bool,
    override: Override | None = None,
    taken: str = "",
) -> Outcome:
    """Say whether the service starts, by the gate in front of it; ``taken`` names the keys that were accepted."""
    gate = GATES[gate_of(ran_before=ran_before)]
    blocking = [finding for finding in findings if blocks(finding, gate)]
    if blocking and override is not None:
        return overridden(service, override, although=_said(blocking))
    if blocking and ran_before:
        return _outcome(ERROR, f"{service} is not started: {_said(blocking)}")
    if blocking:
        said = f"{service} is not started, for it has not run here before, and {_said(blocking)}"
        way_out = f'trading-hosts-agent override --service {service} --for 2h --reason "..."'
        return _outcome(ERROR, f"{said} To start it all the same, as root: {way_out}")
    unproved = [each for each in findings if each.status == UNKNOWN and each.rule == "key-accepted"]
    if unproved:
        said = f"{service} starts, for it has run here before, though nothing is proved: {_said(unproved)}"
        return _outcome(WARNING, said)
    bad = [each for each in findings if each.status == FAIL and RANK[each.severity] >= RANK["medium"]]
    if taken:
        starts = f"{service} starts: accepted: {taken}."
    elif findings:
        starts = f"{service} starts, for it has run here before, and nothing that must stop it is proved."
    else:
        starts = f"{service} starts: no key of it is declared, so none was asked."
    return _outcome(WARNING, f"{starts} Not as it should be: {_said(bad)}") if bad else _outcome(INFO, starts)


def overridden(service: str, override: Override, *, although: str) -> Outcome:
    """Return that the service starts by somebody's word."""
    said = f"{service} starts by {override.by}'s override until {override.until} ({override.reason}), although "
    return _outcome(WARNING, said + although)


def _outcome(level: int, line: str) -> Outcome:
    return Outcome(level != ERROR, level, one_line(line, limit=LINE))


def _said(findings: t.Sequence[Finding]) -> str:
    """Return what was found, the roots first, and what mends the first of them."""
    shown_first = sorted(findings, key=lambda each: (each.root is not None, each.status != FAIL, -RANK[each.severity]))
    if any(each.root is None for each in shown_first):
        shown_first = [each for each in shown_first if each.root is None]
    more = f" (and {len(shown_first) - _MOST} more)" if len(shown_first) > _MOST else ""
    return f"{'; '.join(map(_evidence, shown_first[:_MOST]))}{more}.{_mend(shown_first[0])}"


def _evidence(finding: Finding) -> str:
    of = f"{finding.subject.key}: " if finding.subject.key else ""
    rule = "" if finding.rule == "key-accepted" else f" [{finding.rule}]"
    return f"{of}{finding.evidence.rstrip('.')}{rule}"


def _mend(finding: Finding) -> str:
    remedy = finding.remedy
    if remedy is None:
        return ""
    then = remedy.then
    if finding.code == "ip_refused" and remedy.where:
        # There is nothing to be pasted from a journal: the address is entered by hand, where a list can mend it at all.
        then = "Enter it in the key's allowlist, and keep what is listed there."
    where = f" ({remedy.where})" if remedy.where else ""
    return f" Mend: {' '.join(filter(None, (remedy.do_now, then)))}{where}"
