# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups: each host and the simulator live in one, so that everything they started can be found and ended."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from ._spec import PREFIX, RUN_DIR
from ._tools import LabError, run, wait_for

_MOUNT = RUN_DIR / "cgroup2"


def _mounted(*, kind: str, option: str = "") -> Path | None:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _rest, after = line.partition(" - ")
        if after.split(" ")[0] == kind and option in after.split(" ")[2].split(","):
            return Path(before.split(" ")[4])
    return None


def _trees() -> list[Path]:
    """Return where the lab's groups are: the unified tree first, then the one that systemd uses beside it, if any.

    Machines with version 1 or both are served as well as those with version 2: inside, hosts always see version 2.
    """
    unified = _mounted(kind="cgroup2", option="rw")
    if unified is None:
        _MOUNT.mkdir(parents=True, exist_ok=True)
        run(["mount", "-t", "cgroup2", "none", str(_MOUNT)])
        unified = _MOUNT
    legacy = _mounted(kind="cgroup", option="name=systemd")
    return [tree / PREFIX for tree in (unified, legacy) if tree is not None]


def create(name: str) -> list[Path]:
    """Make the group of a host or of the simulator and return its directories, one per tree."""
    paths = [tree / name for tree in _trees()]
    for path in paths:
        path.mkdir(parents=True, exist_ok=True)
    # Gives hosts their own limits (MemoryMax= and so on) where the machine lets the unified tree control them.
    for parent in (paths[0].parent, paths[0]):
        for controller in ("cpu", "memory", "pids", "io"):
            with contextlib.suppress(OSError):
                (parent / "cgroup.subtree_control").write_text(f"+{controller}")
    return paths


def is_populated(name: str) -> bool:
    """Say whether any process lives in the group or below."""
    try:
        events = (_trees()[0] / name / "cgroup.events").read_text()
    except FileNotFoundError:
        return False
    return "populated 1" in events


def cpu_seconds(name: str) -> float:
    """Return the CPU time that everything in the group has used so far, in seconds."""
    for line in (_trees()[0] / name / "cpu.stat").read_text().splitlines():
        key, _rest, value = line.partition(" ")
        if key == "usage_usec":
            return int(value) / 1_000_000
    raise LabError(f"The kernel does not tell the CPU time of {name}.")


def _kill_all(group: Path) -> bool:
    """Send SIGKILL to everything in the group; return whether it is empty."""
    try:
        (group / "cgroup.kill").write_text("1")
    except FileNotFoundError:  # Linux before 5.14
        for procs in group.rglob("cgroup.procs"):
            for pid in procs.read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
    return "populated 0" in (group / "cgroup.events").read_text()


def kill(name: str) -> None:
    """End everything in the group at once, as a power cut does, and wait until it is gone."""
    group = _trees()[0] / name
    if group.is_dir():
        wait_for(lambda: _kill_all(group), what=f"the end of all processes of {name}", timeout=30, interval=0.01)


def names() -> list[str]:
    return [path.name for path in _trees()[0].glob("*") if path.is_dir()]


def remove_all() -> None:
    """Remove the lab's empty groups."""
    for tree in _trees():
        for path in sorted(tree.rglob("*"), key=lambda path: len(path.parts), reverse=True):
            if path.is_dir():
                path.rmdir()
        if tree.is_dir():
            tree.rmdir()
