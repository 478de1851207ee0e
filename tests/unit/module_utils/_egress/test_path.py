# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way by which questions leave: addresses of interfaces, and what a person may ask for."""

from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._egress._path import (
    bound_addresses,
    closed,
    interface_address,
    ipv6_candidates,
    local_address,
)
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._here import here

TABLE = """\
00000000000000000000000000000001 01 80 10 80       lo
2a0104f80000a0a10000000000000011 02 40 00 80     eth0
fe80000000000000021122fffe334455 02 40 20 80     eth0
2a0104f80000a0a1d00df00dd00df00d 02 40 00 01     eth0
2a0104f80000a0a10000000000000012 02 40 00 20     eth0
2a0104f80000a0a10000000000000013 02 40 00 40     eth0
2a0104f80000a0a2000000000000beef 03 40 00 80     eth1
2a0104f80000a0a2000000000000cafe 03 40 00 80     eth1
2a0104f80000a0a3d00df00dd00df00d 04 40 00 01     eth2
"""

CANDIDATES = [
    # Temporary, deprecated, tentative and link-local ones are left out.
    ("eth0", ["2a01:4f8:0:a0a1::11"]),
    ("eth1", ["2a01:4f8:0:a0a2::beef", "2a01:4f8:0:a0a2::cafe"]),
    ("eth2", ["2a01:4f8:0:a0a3:d00d:f00d:d00d:f00d"]),
    ("lo", []),
    ("eth", []),
]


@pytest.mark.parametrize(("interface", "expected"), CANDIDATES)
def test_ipv6_addresses_of_an_interface(interface: str, expected: list[str]) -> None:
    assert ipv6_candidates(TABLE, interface=interface) == expected


def test_an_interfaces_ipv4_address_is_read_from_the_kernel() -> None:
    assert interface_address("lo", family="ipv4") == "127.0.0.1"
    assert interface_address("none0", family="ipv4") is None


def bound(
    families: list[str] | None, *, source_address: str | None = None, interface: str | None = None
) -> dict[str, str | None]:
    return bound_addresses(families=families or ["ipv4", "ipv6"], source_address=source_address, interface=interface)


def test_the_kernel_chooses_when_nothing_is_said() -> None:
    assert bound(None) == {"ipv4": None, "ipv6": None}
    assert bound(["ipv6"]) == {"ipv6": None}
    assert closed(bound(None)) == frozenset()


def test_a_source_address_closes_the_other_family() -> None:
    both = bound(None, source_address="127.0.0.1")
    assert both == {"ipv4": "127.0.0.1", "ipv6": "127.0.0.1"}
    assert closed(both) == {"ipv6"}
    assert bound(["ipv4"], source_address="127.0.0.1") == {"ipv4": "127.0.0.1"}


def test_an_interface_closes_a_family_that_it_does_not_have() -> None:
    both = bound(None, interface="lo")
    assert both == {"ipv4": "127.0.0.1", "ipv6": "127.0.0.1"}
    assert closed(both) == {"ipv6"}


REFUSED = [
    (None, "203.0.113.77", None, "is not an address of this host"),
    (None, "127.0.0.1/8", None, "is not one IP address"),
    (None, "localhost", None, "is not one IP address"),
    (["ipv6"], "127.0.0.1", None, "is an IPv4 address, but families is ipv6"),
    (None, None, "none0", "is no network interface of this host; use one of"),
    (None, None, "lo; reboot", "is no network interface of this host"),
    (["ipv6"], None, "lo", "has no IPv6 address that can leave the host"),
    (None, "127.0.0.1", "lo", "is given together with source_address"),
]


@pytest.mark.parametrize(("families", "source_address", "interface", "problem"), REFUSED)
def test_what_is_not_on_this_host_is_refused_in_one_sentence(
    families: list[str] | None, source_address: str | None, interface: str | None, problem: str
) -> None:
    with pytest.raises(InputError) as caught:
        bound(families, source_address=source_address, interface=interface)
    assert problem in str(caught.value)


def test_a_path_names_user_and_network_namespace() -> None:
    path = here(family="ipv4", proxy="socks5", source_address="127.0.0.1")
    assert path.netns == str(os.stat("/proc/self/ns/net").st_ino)
    assert path.user
    assert (path.family, path.proxy, path.source_address) == ("ipv4", "socks5", "127.0.0.1")


def test_no_route_is_told_without_a_packet(monkeypatch: pytest.MonkeyPatch) -> None:
    class Socket(socket.socket):
        def connect(self, address: object) -> None:
            raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "socket", Socket)
    assert local_address("ipv4") is None
    assert local_address("ipv6") is None


def test_the_address_that_the_kernel_sends_from_is_told() -> None:
    assert local_address("ipv4", source_address="127.0.0.1") in ("127.0.0.1", None)
    assert local_address("ipv4", source_address="198.51.100.7") is None
