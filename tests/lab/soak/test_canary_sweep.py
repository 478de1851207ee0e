# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sweep over every scenario where it takes longer: check mode, ansible-runner, and hosts whose sudo records."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lab.e2e._canaries import SCENARIOS, failing, named
from tests.lab.e2e._placing import place_and_sweep
from tests.lab.e2e._support import HOSTS, Controller, memory_root, names
from tests.lab.e2e._swept import SUDO_IO, Swept, scenarios, sudo_records, swept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab._lab import Lab

__all__ = ["swept"]


@pytest.mark.parametrize(("user", "pipelining"), [("root", True), ("root", False), ("deploy", True)])
def test_placing_leaks_nothing(lab: Lab, tmp_path: Path, user: str, pipelining: bool) -> None:
    place_and_sweep(lab, tmp_path, user=user, pipelining=pipelining)


def test_check_mode(swept: Swept) -> None:
    run, seen = swept.leaks.watched(
        swept.controller,
        *scenarios(without="build through a proxy"),
        swept.plant(),
        arguments=["-vvvvvv", "--diff", "--check"],
    )
    assert seen == []
    assert "PLAY RECAP" in run.output


def test_ansible_runners_artifacts(swept: Swept) -> None:
    failures = [named(name, task) for name, task, _surely in failing() if name.startswith(("place fields", "learn: "))]
    of_modules = [named(name, task) for name, task in SCENARIOS.items() if "vars" not in task]
    playbook = swept.directory / "runner.json"
    playbook.write_text(
        json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [*of_modules, *failures, swept.plant()]}])
    )
    private = swept.directory / "runner"
    private.mkdir()

    def work() -> int:
        return run_by_runner(swept.controller, playbook, private=private, environment=swept.leaks.logs())

    _status, seen = swept.leaks.watch(swept.controller, work)
    assert seen == []
    artifacts = private / "artifacts" / "sweep"
    events = [json.loads(path.read_text()) for path in (artifacts / "job_events").glob("*.json")]
    assert {"place fields", "learn"} <= {event.get("event_data", {}).get("task") for event in events}
    assert "playbook_on_stats" in {event["event"] for event in events}
    # The control: a careless task would be seen in both.
    assert swept.shows_planted(artifacts / "job_events")
    assert swept.shows_planted(artifacts / "stdout")


def run_by_runner(controller: Controller, playbook: Path, *, private: Path, environment: Mapping[str, str]) -> int:
    programs = Path(sys.executable).parent
    done = subprocess.run(
        [
            programs / "ansible-runner", "run", private, "-p", playbook, "-i", "sweep", "--quiet",
            "--inventory", controller.project.inventory, "--cmdline=-vvvvvv --diff",
        ],
        env=controller.project.environment(
            PATH=f"{programs}:{os.environ['PATH']}",
            ANSIBLE_HOME=str(controller.directory / "home"),
            TMPDIR=str(controller.directory / "tmpdir"),
            **environment,
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )  # fmt: skip
    return done.returncode


def test_where_sudo_records_what_it_is_sent_nothing_is_sent(lab: Lab, swept: Swept) -> None:
    tasks = [named(name, task) for name, task in SCENARIOS.items() if "vars" not in task]
    with sudo_records(lab, "log_input, log_output"):
        run, seen = swept.leaks.watched(swept.controller, *tasks, swept.plant())
    assert seen == []
    for host in HOSTS:
        assert "records what it is sent" in run.of(host, "place fields").data["msg"]
        assert "records what it is sent" in run.of(host, "learn").data["msg"]
        # The control: what an ordinary module is sent stands there.
        assert swept.shows_planted(memory_root(host) / SUDO_IO)
        assert names(lab, host) == ["swept-pair"]
