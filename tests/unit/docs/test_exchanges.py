# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docs/exchanges.md says of an exchange is what the code holds. Run this file to print the tables anew."""

from __future__ import annotations

import datetime
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential, Exchange, Question
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._driver import NEXT_STEPS
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._pace import SPACING
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._signing import KEY_TYPES
from ansible_collections.trading.hosts.plugins.module_utils._facts import PRODUCT_WORDS
from ansible_collections.trading.hosts.plugins.module_utils._http import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_GUIDE = Path(__file__).resolve().parents[3] / "docs" / "exchanges.md"
#: The file of each exchange.
_MODULES: Mapping[str, Any] = {name: sys.modules[type(exchange).__module__] for name, exchange in EXCHANGES.items()}
_NOT_KNOWN = "not known"
_AT = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)


def facts(exchange: Exchange) -> str:
    """Return what the code knows of an exchange, as Markdown."""
    return "\n".join(
        [
            "| | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in _rows(exchange)),
            "",
            "| environment | region | host | a key tells about itself |",
            "|---|---|---|---|",
            *(
                f"| `{environment}` | `{region}` | `{urlsplit(site.base_url).netloc}` | "
                f"{'yes' if site.introspects else 'no, only that it is accepted'} |"
                for (environment, region), site in exchange.sites().items()
            ),
            "",
            *([] if "permissions" in exchange.cannot_tell() else _permissions(exchange)),
            "| code | class | what to do |",
            "|---|---|---|",
            *(
                f"| `{code}` | `{refused.status}` | {refused.next_step or NEXT_STEPS[refused.status]} |"
                for code, refused in _MODULES[exchange.name].REFUSALS.items()
            ),
            f"| any other | `ambiguous` | {NEXT_STEPS['ambiguous']} |",
        ]
    )


def _permissions(exchange: Exchange) -> list[str]:
    return [
        "| the exchange's word | what it is here |",
        "|---|---|",
        *(f"| `{word}` | {_codes(sorted(meaning))} |" for word, meaning in _words(exchange)),
        "| any other | `unknown:` and the word; it fails `unknown-permission` |",
        "",
    ]


def _rows(exchange: Exchange) -> Iterable[tuple[str, str]]:
    ((environment, _region), site), *_others = exchange.sites().items()
    question = Question(Credential("key", "A" * 43 + "=", "phrase"), _AT, site, environment)
    yield "the one signed read", f"`{_path(exchange.key_request(question))}`"
    yield "its clock, unsigned, only after a refusal for the time", f"`{_path(exchange.time_request(site=site))}`"
    shape = exchange.key_shape()
    yield "a key looks like", _pattern(shape.api_key)
    yield "a secret looks like", _pattern(shape.secret)
    yield "types of key", ", ".join(KEY_TYPES[name] for name in exchange.key_types()) or "none: nothing is signed"
    passphrase = exchange.passphrase_rule()
    yield (
        "passphrase",
        "none; one that is given is refused" if passphrase is None else f"needed: {passphrase.described}",
    )
    if passphrase is not None:
        yield "source", f"{passphrase.source}, {passphrase.as_of}"
    nonce = exchange.nonce_rule()
    if nonce is not None:
        yield "its requests are numbered", nonce.described
        yield "units of the numbers", f"{_codes(nonce.units)}; the first one unless `nonce.unit` says another"
        yield "source", f"{nonce.source}, {nonce.as_of}"
    allowlist = exchange.allowlist_rule()
    grammar = allowlist.grammar
    yield "allowlist: most entries", str(grammar.max_entries or _NOT_KNOWN)
    yield (
        "allowlist: takes",
        "; ".join(
            f"{what}: {_NOT_KNOWN if taken is None else 'yes' if taken else 'no'}"
            for what, taken in (
                ("IPv4 networks", grammar.networks_v4),
                ("IPv6 addresses", grammar.ipv6),
                ("IPv6 networks", grammar.networks_v6),
                ("ranges", grammar.ranges),
            )
        ),
    )
    yield "source", f"{allowlist.source}, {allowlist.as_of}"
    lifetime = exchange.lifetime_rule()
    if lifetime is not None:
        yield "without IP restriction", lifetime.described
        yield "source", f"{lifetime.source}, {lifetime.as_of}"
    clock = exchange.clock_tolerance()
    yield "clock of the host", f"at most {clock.ahead:g} s ahead, {clock.behind:g} s behind"
    limit = exchange.rate_limit()
    asked = f"{1 / SPACING:g} in a second"
    if limit is not None:
        asked = f"{limit.requests} in {limit.seconds:g} s. The exchange: {limit.described}"
    yield "questions, at most", asked
    if limit is not None:
        yield "source", f"{limit.source}, {limit.as_of}"
    yield "cannot tell", _codes(sorted(exchange.cannot_tell()))
    yield "gives only together", "; ".join(_together(exchange)) or "nothing that is known"
    yield "a sub-account's key can withdraw", "never" if exchange.withdraw_needs_master() else _NOT_KNOWN
    if exchange.restriction_voids_keys():
        yield "after a restriction of the account", "its keys must be created again"
    yield "where to click", exchange.click_path()
    yield "where to edit the addresses", allowlist.click_path


def _together(exchange: Exchange) -> Iterable[str]:
    """For each product that cannot be had alone: what else comes with it."""
    for product, word in sorted(PRODUCT_WORDS.items()):
        alone = frozenset((word, "read"))
        if more := exchange.closure(alone) - alone:
            yield f"{product} with {_codes(sorted(more))}"


def _path(request: Request) -> str:
    return f"{request.method} {urlsplit(request.url).path}"


def _pattern(pattern: str | None) -> str:
    return _NOT_KNOWN if pattern is None else f"`{pattern}`"


def _codes(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _words(exchange: Exchange) -> Iterable[tuple[str, Iterable[str]]]:
    module = _MODULES[exchange.name]
    table = getattr(module, "_BOXES", None) or module._WORDS
    for word, meaning in table.items():
        yield ":".join(word) if isinstance(word, tuple) else word, meaning
    for group, meaning in getattr(module, "_GROUPS", {}).items():
        yield f"{group}:*", meaning


def _shown(guide: str, name: str) -> str:
    return guide.partition(f"<!-- facts of {name} -->\n")[2].partition(f"\n<!-- end of {name} -->")[0].strip()


@pytest.mark.parametrize("name", EXCHANGES)
def test_the_guide_says_what_the_code_holds(name: str) -> None:
    assert _shown(_GUIDE.read_text(encoding="utf-8"), name) == facts(EXCHANGES[name])


def test_the_guide_has_each_exchange_once() -> None:
    named = re.findall(r"^<!-- facts of (\w+) -->$", _GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(named) == sorted(EXCHANGES)


def test_the_guide_shows_no_code_that_the_exchange_file_lacks() -> None:
    guide = _GUIDE.read_text(encoding="utf-8")
    for name, module in _MODULES.items():
        rows = re.findall(
            r"^\| `([^`]+)` \| `(\w+)` \|", _shown(guide, name).rpartition("| code |")[2], flags=re.MULTILINE
        )
        assert rows == [(code, refused.status) for code, refused in module.REFUSALS.items()]


if __name__ == "__main__":
    text = _GUIDE.read_text(encoding="utf-8")
    for each in EXCHANGES.values():
        before, begin, rest = text.partition(f"<!-- facts of {each.name} -->")
        _old, end, after = rest.partition(f"<!-- end of {each.name} -->")
        text = f"{before}{begin}\n\n{facts(each)}\n\n{end}{after}"
    sys.stdout.write(text)
