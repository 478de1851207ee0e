# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.clocks_to_read``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: clocks_to_read
short_description: Name the exchanges whose clock a host may ask for after it has asked about its keys
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Turns API keys, and what was learned of them, into the list that M(trading.hosts.clock_info) takes as
    O(trading.hosts.clock_info#module:exchanges). Each exchange, environment and region is there once.
  - Leaves out an exchange that asked for silence or did not answer, and one of whose keys none was asked for. One more
    question could ban the address there.
positional: learned, clocks
options:
  _input:
    description: The API keys as M(trading.hosts.api_key_info) takes them.
    type: list
    elements: dict
    required: true
  learned:
    description: RV(trading.hosts.api_key_info#module:api_keys).
    type: list
    elements: dict
    required: true
  clocks:
    description:
      - RV(trading.hosts.clock_info#module:clocks) of an earlier measurement. What was measured there is left out.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
---
- name: Measure the host's clock by the exchanges of its keys
  trading.hosts.clock_info:
    exchanges: "{{ api_keys | trading.hosts.clocks_to_read(learned.api_keys) }}"
"""

RETURN = r"""
_value:
  description: The list for O(trading.hosts.clock_info#module:exchanges).
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"clocks_to_read": deferred("clocks_to_read")}
