# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option of the collection that takes a secret, found by a walk over the argument specifications."""

from __future__ import annotations

import contextlib
import importlib
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import yaml
from ansible.module_utils.basic import AnsibleModule

from tests.collection import CHECKOUT, make_importable

make_importable()

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MODULES = tuple(sorted(path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py")))
ROLES = tuple(sorted(path.name for path in (CHECKOUT / "roles").iterdir() if (path / "tasks").is_dir()))
PLAYBOOKS = tuple(sorted(path.stem for path in (CHECKOUT / "playbooks").glob("*.yml")))
_PLUGINS = "ansible_collections.trading.hosts.plugins"


class _CapturedError(Exception):
    """Ends a module where it would read its parameters."""


@cache
def module_spec(name: str) -> Mapping[str, Any]:
    """Return what the module gives to AnsibleModule, or its action plugin's where that does everything."""
    module = importlib.import_module(f"{_PLUGINS}.modules.{name}")
    if not hasattr(module, "main"):
        spec: Mapping[str, Any] = importlib.import_module(f"{_PLUGINS}.action.{name}").ActionModule.argument_spec
        return spec
    captured: dict[str, Any] = {}

    def init(_self: AnsibleModule, **given: Any) -> None:
        captured.update(given)
        raise _CapturedError

    with patch.object(AnsibleModule, "__init__", init), contextlib.suppress(_CapturedError):
        module.main()
    found: Mapping[str, Any] = captured["argument_spec"]
    return found


@cache
def role_spec(name: str) -> Mapping[str, Any]:
    """Return the variables of all entry points of a role."""
    text = (CHECKOUT / "roles" / name / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    entries = yaml.safe_load(text)["argument_specs"].values()
    return {option: spec for entry in entries for option, spec in entry.get("options", {}).items()}


def options(spec: Mapping[str, Any], *, where: str) -> Iterator[str]:
    """Yield the secret options of a specification, such as ``credential: credentials.fields``."""
    for name, option in spec.items():
        path = f"{where}{name}"
        if option.get("no_log"):
            yield path
        yield from options(option.get("options") or {}, where=f"{path}.")


def secret_options() -> set[str]:
    """Return all of them."""
    found = {option for name in MODULES for option in options(module_spec(name), where=f"{name}: ")}
    return found | {option for name in ROLES for option in options(role_spec(name), where=f"{name}: ")}
