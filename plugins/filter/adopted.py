# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.adopted``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: adopted
short_description: Say how far the adoption of a file came, and what the inventory has to say of its keys
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Dates the keys of a plan of P(trading.hosts.adoption#filter) as exposed, and says until when others must take their
    places. The date of a key that the inventory calls exposed already stays.
positional: placed, days
options:
  _input:
    description: One of the plans.
    type: dict
    required: true
  placed:
    description: What M(trading.hosts.credential) returned of the credential.
    type: dict
    required: true
  days:
    description: How many days later other keys must be in place.
    type: int
    required: true
  today:
    description: The day, for check mode, where nothing was placed.
    type: str
    required: true
  host:
    description: The host's name in the inventory.
    type: str
    required: true
  api_keys:
    description: The API keys of the host that the inventory has already.
    type: list
    elements: dict
    default: []
  files:
    description: What M(trading.hosts.exposed_credential) returned of the files, where it was asked.
    type: list
    elements: dict
    default: []
  check_mode:
    description: Whether all of this is foreseen only.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Say until when to rotate
  ansible.builtin.debug:
    msg: "{{ (plan | trading.hosts.adopted(put.credentials[0], 7, today='2026-11-22', host='bot1')).lines }}"
"""

RETURN = r"""
_value:
  description: C(api_keys) for M(trading.hosts.registry_entry), the day C(rotate_by), and C(lines) for a person.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"adopted": deferred("adopted")}
