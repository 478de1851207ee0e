# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.revocation_services_done`` does."""

from __future__ import annotations

import typing as t

from ...module_utils._clock import to_text, utc_now
from .._facts_files import plain
from .._revocation import services_done


def revocation_services_done(services: t.Any, results: t.Any, host: str) -> dict[str, t.Any]:
    """Return the events and the problems."""
    events, problems = services_done(plain(services), plain(results), host=str(host), at=to_text(utc_now()))
    return {"events": events, "problems": problems}
