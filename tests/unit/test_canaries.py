# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing that takes a secret is left out of the canary sweep."""

from __future__ import annotations

import pytest

from tests.collection import CHECKOUT
from tests.lab.e2e._canaries import SCENARIOS, SWEPT_PLAYBOOKS, failing, filled, runs
from tests.secret_options import MODULES, PLAYBOOKS, ROLES, module_spec, options, secret_options


def test_every_secret_option_gets_a_canary() -> None:
    given = {option for task in SCENARIOS.values() for option in filled(task)}
    missing = sorted(secret_options() - given)
    assert missing == [], "add a scenario to tests/lab/e2e/_canaries.py that fills it"


def test_every_module_and_role_is_run() -> None:
    run = {name for task in SCENARIOS.values() for name in runs(task)}
    assert {*MODULES, *ROLES} - run == set(), "add a scenario to tests/lab/e2e/_canaries.py that runs it"


def test_every_playbook_is_swept_by_a_test() -> None:
    assert set(PLAYBOOKS) <= set(SWEPT_PLAYBOOKS), "name the test that sweeps it in tests/lab/e2e/_canaries.py"
    for playbook in PLAYBOOKS:
        path, _colons, name = SWEPT_PLAYBOOKS[playbook].partition("::")
        text = (CHECKOUT / path).read_text(encoding="utf-8")
        assert f"def {name}(" in text
        assert "sweep(" in text or ".watched(" in text


def test_every_option_of_a_scenario_exists() -> None:
    for name, task in SCENARIOS.items():
        for key, given in task.items():
            module = key.removeprefix("trading.hosts.")
            if module in MODULES:
                assert set(given) <= set(module_spec(module)), name


def test_every_scenario_with_a_secret_is_made_to_fail() -> None:
    found = [name for name, _task, _surely in failing()]
    assert len(found) == len(set(found))
    for name, task in SCENARIOS.items():
        assert any(each.startswith(f"{name}: ") for each in found) == bool(filled(task))


def test_the_walk_finds_what_is_known() -> None:
    found = secret_options()
    assert {
        "credential: credentials.fields",
        "api_key_info: api_keys.secret",
        "clock_info: proxy",
        "exchange_credentials: exchange_credentials_api_keys",
    } <= found


@pytest.mark.parametrize("where", ["top", "deep"])
def test_the_walk_finds_a_new_secret_option(where: str) -> None:
    new = {"new": {"type": "str", "no_log": True}}
    spec = new if where == "top" else {"a": {"type": "list", "options": {"b": {"type": "dict", "options": new}}}}
    (found,) = options(spec, where="m: ")
    assert found == ("m: new" if where == "top" else "m: a.b.new")
    assert found not in {option for task in SCENARIOS.values() for option in filled(task)}
