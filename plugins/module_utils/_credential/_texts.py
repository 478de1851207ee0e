# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the forms of text in ``_text_writers.py``: exactly what was written there, and nothing else. Private."""

from __future__ import annotations

import csv
import io
import json
import re
import typing as t

_VARIABLE = r"[A-Z_][A-Z0-9_]*"
_ASSIGNMENT = re.compile(rf"({_VARIABLE})='([^'\\]*)'\n")
_TOML_SECTION = re.compile(r"\[accounts\.([A-Za-z0-9_-]+)\]\n((?:[a-z_]+ = [^\n]+\n)+)\n?")
_TOML_LINE = re.compile(r"([a-z_]+) = (.+)")


def is_variable(name: str) -> bool:
    """Tell whether this can be the name of a variable."""
    return re.fullmatch(_VARIABLE, name) is not None


def variable(name: str) -> str:
    """Return an account's name as a document of variables tells it."""
    return name.lower().replace("-", "_")


def read_variables(text: str) -> dict[str, str] | None:
    """Return what ``write_variables`` wrote, ``None`` for another text."""
    found, end = {}, 0
    for match in _ASSIGNMENT.finditer(text):
        if match.start() != end:
            return None
        found[match[1]] = match[2]
        end = match.end()
    return found if found and end == len(text) else None


def read_toml_accounts(text: str) -> dict[str, dict[str, str]] | None:
    """Return what ``write_toml_accounts`` wrote, ``None`` for another text."""
    tables: dict[str, dict[str, str]] = {}
    end = 0
    for section in _TOML_SECTION.finditer(text):
        if section.start() != end:
            return None
        end = section.end()
        strings = {}
        for line in section[2].split("\n"):
            match = _TOML_LINE.fullmatch(line)
            if match and match[2].startswith('"'):
                try:
                    strings[match[1]] = str(json.loads(match[2]))
                except ValueError:
                    return None
        tables[section[1]] = strings
    return tables if tables and end == len(text) else None


def read_csv(text: str, *, header: t.Sequence[str]) -> list[dict[str, str]] | None:
    """Return what ``write_csv`` wrote with this header, without what is empty; ``None`` for another text."""
    if not text.startswith(",".join(header) + "\n"):
        return None
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))[1:]
    except csv.Error:
        return None
    if any(len(row) != len(header) for row in rows):
        return None
    return [{name: value for name, value in zip(header, row) if value} for row in rows]
