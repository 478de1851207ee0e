# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instants: aware datetimes in UTC inside, ``2026-11-22T07:13:54Z`` outside. Private to this collection."""

from __future__ import annotations

import datetime
import email.utils
import re

_INSTANT = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?Z", re.ASCII)


def utc_now() -> datetime.datetime:
    """Return the local clock, aware, in UTC."""
    return datetime.datetime.now(datetime.timezone.utc)


def to_text(at: datetime.datetime) -> str:
    """Return ``2026-11-22T07:13:54Z``: whole seconds, UTC. ``at`` must be aware."""
    return at.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_text(text: str) -> datetime.datetime:
    """Read ``2026-11-22T07:13:54Z``, a fraction of the second allowed; raises ``ValueError`` for anything else."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise ValueError("not an instant in UTC")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    microsecond = int((found.group(7) or "0").ljust(6, "0")[:6])
    return datetime.datetime(year, month, day, hour, minute, second, microsecond, tzinfo=datetime.timezone.utc)


def from_milliseconds(value: int) -> datetime.datetime:
    """Return the instant of Unix milliseconds; raises ``ValueError`` where no calendar reaches."""
    try:
        return datetime.datetime.fromtimestamp(value // 1000, tz=datetime.timezone.utc).replace(
            microsecond=value % 1000 * 1000
        )
    except (OverflowError, OSError) as error:
        raise ValueError("beyond every calendar") from error


def milliseconds(at: datetime.datetime) -> int:
    """Return Unix milliseconds, exact: no float in between."""
    since = at - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (since.days * 86400 + since.seconds) * 1000 + since.microseconds // 1000


def from_http_date(text: str) -> datetime.datetime | None:
    """Return the instant of an HTTP ``Date`` header, or ``None`` where it is none."""
    try:
        at = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return at if at.tzinfo is not None else None
