# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps versions of a Python program, and of its settings, side by side on a host, so that a unit can change over.

The role trading.hosts.python_program runs it there, with a last line that calls ``main``. Each version is a directory
that is never changed again: a virtual environment by the digest of its requirements, files by the digest of their
content, or sources by their commit. What a service runs is one line of its unit, so changing over and going back are
one write each. Prints one JSON object; ends with 1 and one sentence on standard error when nothing could be done, and
has then left the host as it was. Python 3.9, nothing but its standard library.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import ctypes
import difflib
import fcntl
import grp
import hashlib
import importlib.util
import json
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

#: Stands in an environment that is whole.
MARK = ".complete"
#: What pip needs to build a package that has no wheel; installed before the others, by the same hashes.
BUILD_TOOLS = ("setuptools", "wheel")
#: Directories of a program that nothing imports while it runs.
NOT_COMPILED = r"/tests?/"
#: What a person may have set for pip to reach its index.
_KEPT = re.compile(
    r"(?i:(?:http|https|all|no)_proxy)|PIP_(?:INDEX_URL|EXTRA_INDEX_URL|CERT|CLIENT_CERT)|SSL_CERT_FILE|REQUESTS_CA_BUNDLE"
)
_PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?[ \t]*==[ \t]*(?P<version>[^ \t;\\]+)")
_DIGEST_LENGTH = 12


class ProgramError(Exception):
    """Why nothing was done, in one sentence without its point."""


def main(words: t.Sequence[str], *, given: str) -> None:
    """Do one of the commands; ``given`` is what it is about, in base64."""
    options = _options(words)
    options.given = base64.b64decode(given).decode("utf-8")
    # What the service's user must read must not hang on how root is set up.
    os.umask(0o022)
    try:
        told = {"look": look, "build": build, "files": files, "source": source, "tidy": tidy}[options.command](options)
    except ProgramError as error:
        sys.stderr.write(f"{error}.\n")
        sys.exit(1)
    sys.stdout.write(f"{json.dumps(told)}\n")


def _options(words: t.Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="program", allow_abbrev=False, description=__doc__)
    parser.add_argument("command", choices=["look", "build", "files", "source", "tidy"])
    parser.add_argument("--root", type=Path, required=True, help="the directory that holds the versions")
    parser.add_argument("--also", type=Path, action="append", default=[], help="look, tidy: another one")
    parser.add_argument("--user", help="look: who is to read the files")
    parser.add_argument("--files", type=Path, help="look: the directory of the files that are given")
    parser.add_argument("--name", help="build, source: the new directory's name")
    parser.add_argument("--archive", type=Path, help="source: the tar file that holds the commit")
    parser.add_argument("--program", help="build: the distribution that the environment is for")
    parser.add_argument("--version", help="build: its version")
    parser.add_argument("--wheelhouse", help="build: take everything from this directory")
    parser.add_argument("--index-url", help="build: take everything from this index")
    parser.add_argument("--source-package", action="append", default=[], help="build: may come without a wheel")
    parser.add_argument("--space-mb", type=int, default=0, help="build: refuse with less on the disk")
    parser.add_argument("--group", help="files: whose members may read them")
    parser.add_argument("--unit", type=Path, help="files: the unit that names them")
    parser.add_argument("--check", action="store_true", help="files, tidy: change nothing")
    parser.add_argument("--keep", type=int, default=1, help="look, tidy: so many that nothing uses stay")
    parser.add_argument("--units", type=Path, default=Path("/etc/systemd/system"), help="look, tidy: where units are")
    parser.add_argument("--processes", type=Path, default=Path("/proc"), help=argparse.SUPPRESS)
    return parser.parse_args(words)


# Environments


def look(options: argparse.Namespace) -> dict[str, t.Any]:
    """Tell of this Python and of the environments that are there."""
    return {
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        # Debian has it in a package of its own.
        "can_make": importlib.util.find_spec("ensurepip") is not None,
        "complete": sorted(path.name for path in _versions(options.root) if is_complete(path)),
        "user": _user(options.user),
        "files": _files_here(options),
        "superfluous": [path.name for path in _superfluous(options)],
    }


def _files_here(options: argparse.Namespace) -> str | None:
    """Return where the files lie that are given, or None where they do not."""
    if options.files is None:
        return None
    wanted = json.loads(options.given)
    target = _files_directory(options.files, wanted)
    return str(target) if _read(target) == wanted else None


def _user(name: str | None) -> dict[str, str] | None:
    try:
        entry = pwd.getpwnam(name or "")
    except KeyError:
        return None
    return {"name": entry.pw_name, "shell": entry.pw_shell, "home": entry.pw_dir}


def is_complete(path: Path) -> bool:
    """Say whether an environment was finished, and its Python is still there."""
    return (path / MARK).is_file() and os.access(path / "bin" / "python", os.X_OK)


def _versions(root: Path) -> list[Path]:
    try:
        return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ProgramError(f"{root} cannot be read ({error.strerror})") from None


def pins(requirements: str) -> dict[str, list[str]]:
    """Return the versions that each distribution is pinned to, by its normal name."""
    found: dict[str, list[str]] = {}
    for line in requirements.splitlines():
        match = _PIN.match(line)
        if match:
            found.setdefault(_normal(match["name"]), []).append(match["version"])
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def build(options: argparse.Namespace) -> dict[str, t.Any]:
    """Make an environment from the requirements that are given; it is whole or it is not there."""
    requirements: str = options.given
    pinned = pins(requirements)
    if options.version not in pinned.get(_normal(options.program), []):
        there = ", ".join(pinned.get(_normal(options.program), [])) or "no version of it"
        raise ProgramError(f"the requirements pin {there}, not {options.program} {options.version}")
    if options.wheelhouse and not os.path.isdir(options.wheelhouse):
        raise ProgramError(f"the wheelhouse {options.wheelhouse} is no directory on this host")
    _check_space(options.root, wanted_mb=options.space_mb)
    with _locked(options.root):
        environment = options.root / options.name
        if is_complete(environment):
            return {"changed": False}
        try:
            _make(environment, options=options, requirements=requirements, pinned=pinned)
        except OSError as error:
            raise ProgramError(f"{environment} cannot be made ({error.strerror})") from None
        finally:
            if not is_complete(environment):
                shutil.rmtree(environment, ignore_errors=True)
    return {"changed": True}


def _check_space(root: Path, *, wanted_mb: int) -> None:
    existing = next(path for path in (root, *root.parents) if path.exists())
    free_mb = shutil.disk_usage(existing).free // (1024 * 1024)
    if free_mb < wanted_mb:
        raise ProgramError(f"{root} needs {wanted_mb} MB of disk and {existing} has {free_mb} MB left, so free some")


@contextlib.contextmanager
def _locked(root: Path) -> t.Iterator[None]:
    """Let one run at a time change what is in a directory that only its owner can change."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        status = root.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise ProgramError(f"{root} can be written by others than its owner, who must be root; make it so")
        # A directory can be locked itself.
        descriptor = os.open(root, os.O_RDONLY)
    except OSError as error:
        raise ProgramError(f"{root} cannot be used ({error.strerror})") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make(
    environment: Path, *, options: argparse.Namespace, requirements: str, pinned: t.Mapping[str, t.Sequence[str]]
) -> None:
    shutil.rmtree(environment, ignore_errors=True)
    made = _run([sys.executable, "-I", "-m", "venv", str(environment)], temporary=None)
    if made.returncode != 0:
        raise ProgramError(explain(made.stdout + made.stderr, where=_where(options)))
    temporary = environment / ".tmp"
    temporary.mkdir()
    listed = environment / "requirements.txt"
    listed.write_text(requirements, encoding="utf-8")
    python = str(environment / "bin" / "python")
    pip = [python, "-I", "-m", "pip"]
    install = [
        *(*pip, "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-compile"),
        *("--retries", "2", "--timeout", "20", "--require-hashes", "--only-binary=:all:"),
        *(["--no-index", f"--find-links={options.wheelhouse}"] if options.wheelhouse else []),
        *([f"--index-url={options.index_url}"] if options.index_url else []),
    ]
    steps: list[list[str]] = []
    if options.source_package:
        # What builds is held to its hash too: pip would fetch it unchecked if it made a place to build in.
        tools = environment / "build-requirements.txt"
        tools.write_text(_only(requirements, BUILD_TOOLS), encoding="utf-8")
        if any(name in pinned for name in BUILD_TOOLS):
            steps.append([*install, "--no-deps", "--requirement", str(tools)])
        install += [f"--no-binary={name}" for name in options.source_package]
        install += ["--no-build-isolation", "--use-pep517"]
    steps.append([*install, "--requirement", str(listed)])
    steps.append([*pip, "check", "--disable-pip-version-check"])
    for step in steps:
        done = _run(step, temporary=temporary, alone=bool(options.wheelhouse))
        if done.returncode != 0:
            raise ProgramError(explain(done.stdout + done.stderr, where=_where(options)))
    # Its own user cannot write there, so what is not compiled now would be compiled at every start.
    # Some packages carry templates that are no Python: those are not compiled, and nobody imports them.
    # The path of a socket in our place for temporary files can be too long.
    compiling = [*(python, "-I", "-W", "ignore", "-m", "compileall"), *("-q", "-j", "0", "-x", NOT_COMPILED)]
    _run([*compiling, str(environment / "lib")], temporary=None)
    shutil.rmtree(temporary)
    # After a power cut the mark must not be there without the rest.
    _flush(environment)
    (environment / MARK).write_text(f"{hashlib.sha256(requirements.encode()).hexdigest()}\n", encoding="utf-8")
    _flush(environment)


def _run(argv: t.Sequence[str], *, temporary: Path | None, alone: bool = False) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)}
    environment.update({"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": os.path.expanduser("~")})
    if temporary is not None:
        # /tmp may be small, or memory.
        environment["TMPDIR"] = str(temporary)
    if alone:
        environment["PIP_CONFIG_FILE"] = os.devnull
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment)


def _only(requirements: str, names: t.Sequence[str]) -> str:
    """Return the lines of these distributions, each with its hashes."""
    kept: list[str] = []
    keeping = False
    for line in requirements.splitlines():
        match = _PIN.match(line)
        if match:
            keeping = _normal(match["name"]) in names
        elif not line[:1].isspace():
            keeping = False
        if keeping:
            kept.append(line)
    return "".join(f"{line}\n" for line in kept)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        ctypes.CDLL(None, use_errno=True).syncfs(descriptor)
    finally:
        os.close(descriptor)


def _where(options: argparse.Namespace) -> str:
    if options.wheelhouse:
        return f"the wheelhouse {options.wheelhouse}"
    return "the package index"


def explain(output: str, *, where: str) -> str:
    """Return one sentence for what pip or venv printed."""
    python = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    if "No space left on device" in output:
        return "the disk became full while the environment was made, so free some"
    if "DO NOT MATCH THE HASHES" in output:
        found = re.search(r"^ *([A-Za-z0-9][^ \n]*==[^ \n]+|[A-Za-z0-9][^ \n]*) from ", output, re.MULTILINE)
        name = found[1] if found else "a package"
        return (
            f"{where} has another file for {name} than the requirements were made for (its hash differs); do not "
            "install it before you know why"
        )
    # pip says the same of one that is missing and of one that it could not ask for, but only then tells of its tries.
    if re.search(
        r"Retrying \(|NewConnectionError|ConnectionError|NameResolutionError|Temporary failure|timed out", output
    ):
        return f"{where} cannot be reached from this host; give a wheelhouse, or an index that it can reach"
    found = re.search(r"No matching distribution found for ([^ \n]+)", output)
    if found:
        return f"{where} has no {found[1]} for {python} on {os.uname().machine}"
    found = re.search(r"all requirements must have their versions pinned with ==.*:\n +([^ \n]+)", output)
    if found:
        return f"{found[1]} is needed and not in the requirements, which must list everything with hashes"
    found = re.search(r"Hashes are required in --require-hashes mode.*\n +([^ \n]+)", output)
    if found:
        return f"{found[1]} has no hash in the requirements"
    if re.search(r"Cannot import 'setuptools|BackendUnavailable|No module named 'setuptools", output):
        return "a package must be built from its source and the requirements do not list setuptools"
    if "ensurepip is not available" in output:
        return f"{python} cannot make environments here; install the package python3-venv"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith("ERROR:")), lines[-1] if lines else "nothing was said")
    return re.sub(r"^ERROR: *", "", said)[:300].rstrip(".")


# Files


def files(options: argparse.Namespace) -> dict[str, t.Any]:
    """Put the files that are given (JSON, path: text) into a directory named by their digest."""
    wanted: dict[str, str] = json.loads(options.given)
    target = _files_directory(options.root, wanted)
    there = _read(target)
    told = {"path": str(target), "changed": there != wanted, "diff": _diff(options, wanted, there)}
    if there == wanted or options.check:
        return told
    with _locked(options.root):
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=options.root))
        try:
            group = grp.getgrnam(options.group).gr_gid
            for name, content in wanted.items():
                _write(fresh / name, content)
            for path in (fresh, *fresh.rglob("*")):
                os.chown(path, -1, group)
                path.chmod(0o750 if path.is_dir() else 0o640)
            # One that somebody changed by hand is replaced, and read anew: the unit then counts as changed.
            damaged = target.exists()
            if damaged:
                target.rename(fresh / ".damaged")
                shutil.rmtree(fresh / ".damaged")
            fresh.rename(target)
            _flush(options.root)
            if damaged and options.unit is not None and options.unit.exists():
                os.utime(options.unit)
        except KeyError:
            raise ProgramError(f"the group {options.group} does not exist") from None
        except OSError as error:
            raise ProgramError(f"{target} cannot be written ({error.strerror})") from None
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return told


def _files_directory(root: Path, wanted: t.Mapping[str, str]) -> Path:
    text = json.dumps(wanted, sort_keys=True)
    return root / hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def _read(directory: Path) -> dict[str, str] | None:
    """Return the files of a directory by their path, or None when it is not there or holds what is no text."""
    if not directory.is_dir():
        return None
    try:
        return {
            str(path.relative_to(directory)): path.read_text(encoding="utf-8")
            for path in directory.rglob("*")
            if not path.is_dir() and "__pycache__" not in path.parts
        }
    except (OSError, UnicodeDecodeError):
        return None


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _diff(options: argparse.Namespace, wanted: t.Mapping[str, str], there: t.Mapping[str, str] | None) -> str:
    """Return how the files differ from those that the unit names now."""
    if there is None and options.unit is not None:
        with contextlib.suppress(OSError):
            named = re.search(rf"{re.escape(str(options.root))}/([0-9a-f]+)", options.unit.read_text(encoding="utf-8"))
            there = _read(options.root / named[1]) if named else None
    before = there or {}
    lines: list[str] = []
    for name in sorted({*before, *wanted}):
        lines += difflib.unified_diff(
            before.get(name, "").splitlines(),
            wanted.get(name, "").splitlines(),
            f"before: {name}",
            f"after: {name}",
            lineterm="",
        )
    return "\n".join(lines)


# Sources


def source(options: argparse.Namespace) -> dict[str, t.Any]:
    """Unpack an archive into the directory that is named by its commit; it is whole or it is not there."""
    target = options.root / options.name
    with _locked(options.root):
        if target.is_dir():
            return {"changed": False}
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=options.root))
        try:
            unpack = ["tar", "--extract", "--no-same-owner", f"--file={options.archive}", f"--directory={fresh}"]
            done = _run(unpack, temporary=None)
            if done.returncode != 0:
                said = (done.stderr.strip().splitlines() or ["tar failed"])[0]
                raise ProgramError(f"{target} cannot be made ({said})")
            for path in (fresh, *fresh.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            compiling = [sys.executable, "-I", "-W", "ignore", "-m", "compileall", "-q", "-j", "0", str(fresh)]
            _run(compiling, temporary=None)
            _flush(fresh)
            fresh.rename(target)
            _flush(options.root)
        except OSError as error:
            raise ProgramError(f"{target} cannot be made ({error.strerror})") from None
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return {"changed": True}


# All of them


def tidy(options: argparse.Namespace) -> dict[str, t.Any]:
    """Remove the versions that no unit names and no process runs from, but for the youngest of them."""
    removed = _superfluous(options)
    for path in [] if options.check else removed:
        with _locked(path.parent):
            shutil.rmtree(path, ignore_errors=True)
    return {"changed": bool(removed), "removed": [path.name for path in removed]}


def _superfluous(options: argparse.Namespace) -> list[Path]:
    used = _used(options)
    found: list[Path] = []
    for root in (options.root, *options.also):
        unused = [path for path in _versions(root) if not re.search(rf"{re.escape(str(path))}(?![\w.-])", used)]
        unused.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        found += unused[options.keep :]
    return found


def _used(options: argparse.Namespace) -> str:
    texts: list[str] = []
    for path in options.units.rglob("*"):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            texts.append(path.read_text(encoding="utf-8"))
    # A service that waits for its restart still runs from the version before, which its unit does not name any more.
    for path in options.processes.glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            texts.append(path.read_bytes().replace(b"\0", b"\n").decode("utf-8", "replace"))
    return "\n".join(texts)
