# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.exchange_endpoints``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: exchange_endpoints
short_description: Name the servers of exchanges, for a firewall
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Turns API keys, or anything else that names exchanges, into the list that M(trading.hosts.egress_firewall) takes as
    O(trading.hosts.egress_firewall#module:exchanges).
  - It holds the hosts that this collection asks, and those that ccxt uses for the same site, also for streams.
  - An exchange that is not known here gives nothing but the host of its C(base_url).
options:
  _input:
    description:
      - A list of dictionaries with C(exchange), and where they differ from the defaults C(environment), C(region) and
        C(base_url). Anything else in them is ignored.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Which servers this host's keys are for
  ansible.builtin.debug:
    msg: "{{ exchange_credentials_api_keys | trading.hosts.exchange_endpoints }}"
"""

RETURN = r"""
_value:
  description: Host names with their ports, each once, such as C(api.bybit.com:443).
  type: list
  elements: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"exchange_endpoints": deferred("exchange_endpoints")}
