# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms in which programs read their keys. Private: not an interface for other collections.

Every document is written by a serializer and read back before it is used: freqtrade, for one, prints the text around
a syntax error, and with it the secret, and then ends with exit code 0.
"""

from __future__ import annotations

import json
import typing as t

from .._errors import InputError, StoreError
from .._redact import mask_id, one_line

RAW = "raw"
JSON = "json"
CCXT = "ccxt"
FREQTRADE = "freqtrade"
FORMATS = (RAW, JSON, CCXT, FREQTRADE)

#: The collection's name of a field -> (ccxt's, freqtrade's). The order is the order in the documents.
#: ccxt: Exchange.requiredCredentials; freqtrade: config schema, section exchange.
_NAMES: t.Mapping[str, tuple[str, str | None]] = {
    "api_key": ("apiKey", "key"),
    "secret": ("secret", "secret"),
    "passphrase": ("password", "password"),
    "uid": ("uid", "uid"),
    "account_id": ("accountId", "account_id"),
    "login": ("login", None),
    "private_key": ("privateKey", "private_key"),
    "wallet_address": ("walletAddress", "wallet_address"),
    "token": ("token", None),
}
FIELDS = tuple(_NAMES)

Fields = t.Mapping[str, str]


def render(*, form: str, fields: Fields, accounts: t.Mapping[str, Fields], text: str | None, field: str) -> bytes:
    """Return the document for a credential.

    ``form`` is one of :data:`FORMATS`; ``fields`` one key's fields; ``accounts`` several keys' by exchange name
    (``json``
    and ``ccxt`` only); ``text`` what ``raw`` stores as it is. ``field`` names the place in an :class:`InputError`.
    """
    if form == RAW:
        return _raw(fields=fields, text=text, field=field).encode("utf-8")
    names = {JSON: {name: name for name in FIELDS}, CCXT: _column(0), FREQTRADE: _column(1)}[form]
    document: dict[str, t.Any]
    if accounts:
        document = {
            account: _rename(given, names=names, field=f"{field}.accounts.{account}")
            for account, given in accounts.items()
        }
    else:
        document = _rename(fields, names=names, field=f"{field}.fields")
    if form == FREQTRADE:
        document = {"exchange": document}
    content = (json.dumps(document, indent=2) + "\n").encode("ascii")
    if json.loads(content) != document:
        raise StoreError(f"{field}: the document did not read back as it was written; please report this.")
    return content


def read_fields(*, content: bytes, account: str | None = None) -> dict[str, str]:
    """Return the fields of a document made by :func:`render`, under the collection's names.

    The format is told from the document. ``account`` picks one of several. An empty result means that no field was
    found (``raw`` text, or a document of another kind).
    """
    try:
        document = json.loads(content)
    except ValueError:
        return {}
    if isinstance(document, dict) and account is not None:
        document = document.get(account)
    if isinstance(document, dict) and isinstance(document.get("exchange"), dict):
        document = document["exchange"]
    if not isinstance(document, dict):
        return {}
    found = {}
    for name, (ccxt_name, freqtrade_name) in _NAMES.items():
        for spelling in (name, ccxt_name, freqtrade_name):
            value = document.get(spelling) if spelling else None
            if isinstance(value, str):
                found[name] = value
                break
    return found


def field_names(*, content: bytes) -> list[str]:
    """Return the names of the fields that a document holds, for a diff. Names that are not ours are not shown."""
    single = list(read_fields(content=content))
    if single:
        return single
    try:
        document = json.loads(content)
    except ValueError:
        return []
    several = document if isinstance(document, dict) else {}
    names = {name for account in several for name in read_fields(content=content, account=account)}
    return [name for name in FIELDS if name in names]


def held_keys(*, content: bytes) -> list[dict[str, str | None]]:
    """Return which API keys a document holds, each as ``entry`` and ``masked_id``.

    ``entry`` is the account's name, ``None`` for the only key; ``masked_id`` is ``None`` where the id itself is not in
    the document. A document that is not ours holds none.
    """
    single = read_fields(content=content)
    if single:
        return [_held(entry=None, fields=single)]
    try:
        document = json.loads(content)
    except ValueError:
        return []
    names = document if isinstance(document, dict) else {}
    several = ((name, read_fields(content=content, account=name)) for name in names)
    return [_held(entry=name, fields=fields) for name, fields in several if fields]


def _held(*, entry: str | None, fields: Fields) -> dict[str, str | None]:
    key_id = fields.get("api_key")
    return {"entry": entry and one_line(entry, limit=100), "masked_id": mask_id(key_id) if key_id else None}


def _column(number: int) -> dict[str, str]:
    spellings = ((name, both[number]) for name, both in _NAMES.items())
    return {name: spelling for name, spelling in spellings if spelling is not None}


def _rename(fields: Fields, *, names: t.Mapping[str, str], field: str) -> dict[str, str]:
    for name in fields:
        if name not in names:
            raise InputError(
                field=f"{field}.{name}", problem="is not a field of this format", mend=f"use {', '.join(names)}"
            )
    return {spelling: fields[name] for name, spelling in names.items() if name in fields}


def _raw(*, fields: Fields, text: str | None, field: str) -> str:
    if text is not None:
        return text
    if len(fields) != 1:
        raise InputError(
            field=f"{field}.fields",
            problem=f"holds {len(fields)} fields, and the format raw stores one value",
            mend="give one field or content, or use the format json, ccxt or freqtrade",
        )
    return next(iter(fields.values()))
