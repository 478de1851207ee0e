# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each exchange's page of API keys calls things, for the person who creates a key there. Private.

It stands here and not in the exchange's own file, because those travel to every host with ``api_key_info``, and no
host shows a page to anybody. What no readable source of the exchange says is left out, and then said to be not known.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..module_utils._exchanges._registry import OTHER


@dataclasses.dataclass(frozen=True)
class Page:
    """The words of one exchange's page.

    ``boxes`` are its names of permissions, by ours; an empty one needs no tick. ``never`` are boxes that stay empty on
    a key that trades. ``codes`` are what it asks for at the end, or ``None`` where no page of the exchange says so.
    ``hints`` are sentences on what goes wrong there. ``source`` names the documents and ``as_of`` the day they were
    read.
    """

    boxes: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    never: tuple[str, ...] = ()
    codes: str | None = None
    hints: tuple[str, ...] = ()
    source: str = "none found"
    as_of: str = "2026-11-22"


_NOT_KNOWN = Page()


def _same(name: str, *words: str) -> dict[str, str]:
    return dict.fromkeys(words, name)


_PAGES: t.Mapping[str, Page] = {
    "binance": Page(
        boxes={
            "read": "Enable Reading",
            **_same("Enable Spot & Margin Trading", "spot_trade", "margin_trade"),
            "borrow": "Enable Margin Loan, Repay & Transfer",
            "futures_trade": "Enable Futures",
            "transfer_own": "Permits Universal Transfer",
        },
        never=("Enable Withdrawals", "Enable Internal Transfer"),
        hints=("To trade futures, open the futures account before you create the key: an older key never gets them.",),
        source="Binance: Get API Key Permission; announcement of 2021-07-08",
    ),
    "bingx": Page(
        boxes={
            "read": "Read",
            **_same("Spot Trading", "spot_trade", "margin_trade"),
            "futures_trade": "Perpetual Futures Trading",
            "transfer_own": "Universal Transfer",
        },
        never=("Withdraw", "Allow internal transfer of sub-accounts"),
        source="BingX: Query API KEY Permissions",
        as_of="2025-10-29",
    ),
    "bitfinex": Page(
        boxes={
            "read": "account, history, orders, positions and wallets: read",
            **_same("orders: write", "spot_trade", "margin_trade"),
            "futures_trade": "positions: write",
            "transfer_own": "wallets: write",
        },
        never=("withdraw: write",),
        source="Bitfinex: Key Permissions",
        as_of="2025-11-30",
    ),
    "bitget": Page(
        codes="a security verification code (which one is not said)",
        never=("Withdraw",),
        hints=("A key must be created anew after the account was restricted for a while.",),
        source="Bitget: How to create an RSA key pair on Bitget",
    ),
    "bitmart": Page(
        boxes={
            "read": "Read-only",
            "spot_trade": "Spot-Trade",
            "margin_trade": "Margin-Trade",
            "futures_trade": "Future-Trade",
        },
        never=("Withdraw",),
        source="BitMart: Authentication",
        as_of="2025-11-30",
    ),
    "bitmex": Page(
        boxes={"read": "", **_same("Order and Order Cancel", "spot_trade", "margin_trade", "futures_trade")},
        never=("Withdraw",),
        hints=("Every key can read.",),
        source="BitMEX: swagger.json",
    ),
    "bitstamp": _NOT_KNOWN,
    "blofin": _NOT_KNOWN,
    "bybit": Page(
        boxes={
            "read": "Read-Only, or Read-Write where it trades",
            **_same("Spot (SpotTrade)", "spot_trade", "margin_trade"),
            "futures_trade": "ContractTrade (Order, Position), in a unified account also Derivatives",
            "options_trade": "Options (OptionsTrade)",
            "copy_trade": "CopyTrading",
            "earn": "Earn",
            "convert": "Exchange (ExchangeHistory)",
            "transfer_own": "Wallet (Account Transfer)",
        },
        never=("Withdrawal", "Subaccount Transfer", "FiatP2P", "FiatBitPay", "FiatConvertBroker", "BitCard"),
        source="Bybit V5: Get API Key Information, Create Sub UID API Key",
        as_of="2026-07-24",
    ),
    "coinbase": Page(
        boxes={
            "read": "View",
            **_same("Trade", "spot_trade", "futures_trade"),
        },
        never=("Transfer",),
        codes="the 2-factor code of the Coinbase Developer Platform",
        hints=(
            "Choose ECDSA as the signature algorithm: one of Coinbase's pages says that this API refuses the other.",
            "The key comes as a file. Delete that once the key is placed.",
        ),
        source="Coinbase Developer Platform: Create API Keys",
    ),
    "cryptocom": Page(boxes={"read": "Can Read"}, source="Crypto.com Exchange: API documents", as_of="2025-11-30"),
    "deribit": Page(
        boxes={
            "read": "account:read, trade:read and wallet:read",
            **_same("trade:read_write", "spot_trade", "futures_trade", "options_trade"),
        },
        never=("wallet:read_write", "account:read_write"),
        hints=("The name takes letters, digits and underscores, at most 16.",),
        source="Deribit: private/create_api_key; Creating new API key on Deribit",
    ),
    "gate": Page(
        boxes={
            "read": "Read Only, in each group that it reads",
            **_same("spot: Read and Write", "spot_trade", "margin_trade"),
            "borrow": "loan: Read and Write",
            "futures_trade": "futures: Read and Write",
            "options_trade": "options: Read and Write",
            "copy_trade": "copy: Read and Write",
            "earn": "earn: Read and Write",
            "transfer_own": "wallet: Read and Write",
        },
        never=("withdrawal",),
        codes="the fund password and one second factor of your choice",
        hints=("Choose API v4 Key as its type.", "Give account: Read Only too, so that the key can tell about itself."),
        source="Gate: How to Utilize API (17521); API v4: authentication",
    ),
    "gemini": Page(
        boxes={"read": "Auditor, where it only reads", **_same("Trader", "spot_trade", "margin_trade")},
        never=("Fund Manager", "Administrator"),
        source="Gemini: Roles",
    ),
    "htx": Page(
        boxes={
            "read": "Read-only",
            **_same("Trade", "spot_trade", "margin_trade", "futures_trade", "transfer_own"),
        },
        never=("Withdraw",),
        source="HTX: API key query",
        as_of="2025-11-30",
    ),
    "hyperliquid": _NOT_KNOWN,
    "kraken": Page(
        boxes={
            "read": "Query Funds, Query Open Orders & Trades, Query Closed Orders & Trades and Query Ledger Entries",
            **_same("Create & Modify Orders and Cancel/Close Orders", "spot_trade", "margin_trade"),
        },
        never=("Withdraw Funds",),
        hints=(
            "Set the nonce window to what nonce.window declares, so that an audit cannot get in the program's way.",
        ),
        source="Kraken: How to create a spot API key",
    ),
    "krakenfutures": _NOT_KNOWN,
    "kucoin": Page(
        boxes={
            "read": "General",
            "spot_trade": "Spot",
            **_same("Margin", "margin_trade", "borrow"),
            "futures_trade": "Futures",
            "earn": "Earn",
            "transfer_own": "FlexTransfers",
        },
        never=("Transfer (it withdraws, and asks for no second factor)",),
        codes="the trading password, a code by e-mail and a Google verification code",
        hints=("Choose API Trading, not Link Third-Party Applications.",),
        source="KuCoin: How to Create API; API Key Upgrade Guideline",
    ),
    "mexc": Page(
        boxes={
            "read": "SPOT_ACCOUNT_READ and SPOT_DEAL_READ",
            "spot_trade": "SPOT_DEAL_WRITE",
            "futures_trade": "CONTRACT_DEAL_WRITE",
            "transfer_own": "SPOT_TRANSFER_WRITE",
        },
        never=("SPOT_WITHDRAW_WRITE",),
        source="MEXC: Create an APIKey for a sub-account",
        as_of="2025-11-30",
    ),
    "okx": Page(
        boxes={
            "read": "Read",
            **_same("Trade", "spot_trade", "margin_trade", "futures_trade", "options_trade", "transfer_own"),
        },
        never=("Withdraw",),
        source="OKX API: overview, and create an API key for a sub-account",
        as_of="2026-07-06",
    ),
    "phemex": _NOT_KNOWN,
    "woo": Page(
        boxes={"read": "READ", **_same("TRADE", "spot_trade", "margin_trade", "futures_trade")},
        never=("WITHDRAWAL",),
        source="WOO X: account/credentials",
    ),
    OTHER: _NOT_KNOWN,
}


def page_of(exchange: str) -> Page:
    """Return what is known of the page of an exchange, by its name; nothing for one that is not known here."""
    return _PAGES.get(exchange, _NOT_KNOWN)


def pages() -> t.Mapping[str, Page]:
    """Return all of them by name."""
    return _PAGES
