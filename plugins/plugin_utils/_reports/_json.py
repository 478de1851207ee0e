# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as JSON, in the form of the published schema. Private to this collection."""

from __future__ import annotations

import json

from ._schema import Document


def write(document: Document) -> str:
    """Return the report; the order of members is the schema's. JSON's own escapes are its door: all of it is ASCII."""
    return json.dumps(document, ensure_ascii=True, allow_nan=False, indent=1) + "\n"
