# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The unit that trading_service writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.trading.hosts.plugins.module_utils._agent._check import RAN, Surroundings

ROLE = Path(__file__).parents[3] / "roles/trading_service"


def unit(**changes: Any) -> dict[str, list[str]]:
    """Return the values of each setting of the unit."""
    given = {**yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))}
    given |= {"trading_service_name": "bot", "trading_service_command": ["/usr/bin/true"], **changes}
    given |= {"__trading_service_store": "systemd", "__trading_service_launch_options": []}
    variables = {name: trust_as_template(value) if isinstance(value, str) else value for name, value in given.items()}
    text = (ROLE / "templates/service.j2").read_text(encoding="utf-8")
    told: dict[str, list[str]] = {}
    templar = Templar(loader=DataLoader(), variables=variables)
    for line in templar.template(trust_as_template(text)).splitlines():
        name, is_set, value = line.partition("=")
        if is_set:
            told.setdefault(name, []).append(value)
    return told


def test_that_it_ran_is_noted_where_the_check_looks_whatever_other_directories_it_has() -> None:
    told = unit(trading_service_preflight=True, trading_service_unit_options={"StateDirectory": "bot-history"})
    # systemd joins them all in one variable.
    state = ":".join(f"/var/lib/{name}" for name in told["StateDirectory"])
    assert state == "/var/lib/bot:/var/lib/bot-history"
    (noted,) = told["ExecStartPost"]
    looked_in = Surroundings.of_unit({"STATE_DIRECTORY": state}).state
    assert noted.replace("${STATE_DIRECTORY}", state).split()[-1] == f"{looked_in}/{RAN}"
