# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.exchange_endpoints`` does."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

from ansible.errors import AnsibleFilterError

from ...module_utils._errors import TradingHostsError
from ...module_utils._exchanges._registry import find, get
from .._ccxt_endpoints import ENDPOINTS


def exchange_endpoints(given: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """Return the endpoints; raises ``AnsibleFilterError`` for an exchange or site that is not known."""
    found: dict[str, None] = {}
    for entry in given:
        try:
            found.update(dict.fromkeys(_of(entry)))
        except TradingHostsError as error:
            raise AnsibleFilterError(str(error)) from None
    return list(found)


def _of(entry: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    if entry.get("base_url"):
        yield endpoint(str(entry["base_url"]))
    name = str(entry.get("exchange", ""))
    environment, region = str(entry.get("environment") or "mainnet"), str(entry.get("region") or "global")
    if name == "other" or environment == "custom":
        return
    sites = (find(name) or get(name)).sites()
    site = sites.get((environment, region))
    if site is None:
        known = ", ".join(f"{each} in {where}" for each, where in sites)
        raise AnsibleFilterError(f"{name} has no site {environment} in the region {region}; known are {known}.")
    for url in (site.base_url, site.futures_url):
        if url:
            yield endpoint(url)
    yield from ENDPOINTS.get((name, environment, region), "").split()


def endpoint(url: str) -> str:
    """Return the host and port of a URL."""
    parts = urlsplit(url)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    host = parts.hostname or ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
