# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pairs of keys that are made on the host. Private: not an interface for other collections.

The private half is made in this process's memory, and the store encrypts it before anything else happens. What leaves
the host is the public half. A new pair waits beside the one in use (``<name>.next``) until somebody who has seen that
the exchange takes it says so; only then does it take the other one's place.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import typing as t

from .._crypto import crypto
from .._errors import InputError, StoreError
from ._files import SYSTEMD, UndecryptableError, check_name
from ._place import Outcome, Placer
from ._request import ARGUMENT_SPEC as PLACING_SPEC
from ._request import Request, parse_recipients

ED25519 = "ed25519"
RSA = "rsa"
#: Type of pair -> the name that people read.
TYPES: t.Mapping[str, str] = {ED25519: "Ed25519", RSA: "RSA"}
SIZES = (2048, 3072, 4096)
DEFAULT_SIZE = 4096
#: What the pair that waits has behind its name.
NEXT = ".next"

#: The argument specification of the module ``key_pair``. No option is a secret: the secret is made on the host.
ARGUMENT_SPEC: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "exchange": {"type": "str"},
    "type": {"type": "str", "choices": list(TYPES)},
    "size": {"type": "int", "choices": list(SIZES)},
    "regenerate": {"type": "bool", "default": False},
    "promote": {"type": "bool", "default": False},
    "with_key": PLACING_SPEC["credentials"]["options"]["with_key"],
    **{
        name: PLACING_SPEC[name]
        for name in ("store", "recipients", "age_identity", "directory", "require_verified_host")
    },
}


@dataclasses.dataclass(frozen=True)
class Wish:
    """What pair is wanted.

    ``types`` are those that will do, the best one first; ``size`` is that of an RSA key, ``None`` for any. With
    ``regenerate`` a pair is made beside the one in use, with ``promote`` that one takes the other's place.
    """

    name: str
    types: t.Sequence[str] = (ED25519, RSA)
    size: int | None = None
    regenerate: bool = False
    promote: bool = False
    with_key: str = "auto"


@dataclasses.dataclass(frozen=True)
class Pair:
    """A pair, without its private half, which is the credential ``name``.

    ``public_key`` is PEM (SubjectPublicKeyInfo), ``size`` that of an RSA key.
    """

    name: str
    type: str
    size: int | None
    public_key: str

    @property
    def one_line(self) -> str:
        """The same without its first and last line and without line ends: base64 of the DER form."""
        return "".join(line for line in self.public_key.splitlines() if not line.startswith("-----"))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER form, in hexadecimal, to compare two by eye."""
        return hashlib.sha256(base64.b64decode(self.one_line)).hexdigest()

    def result(self) -> dict[str, t.Any]:
        """Return the entry for the module's result."""
        return {
            "name": self.name,
            "type": self.type,
            "size": self.size,
            "public_key": self.public_key,
            "public_key_base64": self.one_line,
            "fingerprint": self.fingerprint,
        }


@dataclasses.dataclass(frozen=True)
class Made:
    """What is there now. In check mode a pair that would be made is ``None``."""

    current: Pair | None
    next: Pair | None
    outcomes: t.Sequence[Outcome]


def read_wish(options: t.Mapping[str, t.Any]) -> Wish:
    """Return what the options of ``key_pair`` ask for. A size without a type is that of an RSA key.

    ``exchange`` says nothing here: the controller has turned it into a type. Raises ``InputError``.
    """
    if options["store"] != SYSTEMD and options["with_key"] != "auto":
        raise InputError(
            field="with_key",
            value=options["with_key"],
            problem=f"is given, and the store {options['store']} knows nothing like it",
            mend="leave it out, or use store: systemd",
        )
    parse_recipients(options=options)
    size = options["size"]
    types: t.Sequence[str] = (RSA,) if size is not None else tuple(TYPES)
    if options["type"] is not None:
        types = (options["type"],)
    return Wish(
        name=options["name"],
        types=types,
        size=size,
        regenerate=options["regenerate"],
        promote=options["promote"],
        with_key=options["with_key"],
    )


def check_wish(wish: Wish) -> None:
    """Raise :class:`InputError` for what cannot be meant."""
    check_name(name=wish.name, field="name")
    if wish.name.endswith(NEXT):
        raise InputError(
            field="name", value=wish.name, problem=f"ends in {NEXT}, where new pairs wait", mend="leave that end out"
        )
    check_name(name=f"{wish.name}{NEXT}", field="name")
    if wish.regenerate and wish.promote:
        raise InputError(
            field="promote",
            problem="is given together with regenerate",
            mend="make the new pair first, register it, see that the exchange takes it, then promote it",
        )
    if wish.size is not None and RSA not in wish.types:
        raise InputError(
            field="size", value=str(wish.size), problem="is for RSA keys only", mend="leave it out, or set type: rsa"
        )


def bring_about(*, wish: Wish, placer: Placer, check_mode: bool) -> Made:
    """Make, keep or promote the pair. Raises ``InputError``, ``StoreError`` and ``MissingLibraryError``.

    Whatever goes wrong, and whenever the run is killed, the private half that was in use is still there.
    """
    check_wish(wish)
    waiting = f"{wish.name}{NEXT}"
    if wish.promote:
        requests = _promotion(wish, placer=placer)
    else:
        name = waiting if wish.regenerate else wish.name
        there = _content(name, placer=placer)
        if there is None:
            there = _generate(type_=wish.types[0], size=wish.size or DEFAULT_SIZE, check_mode=check_mode)
        else:
            _check_fits(_pair(there, name=name), wish=wish)
        # A pair of a run that came first is kept, whatever was made here meanwhile.
        requests = [Request(name=name, content=there, with_key=wish.with_key, keep=True)]
    outcomes = placer.run(requests=requests, check_mode=check_mode)
    current, new = (_held(name, placer=placer) for name in (wish.name, waiting))
    wanted = new if wish.regenerate else current
    if wanted is not None and not (check_mode and wish.promote):
        _check_fits(wanted, wish=wish)
    return Made(current=current, next=new, outcomes=outcomes)


def _promotion(wish: Wish, *, placer: Placer) -> list[Request]:
    waiting = f"{wish.name}{NEXT}"
    new = _content(waiting, placer=placer)
    if new is None:
        if _content(wish.name, placer=placer) is None:
            raise InputError(
                field="name",
                value=wish.name,
                problem=f"there is neither {wish.name} nor {waiting} on this host, so nothing can be promoted",
                mend="make a pair first, without promote",
            )
        return []  # it was promoted before
    _check_fits(_pair(new, name=waiting), wish=wish)
    # In this order: when the run is killed between, both hold the new one, and the next run removes the second.
    return [Request(name=wish.name, content=new, with_key=wish.with_key), Request(name=waiting)]


def _check_fits(pair: Pair, *, wish: Wish) -> None:
    if pair.type in wish.types and (pair.type != RSA or wish.size in (None, pair.size)):
        return
    wanted = " or ".join(TYPES[name] for name in wish.types) + (f" of {wish.size} bits" if wish.size else "")
    found = TYPES[pair.type] + (f" of {pair.size} bits" if pair.size else "")
    raise InputError(
        field="name",
        value=pair.name,
        problem=f"holds a pair of the type {found}, and {wanted} is wanted; it was left as it is",
        mend=f"remove {pair.name} first (module credential, state: absent)"
        if pair.name.endswith(NEXT)
        else "set regenerate: true to make one beside it",
    )


def _held(name: str, *, placer: Placer) -> Pair | None:
    content = _content(name, placer=placer)
    return None if content is None else _pair(content, name=name)


def _content(name: str, *, placer: Placer) -> bytes | None:
    """Return the private half as it was stored, or ``None`` where there is none."""
    try:
        return placer.content(name)
    except UndecryptableError as error:
        raise StoreError(
            f"{error.path} cannot be decrypted on this host ({error.reason}), and no other host has this private key; "
            "restore the file and the key that opens it from a backup of this host, or remove the credential, run this "
            "again and register the new public key."
        ) from None


def _generate(*, type_: str, size: int, check_mode: bool) -> bytes:
    """Return a new private key, PKCS#8 in PEM form. In check mode that it could be made is all that is found out."""
    library = crypto()
    if check_mode:
        return b"-"
    key = (
        library.ed25519.Ed25519PrivateKey.generate()
        if type_ == ED25519
        else library.rsa.generate_private_key(public_exponent=65537, key_size=size)
    )
    serialization = library.serialization
    content: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return content


def _pair(content: bytes, *, name: str) -> Pair:
    """Return the pair that a private key belongs to."""
    library = crypto()
    try:
        key = library.serialization.load_pem_private_key(content, None)
    except (ValueError, TypeError, library.UnsupportedAlgorithm):
        key = None
    if isinstance(key, library.ed25519.Ed25519PrivateKey):
        kind, size = ED25519, None
    elif isinstance(key, library.rsa.RSAPrivateKey):
        kind, size = RSA, key.key_size
    else:
        raise InputError(
            field="name",
            value=name,
            problem="is a credential that holds something else than such a private key; it was left as it is",
            mend="choose another name",
        ) from None
    serialization = library.serialization
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Pair(name=name, type=kind, size=size, public_key=public.decode("ascii"))
