# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What credentials a host holds, without their content. Private: not an interface for other collections."""

from __future__ import annotations

import dataclasses
import os
import stat
import time
import typing as t

from .._agent._override import told
from .._clock import utc_now
from .._errors import StoreError
from .._owner import group_name, user_name
from . import _age_reader
from ._age import AgeStore
from ._files import AGE, AGE_SUFFIX, DEFAULT_DIRECTORY, NULL_KEY, STORES, check_name, file_path, store_of
from ._held import held_keys
from ._identity import SSH_DIRECTORY, host_identity
from ._place import in_parallel, instant
from ._reader import file_error, read_file
from ._store import Notes, Store, read_notes
from ._systemd import SystemdStore
from ._units import Loads, environment_by_unit, loaded_by, loads_by_unit, users_by_unit

YES = "yes"
NO = "no"
NOT_TRIED = "not_tried"

#: The argument specification of the module ``credential_info``.
ARGUMENT_SPEC: dict[str, t.Any] = {
    "names": {"type": "list", "elements": "str"},
    "store": {"type": "str", "choices": list(STORES)},
    "directory": {"type": "path", "default": DEFAULT_DIRECTORY},
    "age_identity": {"type": "path", "default": _age_reader.IDENTITY},
    "escrow_to": {"type": "path"},
    "facts_dir": {"type": "path"},
}


@dataclasses.dataclass(frozen=True)
class _Host:
    """What is asked on this host, and what its units load and run as."""

    directory: str
    systemd: SystemdStore
    age: AgeStore
    loads: Loads
    users: t.Mapping[str, str]
    environments: Loads

    def store(self, kind: str) -> Store:
        return self.age if kind == AGE else self.systemd


def inspect(
    *,
    directory: str,
    names: t.Sequence[str] | None,
    systemd: SystemdStore,
    age: AgeStore,
    only: str | None = None,
    loads: Loads | None = None,
    ssh_directory: str = SSH_DIRECTORY,
) -> dict[str, t.Any]:
    """Return ``credentials`` and ``machine`` as the module ``credential_info`` documents them.

    ``names`` limits the question to these; a name without a file is left out. ``only`` limits it to one store.
    ``loads`` is what units load, by default the host's. Nothing is written, and systemd-creds is not called where the
    host-key guard forbids it.
    """
    for name in names or ():
        check_name(name=name, field="names")
    if names is None:
        try:
            names = sorted({_name(entry) for entry in os.listdir(directory) if not entry.startswith(".")})
        except FileNotFoundError:
            names = []
        except OSError as error:
            raise file_error(error=error, path=directory) from None
    in_force = loads_by_unit() if loads is None else loads
    users = users_by_unit(units=in_force) if loads is None else {}
    environments = environment_by_unit(units=in_force) if loads is None else {}
    host = _Host(directory=directory, systemd=systemd, age=age, loads=in_force, users=users, environments=environments)
    host_key = systemd.host_key()
    found = [entry for entries in in_parallel(lambda name: _describe(host, name), list(names)) for entry in entries]
    return {
        "credentials": [entry for entry in found if only in (None, entry["store"])],
        "machine": {
            "host_key": host_key.state,
            "host_key_problem": host_key.problem,
            **_age_machine(age),
            "identity": host_identity(machine_id_path=systemd.machine_id_path, ssh_directory=ssh_directory),
            **_overridden(),
        },
    }


def _age_machine(age: AgeStore) -> dict[str, t.Any]:
    identity = age.identity()
    recipient, problem = None, identity.problem
    if identity.state == _age_reader.PRESENT:
        try:
            recipient = age.recipient()
        except StoreError as error:
            problem = str(error)
    return {"age_identity": identity.state, "age_identity_problem": problem, "age_recipient": recipient}


def _overridden() -> dict[str, t.Any]:
    try:
        return {"overrides": told(now=utc_now()), "overrides_problem": None}
    except StoreError as error:
        return {"overrides": [], "overrides_problem": str(error)}


def _name(entry: str) -> str:
    return entry.removesuffix(AGE_SUFFIX)


def _describe(host: _Host, name: str) -> list[dict[str, t.Any]]:
    """Return the entries of a credential; two while it moves from one store to another."""
    entries = [
        (entry, changed)
        for kind in STORES
        for entry, changed in [_describe_file(host, name, kind=kind)]
        if entry is not None
    ]
    last = max((changed for _entry, changed in entries), default=0)
    return [{**entry, "superseded": changed < last} for entry, changed in entries]


def _describe_file(host: _Host, name: str, *, kind: str) -> tuple[dict[str, t.Any] | None, int]:
    path = file_path(directory=host.directory, name=name, kind=kind)
    try:
        read = read_file(path=path)
    except StoreError as error:
        return _entry(host, name=name, path=path, store=kind, problem=str(error)), 0
    if read is None:
        return None, 0
    encrypted, status = read
    store = host.store(store_of(encrypted=encrypted) if encrypted else kind)
    key_type = store.key_type(encrypted=encrypted)
    if key_type.endswith("-scoped"):  # only its owner's manager opens it, or root in that one's name
        store = dataclasses.replace(host.systemd, user=user_name(status.st_uid))
    tried = _try(store, name=name, path=path, encrypted=encrypted, key_type=key_type)
    notes = read_notes(path=path, encrypted=encrypted)
    described = _entry(
        host, name=name, path=path, store=store.kind, key_type=key_type, status=status, notes=notes, **tried
    )
    return described, status.st_ctime_ns


def _try(store: Store, *, name: str, path: str, encrypted: bytes, key_type: str) -> dict[str, t.Any]:
    """Return ``decryptable``, ``problem`` and ``api_keys``, as far as they can be told without harm."""
    if key_type == NULL_KEY:
        return {"problem": "It is encrypted with the null key, which protects nothing; place it anew."}
    if (trouble := store.trouble()) is not None:
        return {"problem": trouble}
    try:
        content = store.decrypt(name=name, path=path, encrypted=encrypted)
    except StoreError as error:
        return {"decryptable": NO, "problem": str(error)}
    return {"decryptable": YES, "api_keys": held_keys(content=content)}


def _entry(
    host: _Host,
    *,
    name: str,
    path: str,
    store: str,
    problem: str | None = None,
    key_type: str | None = None,
    decryptable: str = NOT_TRIED,
    api_keys: t.Sequence[t.Mapping[str, str | None]] | None = None,
    status: os.stat_result | None = None,
    notes: Notes | None = None,
) -> dict[str, t.Any]:
    units = loaded_by(name=name, path=path, loads=host.loads)
    notes = notes or Notes()
    scoped = (key_type or "").endswith("-scoped")
    return {
        "name": name,
        "path": path,
        "store": store,
        "key_type": key_type,
        "null_key": key_type == NULL_KEY,
        "scope": None if key_type is None else "user" if scoped else "system",
        "recipients": list(notes.recipients),
        "sealed_copy": None,  # these two the controller fills in
        "sealed_for": [],
        "not_after": notes.not_after,
        "decryptable": decryptable,
        "problem": problem,
        "api_keys": api_keys,
        "size": status.st_size if status else None,
        "mode": f"{stat.S_IMODE(status.st_mode):04o}" if status else None,
        "owner": user_name(status.st_uid) if status else None,
        "group": group_name(status.st_gid) if status else None,
        "content_changed_at": instant(status.st_mtime_ns) if status else None,
        "age_days": max(0, int((time.time() - status.st_mtime) // 86400)) if status else None,
        "loaded_by": units,
        "environment_of": [unit for unit in units if name in host.environments.get(unit, ())],
        "readable_by": [
            {"user": "root", "service": None},
            *([{"user": user_name(status.st_uid), "service": None}] if scoped and status else []),
            *({"user": host.users.get(unit, "unknown"), "service": unit} for unit in units),
        ],
    }
