# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This checkout as an importable collection: ``ansible_collections.trading.hosts``, whatever directory it lies in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def collections_directory() -> Path:
    """Return a directory for `sys.path` in which `ansible_collections/trading/hosts` is this checkout.

    An installed collection lies in one already. Otherwise a link is made in the virtual environment that runs the
    tests. It is replaced in one step, because several test processes start at once.
    """
    if CHECKOUT.parts[-3:] == ("ansible_collections", "trading", "hosts"):
        return CHECKOUT.parents[2]
    collections = Path(sys.prefix) / "collections"
    link = collections / "ansible_collections" / "trading" / "hosts"
    if not (link.exists() and link.resolve() == CHECKOUT):
        link.parent.mkdir(parents=True, exist_ok=True)
        temporary = link.with_name(f".hosts.{os.getpid()}")
        temporary.symlink_to(CHECKOUT, target_is_directory=True)
        temporary.replace(link)
    return collections


def make_importable() -> None:
    """Put the collection on the path of imports, once."""
    # ansible-test brings its own importer.
    if "ansible_collections" not in sys.modules:
        directory = str(collections_directory())
        if directory not in sys.path:
            sys.path.insert(0, directory)
