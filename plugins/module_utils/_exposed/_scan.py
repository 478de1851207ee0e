# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One scan of a host or of an inventory, as the module ``exposed_credential_info`` tells it. Private."""

from __future__ import annotations

import os
import re
import stat
import time
import typing as t

from .._credential._clear import MOST_BYTES, ClearKey, read_clear
from .._errors import InputError
from .._owner import group_name, user_name
from .._redact import mask_id, one_line
from .._swap import clear_swaps, is_safe
from . import _backups, _core_dumps, _git, _processes
from ._find import find, is_plausible, may_hold, path_names_trade
from ._walk import Bounds, Mounts, Seen, StoppedError, Tally, Walk, checkout_above

HOST = "host"
INVENTORY = "inventory"

#: The argument specification of the module ``exposed_credential_info``.
ARGUMENT_SPEC: dict[str, t.Any] = {
    "scope": {"type": "str", "choices": [HOST, INVENTORY], "default": HOST},
    "paths": {"type": "list", "elements": "path"},
    "exclude": {"type": "list", "elements": "path", "default": []},
    "timeout": {"type": "int", "default": 120},
    "max_files": {"type": "int", "default": 2_000_000},
    "max_file_bytes": {"type": "int", "default": 64 * 1024 * 1024},
    "facts_dir": {"type": "path"},
}

HOST_KEY = "/var/lib/systemd/credential.secret"
#: Top-level directories that hold the system's own programs, and what is in memory.
_SYSTEM = re.compile(r"s?bin|boot|dev|lib(?:x?32|64)?|lost\+found|proc|run|snap|sys|usr")
#: Of those, what people write to.
_MORE_ROOTS = (
    "/usr/local",
    os.path.join("/dev", "shm"),
    "/usr/lib/systemd/system",
    "/run/systemd/system",
    "/run/systemd/transient",
)
#: First what is likely, so that a scan that is cut short has seen it.
_FIRST = ("/root", "/home", "/opt", "/srv", "/etc")
#: Layers of container images, what can be fetched again, and logs, which have no end.
_LEFT_OUT = (
    "/var/cache",
    "/var/lib/apt",
    "/var/lib/containerd",
    "/var/lib/containers/storage/overlay",
    "/var/lib/docker/overlay2",
    "/var/lib/dpkg",
    "/var/lib/lxcfs",
    "/var/lib/snapd",
    "/var/log",
)
_MOST_FOUND = 500
_MOST_DUMPS = 100
_MOST_KEYS = 100
#: Reports cut longer names.
_MOST_NAME = 80

_HISTORY = re.compile(r"(?:^\.(?:\w+_history|lesshst|viminfo|histfile)|^fish_history|_history)$")
_UNIT = re.compile(r"/systemd/.*\.(?:service|socket|timer|mount|path|target|conf|slice|swap|env)$")
_ENVIRONMENT_FILE = re.compile(rb"^[ \t]*EnvironmentFile[ \t]*=[ \t]*-?\"?(/[^\s\"%*?\[]+)", re.MULTILINE)


def scan(
    *,
    scope: str,
    paths: t.Sequence[str] | None,
    exclude: t.Sequence[str],
    timeout: int,
    max_files: int,
    max_file_bytes: int,
) -> dict[str, t.Any]:
    """Return what the module documents. Raises ``InputError`` for an option that cannot be used."""
    for name, value in (("timeout", timeout), ("max_files", max_files), ("max_file_bytes", max_file_bytes)):
        if value < 1:
            raise InputError(field=name, value=str(value), problem="is no bound", mend="give 1 or more")
    for name, given in (("paths", paths or ()), ("exclude", exclude)):
        for path in given:
            if not path.startswith("/"):
                raise InputError(field=name, value=path, problem="is not an absolute path", mend="begin it with /")
    if scope == INVENTORY and not paths:
        raise InputError(
            field="paths",
            problem="is missing, and scope is inventory",
            mend="name the inventory's files or directories",
        )
    if paths:
        missing = [path for path in paths if not os.path.lexists(path)]
        if missing:
            raise InputError(field="paths", value=missing[0], problem="does not exist", mend="name what is there")
    begun = time.monotonic()
    work = _Scan(
        scope=scope,
        bounds=Bounds(deadline=begun + timeout, files=max_files, bytes_per_file=max_file_bytes),
        exclude=tuple(exclude) if paths else (*_LEFT_OUT, *exclude),
    )
    work.run([os.path.normpath(path) for path in paths] if paths else _roots())
    return work.result(seconds=time.monotonic() - begun)


def _roots() -> list[str]:
    top = sorted(f"/{name}" for name in os.listdir("/") if not _SYSTEM.fullmatch(name))
    first = [path for path in _FIRST if path in top]
    return [*first, *(path for path in top if path not in first), *_MORE_ROOTS]


class _Scan:
    """What one scan has found so far."""

    def __init__(self, *, scope: str, bounds: Bounds, exclude: t.Sequence[str]) -> None:
        self._scope = scope
        self._bounds = bounds
        self._found: list[dict[str, t.Any]] = []
        self._omitted = 0
        self._places: set[tuple[t.Any, ...]] = set()
        self._dumps: list[str] = []
        #: Each key that can be asked about, once, with the files that it is in, the newest first.
        self._keys: dict[tuple[str, str], list[tuple[float, str, ClearKey]]] = {}
        self._because: list[str] = []
        self._history = "not_read"
        self._environment_files: list[str] = []
        self._walk = Walk(
            bounds=bounds,
            mounts=Mounts.read(),
            worth=self._worth,
            look=self._look,
            dump=self._dump,
            exclude=exclude,
        )

    def _worth(self, lowered: bytes) -> bool:
        return may_hold(lowered) or (self._scope == HOST and b"environmentfile" in lowered)

    def run(self, roots: t.Sequence[str]) -> None:
        """Look everywhere, within the bounds; what is quick and likely comes first."""
        self._processes()
        try:
            for root in roots:
                self._walk.root(root)
            for path in self._environment_files:
                self._walk.root(path)
        except StoppedError:
            self._because.append(self._walk.tally.stopped or "a bound was reached")
        if self._scope == INVENTORY:
            self._git_history(roots)

    def _processes(self) -> None:
        found, closed = _processes.in_processes(environment=self._scope == HOST)
        if closed:
            self._because.append(f"{closed} processes could not be looked into")
        for each in found:
            self._add(
                kind=each.kind,
                pid=each.pid,
                program=one_line(each.program, limit=32),
                field=each.hit.field,
                exchanges=each.hit.exchanges,
                uid=each.uid,
                readable_by="others" if each.kind == _processes.COMMAND_LINE else "owner",
                from_credential=each.from_credential,
            )

    def _look(self, seen: Seen) -> None:
        path = seen.path
        if self._scope == HOST and _UNIT.search(path):
            for match in _ENVIRONMENT_FILE.finditer(seen.data):
                self._environment_files.append(os.fsdecode(match[1]))
        hits = find(seen.data, lowered=seen.lowered, first_line=seen.first_line, trade=path_names_trade(path))
        if not hits:
            return
        if self._scope == HOST and _kind(path) in ("file", "dotenv"):
            self._look_for_keys(seen)
        tracked = _git.is_tracked(path, checkout=seen.checkout) if seen.checkout else None
        for hit in hits:
            self._add(
                kind=_kind(path),
                path=path,
                line=hit.line,
                field=hit.field,
                exchanges=hit.exchanges,
                uid=seen.status.st_uid,
                gid=seen.status.st_gid,
                mode=seen.status.st_mode,
                readable_by=_readers(seen.status.st_mode, reachable=seen.reachable, path=path),
                git=None if seen.checkout is None else {True: "tracked", False: "untracked", None: "unknown"}[tracked],
            )

    def _look_for_keys(self, seen: Seen) -> None:
        # Only a file of which all is here, whose path is told as it is.
        if len(seen.data) != seen.status.st_size or len(seen.data) > MOST_BYTES or not _can_be_told(seen.path):
            return
        for key in read_clear(seen.data):
            secret = key.fields["secret"]
            if secret.startswith("-----BEGIN ") or is_plausible(secret.encode("utf-8", "replace")):
                places = self._keys.setdefault((key.exchange or key.spelled, key.fields["api_key"]), [])
                places.append((seen.status.st_mtime, seen.path, key))

    def _found_keys(self) -> list[dict[str, t.Any]]:
        """Return what can be said of each key without showing it; what was changed last comes first."""
        told: list[dict[str, t.Any]] = []
        newest = [sorted(places, key=lambda place: (-place[0], place[1])) for places in self._keys.values()]
        names: set[str] = set()
        for places in sorted(newest, key=lambda places: (-places[0][0], places[0][1]))[:_MOST_KEYS]:
            _changed, path, key = places[0]
            named = _name(f"{key.program} {path}{f' {key.entry}' if key.entry else ''}", taken=names)
            names.add(named)
            told.append(
                {
                    "name": named,
                    "program": key.program,
                    "path": path,
                    "entry": key.entry,
                    "exchange": key.exchange or "other",
                    "ccxt_id": key.spelled if key.exchange is None else None,
                    "region": key.region,
                    "spelled": key.spelled,
                    "masked_id": mask_id(key.fields["api_key"]),
                    "names": {field: one_line(name, limit=100) for field, name in key.names.items()},
                    "also_in": sorted({other for _at, other, _key in places} - {path})[:_MOST_KEYS],
                }
            )
        if len(newest) > len(told):
            self._because.append(f"{len(newest) - len(told)} more keys were found than are told")
        return told

    def _dump(self, path: str, _status: os.stat_result) -> None:
        if len(self._dumps) < _MOST_DUMPS:
            self._dumps.append(one_line(path, limit=400))

    def _git_history(self, roots: t.Sequence[str]) -> None:
        repositories: dict[str, None] = {}
        for root in roots:
            real = os.path.realpath(root)
            checkout = checkout_above(real if os.path.isdir(real) else os.path.dirname(real))
            if checkout is not None:
                repositories[checkout] = None
        # Others lie below: submodules, an inventory that is a checkout of its own.
        repositories.update(self._walk.tally.checkouts)
        if not repositories:
            self._history = "none"
            return
        self._history = "read"
        for repository in repositories:
            found, problem = _git.history(repository=repository, deadline=self._bounds.deadline, most=_MOST_FOUND)
            if problem:
                self._because.append(f"the history of {one_line(repository)}: {problem}")
                self._history = "partly_read"
            for each in found:
                self._add(
                    kind="git_history",
                    path=os.path.join(repository, each.path),
                    commit=each.commit,
                    line=each.hit.line,
                    field=each.hit.field,
                    exchanges=each.hit.exchanges,
                    git="history",
                )

    def _add(
        self,
        *,
        kind: str,
        field: str,
        exchanges: t.Sequence[str],
        path: str | None = None,
        line: int | None = None,
        pid: int | None = None,
        program: str | None = None,
        commit: str | None = None,
        uid: int | None = None,
        gid: int | None = None,
        mode: int | None = None,
        readable_by: str | None = None,
        git: str | None = None,
        from_credential: bool = False,
    ) -> None:
        place = (kind, path, line, pid, commit, field)
        if place in self._places:
            return  # seen twice where two pieces of a long file overlap
        if len(self._found) >= _MOST_FOUND:
            self._omitted += 1
            return
        self._places.add(place)
        self._found.append(
            {
                "kind": kind,
                "path": None if path is None else one_line(path, limit=400),
                "line": line,
                "pid": pid,
                "program": program,
                "commit": commit,
                "field": field,
                "exchanges": list(exchanges),
                "mode": None if mode is None else f"{stat.S_IMODE(mode):04o}",
                "owner": None if uid is None else user_name(uid),
                "group": None if gid is None else group_name(gid),
                "readable_by": readable_by,
                "git": git,
                "from_credential": from_credential,
            }
        )

    def result(self, *, seconds: float) -> dict[str, t.Any]:
        """Return everything as plain values."""
        tally = self._walk.tally
        found_keys = self._found_keys()
        because = [*self._because, *_cut_short(tally)]
        if self._omitted:
            because.append(f"{self._omitted} more places were found than are told")
        found = sorted(
            self._found, key=lambda each: (each["kind"], each["path"] or "", each["pid"] or 0, each["line"] or 0)
        )
        told: dict[str, t.Any] = {
            "exposed": found,
            "found_keys": found_keys,
            "scan": {
                "scope": self._scope,
                "complete": not because,
                "partial_because": because,
                "files": tally.files,
                "directories": tally.directories,
                "seconds": round(seconds, 1),
                "closed_mounts": sorted(one_line(path, limit=400) for path in tally.closed_mounts)[:100],
                "git_history": self._history,
            },
            "swap": None,
            "core_dumps": None,
            "backups": None,
            "host_key": None,
        }
        if self._scope == HOST:
            told.update(_memory_and_disk(self._dumps))
        return told


def _can_be_told(text: str) -> bool:
    # A brace could begin a template in somebody's playbook.
    return one_line(text, limit=400) == text and text.isprintable() and "{" not in text


def _name(text: str, *, taken: t.Collection[str]) -> str:
    """Return a name of a key that no other one has: of a long path its end."""
    shown = "".join(character if " " <= character <= "~" else "?" for character in text)
    for number in range(1, len(taken) + 2):
        behind = f" {number}" if number > 1 else ""
        room = _MOST_NAME - len(behind)
        program = shown.partition(" ")[0]
        short = shown if len(shown) <= room else f"{program} ...{shown[len(program) + 4 - room :]}"
        if f"{short}{behind}" not in taken:
            return f"{short}{behind}"
    raise ValueError("more names than keys")


def _cut_short(tally: Tally) -> t.Iterator[str]:
    if tally.cut:
        yield f"{tally.cut} files are longer than max_file_bytes, their ends were not read"
    if tally.unread:
        yield f"{tally.unread} files or directories could not be read"
    if tally.too_deep:
        yield f"{tally.too_deep} directories lie too deep"


def _memory_and_disk(dumps: t.Sequence[str]) -> dict[str, t.Any]:
    core = _core_dumps.core_dumps()
    present = os.path.exists(HOST_KEY)
    return {
        "swap": _swap(),
        "core_dumps": {
            "state": core.state,
            "why": one_line(core.why),
            "found": sorted({*dumps, *(one_line(path, limit=400) for path in _core_dumps.dumps_in_store())})[
                :_MOST_DUMPS
            ],
        },
        "backups": [
            {**each._asdict(), "path": one_line(each.path, limit=400), "program": one_line(each.program, limit=40)}
            for each in _backups.backups()
        ],
        "host_key": {"present": present, "disk_encrypted": is_safe(HOST_KEY) if present else None},
    }


def _swap() -> dict[str, t.Any]:
    try:
        with open("/proc/swaps", encoding="utf-8", errors="replace") as file:
            on = len(file.read().splitlines()) > 1
        clear = clear_swaps()
    except FileNotFoundError:
        on, clear = False, []
    except OSError:
        return {"state": "unknown", "in_clear": []}
    state = "unencrypted" if clear else "encrypted" if on else "off"
    return {"state": state, "in_clear": [one_line(path, limit=400) for path in clear]}


def _kind(path: str) -> str:
    name = os.path.basename(path)
    if _HISTORY.search(name):
        return "history"
    if _UNIT.search(path):
        return "unit"
    if path.endswith("/.git/config"):
        return "git_config"
    return "dotenv" if name == ".env" or name.startswith(".env.") or name.endswith(".env") else "file"


def _readers(mode: int, *, reachable: bool, path: str) -> str:
    # What a unit sets in the environment, systemd tells everybody on its bus.
    if (mode & stat.S_IROTH and reachable) or _UNIT.search(path):
        return "others"
    return "group" if mode & stat.S_IRGRP else "owner"
