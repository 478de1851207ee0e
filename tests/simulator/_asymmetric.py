# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that are a pair: made for tests, and their signatures checked as an exchange checks them.

A test gives a private key in PEM form as the `secret` of a key, and the simulator uses nothing but its public half. Or
it gives the public half alone, as a person does who registers a key.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

KINDS = ("rsa", "ed25519", "es256")


@lru_cache(maxsize=16)
def private_pem(kind: str, *, number: int = 0) -> str:
    """Return a private key in PKCS#8 form; for one number the same one each time: RSA keys take long to make."""
    key: PrivateKeyTypes
    if kind == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif kind == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def is_pem(secret: str) -> bool:
    return secret.startswith("-----BEGIN ")


@lru_cache(maxsize=64)
def _public(pem: str) -> PublicKeyTypes:
    if not is_pem(pem):  # Ed25519 in base64: the seed, and perhaps the public key after it
        return ed25519.Ed25519PrivateKey.from_private_bytes(base64.b64decode(pem)[:32]).public_key()
    if pem.startswith("-----BEGIN PUBLIC KEY-----"):
        return serialization.load_pem_public_key(pem.encode())
    return serialization.load_pem_private_key(pem.encode(), password=None).public_key()


def kind_of(pem: str) -> str:
    """Return which of `KINDS` a private key is."""
    key = _public(pem)
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa"
    return "ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else "es256"


def is_signed(*, pem: str, message: bytes, signature: bytes) -> bool:
    """Tell whether the signature is the key's: PKCS#1 v1.5 with SHA-256 for RSA, `r` and `s` (JWS) for P-256."""
    key = _public(pem)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        elif isinstance(key, ec.EllipticCurvePublicKey) and len(signature) == 64:
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def echoed(*, pem: str, message: bytes, signature: str) -> str:
    """Return a signature in base64 if it is the key's, and another text if not: some signatures differ each time."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return "not base64"
    return signature if is_signed(pem=pem, message=message, signature=raw) else "not the key's"
