# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an operator overrode: break-glass records that end by themselves. Private to this collection.

One small file that only root writes: the check reads it inside a service's sandbox, the audit on the host. It is kept
for some time after an override has ended, so that the next audit tells of it.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import re
import secrets
import typing as t

from .._clock import from_text, to_text
from .._credential._reader import read_file
from .._errors import InputError, StoreError
from .._redact import one_line

PATH = "/var/lib/trading-hosts-agent/overrides.json"
LONGEST = datetime.timedelta(hours=24)
#: For how long an override that has ended is told of, and how many are.
KEPT = datetime.timedelta(days=90)
MOST = 200

_LENGTH = re.compile(r"(?:([0-9]{1,3})h)?(?:([0-9]{1,4})m)?")
_REASON_LIMIT = 160
_DIRECTORY_MODE = 0o755
_SERVICE = re.compile(r"[a-z][a-z0-9-]{0,30}(?:@[a-z0-9][a-z0-9-]{0,30})?")


@dataclasses.dataclass(frozen=True)
class Override:
    """Who let services start against the check, and until when.

    ``service`` is ``None`` for all services of the host. Instants are ISO 8601 in UTC.
    """

    service: str | None
    reason: str
    by: str
    at: str
    until: str

    def covers(self, service: str, *, now: datetime.datetime) -> bool:
        """Return whether it lets this service start now; one from the future is somebody's wrong clock."""
        if self.service not in (None, service):
            return False
        return from_text(self.at) <= now + datetime.timedelta(minutes=5) and now < from_text(self.until)


def check_service(name: str) -> str:
    """Return the name of a service as the role trading_service takes it; raises ``InputError``."""
    if _SERVICE.fullmatch(name) is None:
        raise InputError(
            field="--service",
            value=one_line(name, limit=60),
            problem="is no name of a service",
            mend="write it as the unit, without .service",
        )
    return name


def length_of(text: str) -> datetime.timedelta:
    """Read ``2h``, ``90m`` or ``1h30m``; raises ``InputError``."""
    found = _LENGTH.fullmatch(text)
    length = datetime.timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0)) if found else None
    if not length or length > LONGEST:
        raise InputError(
            field="--for",
            value=one_line(text, limit=20),
            problem="is no time that an override may last",
            mend="write it like 2h or 1h30m, at most 24h",
        )
    return length


def new_override(
    *, service: str | None, length: datetime.timedelta, reason: str, by: str, now: datetime.datetime
) -> Override:
    """Return the record; raises ``InputError`` for a reason that says nothing."""
    said = one_line(reason, limit=_REASON_LIMIT)
    if len(said) < 3:
        raise InputError(field="--reason", problem="says nothing", mend="write why, for those who read the next audit")
    return Override(service, said, one_line(by, limit=60), to_text(now), to_text(now + length))


def in_force(overrides: t.Iterable[Override], *, service: str, now: datetime.datetime) -> Override | None:
    """Return the override that lets the service start, the one that lasts longest, or ``None``."""
    return max(
        (each for each in overrides if each.covers(service, now=now)),
        key=lambda each: from_text(each.until),
        default=None,
    )


def read_overrides(*, path: str = PATH, owner: int = 0) -> tuple[Override, ...]:
    """Return all that are kept, the oldest first; none where there is no file.

    Raises ``StoreError`` for a file that somebody else than ``owner`` could have written, or that is not ours.
    """
    content = read_trusted(path=path, owner=owner)
    if content is None:
        return ()
    try:
        return tuple(_read(each) for each in json.loads(content)["overrides"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise StoreError(f"{path} holds no overrides in a form that is known here; remove it.") from None


def read_trusted(*, path: str, owner: int) -> bytes | None:
    """Return what is in a file that only ``owner`` can write, ``None`` where there is none; raises ``StoreError``."""
    try:
        read = read_file(path=path)
    except StoreError:
        raise StoreError(f"{path} is no plain file that can be read, so it counts for nothing; remove it.") from None
    if read is None:
        return None
    content, status = read
    if status.st_uid != owner or status.st_mode & 0o022:
        raise StoreError(f"{path} is not a file that only root can write, so it counts for nothing; remove it.")
    return content


def _read(given: t.Mapping[str, t.Any]) -> Override:
    override = Override(**given)
    if not all(isinstance(text, str) for text in (override.reason, override.by, override.service or "")):
        raise TypeError
    from_text(override.at)
    from_text(override.until)
    return override


def add_override(override: Override, *, path: str = PATH, owner: int = 0) -> None:
    """Keep one more, and forget those that ended long ago. Raises ``StoreError``; the file is replaced whole."""
    oldest = from_text(override.at) - KEPT
    kept = [each for each in read_overrides(path=path, owner=owner) if from_text(each.until) > oldest]
    document = {"overrides": [dataclasses.asdict(each) for each in (*kept[-MOST + 1 :], override)]}
    directory = os.path.dirname(path)
    scratch = os.path.join(directory, f".overrides.{secrets.token_hex(8)}.tmp")
    try:
        if not os.path.isdir(directory):
            os.makedirs(directory, exist_ok=True)
            # Services read it as their own users, whatever the caller's umask.
            os.chmod(directory, _DIRECTORY_MODE)
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(descriptor, 0o644)
                json.dump(document, file, indent=1)
                file.flush()
                os.fsync(descriptor)
            os.replace(scratch, path)
        except BaseException:
            os.unlink(scratch)
            raise
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}; no override was made.") from None


def told(*, path: str = PATH, now: datetime.datetime) -> list[dict[str, t.Any]]:
    """Return all that are kept, for an audit: the fields of :class:`Override`, and whether it counts now.

    Raises as :func:`read_overrides`.
    """
    return [
        {**dataclasses.asdict(each), "in_force": each.covers(each.service or "", now=now)}
        for each in read_overrides(path=path)
    ]
