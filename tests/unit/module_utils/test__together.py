# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several things at the same time, within a bounded time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._together import gather

WAIT = 30.0


def test_all_streams_run_at_the_same_time() -> None:
    # Each of them waits until all the others have come as far.
    together = threading.Barrier(5)

    def stream(name: int) -> Iterator[int]:
        together.wait(WAIT)
        yield name
        together.wait(WAIT)
        yield name * 10

    assert sorted(gather([stream(name) for name in range(1, 6)], seconds=WAIT)) == [1, 2, 3, 4, 5, 10, 20, 30, 40, 50]


def test_what_a_stream_gave_before_the_end_of_the_time_is_not_lost() -> None:
    release = threading.Event()

    def stuck() -> Iterator[str]:
        yield "first"
        release.wait(WAIT)
        yield "too late"

    began = time.monotonic()
    try:
        assert sorted(gather([stuck(), iter(["other"])], seconds=0.2)) == ["first", "other"]
    finally:
        release.set()
    assert time.monotonic() - began < WAIT / 2


def test_a_failure_is_raised_after_the_others_are_done_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    done = []
    failed = threading.Event()

    def bad() -> Iterator[int]:
        try:
            yield from ()
            raise LookupError("canary")
        finally:
            failed.set()

    def good() -> Iterator[int]:
        failed.wait(WAIT)
        done.append(1)
        yield 1

    with pytest.raises(LookupError):
        gather([bad(), good()], seconds=WAIT)
    assert done == [1]
    assert capfd.readouterr() == ("", "")


def test_nothing_to_do() -> None:
    assert gather([], seconds=WAIT) == []
