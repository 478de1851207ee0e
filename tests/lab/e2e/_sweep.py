# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking for secrets: in files as they lie there, and in every file at the moment it is closed, gone since or not.

A secret is found as it is, as UTF-16, as hexadecimal digits and as base64 wherever it begins, each also inside gzip,
xz, zstd and zlib data that begins anywhere in a file. JSON, shell and URL escapes leave a canary's pieces whole, so
they are found by the pieces.
"""

from __future__ import annotations

import base64
import bz2
import contextlib
import ctypes
import lzma
import os
import re
import select
import struct
import threading
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

#: A file is searched this far, and so is what it unpacks to. Only logs of many runs would be longer.
LIMIT = 64 * 1024 * 1024
_DEPTH = 3

_SKIPPED = ("proc", "sys", "dev/pts")


def _gzip(data: memoryview) -> bytes:
    # Also cut short or not ended yet, as a log that is being written: all that can be had is what counts.
    return _all_of(zlib.decompressobj(wbits=47), data)


def _all_of(decompressor: zlib._Decompress | lzma.LZMADecompressor | bz2.BZ2Decompressor, data: memoryview) -> bytes:
    found = b""
    with contextlib.suppress(zlib.error, lzma.LZMAError, OSError, EOFError):
        for start in range(0, len(data), 4096):
            found += decompressor.decompress(data[start : start + 4096])
            if decompressor.eof or len(found) > LIMIT:
                break
    return found


def _zstd(data: memoryview) -> bytes:
    found = b""
    with contextlib.suppress(zstandard.ZstdError), zstandard.ZstdDecompressor().stream_reader(data) as reader:
        while len(found) < LIMIT and (more := reader.read(65536)):
            found += more
    return found


_PACKED: tuple[tuple[bytes, Callable[[memoryview], bytes]], ...] = (
    (b"\x1f\x8b\x08", _gzip),
    (b"\xfd7zXZ\x00", lambda data: _all_of(lzma.LZMADecompressor(), data)),
    (b"BZh", lambda data: _all_of(bz2.BZ2Decompressor(), data)),
    (b"\x28\xb5\x2f\xfd", _zstd),
)


@dataclass(frozen=True)
class Needles:
    """What is looked for."""

    pattern: re.Pattern[bytes]

    @classmethod
    def of(cls, secrets: Iterable[str]) -> Self:
        """Return the needles for these secrets: each run of at least 12 letters and digits in one, or the whole."""
        pieces = {piece for secret in secrets for piece in (re.findall(r"[A-Za-z0-9]{12,}", secret) or [secret])}
        if not pieces:
            raise ValueError("secrets: none given.")
        forms = {form for piece in pieces for form in _forms(piece)}
        return cls(re.compile(b"|".join(re.escape(form) for form in sorted(forms))))

    def are_in(self, data: bytes, *, depth: int = _DEPTH) -> bool:
        """Whether one of them is in the data, or in what it unpacks to."""
        if self.pattern.search(data):
            return True
        if depth == 0:
            return False
        for magic, unpack in _PACKED:
            start = data.find(magic)
            while start >= 0:
                if self.are_in(unpack(memoryview(data)[start:]), depth=depth - 1):
                    return True
                start = data.find(magic, start + 1)
        return False


#: Seconds by which the kernel's times of files lag behind the clock at most: they move with its tick.
_TICK = 0.05


def _forms(piece: str) -> Iterator[bytes]:
    plain = piece.encode()
    for text in (plain, piece.encode("utf-16-le")):
        yield text
        # At each of the three places where it can begin in a group; what depends on its neighbours is cut off.
        for shift in range(3):
            yield base64.b64encode(b"\0" * shift + text)[(0, 2, 3)[shift] :].rstrip(b"=")[:-1]
            yield base64.urlsafe_b64encode(b"\0" * shift + text)[(0, 2, 3)[shift] :].rstrip(b"=")[:-1]
    yield plain.hex().encode()
    yield plain.hex().upper().encode()


def sweep(needles: Needles, *roots: Path, aside: Sequence[Path] = (), newer_than: float = 0.0) -> list[str]:
    """Return every file and name below the roots that holds a secret. Links are not followed.

    ``aside`` are files and directories that are not looked at, ``newer_than`` leaves out files that were last changed
    before this time (the time of their inode, which nobody can set).
    """
    found = []
    for path in _files(roots, aside=aside):
        if needles.are_in(os.fsencode(path.name)):
            found.append(f"{path} (its name)")
        try:
            status = path.lstat()
            if status.st_ctime < newer_than - _TICK:
                continue
            if path.is_symlink():
                content = os.fsencode(path.readlink())
            else:
                with path.open("rb") as stream:
                    content = stream.read(LIMIT)
        except (FileNotFoundError, PermissionError, OSError):  # gone meanwhile, or a file of the kernel
            continue
        if needles.are_in(content):
            found.append(str(path))
    return found


def _files(roots: Sequence[Path], *, aside: Sequence[Path]) -> Iterator[Path]:
    for root in roots:
        if root.is_file():
            yield root
        for directory, directories, files in os.walk(root):
            here = Path(directory)
            directories[:] = [
                name
                for name in directories
                if here / name not in aside and (here / name).relative_to(root).as_posix() not in _SKIPPED
            ]
            for name in (*files, *(name for name in directories if (here / name).is_symlink())):
                path = here / name
                if path not in aside and (path.is_symlink() or path.is_file()):
                    yield path


# The numbers are the kernel's, see the manual page of fanotify.
_FAN_CLASS_NOTIF, _FAN_CLOEXEC, _FAN_NONBLOCK, _FAN_UNLIMITED_QUEUE = 0, 1, 2, 0x10
_FAN_MARK_ADD, _FAN_MARK_FILESYSTEM = 1, 0x100
_FAN_CLOSE_WRITE, _FAN_Q_OVERFLOW = 0x8, 0x4000
_EVENT = struct.Struct("=IBBHQii")


@dataclass
class Watch:
    """Reads every file of the file systems of these directories when it is closed after writing.

    So a file that is removed at once is seen too. ``found`` names what held a secret, ``files`` counts.
    """

    needles: Needles
    directories: Sequence[Path]
    found: list[str] = field(default_factory=list)
    files: int = 0

    def __enter__(self) -> Self:
        libc = ctypes.CDLL(None, use_errno=True)
        flags = _FAN_CLASS_NOTIF | _FAN_CLOEXEC | _FAN_NONBLOCK | _FAN_UNLIMITED_QUEUE
        self._descriptor = libc.fanotify_init(flags, os.O_RDONLY | os.O_LARGEFILE | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "fanotify_init")
        for directory in self.directories:
            mark = _FAN_MARK_ADD | _FAN_MARK_FILESYSTEM
            name = os.fsencode(directory)
            if libc.fanotify_mark(self._descriptor, mark, ctypes.c_uint64(_FAN_CLOSE_WRITE), -100, name) < 0:
                raise OSError(ctypes.get_errno(), f"fanotify_mark {directory}")
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        os.close(self._descriptor)

    def _read(self) -> None:
        while True:
            ended = self._end.is_set()
            if select.select([self._descriptor], [], [], 0 if ended else 0.1)[0]:
                self._events(os.read(self._descriptor, 65536))
            elif ended:
                return

    def _events(self, data: bytes) -> None:
        while data:
            event = _EVENT.unpack_from(data)
            length, mask, descriptor = event[0], event[4], event[5]
            data = data[length:]
            if mask & _FAN_Q_OVERFLOW:
                self.found.append("events were lost")
            if descriptor < 0:
                continue
            try:
                name = str(Path(f"/proc/self/fd/{descriptor}").readlink())
                content = os.pread(descriptor, LIMIT, 0)
            finally:
                os.close(descriptor)
            self.files += 1
            if self.needles.are_in(content):
                self.found.append(name)


@dataclass
class ProcessWatch:
    """Reads the command line and the environment of every process of this machine, hosts included, again and again.

    ``found`` shows which process held a secret there. What lives shorter than a round can be missed.
    """

    needles: Needles
    found: set[str] = field(default_factory=set)
    rounds: int = 0

    def __enter__(self) -> Self:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._end.wait(0.02):
            self.rounds += 1
            for process in Path("/proc").glob("[0-9]*"):
                for part in ("cmdline", "environ"):
                    with contextlib.suppress(OSError):  # it has ended
                        if self.needles.pattern.search((process / part).read_bytes()):
                            self.found.add(f"{part} of {(process / 'comm').read_text().strip()}")
