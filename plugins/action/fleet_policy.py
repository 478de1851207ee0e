# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judges the facts of a whole inventory on the controller: every key that any host declares, whoever is in the play."""

from __future__ import annotations

import os
import typing as t

from ..module_utils._errors import InputError
from ..module_utils._exchanges._registry import find
from ..module_utils._facts import KeyFacts
from ..module_utils._policy._case import instant, shown
from ..module_utils._policy._earlier import Baseline, History, read_baseline, read_history
from ..module_utils._policy._engine import Report, judge
from ..module_utils._policy._finding import SEVERITIES
from ..module_utils._policy._fleet import FleetInput, Place
from ..module_utils._policy._gates import NEVER
from ..module_utils._policy._rules import RULES
from ..module_utils._policy._settings import read_policy
from ..module_utils._policy._waivers import read_waivers
from ..module_utils._version import VERSION
from ..plugin_utils import _fleet_report, _report
from ..plugin_utils._facts_files import FactsFile, Refused, plain, read_json, read_usable
from ..plugin_utils._inventory_keys import DeclaredKey, declared_keys
from ..plugin_utils._judge_action import (
    Facts,
    JudgeAction,
    instant_text,
    mapping_of,
    now_of,
    terminal_columns,
    write_report,
)

#: A result with more than this costs Ansible more time than judging does; the report file has all.
MOST_FINDINGS = 500
MOST_ALLOWLISTS = 100
_THRESHOLDS = [*SEVERITIES, NEVER]
#: Characters of the sentence that says why a file cannot be used: it holds the file's path.
_REASON = 1000
#: Kinds of files by which rules about a host judge.
_OF_A_MACHINE = frozenset(("credentials", "exposed", "inventory"))


class ActionModule(JudgeAction):
    argument_spec: t.ClassVar[dict[str, t.Any]] = {
        "src": {"type": "list", "elements": "path", "required": True},
        "variables": {"type": "list", "elements": "str", "default": ["exchange_credentials_api_keys"]},
        "compare_secrets": {"type": "bool", "default": True, "no_log": False},
        "learned_since": {"type": "str"},
        "previous": {"type": "path"},
        "baseline": {"type": "path"},
        "declared_addresses": {"type": "list", "elements": "str", "default": []},
        "confirm": {"type": "bool", "default": False},
        "policy": {"type": "raw"},
        "waivers_file": {"type": "path"},
        "fail_on": {"type": "str", "choices": _THRESHOLDS},
        "fail_on_unknown": {"type": "str", "choices": _THRESHOLDS},
        "now": {"type": "str"},
        "return_passed": {"type": "bool", "default": False},
        "report_path": {"type": "path"},
    }

    def judge(self, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Gather what the inventory declares and what the files tell, judge it, and write the report."""
        now = now_of(options["now"])
        # First: an earlier report may be as large as all facts together.
        history, baseline = _history(options["previous"]), _baseline(options["baseline"])
        policy = read_policy(mapping_of(options["policy"], "policy"), rules=RULES)
        waivers = self.waivers_of(options["waivers_file"])
        declared = declared_keys(
            hostvars=self.task_vars["hostvars"],
            variables=_names(options["variables"]),
            loader=self._loader,
            compare_secrets=options["compare_secrets"],
        )
        hosts = frozenset(str(name) for name in self.task_vars["hostvars"])
        since = now_of(options["learned_since"], field="learned_since") if options["learned_since"] else 0.0
        facts, unseen, problems, told = _gather(options["src"], declared=declared, hosts=hosts, since=since)
        # Whoever names variables expects keys in them; without that, what was found on the hosts is enough.
        if not declared and ("variables" in self._task.args or not (facts.keys or facts.machines)):
            problem = f"no host of the inventory sets {' or '.join(options['variables'])}, and src tells of none"
            mend = "give the inventory, name its variables, or learn what lies on its hosts"
            raise InputError(field="variables", problem=f"{problem}: there is nothing to judge", mend=mend)
        given = FleetInput(
            hosts=hosts,
            declared=frozenset((key.host, key.name) for key in declared),
            unseen=unseen,
            ids={(key.host, key.name): key.id for key in declared if key.id is not None},
            phrases={(key.host, key.name): key.phrase for key in declared if key.phrase is not None},
            history=history,
            baseline=baseline,
            since=since,
        )
        report = judge(
            keys=facts.keys,
            egress=facts.egress,
            machines=list(facts.machines.values()),
            clocks=facts.clocks,
            policy=policy,
            waivers=read_waivers(waivers, rules=RULES, policy=policy, now=now, where="waivers_file"),
            now=now,
            exchange_of=find,
            fail_on=options["fail_on"],
            fail_on_unknown=options["fail_on_unknown"],
            confirmed=options["confirm"],
            ours=frozenset(str(plain(address)) for address in options["declared_addresses"]),
            keep_passed=options["return_passed"],
            fleet=given,
        )
        if report.fleet is None:
            raise TypeError("the engine judged no fleet")
        document = _fleet_report.document(
            report._replace(findings=report.findings[:MOST_FINDINGS], blocking=report.blocking[:MOST_FINDINGS]),
            fleet=report.fleet,
            problems=problems,
            spared=sum(finding.spared is not None for finding in report.findings) if given.baseline else 0,
            gate="audit",
            judged_at=instant_text(now),
            version=VERSION,
        )
        if options["report_path"]:
            write_report(options["report_path"], document, report=report)
        return _result(report, document, told=told, fails=options["fail_on"] != NEVER)


def _names(given: t.Sequence[str]) -> list[str]:
    for name in given:
        if not str(name).isidentifier():
            mend = "write names such as exchange_credentials_api_keys"
            raise InputError(field="variables", value=str(name), problem="is no name of a variable", mend=mend)
    return [str(name) for name in given]


def _gather(
    sources: t.Sequence[str], *, declared: t.Sequence[DeclaredKey], hosts: frozenset[str], since: float
) -> tuple[Facts, dict[Place, str], list[str], bool]:
    """Return the facts, why there are none of some keys, what was not used at all, and whether any host told anything.

    What cannot be used of one host never hides another one. What was learned before ``since``, by the controller's
    clock, is of an earlier run: it is judged, and was not seen.
    """
    facts = Facts()
    told: set[str] = set()
    early: set[str] = set()
    fresh: set[str] = set()
    strangers: list[str] = []

    def add(file: FactsFile) -> None:
        if file.host not in hosts and file.kind != "inventory":
            strangers.append(f"{file.path} is about {file.host}, which the inventory does not have.")
            return
        if file.kind == "api_keys":
            _once(file)
        facts.add_file(file)
        in_time = (instant(file.learned_at) or 0.0) >= since
        fresh.update([file.host] if in_time else ())
        if file.kind == "api_keys":
            told.add(file.host)
            early.update(() if in_time else [file.host])

    refused = read_usable(sources=[str(source) for source in sources], add=add)
    bad = {each.host: each.why for each in refused if each.kind == "api_keys"}
    _note_unread(refused, facts=facts, hosts=hosts)
    exchanges = {(key.host, key.name): key.declared["exchange"] for key in declared}
    known: set[Place] = set()
    unseen: dict[Place, str] = {}
    kept: list[KeyFacts] = []
    for key in facts.keys:
        place = key.host, key.name
        if exchanges.get(place, key.exchange) != key.exchange:
            unseen[place] = (
                f"its facts are about {shown(key.exchange)}, and the inventory declares {shown(exchanges[place])}"
            )
            continue
        known.add(place)
        kept.append(key)
        if key.host in early:
            unseen[place] = "its facts are of an earlier run"
    facts.keys = kept
    for one in declared:
        place = one.host, one.name
        if place in known or place in unseen:
            continue
        if one.host in bad:
            unseen[place] = f"its facts cannot be used: {shown(bad[one.host], limit=_REASON)}".rstrip(".")
        else:
            unseen[place] = (
                "its host's facts do not tell of it" if one.host in told else "there are no facts of its host"
            )
    facts.declare([key.declared for key in declared], host="", wheres=[key.where for key in declared])
    problems = [] if declared else _silent(hosts - fresh)
    return facts, unseen, problems + [each.why for each in refused] + strangers, bool(fresh)


def _note_unread(refused: t.Iterable[Refused], *, facts: Facts, hosts: frozenset[str]) -> None:
    for each in refused:
        if each.host in hosts and each.kind in _OF_A_MACHINE:
            facts.unread(str(each.host), each.kind, each.why)


def _silent(hosts: t.Iterable[str]) -> list[str]:
    """Return a sentence for each of them: where nobody declares keys, nothing else says that they lack."""
    return [f"{host} told nothing in this run, so what lies there is not known." for host in sorted(hosts)]


def _once(file: FactsFile) -> None:
    seen: set[t.Any] = set()
    for index, fact in enumerate(file.facts):
        name = str(fact.get("name"))
        if name in seen:
            where = f"src {file.path!r} facts[{index}].name"
            raise InputError(field=where, value=shown(name), problem="is there twice", mend="learn the facts again")
        seen.add(name)


def _baseline(path: str | None) -> Baseline | None:
    return read_baseline(read_json(path, field="baseline"), where=f"baseline {path!r}") if path else None


def _history(path: str | None) -> History | None:
    """Return what the last report tells; in the first run there is none yet."""
    if not path:
        return None
    if not os.path.exists(os.path.expanduser(path)):
        return History("", {}, {})
    return read_history(read_json(path, field="previous", leave_out="evidence"), where=f"previous {path!r}")


def _result(report: Report, document: dict[str, t.Any], *, told: bool, fails: bool) -> dict[str, t.Any]:
    whole = document["fleet"]
    coverage = whole["coverage"]
    nothing = coverage["keys_seen"] == 0 if coverage["keys_declared"] else not told
    blocked = bool(report.blocking) or nothing
    telling = [each for each in whole["allowlists"] if each["add"] or each["idle"] or each["unconfirmed"]]
    why = _report.sentence(document) if report.blocking else None
    if nothing and coverage["keys_declared"]:
        first = coverage["not_seen"][0]
        seen = f"None of the {coverage['keys_declared']} declared keys was seen in this run"
        why = f"{seen}: {first['key']} on {first['host']}, {first['why']}. {why or ''}".strip()
    elif nothing:
        why = f"No host told anything in this run. {why or ''}".strip()
    result = {
        "partial": whole["partial"],
        "coverage": {**coverage, "not_seen": coverage["not_seen"][:MOST_FINDINGS]},
        "problems": whole["problems"][:MOST_FINDINGS],
        "findings": document["findings"],
        "findings_omitted": len(report.findings) - len(document["findings"]),
        "allowlists": telling[:MOST_ALLOWLISTS],
        "allowlists_omitted": max(0, len(telling) - MOST_ALLOWLISTS),
        "counts": document["counts"],
        "blocked": blocked,
        "blocked_because": why,
        "policy_digest": report.policy_digest,
        "loosened": document["loosened"],
        "summary": _fleet_report.summary(document),
        "table": _report.table(document, width=terminal_columns()),
        "failed": blocked and fails,
    }
    if blocked:
        result["msg"] = why
    return result
