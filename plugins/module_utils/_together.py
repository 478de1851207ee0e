# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several things at the same time, within a bounded time. Private to this collection."""

from __future__ import annotations

import queue
import threading
import time
import typing as t

from ._errors import UNFORESEEN

T = t.TypeVar("T")


class _End:
    """A stream is at its end; ``failure`` is what ended it before its time."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure


def gather(streams: t.Iterable[t.Iterator[T]], *, seconds: float) -> list[T]:
    """Run each stream in a thread of its own; return what all of them gave, in the order in which it came.

    Returns when all are at their end. After ``seconds`` it returns what there is by then: the threads are daemons and
    are left behind, with whatever they hold, because a name server that never answers must not hold the play. What a
    stream raises is raised here, once the others are done; a thread prints nothing.
    """
    done: queue.Queue[T | _End] = queue.Queue()
    running = 0
    for stream in streams:
        threading.Thread(target=_run, args=(stream, done), daemon=True).start()
        running += 1
    ends = time.monotonic() + seconds
    given: list[T] = []
    failure: Exception | None = None
    while running:
        try:
            one = done.get(timeout=max(0.0, ends - time.monotonic()))
        except queue.Empty:
            break
        if isinstance(one, _End):
            running -= 1
            failure = failure or one.failure
        else:
            given.append(one)
    if failure is not None:
        raise failure
    return given


def _run(stream: t.Iterator[T], done: queue.Queue[T | _End]) -> None:
    end = _End()
    try:
        for one in stream:
            done.put(one)
    except UNFORESEEN as error:
        # Nothing of it may reach the standard error, which is where a thread's exception ends otherwise.
        end = _End(error)
    finally:
        done.put(end)
