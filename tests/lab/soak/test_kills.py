# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A thousand kills in the middle of placement, at instants that are others in every run."""

from __future__ import annotations

import random
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lab.e2e._kills import kill_and_judge
from tests.lab.e2e._support import in_memory

if TYPE_CHECKING:
    from tests.lab._lab import Lab

MODULE_KILLS = 960
POWER_CUTS = 40


@pytest.mark.parametrize("stores", [("systemd", "systemd"), ("systemd", "age"), ("age", "age")], ids="-".join)
def test_killed_a_thousand_times_the_old_or_the_new_is_there(lab: Lab, tmp_path: Path, stores: tuple[str, str]) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    with in_memory(tmp_path):
        kill_and_judge(
            lab,
            tmp_path,
            module_kills=MODULE_KILLS,
            power_cuts=POWER_CUTS,
            random_numbers=random.Random(seed),
            stores=stores,
        )
