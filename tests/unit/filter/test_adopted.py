# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the inventory says of a key that lay in clear."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trading.hosts.plugins.filter.adopted import adopted
from ansible_collections.trading.hosts.plugins.module_utils._declared import declaration

PLAN = {"api_keys": [{"name": "grid", "exchange": "bybit", "declared": {"service": "bot"}}]}
EARLIER = {"what": "password_changed", "on": "2026-01-01"}


@pytest.mark.parametrize("placed_at", ["2026-11-27", "2026-11-27T23:59:59.123456Z"])
def test_it_is_exposed_from_that_day_and_to_be_rotated(placed_at: str) -> None:
    known = [{"name": "grid", "declared": {"restriction_events": [EARLIER]}}]
    told = adopted(PLAN, placed_at, "7", api_keys=known)
    assert told["rotate_by"] == "2026-12-04"
    (key,) = told["api_keys"]
    event = {"what": "exposed", "on": "2026-11-27", "rotate_by": "2026-12-04"}
    assert key == {
        "name": "grid",
        "exchange": "bybit",
        "declared": {"service": "bot", "restriction_events": [EARLIER, event]},
    }
    assert declaration(key["declared"], where="x") == key["declared"]
    # A later run, of another day, changes nothing.
    assert adopted(PLAN, "2026-12-24", 7, api_keys=[key]) == told


@pytest.mark.parametrize(("placed_at", "days"), [("", 7), (None, 7), ("2026-11-27", "x"), ("2026-11-27", -1)])
def test_what_is_no_day(placed_at: Any, days: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="give a number such as 7"):
        adopted(PLAN, placed_at, days)
