# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for all rules together: folding, paste text, foreign text, waivers, gates, the policy itself."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._facts import Access, Allowlist, KeyFacts
from ansible_collections.trading.hosts.plugins.module_utils._policy import _exposed
from ansible_collections.trading.hosts.plugins.module_utils._policy._case import Case, Host, Machine, days, instant
from ansible_collections.trading.hosts.plugins.module_utils._policy._engine import Report
from ansible_collections.trading.hosts.plugins.module_utils._policy._finding import FAIL, UNKNOWN, Finding
from ansible_collections.trading.hosts.plugins.module_utils._policy._gates import GATES, PLACING, is_fatal
from ansible_collections.trading.hosts.plugins.module_utils._policy._rules import DEFAULTS, RULES
from ansible_collections.trading.hosts.plugins.module_utils._policy._settings import UNWAIVABLE, Policy, read_policy
from ansible_collections.trading.hosts.plugins.module_utils._policy._waivers import Waiver, read_waivers
from tests.unit.module_utils._policy.build import (
    ADDRESS,
    NOW,
    OTHER,
    egress,
    found,
    key,
    okx,
    refused,
    report,
    seen,
)

UNRESTRICTED = key(observed=seen(allowlist=Allowlist("unrestricted")))
WITHDRAWS = key(observed=seen(permissions=("read", "withdraw")))


def open_findings(judged: Report) -> list[Finding]:
    return [f for f in judged.findings if f.status in (FAIL, UNKNOWN)]


# --- one root, not twenty ---


@pytest.mark.parametrize(
    ("facts", "root"),
    [
        (refused("ip_refused"), "key-accepted"),
        (refused("unreachable"), "key-accepted"),
        (okx(access=Access("bad_passphrase"), observed=None), "key-accepted"),
        (key(official=False), "observed-at-official-host"),
    ],
)
def test_a_refused_key_is_one_root_finding(facts: KeyFacts, root: str) -> None:
    findings = open_findings(report(facts))
    assert sum(f.rule == root for f in findings) == 1
    folded = [f for f in findings if f.root == root]
    assert len(folded) >= 10
    # What needs no answer, or what this exchange never tells, is judged all the same.
    never_told = {"third-party-key", "key-age", "permissions-inseparable"} if facts.exchange == "okx" else set()
    assert {f.rule for f in findings if f.root is None} - {root} <= never_told


def test_what_was_learned_elsewhere_never_passes() -> None:
    judged = report(key(official=False))
    passed = {f.rule for f in judged.findings if f.status == "pass" and f.subject.key}
    # None of these rests on what the exchange said of the key.
    assert passed <= {
        "asymmetric-available",
        "two-factor-enabled",
        "attestation-stale",
        "egress-rotating",
        "permissions-inseparable",
        "recovery-path",
    }


def test_what_custom_says_is_judged() -> None:
    assert report(key(official=False, environment="custom")).lines[0].verdict == "pass"


def test_a_wrong_clock_makes_time_rules_unknown() -> None:
    assert found("key-age", key(asked_at="2026-11-22T09:00:00Z")).status == UNKNOWN


# --- text to paste ---


@pytest.mark.parametrize(
    ("facts", "others", "options", "paste"),
    [
        (UNRESTRICTED, (), {}, None),  # a majority alone is one kind
        (UNRESTRICTED, (), {"confirmed": True}, ADDRESS),
        (UNRESTRICTED, (), {"ours": {ADDRESS}}, ADDRESS),
        (UNRESTRICTED, (), {"ours": {OTHER}}, None),
        # The exchange took a call of a key that is restricted to just this address.
        (UNRESTRICTED, (key(name="b"),), {}, ADDRESS),
        (UNRESTRICTED, (key(name="b", official=False),), {}, None),
        (UNRESTRICTED, (key(name="b", host="bot2"),), {}, None),
        # It printed the address when it refused another one.
        (UNRESTRICTED, (okx(name="b", access=Access("ip_refused", seen_address=ADDRESS), observed=None),), {}, ADDRESS),
        (UNRESTRICTED, (okx(name="b", access=Access("ip_refused", seen_address=OTHER), observed=None),), {}, None),
    ],
)
def test_paste_text_needs_two_kinds_of_evidence(
    facts: KeyFacts, others: tuple[KeyFacts, ...], options: dict[str, t.Any], paste: str | None
) -> None:
    finding = found("ip-restriction-required", facts, *others, **options)
    assert finding.paste == paste
    assert finding.remedy is not None
    if paste is None:
        assert "Confirm" in finding.remedy.do_now


def test_a_private_or_disputed_address_is_never_pasted() -> None:
    for seen_from in ([egress("10.0.0.4")], [egress(status="disputed")], []):
        finding = found("ip-restriction-required", UNRESTRICTED, seen_from=seen_from, confirmed=True)
        assert finding.paste is None
        assert finding.remedy is not None


def test_a_refused_key_gets_the_text_at_its_root() -> None:
    facts = okx(access=Access("ip_refused", code="50110", seen_address=ADDRESS), observed=None)
    finding = found("key-accepted", facts)
    assert (finding.paste, finding.code) == (ADDRESS, "ip_refused")
    assert finding.remedy is not None
    assert finding.remedy.never


def test_what_is_listed_is_kept() -> None:
    facts = key(
        observed=seen(allowlist=Allowlist("entries", (OTHER,))),
        declared={"egress_paths": [{"family": "ipv4", "source_address": "10.0.0.9"}]},
    )
    path = dataclasses.replace(egress().path, source_address="10.0.0.9")
    finding = found("allowlist-covers-host", facts, seen_from=[egress(path=path)], confirmed=True)
    assert finding.paste == f"{OTHER},{ADDRESS}"


# --- foreign text ---

HOSTILE = (
    "x\n::error file=a::pwned",
    "##[error]pwned",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
    "<script>alert(1)</script>" * 40,
    "{{ lookup('pipe', 'id') }}",
    '"}\n# HELP pwned',
)


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_stays_one_harmless_line(text: str) -> None:
    facts = key(
        name=text,
        host=text,
        exchange=text,
        access=Access("ip_refused", code=text, message=text, seen_address=text, next_step=text),
        observed=None,
        declared={"service": text, "account": text, "label": text, "attested": {text: {"by": text, "on": text}}},
    )
    told = key(
        observed=seen(
            label=text,
            permissions=("read", f"unknown:{text}", text),
            allowlist=Allowlist("entries", (text,)),
            account=dataclasses.replace(seen().account, id=text, level="main"),
            created_at=text,
        ),
        declared={"allowlist": [text], "restriction_events": [{"what": text, "on": "2026-01-01"}]},
        asked_host=text,
        official=True,
    )
    for finding in report(facts, told, seen_from=[egress(text)]).findings:
        for part in _strings(finding):
            assert part.isprintable(), part
            assert "::error" not in part
            assert "##[" not in part
            assert len(part) < 700


def _strings(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _strings(each)


# --- waivers ---

GOOD: dict[str, t.Any] = {
    "rule": "ip-restriction-required",
    "host": "bot1",
    "key": "grid-bybit",
    "justification": "the provider gives no fixed address before December",
    "requested_by": "Ada",
    "approved_by": "Grace",
    "expires": "2026-12-01",
}


def waivers(*given: dict[str, t.Any]) -> tuple[Waiver, ...]:
    return read_waivers(list(given), rules=RULES, policy=Policy(), now=NOW)


def test_a_waiver_excuses_one_rule_of_one_key() -> None:
    judged = report(UNRESTRICTED, key(name="b", observed=UNRESTRICTED.observed), waivers=waivers(GOOD))
    findings = [f for f in judged.findings if f.rule == "ip-restriction-required"]
    assert sorted((f.subject.key, f.status) for f in findings) == [("b", FAIL), ("grid-bybit", "waived")]
    waived = next(f for f in findings if f.status == "waived")
    assert "Ada" in str(waived.waiver)
    assert "Grace" in str(waived.waiver)
    assert waived not in judged.blocking


def test_a_waiver_ends_with_its_day_in_utc() -> None:
    late = {**GOOD, "expires": "2026-11-22"}
    for at, status in (("2026-11-22T23:59:59Z", "waived"), ("2026-11-23T00:00:00Z", FAIL)):
        now = instant(at) or 0.0
        judged = report(UNRESTRICTED, waivers=waivers(late), now=now)
        assert next(f for f in judged.findings if f.rule == "ip-restriction-required").status == status
        expired = [f for f in judged.findings if f.rule == "waiver-expired"]
        assert [f.severity for f in expired] == ([] if status == "waived" else ["critical"])


def test_a_waiver_that_matches_nothing_is_told() -> None:
    judged = report(key(), waivers=waivers(GOOD))
    assert [(f.subject.key, f.severity) for f in judged.findings if f.rule == "waiver-unused"] == [
        ("grid-bybit", "low")
    ]


def test_a_waiver_for_a_lesser_severity_does_not_reach_a_critical_finding() -> None:
    long = {**GOOD, "rule": "key-expiry", "expires": "2027-02-01"}
    from_today = key(observed=seen(expiry=dataclasses.replace(seen().expiry, state="at", at="2026-11-23T00:00:00Z")))
    judged = report(from_today, waivers=waivers(long))
    finding = next(f for f in judged.findings if f.rule == "key-expiry")
    assert (finding.status, finding.severity) == (FAIL, "critical")
    assert "does not count" in str(finding.waiver)
    assert not [each for each in judged.findings if each.rule == "waiver-unused"]


def test_what_is_said_of_waivers_goes_by_the_policy_too() -> None:
    late = waivers({**GOOD, "expires": "2026-11-22"})
    now = instant("2026-11-24T00:00:00Z") or 0.0
    policy = Policy(severities={"waiver-expired": "info"}, enforce_from={"waiver-expired": "2027-01-01"})
    (said,) = [
        each
        for each in report(UNRESTRICTED, waivers=late, now=now, policy=policy).findings
        if each.rule == "waiver-expired"
    ]
    assert (said.severity, said.spared) == ("info", "enforced from 2027-01-01")


def test_a_waiver_of_a_host_rule_names_the_host_alone() -> None:
    given = {**GOOD, "rule": "ssh-host-verified", "key": None}
    judged = report(key(), waivers=waivers(given), machines=[_unverified()])
    assert next(f for f in judged.findings if f.rule == "ssh-host-verified").status == "waived"


@pytest.mark.parametrize(("placed", "severity"), [([], "critical"), ([("bot1", "grid-bybit")], "high")])
def test_a_host_to_which_no_key_comes_is_not_one_where_something_is_placed(
    placed: list[tuple[str, str]], severity: str
) -> None:
    """Keys that lie on their host are asked about without a secret, and then nobody looks at the way there."""
    judged = report(key(), gate="place", placed=placed, machines=[Machine("bot1", host_key="bound")])
    finding = next(f for f in judged.findings if f.rule == "ssh-host-verified")
    assert (finding.status, finding.severity) == ("unknown", severity)
    assert bool(judged.blocking) is (severity == "critical")


def test_a_host_that_is_known_to_be_unverified_blocks_whatever_lies_there() -> None:
    judged = report(key(), gate="place", placed=[("bot1", "grid-bybit")], machines=[_unverified()])
    assert [finding.rule for finding in judged.blocking] == ["ssh-host-verified"]


def _unverified() -> Machine:
    return Machine("bot1", host_key="bound", verified_host=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rule": "no-such-rule"}, "'no-such-rule': is not a rule"),
        *(({"rule": rule}, "cannot be waived") for rule in sorted(UNWAIVABLE)),
        ({"rule": "waiver-expired"}, "cannot be waived"),
        ({"host": "*"}, "is not one name"),
        ({"key": "grid-*"}, "is not one name"),
        ({"host": "all"}, "is not one name"),
        ({"key": ["a", "b"]}, "key: is missing"),
        ({"key": None}, "key: is missing"),
        ({"justification": "  "}, "justification: is missing"),
        ({"approved_by": " ada "}, "is also who requested it"),
        ({"requested_by": "Ada Lovelace", "approved_by": "ada.lovelace"}, "is also who requested it"),
        ({"requested_by": "Ada Lovelace", "approved_by": "Ada  Lovelace"}, "is also who requested it"),
        ({"approved_by": "A\u200bda"}, "is also who requested it"),
        ({"approved_by": "\uff21\uff44\uff41"}, "is also who requested it"),
        ({"requested_by": "-", "approved_by": "?"}, "is also who requested it"),
        ({"expires": "soon"}, "is not a day"),
        ({"expires": "2026-02-30"}, "is not a day"),
        ({"expires": "2027-01-30"}, "more than 30 days ahead"),
        ({"rule": "key-age", "expires": "2027-03-30"}, "more than 90 days ahead"),
        ({"subject": "x"}, "is not a part of a waiver"),
    ],
)
def test_a_bad_waiver_is_refused_in_one_sentence(change: dict[str, t.Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        waivers({**GOOD, **change})
    assert said in str(caught.value)
    assert "waivers[0]" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", ["text", [1], [GOOD, GOOD]])
def test_a_bad_list_of_waivers_is_refused(given: t.Any) -> None:
    with pytest.raises(InputError, match="waivers"):
        read_waivers(given, rules=RULES, policy=Policy(), now=NOW)


# --- gates ---

#: What each gate does about: a high failure, a critical failure, a critical unknown, a high unknown, an expired key.
HIGH = key(observed=seen(owner_kind="vendor"), without=["owner_kind"])
CRITICAL = UNRESTRICTED
UNKNOWN_CRITICAL = key(without=["account"])
UNKNOWN_HIGH = key(without=["two_factor"])
EXPIRED = refused("expired")


@pytest.mark.parametrize(
    ("gate", "blocks"),
    [
        ("place", (True, True, True, False, True)),
        ("first_start", (True, True, True, False, True)),
        ("replace", (False, True, False, False, True)),
        ("restart", (False, False, False, False, True)),
        ("running", (False, False, False, False, False)),
        ("audit", (True, True, False, False, True)),
    ],
)
def test_gates(gate: str, blocks: tuple[bool, ...]) -> None:
    facts = (HIGH, CRITICAL, UNKNOWN_CRITICAL, UNKNOWN_HIGH, EXPIRED)
    assert tuple(bool(report(each, gate=gate).blocking) for each in facts) == blocks


@pytest.mark.parametrize("gate", sorted(PLACING))
def test_a_key_that_is_placed_already_is_judged_as_one_to_be_replaced(gate: str) -> None:
    facts = (HIGH, CRITICAL, UNKNOWN_CRITICAL, UNKNOWN_HIGH, EXPIRED)
    placed = [("bot1", HIGH.name)]
    assert [bool(report(each, gate=gate, placed=placed).blocking) for each in facts] == [
        False,
        True,
        False,
        False,
        True,
    ]
    both = report(HIGH, dataclasses.replace(HIGH, name="new"), gate=gate, placed=placed)
    assert {finding.subject.key for finding in both.blocking} == {"new"}
    assert report(HIGH, gate=gate, placed=[("bot2", HIGH.name)]).blocking


def test_what_is_placed_already_makes_no_other_gate_milder() -> None:
    assert report(HIGH, gate="audit", placed=[("bot1", HIGH.name)]).blocking
    assert report(HIGH, gate="place", placed=[("bot1", HIGH.name)], fail_on="high").blocking
    unfit = report(
        key(),
        gate="place",
        placed=[("bot1", key().name)],
        machines=(Machine("bot1", host_key="differs", verified_host=True),),
    )
    assert [finding.rule for finding in unfit.blocking] == ["host-key-bound"]


@pytest.mark.parametrize(
    ("facts", "fatal"),
    [
        *((refused(s), True) for s in ("ip_refused", "invalid_key", "expired", "bad_passphrase", "clock_skew")),
        *(
            (refused(s), False)
            for s in ("bad_signature", "wrong_environment", "unreachable", "rate_limited", "ambiguous")
        ),
        (WITHDRAWS, True),
        (UNRESTRICTED, False),
        (key(observed=seen(expiry=dataclasses.replace(seen().expiry, state="at", at="2026-11-01"))), False),
    ],
)
def test_a_service_that_ran_before_is_stopped_only_by_what_is_proved_fatal(facts: KeyFacts, fatal: bool) -> None:
    judged = report(facts, gate="restart")
    assert bool(judged.blocking) is fatal
    assert all(is_fatal(finding) for finding in judged.blocking)


def test_thresholds_override_the_gate_and_are_told() -> None:
    judged = report(HIGH, gate="place", fail_on="critical", fail_on_unknown="never")
    assert not judged.blocking
    assert [f.evidence for f in judged.findings if f.rule == "policy-loosened"] == [
        "fail_on is critical; the gate place has high",
        "fail_on_unknown is never; the gate place has critical",
    ]
    assert report(UNKNOWN_HIGH, fail_on_unknown="high").blocking
    assert not report(UNKNOWN_HIGH, fail_on_unknown="critical").blocking


def test_never_tells_what_the_gate_would_have_stopped() -> None:
    judged = report(HIGH, fail_on="never")
    assert [f.rule for f in judged.blocking] == ["third-party-key"]
    assert any("fail_on is never" in said for said in judged.loosened)


def test_a_stricter_threshold_is_no_loosening() -> None:
    assert report(key(), fail_on="low", fail_on_unknown="low").loosened == ()


# --- the policy ---


def policy(**given: t.Any) -> Policy:
    return read_policy(given, rules=RULES)


def test_severities_can_be_set_and_the_digest_tells() -> None:
    raised = policy(severities={"key-age": "critical"})
    assert found("key-age", key(observed=seen(created_at="2026-01-01")), policy=raised).severity == "critical"
    assert raised.loosened(defaults=DEFAULTS) == ()
    assert raised.digest(defaults=DEFAULTS) != Policy().digest(defaults=DEFAULTS)
    assert policy(severities={"key-age": "medium"}).digest(defaults=DEFAULTS) == Policy().digest(defaults=DEFAULTS)


@pytest.mark.parametrize("named", ["high", "critical"])
def test_a_severity_that_is_no_loosening_softens_no_graver_case(named: str) -> None:
    today = seen(expiry=dataclasses.replace(seen().expiry, state="at", at="2026-11-23T00:00:00Z"))
    judged = report(key(observed=today), policy=policy(severities={"key-expiry": named}))
    assert judged.loosened == ()
    assert next(f for f in judged.findings if f.rule == "key-expiry").severity == "critical"
    softer = report(key(observed=today), policy=policy(severities={"key-expiry": "medium"}))
    assert next(f for f in softer.findings if f.rule == "key-expiry").severity == "medium"
    assert softer.loosened == ("key-expiry is medium instead of high",)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"severities": {"key-age": "info"}}, "key-age is info instead of medium"),
        ({"key_age_days": 400}, "key_age_days is 400 instead of 180"),
        ({"expiry_days_medium": 20}, "expiry_days_medium is 20 instead of 30"),
        ({"max_fact_age": 90000}, "max_fact_age is 90000 instead of 3600"),
        ({"forbidden_words": ["spend"]}, "forbidden_words lacks transfer_out, manage_keys, transfer_sub"),
        ({"accepted_inseparable": {"okx": ["borrow"]}}, "accepted_inseparable lets okx keys have borrow"),
    ],
)
def test_every_loosening_is_told(given: dict[str, t.Any], said: str) -> None:
    judged = report(key(), policy=policy(**given))
    assert judged.loosened == (said,)
    assert [(f.evidence, f.severity) for f in judged.findings if f.rule == "policy-loosened"] == [(said, "info")]


@pytest.mark.parametrize(
    "given",
    [
        {"key_age_days": 90},
        {"expiry_days_medium": 60},
        {"forbidden_words": ["spend", "transfer_out", "manage_keys", "transfer_sub", "earn"]},
    ],
)
def test_stricter_is_no_loosening(given: dict[str, t.Any]) -> None:
    assert policy(**given).loosened(defaults=DEFAULTS) == ()


def test_withdrawal_cannot_be_allowed() -> None:
    assert found("withdrawal-forbidden", WITHDRAWS, policy=policy(forbidden_words=[])).status == FAIL


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"key_age": 3}, "'key_age': is not a setting"),
        ({"key_age_days": "many"}, "policy.key_age_days 'many': is not a whole number"),
        ({"key_age_days": True}, "is not a whole number"),
        ({"key_age_days": 1.5}, "is not a whole number"),
        ({"key_age_days": -1}, "is out of range"),
        ({"severities": ["key-age"]}, "is not a mapping"),
        ({"severities": {"key-ag": "low"}}, "'key-ag': is not a rule"),
        ({"severities": {"key-age": "mild"}}, "'mild': is not a severity"),
        ({"severities": {"withdrawal-forbidden": "low"}}, "has a fixed severity"),
        ({"forbidden_words": "spend"}, "is not a list"),
        ({"forbidden_words": ["fly"]}, "'fly': is not a permission word"),
        ({"accepted_inseparable": []}, "is not a mapping"),
        ({"credential_key_type": "gold"}, "'gold': is not a key type"),
        ({"theft_of_disk": "maybe"}, "'maybe': is not known"),
        ({"expiry_days_high": 40}, "must not grow with the severity"),
    ],
)
def test_a_bad_policy_is_refused_in_one_sentence(given: dict[str, t.Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        policy(**given)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


# --- odds and ends ---


def test_counts_cover_every_rule_of_every_key() -> None:
    judged = report(key(), refused("ip_refused", name="b"), keep_passed=False)
    key_rules = sum(rule.scope == "key" and not rule.of_fleet for rule in RULES.values())
    assert sum(judged.by_status.values()) == 2 * key_rules + 3 + len(_exposed.RULES)
    assert all(f.status not in ("pass", "not_applicable") for f in judged.findings)


def test_findings_come_with_the_worst_first() -> None:
    judged = report(WITHDRAWS, UNKNOWN_HIGH, keep_passed=False)
    assert judged.findings[0].severity == "critical"
    assert judged.findings[0].status == FAIL


def test_every_gate_is_in_the_table() -> None:
    assert set(GATES) == {"place", "first_start", "replace", "restart", "running", "audit"}


def test_declared_alone_never_passes_a_high_rule() -> None:
    for rule in RULES.values():
        if rule.severity in ("critical", "high"):
            assert rule.least in ("proved", "observed", "attested"), rule.id


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-02", 86400.0),
        ("1970-01-01T00:00:01Z", 1.0),
        ("1970-01-01T00:00:01.5+00:00", 1.0),
        ("1970-13-01", None),
        ("1970-02-29", None),
        ("1970-01-01T25:00:00Z", None),
        ("1970-01-01T00:00:00+02:00", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_instants(text: t.Any, seconds: float | None) -> None:
    assert instant(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "said"), [(9 * 86400, "9 days"), (86400, "24 hours"), (3600, "1 hour"), (0, "0 hours")]
)
def test_stretches_of_time(seconds: float, said: str) -> None:
    assert days(seconds) == said


def test_many_keys_of_one_host_are_judged_alike() -> None:
    judged = report(*(key(name=f"k{n}") for n in range(300)), keep_passed=False)
    assert {line.verdict for line in judged.lines} == {"pass"}
    assert len(judged.lines) == 300


def test_a_case_reads_a_hidden_list_as_hidden() -> None:
    case = Case(
        key=key(observed=seen(allowlist=Allowlist("hidden"))),
        host=Host("bot1"),
        exchange=None,
        cannot=frozenset(),
        policy=Policy(),
        now=NOW,
        placing=False,
        labels={},
    )
    assert (case.list_state, case.listing) == ("hidden", None)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T07:13:60Z",
        "2026-11-22T07:60:00Z",
        "2026-11-22T24:00:00Z",
        "0000-01-01",
        "2026-02-29",
        "2026-13-01",
        "",
    ],
)
def test_what_is_no_instant(text: str) -> None:
    assert instant(text) is None
