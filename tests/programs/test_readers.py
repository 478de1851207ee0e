# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever text is written as variables or TOML, every reader of that form reads the same, or it is refused."""

from __future__ import annotations

import io
import os
import subprocess
import tomllib
from pathlib import Path

import dotenv
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._credential import _text_writers, _texts
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError

#: Rich in what a shell, python-dotenv and systemd give a meaning.
SIGNS = st.text(st.one_of(st.sampled_from("'\"\\$`{}()!#=%& \n\t;~*aA0é\x85\u2028"), st.characters(codec="utf-8")))
VARIABLES = st.dictionaries(st.from_regex(r"[A-Z][A-Z0-9_]{2,9}", fullmatch=True), SIGNS, min_size=1, max_size=4)


def written(variables: dict[str, str]) -> str | None:
    try:
        return _text_writers.write_variables(variables, field="x")
    except InputError:
        return None


@given(VARIABLES)
@settings(max_examples=400)
def test_dotenv(variables: dict[str, str]) -> None:
    text = written(variables)
    if text is not None:
        assert dotenv.dotenv_values(stream=io.StringIO(text)) == variables


@given(variables=VARIABLES.map(lambda found: {f"X_{name}": value for name, value in found.items()}))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_a_shell(shell: str, variables: dict[str, str], tmp_path: Path) -> None:
    text = written(variables)
    if text is None:
        return
    path = tmp_path / "variables"
    path.write_text(text)
    done = subprocess.run(
        [shell, "-c", 'set -a; . "$1"; exec env -0', shell, path],
        capture_output=True,
        env={"PATH": os.defpath},
        check=True,
    )
    found = dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if entry)
    assert {name: found.get(name) for name in variables} == variables


@pytest.mark.parametrize("refused", ["'", "\\", "${X}", "é", "\t", "\x85", "\r"])
def test_what_readers_do_not_read_alike_is_refused(refused: str) -> None:
    assert written({"A": f"a{refused}b"}) is None


@pytest.mark.parametrize("taken", ['"', "$X", "$(x)", "`x`", "#", " # ", "=", "{", "a\nb", " ", "!", "%"])
def test_what_they_do_is_taken(taken: str) -> None:
    text = written({"A": taken})
    assert text is not None
    assert dotenv.dotenv_values(stream=io.StringIO(text)) == {"A": taken}


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z0-9_-]{1,10}", fullmatch=True),
        st.dictionaries(st.sampled_from(["login", "secret", "password"]), SIGNS, min_size=1),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=500)
def test_toml(tables: dict[str, dict[str, str]]) -> None:
    text = _text_writers.write_toml_accounts(tables)
    accounts = tomllib.loads(text)["accounts"]
    assert list(accounts) == list(tables)
    for number, (name, strings) in enumerate(tables.items()):
        assert accounts[name] == {"master": number == 0, "symbols": [".*"], **strings}
    assert _texts.read_toml_accounts(text) == tables
