# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What trading_host makes of one service is what the filter makes of it, which the role does not ask again for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.trading.hosts.plugins.plugin_utils._filters.host_services import host_services

RUN = Path(__file__).parents[3] / "roles/trading_host/tasks/run.yml"
#: Those that the service is made of; the others need what a play knows.
NAMES = ("__trading_host_given", "__trading_host_program", "__trading_host_settings", "trading_host_service")
NODE = {"script": "node.py", "files": [], "credentials": ["bot"]}


@pytest.mark.parametrize(
    "service",
    [
        {"name": "bot", "command": ["/usr/bin/true"]},
        {"name": "bot@one", "command": ["/usr/bin/true"], "credentials": ["a", "b"], "ip_family": "ipv4"},
        {"name": "a" * 40, "command": ["/usr/bin/true"], "credentials": None, "user": ""},
        {
            "name": "bot",
            "command": ["/usr/bin/true"],
            "program": "",
            "settings": {},
            "ip_family": "",
            "user": "someone",
        },
        {"name": "node", "program": "nautilus_trader", "settings": NODE, "flat_wait": 5},
        {"name": "node", "program": "nautilus_trader", "settings": {**NODE, "credentials": None}, "state": "stopped"},
    ],
)
def test_it_is_as_the_filter_has_it(service: dict[str, Any]) -> None:
    variables = yaml.safe_load(RUN.read_text(encoding="utf-8"))[0]["vars"]
    given = {name: trust_as_template(variables[name]) for name in NAMES}
    templar = Templar(
        loader=DataLoader(),
        variables={**given, "trading_host_services": [{"name": "another"}, service], "__trading_host_number": 1},
    )
    made = templar.template(trust_as_template("{{ trading_host_service }}"))
    assert made == host_services([service])[0]
