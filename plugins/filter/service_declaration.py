# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.service_declaration``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: service_declaration
short_description: Say without secrets what a service's API keys must be
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Takes from the declarations of a host's API keys what the host's agent needs to check a service before it starts.
    The role P(trading.hosts.trading_service#role) takes it as C(trading_service_declaration).
  - No id, secret, passphrase or password of a key is in the result. The agent reads those from what systemd decrypts
    for the service.
positional: api_keys
options:
  _input:
    description:
      - The documents, as P(trading.hosts.credential_documents#filter) takes them.
    type: list
    elements: dict
    required: true
  api_keys:
    description:
      - The API keys as M(trading.hosts.api_key_info) takes them.
    type: list
    elements: dict
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  credentials:
    description: Names of the credentials that it loads. Those that are none of the documents hold no API key.
    type: list
    elements: str
    required: true
  host:
    description: Name of the host in the inventory, which waivers name.
    type: str
    required: true
  ip_family:
    description: Address families that the service can use.
    type: str
    choices: [any, ipv4]
    default: any
  source_address:
    description: The local address that the keys are used from.
    type: str
  proxy:
    description:
      - The proxy that the keys are used through. One with a password is refused, because the result is no secret.
    type: str
  ca_path:
    description: A file of authorities on the host to trust instead of the host's own.
    type: str
  policy:
    description: Settings that differ from the shipped policy, as for M(trading.hosts.api_key_policy).
    type: dict
  waivers:
    description: Waivers, as for M(trading.hosts.api_key_policy). Those of other hosts and keys are left out.
    type: list
    elements: dict
  sources:
    description:
      - IP sources to ask for the host's address, where an exchange refuses it without naming it. Empty for none.
      - The default ones if not given. See M(trading.hosts.public_ip_info).
    type: list
    elements: dict
"""

EXAMPLES = r"""
---
- name: Run the bot, and check before each start
  ansible.builtin.include_role:
    name: trading.hosts.trading_service
  vars:
    trading_service_name: grid-bot
    trading_service_command: [/usr/bin/python3, /usr/local/lib/grid.py, "%d/grid"]
    trading_service_credentials: [grid]
    trading_service_preflight: true
    trading_service_declaration: >-
      {{ documents | trading.hosts.service_declaration(api_keys, service='grid-bot', credentials=['grid'],
         host=inventory_hostname) }}
"""

RETURN = r"""
_value:
  description: What the role P(trading.hosts.trading_service#role) takes as C(trading_service_declaration).
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"service_declaration": deferred("service_declaration")}
