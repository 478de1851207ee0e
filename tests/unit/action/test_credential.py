# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is copied on a host needs no secret from here, and the judge still asks whether that is the right host."""

from __future__ import annotations

import subprocess
import typing as t
from types import SimpleNamespace

import pytest
from ansible import context

from ansible_collections.trading.hosts.plugins.action.credential import ActionModule
from tests.unit.plugin_utils.test_secret_action import CHECKED, FakeConnection

COPY = {"name": "grid", "copy_from": "grid.new"}


class Asked(ActionModule):
    """The action, with a host that answers."""

    answer: t.ClassVar[dict[str, t.Any]] = {"changed": False, "credentials": []}

    def _execute_module(self, **_given: t.Any) -> dict[str, t.Any]:
        return dict(self.answer)


def act(monkeypatch: pytest.MonkeyPatch, *credentials: dict[str, t.Any], checking: str = CHECKED) -> t.Any:
    monkeypatch.setattr(context, "CLIARGS", {})
    monkeypatch.setattr(subprocess, "run", lambda *_given, **_named: SimpleNamespace(returncode=0, stdout=checking))
    task = SimpleNamespace(
        action="trading.hosts.credential",
        args={"credentials": list(credentials)},
        async_val=0,
        check_mode=False,
        diff=False,
        delegate_to=None,
    )
    play = SimpleNamespace(check_mode=False, diff=False, remote_user="me", become=False, become_user=None)
    return Asked(task, FakeConnection(), play, None, None, None).run(task_vars={})


@pytest.mark.parametrize(("checking", "verified"), [(CHECKED, True), ("stricthostkeychecking no\n", False)])
def test_of_a_copy_it_tells_whether_the_host_is_verified(
    monkeypatch: pytest.MonkeyPatch, checking: str, verified: bool
) -> None:
    told = act(monkeypatch, COPY, checking=checking)["transport"]
    assert (told["connection"], told["verified_host"]) == ("ssh", verified)
    assert bool(told["verified_host_problem"]) is not verified


def test_where_nothing_comes_to_another_place_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "transport" not in act(monkeypatch, {"name": "grid", "state": "absent"})


def test_a_copy_that_failed_tells_nothing_of_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Asked, "answer", {"failed": True, "msg": "there is no such credential"})
    assert "transport" not in act(monkeypatch, COPY)
