# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a firewall is told of exchanges and IP sources, and that it is what ccxt uses."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trading.hosts.plugins.module_utils._egress._sources import DEFAULT_SOURCES
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.module_utils._firewall._config import endpoint
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.exchange_endpoints import exchange_endpoints
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.ip_source_endpoints import ip_source_endpoints
from tests.generated import ccxt_endpoints


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"exchange": "bybit"}, ["api.bybit.com:443", "stream.bybit.com:443"]),
        ({"exchange": "bybit", "environment": "mainnet", "region": "kz"}, ["api.bybit.kz:443"]),
        ({"exchange": "bybit", "region": "eu"}, ["api.bybit.eu:443", "stream.bybit.eu:443"]),
        (
            {"exchange": "bybit", "environment": "custom", "base_url": "https://127.0.0.1:8443", "secret": "x"},
            ["127.0.0.1:8443"],
        ),
        ({"exchange": "other", "base_url": "https://[2001:db8::1]/x"}, ["[2001:db8::1]:443"]),
        ({"exchange": "other"}, []),
    ],
)
def test_servers_of_an_exchange(given: dict[str, Any], wanted: list[str]) -> None:
    assert exchange_endpoints([given, given]) == wanted


def test_another_port_than_the_usual_one_is_kept() -> None:
    assert "stream.binance.com:9443" in exchange_endpoints([{"exchange": "binance"}])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"exchange": "bibyt"}, "exchange 'bibyt': is not known here"),
        ({"exchange": "bybit", "region": "moon"}, "bybit has no site mainnet in the region moon; known are mainnet in"),
    ],
)
def test_what_is_not_known_is_named(given: dict[str, str], said: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        exchange_endpoints([given])
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("name", sorted(EXCHANGES))
def test_every_site_of_every_exchange_gives_what_a_firewall_takes(name: str) -> None:
    for (environment, region), site in EXCHANGES[name].sites().items():
        found = exchange_endpoints([{"exchange": name, "environment": environment, "region": region}])
        assert f"{urlsplit(site.base_url).hostname}:443" in found
        assert [endpoint(each, field="to") for each in found]


def test_default_ip_sources_and_given_ones() -> None:
    assert ip_source_endpoints([{"url": "http://[::1]:8080/ip"}, {"url": "https://echo.example/"}]) == [
        "[::1]:8080",
        "echo.example:443",
    ]
    assert len(ip_source_endpoints([])) == len({urlsplit(source.url).hostname for source in DEFAULT_SOURCES})


def test_the_list_is_what_this_ccxt_uses() -> None:
    assert ccxt_endpoints.FILE.read_text(encoding="utf-8") == ccxt_endpoints.written(), "run: make generated"
