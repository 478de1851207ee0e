# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole house: a host that nothing was ever done to becomes one that trades with freqtrade, and stays so.

The tests of this file build on each other, in the order in which they stand here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.e2e._freqtrade import UNIT
from tests.lab.e2e._house import BUILD, Built, House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

DECLARATION = "/etc/trading-hosts/services/freqtrade.json"


@pytest.fixture(scope="module", params=["trixie", "bookworm"])
def house(lab: Lab, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[House]:
    made = House(lab, tmp_path_factory.mktemp("house"), suite=request.param)
    made.simulator.reset()
    made.prepare()
    yield made
    lab.kill(made.host)


def test_check_mode_foresees_it_and_changes_nothing(house: House) -> None:
    before = house.changed_files()
    run = house.run(BUILD, arguments=["-v", "--check", "--diff"])
    assert run.returncode == 0, run.output
    assert house.changed_files() == before
    assert house.key.secret not in run.output


def test_a_user_who_may_not_become_root_changes_nothing(house: House) -> None:
    sudoers = house.lab.root(house.host) / "etc/sudoers.d"
    rules = {path: path.read_bytes() for path in sudoers.iterdir()}
    for path in rules:
        path.unlink()
    before = house.changed_files()
    try:
        run = house.run(BUILD)
        # Ansible's own sentence.
        assert "Missing sudo password" in run.message(house.host)
        assert house.changed_files() == before
    finally:
        for path, rule in rules.items():
            path.write_bytes(rule)
            path.chmod(0o440)


def test_a_mirror_that_cannot_be_reached_leaves_the_host_as_it_was(house: House) -> None:
    apt = house.lab.root(house.host) / "etc/apt"
    sources = [path for path in (apt / "sources.list", *(apt / "sources.list.d").iterdir()) if path.exists()]
    texts = {path: path.read_bytes() for path in sources}
    for path in sources:
        path.unlink()
    mirror = apt / "sources.list.d/mirror.list"
    # Nothing listens there.
    mirror.write_text("deb [trusted=yes] http://127.0.0.1:9/debian stable main\n")
    before = house.changed_files()
    try:
        run = house.run(BUILD)
        assert "see that this host reaches the mirrors it names (apt-get update)" in house.failure(run)
        assert house.changed(run) == []
        assert house.changed_files() == before
    finally:
        mirror.unlink()
        for path, text in texts.items():
            path.write_bytes(text)


@pytest.fixture(scope="module")
def first(house: House) -> Built:
    return house.build()


def test_a_fresh_host_trades(house: House, first: Built, record_property: Any) -> None:
    assert first.run.returncode == 0, first.run.output
    house.await_synced()
    assert house.answers(house.key) == {None}
    record_property("seconds from fresh to trading", first.seconds)
    record_property("trips", first.roles)
    assert first.seconds < 240
    for secret in (house.key.key, house.key.secret):
        assert secret not in first.run.output
        assert secret not in house.lab.execute(house.host, ["cat", DECLARATION]).stdout
    assert json.loads(house.lab.execute(house.host, ["cat", DECLARATION]).stdout)["api_keys"][0]["name"] == "bot"
    # Its key was asked before it was started.
    journal = house.lab.execute(house.host, ["journalctl", "--output=cat", "--no-pager", f"--unit={UNIT}"]).stdout
    assert "trading-hosts-agent: freqtrade starts: accepted: bot" in journal


def test_trips_to_the_host_are_few(first: Built) -> None:
    over = {
        role: counts
        for role, counts in first.roles.items()
        if counts["trips"] > 5 * counts.get("files", 0) + counts.get("others", 0)
    }
    assert over == {}


def trips(built: Built) -> float:
    return sum(counts["trips"] for counts in built.roles.values())


def test_a_second_run_changes_nothing_and_is_quick(house: House, first: Built, record_property: Any) -> None:
    before = house.invocation()
    again = house.build()
    assert again.run.returncode == 0, again.run.output
    assert again.changed == []
    assert house.invocation() == before
    record_property("seconds of the second run", again.seconds)
    record_property("trips of the second run", again.roles)
    assert trips(again) <= trips(first) / 5
    assert again.seconds <= first.seconds / 5


def test_it_trades_where_nothing_else_is_let_out(house: House) -> None:
    before = house.invocation()
    enforced = house.build(egress_firewall_mode="enforce")
    assert enforced.run.returncode == 0, enforced.run.output
    house.lab.execute(house.host, ["systemctl", "restart", UNIT])
    house.await_synced(other_than=before)
    status = house.lab.execute(house.host, ["trading-hosts-firewall", "status"]).stdout
    assert "mode: enforce\n" in status
    assert house.build().changed == []


def test_it_trades_after_a_reboot(house: House) -> None:
    before = house.invocation()
    house.simulator.clear_requests()
    assert house.lab.reboot(house.host) == "running"
    house.await_synced(other_than=before)
    assert house.answers(house.key) == {None}
