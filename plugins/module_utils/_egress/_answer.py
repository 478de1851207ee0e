# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One source's answer becomes exactly one global address of the asked family, or a reason why not.

Everything else that a source can say (two addresses, HTML, a private address, the other family, a redirect) is evidence
against that source and never a result. Private to this collection.
"""

from __future__ import annotations

import re
import typing as t
from urllib.parse import urlsplit

from .._allowlist._blocks import classify
from .._allowlist._grammar import format_address, read_address
from .._errors import AnswerError, InputError
from .._json import json_object
from .._message import Answer
from .._redact import one_line
from ._sources import Source

_VERSION = {"ipv4": 4, "ipv6": 6}
_TITLE = {4: "IPv4", 6: "IPv6"}
_SHOWN = 40
#: The longest text of one address is an IPv6 address with an IPv4 tail.
_LONGEST_ADDRESS = 45


def family_title(family: str) -> str:
    """Return ``IPv4`` for ``ipv4``, for people."""
    return _TITLE[_VERSION[family]]


def global_address(text: str, *, family: str | None = None) -> str:
    """Return the canonical text of one global address (of ``family`` if given).

    Raises ``AnswerError`` with what the text is instead, as the end of a sentence that begins with who said it.
    """
    try:
        version, value = read_address(text)
    except InputError:
        raise AnswerError(f"answered {one_line(repr(text), limit=_SHOWN)}, which is not one IP address") from None
    shown = format_address(version=version, value=value)
    block = classify(shown)
    if block is not None:
        raise AnswerError(f"answered {shown}, which is no public address ({block.prefix}, {block.name})")
    if family is not None and version != _VERSION[family]:
        raise AnswerError(f"answered the {_TITLE[version]} address {shown} when asked over {_TITLE[_VERSION[family]]}")
    return shown


def family_of(address: str) -> str:
    """Return ``ipv4`` or ``ipv6`` for the text of one address."""
    return "ipv4" if read_address(address)[0] == 4 else "ipv6"


def read_answer(answer: Answer, *, source: Source, family: str) -> str:
    """Return the one global address of ``family`` in an answer; raises ``AnswerError`` that says what came instead."""
    if 300 <= answer.status < 400:
        # Never followed: a captive portal or a moved service answers for somebody else.
        raise AnswerError(f"redirected (HTTP {answer.status}), which is not followed")
    if answer.status != 200:
        raise AnswerError(f"answered HTTP {answer.status}")
    if source.shape == "json":
        return global_address(_json_text(answer, field=source.field or ""), family=family)
    try:
        text = answer.text()
    except ValueError:
        raise AnswerError("answered bytes that are no text") from None
    text = _trace_text(text, url=source.url) if source.shape == "trace" else _plain_text(text)
    return global_address(text, family=family)


def _plain_text(body: str) -> str:
    text = body.strip(" \t\r\n")
    if not text:
        raise AnswerError("answered nothing")
    if text.startswith("<"):
        raise AnswerError("answered HTML")
    pieces = [piece for piece in re.split(r"[\s,;]+", text[:512]) if piece]
    if len(pieces) > 1 and sum(_is_address(piece) for piece in pieces) > 1:
        raise AnswerError(f"answered more than one address ({one_line(text, limit=_SHOWN)})")
    if len(text) > _LONGEST_ADDRESS:
        raise AnswerError(f"answered {len(text)} characters where one address was expected")
    return text


def _is_address(text: str) -> bool:
    try:
        read_address(text)
    except InputError:
        return False
    return True


def _trace_text(body: str, *, url: str) -> str:
    pairs = [line.split("=", 1) for line in body.splitlines() if "=" in line]
    addresses = [value for name, value in pairs if name == "ip"]
    hosts = [value for name, value in pairs if name == "h"]
    if len(addresses) != 1 or len(hosts) != 1:
        raise AnswerError("answered no trace (exactly one line ip= and one line h= were expected)")
    asked = (urlsplit(url).hostname or "").lower()
    if (urlsplit(f"//{hosts[0]}").hostname or "").lower() != asked:
        raise AnswerError(f"answered a trace of {one_line(repr(hosts[0]), limit=_SHOWN)}, not of {asked}")
    return addresses[0]


def _json_text(answer: Answer, *, field: str) -> str:
    try:
        data: t.Any = json_object(answer)
    except AnswerError as error:
        raise AnswerError(str(error)[len(answer.host) + 1 :]) from None
    for name in field.split("."):
        if not isinstance(data, dict) or name not in data:
            raise AnswerError(f"answered JSON without {field}")
        data = data[name]
    if not isinstance(data, str):
        raise AnswerError(f"answered {type(data).__name__} for {field}, not a text")
    return data
