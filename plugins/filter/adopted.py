# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.adopted``."""

from __future__ import annotations

import datetime
import typing as t

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: adopted
short_description: Say what the inventory has to say of keys that lay in clear
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Dates the keys of a plan of P(trading.hosts.adoption#filter) as exposed, and says until when others must take their
    places. The date of a key that the inventory calls exposed already stays.
positional: placed_at, days
options:
  _input:
    description: One of the plans.
    type: dict
    required: true
  placed_at:
    description: When the credential was placed, in ISO 8601 and UTC.
    type: str
    required: true
  days:
    description: How many days later other keys must be in place.
    type: int
    required: true
  api_keys:
    description: The API keys of the host that the inventory has already.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
---
- name: Say until when to rotate
  ansible.builtin.debug:
    msg: "{{ (plan | trading.hosts.adopted(placed.credentials[0].content_changed_at, 7)).rotate_by }}"
"""

RETURN = r"""
_value:
  description: C(api_keys) for M(trading.hosts.registry_entry), and the day C(rotate_by).
  type: dict
"""

_EXPOSED = "exposed"


def adopted(plan: t.Any, placed_at: t.Any, days: t.Any, api_keys: t.Any = ()) -> dict[str, t.Any]:
    """Return the entries; raises ``AnsibleFilterError`` where the days are no number of them."""
    try:
        day = datetime.date.fromisoformat(str(placed_at)[:10])
        until = day + datetime.timedelta(days=int(days))
    except (OverflowError, TypeError, ValueError):
        raise AnsibleFilterError(f"{days!r} are no days after {placed_at!r}; give a number such as 7.") from None
    if int(days) < 0:
        raise AnsibleFilterError(f"{days!r} days are past; give a number such as 7.")
    known = {key["name"]: key.get("declared") or {} for key in api_keys}
    entries, ends = [], []
    for key in plan["api_keys"]:
        events = list(known.get(key["name"], {}).get("restriction_events") or ())
        before = [event for event in events if event.get("what") == _EXPOSED]
        if not before:
            events.append({"what": _EXPOSED, "on": day.isoformat(), "rotate_by": until.isoformat()})
        ends += [str(event["rotate_by"]) for event in events if event.get("rotate_by")]
        entries.append({**key, "declared": {**key["declared"], "restriction_events": events}})
    return {"api_keys": entries, "rotate_by": min(ends, default=until.isoformat())}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"adopted": adopted}
