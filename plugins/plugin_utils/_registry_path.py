# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which file of an inventory holds a host's keys. Private to this collection.

A variable that stands in two files counts only once, and a directory ``host_vars/<host>`` hides a file
``host_vars/<host>.yml``. So a program must not just make a file of its own: keys would be lost from sight.
"""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

from ._registry_rules import API_KEYS, DOCUMENTS

_NEW = "keys.yml"
_SUFFIXES = (".yml", ".yaml", ".json")
_HOLDS = re.compile(rf"^({'|'.join((API_KEYS, DOCUMENTS))})[ \t]*:", re.MULTILINE)
_SEALED = "$ANSIBLE_VAULT;"
_MAX_BYTES = 8 * 1024 * 1024


def registry_path(*, inventory: str | None, host: str, declared: t.Collection[str]) -> str | None:
    """Return the file that holds the host's keys, or the one to make; ``None`` where only a person can tell.

    ``inventory`` is the directory of the inventory. ``declared`` are those of the two variables that have entries for
    the host. One that stands in no file of its own comes from a group, a play or a vaulted file, and a list in the
    host's file would hide it.
    """
    if not inventory or not host or "/" in host:
        return None
    own = Path(inventory) / "host_vars" / host
    files = variable_files(own)
    holding = {path: set(found) for path in files if (found := _HOLDS.findall(_text(path)))}
    if holding or declared:
        path, held = next(iter(holding.items()), (own, set[str]()))
        return str(path) if len(holding) == 1 and held.issuperset(declared) else None
    # Ansible takes the directory, else the first of these files, and nothing else.
    path = own / _NEW if own.is_dir() or not files else files[0]
    return None if path.suffix == ".json" or _text(path).startswith(_SEALED) else str(path)


def variable_files(own: Path) -> list[Path]:
    """Return the files that Ansible reads for ``host_vars/<host>`` or ``group_vars/<group>``, here ``own``."""
    if own.is_dir():
        found = sorted(path for path in own.rglob("*") if path.is_file() and not path.name.startswith("."))
        return [path for path in found if path.suffix in ("", *_SUFFIXES)]
    beside = [own, *(own.with_name(own.name + suffix) for suffix in _SUFFIXES)]
    return [path for path in beside if path.is_file()][:1]


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_MAX_BYTES)
    except OSError:
        return ""


def host_of(variables: t.Mapping[str, t.Any]) -> tuple[str | None, str]:
    """Return the directory of the inventory and the host's name in it, of Ansible's variables."""
    directory = variables.get("inventory_dir")
    return None if directory is None else str(directory), str(variables.get("inventory_hostname") or "")
