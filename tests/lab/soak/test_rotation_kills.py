# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many kills and power cuts in the middle of rotations, at instants that are others in every run."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING

import pytest

from tests.lab.e2e._rotation import built, disturb_and_judge

if TYPE_CHECKING:
    from tests.lab._lab import Lab

KILLS = 80
CUTS = 20


def test_killed_a_hundred_times_the_service_trades_and_the_next_run_ends(
    lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    with built(lab, tmp_path_factory) as bots:
        seen = disturb_and_judge(bots, kills=KILLS, cuts=CUTS, longest=3, random_numbers=random.Random(seed))
    assert len({each.credentials for each in seen}) >= 2
