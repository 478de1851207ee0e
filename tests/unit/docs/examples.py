# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The YAML that people are told to copy: in Markdown pages and in plugins' EXAMPLES."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[3]
MODULES = sorted(path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py"))
ROLES = sorted(path.name for path in (CHECKOUT / "roles").iterdir() if path.is_dir())
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md")), *sorted(CHECKOUT.glob("roles/*/README.md"))]


class Block(NamedTuple):
    """One fenced block: where it stands and what it holds."""

    page: str
    data: Any


def blocks() -> list[Block]:
    """Return every YAML block of every page, and the EXAMPLES of modules and filters."""
    fence = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    found = [
        Block(str(page.relative_to(CHECKOUT)), yaml.safe_load(text))
        for page in PAGES
        for text in fence.findall(page.read_text(encoding="utf-8"))
    ]
    for kind in ("modules", "filter"):
        for path in sorted((CHECKOUT / "plugins" / kind).glob("*.py")):
            examples = re.search(
                r'^EXAMPLES = r"""\n(.*?)"""$', path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
            )
            assert examples is not None, f"{path.name} has no EXAMPLES"
            found.append(Block(f"plugins/{kind}/{path.name}", yaml.safe_load(examples.group(1))))
    return found


def tasks(data: Any) -> Iterator[dict[str, Any]]:
    """Return the tasks of a block: of plays, or on their own."""
    for entry in data if isinstance(data, list) else []:
        if isinstance(entry, dict) and "hosts" in entry:
            yield from tasks(entry.get("tasks"))
        elif isinstance(entry, dict) and any(name.count(".") == 2 for name in entry):
            yield entry


def roles(data: Any) -> Iterator[dict[str, Any]]:
    """Return the roles that the plays of a block run."""
    for entry in data if isinstance(data, list) else []:
        if isinstance(entry, dict):
            yield from entry.get("roles", [])


def play(page: str, name: str) -> dict[str, Any]:
    """Return the play of this name on this page."""
    (found,) = (
        entry
        for block in blocks()
        if block.page == page and isinstance(block.data, list)
        for entry in block.data
        if isinstance(entry, dict) and entry.get("name") == name
    )
    return dict(found)
