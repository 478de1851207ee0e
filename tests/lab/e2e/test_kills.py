# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kills in the middle of placement and of moves between stores: each leaves credentials that decrypt."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.e2e._kills import kill_and_judge
from tests.lab.e2e._support import in_memory

if TYPE_CHECKING:
    from tests.lab._lab import Lab

SEED = 20261122
MODULE_KILLS = 40
POWER_CUTS = 5
MOVES_KILLED = 12
MOVES_CUT = 2


def test_killed_at_any_instant_the_old_or_the_new_is_there(lab: Lab, tmp_path: Path) -> None:
    with in_memory(tmp_path):
        kill_and_judge(
            lab, tmp_path, module_kills=MODULE_KILLS, power_cuts=POWER_CUTS, random_numbers=random.Random(SEED)
        )


def test_killed_in_a_move_between_stores_a_credential_is_in_one_that_opens(lab: Lab, tmp_path: Path) -> None:
    with in_memory(tmp_path):
        kill_and_judge(
            lab,
            tmp_path,
            module_kills=MOVES_KILLED,
            power_cuts=MOVES_CUT,
            random_numbers=random.Random(SEED),
            stores=("systemd", "age"),
        )
