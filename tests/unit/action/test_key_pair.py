# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whoever answers at a host's address could hand out a public key of their own: so the host is verified first."""

from __future__ import annotations

import subprocess
import typing as t
from types import SimpleNamespace

import pytest
from ansible import context

from ansible_collections.trading.hosts.plugins.action.key_pair import ActionModule
from tests.unit.plugin_utils.test_secret_action import CHECKED, FakeBecome, FakeConnection


class Asked(ActionModule):
    """The action, with what it asks of the host kept here."""

    asked: t.ClassVar[list[str]] = []

    def _execute_module(self, **given: t.Any) -> dict[str, t.Any]:
        self.asked.append(given["module_name"])
        return {"changed": True}


@pytest.fixture(autouse=True)
def nothing_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Asked, "asked", [])
    monkeypatch.setattr(context, "CLIARGS", {})


def act(
    monkeypatch: pytest.MonkeyPatch, connection: FakeConnection, *, checking: str = CHECKED, **args: t.Any
) -> t.Any:
    monkeypatch.setattr(subprocess, "run", lambda *_given, **_named: SimpleNamespace(returncode=0, stdout=checking))
    task = SimpleNamespace(
        action="trading.hosts.key_pair",
        args={"name": "k", **args},
        async_val=0,
        check_mode=False,
        diff=False,
        delegate_to=None,
    )
    play = SimpleNamespace(check_mode=False, diff=False, remote_user="me", become=False, become_user=None)
    action = Asked(task, connection, play, None, None, None)
    return action.run(task_vars={})


def test_a_verified_host_is_asked_even_where_no_secret_could_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    result = act(monkeypatch, FakeConnection(can_pipe=False, become=FakeBecome(name="su", pipelining=False)))
    assert Asked.asked == ["trading.hosts.key_pair"]
    assert result["transport"] == {"connection": "ssh", "verified_host": True, "verified_host_problem": None}


def test_a_host_that_is_not_verified_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    unchecked = "stricthostkeychecking no\n"
    result = act(monkeypatch, FakeConnection(), checking=unchecked)
    assert result["failed"]
    assert "would hand you a public key of their own" in result["msg"]
    assert Asked.asked == []
    told = act(monkeypatch, FakeConnection(), checking=unchecked, require_verified_host=False)
    assert told["transport"]["verified_host"] is False
    assert "StrictHostKeyChecking" in told["transport"]["verified_host_problem"]


def test_an_unknown_option_is_refused_before_the_host_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    result = act(monkeypatch, FakeConnection(), private_key="CANARY-canary")
    assert result["failed"]
    assert "CANARY" not in result["msg"]
    assert Asked.asked == []
