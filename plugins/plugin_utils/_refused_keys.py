# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One bad key on many hosts is asked for once. Private: not an interface for other collections.

Exchanges count refused keys by account and by address, and lock both. Hosts of one run may share a key, and the address
that the exchange sees. So the controller remembers for the time of one run which keys were refused, and where an
exchange asked for silence.

Ansible's workers are processes, forked for each task of each host. What they share is a file for each key in Ansible's
own directory of this run, which only its user can read and which is removed at the end. Its name is the key's mark: an
HMAC of its id under a random secret that is made before the workers are forked, and is never written. Of a credential
that lies on a host, the host tells the mark before anything is asked. A lock on the file lets the hosts ask with that
key one after the other; hosts with other keys do not wait.

Where an exchange locks an account for refused keys, whichever they are, a run has only a few of them refused. Keys that
must be dead are refused when all is well, so hosts ask there with those one after the other.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import re
import secrets
import typing as t

from ..module_utils._exchanges._driver import wants_silence
from ..module_utils._exchanges._marks import mark
from ..module_utils._exchanges._registry import find
from ..module_utils._facts import Access

#: Made before Ansible forks its workers, so that all of them have the same.
RUN_SECRET = secrets.token_hex(32)

#: Answers that say nothing against the key when another host asks with it.
_OF_THE_HOST = frozenset(
    ("accepted", "ip_refused", "clock_skew", "unreachable", "rate_limited", "held_back", "not_asked")
)


@dataclasses.dataclass(frozen=True)
class AskedKey:
    """A key of a task. ``mark`` is what ``_marks.mark`` makes of its id; ``None`` where nobody told it.

    ``retired`` says that it must be dead, so that its exchange is expected to refuse it.
    """

    name: str
    exchange: str
    mark: str | None
    retired: bool = False


#: What a key was held back for: the same key was refused elsewhere, the exchange wants to be left alone, or it has
#: refused as many keys as one run may show it.
SAME_KEY, SILENCE, MANY = "same_key", "silence", "many"
_WHY = {
    SAME_KEY: "Not asked, because host {host} was refused with the same key in this run ({status}), and repeated"
    " refusals can lock the account. Mend the key first; then ask again.",
    SILENCE: "Not asked, because {exchange} asked host {host} for silence in this run, and this host may be seen from"
    " the same address. Ask again in half an hour.",
    MANY: "Not asked, because {exchange} refused {many} keys in this run, the last one of host {host}, and more of that"
    " can lock the account. Ask again in half an hour.",
}
_READ = {
    kind: re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>\\S+)", re.escape(text)), re.DOTALL) for kind, text in _WHY.items()
}


class HeldBack(t.NamedTuple):
    """Why a key was not asked about: the ``kind``, the host that was told no, and for a refused key its class."""

    kind: str
    host: str
    status: str | None


def why_held_back(next_step: str | None) -> HeldBack | None:
    """Return why a key was held back, by the ``next_step`` of its facts; ``None`` where it was not for another host."""
    for kind, pattern in _READ.items():
        found = pattern.fullmatch(next_step or "")
        if found is not None:
            told = found.groupdict()
            return HeldBack(kind, told["host"], told.get("status"))
    return None


def given_mark(*, exchange: str, api_key: str) -> str:
    """Return the mark of a key whose id the controller knows."""
    return mark(run_secret=RUN_SECRET, exchange=exchange, api_key=api_key)


class RefusedKeys:
    """What this run remembers, while the locks on a task's keys are held."""

    def __init__(self, *, directory: str, host: str, keys: t.Sequence[AskedKey], files: t.Mapping[str, int]) -> None:
        self._directory = directory
        self._host = host
        self._keys = {key.name: key for key in keys}
        self._files = files

    def held_back(self) -> dict[str, str]:
        """Return, by name of key, why this host must not ask with it. A host's own refusals hold nothing back."""
        found = {}
        for key in self._keys.values():
            silent = self._limited(key.exchange)
            refused = _read(self._files[key.mark]) if key.mark else ""
            by, _sep, status = refused.partition("\n")
            if silent and silent != self._host:
                found[key.name] = _WHY[SILENCE].format(exchange=key.exchange, host=silent)
            elif by and by != self._host:
                found[key.name] = _WHY[SAME_KEY].format(host=by, status=status)
            elif (most := _most(key.exchange)) is not None and len(many := self._counted(key.exchange)) >= most:
                last = list(many.values())[-1]
                found[key.name] = _WHY[MANY].format(exchange=key.exchange, many=len(many), host=last)
        return found

    def note(self, statuses: t.Mapping[str, tuple[str, str | None]]) -> None:
        """Remember the answers: status and code, by name of key."""
        for name, (status, code) in statuses.items():
            key = self._keys.get(name)
            if key is None:
                continue
            if wants_silence(Access(status, code)):
                self._limit(key.exchange)
            elif key.mark and status not in _OF_THE_HOST:
                _write(self._files[key.mark], f"{self._host}\n{status}")
            if status == "invalid_key" and _most(key.exchange) is not None:
                line = f"{key.mark or f'{self._host} {key.name}'}\t{self._host}\n"
                os.write(self._files[_count(key.exchange)], line.encode())

    def _counted(self, exchange: str) -> dict[str, str]:
        """Return which keys the exchange has refused, each with its last host."""
        lines = _read(self._files[_count(exchange)], most=1 << 20).splitlines()
        return {key: host for key, _tab, host in (line.partition("\t") for line in lines)}

    def _limited(self, exchange: str) -> str:
        try:
            with open(self._silence(exchange), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def _limit(self, exchange: str) -> None:
        # The first host's name stays.
        with contextlib.suppress(FileExistsError):
            handle = os.open(self._silence(exchange), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(self._host)

    def _silence(self, exchange: str) -> str:
        return os.path.join(self._directory, f"trading-hosts-silence-{given_mark(exchange=exchange, api_key='')}")


@contextlib.contextmanager
def refused_keys(*, directory: str, host: str, keys: t.Sequence[AskedKey]) -> t.Iterator[RefusedKeys]:
    """Wait until no other host of this run asks with one of these keys, and keep it so.

    ``directory`` is Ansible's directory of this run. Raises ``OSError`` where it cannot be written to.
    """
    files: dict[str, int] = {}
    try:
        # In one order everywhere, so that no two hosts wait for each other.
        for exchange in sorted({key.exchange for key in keys if _most(key.exchange) is not None}):
            path = os.path.join(directory, _count(exchange))
            files[_count(exchange)] = handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            if any(key.retired for key in keys if key.exchange == exchange):
                fcntl.flock(handle, fcntl.LOCK_EX)
        for name in sorted({key.mark for key in keys if key.mark}):
            path = os.path.join(directory, f"trading-hosts-key-{name}")
            files[name] = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(files[name], fcntl.LOCK_EX)
        yield RefusedKeys(directory=directory, host=host, keys=keys, files=files)
    finally:
        for handle in files.values():
            os.close(handle)


def _most(exchange: str) -> int | None:
    known = find(exchange)
    return None if known is None else known.most_refused()


def _count(exchange: str) -> str:
    return f"trading-hosts-refused-{exchange}"


def _read(handle: int, *, most: int = 4096) -> str:
    return os.pread(handle, most, 0).decode()


def _write(handle: int, text: str) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, text.encode(), 0)
