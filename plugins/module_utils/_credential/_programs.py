# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How each trading program spells fields and exchanges. Private: no interface for other collections.

Only names stand here, each read in the program's own source at the version that its table names. Nothing here talks to
an exchange, and no exchange's code is needed, so that what places a credential stays small.
"""

from __future__ import annotations

import typing as t

Names = t.Mapping[str, str]

#: The collection's name of a field -> (ccxt's, freqtrade's, OctoBot's). The order is the order in the documents.
#: ccxt: Exchange.requiredCredentials; freqtrade 2026.9: config schema, section exchange; OctoBot 2.0.16:
#: octobot_commons/constants.py, CONFIG_EXCHANGE_*.
_NAMES: t.Mapping[str, tuple[str, str | None, str | None]] = {
    "api_key": ("apiKey", "key", "api-key"),
    "secret": ("secret", "secret", "api-secret"),
    "passphrase": ("password", "password", "api-password"),
    "uid": ("uid", "uid", "api-uid"),
    "account_id": ("accountId", "account_id", None),
    "login": ("login", None, None),
    "private_key": ("privateKey", "private_key", None),
    "wallet_address": ("walletAddress", "wallet_address", None),
    "token": ("token", None, "access_token"),
}
FIELDS = tuple(_NAMES)


def _column(number: int) -> Names:
    spellings = ((name, names[number]) for name, names in _NAMES.items())
    return {name: spelling for name, spelling in spellings if spelling is not None}


OWN: Names = {name: name for name in FIELDS}
CCXT = _column(0)
FREQTRADE = _column(1)
OCTOBOT = _column(2)
#: How people's own programs spell it, too.
_MORE = {"secret": ("api_secret", "apiSecret", "secret_key", "secretKey")}
#: In a document whose program is not told, a field may have any of these names.
ANY: t.Mapping[str, tuple[str, ...]] = {
    name: tuple(dict.fromkeys([name, *(spelling for spelling in names if spelling), *_MORE.get(name, ())]))
    for name, names in _NAMES.items()
}

#: passivbot 8, src/procedures.py (load_user_info) and src/exchanges/: its own connectors read these names, every
#: other exchange goes to its CCXTBot, which hands ccxt's names on.
PASSIVBOT: Names = {
    "api_key": "key",
    "secret": "secret",
    "passphrase": "passphrase",
    "wallet_address": "wallet_address",
    "private_key": "private_key",
}
_PASSIVBOT_KEYS = frozenset(("binance", "bitget", "bitunix", "bybit", "defx", "gateio", "kucoin", "okx", "weex"))
_PASSIVBOT_WALLETS = frozenset(("hyperliquid", "paradex"))


def passivbot_names(*, exchange: str) -> Names:
    """Return the names of fields by which passivbot reads a key of this exchange."""
    if exchange in _PASSIVBOT_WALLETS:
        return {name: spelling for name, spelling in PASSIVBOT.items() if name in ("wallet_address", "private_key")}
    if exchange in _PASSIVBOT_KEYS:
        return {name: spelling for name, spelling in PASSIVBOT.items() if name in ("api_key", "secret", "passphrase")}
    return CCXT


#: roq gateways, share/config.toml of their repositories: the login is the API key.
ROQ: Names = {"api_key": "login", "secret": "secret", "passphrase": "password"}

#: jesse 3.5.3, modes/data_provider.py (import_api_keys_from_csv).
JESSE: Names = {"api_key": "API Key", "secret": "API Secret", "passphrase": "api_passphrase"}
JESSE_HEADER = ("Name", "Exchange", "API Key", "API Secret", "api_passphrase", "wallet_address", "stark_private_key")
#: For these jesse takes a file for an attack and imports nothing of it (validate_csv_content).
JESSE_REFUSES = (
    *(";--", "/*", "*/", "xp_", "sp_", "union ", "select ", "insert ", "update ", "delete ", "drop ", "alter "),
    "create ",
)

#: What a person may write for an exchange, where a program has another name for it.
_ALIASES: t.Mapping[str, Names] = {
    "passivbot": {"gate": "gateio"},
    "hummingbot": {"bingx": "bing_x", "coinbase": "coinbase_advanced_trade", "gate": "gate_io", "gateio": "gate_io"},
    "nautilus": {"kraken": "kraken_spot", "krakenfutures": "kraken_futures"},
    "octobot": {},
    "jesse": {},
}


def exchange_of(*, form: str, exchange: str) -> str:
    """Return the exchange's name in this program."""
    return _ALIASES[form].get(exchange, exchange)


def _pair(prefix: str) -> dict[str, str]:
    return {"api_key": f"{prefix}_API_KEY", "secret": f"{prefix}_API_SECRET"}


def _wallet(prefix: str) -> dict[str, str]:
    return {"private_key": f"{prefix}_PRIVATE_KEY", "wallet_address": f"{prefix}_WALLET_ADDRESS"}


#: nautilus_trader 1.231: exchange -> field -> variable (adapters/*/config.py, */credentials.py and the strings of its
#: compiled part). Its tests and demos of an exchange are exchanges of their own here.
NAUTILUS: t.Mapping[str, Names] = {
    **{
        name: _pair(name.upper())
        for name in (
            *("binance", "binance_demo", "binance_testnet", "binance_futures_testnet", "bitmex", "bitmex_testnet"),
            *("bybit", "bybit_demo", "bybit_testnet", "coinbase", "deribit", "deribit_testnet", "kraken_spot"),
            *("kraken_futures", "kraken_futures_demo"),
        )
    },
    "okx": {**_pair("OKX"), "passphrase": "OKX_API_PASSPHRASE"},
    "hyperliquid": {"private_key": "HYPERLIQUID_PK", "wallet_address": "HYPERLIQUID_ACCOUNT_ADDRESS"},
    "hyperliquid_testnet": {"private_key": "HYPERLIQUID_TESTNET_PK"},
    "dydx": _wallet("DYDX"),
    "dydx_testnet": _wallet("DYDX_TESTNET"),
    "polymarket": {
        **_pair("POLYMARKET"),
        "passphrase": "POLYMARKET_PASSPHRASE",
        "private_key": "POLYMARKET_PK",
        "wallet_address": "POLYMARKET_FUNDER",
    },
}


def _connector(prefix: str, *, secret: str, **more: str) -> dict[str, str]:
    names = {"api_key": "api_key", "secret": secret, **more}
    return {name: f"{prefix}_{spelling}" for name, spelling in names.items()}


#: hummingbot 20260922: connector -> field -> name in conf/connectors/<connector>.yml
#: (hummingbot/connector/*/<connector>/<connector>_utils.py).
HUMMINGBOT: t.Mapping[str, Names] = {
    **{
        name: _connector(name, secret="api_secret")
        for name in (
            *("backpack", "binance", "binance_perpetual", "binance_perpetual_testnet", "bitrue", "bitstamp"),
            *("btc_markets", "bybit", "bybit_testnet", "coinbase_advanced_trade", "dexalot", "gemini", "mexc"),
        )
    },
    **{
        name: _connector(name, secret="secret_key")
        for name in ("bybit_perpetual", "bybit_perpetual_testnet", "gate_io", "htx", "kraken")
    },
    **{
        name: _connector(name, secret="secret_key", passphrase="passphrase")
        for name in (
            *("bitget", "bitget_perpetual", "kucoin", "kucoin_hft", "kucoin_perpetual", "okx", "okx_perpetual"),
        )
    },
    "backpack_perpetual": _connector("backpack", secret="api_secret"),
    "bing_x": _connector("bingx", secret="api_secret"),
    "bitmart": _connector("bitmart", secret="secret_key", passphrase="memo"),
    "bitmart_perpetual": _connector("bitmart_perpetual", secret="api_secret", passphrase="memo"),
    "gate_io_perpetual": _connector("gate_io_perpetual", secret="secret_key", uid="user_id"),
}

#: jesse 3.5.3, info.py: the exchanges that it can trade on, as its importer and dashboard name them.
JESSE_EXCHANGES = frozenset(
    (
        *("Apex Omni Perpetual", "Binance Perpetual Futures", "Binance Perpetual Futures Testnet", "Binance Spot"),
        *("Binance US Spot", "Bybit Spot", "Bybit Spot Testnet", "Bybit USDC Perpetual"),
        *("Bybit USDC Perpetual Testnet", "Bybit USDT Perpetual", "Bybit USDT Perpetual Testnet", "Coinbase Spot"),
        *("Gate Spot", "Gate USDT Perpetual", "Hyperliquid Perpetual", "Hyperliquid Perpetual Testnet"),
        *("Kraken Pro Futures", "Kraken Pro Futures Testnet", "Kraken Pro Spot", "KuCoin Spot"),
        *("KuCoin USDT Perpetual", "Lighter Perpetual", "Lighter Perpetual Testnet"),
    )
)
