# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as a textfile of Prometheus' node exporter. Private to this collection."""

from __future__ import annotations

import calendar
import time
import typing as t

from ...module_utils._policy._finding import FAIL, PASSED, UNKNOWN
from ._schema import Document

_HEAD: t.Mapping[str, str] = {
    "judged_timestamp_seconds": "When the keys were judged.",
    "policy_info": "The policy that judged, and the collection's version.",
    "policy_loosened": "In how many ways the policy is milder than the shipped one.",
    "blocking_findings": "Findings that stand in the way at the gate.",
    "findings": "Findings by status.",
    "failures": "Failures by severity.",
    "keys": "Keys by verdict.",
    "hosts_declared": "Hosts that declare keys.",
    "hosts_seen": "Hosts whose every key was seen.",
    "keys_declared": "Declared keys.",
    "keys_seen": "Keys that were seen.",
    "key_in_order": "Whether a key is in order: 1 yes, 0 failed, -1 not known.",
    "finding": "One finding that failed or is not known.",
}
_VALUE = {FAIL: 0, UNKNOWN: -1}
_WORST_FIRST = (FAIL, UNKNOWN, PASSED)


def text(value: str) -> str:
    """The door: return text for a label's value."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def write(document: Document, *, names: bool = True) -> str:
    """Return the metrics. Without ``names`` there are none of single keys: their numbers mean nothing over time."""
    counts = document["counts"]
    rows: dict[str, list[tuple[dict[str, str], float]]] = {name: [] for name in _HEAD}
    at = time.strptime(document["judged_at"], "%Y-%m-%dT%H:%M:%SZ")
    rows["judged_timestamp_seconds"] = [({}, calendar.timegm(at))]
    rows["policy_info"] = [({"digest": document["policy_digest"], "version": document["collection_version"]}, 1)]
    rows["policy_loosened"] = [({}, len(document["loosened"]))]
    rows["blocking_findings"] = [({}, len(document["blocking"]))]
    rows["findings"] = [({"status": name}, count) for name, count in counts["by_status"].items()]
    rows["failures"] = [({"severity": name}, count) for name, count in counts["by_severity"].items()]
    rows["keys"] = [({"verdict": name}, count) for name, count in counts["by_verdict"].items()]
    if "fleet" in document:
        for name in ("hosts_declared", "hosts_seen", "keys_declared", "keys_seen"):
            rows[name] = [({}, document["fleet"]["coverage"][name])]
    if names:
        rows["key_in_order"] = _in_order(document["lines"])
        rows["finding"] = [(_labels(each), 1) for each in document["findings"] if each["status"] in _VALUE]
    parts = []
    for name, of_it in rows.items():
        if of_it:
            full = f"trading_hosts_{name}"
            parts += [f"# HELP {full} {_HEAD[name]}", f"# TYPE {full} gauge"]
            # One subject may have several findings of a rule, and a series may be there once only.
            series = {_series(full, labels): value for labels, value in of_it}
            parts += [f"{each} {value}" for each, value in series.items()]
    return "\n".join([*parts, ""])


def _in_order(lines: t.Sequence[Document]) -> list[tuple[dict[str, str], float]]:
    """Return the verdict on each key; where two lines are about one, the worse of theirs."""
    names = ("host", "key", "exchange")
    worst: dict[tuple[str, ...], str] = {}
    for line in lines:
        place = tuple(line[name] for name in names)
        worst[place] = min(worst.get(place, PASSED), line["verdict"], key=_WORST_FIRST.index)
    return [(dict(zip(names, place, strict=True)), _VALUE.get(verdict, 1)) for place, verdict in worst.items()]


def _labels(finding: Document) -> dict[str, str]:
    subject = finding["subject"]
    named = {"host": subject["host"] or "", "key": subject["key"] or ""}
    return {**named, **{name: finding[name] for name in ("rule", "status", "severity")}}


def _series(name: str, labels: t.Mapping[str, str]) -> str:
    inner = ",".join(f'{label}="{text(each)}"' for label, each in labels.items())
    return f"{name}{{{inner}}}" if inner else name
