# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docs/exchanges.md says between its marks: all of it is what the code holds."""

from __future__ import annotations

import datetime
import re
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential, Exchange, Question
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._driver import NEXT_STEPS
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._pace import SPACING
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._signing import KEY_TYPES
from ansible_collections.trading.hosts.plugins.module_utils._facts import PRODUCT_WORDS
from ansible_collections.trading.hosts.plugins.module_utils._message import Request
from tests.collection import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

FILE = CHECKOUT / "docs" / "exchanges.md"
#: The file of each exchange.
_MODULES: Mapping[str, Any] = {name: sys.modules[type(exchange).__module__] for name, exchange in EXCHANGES.items()}
_NOT_KNOWN = "not known"
_AT = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)
#: What ``lists_keys_of`` says, in words.
_LISTS_KEYS: Mapping[str | None, str] = {
    None: "no",
    "any": "of every account, with `tell_other_keys`",
    "main": "of main accounts alone, with `tell_other_keys`",
}
#: The fields of a key that most people look for, as they read them.
_FIELDS = {
    "permissions": "permissions",
    "allowlist": "addresses",
    "created_at": "creation",
    "expiry": "end",
    "label": "label",
    "account": "account",
}


def files() -> Iterator[tuple[Path, str]]:
    """Yield the guide and what it should say."""
    yield FILE, written(FILE.read_text(encoding="utf-8"))


def written(guide: str) -> str:
    """Return the guide with everything between its marks written anew."""
    guide = _between(guide, "all exchanges", overview())
    for exchange in EXCHANGES.values():
        guide = _between(guide, exchange.name, facts(exchange))
    return guide


def _between(guide: str, name: str, text: str) -> str:
    begin, end = f"<!-- facts of {name} -->", f"<!-- end of {name} -->"
    before, found, rest = guide.partition(begin)
    _old, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise ValueError(f"{FILE.name} has no section between {begin} and {end}; write one where it belongs")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def overview() -> str:
    """Return the table of all exchanges."""
    lines = [
        "| | tells of a key | never tells | needs | limits | the smallest key that trades | source |",
        "|---|---|---|---|---|---|---|",
    ]
    for exchange in sorted(EXCHANGES.values(), key=lambda exchange: exchange.title.lower()):
        cells = (_tells(exchange), _never_tells(exchange), _needs(exchange), _limits(exchange), _smallest(exchange))
        lines.append(f"| [{exchange.title}](#{_anchor(exchange.title)}) | {' | '.join(cells)} | {exchange.sources} |")
    return "\n".join(lines)


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")


def _tells(exchange: Exchange) -> str:
    part = exchange.tells_in_part()
    whole, some = [], dict[str, list[str]]()
    for field, name in _fields(exchange, told=True):
        some.setdefault(part[field], []).append(name) if field in part else whole.append(name)
    said = [", ".join(whole)] if whole else []
    said += [f"{n[0]} ({which})" if len(n) == 1 else f"{which}: {', '.join(n)}" for which, n in some.items()]
    return "; ".join(said) or "only whether it is accepted"


def _never_tells(exchange: Exchange) -> str:
    return ", ".join(name for _field, name in _fields(exchange, told=False)) or "-"


def _fields(exchange: Exchange, *, told: bool) -> list[tuple[str, str]]:
    """Return the fields that are told, or those that never are, and their names; no addresses where there are none."""
    never = exchange.cannot_tell()
    there = {field for field in _FIELDS if field != "allowlist" or exchange.restricts_addresses()}
    return [(field, name) for field, name in _FIELDS.items() if field in there and (field not in never) is told]


def _needs(exchange: Exchange) -> str:
    types = " or ".join(KEY_TYPES[name] for name in exchange.key_types())
    needs = [f"key and secret: {types}" if exchange.needs_secret() else "the key's address alone, no secret"]
    passphrase = exchange.passphrase_rule()
    if passphrase is not None:
        needs.append("a passphrase" + (" (`uid` in ccxt)" if passphrase.ccxt_name == "uid" else ""))
    if exchange.nonce_rule() is not None:
        needs.append("`nonce`: [numbered requests](#numbered-requests)")
    return ", ".join(needs)


def _limits(exchange: Exchange) -> str:
    lifetime, clock, most = exchange.lifetime_rule(), exchange.clock_tolerance(), exchange.allowlist_rule().grammar
    ahead, behind = f"{clock.ahead:g} s", f"{clock.behind:g} s"
    limits = [f"clock {ahead} both ways" if ahead == behind else f"clock {ahead} ahead, {behind} behind"]
    if not exchange.restricts_addresses():
        limits.append("no allowlist")
    elif most.max_entries:
        limits.append(f"{most.max_entries} addresses")
    if lifetime is not None and lifetime.days is not None:
        ends = "the right to trade ends" if lifetime.scope == "trade" else "ends"
        idle = " without use" if lifetime.idle else ""
        without = "without addresses " if exchange.restricts_addresses() else ""
        limits.append(f"{without}{ends} after {lifetime.days} days{idle}")
    if (limit := exchange.rate_limit()) is not None:
        limits.append(f"{limit.requests} question{'s' * (limit.requests > 1)} in {limit.seconds:g} s")
    return "; ".join(limits)


def _smallest(exchange: Exchange) -> str:
    """Return the least grant that trades spot, or futures where there is no spot, and how it is kept to the host."""
    told = () if "permissions" in exchange.cannot_tell() else _words(exchange)
    known = {word for _word, meaning in told for word in meaning}
    if not known & {"spot_trade", "futures_trade"}:
        grant = "`read` and the one product; what comes with it is not known"
    else:
        product = "spot_trade" if "spot_trade" in known else "futures_trade"
        more = sorted(exchange.closure(frozenset((product, "read"))) - {product, "read"})
        grant = f"`read`, `{product}`" + (f", and with it {_codes(more)}" if more else "")
    return grant + ("; the host's addresses" if exchange.restricts_addresses() else "")


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
    if part := exchange.tells_in_part():
        yield "tells in part", "; ".join(f"`{field}`: {which}" for field, which in part.items())
    yield "lists an account's keys", _LISTS_KEYS[exchange.lists_keys_of()]
    yield "gives only together", "; ".join(_together(exchange)) or "nothing that is known"
    yield "a sub-account's key can withdraw", "never" if exchange.withdraw_needs_master() else _NOT_KNOWN
    if exchange.restriction_voids_keys():
        yield "after a restriction of the account", "its keys must be created again"
    yield "where to click", exchange.click_path()
    yield "where to edit the addresses", allowlist.click_path
    yield "source of all that has none of its own, and of the tables below", exchange.sources


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
