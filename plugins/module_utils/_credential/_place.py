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
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

from .._errors import StoreError
from . import _writer
from ._files import AGE, NULL_KEY, UndecryptableError, file_path
from ._held import field_names, loses_keys
from ._reader import file_error, read_file
from ._request import ABSENT, PRESENT, SETTLED, Request
from ._store import Notes, Store, notes_path, read_notes
from ._systemd import SystemdStore
from ._units import Loads, loaded_by, loads_by_unit

FAIL = "fail"
REPLACE = "replace"

#: Reasons for which a credential is encrypted anew; ``mode`` and ``owner`` are put right on the file as it is.
_REWRITE = frozenset(("absent", "undecryptable", "name", "content", "key_type", "store", "recipients", "not_after"))
#: Enough to keep two cores busy; more only adds memory.
_WORKERS = 4

_T = t.TypeVar("_T")
_R = t.TypeVar("_R")


@dataclasses.dataclass(frozen=True)
class Side:
    """One side of a diff: what may be told of a credential without telling its content."""

    state: str
    store: str | None = None
    key_type: str | None = None
    recipients: t.Sequence[str] = ()
    not_after: str | None = None
    fields: t.Sequence[str] = ()
    mode: str | None = None
    owner: int | None = None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was done, or in check mode would be done, with one credential.

    ``reasons`` are some of ``absent``, ``undecryptable``, ``name``, ``content``, ``key_type``, ``store``,
    ``recipients``, ``not_after``, ``mode``, ``owner``, ``unused_copy`` and ``removed``.
    ``content_changed`` is true when a service that loads it gets another content than before.
    ``copies`` are files of it in other stores that go, ``kept`` those that stay because units load them.
    """

    name: str
    path: str
    reasons: t.Sequence[str]
    content_changed: bool
    before: Side
    after: Side
    directive: str | None = None
    copies: t.Sequence[str] = ()
    kept: t.Sequence[str] = ()
    #: The time to give the file, where its content is older than the file; in nanoseconds since 1970.
    modified_ns: int | None = dataclasses.field(default=None, compare=False)

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
            "store": self.after.store,
            "key_type": self.after.key_type,
            "recipients": list(self.after.recipients),
            "not_after": self.after.not_after,
            "content_changed_at": instant(self.modified_ns) if present and self.modified_ns is not None else None,
            "kept_for_units": list(self.kept),
            "load_directive": self.directive if present else None,
        }

    def diff(self) -> dict[str, t.Any]:
        """Return the diff: names and key types, never a value."""
        sides = {"before": self.before, "after": self.after}
        return {f"{side}_header": self.path for side in sides} | {side: _shown(what) for side, what in sides.items()}


@dataclasses.dataclass(frozen=True)
class Placer:
    """Brings the credentials of one directory into the wanted state. ``uid`` and ``gid`` own directory and files.

    ``store`` is where credentials shall be, ``others`` where they may still be. ``loads`` is what units load, by
    default the host's.
    """

    directory: str
    store: Store = dataclasses.field(default_factory=SystemdStore)
    on_undecryptable: str = FAIL
    uid: int = 0
    gid: int = 0
    others: t.Sequence[Store] = ()
    loads: Loads | None = None
    #: User and group of the files, where they are another's than the directory: that one's own manager reads them.
    reader: tuple[int, int] | None = None

    @property
    def _owner(self) -> tuple[int, int]:
        return self.reader or (self.uid, self.gid)

    def path(self, name: str) -> str:
        """Return the path of a credential's file in the store where it shall be."""
        return file_path(directory=self.directory, name=name, kind=self.store.kind)

    def run(self, *, requests: t.Sequence[Request], check_mode: bool) -> list[Outcome]:
        """Place and remove; in check mode only tell. Raises :class:`StoreError`; nothing was changed then."""
        exists = _writer.check_directory(directory=self.directory, owner_uid=self.uid)
        wanted = [request for request in requests if request.state == PRESENT]
        if wanted:
            self._guard(exists=exists)
        if check_mode:
            outcomes = self._examine(requests)
            return self._predict(requests=requests, outcomes=outcomes)
        if not exists:
            if not wanted:
                return self._examine(requests)
            _writer.make_directory(directory=self.directory, mode=0o755 if self.reader else _writer.DIRECTORY_MODE)
        with _writer.locked(directory=self.directory):
            _writer.remove_leftovers(directory=self.directory)
            outcomes = self._examine(requests)
            return self._apply(requests=requests, outcomes=outcomes)

    def content(self, name: str) -> bytes | None:
        """Return what a credential of the directory holds, in whichever store, or ``None`` where there is none."""
        found = [
            (store, where, read)
            for store in (self.store, *self.others)
            for where in [file_path(directory=self.directory, name=name, kind=store.kind)]
            for read in [read_file(path=where)]
            if read is not None
        ]
        if not found:
            return None
        store, where, (encrypted, _status) = max(found, key=lambda each: each[2][1].st_ctime_ns)
        return store.decrypt(name=name, path=where, encrypted=encrypted)

    def _guard(self, *, exists: bool) -> None:
        names = sorted(os.listdir(self.directory)) if exists else []
        at_stake = [os.path.join(self.directory, name) for name in names if not name.startswith(".")]
        self.store.guard(at_stake=at_stake, replace=self.on_undecryptable == REPLACE)

    def _examine(self, requests: t.Sequence[Request]) -> list[Outcome]:
        outcomes = in_parallel(self._examine_one, requests)
        if not any(outcome.copies for outcome in outcomes):
            return outcomes
        loads = loads_by_unit() if self.loads is None else self.loads
        return [self._decide_copies(outcome, state=r.state, loads=loads) for r, outcome in zip(requests, outcomes)]

    def _decide_copies(self, outcome: Outcome, *, state: str, loads: Loads) -> Outcome:
        """Tell which files in other stores can go: a service must start from what its unit names, whenever it does."""
        if state == ABSENT or not outcome.copies:
            return outcome
        kept = [path for path in outcome.copies if loaded_by(name=outcome.name, path=path, loads=loads)]
        go = [path for path in outcome.copies if path not in kept]
        reasons = [*outcome.reasons, *(["unused_copy"] if go and "store" not in outcome.reasons else [])]
        return dataclasses.replace(outcome, reasons=tuple(reasons), copies=tuple(go), kept=tuple(kept))

    def _examine_one(self, request: Request) -> Outcome:
        path = self.path(request.name)
        found = [
            (store, where, read)
            for store in (self.store, *self.others)
            for where in [file_path(directory=self.directory, name=request.name, kind=store.kind)]
            for read in [read_file(path=where)]
            if read is not None
        ]
        copies = tuple(where for store, where, _read in found if store is not self.store)
        if not found:
            if request.state == SETTLED:
                raise _not_settled(request.name, path=path)
            reasons = ["absent"] if request.state == PRESENT else []
            return self._outcome(request, reasons=reasons, content_changed=bool(reasons), before=Side("absent"))
        # The file that was put there last is the one that counts, should a move have been interrupted.
        store, where, (encrypted, status) = max(found, key=lambda each: (each[2][1].st_ctime_ns, each[0] is self.store))
        notes = read_notes(path=where, encrypted=encrypted)
        before = Side(
            "present",
            store=store.kind,
            key_type=store.key_type(encrypted=encrypted),
            recipients=notes.recipients,
            not_after=notes.not_after,
            mode=f"{stat.S_IMODE(status.st_mode):04o}",
            owner=status.st_uid,
        )
        if request.state == ABSENT:
            return self._outcome(request, reasons=["removed"], content_changed=False, before=before, copies=copies)
        if store is not self.store:
            if request.state == SETTLED:
                raise _not_settled(request.name, path=path)
            store.guard(at_stake=[where], replace=self.on_undecryptable == REPLACE)
        reasons, old = self._compare(request, store=store, path=where, encrypted=encrypted, notes=notes)
        if store is self.store and request.state == PRESENT:
            if stat.S_IMODE(status.st_mode) != _writer.FILE_MODE:
                reasons.append("mode")
            if (status.st_uid, status.st_gid) != self._owner:
                reasons.append("owner")
        before = dataclasses.replace(before, fields=field_names(content=old) if old is not None else ())
        content_changed = old is None or "content" in reasons
        return self._outcome(
            request,
            reasons=reasons,
            content_changed=content_changed,
            before=before,
            copies=copies,
            modified_ns=None if content_changed else status.st_mtime_ns,
        )

    def _compare(
        self, request: Request, *, store: Store, path: str, encrypted: bytes, notes: Notes
    ) -> tuple[list[str], bytes | None]:
        """Return why the credential must be encrypted anew, and its present content where it can be trusted."""
        moves = ["store"] if store is not self.store else []
        found = store.key_type(encrypted=encrypted)
        if found == NULL_KEY:  # anybody can have made it: its content counts for nothing
            return [*moves, "key_type"], None
        reasons = moves
        try:
            try:
                old = store.decrypt(name=request.name, path=path, encrypted=encrypted)
            except UndecryptableError as error:
                if error.embedded_name is None:
                    raise
                reasons.append("name")
                old = store.decrypt(name=request.name, path=path, encrypted=encrypted, any_name=True)
        except UndecryptableError:
            if self.on_undecryptable == FAIL or request.state == SETTLED:
                raise
            return [*moves, "undecryptable"], None
        same = hmac.compare_digest(old, request.content or b"")
        # What shall be kept and is not what was read before is what another run has placed meanwhile.
        if request.state == SETTLED or (request.keep and not same):
            return [], old
        if not same:
            _refuse_to_lose_keys(request, old=old, path=path)
            reasons.append("content")
        if not moves:
            if not store.key_fits(wanted=request.terms.with_key, found=found):
                reasons.append("key_type")
            if store.kind == AGE and not self._is_for_everybody(notes):
                reasons.append("recipients")
            if request.terms.not_after != notes.not_after:
                reasons.append("not_after")
        return reasons, old

    def _is_for_everybody(self, notes: Notes) -> bool:
        return set(notes.recipients) == set(self.store.everybody())

    def _outcome(
        self,
        request: Request,
        *,
        reasons: t.Sequence[str],
        content_changed: bool,
        before: Side,
        copies: t.Sequence[str] = (),
        modified_ns: int | None = None,
    ) -> Outcome:
        path = self.path(request.name)
        after = Side("absent")
        if request.state != ABSENT:
            fields = field_names(content=request.content) if request.content is not None else before.fields
            after = Side(
                "present",
                store=self.store.kind,
                key_type=before.key_type,
                recipients=before.recipients,
                not_after=request.terms.not_after if request.state == PRESENT else before.not_after,
                fields=fields,
                mode=f"{_writer.FILE_MODE:04o}",
                owner=self._owner[0],
            )
        return Outcome(
            name=request.name,
            path=path,
            reasons=tuple(reasons),
            content_changed=content_changed,
            before=before,
            after=after,
            directive=self.store.load_directive(name=request.name, path=path),
            copies=copies,
            modified_ns=modified_ns,
        )

    def _predict(self, *, requests: t.Sequence[Request], outcomes: t.Sequence[Outcome]) -> list[Outcome]:
        """Fill in the key types that an encryption would give, which also proves that it could be done."""
        rewritten = {r.terms for r, o in zip(requests, outcomes) if _REWRITE.intersection(o.reasons)}
        types = {terms: self.store.predict_key_type(terms=terms) for terms in sorted(rewritten, key=str)}
        return [
            self._as_written(outcome, key_type=types[request.terms])
            if _REWRITE.intersection(outcome.reasons)
            else outcome
            for request, outcome in zip(requests, outcomes)
        ]

    def _as_written(self, outcome: Outcome, *, key_type: str) -> Outcome:
        recipients = self.store.everybody()
        return dataclasses.replace(
            outcome, after=dataclasses.replace(outcome.after, key_type=key_type, recipients=recipients)
        )

    def _apply(self, *, requests: t.Sequence[Request], outcomes: t.Sequence[Outcome]) -> list[Outcome]:
        rewrites = [(r, o) for r, o in zip(requests, outcomes) if _REWRITE.intersection(o.reasons)]
        staged: dict[str, tuple[str, str]] = {}
        notes: dict[str, str] = {}

        def stage(pair: tuple[Request, Outcome]) -> None:
            request, outcome = pair
            staged[outcome.path] = self._stage(request, outcome=outcome, notes=notes)

        try:
            # The first encryption on a host makes the host's key: let one do that before the others look at it.
            alone = 1 if self.store.begins() else 0
            in_parallel(stage, rewrites[:alone])
            in_parallel(stage, rewrites[alone:])
            for _request, outcome in rewrites:
                # A service that has restarted by itself while this was proved has read the old content.
                _writer.commit(
                    staged=staged[outcome.path][0], path=outcome.path, begins_now=outcome.modified_ns is None
                )
            for path, temporary in notes.items():
                _writer.commit(staged=temporary, path=path)
        except BaseException:
            for temporary in [*(each for each, _key_type in list(staged.values())), *list(notes.values())]:
                _writer.discard(path=temporary)
            raise
        if staged and any(outcome.copies for outcome in outcomes):
            _writer.sync_directory(directory=self.directory)  # before the only other copy goes
        for path in staged:
            if notes_path(path=path) not in notes:
                _writer.discard(path=notes_path(path=path))
        self._clear_up([outcome for outcome in outcomes if outcome.reasons], staged=staged)
        return [self._as_placed(o, key_type=staged[o.path][1]) if o.path in staged else o for o in outcomes]

    def _as_placed(self, outcome: Outcome, *, key_type: str) -> Outcome:
        written = self._as_written(outcome, key_type=key_type)
        return dataclasses.replace(written, modified_ns=os.stat(outcome.path).st_mtime_ns)

    def _clear_up(self, outcomes: t.Sequence[Outcome], *, staged: t.Collection[str]) -> None:
        """Remove what has to go, and put modes and owners right."""
        for outcome in outcomes:
            if "removed" in outcome.reasons:
                _remove(outcome.path)
            elif outcome.path not in staged and {"mode", "owner"}.intersection(outcome.reasons):
                self._put_right(outcome.path)
            for path in outcome.copies:
                _remove(path)
        if outcomes:
            _writer.sync_directory(directory=self.directory)

    def _stage(self, request: Request, *, outcome: Outcome, notes: dict[str, str]) -> tuple[str, str]:
        """Write the new credential beside the old one, prove that it decrypts, and return its path and key type.

        The file's time is the time of its content: where only the key type differs the old time stays, so that a
        service needs a restart exactly when a credential is younger than its last start.
        """
        content = request.content or b""
        encrypted = self.store.encrypt(name=request.name, content=content, terms=request.terms)
        file_name = os.path.basename(outcome.path)
        temporary = _writer.stage(
            directory=self.directory,
            name=file_name,
            content=encrypted,
            uid=self._owner[0],
            gid=self._owner[1],
            modified_ns=outcome.modified_ns,
        )
        try:
            proved = self.store.decrypt(name=request.name, path=temporary, encrypted=encrypted)
            if not hmac.compare_digest(proved, content):
                raise StoreError(
                    f"The new credential {request.name} did not decrypt to what was given; the old one is untouched."
                )
            told = Notes(tuple(self.store.everybody()), request.terms.not_after)
            if told != Notes():
                notes[notes_path(path=outcome.path)] = _writer.stage(
                    directory=self.directory,
                    name=f"{file_name}.notes",
                    content=told.text(encrypted=encrypted),
                    uid=self.uid,
                    gid=self.gid,
                )
        except BaseException:
            _writer.discard(path=temporary)
            raise
        return temporary, self.store.key_type(encrypted=encrypted)

    def _put_right(self, path: str) -> None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                os.fchown(descriptor, *self._owner)
                os.fchmod(descriptor, _writer.FILE_MODE)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise file_error(error=error, path=path) from None


def in_parallel(work: t.Callable[[_T], _R], arguments: t.Sequence[_T]) -> list[_R]:
    """Return ``work`` of each argument, in order, by a few threads: they wait for programs and disks.

    What was begun has ended when this returns or raises the first error.
    """
    if not arguments:
        return []
    with ThreadPoolExecutor(max_workers=min(_WORKERS, len(arguments))) as pool:
        return list(pool.map(work, arguments))


def instant(nanoseconds: int) -> str:
    """Return ISO 8601 in UTC with microseconds, as precise as systemd tells when a service started."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1000:06d}Z"


def _remove(path: str) -> None:
    try:
        # The notes first: while any of it is left, the next run finds the file, and goes on.
        for each in (notes_path(path=path), path):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(each)
    except OSError as error:
        raise file_error(error=error, path=path) from None


def _refuse_to_lose_keys(request: Request, *, old: bytes, path: str) -> None:
    if request.grows and loses_keys(old=old, new=request.content or b""):
        raise StoreError(
            f"{path} holds a key that read_from does not find with the same values, so the file or the credential is "
            "out of date; nothing was changed; take the key out of the file, or place this one under another name."
        )


def _not_settled(name: str, *, path: str) -> StoreError:
    return StoreError(f"{name} is not at {path} yet, so no other copy of it was removed; place it there first.")


def _shown(side: Side) -> dict[str, t.Any]:
    return {
        key: value for key, value in dataclasses.asdict(side).items() if value is not None and value not in ((), [])
    }
