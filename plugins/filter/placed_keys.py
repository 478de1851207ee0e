# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.placed_keys``."""

from __future__ import annotations

import typing as t

from ..module_utils._redact import mask_id, one_line
from .credential_documents import documents_and_keys, has_values, private_half

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


def placed_keys(documents: t.Any, credentials: t.Any, api_keys: t.Any) -> list[str]:
    """Return the names; raises ``AnsibleFilterError`` for a document that does not fit its keys."""
    held_by_document = {held["name"]: held["api_keys"] or [] for held in credentials if held["decryptable"] == "yes"}
    wanted = list(documents_and_keys(documents, api_keys))
    # A pair that was just made is new to the program that a document is for.
    new = {name for _document, keys in wanted for name, key in keys.items() if private_half(key)}
    found = dict.fromkeys(key["name"] for key in api_keys if key.get("credential") and key["name"] not in new)
    for document, keys in wanted:
        if document["name"] not in held_by_document:
            continue
        held = held_by_document[document["name"]]
        replaces_the_only_key = len(keys) == 1 and all(key["entry"] is None for key in held)
        entries = {key["entry"] for key in held}
        ids = {key["masked_id"] for key in held if key["masked_id"]}
        for name, key in keys.items():
            # Of a key without values in the inventory, what the host holds is the key.
            is_held = (
                one_line(name, limit=100) in entries
                or mask_id(str(key.get("api_key") or "")) in ids
                or not has_values(key)
            )
            if replaces_the_only_key or is_held:
                found.setdefault(name)
    return list(found)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"placed_keys": placed_keys}
