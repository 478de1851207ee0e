# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of ccxt's exchanges is what the pinned ccxt says, and what the exchanges' own files say."""

from __future__ import annotations

import ccxt
import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.module_utils._policy._ccxt_needs import BY_NEEDS, VERSION
from tests.collection import CHECKOUT
from tests.generated import ccxt_needs

NEEDS = {name: needs for needs, names in BY_NEEDS.items() for name in names.split()}


def test_the_file_is_what_make_generated_writes() -> None:
    text = ccxt_needs.FILE.read_text(encoding="utf-8")
    assert text == ccxt_needs.written(as_of=ccxt_needs.date_in(text)), "run: make generated"


def test_it_is_the_pinned_ccxt_whole() -> None:
    requirements = (CHECKOUT / "tests/requirements.txt").read_text(encoding="utf-8")
    assert f"ccxt=={VERSION}\n" in requirements
    assert set(NEEDS) == set(ccxt.exchanges)
    for name in ccxt.exchanges:
        assert set(NEEDS[name]) == {word for word, asked in getattr(ccxt, name)().requiredCredentials.items() if asked}


@pytest.mark.parametrize("name", sorted(set(EXCHANGES) & set(NEEDS)))
def test_the_exchanges_that_are_known_here_ask_for_the_same(name: str) -> None:
    assert (EXCHANGES[name].passphrase_rule() is not None) == ("password" in NEEDS[name])
