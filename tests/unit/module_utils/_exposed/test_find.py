# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is a secret in clear, and what only looks like one."""

from __future__ import annotations

import json
import random
import typing as t

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exposed._find import Hit, find, may_hold, path_names_trade
from ansible_collections.trading.hosts.plugins.module_utils._exposed._forms import FORMS
from tests.unit.module_utils._exposed.build import ANY, made, pair

KEY, SECRET = pair("binance")
OKX_KEY, OKX_SECRET = pair("okx")
_CHANCE = random.Random(7)
HEX = made("0x[0-9a-f]{64}", chance=_CHANCE)
OTHER = made(ANY, chance=_CHANCE)
SHORT = made("[A-Za-z0-9]{24}", chance=_CHANCE)
#: Put together here, so that this file holds no key's frame.
_FRAME = "-----{} EC PRIVATE KEY-----"
PEM = "\n".join((_FRAME.format("BEGIN"), made("[A-Za-z0-9+/]{64}", chance=_CHANCE), _FRAME.format("END"), ""))
BLOCK = PEM.replace("\n", "\n    ")


def whose(text: str, *, trade: bool = False) -> list[tuple[str, ...]]:
    assert may_hold(text.encode().lower())
    return [hit.exchanges for hit in find(text.encode(), trade=trade)]


#: As programs keep them: name, text, whose.
POSITIVE: dict[str, tuple[str, list[tuple[str, ...]]]] = {
    "freqtrade": (
        json.dumps({"exchange": {"name": "binance", "key": KEY, "secret": SECRET}}, indent=4),
        [("binance",)],
    ),
    "freqtrade, another order": (
        json.dumps({"exchange": {"secret": SECRET, "key": KEY, "name": "binance"}}),
        [("binance",)],
    ),
    "ccxt document, no exchange named": (json.dumps({"apiKey": KEY, "secret": SECRET}), [("binance",)]),
    "passivbot": (
        json.dumps({"a": {"exchange": "okx", "key": OKX_KEY, "secret": OKX_SECRET, "passphrase": "Aa1-bb"}}, indent=1),
        [("okx",)],
    ),
    "two accounts": (
        json.dumps(
            {
                "b": {"exchange": "binance", "key": KEY, "secret": SECRET},
                "o": {"exchange": "okx", "key": OKX_KEY, "secret": OKX_SECRET},
            },
            indent=1,
        ),
        [("binance",), ("okx",)],
    ),
    "passivbot, hyperliquid": (
        json.dumps({"h": {"exchange": "hyperliquid", "wallet_address": "0x" + "9" * 40, "private_key": HEX}}),
        [("hyperliquid",)],
    ),
    "nautilus, environment": (f"HYPERLIQUID_PK={HEX}\n", [("hyperliquid",)]),
    "dotenv": (f"BINANCE_API_KEY={KEY}\nBINANCE_API_SECRET={SECRET}\n", [("binance",)]),
    "dotenv, quoted": (f'export BYBIT_API_SECRET="{pair("bybit")[1]}"\n', [("bybit",)]),
    "dotenv, exchange without a form": (f"GATE_IO_SECRET_KEY='{OTHER}'\n", [("gate",)]),
    "hummingbot, old": (f"binance_api_secret: {SECRET}\n", [("binance",)]),
    "octobot": (json.dumps({"exchanges": {"okx": {"api-key": OKX_KEY, "api-secret": OKX_SECRET}}}), [("okx",)]),
    "octobot, its constant key": (
        json.dumps({"exchanges": {"kucoin": {"api-secret": f"gAAAAAB{OTHER}{OTHER}=="}}}),
        [("kucoin",)],
    ),
    "roq": (
        f'[accounts.A1]\nexchange = "deribit"\nlogin = "Xy12abQ9"\nsecret = "{pair("deribit")[1]}"\n',
        [("deribit",)],
    ),
    "script": (f"import ccxt\nx = ccxt.bybit({{'apiKey': 'k', 'secret': '{pair('bybit')[1]}'}})\n", [("bybit",)]),
    "keyword argument": (f"client = binance.Client(api_key='{KEY}', api_secret='{SECRET}')\n", [("binance",)]),
    "unit": (f'[Service]\nEnvironment="OKX_API_SECRET={OKX_SECRET}" "A=b"\n', [("okx",)]),
    "history": (f"passivbot --api-secret {OTHER} --exchange binance\n", [("binance",)]),
    "history, one dash": (f"./bybit-bot -secret {pair('bybit')[1]}\n", [("bybit",)]),
    "container": (json.dumps({"Config": {"Env": [f"KRAKEN_API_SECRET={pair('kraken')[1]}"]}}), [("kraken",)]),
    "JSON in a string": (json.dumps({"c": json.dumps({"apiKey": KEY, "secret": SECRET})}), [("binance",)]),
    "YAML": (f"okx:\n  api_key: {OKX_KEY}\n  secret: {OKX_SECRET}\n", [("okx",)]),
    "YAML, tagged": (f"kucoin:\n  secret: !unsafe {pair('kucoin')[1]}\n", [("kucoin",)]),
    "Coinbase": (
        json.dumps({"name": "organizations/a/apiKeys/b", "privateKey": PEM}),
        [("coinbase",)],
    ),
    "Coinbase, YAML": (f"coinbase:\n  name: organizations/a/apiKeys/b\n  private_key: |\n    {BLOCK}", [("coinbase",)]),
    "private key as a secret": (f"- exchange: binance\n  secret: |-\n    {BLOCK}", [()]),
    "YAML, folded": (f"okx_secret: >-\n  {OKX_SECRET}\n", [("okx",)]),
    "a common word for an exchange": (f"- exchange: gate\n  secret: {OTHER}\n", [("gate",)]),
    "a common word, JSON": (json.dumps({"exchange": "gemini", "secret": OTHER}), [("gemini",)]),
    "a common word, option": (f"bot --exchange=woo --secret {OTHER}", [("woo",)]),
    "vault beside clear text": (
        f"bybit_secret: {pair('bybit')[1]}\nokx_secret: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  {'61' * 40}\n",
        [("bybit",)],
    ),
}


@pytest.mark.parametrize("name", POSITIVE)
def test_a_secret_is_found(name: str) -> None:
    text, expected = POSITIVE[name]
    assert whose(text) == expected


@pytest.mark.parametrize("exchange", [name for name, form in FORMS.items() if all(form)])
def test_every_known_pair_is_found_where_nothing_names_the_exchange(exchange: str) -> None:
    key, secret = pair(exchange)
    found = whose(json.dumps({"apiKey": key, "secret": secret}))
    if exchange in ("deribit", "htx"):
        assert found == []  # their forms are too common
        assert exchange in whose(json.dumps({"apiKey": key, "secret": secret}), trade=True)[0]
    else:
        assert exchange in found[0]


@pytest.mark.parametrize("exchange", FORMS)
def test_every_exchange_is_known_by_its_name(exchange: str) -> None:
    assert whose(f"{exchange.upper()}_API_SECRET={pair(exchange)[1]}") == [(exchange,)]


def test_few_random_secrets_are_taken_for_something_else() -> None:
    for exchange, (_key, secret) in FORMS.items():
        if secret is not None:
            texts = [f"{exchange}_secret={pair(exchange, seed=seed)[1]}" for seed in range(300)]
            missed = [text for text in texts if not find(text.encode())]
            assert len(missed) <= 1, exchange


NEGATIVE = {
    "placeholder": '{"exchange": {"name": "binance", "key": "your_exchange_key", "secret": "your_exchange_secret"}}',
    "placeholder, long": f"BINANCE_API_SECRET={'x' * 64}",
    "placeholder, counted": "BINANCE_API_SECRET=" + "0123456789" * 4,
    "placeholder, in words": "BYBIT_API_SECRET=put-your-bybit-api-secret-here-1",
    "variable": "BINANCE_API_SECRET=${BINANCE_API_SECRET_FROM_VAULT_1}",
    "template": "bybit_secret: '{{ vaulted_bybit_secret_number_12 }}'",
    "vaulted": f"bybit_secret: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  {'3162' * 20}\n",
    "sops": f"okx_secret: ENC[AES256_GCM,data:{OTHER},iv:{SHORT},type:str]",
    "program": "secret = self.binance_client.secret2_of_account(name)",
    "program, a name": "api_secret=getBinanceSecretOfAccountNumberTwo2()",
    "program, a field": "secret = settings2.binance.secret_of_account_2b.value",
    "hummingbot's keystore": f"binance_api_secret: {json.dumps({'crypto': OTHER * 4}).encode().hex()}",
    "AWS": f"aws_secret_access_key = {OTHER}\n# binance",
    "another program's": f"freqtrade\njwt_secret_key: {OTHER}",
    "OAuth": f'{{"client_id": "{OKX_KEY}", "client_secret": "{OTHER}"}}',
    "Django": f"SECRET_KEY = '{OTHER}'",
    "pair of an object store": f"access_key: {SHORT[:20]}\nsecret_key: {OTHER}",
    "digest": f"secret: {HEX[2:]}",
    "prose": f"The secret {OTHER} is one of Binance.",
    "path": f"binance_secret: /etc/credstore/{SHORT}",
    "key of a server": f"private_key: |\n    {BLOCK}",
    "frame of a key": "binance_secret: |\n  -----BEGIN PRIVATE " + "KEY-----\n  ...\n",
    "encrypted key": "binance_secret: |\n    " + BLOCK.replace("BEGIN EC", "BEGIN ENCRYPTED"),
    "gate of an exchange": f"exchange_gateway: x\nsecret: {OTHER}\n",
    "key id alone": f"BINANCE_API_KEY={KEY}\nsecret=",
    "number": "BINANCE_SECRET=11223344556677889900112233",
    "gate is a word": f"navigate_secret: {OTHER}",
}


@pytest.mark.parametrize("name", NEGATIVE)
def test_what_is_no_secret_is_left_alone(name: str) -> None:
    assert find(NEGATIVE[name].encode()) == []


def test_lines_are_counted_from_where_the_piece_begins() -> None:
    text = f"a\nb\nBINANCE_SECRET={SECRET}\n\nOKX_SECRET={OKX_SECRET}\n".encode()
    assert find(text) == [Hit(3, "secret", ("binance",)), Hit(5, "secret", ("okx",))]
    assert [hit.line for hit in find(text, first_line=101)] == [103, 105]


def test_a_file_of_secrets_does_not_make_a_list_without_end() -> None:
    text = "".join(f"BINANCE_SECRET={pair('binance', seed=seed)[1]}\n" for seed in range(100)).encode()
    assert len(find(text)) == 20


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/bot/freqtrade/user_data/config.json", True),
        ("/opt/passivbot/api-keys.json", True),
        ("/etc/roq/config.toml", True),
        ("/home/bot/bybit.env", True),
        ("/etc/ssl/openssl.cnf", False),
        ("/usr/share/croquet/x", False),
    ],
)
def test_paths_of_trade(path: str, expected: bool) -> None:
    assert path_names_trade(path) is expected


def test_a_trading_programs_own_file_needs_no_exchange() -> None:
    text = json.dumps({"secret": OTHER})
    assert whose(text) == []
    assert whose(text, trade=True) == [()]


def test_nothing_of_the_text_is_told() -> None:
    texts: list[t.Any] = [text for text, _whose in POSITIVE.values()]
    told = json.dumps([hit._asdict() for text in texts for hit in find(text.encode())])
    for value in (KEY, SECRET, OKX_KEY, OKX_SECRET, OTHER, HEX):
        assert value not in told
