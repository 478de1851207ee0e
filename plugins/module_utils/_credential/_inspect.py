# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What credentials a host holds, without their content. Private: not an interface for other collections."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import time
import typing as t

from .._errors import StoreError
from . import _writer
from ._formats import held_keys
from ._machine_id import ABSENT, BOUND
from ._place import in_parallel, read_file
from ._systemd import DEFAULT_DIRECTORY, NULL_KEY, SystemdStore, check_name, key_type
from ._units import loaded_by, loads_by_unit

YES = "yes"
NO = "no"
NOT_TRIED = "not_tried"

#: The argument specification of the module ``credential_info``.
ARGUMENT_SPEC: dict[str, t.Any] = {
    "names": {"type": "list", "elements": "str"},
    "store": {"type": "str", "choices": ["systemd"], "default": "systemd"},
    "directory": {"type": "path", "default": DEFAULT_DIRECTORY},
    "facts_dir": {"type": "path"},
}


def inspect(
    *,
    directory: str,
    names: t.Sequence[str] | None,
    store: SystemdStore,
    loads: t.Mapping[str, t.Sequence[str]] | None = None,
) -> dict[str, t.Any]:
    """Return ``credentials`` and ``machine`` as the module ``credential_info`` documents them.

    ``names`` limits the question to these; a name without a file is left out. ``loads`` is what units load, by
    default the
    host's. Nothing is written, and systemd-creds is not called where the host-key guard forbids it.
    """
    for name in names or ():
        check_name(name=name, field="names")
    if names is None:
        try:
            names = [name for name in sorted(os.listdir(directory)) if not name.startswith(".")]
        except FileNotFoundError:
            names = []
        except OSError as error:
            raise _writer.file_error(error=error, path=directory) from None
    in_force = loads_by_unit() if loads is None else loads
    host_key = store.host_key()
    found = in_parallel(
        lambda name: _describe(directory=directory, name=name, store=store, loads=in_force), list(names)
    )
    return {
        "credentials": [entry for entry in found if entry is not None],
        "machine": {"host_key": host_key.state, "host_key_problem": host_key.problem},
    }


def _describe(
    *, directory: str, name: str, store: SystemdStore, loads: t.Mapping[str, t.Sequence[str]]
) -> dict[str, t.Any] | None:
    path = os.path.join(directory, name)
    try:
        read = read_file(path=path)
    except StoreError as error:
        return _entry(name=name, path=path, problem=str(error), loads=loads)
    if read is None:
        return None
    encrypted, status = read
    kind = key_type(encrypted=encrypted)
    tried = _try(name=name, path=path, encrypted=encrypted, kind=kind, store=store)
    return _entry(name=name, path=path, loads=loads, kind=kind, status=status, **tried)


def _try(*, name: str, path: str, encrypted: bytes, kind: str, store: SystemdStore) -> dict[str, t.Any]:
    """Return ``decryptable``, ``problem`` and ``api_keys``, as far as they can be told without harm."""
    if kind == NULL_KEY:
        return {"problem": "It is encrypted with the null key, which protects nothing; place it anew."}
    if store.host_key().state not in (BOUND, ABSENT):
        return {"problem": "Not tried: a decryption could make systemd delete the host key (see machine.host_key)."}
    try:
        content = store.decrypt(name=name, path=path, encrypted=encrypted)
    except StoreError as error:
        return {"decryptable": NO, "problem": str(error)}
    return {"decryptable": YES, "api_keys": held_keys(content=content)}


def _entry(
    *,
    name: str,
    path: str,
    loads: t.Mapping[str, t.Sequence[str]],
    problem: str | None = None,
    kind: str | None = None,
    decryptable: str = NOT_TRIED,
    api_keys: t.Sequence[t.Mapping[str, str | None]] | None = None,
    status: os.stat_result | None = None,
) -> dict[str, t.Any]:
    return {
        "name": name,
        "path": path,
        "store": "systemd",
        "key_type": kind,
        "null_key": kind == NULL_KEY,
        "decryptable": decryptable,
        "problem": problem,
        "api_keys": api_keys,
        "size": status.st_size if status else None,
        "mode": f"{stat.S_IMODE(status.st_mode):04o}" if status else None,
        "owner": _user(status.st_uid) if status else None,
        "group": _group(status.st_gid) if status else None,
        "content_changed_at": _instant(status.st_mtime_ns) if status else None,
        "age_days": max(0, int((time.time() - status.st_mtime) // 86400)) if status else None,
        "loaded_by": loaded_by(name=name, path=path, loads=loads),
    }


def _instant(nanoseconds: int) -> str:
    """Return ISO 8601 in UTC with microseconds, as precise as systemd tells when a service started."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1000:06d}Z"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
