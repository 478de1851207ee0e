# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No way leads to a method, path or host outside each exchange's short list of reads.

The lists stand here a second time, so that nobody adds a call without saying so twice.
"""

from __future__ import annotations

import ast
import datetime
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import TradingHostsError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _driver, _registry
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Question
from ansible_collections.trading.hosts.plugins.module_utils._message import Request
from tests.unit.module_utils._exchanges.conversations import CONVERSATIONS, CREDENTIAL, CREDENTIALS
from tests.unit.module_utils._exchanges.test_mutations import Said, put

READS: dict[str, set[str]] = {
    "binance": {
        "GET /api/v3/account", "GET /api/v3/time", "GET /fapi/v2/account", "GET /sapi/v1/account/apiRestrictions",
    },
    "bingx": {
        "GET /openApi/swap/v2/server/time", "GET /openApi/swap/v2/user/balance",
        "GET /openApi/v1/account/apiPermissions", "GET /openApi/v1/account/apiRestrictions",
    },
    "bitfinex": {"POST /v2/auth/r/permissions", "GET /v2/platform/status"},
    "bitget": {"GET /api/v2/public/time", "GET /api/v2/spot/account/info", "GET /api/v3/account/info"},
    "bitmart": {"POST /spot/v4/query/open-orders", "GET /system/time"},
    "bitmex": {"GET /api/v1", "GET /api/v1/apiKey"},
    "bitstamp": {"POST /api/v2/account_balances/usd/", "GET /api/v2/ticker/btcusd/"},
    "blofin": {"GET /api/v1/market/tickers", "GET /api/v1/user/query-apikey"},
    "bybit": {"GET /v5/market/time", "GET /v5/user/query-api"},
    "coinbase": {"GET /api/v3/brokerage/key_permissions", "GET /api/v3/brokerage/time"},
    "cryptocom": {"POST /exchange/v1/private/user-balance", "GET /exchange/v1/public/get-tickers"},
    "deribit": {"GET /api/v2/private/list_api_keys", "GET /api/v2/public/auth", "GET /api/v2/public/get_time"},
    "gate": {"GET /api/v4/account/detail", "GET /api/v4/account/main_keys", "GET /api/v4/spot/time"},
    "gemini": {"POST /v1/roles", "GET /v1/symbols"},
    "htx": {"GET /v1/common/timestamp", "GET /v2/user/api-key", "GET /v2/user/uid"},
    "hyperliquid": {"POST /info"},
    "kraken": {"POST /0/private/GetApiKeyInfo", "GET /0/public/Time"},
    "krakenfutures": {"GET /api/auth/v1/api-keys/v3/check", "GET /derivatives/api/v3/instruments/status"},
    "kucoin": {"GET /api/ua/v1/user/api-key", "GET /api/v1/timestamp", "GET /api/v1/user/api-key"},
    "mexc": {"GET /api/v3/account", "GET /api/v3/time"},
    "okx": {"GET /api/v5/account/config", "GET /api/v5/public/time"},
    "phemex": {"GET /public/time", "GET /spot/wallets"},
    "woo": {"GET /v3/account/credentials", "GET /v3/public/systemInfo"},
}  # fmt: skip
NAMES = sorted(_registry.EXCHANGES)
NOW = datetime.datetime(2026, 11, 22, 7, 13, 54, tzinfo=datetime.timezone.utc)


class Silent:
    """Nobody may ask here."""

    def send(self, request: Request) -> Any:
        raise AssertionError(request.url)


def test_the_lists_are_these() -> None:
    listed = {
        name: {f"{method} {path}" for method, path in exchange.reads()}
        for name, exchange in _registry.EXCHANGES.items()
    }
    assert listed == READS


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_listed_never_leaves(name: str) -> None:
    exchange = _registry.get(name)
    own = {tuple(read.split(" ")) for read in READS[name]}
    everybodys = {tuple(read.split(" ")) for reads in READS.values() for read in reads}
    near = {
        (method, spelled)
        for _method, path in own
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "get", "HEAD")
        for spelled in (path, f"{path}/", f"/{path}", path.upper(), f"{path}/../order", f"{path}%2forder", path[:-1])
    }
    tried = (everybodys | near) - own
    assert len(tried) > 50
    for method, path in sorted(tried):
        with pytest.raises(TradingHostsError, match="is no listed read"):
            _driver.send_read(Request(method, f"https://h.example{path}"), exchange=exchange, http=Silent())


@pytest.mark.parametrize("name", NAMES)
def test_every_listed_read_is_really_asked_and_nowhere_but_on_its_own_hosts(name: str) -> None:
    exchange = _registry.get(name)
    asked: set[str] = set()
    for site in exchange.sites().values():
        asked.add(told(exchange.time_request(site=site), hosts={site.base_url}))
    for talk in (talk for talk in CONVERSATIONS if talk.exchange == name):
        http = Said(*((status, json.dumps(data).encode()) for status, data in talk.answers))
        put(talk, http)
        site = next(iter(exchange.sites().values()))
        asked |= {told(request, hosts={site.base_url, site.futures_url}) for request in http.asked}
    for (environment, _region), site in exchange.sites().items():
        question = Question(CREDENTIALS.get(name, CREDENTIAL), NOW, site, environment)
        asked.add(told(exchange.key_request(question), hosts={site.base_url}))
    assert asked == READS[name], "a list must be short"


def told(request: Request, *, hosts: set[str | None]) -> str:
    parts = urlsplit(request.url)
    assert f"{parts.scheme}://{parts.netloc}" in hosts
    return f"{request.method} {parts.path}"


@pytest.mark.parametrize("file", sorted(Path(_registry.__file__).parent.glob("*.py")), ids=lambda file: file.stem)
def test_no_file_but_the_driver_can_put_a_request(file: Path) -> None:
    """Whoever holds a connection could go round the list: only the driver puts, and only the pace hands on."""
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    verbs = {"request", "get_json", "urlopen", "post", "put", "delete", "patch", "connect", "getaddrinfo"}
    assert not calls & verbs
    # A generator, an interview, is sent an answer: in the driver alone too.
    assert "send" not in calls or file.stem in ("_driver", "_pace")
