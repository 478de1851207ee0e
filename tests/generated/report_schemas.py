# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The published JSON Schemas of reports and of evidence, as the code that reads and writes these holds them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.trading.hosts.plugins.plugin_utils._reports._evidence import EVIDENCE
from ansible_collections.trading.hosts.plugins.plugin_utils._reports._schema import REPORT
from tests.collection import CHECKOUT

_DIRECTORY = CHECKOUT / "docs" / "schemas"


def files() -> Iterator[tuple[Path, str]]:
    """Yield each file and what must stand in it."""
    for name, schema in (("report", REPORT), ("evidence", EVIDENCE)):
        yield _DIRECTORY / f"{name}.schema.json", json.dumps(schema, indent=2) + "\n"
