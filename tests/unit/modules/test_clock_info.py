# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module `clock_info` as Ansible starts it, and its documentation."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._clock_options import ARGUMENT_SPEC
from ansible_collections.trading.hosts.plugins.module_utils._facts import ClockFacts, clock_facts
from ansible_collections.trading.hosts.plugins.modules import clock_info
from tests.simulator.client import Simulator

DOCUMENTED = yaml.safe_load(clock_info.DOCUMENTATION)
RETURNED = yaml.safe_load(clock_info.RETURN)["clocks"]["contains"]


def run(capsys: pytest.CaptureFixture[str], given: dict[str, Any]) -> dict[str, Any]:
    with patch_module_args(given), pytest.raises(SystemExit):
        clock_info.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_the_module_measures_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Simulator.start() as simulator:
        simulator.set_clock_skew(-700, exchange="okx")
        exchanges = [{"exchange": name, "base_url": simulator.base_url(name)} for name in ("okx", "bybit")]
        result = run(capsys, {"exchanges": exchanges, "ca_path": simulator.ca_file})
        assert result["changed"] is False
        okx, bybit = (clock_facts(fact, where="x") for fact in result["clocks"])
        assert okx.offset == pytest.approx(0.7, abs=(okx.uncertainty or 0) + 0.005)
        assert bybit.offset == pytest.approx(0.0, abs=(bybit.uncertainty or 0) + 0.005)
        assert {seen.method for seen in simulator.requests()} == {"GET"}
        assert len(simulator.requests()) == 8


def test_a_mistake_fails_with_one_sentence_that_shows_no_proxy(capsys: pytest.CaptureFixture[str]) -> None:
    proxy = "http://user:CANARYpassword@127.0.0.1:1"
    result = run(capsys, {"exchanges": [{"exchange": "atlantis"}], "proxy": proxy})
    assert result["failed"]
    assert result["msg"].startswith("exchanges[0].exchange 'atlantis': is not known here; write one of")
    assert "CANARY" not in json.dumps(result)


def test_what_is_returned_is_documented() -> None:
    assert list(RETURNED) == [field.name for field in dataclasses.fields(ClockFacts)]


def test_the_options_are_documented_with_their_defaults() -> None:
    own = {name: spec for name, spec in ARGUMENT_SPEC.items() if name in DOCUMENTED["options"]}
    assert list(own) == ["exchanges", "samples"]
    for name, option in (*own.items(), *ARGUMENT_SPEC["exchanges"]["options"].items()):
        said = DOCUMENTED["options"].get(name) or DOCUMENTED["options"]["exchanges"]["suboptions"][name]
        assert said["type"] == option["type"]
        assert said.get("default") == option.get("default")
