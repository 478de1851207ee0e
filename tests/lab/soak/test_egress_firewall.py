# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The firewall for longer: a name that moves for ten minutes, and addresses that nobody has named for a day."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._dns import MOVES
from tests.lab._tools import wait_for
from tests.lab.e2e._firewall import EXCHANGE, UNDECLARED, Moving, connect, name_server
from tests.lab.e2e._support import HOSTS, Controller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lab._dns import Dns
    from tests.lab._lab import Lab

STATE = "var/lib/trading-hosts-firewall/state.json"
SERVICE = "trading-hosts-firewall"
#: All that a user of the role writes; everything else is as shipped.
GIVEN = {"exchanges": [f"{EXCHANGE}:443"], "mode": "enforce", "mirrors": ["deb.debian.org:80"]}


@pytest.fixture(scope="module")
def dns(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dns]:
    """Enforce on both hosts, and take it away in the end."""
    with name_server(lab) as running:
        controller = Controller(lab, tmp_path_factory.mktemp("fw"))
        built = controller.run(
            {
                "ansible.builtin.include_role": {"name": "trading.hosts.egress_firewall"},
                "vars": {f"egress_firewall_{name}": value for name, value in GIVEN.items()},
            }
        )
        assert built.returncode == 0, built.output
        yield running
        removed = controller.run({"trading.hosts.egress_firewall": {"state": "absent"}})
        assert removed.returncode == 0, removed.output


def test_for_ten_minutes_no_call_to_a_name_that_moves_fails(
    lab: Lab, dns: Dns, record_property: Callable[[str, Any], None]
) -> None:
    with Moving(lab, dns, seconds=600) as moving:
        pass
    for host in HOSTS:
        told = moving.told(host)
        record_property(f"calls on {host}", told["calls"])
        record_property(f"slowest call on {host}, seconds", told["slowest"])
        assert told["failures"] == [], told
        assert told["calls"] > 300
        assert told["addresses"] == sorted(MOVES)
        assert connect(lab, host, (UNDECLARED, 443, None)) == ["refused"]


def test_an_address_goes_a_day_after_its_last_answer_and_not_before(lab: Lab, dns: Dns) -> None:
    """The day is made by a state on disk that is older."""
    dns.answer(EXCHANGE, MOVES[0])
    gone, kept = MOVES[1], MOVES[2]
    for host in HOSTS:
        lab.execute(host, ["systemctl", "stop", SERVICE])
        path = lab.root(host) / STATE
        state = json.loads(path.read_text())
        now = max(state["names"][EXCHANGE].values())
        state["names"][EXCHANGE] = {MOVES[0]: now, gone: now - 86_500, kept: now - 86_000}
        path.write_text(json.dumps(state))
        lab.execute(host, ["systemctl", "start", SERVICE])
    listed = ["nft", "list", "set", "inet", "trading_hosts", "exchanges_4"]

    def held(address: str) -> list[bool]:
        return [address in lab.execute(host, listed).stdout for host in HOSTS]

    wait_for(lambda: not any(held(gone)), what="the old address to go", timeout=30)
    assert held(MOVES[0]) == held(kept) == [True, True]
