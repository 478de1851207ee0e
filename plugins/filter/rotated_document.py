# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.rotated_document``."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._credential._request import parse
from ..module_utils._errors import InputError
from ..module_utils._exchanges._registry import find
from .credential_documents import FIELDS, credential_documents, private_half
from .rotation import chosen, fields_of, keys_of

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


def rotated_document(
    documents: t.Any,
    api_keys: t.Any,
    *,
    document: str,
    name: str,
    api_key: str | None = None,
    new: t.Mapping[str, t.Any] | None = None,
) -> list[dict[str, t.Any]]:
    """Return the credential to place, in a list; raises ``AnsibleFilterError`` for values that cannot be right."""
    keys = keys_of(documents, api_keys, document=document)
    rotated = chosen(keys, document=document, api_key=api_key)
    key = keys[rotated]
    fields = fields_of(find(str(key.get("exchange"))))
    if new:
        _check(new, fields=fields, name=name)
        key = {**{field: value for field, value in key.items() if field not in FIELDS}, **new}
    elif any(not key.get(field) for field in fields if field != "secret" or not private_half(key)):
        return []
    for other, values in keys.items():
        if other != rotated and not values.get("api_key"):
            raise AnsibleFilterError(
                f"The document {document} also holds {other}, whose values are not in the inventory; a document is "
                "written whole, so give them too."
            )
    given = [key if each.get("name") == rotated else each for each in api_keys]
    wanted = [each for each in documents if each["name"] == document]
    return [{**placed, "name": name} for placed in credential_documents(wanted, given)]


def _check(new: t.Any, *, fields: t.Sequence[str], name: str) -> None:
    if not isinstance(new, dict):
        raise AnsibleFilterError("The new key is not a mapping; give api_key, secret and what else it has.")
    if strange := [field for field in new if field not in FIELDS]:
        # A field that is not known may be a value that stands in the wrong place: it is not shown.
        raise AnsibleFilterError(f"The new key has {len(strange)} unknown fields; use {', '.join(FIELDS)}.")
    for field in fields:
        if not str(new.get(field) or "").strip():
            raise AnsibleFilterError(
                f"The new key's {field} is empty; nothing was sent. Without a terminal nothing can be typed: give the "
                "new key by a variable from a vault or a lookup then."
            )
    try:
        parse(credentials=[{"name": name, "format": "json", "fields": dict(new)}])
    except InputError as error:
        raise AnsibleFilterError(f"The new key cannot be right, and nothing was sent: {error}") from None


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"rotated_document": rotated_document}
