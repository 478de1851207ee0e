# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each exchange that ccxt knows asks its users for. Private to this collection.

Written by ``make generated`` from ccxt's ``requiredCredentials``: do not edit it.
"""

from __future__ import annotations

import typing as t

VERSION = "4.5.90"
#: The day on which that version was read.
AS_OF = "2026-11-22"

#: What is asked for, in ccxt's words, and ccxt's ids of the exchanges that ask for it.
BY_NEEDS: t.Mapping[tuple[str, ...], str] = {
    (): "dydx",
    ("accountId", "apiKey", "privateKey"): "hibachi",
    ("accountId", "apiKey", "secret"): "modetrade woofipro",
    ("apiKey",): "onetrading",
    ("apiKey", "login", "password", "secret", "uid"): "ndax",
    ("apiKey", "password", "secret"): """
        apex bitget blofin coinbaseexchange deepcoin kucoin kucoinfutures myokx okx okxus weex
    """,
    ("apiKey", "privateKey"): "extended revolutx",
    ("apiKey", "secret"): """
        alpaca backpack bequant bigone binance binancecoinm binanceus binanceusdm bingx bit2c bitbank bitbns bitfinex
        bitflyer bithumb bitopro bitrue bitso bitstamp bitteam bittrade bitvavo btcbox btcmarkets btcturk btse bullish
        bybit bybiteu bybitid bydfi cex coinbase coinbaseinternational coincheck coinone coinsph coinspot cryptocom
        delta deribit digifinex fmfwio foxbit gate gateeu gemini hashkey hitbtc hollaex htx independentreserve indodax
        kraken krakenfutures latoken lbank luno mercado mexc p2b paymium phemex poloniex tokocrypto toobit upbit
        whitebit woo xt zaif zebpay
    """,
    ("apiKey", "secret", "uid"): "coinmate",
    ("privateKey",): "aster grvt lighter pacifica polymarket",
    ("privateKey", "walletAddress"): "derive hyperliquid nado paradex",
    ("secret",): "blockchaincom mudrex",
    ("secret", "uid"): "cryptomus",
}
