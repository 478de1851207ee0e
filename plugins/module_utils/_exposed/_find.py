# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds an exchange's secret in text, by its name, its form and what stands around it. Private to this collection.

Quiet on ordinary hosts comes first: a value under a name like ``secret`` counts only where an exchange or a trading
program is named near it or in the path, or where a key id beside it makes a pair of one exchange's form. Nothing that
is returned comes from the text: names of fields and exchanges are our own words.
"""

from __future__ import annotations

import collections
import functools
import hashlib
import math
import operator
import re
import typing as t

from ._forms import FORMS

#: Words that stand for an exchange wherever they are a word of their own; the others only as part of a field's name.
_PLAIN_WORDS: t.Mapping[str, str] = {
    **{name: name for name in FORMS if name not in ("gate", "gemini", "krakenfutures", "woo")},
    "coinbase_advanced_trade": "coinbase",
    "crypto_com": "cryptocom",
    "gateio": "gate",
    "gate_io": "gate",
    "gdax": "coinbase",
    "huobi": "htx",
    "kraken_futures": "krakenfutures",
    "okex": "okx",
    "woo_x": "woo",
    "woox": "woo",
}
_FIELD_WORDS: t.Mapping[str, str] = {**_PLAIN_WORDS, "gate": "gate", "gemini": "gemini", "woo": "woo"}
#: Trading programs: what stands in their files or beside them is theirs. (Short names only as part of a path.)
_PROGRAMS = ("ccxt", "freqtrade", "hummingbot", "nautilus_trader", "octobot", "passivbot", "zenbot", "gekko")
_PATH_PROGRAMS = (*_PROGRAMS, "jesse", "moontrader", "roq", "user_data")


def _words(words: t.Iterable[str], *, named: str = "") -> re.Pattern[bytes]:
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    spelled = "|".join(re.escape(word).replace("_", "[_.-]?") for word in longest_first)
    return re.compile(rf"(?:(?<![a-z0-9])(?:{spelled}){named})(?![a-z])".encode(), re.IGNORECASE)


#: Common words count where they are the value of a field that names an exchange: ``exchange: gate``.
_NAMED = rf"|exchange(?:_?(?:id|name))?[\\\"'` :=]{{1,8}}(?:{'|'.join(sorted(set(_FIELD_WORDS) - set(_PLAIN_WORDS)))})"
_EXCHANGE = _words(_PLAIN_WORDS, named=_NAMED)
_EXCHANGE_IN_FIELD = _words(_FIELD_WORDS)
_CONTEXT = _words((*_PLAIN_WORDS, *_PROGRAMS), named=_NAMED)
_CONTEXT_IN_PATH = _words((*_FIELD_WORDS, *_PATH_PROGRAMS))

#: From a name to its value on the same line, in JSON (also inside of a string), YAML, TOML, dotenv, shell and programs;
#: in YAML the value can also be a block, on the lines below.
_BLOCK = rb"(?:[|>][0-9+-]{0,2}[ \t]{0,8}\r?\n[ \t]{1,64})?"
_QUOTES = rb"(?:\\{0,3}[\"'`]){0,3}"
_ASSIGNS = rb"\]?[ \t]{0,8}(?P<sign>=>|:=|[:=,>]|[ \t])[ \t]{0,8}(?:![a-z!]{1,12}[ \t]+)?[bur]?" + _BLOCK
_VALUE = rb"(?P<value>[A-Za-z0-9+/=_-]{16,512})(?![A-Za-z0-9+/=_.(\[{$-])"
_TAIL = rb"[A-Za-z0-9_-]{0,24}(?![A-Za-z0-9_-])"
#: What a field with a secret has in its name, in lower case.
_CORES = (b"secret", b"private_key", b"privatekey", b"private-key", b"_pk", b"-pk")
#: What stands behind that: the rest of the name, and the value.
_REST = re.compile(_TAIL + _QUOTES + _ASSIGNS + _QUOTES + _VALUE, re.IGNORECASE)
_KEY_ID = re.compile(
    rb"(?:api[_-]?key|access[_-]?key|(?<![A-Za-z])key|login|client[_-]?id|wallet[_-]?address)"
    + _TAIL + _QUOTES + _ASSIGNS + _QUOTES
    + rb"(?P<value>[A-Za-z0-9+/=_-]{8,512})(?![A-Za-z0-9+/=_.(\[{$-])",
    re.IGNORECASE,
)  # fmt: skip
#: With its beginning: pages show the frame alone. An encrypted one is not in clear.
_PEM = re.compile(
    _QUOTES + _ASSIGNS + _QUOTES
    + rb"-----BEGIN (?!ENCRYPTED)[A-Z ]{0,12}PRIVATE KEY-----(?:\\{1,3}[rn]|\s){1,64}[A-Za-z0-9+/]{32}"
)  # fmt: skip
_PREFIX = re.compile(rb"[A-Za-z0-9_.-]{0,48}\Z")

#: Secrets of other trades.
_OTHERS = re.compile(
    rb"aws|azure|amazon|google|gcp|github|gitlab|slack|stripe|paypal|twitter|telegram|discord|facebook|jwt|oauth|oidc"
    rb"|saml|webhook|session|cookie|csrf|django|flask|rails|shared|consumer|app[_-]?secret|encryption|signing|hmac"
    rb"|s3|minio|grafana|postgres|mysql|redis|rabbit|smtp|recaptcha|captcha|totp|psk|ws_token",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    rb"example|change|placeholder|(?-i:xxxx|XXXX)|dummy|insert|replace|secret|passw|private|api[_-]?key|sample|testkey|redacted"
    rb"|removed|encrypt|public|123456|abcdef|deadbeef|qwerty|environ|getenv|config|default|settings"
    rb"|(?:\A|[_-])(?:your|my|the|none|null|todo|test)(?:[_-]|\Z)",
    re.IGNORECASE,
)
#: hummingbot encrypts with a password: the hexadecimal text of ``{"``.
_ENCRYPTED = re.compile(rb"7b22[0-9a-f]{60,}", re.IGNORECASE)

#: What documents and tests print for everybody to see: the beginning of each one's SHA-256. Five of ccxt's own tests,
#: then the examples of BitMEX, Binance and Kraken.
_PUBLISHED = frozenset(
    (
        "90af00189fb08c20",
        "d155e4e9a98135d5",
        "b641460bf4c5461a",
        "67a37a9148ee77c2",
        "28950ae1b4f50e3b",
        "70a60ac1776fdc4a",
        "23e9efa3ced6e70c",
        "98c0adc16caa135b",
    )
)

_SHORTEST = 20  # characters of a secret whose exchange tells no form
#: Bits for each character, below which text is a word or a pattern: 32 random hexadecimal digits have about 3.5.
_LEAST_ENTROPY = 2.8
#: How far around a secret its key id and its exchange's name are looked for, in bytes.
_NEAR = 500
#: Pairs of these forms are too common to count where nothing names the exchange.
_WEAK = frozenset(name for name, (key, secret) in FORMS.items() if key is None or secret is None) | {"deribit", "htx"}


class Hit(t.NamedTuple):
    """One secret: the ``line`` it begins in (from 1), our word for its ``field``, and whose it can be."""

    line: int
    field: str
    exchanges: tuple[str, ...]


def may_hold(lowered: bytes) -> bool:
    """Tell whether the text, in lower case, is worth a closer look. Fast: most files end here."""
    return b"secret" in lowered or b"private" in lowered or b"_pk" in lowered or b"-pk" in lowered


def path_names_trade(path: str) -> bool:
    """Tell whether a path names an exchange or a trading program."""
    return _CONTEXT_IN_PATH.search(path.encode("utf-8", "surrogateescape")) is not None


def find(
    data: bytes, *, lowered: bytes | None = None, first_line: int = 1, trade: bool = False, most: int = 20
) -> list[Hit]:
    """Return at most ``most`` secrets in ``data``, which begins with line ``first_line``.

    ``lowered`` is the same in lower case, where that is at hand. ``trade`` says that the place itself is a trading
    program's.
    """
    text = _Text(data, trade=trade)
    hits: list[Hit] = []
    for at, core in _cores(data.lower() if lowered is None else lowered):
        whose = text.whose_pem() if text.is_pem(at, core) else text.whose_secret(at, core)
        if whose is not None:
            field = "secret" if core == b"secret" else "private_key"
            hits.append(Hit(first_line + data.count(b"\n", 0, at), field, whose))
            if len(hits) >= most:
                break
    return hits


def _cores(lowered: bytes) -> list[tuple[int, bytes]]:
    """Return where fields with a secret may be, in order. (A search for words is many times faster than a pattern.)"""
    found = []
    for core in _CORES:
        at = lowered.find(core)
        while at >= 0:
            found.append((at, core))
            at = lowered.find(core, at + len(core))
    return sorted(found)


class _Text:
    """A piece of text in which a secret is looked for."""

    def __init__(self, data: bytes, *, trade: bool) -> None:
        self._data = data
        self._trade: bool | None = trade or None

    def _is_trade(self) -> bool:
        """Tell whether an exchange or a trading program is named anywhere in it."""
        if self._trade is None:
            self._trade = _CONTEXT.search(self._data) is not None
        return self._trade

    def is_pem(self, at: int, core: bytes) -> bool:
        """Tell whether a private key in PEM follows."""
        return _PEM.match(self._data, at + len(core)) is not None

    def whose_pem(self) -> tuple[str, ...] | None:
        """Return the exchange of a private key in PEM, which only its surroundings tell."""
        if b"organizations/" in self._data and b"/apiKeys/" in self._data:
            return ("coinbase",)
        return () if self._is_trade() else None

    def whose_secret(self, at: int, core: bytes) -> tuple[str, ...] | None:
        """Return the exchanges whose secret begins here (maybe none that is known), or ``None`` where none does."""
        data = self._data
        match = _REST.match(data, at + len(core))
        if match is None or not is_plausible(match["value"]):
            return None
        prefix = _prefix(data, at)
        if match["sign"] in (b" ", b"\t") and not prefix.startswith(b"-"):
            return None  # prose; only a program's option has its value behind a blank
        name = prefix + data[at : match.start("value")]
        own = _exchanges(_EXCHANGE_IN_FIELD, name, _FIELD_WORDS)
        if not own and _OTHERS.search(name):
            return None
        value = match["value"]
        if hashlib.sha256(value).hexdigest()[:16] in _PUBLISHED:
            return None
        fits = {name for name, (_key, secret) in _compiled().items() if secret is not None and secret.fullmatch(value)}
        if own:
            return own if fits.intersection(own) or _any_secret(value) else None
        return self._by_surroundings(at, match.end(), value=value, fits=fits)

    def _by_surroundings(self, at: int, end: int, *, value: bytes, fits: set[str]) -> tuple[str, ...] | None:
        before = self._data[max(0, at - _NEAR) : at]
        window = before + self._data[at : end + _NEAR]
        ids = [found["value"] for found in _KEY_ID.finditer(window) if found["value"] != value]
        pairs = {name for name in fits if (key := _compiled()[name][0]) is not None and any(map(key.fullmatch, ids))}
        near = _exchanges(_EXCHANGE, before, _FIELD_WORDS)[-1:] or _exchanges(_EXCHANGE, window, _FIELD_WORDS)[:1]
        if pairs - _WEAK or (pairs and (near or self._is_trade())):
            return tuple(pairs.intersection(near)) or tuple(sorted(pairs))
        if (near or self._is_trade()) and (fits or _any_secret(value)):
            return near
        return None


def _prefix(data: bytes, start: int) -> bytes:
    found = _PREFIX.search(data[max(0, start - 48) : start])
    return found[0] if found else b""


def _any_secret(value: bytes) -> bool:
    """Tell whether the value can be a secret of an exchange whose form nobody knows."""
    return len(value) >= _SHORTEST and not value.startswith(b"/") and b"//" not in value


def _exchanges(words: re.Pattern[bytes], text: bytes, meaning: t.Mapping[str, str]) -> tuple[str, ...]:
    """Return the exchanges that the text names, each once, in the order of their last mention."""
    found: dict[str, None] = {}
    for match in words.finditer(text):
        spelled = re.sub(r"[.-]", "_", re.split(rb"[\\\"'` :=]", match[0])[-1].decode("ascii").lower())
        exchange = meaning.get(spelled) or meaning.get(spelled.replace("_", "")) or _loosely(spelled, meaning)
        if exchange is not None:
            found.pop(exchange, None)
            found[exchange] = None
    return tuple(found)


def _loosely(spelled: str, meaning: t.Mapping[str, str]) -> str | None:
    return next((exchange for word, exchange in meaning.items() if word.replace("_", "") == spelled), None)


@functools.lru_cache(maxsize=1)
def _compiled() -> dict[str, tuple[re.Pattern[bytes] | None, re.Pattern[bytes] | None]]:
    return {
        name: (re.compile(key.encode()) if key else None, re.compile(secret.encode()) if secret else None)
        for name, (key, secret) in FORMS.items()
    }


def is_plausible(value: bytes) -> bool:
    """Tell a secret from a placeholder, a name in a program and what is encrypted."""
    if _PLACEHOLDER.search(value) or _ENCRYPTED.fullmatch(value):
        return False
    kinds = [_kind_of(character) for character in value]
    digits = kinds.count("digit")
    if digits + value.count(b"-") == len(value):
        return False
    # A name in a program changes between small and capital letters with its words, random text at most characters.
    if digits < 2 and sum(map(operator.ne, kinds, kinds[1:])) < len(value) * 0.37:
        return False
    steps = sum(1 for one, following in zip(value, value[1:]) if following - one == 1)
    if steps * 4 > len(value):
        return False
    counts = collections.Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values()) >= _LEAST_ENTROPY


def _kind_of(character: int) -> str:
    if 48 <= character <= 57:
        return "digit"
    return "capital" if 65 <= character <= 90 else "other"
