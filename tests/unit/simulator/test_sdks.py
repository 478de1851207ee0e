# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exchanges' own Python SDKs (and Bitget's usual one) work against the simulator and are refused there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import binance.error
import binance.spot
import okx.Account
import pybit.exceptions
import pybit.unified_trading
import pybitget
import pybitget.client
import pybitget.exceptions
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.client import SimulatedKey, Simulator

HOST = "91.198.115.11"
ELSEWHERE = "91.198.115.99"


@pytest.fixture(autouse=True)
def _trust(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", simulator.ca_file)
    monkeypatch.setenv("SSL_CERT_FILE", simulator.ca_file)
    monkeypatch.setattr(pybitget.client, "API_URL", simulator.base_url("bitget"))


def ask_bybit(simulator: Simulator, key: SimulatedKey, secret: str) -> Any:
    session = pybit.unified_trading.HTTP(api_key=key.key, api_secret=secret, max_retries=1, retry_delay=0)
    session.endpoint = simulator.base_url("bybit")
    session.client.verify = simulator.ca_file
    wallet = session.get_wallet_balance(accountType="UNIFIED")["result"]
    return session.get_api_key_information()["result"]["ips"], wallet["list"][0]["coin"][0]["walletBalance"]


def ask_okx(simulator: Simulator, key: SimulatedKey, secret: str) -> Any:
    account = okx.Account.AccountAPI(
        key.key, secret, key.passphrase, flag="0", domain=simulator.base_url("okx"), debug=False
    )
    config = account.get_account_config()
    if config["code"] != "0":
        raise RuntimeError(config["code"])
    return config["data"][0]["ip"], account.get_account_balance()["data"][0]["details"][0]["cashBal"]


def ask_bitget(simulator: Simulator, key: SimulatedKey, secret: str) -> Any:
    # The SDK's methods are for the retired V1; its signing and sending are what counts here.
    client = pybitget.Client(key.key, secret, key.passphrase)
    info = client._request_with_params("GET", "/api/v2/spot/account/info", {})
    assets = client._request_with_params("GET", "/api/v2/spot/account/assets", {"coin": "USDT"})
    return info["data"]["ips"], assets["data"][0]["available"]


def ask_binance(simulator: Simulator, key: SimulatedKey, secret: str) -> Any:
    spot = binance.spot.Spot(api_key=key.key, api_secret=secret, base_url=simulator.base_url("binance"))
    return spot.api_key_permissions()["ipRestrict"], spot.account()["balances"][0]["free"]


ASK: dict[str, tuple[Callable[[Simulator, SimulatedKey, str], Any], Any]] = {
    "bybit": (ask_bybit, ([HOST], "1000")),
    "okx": (ask_okx, (HOST, "1000")),
    "bitget": (ask_bitget, (HOST, "1000")),
    "binance": (ask_binance, (True, "1000.00000000")),
}
REFUSED = (
    pybit.exceptions.InvalidRequestError,
    pybit.exceptions.FailedRequestError,
    pybitget.exceptions.BitgetAPIException,
    binance.error.ClientError,
    RuntimeError,
)


@pytest.mark.parametrize("name", ASK)
def test_sdk_works(simulator: Simulator, name: str) -> None:
    ask, expected = ASK[name]
    key = simulator.create_key(name, allowlist=[HOST])
    assert ask(simulator, key, key.secret) == expected


@pytest.mark.parametrize(
    ("name", "code"), [("bybit", "10004"), ("okx", "50113"), ("bitget", "40009"), ("binance", "-1022")]
)
def test_sdk_with_a_wrong_secret(simulator: Simulator, name: str, code: str) -> None:
    key = simulator.create_key(name)
    with pytest.raises(REFUSED) as caught:
        ASK[name][0](simulator, key, key.secret[::-1])
    assert code in str(caught.value) + repr(caught.value.args)


@pytest.mark.parametrize(
    ("name", "code"), [("bybit", "10010"), ("okx", "50110"), ("bitget", "40018"), ("binance", "-2015")]
)
def test_sdk_from_a_refused_address(simulator: Simulator, name: str, code: str) -> None:
    key = simulator.create_key(name, allowlist=[ELSEWHERE])
    with pytest.raises(REFUSED) as caught:
        ASK[name][0](simulator, key, key.secret)
    assert code in str(caught.value) + repr(caught.value.args)
