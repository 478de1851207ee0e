# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading exchanges' answers and signing questions: what several exchanges share. Private to this collection."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import functools
import hashlib
import hmac
import ipaddress
import json
import re
import typing as t

from .._allowlist._rule import split_list
from .._clock import from_http_date, from_milliseconds, to_text
from .._errors import AnswerError
from .._facts import UNKNOWN_PREFIX, Access, Allowlist, ObservedKey, OtherKey
from .._message import Answer
from .._redact import mask_id, one_line


@dataclasses.dataclass(frozen=True)
class Refused:
    """What one of an exchange's codes means, and what to do where that differs from the class's usual advice."""

    status: str
    next_step: str | None = None


def refused(
    *,
    table: t.Mapping[str, Refused],
    code: str,
    message: str,
    sees: tuple[re.Pattern[str], ...] = (),
) -> Access:
    """Return the refusal for a code; one that the table lacks is ``ambiguous``. ``sees`` finds the caller's address."""
    known = table.get(code, Refused("ambiguous"))
    return Access(
        status=known.status,
        code=code,
        message=message,
        seen_address=_seen(message, patterns=sees),
        next_step=known.next_step,
    )


def _seen(message: str, *, patterns: tuple[re.Pattern[str], ...]) -> str | None:
    for pattern in patterns:
        found = pattern.search(message)
        if found is not None:
            try:
                return str(ipaddress.ip_address(found.group(1).strip("[]").rstrip(".,;")))
            except ValueError:
                continue
    return None


def member(data: t.Mapping[str, t.Any], name: str, *kinds: type, host: str) -> t.Any:
    """Return ``data[name]`` if it is of one of ``kinds``; ``AnswerError`` names the field otherwise.

    A boolean is no ``int`` here.
    """
    value = data.get(name)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        shown = "nothing" if name not in data else type(value).__name__
        raise AnswerError(f"{host} answered {shown} for {name}, which is not the documented type")
    return value


def optional(data: t.Mapping[str, t.Any], name: str, *kinds: type, host: str) -> t.Any:
    """Like :func:`member`; absent and null are ``None``."""
    return None if data.get(name) is None else member(data, name, *kinds, host=host)


def identifier(data: t.Mapping[str, t.Any], name: str, *, host: str) -> str | None:
    """Return an account's id as text; absent, empty, ``0`` and masked ones are ``None``."""
    value = optional(data, name, str, int, host=host)
    text = "" if value is None else str(value).strip()
    return None if text in ("", "0") or "*" in text else text


def strings(data: t.Mapping[str, t.Any], name: str, *, host: str) -> list[str]:
    """Return a list of strings; ``AnswerError`` names the field where it is another thing."""
    value: list[t.Any] = member(data, name, list, host=host)
    if not all(isinstance(item, str) for item in value):
        raise AnswerError(f"{host} answered something else than texts in {name}")
    return value


def only_own(rows: t.Any, *, name: str, own: str, host: str) -> dict[str, t.Any]:
    """Return the only row whose ``name`` is ``own``; all others, which are other keys', are dropped here."""
    found = [row for row in rows if isinstance(row, dict) and row.get(name) == own] if isinstance(rows, list) else []
    if len(found) != 1:
        raise AnswerError(f"{host} answered a list of keys in which this key is {len(found)} times, not once")
    return t.cast("dict[str, t.Any]", found[0])


#: More other keys, or words of theirs, than any account has.
_MOST = 1000


def other_keys(
    rows: t.Any,
    *,
    name: str,
    own: str,
    read: t.Callable[[dict[str, t.Any]], ObservedKey],
    mask: t.Callable[[str], str] = mask_id,
) -> tuple[OtherKey, ...] | None:
    """Return what is kept of the rows of all keys but the ``own`` one; their ids and secrets go no further.

    ``None`` where a row cannot be read, or there are too many: who knows some of the keys does not know which lack.
    """
    if len(rows) > _MOST + 1:
        return None
    told = []
    for row in rows:
        key_id = row.get(name) if isinstance(row, dict) else None
        if not (isinstance(key_id, str) and key_id):
            return None
        if key_id != own:
            try:
                key = read(row)
            except AnswerError:
                return None
            if key.permissions is None:
                return None
            told.append(OtherKey(mask(key_id), key.permissions, key.created_at))
    return None if sum(1 + len(key.permissions) for key in told) > _MOST else tuple(told)


def with_json(answer: Answer, data: t.Any) -> Answer:
    """Return the answer with other data: what is left of it after :func:`only_own`."""
    return dataclasses.replace(answer, body=json.dumps(data).encode())


def instant(milliseconds: t.Any, *, name: str, host: str) -> str:
    """Return Unix milliseconds, a number or its digits, as an instant; ``AnswerError`` names the field."""
    try:
        return to_text(from_milliseconds(int(milliseconds)))
    except (TypeError, ValueError):
        raise AnswerError(f"{host} answered no time for {name}") from None


def clock(data: t.Mapping[str, t.Any], name: str, *, host: str, unit: int = 1) -> datetime.datetime:
    """Return the clock of an answer: a number, or its digits, of ``unit`` milliseconds; raises ``AnswerError``."""
    value = member(data, name, int, str, host=host)
    try:
        return from_milliseconds(int(value) * unit)
    except ValueError:
        raise AnswerError(f"{host} answered no time for {name}") from None


def date_header(answer: Answer) -> datetime.datetime:
    """Return the instant of the answer's ``Date`` header, in whole seconds; ``AnswerError`` where there is none."""
    at = from_http_date(answer.headers.get("date", ""))
    if at is None:
        raise AnswerError(f"{answer.host} answered no time in its Date header")
    return at


def comma_list(text: str | None) -> Allowlist:
    """Return the allowlist of a comma separated text; nothing in it, or ``*`` alone, means no restriction."""
    if text is None:
        return Allowlist("unknown")
    entries = split_list(text)
    if all(entry in ("", "*") for entry in entries):
        return Allowlist("unrestricted")
    return Allowlist("entries", entries)


def together(words: frozenset[str], *groups: frozenset[str]) -> frozenset[str]:
    """Return the words, reading, and the whole of each group of which one word is there: what shares a box."""
    shared = (group for group in groups if words & group)
    return words.union({"read"}, *shared)


def listed(entries: tuple[str, ...], *, empty: str) -> Allowlist:
    """Return the allowlist of a list; ``empty`` is the state that an empty one is documented to mean.

    One of nothing but empty texts is documented nowhere: it restricts to nothing that is known.
    """
    if any(entries):
        return Allowlist("entries", entries)
    return Allowlist("unknown" if entries else empty)


@functools.lru_cache(maxsize=1024)
def unknown(word: str) -> str:
    """Return the permission word for a word of the exchange that this collection does not know."""
    return UNKNOWN_PREFIX + one_line(word, limit=80)


def hmac_sha256(*, secret: str, text: str) -> bytes:
    """Return the digest that most exchanges sign with."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()


def hmac_sha512(*, secret: bytes, message: bytes) -> bytes:
    """Return the digest that Kraken signs with."""
    return hmac.new(secret, message, hashlib.sha512).digest()


def in_base64(digest: bytes) -> str:
    """Return bytes in base64, as text."""
    return base64.b64encode(digest).decode("ascii")
