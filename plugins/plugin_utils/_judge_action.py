# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the judging actions share: reading their input on the controller. Private to this collection."""

from __future__ import annotations

import dataclasses
import datetime
import gc
import json
import os
import shutil
import typing as t
from pathlib import Path

import yaml
from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ..module_utils._declared import DECLARED_SPEC, check_shape, declaration
from ..module_utils._errors import InputError, TradingHostsError
from ..module_utils._facts import Access, ClockFacts, EgressFacts, KeyFacts, clock_facts, egress_facts, key_facts
from ..module_utils._facts import Path as FactPath
from ..module_utils._policy._case import NOT_OBSERVED, Machine, instant, shown
from ..module_utils._policy._engine import Report
from ._facts_files import FactsFile, plain, replace_file


class JudgeAction(ActionBase):
    """Runs on the controller alone: no connection, no change, the same in check mode."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False
    _supports_diff = False
    TRANSFERS_FILES = False

    #: In the form of Ansible's argument specification. Long lists are ``raw``: checking them element by element there
    #: takes longer than judging them.
    argument_spec: t.ClassVar[dict[str, t.Any]]
    required_one_of: t.ClassVar[t.Sequence[t.Sequence[str]]] = ()

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Judge, and turn what a person can mend into one sentence."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        self.task_vars: t.Mapping[str, t.Any] = task_vars or {}
        #: The inventory's name of the host that the task runs for.
        self.host = str(self.task_vars.get("inventory_hostname", "localhost"))
        # Everything made here lives until the end: looking for garbage in it would take a third of the time.
        gc.disable()
        try:
            result.update(self.judge(self._options()))
        except TradingHostsError as error:
            raise AnsibleActionFail(str(error)) from None
        finally:
            gc.enable()
        result["changed"] = False
        return result

    def _options(self) -> dict[str, t.Any]:
        """Return the options, complete and checked; the raw ones as they were given, which may be long.

        The validator copies and walks whatever it is handed, which takes longer than judging: so it sees of a raw
        option only that it is there. What is in it is checked when it is read.
        """
        given = self._task.args
        raw = {
            name: given[name] for name, spec in self.argument_spec.items() if spec["type"] == "raw" and name in given
        }
        validator = ArgumentSpecValidator(self.argument_spec, required_one_of=self.required_one_of)
        small = {name: True if value is not None else None for name, value in raw.items()}
        checked = validator.validate({**{name: value for name, value in given.items() if name not in raw}, **small})
        if checked.unsupported_parameters:
            mend = f"use {', '.join(self.argument_spec)}"
            strange = min(str(name) for name in checked.unsupported_parameters)
            raise InputError(field="This task", value=strange, problem="is no option here", mend=mend)
        if checked.error_messages:
            raise AnsibleActionFail(" ".join(checked.error_messages))
        return {**checked.validated_parameters, **raw}

    def judge(self, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Return the result."""
        raise NotImplementedError

    def waivers_of(self, path: str | None) -> list[t.Any]:
        """Return what the file of waivers holds, searched for as Ansible searches for files; nothing without one."""
        if not path:
            return []
        found = path if os.path.isabs(path) else self._find_needle("files", path)
        return _read_waivers_file(found, given=path)


def now_of(text: str | None, *, field: str = "now") -> float:
    """Return the instant to judge at, in seconds since 1970: ``text`` (ISO 8601 in UTC) or the controller's clock."""
    if text is None:
        return datetime.datetime.now(tz=datetime.UTC).timestamp()
    at = instant(text)
    if at is None:
        raise InputError(
            field=field, value=text, problem="is no instant in UTC", mend="write it as 2026-11-22T07:13:54Z"
        )
    return at


def instant_text(at: float) -> str:
    """Return seconds since 1970 as ISO 8601 in UTC."""
    return datetime.datetime.fromtimestamp(int(at), tz=datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def list_of(value: t.Any, name: str, *, inner: str | None = None) -> list[t.Any]:
    """Return a list option as plain values; a registered result that holds the list under ``inner`` will do too."""
    given = plain(value)
    if given is None:
        return []
    if inner is not None and isinstance(given, dict) and inner in given:
        given = given[inner]
    if not isinstance(given, list):
        mend = f"give the {inner or name} of a learner's registered result"
        raise InputError(field=name, problem=f"is {type(given).__name__}, not a list", mend=mend)
    return given


def mapping_of(value: t.Any, name: str) -> dict[str, t.Any]:
    """Return a mapping option as plain values; nothing given is an empty one."""
    given = plain(value)
    if given is not None and not isinstance(given, dict):
        raise InputError(field=name, problem=f"is {type(given).__name__}, not a mapping", mend="write name: value")
    return given or {}


def _read_waivers_file(path: str, *, given: str) -> list[t.Any]:
    """Return what a file of waivers holds; ``given`` is its name as the person wrote it."""
    try:
        return list_of(read_yaml(path, field="waivers_file", load=yaml.safe_load), "waivers_file")
    except yaml.YAMLError:
        mend = "write a list of waivers"
        raise InputError(field="waivers_file", value=given, problem="is no YAML", mend=mend) from None


def write_report(path: str, document: t.Mapping[str, t.Any], *, report: Report) -> None:
    """Write a report whole or not at all, with mode 0600; the findings are those of ``report``, which holds all."""
    try:
        replace_file(Path(path).expanduser(), text=_pieces(document, report))
    except OSError as error:
        raise TradingHostsError(
            f"report_path {path!r}: the report cannot be written ({os.strerror(error.errno or 0)}); give a file in a"
            " directory on the controller that you may write to."
        ) from None


def _pieces(document: t.Mapping[str, t.Any], report: Report) -> t.Iterator[str]:
    """Yield the JSON text piece by piece: that of ten thousand keys, in one piece, takes hundreds of megabytes."""
    separator = "{"
    for name, value in document.items():
        yield f"{separator}{_json(name)}: "
        if name in ("findings", "blocking"):
            opening = "["
            for finding in getattr(report, name):
                yield f"{opening}{_json(finding.to_json())}"
                opening = ", "
            yield "[]" if opening == "[" else "]"
        else:
            yield _json(value)
        separator = ", "
    yield "}\n"


def _json(value: t.Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def terminal_columns() -> int:
    """Return how wide a table may be."""
    return shutil.get_terminal_size((120, 40)).columns


#: Kinds of files whose facts do not name their host: the file does.
_OF_THE_FILE = frozenset(("credentials", "exposed", "inventory"))


@dataclasses.dataclass
class Facts:
    """All facts that are judged together."""

    keys: list[KeyFacts] = dataclasses.field(default_factory=list)
    egress: list[EgressFacts] = dataclasses.field(default_factory=list)
    clocks: list[ClockFacts] = dataclasses.field(default_factory=list)
    machines: dict[str, Machine] = dataclasses.field(default_factory=dict)

    def add_file(self, file: FactsFile) -> None:
        """Add what one file holds. A file speaks for its own host only."""
        kept = len(self.keys), len(self.egress), len(self.clocks)
        try:
            self._add_file(file)
        except InputError:
            # All of it or nothing: who goes on without a file must not judge half of it.
            del self.keys[kept[0] :], self.egress[kept[1] :], self.clocks[kept[2] :]
            raise

    def _add_file(self, file: FactsFile) -> None:
        for index, data in enumerate(file.facts):
            where = f"src {file.path!r} facts[{index}]"
            if file.kind not in _OF_THE_FILE and data.get("host") != file.host:
                problem = f"is about host {shown(repr(data.get('host')))} in a file of {file.host}"
                raise InputError(field=where, problem=problem, mend="learn the facts again")
            if file.kind == "api_keys":
                self.add_key(data, where=where)
            elif file.kind == "egress":
                self.egress.append(egress_facts(data, where=where))
            elif file.kind == "clock":
                self.clocks.append(clock_facts(data, where=where))
        if file.kind == "credentials":
            self.add_machine(file.host, {**file.rest, "credentials": list(file.facts)})
            self._learned(file, "credentials", *(["transport"] if file.rest.get("transport") else []))
        elif file.kind in ("exposed", "inventory"):
            name = self.add_scan(file.host, {**file.rest, "exposed": list(file.facts)}, where=f"src {file.path!r}")
            self._learned(file, name)
        elif "transport" in file.rest:
            self.add_machine(file.host, {"transport": file.rest["transport"]})
            self._learned(file, "transport")

    def _learned(self, file: FactsFile, *kinds: str) -> None:
        """Note when what a file holds was learned."""
        known = self.machines[file.host]
        at = dict.fromkeys(kinds, file.learned_at)
        self.machines[file.host] = known._replace(learned={**known.learned, **at})

    def add_key(self, data: t.Any, *, where: str) -> None:
        """Add what was learned of one key, from its JSON form."""
        facts = key_facts(data, where=where)
        check_shape(facts.declared, spec=DECLARED_SPEC, where=f"{where}.declared")
        self.keys.append(facts)

    def add_machine(self, host: str, data: t.Mapping[str, t.Any]) -> None:
        """Add what was told of one host: ``machine``, ``credentials``, ``transport``; what is absent stays."""
        known = self.machines.get(host, Machine(host))
        machine, credentials, transport = (data.get(name) for name in ("machine", "credentials", "transport"))
        for name, value, kind in (
            ("machine", machine, dict),
            ("credentials", credentials, list),
            ("transport", transport, dict),
        ):
            if value is not None and not isinstance(value, kind):
                raise InputError(field=name, problem="is not what a learner returned", mend="pass its result unchanged")
        if machine:
            identity = machine.get("identity")
            known = known._replace(
                host_key=_text(machine.get("host_key")), identity=identity if isinstance(identity, dict) else None
            )
            overrides, problem = machine.get("overrides"), _text(machine.get("overrides_problem"))
            if problem is not None or isinstance(overrides, list):
                told = None if problem else tuple(each for each in overrides or () if isinstance(each, dict))
                known = known._replace(overrides=told, overrides_problem=problem)
        if credentials:
            known = known._replace(credentials=tuple(each for each in credentials if isinstance(each, dict)))
        if transport:
            verified = transport.get("verified_host")
            known = known._replace(
                verified_host=verified if isinstance(verified, bool) else None,
                transport_problem=_text(transport.get("verified_host_problem")),
            )
        self.machines[host] = known

    def unread(self, host: str, kind: str, why: str) -> None:
        """Note that a file of this kind about a host cannot be used."""
        known = self.machines.get(host, Machine(host))
        self.machines[host] = known._replace(unread={**known.unread, kind: why})

    def add_scan(self, host: str, data: t.Any, *, where: str) -> str:
        """Add what ``exposed_credential_info`` told of a host, or of an inventory there; return which of the two."""
        scan = data.get("scan") if isinstance(data, dict) else None
        if not isinstance(scan, dict) or not isinstance(data.get("exposed"), list):
            mend = "pass a registered result of exposed_credential_info unchanged"
            raise InputError(field=where, problem="is not what exposed_credential_info returned", mend=mend)
        name = "inventory" if scan.get("scope") == "inventory" else "exposed"
        known = self.machines.get(host, Machine(host))
        if getattr(known, name) is not None:
            mend = "give one of them"
            raise InputError(field=where, problem=f"is the second scan of this kind for {host}", mend=mend)
        self.machines[host] = known._replace(**{name: data})
        return name

    def declare(self, declared: t.Sequence[t.Any], *, host: str, wheres: t.Sequence[str] = ()) -> None:
        """Put these declarations in place of those in the facts; a key without facts joins as one not observed.

        ``wheres`` name them in an error, one for each; else each is named by its place in the list.
        """
        places = {(key.host, key.name): index for index, key in enumerate(self.keys)}
        for index, given in enumerate(declared):
            where = wheres[index] if wheres else f"declared[{index}]"
            if not isinstance(given, dict) or not given.get("name"):
                raise InputError(field=where, problem="has no name", mend="give name and what you declare of the key")
            rest = {name: value for name, value in given.items() if name not in _NAMES}
            _check_names(rest, where=where)
            words = declaration(rest, where=where)
            place = (str(given.get("host") or host), str(given["name"]))
            if place in places:
                # What was learned must be about the key that is declared: a rule compares these two.
                words.update((name, str(given[name])) for name in ("exchange", "environment") if given.get(name))
                self.keys[places[place]] = dataclasses.replace(self.keys[places[place]], declared=words)
                continue
            self.keys.append(
                KeyFacts(
                    name=place[1],
                    host=place[0],
                    exchange=str(given.get("exchange") or "other"),
                    environment=str(given.get("environment") or ""),
                    region="",
                    access=Access(NOT_OBSERVED),
                    asked_at="",
                    path=FactPath(user=""),
                    declared=words,
                )
            )


#: What names a declaration's key, beside the declaration itself.
_NAMES = frozenset(("host", "name", "exchange", "environment"))


def _check_names(rest: t.Mapping[str, t.Any], *, where: str) -> None:
    for name, value in rest.items():
        spec = DECLARED_SPEC.get(name)
        if spec is None:
            mend = f"use some of {', '.join(sorted(DECLARED_SPEC))}"
            raise InputError(field=where, value=name, problem="cannot be declared of a key", mend=mend)
        for each in value if isinstance(value, list) else [value]:
            if "choices" in spec and each is not None and each not in spec["choices"]:
                mend = f"use one of {', '.join(spec['choices'])}"
                raise InputError(field=f"{where}.{name}", value=str(each), problem="is not known", mend=mend)


def _text(value: t.Any) -> str | None:
    return None if value is None else str(value)


def read_yaml(path: str, *, field: str, load: t.Callable[[str], t.Any]) -> t.Any:
    """Read a small YAML file on the controller with Ansible's own loader; raises ``InputError`` that names it."""
    file = Path(path).expanduser()
    try:
        if file.stat().st_size > 1024 * 1024:
            raise InputError(field=field, value=path, problem="is larger than 1 MB", mend="give a file of waivers")
        return load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise InputError(field=field, value=path, problem="cannot be read", mend="give a readable file") from None
