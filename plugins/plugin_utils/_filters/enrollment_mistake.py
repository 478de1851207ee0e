# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.enrollment_mistake`` does."""

from __future__ import annotations

import typing as t

from .._enrollment import mistake


def enrollment_mistake(values: t.Any, planned: t.Any) -> str:
    """Return one sentence without a value in it, or an empty text."""
    if not isinstance(values, dict):
        return "The new key is not a mapping; give api_key, secret and what else it has."
    return mistake(
        values,
        exchange=planned["question"]["exchange"],
        asks=[each["field"] for each in planned["asks"]],
        pair=bool(planned["pair"]),
    )
