# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.revocation_timeline``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: revocation_timeline
short_description: Write what happened in a revocation as lines of JSON
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Each line says when, what, of which key on which host, on what evidence, by whom and in which run. It holds no
    secret.
positional: run, operator
options:
  _input:
    description: The events.
    type: list
    elements: dict
    required: true
  run:
    description: The instant at which the run began, which names it.
    type: str
    required: true
  operator:
    description: Who runs it.
    type: str
    required: true
"""

EXAMPLES = r"""
---
- name: See the lines
  ansible.builtin.debug:
    msg: "{{ events | trading.hosts.revocation_timeline('2026-11-22T21:00:00Z', 'ada') }}"
"""

RETURN = r"""
_value:
  description: The lines, ASCII, without a line end after the last one.
  type: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"revocation_timeline": deferred("revocation_timeline")}
