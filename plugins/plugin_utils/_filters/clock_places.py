# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.clock_places`` does."""

from __future__ import annotations

import typing as t

from ...module_utils._exchanges._registry import EXCHANGES


def clock_places(api_keys: t.Iterable[t.Mapping[str, t.Any]]) -> list[dict[str, str]]:
    """Return each known exchange's place once, in the order of the keys."""
    places: dict[tuple[str, ...], dict[str, str]] = {}
    for key in api_keys:
        if str(key.get("exchange")) not in EXCHANGES:
            continue
        place = {
            "exchange": str(key["exchange"]),
            "environment": str(key.get("environment") or "mainnet"),
            "region": str(key.get("region") or "global"),
        }
        base_url = str(key.get("base_url") or "")
        places[(*place.values(), base_url)] = {**place, "base_url": base_url} if base_url else place
    return list(places.values())
