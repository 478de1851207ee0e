# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forms of text for which Python 3.9 has no writer: variables, TOML, CSV, a person's own template. Private.

Each writes a small part of its form, which every reader of that form takes alike, and refuses the rest with a sentence.
Each has a reader in ``_texts.py`` that takes exactly what was written, so that a document is read back before it is
used.
"""

from __future__ import annotations

import csv
import io
import json
import re
import typing as t

from .._errors import InputError

#: Sections or rows of a document: name -> the strings in it by their names there.
Tables = t.Mapping[str, t.Mapping[str, str]]

#: What no shell, python-dotenv or systemd takes for anything but itself within single quotes. Python-dotenv replaces
#: ${NAME} even there.
_QUOTABLE = re.compile(r"(?:(?!\$\{)[\n -&(-\[\]-~])*")


_TOML_HEADER = "[accounts.{name}]\n"

_PLACEHOLDER = re.compile(r"\{((?:[A-Za-z0-9_-]+\.)?[a-z_]+)\}")
#: What no quotes, escapes, comments or substitutions of any form begin or end with.
_PLAIN = re.compile(r"[A-Za-z0-9+/=_.:@~,-]+")


def write_variables(variables: t.Mapping[str, str], *, field: str) -> str:
    """Return lines ``NAME='value'``; raises :class:`InputError` for a value that readers would read differently."""
    for name, value in variables.items():
        if not _QUOTABLE.fullmatch(value):
            raise InputError(
                field=f"{field} ({name})",
                problem="holds a single quote, a backslash, ${ or a character that is not ASCII, which the readers of "
                "such a file do not read alike",
                mend="create a key or passphrase without it, or use a format that is JSON",
            )
    return "".join(f"{name}='{value}'\n" for name, value in variables.items())


def write_toml_accounts(tables: Tables) -> str:
    """Return a table ``[accounts.NAME]`` for each, as a gateway of roq reads it.

    Each account may trade every symbol; the first one is the master, which asks for market data.
    """
    parts = []
    for number, (name, strings) in enumerate(tables.items()):
        lines = [f"master = {'false' if number else 'true'}", 'symbols = [".*"]']
        # A string of JSON is one of TOML where only what TOML escapes so too is escaped.
        lines += [f"{key} = {_json_string(value)}" for key, value in strings.items()]
        parts.append(_TOML_HEADER.format(name=name) + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _json_string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_csv(rows: t.Sequence[t.Mapping[str, str]], *, header: t.Sequence[str]) -> str:
    """Return a table with this header; what a row does not have is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(header), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def fill(template: str, *, values: t.Mapping[str, str], field: str) -> str:
    """Return the template with ``{api_key}`` or ``{account.api_key}`` replaced; other braces stay as they are.

    In a template that is JSON a placeholder stands in a string, and its value is escaped as one. A value goes into any
    other text without its quotes being known, so it must be plain. Raises :class:`InputError` for a value that is not,
    for a placeholder without a value and for a value without a placeholder.
    """
    is_json = _is_json(template)
    accounts = {name.partition(".")[0] for name in values if "." in name}
    fields = {name.rpartition(".")[2] for name in values}
    asked = set(_PLACEHOLDER.findall(template))
    wrong = [name for name in sorted(asked - set(values)) if _meant(name, accounts=accounts, fields=fields)]
    if wrong:
        raise InputError(
            field=f"{field}.template", problem=f"names {{{wrong[0]}}}, for which no value is given", mend="give it"
        )
    for name, value in values.items():
        if name not in asked:
            raise InputError(
                field=f"{field}.template",
                problem=f"does not say where {{{name}}} goes",
                mend="write it there, or leave the field out",
            )
        if not is_json and not _PLAIN.fullmatch(value):
            raise InputError(
                field=f"{field} ({name})",
                problem="holds a character that could end the quotes of the template or mean something in its form",
                mend="only letters, digits and + / = _ . : @ ~ , - can be placed so, but in JSON; use another format",
            )
    texts = {name: json.dumps(value)[1:-1] if is_json else value for name, value in values.items()}
    return _PLACEHOLDER.sub(lambda match: texts.get(match[1], match[0]), template)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


#: The names that a placeholder is taken to mean even where no such value is given.
_KNOWN = frozenset(("api_key", "secret", "passphrase", "uid", "private_key", "wallet_address", "account_id", "token"))


def _meant(name: str, *, accounts: t.Collection[str], fields: t.Collection[str]) -> bool:
    account, dot, last = name.rpartition(".")
    return last in _KNOWN and (not dot or account in accounts or last in fields)
