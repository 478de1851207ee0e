# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.revocation_services``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: revocation_services
short_description: Say what a host's services do when their API keys are revoked
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - The services are those that load a credential with one of the keys, and those that the keys' declarations name.
positional: credentials
options:
  _input:
    description: The rows of one host, of P(trading.hosts.revocation#filter).
    type: list
    elements: dict
    required: true
  credentials:
    description: What M(trading.hosts.credential_info) returned as RV(trading.hosts.credential_info#module:credentials).
    type: list
    elements: dict
    required: true
  declared:
    description: What services declare, V(stop), V(keep) or a command, by name.
    type: dict
    default: {}
  undeclared:
    description: What the others do.
    type: str
    choices: [stop, keep]
    default: keep
"""

EXAMPLES = r"""
---
- name: See what is to be stopped
  ansible.builtin.debug:
    msg: "{{ rows | trading.hosts.revocation_services(held.credentials, declared={'grid-bot': 'stop'}) }}"
"""

RETURN = r"""
_value:
  description: For each service its C(unit), what it does (C(do), one of C(stop), C(keep) and C(run)), its C(command),
    and whether that is C(declared).
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"revocation_services": deferred("revocation_services")}
