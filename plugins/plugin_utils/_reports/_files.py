# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several files as one: all of them or none, and never half of one. Private to this collection."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import typing as t
from pathlib import Path

from ...module_utils._errors import InputError

_MEND = "give a file in a directory on the controller that you may write to"


class File(t.NamedTuple):
    """A file to write. One that is ``once`` is never replaced."""

    path: Path
    content: bytes
    mode: int
    once: bool = False


def check_path(path: Path, *, field: str, once: bool = False) -> None:
    """Refuse a path that cannot be written, before any work is done; raises ``InputError``."""
    try:
        found = path.lstat() if os.path.lexists(path) else None
        there = path.parent.is_dir()
        directory = os.path.isdir(os.path.realpath(path))
    except (OSError, ValueError) as error:
        raise _refused(field, str(path), error) from None
    name = str(path)
    if directory or not path.name:
        raise InputError(field=field, value=name, problem="is a directory", mend="give a file")
    if not there:
        mend = "make it first, or give another one"
        raise InputError(field=field, value=name, problem="is in a directory that is not there", mend=mend)
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise InputError(field=field, value=name, problem="is in a directory that you may not write to", mend=_MEND)
    if found is not None and not stat.S_ISREG(found.st_mode):
        mend = "give a path where no file is, or a plain file"
        raise InputError(field=field, value=name, problem="is no plain file", mend=mend)
    if found is not None and once:
        raise _is_there(name)


def differs(file: File) -> bool:
    """Return whether writing would change anything."""
    try:
        return stat.S_IMODE(file.path.stat().st_mode) != file.mode or file.path.read_bytes() != file.content
    except OSError:
        return True


def write_all(files: t.Sequence[File], *, field: str) -> None:
    """Write the files: first all of them beside their places, then each in one step.

    Whoever writes into the same directories at the same time waits for that last part, so that the files of one run
    stand together. Raises ``InputError`` for what the disk refuses, and then the files are those of before.
    """
    temporaries = []
    with contextlib.ExitStack() as stack:
        for file in files:
            temporary = _beside(file, field=field)
            stack.callback(_remove, temporary)
            temporaries.append(temporary)
        places = {os.path.realpath(file.path.parent): str(file.path) for file in files}
        for directory in sorted(places):
            try:
                stack.enter_context(locked(directory))
            except OSError as error:
                raise _refused(field, places[directory], error) from None
        for file in files:
            if file.once and os.path.lexists(file.path):
                raise _is_there(str(file.path))
        _replace_all(list(zip(temporaries, files, strict=True)), field=field)


def _replace_all(pairs: t.Sequence[tuple[str, File]], *, field: str) -> None:
    """Put each temporary file into its place; where one cannot be, put back what was in the places before it."""
    olds: list[str | None] = []
    with contextlib.ExitStack() as undo:
        for number, (temporary, file) in enumerate(pairs, start=1):
            try:
                # After the last one nothing can fail any more.
                old = _kept(file.path) if number < len(pairs) else None
                _replace(temporary, file.path, old=old)
            except OSError as error:
                raise _refused(field, str(file.path), error) from None
            undo.callback(_put_back, file.path, old=old, field=field)
            olds.append(old)
        undo.pop_all()
    for old in olds:
        _remove(old)


def _replace(temporary: str, path: Path, *, old: str | None) -> None:
    try:
        os.replace(temporary, path)
    except BaseException:
        _remove(old)
        raise


def _kept(path: Path) -> str | None:
    """Return a second name for the file, or a copy of it where the disk allows none; raises ``OSError``."""
    if not os.path.lexists(path):
        return None
    descriptor, copy = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "wb") as stream:
        try:
            os.link(path, f"{copy}.old", follow_symlinks=False)
        except OSError:
            _copy(path, stream, to=copy)
            return copy
    _remove(copy)
    return f"{copy}.old"


def _copy(path: Path, stream: t.BinaryIO, *, to: str) -> None:
    try:
        with path.open("rb") as content:
            shutil.copyfileobj(content, stream)
        stream.flush()
        shutil.copystat(path, to)
    except BaseException:
        _remove(to)
        raise


def _put_back(path: Path, *, old: str | None, field: str) -> None:
    try:
        if old is None:
            os.unlink(path)
        else:
            os.replace(old, path)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        mend = f"what it was is in {old}" if old is not None else "remove it"
        problem = f"was written, another file could not be, and it cannot be put back ({why})"
        raise InputError(field=field, value=str(path), problem=problem, mend=mend) from None


def _remove(temporary: str | None) -> None:
    with contextlib.suppress(OSError):  # it is not there any more where all went well
        if temporary is not None:
            os.unlink(temporary)


def _beside(file: File, *, field: str) -> str:
    try:
        descriptor, temporary = tempfile.mkstemp(dir=file.path.parent, prefix=f".{file.path.name}.")  # mode 0600
    except OSError as error:
        raise _refused(field, str(file.path), error) from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(file.content)
            stream.flush()
            os.fchmod(descriptor, file.mode)
            os.fsync(descriptor)
    except BaseException as error:
        _remove(temporary)
        if isinstance(error, OSError):
            raise _refused(field, str(file.path), error) from None
        raise
    return temporary


@contextlib.contextmanager
def locked(directory: str) -> t.Iterator[None]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _refused(field: str, name: str, error: OSError | ValueError) -> InputError:
    why = os.strerror(error.errno or 0) if isinstance(error, OSError) else "no such name can be"
    return InputError(field=field, value=name, problem=f"cannot be written ({why})", mend=_MEND)


def _is_there(name: str) -> InputError:
    mend = "give each bundle a name of its own, such as one with the day"
    return InputError(field="files", value=name, problem="is there already, and evidence is not replaced", mend=mend)
