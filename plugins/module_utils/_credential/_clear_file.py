# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a program's own file on the host, and a key in it. It may lie where others than root can write. Private."""

from __future__ import annotations

import os
import stat

from .._errors import InputError
from ._clear import MOST_BYTES, ClearKey, read_clear

FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def only_key(*, path: str, exchange: str | None = None, entry: str | None, field: str) -> ClearKey:
    """Return the one key of a file that is of this exchange and has this entry, where these are given.

    Raises ``InputError`` where there is none, or more than one, or no plain file; ``field`` names the option.
    """
    found = [
        key
        for key in read_clear(read_plain(path, field=f"{field}.path"))
        if exchange in (None, key.exchange) and entry in (None, key.entry)
    ]
    if len(found) != 1:
        which = f"{f' of {exchange}' if exchange else ''}{f' with the entry {entry}' if entry else ''}"
        raise InputError(
            field=f"{field}.path",
            value=path,
            problem=f"holds {'several keys' if found else 'no key'}{which} in a form that is known here",
            mend="name one with entry" if found else "see docs/audit.md for the forms, or give the key itself",
        )
    return found[0]


def read_plain(path: str, *, field: str) -> bytes:
    """Return what the file holds.

    No part of the path may be a link, so that nobody leads root elsewhere. Raises ``InputError``; ``field`` names the
    option that the path came from.
    """
    mend = "name a plain file that is no link and lies behind none, and become root"
    try:
        descriptor = descend(path)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError(field=field, value=path, problem="is no plain file", mend=mend)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(MOST_BYTES + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        problem = f"cannot be read ({os.strerror(error.errno or 0)})"
        raise InputError(field=field, value=path, problem=problem, mend=mend) from None
    if len(content) > MOST_BYTES:
        problem = f"is larger than {MOST_BYTES} bytes"
        raise InputError(field=field, value=path, problem=problem, mend="name a program's configuration")
    return content


def descend(path: str, *, last: int = FLAGS) -> int:
    """Open each part of the path in the one before it, following none; ``last`` are the flags for the last one."""
    descriptor = os.open("/", FLAGS | os.O_DIRECTORY)
    parts = [part for part in path.split("/") if part]
    for left, part in enumerate(parts, start=1 - len(parts)):
        above = descriptor
        try:
            descriptor = os.open(part, FLAGS | os.O_DIRECTORY if left else last, dir_fd=above)
        finally:
            os.close(above)
    return descriptor
