# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a value of the inventory was written: file and line. Private to this collection.

ansible-core keeps that beside values that it reads from files, for its own messages, and has no public way to ask for
it. So this looks for it without importing anything private; where it is not there the answer is that nobody knows.
"""

from __future__ import annotations

import functools
import os
import typing as t


class Origin(t.NamedTuple):
    """A line of a file; the first line is 1."""

    file: str
    line: int

    def __str__(self) -> str:
        """Return it as compilers do, relative to the working directory where the file is below it."""
        try:
            return f"{_near(self.file, os.getcwd())}:{self.line}"
        except OSError:  # the working directory was removed
            return f"{self.file}:{self.line}"


@functools.lru_cache(maxsize=256)
def _near(file: str, directory: str) -> str:
    near = os.path.relpath(file, directory)
    return file if near.startswith("..") else near


def origin_of(value: t.Any) -> Origin | None:
    """Return where a value was written, or ``None`` where nobody knows. Truth values and null are never known."""
    tags = getattr(value, "_ansible_tags_mapping", None)
    for tag in tags.values() if isinstance(tags, t.Mapping) else ():
        file, line = getattr(tag, "path", None), getattr(tag, "line_num", None)
        if isinstance(file, str) and isinstance(line, int):
            return Origin(str(file), int(line))
    return None


def origin_in(value: t.Any, path: t.Sequence[str | int]) -> Origin | None:
    """Return where the part of a value at ``path`` was written, as near as that is known.

    Of a name in a mapping it is the name's own line, because its value may be on a later one.
    """
    found = origin_of(value)
    for part in path:
        name = None
        if isinstance(value, t.Mapping):
            name = next((each for each in value if str(each) == str(part) or (each is True and part == "on")), None)
            if name is None:
                break
            value = value[name]
        elif isinstance(value, (list, tuple)) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            break
        found = (origin_of(name) if name is not None else None) or origin_of(value) or found
    return found
