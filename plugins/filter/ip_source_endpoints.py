# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.ip_source_endpoints``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: ip_source_endpoints
short_description: Name the servers of IP sources, for a firewall
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Turns the IP sources of M(trading.hosts.public_ip_info) into the list that M(trading.hosts.egress_firewall) takes as
    O(trading.hosts.egress_firewall#module:ip_sources).
options:
  _input:
    description:
      - The sources, as O(trading.hosts.public_ip_info#module:sources) takes them. The default ones where empty.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Which servers tell a host its address
  ansible.builtin.debug:
    msg: "{{ [] | trading.hosts.ip_source_endpoints }}"
"""

RETURN = r"""
_value:
  description: Host names with their ports, each once, such as C(ifconfig.me:443).
  type: list
  elements: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"ip_source_endpoints": deferred("ip_source_endpoints")}
