# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an exchange's allowlist takes, and how a list of entries is split. The entries are for ``_grammar``.

On its own, because this much travels to hosts with every exchange.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class AllowlistGrammar:
    """What one exchange accepts as an entry. None means: no readable source says so, hence not known."""

    networks_v4: bool | None = None
    networks_v6: bool | None = None
    ipv6: bool | None = None
    ranges: bool | None = None
    max_entries: int | None = None


def split_list(text: str) -> tuple[str, ...]:
    """Split a list as people type it, by commas and lines, and keep every piece for the grammar to judge.

    Spaces and tabs next to a separator, blank lines and a comma at a line's end are layout. Two commas in a row leave
    an empty entry, which is kept, and so does a comma at the very end: a name may have been forgotten there.
    """
    lines = [line.strip(" \t") for line in re.split(r"\r\n|\n|\r", text)]
    lines = [line for line in lines if line]
    pieces: list[str] = []
    for number, line in enumerate(lines, start=1):
        layout_comma = number < len(lines) and line.endswith(",")
        pieces.extend(piece.strip(" \t") for piece in (line[:-1] if layout_comma else line).split(","))
    return tuple(pieces)
