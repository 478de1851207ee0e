# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who else says how a question is signed: for every exchange and type of key, over hundreds of inputs.

`ORACLES` names the oracle of each exchange and key type: ccxt, the exchange's own SDK, or the reason why there is none.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import datetime
import functools
import hashlib
import random
import string
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import ccxt
import jwt
import pytest
from bitmart.lib import cloud_utils
from ccxt.base import exchange as ccxt_base
from coinbase import jwt_generator
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from util import api_key as bitmex_sdk

from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _registry
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential, Question
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer
from tests.simulator._asymmetric import private_pem

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.trading.hosts.plugins.module_utils._message import Request

#: Inputs for each exchange and key type.
INPUTS = 300
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
ODD = string.ascii_letters + string.digits + string.punctuation + " éßñ漢字Ωж😀\u00a0"


@dataclasses.dataclass(frozen=True)
class Input:
    """What a question is made of."""

    api_key: str
    secret: str
    passphrase: str
    at: int


@dataclasses.dataclass(frozen=True)
class Oracle:
    """`compare` asserts that our request for an input is the one that `who` makes."""

    who: str
    compare: Callable[[str, Input], None]


def asked(name: str, given: Input, *, turn: int = 1, first: bytes = b"") -> Request:
    """Return our request: the first of the interview, or the second after the answer `first`."""
    exchange = _registry.get(name)
    question = Question(
        Credential(given.api_key, given.secret, given.passphrase),
        EPOCH + datetime.timedelta(milliseconds=given.at),
        exchange.sites()["mainnet", "global"],
        "mainnet",
        ask_key_list=True,
    )
    interview = exchange.interview(question)
    request = next(interview)
    return interview.send(Answer(200, {}, first, "api.example")) if turn == 2 else request


# --- ccxt ---

#: The path, ccxt's section, the method and the fields of the same call.
CALLS: dict[str, tuple[str, list[str], str, dict[str, Any]]] = {
    "bingx": ("account/apiPermissions", ["account", "v1", "private"], "GET", {"recvWindow": 5000}),
    "bitfinex": ("auth/r/permissions", ["private"], "POST", {}),
    "bitget": ("v2/spot/account/info", ["private", "spot"], "GET", {}),
    "bitstamp": ("account_balances/usd/", ["private"], "POST", {}),
    "blofin": ("user/query-apikey", ["private"], "GET", {}),
    "bybit": ("v5/user/query-api", ["private"], "GET", {}),
    "cryptocom": ("private/user-balance", ["v1", "private"], "POST", {}),
    "deribit": ("list_api_keys", ["private"], "GET", {}),
    "gate": ("detail", ["private", "account"], "GET", {}),
    "gemini": ("v1/roles", ["private"], "POST", {}),
    "htx": ("user/uid", ["v2Private"], "GET", {}),
    "kraken": ("GetApiKeyInfo", ["private"], "POST", {}),
    "krakenfutures": ("api-keys/v3/check", ["auth"], "GET", {}),
    "kucoin": ("user/api-key", ["private"], "GET", {}),
    "mexc": ("account", ["spot", "private"], "GET", {}),
    "okx": ("account/config", ["private"], "GET", {}),
    "phemex": ("spot/wallets", ["private"], "GET", {"currency": "USDT"}),
    "woo": ("account/credentials", ["v3", "private"], "GET", {"page": 1, "size": 1000}),
}
#: Header names that ccxt adds for itself or its HTTP library, and that no signature covers.
CCXT_ONLY = {"x-channel-api-code", "content-type", "kc-api-partner", "kc-api-partner-sign", "kc-api-partner-verify",
             "accept", "source", "x-source-key", "content-length"}  # fmt: skip


@functools.cache
def client(name: str) -> Any:
    made = getattr(ccxt, name)({"options": {"recvWindow": 5000}})
    if name == "krakenfutures":
        # ccxt does not know this call: it is signed as its other calls outside /derivatives are.
        made.urls["api"]["auth"] = "https://futures.kraken.com/api/auth/"
        made.options["access"]["auth"] = {"GET": {"api-keys/v3/check": "private"}}
        made.options["versions"]["auth"] = {"GET": {"api-keys/v3/check": "v1"}}
    return made


def by_ccxt(name: str, given: Input) -> None:
    ours = asked(name, given, turn=2 if name == "deribit" else 1, first=b'{"result": {"scope": "trade:read"}}')
    theirs = client(name)
    theirs.apiKey, theirs.secret, theirs.password = given.api_key, given.secret, given.passphrase
    theirs.milliseconds = theirs.nonce = lambda: given.at
    theirs.seconds = lambda: given.at // 1000
    theirs.uuid = lambda: ours.headers["X-Auth-Nonce"]
    theirs.options["lastNonce"] = -1
    path, section, method, fields = CALLS[name]
    made = theirs.sign(path, section, method, dict(fields))
    their_url = urlsplit(made["url"].replace("{hostname}", "api.phemex.com"))
    our_url = urlsplit(ours.url)
    assert (ours.method, our_url.netloc, our_url.path) == (made["method"], their_url.netloc, their_url.path)
    # The signature is in the query of some, and everything but the order must be the same.
    assert parse_qs(our_url.query) == parse_qs(their_url.query)
    expected = {key.lower(): value for key, value in (made["headers"] or {}).items() if key.lower() not in CCXT_ONLY}
    sent = {key.lower(): value for key, value in ours.headers.items()}
    assert expected.items() <= sent.items()
    # What Gemini's signature does not cover is left out: its documents want an empty body.
    assert ours.body.decode() == ("" if name == "gemini" else made["body"] or "")


def by_ccxts_primitives(name: str, given: Input) -> None:
    """Compare with the signature that ccxt makes of our text: the order of fields differs, and each may choose it."""
    ours = asked(name, given)
    signed, _rest, signature = urlsplit(ours.url).query.partition("&signature=")
    path, section = "account/apiRestrictions", ["sapi"]
    theirs = client(name)
    theirs.apiKey, theirs.secret = given.api_key, given.secret
    theirs.milliseconds = theirs.nonce = lambda: given.at
    made = theirs.sign(path, section, "GET", {})
    fields = [
        {k: v for k, v in parse_qs(urlsplit(url).query).items() if k != "signature"} for url in (ours.url, made["url"])
    ]
    assert fields[0] == fields[1]
    assert urlsplit(ours.url).path == urlsplit(made["url"]).path
    assert ours.headers["X-MBX-APIKEY"] == made["headers"]["X-MBX-APIKEY"]
    assert unquote(signature) == of_text(given.secret, signed)
    their_text, _rest, their_signature = urlsplit(made["url"]).query.partition("&signature=")
    assert unquote(their_signature) == of_text(given.secret, their_text), (
        "the primitive is the one that ccxt signs with"
    )


def of_text(secret: str, text: str) -> str:
    """Return ccxt's signature of a text."""
    if "PRIVATE KEY" not in secret:
        return str(ccxt.Exchange.hmac(text.encode(), secret.encode(), hashlib.sha256))
    if len(secret) < 200:
        return str(ccxt.Exchange.eddsa(text.encode(), secret, "ed25519"))
    return str(ccxt.Exchange.rsa(text, secret))


def by_ccxts_rsa(name: str, given: Input) -> None:
    """Compare with ccxt's RSA of the documented text: ccxt itself has no RSA for Bitget."""
    sent = asked(name, given).headers["ACCESS-SIGN"]
    assert sent == of_text(given.secret, f"{given.at}GET/api/v2/spot/account/info")


def by_ccxts_ed25519(name: str, given: Input) -> None:
    """Compare with ccxt's Ed25519 of the documented text: ccxt has none for these exchanges."""
    url = urlsplit(asked(name, given).url)
    query = parse_qs(url.query)
    if name == "htx":
        text = f"GET\n{url.hostname}\n{url.path}\n{url.query.partition('&Signature=')[0]}"
        assert query["Signature"] == [of_text(given.secret, text)]
        return
    raw = base64.b64decode(of_text(given.secret, f"{given.at}\n{query['nonce'][0]}\n"))
    assert query["signature"] == [base64.urlsafe_b64encode(raw).rstrip(b"=").decode()]


# --- the exchanges' own SDKs ---


def by_bitmart(name: str, given: Input) -> None:
    ours = asked(name, given)
    text = cloud_utils.pre_substring(str(given.at), given.passphrase, ours.body.decode())
    assert ours.headers["X-BM-SIGN"] == cloud_utils.sign(text, given.secret)
    assert ours.headers["X-BM-TIMESTAMP"] == str(given.at)


def by_bitmex(name: str, given: Input) -> None:
    ours = asked(name, given)
    expires = given.at // 1000 + 60
    assert ours.headers["api-expires"] == str(expires)
    signed = bitmex_sdk.generate_signature(given.secret, ours.method, ours.url, expires, ours.body.decode())
    assert ours.headers["api-signature"] == signed


def by_coinbase(name: str, given: Input) -> None:
    token = asked(name, given).headers["Authorization"].removeprefix("Bearer ")
    uri = jwt_generator.format_jwt_uri("GET", "/api/v3/brokerage/key_permissions")
    with frozen(given.at):
        theirs = jwt_generator.build_rest_jwt(uri, given.api_key, given.secret)
    # A nonce is in each of them: what they say is compared, and PyJWT says that ours is well signed.
    said = [jwt.decode(one, options={"verify_signature": False}) for one in (token, theirs)]
    heads = [{**jwt.get_unverified_header(one), "nonce": None} for one in (token, theirs)]
    assert (said[0], heads[0]) == (said[1], heads[1])
    public: Any = load_pem_private_key(given.secret.encode(), password=None).public_key()
    jwt.decode(token, public, algorithms=["ES256", "EdDSA"], options={"verify_exp": False, "verify_nbf": False})


@contextlib.contextmanager
def frozen(at: int) -> Any:
    real, jwt_generator.time.time = jwt_generator.time.time, lambda: at / 1000
    try:
        yield
    finally:
        jwt_generator.time.time = real


# --- the table ---

CCXT = f"ccxt {ccxt.__version__}"
SIGNED_BY_CCXT = {(name, "hmac"): Oracle(CCXT, by_ccxt) for name in CALLS}
ORACLES: dict[tuple[str, str], Oracle] = {
    **SIGNED_BY_CCXT,
    ("binance", "hmac"): Oracle(f"{CCXT} (same fields, signature of our order)", by_ccxts_primitives),
    ("binance", "rsa"): Oracle(f"{CCXT} (same fields, signature of our order)", by_ccxts_primitives),
    ("binance", "ed25519"): Oracle(f"{CCXT} (same fields, signature of our order)", by_ccxts_primitives),
    ("bitget", "rsa"): Oracle(f"{CCXT} (its RSA, the documented text)", by_ccxts_rsa),
    ("bitmart", "hmac"): Oracle("bitmart-python-sdk-api", by_bitmart),
    ("bitmex", "hmac"): Oracle("bitmex-ws", by_bitmex),
    ("bybit", "rsa"): Oracle(CCXT, by_ccxt),
    ("coinbase", "es256"): Oracle("coinbase-advanced-py", by_coinbase),
    ("coinbase", "ed25519"): Oracle("coinbase-advanced-py", by_coinbase),
    ("deribit", "ed25519"): Oracle(f"{CCXT} (its Ed25519, the documented text)", by_ccxts_ed25519),
    ("htx", "ed25519"): Oracle(f"{CCXT} (its Ed25519, the documented text)", by_ccxts_ed25519),
}
#: Exchanges that nobody signs for, with the reason.
WITHOUT = {"hyperliquid": "its questions are not signed"}


def inputs(name: str, kind: str) -> list[Input]:
    """Return different inputs, the same ones in every run."""
    chance = random.Random(f"{name} {kind}")

    def text(least: int, most: int, alphabet: str = ODD) -> str:
        return "".join(chance.choice(alphabet) for _turn in range(chance.randint(least, most)))

    found = []
    for number in range(INPUTS):
        if kind != "hmac":
            secret = private_pem(kind, number=number % 2)
        elif name.startswith("kraken"):
            secret = base64.b64encode(chance.randbytes(chance.randint(1, 96))).decode()
        else:
            secret = text(1, 90)
        at = chance.choice((0, 999, 10**12 + 1, 2**41, chance.randrange(10**12, 4 * 10**12)))
        if name == "htx":
            at -= at % 1000  # its clock has whole seconds, to which ccxt rounds up too
        api_key = text(8, 70, string.ascii_letters + string.digits + "-")
        # Gemini has keys of the whole group too, which ccxt does not take.
        found.append(Input(f"account-{api_key}" if name == "gemini" else api_key, secret, text(1, 40), at))
    return found


@pytest.fixture(autouse=True)
def _keys_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a private key takes much longer than signing; the SDKs read it for every signature."""
    once = functools.lru_cache(maxsize=8)(load_pem_private_key)
    monkeypatch.setattr(ccxt_base, "load_pem_private_key", lambda data, password, *_rest: once(data, password))


@pytest.mark.parametrize(("name", "kind"), sorted(ORACLES))
def test_a_question_is_signed_as_somebody_else_signs_it(name: str, kind: str) -> None:
    given = inputs(name, kind)
    assert len(set(given)) == INPUTS
    for one in given:
        ORACLES[name, kind].compare(name, one)


def test_every_exchange_and_key_type_has_an_oracle_or_a_reason() -> None:
    taken = {(name, kind) for name, exchange in _registry.EXCHANGES.items() for kind in exchange.key_types()}
    assert set(ORACLES) == taken
    assert set(WITHOUT) == {name for name, exchange in _registry.EXCHANGES.items() if not exchange.key_types()}
    for name in WITHOUT:
        assert not _registry.get(name).needs_secret()


@pytest.mark.parametrize(("name", "kind"), sorted(ORACLES))
def test_an_oracle_notices_another_secret(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot fail proves nothing: the same comparison fails when we sign with another secret."""
    given = inputs(name, kind)[5]
    pairs = [private_pem(kind, number=number) for number in (0, 1)] if kind != "hmac" else ["c2VjcmV0LWNhbmFyeQ=="]
    other = next(secret for secret in pairs if secret != given.secret)
    real = asked

    def mistaken(name: str, given: Input, **more: Any) -> Request:
        return real(name, dataclasses.replace(given, secret=other), **more)

    monkeypatch.setitem(globals(), "asked", mistaken)
    with pytest.raises((AssertionError, jwt.InvalidSignatureError)):
        ORACLES[name, kind].compare(name, given)
