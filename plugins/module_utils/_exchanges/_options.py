# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``api_key_info`` and their reading: everything that is wrong is said before anything is sent.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import typing as t
from urllib.parse import urlsplit

from .._declared import DECLARED_SPEC, check_names, declaration
from .._errors import InputError
from .._message import TIMEOUT
from ._contract import Credential, Exchange, Site
from ._nonce import NONCE_SPEC, Nonce, read_nonce
from ._registry import OTHER, get
from ._signing import HMAC, KEY_TYPES, UnusableKeyError, is_bare_key, is_pem

CUSTOM = "custom"
#: Seconds for all keys of a call.
DEADLINE = 120.0
MIN_LENGTH = 8

#: The stores' own defaults. Modules that open no credential need nothing else of the stores.
DEFAULT_DIRECTORY = "/etc/credstore.encrypted"
DEFAULT_IDENTITY = "/var/lib/trading-hosts/age/identity"

_PLACED_SPEC: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "directory": {"type": "path", "default": DEFAULT_DIRECTORY},
    "entry": {"type": "str"},
    "age_identity": {"type": "path", "default": DEFAULT_IDENTITY},
}
#: The path is no ``path``: Ansible would take a ``$`` or ``~`` in it for something else.
_FILE_SPEC: dict[str, t.Any] = {"path": {"type": "str", "required": True}, "entry": {"type": "str"}}
_KEY_SPEC: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "exchange": {"type": "str", "required": True},
    "environment": {"type": "str", "default": "mainnet"},
    "region": {"type": "str", "default": "global"},
    "api_key": {"type": "str", "no_log": True},
    "secret": {"type": "str", "no_log": True},
    "passphrase": {"type": "str", "no_log": True},
    "key_password": {"type": "str", "no_log": True},
    "credential": {"type": "dict", "options": _PLACED_SPEC},
    "file": {"type": "dict", "options": _FILE_SPEC},
    "base_url": {"type": "str"},
    "futures_base_url": {"type": "str"},
    "ask_futures_host": {"type": "bool", "default": False},
    "ask_key_list": {"type": "bool", "default": False},
    "tell_other_keys": {"type": "bool", "default": False},
    "nonce": {"type": "dict", "options": NONCE_SPEC},
    "declared": {"type": "dict", "options": DECLARED_SPEC},
}
#: In the form of Ansible's argument specification.
ARGUMENT_SPEC: dict[str, t.Any] = {
    "api_keys": {"type": "list", "elements": "dict", "required": True, "options": _KEY_SPEC, "no_log": False},
    "hold_back": {"type": "list", "elements": "str", "default": []},
    "mark_with": {"type": "str", "no_log": True},
    "source_address": {"type": "str"},
    "ip_family": {"type": "str", "choices": ["any", "ipv4", "ipv6"], "default": "any"},
    "proxy": {"type": "str", "no_log": True},
    "ca_path": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "timeout": {"type": "float", "default": TIMEOUT},
    "deadline": {"type": "float", "default": DEADLINE},
    "facts_dir": {"type": "path"},
    "require_verified_host": {"type": "bool", "default": True},
}

_SECRETS = ("api_key", "secret", "passphrase")
KEY_NAME = re.compile(r"[!-~](?:[ -~]{0,98}[!-~])?")
_SENDABLE = re.compile(r"[!-~]+")
_SENDABLE_PHRASE = re.compile(r"[ -~]+")


@dataclasses.dataclass(frozen=True)
class Placed:
    """A credential that lies encrypted on this host; ``entry`` names the account in a document of several.

    ``age_identity`` opens it where it is in the store ``age``.

    ``api_key`` and ``passphrase`` are what is given beside it, for one that holds a private key alone.
    ``signed`` is false where the exchange is asked without a signature, so that the secret is not needed.
    ``passphrase_in_uid`` is true where programs keep the exchange's passphrase as ``uid``.
    """

    name: str
    directory: str
    entry: str | None
    age_identity: str = DEFAULT_IDENTITY
    signed: bool = True
    passphrase_in_uid: bool = False
    api_key: str | None = None
    passphrase: str | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass(frozen=True)
class InClear:
    """A key in a program's own file on this host; ``exchange`` must be what the file says of ``entry``.

    ``phrases`` are the fields that can hold its passphrase, the first one first; none where the exchange has none.
    """

    path: str
    entry: str | None
    exchange: str
    phrases: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Plan:
    """One key that is to be asked, checked. ``exchange`` and ``site`` are ``None`` for ``other``.

    Of ``credential``, ``placed`` and ``in_clear`` one is given, except for ``other``, which may have none. ``held``
    says why a key is not asked, and what to do: what a file of the host holds is no mistake in the options.
    """

    field: str
    name: str
    exchange_name: str
    exchange: Exchange | None
    environment: str
    region: str
    site: Site | None
    overridden: bool
    credential: Credential | None
    placed: Placed | None
    in_clear: InClear | None
    held: tuple[str, str] | None
    key_password: str | None = dataclasses.field(repr=False)
    ask_futures_host: bool
    ask_key_list: bool
    tell_other_keys: bool
    nonce: Nonce | None
    declared: t.Mapping[str, t.Any]

    @property
    def asked_host(self) -> str | None:
        """The host that is asked, with its port where it has one of its own."""
        return None if self.site is None else urlsplit(self.site.base_url).netloc


def read_keys(api_keys: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[Plan, ...]:
    """Return what is to be asked. ``api_keys`` are the options, complete.

    Raises ``InputError`` that names ``api_keys[i] (name).field`` for everything that is wrong with one.
    """
    plans = tuple(_read_key(given, field=_field(index, given)) for index, given in enumerate(api_keys))
    seen: dict[str, int] = {}
    for index, plan in enumerate(plans):
        if plan.name in seen:
            raise InputError(
                field=f"{plan.field}.name",
                value=plan.name,
                problem=f"is also the name of api_keys[{seen[plan.name]}]",
                mend="give each key a name of its own",
            )
        seen[plan.name] = index
    return plans


def check_texts(api_keys: t.Any) -> None:
    """Refuse what YAML read as something else than it looks; to be called before Ansible makes text of it.

    ``passphrase: 000000`` is the number 0 by then, and the name ``on`` is true. Raises ``InputError``.
    """
    for index, given in enumerate(api_keys if isinstance(api_keys, (list, tuple)) else ()):
        if isinstance(given, t.Mapping):
            check_names(given.get("declared"), where=f"{_field(index, given)}.declared")
        for name in (*_SECRETS, "key_password") if isinstance(given, t.Mapping) else ():
            if given.get(name) is not None and not isinstance(given[name], str):
                raise InputError(
                    field=f"{_field(index, given)}.{name}",
                    problem="was read by YAML as something else than text, which changes it",
                    mend="put it in quotes",
                )


def check_credential(credential: Credential, *, exchange: Exchange | None, field: str) -> None:
    """Refuse a credential that cannot be right, before it is sent; no value appears in the ``InputError``."""
    if is_pem(credential.api_key):
        raise InputError(
            field=f"{field}.api_key",
            problem="is a private key or a certificate",
            mend="give the key's id here, as the exchange shows it, and the private key as secret",
        )
    _check_secret(credential.api_key, field=f"{field}.api_key")
    _check_bare(credential.api_key, field=f"{field}.api_key")
    if exchange is not None and not exchange.needs_secret():
        # What is sent here must be public: somebody may have taken a private key for it.
        if re.fullmatch(exchange.key_shape().api_key or "", credential.api_key) is None:
            raise InputError(
                field=f"{field}.api_key",
                problem="is no address (0x and 40 hexadecimal digits)",
                mend="give the address of the agent (API wallet), never its private key",
            )
    elif not is_pem(credential.secret):
        _check_secret(credential.secret, field=f"{field}.secret")
    if credential.api_key == credential.secret:
        raise InputError(
            field=f"{field}.secret", problem="equals api_key", mend="copy each of the two again from the exchange"
        )
    if credential.passphrase is not None:
        _check_spaces(credential.passphrase, field=f"{field}.passphrase")
        if _SENDABLE_PHRASE.fullmatch(credential.passphrase) is None:
            raise InputError(
                field=f"{field}.passphrase",
                problem="holds a character that cannot be sent",
                mend="copy it again; exchanges take letters, digits and signs of the English keyboard",
            )
    if exchange is None:
        _check_bare(credential.secret, field=f"{field}.secret")
        return
    _check_swapped(credential, exchange=exchange, field=field)
    _check_type(credential, exchange=exchange, field=field)
    rule = exchange.passphrase_rule()
    if rule is not None and credential.passphrase is None:
        raise InputError(
            field=f"{field}.passphrase",
            problem=f"is missing; {exchange.title} asks for the one that was chosen when the key was made",
            mend=f"give it (in ccxt's form it is called {rule.ccxt_name})",
        )
    if rule is None and credential.passphrase is not None:
        raise InputError(
            field=f"{field}.passphrase",
            problem=f"is given, and {exchange.title} has none",
            mend="leave it out, or check that the exchange is right",
        )


def key_type(credential: Credential, *, exchange: Exchange | None) -> str | None:
    """Return the type of a checked credential's key (of ``KEY_TYPES``), or ``None`` where nothing is signed with it."""
    if exchange is None or not exchange.key_types():
        return None
    key = exchange.private_key(credential)
    return HMAC if key is None else key.type


def _check_type(credential: Credential, *, exchange: Exchange, field: str) -> None:
    """Refuse a private key that cannot be read, and a key of a type that the exchange does not take."""
    taken = exchange.key_types()
    offered = _either(KEY_TYPES[name] for name in taken) if taken else "none"
    if is_pem(credential.secret) and taken == (HMAC,):
        raise InputError(
            field=f"{field}.secret",
            problem=f"is a private key in PEM form, and {exchange.title} takes only HMAC secrets",
            mend="give the secret that the exchange showed",
        )
    try:
        kind = key_type(credential, exchange=exchange)
    except UnusableKeyError as error:
        raise InputError(field=f"{field}.{error.part}", problem=error.problem, mend=error.mend) from None
    if kind == HMAC:
        _check_bare(credential.secret, field=f"{field}.secret")
    if kind is not None and kind not in taken:
        raise InputError(
            field=f"{field}.secret",
            problem=f"is for {KEY_TYPES[kind]}, and {exchange.title} takes {offered}",
            mend="give the secret that belongs to the key, or make another key",
        )


def _either(names: t.Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def _field(index: int, given: t.Mapping[str, t.Any]) -> str:
    name = str(given.get("name") or "")
    return f"api_keys[{index}] ({name})" if KEY_NAME.fullmatch(name) else f"api_keys[{index}]"


def _read_key(given: t.Mapping[str, t.Any], *, field: str) -> Plan:
    name = str(given.get("name") or "")
    if KEY_NAME.fullmatch(name) is None:
        raise InputError(
            field=f"{field}.name", problem="is no name", mend="use 1 to 100 letters, digits and signs, no space around"
        )
    exchange_name = str(given["exchange"])
    exchange = None if exchange_name == OTHER else get(exchange_name, field=f"{field}.exchange")
    environment = str(given.get("environment") or "mainnet")
    region = str(given.get("region") or "global")
    base_url = given.get("base_url")
    site = None
    if exchange is not None:
        site = read_site(given, exchange=exchange, environment=environment, region=region, field=field)
    elif base_url is not None:
        raise InputError(
            field=f"{field}.base_url", problem="is given for exchange other, which is never asked", mend="leave it out"
        )
    placed = _placed(given, exchange=exchange, field=field)
    in_clear = _in_clear(given, exchange=exchange, field=field)
    elsewhere = placed is not None or in_clear is not None
    credential = None if elsewhere else _credential(given, exchange=exchange, field=field)
    if credential is not None:
        check_credential(credential, exchange=exchange, field=field)
    nonce, held = None, None
    rule, title = (None, exchange_name) if exchange is None else (exchange.nonce_rule(), exchange.title)
    if in_clear is not None and rule is not None and given.get("nonce") is None:
        # A program signs with this key, and nobody has said how it counts.
        held = f"a question could lock out the program that uses this key at {title}", "give nonce, or another key"
    else:
        nonce = read_nonce(given.get("nonce"), rule=rule, title=title, field=f"{field}.nonce")
    return Plan(
        field=field,
        name=name,
        exchange_name=exchange_name,
        exchange=exchange,
        environment=environment,
        region=region,
        site=site,
        overridden=base_url is not None,
        credential=credential,
        placed=placed,
        in_clear=in_clear,
        held=held,
        key_password=given.get("key_password") or None,
        ask_futures_host=bool(given.get("ask_futures_host")),
        ask_key_list=bool(given.get("ask_key_list")),
        tell_other_keys=bool(given.get("tell_other_keys")),
        nonce=nonce,
        declared=declaration(given.get("declared"), where=f"{field}.declared"),
    )


def read_site(given: t.Mapping[str, t.Any], *, exchange: Exchange, environment: str, region: str, field: str) -> Site:
    """Return the site of ``base_url``, or else the exchange's own for this environment and region.

    Raises ``InputError`` for what is not known there, and for a URL that is no place to ask.
    """
    custom = environment == CUSTOM
    known = None if custom else _known_site(exchange, environment=environment, region=region, field=field)
    base_url = _url(given.get("base_url"), custom=custom, field=f"{field}.base_url")
    futures_url = _url(given.get("futures_base_url"), custom=custom, field=f"{field}.futures_base_url")
    if futures_url is not None and base_url is None:
        raise InputError(
            field=f"{field}.futures_base_url", problem="is given without base_url", mend="give both, or none"
        )
    if known is not None:
        # With an override the real futures host is never asked either.
        return known if base_url is None else dataclasses.replace(known, base_url=base_url, futures_url=futures_url)
    if base_url is None:
        raise InputError(
            field=f"{field}.environment", value=CUSTOM, problem="says no place to ask", mend="give base_url too"
        )
    return Site(base_url, futures_url=futures_url)


def _known_site(exchange: Exchange, *, environment: str, region: str, field: str) -> Site:
    sites = exchange.sites()
    environments = tuple(dict.fromkeys(name for name, _region in sites))
    if environment not in environments:
        raise InputError(
            field=f"{field}.environment",
            value=environment,
            problem=f"is no environment of {exchange.title} that is known here",
            mend=f"write one of {', '.join((*environments, CUSTOM))}",
        )
    site = sites.get((environment, region))
    if site is None:
        regions = [name for known, name in sites if known == environment]
        raise InputError(
            field=f"{field}.region",
            value=region,
            problem=f"is no region of {exchange.title}'s {environment} that is known here",
            mend=f"write one of {', '.join(regions)}",
        )
    return site


def _url(text: str | None, *, custom: bool, field: str) -> str | None:
    """Return a base URL without a slash at its end. It is shown in errors only when it holds no user and password."""
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        bare = not (parts.username or parts.password or parts.query or parts.fragment) and parts.path in ("", "/")
        good = parts.scheme in ("https", "http") and bool(host) and bare and parts.port != 0
    except ValueError:
        good = False
    if not good or _SENDABLE.fullmatch(text) is None:
        raise InputError(
            field=field, problem="is not a base URL", mend="write only https:// and a host, with a port where needed"
        )
    if parts.scheme == "http" and not (custom and _is_loopback(host)):
        raise InputError(
            field=field,
            value=text,
            problem="is plain HTTP, which shows the key id and the passphrase to everybody on the way",
            mend="use https://; http:// is only for a loopback address with environment: custom",
        )
    return text.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _placed(given: t.Mapping[str, t.Any], *, exchange: Exchange | None, field: str) -> Placed | None:
    placed = given.get("credential")
    if placed is None:
        return None
    # What a private key alone lacks may be given beside it.
    beside = {name: given.get(name) or None for name in _SECRETS}
    wrong = "secret" if beside["secret"] else "passphrase" if beside["passphrase"] and not beside["api_key"] else None
    if wrong is not None:
        raise InputError(
            field=f"{field}.{wrong}",
            problem="is given together with credential",
            mend="give the secret, or the credential that holds it, not both",
        )
    rule = None if exchange is None else exchange.passphrase_rule()
    return Placed(
        name=str(placed["name"]),
        directory=str(placed.get("directory") or DEFAULT_DIRECTORY),
        entry=placed.get("entry"),
        age_identity=str(placed.get("age_identity") or DEFAULT_IDENTITY),
        signed=exchange is None or exchange.needs_secret(),
        passphrase_in_uid=rule is not None and rule.ccxt_name == "uid",
        api_key=beside["api_key"],
        passphrase=beside["passphrase"],
    )


def _in_clear(given: t.Mapping[str, t.Any], *, exchange: Exchange | None, field: str) -> InClear | None:
    file = given.get("file")
    if file is None:
        return None
    for name in (*_SECRETS, "credential"):
        if given.get(name):
            mend = "give the one or the other"
            raise InputError(field=f"{field}.{name}", problem="is given together with file", mend=mend)
    path = str(file["path"])
    if not path.startswith("/") or "\0" in path or ".." in path.split("/"):
        mend = "give where it is on the host, from / on and without .."
        raise InputError(field=f"{field}.file.path", value=path, problem="is no absolute path", mend=mend)
    if exchange is None:
        mend = "leave file out: it would not be read"
        raise InputError(field=f"{field}.file", problem="is given for exchange other, which is never asked", mend=mend)
    rule = exchange.passphrase_rule()
    phrases = () if rule is None else ("uid", "passphrase") if rule.ccxt_name == "uid" else ("passphrase",)
    return InClear(path, file.get("entry") or None, exchange.name, phrases)


def _credential(given: t.Mapping[str, t.Any], *, exchange: Exchange | None, field: str) -> Credential | None:
    texts = {name: given.get(name) or None for name in _SECRETS}
    there = [name for name, text in texts.items() if text is not None]
    unsigned = exchange is not None and not exchange.needs_secret()
    if exchange is not None and unsigned and texts["secret"] is not None:
        raise InputError(
            field=f"{field}.secret",
            problem=f"is given, and {exchange.title} is asked without a signature",
            mend="leave it out, so that it stays where it is",
        )
    for name in ("api_key",) if unsigned else ("api_key", "secret"):
        if texts[name] is None and (exchange is not None or there):
            raise InputError(
                field=f"{field}.{name}",
                problem="is missing or empty",
                mend="give api_key and secret from a vault or a lookup, or credential for one that is placed",
            )
    if not there:
        return None
    return Credential(
        str(texts["api_key"]), texts["secret"] or "", texts["passphrase"], given.get("key_password") or None
    )


def _check_secret(text: str, *, field: str) -> None:
    _check_spaces(text, field=field)
    if len(text) < MIN_LENGTH:
        raise InputError(
            field=field,
            problem=f"is shorter than {MIN_LENGTH} characters, so it is not whole",
            mend="copy it again from the exchange",
        )
    if _SENDABLE.fullmatch(text) is None:
        raise InputError(
            field=field,
            problem="holds a space or a character that no exchange gives out",
            mend="copy it again from the exchange",
        )


def _check_bare(text: str, *, field: str) -> None:
    if is_bare_key(text):
        raise InputError(
            field=field,
            problem="is a private key without the lines around it, or a part of one",
            mend="give a private key as secret, whole, from -----BEGIN to -----END, or what the exchange showed",
        )


def _check_spaces(text: str, *, field: str) -> None:
    if text != text.strip():
        raise InputError(field=field, problem="has white space around it", mend="remove the space or line end")


def _check_swapped(credential: Credential, *, exchange: Exchange, field: str) -> None:
    shape = exchange.key_shape()
    signs = [
        re.fullmatch(pattern, other) is not None and re.fullmatch(pattern, own) is None
        for pattern, own, other in (
            (shape.api_key, credential.api_key, credential.secret),
            (shape.secret, credential.secret, credential.api_key),
        )
        if pattern is not None
    ]
    if signs and all(signs):
        raise InputError(
            field=f"{field}.api_key",
            problem=f"looks like a secret of {exchange.title}, and secret looks like a key: the two are swapped",
            mend="exchange them",
        )
