# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.rotated_document``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: rotated_document
short_description: Make the document that a rotation places beside the old one
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Turns one document that names API keys into what M(trading.hosts.credential) takes, with new values for one of its
    keys, under another name.
  - New values are checked. An empty or missing one, a placeholder, white space around it, and two that are equal are
    refused.
  - Without new values the inventory's own are taken. Where it holds no secret of the key, the result is an empty list.
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
  document:
    description:
      - Name of the document.
    type: str
    required: true
  api_key:
    description:
      - Name of the key in it that gets another one in its place. May be left out where the document holds one key.
    type: str
  new:
    description:
      - The new key, with C(api_key), C(secret) and, where the exchange has one, C(passphrase).
    type: dict
    default: {}
  name:
    description:
      - Name of the credential to place.
    type: str
    required: true
"""

EXAMPLES = r"""
---
- name: Place the new key beside the old one
  become: true
  trading.hosts.credential:
    credentials: >-
      {{ documents | trading.hosts.rotated_document(api_keys, document='grid', new=vault_new_grid, name='grid.next') }}
"""

RETURN = r"""
_value:
  description: A list of one entry for O(trading.hosts.credential#module:credentials), or an empty list.
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"rotated_document": deferred("rotated_document")}
