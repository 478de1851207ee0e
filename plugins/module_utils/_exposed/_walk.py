# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Walks through files within bounds, and out of nothing's way. Private to this collection.

No link is followed, no device, pipe or socket is opened, no network or pseudo file system is entered: every directory
and file is opened relative to its parent, so that nobody can put a link in between. Nothing is written, and access
times stay as they are where the kernel allows it.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import stat
import time
import typing as t

from .._errors import StoreError

#: File systems that are entered. Of others nobody knows what an access does: mounts something, waits for a network.
_LOCAL = re.compile(
    r"bcachefs|btrfs|erofs|exfat|ext[234]|f2fs|fuseblk|jfs|msdos|nilfs2|ntfs3?|overlay|reiserfs|squashfs|tmpfs|ubifs"
    r"|udf|vfat|xfs|zfs"
)
CHUNK = 256 * 1024
#: So much of a chunk is seen again with the next one: what is looked for may lie across the border.
OVERLAP = 2048
MOST_DEPTH = 64
#: Names that end so hold no text.
_BINARY = re.compile(
    r"7z|a|avi|bin|bmp|bz2|class|db|deb|dll|dylib|exe|feather|gif|gz|h5|hdf5|ico|img|iso|jar|jpe?g|lib|lz4|lzma|mk[av]"
    r"|mov?|mp[34]|np[yz]|o|obj|ogg|otf|parquet|pdf|pickle|pkl|png|py[cd]|qcow2|rar|rpm|so|sqlite3?|svg|tar|tgz|tiff?"
    r"|ttf|vmdk|wasm|wav|web[mp]|whl|woff2?|xz|zip|zst"
)
#: What packages of a language brought along: code and prose there is not the user's.
_PACKAGES = frozenset(("site-packages", "dist-packages", "node_modules", "gems", "vendor", ".cargo", "pkg"))
_CODE = re.compile(r"c|cc|cpp|css|go|h|hpp|html|java|[cm]?js|jsx|map|md|pot?|py[ix]?|rb|rs|rst|tsx?|txt")


class Mounts:
    """Which kind of file system is mounted where."""

    def __init__(self, lines: t.Iterable[str]) -> None:
        self._kinds: dict[str, str] = {}
        for line in lines:
            left, _dash, right = line.partition(" - ")
            fields, kind = left.split(" "), right.split(" ")[0]
            if len(fields) > 4 and kind:
                where = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
                self._kinds[where] = kind  # of several at one place the last one is on top
        #: Where file systems begin that are not entered.
        self.closed = frozenset(where for where, kind in self._kinds.items() if not _LOCAL.fullmatch(kind))

    @classmethod
    def read(cls, *, mountinfo: str = "/proc/self/mountinfo") -> Mounts:
        """Read the mounts of this process. Raises ``StoreError``: without them nothing may be entered."""
        try:
            with open(mountinfo, encoding="utf-8", errors="surrogateescape") as file:
                return cls(file)
        except OSError as error:
            raise StoreError(
                f"{mountinfo} cannot be read ({error.strerror}), so network file systems cannot be told apart; nothing"
                " was scanned."
            ) from None

    def lies_in_closed(self, path: str) -> bool:
        """Tell whether ``path`` lies on a file system that is not entered. The root itself always is."""
        while path != "/":
            if path in self._kinds:
                return path in self.closed
            path = os.path.dirname(path)
        return False


@dataclasses.dataclass
class Bounds:
    """How far a scan may go. ``deadline`` is on the monotonic clock."""

    deadline: float
    files: int
    bytes_per_file: int


@dataclasses.dataclass
class Tally:
    """How far it went. ``cut`` are files that were longer than allowed, ``unread`` what could not be opened."""

    files: int = 0
    directories: int = 0
    cut: int = 0
    unread: int = 0
    too_deep: int = 0
    closed_mounts: set[str] = dataclasses.field(default_factory=set)
    #: The git checkouts that were met, in order.
    checkouts: dict[str, None] = dataclasses.field(default_factory=dict)
    stopped: str | None = None


class Seen(t.NamedTuple):
    """A piece of a file that is worth a look, with where it begins."""

    path: str
    data: bytes
    lowered: bytes
    first_line: int
    status: os.stat_result
    #: Whether other users can get as far as to this file's directory.
    reachable: bool
    #: The root of the git checkout that it lies in.
    checkout: str | None


class StoppedError(Exception):
    """A bound of the whole scan is reached."""


class Walk:
    """One walk. ``look`` gets every piece of text for which ``worth`` said yes, ``dump`` every core dump.

    ``exclude`` are paths that are left out. A directory is entered once, by whatever paths it can be reached.
    """

    def __init__(
        self,
        *,
        bounds: Bounds,
        mounts: Mounts,
        worth: t.Callable[[bytes], bool],
        look: t.Callable[[Seen], None],
        dump: t.Callable[[str, os.stat_result], None],
        exclude: t.Collection[str] = (),
    ) -> None:
        self._bounds = bounds
        self._mounts = mounts
        self._worth = worth
        self._look = look
        self._dump = dump
        self._exclude = frozenset(exclude)
        self._entered: set[tuple[int, int]] = set()
        self.tally = Tally()
        # Only the owner and root may leave access times alone.
        self._quiet = os.O_NOATIME if os.geteuid() == 0 else 0

    def root(self, path: str) -> None:
        """Walk below ``path``, or look at it where it is a file. What is not there is left out.

        Raises :class:`StoppedError` at a bound.
        """
        real = os.path.realpath(path)
        if self._mounts.lies_in_closed(real):
            self.tally.closed_mounts.add(real)
            return
        reachable = self._reachable(real)
        parent, name = os.path.split(real)
        try:
            parent_fd = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            self._missed(error)
            return
        try:
            status = os.stat(name or ".", dir_fd=parent_fd, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                self._enter(
                    parent_fd,
                    name or ".",
                    path=real,
                    reachable=reachable,
                    depth=0,
                    checkout=checkout_above(real),
                    packages=False,
                )
            elif stat.S_ISREG(status.st_mode):
                self._file(parent_fd, name, path=real, reachable=reachable, checkout=checkout_above(parent))
        except OSError as error:
            self._missed(error)
        finally:
            os.close(parent_fd)

    def _reachable(self, path: str) -> bool:
        parts = [part for part in os.path.dirname(path).split("/") if part]
        try:
            return all(os.stat("/" + "/".join(parts[:end])).st_mode & 0o001 for end in range(len(parts) + 1))
        except OSError:
            return False

    def _enter(
        self, parent: int, name: str, *, path: str, reachable: bool, depth: int, checkout: str | None, packages: bool
    ) -> None:
        if depth > MOST_DEPTH:
            self.tally.too_deep += 1
            return
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            fd = os.open(name, flags, dir_fd=parent)
        except OSError as error:
            self._missed(error)
            return
        try:
            status = os.fstat(fd)
            place = (status.st_dev, status.st_ino)
            if place in self._entered:
                return
            self._entered.add(place)
            self.tally.directories += 1
            if _has_git(fd):
                checkout = path
                self.tally.checkouts[path] = None
            with os.scandir(fd) as entries:
                self._entries(
                    fd,
                    entries,
                    path=path,
                    reachable=reachable and bool(status.st_mode & 0o001),
                    depth=depth,
                    checkout=checkout,
                    packages=packages,
                )
        except OSError as error:
            self._missed(error)
        finally:
            os.close(fd)

    def _entries(
        self,
        fd: int,
        entries: t.Iterable[os.DirEntry[str]],
        *,
        path: str,
        reachable: bool,
        depth: int,
        checkout: str | None,
        packages: bool,
    ) -> None:
        base = path.rstrip("/") + "/"
        for entry in entries:
            name = entry.name
            child = base + name
            if entry.is_dir(follow_symlinks=False):
                if child in self._exclude or name == "__pycache__":
                    continue
                if child in self._mounts.closed:
                    self.tally.closed_mounts.add(child)
                elif name == ".git":
                    self._git(fd, path=child, reachable=reachable)
                else:
                    self._check_bounds()
                    self._enter(
                        fd,
                        name,
                        path=child,
                        reachable=reachable,
                        depth=depth + 1,
                        checkout=checkout,
                        packages=packages or name in _PACKAGES,
                    )
            elif entry.is_file(follow_symlinks=False):
                self._check_bounds()
                self.tally.files += 1
                # A name without a dot has no ending.
                suffix = name.partition(".")[2].rpartition(".")[2].lower()
                if _BINARY.fullmatch(suffix) or (packages and _CODE.fullmatch(suffix)) or child in self._exclude:
                    continue
                self._file(fd, name, path=child, reachable=reachable, checkout=checkout)

    def _git(self, parent: int, *, path: str, reachable: bool) -> None:
        """Look at a repository's own configuration. Its objects are compressed: see the documentation."""
        try:
            fd = os.open(".git", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        except OSError as error:
            self._missed(error)
            return
        try:
            self._file(fd, "config", path=f"{path}/config", reachable=reachable, checkout=None)
        finally:
            os.close(fd)

    def _check_bounds(self) -> None:
        if time.monotonic() > self._bounds.deadline:
            self.tally.stopped = "the time was over"
            raise StoppedError
        if self.tally.files >= self._bounds.files:
            self.tally.stopped = f"there are more than {self._bounds.files} files"
            raise StoppedError

    def _missed(self, error: OSError) -> None:
        # What is gone was not there; a link in a directory's place is not followed.
        if error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            self.tally.unread += 1

    def _file(self, parent: int, name: str, *, path: str, reachable: bool, checkout: str | None) -> None:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        try:
            fd = self._open(name, flags, parent)
        except OSError as error:
            self._missed(error)
            return
        try:
            status = os.fstat(fd)
            if stat.S_ISREG(status.st_mode):
                self._read(fd, path=path, status=status, reachable=reachable, checkout=checkout)
        except OSError as error:
            self._missed(error)
        finally:
            os.close(fd)

    def _open(self, name: str, flags: int, parent: int) -> int:
        try:
            return os.open(name, flags | self._quiet, dir_fd=parent)
        except PermissionError:
            if not self._quiet:
                raise
            return os.open(name, flags, dir_fd=parent)

    def _read(self, fd: int, *, path: str, status: os.stat_result, reachable: bool, checkout: str | None) -> None:
        data = os.read(fd, CHUNK)
        if b"\0" in data[:2048]:
            if data[:4] == b"\x7fELF" and data[16:18] in (b"\x04\0", b"\0\x04"):
                self._dump(path, status)
            return
        line, done = 1, len(data)
        while data:
            lowered = data.lower()
            if self._worth(lowered):
                self._look(Seen(path, data, lowered, line, status, reachable, checkout))
            if done >= status.st_size and len(data) < CHUNK:
                return
            if done >= self._bounds.bytes_per_file:
                self.tally.cut += 1
                return
            self._check_bounds()
            more = os.read(fd, CHUNK)
            if not more:
                return
            done += len(more)
            kept = data[-OVERLAP:]
            line += data.count(b"\n", 0, len(data) - len(kept))
            data = kept + more


def _has_git(directory: int) -> bool:
    try:
        os.stat(".git", dir_fd=directory, follow_symlinks=False)
    except OSError:
        return False
    return True


def checkout_above(directory: str) -> str | None:
    """Return the nearest directory from ``directory`` up that holds ``.git``."""
    while True:
        if os.path.lexists(os.path.join(directory, ".git")):
            return directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
