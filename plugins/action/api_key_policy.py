# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judges what learners found, on the controller: facts in, findings out."""

from __future__ import annotations

import typing as t

from ..module_utils._errors import InputError
from ..module_utils._exchanges._registry import find
from ..module_utils._facts import clock_facts, egress_facts
from ..module_utils._policy._engine import Report, judge
from ..module_utils._policy._finding import SEVERITIES
from ..module_utils._policy._gates import GATES, NEVER
from ..module_utils._policy._rules import RULES
from ..module_utils._policy._settings import read_policy
from ..module_utils._policy._waivers import read_waivers
from ..module_utils._version import VERSION
from ..plugin_utils import _report
from ..plugin_utils._facts_files import plain, read_facts
from ..plugin_utils._facts_shapes import check_told
from ..plugin_utils._judge_action import (
    Facts,
    JudgeAction,
    instant_text,
    list_of,
    mapping_of,
    now_of,
    terminal_columns,
    write_report,
)

#: A result with more findings than this costs Ansible more time than judging does; the report file has all.
MOST_FINDINGS = 500
_THRESHOLDS = [*SEVERITIES, NEVER]
_UNCHANGED = "pass its result unchanged"


class ActionModule(JudgeAction):
    argument_spec: t.ClassVar[dict[str, t.Any]] = {
        "api_keys": {"type": "raw", "no_log": False},
        "egress": {"type": "raw"},
        "clock": {"type": "raw"},
        "credentials": {"type": "raw"},
        "machine": {"type": "raw"},
        "transport": {"type": "raw"},
        "exposed": {"type": "raw"},
        "src": {"type": "list", "elements": "path"},
        "declared": {"type": "raw"},
        "declared_addresses": {"type": "list", "elements": "str", "default": []},
        "confirm": {"type": "bool", "default": False},
        "policy": {"type": "raw"},
        "waivers": {"type": "raw"},
        "waivers_file": {"type": "path"},
        "gate": {"type": "str", "choices": list(GATES), "default": "audit"},
        "placed_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
        "fail_on": {"type": "str", "choices": _THRESHOLDS},
        "fail_on_unknown": {"type": "str", "choices": _THRESHOLDS},
        "now": {"type": "str"},
        "return_passed": {"type": "bool", "default": False},
        "report_path": {"type": "path"},
    }
    required_one_of = (("api_keys", "src", "declared", "exposed"),)

    def judge(self, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Read everything, judge it, write the report and say what blocks."""
        now = now_of(options["now"])
        facts = _facts(options, host=self.host)
        policy = read_policy(mapping_of(options["policy"], "policy"), rules=RULES)
        waivers = list_of(options["waivers"], "waivers") + self.waivers_of(options["waivers_file"])
        scanned = any(each.exposed is not None or each.inventory is not None for each in facts.machines.values())
        if not facts.keys and not scanned:
            raise InputError(
                field="api_keys",
                problem="holds no key, and neither src nor declared does: there is nothing to judge",
                mend="learn the keys first, and leave out hosts that have none",
            )
        report = judge(
            keys=facts.keys,
            egress=facts.egress,
            machines=list(facts.machines.values()),
            clocks=facts.clocks,
            policy=policy,
            waivers=read_waivers(waivers, rules=RULES, policy=policy, now=now),
            now=now,
            exchange_of=find,
            gate=options["gate"],
            fail_on=options["fail_on"],
            fail_on_unknown=options["fail_on_unknown"],
            placed=[(self.host, str(plain(name))) for name in options["placed_keys"]],
            confirmed=options["confirm"],
            ours=frozenset(str(plain(address)) for address in options["declared_addresses"]),
            keep_passed=options["return_passed"],
        )
        inline = report._replace(findings=report.findings[:MOST_FINDINGS], blocking=report.blocking[:MOST_FINDINGS])
        names = {"gate": options["gate"], "judged_at": instant_text(now), "version": VERSION}
        document = _report.document(inline, **names)
        if options["report_path"]:
            write_report(options["report_path"], document, report=report)
        return _result(report, document, fails=options["fail_on"] != NEVER)


def _facts(options: t.Mapping[str, t.Any], *, host: str) -> Facts:
    facts = Facts()
    for file in read_facts(sources=[str(source) for source in options["src"]]) if options["src"] else ():
        facts.add_file(file)
    for index, data in enumerate(list_of(options["api_keys"], "api_keys", inner="api_keys")):
        facts.add_key(data, where=f"api_keys[{index}]")
    for index, data in enumerate(list_of(options["egress"], "egress", inner="egress")):
        facts.egress.append(egress_facts(data, where=f"egress[{index}]"))
    for index, data in enumerate(list_of(options["clock"], "clock", inner="clocks")):
        facts.clocks.append(clock_facts(data, where=f"clock[{index}]"))
    told = {name: plain(options[name]) for name in ("machine", "credentials", "transport")}
    if any(value is not None for value in told.values()):
        facts.add_machine(host, told)
        check_told(told, where="", mend=_UNCHANGED)
    scans = plain(options["exposed"])
    for index, scan in enumerate(scans if isinstance(scans, list) else [] if scans is None else [scans]):
        where = f"exposed[{index}]" if isinstance(scans, list) else "exposed"
        facts.add_scan(host, scan, where=where)
        check_told(scan, where=f"{where}.", mend=_UNCHANGED)
    facts.declare(list_of(options["declared"], "declared"), host=host)
    return facts


def _result(report: Report, document: dict[str, t.Any], *, fails: bool) -> dict[str, t.Any]:
    blocked = bool(report.blocking)
    why = _report.sentence(document)
    result = {
        "findings": document["findings"],
        "findings_omitted": len(report.findings) - len(document["findings"]),
        "counts": document["counts"],
        "blocked": blocked,
        "blocked_because": why if blocked else None,
        "blocked_keys": _report.blocked_keys(report),
        "policy_digest": report.policy_digest,
        "loosened": list(report.loosened),
        "summary": _report.summary(document),
        "table": _report.table(document, width=terminal_columns()),
        "failed": blocked and fails,
    }
    if blocked:
        result["msg"] = why
    return result
