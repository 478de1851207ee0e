# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shared packages run without Ansible, and a module's payload holds what it needs and nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
SHARED = PLUGINS / "module_utils"
FILES = sorted(path for path in SHARED.rglob("*.py"))
#: The only file of the shared packages that knows Ansible.
EDGE = SHARED / "_module.py"
#: The only one that imports others by name, which it names in imports for a type checker too.
LAZY = SHARED / "_exchanges" / "_registry.py"
COLLECTION = "ansible_collections.trading.hosts.plugins.module_utils."
#: What the shared packages may import beside the standard library.
LIBRARIES = {"cryptography", "netaddr", "requests", "socks", "urllib3"}


def shown(path: Path) -> str:
    return str(path.relative_to(PLUGINS))


def foreign_imports(path: Path) -> list[str]:
    """Return the top-level names that a file imports from outside its own package, wherever in the file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.append(node.module or "")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "__import__":
            found.append("__import__")
    return found


def test_there_is_something_to_look_at() -> None:
    assert EDGE in FILES
    assert len(FILES) > 20
    assert "ansible.module_utils.basic" in foreign_imports(EDGE)


@pytest.mark.parametrize("path", [path for path in FILES if path != EDGE], ids=shown)
def test_shared_files_know_no_ansible_and_import_relatively(path: Path) -> None:
    for name in foreign_imports(path):
        top = name.split(".")[0]
        assert top in sys.stdlib_module_names | LIBRARIES, f"{shown(path)} imports {name}"
        by_name = name == "importlib" and path != LAZY
        assert not by_name, f"{shown(path)}: what is imported by name is missing from a payload"


@cache
def own_imports(path: Path) -> frozenset[Path]:
    """Return the files of the shared packages that a file imports directly."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
        elif (node.module or "").startswith(COLLECTION):
            base = SHARED.joinpath(*(node.module or "").removeprefix(COLLECTION).split("."))
        else:
            continue
        candidates = [base.with_suffix(".py"), *((base / alias.name).with_suffix(".py") for alias in node.names)]
        hits = {candidate for candidate in candidates if candidate.is_file()}
        assert hits, f"{shown(path)} imports {node.module}, which is no file"
        found |= hits
    return frozenset(found)


def test_what_is_imported_by_name_is_in_a_payload() -> None:
    named = {(LAZY.parent / f"_{name}.py") for name in EXCHANGES}
    assert named <= own_imports(LAZY)
    assert own_imports(LAZY) - named == {SHARED / "_errors.py", LAZY.parent / "_contract.py"}


def payload(module: str) -> set[str]:
    """Return the shared files that travel with a module."""
    waiting = [PLUGINS / "modules" / f"{module}.py"]
    found: set[Path] = set()
    while waiting:
        for path in own_imports(waiting.pop()) - found:
            found.add(path)
            waiting.append(path)
    return {str(path.relative_to(SHARED)) for path in found}


@pytest.mark.parametrize("module", ["credential", "credential_info", "key_pair"])
def test_placing_needs_neither_exchanges_nor_http(module: str) -> None:
    files = payload(module)
    assert files
    assert not [name for name in files if name.startswith(("_exchanges", "_egress", "_policy", "_http", "_transport"))]


@pytest.mark.parametrize("module", ["api_key_info", "clock_info", "public_ip_info"])
def test_learning_does_not_judge(module: str) -> None:
    files = payload(module)
    assert "_http.py" in files
    assert not [name for name in files if name.startswith("_policy")]


def test_all_exchanges_travel_with_the_module_that_asks_them() -> None:
    files = payload("api_key_info")
    assert {"_exchanges/_binance.py", "_exchanges/_bitget.py", "_exchanges/_bybit.py", "_exchanges/_okx.py"} <= files
    size = sum((SHARED / name).stat().st_size for name in files)
    assert size < 480_000


def test_the_shared_packages_import_without_ansible_and_without_requests() -> None:
    names = [
        ".".join(path.relative_to(PLUGINS.parent).with_suffix("").parts)
        for path in FILES
        if path != EDGE and "netaddr" not in foreign_imports(path)
    ]
    program = textwrap.dedent(
        f"""
        import importlib, sys

        class Nothing:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("ansible", "requests", "urllib3", "cryptography", "netaddr", "socks"):
                    raise ImportError(name)

        sys.meta_path.insert(0, Nothing())
        sys.path.insert(0, {str(PLUGINS.parent)!r})
        for name in {names!r}:
            importlib.import_module(name)
        """
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
