# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The block table agrees with a list of sample addresses written independently of it."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._allowlist._blocks import (
    classify,
    routable_spans,
    special_part,
)
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError

# First, last and neighbouring addresses, worked out by hand from the RFCs and not from the table.
SAMPLES = [
    ("0.0.0.0", "unspecified"),
    ("0.0.0.1", "this-network"),
    ("0.255.255.255", "this-network"),
    ("1.0.0.0", None),
    ("8.8.8.8", None),
    ("9.255.255.255", None),
    ("10.0.0.0", "private-use"),
    ("10.255.255.255", "private-use"),
    ("11.0.0.0", None),
    ("100.63.255.255", None),
    ("100.64.0.0", "shared-address-space"),
    ("100.127.255.255", "shared-address-space"),
    ("100.128.0.0", None),
    ("127.0.0.1", "loopback"),
    ("127.255.255.255", "loopback"),
    ("128.0.0.0", None),
    ("169.253.255.255", None),
    ("169.254.169.254", "link-local"),
    ("169.255.0.0", None),
    ("172.15.255.255", None),
    ("172.16.0.0", "private-use"),
    ("172.31.255.255", "private-use"),
    ("172.32.0.0", None),
    ("192.0.0.0", "ietf-protocol"),
    ("192.0.0.8", "ietf-protocol"),
    ("192.0.0.9", None),
    ("192.0.0.10", None),
    ("192.0.0.11", "ietf-protocol"),
    ("192.0.0.170", "ietf-protocol"),
    ("192.0.0.255", "ietf-protocol"),
    ("192.0.1.0", None),
    ("192.0.2.1", "documentation"),
    ("192.31.196.1", None),
    ("192.52.193.1", None),
    ("192.88.99.1", "6to4-relay"),
    ("192.88.99.2", "6to4-relay"),
    ("192.88.100.0", None),
    ("192.167.255.255", None),
    ("192.168.1.10", "private-use"),
    ("192.169.0.0", None),
    ("192.175.48.1", None),
    ("198.17.255.255", None),
    ("198.18.0.0", "benchmark"),
    ("198.19.255.255", "benchmark"),
    ("198.20.0.0", None),
    ("198.51.100.7", "documentation"),
    ("203.0.113.154", "documentation"),
    ("223.255.255.255", None),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast"),
    ("240.0.0.0", "reserved"),
    ("255.255.255.254", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("::2", "v4-compatible"),
    ("::8.8.8.8", "v4-compatible"),
    ("::ffff:8.8.8.8", "v4-mapped"),
    ("::ffff:10.0.0.1", "v4-mapped"),
    ("::1:0:0:0", "reserved"),
    ("64:ff9b::8.8.8.8", "nat64"),
    ("64:ff9b::1:0:0", "reserved"),
    ("64:ff9b:1::1", "nat64-local"),
    ("64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "nat64-local"),
    ("64:ff9b:2::1", "reserved"),
    ("100::1", "discard-only"),
    ("100:0:0:1::1", "dummy-prefix"),
    ("100:0:0:2::1", "reserved"),
    ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"),
    ("2001::1", "teredo"),
    ("2001:1::", "ietf-protocol"),
    ("2001:1::1", None),
    ("2001:1::2", None),
    ("2001:1::3", None),
    ("2001:1::4", "ietf-protocol"),
    ("2001:2::1", "benchmark"),
    ("2001:2:1::1", "ietf-protocol"),
    ("2001:3::1", None),
    ("2001:4:112::1", None),
    ("2001:4:113::1", "ietf-protocol"),
    ("2001:10::1", "orchid"),
    ("2001:1f:ffff::1", "orchid"),
    ("2001:20::1", None),
    ("2001:30::1", None),
    ("2001:40::1", "ietf-protocol"),
    ("2001:1ff:ffff::1", "ietf-protocol"),
    ("2001:200::1", None),
    ("2001:db7:ffff::1", None),
    ("2001:db8::1", "documentation"),
    ("2001:db9::1", None),
    ("2001:4860:4860::8888", None),
    ("2002:0808:0808::1", None),
    ("2002:0a00:0001::1", "6to4-of-special"),
    ("2002:7f00:0001::1", "6to4-of-special"),
    ("2002:c0a8:010a::1", "6to4-of-special"),
    ("2002:6440:0001::1", "6to4-of-special"),
    ("2003::1", None),
    ("2606:4700::1111", None),
    ("2620:4f:8000::1", None),
    ("2a02:c207::1", None),
    ("3ffe:ffff::1", None),
    ("3fff::1", "documentation"),
    ("3fff:fff:ffff::1", "documentation"),
    ("3fff:1000::1", None),
    ("4000::1", "reserved"),
    ("5f00::1", "segment-routing"),
    ("5f01::1", "reserved"),
    ("fbff::1", "reserved"),
    ("fc00::1", "unique-local"),
    ("fd12:3456:789a::1", "unique-local"),
    ("fe00::1", "reserved"),
    ("fe80::1", "link-local"),
    ("febf:ffff::1", "link-local"),
    ("fec0::1", "site-local"),
    ("feff:ffff::1", "site-local"),
    ("ff02::1", "multicast"),
    ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
]


@pytest.mark.parametrize(("address", "name"), SAMPLES)
def test_sample(address: str, name: str | None) -> None:
    block = classify(address)
    assert (block.name if block else None) == name


@pytest.mark.parametrize(("address", "name"), [sample for sample in SAMPLES if sample[1]])
def test_block_holds_its_address_and_says_why(address: str, name: str) -> None:
    block = classify(ipaddress.ip_address(address))
    assert block is not None
    assert ipaddress.ip_address(address) in ipaddress.ip_network(block.prefix)
    assert block.why
    assert block.why.isascii()
    assert not block.why.endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8.8.8.8 ",
        "8.8.8.8/32",
        "010.1.1.1",
        "1.2.3",
        "10",
        "[::1]",
        "fe80::1%eth0",
        "::ffff:010.1.1.1",
        "x" * 10**6,
    ],
)
def test_what_is_not_one_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="address"):
        classify(text)


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("9.255.255.255", "10.0.0.0", "private-use"),
        ("8.8.8.0", "8.8.8.255", None),
        ("192.0.0.9", "192.0.0.10", None),
        ("192.0.0.9", "192.0.0.11", "ietf-protocol"),
        ("2002:808:808::", "2002:808:808:ffff:ffff:ffff:ffff:ffff", None),
        ("2002:9ff:ffff::", "2002:a00:0::", "6to4-of-special"),
        ("2001:ffff::", "2002:100::", "6to4-of-special"),
        ("2001:ffff::", "2002::", "6to4-of-special"),
        ("2002:dfff:ffff::", "2003::", "6to4-of-special"),
    ],
)
def test_part_of_a_span(first: str, last: str, name: str | None) -> None:
    low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
    block = special_part(version=low.version, first=int(low), last=int(high))
    assert (block.name if block else None) == name


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_routable_spans_agree_with_the_table(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    inside = any(first <= int(address) <= last for first, last in routable_spans(address.version))
    is_6to4 = address.version == 6 and int(address) >> 112 == 0x2002
    assert inside == (classify(address) is None and not is_6to4)
