# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that come of a configuration. Whether nftables takes them is asked in the lab."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._firewall._config import Config, Endpoint, Group, Inbound
from ansible_collections.trading.hosts.plugins.module_utils._firewall._rules import (
    changes,
    elements,
    removal,
    ruleset,
    users,
)

CONFIG = Config(
    mode="enforce",
    groups=(
        Group("exchanges", (Endpoint("api.bybit.com", "tcp", 443), Endpoint("stream.bybit.com", "tcp", 8443))),
        Group("ip_sources", (Endpoint("echo", "tcp", 443), Endpoint("2001:db8::9", "tcp", 80)), ("checker", "gone")),
        Group("nobodys", (Endpoint("echo", "tcp", 443),), ("gone",)),
    ),
    inbound=(Inbound("tcp", (2222, 22)), Inbound("udp", (9,), ("192.0.2.0/24", "2001:db8::/32"))),
    time_users=("_chrony", "ntp"),
    ipv4_only_users=("bot",),
    extra_input=("tcp dport 7 accept",),
    extra_output=("tcp dport 8 accept",),
)
KNOWN = {"api.bybit.com": {"192.0.2.1": 1.0, "2001:db8::1": 1.0}, "echo": {"192.0.2.7": 1.0}}
UIDS = {"checker": 995, "_chrony": 110, "bot": 990}
RULES = ruleset(CONFIG, elements=elements(CONFIG, KNOWN), uids=UIDS)

ANSWERS = "tcp sport { 22, 2222 } tcp flags & (syn | ack) == ack accept"


def chain(name: str, *, rules: str = RULES) -> list[str]:
    text = rules.partition(f"chain {name} {{\n")[2].partition("\n  }")[0]
    return [line.strip() for line in text.splitlines()]


def test_each_set_holds_the_addresses_of_its_names_with_their_ports() -> None:
    assert elements(CONFIG, KNOWN) == {
        "exchanges_4": {"192.0.2.1 . tcp . 443"},
        "exchanges_6": {"2001:db8::1 . tcp . 443"},
        "ip_sources_4": {"192.0.2.7 . tcp . 443"},
        "ip_sources_6": {"2001:db8::9 . tcp . 80"},
        "nobodys_4": {"192.0.2.7 . tcp . 443"},
        "nobodys_6": set(),
    }


def test_only_our_own_table_is_replaced_and_at_once() -> None:
    assert RULES.startswith(
        "table inet trading_hosts { }\ndelete table inet trading_hosts\ntable inet trading_hosts {\n"
    )
    assert removal() == "table inet trading_hosts { }\ndelete table inet trading_hosts\n"
    assert "flush" not in RULES
    assert RULES.count("table inet trading_hosts") == 3


@pytest.mark.parametrize("name", ["input", "output"])
def test_the_mode_decides_what_becomes_of_the_rest_and_of_nothing_else(name: str) -> None:
    observed = ruleset(dataclasses.replace(CONFIG, mode="observe"), elements=elements(CONFIG, KNOWN), uids=UIDS)
    first, *rest = chain(name)
    other, *others = chain(name, rules=observed)
    assert first == f"type filter hook {name} priority filter; policy drop;"
    assert other == first.replace("drop", "accept")
    assert [rule for rule in rest if rule not in others] == (
        ["meta skuid { 990 } meta nfproto ipv6 counter name ipv6_of_ipv4_only reject"] if name == "output" else []
    )
    # What nobody let pass is told of and counted, and then the policy holds.
    assert rest[-1] == f"counter name undeclared_{name.removesuffix('put')}"
    assert rest[-2].startswith("limit rate 10/minute burst 20 packets log prefix ")


def test_a_group_with_users_is_for_them_only() -> None:
    rules = [rule for rule in chain("output") if "@" in rule and rule.endswith("accept")]
    assert rules == [
        "meta l4proto { tcp, udp } ip daddr . meta l4proto . th dport @exchanges_4 accept",
        "meta l4proto { tcp, udp } ip6 daddr . meta l4proto . th dport @exchanges_6 accept",
        "meta skuid { 995 } meta l4proto { tcp, udp } ip daddr . meta l4proto . th dport @ip_sources_4 accept",
        "meta skuid { 995 } meta l4proto { tcp, udp } ip6 daddr . meta l4proto . th dport @ip_sources_6 accept",
    ]
    assert users(CONFIG) == ("_chrony", "ntp", "bot", "checker", "gone")


def test_time_is_for_its_daemon_only() -> None:
    assert [rule for rule in chain("output") if "123" in rule] == ["meta skuid { 110 } udp dport 123 accept"]
    nobody = ruleset(CONFIG, elements=elements(CONFIG, KNOWN), uids={})
    assert "123" not in nobody
    assert "nfproto" not in nobody


def test_inbound() -> None:
    rules = chain("input")
    assert "tcp dport { 22, 2222 } accept" in rules
    assert "ip saddr { 192.0.2.0/24 } udp dport { 9 } accept" in rules
    assert "ip6 saddr { 2001:db8::/32 } udp dport { 9 } accept" in rules


def test_who_came_in_before_connections_were_tracked_is_answered() -> None:
    answers = [rule for rule in chain("output") if "flags" in rule and rule.endswith("accept")]
    assert answers == [ANSWERS]
    narrow = dataclasses.replace(CONFIG, inbound=(Inbound("tcp", (22,), ("192.0.2.0/24", "2001:db8::/32")),))
    rules = chain("output", rules=ruleset(narrow, elements=elements(narrow, KNOWN), uids=UIDS))
    assert [rule for rule in rules if "flags" in rule and rule.endswith("accept")] == [
        "ip daddr { 192.0.2.0/24 } tcp sport { 22 } tcp flags & (syn | ack) == ack accept",
        "ip6 daddr { 2001:db8::/32 } tcp sport { 22 } tcp flags & (syn | ack) == ack accept",
    ]


@pytest.mark.parametrize("name", ["input", "output"])
def test_what_a_host_needs_to_stay_on_its_networks(name: str) -> None:
    text = "\n".join(chain(name))
    for word in ("nd-neighbor-solicit", "nd-neighbor-advert", "packet-too-big", "mld2-listener-report", "dport 546"):
        assert word.replace("546", "546" if name == "input" else "547") in text
    assert ("nd-router-advert" if name == "input" else "nd-router-solicit") in text
    assert ("udp sport 67 udp dport 68" if name == "input" else "udp sport 68 udp dport 67") in text


@pytest.mark.parametrize(("name", "rule"), [("input", "tcp dport 7 accept"), ("output", "tcp dport 8 accept")])
def test_extra_rules_come_first_of_those_for_new_packets(name: str, rule: str) -> None:
    rules = chain(name)
    assert [each for each in rules[: rules.index(rule)] if each.endswith("accept")] == [
        f'{name[0]}ifname "lo" accept',
        "ct state established,related accept",
        *([ANSWERS] if name == "output" else []),
    ]


def test_changes_touch_what_differs_only() -> None:
    before = elements(CONFIG, KNOWN)
    after = elements(CONFIG, {**KNOWN, "api.bybit.com": {"192.0.2.1": 1.0, "192.0.2.2": 2.0}})
    assert changes(before, before) == ""
    assert changes(before, after) == (
        "add element inet trading_hosts exchanges_4 { 192.0.2.2 . tcp . 443 }\n"
        "delete element inet trading_hosts exchanges_6 { 2001:db8::1 . tcp . 443 }\n"
    )
