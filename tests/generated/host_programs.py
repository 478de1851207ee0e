# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the role trading_host calls the roles of its services: each variable from the service, or that role's default."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from ansible_collections.trading.hosts.plugins.plugin_utils._filters.host_services import BESIDE_PROGRAM, OF_SERVICE
from tests.collection import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Roles over trading_service, each for one program.
PROGRAMS = ("freqtrade", "hummingbot", "jesse", "nautilus_trader", "passivbot", "vendor_archive")

_HEAD = """\
---
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Written by `make generated` from the role {role}: do not edit it.

- name: {name}
  ansible.builtin.include_role:
    name: trading.hosts.{role}
  vars:
"""
#: What trading_host knows for all of its services.
_OWN = {
    "credential_directory": "exchange_credentials_directory | default('/etc/credstore.encrypted')",
    "preflight": "__trading_host_preflight",
    "declaration": "__trading_host_declaration",
}
_TEMPLATE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def files() -> Iterator[tuple[Path, str]]:
    """Yield each file and what it should say."""
    services = _variables("trading_service")
    yield _file("service"), _text("trading_service", "Build and run it", dict(_of_service(services)))
    for program in PROGRAMS:
        beside = {name: default for name, default in services.items() if name in (*BESIDE_PROGRAM, *_OWN)}
        given = {name: value for name, value in _of_service(beside) if name not in set_by(program)}
        settings = {
            f"{program}_{name}": _expression(
                f"trading_host_service.{name if name in OF_SERVICE else f'settings.{name}'}", default
            )
            for name, default in _variables(program).items()
        }
        yield _file(f"program_{program}"), _text(program, f"Build and run {program}", {**settings, **given})


def _file(name: str) -> Path:
    return CHECKOUT / "roles/trading_host/tasks" / f"{name}.yml"


def _variables(role: str) -> dict[str, Any]:
    """Return the role's variables without their prefix, each with its default, or ``...`` where it has none."""
    directory = CHECKOUT / "roles" / role
    options = yaml.safe_load((directory / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((directory / "defaults/main.yml").read_text()) or {}
    return {name[len(role) + 1 :]: defaults.get(name, ...) for name in options}


def _of_service(variables: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, default in variables.items():
        yield f"trading_service_{name}", _OWN.get(name) or _expression(f"trading_host_service.{name}", default)


def set_by(program: str) -> set[str]:
    """Return the variables of trading_service that the program's role sets itself."""
    text = (CHECKOUT / "roles" / program / "tasks/main.yml").read_text()
    return set(re.findall(r"^\s+(trading_service_\w+):", text, re.MULTILINE))


def _expression(value: str, default: Any) -> str:
    if default is ...:
        return value
    if not isinstance(default, str):
        return f"{value} | default({json.dumps(default)})"
    pieces = _TEMPLATE.split(default.strip())
    # Texts and expressions in turn.
    words = [
        f"({' '.join(piece.split())})" if index % 2 else repr(piece) for index, piece in enumerate(pieces) if piece
    ]
    return f"{value} | default({' ~ '.join(words) or repr('')})"


def _text(role: str, name: str, given: dict[str, str]) -> str:
    lines = []
    for variable, expression in given.items():
        line = f'    {variable}: "{{{{ {expression} }}}}"\n'
        if len(line) > 160 or '"' in expression:
            line = f"    {variable}: >-\n      {{{{ {expression} }}}}\n"
        lines.append(line)
    return _HEAD.format(role=role, name=name) + "".join(lines)
