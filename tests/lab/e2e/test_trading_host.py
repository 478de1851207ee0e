# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fresh host becomes one that trades with freqtrade; tests/lab/soak/test_trading_host.py has the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.e2e._house import House

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab._lab import Lab


def test_a_fresh_host_trades_and_a_second_run_changes_nothing(lab: Lab, tmp_path: Path) -> None:
    house = House(lab, tmp_path, suite="trixie")
    house.simulator.reset()
    house.prepare()
    first = house.build()
    assert first.run.returncode == 0, first.run.output
    invocation = house.await_synced()
    assert house.answers(house.key) == {None}
    again = house.build()
    assert again.run.returncode == 0, again.run.output
    assert again.changed == []
    assert house.invocation() == invocation
    lab.kill(house.host)
