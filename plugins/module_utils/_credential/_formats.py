# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms in which programs read their keys. Private: not an interface for other collections.

Every document is written by a serializer and read back before it is used: freqtrade, for one, prints the text around
a syntax error, and with it the secret, and then ends with exit code 0.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from .._errors import InputError, StoreError
from .._redact import one_line
from . import _programs, _text_writers, _texts

RAW = "raw"
JSON = "json"
CCXT = "ccxt"
FREQTRADE = "freqtrade"
PASSIVBOT = "passivbot"
NAUTILUS = "nautilus"
HUMMINGBOT = "hummingbot"
JESSE = "jesse"
OCTOBOT = "octobot"
ROQ = "roq"
DOTENV = "dotenv"
TEMPLATE = "template"
FORMATS = (RAW, JSON, CCXT, FREQTRADE, PASSIVBOT, NAUTILUS, HUMMINGBOT, JESSE, OCTOBOT, ROQ, DOTENV, TEMPLATE)

#: One document of these holds one key.
SINGLE = frozenset((RAW, FREQTRADE))
#: In a document of these a key has a name, also when it is the only one.
NAMED = frozenset((PASSIVBOT, JESSE, ROQ))
#: A document of these tells which exchange a key is for, or spells its fields after the exchange.
WITH_EXCHANGE = frozenset((PASSIVBOT, NAUTILUS, HUMMINGBOT, JESSE, OCTOBOT))
#: ccxt reads these, so a passphrase that ccxt takes as ``uid`` goes there.
FOR_CCXT = frozenset((CCXT, FREQTRADE, OCTOBOT))

FIELDS = _programs.FIELDS
Fields = t.Mapping[str, str]

#: By these a document is told to be freqtrade's, OctoBot's or hummingbot's.
_SECTIONS = ("exchange", "exchanges", "connectors")


@dataclasses.dataclass(frozen=True)
class Key:
    """One key of a document. ``name`` is ``None`` for the only one; ``field`` names its place in an error."""

    name: str | None
    exchange: str
    fields: Fields = dataclasses.field(repr=False)
    field: str = ""


def render(
    *,
    form: str,
    fields: Fields,
    accounts: t.Mapping[str, Fields],
    text: str | None,
    field: str,
    exchange: str | None = None,
    exchanges: t.Mapping[str, str] | None = None,
) -> bytes:
    """Return the document for a credential.

    ``form`` is one of :data:`FORMATS`; ``fields`` one key's fields; ``accounts`` several keys' by their names; ``text``
    what ``raw`` stores as it is, or the template. ``exchanges`` tells the exchange of an account, ``exchange`` that of
    all others; without both it is the account's name. ``field`` names the place in an :class:`InputError`.
    """
    if form == RAW:
        return _raw(fields=fields, text=text, field=field).encode("utf-8")
    keys = _keys(fields, accounts, field=field, exchange=exchange, exchanges=exchanges or {})
    if form in NAMED and not accounts:
        raise InputError(
            field=f"{field}.fields",
            problem=f"does not fit the format {form}, in which every key has a name",
            mend="give accounts, with the key's fields under its name",
        )
    if form in WITH_EXCHANGE and any(not key.exchange for key in keys):
        raise InputError(
            field=f"{field}.exchange", problem="is missing", mend=f"say which exchange the key is for, as {form} does"
        )
    if form == TEMPLATE:
        return _filled(str(text), keys=keys, field=field)
    return _WRITERS[form](keys, field)


def _keys(
    fields: Fields,
    accounts: t.Mapping[str, Fields],
    *,
    field: str,
    exchange: str | None,
    exchanges: t.Mapping[str, str],
) -> list[Key]:
    if not accounts:
        return [Key(None, exchange or "", fields, f"{field}.fields")]
    for name in _SECTIONS:
        if name in accounts:
            raise InputError(
                field=f"{field}.accounts.{name}",
                problem="has the name of a section of some programs' documents",
                mend="give the account another name",
            )
    return [
        Key(name, exchanges.get(name) or exchange or name, given, f"{field}.accounts.{name}")
        for name, given in accounts.items()
    ]


def _rename(key: Key, *, names: t.Mapping[str, str]) -> dict[str, str]:
    for name in key.fields:
        if name not in names:
            raise InputError(
                field=f"{key.field}.{name}",
                problem="is not a field of this format"
                if key.exchange in ("", key.name)
                else f"is not a field of this format for {key.exchange}",
                mend=f"use {', '.join(names)}",
            )
    return {spelling: key.fields[name] for name, spelling in names.items() if name in key.fields}


def _checked(text: str, *, read: t.Any, wrote: t.Any, field: str) -> bytes:
    if read != wrote:
        raise StoreError(f"{field}: the document did not read back as it was written; please report this.")
    return text.encode("utf-8")


# Writers: one for each program.


def _write_json(document: t.Mapping[str, t.Any], field: str) -> bytes:
    text = json.dumps(document, indent=2) + "\n"
    return _checked(text, read=json.loads(text), wrote=document, field=field)


def _one_or_several(keys: t.Sequence[Key], *, names: t.Mapping[str, str]) -> dict[str, t.Any]:
    if keys[0].name is None:
        return dict(_rename(keys[0], names=names))
    return {str(key.name): _rename(key, names=names) for key in keys}


def _own(keys: t.Sequence[Key], field: str) -> bytes:
    return _write_json(_one_or_several(keys, names=_programs.OWN), field)


def _ccxt(keys: t.Sequence[Key], field: str) -> bytes:
    return _write_json(_one_or_several(keys, names=_programs.CCXT), field)


def _freqtrade(keys: t.Sequence[Key], field: str) -> bytes:
    return _write_json({"exchange": _rename(keys[0], names=_programs.FREQTRADE)}, field)


def _passivbot(keys: t.Sequence[Key], field: str) -> bytes:
    document = {}
    for key in keys:
        exchange = _programs.exchange_of(form=PASSIVBOT, exchange=key.exchange)
        names = _programs.passivbot_names(exchange=exchange)
        document[str(key.name)] = {"exchange": exchange, **_rename(key, names=names)}
    return _write_json(document, field)


def _octobot(keys: t.Sequence[Key], field: str) -> bytes:
    sections = _by_exchange(keys, form=OCTOBOT)
    document = {name: {"enabled": True, **_rename(key, names=_programs.OCTOBOT)} for name, key in sections.items()}
    return _write_json({"exchanges": document}, field)


def _hummingbot(keys: t.Sequence[Key], field: str) -> bytes:
    sections = _by_exchange(keys, form=HUMMINGBOT, known=_programs.HUMMINGBOT)
    document = {name: _rename(key, names=_programs.HUMMINGBOT[name]) for name, key in sections.items()}
    return _write_json({"connectors": document}, field)


def _nautilus(keys: t.Sequence[Key], field: str) -> bytes:
    variables: dict[str, str] = {}
    for name, key in _by_exchange(keys, form=NAUTILUS, known=_programs.NAUTILUS).items():
        variables.update(_rename(key, names=_programs.NAUTILUS[name]))
    return _variables(variables, field)


def _dotenv(keys: t.Sequence[Key], field: str) -> bytes:
    variables: dict[str, str] = {}
    for key in keys:
        prefix = f"{_texts.variable(key.name).upper()}_" if key.name else ""
        for name, value in _rename(key, names=_programs.OWN).items():
            variable = prefix + name.upper()
            if variable in variables or not _texts.is_variable(variable):
                raise InputError(
                    field=key.field,
                    problem="has a name that cannot begin the names of variables, or only differs by case, _ or -",
                    mend="name the account by letters, beginning with one, and digits",
                )
            variables[variable] = value
    return _variables(variables, field)


def _variables(variables: t.Mapping[str, str], field: str) -> bytes:
    text = _text_writers.write_variables(variables, field=field)
    return _checked(text, read=_texts.read_variables(text), wrote=variables, field=field)


def _roq(keys: t.Sequence[Key], field: str) -> bytes:
    tables = {str(key.name): _rename(key, names=_programs.ROQ) for key in keys}
    text = _text_writers.write_toml_accounts(tables)
    return _checked(text, read=_texts.read_toml_accounts(text), wrote=tables, field=field)


def _jesse(keys: t.Sequence[Key], field: str) -> bytes:
    rows = []
    for key in keys:
        _known(key, names=_programs.JESSE_EXCHANGES, form=JESSE)
        for name in ("api_key", "secret"):
            if name not in key.fields:
                raise InputError(
                    field=f"{key.field}.{name}", problem="is missing, and jesse then skips the key", mend="give it"
                )
        rows.append({"Name": str(key.name), "Exchange": key.exchange, **_rename(key, names=_programs.JESSE)})
    text = _text_writers.write_csv(rows, header=_programs.JESSE_HEADER)
    for sign in _programs.JESSE_REFUSES:
        if sign in text.lower():
            raise InputError(
                field=field,
                problem=f"holds {sign.strip()!r} in a name or value, for which jesse refuses the whole file",
                mend="create a key or passphrase, or choose a name, without it",
            )
    return _checked(text, read=_texts.read_csv(text, header=_programs.JESSE_HEADER), wrote=rows, field=field)


_WRITERS: t.Mapping[str, t.Callable[[t.Sequence[Key], str], bytes]] = {
    JSON: _own,
    CCXT: _ccxt,
    FREQTRADE: _freqtrade,
    PASSIVBOT: _passivbot,
    NAUTILUS: _nautilus,
    HUMMINGBOT: _hummingbot,
    JESSE: _jesse,
    OCTOBOT: _octobot,
    ROQ: _roq,
    DOTENV: _dotenv,
}


def _by_exchange(keys: t.Sequence[Key], *, form: str, known: t.Container[str] | None = None) -> dict[str, Key]:
    """Return the keys by the program's name of their exchange, for which it takes one key."""
    found: dict[str, Key] = {}
    for key in keys:
        name = _programs.exchange_of(form=form, exchange=key.exchange)
        if known is not None:
            _known(dataclasses.replace(key, exchange=name), names=known, form=form)
        if name in found:
            raise InputError(
                field=key.field,
                problem=f"is another key of {one_line(name, limit=60)}, and {form} takes one for each exchange",
                mend="place it in a document of its own, for a second service",
            )
        found[name] = key
    return found


def _known(key: Key, *, names: t.Any, form: str) -> None:
    if key.exchange not in names:
        raise InputError(
            field=f"{key.field}: exchange",
            value=one_line(key.exchange, limit=60),
            problem=f"is no exchange that {form} has a name for here",
            mend=f"use {', '.join(sorted(names))}, or another format",
        )


def _filled(template: str, *, keys: t.Sequence[Key], field: str) -> bytes:
    values = {f"{key.name}.{name}" if key.name else name: value for key in keys for name, value in key.fields.items()}
    return _text_writers.fill(template, values=values, field=field).encode("utf-8")


def _raw(*, fields: Fields, text: str | None, field: str) -> str:
    if text is not None:
        return text
    if len(fields) != 1:
        raise InputError(
            field=f"{field}.fields",
            problem=f"holds {len(fields)} fields, and the format raw stores one value",
            mend="give one field or content, or use another format",
        )
    return next(iter(fields.values()))
