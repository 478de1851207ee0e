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
from ansible.errors import AnsibleError

from ansible_collections.trading.hosts.plugins.action.key_pair import ActionModule
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._pairs import read_registration
from tests.unit.plugin_utils.test_secret_action import CHECKED, FakeBecome, FakeConnection


class Asked(ActionModule):
    """The action, with what it asks of the host kept here."""

    asked: t.ClassVar[list[dict[str, t.Any]]] = []
    answer: t.ClassVar[dict[str, t.Any]] = {"changed": True}

    def _execute_module(self, **given: t.Any) -> dict[str, t.Any]:
        assert given["module_name"] == "trading.hosts.key_pair"
        self.asked.append(given["module_args"])
        return dict(self.answer)


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
        args={"name": "k"} | args,
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
    assert Asked.asked == [{"name": "k"}]
    assert "registration" not in result
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


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ({"exchange": "binance"}, {}),
        ({"exchange": "binance", "type": "rsa", "size": "2048"}, {"type": "rsa", "size": "2048"}),
        ({"exchange": "bybit"}, {"type": "rsa"}),
    ],
)
def test_the_host_is_told_a_type_and_the_user_the_page(
    monkeypatch: pytest.MonkeyPatch, args: dict[str, t.Any], told: dict[str, t.Any]
) -> None:
    result = act(monkeypatch, FakeConnection(), **args)
    assert Asked.asked == [{"name": "k", "exchange": args["exchange"], **told}]
    assert result["registration"] == read_registration(args["exchange"])


def test_a_failure_shows_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Asked, "answer", {"failed": True, "msg": "no"})
    result = act(monkeypatch, FakeConnection(), exchange="binance")
    assert result["failed"]
    assert "registration" not in result


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"exchange": "nowhere"}, "exchange 'nowhere': is not known here"),
        ({"exchange": "okx"}, "OKX is not known to take the public half"),
        ({"exchange": "bybit", "type": "ed25519"}, "is not what Bybit takes; use rsa"),
        ({"exchange": "htx", "size": 2048}, "size '2048': is for RSA keys only"),
        ({"exchange": "binance", "size": "3072"}, "size '3072': is not what Binance takes"),
        ({"regenerate": "yes", "promote": "yes"}, "promote: is given together with regenerate"),
        ({"name": "../x"}, "is not a credential name"),
        ({"store": "age", "recipients": "anna"}, "recipients[0]"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_the_host_is_asked(
    monkeypatch: pytest.MonkeyPatch, args: dict[str, t.Any], sentence: str
) -> None:
    result = act(monkeypatch, FakeConnection(), **args)
    assert result["failed"]
    assert sentence in result["msg"]
    assert Asked.asked == []


def test_no_choice_is_refused_as_the_module_does(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnsibleError, match="ed25519, rsa"):
        act(monkeypatch, FakeConnection(), type="dsa")
    assert Asked.asked == []
