# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge to Ansible, with a real AnsibleModule: what a module prints when its work ends in an unforeseen way."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.trading.hosts.plugins.module_utils._errors import TradingHostsError
from ansible_collections.trading.hosts.plugins.module_utils._module import AnsibleModule, run_module

SECRET = "CANARYsecret-5678"
SPEC: dict[str, t.Any] = {"secret": {"type": "str", "no_log": True}}


Work = t.Callable[[AnsibleModule], dict[str, t.Any]]


def printed(work: Work, capsys: pytest.CaptureFixture[str]) -> dict[str, t.Any]:
    with patch_module_args({"secret": SECRET, "_ansible_verbosity": 5}), pytest.raises(SystemExit):
        run_module(argument_spec=SPEC, work=work, holds_secrets=False)
    said = capsys.readouterr()
    assert "CANARY" not in said.out + said.err
    result: dict[str, t.Any] = json.loads(said.out)
    return result


def test_a_crash_tells_its_place_and_never_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    def work(module: AnsibleModule) -> dict[str, t.Any]:
        # Not as it was given, so that hiding by value does not help.
        raise KeyError(str(module.params["secret"])[:-1])

    result = printed(work, capsys)
    assert result["failed"] is True
    assert "An unexpected KeyError at" in result["msg"]
    assert "test__module.py:" in result["msg"]


def test_an_error_of_ours_is_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def work(module: AnsibleModule) -> dict[str, t.Any]:
        raise TradingHostsError("the disk is full.")

    assert printed(work, capsys)["msg"] == "the disk is full."


def test_what_the_work_returns_is_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(lambda _module: {"changed": True}, capsys)["changed"] is True
