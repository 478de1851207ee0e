# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.service_declaration`` does."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

from ansible.errors import AnsibleFilterError

from ...module_utils._agent._declaration import SCHEMA, declaration_of
from ...module_utils._credential import _formats
from ...module_utils._credential._programs import exchange_of
from ...module_utils._errors import InputError
from .credential_documents import credential_documents, documents_and_keys

#: What of a key is declared and is no secret.
_FIELDS = (
    "name",
    "exchange",
    "environment",
    "region",
    "base_url",
    "futures_base_url",
    "ask_futures_host",
    "ask_key_list",
    "nonce",
    "declared",
)
_GONE = ("retired", "revoked")


def service_declaration(
    documents: t.Any,
    api_keys: t.Any,
    *,
    service: str,
    credentials: t.Sequence[str],
    host: str,
    ip_family: str = "any",
    source_address: str | None = None,
    proxy: str | None = None,
    ca_path: str | None = None,
    policy: t.Mapping[str, t.Any] | None = None,
    waivers: t.Sequence[t.Mapping[str, t.Any]] | None = None,
    sources: t.Sequence[t.Mapping[str, t.Any]] | None = None,
) -> dict[str, t.Any]:
    """Return the declaration; raises ``AnsibleFilterError`` for what does not fit or would be a secret in it."""
    keys = [
        {**_declared(key), "credential": _placed(document, name, keys=keys, api_keys=api_keys)}
        for document, keys in documents_and_keys(documents, api_keys)
        if document["name"] in credentials
        for name, key in keys.items()
        if (key.get("declared") or {}).get("lifecycle") not in _GONE
    ]
    names = [key["name"] for key in keys]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        # Each is asked once; the first document that holds it will do.
        keys = [key for index, key in enumerate(keys) if key["name"] not in twice or names.index(key["name"]) == index]
    declaration = {
        "schema": SCHEMA,
        "service": service,
        "host": host,
        "ip_family": ip_family,
        "source_address": source_address or None,
        "proxy": _without_password(proxy) if proxy else None,
        "ca_path": ca_path or None,
        "policy": dict(policy or {}),
        "waivers": [w for w in waivers or () if w.get("host") == host and w.get("key") in (None, *names)],
        "sources": None if sources is None else list(sources),
        "api_keys": keys,
    }
    try:
        declaration_of(declaration, service=service, where="The declaration")
    except InputError as error:
        raise AnsibleFilterError(str(error)) from None
    return declaration


def _declared(key: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {field: key[field] for field in _FIELDS if key.get(field) is not None}


def _placed(document: t.Mapping[str, t.Any], name: str, *, keys: t.Sized, api_keys: t.Any) -> dict[str, t.Any]:
    """Return where in what the service loads the key stands: the document, and the entry where it has several."""
    form = document["format"]
    if form in _formats.SINGLE or (len(keys) == 1 and form not in _formats.NAMED):
        return {"name": document["name"]}
    entry = name
    if form in _formats.WITH_EXCHANGE and form not in _formats.NAMED:
        # A document of these has a section for each exchange.
        (placed,) = credential_documents([document], api_keys)
        entry = exchange_of(form=form, exchange=str(placed["exchanges"][name]))
    return {"name": document["name"], "entry": entry}


def _without_password(proxy: str) -> str:
    try:
        parts = urlsplit(proxy)
        bare = parts.username is None and parts.password is None
    except ValueError:
        bare = False
    if not bare:
        raise AnsibleFilterError(
            "The proxy has a user or a password, which a service's declaration must not hold; use a proxy that knows"
            " this host by its address, or leave trading_service_preflight off."
        )
    return proxy
