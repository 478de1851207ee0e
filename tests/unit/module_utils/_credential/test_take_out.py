# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key goes out of a program's own file, and everything else stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._credential._clear import read_clear
from ansible_collections.trading.hosts.plugins.module_utils._credential._take_out import take_out
from ansible_collections.trading.hosts.plugins.module_utils._errors import StoreError

HELD = {"api_key": "canary-key-1-long", "secret": "canary-secret-1-long"}
PAIR = '"key": "canary-key-1-long", "secret": "canary-secret-1-long"'
OTHER = '"key": "canary-key-2-long", "secret": "canary-secret-2-long"'


def left(text: str, *held: dict[str, str]) -> Any:
    return take_out(text.encode(), held=held or [HELD], path="/srv/config")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '\ufeff// mine, "key"\r\n{"stake": 1.50, "exchange": {"name": "bybit",\t'
            + PAIR
            + ',}, "l": ["a", {"b": 1}],}\n',
            (
                '\ufeff// mine, "key"\r\n{"stake": 1.50, "exchange": {"name": "bybit",\t"key": "", "secret": "",},'
                ' "l": ["a", {"b": 1}],}\n'
            ),
        ),
        (
            '{"a": {"exchange": "bybit", ' + PAIR + '}, "b": {"exchange": "okx", ' + OTHER + "}} /* open",
            '{"a": {"exchange": "bybit", "key": "", "secret": ""}, "b": {"exchange": "okx", ' + OTHER + "}} /* open",
        ),
        (
            "\ufeffBYBIT_API_KEY=canary-key-1-long\nBYBIT_API_SECRET=canary-secret-1-long\nMODE=live\n",
            "\ufeffMODE=live\n",
        ),
        (
            "# keys\nMODE=live\nexport BYBIT_API_KEY='canary-key-1-long' # x\r\nBYBIT_API_SECRET=canary-secret-1-long",
            "# keys\nMODE=live\n",
        ),
        (
            (
                "BYBIT_API_KEY=canary-key-1-long\nBYBIT_API_SECRET=canary-secret-1-long\nEXCHANGE=\nOKX_API_KEY=canary-2\n"
                "OKX_API_SECRET=canary-3\n"
            ),
            "EXCHANGE=\nOKX_API_KEY=canary-2\nOKX_API_SECRET=canary-3\n",
        ),
    ],
)
def test_every_other_byte_stays(before: str, after: str) -> None:
    told = left(before)
    assert told.content.decode() == after
    assert (told.fields, told.is_empty) == (("api_key", "secret"), False)
    assert "canary" not in repr(told)
    again = left(after)
    assert (again.content.decode(), again.entries) == (after, ())


def test_one_key_by_two_names_goes_where_the_credential_has_both() -> None:
    text = (
        '{"a": {"exchange": "bybit", ' + PAIR + '}, "b": {"exchange": "bybit", "key": "canary\\u002dkey-1-long",'
        ' "secret": "canary-secret-1-long"}, "n": 1}'
    )
    assert left(text, HELD, HELD).content.decode() == (
        '{"a": {"exchange": "bybit", "key": "", "secret": ""},'
        ' "b": {"exchange": "bybit", "key": "", "secret": ""}, "n": 1}'
    )


@pytest.mark.parametrize(
    ("text", "is_empty"),
    [
        ('{"exchange": "Bybit", ' + PAIR + "}", True),
        ('{"grid": {"exchange": "bybit", ' + PAIR + '}, "referrals": {}}', True),
        ('{"exchange": {"name": "bybit", ' + PAIR + "}}", True),
        ('{"exchange": {"name": "bybit", ' + PAIR + '}, "dry_run": false}', False),
        ('{"grid": {"exchange": "bybit", ' + PAIR + '}, "b": {"exchange": "okx", ' + OTHER + "}}", False),
        ('{"exchange": "bybit", ' + PAIR + "} // mine", False),
        ("BYBIT_API_KEY=canary-key-1-long\n\nBYBIT_API_SECRET=canary-secret-1-long\n", True),
        ("#\nBYBIT_API_KEY=canary-key-1-long\nBYBIT_API_SECRET=canary-secret-1-long\n", False),
    ],
)
def test_a_file_of_keys_alone_is_told(text: str, is_empty: bool) -> None:
    told = left(text)
    assert told.is_empty is is_empty
    assert b"canary-secret-1" not in told.content


def test_what_the_credential_does_not_hold_stays() -> None:
    text = '{"a": {"exchange": "bybit", ' + OTHER + "}}"
    assert left(text).content.decode() == text
    for text in ("", "{", "\xff", "x: canary-key-1-long\ny: canary-secret-1-long\n"):
        assert left(text).content.decode() == text


@pytest.mark.parametrize(
    ("text", "held", "sentence"),
    [
        (
            '{"g": {"exchange": "okx", ' + PAIR + ', "passphrase": "canary-phrase"}}',
            HELD,
            r"config \(g\) holds the cred",
        ),
        ('{"g": {"exchange": "bybit", ' + PAIR + "}}", {**HELD, "secret": "canary-old"}, "another secret"),
        (
            '{"g": {"exchange": "bybit", ' + PAIR + '}, "old": ["\\n\\n", "canary-secret-1-long"]}',
            HELD,
            "by its line 1",
        ),
        ('// was: canary-secret-1-long\n{"g": {"exchange": "bybit",\n' + PAIR + "}}", HELD, "by its line 1"),
        ('{"g": {"exchange": "bybit", ' + PAIR + ', "ws": "x-canary-secret-1-l\\u006fng"}}', HELD, "in another place"),
        # Whoever reads it by the other name does not find it in the credential.
        (
            '{"g": {"exchange": "bybit", ' + PAIR + '}, "spot": {"exchange": "bybit", ' + PAIR + "}}",
            HELD,
            r"holds the key by several names \(g, spot\), and the credential by fewer",
        ),
        (
            "BYBIT_API_KEY=canary-key-1-long\nBYBIT_API_SECRET=canary-other\nBYBIT_API_SECRET=canary-secret-1-long\n",
            HELD,
            "sets BYBIT_API_SECRET twice",
        ),
        (
            "BYBIT_API_KEY=canary-key-1-long\nBYBIT_API_SECRET=canary-secret-1-long\n# canary-secret-1-long\n",
            HELD,
            "by its line 1",
        ),
    ],
)
def test_refusals(text: str, held: dict[str, str], sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as refused:
        left(text, held)
    assert "canary" not in str(refused.value)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(more=st.dictionaries(NAMES, VALUES, max_size=4), indent=st.sampled_from([None, 0, 2]), escaped=st.booleans())
def test_whatever_else_is_in_the_file_stays(more: dict[str, Any], indent: int | None, escaped: bool) -> None:
    document = {**more, "exchange": {**more, "name": "bybit", "key": HELD["api_key"], "secret": HELD["secret"]}}
    text = json.dumps(document, indent=indent, ensure_ascii=escaped)
    if not read_clear(text.encode()):
        return  # it says that it is of a test site, or names two exchanges
    told = left(text)
    document["exchange"].update(key="", secret="")
    assert told.content.decode() == json.dumps(document, indent=indent, ensure_ascii=escaped)
