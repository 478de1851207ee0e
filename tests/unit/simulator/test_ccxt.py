# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ccxt, which nobody here wrote, works against the simulator and fails there as at the exchange."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ccxt
import pytest

from tests.simulator._asymmetric import private_pem
from tests.simulator._registry import EXCHANGES as EXCHANGES_HERE

if TYPE_CHECKING:
    from tests.simulator.client import SimulatedKey, Simulator

EXCHANGES = ("binance", "bingx", "bitget", "blofin", "bybit", "deribit", "gate", "htx", "kucoin", "okx", "woo")
#: Those of which all public data that ccxt loads by default is simulated; of the others only the balance is.
WHOLE = ("binance", "bitget", "bybit", "okx")
HOST = "91.198.115.11"
ELSEWHERE = "91.198.115.99"


def client(simulator: Simulator, key: SimulatedKey, **other: Any) -> Any:
    """Return ccxt's client for the key's exchange, pointed at the simulator; `other` replaces credentials."""
    settings = {
        "apiKey": key.key,
        "secret": key.secret,
        "password": key.passphrase or "",
        "validateServerSsl": simulator.ca_file,
        "enableRateLimit": False,
        "options": {"recvWindow": 5000, "fetchMarkets": {"types": ["spot"]}},
    }
    exchange = getattr(ccxt, key.exchange)(settings | other)
    base = simulator.base_url(key.exchange, environment=key.environment, region=key.region)
    urls = exchange.urls["api"]
    if key.exchange not in WHOLE:
        exchange.markets = {}
    if key.exchange == "gate":
        exchange.urls["api"] = {part: dict.fromkeys(named, f"{base}/api/v4") for part, named in urls.items()}
    elif key.exchange == "bingx":
        exchange.urls["api"] = dict.fromkeys(urls, f"{base}/openApi")
    elif key.exchange == "binance":
        # Only here the path is part of the base.
        paths = {name: url.split("/", 3)[-1] for name, url in urls.items() if isinstance(url, str)}
        exchange.urls["api"] = {name: f"{base}/{path}" for name, path in paths.items()}
    else:
        exchange.urls["api"] = dict.fromkeys(urls, base)
    if key.exchange == "htx":
        # The host is a part of what is signed.
        exchange.hostname = exchange.urls["hostnames"]["spot"] = str(urlsplit(base).hostname)
    return exchange


def introspect(exchange: Any) -> Any:
    """Make the exchange's introspection call by ccxt's own signing; return the part about the key."""
    method = {
        "binance": "sapiGetAccountApiRestrictions",
        "bingx": "accountV1PrivateGetAccountApiPermissions",
        "bitget": "privateSpotGetV2SpotAccountInfo",
        "bybit": "privateGetV5UserQueryApi",
        "deribit": "privateGetListApiKeys",
        # Its page of the key wants the id that this tells: see below.
        "htx": "v2PrivateGetUserUid",
        "okx": "privateGetAccountConfig",
        "blofin": "privateGetUserQueryApikey",
        "gate": "privateAccountGetDetail",
        "kucoin": "privateGetUserApiKey",
        "woo": "v3PrivateGetAccountCredentials",
    }[exchange.id]
    answer = getattr(exchange, method)()
    part = answer.get("result") or answer.get("data") or answer
    return part[0] if isinstance(part, list) else part


def code_of(error: Exception) -> str:
    """Return the exchange's own code from ccxt's message, which is the exchange's name and the body."""
    body = json.loads(str(error).split(" ", 1)[1])
    if "err-msg" in body:  # HTX, whose one code has many causes
        return next(code for code in EXCHANGES_HERE["htx"].refusals if code in body["err-msg"])
    found = body.get("retCode") or body.get("code") or body.get("label")
    return str(found or body["error"]["code"])


@pytest.mark.parametrize("name", EXCHANGES)
def test_balance_of_a_restricted_key(simulator: Simulator, name: str) -> None:
    key = simulator.create_key(name, allowlist=[HOST])
    assert client(simulator, key).fetch_balance()["USDT"]["total"] == 1000.0


@pytest.mark.parametrize(("name", "kind"), [("binance", "rsa"), ("binance", "ed25519"), ("bybit", "rsa")])
def test_balance_with_a_private_key(simulator: Simulator, name: str, kind: str) -> None:
    key = simulator.create_key(name, secret=private_pem(kind))
    assert client(simulator, key).fetch_balance()["USDT"]["total"] == 1000.0
    # Of the same kind, but of another pair: the padding and the length are right, the key is not.
    other = simulator.create_key(name, secret=private_pem(kind, number=1))
    with pytest.raises(ccxt.AuthenticationError):
        client(simulator, other, secret=key.secret).fetch_balance()


@pytest.mark.parametrize("name", WHOLE)
def test_everything_ccxt_loads_by_default(simulator: Simulator, name: str) -> None:
    exchange = client(simulator, simulator.create_key(name), options={})
    assert "BTC/USDT" in exchange.load_markets()
    assert len(exchange.fetch_ohlcv("BTC/USDT", "5m", limit=20)) == 20
    assert abs(exchange.fetch_time() - exchange.milliseconds()) < 5000
    assert [seen for seen in simulator.requests(exchange=name) if seen.status == 404] == []


# What each exchange says to each mistake: ccxt's exception and the exchange's own code.
MISTAKES: dict[str, dict[str, tuple[str, str]]] = {
    "bingx": {
        "wrong secret": ("AuthenticationError", "100001"),
        "unknown key": ("AuthenticationError", "100413"),
        "malformed key": ("AuthenticationError", "100413"),
        "other address": ("PermissionDenied", "100419"),
        "clock behind": ("BadSymbol", "100421"),  # ccxt knows another meaning of this code
        "clock ahead": ("BadSymbol", "100421"),
        "expired": ("AuthenticationError", "100413"),
        "no permission": ("PermissionDenied", "100004"),
    },
    "deribit": {
        "wrong secret": ("AuthenticationError", "13009"),
        "unknown key": ("AuthenticationError", "13004"),
        "malformed key": ("AuthenticationError", "13004"),
        "other address": ("PermissionDenied", "13021"),
        "clock behind": ("AuthenticationError", "13009"),
        "clock ahead": ("AuthenticationError", "13009"),
        "expired": ("AuthenticationError", "13004"),
        "no permission": ("ExchangeError", "13403"),
    },
    "htx": {
        "wrong secret": ("AuthenticationError", "Verification failure"),
        "unknown key": ("AuthenticationError", "Incorrect Access key"),
        "malformed key": ("AuthenticationError", "Incorrect Access key"),
        "other address": ("AuthenticationError", "Incorrect IP address"),
        "expired": ("AuthenticationError", "Incorrect Access key"),
        "no permission": ("PermissionDenied", "API key has no permission"),
    },
    "binance": {
        "wrong secret": ("AuthenticationError", "-1022"),
        "unknown key": ("AuthenticationError|ExchangeError", "-2008"),
        "malformed key": ("AuthenticationError", "-2014"),
        "other address": ("AuthenticationError", "-2015"),
        "clock behind": ("InvalidNonce", "-1021"),
        "clock ahead": ("InvalidNonce", "-1021"),
        "expired": ("AuthenticationError", "-2015"),
        "no permission": ("AuthenticationError", "-2015"),
    },
    "bitget": {
        "wrong secret": ("AuthenticationError", "40009"),
        "wrong passphrase": ("AuthenticationError", "40012"),
        "unknown key": ("AuthenticationError", "40037"),
        "malformed key": ("AuthenticationError", "40006"),
        "other address": ("PermissionDenied", "40018"),
        "clock behind": ("InvalidNonce", "40008"),
        "clock ahead": ("InvalidNonce", "40008"),
        "expired": ("AuthenticationError", "40037"),
        "no permission": ("PermissionDenied", "40014"),
    },
    "bybit": {
        "wrong secret": ("AuthenticationError", "10004"),
        "unknown key": ("AuthenticationError", "10003"),
        "other address": ("PermissionDenied", "10010"),
        "clock behind": ("InvalidNonce", "10002"),
        "clock ahead": ("InvalidNonce", "10002"),
        "expired": ("AuthenticationError", "33004"),
        "no permission": ("PermissionDenied", "10005"),
    },
    "okx": {
        "wrong secret": ("AuthenticationError", "50113"),
        "wrong passphrase": ("AuthenticationError", "50105"),
        "unknown key": ("AuthenticationError|ExchangeError", "50119"),
        "malformed key": ("AuthenticationError", "50111"),
        "other address": ("PermissionDenied", "50110"),
        "clock behind": ("InvalidNonce", "50102"),
        "clock ahead": ("InvalidNonce", "50102"),
        "expired": ("AuthenticationError|ExchangeError", "50119"),
        "no permission": ("PermissionDenied|ExchangeError", "50120"),
    },
    "blofin": {
        "wrong secret": ("AuthenticationError", "152409"),
        "wrong passphrase": ("AuthenticationError", "152408"),
        "unknown key": ("AuthenticationError", "152401"),
        "other address": ("PermissionDenied", "152406"),
        "expired": ("AuthenticationError", "152402"),
        "no permission": ("PermissionDenied", "152404"),
    },
    "gate": {
        "wrong secret": ("AuthenticationError", "INVALID_SIGNATURE"),
        "unknown key": ("AuthenticationError", "INVALID_KEY"),
        "malformed key": ("AuthenticationError", "INVALID_KEY"),
        "other address": ("AuthenticationError", "IP_FORBIDDEN"),
        "expired": ("AuthenticationError", "INVALID_KEY"),
        "no permission": ("PermissionDenied", "FORBIDDEN"),
    },
    "kucoin": {
        "wrong secret": ("AuthenticationError", "400005"),
        "wrong passphrase": ("AuthenticationError", "400004"),
        "unknown key": ("AuthenticationError", "400003"),
        "malformed key": ("AuthenticationError", "400003"),
        "other address": ("AuthenticationError", "400006"),
        "clock behind": ("InvalidNonce", "400002"),
        "clock ahead": ("InvalidNonce", "400002"),
        "expired": ("AuthenticationError", "400003"),
        "no permission": ("AuthenticationError", "400007"),
    },
    "woo": {
        "wrong secret": ("AuthenticationError", "-1002"),
        "malformed key": ("AuthenticationError", "-1001"),
        "other address": ("AuthenticationError", "-1002"),
        "clock behind": ("AuthenticationError", "-1002"),
        "expired": ("AuthenticationError", "-1002"),
        "no permission": ("AuthenticationError", "-1002"),
    },
}


def mistaken_client(simulator: Simulator, *, name: str, mistake: str) -> Any:
    """Return a client that is right in everything but `mistake`."""
    key = simulator.create_key(name, allowlist=[HOST])
    other: dict[str, Any] = {}
    if mistake == "wrong secret":
        other = {"secret": key.secret[::-1]}
    elif mistake == "wrong passphrase":
        other = {"password": f"{key.passphrase}x"}
    elif mistake == "unknown key":
        other = {"apiKey": key.key[:-6] + ("ffffff" if key.key[-6:] != "ffffff" else "aaaaaa")}
    elif mistake == "malformed key":
        other = {"apiKey": "not a key"}
    elif mistake == "other address":
        simulator.update_key(key, allowlist=[ELSEWHERE])
    elif mistake in ("clock behind", "clock ahead"):
        simulator.set_clock_skew(40_000 if mistake == "clock behind" else -40_000, exchange=name)
    elif mistake == "expired":
        simulator.update_key(key, expires_at=1_700_000_000_000)
    elif mistake == "no permission":
        simulator.update_key(key, permissions="none")
    return client(simulator, key, **other)


@pytest.mark.parametrize(
    ("name", "mistake", "kinds", "code"),
    [(name, mistake, *expected) for name, table in MISTAKES.items() for mistake, expected in table.items()],
)
def test_a_mistake_gets_the_exchanges_own_code(
    simulator: Simulator, name: str, mistake: str, kinds: str, code: str
) -> None:
    exchange = mistaken_client(simulator, name=name, mistake=mistake)
    with pytest.raises(ccxt.BaseError) as caught:
        exchange.fetch_balance()
    if (name, mistake) == ("bybit", "no permission"):
        # Here ccxt replaces the body by a sentence of its own.
        assert "must own one of permissions" in str(caught.value)
    else:
        assert code_of(caught.value) == code
    assert type(caught.value).__name__ in kinds.split("|")
    assert simulator.requests(exchange=name)[-1].code == code


@pytest.mark.parametrize(
    ("name", "skew_ms", "accepted"),
    [
        # A client that is 0.4 s ahead is fine, 2 s are not; behind, its own window counts (5 s).
        ("binance", -400, True),
        ("binance", -2_000, False),
        ("binance", 3_500, True),
        ("binance", 6_000, False),
        ("bybit", -400, True),
        ("bybit", -2_000, False),
        ("bybit", 3_500, True),
        ("bybit", 6_000, False),
        ("okx", -27_000, True),
        ("okx", -32_000, False),
        ("okx", 27_000, True),
        ("okx", 32_000, False),
        ("bitget", 27_000, True),
        ("bitget", 32_000, False),
        ("kucoin", -4_000, True),
        ("kucoin", 4_000, True),
        ("kucoin", -6_000, False),
        ("kucoin", 6_000, False),
        ("blofin", 57_000, True),
        ("blofin", -62_000, False),
    ],
)
def test_clock_window(simulator: Simulator, name: str, skew_ms: int, accepted: bool) -> None:
    exchange = client(simulator, simulator.create_key(name))
    simulator.set_clock_skew(skew_ms, exchange=name)
    if accepted:
        introspect(exchange)
    else:
        with pytest.raises(ccxt.InvalidNonce):
            introspect(exchange)


@pytest.mark.parametrize(
    ("name", "method", "field"),
    [
        ("deribit", "privateGetListApiKeys", "client_id"),
        ("gate", "privateAccountGetMainKeys", "key"),
        ("htx", "v2PrivateGetUserApiKey", "accessKey"),
        ("woo", "v3PrivateGetAccountCredentials", "apiKey"),
    ],
)
def test_a_list_holds_all_keys_of_an_account(simulator: Simulator, name: str, method: str, field: str) -> None:
    own, friend = (simulator.create_key(name, account_id="40000007") for _turn in range(2))
    elsewhere, gone = simulator.create_key(name), simulator.create_key(name, account_id="40000007")
    simulator.update_key(gone, revoked=True)
    answer = getattr(client(simulator, own), method)({"uid": "40000007"} if name == "htx" else {})
    if not isinstance(answer, list):
        answer = answer.get("result") or answer["data"]
    rows = answer["rows"] if isinstance(answer, dict) else answer
    shown = [row[field].rstrip("*") for row in rows]
    for key, times in ((own, 1), (friend, 1), (elsewhere, 0), (gone, 0)):
        assert sum(key.key.startswith(each) for each in shown) == times
    assert len(shown) > 2, "and a key of somebody else"


@pytest.mark.parametrize("name", EXCHANGES)
@pytest.mark.parametrize(
    ("allowlist", "accepted"),
    [
        ([HOST], True),
        ([ELSEWHERE, HOST], True),
        (["91.198.115.0/24"], True),
        (None, True),
        ([ELSEWHERE], False),
        (["91.198.116.0/24"], False),
        (["2a01:4f8:c17::11"], False),
        (["192.168.1.10"], False),
        (["not an address"], False),
    ],
)
def test_allowlist(simulator: Simulator, name: str, allowlist: list[str] | None, accepted: bool) -> None:
    exchange = client(simulator, simulator.create_key(name, allowlist=allowlist))
    if accepted:
        introspect(exchange)
        return
    with pytest.raises((ccxt.PermissionDenied, ccxt.AuthenticationError)) as caught:
        introspect(exchange)
    assert code_of(caught.value) == MISTAKES[name]["other address"][1]


def test_binance_futures_host_prints_the_address(simulator: Simulator) -> None:
    key = simulator.create_key("binance", permissions="futures-trade", allowlist=[ELSEWHERE])
    with pytest.raises(ccxt.AuthenticationError, match=f"request ip: {HOST}"):
        client(simulator, key).fapiPrivateV2GetAccount()


def test_okx_prints_the_address_and_the_key(simulator: Simulator) -> None:
    key = simulator.create_key("okx", allowlist=[ELSEWHERE])
    text = f"Your IP {HOST} is not included in your API key's {key.key} IP whitelist."
    with pytest.raises(ccxt.PermissionDenied) as caught:
        introspect(client(simulator, key))
    assert text in str(caught.value)
    assert simulator.requests()[-1].status == 401


@pytest.mark.parametrize(
    ("name", "environment", "region"),
    [
        ("deribit", "testnet", "global"),
        ("bybit", "testnet", "global"),
        ("bybit", "demo", "global"),
        ("bybit", "mainnet", "eu"),
        ("blofin", "demo", "global"),
        ("gate", "testnet", "global"),
        ("gate", "mainnet", "eu"),
        ("kucoin", "mainnet", "eu"),
        ("okx", "mainnet", "us"),
        ("okx", "mainnet", "eea"),
        ("binance", "demo", "global"),
    ],
)
def test_a_key_belongs_to_one_site(simulator: Simulator, name: str, environment: str, region: str) -> None:
    key = simulator.create_key(name, environment=environment, region=region)
    if name != "binance":  # whose demo site has no introspection
        introspect(client(simulator, key))
    elsewhere = client(simulator, key)
    base = simulator.base_url(name)
    if name == "gate":
        urls = elsewhere.urls["api"]
        elsewhere.urls["api"] = {part: dict.fromkeys(named, f"{base}/api/v4") for part, named in urls.items()}
    else:
        elsewhere.urls["api"] = dict.fromkeys(elsewhere.urls["api"], f"{base}/sapi/v1" if name == "binance" else base)
    with pytest.raises((ccxt.AuthenticationError, ccxt.ExchangeError)) as caught:
        introspect(elsewhere)
    codes = {
        "binance": "-2015",
        "blofin": "152401",
        "bybit": "10003",
        "deribit": "13004",
        "gate": "INVALID_KEY",
        "kucoin": "400003",
        "okx": "50119",
    }
    assert code_of(caught.value) == codes[name]


@pytest.mark.parametrize(("name", "code"), [("okx", "50101"), ("bitget", "40099")])
def test_demo_keys_need_the_demo_header(simulator: Simulator, name: str, code: str) -> None:
    demo = client(simulator, simulator.create_key(name, environment="demo"))
    with pytest.raises(ccxt.ExchangeError) as caught:
        introspect(demo)
    assert code_of(caught.value) == code
    demo.headers = {"okx": {"x-simulated-trading": "1"}, "bitget": {"paptrading": "1"}}[name]
    introspect(demo)


INTROSPECTION: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("bybit", {"label": "bot"}, {"note": "bot", "ips": ["*"], "deadlineDay": 89, "readOnly": 0}),
    ("bybit", {"allowlist": [HOST]}, {"ips": [HOST], "deadlineDay": -2, "expiredAt": "1970-01-01T00:00:00Z"}),
    ("bybit", {"days_left": 12}, {"ips": ["*"], "deadlineDay": 12, "isMaster": True, "parentUid": "0"}),
    ("bybit", {"parent_id": "77", "permissions": "read-only"}, {"isMaster": False, "parentUid": "77", "readOnly": 1}),
    ("okx", {"label": "bot"}, {"label": "bot", "ip": "", "perm": "read_only,trade"}),
    ("okx", {"allowlist": [HOST, "2001:db8::/32"]}, {"ip": f"{HOST},2001:db8::/32"}),
    ("okx", {"permissions": "withdraw"}, {"perm": "read_only,withdraw,trade"}),
    ("okx", {"account_id": "5", "parent_id": "4"}, {"uid": "5", "mainUid": "4", "type": "1"}),
    ("bitget", {"account_id": "5"}, {"userId": "5", "ips": "", "authorities": ["stor", "stow"]}),
    ("bitget", {"allowlist": [HOST, "91.198.115.12"]}, {"ips": f"{HOST},91.198.115.12"}),
    ("bitget", {"permissions": "withdraw"}, {"authorities": ["stor", "stow", "wtow", "wwow"]}),
    ("blofin", {"allowlist": [HOST], "label": "bot"}, {"ips": [HOST], "apiName": "bot", "expireTime": "0"}),
    ("blofin", {"permissions": "read-only"}, {"readOnly": 1, "ips": [], "parentUid": "0"}),
    ("gate", {"allowlist": [HOST], "account_id": "5"}, {"ip_whitelist": [HOST], "user_id": 5}),
    ("kucoin", {"allowlist": [HOST], "label": "bot"}, {"ipWhitelist": HOST, "remark": "bot"}),
    ("kucoin", {"parent_id": "7"}, {"permission": "General,Spot", "isMaster": False, "ipWhitelist": None}),
    ("bingx", {"allowlist": [HOST], "label": "bot"}, {"ipAddresses": [HOST], "note": "bot"}),
    ("bingx", {"permissions": "withdraw"}, {"ipAddresses": [], "permissions": [1, 2, 5]}),
    ("binance", {"allowlist": [HOST]}, {"ipRestrict": True, "enableSpotAndMarginTrading": True}),
    ("binance", {"permissions": "withdraw"}, {"ipRestrict": False, "enableWithdrawals": True}),
    ("binance", {"expires_at": 1_999_000_000_000}, {"tradingAuthorityExpirationTime": 1_999_000_000_000}),
    ("binance", {"extra": {"enableNewThing": True}}, {"enableNewThing": True}),
]


@pytest.mark.parametrize(("name", "created", "told"), INTROSPECTION)
def test_introspection(simulator: Simulator, name: str, created: dict[str, Any], told: dict[str, Any]) -> None:
    answer = introspect(client(simulator, simulator.create_key(name, **created)))
    assert {field: answer.get(field) for field in told} == told


def test_binance_never_tells_the_list(simulator: Simulator) -> None:
    answer = introspect(client(simulator, simulator.create_key("binance", allowlist=[HOST])))
    assert HOST not in json.dumps(answer)


def test_bitget_unified_account(simulator: Simulator) -> None:
    key = simulator.create_key("bitget", permissions="unified-read-only", allowlist=[HOST])
    exchange = client(simulator, key)
    assert exchange.privateUtaGetV3AccountInfo()["data"]["permType"] == "read-only"
    assert exchange.fetch_balance({"uta": True})["USDT"]["free"] == 1000.0
    with pytest.raises(ccxt.PermissionDenied, match="40085"):
        introspect(exchange)
    simulator.update_key(key, allowlist=[ELSEWHERE])
    with pytest.raises(ccxt.ExchangeError, match="40038"):
        exchange.privateUtaGetV3AccountInfo()


def test_a_revoked_key_is_unknown(simulator: Simulator) -> None:
    key = simulator.create_key("bybit")
    simulator.update_key(key, revoked=True)
    with pytest.raises(ccxt.AuthenticationError, match="10003"):
        introspect(client(simulator, key))


@pytest.mark.parametrize("version", ["1", "2", "3"])
def test_kucoins_passphrase_is_signed_from_version_2_on(simulator: Simulator, version: str) -> None:
    key = simulator.create_key("kucoin", allowlist=[HOST])
    exchange = client(simulator, key)
    signed = exchange.sign("user/api-key", ["private"], "GET", {})
    headers = {**signed["headers"], "KC-API-KEY-VERSION": version}
    if version == "1":
        headers["KC-API-PASSPHRASE"] = key.passphrase
    assert exchange.fetch(signed["url"], "GET", headers)["code"] == "200000"


def test_gate_lists_all_keys_of_the_main_account(simulator: Simulator) -> None:
    exchange = client(simulator, simulator.create_key("gate", label="bot"))
    assert [row["name"] for row in exchange.privateAccountGetMainKeys()] == ["other1", "bot", "other2"]
    exchange = client(simulator, simulator.create_key("gate", label="bot", permissions="spot-only"))
    with pytest.raises(ccxt.PermissionDenied, match="FORBIDDEN"):
        exchange.privateAccountGetMainKeys()


def test_woo_lists_all_keys_of_the_account(simulator: Simulator) -> None:
    key = simulator.create_key("woo", allowlist=[HOST])
    rows = introspect(client(simulator, key))["rows"]
    assert [row.get("allowedIPs") for row in rows] == [["203.0.113.1"], [HOST], ["203.0.113.2"]]
    assert rows[1]["apiKey"] == key.key


def test_bingxs_other_page_tells_boxes_and_age(simulator: Simulator) -> None:
    key = simulator.create_key("bingx", allowlist=[HOST], created_at=1_684_763_997_626)
    told = client(simulator, key).accountV1PrivateGetAccountApiRestrictions()
    assert (told["ipRestrict"], told["createTime"], told["enableFutures"]) == (True, 1684763997626, False)


def test_bingx_prints_the_address(simulator: Simulator) -> None:
    key = simulator.create_key("bingx", allowlist=[ELSEWHERE])
    with pytest.raises(ccxt.PermissionDenied, match=f"current request IP is {HOST} does not match"):
        introspect(client(simulator, key))


def test_deribits_list_holds_all_secrets(simulator: Simulator) -> None:
    key = simulator.create_key("deribit", allowlist=[HOST], label="bot")
    other, own = client(simulator, key).privateGetListApiKeys()["result"]
    assert (own["client_id"], own["client_secret"], own["ip_whitelist"]) == (key.key, key.secret, [HOST])
    assert other["client_secret"]


def test_htx_tells_about_a_key_by_the_users_id(simulator: Simulator) -> None:
    key = simulator.create_key("htx", allowlist=[HOST, "91.198.116.0/24"], label="bot")
    exchange = client(simulator, key)
    uid = exchange.v2PrivateGetUserUid()["data"]
    own = exchange.v2PrivateGetUserApiKey({"uid": uid, "accessKey": key.key})["data"]
    assert [row["accessKey"] for row in own] == [key.key]
    assert own[0]["ipAddresses"] == f"{HOST},91.198.116.0/24"
    assert len(exchange.v2PrivateGetUserApiKey({"uid": uid})["data"]) == 2


def test_htx_signs_the_host_and_prints_the_address(simulator: Simulator) -> None:
    key = simulator.create_key("htx", allowlist=[HOST])
    exchange = client(simulator, key)
    exchange.hostname = "api.huobi.pro"
    with pytest.raises(ccxt.AuthenticationError, match="Verification failure"):
        introspect(exchange)
    simulator.update_key(key, allowlist=[ELSEWHERE])
    with pytest.raises(ccxt.AuthenticationError, match=f"Incorrect IP address .*:{HOST}"):
        introspect(client(simulator, key))


@pytest.mark.parametrize(("skew_ms", "accepted"), [(290_000, True), (-290_000, True), (310_000, False)])
def test_htx_clock_window(simulator: Simulator, skew_ms: int, accepted: bool) -> None:
    exchange = client(simulator, simulator.create_key("htx"))
    simulator.set_clock_skew(skew_ms, exchange="htx")
    if accepted:
        introspect(exchange)
        return
    with pytest.raises(ccxt.AuthenticationError, match="Invalid submission time"):
        introspect(exchange)
