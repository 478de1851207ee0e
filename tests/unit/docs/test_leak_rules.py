# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules for gitleaks and trufflehog: what they find and what not, by RE2, which is the engine of both.

Around the pattern stands what the tools document: a keyword must be in the text (in lower case), the first group is the
secret, it needs its entropy, and a stop word in it ends the matter. ``tests/leak_rules`` asks the tools themselves.
"""

from __future__ import annotations

import collections
import math
import tomllib
from collections.abc import Sequence
from typing import NamedTuple

import pytest
import re2
import yaml

from ansible_collections.trading.hosts.plugins.module_utils._exposed._forms import FORMS
from tests.generated import leak_rules
from tests.leak_rules import samples


class Reading(NamedTuple):
    """A rule as a tool reads it."""

    id: str
    pattern: str
    keywords: Sequence[str]
    entropy: float
    stop_words: Sequence[str]


def gitleaks() -> list[Reading]:
    data = tomllib.loads(leak_rules.GITLEAKS.read_text(encoding="utf-8"))
    # What stands beside the rules would hold for gitleaks' own ones too.
    assert set(data) == {"title", "extend", "rules"}
    assert data["extend"] == {"useDefault": True}
    assert {rule["secretGroup"] for rule in data["rules"]} == {1}
    return [
        Reading(rule["id"], rule["regex"], rule["keywords"], rule["entropy"], rule["allowlists"][0]["stopwords"])
        for rule in data["rules"]
    ]


def trufflehog() -> list[Reading]:
    data = yaml.safe_load(leak_rules.TRUFFLEHOG.read_text(encoding="utf-8"))
    return [
        Reading(each["name"], each["regex"]["secret"], each["keywords"], each["entropy"], each["exclude_words"])
        for each in data["detectors"]
    ]


TOOLS = {"gitleaks": gitleaks(), "trufflehog": trufflehog()}


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
    assert {rule.id.removesuffix("-api-secret") for rule in TOOLS[tool] if rule.id.endswith("secret")} == set(FORMS)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("exchange", FORMS)
def test_a_secret_of_each_exchange_is_found(tool: str, exchange: str) -> None:
    secret, texts = samples.with_name(exchange)
    for text in texts.values():
        assert found(tool, text).get(f"{exchange}-api-secret") == secret, text


@pytest.mark.parametrize("tool", TOOLS)
def test_a_pair_is_found_where_nothing_names_the_exchange(tool: str) -> None:
    told = 0
    for exchange in FORMS:
        if any(rule.id == f"{exchange}-api-key-pair" for rule in TOOLS[tool]):
            secret, text = samples.without_name(exchange)
            assert found(tool, text)[f"{exchange}-api-key-pair"] == secret
            told += 1
    assert told >= 5


QUIET = {**samples.QUIET, **samples.FILTERED}


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", QUIET)
def test_what_is_no_secret_is_left_alone(tool: str, name: str) -> None:
    assert found(tool, QUIET[name]) == {}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_key_of_a_wallet(tool: str) -> None:
    assert found(tool, samples.WALLETS_TEXT) == {"hyperliquid-api-secret": samples.WALLET}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_rules_themselves_are_quiet(tool: str) -> None:
    for path in leak_rules.DIRECTORY.iterdir():
        assert found(tool, path.read_text(encoding="utf-8")) == {}, path.name
