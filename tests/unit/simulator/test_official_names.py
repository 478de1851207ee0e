# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator answers under every name that the collection asks by default."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._egress._sources import DEFAULT_SOURCES, Source
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from tests.simulator import _ip_services
from tests.simulator._app import services_by_host
from tests.simulator._registry import EXCHANGES as SIMULATED

SITES = [
    (name, environment, region, urlsplit(url).hostname)
    for name, exchange in EXCHANGES.items()
    if name in SIMULATED
    for (environment, region), site in exchange.sites().items()
    for url in (site.base_url, site.futures_url)
    if url is not None
]


def test_every_exchange_is_compared() -> None:
    assert {name for name, *_rest in SITES} == set(EXCHANGES)


@pytest.mark.parametrize(("name", "environment", "region", "host"), SITES)
def test_site(name: str, environment: str, region: str, host: str) -> None:
    service = services_by_host()[host]
    assert service.exchange is SIMULATED[name]
    assert service.site is not None
    assert service.site.region == region
    assert environment in SIMULATED[name].environments()


@pytest.mark.parametrize("source", DEFAULT_SOURCES, ids=lambda source: source.name)
def test_ip_source(source: Source) -> None:
    url = urlsplit(source.url)
    served = services_by_host().get(url.hostname or "")
    assert url.hostname in _ip_services.NAMES or (served and served.exchange and served.exchange.has_trace)
    shape = _ip_services.shape_of(service=url.hostname or "", path=url.path, query=url.query)
    assert shape == ("ripe" if source.field == "data.ip" else source.shape)
