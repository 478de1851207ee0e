# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules for gitleaks and trufflehog from the forms of the exchanges' keys: the files of ``leak-rules``.

Both tools use Go's regular expressions (RE2): no look-around, no back references. There are rules for every exchange,
also where a tool has some of its own: those see little more than a variable that is named after the exchange.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from tests.collection import CHECKOUT

DIRECTORY = CHECKOUT / "leak-rules"
GITLEAKS = DIRECTORY / "gitleaks.toml"
TRUFFLEHOG = DIRECTORY / "trufflehog.yaml"
#: The first trufflehog whose detectors take a description, an entropy and words.
TRUFFLEHOG_NEEDS = (3, 88, 13)

#: Spellings of names that are more, or other, than the exchange's own id; patterns, and the words that must be there.
_SPELLINGS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "cryptocom": (r"crypto[_.-]?com", ("cryptocom", "crypto_com", "crypto.com", "crypto-com")),
    "gate": (r"gate[_.-]?io", ("gateio", "gate_io", "gate.io", "gate-io")),
    "htx": (r"(?:htx|huobi)", ("htx", "huobi")),
    "krakenfutures": (r"kraken[_-]?futures", ("krakenfutures", "kraken_futures", "kraken-futures")),
    "okx": (r"(?:okx|okex)", ("okx", "okex")),
    "woo": (r"woo[_-]?x", ("woox", "woo_x", "woo-x")),
}
_ANY = r"[A-Za-z0-9+/_-]{20,128}={0,2}"
#: Pairs of these forms are too common where nothing names the exchange.
_TOO_COMMON = frozenset(("deribit", "htx"))

#: Bits for each character; 32 random hexadecimal digits have about 3.5, words less than 3.
ENTROPY = 2.9
STOP_WORDS = (
    "example",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "xxxx",
    "dummy",
    "your_",
    "your-",
    "secret",
)


@dataclasses.dataclass(frozen=True)
class LeakRule:
    """One rule: ``pattern`` has one group, the secret; one of ``keywords`` must be in the text, in lower case."""

    id: str
    description: str
    pattern: str
    keywords: tuple[str, ...]


def rules() -> Iterator[LeakRule]:
    """Yield a rule for each exchange, and one for each pair that needs no name."""
    for name, exchange in sorted(EXCHANGES.items()):
        shape = exchange.key_shape()
        spelled, keywords = _SPELLINGS.get(name, (name, (name,)))
        field = r"(?:secret|private_?key|_pk)" if name == "hyperliquid" else "secret"
        yield LeakRule(
            f"{name}-api-secret",
            f"Secret of an API key of {exchange.title}",
            rf"(?i)(?:\b|_){spelled}[^{{}}]{{0,200}}?{field}{_value(shape.secret or _ANY)}",
            keywords,
        )
        if shape.api_key and shape.secret and name not in _TOO_COMMON:
            yield LeakRule(
                f"{name}-api-key-pair",
                f"API key and secret of the form that {exchange.title} gives out",
                rf"(?i)\bapi_?key\W{{1,8}}(?-i:{_plain(shape.api_key)})\W[^{{}}]{{0,99}}?secret{_value(shape.secret)}",
                ("apikey", "api_key"),
            )


def _value(form: str) -> str:
    return rf"[\w-]{{0,24}}\W{{1,8}}?((?-i:{_plain(form)}))(?:[^\w+/=-]|$)"


def _plain(form: str) -> str:
    return form.replace("(", "(?:")


def files() -> Iterator[tuple[Path, str]]:
    """Yield each file and what it should say."""
    yield GITLEAKS, gitleaks()
    yield TRUFFLEHOG, trufflehog()


_HEAD = """\
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""


def gitleaks() -> str:
    """Return the configuration for gitleaks 8.21 and newer.

    The words stand in each rule. In the file's own list they would silence gitleaks' rules too.
    """
    text = _HEAD + (
        "# Secrets of exchanges, beside gitleaks' own rules. See README.md.\n"
        "# Written by `make generated` from the forms of the exchanges' keys: do not edit it.\n\n"
        'title = "API keys of exchanges"\n\n[extend]\nuseDefault = true\n'
    )
    for rule in rules():
        text += (
            f"\n[[rules]]\nid = {_quoted(rule.id)}\ndescription = {_quoted(rule.description)}\n"
            f"regex = '''{rule.pattern}'''\nsecretGroup = 1\nentropy = {ENTROPY}\n"
            f"keywords = [{', '.join(_quoted(word) for word in rule.keywords)}]\n"
            f"allowlists = [{{ stopwords = [{', '.join(_quoted(word) for word in STOP_WORDS)}] }}]\n"
        )
    return text


def trufflehog() -> str:
    """Return the custom detectors for trufflehog from ``TRUFFLEHOG_NEEDS`` up."""
    text = _HEAD + (
        "# Secrets of exchanges, beside trufflehog's own detectors. See README.md.\n"
        "# Written by `make generated` from the forms of the exchanges' keys: do not edit it.\n\n"
        "---\ndetectors:\n"
    )
    for rule in rules():
        text += (
            f"  - name: {rule.id}\n    description: {rule.description}\n"
            f"    keywords: [{', '.join(rule.keywords)}]\n"
            f"    regex:\n      secret: '{rule.pattern}'\n"
            f"    entropy: {ENTROPY}\n    exclude_words: [{', '.join(STOP_WORDS)}]\n"
        )
    return text


def _quoted(text: str) -> str:
    return f'"{text}"'
