# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the firewall is told is read strictly, and comes back as it was written."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._firewall._config import (
    Config,
    Endpoint,
    Group,
    Inbound,
    addresses,
    check,
    endpoint,
    read_config,
    write_config,
)

CONFIG = Config(
    mode="enforce",
    groups=(
        Group("exchanges", (Endpoint("api.bybit.com", "tcp", 443),)),
        Group("ip_sources", (Endpoint("2001:db8::1", "udp", 53),), ("checker",)),
    ),
    inbound=(Inbound("tcp", (22,), ("192.0.2.0/24",)),),
    time_users=("_chrony",),
    ipv4_only_users=("bot",),
    extra_input=("udp dport { 51820, 51821 } accept",),
    interval=2.5,
)


def test_it_comes_back_as_it_was_written() -> None:
    assert read_config(write_config(CONFIG)) == CONFIG
    assert CONFIG.names() == ("api.bybit.com",)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"mode": "enforce"}', write_config(CONFIG)[:-9]])
def test_a_damaged_configuration_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"cannot be read \(\w+\); run the role egress_firewall again\.$"):
        read_config(text)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("api.bybit.com", "api.bybit.com", 443),
        ("API.Bybit.com.:8443", "api.bybit.com", 8443),
        ("192.0.2.1:53", "192.0.2.1", 53),
        ("[2001:DB8::1]:53", "2001:db8::1", 53),
        ("2001:db8::1", "2001:db8::1", 443),
        ("resolv.conf", "resolv.conf", 443),
    ],
)
def test_an_endpoint(text: str, host: str, port: int) -> None:
    assert endpoint(text, field="to", port=443) == Endpoint(host, "tcp", port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "api.bybit.com:",
        "api.bybit.com:0",
        "api.bybit.com:65536",
        "api.bybit.com:443:1",
        "https://api.bybit.com",
        "api.bybit.com/x",
        "a..b",
        "-a.com",
        "a b.com",
        "10.0.0.0/8",
        "1.2.3",
        "256.1.1.1",
        "a.com }",
        "ä.com",
    ],
)
def test_what_is_no_endpoint_is_refused_and_named(text: str) -> None:
    with pytest.raises(InputError, match=r"^to\b.*; .*\.$"):
        endpoint(text, field="to", port=443)


def test_without_a_port_udp_is_refused() -> None:
    with pytest.raises(InputError, match="has no port"):
        endpoint("vpn.example.com", field="to", protocol="udp")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": "block"}, "mode 'block': is no mode; use one of observe, enforce."),
        ({"interval": 0.5}, "refresh_seconds '0.5'"),
        ({"groups": (Group("A", ()),)}, "groups.name 'A'"),
        ({"groups": (Group("a", ()), Group("a", ()))}, "groups.name 'a'"),
        ({"groups": (Group("a", (), ("no user",)),)}, "users 'no user'"),
        ({"inbound": (Inbound("icmp", (1,)),)}, "inbound 'icmp'"),
        ({"inbound": (Inbound("tcp", (70000,)),)}, "inbound '70000'"),
        ({"inbound": (Inbound("tcp", (22,), ("192.0.2.1/24",)),)}, "inbound '192.0.2.1/24'"),
        ({"extra_input": ("accept\ndrop",)}, "extra_input"),
        ({"extra_input": ("accept; drop",)}, "extra_input"),
        ({"extra_output": ("accept } } flush ruleset",)}, "extra_output"),
        ({"extra_output": ("tcp dport { 1, 2 accept",)}, "extra_output"),
        ({"extra_output": ("",)}, "extra_output"),
        ({"extra_output": ("accept # everything",)}, "extra_output"),
        ({"extra_output": ('include "/etc/nftables.conf"',)}, "extra_output"),
    ],
)
def test_what_no_rules_can_be_made_of_is_refused_and_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        check(Config(**{"mode": "observe", "groups": (), "inbound": (), **changes}))
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_addresses_have_one_form() -> None:
    assert addresses(["2001:DB8:0::1", "192.0.2.1", "fe80::1%eth0", "x", "", "2001:db8::1"]) == (
        "192.0.2.1",
        "2001:db8::1",
        "fe80::1",
    )
