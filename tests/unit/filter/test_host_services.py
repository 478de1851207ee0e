# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services of a trading host: what is known of each, and what is refused before a host is touched."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.trading.hosts.plugins.plugin_utils._filters.host_services import (
    BESIDE_PROGRAM,
    ROLES,
    host_services,
    programs,
    variables,
)
from tests.generated import host_programs

COMMAND = {"name": "grid@btc", "command": ["/bin/true"], "credentials": ["grid"]}
FREQTRADE: dict[str, Any] = {
    "name": "bot",
    "program": "freqtrade",
    "ip_family": "ipv4",
    "settings": {"config": {}, "strategy": "S", "strategy_files": ["s.py"], "credentials": ["trade"]},
}


def test_what_is_known_of_each() -> None:
    by_command, by_program = host_services([COMMAND, {**FREQTRADE, "user": "trader"}])
    names = ("program", "user", "credentials", "ip_family")
    assert [by_command[name] for name in names] == ["", "grid-btc", ["grid"], "any"]
    assert [by_program[name] for name in names] == ["freqtrade", "trader", ["trade"], "ipv4"]
    assert host_services([]) == []


def without(setting: str) -> dict[str, Any]:
    return {**FREQTRADE, "settings": {n: v for n, v in FREQTRADE["settings"].items() if n != setting}}


@pytest.mark.parametrize(
    ("services", "sentence"),
    [
        ([COMMAND, {"command": ["/bin/true"]}], "trading_host_services[1] has no name; give it one."),
        ([COMMAND, COMMAND], "trading_host_services has two services grid@btc; give each a name of its own."),
        ([{"name": "a"}], "a has neither a command nor a program; give it"),
        ([{**FREQTRADE, "command": ["/x"]}], "bot has both a command and a program; give it"),
        ([{**COMMAND, "settings": {"a": 1}}], "grid@btc has settings, which are a program's; name the program."),
        (
            [{**FREQTRADE, "program": "fretqrade"}],
            "bot has the program fretqrade, for which there is no role; known are",
        ),
        ([{**FREQTRADE, "credentials": ["x"]}], "bot has credentials, which the role freqtrade sets; put"),
        ([{**FREQTRADE, "settings": {"user": "x"}}], "has the setting user, which is none of freqtrade; say it of the"),
        (
            [{**FREQTRADE, "settings": {"strategi": "x"}}],
            "has the setting strategi, which is none of freqtrade; see the",
        ),
        ([without("config")], "The service bot lacks the setting config, which freqtrade needs."),
    ],
)
def test_what_is_refused(services: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        host_services(services)
    assert sentence in str(caught.value)


def test_the_role_hands_on_what_the_others_take() -> None:
    for file, text in host_programs.files():
        assert file.read_text(encoding="utf-8") == text
    assert set(programs()) == set(host_programs.PROGRAMS)
    # Each program has a role over trading_service, and each such role is a program here.
    over = {
        path.parts[-3]
        for path in ROLES.glob("*/tasks/main.yml")
        if "name: trading.hosts.trading_service" in path.read_text()
    }
    assert over == set(programs())


def test_the_role_says_what_a_service_takes() -> None:
    spec = yaml.safe_load((ROLES / "trading_host/meta/argument_specs.yml").read_text(encoding="utf-8"))
    service = spec["argument_specs"]["main"]["options"]["trading_host_services"]["options"]
    of_all_services = {"credential_directory", "declaration"}
    assert set(service) == {*variables("trading_service"), "program", "settings"} - of_all_services
    for name, option in service.items():
        other = variables("trading_service").get(name, option)
        for word in ("type", "elements", "choices"):
            assert option.get(word) == other.get(word), name
    assert set(BESIDE_PROGRAM) <= set(service)
    for program in programs():
        # What the program's role sets would be taken from the service and never reach anything.
        beside = {f"trading_service_{name}" for name in BESIDE_PROGRAM if name not in ("name", "user", "state")}
        assert not beside & host_programs.set_by(program)
