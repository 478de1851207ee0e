# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The exchanges by name: one import and one line each. Private to this collection.

The imports are static because a module's payload holds only what is imported so. A test compares this list with
the directory.
"""

from __future__ import annotations

import typing as t

from .._errors import InputError
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

#: An exchange that this collection does not know: everything about its keys is declared.
OTHER = "other"

EXCHANGES: t.Mapping[str, Exchange] = {
    exchange.name: exchange
    for exchange in (
        Binance(),
        Bingx(),
        Bitfinex(),
        Bitget(),
        Bitmart(),
        Bitmex(),
        Bitstamp(),
        Blofin(),
        Bybit(),
        Coinbase(),
        CryptoCom(),
        Deribit(),
        Gate(),
        Gemini(),
        Htx(),
        Hyperliquid(),
        Kraken(),
        KrakenFutures(),
        Kucoin(),
        Mexc(),
        Okx(),
        Phemex(),
        Woo(),
    )
}


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
