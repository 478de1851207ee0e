# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.rotated_document`` does."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ...module_utils._credential._request import parse
from ...module_utils._errors import InputError
from ...module_utils._exchanges._registry import find
from .credential_documents import FIELDS, credential_documents, private_half
from .rotation import chosen, fields_of, keys_of


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
