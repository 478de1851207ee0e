# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module with a secret option has an action plugin that guards the secret's way, with the same specification."""

from __future__ import annotations

import ast
import importlib
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.trading.hosts.plugins.plugin_utils._secret_action import SecretAction

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
PACKAGE = "ansible_collections.trading.hosts.plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))
#: What Jinja answers with a dictionary's method instead of the field.
DICT_METHODS = {name for name in dir(dict) if not name.startswith("_")}


class CapturedError(Exception):
    """Ends a module where it would read its parameters."""


def keywords(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, t.Any]:
    """What the module gives to AnsibleModule; nothing for one whose action plugin does everything."""
    captured: dict[str, t.Any] = {}

    def init(self: AnsibleModule, **given: t.Any) -> None:
        captured.update(given)
        raise CapturedError

    module = importlib.import_module(f"{PACKAGE}.modules.{name}")
    if not hasattr(module, "main"):
        return captured
    monkeypatch.setattr(AnsibleModule, "__init__", init)
    with pytest.raises(CapturedError):
        module.main()
    return captured


def options(spec: t.Mapping[str, t.Any]) -> t.Iterator[tuple[str, t.Mapping[str, t.Any]]]:
    for name, option in spec.items():
        yield name, option
        yield from options(option.get("options", {}))


@pytest.mark.parametrize("name", MODULES)
def test_a_secret_option_goes_through_the_secret_action(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = keywords(name, monkeypatch)
    spec = given.get("argument_spec", {})
    if not any(option.get("no_log") for _name, option in options(spec)):
        return
    action = importlib.import_module(f"{PACKAGE}.action.{name}").ActionModule
    assert issubclass(action, SecretAction)
    assert action.module_name == f"trading.hosts.{name}"
    assert dict(action.argument_spec) == spec
    assert "require_verified_host" in spec


def test_the_walk_finds_the_secret_options(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        name for name, option in options(keywords("credential", monkeypatch)["argument_spec"]) if option.get("no_log")
    }
    assert found == {"fields", "accounts", "content", "template"}


@pytest.mark.parametrize("name", MODULES)
def test_no_option_is_called_like_a_method_of_a_dictionary(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = keywords(name, monkeypatch).get("argument_spec", {})
    assert not {option for option, _spec in options(spec)} & DICT_METHODS


def imported(path: Path) -> set[Path]:
    """The collection's files that Ansible would ship with the module: imports anywhere in the text count."""
    found: set[Path] = set()
    todo = [path]
    while todo:
        current = todo.pop()
        for node in ast.walk(ast.parse(current.read_text())):
            for candidate in _targets(node, current):
                if candidate.is_file() and candidate not in found:
                    found.add(candidate)
                    todo.append(candidate)
    return found


def _targets(node: ast.AST, current: Path) -> t.Iterator[Path]:
    if not isinstance(node, ast.ImportFrom):
        return
    if node.level:
        base = current.parents[node.level - 1]
    elif (node.module or "").startswith(PACKAGE):
        base = PLUGINS
    else:
        return
    parts = (node.module or "").removeprefix(PACKAGE).strip(".").split(".") if node.module else []
    base = base.joinpath(*parts)
    yield base.with_suffix(".py")
    yield from (base / f"{alias.name}.py" for alias in node.names)


@pytest.mark.parametrize("name", ["credential", "credential_info"])
def test_placing_a_credential_ships_little(name: str) -> None:
    shipped = imported(PLUGINS / "modules" / f"{name}.py")
    assert PLUGINS / "module_utils" / "_credential" / "_place.py" in shipped
    assert not [path for path in shipped if "_exchanges" in path.parts or path.name == "_http.py"]
    assert sum(path.stat().st_size for path in shipped) < 190_000
    for path in shipped:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [n for n in names if n.split(".", 1)[0] in ("requests", "cryptography", "netaddr")]
