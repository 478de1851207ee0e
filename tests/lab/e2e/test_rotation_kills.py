# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kills and power cuts in the middle of rotations: the service runs with a key that the exchange accepts."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.lab.e2e._rotation import built, disturb_and_judge

if TYPE_CHECKING:
    from tests.lab._lab import Lab

SEED = 20261122
KILLS = 4
CUTS = 2


def test_killed_at_any_instant_the_service_trades_and_the_next_run_ends(
    lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with built(lab, tmp_path_factory) as bots:
        seen = disturb_and_judge(bots, kills=KILLS, cuts=CUTS, longest=2, random_numbers=random.Random(SEED))
    assert len({each.credentials for each in seen}) >= 2
