# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is a secret in settings that everybody may read, by its path and never by its value."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.trading.hosts.plugins.plugin_utils._filters.secret_paths import secret_paths

FOUND: dict[str, Any] = {
    "exchange.key": {"exchange": {"key": "a"}},
    "exchange.secret": {"exchange": {"secret": "a"}},
    "exchange.password": {"exchange": {"password": "a"}},
    "exchange.uid": {"exchange": {"uid": 17}},
    "exchange.ccxt_config.apiKey": {"exchange": {"ccxt_config": {"apiKey": "a"}}},
    "exchange.ccxt_config.privateKey": {"exchange": {"ccxt_config": {"privateKey": "a"}}},
    "exchange.ccxt_async_config.headers.Authorization": {
        "exchange": {"ccxt_async_config": {"headers": {"Authorization": "a"}}}
    },
    "exchange.ccxt_config.httpsProxy": {"exchange": {"ccxt_config": {"httpsProxy": "http://me:word@proxy:3128"}}},
    "telegram.token": {"telegram": {"token": "a"}},
    "api_server.jwt_secret_key": {"api_server": {"jwt_secret_key": "a"}},
    "api_server.ws_token.0": {"api_server": {"ws_token": ["a"]}},
    "webhook.url": {"webhook": {"url": "https://example.org/x"}},
    "discord.webhook_url": {"discord": {"webhook_url": "https://example.org/x"}},
    "external_message_consumer.producers.0.ws_token": {"external_message_consumer": {"producers": [{"ws_token": "a"}]}},
    "db_url": {"db_url": "postgresql://me:word@127.0.0.1/db"},
    "coingecko.api_key": {"coingecko": {"api_key": "a"}},
}
CLEAN: dict[str, Any] = {
    "empty": {"exchange": {"key": "", "secret": None, "password": ""}},
    "switches": {"exchange": {"requires_password": True}},
    "a sort key": {"pairlists": [{"method": "VolumePairList", "sort_key": "quoteVolume"}]},
    "a local database": {"db_url": "sqlite:////var/lib/bot/trades.sqlite"},
    "an address": {"exchange": {"ccxt_config": {"urls": {"api": {"rest": "https://example.org:8443/a@b"}}}}},
    "a url": {"external": {"url": "https://example.org"}},
}


@pytest.mark.parametrize("path", FOUND)
def test_a_secret_is_named_by_its_path(path: str) -> None:
    assert secret_paths(FOUND[path]) == [path]


@pytest.mark.parametrize("case", CLEAN)
def test_other_settings_are_none(case: str) -> None:
    assert secret_paths(CLEAN[case]) == []


def test_all_are_named_in_order() -> None:
    assert secret_paths({"b": {"secret": "x"}, "a": [{"token": "y"}, {"token": ""}]}) == ["b.secret", "a.0.token"]
