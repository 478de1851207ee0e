# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role says of a service's keys, without any secret: one JSON file for each service. Private.

The role trading_service writes it, made by the filter ``service_declaration`` from what exchange_credentials has.
"""

from __future__ import annotations

import dataclasses
import json
import os
import typing as t

from .._declared import check_shape
from .._errors import InputError, StoreError
from ._override import read_trusted

DIRECTORY = "/etc/trading-hosts/services"
SCHEMA = 1

_SECRETS = ("api_key", "secret", "passphrase", "key_password")
_MEND = "let the role trading.hosts.trading_service write it anew"
#: What may stand in the file, in the form of Ansible's argument specification, as far as the types are checked here.
_SPEC: t.Mapping[str, t.Any] = {
    "service": {"type": "str"},
    "host": {"type": "str"},
    "ip_family": {"type": "str"},
    "source_address": {"type": "str"},
    "proxy": {"type": "str"},
    "ca_path": {"type": "str"},
    "api_keys": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str"},
            "exchange": {"type": "str"},
            "environment": {"type": "str"},
            "region": {"type": "str"},
            "base_url": {"type": "str"},
            "futures_base_url": {"type": "str"},
            "credential": {"type": "dict", "options": {"name": {"type": "str"}, "entry": {"type": "str"}}},
        },
    },
}


@dataclasses.dataclass(frozen=True)
class Declaration:
    """What is to be checked before a service starts.

    ``api_keys`` are in the form of ``api_key_info``'s option, each with ``credential`` and without a secret. ``host``
    is the inventory's name of this host. ``policy`` and ``waivers`` are those that judged when the keys were placed.
    ``sources`` are the IP sources to ask, should the exchange refuse the address without naming it: ``None`` for the
    default ones, an empty list for none.
    """

    service: str
    host: str
    api_keys: tuple[t.Mapping[str, t.Any], ...]
    ip_family: str = "any"
    source_address: str | None = None
    proxy: str | None = None
    ca_path: str | None = None
    policy: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    waivers: tuple[t.Mapping[str, t.Any], ...] = ()
    sources: tuple[t.Mapping[str, t.Any], ...] | None = None


def read_declaration(*, service: str, directory: str = DIRECTORY, owner: int = 0) -> Declaration:
    """Return the declaration of a service; raises ``InputError`` where there is none that can be trusted."""
    path = os.path.join(directory, f"{service}.json")
    try:
        content = read_trusted(path=path, owner=owner)
    except StoreError as error:
        raise InputError(field="The declaration", problem=str(error).rstrip("."), mend=_MEND) from None
    if content is None:
        raise InputError(field=path, problem="does not exist", mend=_MEND)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    return declaration_of(document, service=service, where=path)


def declaration_of(document: t.Any, *, service: str, where: str) -> Declaration:
    """Read the content of the file; raises ``InputError`` for what does not fit."""
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise InputError(field=where, problem=f"is no declaration of schema {SCHEMA}", mend=_MEND)
    given = {name: value for name, value in document.items() if name != "schema" and value is not None}
    known = [field.name for field in dataclasses.fields(Declaration)]
    for name in given:
        if name not in known:
            raise InputError(field=where, value=str(name), problem="is not known by this release", mend=_MEND)
    check_shape(given, spec=_SPEC, where=where)
    if given.get("service") != service or not given.get("host"):
        raise InputError(field=where, problem=f"is not the declaration of {service}", mend=_MEND)
    for index, key in enumerate(given.get("api_keys") or ()):
        if any(key.get(name) for name in _SECRETS):
            # Everybody of the service's group can read this file.
            raise InputError(
                field=f"{where}: api_keys[{index}]",
                problem="holds a secret",
                mend="treat that key as exposed, and " + _MEND,
            )
        if not key.get("name") or not key.get("exchange"):
            raise InputError(field=f"{where}: api_keys[{index}]", problem="lacks name or exchange", mend=_MEND)
    for name in ("api_keys", "waivers", "sources"):
        if name in given:
            given[name] = tuple(given[name])
    try:
        return Declaration(**given)
    except TypeError:
        raise InputError(field=where, problem="lacks api_keys", mend=_MEND) from None
