# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a finding stops depends on what is about to happen. Private to this collection.

A bot that is kept down with an open position loses money too: so a service that has run before is stopped only by what
is proved to be fatal, and by nothing that is merely unknown.
"""

from __future__ import annotations

import typing as t

from ._finding import FAIL, RANK, UNKNOWN, Finding

NEVER = "never"
#: What ``fail_on: gate`` means before a service starts again.
_PROVED_FATAL = "proved fatal"
#: Classes of refusal after which a service cannot work.
_FATAL_REFUSALS = frozenset(("ip_refused", "invalid_key", "expired", "bad_passphrase", "clock_skew"))


class Gate(t.NamedTuple):
    """From which severity failures and unknowns block; ``never`` for not at all."""

    fail_on: str
    fail_on_unknown: str


GATES: t.Mapping[str, Gate] = {
    "place": Gate("high", "critical"),
    "first_start": Gate("high", "critical"),
    "replace": Gate("critical", NEVER),
    "restart": Gate(_PROVED_FATAL, NEVER),
    "running": Gate(NEVER, NEVER),
    "audit": Gate("high", NEVER),
}
#: Gates behind which a key comes to a place where it was not before.
PLACING = frozenset(("place", "first_start"))


def gate_for(*, name: str, fail_on: str | None = None, fail_on_unknown: str | None = None) -> Gate:
    """Return a gate of the table with the caller's own thresholds in place of its two."""
    gate = GATES[name]
    return Gate(fail_on or gate.fail_on, fail_on_unknown or gate.fail_on_unknown)


def milder(gate: Gate, *, than: str) -> tuple[str, ...]:
    """Return one sentence for each way in which ``gate`` blocks less than the table's gate of that name."""
    table = GATES[than]
    return tuple(
        f"{name} is {ours}; the gate {than} has {theirs}"
        for name, ours, theirs in zip(Gate._fields, gate, table)
        if _reach(ours) < _reach(theirs)
    )


def _reach(threshold: str) -> int:
    """Return how much a threshold blocks: 0 for nothing, more for milder severities."""
    if threshold == NEVER:
        return 0
    return 1 if threshold == _PROVED_FATAL else 10 - RANK[threshold]


def is_fatal(finding: Finding) -> bool:
    """Tell whether it is proved that the service cannot or must not work with this key."""
    if finding.status != FAIL:
        return False
    if finding.rule == "withdrawal-forbidden":
        return finding.basis in ("proved", "observed")
    return finding.rule == "key-accepted" and finding.basis == "proved" and finding.code in _FATAL_REFUSALS


def blocks(finding: Finding, gate: Gate) -> bool:
    """Tell whether this finding stops what is about to happen."""
    if finding.spared is not None:
        return False
    if finding.status == UNKNOWN:
        return _reaches(finding.severity, gate.fail_on_unknown)
    if finding.status != FAIL:
        return False
    return is_fatal(finding) if gate.fail_on == _PROVED_FATAL else _reaches(finding.severity, gate.fail_on)


def _reaches(severity: str, threshold: str) -> bool:
    return threshold != NEVER and RANK[severity] >= RANK[threshold]
