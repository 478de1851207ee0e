# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exchanges by name: one import and one line each. Private to this collection.

An exchange's file is read when the exchange is first asked for: a host asks a few of them, and has no cached bytecode
of any. The imports that only a type checker follows are there because a module's payload, and the agent's archive, hold
what is imported so. A test compares both lists with the directory.
"""

from __future__ import annotations

import importlib
import typing as t

from .._errors import InputError

if t.TYPE_CHECKING:
    from . import _binance as _binance
    from . import _bingx as _bingx
    from . import _bitfinex as _bitfinex
    from . import _bitget as _bitget
    from . import _bitmart as _bitmart
    from . import _bitmex as _bitmex
    from . import _bitstamp as _bitstamp
    from . import _blofin as _blofin
    from . import _bybit as _bybit
    from . import _coinbase as _coinbase
    from . import _cryptocom as _cryptocom
    from . import _deribit as _deribit
    from . import _gate as _gate
    from . import _gemini as _gemini
    from . import _htx as _htx
    from . import _hyperliquid as _hyperliquid
    from . import _kraken as _kraken
    from . import _krakenfutures as _krakenfutures
    from . import _kucoin as _kucoin
    from . import _mexc as _mexc
    from . import _okx as _okx
    from . import _phemex as _phemex
    from . import _woo as _woo
    from ._contract import Exchange

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
