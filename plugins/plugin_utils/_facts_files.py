# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts in files on the controller: learners write them, judges read them. They hold no secret.

One file holds what one host told of one kind: ``<directory>/<host>.<kind>.json``, a JSON object with ``schema``,
``kind``, ``host``, ``learned_at``, ``collection_version`` and ``facts`` (a list of objects), and what else the learner
had to say of the host. Private to this collection.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import stat
import tempfile
import typing as t
from pathlib import Path

from ..module_utils._clock import from_text, to_text, utc_now
from ..module_utils._errors import InputError, TradingHostsError
from ..module_utils._facts import SCHEMA
from ..module_utils._redact import one_line
from ..module_utils._version import VERSION
from ._facts_shapes import SHAPES, check_member, check_told

#: Every kind of facts, and the name that its list has in the learner's result.
KINDS = {
    "api_keys": "api_keys",
    "egress": "egress",
    "credentials": "credentials",
    "clock": "clocks",
    "exposed": "exposed",
    "inventory": "exposed",
}

#: Ten thousand keys make about 20 MB.
MAX_BYTES = 256 * 1024 * 1024

_HOST = re.compile(r"[A-Za-z0-9_\[][A-Za-z0-9._:@\[\]-]{0,252}")
_HEAD = frozenset(("schema", "kind", "host", "learned_at", "collection_version", "facts"))
_MEND = "learn the facts again with this release"


@dataclasses.dataclass(frozen=True)
class FactsFile:
    """One file: ``facts`` as plain JSON objects, ``rest`` for what else the learner said (``machine`` ...)."""

    path: str
    kind: str
    host: str
    learned_at: str
    collection_version: str
    facts: tuple[dict[str, t.Any], ...]
    rest: t.Mapping[str, t.Any]


def write_facts(*, directory: str, host: str, kind: str, document: t.Mapping[str, t.Any]) -> str:
    """Write what a learner returned for one host and return the file's path.

    ``document`` holds the list of facts under the name of its kind (``{"egress": [...]}``); its other members are kept
    beside it. The directory is made (mode 0700) where it is missing. The file (mode 0600) is whole at every instant:
    it is replaced in one step, also under ``--forks``. Raises ``InputError`` for a host name that no file can have, and
    ``TradingHostsError`` where the disk refuses.
    """
    listed = KINDS[kind]
    whole = {
        "schema": SCHEMA,
        "kind": kind,
        "host": str(host),
        "learned_at": to_text(utc_now()),
        "collection_version": VERSION,
        "facts": document[listed],
        **{name: value for name, value in document.items() if name != listed},
    }
    folder = Path(directory).expanduser()
    path = folder / f"{_file_stem(str(host))}.{kind}.json"
    text = json.dumps(plain(whole), ensure_ascii=True, allow_nan=False, indent=1, sort_keys=True) + "\n"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, text=text)
    except OSError as error:
        raise TradingHostsError(
            f"facts_dir {str(directory)!r}: the file {path.name} cannot be written ({os.strerror(error.errno or 0)}); "
            "give a directory on the controller that you may write to."
        ) from None
    return str(path)


def learning_host(task: t.Any, task_vars: t.Mapping[str, t.Any]) -> str:
    """Return the inventory's name of the host that a learner ran on: with ``delegate_to`` it is not the play's own.

    What another machine was told is no evidence for this one.
    """
    return str(task.delegate_to or task_vars["inventory_hostname"])


def read_facts(*, sources: t.Iterable[str]) -> list[FactsFile]:
    """Read facts from files and directories, in the order of names; a directory stands for its ``*.json``.

    Every source must exist and hold facts. Raises ``InputError`` with one sentence that names the file. A host's facts
    of one kind may come once only: two files for the same are refused, as nobody could say which one holds.
    """
    found: list[FactsFile] = []
    seen: dict[tuple[str, str], str] = {}
    read: set[str] = set()
    for path in (path for source in sources for path in _files(source)):
        real = os.path.realpath(path)
        if real in read:
            continue
        read.add(real)
        one = read_file(path)
        other = seen.setdefault((one.host, one.kind), one.path)
        if other != one.path:
            raise InputError(
                field="src",
                value=one.path,
                problem=f"holds {one.kind} of host {one.host}, and so does {other}",
                mend="remove the older one",
            )
        found.append(one)
    return found


class Refused(t.NamedTuple):
    """A file that cannot be used: what it claims to be about by its name, and one sentence that says why."""

    host: str | None
    kind: str | None
    why: str


def read_usable(*, sources: t.Iterable[str], add: t.Callable[[FactsFile], None]) -> list[Refused]:
    """Hand every file that can be used to ``add``, and return the others: one bad file must not hide a whole fleet.

    Sources as in :func:`read_facts`. A file must carry the name that learners give it: what is in a file of another
    name was moved there. Where two files hold the same kind for one host, neither counts. ``add`` may raise
    ``InputError`` for what it cannot use. Raises ``InputError`` for a source that is not there; an
    empty directory is what a run leaves in which nothing could be learned.
    """
    refused: list[Refused] = []
    found: dict[tuple[str, str], list[str]] = {}
    sources = list(sources)
    for source in sources:
        if not Path(source).expanduser().exists():
            mend = "give the facts_dir that the learners wrote to"
            raise InputError(field="src", value=source, problem="is not there", mend=mend)
    for path in dict.fromkeys(
        os.path.realpath(path) for source in sources for path in _files(source, may_be_empty=True)
    ):
        host, _dot, kind = Path(path).name.removesuffix(".json").rpartition(".")
        if kind not in KINDS or not path.endswith(".json"):
            refused.append(Refused(None, None, f"src {path!r}: is no file of facts by its name; remove it."))
        else:
            found.setdefault((host, kind), []).append(path)
    for (host, kind), paths in found.items():
        if len(paths) > 1:
            why = f"src {paths[1]!r}: holds {kind} of host {host}, and so does {paths[0]}; remove the older one."
            refused.append(Refused(host, kind, why))
            continue
        try:
            file = read_file(paths[0])
            if (file.host, file.kind) != (host, kind):
                problem = f"holds {file.kind} of host {file.host}"
                raise InputError(field="src", value=paths[0], problem=problem, mend=_MEND)
            add(file)
        except InputError as error:
            refused.append(Refused(host, kind, str(error)))
    return refused


def read_file(path: str) -> FactsFile:
    """Read one file of facts; raises ``InputError`` with one sentence that names it."""
    data = read_json(path, field="src")
    missing = sorted(name for name in _HEAD if name not in data)
    if missing:
        raise InputError(field="src", value=path, problem=f"lacks {', '.join(missing)}", mend=_MEND)
    if data["schema"] != SCHEMA or isinstance(data["schema"], bool):
        raise InputError(
            field="src",
            value=path,
            problem=f"has schema {_quoted(data['schema'])}, this release reads {SCHEMA}",
            mend=_MEND,
        )
    for name in ("kind", "host", "learned_at", "collection_version"):
        if not isinstance(data[name], str):
            raise InputError(field="src", value=path, problem=f"holds something else than text in {name}", mend=_MEND)
    if data["kind"] not in KINDS:
        raise InputError(field="src", value=path, problem=f"holds facts of kind {_quoted(data['kind'])}", mend=_MEND)
    if _HOST.fullmatch(data["host"]) is None:
        raise InputError(field="src", value=path, problem=f"names the host {_quoted(data['host'])}", mend=_MEND)
    try:
        from_text(data["learned_at"])
    except ValueError:
        raise InputError(field="src", value=path, problem="holds no instant in learned_at", mend=_MEND) from None
    facts = data["facts"]
    if not isinstance(facts, list) or not all(isinstance(fact, dict) for fact in facts):
        raise InputError(field="src", value=path, problem="holds no list of objects in facts", mend=_MEND)
    rest = {name: value for name, value in data.items() if name not in _HEAD}
    check_told(rest, where=f"src {path!r} ", mend=_MEND)
    shape = SHAPES.get(KINDS[data["kind"]])
    if shape is not None:
        check_member(facts, shape, where=f"src {path!r} facts", mend=_MEND)
    return FactsFile(
        path=path,
        kind=data["kind"],
        host=data["host"],
        learned_at=data["learned_at"],
        collection_version=data["collection_version"],
        facts=tuple(facts),
        rest=rest,
    )


def _quoted(value: t.Any) -> str:
    return one_line(repr(value), limit=80)


def _file_stem(host: str) -> str:
    if _HOST.fullmatch(host) is None or ".." in host:
        raise InputError(
            field="inventory_hostname",
            value=host,
            problem="cannot be part of a file's name",
            mend="use letters, digits, dots, dashes, underscores and colons in host names",
        )
    return host


def plain(value: t.Any) -> t.Any:
    """Return plain Python values: ansible-core's tagged strings and lazy containers are subclasses of them."""
    if isinstance(value, str):  # nearly always, and telling a mapping takes ten times longer
        return str(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (dict, t.Mapping)):
        return {str(name): plain(item) for name, item in value.items()}
    return str(value)


def replace_file(path: Path, *, text: str | t.Iterable[str]) -> None:
    """Write a file of mode 0600 that is whole at every instant; ``text`` is ASCII, or pieces of it.

    Raises ``OSError``.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.writelines((text,) if isinstance(text, str) else text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _files(source: str, *, may_be_empty: bool = False) -> list[str]:
    path = Path(source).expanduser()
    try:
        if not path.is_dir():
            return [str(path)]
        names = sorted(entry for entry in os.listdir(path) if entry.endswith(".json") and not entry.startswith("."))
    except OSError as error:
        raise InputError(
            field="src",
            value=source,
            problem=f"cannot be read ({os.strerror(error.errno or 0)})",
            mend="give files of facts, or directories of them",
        ) from None
    if not names and not may_be_empty:
        raise InputError(
            field="src",
            value=source,
            problem="is a directory without any facts (*.json)",
            mend="give the facts_dir that the learners wrote to",
        )
    return [str(path / name) for name in names]


def read_json(path: str, *, field: str, leave_out: str | None = None) -> dict[str, t.Any]:
    """Read a file that holds one JSON object; ``field`` is the option in an ``InputError``, which names the file.

    Objects inside it that have the member ``leave_out`` become ``None``: a large report is not kept for a small part.
    """
    mend = _MEND if field == "src" else "give a file that report_path wrote"
    try:
        descriptor = os.open(os.path.expanduser(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError(field=field, value=path, problem="is not a plain file", mend="give a file")
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            field=field,
            value=path,
            problem=f"cannot be read ({os.strerror(error.errno or 0)})",
            mend="give a file that you may read",
        ) from None
    if len(content) > MAX_BYTES:
        raise InputError(
            field=field, value=path, problem=f"is larger than {MAX_BYTES} bytes", mend="give a file of facts"
        )
    try:
        data = json.loads(content, object_pairs_hook=_without(leave_out), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InputError(field=field, value=path, problem="is no whole JSON", mend=mend) from None
    if not isinstance(data, dict):
        raise InputError(field=field, value=path, problem="is no JSON object", mend=mend)
    return data


def _without(member: str | None) -> t.Callable[[list[tuple[str, t.Any]]], dict[str, t.Any] | None]:
    if member is None:
        return _no_duplicates
    return lambda pairs: None if member in (data := _no_duplicates(pairs)) else data


def _no_duplicates(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("duplicate names")
    return data


def _no_constant(text: str) -> t.NoReturn:
    raise ValueError(text)
