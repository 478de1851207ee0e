# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets in the environment and on the command line of running processes. Private to this collection."""

from __future__ import annotations

import os
import re
import typing as t

from ._find import Hit, find, may_hold

ENVIRONMENT = "environment"
COMMAND_LINE = "command_line"
_MOST_BYTES = 256 * 1024


class InProcess(t.NamedTuple):
    """A secret that a process has in its environment or on its command line."""

    pid: int
    program: str
    uid: int
    kind: str
    hit: Hit
    #: Whether the process has credentials of its service: its environment may have been made from them.
    from_credential: bool


def in_processes(*, proc: str = "/proc", environment: bool = True) -> tuple[list[InProcess], int]:
    """Return what was found in all processes, and how many could not be looked into.

    Without ``environment`` only command lines are read. A process that ends meanwhile had nothing.
    """
    found: list[InProcess] = []
    closed = 0
    for name in os.listdir(proc):
        if not name.isdigit():
            continue
        pid = int(name)
        base = f"{proc}/{name}"
        try:
            uid = os.stat(base).st_uid
            found += _look(base, pid=pid, uid=uid, kind=COMMAND_LINE)
            if environment:
                found += _look(base, pid=pid, uid=uid, kind=ENVIRONMENT)
        except PermissionError:
            closed += 1
        except OSError:
            continue
    return found, closed


def _look(base: str, *, pid: int, uid: int, kind: str) -> t.Iterator[InProcess]:
    data = _read(f"{base}/{'environ' if kind == ENVIRONMENT else 'cmdline'}")
    if not may_hold(data.lower()):
        return
    # An option and its value are two words of a command line; variables stand alone.
    text = data.replace(b"\0", b"\n" if kind == ENVIRONMENT else b" ")
    program = _read(f"{base}/comm").decode("utf-8", "replace").strip()
    loaded = kind == ENVIRONMENT and re.search(rb"(?:\A|\n)CREDENTIALS_DIRECTORY=/", text) is not None
    for hit in find(text):
        yield InProcess(pid, program, uid, kind, hit, loaded)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(_MOST_BYTES)
