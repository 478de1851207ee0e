# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pairs each exchange takes, and how they are registered."""

from __future__ import annotations

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential._key_pair import DEFAULT_SIZE
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._pairs import fitting_type, read_registration
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._signing import ASYMMETRIC


@pytest.mark.parametrize(
    ("exchange", "type_", "size", "told"),
    [
        (None, None, None, None),
        (None, "rsa", 3072, "rsa"),
        ("binance", None, None, None),
        ("binance", None, 4096, None),
        ("binance", "rsa", 2048, "rsa"),
        ("bybit", None, None, "rsa"),
        ("bybit", None, 3072, "rsa"),
        ("deribit", None, None, "ed25519"),
        ("htx", "ed25519", None, "ed25519"),
    ],
)
def test_the_host_is_told_the_type_where_the_exchange_leaves_no_choice(
    exchange: str | None, type_: str | None, size: int | None, told: str | None
) -> None:
    assert fitting_type(exchange=exchange, type_=type_, size=size) == told


@pytest.mark.parametrize(
    ("exchange", "type_", "size", "sentence"),
    [
        ("bybit", "ed25519", None, "type 'ed25519': is not what Bybit takes; use rsa"),
        ("deribit", "rsa", None, "type 'rsa': is not what Deribit takes; use ed25519"),
        ("binance", None, 3072, "size '3072': is not what Binance takes, as far as it tells; use 2048 or 4096"),
        ("bitget", "rsa", 3072, "size '3072': is not what Bitget takes, as far as it tells; use 2048 or 4096"),
        ("okx", None, None, "OKX is not known to take the public half"),
        ("coinbase", None, None, "Coinbase is not known to take the public half"),
        ("nowhere", None, None, "exchange 'nowhere': is not known here"),
        ("other", None, None, "exchange 'other': is not known here"),
    ],
)
def test_what_an_exchange_does_not_take_is_refused(
    exchange: str, type_: str | None, size: int | None, sentence: str
) -> None:
    with pytest.raises(InputError) as refused:
        fitting_type(exchange=exchange, type_=type_, size=size)
    assert sentence in str(refused.value)


def test_every_exchange_that_takes_a_pair_says_how_it_is_registered() -> None:
    takes = {name for name, exchange in EXCHANGES.items() if ASYMMETRIC.intersection(exchange.key_types())}
    tells = {name for name, exchange in EXCHANGES.items() if exchange.registration() is not None}
    assert takes - tells == {"coinbase"}, "Coinbase gives out the private half itself"
    assert tells <= takes
    for name in tells:
        found = read_registration(name)
        assert found is not None
        assert found["click_path"].startswith(f"{EXCHANGES[name].title} > ")
        assert "PEM" in found["form"]
        assert found["source"]
    assert read_registration(None) is None
    assert read_registration("okx") is None


def test_an_exchange_that_names_sizes_takes_the_one_that_is_made_by_default() -> None:
    found = {exchange.name: exchange.registration() for exchange in EXCHANGES.values()}
    sizes = {name: told.sizes for name, told in found.items() if told and told.sizes}
    assert sizes
    assert {name for name, each in sizes.items() if DEFAULT_SIZE not in each} == set()
