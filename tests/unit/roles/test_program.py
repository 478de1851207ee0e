# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions of a program and of its settings: each is whole or not there, and what is used stays."""

from __future__ import annotations

import base64
import grp
import hashlib
import io
import json
import os
import runpy
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[3] / "roles/python_program/files/program.py"
CODE = runpy.run_path(str(PROGRAM))
GROUP = grp.getgrgid(os.getegid()).gr_name
SETTINGS = {"config.json": '{"a": 1}', "strategies/S.py": "class S:\n    pass\n"}


def run(command: str, *options: str, text: str = "", fails: bool = False) -> dict[str, Any]:
    """Run it as the role does; a failure is told as its sentence."""
    given = base64.b64encode(text.encode()).decode()
    code = f'{PROGRAM.read_text()}\nmain(sys.argv[1:], given="{given}")\n'
    argv = [sys.executable, "-I", "-", command, *options]
    done = subprocess.run(argv, input=code, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, done.stderr
    return {"said": done.stderr.strip()} if fails else dict(json.loads(done.stdout))


# Files


def write(root: Path, settings: dict[str, str], *options: str) -> dict[str, Any]:
    return run("files", f"--root={root}", f"--group={GROUP}", *options, text=json.dumps(settings))


def test_the_look_finds_the_files_that_are_there_and_as_they_are_wanted(tmp_path: Path) -> None:
    root, wanted = tmp_path / "etc", json.dumps(SETTINGS)
    assert run("look", f"--root={tmp_path}", f"--files={root}", text=wanted)["files"] is None
    path = write(root, SETTINGS)["path"]
    assert run("look", f"--root={tmp_path}", f"--files={root}", text=wanted)["files"] == path
    Path(path, "config.json").write_text("{}")
    assert run("look", f"--root={tmp_path}", f"--files={root}", text=wanted)["files"] is None


def test_settings_stand_by_their_digest_and_nothing_is_changed_in_them(tmp_path: Path) -> None:
    root = tmp_path / "etc"
    first = write(root, SETTINGS)
    path = Path(first["path"])
    assert first["changed"] is True
    assert {name: (path / name).read_text() for name in SETTINGS} == SETTINGS
    assert [oct(entry.stat().st_mode & 0o777) for entry in (path, path / "config.json")] == ["0o750", "0o640"]
    assert write(root, SETTINGS) == {**first, "changed": False, "diff": ""}
    other = write(root, {**SETTINGS, "config.json": '{"a": 2}'})
    assert other["path"] != first["path"]
    assert (path / "config.json").read_text() == '{"a": 1}'
    assert sorted(entry.name for entry in root.iterdir()) == sorted(Path(told["path"]).name for told in (first, other))


def test_check_changes_nothing_and_foresees_the_path(tmp_path: Path) -> None:
    root = tmp_path / "etc"
    foreseen = write(root, SETTINGS, "--check")
    assert not root.exists()
    assert foreseen["changed"] is True
    assert write(root, SETTINGS)["path"] == foreseen["path"]


def test_the_difference_is_to_what_the_unit_names(tmp_path: Path) -> None:
    root, unit = tmp_path / "etc", tmp_path / "bot.service"
    unit.write_text(f'ExecStart="bot" "--config" "{write(root, SETTINGS)["path"]}/config.json"\n')
    told = write(root, {**SETTINGS, "config.json": '{"a": 2}'}, f"--unit={unit}")
    assert told["diff"].splitlines()[-2:] == ['-{"a": 1}', '+{"a": 2}']
    assert "class S" not in told["diff"]


@pytest.mark.parametrize("damage", ["changed", "more", "less"])
def test_what_somebody_changed_by_hand_is_put_back_and_read_anew(tmp_path: Path, damage: str) -> None:
    root, unit = tmp_path / "etc", tmp_path / "bot.service"
    path = Path(write(root, SETTINGS)["path"])
    unit.touch()
    os.utime(unit, (0, 0))
    if damage == "less":
        (path / "config.json").unlink()
    else:
        (path / ("config.json" if damage == "changed" else "more.json")).write_text("{}")
    assert write(root, SETTINGS, f"--unit={unit}")["changed"] is True
    assert {str(entry.relative_to(path)) for entry in path.rglob("*") if entry.is_file()} == set(SETTINGS)
    assert (path / "config.json").read_text() == SETTINGS["config.json"]
    assert unit.stat().st_mtime > 0
    assert [entry.name for entry in root.iterdir()] == [path.name]


def test_a_directory_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    options = (f"--root={tmp_path}", f"--group={GROUP}")
    said = run("files", *options, text=json.dumps(SETTINGS), fails=True)["said"]
    assert said == f"{tmp_path} can be written by others than its owner, who must be root; make it so."
    assert list(tmp_path.iterdir()) == []


# Sources


def commit(path: Path, **files: str) -> Path:
    """Make an archive as git makes one of a commit."""
    with tarfile.open(path, "w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"src/{name}.py")
            entry.size, entry.uid, entry.mode = len(text), 1234, 0o777
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def test_a_commit_is_unpacked_once_and_compiled(tmp_path: Path) -> None:
    root = tmp_path / "commits"
    options = (f"--root={root}", "--name=0123456789ab", f"--archive={commit(tmp_path / 'a.tar', main='print(1)')}")
    assert run("source", *options) == {"changed": True}
    main = root / "0123456789ab" / "src" / "main.py"
    assert main.read_text() == "print(1)"
    # Only who runs this, root, can change it.
    assert (main.stat().st_uid, main.stat().st_mode & 0o022) == (os.geteuid(), 0)
    assert list(main.parent.glob("__pycache__/main.*.pyc")) != []
    assert run("source", *options) == {"changed": False}
    assert [entry.name for entry in root.iterdir()] == ["0123456789ab"]


def test_half_an_archive_leaves_nothing(tmp_path: Path) -> None:
    root, whole = tmp_path / "commits", commit(tmp_path / "a.tar", main="print(1)\n" * 10_000)
    whole.write_bytes(whole.read_bytes()[:20_000])
    told = run("source", f"--root={root}", "--name=0123456789ab", f"--archive={whole}", fails=True)
    assert told["said"].startswith(f"{root}/0123456789ab cannot be made (")
    assert list(root.iterdir()) == []


# Tidying


def test_what_a_unit_names_or_a_process_runs_from_stays(tmp_path: Path) -> None:
    root, units, processes = (tmp_path / name for name in ("opt", "units", "proc"))
    names = ("1.0", "1.0.1", "1.1", "1.2", "1.3", "1.4")
    for age, name in enumerate(names):
        (root / name).mkdir(parents=True)
        os.utime(root / name, (age, age))
    (units / "multi-user.target.wants").mkdir(parents=True)
    (units / "bot.service").write_text(f'ExecStart="{root}/1.0.1/bin/bot"\n')
    (processes / "17").mkdir(parents=True)
    (processes / "17" / "cmdline").write_bytes(f"{root}/1.1/bin/python\0{root}/1.1/bin/bot\0".encode())
    options = (f"--root={root}", f"--units={units}", f"--processes={processes}", "--keep=1")
    foreseen = run("tidy", *options, "--check")
    assert len(list(root.iterdir())) == len(names)
    assert run("tidy", *options) == foreseen == {"changed": True, "removed": ["1.3", "1.2", "1.0"]}
    assert sorted(entry.name for entry in root.iterdir()) == ["1.0.1", "1.1", "1.4"]
    assert run("tidy", *options) == {"changed": False, "removed": []}


def test_several_directories_are_tidied_in_one_go(tmp_path: Path) -> None:
    programs, settings = tmp_path / "opt", tmp_path / "etc"
    for age, path in enumerate((programs / "1.0", programs / "1.1", settings / "a", settings / "b")):
        path.mkdir(parents=True)
        os.utime(path, (age, age))
    missing = tmp_path / "missing"
    options = (f"--root={programs}", f"--also={settings}", f"--also={missing}", f"--units={tmp_path / 'units'}")
    processes = f"--processes={tmp_path / 'proc'}"
    assert run("look", *options, processes)["superfluous"] == ["1.0", "a"]
    told = run("tidy", *options, processes)
    assert told == {"changed": True, "removed": ["1.0", "a"]}
    assert sorted(path.name for root in (programs, settings) for path in root.iterdir()) == ["1.1", "b"]
    assert run("look", *options, processes)["superfluous"] == []


def test_the_look_tells_of_the_user(tmp_path: Path) -> None:
    assert run("look", f"--root={tmp_path}", "--user=root")["user"]["home"] == "/root"
    assert run("look", f"--root={tmp_path}", "--user=nobody-of-that-name")["user"] is None
    assert run("look", f"--root={tmp_path}")["user"] is None


# Environments


class Index:
    """A wheelhouse with one distribution, and requirements for it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self.wheel = directory / "tiny_bot-1.0-py3-none-any.whl"
        with zipfile.ZipFile(self.wheel, "w") as archive:
            archive.writestr("tiny_bot.py", "def main():\n    print('trades')\n")
            info = "tiny_bot-1.0.dist-info"
            archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-bot\nVersion: 1.0\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/entry_points.txt", "[console_scripts]\ntiny-bot = tiny_bot:main\n")
            archive.writestr(f"{info}/RECORD", "")
        digest = hashlib.sha256(self.wheel.read_bytes()).hexdigest()
        self.requirements = f"tiny-bot==1.0 \\\n    --hash=sha256:{digest}\n"


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "wheels")


def options_of(root: Path, *more: str, version: str = "1.0") -> tuple[str, ...]:
    return (f"--root={root}", "--name=tiny", "--program=tiny_bot", f"--version={version}", *more)


def test_an_environment_is_made_once_from_the_wheelhouse(tmp_path: Path, index: Index) -> None:
    root = tmp_path / "opt"
    options = options_of(root, f"--wheelhouse={index.directory}")
    assert run("look", f"--root={root}")["complete"] == []
    assert run("build", *options, text=index.requirements) == {"changed": True}
    assert run("look", f"--root={root}")["complete"] == ["tiny"]
    done = subprocess.run([root / "tiny/bin/tiny-bot"], capture_output=True, text=True, check=True)
    assert done.stdout == "trades\n"
    assert list((root / "tiny").glob("lib/*/site-packages/__pycache__/tiny_bot.*.pyc")) != []
    shutil.rmtree(index.directory)
    index.directory.mkdir()
    assert run("build", *options, text=index.requirements) == {"changed": False}
    # One that was not finished, or whose Python is gone, is no environment.
    (root / "tiny/bin/python").unlink()
    assert run("look", f"--root={root}")["complete"] == []


def spoil_hash(index: Index) -> None:
    with zipfile.ZipFile(index.wheel, "a") as archive:
        archive.writestr("more.py", "")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another version": ({"version": "2.0"}, "the requirements pin 1.0, not tiny_bot 2.0."),
    "another file": ({"spoil": spoil_hash}, "has another file for tiny-bot==1.0 than the requirements were made for"),
    "a missing file": ({"spoil": lambda index: index.wheel.unlink()}, "has no tiny-bot==1.0 for Python 3."),
    "no hash": (
        {"spoil": lambda index: setattr(index, "requirements", "tiny-bot==1.0\n")},
        "tiny-bot==1.0 has no hash in the requirements.",
    ),
    "no room": ({"more": ("--space-mb=999999999",)}, "needs 999999999 MB of disk"),
    "no wheelhouse": ({"spoil": lambda index: shutil.rmtree(index.directory)}, "is no directory on this host."),
    "no index": (
        {"index": "http://127.0.0.1:9/simple"},
        "the package index cannot be reached from this host; give a wheelhouse, or an index that it can reach.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_installed_is_said_and_leaves_nothing(tmp_path: Path, index: Index, case: str) -> None:
    how, sentence = REFUSED[case]
    root = tmp_path / "opt"
    root.mkdir(mode=0o755)
    if "spoil" in how:
        how["spoil"](index)
    source = f"--index-url={how['index']}" if "index" in how else f"--wheelhouse={index.directory}"
    options = options_of(root, source, *how.get("more", ()), version=how.get("version", "1.0"))
    said = run("build", *options, text=index.requirements, fails=True)["said"]
    assert sentence in said
    assert "\n" not in said
    assert list(root.iterdir()) == []


def test_only_what_builds_is_taken_for_the_first_step() -> None:
    tools = "Setuptools==2 \\\n    --hash=sha256:2 \\\n    --hash=sha256:3\n"
    hashed = f"a==1 ; python_version < '4' \\\n    --hash=sha256:1\n{tools}"
    assert CODE["pins"](hashed) == {"a": ["1"], "setuptools": ["2"]}
    kept = CODE["_only"](f"# a comment\n{hashed}wheels==1 \\\n    --hash=sha256:4\n", ("setuptools", "wheel"))
    assert kept == tools


EXPLAINED = {
    "OSError: [Errno 28] No space left on device": "the disk became full while the environment was made, so free some",
    "all requirements must have their versions pinned with ==. These do not:\n    six from x": (
        "six is needed and not in the requirements, which must list everything with hashes"
    ),
    "pip._vendor.pyproject_hooks._impl.BackendUnavailable: Cannot import 'setuptools.build_meta'": (
        "a package must be built from its source and the requirements do not list setuptools"
    ),
    "first\nERROR: bot 1.0 requires six, which is not installed.": "bot 1.0 requires six, which is not installed",
    "": "nothing was said",
}


@pytest.mark.parametrize("output", EXPLAINED)
def test_what_pip_prints_becomes_one_sentence(output: str) -> None:
    assert CODE["explain"](output, where="the package index") == EXPLAINED[output]
