# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The grammar of one entry: every text is classified, and only plain text denotes addresses."""

from __future__ import annotations

import ipaddress
import time
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._allowlist._grammar import (
    PROBLEMS,
    Entry,
    parse_entry,
    read_address,
)
from ansible_collections.trading.hosts.plugins.module_utils._allowlist._rule import AllowlistGrammar, split_list
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError

KINDS = {"address", "network", "range", "masked", "everything", "malformed"}
TAKES_ALL = AllowlistGrammar(networks_v4=True, networks_v6=True, ipv6=True, ranges=True)
NOT_KNOWN = AllowlistGrammar()
V4_ONLY = AllowlistGrammar(networks_v4=False, networks_v6=False, ipv6=False, ranges=False)
GRAMMARS = [TAKES_ALL, NOT_KNOWN, V4_ONLY]

ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
#: Text that comes close to an address, which random text never does.
NEAR_ADDRESSES = st.text(alphabet="0123456789.:/-*x%[] ,af\u0663\u00a0\u200b", max_size=40)


def span_of(text: str) -> tuple[int, int, int]:
    network = ipaddress.ip_network(text)
    return network.version, int(network.network_address), int(network.broadcast_address)


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("8.8.8.8", "address", "8.8.8.8/32"),
        ("0.0.0.0", "address", "0.0.0.0/32"),
        ("255.255.255.255", "address", "255.255.255.255/32"),
        ("8.8.8.8/32", "network", "8.8.8.8/32"),
        ("8.8.8.0/24", "network", "8.8.8.0/24"),
        ("128.0.0.0/1", "network", "128.0.0.0/1"),
        ("0.0.0.0/0", "everything", "0.0.0.0/0"),
        ("::/0", "everything", "::/0"),
        ("2606:4700::1111", "address", "2606:4700::1111/128"),
        ("2606:4700:0:0:0:0:0:1111", "address", "2606:4700::1111/128"),
        ("2606:4700::8.8.8.8", "address", "2606:4700::808:808/128"),
        ("2606:4700::/32", "network", "2606:4700::/32"),
        ("2A02:C207::1", "address", "2a02:c207::1/128"),
    ],
)
def test_what_denotes_addresses(text: str, kind: str, span: str) -> None:
    entry = parse_entry(text, rule=TAKES_ALL)
    assert (entry.kind, entry.problem, entry.accepted, entry.spans) == (kind, "", True, (span_of(span),))
    assert (entry.version, entry.first, entry.last) == span_of(span)
    # Only the empty address is read in another way too.
    assert entry.readings == (() if entry.last else (span_of("0.0.0.0/0"),))


MALFORMED = [
    ("", "empty"),
    ("   ", "empty"),
    ("\t\n", "empty"),
    ("\u00a0", "empty"),
    ("8.8.8.8 ", "whitespace"),
    (" 8.8.8.8", "whitespace"),
    ("8.8.8 .8", "whitespace"),
    ("8.8.8.8\n", "whitespace"),
    ("8.8.8.8\t", "whitespace"),
    ("8.8.8.8\u00a0", "whitespace"),
    ("8.8.8.8\u3000", "whitespace"),
    ("8.8.8.8 - 8.8.8.9", "several-addresses"),
    ("8.8.8.8\u200b", "invisible-character"),
    ("\ufeff8.8.8.8", "invisible-character"),
    ("8.8.8.8\x00", "invisible-character"),
    ("8.8.8.8\x7f", "invisible-character"),
    ("\u0668.8.8.8", "non-ascii-digit"),
    ("\uff18.8.8.8", "non-ascii-digit"),
    ("8.8.8.\u096e", "non-ascii-digit"),
    ("8\u30028\u30028\u30028", "non-ascii"),
    ("8.8.8.8\u20138.8.8.9", "non-ascii"),
    ("8.8.8.\u00b2", "non-ascii"),
    ("8.8.8.8,9.9.9.9", "several-addresses"),
    ("8.8.8.8 9.9.9.9", "several-addresses"),
    ("8.8.8.8;9.9.9.9", "several-addresses"),
    ("8.8.8.8,", "separator"),
    (",", "separator"),
    ("203.**.154;foo", "separator"),
    ('"8.8.8.8"', "quotes"),
    ("https://8.8.8.8/", "url"),
    ("[2001:db8::1]", "brackets"),
    ("[8.8.8.8", "brackets"),
    ("[2001:db8::1]:443", "port"),
    ("8.8.8.8:443", "port"),
    ("example.org:443", "port"),
    ("1.2.3.*", "wildcard"),
    ("1.2.*.*", "wildcard"),
    ("1.2.*", "wildcard"),
    ("2001:db8::*", "wildcard"),
    ("300.2.3.*", "octet-out-of-range"),
    ("fe80::1%eth0", "zone-id"),
    ("fe80::1%eth0/64", "zone-id"),
    ("2606:4700::1%1", "zone-id"),
    ("1.2.3.4/24", "host-bits-set"),
    ("2001:db8::1/64", "host-bits-set"),
    ("1.2.3.4/33", "prefix-out-of-range"),
    ("2001:db8::/129", "prefix-out-of-range"),
    ("1.2.3.4/999", "prefix-out-of-range"),
    ("1.2.3.4/0.0.0.255", "netmask-form"),
    ("1.2.3.0/255.255.255.0", "netmask-form"),
    ("1.2.3.4/", "prefix-malformed"),
    ("1.2.3.0/024", "prefix-malformed"),
    ("1.2.3.0/+24", "prefix-malformed"),
    ("1.2.3.0/-1", "prefix-malformed"),
    ("1.2.3.0/24/24", "prefix-malformed"),
    ("2001:db8::/ffff::", "prefix-malformed"),
    ("010.1.1.0/24", "leading-zero"),
    ("10.0.0/8", "short-form"),
    ("10/8", "integer-form"),
    ("foo/24", "not-an-address"),
    ("/24", "not-an-address"),
    ("::ffff:8.8.8.8", "mapped"),
    ("::FFFF:808:808", "mapped"),
    ("::ffff:8.8.8.0/120", "mapped"),
    ("::ffff:8.8.8.8-::ffff:8.8.8.9", "mapped"),
    ("::ffff:010.1.1.1", "ipv6-malformed"),
    ("8.8.8.9-8.8.8.8", "range-reversed"),
    ("8.8.8.8-10", "range-malformed"),
    ("8.8.8.8-2606:4700::1", "range-malformed"),
    ("8.8.8.8-", "range-malformed"),
    ("8.8.8.8-8.8.8.9-8.8.8.10", "range-malformed"),
    (":::1", "ipv6-malformed"),
    ("1::2::3", "ipv6-malformed"),
    ("12345::", "ipv6-malformed"),
    ("1:2:3:4:5:6:7", "ipv6-malformed"),
    ("2001:db8::g", "ipv6-malformed"),
    ("010.1.1.1", "leading-zero"),
    ("8.8.8.08", "leading-zero"),
    ("00.0.0.0", "leading-zero"),
    ("1.2.3", "short-form"),
    ("1.2", "short-form"),
    ("10", "integer-form"),
    ("2130706433", "integer-form"),
    ("0x7f000001", "hex-form"),
    ("0x7f.0.0.1", "hex-form"),
    ("1.2.3.4.5", "too-many-parts"),
    ("256.1.1.1", "octet-out-of-range"),
    ("1.2.3.1000", "octet-out-of-range"),
    ("8.8.8.8.", "trailing-dot"),
    ("example.org", "host-name"),
    ("localhost", "host-name"),
    ("my-host", "host-name"),
    ("8.8..8", "not-an-address"),
    ("-8.8.8.8", "not-an-address"),
    ("+8.8.8.8", "not-an-address"),
    ("@", "not-an-address"),
    ("8" * 129, "too-long"),
]


@pytest.mark.parametrize("rule", GRAMMARS)
@pytest.mark.parametrize(("text", "problem"), MALFORMED)
def test_malformed(text: str, problem: str, rule: AllowlistGrammar) -> None:
    entry = parse_entry(text, rule=rule)
    assert (entry.kind, entry.problem) == ("malformed", problem)
    assert entry.spans == ()
    assert (entry.version, entry.first, entry.last) == (None, None, None)
    assert entry.text == text


def test_every_problem_has_a_case() -> None:
    needs_a_grammar = {"network-not-accepted", "ipv6-not-accepted", "range", "not-text"}
    assert {problem for _text, problem in MALFORMED} == PROBLEMS - needs_a_grammar


@pytest.mark.parametrize("given", [None, 10, 8.8, True, ["8.8.8.8"], b"8.8.8.8"])
def test_what_is_not_text(given: object) -> None:
    assert parse_entry(given, rule=TAKES_ALL).problem == "not-text"


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("8.8.8.8 ", "8.8.8.8/32"),
        ("8.8.8.8:443", "8.8.8.8/32"),
        ("\uff18.8.8.8", "8.8.8.8/32"),
        ("\u0668.8.8.8", "8.8.8.8/32"),
        ("8.8.8.8\u200b", "8.8.8.8/32"),
        ("010.1.1.1", "8.1.1.1/32"),
        ("010.1.1.1", "10.1.1.1/32"),
        ("2130706433", "127.0.0.1/32"),
        ("10", "0.0.0.10/32"),
        ("0x7f.1", "127.0.0.1/32"),
        ("1.2.3", "1.2.0.3/32"),
        ("1.2.3", "1.2.3.0/24"),
        ("1.2.3.4/24", "1.2.3.0/24"),
        ("1.2.3.4/24", "1.2.3.4/32"),
        ("1.2.3.4/0.0.0.255", "1.2.3.0/24"),
        ("1.2.3.4/255.255.255.0", "1.2.3.0/24"),
        ("10/8", "0.0.0.0/8"),
        ("1.2.3.*", "1.2.3.0/24"),
        ("::ffff:8.8.8.8", "8.8.8.8/32"),
        ("[2606:4700::1]:443", "2606:4700::1/128"),
        ("fe80::1%eth0", "fe80::1/128"),
        ("https://8.8.8.8/", "8.8.8.8/32"),
        ("8.8.8.8,9.9.9.9", "9.9.9.9/32"),
        (" 0.0.0.0/0", "0.0.0.0/0"),
        (" *", "::/0"),
    ],
)
def test_lenient_readings_are_kept_apart(text: str, reading: str) -> None:
    entry = parse_entry(text, rule=TAKES_ALL)
    assert span_of(reading) in entry.readings
    assert entry.spans == ()


@pytest.mark.parametrize(
    ("text", "networks", "kind", "problem", "accepted"),
    [
        ("8.8.8.0/24", True, "network", "", True),
        ("8.8.8.0/24", None, "network", "", None),
        ("8.8.8.0/24", False, "malformed", "network-not-accepted", False),
        ("8.8.8.8/32", False, "malformed", "network-not-accepted", False),
        ("0.0.0.0/0", True, "everything", "", True),
        ("0.0.0.0/0", None, "everything", "", None),
        ("0.0.0.0/0", False, "everything", "network-not-accepted", False),
        ("1.2.3.4/0", True, "everything", "host-bits-set", None),
        ("1.2.3.4/0", False, "everything", "host-bits-set", False),
        ("*.*.*.*", True, "everything", "wildcard", None),
    ],
)
def test_networks_by_grammar(text: str, networks: bool | None, kind: str, problem: str, accepted: bool | None) -> None:
    entry = parse_entry(text, rule=AllowlistGrammar(networks_v4=networks))
    assert (entry.kind, entry.problem, entry.accepted) == (kind, problem, accepted)


@pytest.mark.parametrize(
    ("ipv6", "networks", "text", "kind", "problem", "accepted"),
    [
        (True, None, "2606:4700::1", "address", "", True),
        (None, None, "2606:4700::1", "address", "", None),
        (False, None, "2606:4700::1", "malformed", "ipv6-not-accepted", False),
        (True, True, "2606:4700::/64", "network", "", True),
        (True, None, "2606:4700::/64", "network", "", None),
        (None, True, "2606:4700::/64", "network", "", None),
        (None, False, "2606:4700::/64", "malformed", "network-not-accepted", False),
        (False, True, "2606:4700::/64", "malformed", "network-not-accepted", False),
        (False, None, "::/0", "everything", "network-not-accepted", False),
    ],
)
def test_ipv6_by_grammar(
    ipv6: bool | None, networks: bool | None, text: str, kind: str, problem: str, accepted: bool | None
) -> None:
    entry = parse_entry(text, rule=AllowlistGrammar(ipv6=ipv6, networks_v6=networks))
    assert (entry.kind, entry.problem, entry.accepted) == (kind, problem, accepted)


@pytest.mark.parametrize(
    ("ranges", "kind", "problem"),
    [(True, "range", ""), (False, "malformed", "range"), (None, "malformed", "range")],
)
def test_ranges_by_grammar(ranges: bool | None, kind: str, problem: str) -> None:
    entry = parse_entry("8.8.8.8-8.8.8.10", rule=replace(TAKES_ALL, ranges=ranges))
    assert (entry.kind, entry.problem, entry.accepted) == (kind, problem, ranges)
    assert entry.spans + entry.readings == ((4, 0x08080808, 0x0808080A),)


def test_range_of_everything_is_everything() -> None:
    entry = parse_entry("0.0.0.0-255.255.255.255", rule=TAKES_ALL)
    assert (entry.kind, entry.problem) == ("everything", "")
    assert parse_entry("8.8.8.8-8.8.8.10", rule=TAKES_ALL).canonical == "8.8.8.8-8.8.8.10"
    assert parse_entry("8.8.8.8-8.8.8.11", rule=TAKES_ALL).canonical == "8.8.8.8-8.8.8.11"


def test_star_denotes_both_families() -> None:
    entry = parse_entry("*", rule=NOT_KNOWN)
    assert (entry.kind, entry.problem, entry.version) == ("everything", "", None)
    assert entry.spans == (span_of("0.0.0.0/0"), span_of("::/0"))


@pytest.mark.parametrize(
    ("text", "prefix", "suffix", "version"),
    [
        ("203.**.154", "203.", ".154", 4),
        ("103.**.34", "103.", ".34", 4),
        ("203.*.*.154", "203.", ".154", 4),
        ("203.0.113.**", "203.0.113.", "", 4),
        ("20*.0.113.1", "20", ".0.113.1", 4),
        ("203.xxx.xxx.154", "203.", ".154", 4),
        ("2001:****:1", "2001:", ":1", 6),
        ("****", "", "", None),
        ("203.**.154/32", "", "", 4),
    ],
)
@pytest.mark.parametrize("rule", GRAMMARS)
def test_masked(text: str, prefix: str, suffix: str, version: int | None, rule: AllowlistGrammar) -> None:
    entry = parse_entry(text, rule=rule)
    assert (entry.kind, entry.problem, entry.spans) == ("masked", "", ())
    assert entry.mask is not None
    assert (entry.mask.prefix, entry.mask.suffix, entry.mask.version) == (prefix, suffix, version)


@pytest.mark.parametrize("text", [case[0] for case in MALFORMED] + ["203.**.154", "*", "0.0.0.0/0"])
def test_message_names_the_value_in_one_plain_sentence(text: str) -> None:
    message = parse_entry(text, rule=TAKES_ALL).message
    assert message.isprintable()
    assert message.isascii()
    assert message.startswith('"')
    assert message.endswith(".")
    assert "; " in message
    assert len(message) < 400
    # Only a judge who saw the whole fleet may use the word.
    assert "remove" not in message.lower()
    if text.isprintable() and text.isascii() and len(text) < 60:
        assert f'"{text}"' in message


@given(ADDRESSES)
def test_canonical_addresses_agree_with_the_standard_library(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if address.version == 6 and int(address) >> 32 == 0xFFFF:
        return
    for text in (str(address), address.exploded, address.exploded.upper()):
        entry = parse_entry(text, rule=TAKES_ALL)
        assert (entry.kind, entry.version, entry.first, entry.last) == (
            "address",
            address.version,
            int(address),
            int(address),
        )
        assert entry.canonical == str(address)
        assert read_address(text) == (address.version, int(address))


@given(ADDRESSES, st.integers(1, 128))
def test_canonical_networks_agree_with_the_standard_library(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int
) -> None:
    network = ipaddress.ip_network((address, min(length, address.max_prefixlen)), strict=False)
    if network.version == 6 and int(network.network_address) >> 32 == 0xFFFF:
        return
    entry = parse_entry(str(network), rule=TAKES_ALL)
    assert (entry.kind, entry.version) == ("network", network.version)
    assert (entry.first, entry.last) == (int(network.network_address), int(network.broadcast_address))
    assert entry.canonical == str(network)


@example("0.0.0.0/32", TAKES_ALL)
@example("::/128", TAKES_ALL)
@given(st.one_of(st.text(max_size=200), NEAR_ADDRESSES), st.sampled_from(GRAMMARS))
def test_any_text_is_classified_and_survives_a_round_trip(text: str, rule: AllowlistGrammar) -> None:
    entry = parse_entry(text, rule=rule)
    assert isinstance(entry, Entry)
    assert entry.text == text
    assert entry.kind in KINDS
    assert entry.problem == "" or entry.problem in PROBLEMS
    assert (entry.kind == "malformed") <= bool(entry.problem)
    assert bool(entry.spans) == (entry.kind in {"address", "network", "range", "everything"})
    for version, first, last in entry.spans + entry.readings:
        assert 0 <= first <= last < 1 << (32 if version == 4 else 128)
    # The empty address may be every address.
    assert not (entry.spans and entry.readings) or entry.first == entry.last == 0
    again = parse_entry(entry.canonical, rule=rule)
    if entry.kind in {"address", "network", "range"}:
        assert (again.kind, again.spans, again.accepted) == (entry.kind, entry.spans, entry.accepted)
    if entry.kind == "malformed":
        assert again == entry


@given(NEAR_ADDRESSES)
def test_what_denotes_one_address_is_exactly_what_the_standard_library_takes(text: str) -> None:
    entry = parse_entry(text, rule=TAKES_ALL)
    if entry.kind == "address":
        assert (entry.version, entry.first) == (ipaddress.ip_address(text).version, int(ipaddress.ip_address(text)))


@pytest.mark.parametrize("text", ["8.8.8.8 ", "8.8.8.8/32", "1.2.3", "010.1.1.1", "::1%lo", "[::1]", ""])
def test_read_address_refuses(text: str) -> None:
    with pytest.raises(InputError):
        read_address(text)


@pytest.mark.parametrize(
    "unit", ["1", "*", "*1", "x1", ":", "a.", "\u0668", "[", "1-", "%", " ", ",", "1,", "\ufdfa", "/", "'"]
)
def test_huge_and_nasty_text_is_rejected_quickly(unit: str) -> None:
    start = time.perf_counter()
    huge = parse_entry(unit * 200_000, rule=TAKES_ALL)
    for _turn in range(20):
        parse_entry((unit * 128)[:128], rule=TAKES_ALL)
    # Milliseconds are normal; a pattern that backtracks would take minutes.
    assert time.perf_counter() - start < 5
    assert huge.kind == "malformed"
    assert len(huge.message) < 400


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ()),
        (" \n\t\n", ()),
        ("8.8.8.8", ("8.8.8.8",)),
        ("8.8.8.8,9.9.9.9", ("8.8.8.8", "9.9.9.9")),
        (" 8.8.8.8 ,\t9.9.9.9 ", ("8.8.8.8", "9.9.9.9")),
        ("8.8.8.8\n9.9.9.9\n", ("8.8.8.8", "9.9.9.9")),
        ("8.8.8.8,\r\n\r\n9.9.9.9\r\n", ("8.8.8.8", "9.9.9.9")),
        ("8.8.8.8,,9.9.9.9", ("8.8.8.8", "", "9.9.9.9")),
        ("8.8.8.8,", ("8.8.8.8", "")),
        (",", ("", "")),
        ("8.8.8.8 9.9.9.9", ("8.8.8.8 9.9.9.9",)),
        ("8.8.8.8\u00a0,9.9.9.9", ("8.8.8.8\u00a0", "9.9.9.9")),
    ],
)
def test_split_list(text: str, pieces: tuple[str, ...]) -> None:
    assert split_list(text) == pieces


@given(
    st.lists(st.text(alphabet="0123456789abcdef.:/*-", min_size=1), max_size=10),
    st.sampled_from([",", ", ", "\n", " ,\n"]),
)
def test_split_list_drops_nothing(pieces: list[str], separator: str) -> None:
    assert split_list(separator.join(pieces)) == tuple(pieces)
