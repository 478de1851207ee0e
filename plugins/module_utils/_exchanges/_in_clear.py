# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens a key that lies in clear in a program's own file on the host, so that an audit can judge it. Private."""

from __future__ import annotations

from .._credential._clear import read_clear
from .._credential._clear_file import read_plain
from .._errors import InputError
from ._contract import Credential
from ._options import InClear


def open_in_clear(wanted: InClear, field: str) -> Credential:
    """Return the one key of the file that is of this exchange and, where that is given, has this entry.

    No part of the path may be a link, so that nobody leads root elsewhere. Raises ``InputError``.
    """
    found = [
        key
        for key in read_clear(read_plain(wanted.path, field=f"{field}.path"))
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
