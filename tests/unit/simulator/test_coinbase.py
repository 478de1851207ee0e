# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ccxt and Coinbase's own SDK work against the simulated Coinbase, and both and we sign the same claims."""

from __future__ import annotations

import base64
import datetime
import json
from typing import TYPE_CHECKING, Any

import ccxt
import jwt
import pytest
from coinbase import jwt_generator
from coinbase.rest import RESTClient
from cryptography.hazmat.primitives import serialization
from requests.exceptions import HTTPError

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential, Question, Site
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import get
from tests.simulator._asymmetric import private_pem

if TYPE_CHECKING:
    from tests.simulator.client import SimulatedKey, Simulator

HOST = "91.198.115.11"
NAME = "organizations/94ad58bc-0f15-5309-b35a-a4c86d7bad60/apiKeys/6b17acd6-2e68-5eb0-9f45-72d67cef578a"
AT = datetime.datetime(2026, 11, 22, 7, 13, 54, tzinfo=datetime.UTC)


def raw_ed25519(*, both: bool) -> str:
    key: Any = serialization.load_pem_private_key(private_pem("ed25519").encode(), password=None)
    raw = key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    if both:
        raw += key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode()


SECRETS = {
    "es256": lambda: private_pem("es256"),
    "ed25519 in PEM": lambda: private_pem("ed25519"),
    "ed25519, 32 bytes": lambda: raw_ed25519(both=False),
    "ed25519, 64 bytes": lambda: raw_ed25519(both=True),
}


def read(token: str, secret: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a token that PyJWT, which nobody here wrote, finds well signed."""
    key = jwt_generator._load_private_key(secret).public_key()
    claims = jwt.decode(token, key, algorithms=["ES256", "EdDSA"], options={"verify_exp": False, "verify_nbf": False})
    return jwt.get_unverified_header(token), claims


@pytest.mark.parametrize("kind", SECRETS)
def test_the_token_is_the_sdks(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = SECRETS[kind]()
    monkeypatch.setattr(jwt_generator.time, "time", AT.timestamp)
    uri = jwt_generator.format_jwt_uri("GET", "/api/v3/brokerage/key_permissions")
    their_header, their_claims = read(jwt_generator.build_rest_jwt(uri, NAME, secret), secret)
    question = Question(Credential(NAME, secret), AT, Site("https://api.coinbase.com"), "mainnet")
    request = get("coinbase").key_request(question)
    scheme, token = request.headers["Authorization"].split(" ")
    header, claims = read(token, secret)
    assert scheme == "Bearer"
    assert claims == their_claims
    assert {**header, "nonce": None} == {**their_header, "nonce": None}
    assert len(header["nonce"]) == 32
    again = get("coinbase").key_request(question).headers["Authorization"]
    assert again != request.headers["Authorization"], "a nonce is used once"


def test_a_token_is_for_the_host_that_is_asked() -> None:
    """What somebody else's host is sent cannot be used at Coinbase."""
    secret = private_pem("es256")
    elsewhere = Question(Credential(NAME, secret), AT, Site("https://gateway.example:8443"), "mainnet")
    token = get("coinbase").key_request(elsewhere).headers["Authorization"].split(" ")[1]
    assert read(token, secret)[1]["uri"] == "GET gateway.example:8443/api/v3/brokerage/key_permissions"


def client(simulator: Simulator, key: SimulatedKey, **other: Any) -> Any:
    given = {"apiKey": key.key, "secret": key.secret, "validateServerSsl": simulator.ca_file, "enableRateLimit": False}
    exchange: Any = ccxt.coinbase(given | other)
    exchange.urls["api"] = {"rest": simulator.base_url("coinbase")}
    exchange.markets = {}  # what can be traded is nothing to the key
    return exchange


@pytest.mark.parametrize("kind", [None, "ed25519, 64 bytes"])
def test_ccxt_reads_permissions_and_balance(simulator: Simulator, kind: str | None) -> None:
    key = simulator.create_key("coinbase", allowlist=[HOST], secret=SECRETS[kind]() if kind else None)
    exchange = client(simulator, key)
    assert exchange.fetch_balance({"v3": True})["USDT"]["total"] == 1000.0
    told = exchange.v3PrivateGetBrokerageKeyPermissions()
    assert (told["can_view"], told["can_trade"], told["can_transfer"]) == (True, True, False)
    assert abs(exchange.fetch_time() - exchange.milliseconds()) < 5000


def test_ccxt_is_refused(simulator: Simulator) -> None:
    key = simulator.create_key("coinbase", allowlist=[HOST])
    other = simulator.create_key("coinbase", allowlist=["9.9.9.9"])
    for refused in (client(simulator, key, secret=other.secret), client(simulator, key, apiKey="x" * 20)):
        with pytest.raises(ccxt.AuthenticationError):
            refused.fetch_balance({"v3": True})
    with pytest.raises(ccxt.AuthenticationError):
        client(simulator, other).fetch_balance({"v3": True})
    late = client(simulator, key)
    late.seconds = lambda: int(late.milliseconds() / 1000) - 200
    with pytest.raises(ccxt.AuthenticationError):
        late.fetch_balance({"v3": True})
    blind = simulator.create_key("coinbase", permissions="none")
    with pytest.raises(ccxt.PermissionDenied) as denied:
        client(simulator, blind).fetch_balance({"v3": True})
    assert json.loads(str(denied.value).split(" ", 1)[1])["message"] == "Missing required scopes"


def test_the_sdk_is_answered_and_refused(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", simulator.ca_file)
    base = simulator.base_url("coinbase").removeprefix("https://")
    key = simulator.create_key("coinbase", allowlist=[HOST])
    told = RESTClient(api_key=key.key, api_secret=key.secret, base_url=base).get_api_key_permissions()
    assert told["can_trade"] is True
    with pytest.raises(HTTPError, match="401"):
        RESTClient(api_key=key.key, api_secret=private_pem("es256", number=1), base_url=base).get_api_key_permissions()
