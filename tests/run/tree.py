# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the checkout where Ansible's tools want a collection: in `ansible_collections/trading/hosts`.

Every stage works on a copy of its own. So all see one state of the files while somebody edits them, none trips over
what the tool of another left there, and nothing is left in the checkout.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import fnmatch
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def cache_directory() -> Path:
    """Where things that are expensive to make are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "trading.hosts"


def ignored_names() -> tuple[str, ...]:
    """The patterns of `.gitignore`, which this project keeps to names and paths without exceptions."""
    lines = (CHECKOUT / ".gitignore").read_text().splitlines()
    return (".git", *(line.rstrip("/") for line in lines if line and not line.startswith("#")))


def _copy_checkout(target: Path) -> None:
    """Copy what git would keep of the checkout. Git itself is not asked: an unpacked archive has none."""
    patterns = ignored_names()

    def ignored(directory: str, names: list[str]) -> set[str]:
        place = Path(directory).relative_to(CHECKOUT)
        return {
            name
            for name in names
            for pattern in patterns
            if fnmatch.fnmatch(f"/{place / name}", pattern if pattern.startswith("/") else f"*/{pattern}")
        }

    shutil.copytree(CHECKOUT, target, symlinks=True, ignore=ignored)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Copies:
    """One state of the checkout, and a directory in the cache that belongs to this checkout."""

    cache: Path

    def collection_for(self, stage: str) -> Path:
        """Make and return a copy for a stage. Its third parent belongs on a path of collections."""
        target = self.cache / "trees" / stage / "ansible_collections" / "trading" / "hosts"
        shutil.rmtree(self.cache / "trees" / stage, ignore_errors=True)
        shutil.copytree(self.cache / "checkout", target, symlinks=True)
        return target


@contextlib.contextmanager
def copies() -> Iterator[Copies]:
    """Yield copies of the checkout as it is now. One run at a time has them."""
    # Two checkouts may be tested at once.
    cache = cache_directory() / f"test-{hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("Another run of this checkout's tests is under way. Wait for it, or end it.")
        shutil.rmtree(cache / "checkout", ignore_errors=True)
        _copy_checkout(cache / "checkout")
        yield Copies(cache=cache)
