# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts the playbook ``site`` builds, and which of them first: never one that was not asked for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.lab.ansible import Project, ansible_playbook

INVENTORY = "[bots]\na\nb\n\n[eu]\nb\nc\n\n[nobody]\n"


@pytest.mark.parametrize(
    ("given", "canary", "others"),
    [
        ({}, ["a"], ["b", "c"]),
        ({"site_hosts": "bots"}, ["a"], ["b"]),
        ({"site_hosts": "bots", "site_canary": "b"}, ["b"], ["a"]),
        # A pattern has no first host: all of it is built one host after the other.
        ({"site_hosts": "b"}, ["b"], []),
        ({"site_hosts": "bots:&eu"}, ["b"], []),
        ({"site_hosts": "bots:eu"}, ["a", "b", "c"], []),
        ({"site_hosts": "bots:eu", "site_canary": "c"}, ["c"], ["a", "b"]),
        ({"site_hosts": "nobody"}, [], []),
    ],
)
def test_hosts(given: dict[str, str], canary: list[str], others: list[str], tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.inventory.write_text(INVENTORY)
    words = [word for name, value in given.items() for word in ("-e", f"{name}={value}")]
    listed = subprocess.run(
        [*ansible_playbook(), "-i", str(project.inventory), "--list-hosts", *words, "trading.hosts.site"],
        env=project.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    plays = listed.stdout.split("  play #")[1:]
    found = [sorted(re.findall(r"^      (\w+)$", play, re.MULTILINE)) for play in plays]
    assert found == [canary, others]
