# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does memory that is swapped out reach a disk in clear? Private: not an interface for other collections.

Standard library only, and no relative import: the role ``trading_service`` also puts this file on hosts as it is.
"""

from __future__ import annotations

import os
import re
import typing as t


def clear_swaps(*, proc_swaps: str = "/proc/swaps", sys: str = "/sys", dev: str = "") -> list[str]:
    """Return the swaps in use that are neither encrypted (dm-crypt below them) nor memory themselves (zram).

    What cannot be told counts as clear. ``sys`` and ``dev`` are where to look, for tests. Raises ``OSError`` where the
    list of swaps cannot be read.
    """
    try:
        with open(proc_swaps, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()[1:]
    except FileNotFoundError:  # a kernel without swap
        return []
    found = [re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), line.split()[0]) for line in lines if line]
    return [path for path in found if not is_safe(path, sys=sys, dev=dev)]


def is_safe(path: str, *, sys: str = "/sys", dev: str = "") -> bool:
    """Tell whether a device, or the file system that a file lies on, is encrypted or memory; unknown is no."""
    try:
        status = os.stat(dev + path)
    except OSError:
        return False
    # A swap file is as safe as what its file system lies on.
    number = status.st_rdev or status.st_dev
    block = f"{sys}/dev/block/{os.major(number)}:{os.minor(number)}"
    return _is_safe_device(os.path.realpath(block), depth=0)


def _is_safe_device(block: str, *, depth: int) -> bool:
    name = os.path.basename(block)
    if re.fullmatch(r"zram[0-9]+", name):
        return _text(f"{block}/backing_dev") in ("", "none")
    if _text(f"{block}/dm/uuid").startswith("CRYPT-"):
        return True
    below = _listing(f"{block}/slaves")
    return (
        bool(below)
        and depth < 8
        and all(_is_safe_device(os.path.realpath(f"{block}/slaves/{each}"), depth=depth + 1) for each in below)
    )


def _listing(path: str) -> t.Sequence[str]:
    try:
        return os.listdir(path)
    except OSError:
        return ()


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(200).strip()
    except OSError:
        return ""
