# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a placed document holds: its keys and the names of their fields. Private: no interface for other collections.

Who only reads a credential needs nothing of what writes one.
"""

from __future__ import annotations

import json
import typing as t

from .._redact import mask_id, one_line
from . import _programs, _texts
from ._clear import field_of
from ._programs import FIELDS

Fields = t.Mapping[str, str]


def read_fields(*, content: bytes, account: str | None = None) -> dict[str, str]:
    """Return the fields of a document made by ``_formats.render``, under the collection's names.

    The format is told from the document. ``account`` picks one of several; without it, it is the only one. An empty
    result means that no field was found (``raw`` text, a template, or a document of another kind).
    """
    found = _read(content)
    if account is None and len(found) == 1:
        (account,) = found
    if account is not None and account not in found:
        account = _texts.variable(account)
    return found.get(account, {})


def field_names(*, content: bytes) -> list[str]:
    """Return the names of the fields that a document holds, for a diff. Names that are not ours are not shown."""
    names = {name for fields in _read(content).values() for name in fields}
    return [name for name in FIELDS if name in names]


def held_keys(*, content: bytes) -> list[dict[str, str | None]]:
    """Return which API keys a document holds, each as ``entry`` and ``masked_id``.

    ``entry`` is the account's name, ``None`` for the only key; ``masked_id`` is ``None`` where the id itself is not in
    the document. A document that is not ours holds none.
    """
    return [_held(entry=name, fields=fields) for name, fields in _read(content).items()]


def loses_keys(*, old: bytes, new: bytes) -> bool:
    """Tell whether a key of the old document, or all of one that is not ours, is not in the new one as it is."""
    kept, offered = _read(old), _read(new)
    return not kept or any(offered.get(name) != fields for name, fields in kept.items())


def keys_in(*, content: bytes) -> list[dict[str, str]]:
    """Return the fields of each key that a document holds, under the collection's names."""
    return list(_read(content).values())


def forms_of(*, content: bytes) -> frozenset[str]:
    """Return the formats in which a document can have been made; none for one that is not told from its text."""
    text = content.decode("utf-8", "replace")
    try:
        return _forms_of_json(json.loads(text))
    except (ValueError, RecursionError):
        return _forms_of_text(text)


def _forms_of_json(document: t.Any) -> frozenset[str]:
    if not isinstance(document, dict):
        return frozenset()
    for section, form in (("exchange", "freqtrade"), ("connectors", "hummingbot"), ("exchanges", "octobot")):
        if isinstance(document.get(section), dict):
            return frozenset((form,))
    several = bool(document) and all(isinstance(each, dict) for each in document.values())
    keys = list(document.values()) if several else [document]
    if several and all(isinstance(key.get("exchange"), str) for key in keys):
        return frozenset(("passivbot",))
    columns = (("json", _programs.OWN), ("ccxt", _programs.CCXT))
    return frozenset(form for form, names in columns if all(set(key) <= set(names.values()) for key in keys))


def _forms_of_text(text: str) -> frozenset[str]:
    if _texts.read_csv(text, header=_programs.JESSE_HEADER) is not None:
        return frozenset(("jesse",))
    if _texts.read_toml_accounts(text) is not None:
        return frozenset(("roq",))
    variables = _texts.read_variables(text)
    if variables is None:
        return frozenset()
    ours = _of_our_names(variables)
    is_ours = _count(ours) == len(variables) and all(map(_is_whole, ours.values()))
    found = (("nautilus", _of_nautilus(variables) is not None), ("dotenv", is_ours))
    return frozenset(form for form, is_so in found if is_so)


def _held(*, entry: str | None, fields: Fields) -> dict[str, str | None]:
    key_id = fields.get("api_key")
    return {"entry": entry and one_line(entry, limit=100), "masked_id": mask_id(key_id) if key_id else None}


def _read(content: bytes) -> dict[str | None, dict[str, str]]:
    """Return the fields of each key in a document by its name, which is ``None`` for the only key."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return {}
    try:
        found = _read_json(json.loads(text))
    except (ValueError, RecursionError):
        found = _read_text(text)
    return {name: fields for name, fields in found.items() if fields}


def _read_json(document: t.Any) -> dict[str | None, dict[str, str]]:
    if not isinstance(document, dict):
        return {}
    if isinstance(document.get("exchange"), dict):
        return {None: _any_of(document["exchange"])}
    if single := _any_of(document):
        return {None: single}
    if isinstance(document.get("connectors"), dict):
        return _alone(
            {
                name: _back(found, names=_programs.HUMMINGBOT.get(name, {}))
                for name, found in document["connectors"].items()
            }
        )
    if isinstance(document.get("exchanges"), dict):
        return _alone({name: _any_of(found) for name, found in document["exchanges"].items()})
    return {name: _any_of(found) for name, found in document.items()}


def _read_text(text: str) -> dict[str | None, dict[str, str]]:
    rows = _texts.read_csv(text, header=_programs.JESSE_HEADER)
    if rows is not None:
        return {row.get("Name", ""): _back(row, names=_programs.JESSE) for row in rows}
    tables = _texts.read_toml_accounts(text)
    if tables is not None:
        return {name: _back(table, names=_programs.ROQ) for name, table in tables.items()}
    variables = _texts.read_variables(text)
    if variables is None:
        return {}
    found = _of_our_names(variables)
    of_nautilus = _of_nautilus(variables)
    if of_nautilus is not None and of_nautilus != found:
        return _alone(of_nautilus)
    theirs = _of_peoples_names(variables)
    return found if all(map(_is_whole, found.values())) and _count(found) >= _count(theirs) else theirs


def _is_whole(fields: Fields) -> bool:
    return ("secret" in fields) is ("api_key" in fields) and set(fields) != {"passphrase"}


def _count(found: t.Mapping[t.Any, Fields]) -> int:
    return sum(map(len, found.values()))


def _of_nautilus(variables: t.Mapping[str, str]) -> dict[str | None, dict[str, str]] | None:
    """Return the keys of nautilus's document, ``None`` for one with a variable that nautilus does not read."""
    if set(variables) - {spelling for names in _programs.NAUTILUS.values() for spelling in names.values()}:
        return None
    found = {name: _back(variables, names=names) for name, names in _programs.NAUTILUS.items()}
    return {name: fields for name, fields in found.items() if fields}


def _of_our_names(variables: t.Mapping[str, str]) -> dict[str | None, dict[str, str]]:
    found: dict[str | None, dict[str, str]] = {}
    for variable, value in variables.items():
        for name in FIELDS:
            account, is_one, rest = variable.rpartition(name.upper())
            if is_one and not rest and (not account or account.endswith("_")):
                found.setdefault(account[:-1].lower() or None, {}).setdefault(name, value)
                break
    return found


def _of_peoples_names(variables: t.Mapping[str, str]) -> dict[str | None, dict[str, str]]:
    """As a file that was adopted has them: ``BOT_API_SECRET`` is a secret of ``bot``."""
    found: dict[str | None, dict[str, str]] = {}
    for variable, value in variables.items():
        meant = field_of(variable)
        if meant is not None and meant[1] != "exchange":
            found.setdefault(meant[0].lower() or None, {}).setdefault(meant[1], value)
    return _alone(found)


def _alone(found: t.Mapping[t.Any, dict[str, str]]) -> dict[str | None, dict[str, str]]:
    """A program's document does not tell whether its only key had a name."""
    return {(None if len(found) == 1 else name): fields for name, fields in found.items()}


def _any_of(found: t.Any) -> dict[str, str]:
    if not isinstance(found, dict):
        return {}
    fields = {}
    for name, spellings in _programs.ANY.items():
        for spelling in spellings:
            if isinstance(found.get(spelling), str):
                fields[name] = found[spelling]
                break
    return fields


def _back(found: t.Any, *, names: t.Mapping[str, str]) -> dict[str, str]:
    if not isinstance(found, dict):
        return {}
    return {name: found[spelling] for name, spelling in names.items() if isinstance(found.get(spelling), str)}
