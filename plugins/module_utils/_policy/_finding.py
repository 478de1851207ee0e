# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rule found, in the one form that gates, reports and people read. Private to this collection.

Findings are named tuples, not dataclasses: ten thousand keys make hundreds of thousands of them, and a tuple is made
four times faster.
"""

from __future__ import annotations

import typing as t

STATUSES = ("fail", "unknown", "waived", "pass", "not_applicable")
FAIL, UNKNOWN, WAIVED, PASSED, NOT_APPLICABLE = STATUSES

#: From the worst to the mildest.
SEVERITIES = ("critical", "high", "medium", "low", "info")
RANK: t.Mapping[str, int] = {name: len(SEVERITIES) - i for i, name in enumerate(SEVERITIES)}

#: From the strongest to the weakest. ``proved``: an exchange accepted or refused exactly this. ``observed``: the
#: exchange or the host told it. ``attested``: a named person vouches for it since a day. ``declared``: the inventory
#: says so.
BASES = ("proved", "observed", "attested", "declared", "none")
STRENGTH: t.Mapping[str, int] = {name: len(BASES) - i for i, name in enumerate(BASES)}

#: Characters of a name, of a place that a finding is about (a path in a commit), of a sentence and of text to paste, in
#: findings and in the published form of reports.
MOST_NAME, MOST_PLACE, MOST_SENTENCE, MOST_PASTE = 200, 400, 2000, 65536


class Subject(t.NamedTuple):
    """What a finding is about; a part that does not matter is ``None``."""

    host: str | None = None
    key: str | None = None
    service: str | None = None


class Remedy(t.NamedTuple):
    """What a person does: at once so that positions stay managed, then, and never; ``where`` is the click path."""

    do_now: str
    then: str | None = None
    never: str | None = None
    where: str | None = None


class Finding(t.NamedTuple):
    """One rule's result for one subject.

    ``evidence`` is one redacted line. ``code`` is a machine-readable detail where there is one (the class of a
    refusal). ``paste`` is text for the exchange's allowlist field. ``root`` is the rule whose finding explains this
    one: tables fold it there. ``waiver`` says who asked for and who approved an exception, and until when. ``spared``
    says why a failure stops nothing although it stands: it is in the baseline, or its rule is not enforced yet.
    """

    rule: str
    status: str
    severity: str
    basis: str
    subject: Subject
    evidence: str
    remedy: Remedy | None = None
    paste: str | None = None
    root: str | None = None
    waiver: str | None = None
    code: str | None = None
    spared: str | None = None

    def to_json(self) -> dict[str, t.Any]:
        """Return the finding as plain dictionaries and strings; parts without a value are ``None``."""
        data: dict[str, t.Any] = self._asdict()
        data["subject"] = self.subject._asdict()
        data["remedy"] = self.remedy._asdict() if self.remedy else None
        return data


def pasted(text: str | None) -> str | None:
    """Return a text to paste, or ``None`` for one that no report can hold: half of a list cuts somebody off."""
    return text if text is None or len(text) <= MOST_PASTE else None


def worse(a: str, b: str) -> str:
    """Return the worse of two severities."""
    return a if RANK[a] >= RANK[b] else b


def lowered(severity: str) -> str:
    """Return the severity one step milder: for keys that can only read."""
    return SEVERITIES[min(SEVERITIES.index(severity) + 1, len(SEVERITIES) - 1)]
