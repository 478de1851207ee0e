# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.credential_documents``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: credential_documents
short_description: Join documents to be placed with the API keys they are made of
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Turns documents that name API keys into the list that M(trading.hosts.credential) takes as
    O(trading.hosts.credential#module:credentials).
  - So an inventory holds each secret once, next to what is declared of its key.
  - A key whose private half lies alone on the host, as M(trading.hosts.key_pair) makes it, has C(credential) and
    C(api_key). Its document is made on the host, with
    O(trading.hosts.credential#module:credentials[].private_key_from).
  - In the forms C(ccxt), C(freqtrade) and C(octobot) a passphrase that ccxt takes as C(uid), such as BitMart's memo,
    goes there.
  - Where the form tells the exchange of a key, it is the key's own, unless the document says C(exchange) or
    C(exchanges).
  - Leaves out the documents that need a key in O(rejected).
  - Leaves out the documents of whose keys the inventory has no values. They lie on the host already, and stay there.
positional: api_keys
options:
  _input:
    description:
      - The documents. Each has C(name), the credential's name, C(format) as in M(trading.hosts.credential), and
        C(api_keys), the names of the API keys it holds. C(exchange), C(exchanges) and C(template) are handed on.
      - With more than one key the document holds an account for each, under the key's name.
    type: list
    elements: dict
    required: true
  api_keys:
    description:
      - The API keys as M(trading.hosts.api_key_info) takes them, with C(name), C(api_key), C(secret) or C(credential),
        and C(passphrase).
    type: list
    elements: dict
    required: true
  rejected:
    description: Names of the API keys that must not be placed.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
---
- name: Place what policy accepted
  trading.hosts.credential:
    credentials: >-
      {{ documents | trading.hosts.credential_documents(api_keys, rejected=judged.blocked_keys) }}
"""

RETURN = r"""
_value:
  description: The list for O(trading.hosts.credential#module:credentials).
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"credential_documents": deferred("credential_documents")}
