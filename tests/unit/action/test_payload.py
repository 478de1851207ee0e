# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What really travels to a host with a module, as the installed ansible-core builds it."""

from __future__ import annotations

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from tests.payload import payload

#: What making a pair may add to placing a credential.
_PAIR_TIMES = 1.1
#: What all exchanges may add to a module that opens and writes credentials too, and asks none.
_TIMES = 1.6


@pytest.mark.parametrize(
    "module", ["credential", "credential_info", "exposed_credential", "key_pair", "public_ip_info"]
)
def test_a_module_that_asks_no_exchange_ships_none(module: str) -> None:
    files = payload(module).files
    assert any(name.endswith("plugins/module_utils/_module.py") for name in files)
    assert [name for name in files if "_exchanges" in name] == []


def test_an_exchange_does_not_bring_the_grammar_of_allowlists() -> None:
    names = {name.rpartition("/module_utils/")[2] for name in payload("api_key_info").files}
    # All of them, though each is read only when it is asked for.
    assert {f"_exchanges/_{name}.py" for name in EXCHANGES} <= names
    assert "_allowlist/_grammar.py" not in names


def test_all_exchanges_together_stay_small() -> None:
    assert payload("api_key_info").sent <= _TIMES * payload("credential").sent


def test_making_a_pair_is_hardly_more_than_placing_one() -> None:
    assert payload("key_pair").sent <= _PAIR_TIMES * payload("credential").sent
