# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.revocation_report``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: revocation_report
short_description: Say how a revocation stands over all hosts
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Says which API keys are dead, which are not, and what a person has to do by hand for the others.
positional: hosts
options:
  _input:
    description: What P(trading.hosts.revocation#filter) returned.
    type: dict
    required: true
  hosts:
    description:
      - What the hosts that take part have so far, each with C(rows), and C(kept), C(problems) and C(directory) where
        there are any.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Show how it stands
  ansible.builtin.debug:
    msg: "{{ (planned | trading.hosts.revocation_report(states)).table }}"
"""

RETURN = r"""
_value:
  description:
    - C(pending) counts the keys that may be asked about again in this run, C(left) those that are not proved dead.
      C(progress) is one line. C(table), C(by_hand) and C(inventory) are lines for people. C(done) says whether nothing
      is left, and C(why) what.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"revocation_report": deferred("revocation_report")}
