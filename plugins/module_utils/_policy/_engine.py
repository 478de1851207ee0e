# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts and policy in, findings out. Pure: no I/O, no clock of its own. Private to this collection."""

from __future__ import annotations

import collections
import typing as t

from .._facts import ClockFacts, EgressFacts, KeyFacts
from .._redact import cut
from ._case import SKIP, Case, Host, HostCase, Machine, Rule, Verdict, instant, is_retired, shown, stale, unknown
from ._egress import seen_from
from ._finding import (
    FAIL,
    MOST_SENTENCE,
    NOT_APPLICABLE,
    PASSED,
    RANK,
    SEVERITIES,
    STATUSES,
    STRENGTH,
    UNKNOWN,
    WAIVED,
    Finding,
    Remedy,
    Subject,
    pasted,
    worse,
)
from ._fleet import Fleet, FleetInput
from ._gates import NEVER, PLACING, Gate, blocks, gate_for, milder
from ._rules import DEFAULTS, RULES
from ._settings import Policy
from ._waivers import Waiver, longest

if t.TYPE_CHECKING:
    from .._exchanges._contract import Exchange
    from ._earlier import Baseline

_EVERYTHING = frozenset(
    (
        "label",
        "permissions",
        "allowlist",
        "created_at",
        "expiry",
        "last_used_at",
        "state",
        "account",
        "account_level",
        "owner_kind",
    )
)


#: Families of rules that need what is learned: of a key that was not seen, that it was not is the root of them all.
_NEED_FACTS = frozenset(("access", "addresses", "clock", "ipv6"))
#: Rules that compare with what a person declares: of a key that nobody declares, that is the root of them all.
_NEED_WORDS = frozenset(
    (
        *("account-as-declared", "key-named", "permissions-as-declared", "recovery-path", "third-party-key"),
        "two-factor-enabled",
    )
)


_LEARN = Remedy("Learn the facts of this host again, and judge then.")


class KeyLine(t.NamedTuple):
    """One key in the table that people read.

    ``verdict`` is ``fail`` (something failed that is at least medium), ``unknown`` (something is not known that is at
    least high) or ``pass``: a key that is as good as its exchange can make it is never red for ever.
    """

    key: str
    host: str
    exchange: str
    service: str | None
    seen_from: tuple[str, ...]
    verdict: str


class Report(t.NamedTuple):
    """What was judged. ``findings`` holds what did not pass (and what did, if asked for), the worst first."""

    findings: tuple[Finding, ...]
    blocking: tuple[Finding, ...]
    lines: tuple[KeyLine, ...]
    by_status: t.Mapping[str, int]
    by_severity: t.Mapping[str, int]
    by_basis: t.Mapping[str, int]
    hosts: int
    policy_digest: str
    loosened: tuple[str, ...]
    gate: Gate
    fleet: Fleet | None = None


def judge(
    *,
    keys: t.Sequence[KeyFacts],
    egress: t.Sequence[EgressFacts] = (),
    machines: t.Sequence[Machine] = (),
    clocks: t.Sequence[ClockFacts] = (),
    policy: Policy,
    waivers: t.Sequence[Waiver] = (),
    now: float,
    exchange_of: t.Callable[[str], Exchange | None],
    gate: str = "audit",
    fail_on: str | None = None,
    fail_on_unknown: str | None = None,
    placed: t.Collection[tuple[str, str]] = (),
    confirmed: bool = False,
    ours: t.Collection[str] = (),
    keep_passed: bool = False,
    rules: t.Collection[str] | None = None,
    fleet: FleetInput | None = None,
) -> Report:
    """Judge facts by policy.

    ``now`` is in seconds since 1970. ``exchange_of`` returns what is known of an exchange by name, or ``None``.
    ``placed`` holds the host and name of keys that are in place there already: where ``gate`` is about placing, the
    gate ``replace`` decides for them. ``confirmed`` says that a person vouches for the observed addresses, ``ours`` are
    addresses that the inventory declares. ``rules`` limits the judgement to these ids. A ``fail_on`` of ``never`` is
    for the caller, who goes on whatever is found: ``blocking`` still says what the gate would have stopped.
    ``fleet`` is what else is known of a whole inventory: then ``keys`` are all of that, and the fleet's rules count.
    """
    baseline = fleet.baseline if fleet is not None else None
    judgement = _Judgement(policy=policy, waivers=waivers, now=now, keep_passed=keep_passed, baseline=baseline)
    asked = gate_for(name=gate, fail_on=fail_on, fail_on_unknown=fail_on_unknown)
    fail_on = None if fail_on == NEVER else fail_on
    threshold = gate_for(name=gate, fail_on=fail_on, fail_on_unknown=fail_on_unknown)
    replaced = frozenset(placed if gate in PLACING else ())
    replacing = gate_for(name="replace", fail_on=fail_on, fail_on_unknown=fail_on_unknown)
    gates: dict[Subject, Gate] = {}
    hosts = _hosts(keys, [fact for fact in egress if stale(fact.asked_at, policy=policy, now=now) is None], machines)
    for clock in clocks:
        hosts.setdefault(clock.host, Host(clock.host)).clocks.append(clock)
    known = _Exchanges(exchange_of)
    labels = _labels(keys)
    wanted = [rule for rule in RULES.values() if rules is None or rule.id in rules]
    wanted = [rule for rule in wanted if fleet is not None or not rule.of_fleet]
    key_rules = [rule for rule in wanted if rule.scope == "key"]
    cases = []
    for key in keys:
        exchange, cannot = known[key.exchange]
        case = Case(
            key=key,
            host=hosts[key.host],
            exchange=exchange,
            cannot=cannot,
            policy=policy,
            now=now,
            placing=gate in PLACING and (key.host, key.name) not in replaced,
            labels=labels,
            confirmed=confirmed,
            ours=ours,
        )
        cases.append(case)
        if (key.host, key.name) in replaced:
            gates[case.subject] = replacing
    whole = Fleet(cases, hosts=hosts, given=fleet, policy=policy, now=now) if fleet is not None else None
    lines = []
    for case in cases:
        case.fleet = whole
        verdict = judgement.judge_key(case, key_rules)
        host_name, key_name, service = case.subject
        addresses = tuple(shown(address) for address in seen_from(case))
        lines.append(KeyLine(key_name or "", host_name or "", shown(case.key.exchange), service, addresses, verdict))
    for rule in wanted:
        if rule.scope == "host":
            for host in hosts.values():
                # Where every key is in place already, none comes to the host.
                comes = not host.keys or any((host.name, key.name) not in replaced for key in host.keys)
                old = _old(host.machine, rule.learned, policy=policy, now=now, since=fleet.since if fleet else 0.0)
                for subject, answer in rule.function(HostCase(host, policy, gate in PLACING and comes, whole)):
                    told = _told_now(answer, host.machine, rule.learned, old=old)
                    judgement.add(rule, subject, told, raw=(host.name, subject.key))
    loosened = policy.loosened(defaults=DEFAULTS) + milder(asked, than=gate)
    if rules is None:
        judgement.add_meta(
            loosened, [waiver for waiver in waivers if fleet is not None or not RULES[waiver.rule].of_fleet]
        )
    report = judgement.report(lines=lines, hosts=len(hosts), loosened=loosened, gate=threshold, gates=gates)
    return report._replace(fleet=whole)


def _severity(rule: Rule, verdict: Verdict, *, named: str | None) -> str:
    """Return how grave a finding is; ``named`` is what the policy says of the rule.

    A severity that is not below the shipped one softens no case that is graver: only what is told as a loosening does.
    """
    own = verdict.severity or rule.severity
    if named is None:
        return own
    return named if RANK[named] < RANK[rule.severity] else worse(own, named)


def _told_now(answer: Verdict, machine: Machine | None, kind: str, *, old: str | None) -> Verdict:
    """Return a rule's answer about a host, as far as its facts can prove it now. What was bad is reported still."""
    unread = machine.unread.get(kind) if machine is not None else None
    if unread is not None and answer.status != FAIL:
        return unknown(f"what was learned of the host cannot be used: {shown(unread, limit=200)}", remedy=_LEARN)
    if old is not None and answer.status == PASSED:
        return unknown(f"what was learned of the host is {old}", remedy=_LEARN)
    return answer


def _old(machine: Machine | None, kind: str, *, policy: Policy, now: float, since: float) -> str | None:
    """Return why facts of this kind about a host prove nothing any more, or ``None`` where they do."""
    learned = machine.learned.get(kind) if machine is not None else None
    if learned is None:
        return None
    if (instant(learned) or 0.0) < since:
        return "of an earlier run"
    return stale(learned, policy=policy, now=now)


def _hosts(
    keys: t.Sequence[KeyFacts], egress: t.Sequence[EgressFacts], machines: t.Sequence[Machine]
) -> dict[str, Host]:
    hosts: dict[str, Host] = {}
    for key in keys:
        hosts.setdefault(key.host, Host(key.host)).keys.append(key)
    for fact in egress:
        hosts.setdefault(fact.host, Host(fact.host)).egress.append(fact)
    for machine in machines:
        hosts.setdefault(machine.host, Host(machine.host)).machine = machine
    return hosts


def _labels(keys: t.Sequence[KeyFacts]) -> t.Mapping[tuple[str, str], int]:
    """Return how often each label is declared for each exchange."""
    return collections.Counter(
        (key.exchange, str(key.declared["label"]).strip())
        for key in keys
        if key.declared.get("label") is not None and not is_retired(key)
    )


class _Exchanges(dict[str, tuple["Exchange | None", frozenset[str]]]):
    """What is known of each exchange, looked up once."""

    def __init__(self, exchange_of: t.Callable[[str], Exchange | None]) -> None:
        super().__init__()
        self._exchange_of = exchange_of

    def __missing__(self, name: str) -> tuple[Exchange | None, frozenset[str]]:
        exchange = self._exchange_of(name)
        # Of an exchange that the collection does not know, a person's word is all there can be.
        self[name] = (exchange, exchange.cannot_tell() if exchange is not None else _EVERYTHING)
        return self[name]


class _Judgement:
    """Collects findings, counts what passed and applies waivers."""

    def __init__(
        self,
        *,
        policy: Policy,
        waivers: t.Sequence[Waiver],
        now: float,
        keep_passed: bool,
        baseline: Baseline | None = None,
    ) -> None:
        self._policy = policy
        self._baseline = baseline
        #: Days before which a rule's failures stop nothing, as far as they are not over.
        self._early = {rule: day for rule, day in policy.enforce_from.items() if now < (instant(day) or 0.0)}
        self._now = now
        self._keep_passed = keep_passed
        self._waivers = {(waiver.rule, waiver.host, waiver.key): waiver for waiver in waivers}
        self._used: set[Waiver] = set()
        self._status: dict[str, int] = dict.fromkeys(STATUSES, 0)
        self._severity: dict[str, int] = dict.fromkeys(SEVERITIES, 0)
        self._basis: dict[str, int] = collections.Counter()
        self.findings: list[Finding] = []

    def judge_key(self, case: Case, rules: t.Sequence[Rule]) -> str:
        """Run the rules on one key and return its verdict in one word."""
        worst = PASSED
        raw = (case.key.host, case.key.name)
        unseen = case.fleet.why.get(raw) if case.fleet is not None else None
        strange = case.fleet is not None and raw not in case.fleet.given.declared
        old = f"the facts are {case.stale}" if case.stale is not None else unseen
        for rule in rules:
            verdict = SKIP if case.retired and not rule.of_retired else rule.function(case)
            if old is not None and verdict.status == PASSED and STRENGTH[verdict.basis] >= STRENGTH["observed"]:
                # What was bad is reported still; what was good may be so no more.
                verdict = unknown(old, root="key-accepted")
            if (
                unseen is not None
                and verdict.status == UNKNOWN
                and (rule.family in _NEED_FACTS or verdict.root == "key-accepted")
            ):
                verdict = verdict._replace(root="key-not-observed")
            elif strange and verdict.status == UNKNOWN and verdict.root is None and rule.id in _NEED_WORDS:
                verdict = verdict._replace(root="key-owner-declared")
            finding = self.add(rule, case.subject, verdict, raw=raw)
            if finding is None or worst == FAIL:
                continue
            if finding.status == FAIL and RANK[finding.severity] >= RANK["medium"]:
                worst = FAIL
            elif finding.status == UNKNOWN and RANK[finding.severity] >= RANK["high"]:
                worst = UNKNOWN
        return worst

    def add(self, rule: Rule, subject: Subject, verdict: Verdict, *, raw: tuple[str, str | None]) -> Finding | None:
        """Turn a verdict into a finding and return it, or count what passed."""
        status, basis = verdict.status, verdict.basis
        if status == PASSED and STRENGTH[basis] < STRENGTH[rule.least]:
            verdict = Verdict(UNKNOWN, basis, f"this rests on a word that is {basis} only; it needs to be {rule.least}")
            status = UNKNOWN
        if status in (PASSED, NOT_APPLICABLE):
            self._status[status] += 1
            if status == PASSED:
                self._basis[basis] += 1
            if self._keep_passed:
                self.findings.append(
                    Finding(
                        rule.id,
                        status,
                        rule.severity,
                        basis,
                        subject,
                        "as it should be" if status == PASSED else "does not apply",
                    )
                )
            return None
        severity = _severity(rule, verdict, named=self._policy.severities.get(rule.id))
        finding = Finding(
            rule.id,
            status,
            severity,
            basis,
            subject,
            cut(verdict.evidence, MOST_SENTENCE),
            verdict.remedy,
            pasted(verdict.paste),
            verdict.root,
            None,
            verdict.code,
        )
        if self._waivers:
            finding = self._waived(finding, raw)
        if self._early or self._baseline is not None:
            finding = finding._replace(spared=self._spared(finding))
        self._keep(finding)
        return finding

    def _spared(self, finding: Finding) -> str | None:
        """Return why the finding stops nothing, or ``None``. What cannot be waived is not spared either."""
        day = self._early.get(finding.rule)
        if day is not None and finding.status in (FAIL, UNKNOWN):
            return f"enforced from {day}"
        if self._baseline is None or finding.status != FAIL or not RULES[finding.rule].waivable:
            return None
        return self._baseline.holds(finding)

    def _keep(self, finding: Finding) -> None:
        self._status[finding.status] += 1
        if finding.status == FAIL:
            self._severity[finding.severity] += 1
        self.findings.append(finding)

    def _waived(self, finding: Finding, raw: tuple[str, str | None]) -> Finding:
        waiver = self._waivers.get((finding.rule, *raw)) or self._waivers.get((finding.rule, raw[0], None))
        if waiver is None:
            return finding
        self._used.add(waiver)
        most = longest(self._policy, finding.severity)
        if waiver.ends - self._now > (most + 1) * 86400:
            # The finding turned out graver than the rule's usual severity: the longer waiver does not reach it.
            return finding._replace(waiver=f"does not count, it runs longer than {most} days")
        if waiver.ends > self._now:
            return finding._replace(status=WAIVED, waiver=waiver.said)
        self._say(
            "waiver-expired",
            subject=finding.subject,
            evidence=f"the waiver of {finding.rule} ended with {waiver.expires}",
            usual=finding.severity if finding.status == FAIL else "low",
            root=finding.rule if finding.status == FAIL else None,
        )
        return finding._replace(waiver=f"expired with {waiver.expires}")

    def add_meta(self, loosened: t.Sequence[str], waivers: t.Sequence[Waiver]) -> None:
        """Add what is to be said of these waivers and of the policy itself."""
        for waiver in waivers:
            if waiver not in self._used:
                self._say(
                    "waiver-unused",
                    subject=Subject(shown(waiver.host), shown(waiver.key) or None),
                    evidence=f"the waiver of {waiver.rule} matches no finding",
                    usual=RULES["waiver-unused"].severity,
                )
        for said in loosened:
            self._keep(Finding("policy-loosened", FAIL, "info", "declared", Subject(), said))

    def _say(self, rule: str, *, subject: Subject, evidence: str, usual: str, root: str | None = None) -> None:
        """Add a failure that is about a waiver, under the same settings as any other rule's."""
        severity = self._policy.severities.get(rule, usual)
        finding = Finding(rule, FAIL, severity, "declared", subject, evidence, root=root)
        self._keep(finding._replace(spared=self._spared(finding)))

    def report(
        self,
        *,
        lines: t.Sequence[KeyLine],
        hosts: int,
        loosened: tuple[str, ...],
        gate: Gate,
        gates: t.Mapping[Subject, Gate],
    ) -> Report:
        """Return everything, the worst first. ``gates`` holds the subjects for which another gate decides."""
        order = {status: index for index, status in enumerate(STATUSES)}
        self.findings.sort(key=lambda f: (order[f.status], -RANK[f.severity], f.root is not None))
        return Report(
            findings=tuple(self.findings),
            blocking=tuple(finding for finding in self.findings if blocks(finding, gates.get(finding.subject, gate))),
            lines=tuple(lines),
            by_status=self._status,
            by_severity=self._severity,
            by_basis=dict(self._basis),
            hosts=hosts,
            policy_digest=self._policy.digest(defaults=DEFAULTS),
            loosened=loosened,
            gate=gate,
        )
