# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule about the host's clock against the exchange's. Private to this collection."""

from __future__ import annotations

import typing as t

from .._facts import ClockFacts
from ._case import NOT_OFFICIAL, OBSERVED, SKIP, Case, Rule, Verdict, failed, instant, shown, stale, unknown
from ._finding import Remedy

if t.TYPE_CHECKING:
    from .._exchanges._contract import ClockTolerance

_MEASURE = Remedy("Measure the host's clock against this exchange (clock_info).")
_SYNC = Remedy(
    "Let chrony set the host's clock: chronyc makestep.",
    "Keep chrony running, see its sources (chronyc sources), and measure again.",
    "Do not add or take off seconds in the trading program: the next correction of the clock makes them wrong.",
)


def _clock_offset(case: Case) -> Verdict:
    if case.exchange is None:
        return SKIP
    if case.trusted and case.status == "clock_skew":
        said = f"{case.title} refused the call for the host's clock"
        return failed("proved", said, remedy=_SYNC, root="key-accepted", code=case.status)
    if not case.host.clocks:
        return SKIP  # nobody looked at this host's clock
    fact = _measured(case)
    if fact is None:
        return unknown("the host's clock was not measured against this exchange", remedy=_MEASURE)
    if not fact.official and fact.environment != "custom":
        return NOT_OFFICIAL
    # What the host's clock shows is what is doubted: it counts as far as the exchange's does.
    too_old = stale(fact.asked_at, policy=case.policy, now=case.now + (fact.offset or 0.0))
    if too_old is not None:
        return unknown(f"the offset is {too_old}", remedy=_MEASURE)
    if fact.offset is None or fact.uncertainty is None:
        why = f": {shown(fact.problem, limit=160)}" if fact.problem else ""
        return unknown(f"the exchange's clock could not be read{why}", remedy=_MEASURE)
    return judge_offset(fact.offset, fact.uncertainty, case.exchange.clock_tolerance(), case.title)


def _measured(case: Case) -> ClockFacts | None:
    """Return the newest offset to the very clock that judges this key's calls."""
    asked = (case.key.exchange, case.key.environment, case.key.region, case.key.asked_host)
    found = [
        clock
        for clock in case.host.clocks
        if (clock.exchange, clock.environment, clock.region, clock.asked_host) == asked
    ]
    return max(found, key=lambda clock: instant(clock.asked_at) or 0.0, default=None)


def judge_offset(offset: float, uncertainty: float, tolerance: ClockTolerance, title: str) -> Verdict:
    """Return the verdict on a clock that is ``offset`` seconds ahead, give or take ``uncertainty``."""

    def share(seconds: float) -> float:
        """Return how much of what is tolerated on that side is used up."""
        return seconds / tolerance.ahead if seconds > 0 else -seconds / tolerance.behind

    side = "ahead of" if offset > 0 else "behind"
    limit = tolerance.ahead if offset > 0 else tolerance.behind
    said = (
        f"the host's clock is {abs(offset):.3f} s {side} {title}'s, give or take {uncertainty:.3f} s;"
        f" {limit:g} s are tolerated"
    )
    used = share(offset)
    worst = max(share(offset - uncertainty), share(offset + uncertainty))
    if not 0 <= uncertainty <= min(tolerance.ahead, tolerance.behind):
        return unknown(said, remedy=_MEASURE)
    if used <= 1 / 4:
        return OBSERVED if worst <= 1 else unknown(said, remedy=_MEASURE)
    if abs(offset) <= uncertainty:
        return unknown(said, remedy=_MEASURE)
    return failed("observed", said, severity="high" if used > 1 / 2 else "medium", remedy=_SYNC)


RULES = (
    Rule(
        "clock-offset",
        "The host's clock is well within what the exchange tolerates",
        "clock",
        "high",
        "observed",
        _clock_offset,
    ),
)
