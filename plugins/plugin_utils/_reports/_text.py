# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as people read it on a terminal. Private to this collection."""

from __future__ import annotations

from .. import _report
from ._schema import Document
from ._words import summary

WIDTH = 120


def write(document: Document) -> str:
    """Return the summary and the table. What it prints was made one safe line by ``_schema.read``."""
    return "\n".join([*summary(document), "", *_report.table(document, width=WIDTH, rows=len(document["lines"])), ""])
