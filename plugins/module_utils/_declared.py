# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an owner may declare of a key: one argument specification, used by every module that takes or judges it.

Nothing here is a secret. A declaration travels in ``KeyFacts.declared`` with the unset options left out, so a judge
reads ``declared.get("label")`` and knows that an absent name was not declared. Dates are ``YYYY-MM-DD``. Private to
this collection.
"""

from __future__ import annotations

import datetime
import re
import typing as t

from ._errors import InputError
from ._facts import ACCOUNT_LEVELS, ANY_FAMILY, FAMILIES, OWNER_KINDS, PRODUCT_WORDS, PROXIES

#: What a named person can vouch for, each with ``by`` and ``on``.
ATTESTABLE = (
    "account",
    "account_level",
    "allowlist",
    "benign_permissions",
    "created_on",
    "egress_address",
    "egress_paths",
    "expires_on",
    "ip_restriction",
    "label",
    "owned_prefixes",
    "owner_kind",
    "permissions",
    "recovery",
)

_ATTESTATION: dict[str, t.Any] = {
    "by": {"type": "str", "required": True},
    "on": {"type": "str", "required": True},
}

#: The sub-options of ``declared``, in the form of Ansible's argument specification.
DECLARED_SPEC: dict[str, t.Any] = {
    "ccxt_id": {"type": "str"},
    "label": {"type": "str"},
    "access": {"type": "str", "choices": ["read", "read_write"]},
    "products": {"type": "list", "elements": "str", "choices": sorted(PRODUCT_WORDS)},
    "account": {"type": "str"},
    "account_level": {"type": "str", "choices": list(ACCOUNT_LEVELS)},
    "owner_kind": {"type": "str", "choices": list(OWNER_KINDS)},
    "ip_restriction": {"type": "bool"},
    "allowlist": {"type": "list", "elements": "str"},
    "created_on": {"type": "str"},
    "expires_on": {"type": "str"},
    "two_factor": {
        "type": "dict",
        "options": {
            "kind": {"type": "str", "required": True, "choices": ["app", "hardware", "sms", "none"]},
            "attested_by": {"type": "str", "required": True},
            "attested_on": {"type": "str", "required": True},
        },
    },
    "restriction_events": {
        "type": "list",
        "elements": "dict",
        "options": {
            "what": {"type": "str", "required": True, "choices": ["account_restricted", "exposed", "password_changed"]},
            "on": {"type": "str", "required": True},
            "rotate_by": {"type": "str"},
        },
    },
    "attested": {"type": "dict", "options": {name: {"type": "dict", "options": _ATTESTATION} for name in ATTESTABLE}},
    "recovery": {"type": "str", "choices": ["escrow", "recreate", "standby_key"]},
    "lifecycle": {"type": "str", "choices": ["in_use", "retired", "revoked"]},
    "benign_permissions": {"type": "list", "elements": "str"},
    "owned_prefixes": {"type": "list", "elements": "str"},
    "egress_paths": {
        "type": "list",
        "elements": "dict",
        "options": {
            "family": {"type": "str", "choices": [*FAMILIES, ANY_FAMILY], "default": "any"},
            "proxy": {"type": "str", "choices": list(PROXIES), "default": "none"},
            "source_address": {"type": "str"},
        },
    },
    "egress_address": {"type": "str", "choices": ["exclusive", "shared", "proxy"]},
    "service": {"type": "str"},
    "owner": {"type": "str"},
    "purpose": {"type": "str"},
    "reviewed_on": {"type": "str"},
    "shared_with": {"type": "list", "elements": "str"},
    "standby_hosts": {"type": "list", "elements": "str"},
    "allowlist_reasons": {
        "type": "list",
        "elements": "dict",
        "options": {
            "entry": {"type": "str", "required": True},
            "reason": {"type": "str", "required": True},
            "until": {"type": "str", "required": True},
        },
    },
    # The name holds "key", and is the sort of encryption key that the credential must rest under: no secret.
    "key_type": {"type": "str", "choices": ["any", "host", "tpm2", "host+tpm2", "age"], "no_log": False},
}

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAYS = ("created_on", "expires_on", "reviewed_on")


def declaration(given: t.Mapping[str, t.Any] | None, *, where: str) -> dict[str, t.Any]:
    """Return the declaration with everything unset left out and every date checked; ``where`` names the option.

    Raises ``InputError`` for a date that is none, and as :func:`check_names`.
    """
    check_names(given, where=where)
    check_shape(given or {}, spec=DECLARED_SPEC, where=where)
    kept: dict[str, t.Any] = _without_unset(given or {})
    for name in _DAYS:
        check_day(kept.get(name), where=f"{where}.{name}")
    check_day((kept.get("two_factor") or {}).get("attested_on"), where=f"{where}.two_factor.attested_on")
    for index, event in enumerate(kept.get("restriction_events") or ()):
        for name in ("on", "rotate_by"):
            check_day(event.get(name), where=f"{where}.restriction_events[{index}].{name}")
    for index, reason in enumerate(kept.get("allowlist_reasons") or ()):
        check_day(reason.get("until"), where=f"{where}.allowlist_reasons[{index}].until")
    attested = kept.get("attested") or {}
    for name in ATTESTABLE:
        check_day((attested.get(name) or {}).get("on"), where=f"{where}.attested.{name}.on")
    return kept


def check_names(value: t.Any, *, where: str) -> None:
    """Refuse a name that YAML read as something else: ``on`` without quotes is true. Raises ``InputError``."""
    if isinstance(value, str):  # nearly always, and telling a mapping takes ten times longer
        return
    if isinstance(value, (dict, t.Mapping)):
        for name, item in value.items():
            if str(name) == "True":  # as text where it has been through JSON
                raise InputError(
                    field=f"{where}.on", problem="was read by YAML as true", mend='put the name in quotes: "on"'
                )
            check_names(item, where=f"{where}.{name}")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            check_names(item, where=f"{where}[{index}]")


def check_shape(given: t.Any, *, spec: t.Mapping[str, t.Any], where: str) -> None:
    """Raise ``InputError`` for the first value that is not of the type in ``spec``; unset ones and other names pass.

    Facts travel as JSON, and hosts write it: what a rule reads must be what it takes it for.
    """
    if not isinstance(given, (dict, t.Mapping)):
        raise InputError(field=where, problem="is not a mapping", mend="write name: value")
    for name, value in given.items():
        option = spec.get(name)
        if option is None or value is None:
            continue
        field = f"{where}.{name}"
        kind, values = option["type"], [(field, value)]
        if kind == "list":
            if not isinstance(value, (list, tuple)):
                raise InputError(field=field, problem="is not a list", mend="write [a, b]")
            kind, values = option["elements"], [(f"{field}[{index}]", each) for index, each in enumerate(value)]
        for place, each in values:
            if kind == "dict":
                check_shape(each, spec=option["options"], where=place)
            elif not isinstance(each, bool if kind == "bool" else str):
                problem = "is not true or false" if kind == "bool" else "is not text"
                raise InputError(field=place, problem=problem, mend="put text in quotes, and truth values in none")


def _without_unset(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, t.Mapping)):
        return {str(name): _without_unset(item) for name, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_without_unset(item) for item in value]
    return value


def check_day(day: str | None, *, where: str) -> None:
    """Refuse what is no day in the form ``YYYY-MM-DD``; ``None`` passes. Raises ``InputError``."""
    if day is None:
        return
    try:
        if not _DAY.fullmatch(day):
            raise ValueError
        datetime.date(int(day[:4]), int(day[5:7]), int(day[8:]))
    except ValueError:
        raise InputError(field=where, value=day, problem="is not a day", mend="write it as YYYY-MM-DD") from None
