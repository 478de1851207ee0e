# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of a judged report: its JSON Schema, and a careful reader. Private to this collection.

The schema in ``docs/schemas/report.schema.json`` is printed from here. A report is a file that people move about, so
whoever writes another format reads it through :func:`read` first: what is not in the schema is dropped, and every text
has passed the one door for foreign text once more. Each format then escapes on top of that.
"""

from __future__ import annotations

import functools
import re
import typing as t

from ...module_utils._errors import InputError
from ...module_utils._policy._case import instant
from ...module_utils._policy._finding import (
    BASES,
    FAIL,
    MOST_NAME,
    MOST_PASTE,
    MOST_PLACE,
    MOST_SENTENCE,
    PASSED,
    SEVERITIES,
    STATUSES,
    UNKNOWN,
)
from ...module_utils._policy._gates import GATES, NEVER
from ...module_utils._redact import one_line

Document = t.Mapping[str, t.Any]
Schema = t.Mapping[str, t.Any]

NAME, PLACE, SENTENCE, PASTE = MOST_NAME, MOST_PLACE, MOST_SENTENCE, MOST_PASTE

_MEND = "give a file that api_key_policy or fleet_policy of this release wrote with report_path"


def _text(limit: int, *, about: str | None = None) -> dict[str, t.Any]:
    return {"type": "string", "maxLength": limit, **({"description": about} if about else {})}


def or_null(schema: Schema) -> dict[str, t.Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _one_of(*names: str) -> dict[str, t.Any]:
    return {"type": "string", "enum": list(names)}


def _slug(about: str) -> dict[str, t.Any]:
    return {"type": "string", "pattern": "^[a-z0-9_-]{1,80}$", "description": about}


def _list(items: Schema, *, about: str | None = None) -> dict[str, t.Any]:
    return {"type": "array", "items": items, **({"description": about} if about else {})}


def object_of(about: str, optional: t.Collection[str] = (), **properties: Schema) -> dict[str, t.Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "description": about, "properties": properties, "required": required}


_COUNT = {"type": "integer", "minimum": 0}
INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", "format": "date-time"}
#: Of the report before there may be none: then the text is empty.
INSTANT_OR_EMPTY = {"type": "string", "pattern": r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?$"}
_TEXTS = _list(_text(SENTENCE))
_NAME = _text(NAME)
#: From the gates, and from what a task may set.
_THRESHOLDS = tuple(dict.fromkeys([*SEVERITIES, NEVER, *(word for gate in GATES.values() for word in gate)]))

_FINDING = object_of(
    "What one rule found for one subject",
    rule=_slug("the rule's name"),
    status=_one_of(*STATUSES),
    severity=_one_of(*SEVERITIES),
    basis=_one_of(*BASES),
    subject=object_of(
        "What it is about; a part that does not matter is null",
        host=or_null(_NAME),
        key=or_null(_text(PLACE)),
        service=or_null(_NAME),
    ),
    evidence=_text(SENTENCE, about="one line that says why"),
    remedy=or_null(
        object_of(
            "What a person does",
            do_now=_text(SENTENCE),
            then=or_null(_text(SENTENCE)),
            never=or_null(_text(SENTENCE)),
            where=or_null(_text(SENTENCE)),
        )
    ),
    paste=or_null(_text(PASTE, about="text for the exchange's allowlist field")),
    root=or_null(_slug("the rule whose finding explains this one")),
    waiver=or_null(_text(SENTENCE, about="who asked for and who approved an exception, and until when")),
    code=or_null(_slug("the class of a refusal")),
    spared=or_null(_text(SENTENCE, about="why a failure stops nothing although it stands")),
)

_LINE = object_of(
    "One key",
    key=_NAME,
    host=_NAME,
    exchange=_NAME,
    service=or_null(_NAME),
    seen_from=_list(_NAME, about="addresses that the key is used from"),
    verdict=_one_of(FAIL, UNKNOWN, PASSED),
)

_PLACE = object_of("A key by host and name", host=_NAME, key=_NAME)

_ALLOWLIST = object_of(
    "What to do with the allowlist of one key",
    exchange=_NAME,
    environment=_NAME,
    used_by=_list(_PLACE, about="every host that uses this key"),
    state=_slug("what is known of the list"),
    add=_list(_NAME, about="addresses that two kinds of evidence vouch for"),
    keep=_list(_NAME),
    remove_later=_list(_NAME, about="empty unless whole"),
    unconfirmed=_list(_NAME, about="nothing may be pasted for them yet"),
    idle=_list(object_of("An entry that no host was seen to use", entry=_NAME, since=or_null(INSTANT))),
    whole={"type": "boolean", "description": "whether every host that may use the key was seen"},
    why_not_whole=_TEXTS,
    line=or_null(_text(PASTE, about="the text to paste")),
)

_FLEET = object_of(
    "What fleet_policy adds",
    partial={"type": "boolean", "description": "whether a declared key was not seen"},
    coverage=object_of(
        "How much of the inventory was seen",
        hosts_declared=_COUNT,
        hosts_seen=_COUNT,
        keys_declared=_COUNT,
        keys_seen=_COUNT,
        not_seen=_list(object_of("A key that was not seen", host=_NAME, key=_NAME, why=_text(SENTENCE))),
    ),
    problems=_TEXTS,
    allowlists=_list(_ALLOWLIST),
    addresses=_list(
        object_of(
            "Where a host is seen from over one way",
            host=_NAME,
            family=_slug("ipv4 or ipv6"),
            proxy=_NAME,
            source_address=or_null(_NAME),
            addresses=_list(_NAME),
            accepted=_list(_NAME, about="where an exchange last accepted a restricted key"),
            accepted_at=or_null(INSTANT),
        )
    ),
    baseline=or_null(object_of("The report whose failures are known", judged_at=INSTANT, spared=_COUNT)),
    previous=or_null(object_of("The report before this one", judged_at=INSTANT_OR_EMPTY)),
)


def _counts(about: str, *names: str, optional: bool = False) -> dict[str, t.Any]:
    return object_of(about, optional=names if optional else (), **dict.fromkeys(names, _COUNT))


REPORT: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A report of trading.hosts",
    **object_of(
        "What api_key_policy and fleet_policy write with report_path, and trading.hosts.report as format json",
        optional=("fleet",),
        schema={"type": "integer", "const": 1},
        collection_version=_NAME,
        judged_at=INSTANT,
        gate=_one_of(*GATES),
        fail_on=_one_of(*_THRESHOLDS),
        fail_on_unknown=_one_of(*_THRESHOLDS),
        policy_digest={"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        loosened=_TEXTS,
        hosts=_COUNT,
        counts=object_of(
            "How many findings and keys there are",
            by_status=_counts("findings", *STATUSES),
            by_severity=_counts("failures", *SEVERITIES),
            by_basis=_counts("passes", *BASES, optional=True),
            by_verdict=_counts("keys", FAIL, UNKNOWN, PASSED),
        ),
        lines=_list(_LINE, about="one line for each key"),
        findings=_list(_FINDING, about="the worst first"),
        blocking=_list(_FINDING, about="those that stand in the way at the gate"),
        fleet=_FLEET,
    ),
}


def read(data: t.Any, *, where: str) -> dict[str, t.Any]:
    """Return a report with nothing but what the schema knows, every text one safe line.

    Raises ``InputError`` with the place of the first thing that is not as the schema says.
    """
    if isinstance(data, dict) and data.get("schema") != 1:
        problem = f"has schema {safe(str(data.get('schema')), 40)}, this release reads 1"
        raise InputError(field=where, problem=problem, mend=_MEND)
    document: dict[str, t.Any] = _taken(data, REPORT, where)
    return document


@functools.lru_cache(maxsize=1 << 16)
def safe(text: str, limit: int) -> str:
    """Return ``text`` as one safe line. Most texts of a report come many times, and the door is slow."""
    return one_line(text, limit=limit)


_NAMES: t.Mapping[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    int: "integer",
    bool: "boolean",
    type(None): "null",
}


def _taken(value: t.Any, schema: Schema, where: str) -> t.Any:
    kind = _NAMES.get(type(value), "number")
    wanted = schema["type"]
    if kind != wanted and not (isinstance(wanted, list) and kind in wanted):
        names = wanted if isinstance(wanted, str) else " or ".join(wanted)
        raise InputError(field=where, problem=f"is no {names}", mend=_MEND)
    if kind == "string":
        return _string(value, schema, where)
    if kind == "object":
        return _members(value, schema, where)
    if kind == "array":
        items = schema["items"]
        return [_taken(each, items, f"{where}[{index}]") for index, each in enumerate(value)]
    if kind == "integer" and value < schema.get("minimum", value):
        raise InputError(field=where, problem="is negative", mend=_MEND)
    return value


def _members(value: t.Mapping[str, t.Any], schema: Schema, where: str) -> dict[str, t.Any]:
    missing = next((name for name in schema["required"] if name not in value), None)
    if missing is not None:
        raise InputError(field=where, problem=f"lacks {missing}", mend=_MEND)
    return {
        name: _taken(value[name], member, f"{where}.{name}")
        for name, member in schema["properties"].items()
        if name in value
    }


def _string(value: str, schema: Schema, where: str) -> str | None:
    if schema.get("maxLength") == PASTE and len(value) > PASTE:
        return None  # a list of which a part is missing would cut somebody off
    if "maxLength" in schema:
        return safe(value, schema["maxLength"])
    if not _stands(value, schema):
        raise InputError(field=where, value=safe(value, 60), problem="is not what stands there", mend=_MEND)
    return value


def _stands(value: str, schema: Schema) -> bool:
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "pattern" in schema and re.fullmatch(schema["pattern"], value, re.ASCII) is None:
        return False
    return "format" not in schema or instant(value) is not None


def fits(value: t.Any, schema: Schema) -> bool:
    """Return whether a value is as the schema says, which knows no words but those of this module."""
    kind = _NAMES.get(type(value), "number")
    wanted = schema["type"]
    if kind not in ([wanted] if isinstance(wanted, str) else wanted) or schema.get("const", value) != value:
        return False
    if kind == "object":
        members = ((value[name], member) for name, member in schema["properties"].items() if name in value)
        return all(name in value for name in schema["required"]) and all(fits(*each) for each in members)
    if kind == "array":
        return all(fits(each, schema["items"]) for each in value)
    if kind == "string":
        short, long = schema.get("minLength", 0), schema.get("maxLength", len(value))
        return short <= len(value) <= long and _stands(value, schema)
    return kind != "integer" or value >= schema.get("minimum", value)
