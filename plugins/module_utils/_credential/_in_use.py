# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who runs from a credential, and who still uses a file: asked of what runs, not of what was meant. Private."""

from __future__ import annotations

import hmac
import os
import typing as t

from .._redact import one_line
from ._files import AGE, MAX_CONTENT
from ._run import Runner, run

_SERVICE = ".service"
_MOST_BYTES = 256 * 1024
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: How a process that has ended meanwhile answers. Any other refusal leaves open what it does.
_ENDED = (FileNotFoundError, ProcessLookupError)


def running(*, unit: str, runner: Runner = run) -> list[str]:
    """Return the services that run now of this unit, by the names that systemd has for them.

    It is itself, by whichever of its names; of a template its instances.
    """
    units = [unit]
    if unit.endswith(f"@{_SERVICE}"):
        instances = f"{unit[: -len(_SERVICE)]}*{_SERVICE}"
        done = runner(argv=["systemctl", "list-units", "--plain", "--no-legend", "--full", "--state=active", instances])
        units = [line.split()[0] for line in done.stdout.decode("utf-8", "replace").splitlines() if line.split()]
    return [name for each in units if (name := _active(each, runner=runner)) is not None]


def _active(unit: str, *, runner: Runner) -> str | None:
    done = runner(argv=["systemctl", "show", "--property=Id,ActiveState", unit])
    told = dict(line.partition("=")[::2] for line in done.stdout.decode("utf-8", "replace").splitlines())
    return told.get("Id") if done.rc == 0 and told.get("ActiveState") == "active" else None


def was_given(*, unit: str, name: str, store: str, content: bytes, runtime: str = "/run") -> str | None:
    """Return why it is not proved that a running service has this credential with this content, ``None`` where it is.

    What a service was given at its start lies in memory as long as it runs. Where that is the content of today, the
    service has started since, whatever its unit says.
    """
    given = f"{unit[: -len(_SERVICE)]}-credentials" if store == AGE else os.path.join("credentials", unit)
    try:
        descriptor = os.open(os.path.join(runtime, given, name), _FLAGS)
        with os.fdopen(descriptor, "rb") as file:
            found = file.read(MAX_CONTENT + 1)
    except OSError:
        return f"{unit} runs, but was not given {name} at its start; restart it"
    if not hmac.compare_digest(found, content):
        return f"{unit} runs with an older content of {name}; restart it"
    return None


def opened_by(*, status: os.stat_result, proc: str = "/proc") -> list[str]:
    """Return the processes that have this file open; raises ``OSError`` where one may not be looked at."""
    return [_told(base) for base in _processes(proc) if _has_open(base, status)]


def _has_open(base: str, status: os.stat_result) -> bool:
    try:
        for name in os.listdir(f"{base}/fd"):
            try:
                found = os.stat(f"{base}/fd/{name}")
            except OSError:
                continue  # it was closed meanwhile
            if (found.st_dev, found.st_ino) == (status.st_dev, status.st_ino):
                return True
    except _ENDED:
        return False
    return False


def named_by(*, path: str, besides: t.Collection[str], proc: str = "/proc") -> list[str]:
    """Return the processes that name this file on their command line, but those of the units ``besides``.

    Raises ``OSError`` where one may not be looked at.
    """
    return [_told(base) for base in _processes(proc) if _names(base, path) and not _is_of(base, besides)]


def _processes(proc: str) -> t.Iterator[str]:
    own = (os.getpid(), os.getppid())
    for name in os.listdir(proc):
        if name.isdigit() and int(name) not in own:
            yield f"{proc}/{name}"


def _names(base: str, path: str) -> bool:
    try:
        words = os.fsdecode(_read(f"{base}/cmdline")).split("\0")
    except _ENDED:
        return False
    try:
        where = os.readlink(f"{base}/cwd")
    except _ENDED:
        return False
    except OSError:
        # Where it runs may not be seen, so a word that ends as the path does may be the file.
        if any(word.endswith(os.path.basename(path)) for word in words):
            raise
        where = "/"
    for word in words:
        # As a word of its own, or behind an option: --config=path.
        for given in (word, word.partition("=")[2]):
            if given and os.path.realpath(os.path.join(where, given)) == path:
                return True
    return False


def _is_of(base: str, units: t.Collection[str]) -> bool:
    try:
        groups = _read(f"{base}/cgroup").decode("utf-8", "replace")
    except OSError:
        return False
    return any(unit in line.split("/") for line in groups.splitlines() for unit in units)


def _told(base: str) -> str:
    try:
        program = one_line(_read(f"{base}/comm").decode("utf-8", "replace"), limit=32)
    except OSError:
        program = "ended"
    return f"{os.path.basename(base)} ({program})"


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(_MOST_BYTES)
