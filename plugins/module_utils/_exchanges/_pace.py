# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast an exchange is asked, and when no more. Private to this collection.

Exchanges count calls and refusals, by account and by address, and lock both. What the bot on the same host and account
does is counted with ours.
"""

from __future__ import annotations

import collections
import time
import typing as t
from urllib.parse import urlsplit

from .._errors import HttpError
from .._facts import ACCEPTED, Access
from .._message import Answer, Http, Request
from ._contract import RateLimit
from ._driver import wants_silence
from ._options import Plan

#: Seconds between two requests to one exchange, unless it is known to take more: five in a second.
SPACING = 0.2


class PacedHttp:
    """An ``Http`` that puts no request to an exchange sooner than its limit allows, and none after ``ends``.

    ``elapsed`` is a clock that only goes forward, in seconds, and ``ends`` an instant of it. ``limit`` counts from the
    *end* of a request: the exchange took it before that, so it never sees more of them in any such time.
    """

    def __init__(
        self,
        http: Http,
        *,
        limit: RateLimit | None,
        ends: float,
        elapsed: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = http
        self._limit = limit
        self._spacing = SPACING if limit is None else min(SPACING, limit.seconds / limit.requests)
        self._ends = ends
        self._elapsed = elapsed
        self._sleep = sleep
        self._begun: float | None = None
        self._ended: collections.deque[float] = collections.deque(maxlen=limit.requests if limit else 0)

    def wait(self) -> bool:
        """Wait until a request may be put. Where that would be too late, return ``False`` at once."""
        now = self._elapsed()
        free = now if self._begun is None else max(now, self._begun + self._spacing)
        if self._limit is not None and len(self._ended) == self._limit.requests:
            free = max(free, self._ended[0] + self._limit.seconds)
        if free >= self._ends:
            return False
        if free > now:
            self._sleep(free - now)
        return True

    def send(self, request: Request) -> Answer:
        """Put a request when its time has come; raises ``HttpError``."""
        if not self.wait():
            host = urlsplit(request.url).hostname or "?"
            raise HttpError(
                kind="timeout", host=host, problem="not asked on, because the deadline for all keys is over"
            )
        self._begun = self._elapsed()
        try:
            return self._http.send(request)
        finally:
            self._ended.append(self._elapsed())


class Refusals:
    """Remembers what one exchange refused in this run: a probe must not lock out the bot.

    After a refusal the later keys of that host are held back; after a call for silence, those of the exchange's other
    hosts too. ``hold_back`` names keys that are not asked at all.
    """

    def __init__(self, *, hold_back: frozenset[str] = frozenset()) -> None:
        self._hold_back = hold_back
        self._stopped: dict[str | None, tuple[str, str]] = {}

    def held_back(self, plan: Plan) -> Access | None:
        """Return the answer for a key that is not asked, or ``None`` where it may be."""
        if plan.name in self._hold_back:
            return Access("held_back", next_step="Not asked, because hold_back names this key. Take it out, then ask.")
        stopped = self._stopped.get(plan.asked_host) or self._stopped.get(None)
        if stopped is None:
            return None
        name, status = stopped
        return Access(
            "held_back",
            next_step=f"Not asked, because key {name} of this exchange was not accepted just before ({status}), and"
            " repeated refusals can lock out this address. Mend that key first, or ask this one in a task of its own.",
        )

    def note(self, plan: Plan, access: Access) -> None:
        """Remember what became of a key."""
        if access.status == ACCEPTED:
            return
        self._stopped.setdefault(plan.asked_host, (plan.name, access.status))
        if wants_silence(access):
            self._stopped.setdefault(None, (plan.name, access.status))
