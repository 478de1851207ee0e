# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""gitleaks and trufflehog themselves, as Debian has them: fetched once, kept outside the checkout, never installed."""

from __future__ import annotations

import dataclasses
import fcntl
import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests import debian
from tests.run import tree

NAMES = ("gitleaks", "trufflehog")
#: Debian's unstable suite, the only one that has both. What it has changes daily, so nothing names a version.
_SUITE = "sid"
_LOADER = "ld-linux*.so.*"
_SECONDS = 300


#: The exit status of `python -m tests.leak_rules` for it.
CANNOT_FETCH = 3


class CannotFetch(Exception):
    """The programs cannot be had on this machine. The text says why."""


def directory() -> Path:
    """Return where the programs lie with the libraries that they need; fetch them when they are not there.

    apt verifies them by Debian's keyring. Raises `CannotFetch`.
    """
    parent = tree.cache_directory()
    target = parent / "leak-programs"
    parent.mkdir(parents=True, exist_ok=True)
    # Two checkouts may ask at once.
    with (parent / "leak-programs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            for leftover in parent.glob(".leak-programs-*"):
                shutil.rmtree(leftover)
            with tempfile.TemporaryDirectory(prefix=".leak-programs-", dir=parent, ignore_cleanup_errors=True) as new:
                root = Path(new) / "root"
                _fetch(root)
                root.rename(target)
    return target


def _fetch(root: Path) -> None:
    mirror = debian.mirror()
    command = [
        "mmdebstrap",
        # Unpack these and what they depend on, and run nothing of it. So this needs no root; as root it mounts nothing.
        "--variant=extract",
        *(("--mode=root", "--skip=chroot/mount") if os.geteuid() == 0 else ("--mode=chrootless",)),
        "--format=directory",
        f"--keyring={debian.KEYRING}",
        f"--include={','.join(NAMES)}",
        *debian.apt_options(),
        _SUITE,
        str(root),
        *([mirror] if mirror else []),
    ]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, "LC_ALL": "C.UTF-8", "TMPDIR": str(root.parent)},
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise CannotFetch("mmdebstrap is missing: install it") from None
    except subprocess.TimeoutExpired:
        raise CannotFetch(f"mmdebstrap did not end within {_SECONDS} seconds") from None
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if line.startswith("E: ")]
        raise CannotFetch((errors or [f"E: mmdebstrap ended with status {done.returncode}"])[0].removeprefix("E: "))


def version(name: str) -> str:
    """Return the version of a program's package; the programs themselves do not know it."""
    changelog = directory() / "usr/share/doc" / name / "changelog.Debian.gz"
    with gzip.open(changelog, "rt", encoding="utf-8") as text:
        found = re.match(r"\S+ \(([^)]+)\)", text.readline())
    if found is None:
        raise CannotFetch(f"{changelog} does not begin with a version")
    return found[1]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """What a program told: the rule, the file's name, and the secret (or the text around it)."""

    rule: str
    file: str
    secret: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scan:
    """What a program found, and what it complained of."""

    findings: tuple[Finding, ...]
    complaints: tuple[str, ...]

    def rules(self, file: str) -> set[str]:
        """Return the rules that found something in a file."""
        return {finding.rule for finding in self.findings if finding.file == file}


def gitleaks(*, rules: Path, place: Path, what: str = "dir") -> Scan:
    """Let gitleaks look at a directory, or with `what="git"` at the history of a checkout."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        said = _run(
            "gitleaks",
            *(what, str(place), f"--config={rules}", "--no-banner", "--no-color", "--exit-code=0"),
            *("--report-format=json", f"--report-path={report}"),
        ).stderr
        # Without a report it could not even begin.
        findings = json.loads(report.read_text(encoding="utf-8")) if report.exists() else []
    return Scan(
        findings=tuple(
            Finding(rule=each["RuleID"], file=Path(each["File"]).name, secret=each["Secret"]) for each in findings
        ),
        complaints=tuple(
            line for line in said.splitlines() if not re.search(r" INF |leaks found: \d+$", line) and line.strip()
        ),
    )


def trufflehog(*, rules: Path, place: Path, what: str = "dir") -> Scan:
    """Let trufflehog look at a directory or a file, or with `what="git"` at the history of a checkout.

    Told is what the given rules found, not what its own detectors did.
    """
    done = _run(
        "trufflehog",
        *(("git", f"file://{place}") if what == "git" else ("filesystem", str(place))),
        *(f"--config={rules}", "--json"),
        # Nobody is asked whether a secret is a true one, nor for a newer trufflehog.
        *("--no-verification", "--no-update"),
        # Else it starts its own file once more, which is the loader here.
        "--local-dev",
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return Scan(
        findings=tuple(
            Finding(rule=each["ExtraData"]["name"], file=_place_of(each), secret=each["Raw"])
            for each in told
            if "name" in (each.get("ExtraData") or {})
        ),
        complaints=tuple(
            line for line in done.stderr.splitlines() if line.strip() and not line.startswith('{"level":"info')
        ),
    )


def _place_of(told: dict[str, Any]) -> str:
    (source,) = told["SourceMetadata"]["Data"].values()
    return Path(source["file"]).name


def _run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    root = directory()
    # The libraries of this machine may be older than the program wants.
    (loader,) = root.glob(f"usr/lib/*/{_LOADER}")
    # No settings of whoever runs the tests; and were a program to ask for something, nobody would answer.
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    return subprocess.run(
        [str(loader), "--library-path", str(loader.parent), str(root / "usr/bin" / name), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        timeout=_SECONDS,
        check=False,
    )
