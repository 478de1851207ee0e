# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.placed_questions``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: placed_questions
short_description: Ask about API keys with the credentials that lie on their host
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Turns the API keys of a host into the list that M(trading.hosts.api_key_info) takes, where a key is asked about with
    the document that holds it on the host. So no secret is needed on the controller.
  - A key in a document that the host does not hold, and that names no credential itself, is left out with
    O(prefer=placed), and is a failure with O(prefer=given) where the inventory has no values of it either. One of
    V(other) is never asked, and always there.
positional: documents, credentials
options:
  _input:
    description: The API keys as M(trading.hosts.api_key_info) takes them. Their values may be missing.
    type: list
    elements: dict
    required: true
  documents:
    description: The documents, as P(trading.hosts.credential_documents#filter) takes them.
    type: list
    elements: dict
    required: true
  credentials:
    description: What M(trading.hosts.credential_info) returned as RV(trading.hosts.credential_info#module:credentials).
    type: list
    elements: dict
    required: true
  directory:
    description: Where the credentials lie on the host. The directory of M(trading.hosts.api_key_info) by default.
    type: path
  prefer:
    description:
      - V(placed) asks with what lies on the host wherever it does, and looks at no secret.
      - V(given) asks with the values of the inventory, and with what lies on the host only where it has none.
    type: str
    choices: [placed, given]
    default: placed
"""

EXAMPLES = r"""
---
- name: Ask the exchanges about the keys that are placed
  trading.hosts.api_key_info:
    api_keys: "{{ api_keys | trading.hosts.placed_questions(documents, held.credentials) }}"
"""

RETURN = r"""
_value:
  description: The list for O(trading.hosts.api_key_info#module:api_keys), in the order of the keys.
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"placed_questions": deferred("placed_questions")}
