# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.rotation`` does."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ...module_utils._exchanges._contract import Exchange
from ...module_utils._exchanges._registry import find
from .._enrollment import EnrollmentError, cannot_be_typed, check_helpers, question, refuse_strange, settling_of
from .._key_pages import title
from .credential_documents import documents_and_keys


def rotation(documents: t.Any, api_keys: t.Any, *, document: str, api_key: str | None = None) -> dict[str, t.Any]:
    """Return what takes part; raises ``AnsibleFilterError`` where the names do not fit."""
    keys = keys_of(documents, api_keys, document=document)
    name = chosen(keys, document=document, api_key=api_key)
    key = keys[name]
    try:
        check_helpers(document, documents=documents)
        refuse_strange(key)
    except EnrollmentError as error:
        raise AnsibleFilterError(str(error)) from None
    exchange = find(str(key.get("exchange")))
    declared = key.get("declared")
    ccxt_id = declared.get("ccxt_id") if isinstance(declared, dict) else None
    return {
        "document": document,
        "next": f"{document}.next",
        "previous": f"{document}.previous",
        "terms": _terms(documents, document=document),
        "api_key": name,
        "entry": name if len(keys) > 1 else None,
        "title": title(str(key.get("exchange")), ccxt_id=ccxt_id),
        "where": exchange.click_path() if exchange is not None else "its page of API keys",
        "question": question(key),
        "asks": [{"field": field, "prompt": f"The new key's {_WORDS[field]}"} for field in fields_of(exchange)],
        "cannot_be_typed": cannot_be_typed(exchange),
        **settling_of(exchange),
    }


def _terms(documents: t.Sequence[t.Mapping[str, t.Any]], *, document: str) -> dict[str, t.Any]:
    """Return how the document is encrypted, which holds for its copies too."""
    wanted = next(each for each in documents if each["name"] == document)
    return {name: wanted[name] for name in ("with_key", "not_after") if wanted.get(name)}


_WORDS = {"api_key": "id (API key)", "secret": "secret", "passphrase": "passphrase or memo"}


def keys_of(documents: t.Any, api_keys: t.Any, *, document: str) -> dict[str, dict[str, t.Any]]:
    """Return the keys of one document by name; raises ``AnsibleFilterError`` where there is no such document."""
    found = [(each["name"], keys) for each, keys in documents_and_keys(documents, api_keys)]
    for name, keys in found:
        if name == document:
            return keys
    known = ", ".join(str(name) for name, _keys in found) or "none"
    raise AnsibleFilterError(f"{document!r} is no document of this host; name one of {known}.")


def chosen(keys: t.Mapping[str, t.Any], *, document: str, api_key: str | None) -> str:
    """Return the name of the key that is meant; raises ``AnsibleFilterError`` where that is not clear."""
    if api_key:
        if api_key not in keys:
            raise AnsibleFilterError(
                f"{api_key!r} is no key of the document {document}; name one of {', '.join(keys)}."
            )
        return api_key
    if len(keys) > 1:
        raise AnsibleFilterError(f"The document {document} holds {', '.join(keys)}; say which one is rotated.")
    return next(iter(keys))


def fields_of(exchange: Exchange | None) -> tuple[str, ...]:
    """Return the fields that a new key has; of an exchange that is not known here, key and secret."""
    if exchange is None:
        return ("api_key", "secret")
    fields = ["api_key"]
    if exchange.needs_secret():
        fields.append("secret")
    if exchange.passphrase_rule() is not None:
        fields.append("passphrase")
    return tuple(fields)
