# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The special-purpose address blocks: what no exchange can ever see a host come from.

One dated table instead of the standard library's ``is_global``, whose answer changes with the Python version.

Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries as updated on 2025-10-09 (RFC 6890, RFC 8190; the
newest blocks are 3fff::/20 of RFC 9637, 5f00::/16 of RFC 9602 and 100:0:0:1::/64 of RFC 9780), the IANA multicast
registries, and RFC 4291 for what lies outside 2000::/3. A block that IANA calls "Globally Reachable" counts as
routable, with one exception: 64:ff9b::/96 only ever stands for an IPv4 address, which is what an exchange sees.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from dataclasses import dataclass

from ._grammar import ADDRESS_BITS, AddressLike, read_address


@dataclass(frozen=True)
class Block:
    """A special-purpose block: a readable slug, its prefix, and in plain English why no exchange sees it."""

    name: str
    prefix: str
    why: str


_PRIVATE = "private network: it exists behind your own router only, and anybody may use the same one"
_LOOPBACK = "loopback: every machine calls itself by it"
_LINK_LOCAL = "link-local: it is valid on one cable or one virtual switch only"
_DOCUMENTATION = "documentation: it is an example from a manual, no machine has it"
_BENCHMARK = "benchmarking: it is for laboratories and never routed"
_MULTICAST = "multicast: it names a group of receivers, nothing is sent from it"
_RESERVED = "reserved: IANA has given it to nobody"
_PROTOCOL = "IETF protocol assignment: it is for use inside a provider's network"
_ANYCAST = "globally reachable by the registry"
_NAT64 = "NAT64: it stands for an IPv4 address, and the exchange sees that one"

# (prefix, slug, why). The longest prefix that holds an address decides; an empty slug means globally reachable.
_TABLE = (
    ("0.0.0.0/8", "this-network", "'this network': it is no machine's address"),
    ("0.0.0.0/32", "unspecified", "the empty address: some programs read it as 'every address'"),
    ("10.0.0.0/8", "private-use", _PRIVATE),
    ("100.64.0.0/10", "shared-address-space", "carrier NAT: your provider's inside, shared with its other customers"),
    ("127.0.0.0/8", "loopback", _LOOPBACK),
    ("169.254.0.0/16", "link-local", _LINK_LOCAL),
    ("172.16.0.0/12", "private-use", _PRIVATE),
    ("192.0.0.0/24", "ietf-protocol", _PROTOCOL),
    ("192.0.0.9/32", "", _ANYCAST),  # Port Control Protocol anycast, RFC 7723
    ("192.0.0.10/32", "", _ANYCAST),  # TURN anycast, RFC 8155
    ("192.0.2.0/24", "documentation", _DOCUMENTATION),
    ("192.31.196.0/24", "", _ANYCAST),  # AS112, RFC 7535
    ("192.52.193.0/24", "", _ANYCAST),  # AMT, RFC 7450
    ("192.88.99.0/24", "6to4-relay", "6to4 relay: withdrawn in 2015 by RFC 7526"),
    ("192.168.0.0/16", "private-use", _PRIVATE),
    ("192.175.48.0/24", "", _ANYCAST),  # AS112, RFC 7534
    ("198.18.0.0/15", "benchmark", _BENCHMARK),
    ("198.51.100.0/24", "documentation", _DOCUMENTATION),
    ("203.0.113.0/24", "documentation", _DOCUMENTATION),
    ("224.0.0.0/4", "multicast", _MULTICAST),
    ("240.0.0.0/4", "reserved", _RESERVED),
    ("255.255.255.255/32", "broadcast", "broadcast: it means every machine on one cable"),
    ("::/0", "reserved", _RESERVED),
    ("2000::/3", "", "global unicast"),
    ("::/96", "v4-compatible", "IPv4-compatible form: withdrawn in 2006 by RFC 4291"),
    ("::/128", "unspecified", "the empty address: some programs read it as 'every address'"),
    ("::1/128", "loopback", _LOOPBACK),
    ("::ffff:0:0/96", "v4-mapped", "IPv4-mapped form: it stands for an IPv4 address inside one program"),
    ("64:ff9b::/96", "nat64", _NAT64),
    ("64:ff9b:1::/48", "nat64-local", _NAT64),
    ("100::/64", "discard-only", "discard-only: routers throw its traffic away"),
    ("100:0:0:1::/64", "dummy-prefix", "dummy prefix of RFC 9780: it is never routed"),
    ("2001::/23", "ietf-protocol", _PROTOCOL),
    ("2001::/32", "teredo", "Teredo: a tunnel over IPv4, switched off in practice"),
    ("2001:1::1/128", "", _ANYCAST),  # Port Control Protocol anycast, RFC 7723
    ("2001:1::2/128", "", _ANYCAST),  # TURN anycast, RFC 8155
    ("2001:1::3/128", "", _ANYCAST),  # DNS-SD service registration anycast, RFC 9665
    ("2001:2::/48", "benchmark", _BENCHMARK),
    ("2001:3::/32", "", _ANYCAST),  # AMT, RFC 7450
    ("2001:4:112::/48", "", _ANYCAST),  # AS112, RFC 7535
    ("2001:10::/28", "orchid", "ORCHID: a hash for programs, withdrawn in 2014"),
    ("2001:20::/28", "", _ANYCAST),  # ORCHIDv2, RFC 7343
    ("2001:30::/28", "", _ANYCAST),  # drone remote identification, RFC 9374
    ("2001:db8::/32", "documentation", _DOCUMENTATION),
    ("2620:4f:8000::/48", "", _ANYCAST),  # AS112, RFC 7534
    ("3fff::/20", "documentation", _DOCUMENTATION),
    ("5f00::/16", "segment-routing", "segment routing: it names a hop inside one provider's network"),
    ("fc00::/7", "unique-local", "unique local: the private network of IPv6, it exists behind your own router only"),
    ("fe80::/10", "link-local", _LINK_LOCAL),
    ("fec0::/10", "site-local", "site-local: the private network of IPv6 until 2004"),
    ("ff00::/8", "multicast", _MULTICAST),
)

# 6to4 (RFC 3056): bits 16 to 47 are the IPv4 address of the tunnel's end, and what that is decides.
_SIX_TO_FOUR = 0x2002
_SIX_TO_FOUR_FIRST = _SIX_TO_FOUR << 112
_SIX_TO_FOUR_LAST = _SIX_TO_FOUR_FIRST | ((1 << 112) - 1)


def _segments(version: int) -> tuple[list[int], list[Block | None]]:
    """Flatten the nested table: the first address of each segment, and the block that it lies in."""
    rows: list[tuple[int, int, int, Block | None]] = []
    edges = {0, _SIX_TO_FOUR_FIRST, _SIX_TO_FOUR_LAST + 1} if version == 6 else {0}
    for prefix, name, why in _TABLE:
        network = ipaddress.ip_network(prefix)
        if network.version == version:
            first, last = int(network.network_address), int(network.broadcast_address)
            rows.append((network.prefixlen, first, last, Block(name=name, prefix=prefix, why=why) if name else None))
            edges.update((first, last + 1))
    edges.discard(1 << ADDRESS_BITS[version])
    starts = sorted(edges)
    rows.sort(key=lambda row: -row[0])
    blocks = [next((row[3] for row in rows if row[1] <= start <= row[2]), None) for start in starts]
    return starts, blocks


_SEGMENTS = {version: _segments(version) for version in ADDRESS_BITS}


def classify(address: AddressLike) -> Block | None:
    """Return the special-purpose block of one address, or None for a globally routable one.

    Raises ``InputError`` when the text is not exactly one address in its plain form.
    """
    version, value = read_address(address)
    return special_part(version=version, first=value, last=value)


def special_part(*, version: int, first: int, last: int) -> Block | None:
    """Return the first special-purpose block that any address from ``first`` to ``last`` lies in, or None."""
    starts, blocks = _SEGMENTS[version]
    index = bisect_right(starts, first) - 1
    while index < len(starts) and starts[index] <= last:
        block = blocks[index]
        if block is None and version == 6 and starts[index] == _SIX_TO_FOUR_FIRST:
            block = _six_to_four(first=max(first, _SIX_TO_FOUR_FIRST), last=min(last, _SIX_TO_FOUR_LAST))
        if block is not None:
            return block
        index += 1
    return None


def _six_to_four(*, first: int, last: int) -> Block | None:
    inner = special_part(version=4, first=(first >> 80) & 0xFFFFFFFF, last=(last >> 80) & 0xFFFFFFFF)
    if inner is None:
        return None
    return Block(
        name="6to4-of-special", prefix="2002::/16", why=f"6to4 form of an IPv4 address in {inner.prefix}, {inner.why}"
    )


def routable_spans(version: int) -> tuple[tuple[int, int], ...]:
    """Return the first and last address of each stretch that a host can be seen from, in order; 6to4 left out."""
    starts, blocks = _SEGMENTS[version]
    ends = [*starts[1:], 1 << ADDRESS_BITS[version]]
    return tuple(
        (start, end - 1)
        for start, end, block in zip(starts, ends, blocks)
        if block is None and not (version == 6 and start == _SIX_TO_FOUR_FIRST)
    )
