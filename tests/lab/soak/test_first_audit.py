# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``audit`` where nothing of this collection was ever placed or declared: keys in programs' own files."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._simulator import STATE_DIR
from tests.lab.demo._scenarios import SCENARIOS, create
from tests.lab.e2e._support import HOSTS, Controller, virgin
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab._lab import Lab
    from tests.simulator.client import SimulatedKey

BOTS = "srv/bots"


def document(keys: dict[str, tuple[str, SimulatedKey]]) -> str:
    """Return the keys as passivbot's file of users holds them."""
    return json.dumps(
        {
            name: {
                "exchange": exchange,
                "key": key.key,
                "secret": key.secret,
                **({"passphrase": key.passphrase} if key.passphrase else {}),
            }
            for name, (exchange, key) in keys.items()
        }
    )


@pytest.fixture(scope="module")
def secrets(lab: Lab) -> Iterator[list[str]]:
    """Put the demo's keys into files in clear, and return everything that must not be seen elsewhere."""
    virgin(lab)
    simulator = Simulator.attach(STATE_DIR)
    simulator.reset()
    now = datetime.datetime.now(tz=datetime.UTC)
    made: list[str] = []
    files = [lab.root(host) / BOTS / "passivbot" / "api-keys.json" for host in HOSTS]
    for host, file in zip(HOSTS, files, strict=True):
        keys = {
            scenario.name: (
                scenario.exchange,
                create(simulator, scenario, public=lab.public_addresses(host)[0], now=now),
            )
            for scenario in SCENARIOS
            if scenario.host == host
        }
        made += [text for _exchange, key in keys.values() for text in (key.key, key.secret, key.passphrase) if text]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document(keys), encoding="utf-8")
        file.chmod(0o600)
    yield made
    for file in files:
        file.unlink()
    virgin(lab)


def test_each_key_of_a_program_is_judged_by_what_its_exchange_tells(
    lab: Lab, secrets: list[str], tmp_path: Path
) -> None:
    controller = Controller(lab, tmp_path, pipelining=True)
    run = controller.playbook("trading.hosts.audit", "-e", "audit_fail_on=never", "-e", f"audit_directory={tmp_path}/a")
    assert run.returncode == 0, run.output
    report: dict[str, Any] = json.loads((tmp_path / "a" / "report.json").read_text(encoding="utf-8"))
    assert f"No host declares a key. {len(SCENARIOS)} keys were found on {len(HOSTS)} hosts." in run.output
    name = f"passivbot /{BOTS}/passivbot/api-keys.json"
    assert {line["key"] for line in report["lines"]} == {f"{name} {scenario.name}" for scenario in SCENARIOS}
    failed = {
        (finding["subject"]["key"], finding["rule"]) for finding in report["findings"] if finding["status"] == "fail"
    }
    assert {
        (f"{name} hedge", "key-accepted"),
        (f"{name} sweep", "withdrawal-forbidden"),
        (f"{name} scalp", "ip-restriction-required"),
        (f"{name} grid", "key-owner-declared"),
        (f"/{BOTS}/passivbot/api-keys.json", "credential-exposed"),
    } <= failed
    assert (f"{name} grid", "key-accepted") not in failed
    # No secret went to the controller, nor anywhere else on its host.
    disks = [lab.root(host) / top for host in HOSTS for top in ("home", "root", "tmp", "var/tmp", "var/log")]
    assert sweep(Needles.of(secrets), tmp_path, *disks) == []
    assert not any(secret in run.output for secret in secrets)
