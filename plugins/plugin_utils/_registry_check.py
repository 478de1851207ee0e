# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that is wrong in the registry of a whole inventory, with file and line. Private to this collection.

Secrets are not resolved: no vault has to be open. Of one that stands in a file, the file alone tells whether it stands
there in clear, and its value is never shown.
"""

from __future__ import annotations

import collections
import datetime
import functools
import os
import re
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.parsing.vault import EncryptedString
from ansible.template import Templar

from ..module_utils._errors import InputError
from ..module_utils._exchanges._registry import find
from ..module_utils._exchanges._signing import is_pem
from ..module_utils._redact import one_line
from ._facts_files import plain
from ._inventory_keys import has_template, open_rows, raw_getter
from ._origin import Origin, origin_in, origin_of
from ._registry_path import variable_files
from ._registry_rules import (
    API_KEYS,
    DOCUMENT_SPEC,
    DOCUMENTS,
    KEY_SPEC,
    NOT_IN_CLEAR,
    Place,
    Problem,
    Spec,
    document_problems,
    key_problems,
    nearest,
)

_MOST_HOSTS = 5
_HOSTS = ("shared_with", "standby_hosts")
_VAULT = "use ansible-vault encrypt_string, or a lookup; make another key if somebody else can have read the file"


class Found(t.NamedTuple):
    """One problem: its sentence, the hosts that have it, and where it was written as far as that is known."""

    sentence: str
    hosts: tuple[str, ...]
    origin: Origin | None

    def __str__(self) -> str:
        """Return it with its place in front: the file, or else the host."""
        more = len(self.hosts) - _MOST_HOSTS
        hosts = ", ".join(self.hosts[:_MOST_HOSTS]) + (f" and {more} more" if more > 0 else "")
        return f"{self.origin or hosts}: {self.sentence}"


class Checked(t.NamedTuple):
    """What was found, and how much was looked at. ``notes`` are sentences about what is no mistake by itself."""

    problems: list[Found]
    notes: list[Found]
    hosts: int
    api_keys: int
    documents: int


def check(*, hostvars: t.Mapping[str, t.Any], loader: t.Any, today: datetime.datetime) -> Checked:
    """Return every problem of every host's registry. ``hostvars`` are Ansible's, ``today`` is this instant in UTC.

    What stands in a file of a group is one problem of all hosts that have it.
    """
    raw_of = raw_getter(hostvars)
    hosts = tuple(str(name) for name in hostvars)
    files = _Files()
    problems: dict[tuple[str, Origin | str], list[str]] = collections.defaultdict(list)
    notes: dict[tuple[str, Origin | str], list[str]] = collections.defaultdict(list)
    counted = [0, 0, 0]
    for host in hosts:
        registry = _Registry(host, raw_of(host), loader=loader, today=today, hosts=hosts, files=files)
        registry.check()
        for kind, found in ((problems, registry.problems), (notes, registry.notes)):
            for sentence, origin in found:
                kind[sentence, origin or host].append(host)
        for index, count in enumerate((bool(registry.keys), len(registry.keys), len(registry.documents))):
            counted[index] += count
    return Checked(_sorted(problems), _sorted(notes), *counted)


def _sorted(found: t.Mapping[tuple[str, Origin | str], t.Sequence[str]]) -> list[Found]:
    listed = [
        Found(sentence, tuple(dict.fromkeys(hosts)), place if isinstance(place, Origin) else None)
        for (sentence, place), hosts in found.items()
    ]
    return sorted(listed, key=lambda each: (each.origin is None, each.origin or each.hosts))


class _Registry:
    """The two lists of one host."""

    def __init__(
        self,
        host: str,
        raw: t.Mapping[str, t.Any],
        *,
        loader: t.Any,
        today: datetime.datetime,
        hosts: t.Sequence[str],
        files: _Files,
    ) -> None:
        self._host = host
        self._raw = raw
        self._loader = loader
        self._today = today
        self._hosts = dict.fromkeys(hosts)
        self._files = files
        self._unresolved: set[Place] = set()
        self.problems: list[tuple[str, Origin | None]] = []
        self.notes: list[tuple[str, Origin | None]] = []
        self.keys: list[t.Any] = []
        self.documents: list[t.Any] = []

    def check(self) -> None:
        self.keys = self._entries(API_KEYS, spec=KEY_SPEC)
        self.documents = self._entries(DOCUMENTS, spec=DOCUMENT_SPEC)
        for index, entry in enumerate(self.keys):
            where = f"{API_KEYS}[{index}]"
            self._add(API_KEYS, index, key_problems(entry, where=where, today=self._today))
            if isinstance(entry, dict):
                self._in_clear(index, where=where)
                self._unknown_hosts(entry, index, where=where)
        for index, entry in enumerate(self.documents):
            self._add(DOCUMENTS, index, document_problems(entry, where=f"{DOCUMENTS}[{index}]"))
        for variable, entries in ((API_KEYS, self.keys), (DOCUMENTS, self.documents)):
            self._duplicates(variable, entries)
        self._joined()
        self._hidden()

    # --- what the inventory holds ---

    def _entries(self, variable: str, *, spec: Spec) -> list[t.Any]:
        """Return the entries, with all that is open in them resolved and ``"..."`` for each secret."""
        value = self._raw.get(variable)
        if value is None:
            return []
        try:
            if isinstance(value, (list, tuple)) and not any(isinstance(each, str) for each in value):
                return [self._entry(variable, index, spec=spec) for index in range(len(value))]
            if isinstance(value, (list, tuple)) or has_template(value):
                fields = [name for name, option in spec.items() if not option.get("no_log")]
                return open_rows(host=self._host, raw=self._raw, variable=variable, fields=fields, loader=self._loader)
            raise InputError(field=variable, problem="is not a list", mend="write it as docs/registry.md has it")
        except InputError as error:
            self.problems.append((str(error), origin_of(value)))
            return []

    def _entry(self, variable: str, index: int, *, spec: Spec) -> t.Any:
        raw = self._raw[variable][index]
        if not isinstance(raw, t.Mapping):
            return plain(raw)
        entry: dict[str, t.Any] = {}
        for name, value in raw.items():
            if str(name) not in spec:
                entry[str(name)] = None  # only the name counts
            elif spec[name].get("no_log"):
                text = isinstance(value, (str, EncryptedString))
                entry[str(name)] = "..." if text else plain(value)
            else:
                entry[str(name)] = self._open(variable, (index, str(name)), value)
        return entry

    def _open(self, variable: str, path: Place, value: t.Any) -> t.Any:
        """Return a value, resolved; one that cannot be counts as not set, and is a problem unless a vault is locked."""
        try:
            unfinished = has_template(value) or _is_vaulted(value)
            return plain(self._templar.template(value) if unfinished else value)
        except AnsibleError as error:
            self._unresolved.add((variable, *path))
            if _is_vaulted(value):
                return None
            problem = f"cannot be resolved ({one_line(error, limit=160).rstrip('.')})"
            text = str(InputError(field=f"{variable}[{path[0]}].{path[1]}", problem=problem, mend="mend the template"))
            self._say(text, variable, path)
            return None

    @functools.cached_property
    def _templar(self) -> Templar:
        return Templar(loader=self._loader, variables=self._raw)

    # --- what is wrong ---

    def _say(self, sentence: str, variable: str, path: Place) -> None:
        self.problems.append((sentence, origin_in(self._raw[variable], path)))

    def _add(self, variable: str, index: int, problems: t.Sequence[Problem]) -> None:
        for problem in problems:
            if (variable, index, *problem.path[:1]) not in self._unresolved:
                self._say(problem.sentence, variable, (index, *problem.path))

    def _in_clear(self, index: int, *, where: str) -> None:
        raw = self._raw[API_KEYS]
        entry = raw[index] if isinstance(raw, (list, tuple)) else None
        if not isinstance(entry, t.Mapping):
            return
        names = (*NOT_IN_CLEAR, *(["api_key"] if _is_private(entry) else []))
        for name in names:
            value, origin = entry.get(name), origin_in(raw, (index, name))
            if not isinstance(value, str) or not value or has_template(value):
                continue
            if value.startswith("ENC["):
                told = "is as SOPS encrypted it", "enable the vars plugin community.sops.sops, which decrypts it"
            elif origin and self._files.show(origin.file, value):
                told = "stands in the file in clear", _VAULT
            else:
                continue
            self._say(str(InputError(field=f"{where}.{name}", problem=told[0], mend=told[1])), API_KEYS, (index, name))

    def _unknown_hosts(self, entry: t.Mapping[str, t.Any], index: int, *, where: str) -> None:
        words = entry.get("declared")
        declared = words if isinstance(words, dict) else {}
        for field in _HOSTS:
            given = declared.get(field)
            for number, name in enumerate(given if isinstance(given, list) else ()):
                if isinstance(name, str) and name not in self._hosts:
                    place = f"{where}.declared.{field}[{number}]"
                    mend = nearest(name, self._hosts, otherwise="write a name as the inventory has it")
                    text = InputError(field=place, value=name, problem="is no host of the inventory", mend=mend)
                    self._say(str(text), API_KEYS, (index, "declared", field, number))

    def _duplicates(self, variable: str, entries: t.Sequence[t.Any]) -> None:
        seen: dict[str, int] = {}
        for index, entry in enumerate(entries):
            name = _name(entry)
            first = seen.setdefault(name, index) if name else index
            if first != index:
                field, problem = f"{variable}[{index}].name", f"is also the name of {variable}[{first}]"
                line = origin_in(self._raw[variable], (first, "name"))
                problem += f" ({line})" if line else ""
                self._say(
                    str(InputError(field=field, value=name, problem=problem, mend="rename one")),
                    variable,
                    (index, "name"),
                )

    def _hidden(self) -> None:
        """Say where a list stands that another one hides: its keys are lost from sight."""
        directories = dict.fromkeys(str(self._raw.get(name) or "") for name in ("inventory_dir", "playbook_dir"))
        groups = ["all", *(str(name) for name in self._raw.get("group_names") or ())]
        places = [("host_vars", self._host), *(("group_vars", group) for group in groups)]
        for variable in (API_KEYS, DOCUMENTS):
            shown = origin_of(self._raw.get(variable))
            for directory in filter(None, directories if shown else ()):
                for kind, name in places:
                    for hidden in self._files.lines(variable, Path(directory, kind, name)):
                        if shown is None or os.path.realpath(hidden.file) == os.path.realpath(shown.file):
                            continue
                        if kind == "host_vars":
                            text = f"{variable}: is hidden by the list in {shown}; make one of the two."
                            self.problems.append((text, hidden))
                        else:
                            text = f"{variable}: a list of their own hides this one from some of its hosts."
                            self.notes.append((text, hidden))

    def _joined(self) -> None:
        """Say what does not fit between documents and keys."""
        names = [name for name in map(_name, self.keys) if name]
        held: set[str] = set()
        for index, document in enumerate(self.documents):
            wanted = document.get("api_keys") if isinstance(document, dict) else None
            if not isinstance(wanted, list):
                continue
            held.update(each for each in wanted if isinstance(each, str))
            where = f"{DOCUMENTS}[{index}].api_keys"
            if not wanted:
                text = InputError(field=where, problem="names no key", mend="name one, or remove the document")
                self._say(str(text), DOCUMENTS, (index, "api_keys"))
            for number, name in enumerate(wanted):
                if isinstance(name, str) and name not in names:
                    mend = nearest(name, names, otherwise=f"add the key to {API_KEYS} of the host")
                    text = InputError(
                        field=f"{where}[{number}]", value=name, problem="is the name of no key of the host", mend=mend
                    )
                    self._say(str(text), DOCUMENTS, (index, "api_keys", number))
        for index, entry in enumerate(self.keys):
            name = _name(entry)
            if name and entry.get("secret") and name not in held:
                note = f"{API_KEYS}[{index}].secret: the key {name} is in no document, so the role does not place it."
                self.notes.append((note, origin_in(self._raw[API_KEYS], (index,))))


def _name(entry: t.Any) -> str | None:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) and name else None


def _is_vaulted(value: t.Any) -> bool:
    """Return whether there is a vaulted value in it, which only the password can tell."""
    if isinstance(value, (dict, t.Mapping)):
        return any(map(_is_vaulted, value.values()))
    return any(map(_is_vaulted, value)) if isinstance(value, (list, tuple)) else isinstance(value, EncryptedString)


def _is_private(entry: t.Mapping[str, t.Any]) -> bool:
    """Return whether the key's id is a private key by mistake, and so a secret."""
    given, exchange = entry.get("api_key"), find(str(entry.get("exchange")))
    if not isinstance(given, str) or has_template(given):
        return False
    public = exchange.key_shape().api_key if exchange is not None and not exchange.needs_secret() else None
    return is_pem(given) or (public is not None and re.fullmatch(public, given) is None)


class _Files:
    """The files of an inventory, each read once."""

    def __init__(self) -> None:
        self._text = functools.cache(_text_of)
        self.lines = functools.cache(self._lines)

    def show(self, file: str, value: str) -> bool:
        """Return whether whoever opens the file reads the value in it."""
        text = self._text(file)
        if text is None or text.startswith("$ANSIBLE_VAULT"):
            return False
        # SOPS and others decrypt on the way from the file. In a file of clear text alone nothing else can be.
        written = all(line.strip() in text for line in value.splitlines())
        return written or not any(sign in text for sign in ("$ANSIBLE_VAULT", "ENC["))

    def _lines(self, variable: str, of: Path) -> tuple[Origin, ...]:
        """Return where a variable is set in the files of a host or a group, ``host_vars/<host>`` without its ending."""
        found = []
        for file in map(str, variable_files(of)):
            text = self._text(file) or ""
            if match := re.search(rf"^{variable}[ \t]*:", text, re.MULTILINE):
                found.append(Origin(file, text.count("\n", 0, match.start()) + 1))
        return tuple(found)


def _text_of(file: str) -> str | None:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
