# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.restart_bar``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: restart_bar
short_description: Say why a running trading service may not be restarted now
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Looks at a freeze of the whole fleet and at the restart windows of one service. All times are UTC.
options:
  _input:
    description:
      - The freeze, as in the variable C(trading_hosts_freeze), with C(until), a time like V(2026-11-30T18:00:00Z), and
        C(reason), a text. Empty where nothing is frozen. A freeze that is over counts as none.
    type: dict
    required: true
  windows:
    description:
      - Times of day in which the service may be restarted, like V(02:00-04:00), V(Sat,Sun 22:00-02:00) or
        V(Mon..Fri 03:00-03:30). A window that ends before it begins ends on the next day.
      - Without any, every time will do.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
---
- name: See whether the bot may be restarted now
  ansible.builtin.debug:
    msg: "{{ {} | trading.hosts.restart_bar(windows=['Sat,Sun 02:00-04:00']) or 'It may.' }}"
"""

RETURN = r"""
_value:
  description: Why not, or an empty text where it may.
  type: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"restart_bar": deferred("restart_bar")}
