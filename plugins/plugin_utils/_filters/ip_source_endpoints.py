# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.ip_source_endpoints`` does."""

from __future__ import annotations

import typing as t

from ...module_utils._egress._sources import DEFAULT_SOURCES
from .exchange_endpoints import endpoint


def ip_source_endpoints(given: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """Return the endpoints."""
    urls = [str(source["url"]) for source in given] or [source.url for source in DEFAULT_SOURCES]
    return list(dict.fromkeys(endpoint(url) for url in urls))
