# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys in programs' own files: which ones are taken, and that none is sent anywhere on a guess."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._credential._clear import MOST_BYTES, read_clear
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import OTHER, names

PAIR = {"key": "canary-key-1", "secret": "canary-secret-1"}
VARIABLES = "API_KEY=canary-key-1\nAPI_SECRET=canary-secret-1\n"


def read(content: Any) -> list[tuple[str, str | None, str | None, str]]:
    text = content if isinstance(content, str) else json.dumps(content)
    found = read_clear(text.encode())
    for key in found:
        assert (key.fields["api_key"], key.fields["secret"]) == ("canary-key-1", "canary-secret-1")
        assert "canary" not in repr(key)
    return [(key.program, key.entry, key.exchange, key.region) for key in found]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"exchange": {"name": "bybit", **PAIR, "password": ""}}, ("freqtrade", None, "bybit", "global")),
        (
            (
                '// mine\n{"url": "https://x//y", /* no */ "exchange": {"name": "OKX", "key": "canary-key-1",'
                ' "secret": "canary-secret-1",}, // end\n}'
            ),
            ("freqtrade", None, "okx", "global"),
        ),
        ({"main": {"exchange": "gateio", **PAIR}, "referrals": {}}, ("passivbot", "main", "gate", "global")),
        (
            {"binanceus": {"apiKey": "canary-key-1", "secret": "canary-secret-1"}},
            ("ccxt", "binanceus", "binance", "us"),
        ),
        ({"exchange": "mexc", "apiKey": "canary-key-1", "secret": "canary-secret-1"}, ("ccxt", None, "mexc", "global")),
        ({"exchange_id": "weex", **PAIR}, ("ccxt", None, None, "global")),
        (f"EXCHANGE=kucoin\n{VARIABLES}", ("dotenv", None, "kucoin", "global")),
        (
            "# x\nexport BOT_GATE_IO_API_KEY=\"canary-key-1\"\nBOT_GATE_IO_SECRET_KEY='canary-secret-1'  # y\n",
            ("dotenv", "BOT_GATE_IO", "gate", "global"),
        ),
        (
            (
                "FREQTRADE__EXCHANGE__NAME=htx\r\nFREQTRADE__EXCHANGE__KEY=canary-key-1\r\n"
                "FREQTRADE__EXCHANGE__SECRET=canary-secret-1\r\n"
            ),
            ("dotenv", "FREQTRADE__EXCHANGE_", "htx", "global"),
        ),
    ],
)
def test_what_programs_read_is_read(content: Any, expected: tuple[Any, ...]) -> None:
    assert read(content) == [expected]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[1]",
        '"text"',
        "[" * 100_000,
        '{"a":' * 100_000,
        {"exchange": {"name": "bybit", "key": "canary-key-1", "secret": ""}},
        {"exchange": {"name": ["bybit"], **PAIR}},
        # Whose key it is is not said, or said twice.
        PAIR,
        VARIABLES,
        {"exchange": "bybit", "exchange_id": "okx", **PAIR},
        {"main": PAIR},
        f"EXCHANGE=okx\n{VARIABLES.replace('API_', 'BYBIT_API_')}EXCHANGE_ID=okx\nBYBIT_EXCHANGE=okx\n",
        VARIABLES.replace("API_", "BYBIT_OKX_API_"),
        # Words that only begin like an exchange's name.
        VARIABLES.replace("API_", "GATEWAY_API_"),
        # Test sites.
        {"exchange": {"name": "bybit", **PAIR, "ccxt_config": {"sandbox": True}}},
        {"exchange": "bybit_testnet", **PAIR},
        VARIABLES.replace("API_", "BYBIT_TESTNET_API_"),
        # Templates.
        {"exchange": {"name": "bybit", "key": "${KEY}", "secret": "{{ secret }}"}},
        # What would be shown.
        {"\n\u202e{{ evil }}": {"exchange": "bybit", **PAIR}},
        {"exchange": {"name": "{{ lookup('pipe', 'id') }}", **PAIR}},
    ],
)
def test_what_is_not_plain_is_left_out(content: Any) -> None:
    assert read(content) == []


def test_all_of_several_keys_are_read() -> None:
    users = {"one": {"exchange": "bybit", **PAIR}, "two": {"exchange": "okx", **PAIR}, "three": {"exchange": "okx"}}
    assert [each[1:3] for each in read(users)] == [("one", "bybit"), ("two", "okx")]


def test_every_exchange_is_known_by_its_name() -> None:
    for name in names():
        if name != OTHER:
            assert read({"exchange": {"name": name, **PAIR}}) == [("freqtrade", None, name, "global")]


@pytest.mark.parametrize("piece", ['"', '\\"', "/*", "//", ",", ", ", "{", "A_", "KEY=\\", " ", '"\\', "export "])
def test_a_hostile_file_is_read_in_time(piece: str) -> None:
    for head in ("{", "A_KEY="):
        begun = time.monotonic()
        read_clear((head + piece * MOST_BYTES)[:MOST_BYTES].encode())
        assert time.monotonic() - begun < 20


@given(st.binary(max_size=300) | st.text(alphabet='{}",:/*\\ akeysrt_=\n', max_size=300).map(str.encode))
def test_nothing_makes_it_fail(content: bytes) -> None:
    assert isinstance(read_clear(content), list)
