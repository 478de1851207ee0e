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
    # The reflog knows older stashes, and what was amended away.
    *("-c", "core.quotePath=false", "log", "--all", "--reflog", "--format=%x00commit %H"),
    # A line that is replaced needs those around it: they name the exchange.
    *("--patch", "--unified=12", "--no-color"),
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

    ``deadline`` is on the monotonic clock. All branches, tags, stashes and what the reflog still knows are read, the
    newest commit first; merges count with what their parents hold.
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


class _Hunk:
    """A piece of a change: the lines that a commit brought in, and those that stand around them."""

    def __init__(self, *, first: int) -> None:
        self._first = first
        self._text: list[bytes] = []
        self._added: set[int] = set()
        self._size = 0

    def take(self, line: bytes) -> bool:
        """Take a line, as a diff has it, and tell whether more would be too much."""
        if line.startswith(b"+"):
            self._added.add(self._first + len(self._text))
        self._text.append(line[1 : _MOST_CHANGE + 1])
        self._size += len(line)
        return self._size > _MOST_CHANGE

    def following(self) -> _Hunk:
        """Return an empty one for the lines behind these."""
        return _Hunk(first=self._first + len(self._text))

    def found(self, commit: str, path: str) -> list[Found]:
        """Return the secrets in what was brought in."""
        data = b"".join(self._text) if self._added else b""
        if not may_hold(data.lower()):
            return []
        hits = find(data, first_line=self._first, trade=path_names_trade(path))
        return [Found(commit, path, hit) for hit in hits if hit.line in self._added]


def _read(stream: t.IO[bytes], *, deadline: float, most: int) -> tuple[list[Found], str | None]:
    found: list[Found] = []
    commit, path = "", ""
    # A change is looked at hunk by hunk: what stood far apart is not brought together.
    hunk = _Hunk(first=1)
    for number, line in enumerate(stream):
        if number % 1024 == 0 and time.monotonic() > deadline:
            return found[:most], "the time was over"
        names_file = line.startswith(b"+++ b/")
        if line.startswith((b"+", b" ")) and not names_file:
            if hunk.take(line):
                found += hunk.found(commit, path)
                hunk = hunk.following()
        elif names_file or line.startswith((_COMMIT, b"@@ ")):
            found += hunk.found(commit, path)
            match = _HUNK.match(line)
            hunk = _Hunk(first=int(match[1]) if match else 1)
            if names_file:
                path = os.fsdecode(line[len(b"+++ b/") :].rstrip(b"\t\n"))
            elif match is None:
                commit = line[len(_COMMIT) :].strip().decode("ascii", "replace")[:12]
        if len(found) >= most:
            return found[:most], f"more than {most} were found"
    found += hunk.found(commit, path)
    return found[:most], None
