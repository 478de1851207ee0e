# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One table: a client that nobody here wrote, at every simulated exchange, is served, and refused for each mistake.

Every cell is tested or named with the reason why it cannot be. What each exchange says to more mistakes, and in which
words, is in the other files here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ccxt
import pytest
import requests
from bitmart.lib.cloud_exceptions import APIException
from util import api_key as bitmex_sdk

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES as OURS
from tests.simulator._asymmetric import private_pem
from tests.simulator._registry import EXCHANGES
from tests.unit.module_utils._exchanges import test_nonce
from tests.unit.simulator import test_ccxt, test_coinbase, test_untold_clients

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.client import SimulatedKey, Simulator

HERE = "91.198.115.11"
ELSEWHERE = "91.198.115.99"
#: Each mistake, with the simulator's name for why it refuses.
MISTAKES = {
    "wrong secret": "signature",
    "wrong passphrase": "passphrase",
    "skewed clock": "clock_behind",
    "unlisted address": "address",
}
NUMBERED = "its requests are numbered, and carry no time"
NO_ADDRESSES = "its keys cannot be restricted to addresses"
UNSIGNED = "its questions are not signed"
#: Cells that cannot be, with the reason.
WITHOUT = {
    **{
        (name, "wrong passphrase"): "it has no passphrase"
        for name, exchange in OURS.items()
        if exchange.passphrase_rule() is None
    },
    ("bitfinex", "skewed clock"): NUMBERED,
    ("gemini", "skewed clock"): NUMBERED,
    ("kraken", "skewed clock"): NUMBERED,
    ("krakenfutures", "skewed clock"): "its signature covers no time",
    ("hyperliquid", "wrong secret"): UNSIGNED,
    ("hyperliquid", "skewed clock"): UNSIGNED,
    ("hyperliquid", "unlisted address"): NO_ADDRESSES,
}
REFUSED = (ccxt.BaseError, APIException, requests.HTTPError)


def by_ccxt(simulator: Simulator, key: SimulatedKey, **other: Any) -> Any:
    return test_ccxt.client(simulator, key, **other).fetch_balance()


def by_ccxt_untold(simulator: Simulator, key: SimulatedKey, **other: Any) -> Any:
    params = {"type": "spot"} if key.exchange == "phemex" else {}
    return test_untold_clients.client(simulator, key, **other).fetch_balance(params)


def by_ccxt_numbered(simulator: Simulator, key: SimulatedKey, **other: Any) -> Any:
    client = test_nonce.bot(simulator, key)
    client.secret = other.get("secret", client.secret)
    return getattr(client, test_nonce.BALANCE[key.exchange])()


def by_ccxt_coinbase(simulator: Simulator, key: SimulatedKey, **other: Any) -> Any:
    return test_coinbase.client(simulator, key, **other).fetch_balance({"v3": True})


def by_bitmart(simulator: Simulator, key: SimulatedKey, **other: Any) -> Any:
    names = {"secret": "secret_key", "password": "memo"}
    return test_untold_clients.bitmart(simulator, key, **{names[name]: value for name, value in other.items()})


def by_bitmex(simulator: Simulator, key: SimulatedKey, **other: Any) -> Any:
    """Sign as BitMEX's own SDK does; it sends by a websocket, which is not simulated."""
    url, expires = f"{simulator.base_url('bitmex')}/api/v1/user/margin", bitmex_sdk.generate_nonce()
    headers = {
        "api-key": key.key,
        "api-expires": str(expires),
        "api-signature": bitmex_sdk.generate_signature(other.get("secret", key.secret), "GET", url, expires, ""),
    }
    answer = requests.get(url, headers=headers, verify=simulator.ca_file, timeout=10)
    answer.raise_for_status()
    return answer.json()


def by_ccxt_unsigned(simulator: Simulator, key: SimulatedKey, **other: Any) -> Any:
    client: Any = ccxt.hyperliquid({"walletAddress": key.key, "validateServerSsl": simulator.ca_file})
    client.urls["api"] = dict.fromkeys(client.urls["api"], simulator.base_url("hyperliquid"))
    return client.fetch_balance({"enableUnifiedMargin": False})


CLIENTS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(test_ccxt.EXCHANGES, by_ccxt),
    **dict.fromkeys(test_untold_clients.EXCHANGES, by_ccxt_untold),
    **dict.fromkeys(test_nonce.BALANCE, by_ccxt_numbered),
    "bitmart": by_bitmart,
    "bitmex": by_bitmex,
    "coinbase": by_ccxt_coinbase,
    "hyperliquid": by_ccxt_unsigned,
}
CELLS = [(name, mistake) for name in CLIENTS for mistake in MISTAKES if (name, mistake) not in WITHOUT]


def test_every_simulated_exchange_has_a_client_and_every_missing_cell_a_reason() -> None:
    assert set(CLIENTS) == set(EXCHANGES) == set(OURS)
    assert set(CELLS) | set(WITHOUT) == {(name, mistake) for name in EXCHANGES for mistake in MISTAKES}
    for name, exchange in EXCHANGES.items():
        # The reasons are true of the simulated exchange too.
        assert ((name, "wrong passphrase") in WITHOUT) == (not exchange.has_passphrase)
        assert ((name, "unlisted address") in WITHOUT) == (not OURS[name].restricts_addresses())
        assert WITHOUT.get((name, "skewed clock")) != NUMBERED or OURS[name].nonce_rule() is not None


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_is_served(simulator: Simulator, name: str) -> None:
    allowlist = [HERE] if OURS[name].restricts_addresses() else None
    assert CLIENTS[name](simulator, simulator.create_key(name, allowlist=allowlist))
    assert simulator.requests(exchange=name)[-1].code is None


@pytest.mark.parametrize(("name", "mistake"), CELLS)
def test_a_client_is_refused_for_a_mistake(simulator: Simulator, name: str, mistake: str) -> None:
    key = simulator.create_key(name, allowlist=[HERE])
    ask = CLIENTS[name]
    ask(simulator, key)  # so that it is the mistake alone that is refused
    other: dict[str, Any] = {}
    if mistake == "wrong secret":
        other["secret"] = private_pem("es256", number=1) if name == "coinbase" else simulator.create_key(name).secret
    elif mistake == "wrong passphrase":
        other["password"] = f"{key.passphrase}x"
    elif mistake == "skewed clock":
        simulator.set_clock_skew(7_200_000, exchange=name)
    else:
        simulator.update_key(key, allowlist=[ELSEWHERE])
    with pytest.raises(REFUSED):
        ask(simulator, key, **other)
    refused = simulator.requests(exchange=name)[-1]
    # BitMart's memo is a part of what is signed.
    reason = "signature" if (name, mistake) == ("bitmart", "wrong passphrase") else MISTAKES[mistake]
    # Kraken Futures says it in another way to calls below /derivatives.
    code = "authenticationError" if name == "krakenfutures" else EXCHANGES[name].reasons[reason]
    assert refused.code == code
