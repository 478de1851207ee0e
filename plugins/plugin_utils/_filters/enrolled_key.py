# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.enrolled_key`` does."""

from __future__ import annotations

import typing as t

from .._enrollment import changes, entry, not_told


def enrolled_key(
    planned: t.Any,
    learned: t.Any,
    *,
    typed: bool = False,
    two_factor: str = "",
    allowlist: t.Sequence[str] = (),
    vouched: t.Sequence[str] = (),
    created_on: str = "",
) -> dict[str, t.Any]:
    """Return the entry, what of it is new, and what the exchange did not show."""
    observed = learned.get("observed")
    key = entry(
        planned=planned,
        observed=observed,
        typed=typed,
        two_factor=two_factor,
        allowlist=allowlist,
        vouched=vouched,
        created_on=created_on,
    )
    changed = changes(key, before=planned["before"])
    document = None if planned["document_declared"] else planned["documents"][0]
    return {
        "key": key,
        "changed": changed,
        "document": document,
        "differs": len(changed) > 1 or document is not None,
        "not_told": not_told(observed),
    }
