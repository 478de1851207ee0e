# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which servers ccxt uses of each site that the registry knows: the text of ``plugin_utils/_ccxt_endpoints.py``."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ccxt
import ccxt.pro

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from tests.collection import CHECKOUT

FILE = CHECKOUT / "plugins/plugin_utils/_ccxt_endpoints.py"

#: ccxt's names of regional sites. For a region that it has no name for, nothing is written.
REGIONS = {
    ("binance", "us"): "binanceus",
    ("bybit", "eu"): "bybiteu",
    ("gate", "eu"): "gateeu",
    ("okx", "eea"): "myokx",
    ("okx", "us"): "okxus",
}
#: ccxt's names of environments, the first that an exchange has.
ENVIRONMENTS = {"mainnet": ("api",), "testnet": ("test",), "demo": ("demo", "demotrading", "test")}
#: Servers that answer no call of a trading program.
NOT_FOR_TRADING = ("kraken.zendesk.com",)

_HEAD = '''\
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers that ccxt uses of each site, also for streams. Private to this collection.

Written by ``make generated`` from ccxt's ``urls``: do not edit it.
"""

from __future__ import annotations

import typing as t

'''


def files() -> Iterator[tuple[Path, str]]:
    """Yield the file and what it should say."""
    yield FILE, written()


def written() -> str:
    """Return the whole file."""
    lines = [
        f'VERSION = "{ccxt.__version__}"',
        "",
        "#: Exchange, environment and region, and the servers with their ports.",
        "ENDPOINTS: t.Mapping[tuple[str, str, str], str] = {",
    ]
    for name, exchange in sorted(EXCHANGES.items()):
        for environment, region in exchange.sites():
            found = _endpoints(name, environment, region)
            if not found:
                continue
            key = f'("{name}", "{environment}", "{region}")'
            line = f'    {key}: "{" ".join(found)}",'
            if len(line) <= 120:
                lines.append(line)
            else:
                words = textwrap.fill(" ".join(found), width=110, break_on_hyphens=False).splitlines()
                lines += [f'    {key}: """', *(f"        {each}" for each in words), '    """,']
    return _HEAD + "\n".join([*lines, "}", ""])


def _endpoints(name: str, environment: str, region: str) -> list[str]:
    known = REGIONS.get((name, region), name if region == "global" else "")
    kind = getattr(ccxt.pro, known, None) or getattr(ccxt, known, None)
    if not known or kind is None:
        return []
    exchange = kind()
    given: Any = next((exchange.urls[key] for key in ENVIRONMENTS[environment] if exchange.urls.get(key)), {})
    found = set()
    for url in _urls(given):
        parts = urlsplit(url.replace("{hostname}", exchange.hostname or ""))
        host = parts.hostname or ""
        # A regional site's own servers only: ccxt hands on those of the site that it is derived from.
        own = region == "global" or host.endswith(_domain(name, environment, region))
        if parts.scheme in ("https", "wss") and "." in host and own and host not in NOT_FOR_TRADING:
            found.add(f"{host}:{parts.port or 443}")
    return sorted(found)


def _domain(name: str, environment: str, region: str) -> str:
    host = urlsplit(EXCHANGES[name].sites()[environment, region].base_url).hostname or ""
    return "." + ".".join(host.split(".")[-2:])


def _urls(given: Any) -> Iterator[str]:
    if isinstance(given, str):
        yield given
    elif isinstance(given, dict):
        for each in given.values():
            yield from _urls(each)
    elif isinstance(given, list):
        for each in given:
            yield from _urls(each)
