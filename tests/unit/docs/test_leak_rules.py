# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules for gitleaks and trufflehog: what they find and what not, by RE2, which is the engine of both.

Around the pattern stands what the tools document: a keyword must be in the text (in lower case), the first group is the
secret, it needs its entropy, and a stop word in it ends the matter. Samples are made up while the test runs.
"""

from __future__ import annotations

import collections
import json
import math
import random
import tomllib
from collections.abc import Sequence
from typing import NamedTuple

import pytest
import re2
import yaml

from ansible_collections.trading.hosts.plugins.module_utils._exposed._forms import FORMS
from tests.generated import leak_rules
from tests.unit.module_utils._exposed.build import ANY, made, pair


class Reading(NamedTuple):
    """A rule as a tool reads it."""

    id: str
    pattern: str
    keywords: Sequence[str]
    entropy: float
    stop_words: Sequence[str]


def gitleaks() -> list[Reading]:
    data = tomllib.loads(leak_rules.GITLEAKS.read_text(encoding="utf-8"))
    assert data["extend"] == {"useDefault": True}
    assert {rule["secretGroup"] for rule in data["rules"]} == {1}
    stop = data["allowlist"]["stopwords"]
    return [Reading(each["id"], each["regex"], each["keywords"], each["entropy"], stop) for each in data["rules"]]


def trufflehog() -> list[Reading]:
    data = yaml.safe_load(leak_rules.TRUFFLEHOG.read_text(encoding="utf-8"))
    return [
        Reading(each["name"], each["regex"]["secret"], each["keywords"], each["entropy"], each["exclude_words"])
        for each in data["detectors"]
    ]


TOOLS = {"gitleaks": gitleaks(), "trufflehog": trufflehog()}
KNOWN = {"gitleaks": leak_rules.KNOWN_TO_GITLEAKS, "trufflehog": leak_rules.KNOWN_TO_TRUFFLEHOG}
#: How a text names an exchange whose own id is a common word.
NAMES = {"gate": "gateio", "woo": "woo_x", "cryptocom": "crypto_com"}


def entropy(text: str) -> float:
    counts = collections.Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def found(tool: str, text: str) -> dict[str, str]:
    """Return the secrets that a tool would tell, by rule."""
    told = {}
    for rule in TOOLS[tool]:
        if not any(keyword in text.lower() for keyword in rule.keywords):
            continue
        for match in re2.finditer(rule.pattern, text):
            secret = match.group(1)
            if entropy(secret) > rule.entropy and not any(word in secret.lower() for word in rule.stop_words):
                told[rule.id] = secret
    return told


@pytest.mark.parametrize("tool", TOOLS)
def test_what_is_generated_is_current(tool: str) -> None:
    for file, text in leak_rules.files():
        assert file.read_text(encoding="utf-8") == text, f"{file.name}: run make generated"


@pytest.mark.parametrize("tool", TOOLS)
def test_every_rule_is_one_that_the_tool_takes(tool: str) -> None:
    assert len({rule.id for rule in TOOLS[tool]}) == len(TOOLS[tool])
    for rule in TOOLS[tool]:
        assert re2.compile(rule.pattern).groups == 1
        assert all(keyword == keyword.lower() for keyword in rule.keywords)
    assert {rule.id.removesuffix("-api-secret") for rule in TOOLS[tool] if rule.id.endswith("secret")} == (
        set(FORMS) - KNOWN[tool]
    )


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("exchange", FORMS)
def test_a_secret_of_each_exchange_is_found(tool: str, exchange: str) -> None:
    if exchange in KNOWN[tool]:
        assert not [rule for rule in TOOLS[tool] if rule.id.startswith(f"{exchange}-")]
        return
    name = NAMES.get(exchange, exchange)
    key, secret = pair(exchange)
    texts = [
        f"{name.upper()}_API_SECRET={secret}\n",
        f"export {name}_secret='{secret}'",
        json.dumps({"exchange": {"name": name, "key": key, "secret": secret}}, indent=4),
        f"{name}:\n  api_key: {key}\n  api_secret: {secret}\n",
        f"ccxt.{name}({{'apiKey': '{key}', 'secret': '{secret}'}})".replace("({", "(").replace("})", ")"),
        f'[accounts]\nexchange = "{name}"\nsecret_key = "{secret}"\n',
    ]
    for text in texts:
        assert found(tool, text).get(f"{exchange}-api-secret") == secret, text


@pytest.mark.parametrize("tool", TOOLS)
def test_a_pair_is_found_where_nothing_names_the_exchange(tool: str) -> None:
    told = 0
    for exchange in FORMS:
        if any(rule.id == f"{exchange}-api-key-pair" for rule in TOOLS[tool]):
            key, secret = pair(exchange)
            assert found(tool, json.dumps({"apiKey": key, "secret": secret}))[f"{exchange}-api-key-pair"] == secret
            told += 1
    assert told >= 5


_CHANCE = random.Random(3)
OTHER = made(ANY, chance=_CHANCE)
WALLET = made("0x[0-9a-f]{64}", chance=_CHANCE)
QUIET = {
    "placeholder": '{"name": "binance", "key": "your_exchange_key", "secret": "your_exchange_secret"}',
    "placeholder, long": f"BINANCE_API_SECRET={'x' * 64}",
    "counted": f"BINANCE_API_SECRET={'01' * 32}",
    "vaulted": f"binance_secret: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  {'3162' * 20}\n",
    "template": "binance_secret: '{{ vaulted_binance_secret_number_12 }}'",
    "program": "secret = self.binance_client.secret_of_account(name)",
    "other braces": json.dumps([{"name": "binance"}, {"secret": pair("binance")[1]}]),
    "another trade": f"client_secret: {OTHER}",
    "key id alone": f"BINANCE_API_KEY={pair('binance')[0]}\n",
    "longer than the form": f"BINANCE_API_SECRET={pair('binance')[1]}{OTHER}",
    "prose": "Binance shows the secret once; write it down.",
}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", QUIET)
def test_what_is_no_secret_is_left_alone(tool: str, name: str) -> None:
    assert found(tool, QUIET[name]) == {}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_key_of_a_wallet(tool: str) -> None:
    assert found(tool, f"HYPERLIQUID_PK={WALLET}\n") == {"hyperliquid-api-secret": WALLET}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_rules_themselves_are_quiet(tool: str) -> None:
    for path in leak_rules.DIRECTORY.iterdir():
        assert found(tool, path.read_text(encoding="utf-8")) == {}, path.name
