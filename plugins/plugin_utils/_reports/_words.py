# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all formats say in the same words. Private to this collection."""

from __future__ import annotations

import typing as t

from ...module_utils._policy._finding import FAIL, PASSED, RANK, UNKNOWN, WAIVED
from ...module_utils._policy._rules import RULES
from .. import _fleet_report, _report
from ._schema import Document

VERDICTS: t.Mapping[str, str] = {FAIL: "failed", UNKNOWN: "not known", PASSED: "in order"}
_ORDER: t.Mapping[str, int] = {FAIL: 0, UNKNOWN: 1, WAIVED: 2}


def title(rule: str) -> str:
    """Return what holds where the rule passes; of a rule of another release its name."""
    return RULES[rule].title if rule in RULES else rule


def severity(rule: str) -> str:
    """Return the usual severity of a rule."""
    return RULES[rule].severity if rule in RULES else "medium"


def summary(document: Document) -> list[str]:
    """Return a few lines that say how it stands; of a fleet the first one says how much was seen."""
    return _fleet_report.summary(document) if "fleet" in document else _report.summary(document)


def open_findings(document: Document) -> list[Document]:
    """Return what failed, is not known or was waived, the worst first."""
    found = [finding for finding in document["findings"] if finding["status"] in _ORDER]
    return sorted(found, key=lambda each: (_ORDER[each["status"]], -RANK[each["severity"]]))


def mend(finding: Document) -> str:
    """Return what to do in one line, or nothing."""
    remedy = finding["remedy"] or {}
    parts = [remedy.get("do_now"), f"Paste: {finding['paste']}" if finding["paste"] else None]
    return " ".join(part for part in parts if part)


def identity(finding: Document) -> tuple[str, str | None, str | None, str]:
    """Return what tells a finding from the others of its report."""
    return finding["rule"], finding["subject"]["host"], finding["subject"]["key"], finding["evidence"]
