# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people are told to copy names options and variables that exist, and runs as it stands."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ansible_collections.trading.hosts.plugins.action import (
    allowlist_check,
    api_key_policy,
    fleet_policy,
    registry_check,
    registry_entry,
    report,
)
from ansible_collections.trading.hosts.plugins.module_utils._credential import _inspect, _key_pair, _request, _take_away
from ansible_collections.trading.hosts.plugins.module_utils._declared import DECLARED_SPEC
from ansible_collections.trading.hosts.plugins.module_utils._egress import _options as _egress_options
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _clock_options, _options
from ansible_collections.trading.hosts.plugins.module_utils._exposed import _scan
from ansible_collections.trading.hosts.plugins.module_utils._firewall import _options as _firewall_options
from tests.collection import collections_directory
from tests.simulator.client import SimulatedKey, Simulator
from tests.unit.docs.examples import CHECKOUT, MODULES, ROLES, Block, blocks, play, roles, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = "91.198.115.11"
SPECS: dict[str, Mapping[str, Any]] = {
    "allowlist_check": allowlist_check.ActionModule.argument_spec,
    "api_key_info": _options.ARGUMENT_SPEC,
    "api_key_policy": api_key_policy.ActionModule.argument_spec,
    "clock_info": _clock_options.ARGUMENT_SPEC,
    "credential": _request.ARGUMENT_SPEC,
    "credential_info": _inspect.ARGUMENT_SPEC,
    "egress_firewall": _firewall_options.ARGUMENT_SPEC,
    "key_pair": _key_pair.ARGUMENT_SPEC,
    "exposed_credential": _take_away.ARGUMENT_SPEC,
    "exposed_credential_info": _scan.ARGUMENT_SPEC,
    "fleet_policy": fleet_policy.ActionModule.argument_spec,
    "registry_check": registry_check.ActionModule.argument_spec,
    "registry_entry": registry_entry.ActionModule.argument_spec,
    "report": report.ActionModule.argument_spec,
    "public_ip_info": _egress_options.ARGUMENT_SPEC,
}
BLOCKS = blocks()


def mistakes(given: Any, *, spec: Mapping[str, Any], where: str) -> Iterator[str]:
    """Say what a specification does not know, or misses."""
    if isinstance(given, str) and given.startswith("{{"):
        return
    for name, value in given.items():
        if name not in spec:
            yield f"{where}.{name} does not exist"
            continue
        option = spec[name]
        if "choices" in option and "{{" not in str(value):
            for each in value if isinstance(value, list) else [value]:
                if each not in option["choices"]:
                    yield f"{where}.{name}: {each!r} is no choice"
        if "options" in option:
            for each in value if isinstance(value, list) else [value]:
                yield from mistakes(each, spec=option["options"], where=f"{where}.{name}")
    for name, option in spec.items():
        if option.get("required") and name not in given:
            yield f"{where}.{name} is missing"


def test_every_module_is_walked() -> None:
    assert sorted(SPECS) == MODULES


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.page)
def test_tasks_use_options_that_exist(block: Block) -> None:
    found = []
    for task in tasks(block.data):
        for name, given in task.items():
            if name.startswith("trading.hosts."):
                found += list(mistakes(given or {}, spec=SPECS[name.rpartition(".")[2]], where=f"{block.page}: {name}"))
    assert found == []


def test_the_walk_finds_what_is_wrong() -> None:
    spec = SPECS["api_key_info"]
    key = {"name": "a", "exchange": "okx", "api_secret": "x", "declared": {"access": "write"}}
    assert list(mistakes({"api_keys": [key]}, spec=spec, where="t")) == [
        "t.api_keys.api_secret does not exist",
        "t.api_keys.declared.access: 'write' is no choice",
    ]
    assert list(mistakes({}, spec=spec, where="t")) == ["t.api_keys is missing"]


@functools.cache
def role_spec(name: str) -> dict[str, Any]:
    text = (CHECKOUT / "roles" / name / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    entries = yaml.safe_load(text)["argument_specs"]
    # What an entry point shares with the role itself is described there.
    return {
        name: option
        for entry in sorted(entries, key="main".__eq__)
        for name, option in entries[entry]["options"].items()
    }


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.page)
def test_roles_use_variables_that_exist(block: Block) -> None:
    variables = {name: spec for role in ROLES for name, spec in role_spec(role).items()}
    given: list[dict[str, Any]] = [role.get("vars", {}) for role in roles(block.data)]
    if isinstance(block.data, dict):  # a file of variables
        given.append({name: value for name, value in block.data.items() if name.startswith(tuple(ROLES))})
    found = []
    for each in given:
        known = {name: {**spec, "required": False} for name, spec in variables.items()}
        found += list(mistakes(each, spec=known, where=block.page))
        for key in each.get("exchange_credentials_api_keys", []):
            spec = SPECS["api_key_info"]["api_keys"]["options"]
            found += list(mistakes(key, spec=spec, where=f"{block.page}: api_keys"))
            if "account" not in key["declared"]:
                found.append(f"{block.page}: no account is declared, so the key would not be placed")
    assert found == []
    for role in roles(block.data):
        assert role["role"].removeprefix("trading.hosts.") in ROLES


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_of_a_role_has_a_default_and_a_description(role: str) -> None:
    defaults = yaml.safe_load((CHECKOUT / "roles" / role / "defaults" / "main.yml").read_text(encoding="utf-8")) or {}
    spec = role_spec(role)
    assert set(defaults) == {name for name, option in spec.items() if not option.get("required")}
    assert all(option["description"] for option in spec.values())
    # ansible-doc shows it. What is a template there depends on other variables, and its description says how.
    literal = {name: value for name, value in defaults.items() if not (isinstance(value, str) and "{{" in value)}
    assert {name: option["default"] for name, option in spec.items() if "default" in option} == literal


def test_a_declaration_in_a_guide_exists() -> None:
    declared = [block.data["declared"] for block in BLOCKS if isinstance(block.data, dict) and "declared" in block.data]
    assert declared
    for each in declared:
        assert list(mistakes(each, spec=DECLARED_SPEC, where="declared")) == []


# --- what a newcomer does ---


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.start(nat={"127.0.0.1": HERE}) as running:
        yield running


def entry(simulator: Simulator, key: SimulatedKey, *, example: Mapping[str, Any]) -> dict[str, Any]:
    """Return the README's own entry, for a simulated key."""
    given = {
        **example,
        "exchange": key.exchange,
        "environment": "custom",
        "base_url": simulator.base_url(key.exchange),
        "api_key": key.key,
        "secret": key.secret,
        "declared": {**example["declared"], "account": key.account_id},
    }
    return {**given, "passphrase": key.passphrase} if key.passphrase else given


def play_book(project: Path, plays: list[dict[str, Any]], *more: str) -> subprocess.CompletedProcess[str]:
    (project / "play.yml").write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
    (project / "inventory.ini").write_text(
        f"[bots]\nbot1 ansible_connection=local ansible_python_interpreter={sys.executable}\n", encoding="utf-8"
    )
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(collections_directory()),
        "ANSIBLE_HOME": str(project / "home"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "inventory.ini", "play.yml", *more],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def offline(task: dict[str, Any], *, simulator: Simulator, **more: Any) -> None:
    """Turn a learning task of the guides to the simulator; the rest of it stays as it is printed."""
    for name, given in task.items():
        if name == "trading.hosts.public_ip_info":
            sources = [
                {"name": f"e{n}", "network": f"n{n}", "url": simulator.ip_service_url(f"echo{n}")} for n in (1, 2, 3)
            ]
            ask = {"environment": "custom", "families": ["ipv4"], "sources": sources, "sample_interval": 0.1}
            task[name] = {**(given or {}), **ask, "ca_path": simulator.ca_file, **more}
        elif name == "trading.hosts.api_key_info":
            task[name] = {**given, "ca_path": simulator.ca_file, **more}


@pytest.mark.parametrize(("allowlist", "status"), [([HERE], 0), (["91.198.115.77"], 2)])
def test_the_readmes_audit_ends_as_it_says(
    simulator: Simulator, tmp_path: Path, allowlist: list[str], status: int
) -> None:
    (variables,) = (
        block.data for block in BLOCKS if block.page == "README.md" and "exchange_credentials_api_keys" in block.data
    )
    (example,) = variables["exchange_credentials_api_keys"]
    key = simulator.create_key("okx", allowlist=allowlist, label="grid")
    (tmp_path / "group_vars" / "bots").mkdir(parents=True)
    keys = {"exchange_credentials_api_keys": [entry(simulator, key, example=example)]}
    (tmp_path / "group_vars" / "bots" / "keys.yml").write_text(json.dumps(keys), encoding="utf-8")
    audit = play("README.md", "Check the exchange keys")
    for task in audit["tasks"]:
        offline(task, simulator=simulator, facts_dir=str(tmp_path / "facts"))
    done = play_book(tmp_path, [audit])
    assert done.returncode == status, done.stdout + done.stderr
    assert "KEY   HOST  SEEN FROM" in done.stdout
    assert key.secret not in done.stdout + done.stderr
    # The same facts, judged as the guide to facts says.
    judged = play_book(tmp_path, [play("docs/facts.md", "Judge what the hosts reported")])
    assert judged.returncode == status, judged.stdout + judged.stderr
    assert json.loads((tmp_path / "report.json").read_text(encoding="ascii"))["lines"][0]["key"] == "grid"
    if status:
        assert "key-accepted" in judged.stdout + judged.stderr


def test_the_examples_of_the_judges_run(tmp_path: Path) -> None:
    """The rest of the pages needs real addresses or systemd; what runs on the controller alone is run here."""
    (compare,) = (block.data for block in BLOCKS if block.page == "plugins/modules/allowlist_check.py")
    learned = {"api_keys": [{"observed": {"allowlist": {"entries": [HERE]}}}]}
    variables = {"public_ip": {"ipv4": HERE}, "learned": learned}
    done = play_book(tmp_path, [{"hosts": "bots", "gather_facts": False, "vars": variables, "tasks": compare}])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "91.198.115.12" in done.stdout


def as_plays(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the plays that a block is, or is part of; none where it is a list of something else, such as waivers."""
    if any("hosts" in each for each in data):
        return data
    return [{"hosts": "bots", "gather_facts": False, "tasks": data}] if list(tasks(data)) else []


def test_plays_and_tasks_are_taken_by_ansible(tmp_path: Path) -> None:
    """All in one run, because starting Ansible takes longer than reading a play; it names what it does not take."""
    books: list[str] = []
    for number, block in enumerate(BLOCKS):
        if isinstance(block.data, list) and (plays := as_plays(block.data)):
            books.append(f"{number}-{block.page.replace('/', '-')}.yml")
            (tmp_path / books[-1]).write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
    done = play_book(tmp_path, [{"hosts": "bots"}], *books, "--syntax-check")
    assert done.returncode == 0, done.stdout + done.stderr
    read = {line.removeprefix("playbook: ") for line in done.stdout.splitlines() if line.startswith("playbook: ")}
    assert {Path(each).name for each in read} >= set(books)
