# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes a key for a credential from a program's own file in clear, on the host. Private: no interface for others."""

from __future__ import annotations

from .._errors import InputError
from ._clear import ClearKey, read_clear
from ._clear_file import read_plain


def read_key(*, path: str, entry: str | None, field: str) -> ClearKey:
    """Return the key of the file that has this entry; without one, its only key.

    Raises ``InputError`` where there is none, or no plain file; ``field`` names the option.
    """
    found = [key for key in read_clear(read_plain(path, field=f"{field}.path")) if entry in (None, key.entry)]
    if len(found) != 1:
        problem = f"holds {'several keys' if found else 'no key'}{f' with the entry {entry}' if entry else ''}"
        raise InputError(
            field=f"{field}.path",
            value=path,
            problem=f"{problem} in a form that is known here",
            mend="name one with entry" if found else "see docs/audit.md for the forms, or give the key itself",
        )
    return found[0]
