# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the module's options to a configuration."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._firewall._apt import apt_mirrors, mirror_lists
from ansible_collections.trading.hosts.plugins.module_utils._firewall._config import Config, read_config, write_config
from ansible_collections.trading.hosts.plugins.module_utils._firewall._options import ARGUMENT_SPEC, read_options
from ansible_collections.trading.hosts.plugins.module_utils._firewall._ssh import Connection

CAME_BY = Connection("203.0.113.5 50000 192.0.2.10 22", "203.0.113.5", 22)


def config(*, came_by: Connection | None = CAME_BY, sources: tuple[str, ...] = (), **given: Any) -> Config:
    defaults = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()}
    return read_options({**defaults, **given}, ssh_ports=[22], came_by=came_by, sources=sources)


def to(found: Config, name: str) -> list[str]:
    return [
        f"{each.protocol} {each.host} {each.port}" for group in found.groups if group.name == name for each in group.to
    ]


def test_nothing_declared_leaves_name_servers_time_and_ssh() -> None:
    found = config()
    assert found.mode == "observe"
    assert [group.name for group in found.groups] == ["resolvers"]
    assert to(found, "resolvers") == ["udp resolv.conf 53", "tcp resolv.conf 53", "tcp resolv.conf 853"]
    assert [(each.ports, each.sources) for each in found.inbound] == [((22,), ())]
    assert read_config(write_config(found)) == found


def test_everything_declared() -> None:
    found = config(
        mode="enforce",
        exchanges=["api.bybit.com:443", "ws.okx.com:8443"],
        destinations=[
            {"to": ["api.telegram.org"], "protocol": "tcp", "users": []},
            {"to": ["vpn.example.com:51820"], "protocol": "udp", "users": ["root"]},
        ],
        resolvers=["192.0.2.53", "2001:db8::53"],
        mirrors=["mirror.example.com:80"],
        ip_sources=["ifconfig.me:443"],
        ip_source_users=["root", "checker"],
        ssh_ports=[2222],
        ssh_from=["203.0.113.0/24"],
        inbound=[{"ports": [9100], "protocol": "tcp", "sources": ["192.0.2.0/24"]}],
        extra_output=[" ip daddr 192.0.2.9 accept "],
    )
    assert to(found, "exchanges") == ["tcp api.bybit.com 443", "tcp ws.okx.com 8443"]
    assert to(found, "destinations_0") == ["tcp api.telegram.org 443"]
    assert to(found, "destinations_1") == ["udp vpn.example.com 51820"]
    assert to(found, "resolvers")[::3] == ["udp 192.0.2.53 53", "udp 2001:db8::53 53"]
    assert to(found, "mirrors") == ["tcp mirror.example.com 80"]
    assert {group.name: group.users for group in found.groups if group.users} == {
        "mirrors": ("root", "_apt"),
        "ip_sources": ("root", "checker"),
        "destinations_1": ("root",),
    }
    assert [(each.ports, each.sources) for each in found.inbound] == [
        ((22, 2222), ("203.0.113.0/24",)),
        ((9100,), ("192.0.2.0/24",)),
    ]
    assert found.extra_output == ("ip daddr 192.0.2.9 accept",)


def test_ip_sources_for_nobody_are_for_nobody() -> None:
    assert to(config(ip_sources=["ifconfig.me"], ip_source_users=[]), "ip_sources") == []


def test_mirrors_are_those_of_the_apt_sources() -> None:
    one_line = (
        "# deb http://commented.example/debian x main\n"
        "deb http://deb.debian.org/debian bookworm main\n"
        "deb-src [signed-by=/x arch=amd64] https://Mirror.example.com:8443/debian bookworm main\n"
        "deb cdrom:[Debian 12]/ bookworm main\ndeb file:/srv/debian ./\ndeb http://[2001:db8::1]/debian x main\n"
    )
    deb822 = (
        "Types: deb\n# URIs: http://commented.example\nURIs: https://a.example/debian\n  http://b.example\n"
        "Suites: trixie\n"
        "\nTypes: deb\nURIs: http://security.debian.org/ http://c.example:99/\nSuites: x\n"
    )
    assert apt_mirrors([one_line, deb822, ""]) == [
        "deb.debian.org:80",
        "mirror.example.com:8443",
        "[2001:db8::1]:80",
        "a.example:443",
        "b.example:80",
        "security.debian.org:80",
        "c.example:99",
    ]
    assert to(config(sources=(one_line,)), "mirrors")[0] == "tcp deb.debian.org 80"
    assert to(config(sources=(one_line,), mirrors=[]), "mirrors") == []


def test_the_lists_of_mirrors_that_debians_cloud_images_have() -> None:
    deb822 = (
        "Types: deb deb-src\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: bookworm\n\n"
        "Types: deb\nURIs: mirror+file:/etc/apt/mirrors/debian-security.list mirror+https://list.example/l\n"
    )
    assert mirror_lists([deb822, "deb mirror+file:/etc/l stable main\n", ""]) == [
        "/etc/apt/mirrors/debian.list",
        "/etc/apt/mirrors/debian-security.list",
        "/etc/l",
    ]
    listed = "# one\nhttps://deb.debian.org/debian\tpriority:1\nhttp://b.example/x\n"
    assert apt_mirrors([deb822, listed]) == ["list.example:443", "deb.debian.org:443", "b.example:80"]


def test_the_proxies_that_apt_is_set_to() -> None:
    dump = (
        'APT::Architecture "amd64";\nAcquire "";\nAcquire::http "";\n'
        'Acquire::http::Proxy "http://user:hidden@proxy.example:3128/";\n'
        'Acquire::http::Proxy::deb.debian.org "DIRECT";\nAcquire::http::Proxy-Auto-Detect "/usr/bin/find-proxy";\n'
        'Acquire::HTTP::proxy::internal.example "http://other.example";\n'
        'Acquire::https::Proxy "socks5h://[2001:db8::5]";\nAcquire::ftp::Proxy "ftp://x.example";\n'
    )
    assert apt_mirrors([dump]) == ["proxy.example:3128", "other.example:80", "[2001:db8::5]:1080"]
    assert to(config(sources=(dump,)), "mirrors")[0] == "tcp proxy.example 3128"
    assert "hidden" not in repr(config(sources=(dump,)))


@pytest.mark.parametrize("client", ["203.0.113.5", "::ffff:203.0.113.5"])
def test_rules_that_would_cut_off_whoever_brings_them_are_refused(client: str) -> None:
    came_by = Connection("x", client, 22)
    assert config(ssh_from=["203.0.113.0/24"], came_by=came_by).inbound[0].sources == ("203.0.113.0/24",)
    with pytest.raises(InputError) as caught:
        config(ssh_from=["192.0.2.0/24", "2001:db8::/32"], came_by=came_by)
    assert str(caught.value) == (
        "ssh_from '192.0.2.0/24, 2001:db8::/32': does not hold 203.0.113.5, from where this connection comes; add it."
    )
    assert config(ssh_from=["192.0.2.0/24"], came_by=None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"exchanges": ["https://api.bybit.com"]}, "exchanges 'https://api.bybit.com'"),
        ({"resolvers": ["dns.example.com"]}, "resolvers 'dns.example.com': is no address"),
        ({"ssh_from": ["everywhere"]}, "ssh_from 'everywhere'"),
        ({"inbound": [{"ports": [1], "protocol": "tcp", "sources": ["x"]}]}, "inbound[0].sources 'x'"),
        ({"destinations": [{"to": ["a b"], "protocol": "tcp", "users": []}]}, "destinations[0].to 'a b'"),
        ({"rollback_after": 5}, "rollback_after '5'"),
        ({"extra_input": ["accept; accept"]}, "extra_input 'accept; accept'"),
    ],
)
def test_bad_input_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        config(**given)
    assert str(caught.value).startswith(said)
