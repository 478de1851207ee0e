# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No leak, from the table of the argument specifications: every place that takes a secret, every way to fail.

The channels, all at once: output at -vvvvvv with --diff, check mode, Ansible's log, its fact cache, the junit report,
ansible-runner's artifacts, sudo's recordings, journal, temporary files, command lines and environments, and the disks
of hosts and controller. That each of them is really read is proved by something that is planted to be found there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.e2e._canaries import SCENARIOS, failing, named
from tests.lab.e2e._support import HOSTS, memory_root, names, place
from tests.lab.e2e._swept import EXPOSED, SUDO_IO, Swept, scenarios, swept

if TYPE_CHECKING:
    from tests.lab._lab import Lab

__all__ = ["swept"]


def test_every_scenario_and_every_failure(lab: Lab, swept: Swept) -> None:
    failures = list(failing())
    tasks = [*scenarios(), *(named(name, task) for name, task, _surely in failures), swept.plant()]
    run, seen = swept.leaks.watched(swept.controller, *tasks, arguments=["-vvvvvv", "--diff"])
    assert seen == []
    assert "PLAY RECAP" in run.output
    for host in HOSTS:
        ended = {result.task: result.status for result in run.results if result.host == host}
        for name, task in SCENARIOS.items():
            if "block" not in named(name, task):
                assert ended[name] in ("ok", "changed"), (name, run.output[-3000:])
        for name, task, surely in failures:
            if surely and "block" not in named(name, task):
                assert ended[name] == "failed", (name, run.output[-3000:])
        (placed,) = run.of(host, "learn what is placed").data["api_keys"]
        assert placed["access"]["status"] == "accepted"
        assert (swept.directory / "facts" / f"{host}.report.json").exists()
        exposed = run.of(host, "find what is exposed").data["exposed"]
        assert f"/{EXPOSED}" in {each["path"] for each in exposed}
        assert {"good", "swept", "swept-pair"} <= set(names(lab, host))
        # The control: every channel is written, and read here.
        assert swept.shows_planted(memory_root(host) / SUDO_IO)
    for channel in ("ansible.log", "junit"):
        assert swept.shows_planted(swept.directory / channel), channel
    assert swept.planted in run.output


def test_the_sweep_sees_what_a_module_without_care_would_do(swept: Swept) -> None:
    """The control: one secret, given to a module that knows nothing of secrets, is found in many places."""
    careless = {
        "name": "careless",
        "ansible.builtin.command": {"argv": ["cat"], "stdin": "{{ canary_plain }}"},
        "changed_when": False,
    }
    _run, seen = swept.leaks.watched(swept.controller, careless, place({"name": "x", "content": "{{ canary_pem }}"}))
    for channel in ("ansible.log", "junit", "sudo-io", "the output"):
        assert [where for where in seen if channel in where], (channel, seen)
