# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a person creates and deletes a key on the exchange's own pages. Private to this collection.

An address that leads elsewhere would send people to a stranger when they are in a hurry. So a page is named only where
a source of the exchange itself names it; for the others there is the way to click.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..module_utils._exchanges._registry import find


@dataclasses.dataclass(frozen=True)
class KeyPage:
    """The page of API keys. ``source`` is where its address was read, on the day ``as_of``."""

    url: str
    source: str
    as_of: str


#: By the exchange's name, the environment and the region of its site. What is not here is not known.
PAGES: t.Mapping[tuple[str, str, str], KeyPage] = {
    ("bingx", "mainnet", "global"): KeyPage(
        "https://bingx.com/en/account/api/", "the text of BingX's own refusal 100419", "2026-11-22"
    ),
    ("bitmex", "testnet", "global"): KeyPage(
        "https://testnet.bitmex.com/app/apiKeys", "BitMEX/api-connectors, official-ws/python/README.md", "2026-11-22"
    ),
    ("bybit", "mainnet", "global"): KeyPage(
        "https://www.bybit.com/app/user/api-management", "bybit-exchange/docs, docs/v5/guide.mdx", "2026-11-22"
    ),
    ("bybit", "testnet", "global"): KeyPage(
        "https://testnet.bybit.com/app/user/api-management", "bybit-exchange/docs, docs/v5/guide.mdx", "2026-11-22"
    ),
    ("deribit", "mainnet", "global"): KeyPage(
        "https://www.deribit.com/account/BTC/api", "docs.deribit.com, articles/creating-api-key", "2026-11-22"
    ),
    ("hyperliquid", "mainnet", "global"): KeyPage(
        "https://app.hyperliquid.xyz/API", "hyperliquid-dex/hyperliquid-python-sdk, README.md", "2026-11-22"
    ),
    ("kucoin", "mainnet", "global"): KeyPage(
        "https://www.kucoin.com/account/api", "Kucoin/kucoin-python-sdk, README.md", "2026-11-22"
    ),
}


def page(*, exchange: str, region: str | None, environment: str = "mainnet") -> str | None:
    """Return the address of the page of API keys, or ``None`` where it is not known."""
    found = PAGES.get((exchange, environment, region or "global"))
    return None if found is None else found.url


def way(exchange: str, *, ccxt_id: str | None = None) -> str:
    """Return the way to click to the key itself, as people read it."""
    known = find(exchange)
    if known is None:
        return f"{ccxt_id or exchange} > its page of API keys > the key"
    return known.click_path().partition(" > the key")[0] + " > the key"


def title(exchange: str, *, ccxt_id: str | None = None) -> str:
    """Return the exchange's name as people write it."""
    known = find(exchange)
    return str(ccxt_id or exchange) if known is None else known.title
