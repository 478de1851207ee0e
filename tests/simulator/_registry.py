# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated exchanges. A new one: its file, and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._exchange_binance import Binance
from ._exchange_bingx import Bingx
from ._exchange_bitfinex import Bitfinex
from ._exchange_bitget import Bitget
from ._exchange_bitmart import Bitmart
from ._exchange_bitmex import Bitmex
from ._exchange_bitstamp import Bitstamp
from ._exchange_blofin import Blofin
from ._exchange_bybit import Bybit
from ._exchange_coinbase import Coinbase
from ._exchange_cryptocom import CryptoCom
from ._exchange_deribit import Deribit
from ._exchange_gate import Gate
from ._exchange_gemini import Gemini
from ._exchange_htx import Htx
from ._exchange_hyperliquid import Hyperliquid
from ._exchange_kraken import Kraken
from ._exchange_krakenfutures import KrakenFutures
from ._exchange_kucoin import Kucoin
from ._exchange_mexc import Mexc
from ._exchange_okx import Okx
from ._exchange_phemex import Phemex
from ._exchange_woo import Woo

if TYPE_CHECKING:
    from ._exchange import Exchange

EXCHANGES: dict[str, Exchange] = {
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
