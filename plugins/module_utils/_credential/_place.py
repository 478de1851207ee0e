# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Placing and removing credentials: compare, encrypt, prove, replace. Private: no interface for other collections.

The order is what makes a run safe to kill at any instant: everything is examined first, then every new credential is
written beside the old one, flushed and proved by decrypting it, and only then are they renamed into place.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hmac
import os
import stat
import typing as t
from concurrent.futures import ThreadPoolExecutor

from .._errors import StoreError
from . import _writer
from ._formats import field_names
from ._machine_id import ABSENT, guard
from ._request import Request
from ._systemd import MAX_FILE, NULL_KEY, SystemdStore, UndecryptableError, key_fits, key_type, load_directive

FAIL = "fail"
REPLACE = "replace"

#: Reasons for which a credential is encrypted anew; ``mode`` and ``owner`` are put right on the file as it is.
_REWRITE = frozenset(("absent", "undecryptable", "name", "content", "key_type"))
#: Enough to keep two cores busy; more only adds memory.
_WORKERS = 4

_T = t.TypeVar("_T")
_R = t.TypeVar("_R")


@dataclasses.dataclass(frozen=True)
class Side:
    """One side of a diff: what may be told of a credential without telling its content."""

    state: str
    key_type: str | None = None
    fields: t.Sequence[str] = ()
    mode: str | None = None
    owner: int | None = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode would be done, with one credential.

    ``reasons`` are some of ``absent``, ``undecryptable``, ``name``, ``content``, ``key_type``, ``mode``, ``owner``
    and ``removed``.
    ``content_changed`` is true when a service that loads it gets another content than before.
    """

    name: str
    path: str
    reasons: t.Sequence[str]
    content_changed: bool
    before: Side
    after: Side

    def result(self) -> dict[str, t.Any]:
        """Return the entry for the module's result."""
        present = self.after.state == "present"
        return {
            "name": self.name,
            "path": self.path,
            "state": self.after.state,
            "changed": bool(self.reasons),
            "changed_reasons": list(self.reasons),
            "content_changed": self.content_changed,
            "key_type": self.after.key_type,
            "load_directive": load_directive(name=self.name, path=self.path) if present else None,
        }

    def diff(self) -> dict[str, t.Any]:
        """Return the diff: names and key types, never a value."""
        sides = {"before": self.before, "after": self.after}
        return {f"{side}_header": self.path for side in sides} | {side: _shown(what) for side, what in sides.items()}


@dataclasses.dataclass(frozen=True)
class Placer:
    """Brings the credentials of one directory into the wanted state. ``uid`` and ``gid`` own directory and files."""

    directory: str
    store: SystemdStore = dataclasses.field(default_factory=SystemdStore)
    on_undecryptable: str = FAIL
    uid: int = 0
    gid: int = 0

    def run(self, *, requests: t.Sequence[Request], check_mode: bool) -> list[Outcome]:
        """Place and remove; in check mode only tell. Raises :class:`StoreError`; nothing was changed then."""
        exists = _writer.check_directory(directory=self.directory, owner_uid=self.uid)
        wanted = [request for request in requests if request.content is not None]
        if wanted:
            self._guard(exists=exists)
        if check_mode:
            outcomes = self._examine(requests)
            return self._predict(requests=requests, outcomes=outcomes)
        if not exists:
            if not wanted:
                return self._examine(requests)
            _writer.make_directory(directory=self.directory)
        with _writer.locked(directory=self.directory):
            _writer.remove_leftovers(directory=self.directory)
            outcomes = self._examine(requests)
            return self._apply(requests=requests, outcomes=outcomes)

    def content(self, name: str) -> bytes | None:
        """Return what a credential of the directory holds, or ``None`` where there is none."""
        path = os.path.join(self.directory, name)
        read = read_file(path=path)
        return None if read is None else self.store.decrypt(name=name, path=path, encrypted=read[0])

    def _guard(self, *, exists: bool) -> None:
        names = sorted(os.listdir(self.directory)) if exists else []
        at_stake = [os.path.join(self.directory, name) for name in names if not name.startswith(".")]
        guard(host_key=self.store.host_key(), at_stake=at_stake)

    def _examine(self, requests: t.Sequence[Request]) -> list[Outcome]:
        return in_parallel(self._examine_one, requests)

    def _examine_one(self, request: Request) -> Outcome:
        path = os.path.join(self.directory, request.name)
        current = read_file(path=path)
        if current is None:
            before = Side("absent")
            reasons: list[str] = [] if request.content is None else ["absent"]
            return self._outcome(request, path=path, reasons=reasons, content_changed=bool(reasons), before=before)
        encrypted, status = current
        before = Side(
            "present",
            key_type=key_type(encrypted=encrypted),
            mode=f"{stat.S_IMODE(status.st_mode):04o}",
            owner=status.st_uid,
        )
        if request.content is None:
            return self._outcome(request, path=path, reasons=["removed"], content_changed=False, before=before)
        reasons, old = self._compare(request, path=path, encrypted=encrypted)
        if stat.S_IMODE(status.st_mode) != _writer.FILE_MODE:
            reasons.append("mode")
        if (status.st_uid, status.st_gid) != (self.uid, self.gid):
            reasons.append("owner")
        before = dataclasses.replace(before, fields=field_names(content=old) if old is not None else ())
        content_changed = old is None or "content" in reasons
        return self._outcome(request, path=path, reasons=reasons, content_changed=content_changed, before=before)

    def _compare(self, request: Request, *, path: str, encrypted: bytes) -> tuple[list[str], bytes | None]:
        """Return why the credential must be encrypted anew, and its present content where it can be trusted."""
        found = key_type(encrypted=encrypted)
        if found == NULL_KEY:  # anybody can have made it: its content counts for nothing
            return ["key_type"], None
        reasons = []
        try:
            try:
                old = self.store.decrypt(name=request.name, path=path, encrypted=encrypted)
            except UndecryptableError as error:
                if error.embedded_name is None:
                    raise
                reasons.append("name")
                old = self.store.decrypt(name=request.name, path=path, encrypted=encrypted, any_name=True)
        except UndecryptableError:
            if self.on_undecryptable == FAIL:
                raise
            return ["undecryptable"], None
        if not hmac.compare_digest(old, request.content or b""):
            if request.keep:  # another run came first
                return [], old
            reasons.append("content")
        if not key_fits(wanted=request.with_key, found=found):
            reasons.append("key_type")
        return reasons, old

    def _outcome(
        self, request: Request, *, path: str, reasons: t.Sequence[str], content_changed: bool, before: Side
    ) -> Outcome:
        after = Side("absent")
        if request.content is not None:
            fields = field_names(content=request.content)
            after = Side(
                "present", key_type=before.key_type, fields=fields, mode=f"{_writer.FILE_MODE:04o}", owner=self.uid
            )
        return Outcome(
            name=request.name,
            path=path,
            reasons=tuple(reasons),
            content_changed=content_changed,
            before=before,
            after=after,
        )

    def _predict(self, *, requests: t.Sequence[Request], outcomes: t.Sequence[Outcome]) -> list[Outcome]:
        """Fill in the key types that an encryption would give, which also proves that it could be done."""
        rewritten = {r.with_key for r, o in zip(requests, outcomes) if _REWRITE.intersection(o.reasons)}
        types = {with_key: self.store.predict_key_type(with_key=with_key) for with_key in sorted(rewritten)}
        return [
            _with_key_type(outcome, types[request.with_key]) if _REWRITE.intersection(outcome.reasons) else outcome
            for request, outcome in zip(requests, outcomes)
        ]

    def _apply(self, *, requests: t.Sequence[Request], outcomes: t.Sequence[Outcome]) -> list[Outcome]:
        rewrites = [(r, o) for r, o in zip(requests, outcomes) if _REWRITE.intersection(o.reasons)]
        staged: dict[str, tuple[str, str]] = {}

        def stage(pair: tuple[Request, Outcome]) -> None:
            request, outcome = pair
            staged[outcome.path] = self._stage(request, outcome=outcome)

        try:
            # The first encryption on a host makes the host key: let one do that before the others look at it.
            alone = 1 if self.store.host_key().state == ABSENT else 0
            in_parallel(stage, rewrites[:alone])
            in_parallel(stage, rewrites[alone:])
            for path, (temporary, _key_type) in staged.items():
                _writer.commit(staged=temporary, path=path)
        except BaseException:
            for temporary, _key_type in list(staged.values()):
                _writer.discard(path=temporary)
            raise
        for outcome in outcomes:
            if "removed" in outcome.reasons:
                _remove(outcome.path)
            elif outcome.reasons and outcome.path not in staged:
                self._put_right(outcome.path)
        if any(outcome.reasons for outcome in outcomes):
            _writer.sync_directory(directory=self.directory)
        return [_with_key_type(o, staged[o.path][1]) if o.path in staged else o for o in outcomes]

    def _stage(self, request: Request, *, outcome: Outcome) -> tuple[str, str]:
        """Write the new credential beside the old one, prove that it decrypts, and return its path and key type.

        The file's time is the time of its content: where only the key type differs the old time stays, so that a
        service needs a restart exactly when a credential is younger than its last start.
        """
        content = request.content or b""
        modified_ns = None if outcome.content_changed else os.stat(outcome.path).st_mtime_ns
        encrypted = self.store.encrypt(name=request.name, content=content, with_key=request.with_key)
        temporary = _writer.stage(
            directory=self.directory,
            name=request.name,
            content=encrypted,
            uid=self.uid,
            gid=self.gid,
            modified_ns=modified_ns,
        )
        try:
            proved = self.store.decrypt(name=request.name, path=temporary, encrypted=encrypted)
            if not hmac.compare_digest(proved, content):
                raise StoreError(
                    f"The new credential {request.name} did not decrypt to what was given; the old one is untouched."
                )
        except BaseException:
            _writer.discard(path=temporary)
            raise
        return temporary, key_type(encrypted=encrypted)

    def _put_right(self, path: str) -> None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                os.fchown(descriptor, self.uid, self.gid)
                os.fchmod(descriptor, _writer.FILE_MODE)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _writer.file_error(error=error, path=path) from None


def read_file(*, path: str) -> tuple[bytes, os.stat_result] | None:
    """Return the text and the status of a credential file, or None where there is none.

    Raises :class:`StoreError` where it is not a plain file or too big to be a credential.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if os.path.islink(path):
            raise StoreError(
                f"{path} is a symbolic link, not a credential file; remove it or choose another name."
            ) from None
        raise _writer.file_error(error=error, path=path) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise StoreError(f"{path} is not a plain file, so not a credential; remove it or choose another name.")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(MAX_FILE + 1)
    finally:
        os.close(descriptor)
    if len(content) > MAX_FILE:
        raise StoreError(f"{path} is too big to be a credential; remove it or choose another name.")
    return content, status


def in_parallel(work: t.Callable[[_T], _R], arguments: t.Sequence[_T]) -> list[_R]:
    """Return ``work`` of each argument, in order, by a few threads: they wait for programs and disks.

    What was begun has ended when this returns or raises the first error.
    """
    if not arguments:
        return []
    with ThreadPoolExecutor(max_workers=min(_WORKERS, len(arguments))) as pool:
        return list(pool.map(work, arguments))


def _remove(path: str) -> None:
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    except OSError as error:
        raise _writer.file_error(error=error, path=path) from None


def _with_key_type(outcome: Outcome, found: str) -> Outcome:
    return dataclasses.replace(outcome, after=dataclasses.replace(outcome.after, key_type=found))


def _shown(side: Side) -> dict[str, t.Any]:
    return {
        key: value for key, value in dataclasses.asdict(side).items() if value is not None and value not in ((), [])
    }
