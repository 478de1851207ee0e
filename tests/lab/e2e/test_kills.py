# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fifty kills in the middle of placement: each leaves credentials that decrypt, and no plain text."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.e2e._kills import Killer, judge
from tests.lab.e2e._support import HOSTS, in_memory

if TYPE_CHECKING:
    from tests.lab._lab import Lab

SEED = 20261122
MODULE_KILLS = 45
POWER_CUTS = 5


def test_killed_at_any_instant_the_old_or_the_new_is_there(lab: Lab, tmp_path: Path) -> None:
    random_numbers = random.Random(SEED)
    with in_memory(tmp_path):
        killer = Killer(lab, tmp_path)
        told = killer.kill_modules(count=MODULE_KILLS + 1, random_numbers=random_numbers)
        counts = judge(told)
        # It counts only if the kills came in the middle.
        assert counts["kills"] >= MODULE_KILLS
        assert counts["leftovers"] >= 10, counts
        assert counts["mixed"] >= 1, counts
        assert counts["ended before"] < MODULE_KILLS / 3, counts

        seconds = max(entry["duration"] for entry in told if entry["kind"] == "undisturbed")
        after = [entry for entry in told if entry["kind"] == "undisturbed"]
        last = [[entry for entry in after if entry["host"] == host][-1] for host in HOSTS]
        cuts = killer.cut_power(count=POWER_CUTS, seconds=seconds, random_numbers=random_numbers)
        assert judge([*last, *cuts])["kills"] == POWER_CUTS
        assert killer.plain_text() == []
        print(f"seed {SEED}: {counts}; power cuts {judge([*last, *cuts])}")
