# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the registry, the list of keys and documents in an inventory, may hold: every problem, and not the first alone.

The forms are those that the modules take; this walks them. Private to this collection.
"""

from __future__ import annotations

import datetime
import difflib
import typing as t

from ..module_utils._allowlist._grammar import parse_entry
from ..module_utils._credential._files import check_name
from ..module_utils._credential._formats import FORMATS, TEMPLATE
from ..module_utils._declared import check_day
from ..module_utils._errors import InputError
from ..module_utils._exchanges._contract import Exchange
from ..module_utils._exchanges._options import ARGUMENT_SPEC, KEY_NAME, read_site
from ..module_utils._exchanges._registry import find, names
from ..module_utils._policy._case import ANY_GRAMMAR
from ..module_utils._redact import one_line

API_KEYS = "exchange_credentials_api_keys"
DOCUMENTS = "exchange_credentials_documents"

Spec = t.Mapping[str, t.Mapping[str, t.Any]]
Place = tuple[str | int, ...]

#: One entry of each variable, in the form of Ansible's argument specification.
KEY_SPEC: Spec = ARGUMENT_SPEC["api_keys"]["options"]
#: As ``roles/exchange_credentials/meta/argument_specs.yml`` has it; a test compares the two.
DOCUMENT_SPEC: Spec = {
    "name": {"type": "str", "required": True},
    "format": {"type": "str", "required": True, "choices": list(FORMATS)},
    "exchange": {"type": "str"},
    "exchanges": {"type": "dict"},
    "template": {"type": "str", "no_log": True},
    "api_keys": {"type": "list", "elements": "str", "required": True, "no_log": False},
    "with_key": {"type": "str", "choices": ["auto", "host", "tpm2", "host+tpm2"], "no_log": False},
}
#: What may be in an inventory only where nobody reads it by opening the file.
SECRETS = tuple(name for name, option in KEY_SPEC.items() if option.get("no_log"))

#: What must not stand in a file in clear. A key's id is no secret by itself; on Hyperliquid it is a public address.
NOT_IN_CLEAR = ("secret", "passphrase", "key_password")

#: A text under one of these names is a day, wherever it stands; those of the first ones have been.
_PAST = frozenset(("created_on", "reviewed_on", "attested_on", "on"))
DAYS = _PAST | {"expires_on", "until"}
#: The day has come in the easternmost time zone first.
_EAST = datetime.timedelta(hours=14)


class Problem(t.NamedTuple):
    """One thing that is wrong in an entry: where in it, and one sentence for a person, without any secret."""

    path: Place
    sentence: str


def key_problems(entry: t.Any, *, where: str, today: datetime.datetime, part: bool = False) -> list[Problem]:
    """Return what is wrong with one key; ``part`` allows what is required to be absent, because it stands elsewhere.

    ``where`` names the entry in the sentences; ``today`` is this instant, in UTC. Of a secret only the type counts.
    """
    found = list(_walk(entry, spec=KEY_SPEC, field=_Field(where), part=part))
    if isinstance(entry, dict):
        wrong = {problem.path for problem in found}
        more = (*_of_key(entry, field=_Field(where)), *_of_days(entry, today=today, field=_Field(where)))
        found += [problem for problem in more if problem.path not in wrong]
    return found


def document_problems(entry: t.Any, *, where: str, part: bool = False) -> list[Problem]:
    """Return what is wrong with one document on its own."""
    field = _Field(where)
    found = list(_walk(entry, spec=DOCUMENT_SPEC, field=field, part=part))
    if isinstance(entry, dict):
        wrong = {problem.path for problem in found}
        more = (
            *_of_credential_name(entry.get("name"), field=field / "name"),
            *_of_template(entry, field=field, part=part),
        )
        found += [problem for problem in more if problem.path not in wrong]
    return found


def _of_credential_name(name: t.Any, *, field: _Field) -> t.Iterator[Problem]:
    if not isinstance(name, str) or not name:
        return
    try:
        check_name(name=name, field=field.where)
    except InputError as error:
        yield Problem(field.path, str(error))


def _of_template(entry: t.Mapping[str, t.Any], *, field: _Field, part: bool) -> t.Iterator[Problem]:
    """Yield what the module credential would say; in a part of an entry the template may stand elsewhere."""
    form, given = entry.get("format"), entry.get("template") is not None
    mend = "give it with the format template, and only there"
    if form == TEMPLATE and not given and not part:
        yield (field / "template").problem("is missing", mend)
    elif form in FORMATS and form != TEMPLATE and given:
        yield (field / "template").problem(f"does not fit the format {form}", mend)


def strange_fields(entry: t.Any, *, spec: Spec, where: str) -> list[str]:
    """Return a sentence for each field that the form does not know, wherever it stands; no value is looked at."""
    return [problem.sentence for problem in _strange(entry, spec=spec, field=_Field(where))]


def _strange(given: t.Any, *, spec: Spec, field: _Field) -> t.Iterator[Problem]:
    for name in given if isinstance(given, t.Mapping) else ():
        if name not in spec:
            yield _no_option(str(name), spec=spec, field=field)
        elif "options" in spec[name]:
            for each in _mappings(given[name]):
                yield from _strange(each, spec=spec[name]["options"], field=field / str(name))


def known_fields(entry: t.Mapping[str, t.Any], *, spec: Spec, without: t.Container[str] = ()) -> dict[str, t.Any]:
    """Return what the form knows of an entry, wherever it stands; the values of the rest are not touched."""
    return {name: _known(entry[name], option=spec[name]) for name in entry if name in spec and name not in without}


def _known(value: t.Any, *, option: t.Mapping[str, t.Any]) -> t.Any:
    if "options" not in option:
        return value
    if isinstance(value, t.Mapping):
        return known_fields(value, spec=option["options"])
    return [_known(each, option=option) for each in value] if isinstance(value, (list, tuple)) else value


def _mappings(value: t.Any) -> t.Sequence[t.Any]:
    return value if isinstance(value, (list, tuple)) else [value]


class _Field:
    """A place in an entry."""

    def __init__(self, where: str, path: Place = ()) -> None:
        self.where = where
        self.path = path

    def __truediv__(self, part: str | int) -> _Field:
        return _Field(self.where + (f"[{part}]" if isinstance(part, int) else f".{part}"), (*self.path, part))

    def problem(self, problem: str, mend: str, value: str | None = None) -> Problem:
        return Problem(self.path, str(InputError(field=self.where, problem=problem, mend=mend, value=value)))


def nearest(name: str, known: t.Iterable[str], *, otherwise: str | None = None) -> str:
    """Return the mend for a name that is not known: the nearest one, or else ``otherwise``, or all of them."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"perhaps you meant {close[0]}" if close else otherwise or f"use one of {', '.join(known)}"


def _walk(given: t.Any, *, spec: Spec, field: _Field, part: bool = False) -> t.Iterator[Problem]:
    if not isinstance(given, dict):
        yield field.problem("is not a mapping", "write name: value")
        return
    for name, value in given.items():
        if name not in spec:
            yield _no_option(str(name), spec=spec, field=field)
        elif value is not None:
            yield from _value(value, option=spec[name], field=field / name)
    there = {"on" if str(name) == "True" else name: value for name, value in given.items()}
    for name, option in spec.items():
        if option.get("required") and there.get(name) in (None, "") and not (part and name not in there):
            yield (field / name).problem("is missing", "write it")


def _no_option(name: str, *, spec: Spec, field: _Field) -> Problem:
    if name == "True":
        return (field / "on").problem("was read by YAML as true", 'put the name in quotes: "on"')
    return (field / one_line(name, limit=60)).problem("is no option here", nearest(name, spec))


def _value(value: t.Any, *, option: t.Mapping[str, t.Any], field: _Field) -> t.Iterator[Problem]:
    kind, values = option["type"], [(field, value)]
    if kind == "list":
        if not isinstance(value, (list, tuple)):
            yield field.problem("is not a list", "write [a, b]")
            return
        kind, values = option["elements"], [(field / index, each) for index, each in enumerate(value)]
    for place, each in values:
        if kind == "dict" and "options" in option:
            yield from _walk(each, spec=option["options"], field=place)
        elif not isinstance(each, _TYPES[kind]) or (kind == "int" and isinstance(each, bool)):
            yield place.problem(*_WRONG_TYPE[kind])
        elif "choices" in option and each not in option["choices"]:
            yield place.problem("is no choice here", nearest(str(each), option["choices"]), one_line(each, limit=60))


_TYPES: dict[str, type] = {"str": str, "path": str, "bool": bool, "int": int, "dict": dict}
_NO_TEXT = ("is not text", "put it in quotes")
_WRONG_TYPE = {
    "str": _NO_TEXT,
    "path": _NO_TEXT,
    "bool": ("is not true or false", "write true or false, without quotes"),
    "int": ("is not a whole number", "write digits, without quotes"),
    "dict": ("is not a mapping", "write name: value"),
}


def _of_key(entry: t.Mapping[str, t.Any], *, field: _Field) -> t.Iterator[Problem]:
    """Yield what is wrong between the fields, as those who use them see it."""
    name, exchange = entry.get("name"), entry.get("exchange")
    if isinstance(name, str) and name and KEY_NAME.fullmatch(name) is None:
        yield (field / "name").problem("is no name", "use 1 to 100 letters, digits and signs, no space around")
    if isinstance(exchange, str) and exchange:
        if exchange not in names():
            shown = one_line(exchange, limit=60)
            yield (field / "exchange").problem("is not known here", nearest(exchange, names()), shown)
        else:
            yield from _of_site(entry, exchange=find(exchange), field=field)
    placed = entry.get("credential")
    if isinstance(placed, dict):
        yield from _of_credential_name(placed.get("name"), field=field / "credential" / "name")
    given = entry.get("declared")
    declared = given if isinstance(given, dict) else {}
    for each in ("allowlist", "owned_prefixes"):
        given = declared.get(each)
        for index, text in enumerate(given if isinstance(given, list) else ()):
            read = parse_entry(text, rule=ANY_GRAMMAR)
            if isinstance(text, str) and read.kind == "malformed":
                place = field / "declared" / each / index
                yield Problem(place.path, f"{place.where}: {read.message}")


def _of_site(entry: t.Mapping[str, t.Any], *, exchange: Exchange | None, field: _Field) -> t.Iterator[Problem]:
    sited = {name: entry.get(name) for name in ("environment", "region", "base_url", "futures_base_url")}
    if exchange is None or not all(isinstance(text, str) or text is None for text in sited.values()):
        return
    environment, region = sited["environment"] or "mainnet", sited["region"] or "global"
    try:
        read_site(sited, exchange=exchange, environment=environment, region=region, field=field.where)
    except InputError as error:
        yield Problem((error.field.rpartition(".")[2],), str(error))


def _of_days(value: t.Any, *, today: datetime.datetime, field: _Field) -> t.Iterator[Problem]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name in DAYS and isinstance(each, str):
                yield from _of_day(str(name), each, today=today, field=field / name)
            else:
                yield from _of_days(each, today=today, field=field / str(name))
        created, expires = value.get("created_on"), value.get("expires_on")
        if _is_day(created) and _is_day(expires) and str(expires) < str(created):
            yield (field / "expires_on").problem(f"is before created_on ({created})", "mend one of the two", expires)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _of_days(each, today=today, field=field / index)


def _of_day(name: str, day: str, *, today: datetime.datetime, field: _Field) -> t.Iterator[Problem]:
    if not _is_day(day):
        yield field.problem("is not a day", "write it as YYYY-MM-DD", one_line(day, limit=60))
    elif name in _PAST and day > (today + _EAST).date().isoformat():
        yield field.problem("is in the future", "write the day on which it was so", day)


def _is_day(day: t.Any) -> bool:
    try:
        check_day(day, where="")
    except (InputError, TypeError):
        return False
    return day is not None
