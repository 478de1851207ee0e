# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keys look like, taken from the exchanges' own files: the text of ``_exposed/_forms.py``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from tests.collection import CHECKOUT

FILE = CHECKOUT / "plugins/module_utils/_exposed/_forms.py"

_HEAD = '''\
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keys and secrets of each exchange look like. Private to this collection.

Written by ``make generated`` from each exchange's ``key_shape``, so that a scan of a host need not ship the exchanges:
do not edit it.
"""

from __future__ import annotations

import typing as t

Form = tuple["str | None", "str | None"]
#: For each exchange the form of its key id and of its secret, as patterns for all of the text; ``None`` where no
#: document tells it.
FORMS: t.Mapping[str, Form] = {
'''


def files() -> Iterator[tuple[Path, str]]:
    """Yield the file and what it should say."""
    lines = []
    for name, exchange in sorted(EXCHANGES.items()):
        shape = exchange.key_shape()
        lines.append(f'    "{name}": ({_literal(shape.api_key)}, {_literal(shape.secret)}),\n')
    yield FILE, _HEAD + "".join(lines) + "}\n"


def _literal(pattern: str | None) -> str:
    if pattern is None:
        return "None"
    return f'r"{pattern}"'
