# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens a key that lies in clear in a program's own file on the host, so that an audit can judge it. Private."""

from __future__ import annotations

from .._credential._clear_file import only_key
from ._contract import Credential
from ._options import InClear


def open_in_clear(wanted: InClear, field: str) -> Credential:
    """Return the one key of the file that is of this exchange and, where that is given, has this entry.

    No part of the path may be a link, so that nobody leads root elsewhere. Raises ``InputError``.
    """
    key = only_key(path=wanted.path, exchange=wanted.exchange, entry=wanted.entry, field=field)
    phrase = next((key.fields[name] for name in wanted.phrases if key.fields.get(name)), None)
    return Credential(key.fields["api_key"], key.fields["secret"], phrase)
