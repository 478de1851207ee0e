# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.revocation_services`` does."""

from __future__ import annotations

import typing as t

from .._facts_files import plain
from .._revocation import services_of


def revocation_services(
    rows: t.Any, credentials: t.Any, *, declared: t.Any = None, undeclared: str = "keep"
) -> list[dict[str, t.Any]]:
    """Return what each service does."""
    return services_of(
        plain(rows), credentials=plain(credentials), declared=plain(declared or {}), undeclared=undeclared or "keep"
    )
