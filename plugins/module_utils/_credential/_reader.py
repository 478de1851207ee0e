# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the file of a placed credential. Who only reads needs nothing of what places. Private to this collection."""

from __future__ import annotations

import errno
import os
import stat

from .._errors import StoreError
from ._files import MAX_FILE


def read_file(*, path: str) -> tuple[bytes, os.stat_result] | None:
    """Return the text and the status of a credential file, or None where there is none.

    Raises :class:`StoreError` where it is not a plain file or too big to be a credential.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if os.path.islink(path):
            raise StoreError(
                f"{path} is a symbolic link, not a credential file; remove it or choose another name."
            ) from None
        raise file_error(error=error, path=path) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise StoreError(f"{path} is not a plain file, so not a credential; remove it or choose another name.")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(MAX_FILE + 1)
    finally:
        os.close(descriptor)
    if len(content) > MAX_FILE:
        raise StoreError(f"{path} is too big to be a credential; remove it or choose another name.")
    return content, status


def file_error(*, error: OSError, path: str) -> StoreError:
    """Return the sentence for a failed file operation on ``path``."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            f"{path} could not be written because the disk is full; what was there before is untouched; free some "
            "space."
        )
    if error.errno == errno.EROFS:
        return StoreError(f"{path} could not be written because its file system is read-only; name another directory.")
    if error.errno == errno.ENOENT:
        return StoreError(f"{path} could not be made because its parent directory does not exist; make that first.")
    return StoreError(f"{path} could not be used: {error.strerror or type(error).__name__}.")
