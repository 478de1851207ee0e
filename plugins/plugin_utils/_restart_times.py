# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a trading service may be restarted: a freeze over everything, and windows of one service. All times are UTC."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from datetime import UTC, datetime, timedelta

from ..module_utils._clock import from_text, to_text
from ..module_utils._errors import InputError

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WINDOW = re.compile(r"(?:([A-Za-z.,]+) )?(\d\d):(\d\d)-(\d\d):(\d\d)")
_MEND = "write it like 02:00-04:00 or Sat,Sun 22:00-02:00 or Mon..Fri 03:00-03:30; times are UTC"


@dataclasses.dataclass(frozen=True)
class Window:
    """A time of day on some days of the week (0 is Monday), in minutes. It may end on the day after it began."""

    days: frozenset[int]
    begins: int
    ends: int

    def holds(self, at: datetime) -> bool:
        """Whether the instant is in it: its first minute is, its last is not."""
        minute = at.hour * 60 + at.minute
        if self.begins < self.ends:
            return at.weekday() in self.days and self.begins <= minute < self.ends
        yesterday = (at - timedelta(days=1)).weekday()
        return (at.weekday() in self.days and minute >= self.begins) or (yesterday in self.days and minute < self.ends)


def parse_window(text: t.Any, *, field: str) -> Window:
    """Read ``[days ]HH:MM-HH:MM``; raises :class:`InputError`."""
    found = _WINDOW.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise InputError(field=field, value=str(text), problem="is no restart window", mend=_MEND)
    days, *clock = found.groups()
    hours_and_minutes = [int(part) for part in clock]
    begins, ends = (60 * hours_and_minutes[0] + hours_and_minutes[1], 60 * hours_and_minutes[2] + hours_and_minutes[3])
    if max(hours_and_minutes[1], hours_and_minutes[3]) > 59 or begins >= 24 * 60 or ends > 24 * 60 or begins == ends:
        raise InputError(field=field, value=text, problem="is no time of day from one minute to another", mend=_MEND)
    return Window(days=_days(days, text=text, field=field), begins=begins, ends=ends)


def _days(names: str | None, *, text: str, field: str) -> frozenset[int]:
    if names is None:
        return frozenset(range(7))
    found: set[int] = set()
    for part in names.split(","):
        first, _dots, last = part.partition("..")
        if first not in _DAYS or (last or first) not in _DAYS or (_dots and not last):
            raise InputError(field=field, value=text, problem="names a day that is none", mend=_MEND)
        begins, ends = _DAYS.index(first), _DAYS.index(last or first)
        found |= {number % 7 for number in range(begins, ends + 1 if ends >= begins else ends + 8)}
    return frozenset(found)


def restart_bar(freeze: t.Any, *, windows: t.Any, at: datetime) -> str:
    """Return why no running service may be restarted at this instant, or an empty text where one may.

    ``freeze`` is empty or a mapping of ``until`` (ISO 8601 in UTC) and ``reason``; a freeze that is over is none.
    ``windows`` is a list of texts; an empty one allows every time. Raises :class:`InputError`.
    """
    if frozen := _frozen(freeze, at=at):
        return frozen
    if not isinstance(windows, (list, tuple)):
        raise InputError(field="restart windows", value=str(windows), problem="are not a list", mend=_MEND)
    parsed = [parse_window(text, field=f"restart windows[{number}]") for number, text in enumerate(windows)]
    if not parsed or any(window.holds(at) for window in parsed):
        return ""
    return f"it is {_DAYS[at.weekday()]} {at:%H:%M} UTC, outside of its restart windows ({', '.join(windows)})"


def _frozen(freeze: t.Any, *, at: datetime) -> str:
    field = "trading_hosts_freeze"
    mend = 'write {"until": "2026-11-30T18:00:00Z", "reason": "..."}, or leave it out where nothing is frozen'
    if freeze is None or freeze in ("", {}):
        return ""
    if not isinstance(freeze, dict) or set(freeze) != {"until", "reason"} or not str(freeze["reason"]).strip():
        raise InputError(field=field, problem="is not a mapping of until and reason", mend=mend)
    until = _instant(freeze["until"])
    if until is None:
        raise InputError(field=f"{field}.until", value=str(freeze["until"]), problem="is no time in UTC", mend=mend)
    return f"everything is frozen until {to_text(until)} ({str(freeze['reason']).strip()})" if at < until else ""


def _instant(value: t.Any) -> datetime | None:
    if isinstance(value, datetime):  # YAML reads a time that is not quoted
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return from_text(str(value))
    except ValueError:
        return None
