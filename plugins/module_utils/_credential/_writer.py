# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacing a file so that at every instant the old or the new one is there, whole. Private: no interface for others.

Only ciphertext is ever given to these functions. One replacement is: :func:`stage` (write and flush a temporary file
beside the destination), the caller's proof that it decrypts, :func:`commit` (rename), and :func:`sync_directory`
once after all renames of a run.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import stat
import typing as t

from .._errors import StoreError
from ._reader import file_error

FILE_MODE = 0o600
DIRECTORY_MODE = 0o700

#: What an interrupted run can leave behind: ciphertext that was never renamed.
_LEFTOVER = re.compile(r"\.trading-hosts\.[A-Za-z0-9_.@+-]+\.[0-9a-f]{16}\.tmp")
#: What is known of the credential file of that name, and serves nothing without it.
_NOTES = re.compile(r"\.trading-hosts\.([A-Za-z0-9_.@+-]+)\.notes")


def check_directory(*, directory: str, owner_uid: int) -> bool:
    """Return whether the directory exists; raise :class:`StoreError` if somebody else could replace files in it.

    Its parents count too: who may rename one of them can put another directory in its place.
    """
    if not os.path.isabs(directory) or not directory.isprintable():
        raise StoreError(f"directory {directory!r} is no absolute path that a unit can name; write one like /etc/x.")
    parent = os.path.realpath(directory)
    while parent != "/":
        parent = os.path.dirname(parent)
        _check_parent(parent, directory=directory, owner_uid=owner_uid)
    try:
        found = os.stat(directory)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise file_error(error=error, path=directory) from None
    if not stat.S_ISDIR(found.st_mode):
        raise StoreError(f"directory {directory!r} is not a directory; name another one or move that file away.")
    if found.st_uid != owner_uid or found.st_mode & 0o022:
        raise StoreError(
            f"directory {directory!r} can be changed by others than its owner root (mode {found.st_mode & 0o7777:04o}, "
            f"uid {found.st_uid}), who could put other credentials in place; run: chown root {directory} && chmod "
            f"go-w {directory}"
        )
    return True


def _check_parent(parent: str, *, directory: str, owner_uid: int) -> None:
    try:
        found = os.stat(parent)
    except FileNotFoundError:
        return  # the directory is not there either
    except OSError as error:
        raise file_error(error=error, path=parent) from None
    # In a sticky directory such as /tmp nobody may rename what is not theirs.
    if found.st_uid not in (0, owner_uid) or (found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX):
        raise StoreError(
            f"directory {directory!r} lies in {parent}, which others than root can change (mode "
            f"{found.st_mode & 0o7777:04o}, uid {found.st_uid}), who could put other credentials in place; run: chown "
            f"root {parent} && chmod go-w {parent}, or name another directory"
        )


def make_directory(*, directory: str, mode: int = DIRECTORY_MODE) -> None:
    """Make the directory, by default for its owner only; its parent must exist."""
    try:
        os.mkdir(directory, DIRECTORY_MODE)
        os.chmod(directory, mode)  # whatever the umask
        sync_directory(directory=os.path.dirname(directory) or "/")
    except FileExistsError:
        return
    except OSError as error:
        raise file_error(error=error, path=directory) from None


@contextlib.contextmanager
def locked(*, directory: str) -> t.Iterator[None]:
    """Let one run at a time change the directory; waits for the other one."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(*, directory: str) -> None:
    """Remove what runs that were killed have left. Only under the lock: it could be another run's work."""
    entries = set(os.listdir(directory))
    for entry in entries:
        notes = _NOTES.fullmatch(entry)
        if _LEFTOVER.fullmatch(entry) or (notes and notes[1] not in entries):
            discard(path=os.path.join(directory, entry))


def stage(*, directory: str, name: str, content: bytes, uid: int, gid: int, modified_ns: int | None = None) -> str:
    """Write ``content`` to a new temporary file in the directory, flush it to the disk and return its path.

    ``modified_ns`` is the modification time to give it, in nanoseconds since 1970; ``None`` for now.

    Raises :class:`StoreError`, for example when the disk is full; nothing is left behind then.
    """
    path = os.path.join(directory, f".trading-hosts.{name}.{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        try:
            os.fchmod(descriptor, FILE_MODE)  # whatever the umask
            os.fchown(descriptor, uid, gid)
            written = 0
            while written < len(content):
                written += os.write(descriptor, content[written:])
            if modified_ns is not None:
                os.utime(descriptor, ns=(modified_ns, modified_ns))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        discard(path=path)
        raise file_error(error=error, path=os.path.join(directory, name)) from None
    return path


def commit(*, staged: str, path: str, begins_now: bool = False) -> None:
    """Put the staged file in the place of ``path``, in one step; with ``begins_now`` its time is that of this step."""
    try:
        if begins_now:
            os.utime(staged)
        os.replace(staged, path)
    except OSError as error:
        raise file_error(error=error, path=path) from None


def discard(*, path: str) -> None:
    """Remove a file that may be gone already."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def sync_directory(*, directory: str) -> None:
    """Flush renames and removals in the directory to the disk."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise file_error(error=error, path=directory) from None
    finally:
        os.close(descriptor)
