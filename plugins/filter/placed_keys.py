# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.placed_keys``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: placed_keys
short_description: Name the API keys for which a host holds a credential already
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Compares documents to be placed with the credentials that a host holds, as M(trading.hosts.credential_info) tells
    them, for O(trading.hosts.api_key_policy#module:placed_keys).
  - A key counts as placed where the host's document has an account of its name, or a key whose id has the same ends. A
    document of one key, placed over one of one key, replaces whatever key that was.
  - A key that is itself read from a credential on the host (C(credential) in O(api_keys)) is placed. One whose private
    half lies there alone (with C(api_key) beside it) counts by the document that names it.
  - A key that is new in a document which the host has already is not placed.
positional: credentials, api_keys
options:
  _input:
    description: The documents, as P(trading.hosts.credential_documents#filter) takes them.
    type: list
    elements: dict
    required: true
  credentials:
    description: What M(trading.hosts.credential_info) returned as RV(trading.hosts.credential_info#module:credentials).
    type: list
    elements: dict
    required: true
  api_keys:
    description: The API keys as M(trading.hosts.api_key_info) takes them, with C(name) and C(api_key).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Judge the keys before they are placed
  trading.hosts.api_key_policy:
    api_keys: "{{ learned.api_keys }}"
    egress: "{{ seen_from.egress }}"
    gate: place
    placed_keys: "{{ documents | trading.hosts.placed_keys(held.credentials, api_keys) }}"
"""

RETURN = r"""
_value:
  description: Names of the API keys, each once.
  type: list
  elements: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"placed_keys": deferred("placed_keys")}
