# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.clock_verdicts``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: clock_verdicts
short_description: Judge a host's clock by what exchanges tolerate
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Judges each measurement of M(trading.hosts.clock_info) by what that exchange tolerates, as the rule C(clock-offset)
    of M(trading.hosts.api_key_policy) does. No key is needed.
options:
  _input:
    description: RV(trading.hosts.clock_info#module:clocks).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Measure
  trading.hosts.clock_info:
    exchanges:
      - exchange: bybit
  register: clock

- name: Refuse a clock that the exchange would refuse
  ansible.builtin.assert:
    that:
      - verdicts | selectattr('severity', 'equalto', 'high') | length == 0
    fail_msg: "{{ verdicts | map(attribute='evidence') | join('; ') }}"
  vars:
    verdicts: "{{ clock.clocks | trading.hosts.clock_verdicts | selectattr('status', 'equalto', 'fail') | list }}"
"""

RETURN = r"""
_value:
  description:
    - One entry for each measurement, with C(exchange), C(status) (V(pass), V(fail) or V(unknown)), C(severity)
      (V(medium) or V(high) for a failure, otherwise V(none)) and C(evidence), a sentence without its full stop.
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"clock_verdicts": deferred("clock_verdicts")}
