# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.revocation_removals`` does."""

from __future__ import annotations

import typing as t

from .._facts_files import plain
from .._revocation import removable


def revocation_removals(rows: t.Any, documents: t.Any, credentials: t.Any) -> dict[str, t.Any]:
    """Return what goes, and what is kept though a key in it is dead."""
    gone, kept = removable(plain(rows), documents=plain(documents), credentials=plain(credentials))
    return {"remove": gone, "kept": kept}
