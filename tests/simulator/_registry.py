# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated exchanges. A new one: its file, and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._exchange_binance import Binance
from ._exchange_bitget import Bitget
from ._exchange_bybit import Bybit
from ._exchange_okx import Okx

if TYPE_CHECKING:
    from ._exchange import Exchange

EXCHANGES: dict[str, Exchange] = {exchange.name: exchange for exchange in (Binance(), Bitget(), Bybit(), Okx())}
