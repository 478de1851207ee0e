# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The agent as one file: the same bytes everywhere, whole, and without Ansible."""

from __future__ import annotations

import ast
import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.plugin_utils._agent_archive import SHARED, archive, closure


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("agent") / "agent.pyz"
    path.write_bytes(archive())
    return path


def run(agent: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-IB", agent, *words], capture_output=True, text=True, check=False, env=environment
    )


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(SHARED, copy, ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copyfile)
    for path in copy.rglob("*.py"):
        path.chmod(0o755)
        os.utime(path, (0, 0))
    assert archive(root=copy) == archive()


def test_it_holds_what_it_needs_and_nothing_of_ansible() -> None:
    files = closure()
    assert {"_agent/_main.py", "_exchanges/_bybit.py", "_policy/_engine.py", "_clock.py", "_facts.py"} <= set(files)
    assert "_module.py" not in files
    # What encrypts and places has no business in a service's sandbox.
    assert not {"_credential/_place.py", "_credential/_writer.py", "_credential/_systemd.py"} & set(files)
    names = zipfile.ZipFile(io.BytesIO(archive())).namelist()
    assert {f"trading_hosts/{file}" for file in files} <= set(names)
    assert names == sorted(names)


def imported(path: Path) -> set[Path]:
    """Return what a file imports of its neighbours, by Python's own parser."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            found |= {base.with_suffix(".py"), *(base / f"{alias.name}.py" for alias in node.names)}
    return {file for file in found if file.is_file()}


def test_it_holds_what_every_file_in_it_imports() -> None:
    needed = {"_agent/_main.py"}
    for name in closure():
        needed |= {path.relative_to(SHARED).as_posix() for path in imported(SHARED / name)}
    assert needed == set(closure())


def test_it_runs_alone(agent: Path, tmp_path: Path) -> None:
    done = run(agent, "--version")
    assert (done.returncode, done.stdout) == (0, "trading-hosts-agent 1.0.0\n")
    loaded = (
        f"import runpy, sys; sys.argv = ['agent', '--version']; sys.path.insert(0, {str(agent)!r})\n"
        "try: runpy.run_path(sys.path[0], run_name='__main__')\nexcept SystemExit: pass\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('ansible', 'ansible_collections')))"
    )
    alone = subprocess.run([sys.executable, "-IB", "-c", loaded], capture_output=True, text=True, check=True)
    assert alone.stdout.splitlines()[-1] == "[]"


def test_a_check_without_anything_is_a_refusal_in_one_line(agent: Path, tmp_path: Path) -> None:
    done = run(agent, "check", "--service", "no-such-service", STATE_DIRECTORY=str(tmp_path))
    assert done.returncode == 77
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("trading-hosts-agent: no-such-service is not started, for it has not run here before, and ")
    (tmp_path / ".trading-hosts-ran").touch()
    again = run(agent, "check", "--service", "no-such-service", STATE_DIRECTORY=str(tmp_path))
    assert again.returncode == 0
    assert "though nothing is proved" in again.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "--service", "../x"), "trading-hosts-agent: --service '../x': is no name of a service"),
        (("override", "--for", "2d", "--reason", "why"), "trading-hosts-agent: --for '2d': is no time"),
        (("override", "--for", "2h", "--reason", ""), "trading-hosts-agent: --reason: says nothing"),
        (("override", "--for", "2h"), "the following arguments are required: --reason"),
        (("unknown",), "invalid choice: 'unknown'"),
        ((), "the following arguments are required: COMMAND"),
    ],
)
def test_wrong_use_gets_a_sentence(agent: Path, words: tuple[str, ...], said: str) -> None:
    done = run(agent, *words)
    assert done.returncode in (2, 64)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_journal_gets_levels_and_a_terminal_does_not(agent: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-IB", str(agent), "check", "--service", "no-such-service"]
    with (tmp_path / "journal").open("w+") as file:
        status = os.fstat(file.fileno())
        stream = f"{status.st_dev}:{status.st_ino}"
        subprocess.run(words, stderr=file, check=False, env={"JOURNAL_STREAM": stream})
        subprocess.run(words, stderr=file, check=False, env={"JOURNAL_STREAM": "1:1"})
        file.seek(0)
        told = [line[:4] for line in file.read().splitlines()]
    assert told == ["<3>t", "trad"]
