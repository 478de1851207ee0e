# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs stages, some at a time, shows progress, and ends in a table and one line of counts."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from . import tree

# A command that hangs must not hang the run. The longest stage, the lab, takes about half of this.
LONGEST_COMMAND_SECONDS = 1500
# What an interrupted command gets to clean up after itself: the lab stops its hosts in that time.
CLEAN_UP_SECONDS = 60
SECONDS_BETWEEN_SIGNS_OF_LIFE = 60
LINES_OF_A_FAILURE = 80


@dataclasses.dataclass(frozen=True, kw_only=True)
class Done:
    """What a stage found: checks that passed and failed, and one line for the table."""

    passed: int = 1
    failed: int = 0
    detail: str = ""


class StageFailed(Exception):
    """A stage found a defect. The text is one line for the table."""


class CannotRun(Exception):
    """This machine lacks what the stage needs. The text says what."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stage:
    """One thing that is run. `groups` are the names by which several stages are chosen at once."""

    name: str
    groups: tuple[str, ...]
    work: Callable[[Workplace], Done]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a stage. `done` is absent when it could not run."""

    stage: Stage
    done: Done | None
    detail: str
    seconds: float


class Processes:
    """The commands that run now. Ends them all, with what they started, when the run is interrupted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def call(self, words: Sequence[str], *, cwd: Path, environment: Mapping[str, str], output: IO[bytes]) -> int:
        """Run one command and return its exit status. Raises `StageFailed` when it does not end in time."""
        with self._lock:
            if self._stopped:
                raise CannotRun("interrupted")
            process = subprocess.Popen(
                words,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
        try:
            return process.wait(timeout=LONGEST_COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            _end(process)
            raise StageFailed(f"did not end within {LONGEST_COMMAND_SECONDS} seconds") from None
        finally:
            with self._lock:
                self._running.discard(process)

    def stop(self) -> None:
        """End every command, and let none begin."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a command and what it started to end, as Ctrl-C would, and insist when it does not."""
    for signal_, seconds in ((signal.SIGINT, CLEAN_UP_SECONDS), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, signal_)
            process.wait(timeout=seconds)
            return


@dataclasses.dataclass(frozen=True, kw_only=True)
class Workplace:
    """What a stage works with: a copy of the checkout as an installed collection, a cache, and a log."""

    collection: Path
    cache: Path
    log: Path
    processes: Processes

    def attempt(
        self, *command: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Run a command, in the copied collection by default. Returns its exit status and all it printed."""
        words = [str(word) for word in command]
        settings = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
            **(environment or {}),
        }
        with self.log.open("ab+") as log:
            log.write(f"$ {' '.join(words)}\n".encode())
            log.flush()
            began = log.tell()
            status = self.processes.call(words, cwd=cwd or self.collection, environment=settings, output=log)
            log.seek(began)
            return status, log.read().decode(errors="replace")

    def call(self, *command: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
        """Run a command and return all it printed. Raises `StageFailed` when it fails."""
        status, output = self.attempt(*command, cwd=cwd, environment=environment)
        if status:
            last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "no output")
            raise StageFailed(f"{Path(command[0]).name} ended with status {status}: {last[:120]}")
        return output

    def pytest(self, python: str | Path, directory: str | Path, *options: str) -> Done:
        """Run a directory's tests, with this interpreter's programs on PATH, and count them.

        Raises `CannotRun` when there is no such test.
        """
        if not (self.collection / directory).exists():
            raise CannotRun("there is no such test yet")
        status, output = self.attempt(
            *(python, "-m", "pytest", "-p", "no:cacheprovider", directory, *options),
            environment={"PATH": f"{Path(python).parent}:{os.environ['PATH']}"},
        )
        counts = dict.fromkeys(("passed", "failed", "error", "skipped", "xfailed"), 0)
        summary = re.findall(r"^=*\s*((?:\d+ \w+(?:, )?)+) in [\d.]+s", output, flags=re.MULTILINE)
        for count, word in re.findall(r"(\d+) (\w+)", summary[-1]) if summary else ():
            counts[word.removesuffix("s") if word == "errors" else word] = int(count)
        if status == 5:
            raise CannotRun("there is no such test yet")
        bad = counts["failed"] + counts["error"]
        skipped = counts["skipped"] + counts["xfailed"]
        if skipped:
            return Done(passed=counts["passed"], failed=bad + skipped, detail=f"{skipped} tests were skipped")
        if status and not bad:
            raise StageFailed(f"pytest ended with status {status}")
        return Done(passed=counts["passed"], failed=bad, detail=f"{counts['passed']} tests passed, {bad} failed")


def run(*, stages: Sequence[Stage], at_once: int) -> int:
    """Run the stages, longest first as they are listed. Returns the exit status."""
    began = time.monotonic()
    processes = Processes()
    with tree.copies() as copies:
        logs = copies.cache / "logs"
        logs.mkdir(exist_ok=True)
        _say(began, f"{len(stages)} stages, {at_once} at a time. Their logs are in {logs}")

        def work(stage: Stage) -> Outcome:
            log = logs / f"{stage.name}.log"
            log.unlink(missing_ok=True)
            place = Workplace(
                collection=copies.collection_for(stage.name), cache=copies.cache, log=log, processes=processes
            )
            return _work(stage, place=place, began=began)

        with concurrent.futures.ThreadPoolExecutor(max_workers=at_once) as pool:
            futures = {pool.submit(work, stage): stage for stage in stages}
            try:
                outcomes = list(_as_they_end(futures, began=began))
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                _say(began, "interrupted; ending what runs")
                processes.stop()
                return 130
    return _report(sorted(outcomes, key=lambda outcome: stages.index(outcome.stage)), began=began)


def _as_they_end(futures: Mapping[concurrent.futures.Future[Outcome], Stage], *, began: float) -> Iterator[Outcome]:
    """Yield outcomes as they come, with a sign of life when none comes for a while."""
    left = set(futures)
    while left:
        ended, left = concurrent.futures.wait(
            left, timeout=SECONDS_BETWEEN_SIGNS_OF_LIFE, return_when=concurrent.futures.FIRST_COMPLETED
        )
        if not ended:
            _say(began, "running: " + ", ".join(futures[future].name for future in left if future.running()))
        for future in ended:
            yield future.result()


def _work(stage: Stage, *, place: Workplace, began: float) -> Outcome:
    _say(began, f"{stage.name}: started")
    stage_began = time.monotonic()
    done: Done | None
    try:
        done = stage.work(place)
        detail = done.detail
    except CannotRun as reason:
        done, detail = None, str(reason)
    except StageFailed as reason:
        done, detail = Done(passed=0, failed=1), str(reason)
    except Exception as defect:  # A defect of a stage must not hide what the other stages find.
        with place.log.open("a") as log:
            traceback.print_exception(defect, file=log)
        done, detail = Done(passed=0, failed=1), f"the stage itself broke: {defect!r}"
    outcome = Outcome(stage=stage, done=done, detail=detail, seconds=time.monotonic() - stage_began)
    text = f"{stage.name}: {_word(outcome)} after {outcome.seconds:.0f} s" + (f": {detail}" if detail else "")
    if done and done.failed and place.log.exists():
        lines = place.log.read_text(errors="replace").splitlines()
        tail = "\n".join(f"    {line}" for line in lines[-LINES_OF_A_FAILURE:])
        text += f"\n{tail}\n    (all of it: {place.log})"
    _say(began, text)
    return outcome


def _word(outcome: Outcome) -> str:
    if outcome.done is None:
        return "not run"
    return "FAILED" if outcome.done.failed else "passed"


def _report(outcomes: Sequence[Outcome], *, began: float) -> int:
    width = max((len(outcome.stage.name) for outcome in outcomes), default=0)
    print()
    for outcome in outcomes:
        print(f"{outcome.stage.name:{width}}  {_word(outcome):7}  {outcome.seconds:4.0f} s  {outcome.detail}")
    passed = sum(outcome.done.passed for outcome in outcomes if outcome.done)
    failed = sum(outcome.done.failed for outcome in outcomes if outcome.done)
    not_run = [outcome.stage.name for outcome in outcomes if outcome.done is None]
    print()
    print(f"Took {(time.monotonic() - began) / 60:.1f} minutes.")
    if not_run:
        print(f"Not run here: {', '.join(not_run)}. The table says why.")
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


_saying = threading.Lock()


def _say(began: float, text: str) -> None:
    with _saying:
        print(f"[{time.monotonic() - began:4.0f} s] {text}", flush=True)
