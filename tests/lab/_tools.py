# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small tools of the lab: run a command, wait for a condition, say what happens."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")

# Output lines of a failed command that an error repeats.
ERROR_LINES = 15


class LabError(Exception):
    """The lab could not do what was asked; the text is one sentence for a person."""


def say(text: str) -> None:
    """Print one line of progress; on stderr, so that `ssh NAME COMMAND` keeps stdout for the command."""
    sys.stderr.write(f"lab: {text}\n")
    sys.stderr.flush()


def tail(text: str, *, lines: int = ERROR_LINES) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])


def run(
    argv: Sequence[str],
    *,
    text_input: str | None = None,
    check: bool = True,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return it; stdin is empty unless `text_input` is given.

    Raises LabError when it cannot start, takes longer than `timeout` seconds or (with `check`) fails.
    """
    try:
        done = subprocess.run(
            argv,
            input=text_input if text_input is not None else "",
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout,
            env=env,
        )
    except FileNotFoundError as exc:
        raise LabError(f"The command {argv[0]} is missing: run `python -m tests.lab prepare`.") from exc
    except subprocess.TimeoutExpired as exc:
        raise LabError(f"`{' '.join(argv)}` took longer than {timeout:g} seconds.") from exc
    if check and done.returncode != 0:
        raise LabError(f"`{' '.join(argv)}` failed with {done.returncode}:\n{tail(done.stdout + done.stderr)}")
    return done


def wait_for(check: Callable[[], T | None], *, what: str, timeout: float, interval: float = 0.05) -> T:
    """Return the first result of `check` that is neither None nor False; LabError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while True:
        result = check()
        if result is not None and result is not False:
            return result
        if time.monotonic() >= deadline:
            raise LabError(f"Waited {timeout:g} seconds in vain for {what}.")
        pause.wait(interval)


def mounts_below(directory: Path) -> list[Path]:
    """Return what is mounted at or below this directory, the last one mounted first."""
    points = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = Path(line.split(" ")[4].encode().decode("unicode_escape"))
        if point == directory or directory in point.parents:
            points.append(point)
    return points[::-1]


def remove_tree(directory: Path) -> None:
    """Unmount what is mounted in a directory, then delete it. Never deletes through a mount."""
    for point in mounts_below(directory):
        if run(["umount", str(point)], check=False).returncode != 0:
            run(["umount", "--lazy", str(point)])
    if directory.exists():
        shutil.rmtree(directory)
