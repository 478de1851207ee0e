# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signing with whatever kind of secret a key has: HMAC, or a private key in PEM form. Private to this collection."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import functools
import re
import typing as t

from .._crypto import crypto
from ._answers import hmac_sha256, in_base64

if t.TYPE_CHECKING:
    from ._contract import Credential

HMAC = "hmac"
RSA = "rsa"
ED25519 = "ed25519"
ES256 = "es256"
#: The types of key, with the names that people read.
KEY_TYPES: t.Mapping[str, str] = {HMAC: "HMAC", RSA: "RSA", ED25519: "Ed25519", ES256: "ECDSA P-256 (ES256)"}

#: The types whose private half the exchange never has.
ASYMMETRIC = frozenset((RSA, ED25519, ES256))

#: Shorter RSA keys are broken within reach (NIST SP 800-57).
MIN_RSA_BITS = 2048
MAX_LENGTH = 20_000

_BEGIN = "-----BEGIN "
_BASE64 = re.compile(r"[A-Za-z0-9+/]{48,}={0,2}")
_MAKE = "give the private key in PEM form (PKCS#8 or PKCS#1)"


class UnusableKeyError(Exception):
    """A private key cannot be used. ``part`` is the option at fault; neither text holds a secret."""

    def __init__(self, problem: str, mend: str, *, part: str = "secret") -> None:
        self.part = part
        self.problem = problem
        self.mend = mend
        super().__init__(problem)


@dataclasses.dataclass(frozen=True)
class PrivateKey:
    """A private key, read. ``type`` is one of :data:`KEY_TYPES`, never ``hmac``. Its ``repr`` shows nothing more."""

    type: str
    _sign: t.Callable[[bytes], bytes] = dataclasses.field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """Return the signature: PKCS#1 v1.5 with SHA-256 for RSA, and 64 bytes (``r`` and ``s``, JWS) for ES256."""
        return self._sign(message)


def is_pem(secret: str) -> bool:
    """Tell whether a secret is meant as PEM; an HMAC secret never begins so."""
    return secret.lstrip().startswith(_BEGIN)


def is_bare_key(text: str) -> bool:
    """Tell whether a text is a private key's base64 without the lines around it, or the first line of that."""
    text = text.strip()
    if _BASE64.fullmatch(text) is None:
        return False
    raw = base64.b64decode(text[: len(text) // 4 * 4])
    size, begin = raw[1], 2
    if size > 0x80:
        begin += size - 0x80
        size = int.from_bytes(raw[2:begin], "big")
    if raw[0] != 0x30 or not len(raw) - begin <= size <= MAX_LENGTH:
        return False
    # Of a version, or of a sequence where the key is under a password.
    return raw[begin : begin + 2] == b"\x02\x01" or (begin > 2 and raw[begin : begin + 1] == b"\x30")


def private_key(credential: Credential) -> PrivateKey | None:
    """Return the private key that a secret is, or ``None`` for an HMAC secret.

    Raises ``UnusableKeyError`` for a PEM that no exchange could take, ``MissingLibraryError`` without ``cryptography``.
    """
    if is_pem(credential.secret):
        return _read_pem(credential.secret, credential.key_password)
    if credential.key_password is not None:
        raise UnusableKeyError(
            "is given, and secret is no private key in PEM form", "leave it out", part="key_password"
        )
    return None


@functools.lru_cache(maxsize=256)
def raw_ed25519(secret: str) -> PrivateKey:
    """Return the Ed25519 key that 32 bytes (a seed) or 64 (seed and public key) are in base64 (Coinbase)."""
    try:
        raw = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) not in (32, 64):
        raise UnusableKeyError("is neither a private key in PEM form nor an Ed25519 key in base64", "copy it again")
    key = crypto().ed25519.Ed25519PrivateKey.from_private_bytes(raw[:32])
    if len(raw) == 64 and _public_bytes(key) != raw[32:]:
        raise UnusableKeyError("holds an Ed25519 key whose two halves do not belong together", "copy it again")
    return PrivateKey(ED25519, key.sign)


def base64_secret(credential: Credential) -> bytes:
    """Return the bytes that an HMAC secret is in base64 (Kraken); raises ``UnusableKeyError`` where it is none."""
    try:
        return base64.b64decode(credential.secret, validate=True)
    except (binascii.Error, ValueError):
        raise UnusableKeyError("is no base64, which every secret of this exchange is", "copy it again") from None


def digest(*, credential: Credential, text: str) -> bytes:
    """Return the signature of ``text`` by the credential's secret: HMAC-SHA256, or the private key's."""
    key = private_key(credential)
    return hmac_sha256(secret=credential.secret, text=text) if key is None else key.sign(text.encode())


def hex_or_base64(*, credential: Credential, text: str) -> str:
    """Return the signature as Binance and Bybit write it: HMAC in hexadecimal, all others in base64."""
    signature = digest(credential=credential, text=text)
    return in_base64(signature) if is_pem(credential.secret) else signature.hex()


def _public_bytes(key: t.Any) -> t.Any:
    serialization = crypto().serialization
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


_LABEL = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")


@functools.lru_cache(maxsize=256)
def _read_pem(secret: str, password: str | None) -> PrivateKey:
    """Return the key of a PEM text. Read once for each text: a password is slow to try by design."""
    text = secret.strip()
    encrypted = _check_form(text)
    if encrypted and password is None:
        raise UnusableKeyError("is missing, and the private key in secret is encrypted", "give it", part="key_password")
    if password is not None and not encrypted:
        raise UnusableKeyError(
            "is given, and the private key in secret is not encrypted", "leave it out", part="key_password"
        )
    library = crypto()
    try:
        key = library.serialization.load_pem_private_key(
            text.encode() + b"\n", None if password is None else password.encode()
        )
    except library.UnsupportedAlgorithm:
        raise UnusableKeyError("is a private key, or encrypted, in a way that is not known here", _MAKE) from None
    except (ValueError, TypeError):
        if encrypted:
            raise UnusableKeyError(
                "does not open the private key in secret, or that is damaged",
                "compare it with your record",
                part="key_password",
            ) from None
        raise UnusableKeyError("is a damaged private key", "copy the whole of it again") from None
    return _known(key)


def _check_form(text: str) -> bool:
    """Refuse what is no whole PEM of a private key; return whether it is encrypted."""
    label = _LABEL.match(text)
    if len(text) > MAX_LENGTH or label is None:
        raise UnusableKeyError("is no private key in PEM form", _MAKE)
    kind = label.group(1)
    if kind == "OPENSSH PRIVATE KEY":
        raise UnusableKeyError("is a private key in the form of OpenSSH, which no exchange takes", _MAKE)
    if not kind.endswith("PRIVATE KEY"):
        raise UnusableKeyError(f"is a {kind.lower()}, not a private key", _MAKE)
    if "\n" not in text:
        raise UnusableKeyError(
            "is a private key that has lost its line ends", "write it in YAML as a block that begins with |"
        )
    if not text.endswith(f"-----END {kind}-----"):
        raise UnusableKeyError("is a private key without its end", "copy the whole of it again")
    return kind.startswith("ENCRYPTED ") or "Proc-Type: 4,ENCRYPTED" in text


def _known(key: t.Any) -> PrivateKey:
    """Return the key where its kind and size are ones that exchanges take."""
    library = crypto()
    if isinstance(key, library.ed25519.Ed25519PrivateKey):
        return PrivateKey(ED25519, key.sign)
    if isinstance(key, library.rsa.RSAPrivateKey):
        if key.key_size < MIN_RSA_BITS:
            raise UnusableKeyError(
                f"is an RSA key of {key.key_size} bits, and less than {MIN_RSA_BITS} is not safe",
                "make a longer one and register its public half",
            )
        return PrivateKey(RSA, lambda message: bytes(key.sign(message, library.padding.PKCS1v15(), library.sha256())))
    if isinstance(key, library.ec.EllipticCurvePrivateKey):
        if key.curve.name != "secp256r1":
            raise UnusableKeyError(
                f"is an ECDSA key on the curve {key.curve.name}, and exchanges take P-256", "make another key"
            )
        return PrivateKey(ES256, lambda message: _jws(key.sign(message, library.ec.ECDSA(library.sha256()))))
    raise UnusableKeyError(
        "is a private key of a kind that no exchange takes", "use an Ed25519, RSA or ECDSA P-256 key"
    )


def _jws(signature: bytes) -> bytes:
    """Return ``r`` and ``s``, 32 bytes each (RFC 7518, 3.4), of a signature in DER."""
    r, s = crypto().utils.decode_dss_signature(signature)
    return int(r).to_bytes(32, "big") + int(s).to_bytes(32, "big")
