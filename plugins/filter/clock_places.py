# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.clock_places``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: clock_places
short_description: Name the exchanges that API keys are for, to measure a host's clock
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Turns API keys into the list that M(trading.hosts.clock_info) takes as O(trading.hosts.clock_info#module:exchanges).
    Each exchange, environment and region is there once. An exchange that this collection does not know is left out.
  - No secret is looked at. Use P(trading.hosts.clocks_to_read#filter) where the keys have been asked about already.
options:
  _input:
    description: The API keys as M(trading.hosts.api_key_info) takes them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Measure the host's clock before any key is on the host
  trading.hosts.clock_info:
    exchanges: "{{ api_keys | trading.hosts.clock_places }}"
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
        return {"clock_places": deferred("clock_places")}
