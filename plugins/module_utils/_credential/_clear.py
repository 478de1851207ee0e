# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys in a program's own file, in clear, as people write it. Private: no interface for other collections.

Only files that say themselves of which exchange a key is: nobody's key is sent to an exchange on a guess.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from . import _programs

#: Longer files are no program's configuration.
MOST_BYTES = 256 * 1024

#: What ccxt and programs call the exchanges that are known here, where that is not their own name -> exchange, region.
_OTHER_NAMES: t.Mapping[str, tuple[str, str]] = {
    "binancecoinm": ("binance", "global"),
    "binanceus": ("binance", "us"),
    "binanceusdm": ("binance", "global"),
    "coinbaseadvanced": ("coinbase", "global"),
    "coinbaseadvancedtrade": ("coinbase", "global"),
    "gateio": ("gate", "global"),
    "huobi": ("htx", "global"),
    "kucoinfutures": ("kucoin", "global"),
    "myokx": ("okx", "eea"),
    "okex": ("okx", "global"),
    "okxus": ("okx", "us"),
    "woox": ("woo", "global"),
}
_OWN_NAMES = frozenset(
    (
        *("binance", "bingx", "bitfinex", "bitget", "bitmart", "bitmex", "bitstamp", "blofin", "bybit", "coinbase"),
        *("cryptocom", "deribit", "gate", "gemini", "htx", "hyperliquid", "kraken", "krakenfutures", "kucoin", "mexc"),
        *("okx", "phemex", "woo"),
    )
)
_TESTS = frozenset(("demo", "paper", "sandbox", "testnet", "uat"))

_STRING = r'("(?:[^"\\]|\\.|\\\Z)*(?:"|\Z))'
_COMMENT = re.compile(rf"{_STRING}|//[^\n]*|/\*(?:.*?\*/|.*\Z)", re.DOTALL)
_LAST_COMMA = re.compile(rf"{_STRING}|,(?=\s{{0,200}}[}}\]])", re.DOTALL)
_VARIABLE = re.compile(
    r"^[ \t]{0,20}(?:export[ \t]{1,9})?([A-Za-z_]\w{0,99})[ \t]{0,9}=[ \t]{0,9}"
    r"(?:\"([^\"\n]*)\"|'([^'\n]*)'|([^\s\"']*))(?:[ \t]{1,99}#.*|[ \t\r]{0,99})$",
    re.MULTILINE,
)
_FIELD = re.compile(r"(?:(.{1,80}?)_)??(?:API_?)?(KEY|SECRET(?:_KEY)?|PASSPHRASE|PASSWORD|MEMO|NAME|EXCHANGE(?:_ID)?)")
_WORD = re.compile(r"[a-z0-9][a-z0-9 _.-]{0,39}")
_ENTRY = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9 _.:@-]{0,38}[A-Za-z0-9_])?")
_MEANING = {"KEY": "api_key", "SECRET": "secret", "SECRET_KEY": "secret", "MEMO": "uid"}


#: Our name of a field -> the file's name of it, and its value.
_Found = dict[str, tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class ClearKey:
    """One key of a file. ``entry`` names it where the form has several.

    ``exchange`` is of our own names, ``None`` where it is not known here; ``spelled`` is what the file calls it.
    ``names`` are the file's names of the fields, ``at`` leads to the object that has them; variables have none.
    """

    program: str
    entry: str | None
    spelled: str
    exchange: str | None
    region: str
    fields: t.Mapping[str, str] = dataclasses.field(repr=False)
    names: t.Mapping[str, str]
    at: tuple[str, ...] = ()


def read_clear(content: bytes) -> list[ClearKey]:
    """Return the whole keys in freqtrade's, passivbot's and ccxt's JSON files, and in dotenv files.

    Left out is what is encrypted, a template, of a test site, or does not name one exchange.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return []
    found = _of_json(text) if text.lstrip()[:1] in ("{", "/") else _of_variables(text)
    return [key for key in found if key is not None]


def _key(
    program: str, entry: str | None, words: t.Iterable[t.Any], found: _Found, at: tuple[str, ...] = ()
) -> ClearKey | None:
    fields = {name: value for name, (_spelled, value) in found.items()}
    named = {word.strip().lower() for word in words if isinstance(word, str) and word.strip()}
    signing = [fields.get("api_key") or "", fields.get("secret") or ""]
    if len(named) != 1 or not all(signing):
        return None
    if any(mark in value for value in signing for mark in ("${", "{{", "<")):
        return None  # a template
    (spelled,) = named
    if _WORD.fullmatch(spelled) is None or (entry is not None and _ENTRY.fullmatch(entry) is None):
        return None  # both are shown
    parts = re.split(r"[ _.-]+", spelled)
    if _TESTS.intersection(parts):
        return None
    known = [site for word in (spelled, "".join(parts)) if (site := _site(word)) is not None]
    exchange, region = known[0] if known else (None, "global")
    names = {name: its_name for name, (its_name, _value) in found.items()}
    return ClearKey(program, entry, spelled, exchange, region, fields, names, at)


def _site(word: str) -> tuple[str, str] | None:
    return (word, "global") if word in _OWN_NAMES else _OTHER_NAMES.get(word)


def _of_json(text: str) -> t.Iterator[ClearKey | None]:
    document = loose_json(text)
    if not isinstance(document, dict) or _is_test(document):
        return
    exchange = document.get("exchange")
    if isinstance(exchange, dict):
        if not any(_is_test(part) for part in (exchange, exchange.get("ccxt_config"))):
            yield _key("freqtrade", None, [exchange.get("name")], _fields(exchange), ("exchange",))
    elif (fields := _fields(document)).get("api_key"):
        yield _key("ccxt", None, [document.get(name) for name in ("exchange", "exchange_id", "exchangeId")], fields)
    else:
        for name, found in document.items():
            if isinstance(found, dict) and not _is_test(found):
                word = found.get("exchange")
                program, word = ("passivbot", word) if word else ("ccxt", name if _site(name.lower()) else None)
                yield _key(program, name, [word], _fields(found), (name,))


def loose_json(text: str) -> t.Any:
    """Return what the text says, with comments and a comma too many, as freqtrade takes them; ``None`` for no JSON."""
    for pattern in (_COMMENT, _LAST_COMMA):
        text = pattern.sub(lambda match: match[1] or " ", text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_test(found: t.Any) -> bool:
    return isinstance(found, dict) and any(found.get(name) in (True, "true") for name in _TESTS)


def _fields(found: t.Any) -> _Found:
    fields: _Found = {}
    for name, spellings in _programs.ANY.items() if isinstance(found, dict) else ():
        for spelling in spellings:
            if isinstance(found.get(spelling), str) and found[spelling]:
                fields.setdefault(name, (spelling, found[spelling]))
    return fields


def variables(text: str) -> t.Iterator[tuple[str, str, int, int]]:
    """Yield name, value, beginning and end of each line that gives a variable its value, without the line's end."""
    for match in _VARIABLE.finditer(text):
        yield match[1], match[2] or match[3] or match[4] or "", match.start(), match.end()


def field_of(variable: str) -> tuple[str, str] | None:
    """Return the account and the field that a variable's name means, in capitals and as we call it."""
    match = _FIELD.fullmatch(variable.upper())
    if match is None:
        return None
    return match[1] or "", _MEANING.get(match[2], "passphrase" if match[2].startswith("PASS") else "exchange")


def _of_variables(text: str) -> t.Iterator[ClearKey | None]:
    accounts: dict[str, _Found] = {}
    for name, value, _begin, _end in variables(text):
        meant = field_of(name)
        if meant is not None:
            accounts.setdefault(meant[0], {})[meant[1]] = (name, value)
    for account, fields in accounts.items():
        parts = [part for part in account.lower().split("_") if part]
        if _TESTS.intersection(parts):
            continue
        # One word of the name, or two that belong together (GATE_IO), the longest ones.
        pairs = ["".join(two) for two in zip(parts, parts[1:]) if _site("".join(two))]
        words = [*pairs, *(part for part in parts if _site(part) and not any(part in two for two in pairs))]
        own = fields.pop("exchange", ("", ""))[1]
        yield _key("dotenv", account or None, [own, *words], fields)
