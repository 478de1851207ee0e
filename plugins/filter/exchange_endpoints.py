# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.exchange_endpoints``."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import TradingHostsError
from ..module_utils._exchanges._registry import find, get
from ..plugin_utils._ccxt_endpoints import ENDPOINTS

DOCUMENTATION = r"""
name: exchange_endpoints
short_description: Name the servers of exchanges, for a firewall
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Turns API keys, or anything else that names exchanges, into the list that M(trading.hosts.egress_firewall) takes as
    O(trading.hosts.egress_firewall#module:exchanges).
  - It holds the hosts that this collection asks, and those that ccxt uses for the same site, also for streams.
  - An exchange that is not known here gives nothing but the host of its C(base_url).
options:
  _input:
    description:
      - A list of dictionaries with C(exchange), and where they differ from the defaults C(environment), C(region) and
        C(base_url). Anything else in them is ignored.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
---
- name: Which servers this host's keys are for
  ansible.builtin.debug:
    msg: "{{ exchange_credentials_api_keys | trading.hosts.exchange_endpoints }}"
"""

RETURN = r"""
_value:
  description: Host names with their ports, each once, such as C(api.bybit.com:443).
  type: list
  elements: str
"""


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


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"exchange_endpoints": exchange_endpoints}
