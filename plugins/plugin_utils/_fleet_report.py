# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report on a whole inventory: that of any judgement, and ``fleet`` beside it. Private to this collection.

Its form is described in ``docs/fleet.md``; whoever writes another format of it reads that form and nothing else.
"""

from __future__ import annotations

import typing as t

from ..module_utils._policy._engine import Report
from ..module_utils._policy._fleet import AllowlistText, Fleet
from ..module_utils._redact import one_line
from . import _report

_FEW = 3


def document(
    report: Report, *, fleet: Fleet, problems: t.Sequence[str], spared: int, gate: str, judged_at: str, version: str
) -> dict[str, t.Any]:
    """Return the report's JSON form. ``problems`` are sentences about files that could not be used.

    ``spared`` says how many failures the baseline holds, of all there are: ``report`` may hold only some.
    """
    coverage = fleet.coverage()
    given = fleet.given
    return {
        **_report.document(report, gate=gate, judged_at=judged_at, version=version),
        "fleet": {
            # Where nobody declares a key, each host that told nothing is a problem.
            "partial": coverage.keys_seen < coverage.keys_declared or bool(problems and not coverage.keys_declared),
            "coverage": {**coverage._asdict(), "not_seen": [each._asdict() for each in coverage.not_seen]},
            "problems": [one_line(each, limit=300) for each in problems],
            "allowlists": [allowlist(text) for text in fleet.allowlists()],
            "addresses": [
                {**row._asdict(), "addresses": list(row.addresses), "accepted": list(row.accepted)}
                for row in fleet.addresses()
            ],
            "baseline": None if given.baseline is None else {"judged_at": given.baseline.judged_at, "spared": spared},
            "previous": None if given.history is None else {"judged_at": given.history.judged_at},
        },
    }


def allowlist(text: AllowlistText) -> dict[str, t.Any]:
    """Return the JSON form of what to do with one key's allowlist."""
    data = {name: list(value) if isinstance(value, tuple) else value for name, value in text._asdict().items()}
    data["used_by"] = [{"host": host, "key": key} for host, key in text.used_by]
    data["idle"] = [each._asdict() for each in text.idle]
    return data


def summary(doc: _report.Document) -> list[str]:
    """Return a few lines that say how it stands; the first one says how much was seen."""
    fleet = doc["fleet"]
    seen = fleet["coverage"]
    more = len(doc["lines"]) - seen["keys_declared"]
    found = f"{more} {'key was' if more == 1 else 'keys were'} found on"
    if not seen["keys_declared"]:
        first = f"No host declares a key. {found} {doc['hosts']} hosts."
        if fleet["partial"]:
            first = f"PARTIAL: {first} {' '.join(fleet['problems'][:_FEW])}"
    elif fleet["partial"]:
        lacking = [f"{each['key']} on {each['host']} ({each['why']})" for each in seen["not_seen"][:_FEW]]
        rest = len(seen["not_seen"]) - len(lacking)
        more = f" and {rest} more" if rest else ""
        first = (
            f"PARTIAL: {seen['keys_seen']} of {seen['keys_declared']} keys on {seen['hosts_seen']} of"
            f" {seen['hosts_declared']} hosts were seen. Not seen: {'; '.join(lacking)}{more}."
        )
    else:
        first = f"All {seen['keys_declared']} declared keys on {seen['hosts_declared']} hosts were seen."
    lines = [first, *_report.summary(doc)]
    if seen["keys_declared"] and more:
        lines.append(f"{found} the hosts beside those that the inventory declares.")
    if seen["keys_declared"] and fleet["problems"]:
        rest = len(fleet["problems"]) - 1
        lines.append(f"Not used: {fleet['problems'][0]}" + (f" And {rest} more." if rest else ""))
    if fleet["baseline"] is not None:
        spared = fleet["baseline"]["spared"]
        lines.append(f"{spared} failures are in the baseline of {fleet['baseline']['judged_at']} and stop nothing.")
    if fleet["previous"] is None:
        lines.append("No earlier report was given, so nobody can say whether addresses changed.")
    return lines
