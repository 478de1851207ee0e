# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.revocation_step`` does."""

from __future__ import annotations

import typing as t

from ...module_utils._clock import to_text, utc_now
from .._facts_files import plain
from .._revocation import begun, judged, unreached


def revocation_step(
    rows: t.Any,
    *,
    why: str | None = None,
    credentials: t.Any = None,
    askable: t.Any = (),
    learned: t.Any = None,
    findings: t.Any = (),
    others: t.Any = (),
) -> dict[str, t.Any]:
    """Return the rows and the events."""
    at = to_text(utc_now())
    if why is not None:
        changed, events = unreached(plain(rows), why=str(why), at=at)
    elif credentials is not None:
        changed, events = begun(plain(rows), credentials=plain(credentials), askable=plain(list(askable)), at=at)
    else:
        changed, events = judged(
            plain(rows), learned=plain(learned), findings=plain(findings), others=plain(others), at=at
        )
    return {"rows": changed, "events": events}
