# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people read of a judgement: one sentence, a few lines, a table. Private to this collection.

Everything here works on the report's JSON form, so that a report from a file reads like a fresh one. Foreign text has
passed the one door (``_redact``) before it comes here.
"""

from __future__ import annotations

import re
import typing as t

from ..module_utils._policy._engine import Report
from ..module_utils._policy._finding import FAIL, PASSED, RANK, SEVERITIES, UNKNOWN

REPORT_SCHEMA = 1

Document = t.Mapping[str, t.Any]
#: Findings of one subject, by host and key.
_Subject = tuple[str | None, str | None]

#: How many findings of one key a table shows before it counts the rest.
_MOST = 6
_ROWS = 200


def document(report: Report, *, gate: str, judged_at: str, version: str) -> dict[str, t.Any]:
    """Return the report's JSON form. ``judged_at`` is ISO 8601 in UTC."""
    return {
        "schema": REPORT_SCHEMA,
        "collection_version": version,
        "judged_at": judged_at,
        "gate": gate,
        "fail_on": report.gate.fail_on,
        "fail_on_unknown": report.gate.fail_on_unknown,
        "policy_digest": report.policy_digest,
        "loosened": list(report.loosened),
        "hosts": report.hosts,
        "counts": {
            "by_status": dict(report.by_status),
            "by_severity": dict(report.by_severity),
            "by_basis": dict(report.by_basis),
            "by_verdict": {
                name: sum(line.verdict == name for line in report.lines) for name in (FAIL, UNKNOWN, PASSED)
            },
        },
        "lines": [{**line._asdict(), "seen_from": list(line.seen_from)} for line in report.lines],
        "findings": [finding.to_json() for finding in report.findings],
        "blocking": [finding.to_json() for finding in report.blocking],
    }


def blocked_keys(report: Report) -> list[str]:
    """Return the names of the keys that something blocks: by their own finding, or by one of their host."""
    keys = {(finding.subject.host, finding.subject.key) for finding in report.blocking}
    hosts = {finding.subject.host for finding in report.blocking if finding.subject.key is None}
    return sorted({line.key for line in report.lines if (line.host, line.key) in keys or line.host in hosts})


def about(finding: Document) -> str:
    """Return what a finding is about, as people say it: ``bot-bybit on web1``."""
    subject = finding["subject"]
    return " on ".join(part for part in (subject["key"], subject["host"]) if part) or "the policy"


def sentence(doc: Document) -> str:
    """Return why the judgement blocks, in one line: the worst findings and their mends."""
    roots = _roots(doc["blocking"])
    if not roots:
        return "Nothing stands in the way."
    parts = []
    for finding in roots[:3]:
        mend = (finding["remedy"] or {}).get("do_now")
        text = f"{about(finding)}: {finding['evidence']} ({finding['rule']}, {finding['severity']})"
        parts.append(f"{text}; {mend}" if mend else text)
    rest = f" And {len(roots) - 3} more." if len(roots) > 3 else ""
    return f"Policy stops this at the gate {doc['gate']}. {' '.join(part.rstrip('.') + '.' for part in parts)}{rest}"


def summary(doc: Document) -> list[str]:
    """Return a few lines that say how it stands."""
    counts = doc["counts"]
    verdicts, severities = counts["by_verdict"], counts["by_severity"]
    shares = f"{verdicts[PASSED]} in order, {verdicts[FAIL]} failed, {verdicts[UNKNOWN]} not known"
    lines = [f"{len(doc['lines'])} keys on {doc['hosts']} hosts: {shares}."]
    failed = ", ".join(f"{severities[name]} {name}" for name in SEVERITIES if severities.get(name))
    lines.append(f"Failures: {failed or 'none'}. Waived: {counts['by_status']['waived']}.")
    if counts["by_basis"].get("attested"):
        lines.append(f"{counts['by_basis']['attested']} passes rest on what a person attested.")
    if doc["loosened"]:
        lines.append(f"The policy is milder than the shipped one: {'; '.join(doc['loosened'])}.")
    lines.append(
        f"Judged {doc['judged_at']} by policy {doc['policy_digest'][:19]}, collection {doc['collection_version']}."
    )
    return lines


def _roots(findings: t.Sequence[Document]) -> list[Document]:
    """Return the findings that no other of the same key explains; a folded one whose root is absent stays."""
    present = {(f["subject"]["host"], f["subject"]["key"], f["rule"]) for f in findings}
    return [
        f
        for f in findings
        if f["root"] is None or (f["subject"]["host"], f["subject"]["key"], f["root"]) not in present
    ]


def table(doc: Document, *, width: int = 120, rows: int = _ROWS) -> list[str]:
    """Return the table: key, host, where it is seen from, the verdict and, for each failure, the mend.

    ``width`` is in columns. At most ``rows`` keys are shown, the worst first; the last line counts the others.
    """
    by_subject: dict[_Subject, list[Document]] = {}
    for finding in doc["findings"]:
        if finding["status"] in (FAIL, UNKNOWN, "waived"):
            by_subject.setdefault((finding["subject"]["host"], finding["subject"]["key"]), []).append(finding)
    order = {FAIL: 0, UNKNOWN: 1, PASSED: 2}
    lines = sorted(doc["lines"], key=lambda line: order[line["verdict"]])
    body = [
        _row(
            line["key"],
            line["host"],
            " ".join(line["seen_from"]) or "not known",
            by_subject.get((line["host"], line["key"]), []),
        )
        for line in lines[:rows]
    ]
    of_keys = {(line["host"], line["key"]) for line in lines}
    # A host has a row of its own only where something weighs.
    body += [
        _row(key or "", host or "", "", found)
        for (host, key), found in by_subject.items()
        if host is not None and (host, key) not in of_keys and any(_weighs(finding) for finding in found)
    ]
    text = _layout(body, width=max(60, width))
    if len(lines) > rows:
        text.append(f"... and {len(lines) - rows} more keys.")
    return text


class _Row(t.NamedTuple):
    key: str
    host: str
    seen_from: str
    verdicts: tuple[tuple[str, str], ...]


def _row(key: str, host: str, seen_from: str, findings: t.Sequence[Document]) -> _Row:
    """Return one key's part of the table; what its roots explain is folded into them."""
    roots = sorted(_roots(findings), key=lambda f: (f["status"] != FAIL, -RANK[f["severity"]]))
    folded: dict[str, int] = {}
    for finding in findings:
        if finding["root"] is not None:
            folded[finding["root"]] = folded.get(finding["root"], 0) + 1
    shown = [f for f in roots if _weighs(f)][:_MOST]
    cells: list[tuple[str, str]] = []
    for finding in shown:
        mend = _mend(finding)
        if any(mend == above for _verdict, above in cells):
            mend = "(as above)" if mend else ""
        also = folded.get(finding["rule"], 0)
        more = f" [{also} more follow from this]" if also else ""
        cells.append((f"{_word(finding)} {finding['rule']}: {finding['evidence']}{more}", mend))
    rest = len(roots) - len(shown)
    if rest:
        cells.append((f"and {rest} of less weight" if cells else f"ok ({rest} of less weight)", ""))
    return _Row(key, host, seen_from, tuple(cells) or (("ok", ""),))


#: From which severity a table shows a finding; it counts the others.
_LEAST = {FAIL: RANK["medium"], UNKNOWN: RANK["high"], "waived": RANK["medium"]}


def _weighs(finding: Document) -> bool:
    return RANK[finding["severity"]] >= _LEAST[finding["status"]]


def _mend(finding: Document) -> str:
    """Return what to do, with the text to paste; what can wait is said to be for later."""
    remedy = finding["remedy"] or {}
    mend = remedy.get("do_now") or ""
    if mend.startswith("Nothing at once") and remedy.get("then"):
        mend = f"Later: {remedy['then']}"
    return f"{mend} Paste: {finding['paste']}".strip() if finding["paste"] else mend


def _word(finding: Document) -> str:
    if finding["status"] == FAIL:
        return f"FAIL {finding['severity']}"
    return f"{'waived' if finding['status'] == 'waived' else '? not known'} ({finding['severity']})"


#: Addresses and networks as the text to paste lists them.
_ADDRESSES = re.compile(r"(?=[^,]*[.:])[0-9A-Fa-f.:/]{2,64}(?:,[0-9A-Fa-f.:/]{2,64})*,?")
_HEAD = ("KEY", "HOST", "SEEN FROM", "VERDICT", "MEND")


def _layout(body: t.Sequence[_Row], *, width: int) -> list[str]:
    """Lay rows out in five columns of a terminal of ``width`` columns."""
    fixed = [
        min(most, max([len(head), *(len(part) for row in body for part in getattr(row, field).split() or [""])]))
        for head, field, most in zip(_HEAD, ("key", "host", "seen_from"), (24, 20, 39), strict=False)
    ]
    left = width - sum(fixed) - 2 * 4
    if left < 40:  # a narrow terminal: give the addresses up first
        fixed = [min(size, 12) for size in fixed]
        left = max(30, width - sum(fixed) - 2 * 4)
    sizes = [*fixed, left - left // 2, left // 2]
    out = [_line(_HEAD, sizes), _line(["-" * size for size in sizes], sizes)]
    for row in body:
        first = (row.key, row.host, row.seen_from)
        for verdict, mend in row.verdicts:
            out += _wrapped((*first, verdict, mend), sizes)
            first = ("", "", "")
    return out


def _wrapped(cells: t.Sequence[str], sizes: t.Sequence[int]) -> list[str]:
    last = len(cells) - 1
    columns = [_folded(cell, sizes[i], last=i == last) for i, cell in enumerate(cells)]
    height = max(len(column) for column in columns)
    return [_line([column[i] if i < len(column) else "" for column in columns], sizes) for i in range(height)]


def _folded(cell: str, size: int, *, last: bool) -> list[str]:
    """Return a cell in lines of at most ``size``, broken at blanks where that is possible.

    Lists of addresses are text to paste: they are broken after a comma. In the ``last`` column, where nothing stands
    to the right, an address that is longer than a line stays whole all the same.
    """
    lines = [""]
    for word in cell.split():
        blank = " "
        for piece in _pieces(word, size, whole=last):
            if lines[-1] and len(lines[-1]) + len(blank) + len(piece) <= size:
                lines[-1] += blank + piece
            else:
                lines.append(piece)
            blank = ""
    return lines[1:] or lines


def _pieces(word: str, size: int, *, whole: bool) -> list[str]:
    """Return the pieces of a word between which a line may end: after an address, or where the line is full."""
    addresses = _ADDRESSES.fullmatch(word) is not None
    parts = re.findall("[^,]+,?", word) if addresses else [word]
    return parts if addresses and whole else [piece for part in parts for piece in _cut(part, size)]


def _cut(word: str, size: int) -> list[str]:
    """Return a word in pieces of at most ``size``; none begins with a colon, which could be a runner's command."""
    pieces = []
    while len(word) > size:
        cut = next((end for end in range(size, 0, -1) if word[end] != ":"), size)
        pieces.append(word[:cut])
        word = word[cut:]
    return [*pieces, word]


def _line(cells: t.Sequence[str], sizes: t.Sequence[int]) -> str:
    line = "  ".join(cell.ljust(size) for cell, size in zip(cells, sizes, strict=True)).rstrip()
    bare = line.lstrip()
    # A runner takes a line's first double colon for a command: of an address it is written in full.
    return f"{line[: len(line) - len(bare)]}0{bare}" if bare.startswith("::") else line
