# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exchanges by name. Private to this collection.

An exchange's file is read when the exchange is first asked for: a host asks a few of them, and has no cached bytecode
of any. The imports are for the type checker, and because a module's payload and the agent's archive hold what is
imported so. A test compares the lists with the directory.
"""

from __future__ import annotations

import importlib
import typing as t

from .._errors import InputError

if t.TYPE_CHECKING:
    from ._binance import Binance
    from ._bingx import Bingx
    from ._bitfinex import Bitfinex
    from ._bitget import Bitget
    from ._bitmart import Bitmart
    from ._bitmex import Bitmex
    from ._bitstamp import Bitstamp
    from ._blofin import Blofin
    from ._bybit import Bybit
    from ._coinbase import Coinbase
    from ._contract import Exchange
    from ._cryptocom import CryptoCom
    from ._deribit import Deribit
    from ._gate import Gate
    from ._gemini import Gemini
    from ._htx import Htx
    from ._hyperliquid import Hyperliquid
    from ._kraken import Kraken
    from ._krakenfutures import KrakenFutures
    from ._kucoin import Kucoin
    from ._mexc import Mexc
    from ._okx import Okx
    from ._phemex import Phemex
    from ._woo import Woo

    _TYPES: tuple[type[Exchange], ...] = (
        Binance,
        Bingx,
        Bitfinex,
        Bitget,
        Bitmart,
        Bitmex,
        Bitstamp,
        Blofin,
        Bybit,
        Coinbase,
        CryptoCom,
        Deribit,
        Gate,
        Gemini,
        Htx,
        Hyperliquid,
        Kraken,
        KrakenFutures,
        Kucoin,
        Mexc,
        Okx,
        Phemex,
        Woo,
    )

#: An exchange that this collection does not know: everything about its keys is declared.
OTHER = "other"

_CLASSES: t.Mapping[str, str] = {
    "binance": "Binance",
    "bingx": "Bingx",
    "bitfinex": "Bitfinex",
    "bitget": "Bitget",
    "bitmart": "Bitmart",
    "bitmex": "Bitmex",
    "bitstamp": "Bitstamp",
    "blofin": "Blofin",
    "bybit": "Bybit",
    "coinbase": "Coinbase",
    "cryptocom": "CryptoCom",
    "deribit": "Deribit",
    "gate": "Gate",
    "gemini": "Gemini",
    "htx": "Htx",
    "hyperliquid": "Hyperliquid",
    "kraken": "Kraken",
    "krakenfutures": "KrakenFutures",
    "kucoin": "Kucoin",
    "mexc": "Mexc",
    "okx": "Okx",
    "phemex": "Phemex",
    "woo": "Woo",
}


class _Exchanges(t.Mapping[str, "Exchange"]):
    def __init__(self) -> None:
        self._read: dict[str, Exchange] = {}

    def __getitem__(self, name: str) -> Exchange:
        if name not in self._read:
            exchange = _CLASSES[name]
            made = getattr(importlib.import_module(f"._{name}", package=__package__), exchange)()
            # Threads may come here at the same time: the first one's counts, for keys are grouped by exchange.
            self._read.setdefault(name, made)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in _CLASSES

    def __iter__(self) -> t.Iterator[str]:
        return iter(_CLASSES)

    def __len__(self) -> int:
        return len(_CLASSES)


EXCHANGES: t.Mapping[str, Exchange] = _Exchanges()


def names() -> tuple[str, ...]:
    """Return all names that users may write, ``other`` last."""
    return (*EXCHANGES, OTHER)


def find(name: str) -> Exchange | None:
    """Return the exchange, or ``None`` for ``other`` and for a name that is not known."""
    return EXCHANGES.get(name)


def get(name: str, *, field: str = "exchange") -> Exchange:
    """Return the exchange; raises ``InputError`` that lists the known names."""
    try:
        return EXCHANGES[name]
    except KeyError:
        raise InputError(
            field=field, value=name, problem="is not known here", mend=f"write one of {', '.join(names())}"
        ) from None
