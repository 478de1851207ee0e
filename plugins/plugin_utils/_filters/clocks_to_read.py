# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.clocks_to_read`` does."""

from __future__ import annotations

import typing as t

from ...module_utils._exchanges._driver import wants_silence
from ...module_utils._facts import Access


def clocks_to_read(
    api_keys: t.Iterable[dict[str, t.Any]],
    learned: t.Iterable[dict[str, t.Any]],
    clocks: t.Iterable[dict[str, t.Any]] = (),
) -> list[dict[str, t.Any]]:
    """Return each place where a key was asked about once, but for those that want no more questions."""
    base_urls = {str(key["name"]): key.get("base_url") for key in api_keys}
    asked: dict[tuple[t.Any, ...], dict[str, t.Any]] = {}
    # Those that want silence, and those that have told their time.
    told_or_silent = {
        (clock["exchange"], clock["environment"], clock["region"], clock["asked_host"])
        for clock in clocks
        if clock["offset"] is not None
    }
    for fact in learned:
        where = {name: fact[name] for name in ("exchange", "environment", "region")}
        place = (*where.values(), fact["asked_host"])
        access = Access(fact["access"]["status"], code=fact["access"]["code"])
        if wants_silence(access) or access.status == "unreachable":
            told_or_silent.add(place)
        elif access.status not in ("held_back", "not_asked"):
            base_url = base_urls[fact["name"]]
            asked[place] = {**where, "base_url": base_url} if base_url else where
    return [where for place, where in asked.items() if place not in told_or_silent]
