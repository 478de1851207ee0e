# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A vendor's archive: the one that was meant, unpacked whole and nowhere else, or nothing at all."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import stat
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

ARCHIVE = Path(__file__).parents[3] / "roles/vendor_archive/files/archive.py"
PROGRAM = b"#!/bin/sh\necho core\n"
#: Name, type as tar has it, mode, content or where a link leads.
Entry = tuple[str, bytes, int, bytes]
GOOD: list[Entry] = [
    ("core-1.0", tarfile.DIRTYPE, 0o777, b""),
    ("core-1.0/bin/core", tarfile.REGTYPE, 0o4775, PROGRAM),
    ("core-1.0/share/words.txt", tarfile.REGTYPE, 0o666, b"words"),
    ("core-1.0/core", tarfile.SYMTYPE, 0o777, b"bin/core"),
    ("core-1.0/share/again", tarfile.SYMTYPE, 0o777, b"../share/words.txt"),
]


def tar(entries: list[Entry], *, mode: Any = "w:gz") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as bundle:
        for name, kind, rights, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.uid = kind, rights, 1000
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                entry.linkname = content.decode()
            else:
                entry.size = len(content)
            bundle.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def zipped(entries: list[Entry], *, made_by: int = 3) -> bytes:
    kinds = {tarfile.REGTYPE: stat.S_IFREG, tarfile.SYMTYPE: stat.S_IFLNK, tarfile.CHRTYPE: stat.S_IFCHR}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as bundle:
        for name, kind, rights, content in entries:
            entry = zipfile.ZipInfo(name + ("/" if kind == tarfile.DIRTYPE else ""))
            entry.create_system = made_by
            if made_by == 3 and kind != tarfile.DIRTYPE:
                entry.external_attr = (kinds[kind] | rights) << 16
            bundle.writestr(entry, content)
    return stream.getvalue()


def run(
    command: str, root: Path, content: bytes, *, fails: bool = False, checksum: str = "", **given: Any
) -> dict[str, Any]:
    """Run it as the role does; a failure is told as its sentence."""
    file = root.parent / "archive"
    file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    asked = {
        "file": str(file),
        "named": "core.tgz",
        "checksum": checksum or f"sha256:{digest}",
        "strip": 0,
        "program": "",
        **given,
    }
    code = f'{ARCHIVE.read_text()}\nmain(sys.argv[1:], given="{base64.b64encode(json.dumps(asked).encode()).decode()}")'
    argv = [sys.executable, "-I", "-", command, f"--root={root}", "--name=1.0"]
    done = subprocess.run(argv, input=code, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, done.stderr
    return {"said": done.stderr.strip()} if fails else dict(json.loads(done.stdout))


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz", "zip"])
def test_it_is_unpacked_whole_and_belongs_to_nobody_else(tmp_path: Path, mode: str) -> None:
    content = zipped(GOOD) if mode == "zip" else tar(GOOD, mode=mode)
    root = tmp_path / "opt"
    assert run("look", root, content) == {"there": False, "runs": False}
    assert run("unpack", root, content, strip=1, program="core") == {"changed": True}
    there = root / "1.0"
    assert (there / "bin/core").read_bytes() == (there / "core").read_bytes() == PROGRAM
    assert (there / "share/again").read_bytes() == b"words"
    modes = {str(path.relative_to(there)): oct(path.lstat().st_mode & 0o7777) for path in there.rglob("*")}
    assert modes["bin/core"] == "0o755"
    assert modes["share/words.txt"] == "0o644"
    assert {modes["bin"], modes["share"], oct(there.stat().st_mode & 0o7777)} == {"0o755"}
    assert [entry.name for entry in root.iterdir()] == ["1.0"]
    assert run("look", root, content, program="core") == {"there": True, "runs": True}
    assert run("look", root, content, program="share/words.txt") == {"there": True, "runs": False}
    # What is there is never changed again.
    (there / "share/words.txt").write_text("more")
    assert run("unpack", root, content, strip=1, program="core") == {"changed": False}
    assert (there / "share/words.txt").read_text() == "more"


def test_hard_links_and_zip_files_without_modes_are_programs_too(tmp_path: Path) -> None:
    linked = [*GOOD, ("core-1.0/same", tarfile.LNKTYPE, 0o755, b"core-1.0/bin/core")]
    run("unpack", tmp_path / "a", tar(linked), strip=1, program="same")
    assert (tmp_path / "a/1.0/same").read_bytes() == PROGRAM
    run("unpack", tmp_path / "b", zipped(GOOD[:3], made_by=0), strip=1, program="bin/core")
    # A tar file that ends with a zip file is still a tar file.
    ends = [*GOOD, ("core-1.0/last.zip", tarfile.REGTYPE, 0o644, zipped(GOOD[:3]))]
    run("unpack", tmp_path / "c", tar(ends, mode="w"), program="core-1.0/bin/core")


def one(name: str, kind: bytes = tarfile.REGTYPE, content: bytes = b"x") -> list[Entry]:
    return [*GOOD, (name, kind, 0o755, content)]


LINK = tarfile.SYMTYPE
STRANGE = "which is a device, a pipe or what else no program consists of"
REFUSED: dict[str, tuple[list[Entry], str]] = {
    "absolute": (one("/etc/cron.d/x"), "holds '/etc/cron.d/x', which is no path below a directory"),
    "up": (one("core-1.0/../../x"), "holds 'core-1.0/../../x', which leads out of its directory"),
    "backslash": (one("core-1.0\\..\\x"), "which is no path below a directory"),
    "line break": (one("a\nb"), "which is no path below a directory"),
    "absolute link": (one("l", LINK, b"/etc"), "'l' leads out of its directory"),
    "link up": (one("core-1.0/l", LINK, b"../../x"), "'core-1.0/l' leads out of its directory"),
    # One link is harmless, and the other one too, but not one through the other.
    "link by link": (
        [*one("p/q/l", LINK, b"../.."), ("m", LINK, 0o777, b"p/q/l/..")],
        "'m' leads out of its directory",
    ),
    "circle": ([*one("a", LINK, b"b"), ("b", LINK, 0o777, b"a")], "'a' leads in a circle"),
    "behind a link": (
        [*one("l", LINK, b"core-1.0"), ("l/x", tarfile.REGTYPE, 0o644, b"x")],
        "'l/x' lies behind one of its own links",
    ),
    "behind a link that comes later": (
        [*one("l/x"), ("l", LINK, 0o777, b"core-1.0")],
        "'l/x' lies behind one of its own links",
    ),
    "twice": (one("core-1.0/bin/core"), "holds 'core-1.0/bin/core' twice"),
    "twice by another name": (one("core-1.0/./bin//core"), "twice"),
    "below a file": (one("core-1.0/bin/core/x"), "lies in what is no directory"),
    "device": (one("null", tarfile.CHRTYPE, b""), STRANGE),
}


@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_would_reach_anything_else_is_refused_before_anything_is_unpacked(
    tmp_path: Path, name: str, kind: str
) -> None:
    entries, sentence = REFUSED[name]
    said = run("unpack", tmp_path / "opt", zipped(entries) if kind == "zip" else tar(entries), fails=True)["said"]
    assert sentence in said
    assert said.count("\n") == 0
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["archive", "opt"]


def test_a_hard_link_leads_to_a_file_of_the_archive(tmp_path: Path) -> None:
    for target in (b"/etc/passwd", b"../x", b"core-1.0/core", b"nowhere"):
        said = run("unpack", tmp_path / "opt", tar(one("l", tarfile.LNKTYPE, target)), fails=True)["said"]
        assert "leads to" in said or "leads out" in said or "no path below" in said
    assert list((tmp_path / "opt").iterdir()) == []


def test_another_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    # It would be refused for its content too, if that were looked at.
    content = tar(one("/etc/cron.d/x"))
    said = run("unpack", tmp_path / "opt", content, fails=True, checksum=f"sha256:{'0' * 64}")["said"]
    assert said == (
        "core.tgz is another file than vendor_archive_checksum was made for (it has "
        f"sha256:{hashlib.sha256(content).hexdigest()}); do not use it before you know why."
    )
    content = tar(GOOD)
    digest = hashlib.sha512(content).hexdigest().upper()
    assert run("unpack", tmp_path / "opt", content, checksum=f"sha512:{digest}") == {"changed": True}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no tar or zip file"),
        (b"<html>Not found</html>", "no tar or zip file"),
        (tar(GOOD, mode="w:xz")[:-60], "the archive"),
        (tar(GOOD)[:-40], "the archive"),
        (zipped(GOOD)[:-30], "no tar or zip file"),
        (zipped(GOOD).replace(b"echo core", b"echo CORE"), "cannot be read (BadZipFile)"),
        (tar(GOOD[:1]), "the archive holds no file"),
    ],
    # Archives hold the time, so they are no names of tests.
    ids=["empty", "page", "tar.xz cut", "tar.gz cut", "zip cut", "zip changed", "directories only"],
)
def test_a_damaged_archive_leaves_nothing(tmp_path: Path, content: bytes, sentence: str) -> None:
    said = run("unpack", tmp_path / "opt", content, fails=True)["said"]
    assert sentence in said
    assert "Traceback" not in said
    assert list((tmp_path / "opt").iterdir()) == []


def test_a_program_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    said = run("unpack", tmp_path / "opt", tar(GOOD), fails=True, program="MTCore")["said"]
    assert said == "the archive holds no program MTCore, but core-1.0/bin/core."
    said = run("unpack", tmp_path / "opt", tar(GOOD), fails=True, strip=3)["said"]
    assert said == "the archive holds no file below 3 directories."
    assert list((tmp_path / "opt").iterdir()) == []


def test_a_directory_that_others_write_to_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "opt"
    root.mkdir()
    root.chmod(0o777)
    assert "can be written by others than its owner" in run("unpack", root, tar(GOOD), fails=True)["said"]


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "opt" / ".new-abc" / "content"
    left.mkdir(parents=True)
    run("unpack", tmp_path / "opt", tar(GOOD))
    assert [entry.name for entry in (tmp_path / "opt").iterdir()] == ["1.0"]
