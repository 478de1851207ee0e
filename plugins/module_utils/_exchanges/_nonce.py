# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbering questions so that no other program that signs with the same key is locked out. Private to this collection.

Some exchanges take a request only if its number (nonce) is above the last one of that key. A number that is too high
refuses everything that the other program sends until it has counted that far: for ever, where the units differ. So a
question is numbered only where that cannot happen; everything else is refused before anything is sent.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._errors import InputError

#: Units of time that numbers are counted in, by their count in a second.
UNITS: t.Mapping[str, int] = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
#: In the form of Ansible's argument specification.
NONCE_SPEC: dict[str, t.Any] = {
    "shared": {"type": "bool", "default": True},
    "unit": {"type": "str", "choices": list(UNITS)},
    "window": {"type": "int"},
    "time_based": {"type": "bool", "default": False},
}
#: The least window of a shared key, in seconds. Our number lies half of it below the clock, so a request of the other
#: program may be under way for 5 seconds, or its clock may be that far behind, and is still above ours.
LEAST_WINDOW = 10
#: The largest one, so that a slip of the pen (another unit) is seen.
MOST_WINDOW = 3600
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


@dataclasses.dataclass(frozen=True)
class NonceRule:
    """How an exchange wants the requests of a key numbered.

    ``units`` are those that it can take, the one that we count in by ourselves first. ``window`` says whether a key can
    be set to take numbers somewhat below the highest one. ``time_based`` is how many seconds a number may be off the
    exchange's clock on a key that was made for such numbers (whole seconds); ``None`` where there are no such keys.
    """

    units: tuple[str, ...]
    described: str
    source: str
    as_of: str
    window: bool = False
    time_based: int | None = None


@dataclasses.dataclass(frozen=True)
class Nonce:
    """How to number a question that was found safe: ``lag`` seconds below the clock, counted in ``unit``.

    ``shared`` says that another program signs with the same key.
    """

    unit: str
    lag: float = 0.0
    shared: bool = False

    def number(self, at: datetime.datetime) -> int:
        """Return the number of a question that is put ``at`` that instant (aware); exact, no float in between."""
        since = at - _EPOCH - datetime.timedelta(seconds=self.lag)
        microseconds = (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds
        return microseconds * UNITS[self.unit] // 1_000_000


def read_nonce(given: t.Mapping[str, t.Any] | None, *, rule: NonceRule | None, title: str, field: str) -> Nonce | None:
    """Return how to number questions by the option ``nonce``, or ``None`` where the exchange wants no numbers.

    Raises ``InputError`` wherever a question could lock out the program that the key was made for.
    """
    if rule is None:
        if given is not None:
            raise InputError(field=field, problem=f"is given, and {title} has no nonces", mend="leave it out")
        return None
    own_key = "give a key that only this collection uses, with nonce.shared: false"
    if given is None:
        raise InputError(
            field=field,
            problem=f"is missing; {title} refuses a number below the last one, so a question with a wrong one would"
            " lock out the program that uses this key",
            mend=f"{own_key}{', or describe how that program counts' if rule.window or rule.time_based else ''}",
        )
    unit, window, shared = given.get("unit"), given.get("window"), bool(given.get("shared", True))
    if given.get("time_based"):
        return _time_based(unit, rule=rule, title=title, field=field)
    if unit is not None and unit not in rule.units:
        raise InputError(
            field=f"{field}.unit",
            value=unit,
            problem=f"makes numbers that {title} does not take",
            mend=f"write one of {', '.join(rule.units)}",
        )
    if window is not None and not rule.window:
        raise InputError(
            field=f"{field}.window",
            value=str(window),
            problem=f"is given, and keys of {title} have no nonce window",
            mend="leave it out",
        )
    if not shared:
        return Nonce(unit or rule.units[0])
    if not rule.window:
        otherwise = ", or one with time based nonces, with nonce.time_based: true" if rule.time_based else ""
        raise InputError(
            field=f"{field}.shared",
            problem=f"is true, and {title} has no nonce window, so a question could always refuse the next request of"
            " the other program",
            mend=f"{own_key}{otherwise}",
        )
    return _shared(unit, window, title=title, field=field, own_key=own_key)


def _time_based(unit: str | None, *, rule: NonceRule, title: str, field: str) -> Nonce:
    """Return seconds: on such a key every number near the clock is good, in whatever order they come."""
    if rule.time_based is None:
        raise InputError(
            field=f"{field}.time_based",
            problem=f"is true, and {title} has no keys with time based nonces",
            mend="leave it out",
        )
    if unit not in (None, "s"):
        raise InputError(
            field=f"{field}.unit",
            value=unit,
            problem=f"is given with time_based, where {title} counts in seconds",
            mend="leave it out",
        )
    return Nonce("s")


def _shared(unit: str | None, window: int | None, *, title: str, field: str, own_key: str) -> Nonce:
    if unit is None:
        raise InputError(
            field=f"{field}.unit",
            problem="is missing; a question in a finer unit than the other program counts in locks that out for ever",
            mend=f"write the unit of the other program (ccxt and freqtrade: ms), or {own_key}",
        )
    least = LEAST_WINDOW * UNITS[unit]
    if window is not None and window > MOST_WINDOW * UNITS[unit]:
        raise InputError(
            field=f"{field}.window",
            value=str(window),
            problem=f"is more than an hour in {unit}",
            mend="write the number on the key's page, and the unit of the other program",
        )
    if window is None or window < least:
        raise InputError(
            field=f"{field}.window",
            value=None if window is None else str(window),
            problem=f"is {'missing' if window is None else 'too small'}; with less than {LEAST_WINDOW} seconds a"
            " question could refuse a request of the other program that is under way",
            mend=f"set the nonce window on the key's page at {title} to {least} or more and write that number, or"
            f" {own_key}",
        )
    return Nonce(unit, lag=window / UNITS[unit] / 2, shared=True)
