# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.revocation_report`` does."""

from __future__ import annotations

import typing as t

from .._facts_files import plain
from .._revocation import report


def revocation_report(planned: t.Any, hosts: t.Any) -> dict[str, t.Any]:
    """Return how it stands."""
    states = plain(hosts)
    return report(
        plain(planned),
        [row for state in states for row in state.get("rows") or []],
        kept=[{**each, "host": state["host"]} for state in states for each in state.get("kept") or []],
        problems=[f"{state['host']}: {each}" for state in states for each in state.get("problems") or []],
        directories={state["host"]: str(state.get("directory") or "") for state in states if state.get("host")},
    )
