# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.credential_documents`` does."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ...module_utils._credential._formats import FOR_CCXT, NAMED, WITH_EXCHANGE
from ...module_utils._exchanges._registry import OTHER, find
from ...module_utils._policy._case import shown
from ...module_utils._policy._passphrase import kept_as_uid

#: What of a key goes into a document.
FIELDS = ("api_key", "secret", "passphrase")


def credential_documents(documents: t.Any, api_keys: t.Any, rejected: t.Sequence[str] = ()) -> list[dict[str, t.Any]]:
    """Return the credentials to place; raises ``AnsibleFilterError`` for a document that does not fit its keys."""
    placed = []
    for document, keys in documents_and_keys(documents, api_keys):
        # The judge names keys as it shows them, which is not always as they are written here.
        if {*keys, *(shown(name) for name in keys)} & set(rejected) or not _to_be_written(document, keys):
            continue
        form = document["format"]
        accounts = {name: _fields(key, form=form) for name, key in keys.items()}
        entry = {k: v for k, v in document.items() if k != "api_keys"}
        if len(accounts) == 1 and form not in NAMED:
            entry["fields"] = next(iter(accounts.values()))
            if half := private_half(next(iter(keys.values()))):
                entry["private_key_from"] = half
            if form in WITH_EXCHANGE:
                entry["exchange"] = _exchange(document, *keys.items())
        else:
            _refuse_private_halves(document, keys)
            entry["accounts"] = accounts
            if form in WITH_EXCHANGE:
                entry["exchanges"] = {name: _exchange(document, (name, key)) for name, key in keys.items()}
        entry.pop("exchanges" if "fields" in entry else "exchange", None)
        placed.append(entry)
    return placed


def has_values(key: t.Mapping[str, t.Any]) -> bool:
    """Return whether the inventory has something of the key that goes into a document."""
    return any(key.get(field) for field in FIELDS)


def _to_be_written(document: t.Mapping[str, t.Any], keys: t.Mapping[str, t.Mapping[str, t.Any]]) -> bool:
    missing = [name for name, key in keys.items() if not has_values(key)]
    if missing and len(missing) < len(keys):
        raise AnsibleFilterError(
            f"The document {document['name']} is written whole, and the inventory has values of some of its keys only; "
            f"give those of {', '.join(missing)} too, or of none."
        )
    return not missing


def private_half(key: t.Mapping[str, t.Any]) -> str | None:
    """Return the credential on the host that holds a key's private half and nothing else, if there is one."""
    credential = key.get("credential")
    if isinstance(credential, dict) and key.get("api_key") and not key.get("secret"):
        return str(credential.get("name"))
    return None


def _refuse_private_halves(document: t.Mapping[str, t.Any], keys: t.Mapping[str, t.Mapping[str, t.Any]]) -> None:
    if found := [name for name, key in keys.items() if private_half(key)]:
        raise AnsibleFilterError(
            f"The document {document['name']} gives each key a name ({document['format']}, {len(keys)} keys), and the "
            f"private half of {found[0]} lies on the host alone; give that key a document of its own, in a form of one "
            "key without a name."
        )


def _exchange(document: t.Mapping[str, t.Any], of: tuple[str, t.Mapping[str, t.Any]]) -> t.Any:
    """Return the exchange's name that the document says, else the key's own, else its name in ccxt."""
    name, key = of
    said = document.get("exchanges")
    if isinstance(said, dict) and said.get(name):
        return said[name]
    own = key.get("exchange")
    return document.get("exchange") or _ccxt_id(key) or (None if own == OTHER else own)


def _ccxt_id(key: t.Mapping[str, t.Any]) -> t.Any:
    declared = key.get("declared")
    return declared.get("ccxt_id") if isinstance(declared, dict) else None


def _fields(key: t.Mapping[str, t.Any], *, form: str) -> dict[str, t.Any]:
    """Return what of a key goes into a document; a passphrase under the name by which the program looks for it."""
    fields = {field: key[field] for field in FIELDS if key.get(field)}
    if form in FOR_CCXT and kept_as_uid(exchange=find(str(key.get("exchange"))), ccxt_id=_ccxt_id(key)):
        fields = {"uid" if field == "passphrase" else field: value for field, value in fields.items()}
    return fields


def documents_and_keys(
    documents: t.Any, api_keys: t.Any
) -> t.Iterator[tuple[dict[str, t.Any], dict[str, dict[str, t.Any]]]]:
    """Yield each document with its keys by name; raises ``AnsibleFilterError`` for one that does not fit its keys."""
    known = {key.get("name"): key for key in _mappings(api_keys, what="api_keys")}
    for index, document in enumerate(_mappings(documents, what="documents")):
        where = f"documents[{index}]"
        for field in ("name", "format", "api_keys"):
            if not document.get(field):
                raise AnsibleFilterError(f"{where}.{field} is missing; give name, format and api_keys.")
        names = document["api_keys"]
        if not isinstance(names, list):
            raise AnsibleFilterError(f"{where}.api_keys is not a list; give the names of the API keys it holds.")
        if unknown := [name for name in names if name not in known]:
            raise AnsibleFilterError(
                f"{where}.api_keys names {unknown[0]!r}, which is no API key; use one of {', '.join(map(str, known))}."
            )
        yield document, {name: known[name] for name in names}


def _mappings(given: t.Any, *, what: str) -> list[dict[str, t.Any]]:
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise AnsibleFilterError(f"{what} is not a list of mappings.")
    return given
