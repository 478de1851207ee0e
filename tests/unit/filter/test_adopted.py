# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the inventory says of a key that lay in clear."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trading.hosts.plugins.module_utils._declared import declaration
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.adopted import adopted

KEY = {"name": "grid", "exchange": "bybit", "declared": {"service": "bot"}}
PLAN = {
    "name": "grid.json",
    "path": "/srv/config.json",
    "how": {"role": "With a role.", "own": "read it"},
    "api_keys": [KEY],
}
PLACED = {
    "path": "/etc/credstore.encrypted/grid.json",
    "changed": True,
    "load_directive": "LoadCredentialEncrypted=grid.json:/x",
    "content_changed_at": "2026-11-27T23:59:59.123456Z",
}
NEXT = (
    "Next: let the service read it, and run this again. With a role. "
    "In a unit of your own: LoadCredentialEncrypted=grid.json:/x, and read it."
)
EARLIER = {"what": "password_changed", "on": "2026-01-01"}
HELD = {"path": "/srv/config.json", "changed": False, "held_back": "/srv/config.json keeps its key: bot does not run."}


def told(placed: Any = None, days: Any = 7, **options: Any) -> dict[str, Any]:
    return adopted(PLAN, placed or PLACED, days, today="2026-11-27", host="bot1", **options)


@pytest.mark.parametrize("placed_at", [None, "2026-11-27T23:59:59.123456Z"])
def test_it_is_exposed_from_that_day_and_to_be_rotated(placed_at: str | None) -> None:
    known = [{"name": "grid", "declared": {"restriction_events": [EARLIER]}}]
    first = told({**PLACED, "content_changed_at": placed_at}, "7", api_keys=known)
    assert first["rotate_by"] == "2026-12-04"
    (key,) = first["api_keys"]
    event = {"what": "exposed", "on": "2026-11-27", "rotate_by": "2026-12-04"}
    assert key == {**KEY, "declared": {"service": "bot", "restriction_events": [EARLIER, event]}}
    assert declaration(key["declared"], where="x") == key["declared"]
    # A later run, of another day, changes nothing.
    assert told({**PLACED, "content_changed_at": "2026-12-24"}, api_keys=[key]) == first


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (
            {"check_mode": True},
            [
                "/srv/config.json: grid would be placed encrypted as /etc/credstore.encrypted/grid.json.",
                NEXT,
            ],
        ),
        (
            {"files": [HELD]},
            [
                "/srv/config.json: grid is placed encrypted as /etc/credstore.encrypted/grid.json.",
                "/srv/config.json keeps its key: bot does not run.",
                NEXT,
            ],
        ),
        (
            {
                "files": [
                    {**HELD, "changed": True, "held_back": None},
                    {"path": "/x", "changed": False, "held_back": None},
                ]
            },
            [
                "/srv/config.json: grid is placed encrypted as /etc/credstore.encrypted/grid.json.",
                "It was removed from /srv/config.json.",
            ],
        ),
    ],
)
def test_what_a_person_is_told(options: dict[str, Any], lines: list[str]) -> None:
    *said, last = told(**options)["lines"]
    assert said == lines
    assert "by 2026-12-04: ansible-playbook trading.hosts.rotate --limit bot1" in last


@pytest.mark.parametrize(
    ("placed_at", "days"), [("x", 7), ("2026-11-27", "x"), ("2026-11-27", -1), ("2026-11-27", None)]
)
def test_what_is_no_day(placed_at: Any, days: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="give a number such as 7"):
        told({**PLACED, "content_changed_at": placed_at}, days)
