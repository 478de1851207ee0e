# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a configuration and known addresses to nftables' text. Pure. Private: not an interface for other collections.

All of it is one table of our own. Tables of others are neither read nor touched: a packet passes only where every
table lets it pass, so nothing that somebody else forbids is allowed here.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ._config import ENFORCE, Config, Endpoint, Group, Inbound, addresses
from ._known import Known

FAMILY, TABLE = "inet", "trading_hosts"
NAMES = f"{FAMILY} {TABLE}"
CHAINS = ("input", "output")
#: The counters of what was not declared; under ``enforce`` that is what was refused.
OUT, IN, V6 = "undeclared_out", "undeclared_in", "ipv6_of_ipv4_only"
#: The set whose only element is when the rules were loaded.
LOADED_AT = "loaded_at"
#: What a line in the kernel's log begins with.
LOG_PREFIX = "trading-hosts-firewall"

#: The destinations of a rule: set name -> elements.
Elements = t.Mapping[str, frozenset[str]]

_TYPES = {4: "ipv4_addr", 6: "ipv6_addr"}
_ADDRESS = {4: "ip", 6: "ip6"}

# Without neighbour discovery and router advertisements a host loses IPv6, and without the errors it loses the path MTU.
# Conntrack does not know most of them, so they are spelled out.
_INPUT_HEAD = """\
    iifname "lo" accept
    ct state established,related accept
"""
_INPUT_BASE = """\
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } ip6 hoplimit 255 accept
    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept
    icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } \
ip6 saddr fe80::/10 accept
    icmpv6 type echo-request limit rate 10/second accept
    icmp type { destination-unreachable, time-exceeded, parameter-problem } accept
    icmp type echo-request limit rate 10/second accept
    udp sport 67 udp dport 68 accept
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
"""
_OUTPUT_HEAD = """\
    oifname "lo" accept
    ct state established,related accept
"""
_OUTPUT_BASE = """\
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } ip6 hoplimit 255 accept
    icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } accept
    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept
    icmp type { destination-unreachable, time-exceeded, parameter-problem } accept
    icmpv6 type echo-request meta skuid 0 accept
    icmp type echo-request meta skuid 0 accept
    ip protocol igmp ip daddr 224.0.0.0/4 accept
    udp sport 68 udp dport 67 accept
    ip6 saddr fe80::/10 udp sport 546 udp dport 547 accept
"""


def elements(config: Config, known: Known) -> Elements:
    """Return what each set holds. An address that is declared as such needs no answer."""
    found: dict[str, frozenset[str]] = {}
    for group in config.groups:
        for version in (4, 6):
            found[_set(group, version)] = frozenset(
                f"{address} . {to.protocol} . {to.port}"
                for to in group.to
                for address in _addresses(to, known)
                if ipaddress.ip_address(address).version == version
            )
    return found


def ruleset(config: Config, *, elements: Elements, uids: t.Mapping[str, int], now: float = 0.0) -> str:
    """Return what replaces the whole table in one transaction. ``uids`` are the users that exist on the host.

    What was not declared is counted anew from ``now`` on, in seconds since 1970, which the table tells.

    A rule for users of whom none exists is left out: it would let nobody pass.
    """
    policy = "drop" if config.mode == ENFORCE else "accept"
    return f"""\
table {NAMES} {{ }}
delete table {NAMES}
table {NAMES} {{
  counter {OUT} {{ }}
  counter {IN} {{ }}
  counter {V6} {{ }}
  set {LOADED_AT} {{ type mark; elements = {{ {now:.0f} }} }}
{_sets(config, elements)}\
  set {OUT}_4 {{ type ipv4_addr . inet_proto . inet_service; size 1024; flags dynamic,timeout; timeout 7d; counter; }}
  set {OUT}_6 {{ type ipv6_addr . inet_proto . inet_service; size 1024; flags dynamic,timeout; timeout 7d; counter; }}
  set {IN} {{ type inet_proto . inet_service; size 1024; flags dynamic,timeout; timeout 7d; counter; }}
  chain input {{
    type filter hook input priority filter; policy {policy};
{_INPUT_HEAD}{_lines(config.extra_input)}{_INPUT_BASE}{_inbound(config)}\
    meta l4proto {{ tcp, udp }} update @{IN} {{ meta l4proto . th dport }}
{_last("in", IN)}\
  }}
  chain output {{
    type filter hook output priority filter; policy {policy};
{_OUTPUT_HEAD}{_answers(config)}{_ipv4_only(config, uids)}{_lines(config.extra_output)}\
{_OUTPUT_BASE}{_time(config, uids)}{_groups(config, uids)}\
    meta l4proto {{ tcp, udp }} update @{OUT}_4 {{ ip daddr . meta l4proto . th dport }}
    meta l4proto {{ tcp, udp }} update @{OUT}_6 {{ ip6 daddr . meta l4proto . th dport }}
{_last("out", OUT)}\
  }}
}}
"""


def changes(before: Elements, after: Elements) -> str:
    """Return the commands that bring the sets from one state to another, in one transaction; empty for none."""
    lines = []
    for name in sorted(after):
        old, new = before.get(name, frozenset()), after[name]
        if new - old:
            lines.append(f"add element {NAMES} {name} {{ {', '.join(sorted(new - old))} }}\n")
        if old - new:
            lines.append(f"delete element {NAMES} {name} {{ {', '.join(sorted(old - new))} }}\n")
    return "".join(lines)


def removal() -> str:
    """Return what removes the table, whether it is there or not."""
    return f"table {NAMES} {{ }}\ndelete table {NAMES}\n"


def users(config: Config) -> tuple[str, ...]:
    """Return the users whose numbers the rules need."""
    named = (*config.time_users, *config.ipv4_only_users, *(user for group in config.groups for user in group.users))
    return tuple(dict.fromkeys(named))


def _set(group: Group, version: int) -> str:
    return f"{group.name}_{version}"


def _addresses(to: Endpoint, known: Known) -> t.Iterable[str]:
    return addresses([to.host]) or known.get(to.host, {})


def _sets(config: Config, elements: Elements) -> str:
    lines = []
    for group in config.groups:
        for version in (4, 6):
            held = sorted(elements[_set(group, version)])
            given = f" elements = {{ {', '.join(held)} }};" if held else ""
            kind = f"{_TYPES[version]} . inet_proto . inet_service"
            lines.append(f"  set {_set(group, version)} {{ type {kind};{given} }}\n")
    return "".join(lines)


def _groups(config: Config, uids: t.Mapping[str, int]) -> str:
    lines = []
    for group in config.groups:
        who = _who(group.users, uids)
        if group.users and not who:
            continue
        for version in (4, 6):
            to = f"{_ADDRESS[version]} daddr . meta l4proto . th dport @{_set(group, version)}"
            lines.append(f"    {who}meta l4proto {{ tcp, udp }} {to} accept\n")
    return "".join(lines)


def _time(config: Config, uids: t.Mapping[str, int]) -> str:
    """Time goes anywhere, for its daemon only: pools of time servers answer with others each time they are asked."""
    who = _who(config.time_users, uids)
    return f"    {who}udp dport 123 accept\n    {who}tcp dport 4460 accept\n" if who else ""


def _ipv4_only(config: Config, uids: t.Mapping[str, int]) -> str:
    who = _who(config.ipv4_only_users, uids)
    if not who:
        return ""
    verdict = " reject" if config.mode == ENFORCE else ""
    return f"    {who}meta nfproto ipv6 counter name {V6}{verdict}\n"


def _inbound(config: Config) -> str:
    return "".join(
        f"    {_peers('saddr', version, peers)}{each.protocol} dport {{ {_ports(each)} }} accept\n"
        for each in config.inbound
        for version, peers in _of_each_family(each.sources)
    )


def _answers(config: Config) -> str:
    """Answers to who came in before the kernel tracked connections.

    It begins to when the first rules that ask for it are loaded, and takes the host's next packet for the first of a
    new connection: the operator's own would hang. No connection begins with such a packet.
    """
    return "".join(
        f"    {_peers('daddr', version, peers)}tcp sport {{ {_ports(each)} }} tcp flags & (syn | ack) == ack accept\n"
        for each in config.inbound
        if each.protocol == "tcp"
        for version, peers in _of_each_family(each.sources)
    )


def _ports(given: Inbound) -> str:
    return ", ".join(map(str, sorted(set(given.ports))))


def _of_each_family(sources: t.Sequence[str]) -> t.Iterator[tuple[int, t.Sequence[str]]]:
    """Yield each family with the networks of it; without any networks once, for all."""
    networks = [ipaddress.ip_network(source) for source in sources]
    for version in (4, 6):
        these = [str(network) for network in networks if network.version == version]
        if these:
            yield version, these
    if not networks:
        yield 0, ()


def _peers(which: str, version: int, networks: t.Sequence[str]) -> str:
    return f"{_ADDRESS[version]} {which} {{ {', '.join(networks)} }} " if networks else ""


def _who(names: t.Iterable[str], uids: t.Mapping[str, int]) -> str:
    numbers = sorted({uids[name] for name in names if name in uids})
    return f"meta skuid {{ {', '.join(map(str, numbers))} }} " if numbers else ""


def _last(way: str, counter: str) -> str:
    flags = " flags skuid" if way == "out" else ""
    return (
        f'    limit rate 10/minute burst 20 packets log prefix "{LOG_PREFIX} {way}: "{flags}\n'
        f"    counter name {counter}\n"
    )


def _lines(rules: t.Iterable[str]) -> str:
    return "".join(f"    {rule.strip()}\n" for rule in rules)
