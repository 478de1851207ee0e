# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unpacks a vendor's archive on a host: the one that was meant, whole, and nowhere else.

The role trading.hosts.vendor_archive runs it there, with a last line that calls ``main``. An archive is held to its
checksum before anything in it is read, and every name in it is judged before anything is unpacked. What is unpacked
becomes one directory, named by version and checksum, that is never changed again. Prints one JSON object; ends with 1
and one sentence on standard error when nothing could be done, and has then left the host as it was. Python 3.9,
nothing but its standard library.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import ctypes
import fcntl
import functools
import hashlib
import json
import lzma
import os
import shutil
import stat
import sys
import tarfile
import tempfile
import typing as t
import zipfile
import zlib
from pathlib import Path

#: More would be no program, and each is held in memory while it is judged.
MAX_MEMBERS = 200_000
#: As many links as Linux follows.
MAX_LINKS = 40
_BLOCK = 1024 * 1024
#: Who made a zip file where files have modes (APPNOTE 4.4.2): Unix and macOS.
_HAS_MODES = (3, 19)
_STRANGE = "which is a device, a pipe or what else no program consists of"
#: What the readers raise for bytes that are not what they should be.
_DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, UnicodeError, ValueError, OSError, NotImplementedError, RuntimeError),
)


class ArchiveError(Exception):
    """Why nothing was done, in one sentence without its point."""


class Member(t.NamedTuple):
    """One entry of an archive.

    ``kind`` is directory, file, link (symbolic) or same (a hard link), ``size`` is in bytes, ``target`` is where a link
    leads, and ``opens`` returns a file's content as a stream.
    """

    path: str
    kind: str
    size: int
    executable: bool
    target: str
    opens: t.Any


def main(words: t.Sequence[str], *, given: str) -> None:
    """Do one of the commands; ``given`` says, in base64, where the archive is and what it must be."""
    options = _options(words)
    options.given = json.loads(base64.b64decode(given))
    # What the service's user must read must not hang on how root is set up.
    os.umask(0o022)
    try:
        told = {"look": look, "unpack": unpack}[options.command](options)
    except ArchiveError as error:
        sys.stderr.write(f"{error}.\n")
        sys.exit(1)
    sys.stdout.write(f"{json.dumps(told)}\n")


def _options(words: t.Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="archive", allow_abbrev=False, description=__doc__)
    parser.add_argument("command", choices=["look", "unpack"])
    parser.add_argument("--root", type=Path, required=True, help="the directory that holds the versions")
    parser.add_argument("--name", required=True, help="the directory's name")
    return parser.parse_args(words)


def look(options: argparse.Namespace) -> dict[str, t.Any]:
    """Tell whether the version is there, and whether the program in it can be run."""
    target = options.root / options.name
    program = options.given.get("program", "")
    there = target.is_dir()
    return {"there": there, "runs": there and (not program or _runs(target / program))}


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def unpack(options: argparse.Namespace) -> dict[str, t.Any]:
    """Hold the archive to its checksum, judge it, unpack it; it is there whole, or not at all."""
    given = options.given
    target = options.root / options.name
    with _locked(options.root):
        if target.is_dir():
            return {"changed": False}
        for leftover in options.root.glob(".new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=options.root))
        try:
            with _opened(Path(given["file"])) as stream:
                _check(stream, checksum=given["checksum"], where=given["named"])
                with _bundle(stream) as bundle:
                    members = read(bundle, strip=given["strip"])
                    _check_space(options.root, wanted=sum(member.size for member in members))
                    content = fresh / "content"
                    _write(members, to=content)
            if given.get("program") and not _runs(content / given["program"]):
                raise ArchiveError(f"the archive holds no program {given['program']}, {_holds(members)}")
            _flush(fresh)
            content.rename(target)
            _flush(options.root)
        except OSError as error:
            raise ArchiveError(f"{target} cannot be made ({error.strerror or error})") from None
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return {"changed": True}


@contextlib.contextmanager
def _locked(root: Path) -> t.Iterator[None]:
    """Let one run at a time change what is in a directory that only its owner can change."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        status = root.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise ArchiveError(f"{root} can be written by others than its owner, who must be root; make it so")
        # A directory can be locked itself.
        descriptor = os.open(root, os.O_RDONLY)
    except OSError as error:
        raise ArchiveError(f"{root} cannot be used ({error.strerror})") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        ctypes.CDLL(None, use_errno=True).syncfs(descriptor)
    finally:
        os.close(descriptor)


# The archive


def _opened(path: Path) -> t.BinaryIO:
    try:
        # Of a pipe or a device no two readings are the same.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ArchiveError(f"{path} is no file")
        return path.open("rb")
    except OSError as error:
        raise ArchiveError(f"the archive {path} cannot be read ({error.strerror})") from None


def _check(stream: t.BinaryIO, *, checksum: str, where: str) -> None:
    """Hold the open file to its checksum: what is read later is what was judged, whoever replaces the file."""
    kind, _sign, wanted = checksum.partition(":")
    found = hashlib.new(kind)
    for block in iter(lambda: stream.read(_BLOCK), b""):
        found.update(block)
    if found.hexdigest() != wanted.lower():
        raise ArchiveError(
            f"{where} is another file than vendor_archive_checksum was made for (it has {kind}:{found.hexdigest()}); "
            "do not use it before you know why"
        )
    stream.seek(0)


@contextlib.contextmanager
def _bundle(stream: t.BinaryIO) -> t.Iterator[tarfile.TarFile | zipfile.ZipFile]:
    # First: a tar file that ends with a zip file would pass for that.
    is_tar = _is_tar(stream)
    stream.seek(0)
    if is_tar:
        with tarfile.open(fileobj=stream, mode="r:*") as tar:
            yield tar
        return
    try:
        bundle = zipfile.ZipFile(stream)
    except _DAMAGED as error:
        raise ArchiveError(f"the archive is no tar or zip file that can be read ({_said(error)})") from None
    with bundle:
        yield bundle


def _is_tar(stream: t.BinaryIO) -> bool:
    try:
        with tarfile.open(fileobj=stream, mode="r:*"):
            return True
    except _DAMAGED:
        return False


def read(bundle: tarfile.TarFile | zipfile.ZipFile, *, strip: int) -> list[Member]:
    """Return the members of an archive, judged; raise when one of them would reach anything else."""
    members = _of_tar(bundle) if isinstance(bundle, tarfile.TarFile) else _of_zip(bundle)
    try:
        return _judged(members, strip=strip)
    except _DAMAGED as error:
        raise ArchiveError(f"the archive is damaged ({_said(error)})") from None


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def _of_tar(tar: tarfile.TarFile) -> t.Iterator[Member]:
    for entry in tar:
        executable = bool(entry.mode & 0o111)
        if entry.isdir():
            yield Member(entry.name, "directory", 0, True, "", None)
        elif entry.isreg():
            opens = functools.partial(tar.extractfile, entry)
            yield Member(entry.name, "file", entry.size, executable, "", opens)
        elif entry.issym():
            yield Member(entry.name, "link", 0, False, entry.linkname, None)
        elif entry.islnk():
            yield Member(entry.name, "same", 0, executable, entry.linkname, None)
        else:
            raise ArchiveError(f"the archive holds {entry.name!r}, {_STRANGE}")


def _of_zip(bundle: zipfile.ZipFile) -> t.Iterator[Member]:
    for entry in bundle.infolist():
        if entry.flag_bits & 1:
            raise ArchiveError(f"the archive's {entry.filename!r} is encrypted")
        has_modes = entry.create_system in _HAS_MODES
        mode = entry.external_attr >> 16 if has_modes else 0
        kind = stat.S_IFMT(mode)
        if entry.is_dir() or kind == stat.S_IFDIR:
            yield Member(entry.filename, "directory", 0, True, "", None)
        elif kind == stat.S_IFLNK:
            if entry.file_size > os.pathconf("/", "PC_PATH_MAX"):
                raise ArchiveError(f"the archive's link {entry.filename!r} leads to a path that is too long")
            yield Member(entry.filename, "link", 0, False, bundle.read(entry).decode("utf-8"), None)
        elif kind in (0, stat.S_IFREG):
            # One that was made where files have no modes says of none that it is a program.
            executable = not kind or bool(mode & 0o111)
            opens = functools.partial(bundle.open, entry)
            yield Member(entry.filename, "file", entry.file_size, executable, "", opens)
        else:
            raise ArchiveError(f"the archive holds {entry.filename!r}, {_STRANGE}")


def _judged(members: t.Iterable[Member], *, strip: int) -> list[Member]:
    """Return the members by their paths below the directory, or raise when one would reach anything else."""
    kept: dict[str, Member] = {}
    for number, member in enumerate(members):
        if number == MAX_MEMBERS:
            raise ArchiveError(f"the archive holds more than {MAX_MEMBERS} files")
        path = _stripped(member.path, strip=strip)
        if not path:
            continue
        if path in kept and not kept[path].kind == member.kind == "directory":
            raise ArchiveError(f"the archive holds {member.path!r} twice")
        target = _stripped(member.target, strip=strip) if member.kind == "same" else member.target
        kept[path] = member._replace(path=path, target=target)
    links = {path: member.target for path, member in kept.items() if member.kind == "link"}
    for path, member in kept.items():
        above = os.path.dirname(path)
        if _followed(above, links=links, path=path) != above:
            raise ArchiveError(f"the archive's {path!r} lies behind one of its own links")
        parents = [path[:place] for place, letter in enumerate(path) if letter == "/"]
        if any(parent in kept and kept[parent].kind != "directory" for parent in parents):
            raise ArchiveError(f"the archive's {path!r} lies in what is no directory")
        if member.kind == "link":
            _followed(path, links=links, path=path)
        if member.kind == "same" and (member.target not in kept or kept[member.target].kind != "file"):
            raise ArchiveError(f"the archive's link {path!r} leads to {member.target!r}, which is no file in it")
    if not any(member.kind == "file" for member in kept.values()):
        raise ArchiveError("the archive holds no file" + (f" below {strip} directories" if strip else ""))
    return list(kept.values())


def _stripped(path: str, *, strip: int) -> str:
    """Return a name without its first directories, or nothing when no more is left."""
    # Some unpackers take a backslash for a slash, so no honest name has one.
    if path.startswith("/") or "\\" in path or any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        raise ArchiveError(f"the archive holds {path!r}, which is no path below a directory")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ArchiveError(f"the archive holds {path!r}, which leads out of its directory")
    return "/".join(parts[strip:])


def _followed(start: str, *, links: t.Mapping[str, str], path: str) -> str:
    """Return where a path leads as Linux follows it; raise when that is not below the directory."""
    left = start.split("/")[::-1]
    here: list[str] = []
    followed = 0
    while left:
        part = left.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if not here:
                raise ArchiveError(f"the archive's {path!r} leads out of its directory")
            here.pop()
            continue
        here.append(part)
        target = links.get("/".join(here))
        if target is None:
            continue
        followed += 1
        if target.startswith("/") or "\0" in target:
            raise ArchiveError(f"the archive's {path!r} leads out of its directory")
        if followed > MAX_LINKS:
            raise ArchiveError(f"the archive's {path!r} leads in a circle")
        here.pop()
        left += target.split("/")[::-1]
    return "/".join(here)


def _check_space(root: Path, *, wanted: int) -> None:
    free = shutil.disk_usage(root).free
    if free < wanted:
        raise ArchiveError(
            f"the archive needs {wanted >> 20} MB of disk and {root} has {free >> 20} MB left, so free some"
        )


def _write(members: t.Sequence[Member], *, to: Path) -> None:
    """Unpack what was judged: root's, never writable for others, and without any mode that gives rights."""
    to.mkdir()
    order = {"directory": 0, "file": 1, "same": 2, "link": 3}
    for member in sorted(members, key=lambda member: order[member.kind]):
        path = to / member.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if member.kind == "directory":
            path.mkdir(exist_ok=True)
        elif member.kind == "link":
            path.symlink_to(member.target)
        elif member.kind == "same":
            os.link(to / member.target, path)
        else:
            _write_file(member, path)


def _write_file(member: Member, path: Path) -> None:
    try:
        with member.opens() as source, path.open("xb") as stream:
            shutil.copyfileobj(source, stream, _BLOCK)
    except _DAMAGED as error:
        # A disk that is full is the host's matter, and told as that.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise ArchiveError(f"the archive's {member.path!r} cannot be read ({type(error).__name__})") from None
    if path.stat().st_size != member.size:
        raise ArchiveError(f"the archive's {member.path!r} is not as long as the archive says")
    path.chmod(0o755 if member.executable else 0o644)


def _holds(members: t.Sequence[Member]) -> str:
    """Return what a person would look for: the archive's programs, or its first names."""
    programs = sorted(member.path for member in members if member.kind == "file" and member.executable)
    if programs:
        return f"but {', '.join(programs[:5])}{', ...' if programs[5:] else ''}"
    first = sorted({member.path.split("/")[0] for member in members})
    return f"and nothing that can be run (it holds {', '.join(first[:5])}{', ...' if first[5:] else ''})"
