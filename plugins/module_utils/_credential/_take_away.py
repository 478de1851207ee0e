# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removes keys in clear that a credential holds, when a service runs from that. Private: no interface for others.

At every instant the key is in the credential, which was opened just before, and the file is the old or the new one,
whole. What is not proved is held back, with the reason in one sentence.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import secrets
import stat
import typing as t

from .._errors import InputError, StoreError, TradingHostsError
from . import _writer
from ._age import AgeStore
from ._age_reader import IDENTITY
from ._clear import MOST_BYTES
from ._clear_file import FLAGS, descend
from ._files import AGE, DEFAULT_DIRECTORY, SYSTEMD, check_name
from ._held import keys_in
from ._in_use import named_by, opened_by, running, was_given
from ._inspect import inspect
from ._place import Placer
from ._reader import file_error
from ._run import Runner, run
from ._systemd import SystemdStore
from ._take_out import Left, take_out
from ._units import UNIT_DIRECTORIES, loads_by_unit, naming

FAIL = "fail"
REPORT = "report"

#: The argument specification of the module ``exposed_credential``.
ARGUMENT_SPEC: dict[str, t.Any] = {
    "credential": {"type": "str", "required": True},
    "files": {"type": "list", "elements": "path", "required": True},
    "service": {"type": "str"},
    "directory": {"type": "path", "default": DEFAULT_DIRECTORY},
    "age_identity": {"type": "path", "default": IDENTITY},
    "on_held_back": {"type": "str", "choices": [FAIL, REPORT], "default": FAIL},
}

_LEFTOVER = re.compile(r"\.trading-hosts\.[0-9a-f]{16}\.clear\.tmp")
_ACL = "system.posix_acl_access"
_UNIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,200}")


@dataclasses.dataclass(frozen=True)
class Here:
    """This host, and where it keeps what is asked of it."""

    directory: str
    systemd: SystemdStore
    age: AgeStore
    uid: int = 0
    gid: int = 0
    runner: Runner = run
    runtime: str = "/run"
    proc: str = "/proc"
    unit_directories: t.Sequence[str] = UNIT_DIRECTORIES


@dataclasses.dataclass(frozen=True)
class _Proof:
    """A credential that opens, the keys in it, and the units that are proved to run from it."""

    name: str
    keys: t.Sequence[t.Mapping[str, str]] = dataclasses.field(repr=False)
    loaded_by: tuple[str, ...]
    units: tuple[str, ...]
    problem: str | None


@dataclasses.dataclass(frozen=True)
class _File:
    """One file: what is to be left of it, or why nothing was done. ``state`` is what it is afterwards."""

    path: str
    state: str
    left: Left | None = None
    held_back: str | None = None
    seen: bytes = dataclasses.field(default=b"", repr=False)

    def result(self) -> dict[str, t.Any]:
        left = self.left or Left(b"")
        return {
            "path": self.path,
            "state": self.state,
            "changed": self.left is not None and self.held_back is None,
            "entries": list(left.entries),
            "fields": list(left.fields),
            "held_back": self.held_back,
        }

    def diff(self) -> dict[str, t.Any]:
        left = self.left or Left(b"")
        before = {"state": "in clear", "fields": list(left.fields)}
        return {
            "before_header": self.path,
            "after_header": self.path,
            "before": before,
            "after": {"state": self.state, "fields": []},
        }


def take_away(
    *,
    credential: str,
    files: t.Sequence[str],
    service: str | None,
    on_held_back: str,
    here: Here,
    check_mode: bool,
) -> dict[str, t.Any]:
    """Return what the module ``exposed_credential`` documents.

    Raises ``TradingHostsError`` before anything is changed where something is held back and that is a failure.
    """
    check_name(name=credential, field="credential")
    for path in files:
        if not path.startswith("/") or os.path.normpath(path) != path:
            raise InputError(field="files", value=path, problem="is no plain absolute path", mend="begin it with /")
    if service is not None and not _UNIT.fullmatch(service):
        raise InputError(field="service", value=service, problem="is no service", mend="name it as systemd does")
    if not os.path.isdir(here.directory):
        raise StoreError(f"{here.directory} is not on this host, so no credential is; place the key first.")
    with _writer.locked(directory=here.directory):
        proof = _prove(credential, service=service, here=here)
        looked = [_look(path, proof=proof, here=here) for path in dict.fromkeys(files)]
        refused = [each.held_back for each in looked if each.held_back is not None]
        if refused and on_held_back == FAIL:
            raise StoreError(" ".join(refused))
        if refused:  # all or none: what is left of the same key is found together with the rest the next time
            looked = [_kept(each) for each in looked]
        for each in looked if not check_mode else ():
            if each.left is not None and each.held_back is None:
                _write(each, left=each.left)
    told = [each.result() for each in looked]
    return {
        "changed": any(each["changed"] for each in told),
        "files": told,
        "running": list(proof.units),
        "diff": [file.diff() for file, each in zip(looked, told) if each["changed"]],
    }


def _prove(name: str, *, service: str | None, here: Here) -> _Proof:
    """Open the credential and ask its services; raises :class:`StoreError` where it does not open."""
    loads = loads_by_unit(unit_directories=here.unit_directories)
    told = inspect(directory=here.directory, names=[name], systemd=here.systemd, age=here.age, loads=loads)
    found = [each for each in told["credentials"] if not each["superseded"]]
    if not found or found[0]["decryptable"] != "yes":
        because = f"{name} is not in {here.directory} on this host; place it first."
        if found:
            here.systemd.guard(at_stake=[found[0]["path"]])  # which says more of a host key that is in danger
            because = str(found[0]["problem"])
        raise StoreError(f"No file was touched: {because}")
    held = found[0]
    if held["scope"] != "system":
        raise StoreError(f"{name} is for a user's own services, of which nothing can be proved; clean up by hand.")
    placer = Placer(
        directory=here.directory, store=here.systemd, others=[here.age], uid=here.uid, gid=here.gid, loads=loads
    )
    content = placer.content(name) or b""
    wanted = None if service is None else service if service.endswith(".service") else f"{service}.service"
    loaded_by = tuple(held["loaded_by"])
    store = AGE if held["store"] == AGE else SYSTEMD
    # Each that runs, whichever was named: one that has not got it would not come up again without the file.
    given = {
        unit: was_given(unit=unit, name=name, store=store, content=content, runtime=here.runtime)
        for loading in loaded_by
        for unit in running(unit=loading, runner=here.runner)
    }
    problem = next((why for why in given.values() if why is not None), None)
    if wanted is not None and wanted not in loaded_by and _template(wanted) not in loaded_by:
        problem = f"{wanted} does not load {name}"
    elif not loaded_by:
        problem = f"no service loads {name}"
    elif not given or (wanted is not None and not given.keys() & running(unit=wanted, runner=here.runner)):
        problem = f"{wanted or ', '.join(loaded_by)} {'does' if wanted or len(loaded_by) == 1 else 'do'} not run"
    units = tuple(unit for unit, why in given.items() if why is None)
    return _Proof(name=name, keys=keys_in(content=content), loaded_by=loaded_by, units=units, problem=problem)


def _template(unit: str) -> str:
    """Return the template that an instance is made of."""
    return re.sub("@.+[.]service$", "@.service", unit)


def _look(path: str, *, proof: _Proof, here: Here) -> _File:
    try:
        with _opened(path) as (_directory, descriptor, status):
            content = _content(descriptor, path=path)
    except FileNotFoundError:
        return _File(path, "absent")
    except (OSError, TradingHostsError) as error:
        problem = str(error) if isinstance(error, TradingHostsError) else f"{path}: {os.strerror(error.errno or 0)}."
        return _File(path, "clear", held_back=problem)
    try:
        left = take_out(content, held=proof.keys, path=path)
    except StoreError as error:
        return _File(path, "clear", held_back=str(error))
    if not left.entries:
        return _File(path, "present")
    try:
        reason = _reason(path, status=status, proof=proof, here=here)
        goes = left.is_empty and not _is_named(path, here=here)
    except OSError as error:
        reason = f"whether a process uses it cannot be seen ({os.strerror(error.errno or 0)})"
    if reason is not None:
        return _File(path, "clear", left=left, held_back=f"{path} keeps its key: {reason}.")
    return _File(path, "absent" if goes else "present", left=left, seen=content)


def _kept(file: _File) -> _File:
    if file.left is None or file.held_back is not None:
        return file
    because = f"{file.path} keeps its key as long as another of these files does."
    return dataclasses.replace(file, state="clear", held_back=because)


def _reason(path: str, *, status: os.stat_result, proof: _Proof, here: Here) -> str | None:
    """Return why the key stays in the file."""
    if status.st_nlink > 1:
        return f"it has {status.st_nlink} names (hard links), and only one of them is known; remove the others"
    if proof.problem is not None:
        return proof.problem
    named = naming(path=path, unit_directories=here.unit_directories)
    if others := [unit for unit in named if unit not in proof.loaded_by]:
        return f"{others[0]} names it and does not load {proof.name}; let it load that, or remove that unit"
    if opened := opened_by(status=status, proc=here.proc):
        return f"the process {opened[0]} has it open; end that"
    if processes := named_by(path=path, besides=proof.units, proc=here.proc):
        return f"the process {processes[0]} names it and is none of {', '.join(proof.units)}; end that"
    return None


def _is_named(path: str, *, here: Here) -> bool:
    """Tell whether somebody would miss the file itself."""
    return bool(naming(path=path, unit_directories=here.unit_directories)) or bool(
        named_by(path=path, besides=(), proc=here.proc)
    )


@contextlib.contextmanager
def _opened(path: str) -> t.Iterator[tuple[int, int, os.stat_result]]:
    """Yield the directory and the file, opened without following a link, and the file's status."""
    parent, name = os.path.split(path)
    with contextlib.ExitStack() as stack:
        directory = descend(parent, last=FLAGS | os.O_DIRECTORY)
        stack.callback(os.close, directory)
        descriptor = os.open(name, FLAGS, dir_fd=directory)
        stack.callback(os.close, descriptor)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise StoreError(f"{path} is no plain file, so it was left as it is.")
        yield directory, descriptor, status


def _content(descriptor: int, *, path: str) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise StoreError(f"{path} is larger than {MOST_BYTES} bytes, so it was left as it is.")
    return content


def _write(file: _File, *, left: Left) -> None:
    """Put what is left in the file's place, in one step. Raises :class:`StoreError`; the file is as it was then."""
    name = os.path.basename(file.path)
    temporary = None
    try:
        with _opened(file.path) as (directory, descriptor, status):
            _remove_leftovers(directory)
            try:
                if file.state == "present":
                    temporary = _stage(directory, left.content, like=descriptor, status=status)
                is_same = _content(descriptor, path=file.path) == file.seen
                now = os.stat(name, dir_fd=directory, follow_symlinks=False)
                if not is_same or (now.st_dev, now.st_ino) != (status.st_dev, status.st_ino):
                    raise StoreError(f"{file.path} was changed meanwhile, so it was left as it is; run again.")
                if temporary is None:
                    os.unlink(name, dir_fd=directory)
                else:
                    os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
            except BaseException:
                if temporary is not None:
                    with contextlib.suppress(OSError):
                        os.unlink(temporary, dir_fd=directory)
                raise
            os.fsync(directory)
    except OSError as error:
        raise file_error(error=error, path=file.path) from None


def _remove_leftovers(directory: int) -> None:
    """Remove what a run that was killed has left: a file that was never put in its place."""
    for name in os.listdir(directory):
        if _LEFTOVER.fullmatch(name):
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=directory)


def _stage(directory: int, content: bytes, *, like: int, status: os.stat_result) -> str:
    """Write the content to a new file in the directory, with the owner, mode and attributes of the old one."""
    name = f".trading-hosts.{secrets.token_hex(8)}.clear.tmp"
    # Others may own keys in it that stay: nobody reads it before it is as closed as the old one.
    descriptor = os.open(
        name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=directory
    )
    try:
        try:
            os.fchown(descriptor, status.st_uid, status.st_gid)
            attributes = _attributes(like)
            if _ACL in _attributes(descriptor) and _ACL not in attributes:
                os.removexattr(descriptor, _ACL)  # it is the directory's, and may let others read
            for attribute in attributes:
                # Where a file system or a security module sets its own, that one counts.
                with contextlib.suppress(OSError):
                    os.setxattr(descriptor, attribute, os.getxattr(like, attribute))
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
            written = 0
            while written < len(content):
                written += os.write(descriptor, content[written:])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=directory)
        raise
    return name


def _attributes(descriptor: int) -> list[str]:
    try:
        return os.listxattr(descriptor)
    except OSError:
        return []  # this file system has none
