# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types of what hosts tell beside facts that are dataclasses: credentials, the machine, secrets in clear.

Hosts write it, so whoever reads a member must be able to take it for what it is. ``null`` means not told and passes
everywhere but as an element of a list; names that are not here pass too, because nobody reads them. Private to this
collection.
"""

from __future__ import annotations

import typing as t

from ..module_utils._errors import InputError
from ..module_utils._facts import MAX_NUMBER, MAX_TEXT

Shape = t.Any

TEXT, TRUTH, NUMBER = "text", "true or false", "a number"
_TEXTS = [TEXT]

_CREDENTIAL: Shape = {
    "name": TEXT,
    "path": TEXT,
    "store": TEXT,
    "key_type": TEXT,
    "null_key": TRUTH,
    "scope": TEXT,
    "recipients": _TEXTS,
    "sealed_copy": TEXT,
    "sealed_for": _TEXTS,
    "not_after": TEXT,
    "superseded": TRUTH,
    "decryptable": TEXT,
    "problem": TEXT,
    "api_keys": [{"entry": TEXT, "masked_id": TEXT}],
    "size": NUMBER,
    "mode": TEXT,
    "owner": TEXT,
    "group": TEXT,
    "content_changed_at": TEXT,
    "age_days": NUMBER,
    "loaded_by": _TEXTS,
    "environment_of": _TEXTS,
    "readable_by": [{"user": TEXT, "service": TEXT}],
}
_OVERRIDE: Shape = {
    "service": TEXT,
    "reason": TEXT,
    "by": TEXT,
    "at": TEXT,
    "until": TEXT,
    "in_force": TRUTH,
}
_PLACE: Shape = {
    "kind": TEXT,
    "path": TEXT,
    "line": NUMBER,
    "pid": NUMBER,
    "program": TEXT,
    "commit": TEXT,
    "field": TEXT,
    "exchanges": _TEXTS,
    "mode": TEXT,
    "owner": TEXT,
    "group": TEXT,
    "readable_by": TEXT,
    "git": TEXT,
    "from_credential": TRUTH,
}
_FOUND_KEY: Shape = {
    "name": TEXT,
    "program": TEXT,
    "path": TEXT,
    "entry": TEXT,
    "exchange": TEXT,
    "ccxt_id": TEXT,
    "region": TEXT,
    "spelled": TEXT,
    "masked_id": TEXT,
    "names": {},
    "also_in": _TEXTS,
}

#: By the names that the members have in a learner's result.
SHAPES: t.Mapping[str, Shape] = {
    "credentials": [_CREDENTIAL],
    "machine": {
        "host_key": TEXT,
        "host_key_problem": TEXT,
        "age_identity": TEXT,
        "age_identity_problem": TEXT,
        "age_recipient": TEXT,
        "identity": {"machine_id": TEXT, "ssh_host_keys": _TEXTS},
        "overrides": [_OVERRIDE],
        "overrides_problem": TEXT,
    },
    "transport": {"verified_host": TRUTH, "verified_host_problem": TEXT},
    "exposed": [_PLACE],
    "found_keys": [_FOUND_KEY],
    "scan": {
        "scope": TEXT,
        "complete": TRUTH,
        "partial_because": _TEXTS,
        "files": NUMBER,
        "directories": NUMBER,
        "seconds": NUMBER,
        "closed_mounts": _TEXTS,
        "git_history": TEXT,
    },
    "swap": {"state": TEXT, "in_clear": _TEXTS},
    "core_dumps": {"state": TEXT, "why": TEXT, "found": _TEXTS},
    "backups": [{"path": TEXT, "line": NUMBER, "program": TEXT, "takes": TEXT}],
    "host_key": {"present": TRUTH, "disk_encrypted": TRUTH},
}


def check_told(told: t.Mapping[str, t.Any], *, where: str, mend: str) -> None:
    """Raise ``InputError`` for the first member that is not of its type in :data:`SHAPES`; ``where`` leads its name."""
    for name, shape in SHAPES.items():
        if told.get(name) is not None:
            check_member(told[name], shape, where=f"{where}{name}", mend=mend)


def check_member(value: t.Any, shape: Shape, *, where: str, mend: str) -> None:
    """Raise ``InputError`` for a value that is not of this shape, or for the first one inside it."""
    if isinstance(shape, list):
        if not isinstance(value, (list, tuple)):
            raise InputError(field=where, problem="is not a list", mend=mend)
        for index, each in enumerate(value):
            check_member(each, shape[0], where=f"{where}[{index}]", mend=mend)
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            raise InputError(field=where, problem="is not a mapping", mend=mend)
        for name, member in shape.items():
            if value.get(name) is not None:
                check_member(value[name], member, where=f"{where}.{name}", mend=mend)
    elif not _is(value, shape):
        raise InputError(field=where, problem=f"is not {shape}", mend=mend)
    elif isinstance(value, str) and len(value) > MAX_TEXT:
        raise InputError(field=where, problem=f"is longer than {MAX_TEXT} characters", mend=mend)


def _is(value: t.Any, shape: str) -> bool:
    if shape == TEXT:
        return isinstance(value, str)
    if shape == TRUTH:
        return isinstance(value, bool)
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER
