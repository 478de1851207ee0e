# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens a key that lies in clear in a program's own file on the host, so that an audit can judge it. Private."""

from __future__ import annotations

import os
import stat

from .._credential._clear import MOST_BYTES, read_clear
from .._errors import InputError
from ._contract import Credential
from ._options import InClear

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def open_in_clear(wanted: InClear, field: str) -> Credential:
    """Return the one key of the file that is of this exchange and, where that is given, has this entry.

    No part of the path may be a link, so that nobody leads root elsewhere. Raises ``InputError``.
    """
    found = [
        key
        for key in read_clear(_read(wanted.path, field=f"{field}.path"))
        if key.exchange == wanted.exchange and wanted.entry in (None, key.entry)
    ]
    if len(found) != 1:
        which = f"{wanted.exchange} with the entry {wanted.entry}" if wanted.entry else wanted.exchange
        raise InputError(
            field=f"{field}.path",
            value=wanted.path,
            problem=f"holds {'several keys' if found else 'no key'} of {which} in a form that is known here",
            mend="name one with entry" if found else "see docs/audit.md for the forms, or give the key itself",
        )
    fields = found[0].fields
    phrase = next((fields[name] for name in wanted.phrases if fields.get(name)), None)
    return Credential(fields["api_key"], fields["secret"], phrase)


def _read(path: str, *, field: str) -> bytes:
    mend = "name a plain file that is no link and lies behind none, and become root"
    try:
        descriptor = _descriptor(path)
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


def _descriptor(path: str) -> int:
    """Open each part of the path in the one before it, following none."""
    descriptor = os.open("/", _FLAGS | os.O_DIRECTORY)
    parts = [part for part in path.split("/") if part]
    for left, part in enumerate(parts, start=1 - len(parts)):
        above = descriptor
        try:
            descriptor = os.open(part, _FLAGS | os.O_DIRECTORY if left else _FLAGS, dir_fd=above)
        finally:
            os.close(above)
    return descriptor
