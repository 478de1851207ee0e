# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.placed_keys`` does."""

from __future__ import annotations

import typing as t

from ...module_utils._redact import mask_id, one_line
from .credential_documents import documents_and_keys, has_values, private_half


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
