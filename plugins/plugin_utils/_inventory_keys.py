# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys that an inventory declares, of all its hosts: also those that a play leaves out. Private to this collection.

Only what is no secret is resolved. A vault that is locked, or a lookup that fails, must not keep a job from judging:
of secrets nothing but marks is made, and only where they can be had.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
import typing as t

from ansible.errors import AnsibleError
from ansible.template import Templar, trust_as_template

from ..module_utils._errors import InputError
from ..module_utils._exchanges._registry import find, names
from ..module_utils._policy._fleet import GivenId
from ..module_utils._redact import mask_id, one_line
from ._facts_files import plain
from ._origin import Origin, origin_in, origin_of

_OPEN = ("name", "exchange", "environment", "region", "credential", "declared")
_SECRET = ("api_key", "passphrase")
_MEND = "write it as the option api_keys of api_key_info takes it"


class DeclaredKey(t.NamedTuple):
    """One key of one host. ``declared`` also has its name, host, exchange and environment.

    ``where`` names it to a person. ``id`` and ``phrase`` are marks of what the inventory holds, ``None`` where it holds
    nothing or nothing that can be read here. ``credential`` is the name of the placed one that it names itself.
    """

    host: str
    name: str
    declared: dict[str, t.Any]
    where: str
    id: GivenId | None = None
    phrase: str | None = None
    region: str | None = None
    credential: str | None = None


class Marks:
    """Marks of secrets: equal for equal texts, under a key that is made here and forgotten with this object."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, *texts: str) -> str:
        return hmac.new(self._key, "\0".join(texts).encode(), hashlib.sha256).hexdigest()


def declared_keys(
    *, hostvars: t.Mapping[str, t.Any], variables: t.Sequence[str], loader: t.Any, compare_secrets: bool
) -> list[DeclaredKey]:
    """Return the keys that all hosts declare in these variables, in the order of the inventory.

    ``hostvars`` are Ansible's. With ``compare_secrets`` key ids and passphrases are read, as far as they can be, and
    become marks. Raises ``InputError`` in one sentence that names the host and the key.
    """
    marks = Marks() if compare_secrets else None
    raw_of = raw_getter(hostvars)
    found: list[DeclaredKey] = []
    for host in hostvars:
        found += keys_of_host(host=host, raw=raw_of(host), variables=variables, loader=loader, marks=marks)
    _check_hosts(found, hosts=frozenset(hostvars))
    return found


def raw_getter(hostvars: t.Mapping[str, t.Any]) -> t.Callable[[str], t.Mapping[str, t.Any]]:
    """Return what gives a host's variables as they are written, with nothing in them resolved."""
    return t.cast("t.Callable[[str], t.Mapping[str, t.Any]]", getattr(hostvars, "raw_get", hostvars.__getitem__))


def keys_of_host(
    *, host: str, raw: t.Mapping[str, t.Any], variables: t.Sequence[str], loader: t.Any, marks: Marks | None
) -> list[DeclaredKey]:
    """Return the keys that one host declares; with ``marks``, those of their ids and passphrases too.

    ``raw`` are the host's variables. Raises ``InputError`` in one sentence that names the host and the key.
    """
    found: list[DeclaredKey] = []
    seen: dict[str, str] = {}
    for variable in variables:
        if raw.get(variable) is None:
            continue
        reader = _Reader(raw, variable, host=host, loader=loader)
        for index, row in enumerate(reader.rows()):
            key = _declared(row, host=host, where=f"{variable}[{index}] of {host}{reader.place(index)}")
            first = seen.setdefault(key.name, key.where)
            if first != key.where:
                problem = f"is also the name of {first}"
                raise InputError(field=f"{key.where}.name", value=key.name, problem=problem, mend="rename one")
            if marks is not None:
                given, phrase = (reader.secret(index, name) for name in _SECRET)
                exchange = key.declared["exchange"]
                known = find(exchange)
                given = known.spelled(given) if given and known is not None else given
                key = key._replace(
                    id=GivenId(marks.of("id", exchange, given), mask_id(given)) if given else None,
                    phrase=marks.of("phrase", phrase) if phrase else None,
                )
            found.append(key)
    return found


def open_rows(
    *, host: str, raw: t.Mapping[str, t.Any], variable: str, fields: t.Sequence[str], loader: t.Any
) -> list[dict[str, t.Any]]:
    """Return these fields of each entry of another variable that is a list of mappings; nothing where it is not set.

    Raises ``InputError`` where it cannot be resolved.
    """
    if raw.get(variable) is None:
        return []
    return _Reader(raw, variable, host=host, loader=loader).rows(fields)


class _Reader:
    """One variable of one host: what is open in it, and single secrets on demand."""

    def __init__(self, raw: t.Mapping[str, t.Any], variable: str, *, host: str, loader: t.Any) -> None:
        self._value = raw[variable]
        self._variable = variable
        self._field = f"{variable} of {host}{_place(origin_of(self._value))}"
        self._raw = raw
        self._loader = loader
        #: Written out in the inventory, and not made by a template as a whole.
        self._literal = isinstance(self._value, (list, tuple)) and all(isinstance(e, t.Mapping) for e in self._value)

    def place(self, index: int) -> str:
        """Return where an entry was written, to be put behind its name; nothing where nobody knows."""
        return _place(origin_in(self._value, (index,)))

    def rows(self, fields: t.Sequence[str] = _OPEN) -> list[dict[str, t.Any]]:
        """Return what is open of each key, or these fields of each entry."""
        try:
            if self._literal:
                rows = [{name: each[name] for name in fields if name in each} for each in self._value]
                return t.cast("list[dict[str, t.Any]]", plain(self._resolved(rows) if has_template(rows) else rows))
            return self._made_rows(fields)
        except AnsibleError as error:
            problem = f"cannot be resolved ({one_line(error, limit=160).rstrip('.')})"
            raise InputError(field=self._field, problem=problem, mend="mend the variable") from None

    def _made_rows(self, fields: t.Sequence[str]) -> list[dict[str, t.Any]]:
        """Return the same of a list that a template makes, without resolving the secrets in it."""
        name = self._variable
        if not self._expression(
            f"{name} is sequence and {name} is not string and {name} is not mapping"
            f" and {name} | reject('mapping') | length == 0"
        ):
            raise InputError(field=self._field, problem="is not a list of keys", mend=_MEND)
        members = self._expression(f"{name} | map('list')")
        wanted = (
            "{" + ", ".join(f"'{each}': {name}[{index}]['{each}']" for each in fields if each in held) + "}"
            for index, held in enumerate(members)
        )
        return t.cast("list[dict[str, t.Any]]", plain(self._expression(f"[{', '.join(wanted)}]")))

    def secret(self, index: int, name: str) -> str | None:
        """Return one secret, or ``None`` where there is none or it cannot be read here."""
        try:
            if self._literal:
                value = self._value[index].get(name)
                if value is None or (isinstance(value, str) and not has_template(value)):
                    return None if value is None else str(value)
                value = self._resolved(value)
            else:
                value = self._expression(f"{self._variable}[{index}]['{name}'] | default(none)")
            return None if value is None or isinstance(value, (dict, list)) else str(value)
        except AnsibleError:
            return None

    @functools.cached_property
    def _templar(self) -> Templar:
        return Templar(loader=self._loader, variables=self._raw)

    def _resolved(self, value: t.Any) -> t.Any:
        return self._templar.template(value)

    def _expression(self, text: str) -> t.Any:
        return self._templar.template(trust_as_template("{{ " + text + " }}"))


def has_template(value: t.Any) -> bool:
    """Return whether there is anything in a value as it is written that Ansible would resolve."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, (dict, t.Mapping)):
        return any(has_template(each) for each in value.values())
    return isinstance(value, (list, tuple)) and any(has_template(each) for each in value)


def _place(origin: Origin | None) -> str:
    return f" ({origin})" if origin is not None else ""


def _declared(row: t.Mapping[str, t.Any], *, host: str, where: str) -> DeclaredKey:
    name, exchange = (str(row.get(each) or "").strip() for each in ("name", "exchange"))
    for field, value in (("name", name), ("exchange", exchange)):
        if not value:
            raise InputError(field=f"{where}.{field}", problem="is missing", mend=_MEND)
    if exchange not in names():
        mend = f"use one of {', '.join(names())}"
        raise InputError(field=f"{where}.exchange", value=exchange, problem="is not known here", mend=mend)
    words = row.get("declared")
    if words is not None and not isinstance(words, t.Mapping):
        raise InputError(field=f"{where}.declared", problem="is not a mapping", mend=_MEND)
    rest = {"host": host, "name": name, "exchange": exchange, "environment": str(row.get("environment") or "mainnet")}
    own = row.get("credential")
    return DeclaredKey(
        host,
        name,
        {**(words or {}), **rest},
        where,
        region=str(row["region"]) if row.get("region") else None,
        credential=str(own["name"]) if isinstance(own, t.Mapping) and own.get("name") else None,
    )


def _check_hosts(keys: t.Sequence[DeclaredKey], *, hosts: frozenset[str]) -> None:
    for key in keys:
        for field in ("shared_with", "standby_hosts"):
            given = key.declared.get(field)
            for name in given if isinstance(given, list) else ():
                if str(name) not in hosts:
                    problem = "is no host of the inventory"
                    mend = "write a name as the inventory has it"
                    raise InputError(field=f"{key.where}.declared.{field}", value=str(name), problem=problem, mend=mend)
