# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as JUnit XML, for the test views of CI systems. Private to this collection."""

from __future__ import annotations

import re
import typing as t
from xml.sax.saxutils import escape

from ...module_utils._policy._finding import FAIL, PASSED, RANK, UNKNOWN
from ._schema import Document
from ._words import identity, mend, open_findings, title

#: What XML 1.0 does not allow even as a reference.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTES = {'"': "&quot;", "'": "&apos;", "\t": " ", "\n": " ", "\r": " "}


def text(value: str) -> str:
    """The door: return text for an attribute or an element."""
    return escape(_ILLEGAL.sub(" ", value), _QUOTES)


class _Case(t.NamedTuple):
    name: str
    tag: str | None = None
    kind: str = ""
    message: str = ""
    body: str = ""


def write(document: Document) -> str:
    """Return one suite for each host, one case for each finding, and one for each key with none that weighs.

    What failed is a failure. What is not known is skipped, or an error where the gate stops for it. What was waived,
    or is spared, is skipped too and says so.
    """
    blocking = {identity(finding) for finding in document["blocking"]}
    suites: dict[str, list[_Case]] = {line["host"]: [] for line in document["lines"]}
    for line in document["lines"]:
        if line["verdict"] == PASSED:
            suites[line["host"]].append(_Case(f"{line['key']}: in order"))
    for finding in open_findings(document):
        host = finding["subject"]["host"] or "the policy"
        suites.setdefault(host, []).append(_case(finding, blocks=identity(finding) in blocking))
    every = [case for cases in suites.values() for case in cases]
    stamp = document["judged_at"].rstrip("Z")
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="trading.hosts" {_numbers(every)}>',
    ]
    for host, cases in suites.items():
        parts.append(f'  <testsuite name="{text(host)}" {_numbers(cases)} timestamp="{text(stamp)}">')
        parts += [_element(case, host) for case in cases]
        parts.append("  </testsuite>")
    parts.append("</testsuites>")
    return "\n".join(parts) + "\n"


def _case(finding: Document, *, blocks: bool) -> _Case:
    subject = finding["subject"]["key"]
    name = f"{subject}: {finding['rule']}" if subject else finding["rule"]
    body = " ".join(part for part in (f"Wanted: {title(finding['rule'])}.", mend(finding)) if part)
    status = finding["status"]
    spared = finding["spared"] is not None
    why = finding["spared"] if spared else finding["waiver"]
    if status == FAIL and not spared:
        return _Case(name, "failure", finding["severity"], finding["evidence"], body)
    if status == UNKNOWN and blocks:
        return _Case(name, "error", finding["severity"], f"not known: {finding['evidence']}", mend(finding))
    if status == UNKNOWN:
        return _Case(name, "skipped", "", f"not known ({finding['severity']}): {finding['evidence']}", "")
    return _Case(name, "skipped", "", f"{why or status}: {finding['evidence']}", "")


def _numbers(cases: t.Sequence[_Case]) -> str:
    tags = [case.tag for case in cases]
    counts = {"tests": len(cases), "failures": tags.count("failure"), "errors": tags.count("error")}
    return " ".join(f'{name}="{count}"' for name, count in {**counts, "skipped": tags.count("skipped")}.items())


def _element(case: _Case, host: str) -> str:
    head = f'    <testcase classname="{text(host)}" name="{text(case.name)}" time="0"'
    if case.tag is None:
        return f"{head}/>"
    kind = f' type="{text(case.kind)}"' if case.kind in RANK else ""
    inner = f'<{case.tag}{kind} message="{text(case.message)}">{text(case.body)}</{case.tag}>'
    return f"{head}>{inner}</testcase>"
