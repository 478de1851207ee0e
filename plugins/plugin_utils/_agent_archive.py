# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes one file of the shared packages that runs on a host without Ansible. Private to this collection.

The same sources give the same bytes on every controller: no times, no compression (its libraries differ), no bytecode.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

SHARED = Path(__file__).resolve().parents[1] / "module_utils"
#: What the archive begins with, by which it runs as a command of the distribution's own Python.
SHEBANG = b"#!/usr/bin/python3 -IB\n"

_PACKAGE = "trading_hosts"
_ENTRY = "_agent/_main.py"
_MAIN = f"from {_PACKAGE}._agent._main import main\n\nraise SystemExit(main(__import__('sys').argv[1:]))\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)
#: A relative import. To parse the sources takes ten times as long, and every run asks whether a host's agent is theirs.
_IMPORT = re.compile(r"^ *from (\.+)([\w.]*) import (?:\(([^)]*)\)|([^(\n]*))", re.MULTILINE)
_NAME = re.compile(r"(\w+)(?: as \w+)?")


def closure(*, root: Path = SHARED, entry: str = _ENTRY) -> tuple[str, ...]:
    """Return the files below ``root`` that ``entry`` needs, itself included, sorted; paths are relative to ``root``.

    The shared packages import each other relatively and by name only, so reading them tells all.
    """
    waiting = [root / entry]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imports(path)
    return tuple(sorted(path.relative_to(root).as_posix() for path in found))


def _imports(path: Path) -> list[Path]:
    files = []
    for dots, module, several, one in _IMPORT.findall(path.read_text(encoding="utf-8")):
        base = path.parents[len(dots) - 1].joinpath(*module.split("."))
        files += [base.with_suffix(".py"), *(base / f"{name}.py" for name in _NAME.findall(several or one))]
    return [file for file in files if file.is_file()]


def archive(*, root: Path = SHARED) -> bytes:
    """Return the zipapp."""
    files = closure(root=root)
    packages = sorted({parent.as_posix() for name in files for parent in Path(_PACKAGE, name).parents} - {"."})
    content = {f"{package}/__init__.py": b"" for package in packages}
    content |= {f"{_PACKAGE}/{name}": (root / name).read_bytes() for name in files}
    content["__main__.py"] = _MAIN.encode()
    stream = io.BytesIO()
    stream.write(SHEBANG)
    with zipfile.ZipFile(stream, "a", compression=zipfile.ZIP_STORED) as packed:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.create_system = 3  # as on Unix, whatever the controller is
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, content[name])
    return stream.getvalue()
