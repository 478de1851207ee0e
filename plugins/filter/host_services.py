# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.host_services``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: host_services
short_description: Check the services of a trading host, and say who runs each
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Takes C(trading_host_services) of the role P(trading.hosts.trading_host#role). Refuses what that role could not
    build, so that nothing is changed on a host whose last service is wrong.
options:
  _input:
    description:
      - The services, each a dictionary.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Who runs what
  ansible.builtin.debug:
    msg: "{{ trading_host_services | trading.hosts.host_services | items2dict(key_name='name', value_name='user') }}"
"""

RETURN = r"""
_value:
  description:
    - The same services, each with C(user), C(program) (empty where it has a C(command)), C(settings), C(credentials)
      and C(ip_family).
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"host_services": deferred("host_services")}
