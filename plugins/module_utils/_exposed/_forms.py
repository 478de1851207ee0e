# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keys and secrets of each exchange look like. Private to this collection.

Written by ``make generated`` from each exchange's ``key_shape``, so that a scan of a host need not ship the exchanges:
do not edit it.
"""

from __future__ import annotations

import typing as t

Form = tuple["str | None", "str | None"]
#: For each exchange the form of its key id and of its secret, as patterns for all of the text; ``None`` where no
#: document tells it.
FORMS: t.Mapping[str, Form] = {
    "binance": (r"[A-Za-z0-9]{64}", r"[A-Za-z0-9]{64}"),
    "bingx": (None, None),
    "bitfinex": (None, None),
    "bitget": (r"bg_[A-Za-z0-9]+", None),
    "bitmart": (r"[0-9a-f]{40}", r"[0-9a-f]{64}"),
    "bitmex": (r"[A-Za-z0-9_-]{24}", r"[A-Za-z0-9_-]{48}"),
    "bitstamp": (None, None),
    "blofin": (None, None),
    "bybit": (r"[A-Za-z0-9]{18}", r"[A-Za-z0-9]{36}"),
    "coinbase": (None, None),
    "cryptocom": (None, None),
    "deribit": (r"[A-Za-z0-9_-]{8,10}", r"[A-Za-z0-9_-]{43}"),
    "gate": (None, None),
    "gemini": (r"[a-z]{6,7}-[A-Za-z0-9]+", None),
    "htx": (r"[0-9a-z]+(-[0-9a-z]+){3}", r"[0-9a-z]+(-[0-9a-z]+){3}"),
    "hyperliquid": (r"0x[0-9a-fA-F]{40}", None),
    "kraken": (r"[A-Za-z0-9+/]{56}", r"[A-Za-z0-9+/]{86}=="),
    "krakenfutures": (r"[A-Za-z0-9+/]{56}", None),
    "kucoin": (r"[0-9a-f]{24}", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "mexc": (r"mx0[A-Za-z0-9]{15}", r"[0-9a-f]{32}"),
    "okx": (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"[0-9A-F]{32}"),
    "phemex": (None, None),
    "woo": (None, None),
}
