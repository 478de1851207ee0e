# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which credentials each exchange of ccxt asks for: the text of ``_policy/_ccxt_needs.py``."""

from __future__ import annotations

import ast
import datetime
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

import ccxt

from tests.collection import CHECKOUT

FILE = CHECKOUT / "plugins/module_utils/_policy/_ccxt_needs.py"

_HEAD = '''\
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each exchange that ccxt knows asks its users for. Private to this collection.

Written by ``make generated`` from ccxt's ``requiredCredentials``: do not edit it.
"""

from __future__ import annotations

import typing as t

'''


def files() -> Iterator[tuple[Path, str]]:
    """Yield the file and what it should say. Its date changes only when what was read does."""
    before = FILE.read_text(encoding="utf-8")
    text = written(as_of=date_in(before))
    yield FILE, text if text == before else written(as_of=datetime.datetime.now(tz=datetime.UTC).date().isoformat())


def date_in(text: str) -> str:
    """Return the day that the file names, on which ccxt was read."""
    values = {
        node.targets[0].id: node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    return str(ast.literal_eval(values["AS_OF"]))


def written(*, as_of: str) -> str:
    """Return the whole file."""
    lines = [
        f'VERSION = "{ccxt.__version__}"',
        "#: The day on which that version was read.",
        f'AS_OF = "{as_of}"',
        "",
        "#: What is asked for, in ccxt's words, and ccxt's ids of the exchanges that ask for it.",
        "BY_NEEDS: t.Mapping[tuple[str, ...], str] = {",
    ]
    for needs, ids in sorted(_by_needs().items()):
        words = textwrap.fill(" ".join(ids), width=110, break_on_hyphens=False).splitlines()
        key = "(" + ", ".join(f'"{word}"' for word in needs) + ("," if len(needs) == 1 else "") + ")"
        line = f'    {key}: "{words[0]}",'
        if len(words) == 1 and len(line) <= 120:
            lines.append(line)
        else:
            lines += [f'    {key}: """', *(f"        {line}" for line in words), '    """,']
    return _HEAD + "\n".join([*lines, "}", ""])


def _by_needs() -> Mapping[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for name in sorted(ccxt.exchanges):
        asked = getattr(ccxt, name)().requiredCredentials
        found.setdefault(tuple(sorted(word for word, needed in asked.items() if needed)), []).append(name)
    return found
