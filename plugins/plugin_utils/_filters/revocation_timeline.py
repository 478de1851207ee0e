# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.revocation_timeline`` does."""

from __future__ import annotations

import typing as t

from .._facts_files import plain
from .._revocation import timeline


def revocation_timeline(events: t.Any, run: str, operator: str) -> str:
    """Return the lines."""
    return timeline(plain(events), run=str(run), operator=str(operator))
