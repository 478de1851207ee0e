# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test driver tells the truth: a failure, a skip and a thing that could not run are never a pass."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.run import engine, stages, tree
from tests.run.engine import CannotRun, Done, Stage, StageFailed, Workplace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(collection=tmp_path, cache=tmp_path, log=tmp_path / "log", processes=engine.Processes())


@pytest.fixture
def report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, list[str]]]:
    """Runs stages made of these functions. Returns the exit status and the printed lines."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / ".gitignore").write_text("/.venv*/\n__pycache__/\n*.pyc\n")
    monkeypatch.setattr(tree, "CHECKOUT", checkout)

    def run(*works: Callable[[Workplace], Done]) -> tuple[int, list[str]]:
        chosen = [Stage(name=work.__name__, groups=(), work=work) for work in works]
        status = engine.run(stages=chosen, at_once=2)
        return status, capsys.readouterr().out.splitlines()

    return run


def good(place: Workplace) -> Done:
    return Done(passed=3)


def bad(place: Workplace) -> Done:
    place.call("sh", "-c", "echo the reason; exit 3")
    return Done()


def broken(place: Workplace) -> Done:
    raise ZeroDivisionError("oh")


def absent(place: Workplace) -> Done:
    raise CannotRun("no such machine")


def test_all_pass(report: Callable[..., tuple[int, list[str]]]) -> None:
    status, lines = report(good)
    assert (status, lines[-1]) == (0, "3 passed, 0 failed")


@pytest.mark.parametrize(("work", "reason"), [(bad, "the reason"), (broken, "ZeroDivisionError")])
def test_a_failure_fails_the_run_and_shows_its_reason(
    report: Callable[..., tuple[int, list[str]]], work: Callable[[Workplace], Done], reason: str
) -> None:
    status, lines = report(good, work)
    assert (status, lines[-1]) == (1, "3 passed, 1 failed")
    assert any(reason in line for line in lines)


def test_what_cannot_run_is_named_with_its_reason(report: Callable[..., tuple[int, list[str]]]) -> None:
    status, lines = report(good, absent)
    assert (status, lines[-1]) == (0, "3 passed, 0 failed")
    assert "Not run here: absent. The table says why." in lines
    assert any(line.startswith("absent") and line.endswith("no such machine") for line in lines)


def test_a_run_of_nothing_is_no_success(report: Callable[..., tuple[int, list[str]]]) -> None:
    assert report(absent)[0] == 1


@pytest.mark.parametrize(
    ("tests", "passed", "failed"),
    [
        ("def test_a(): pass\ndef test_b(): pass", 2, 0),
        ("def test_a(): pass\ndef test_b(): assert False", 1, 1),
        ("import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip('later')", 1, 1),
        ("import pytest\n@pytest.fixture\ndef f(): raise OSError\ndef test_a(f): pass", 0, 1),
    ],
)
def test_pytest_is_counted(place: Workplace, tests: str, passed: int, failed: int) -> None:
    (place.collection / "test_it.py").write_text(textwrap.dedent(tests))
    done = place.pytest(sys.executable, "test_it.py")
    assert (done.passed, done.failed) == (passed, failed)


def test_pytest_without_tests_cannot_run(place: Workplace) -> None:
    for directory in (".", "absent"):
        with pytest.raises(CannotRun, match="no such test"):
            place.pytest(sys.executable, directory)


def test_pytest_that_does_not_start_fails(place: Workplace) -> None:
    with pytest.raises(StageFailed, match="status 4"):
        place.pytest(sys.executable, ".", "--no-such-option")


def test_the_copy_leaves_out_what_git_ignores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for name in (".venv/bin/python", ".venv-old/x", "a/__pycache__/b.pyc", "a/b.pyc", "a/b.py", "c/.venv/kept"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).touch()
    (checkout / ".gitignore").write_text("# comment\n/.venv*/\n__pycache__/\n*.pyc\n")
    monkeypatch.setattr(tree, "CHECKOUT", checkout)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with tree.copies() as copies:
        copy = copies.collection_for("units")
        copied = {str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()}
    assert copied == {".gitignore", "a/b.py", "c/.venv/kept"}


def test_two_runs_of_one_checkout_do_not_share_copies(
    report: Callable[..., tuple[int, list[str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    with tree.copies(), pytest.raises(SystemExit, match="under way"):
        report(good)


def test_every_python_of_a_supported_core_has_a_core() -> None:
    cores = stages.supported_cores()
    assert cores == tuple(sorted(cores, key=lambda core: [int(part) for part in core.version.split(".")], reverse=True))
    assert len({core.series for core in cores}) == len(cores)
    assert all(core.pythons for core in cores)
