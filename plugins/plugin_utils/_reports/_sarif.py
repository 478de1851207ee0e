# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as SARIF 2.1.0 (OASIS), for code scanning. Private to this collection."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from urllib.parse import quote

from ...module_utils._policy._finding import FAIL, PASSED, UNKNOWN, WAIVED
from .._report import about
from ._schema import Document
from ._words import mend, severity, title

_HOME = "https://github.com/trading-hosts/trading.hosts"
_RULES = f"{_HOME}/blob/main/docs/policy.md#rules"
_LEVEL: t.Mapping[str, str] = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "note",
    "info": "note",
}
#: What GitHub reads: 9 and more is critical, 7 high, 4 medium.
_SCORE: t.Mapping[str, str] = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0", "info": "0.1"}
#: GitHub takes no log with more results.
MOST = 25_000
#: The second one is what GitHub's code scanning keeps an alert by; it knows no other.
_IDENTITIES = ("ruleHostKey/v1", "primaryLocationLineHash")
_KIND: t.Mapping[str, str] = {FAIL: "fail", WAIVED: "fail", UNKNOWN: "open", PASSED: "pass"}


def text(value: str) -> str:
    """The door: return text for a message, in which brackets make links and braces are places to fill (3.11.5, 6)."""
    return re.sub(r"[\\\[\]]", r"\\\g<0>", value).replace("{", "{{").replace("}", "}}")


def write(document: Document) -> str:
    """Return one run. What does not apply is left out; where a rule speaks of no host, the inventory is the place."""
    every = [finding for finding in document["findings"] if finding["status"] in _KIND]
    findings = every[:MOST]  # the worst come first
    rules = sorted({finding["rule"] for finding in findings})
    index = {rule: place for place, rule in enumerate(rules)}
    driver = {
        "name": "trading.hosts",
        "informationUri": _HOME,
        "version": document["collection_version"],
        "rules": [_rule(rule) for rule in rules],
    }
    run: dict[str, t.Any] = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"trading.hosts/{document['gate']}/"},
        "invocations": [_invocation(document, omitted=len(every) - len(findings))],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, index) for finding in findings],
        "properties": {"policyDigest": document["policy_digest"], "counts": document["counts"]},
    }
    if "fleet" in document:
        fleet = document["fleet"]
        run["properties"]["coverage"] = {
            name: count for name, count in fleet["coverage"].items() if name != "not_seen"
        } | {"partial": fleet["partial"]}
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, ensure_ascii=True, allow_nan=False, indent=1) + "\n"


def _invocation(document: Document, *, omitted: int) -> dict[str, t.Any]:
    invocation: dict[str, t.Any] = {"executionSuccessful": True, "endTimeUtc": document["judged_at"]}
    if omitted:
        said = f"{omitted} findings of less weight are left out: no more than {MOST} are taken."
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": said}}]
    return invocation


def _rule(rule: str) -> dict[str, t.Any]:
    usual = severity(rule)
    return {
        "id": rule,
        "shortDescription": {"text": title(rule)},
        "helpUri": _RULES,
        "defaultConfiguration": {"level": _LEVEL[usual]},
        "properties": {"tags": ["security"], "security-severity": _SCORE[usual]},
    }


def _result(finding: Document, index: t.Mapping[str, int]) -> dict[str, t.Any]:
    status = finding["status"]
    kind = _KIND[status]
    said = f"{about(finding)}: {finding['evidence']}".rstrip(".") + "."
    result: dict[str, t.Any] = {
        "ruleId": finding["rule"],
        "ruleIndex": index[finding["rule"]],
        "kind": kind,
        # The standard wants "none" for whatever is no failure.
        "level": _LEVEL[finding["severity"]] if kind == "fail" else "none",
        "message": {"text": text(f"{said} {mend(finding)}".strip())},
        "locations": [_location(finding["subject"])],
        "partialFingerprints": dict.fromkeys(_IDENTITIES, _fingerprint(finding)),
        "properties": {name: finding[name] for name in ("status", "severity", "basis", "root", "code")},
    }
    reason = finding["waiver"] if status == WAIVED else finding["spared"]
    if reason is not None:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return result


def _location(subject: Document) -> dict[str, t.Any]:
    host, key = subject["host"], subject["key"]
    parts = [part for part in (host, key) if part]
    location: dict[str, t.Any] = {
        # No file is at fault. Code scanning wants one, so it is named after the host.
        "physicalLocation": {
            "artifactLocation": {"uri": "/".join(["inventory", *([quote(host, safe="")] if host else [])])},
            "region": {"startLine": 1},
        }
    }
    if parts:
        name = {"name": parts[-1], "fullyQualifiedName": "/".join(parts), "kind": "resource"}
        location["logicalLocations"] = [name]
    return location


def _fingerprint(finding: Document) -> str:
    """Return what stays the same from run to run, so that a finding is one alert."""
    subject = finding["subject"]
    parts = [finding["rule"], subject["host"] or "", subject["key"] or ""]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
