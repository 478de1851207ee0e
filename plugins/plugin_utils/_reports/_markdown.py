# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as Markdown (GitHub's and GitLab's), for job summaries and comments. Private to this collection."""

from __future__ import annotations

import re

from .._report import about
from ._schema import Document
from ._words import VERDICTS, mend, open_findings, summary

#: A job summary holds 1 MiB, a comment 65536 characters.
MOST = 100
_LONGEST = 400
#: Some sixty addresses. A list of which a part is missing would cut hosts off, so a longer one is left out.
_PASTE = 1000
_ELSEWHERE = "The text to paste is too long for here: it stands whole in the page (html) and in the report (json)."
_SPECIAL = re.compile(r"[!-&(-+./:<->?@\[-`{-~]")


def text(value: str) -> str:
    """The door: return text for a table's cell or a line.

    Punctuation is written as references: nothing is left that Markdown, HTML or a template could read, or that makes a
    link. Sites look for people after all that, so the at sign is written in full width.
    """
    return _escaped(value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "\u2026")


def _escaped(value: str) -> str:
    return _SPECIAL.sub(lambda one: "\uff20" if one[0] == "@" else f"&#{ord(one[0])};", value)


def write(document: Document) -> str:
    """Return the summary, the worst findings with their mends, and the keys by verdict."""
    found = open_findings(document)
    parts = ["# Exchange API keys", "", *(f"- {text(line)}" for line in summary(document)), ""]
    if found:
        parts += ["## Findings", "", "| | about | what was found | what to do |", "|---|---|---|---|"]
        parts += [_row(finding) for finding in found[:MOST]]
        if len(found) > MOST:
            parts += ["", f"And {len(found) - MOST} more."]
        parts.append("")
    lines = sorted(document["lines"], key=lambda line: list(VERDICTS).index(line["verdict"]))
    parts += ["## Keys", "", "| key | host | exchange | verdict |", "|---|---|---|---|"]
    parts += [
        f"| {text(line['key'])} | {text(line['host'])} | {text(line['exchange'])} | {VERDICTS[line['verdict']]} |"
        for line in lines[:MOST]
    ]
    if len(lines) > MOST:
        parts += ["", f"And {len(lines) - MOST} more."]
    return "\n".join([*parts, ""])


def _row(finding: Document) -> str:
    status = finding["status"] if finding["spared"] is None else "spared"
    word = {"fail": finding["severity"], "unknown": f"not known, {finding['severity']}"}.get(status, status)
    said = f"{finding['rule']}: {finding['evidence']}"
    return f"| {word} | {text(about(finding))} | {text(said)} | {_mend(finding)} |"


def _mend(finding: Document) -> str:
    """Return what to do, with the text to paste whole or not at all."""
    paste = mend({**finding, "remedy": None})
    what = text(mend({**finding, "paste": None}))
    return f"{what} {_escaped(paste) if len(paste) <= _PASTE else _ELSEWHERE}".strip()
