# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.revocation_services_done``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: revocation_services_done
short_description: Say what a host's services did when their API keys were revoked
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Tells it from the results of the tasks that ran commands and stopped services. What a command printed is not
    repeated.
positional: results, host
options:
  _input:
    description: What P(trading.hosts.revocation_services#filter) returned.
    type: list
    elements: dict
    required: true
  results:
    description: >-
      The results of M(ansible.builtin.command) and M(ansible.builtin.systemd_service), with a service each as C(item).
    type: list
    elements: dict
    required: true
  host:
    description: Name of the host.
    type: str
    required: true
"""

EXAMPLES = r"""
---
- name: See what failed
  ansible.builtin.debug:
    msg: "{{ (services | trading.hosts.revocation_services_done(stopped.results, inventory_hostname)).problems }}"
"""

RETURN = r"""
_value:
  description: C(events), the lines for the timeline, and C(problems), a sentence for each service that failed.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"revocation_services_done": deferred("revocation_services_done")}
