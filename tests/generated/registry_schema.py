# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON Schema by which editors know the registry, from the options that the modules and the role take.

It holds for a whole file of variables, whatever else is in it. Editors that know draft 7 alone read it alike, so
nothing is used that came later but ``$defs``. ``patternErrorMessage`` is a word of VS Code's language
servers: they show it in place of the pattern.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.trading.hosts.plugins.doc_fragments._api_keys import ModuleDocFragment
from ansible_collections.trading.hosts.plugins.module_utils._credential._files import AGE_SUFFIX, NAME
from ansible_collections.trading.hosts.plugins.module_utils._credential._formats import FORMATS, TEMPLATE
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._options import CUSTOM
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES, names
from ansible_collections.trading.hosts.plugins.plugin_utils._registry_rules import (
    API_KEYS,
    DAYS,
    DOCUMENT_SPEC,
    DOCUMENTS,
    KEY_SPEC,
    NOT_IN_CLEAR,
    Spec,
)
from tests.collection import CHECKOUT

_FILE = CHECKOUT / "docs" / "schemas" / "registry.schema.json"
_ROLE = CHECKOUT / "roles" / "exchange_credentials" / "meta" / "argument_specs.yml"
#: A day of its month. Which years are leap years is left to registry_check.
_DAY = (
    "^[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))$"
)
#: What Ansible resolves before anybody looks at it, and what is encrypted.
_RESOLVED = {"$ref": "#/$defs/resolved"}
_TYPES = {"str": "string", "path": "string", "bool": "boolean", "int": "integer", "dict": "object", "list": "array"}

Schema = dict[str, Any]


def files() -> Iterator[tuple[Path, str]]:
    """Yield the file and what must stand in it."""
    yield _FILE, json.dumps(schema(), indent=2) + "\n"


def schema() -> Schema:
    """Return the schema."""
    described = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]["api_keys"]["suboptions"]
    role = yaml.safe_load(_ROLE.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    key = _mapping(KEY_SPEC, described)
    key["properties"]["exchange"] = {**_text("exchange", described), "anyOf": [{"enum": list(names())}, _RESOLVED]}
    key["allOf"] = list(_sites())
    placed = key["properties"]["credential"]["anyOf"][0]["properties"]
    placed["name"] = {**placed["name"], **_credential_name()}
    document = _mapping(DOCUMENT_SPEC, role[DOCUMENTS]["options"])
    document["properties"]["name"] = {**_text("name", role[DOCUMENTS]["options"]), **_credential_name()}
    document["allOf"] = list(_templates())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The key registry of trading.hosts",
        "description": "A file of variables of an Ansible inventory, as far as it declares exchange API keys.",
        "type": "object",
        "properties": {
            API_KEYS: {
                "description": _plain(role[API_KEYS]["description"]),
                **_listed("key"),
            },
            DOCUMENTS: {
                "description": _plain(role[DOCUMENTS]["description"]),
                **_listed("document"),
            },
        },
        "$defs": {
            "key": key,
            "document": document,
            "resolved": {
                "description": "A template, or a value that ansible-vault or SOPS encrypted.",
                "type": "string",
                "pattern": r"\{\{|\{%|^\$ANSIBLE_VAULT;|^ENC\[",
                "patternErrorMessage": "Not in clear: take it from ansible-vault or a lookup.",
            },
            "day": {"type": "string", "pattern": _DAY, "patternErrorMessage": "A day that exists, as YYYY-MM-DD."},
        },
    }


def _listed(of: str) -> Schema:
    items = {"anyOf": [{"$ref": f"#/$defs/{of}"}, _RESOLVED]}
    return {"anyOf": [{"type": "array", "items": items}, {"type": "null"}, _RESOLVED]}


def _mapping(spec: Spec, described: Mapping[str, Any]) -> Schema:
    made: Schema = {
        "type": "object",
        "properties": {name: _option(name, option, described) for name, option in spec.items()},
        "additionalProperties": False,
    }
    required = [name for name, option in spec.items() if option.get("required")]
    return {**made, "required": required} if required else made


def _option(name: str, option: Mapping[str, Any], described: Mapping[str, Any]) -> Schema:
    text = _text(name, described)
    if "default" in option:
        text["default"] = option["default"]
    if name in NOT_IN_CLEAR:
        return {**text, "allOf": [_RESOLVED]}  # draft 7 would not look at what stands beside a $ref
    inner = described.get(name, {}).get("suboptions", {})
    if option["type"] == "list":
        element = _or_resolved(_value(name, {**option, "type": option["elements"]}, inner))
        return {**text, "anyOf": [{"type": "array", "items": element}, _RESOLVED]}
    return {**text, **_or_resolved(_value(name, option, inner))}


def _or_resolved(value: Schema) -> Schema:
    return value if value == {"type": "string"} else {"anyOf": [value, _RESOLVED]}


def _value(name: str, option: Mapping[str, Any], described: Mapping[str, Any]) -> Schema:
    if "options" in option:
        return _mapping(option["options"], described)
    if "choices" in option:
        return {"enum": list(option["choices"])}
    if option["type"] == "str" and name in DAYS:
        return {"$ref": "#/$defs/day"}
    return {"type": _TYPES[option["type"]]}


def _credential_name() -> Schema:
    named = {
        "type": "string",
        "pattern": rf"^(?!.*\{AGE_SUFFIX}$){NAME.pattern}$",
        "patternErrorMessage": "1 to 128 letters, digits and _ . @ + -, that do not end in .age.",
    }
    return {"anyOf": [named, _RESOLVED]}


def _templates() -> Iterator[Schema]:
    """Yield which documents have a template."""
    others = [form for form in FORMATS if form != TEMPLATE]
    for forms, then in (
        ([TEMPLATE], {"required": ["template"]}),
        (others, {"properties": {"template": {"type": "null"}}}),
    ):
        yield {"if": {"properties": {"format": {"enum": forms}}, "required": ["format"]}, "then": then}


def _sites() -> Iterator[Schema]:
    """Yield, for each exchange, which environments and regions it has."""
    for name, exchange in EXCHANGES.items():
        environments = list(dict.fromkeys(environment for environment, _region in exchange.sites()))
        regions = list(dict.fromkeys(region for _environment, region in exchange.sites()))
        yield {
            "if": {"properties": {"exchange": {"const": name}}, "required": ["exchange"]},
            "then": {
                "properties": {
                    "environment": {"anyOf": [{"enum": [*environments, CUSTOM]}, _RESOLVED]},
                    "region": {"anyOf": [{"enum": regions}, _RESOLVED]},
                }
            },
        }


def _text(name: str, described: Mapping[str, Any]) -> Schema:
    words = described.get(name, {}).get("description")
    return {"description": _plain(words)} if words else {}


def _plain(words: str | list[str]) -> str:
    """Return a description without Ansible's marks."""
    text = " ".join([words] if isinstance(words, str) else words)
    text = re.sub(r"\b[OV]\((?:[\w.]+#\w+:)?([^)]*)\)", r"\1", text)
    text = re.sub(r"\bRV\((?:[\w.]+#\w+:)?([^)]*)\)", r"\1", text)
    return re.sub(r"\b[CM]\(([^)]*)\)", r"\1", text).replace("api_keys[].", "")
