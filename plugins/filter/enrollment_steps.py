# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.enrollment_steps``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: enrollment_steps
short_description: Say what a person does on the exchange to create a new API key
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Lists the steps on the exchange's page, in their order. The second factor, the name, the permissions in the page's
    words where they are known, the addresses to paste, and the codes that will be asked for.
  - The addresses are given as text to paste only where two kinds of evidence agree on each, or a person has confirmed
    it. A wrong address on an allowlist opens the key to a stranger.
positional: egress, host
options:
  _input:
    description:
      - What P(trading.hosts.enrollment#filter) returned.
    type: dict
    required: true
  egress:
    description:
      - What M(trading.hosts.public_ip_info) returned as RV(trading.hosts.public_ip_info#module:egress).
    type: list
    elements: dict
    required: true
  host:
    description:
      - Inventory name of the host.
    type: str
    required: true
  confirmed:
    description:
      - Addresses that a person has confirmed, or V(true) for all of them.
    type: raw
    default: []
  made:
    description:
      - What M(trading.hosts.key_pair) returned, where the host has made a pair.
    type: dict
"""

EXAMPLES = r"""
---
- name: Show what to do
  ansible.builtin.debug:
    msg: "{{ (planned | trading.hosts.enrollment_steps(seen_from.egress, inventory_hostname)).steps }}"
"""

RETURN = r"""
_value:
  description:
    - C(steps) is the list of what to do. C(addresses) belong on the allowlist, C(doubtful) are those of them that rest
      on one kind of evidence, C(line) is the text to paste or empty, C(evidence) says what vouches for each.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"enrollment_steps": deferred("enrollment_steps")}
