# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.revocation_step``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: revocation_step
short_description: Say how far the revocation of a host's API keys is
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Takes a host's rows of P(trading.hosts.revocation#filter) one step further, by one of C(why), C(credentials) and
    C(learned).
  - A key is dead when its exchange has refused it as one that it does not know. Whatever else refuses it ends the
    questions about it in this run, so that they lock nobody out.
options:
  _input:
    description: The rows of one host.
    type: list
    elements: dict
    required: true
  why:
    description: Why the host told nothing.
    type: str
  credentials:
    description: What M(trading.hosts.credential_info) returned as RV(trading.hosts.credential_info#module:credentials).
    type: list
    elements: dict
  askable:
    description: With O(credentials), the names of the keys about which a question can be put.
    type: list
    elements: str
    default: []
  learned:
    description: What M(trading.hosts.api_key_info) returned as RV(trading.hosts.api_key_info#module:api_keys).
    type: list
    elements: dict
  findings:
    description: With O(learned), the findings of M(trading.hosts.api_key_policy), with those that passed.
    type: list
    elements: dict
    default: []
  others:
    description: With O(learned), the rows of all hosts. A key that died for one host is dead for the others.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
---
- name: Note that a host was not reached
  ansible.builtin.set_fact:
    rows: "{{ (rows | trading.hosts.revocation_step(why='it did not answer')).rows }}"
"""

RETURN = r"""
_value:
  description: C(rows) as they are now, and C(events), the lines for the timeline.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"revocation_step": deferred("revocation_step")}
