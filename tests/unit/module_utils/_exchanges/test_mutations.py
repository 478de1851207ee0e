# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A thousand mutated answers at every step of every exchange's interview, held against another reading of them.

The other reading (`conversations.py`) is written from the exchanges' documents, not from the code under test: what each
line of an answer permits, where addresses may stand, and what proves an end of life or a sub-account.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import ipaddress
import json
import random
import re
import time
import unicodedata
from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _driver, _registry
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Question, Site
from ansible_collections.trading.hosts.plugins.module_utils._facts import (
    PERMISSION_WORDS,
    UNKNOWN_PREFIX,
    Access,
    ObservedKey,
    to_json,
)
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer, Request
from tests.unit.module_utils._exchanges import conversations
from tests.unit.module_utils._exchanges.conversations import CONVERSATIONS, CREDENTIAL, CREDENTIALS, Conversation

NOW = datetime.datetime(2026, 11, 22, 7, 13, 54, tzinfo=datetime.timezone.utc)
#: Of each step of each interview.
MUTATED = 1000
HOSTILE = "a\n::error file=x::b \x1b[31m\u202e##[error]{{ 7*7 }}<script>\u200b\x00"
EACH_STEP = pytest.mark.parametrize("talk", CONVERSATIONS, ids=lambda talk: talk.id)


class Said:
    """Gives the answers in their order; whoever asks on hears nothing."""

    def __init__(self, *answers: tuple[int, bytes]) -> None:
        self._answers = list(answers)
        self.asked: list[Request] = []

    def send(self, request: Request) -> Answer:
        self.asked.append(request)
        status, body = self._answers.pop(0) if self._answers else (200, b"")
        return Answer(status, {}, body, "api.example")


def ask(talk: Conversation, mutated: bytes) -> tuple[Access, ObservedKey | None]:
    answers = [(status, json.dumps(data).encode()) for status, data in talk.answers]
    answers[talk.step] = (answers[talk.step][0], mutated)
    return put(talk, Said(*answers))


def put(talk: Conversation, http: Said) -> tuple[Access, ObservedKey | None]:
    exchange = _registry.get(talk.exchange)
    site = next(iter(exchange.sites().values()))
    question = Question(
        CREDENTIALS.get(talk.exchange, CREDENTIAL),
        NOW,
        Site(site.base_url, futures_url=site.futures_url, introspects=talk.introspects),
        "mainnet",
        **talk.options,
    )
    return _driver.ask(exchange=exchange, question=question, http=http, now=lambda: NOW)


# --- mutations ---

#: What no field is documented to hold, and what another field might.
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 7, 10**18, -(10**30), 10**39, 0.5, 1e308, "", " ", "0", "-1", "*", ",", ", ,",
    "true", "none", "zzz", "unknown", "admin", "0.0.0.0/0", "::/0", "9.9.9.9", "1.2.3.4\u200b", "9" * 30,
    "2026-13-01T00:00:00Z", HOSTILE, "\ud800", "x" * 3000, [], {}, [[]], [None], [""], [0], [{}], {"": ""},
    {"a": {"b": [1]}}, ["zzz"], ["*"],
)  # fmt: skip


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in inner:
        found += places(value, (*path, name))
    return found


def at(data: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


def changed_once(data: Any, chance: random.Random, words: list[Any]) -> Any:
    """Return the data with one thing changed."""
    path = chance.choice(places(data))
    old = at(data, path)
    pool: list[Any] = json.loads(json.dumps(ODD if chance.random() < 0.6 else words))
    if not path:
        return {chance.choice(("x", "data", "result")): data} if chance.random() < 0.1 else data
    holder, name = at(data, path[:-1]), path[-1]
    kind = chance.randrange(9)
    if kind == 0:
        del holder[name]
    elif kind == 1 and isinstance(holder, dict):
        holder[chance.choice((f"{name}s", str(name).upper(), "zzz", HOSTILE, str(chance.choice(words))))] = holder.pop(
            name
        )
    elif kind == 2 and isinstance(holder, list):
        holder.insert(chance.randrange(len(holder) + 1), chance.choice(pool) if chance.random() < 0.7 else old)
    elif kind == 3 and isinstance(old, (dict, list)):
        if isinstance(old, dict):
            old[str(chance.choice(words))] = chance.choice(pool)
        else:
            old.append(chance.choice(pool))
    elif kind == 4 and isinstance(old, str):
        cut = chance.randrange(len(old) + 1)
        holder[name] = old[:cut] + str(chance.choice(pool)) + old[cut:]
    elif kind == 5 and old in (0, 1):
        holder[name] = not old if isinstance(old, bool) else 1 - old
    elif kind == 6:
        holder[name] = [old] if chance.random() < 0.5 else {"x": old}
    elif kind == 7:
        holder[name] = str(old).lower() if chance.random() < 0.5 else f"{old},{chance.choice(words)}"
    else:
        holder[name] = chance.choice(pool)
    return data


def spoiled(text: bytes, chance: random.Random) -> bytes:
    """Return a text that is JSON no more, or such JSON as nobody may read."""
    names = [match.span() for match in re.finditer(rb'"[^"\\]*": ', text)]
    kind = chance.randrange(6)
    if kind == 0 and names:
        start, end = chance.choice(names)
        # The same name twice in one object, with another value: who wins must never matter.
        return text[:start] + text[start:end] + chance.choice((b"null", b'"zzz"', b"1", b"[]")) + b", " + text[start:]
    if kind == 1:
        return re.sub(rb": [^,\[\]{}]+", chance.choice((b": NaN", b": Infinity", b": -Infinity")), text, count=1) + b" "
    if kind == 2:
        return text[: chance.randrange(len(text))]
    if kind == 3:
        spot = chance.randrange(len(text))
        return text[:spot] + bytes((chance.randrange(128, 256),)) + text[spot + 1 :]
    if kind == 4:
        return b"[" * 5000 + text + b"]" * 5000
    return text + chance.choice((b"}", b"]", b",", b"\x00", b"{}", text))


def mutations(talk: Conversation) -> list[bytes]:
    """Return as many different mutated answers as promised, the same ones in every run."""
    chance = random.Random(talk.id)
    good = json.dumps(talk.answers[talk.step][1])
    words = _words(talk)
    made: dict[bytes, None] = {}
    while len(made) < MUTATED:
        data = json.loads(good)
        for _turn in range(chance.choice((1, 1, 1, 2, 3))):
            data = changed_once(data, chance, words)
        text = json.dumps(data).encode()
        if chance.random() < 0.08:
            text = spoiled(text, chance)
        if text != good.encode():
            made.setdefault(text)
    return list(made)


def _words(talk: Conversation) -> list[Any]:
    """Return the words of the answer itself, and those that the exchange's documents know beside them."""
    data = talk.answers[talk.step][1]
    found: dict[str, Any] = {json.dumps(value): value for value in (at(data, path) for path in places(data))}
    for path in places(data):
        if path and isinstance(path[-1], str):
            found.setdefault(json.dumps(path[-1]), path[-1])
    for rule, rights in conversations.RIGHTS.get(talk.exchange, ()):
        for word in re.findall(r"[A-Za-z][A-Za-z_:-]{2,}", rule) if rights else ():
            found.setdefault(json.dumps(word), word)
    return [value for text, value in found.items() if conversations.STRANGER not in text]


# --- what is held against them ---


def readings(talk: Conversation, mutated: bytes) -> list[list[Any]]:
    """Return what may have been read: all answers, and where a later one is mutated also those before it alone."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError(pairs)
        return dict(pairs)

    def never(text: str) -> Any:
        raise ValueError(text)

    answers = [answer for _status, answer in talk.answers]
    before = [answers[: talk.step]] if talk.step else []
    try:
        data = json.loads(mutated.decode(), object_pairs_hook=once, parse_constant=never)
    except (ValueError, RecursionError):
        return before
    answers[talk.step] = data
    return [answers, *before]


def fits(pattern: str | None, found: set[str]) -> list[re.Match[str]]:
    compiled = re.compile(pattern or r"(?!)", re.DOTALL)
    return [match for match in map(compiled.fullmatch, found) if match is not None]


def check(talk: Conversation, access: Access, key: ObservedKey | None, mutated: bytes) -> None:
    name = talk.exchange
    assert (access.status == "accepted") == (key is not None)
    assert_harmless(to_json(access))
    if key is None:
        return
    assert_harmless(to_json(key))
    read = readings(talk, mutated)
    assert read, "what nobody may read was read"
    wrong = [said_wrong(name, key, conversations.lines(name, answers)) for answers in read]
    assert None in wrong, wrong


def said_wrong(name: str, key: ObservedKey, found: set[str]) -> str | None:
    try:
        check_key(name, key, found)
    except AssertionError as error:
        return str(error)
    return None


def check_key(name: str, key: ObservedKey, found: set[str]) -> None:
    if not any(conversations.STRANGER in line for line in found):
        # Of other keys permissions are told, whatever their words.
        others = tuple(dataclasses.replace(other, permissions=()) for other in key.other_keys or ())
        told = dataclasses.replace(key, other_keys=others)
        assert conversations.STRANGER not in json.dumps(to_json(told)), "another key's data was told"
    check_permissions(name, key, found)
    check_allowlist(name, key, found)
    never, ends = fits(conversations.NEVER_ENDS.get(name), found), fits(conversations.ENDS.get(name), found)
    assert {"never": bool(never), "at": bool(ends), "unknown": True}[key.expiry.state], key.expiry
    for other in key.other_keys or ():
        assert len(other.masked_id) <= 9, "more than the ends of another key's id"
        assert all(word in PERMISSION_WORDS or word.startswith(UNKNOWN_PREFIX) for word in other.permissions)
    assert key.account.level != "sub" or fits(conversations.SUB_ACCOUNT.get(name), found), key.account


def check_permissions(name: str, key: ObservedKey, found: set[str]) -> None:
    if key.permissions is None:
        assert "permissions" in key.not_told
        return
    rights = {right for rule, rights in conversations.RIGHTS[name] if fits(rule, found) for right in rights}
    known = {word for word in key.permissions if not word.startswith(UNKNOWN_PREFIX)}
    assert known <= PERMISSION_WORDS
    if fits(conversations.READ_ONLY.get(name), found):
        assert known <= rights
        return
    assert known == rights, "a permission was made up, or lost"
    rules = re.compile("|".join(f"(?:{rule})" for rule, _rights in conversations.RIGHTS[name]) or "(?!)", re.DOTALL)
    strange = [match for match in fits(conversations.WORDS.get(name), found) if not rules.fullmatch(match.group())]
    assert bool(strange) == any(word.startswith(UNKNOWN_PREFIX) for word in key.permissions), strange


def check_allowlist(name: str, key: ObservedKey, found: set[str]) -> None:
    told = {match.group(1) for match in fits(conversations.ADDRESSES.get(name), found)}
    state, entries = key.allowlist.state, key.allowlist.entries
    if state == "hidden":
        assert fits(conversations.HIDES.get(name), found), "hidden, and nothing says so"
    if state == "entries":
        assert any(told), "restricted to nothing that was told"
    for entry in entries:
        try:
            ipaddress.ip_network(entry, strict=False)
        except ValueError:
            continue
        assert entry in told, "an address that was not there"
    if state == "unrestricted" and any(told):
        assert told & {"", "*", "0.0.0.0/0", "::/0"}, "addresses were told, and are gone"


def assert_harmless(data: Any) -> None:
    if isinstance(data, dict):
        for inner in data.values():
            assert_harmless(inner)
    elif isinstance(data, list):
        for inner in data:
            assert_harmless(inner)
    elif isinstance(data, str):
        assert len(data) < 1000
        assert not any(unicodedata.category(one)[0] == "C" for one in data)
        assert "::error" not in data
        assert "##[" not in data
        assert conversations.SECRET not in data


@EACH_STEP
def test_a_thousand_mutated_answers(talk: Conversation) -> None:
    became: collections.Counter[str] = collections.Counter()
    made = mutations(talk)
    for mutated in made:
        access, key = ask(talk, mutated)
        try:
            check(talk, access, key, mutated)
        except AssertionError as error:
            raise AssertionError(f"{error}: {mutated!r}: {access} {key}") from error
        became[access.status] += 1
    assert sum(became.values()) == len(set(made)) >= MUTATED
    assert became["accepted"] < MUTATED
    assert (became["accepted"] > 0) == (talk.id not in NEVER_ACCEPTED), became


#: Interviews that end with a refusal, whatever the last answer is.
NEVER_ACCEPTED = ("binance-2", "coinbase-2")


def test_every_exchange_and_every_read_of_a_key_is_mutated() -> None:
    assert {talk.exchange for talk in CONVERSATIONS} == set(_registry.EXCHANGES)
    assert len({talk.id for talk in CONVERSATIONS}) == len(CONVERSATIONS)
    asked: set[tuple[str, str, str]] = set()
    for talk in CONVERSATIONS:
        http = Said(*((status, json.dumps(data).encode()) for status, data in talk.answers))
        put(talk, http)
        asked |= {(talk.exchange, request.method, urlsplit(request.url).path) for request in http.asked}
    listed = {(name, *read) for name, exchange in _registry.EXCHANGES.items() for read in exchange.reads()}
    clocks = {
        (name, request.method, urlsplit(request.url).path)
        for name, exchange in _registry.EXCHANGES.items()
        for request in (exchange.time_request(site=next(iter(exchange.sites().values()))),)
    }
    assert listed - clocks <= asked <= listed


#: What an exchange may call a new right tomorrow, and what somebody may make it say.
NEW_WORDS = (
    "withdraw_all", "MoveAssets", "trade2", "a.b-c_d", "x" * 300, "a\n::error file=x::b", "##[error]c", "d\x1b[31mred",
    "{{ lookup('pipe','id') }}", "<script>alert(1)</script>", "\u202egnp.exe", "z\u200bw", "caf\u00e9",
)  # fmt: skip


def with_word(name: str, data: Any, path: tuple[Any, ...], word: str) -> str:
    """Put the word where a permission is; return what must be found of it in the name that is told."""
    holder = at(data, path)
    plain: str = max(re.findall(r"[A-Za-z0-9_.]+", word), key=len)[:20]
    if name in ("binance", "coinbase", "gemini"):
        prefix = {"binance": "enable", "coinbase": "can_", "gemini": "is"}[name]
        holder[prefix + word] = True
    elif name == "bitfinex":
        holder.append([word, 0, 1])
    elif name == "bingx":
        holder.append(len(word) + 1000)
        return str(len(word) + 1000)
    elif name == "gate":
        holder.append({"name": word, "read_only": False})
    elif name == "krakenfutures":
        holder[word] = "full"
    elif isinstance(holder, list):
        holder.append(word)
    else:
        separator = {"deribit": " ", "hyperliquid": ""}.get(name, ",")
        at(data, path[:-1])[path[-1]] = f"{holder}{separator}{word}" if separator else word
    return plain


@pytest.mark.parametrize("name", sorted(conversations.NEW_WORD))
@pytest.mark.parametrize("word", NEW_WORDS)
def test_a_new_word_is_told_by_its_name_and_harmless(name: str, word: str) -> None:
    step, path = conversations.NEW_WORD[name]
    talk = next(talk for talk in CONVERSATIONS if (talk.exchange, talk.step) == (name, step))
    data = json.loads(json.dumps(talk.answers[step][1]))
    shown = with_word(name, data, path, word)
    access, key = ask(talk, json.dumps(data).encode())
    assert access.status == "accepted"
    assert key is not None
    unknown = [one for one in key.permissions or () if one.startswith(UNKNOWN_PREFIX)]
    assert any(shown in one for one in unknown), unknown
    assert_harmless(to_json(key))


def test_labels_messages_and_addresses_come_out_harmless() -> None:
    for talk in CONVERSATIONS:
        good = json.dumps(talk.answers[talk.step][1])
        for path in places(json.loads(good)):
            data = json.loads(good)
            if path and isinstance(at(data, path), str):
                for word in NEW_WORDS:
                    at(data, path[:-1])[path[-1]] = word
                    access, key = ask(talk, json.dumps(data).encode())
                    assert_harmless(to_json(access))
                    assert_harmless(None if key is None else to_json(key))


@EACH_STEP
def test_a_million_entries_end_soon(talk: Conversation) -> None:
    good = json.dumps(talk.answers[talk.step][1])
    lists = [path for path in places(json.loads(good)) if path and isinstance(at(json.loads(good), path), list)]
    texts = [path for path in places(json.loads(good)) if path and "," in str(at(json.loads(good), path))]
    started = time.monotonic()
    for path in (lists or texts)[:1]:
        data = json.loads(good)
        at(data, path[:-1])[path[-1]] = [0] * 1_000_000 if lists else "," * 1_000_000
        ask(talk, json.dumps(data, separators=(",", ":")).encode())
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("talk", [talk for talk in CONVERSATIONS if talk.step], ids=lambda talk: talk.id)
@pytest.mark.parametrize("status", [418, 429, 403])
def test_a_call_for_silence_at_a_later_step_ends_the_interview(talk: Conversation, status: int) -> None:
    """Whatever the key is worth: it must be known that nobody may ask on from this address."""
    answers = [(said, json.dumps(data).encode()) for said, data in talk.answers]
    answers[talk.step] = (status, b"<html>too many</html>")
    http = Said(*answers)
    access, key = put(talk, http)
    assert (access.status, access.code) == ("ambiguous" if status == 403 else "rate_limited", f"HTTP {status}")
    assert (key, len(http.asked)) == (None, talk.step + 1)
