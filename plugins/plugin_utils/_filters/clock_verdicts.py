# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.clock_verdicts`` does."""

from __future__ import annotations

import typing as t

from ...module_utils._exchanges._registry import find
from ...module_utils._policy._clock import judge_offset
from ...module_utils._redact import one_line


def clock_verdicts(clocks: t.Iterable[t.Mapping[str, t.Any]]) -> list[dict[str, str]]:
    """Return one verdict for each measurement, in their order."""
    return [_verdict(clock) for clock in clocks]


def _verdict(clock: t.Mapping[str, t.Any]) -> dict[str, str]:
    exchange = find(str(clock["exchange"]))
    name = str(clock["exchange"])
    if exchange is None or clock.get("offset") is None or clock.get("uncertainty") is None:
        why = one_line(str(clock.get("problem") or "nothing was measured"), limit=160)
        return _entry(name, "unknown", f"the clock of {name} could not be read: {why}")
    if not clock.get("official") and clock.get("environment") != "custom":
        return _entry(name, "unknown", f"the clock of {name} may come from somebody else than the exchange")
    verdict = judge_offset(
        float(clock["offset"]), float(clock["uncertainty"]), exchange.clock_tolerance(), exchange.title
    )
    said = verdict.evidence or f"the host's clock is {abs(float(clock['offset'])):.3f} s off {exchange.title}'s"
    return _entry(name, verdict.status, said, severity=verdict.severity or "none")


def _entry(exchange: str, status: str, evidence: str, *, severity: str = "none") -> dict[str, str]:
    return {"exchange": exchange, "status": status, "severity": severity, "evidence": evidence}
