# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ccxt, and BitMart's own SDK, work against the simulated exchanges whose keys tell nothing, and are refused there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ccxt
import pytest
from bitmart.api_spot import APISpot
from bitmart.lib.cloud_exceptions import APIException

if TYPE_CHECKING:
    from tests.simulator.client import SimulatedKey, Simulator

HOST = "91.198.115.11"
ELSEWHERE = "91.198.115.99"
EXCHANGES = ("bitstamp", "cryptocom", "mexc", "phemex")


def client(simulator: Simulator, key: SimulatedKey, **other: Any) -> Any:
    """Return ccxt's client for the key's exchange, pointed at the simulator; `other` replaces credentials."""
    settings = {"apiKey": key.key, "secret": key.secret, "validateServerSsl": simulator.ca_file}
    exchange = getattr(ccxt, key.exchange)(settings | {"enableRateLimit": False} | other)
    exchange.markets = {}
    base = simulator.base_url(key.exchange, environment=key.environment)
    urls = exchange.urls["api"]
    if key.exchange == "mexc":
        exchange.urls["api"] = urls | {"spot": {"public": base, "private": base}}
    else:
        path = {"bitstamp": "/api", "cryptocom": "/exchange/v1", "phemex": ""}[key.exchange]
        exchange.urls["api"] = dict.fromkeys(urls, f"{base}{path}")
    return exchange


@pytest.mark.parametrize("name", EXCHANGES)
def test_balance_of_a_restricted_key(simulator: Simulator, name: str) -> None:
    key = simulator.create_key(name, allowlist=[HOST])
    assert client(simulator, key).fetch_balance({"type": "spot"} if name == "phemex" else {})["USDT"]["total"] == 1000.0


# What each exchange says to each mistake: ccxt's exception and what stands in its text.
MISTAKES: dict[tuple[str, str], tuple[str, str]] = {
    ("bitstamp", "wrong secret"): ("AuthenticationError", "nvalid signature"),
    ("bitstamp", "other address"): ("PermissionDenied", "IP address not allowed"),
    ("bitstamp", "unknown key"): ("AuthenticationError", "API key not found"),
    ("bitstamp", "clock"): ("InvalidNonce", "Invalid nonce"),
    ("bitstamp", "no permission"): ("PermissionDenied", "No permission found"),
    ("cryptocom", "wrong secret"): ("AuthenticationError", "40101"),
    ("cryptocom", "other address"): ("AuthenticationError", "40103"),
    ("cryptocom", "unknown key"): ("AuthenticationError", "40101"),
    ("cryptocom", "clock"): ("InvalidNonce", "40102"),
    ("cryptocom", "no permission"): ("AuthenticationError", "40101"),
    ("mexc", "wrong secret"): ("AuthenticationError", "700002"),
    ("mexc", "other address"): ("BadRequest", f"700006.*IP .{HOST}. not in the ip white list"),
    ("mexc", "unknown key"): ("BadRequest", "10072"),
    ("mexc", "clock"): ("InvalidNonce", "700003"),
    ("mexc", "no permission"): ("AuthenticationError", "700007"),
    ("phemex", "wrong secret"): ("AuthenticationError", "API Signature verification failed"),
    ("phemex", "other address"): ("AuthenticationError", "401 Request IP mismatch"),
    ("phemex", "unknown key"): ("AuthenticationError", "Failed to find api-key"),
    ("phemex", "clock"): ("AuthenticationError", "401 Request Expired at"),
    ("phemex", "no permission"): ("AuthenticationError", "401 Insufficient privilege"),
}


def spoil(simulator: Simulator, key: SimulatedKey, mistake: str) -> dict[str, Any]:
    """Make one thing wrong; return the credentials that are other than the key's."""
    if mistake == "wrong secret":
        return {"secret": key.secret[::-1]}
    if mistake == "unknown key":
        return {"apiKey": key.key[:-4] + ("aaaa" if key.key[-4:] != "aaaa" else "bbbb")}
    if mistake == "other address":
        simulator.update_key(key, allowlist=[ELSEWHERE])
    elif mistake == "clock":
        simulator.set_clock_skew(200_000, exchange=key.exchange)
    elif mistake == "no permission":
        simulator.update_key(key, permissions="none")
    return {}


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_a_mistake_gets_the_exchanges_own_words(simulator: Simulator, name: str, mistake: str) -> None:
    key = simulator.create_key(name, allowlist=[HOST])
    exchange = client(simulator, key, **spoil(simulator, key, mistake))
    kind, words = MISTAKES[name, mistake]
    with pytest.raises(getattr(ccxt, kind), match=words):
        exchange.fetch_balance({"type": "spot"} if name == "phemex" else {})


@pytest.mark.parametrize("name", ["cryptocom", "phemex"])
def test_a_key_belongs_to_one_site(simulator: Simulator, name: str) -> None:
    key = simulator.create_key(name, environment="testnet")
    exchange = client(simulator, key)
    params = {"type": "spot"} if name == "phemex" else {}
    exchange.fetch_balance(params)
    elsewhere = simulator.base_url(name)
    here = simulator.base_url(name, environment="testnet")
    exchange.urls["api"] = {part: url.replace(here, elsewhere) for part, url in exchange.urls["api"].items()}
    with pytest.raises(ccxt.AuthenticationError):
        exchange.fetch_balance(params)


def bitmart(simulator: Simulator, key: SimulatedKey, **other: Any) -> Any:
    """Ask as BitMart's own SDK does."""
    given = {"api_key": key.key, "secret_key": key.secret, "memo": key.passphrase} | other
    spot = APISpot(**given, url=simulator.base_url("bitmart"), timeout=(5, 5))
    spot.session.verify = simulator.ca_file
    spot.session.trust_env = False
    answer, _limits = spot.v4_query_open_orders(limit=1, recv_window=5000)
    return answer


def test_bitmarts_sdk_is_served(simulator: Simulator) -> None:
    answer = bitmart(simulator, simulator.create_key("bitmart", allowlist=[HOST]))
    assert (answer["code"], answer["data"]) == (1000, [])


@pytest.mark.parametrize(
    ("mistake", "code"),
    [
        ("wrong secret", "30005"),
        ("wrong memo", "30005"),
        ("other address", "30010"),
        ("unknown key", "30002"),
        ("clock", "30007"),
        ("no permission", "30012"),
        ("expired", "30011"),
    ],
)
def test_bitmarts_sdk_is_refused(simulator: Simulator, mistake: str, code: str) -> None:
    key = simulator.create_key("bitmart", allowlist=[HOST])
    if mistake == "expired":
        simulator.update_key(key, expires_at=1_700_000_000_000)
    names = {"apiKey": "api_key", "secret": "secret_key"}
    other = {names[name]: value for name, value in spoil(simulator, key, mistake).items()}
    with pytest.raises(APIException) as refused:
        bitmart(simulator, key, **other, **({"memo": "another"} if mistake == "wrong memo" else {}))
    assert code in str(refused.value.response)
