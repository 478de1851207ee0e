# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One simulator for the tests here; each test finds it empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

NAT = {"127.0.0.1": "91.198.115.11", "127.0.0.2": "91.198.115.12", "::1": "2a01:4f8:c17::11"}


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[Simulator]:
    with Simulator.start(nat=NAT) as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    running_simulator.reset()
    running_simulator.set_nat(NAT)
    return running_simulator
