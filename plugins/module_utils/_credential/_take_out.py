# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes keys out of a program's own file, and keeps every other byte of it. Pure. Private to this collection.

In JSON a value becomes an empty text; of variables the line goes, because an empty one would count as set.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from .._errors import StoreError
from . import _programs
from ._clear import ClearKey, loose_json, read_clear, variables

#: A shorter value can stand elsewhere in the file by chance, such as a passphrase that is a word.
_SHORTEST = 16
_EMPTY = '""'
_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*")|(?P<comment>//[^\n]*|/\*(?:.*?\*/|.*\Z))|(?P<sign>[][{},:])', re.DOTALL
)

Keys = t.Sequence[t.Mapping[str, str]]


@dataclasses.dataclass(frozen=True)
class Left:
    """What is left of a file. ``entries`` are the accounts whose keys were taken, ``fields`` our names of the values.

    ``is_empty``: nothing is left that anybody could miss.
    """

    content: bytes = dataclasses.field(repr=False)
    entries: tuple[str | None, ...] = ()
    fields: tuple[str, ...] = ()
    is_empty: bool = False


def take_out(content: bytes, *, held: Keys, path: str) -> Left:
    """Return the file without the keys of a credential, which are ``held`` with all their fields.

    Raises :class:`StoreError` where a value differs from the credential's, or would be left somewhere in the file.
    """
    found = read_clear(content)
    taken = [key for key in found if _is_held(key, held=held, path=path)]
    if not taken:
        return Left(content)
    _refuse_more_names(taken, held=held, path=path)
    text = content.decode("utf-8")
    is_json = taken[0].program != "dotenv"
    spans = _values(text, taken) if is_json else _lines(text, taken, path=path)
    new = text
    for begin, end in sorted(spans, reverse=True):
        new = f"{new[:begin]}{_EMPTY if is_json else ''}{new[end:]}"
    _prove(text, new, found=found, taken=taken, path=path)
    return Left(
        content=new.encode("utf-8"),
        entries=tuple(key.entry for key in taken),
        fields=tuple(name for name in _programs.FIELDS if any(name in key.fields for key in taken)),
        is_empty=_says_no_more(new, taken) if is_json else not new.strip("\ufeff\r\n\t "),
    )


def _is_held(key: ClearKey, *, held: Keys, path: str) -> bool:
    for each in held:
        if each.get("api_key") != key.fields["api_key"]:
            continue
        if all(each.get(name) == value for name, value in key.fields.items()):
            return True
        where = f"{path}{f' ({key.entry})' if key.entry else ''}"
        raise StoreError(
            f"{where} holds the credential's key with another secret, passphrase or user id than the credential does, "
            "so one of them is out of date; nothing was removed; see which one the exchange accepts."
        )
    return False


def _refuse_more_names(taken: t.Sequence[ClearKey], *, held: Keys, path: str) -> None:
    """Refuse what the credential does not have by each of its names: who reads it by another one would lose it."""
    for ours in held:
        same = [key for key in taken if key.fields["api_key"] == ours.get("api_key")]
        if len(same) > sum(each.get("api_key") == ours.get("api_key") for each in held):
            names = ", ".join(key.entry or "without a name" for key in same)
            raise StoreError(
                f"{path} holds the key by several names ({names}), and the credential by fewer; nothing was removed; "
                "remove those that are not in use by hand."
            )


def _values(text: str, taken: t.Sequence[ClearKey]) -> list[tuple[int, int]]:
    """Return where the values of the keys stand, with their quotes."""
    wanted: dict[tuple[str | None, ...], str] = {
        (*key.at, spelling): value
        for key in taken
        for name, value in key.fields.items()
        for spelling in _programs.ANY[name]
    }
    return [(begin, end) for path, value, begin, end in _texts(text) if wanted.get(path) == value]


def _texts(text: str) -> t.Iterator[tuple[tuple[str | None, ...], str, int, int]]:
    """Yield each text that is a value: the way to it, what it says, its beginning and end.

    The file was read before, so it is sound. An element of a list has no name.
    """
    way: list[str | None] = []
    names: list[bool] = []  # for each open bracket, whether a name comes next
    for token in _TOKEN.finditer(text):
        sign = token["sign"]
        if sign in ("{", "["):
            way.append(None)
            names.append(sign == "{")
        elif sign in ("}", "]"):
            way.pop()
            names.pop()
        elif sign == ",":
            # Behind a value of an object comes a name; a list never has one.
            names[-1] = names[-1] or way[-1] is not None
        elif sign == ":":
            names[-1] = False
        elif token["text"] and names and names[-1]:
            way[-1] = json.loads(token["text"])
        elif token["text"]:
            yield tuple(way), json.loads(token["text"]), token.start(), token.end()


def _lines(text: str, taken: t.Sequence[ClearKey], *, path: str) -> list[tuple[int, int]]:
    """Return where the lines of the keys' variables stand, with their ends."""
    wanted = {key.names[name]: value for key in taken for name, value in key.fields.items()}
    spans = []
    # A mark of the encoding at the beginning is no part of the first line.
    marked = int(text.startswith("\ufeff"))
    for name, value, begin, end in variables(" " * marked + text[marked:]):
        if name not in wanted:
            continue
        if value != wanted[name]:
            raise StoreError(
                f"{path} sets {name} twice, to different values; nothing was removed; remove the line not in use."
            )
        spans.append((max(begin, marked), end + 1 if text[end : end + 1] == "\n" else end))
    return spans


def _prove(text: str, new: str, *, found: t.Sequence[ClearKey], taken: t.Sequence[ClearKey], path: str) -> None:
    """Raise unless exactly the keys are gone: nothing else is, and no value of theirs is left."""
    left = [key for key in found if key not in taken]
    if read_clear(new.encode("utf-8")) != left or (taken[0].program != "dotenv" and not _is_same(text, new, taken)):
        raise StoreError(
            f"{path} did not read back as it should without its key, so it was left as it is; report this."
        )
    values = {value for key in taken for value in key.fields.values() if len(value) >= _SHORTEST}
    said = [(begin, told) for _way, told, begin, _end in _texts(new)] if taken[0].program != "dotenv" else []
    for value in values:
        places = [new.find(value), *(begin for begin, told in said if value in told)]
        if at := [place for place in places if place >= 0]:
            line = new.count("\n", 0, min(at)) + 1
            raise StoreError(
                f"{path} holds a value of the key in another place too, by its line {line} when the key is gone; "
                "nothing was removed; remove it there by hand."
            )


def _is_same(text: str, new: str, taken: t.Sequence[ClearKey]) -> bool:
    before, after = loose_json(text.lstrip("\ufeff")), loose_json(new.lstrip("\ufeff"))
    for key in taken:
        place = before
        for name in key.at:
            place = place[name]
        for name, value in key.fields.items():
            for spelling in _programs.ANY[name]:
                if place.get(spelling) == value:
                    place[spelling] = ""
    return bool(before == after)


def _says_no_more(text: str, taken: t.Sequence[ClearKey]) -> bool:
    """Tell whether the JSON says nothing but names of exchanges."""
    if any(token["comment"] for token in _TOKEN.finditer(text)):
        return False
    return _leaves(loose_json(text.lstrip("\ufeff"))) <= {"", *(key.spelled for key in taken)}


def _leaves(value: t.Any) -> set[t.Any]:
    if isinstance(value, dict):
        return {leaf for each in value.values() for leaf in _leaves(each)}
    if isinstance(value, list):
        return {leaf for each in value for leaf in _leaves(each)}
    return {value.strip().lower() if isinstance(value, str) else repr(value)}
