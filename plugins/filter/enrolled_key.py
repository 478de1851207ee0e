# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.enrolled_key``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: enrolled_key
short_description: Write down what is declared of a new API key, and who vouches for it
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Returns the key as the inventory is to hold it, without secrets, with the day it was created, the second factor and
    the word of a named person on a day for what the exchange does not show.
  - What the inventory declares already stays as it is, so that a second run changes nothing.
positional: learned
options:
  _input:
    description:
      - What P(trading.hosts.enrollment#filter) returned.
    type: dict
    required: true
  learned:
    description:
      - What M(trading.hosts.api_key_info) returned of the key.
    type: dict
    required: true
  typed:
    description:
      - Whether the person has created the key just now.
    type: bool
    default: false
  two_factor:
    description:
      - The kind of second factor that the person saw, or an empty text.
    type: str
    default: ""
  allowlist:
    description:
      - The addresses as the person saw them on the exchange's page.
    type: list
    elements: str
    default: []
  vouched:
    description:
      - What else the person vouches for, of V(account), V(label) and V(permissions).
    type: list
    elements: str
    default: []
  created_on:
    description:
      - The day on which the key was created (C(YYYY-MM-DD)), where the exchange does not show it.
    type: str
    default: ""
"""

EXAMPLES = r"""
---
- name: Write it down
  ansible.builtin.debug:
    msg: "{{ (planned | trading.hosts.enrolled_key(learned.api_keys[0], two_factor='app')).key }}"
"""

RETURN = r"""
_value:
  description:
    - C(key) is the whole entry for the inventory, C(changed) what of it does not stand there yet, with its name.
      C(document) is its document, or null where that is declared already. C(differs) is whether there is anything to
      write.
    - C(not_told) lists what only a person can say, because the exchange did not
      show it, of C(account), C(allowlist), C(label) and C(permissions).
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"enrolled_key": deferred("enrolled_key")}
