# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading a stranger's JSON strictly. Private to this collection."""

from __future__ import annotations

import json
import typing as t

from ._errors import AnswerError
from ._message import Answer


def json_object(answer: Answer) -> dict[str, t.Any]:
    """Return the answer's JSON object. Duplicate names, NaN and anything else raise ``AnswerError``."""
    data = json_value(answer)
    if not isinstance(data, dict):
        raise AnswerError(f"{answer.host} answered a JSON {type(data).__name__} where an object was expected")
    return t.cast("dict[str, t.Any]", data)


def json_list(answer: Answer) -> list[t.Any]:
    """Return the answer's JSON list, read as strictly."""
    data = json_value(answer)
    if not isinstance(data, list):
        raise AnswerError(f"{answer.host} answered a JSON {type(data).__name__} where a list was expected")
    return data


def json_value(answer: Answer) -> t.Any:
    """Return the answer's JSON, of whatever kind. Duplicate names and NaN raise ``AnswerError``."""
    try:
        return json.loads(
            answer.text(), object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_int=_short_int
        )
    except (ValueError, RecursionError):
        start = "nothing" if not answer.body else "HTML" if answer.body.lstrip()[:1] == b"<" else "no valid JSON"
        raise AnswerError(f"{answer.host} answered {start} (HTTP {answer.status}) where JSON was expected") from None


def _no_duplicates(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("duplicate names")
    return data


def _no_constant(text: str) -> t.NoReturn:
    raise ValueError(text)


def _short_int(text: str) -> int:
    if len(text) > 40:  # reading a megabyte of digits takes minutes on old Pythons
        raise ValueError("not a number that an exchange has")
    return int(text)
