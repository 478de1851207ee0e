# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private keys: read in every form, signing as ccxt does, and one clear sentence for what cannot be used."""

from __future__ import annotations

import base64
import datetime
import functools
import re
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import ccxt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._crypto import crypto
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, MissingLibraryError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _registry, _signing
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential, Question
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._options import check_credential, key_type
from tests.simulator._asymmetric import is_signed, private_pem

if TYPE_CHECKING:
    from collections.abc import Callable

AT = datetime.datetime(2026, 11, 22, 7, 13, 54, 123000, tzinfo=datetime.UTC)
MILLISECONDS = 1795331634123
KEY, PASSPHRASE = "A1b2" * 16, "Passphrase1"
NEEDS_PASSPHRASE = ("bitget", "okx")
PKCS8, PKCS1 = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL


@functools.cache
def made(kind: str) -> Any:
    """Return a private key of a kind that `private_pem` does not make, or that one."""
    makers: dict[str, Callable[[], Any]] = {
        "rsa1024": lambda: rsa.generate_private_key(public_exponent=65537, key_size=1024),
        "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
        "secp384r1": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ed448": ed448.Ed448PrivateKey.generate,
        "dsa": lambda: dsa.generate_private_key(key_size=2048),
    }
    if kind in makers:
        return makers[kind]()
    return serialization.load_pem_private_key(private_pem(kind).encode(), password=None)


def pem(kind: str, *, form: serialization.PrivateFormat = PKCS8, password: str | None = None) -> str:
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        lock = serialization.BestAvailableEncryption(password.encode())
    return str(made(kind).private_bytes(serialization.Encoding.PEM, form, lock).decode())


def credential(name: str, secret: str, *, key_password: str | None = None) -> Credential:
    return Credential(KEY, secret, PASSPHRASE if name in NEEDS_PASSPHRASE else None, key_password)


def asked(name: str, secret: str, *, at: datetime.datetime = AT, key_password: str | None = None) -> Any:
    exchange = _registry.get(name)
    site = exchange.sites()["mainnet", "global"]
    given_ = credential(name, secret, key_password=key_password)
    return exchange.key_request(Question(given_, at, site, "mainnet"))


def from_ccxt(name: str, path: str, api: list[str], secret: str) -> dict[str, Any]:
    client = getattr(ccxt, name)({"apiKey": KEY, "secret": secret, "options": {"recvWindow": 5000}})
    client.milliseconds = lambda: MILLISECONDS
    client.nonce = lambda: MILLISECONDS
    return dict(client.sign(path, api, "GET", {}))


OFFERED = [("binance", "rsa"), ("binance", "ed25519"), ("bybit", "rsa"), ("bitget", "rsa")]


def test_bybit_signs_with_rsa_like_ccxt() -> None:
    theirs = from_ccxt("bybit", "v5/user/query-api", ["private"], pem("rsa"))
    assert asked("bybit", pem("rsa")).headers["X-BAPI-SIGN"] == theirs["headers"]["X-BAPI-SIGN"]


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_binance_signs_with_a_private_key_like_ccxt(kind: str) -> None:
    theirs = urlsplit(from_ccxt("binance", "account/apiRestrictions", ["sapi"], pem(kind))["url"]).query
    ours = urlsplit(asked("binance", pem(kind)).url).query
    # ccxt has another order of the fields, and the signature covers the order.
    text, _rest, theirs_in_base64 = theirs.partition("&signature=")
    signed = _signing.hex_or_base64(credential=credential("binance", pem(kind)), text=text)
    assert signed == parse_qs(f"s={theirs_in_base64}")["s"][0]
    own, _rest, sent = ours.partition("&signature=")
    assert re.fullmatch(r"[A-Za-z0-9%._~-]+", sent), "base64 is percent-encoded"
    raw = base64.b64decode(parse_qs(f"s={sent}")["s"][0], validate=True)
    assert is_signed(pem=pem(kind), message=own.encode(), signature=raw)


def test_bitget_signs_with_rsa_as_documented() -> None:
    """ccxt has no RSA for Bitget: timestamp, method and path, then SHA-256 with RSA in base64."""
    sent = asked("bitget", pem("rsa")).headers["ACCESS-SIGN"]
    assert sent == ccxt.Exchange.rsa(f"{MILLISECONDS}GET/api/v2/spot/account/info", pem("rsa"))


@given(text=st.text(max_size=200))
@settings(max_examples=30, deadline=None)
def test_es256_is_what_a_jwt_wants(text: str) -> None:
    signature = _signing.digest(credential=Credential(KEY, pem("es256")), text=text)
    assert is_signed(pem=pem("es256"), message=text.encode(), signature=signature)


PASSWORD = "p\u00e4ss word:1"
FORMS = [
    ("rsa", PKCS8, None),
    ("rsa", PKCS1, None),
    ("rsa", PKCS8, PASSWORD),
    ("rsa", PKCS1, PASSWORD),
    ("ed25519", PKCS8, None),
    ("ed25519", PKCS8, PASSWORD),
]


@pytest.mark.parametrize(("kind", "form", "password"), FORMS)
@pytest.mark.parametrize(
    "spoil", [str, str.strip, lambda text: text.replace("\n", "\r\n"), lambda text: f"\n {text}\n"]
)
def test_every_form_of_a_private_key_is_read(
    kind: str, form: serialization.PrivateFormat, password: str | None, spoil: Callable[[str], str]
) -> None:
    secret = spoil(pem(kind, form=form, password=password))
    check_credential(
        credential("binance", secret, key_password=password), exchange=_registry.get("binance"), field="api_keys[0]"
    )
    assert asked("binance", secret, key_password=password) == asked("binance", pem(kind))
    assert key_type(credential("binance", secret, key_password=password), exchange=_registry.get("binance")) == kind


PUBLIC = (
    ed25519.Ed25519PrivateKey.generate()
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
HMAC_SECRET = "s" * 64
GARBAGE = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"


def refusals() -> dict[str, tuple[str, str, str | None, str]]:
    """Return exchange, secret, password and what is said, by what is wrong."""
    openssh = serialization.PrivateFormat.OpenSSH
    locked = pem("ed25519", password="right-password")
    return {
        "a kind that the exchange lacks": (
            "bybit",
            pem("ed25519"),
            None,
            "secret: is for Ed25519, and Bybit takes RSA",
        ),
        "an elliptic curve at Binance": (
            "binance",
            pem("es256"),
            None,
            "ES256), and Binance takes Ed25519, RSA or HMAC",
        ),
        "an exchange without": ("okx", pem("rsa"), None, "is a private key in PEM form, and OKX takes only HMAC"),
        "damaged at an exchange without": ("okx", GARBAGE, None, "and OKX takes only HMAC"),
        "short RSA": ("binance", pem("rsa1024"), None, "secret: is an RSA key of 1024 bits, and less than 2048"),
        "a curve of blockchains": (
            "binance",
            pem("secp256k1"),
            None,
            "on the curve secp256k1, and exchanges take P-256",
        ),
        "another curve": ("binance", pem("secp384r1"), None, "on the curve secp384r1"),
        "Ed448": ("binance", pem("ed448"), None, "of a kind that no exchange takes"),
        "DSA": ("binance", pem("dsa"), None, "of a kind that no exchange takes"),
        "a public key": ("binance", PUBLIC, None, "secret: is a public key, not a private key"),
        "OpenSSH": ("binance", pem("ed25519", form=openssh), None, "in the form of OpenSSH"),
        "damaged": ("binance", GARBAGE, None, "secret: is a damaged private key"),
        "cut": ("binance", pem("rsa")[:200], None, "secret: is a private key without its end"),
        "folded": ("binance", pem("rsa").replace("\n", " ").strip(), None, "has lost its line ends"),
        "escaped": ("binance", pem("rsa").strip().replace("\n", "\\n"), None, "has lost its line ends"),
        "a broken mark": ("binance", "-----BEGIN something\n", None, "is no private key in PEM form"),
        "far too long": ("binance", pem("rsa") + " " * 9 + "A" * 30_000, None, "is no private key in PEM form"),
        "no password": (
            "binance",
            locked,
            None,
            "key_password: is missing, and the private key in secret is encrypted",
        ),
        "no password, PKCS#1": ("binance", pem("rsa", form=PKCS1, password="right-password"), None, "is missing"),
        "a wrong password": ("binance", locked, "wrong-password", "key_password: does not open the private key"),
        "a password too many": (
            "binance",
            pem("rsa"),
            "right-password",
            "is given, and the private key in secret is not",
        ),
        "a password for HMAC": ("binance", HMAC_SECRET, "right-password", "is given, and secret is no private key"),
    }


@pytest.mark.parametrize("what", refusals())
def test_what_cannot_be_used_gets_one_sentence(what: str) -> None:
    name, secret, password, expected = refusals()[what]
    with pytest.raises(InputError) as refused:
        check_credential(
            credential(name, secret, key_password=password), exchange=_registry.get(name), field="api_keys[0] (bot)"
        )
    said = str(refused.value)
    assert said.startswith("api_keys[0] (bot).")
    assert expected in said
    assert "\n" not in said
    assert said.endswith(".")
    for part in (*re.findall(r"[A-Za-z0-9+/=]{16,}", secret.replace("\\n", "\n")), password or "right-password"):
        assert part not in said, "shows a secret"
    assert refused.value.__cause__ is None


def test_a_private_key_is_no_api_key() -> None:
    with pytest.raises(InputError, match=r"x\.api_key: is a private key or a certificate"):
        check_credential(Credential(pem("rsa"), HMAC_SECRET), exchange=_registry.get("binance"), field="x")


@given(noise=st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_no_pem_crashes(noise: str) -> None:
    for secret in (f"-----BEGIN PRIVATE KEY-----\n{noise}\n-----END PRIVATE KEY-----", f"-----BEGIN {noise}"):
        with pytest.raises(InputError):
            check_credential(credential("binance", secret), exchange=_registry.get("binance"), field="x")


def test_without_the_library_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = pem("rsa") + "\n\n\n"  # not one that was read before
    crypto.cache_clear()
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    with pytest.raises(MissingLibraryError, match="python3-cryptography"):
        check_credential(credential("binance", fresh), exchange=_registry.get("binance"), field="x")
    check_credential(credential("binance", HMAC_SECRET), exchange=_registry.get("binance"), field="x")


def test_nothing_shows_a_key() -> None:
    secret = pem("rsa")
    key = _signing.private_key(credential("binance", secret))
    assert repr(key) == "PrivateKey(type='rsa')"
    assert repr(credential("binance", secret)) == "Credential(...)"
    assert set(credential("binance", secret, key_password="pw").secrets()) == {KEY, secret, "pw"}


@pytest.mark.parametrize("size", [32, 64])
def test_an_ed25519_key_in_base64_is_read(size: int) -> None:
    key = made("ed25519")
    raw = key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    raw += key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    read = _signing.raw_ed25519(base64.b64encode(raw[:size]).decode())
    assert read.type == "ed25519"
    assert read.sign(b"text") == key.sign(b"text")


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "neither"),
        ("not base64!", "neither"),
        (base64.b64encode(b"x" * 33).decode(), "neither"),
        (base64.b64encode(b"x" * 64).decode(), "two halves do not belong together"),
    ],
)
def test_what_is_no_ed25519_key_is_said_so(secret: str, said: str) -> None:
    with pytest.raises(_signing.UnusableKeyError, match=said):
        _signing.raw_ed25519(secret)
