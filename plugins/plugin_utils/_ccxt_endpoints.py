# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers that ccxt uses of each site, also for streams. Private to this collection.

Written by ``make generated`` from ccxt's ``urls``: do not edit it.
"""

from __future__ import annotations

import typing as t

VERSION = "4.5.90"

#: Exchange, environment and region, and the servers with their ports.
ENDPOINTS: t.Mapping[tuple[str, str, str], str] = {
    ("binance", "mainnet", "global"): """
        api.binance.com:443 dapi.binance.com:443 dstream.binance.com:443 eapi.binance.com:443 fapi.binance.com:443
        fstream.binance.com:443 nbstream.binance.com:443 papi.binance.com:443 stream.binance.com:9443
        ws-api.binance.com:443 ws-dapi.binance.com:443 ws-fapi.binance.com:443
    """,
    ("binance", "mainnet", "us"): "api.binance.us:443 stream.binance.us:9443 www.binance.us:443",
    ("binance", "testnet", "global"): """
        dstream.binancefuture.com:443 fstream.binancefuture.com:443 stream.testnet.binance.vision:443
        testnet.binance.vision:443 testnet.binancefuture.com:443 ws-api.testnet.binance.vision:443
    """,
    ("binance", "demo", "global"): """
        demo-api.binance.com:443 demo-dapi.binance.com:443 demo-fapi.binance.com:443 demo-stream.binance.com:443
        demo-ws-api.binance.com:443 dstream.binancefuture.com:443 fstream.binancefuture.com:443
        testnet.binancefuture.com:443
    """,
    ("bingx", "mainnet", "global"): """
        open-api-cswap-ws.bingx.com:443 open-api-swap.bingx.com:443 open-api-ws.bingx.com:443 open-api.bingx.com:443
    """,
    ("bingx", "demo", "global"): "open-api-vst.bingx.com:443 vst-open-api-ws.bingx.com:443",
    ("bitfinex", "mainnet", "global"): "api-pub.bitfinex.com:443 api.bitfinex.com:443",
    ("bitget", "mainnet", "global"): "api.bitget.com:443 ws.bitget.com:443 wspap.bitget.com:443",
    ("bitstamp", "mainnet", "global"): "ws.bitstamp.net:443 www.bitstamp.net:443",
    ("blofin", "mainnet", "global"): "openapi.blofin.com:443",
    ("blofin", "demo", "global"): "demo-trading-openapi.blofin.com:443",
    ("bybit", "mainnet", "global"): "api.bybit.com:443 stream.bybit.com:443",
    ("bybit", "mainnet", "eu"): "api.bybit.eu:443 stream.bybit.eu:443",
    ("bybit", "testnet", "global"): "api-testnet.bybit.com:443 stream-testnet.bybit.com:443",
    ("bybit", "demo", "global"): "api-demo.bybit.com:443 stream-demo.bybit.com:443 stream.bybit.com:443",
    ("coinbase", "mainnet", "global"): "advanced-trade-ws.coinbase.com:443 api.coinbase.com:443",
    ("cryptocom", "mainnet", "global"): "api.crypto.com:443 deriv-api.crypto.com:443 stream.crypto.com:443",
    ("cryptocom", "testnet", "global"): "uat-api.3ona.co:443 uat-stream.3ona.co:443",
    ("deribit", "mainnet", "global"): "www.deribit.com:443",
    ("deribit", "testnet", "global"): "test.deribit.com:443",
    ("gate", "mainnet", "global"): "api.gateio.ws:443 fx-ws.gateio.ws:443 op-ws.gateio.live:443 ws.gate.io:443",
    ("gate", "mainnet", "eu"): "api.gateeu.com:443 ws.gateeu.com:443",
    ("gate", "testnet", "global"): "api-testnet.gateapi.io:443 fx-ws-testnet.gateio.ws:443 ws-testnet.gate.com:443",
    ("gemini", "mainnet", "global"): "api.gemini.com:443 docs.gemini.com:443 exchange.gemini.com:443",
    ("gemini", "testnet", "global"): "api.sandbox.gemini.com:443 docs.gemini.com:443 exchange.gemini.com:443",
    ("htx", "mainnet", "global"): "api-aws.huobi.pro:443 api.hbdm.vn:443 api.huobi.pro:443",
    ("hyperliquid", "mainnet", "global"): "api.hyperliquid.xyz:443",
    ("hyperliquid", "testnet", "global"): "api.hyperliquid-testnet.xyz:443",
    ("kraken", "mainnet", "global"): """
        api.kraken.com:443 beta-ws-auth.kraken.com:443 beta-ws.kraken.com:443 ws-auth.kraken.com:443 ws.kraken.com:443
    """,
    ("krakenfutures", "mainnet", "global"): "futures.kraken.com:443",
    ("krakenfutures", "demo", "global"): "demo-futures.kraken.com:443",
    ("kucoin", "mainnet", "global"): """
        api-broker.kucoin.com:443 api-futures.kucoin.com:443 api.kucoin.com:443 kucoin.com:443
        wsapi-push.kucoin.com:443 x-push-futures.kucoin.com:443 x-push-spot.kucoin.com:443
    """,
    ("mexc", "mainnet", "global"): "api.mexc.com:443 contract.mexc.com:443 wbs-api.mexc.com:443 www.mexc.com:443",
    ("okx", "mainnet", "global"): "ws.okx.com:443 www.okx.com:443",
    ("okx", "mainnet", "us"): "us.okx.com:443 wsus.okx.com:443",
    ("okx", "mainnet", "eea"): "eea.okx.com:443 wseea.okx.com:443",
    ("okx", "demo", "global"): "wspap.okx.com:443 www.okx.com:443",
    ("okx", "demo", "us"): "us.okx.com:443 wsuspap.okx.com:443",
    ("okx", "demo", "eea"): "eea.okx.com:443 wseeapap.okx.com:443",
    ("phemex", "mainnet", "global"): "api.phemex.com:443 ws.phemex.com:443",
    ("phemex", "testnet", "global"): "testnet-api.phemex.com:443",
    ("woo", "mainnet", "global"): "api-pub.woox.io:443 api.woox.io:443 wss.woox.io:443",
    ("woo", "testnet", "global"): "api-pub.staging.woox.io:443 api.staging.woox.io:443 wss.staging.woox.io:443",
}
