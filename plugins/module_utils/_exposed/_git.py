# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a git checkout says of a file, and what its history holds. Private to this collection.

The history is read by git itself, as the user who asks, and only where that user's own repositories are scanned: git in
a stranger's repository can be told to run a stranger's program. On a host nobody runs git; there a tracked file counts
as one that the history holds.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import time
import typing as t

from .._credential._run import CLEAN_ENVIRONMENT
from ._find import Hit, find, may_hold, path_names_trade

_MOST_INDEX = 64 * 1024 * 1024
#: A change that is longer is looked at in pieces.
_MOST_CHANGE = 1024 * 1024
_COMMIT = b"\0commit "
_HUNK = re.compile(rb"@@ -[0-9,]+ \+([0-9]+)")


def is_tracked(path: str, *, checkout: str) -> bool | None:
    """Tell whether git keeps the file at ``path``; ``None`` where the checkout's index cannot tell it."""
    index = _index(checkout)
    if index is None:
        return None
    if index[:4] != b"DIRC" or index[4:8] not in (b"\0\0\0\2", b"\0\0\0\3"):
        return None  # version 4 shortens paths
    name = os.fsencode(os.path.relpath(path, checkout))
    # An entry's path stands behind two bytes whose low 12 bits are the path's length.
    length = min(len(name), 0xFFF)
    at = index.find(name + b"\0")
    while at > 0:
        if (int.from_bytes(index[at - 2 : at], "big") & 0xFFF) == length:
            return True
        if (int.from_bytes(index[at - 4 : at - 2], "big") & 0x4FFF) == length | 0x4000:
            return True  # an extended entry has two bytes more
        at = index.find(name + b"\0", at + 1)
    return False


def _index(checkout: str) -> bytes | None:
    path = os.path.join(checkout, ".git", "index")
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(path, flags)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_INDEX:
            return None
        with os.fdopen(os.dup(fd), "rb") as file:
            return file.read(_MOST_INDEX)
    except OSError:
        return None
    finally:
        os.close(fd)


_LOG = (
    *("-c", "core.quotePath=false", "log", "--all", "--patch", "--unified=0", "--no-color", "--format=%x00commit %H"),
    *("--no-ext-diff", "--no-textconv", "--no-renames", "--no-show-signature", "--no-notes"),
    *("--src-prefix=a/", "--dst-prefix=b/"),
)


class Found(t.NamedTuple):
    """A secret that a commit brought in."""

    commit: str
    path: str
    hit: Hit


class _Git(subprocess.Popen[bytes]):
    def __init__(self, *words: str, repository: str) -> None:
        environment = {
            **CLEAN_ENVIRONMENT,
            "HOME": os.environ.get("HOME", "/"),  # safe.directory
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
        }
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        super().__init__(
            ("git", "--no-pager", *words), stdin=nothing, stdout=pipe, stderr=nothing, env=environment, cwd=repository
        )


def history(*, repository: str, deadline: float, most: int) -> tuple[list[Found], str | None]:
    """Return at most ``most`` secrets that the repository's commits brought in, and why not all of it was read.

    ``deadline`` is on the monotonic clock. All branches, tags and the stash are read, the newest commit first; merges
    count with what their parents hold.
    """
    try:
        git = _Git(*_LOG, repository=repository)
    except FileNotFoundError:
        return [], "git is not installed here"
    except OSError as error:
        return [], f"git cannot be run ({error.strerror})"
    with git:
        try:
            found, problem = _read(t.cast("t.IO[bytes]", git.stdout), deadline=deadline, most=most)
        finally:
            git.kill()
    if problem is None and git.returncode not in (0, -9):
        problem = "git could not read it"
    if problem is None and os.path.exists(os.path.join(repository, ".git", "shallow")):
        problem = "the clone is shallow, older commits are elsewhere"
    return found, problem


def _read(stream: t.IO[bytes], *, deadline: float, most: int) -> tuple[list[Found], str | None]:
    found: list[Found] = []
    commit, path = "", ""
    added: list[bytes] = []
    size, first = 0, 1

    def close() -> None:
        nonlocal size
        data = b"".join(added)
        if data and may_hold(data.lower()):
            trade = path_names_trade(path)
            found.extend(Found(commit, path, hit) for hit in find(data, first_line=first, trade=trade))
        added.clear()
        size = 0

    for number, line in enumerate(stream):
        if number % 1024 == 0 and time.monotonic() > deadline:
            return found[:most], "the time was over"
        if line.startswith(b"+") and not line.startswith(b"+++ b/"):
            added.append(line[1 : _MOST_CHANGE + 1])
            size += len(line)
            if size <= _MOST_CHANGE:
                continue
            lines = len(added)
            close()
            first += lines
        elif line.startswith(_COMMIT):
            close()
            commit = line[len(_COMMIT) :].strip().decode("ascii", "replace")[:12]
        elif line.startswith(b"+++ b/"):
            close()
            path = os.fsdecode(line[len(b"+++ b/") :].rstrip(b"\t\n"))
        elif line.startswith(b"@@ "):
            # A change is looked at hunk by hunk: what stood far apart is not brought together.
            close()
            match = _HUNK.match(line)
            first = int(match[1]) if match else 1
        if len(found) >= most:
            return found[:most], f"more than {most} were found"
    close()
    return found[:most], None
