# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules on trial, confirmed, gone back on; with systemd and nftables played by the test."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential._run import Completed
from ansible_collections.trading.hosts.plugins.module_utils._errors import StoreError
from ansible_collections.trading.hosts.plugins.module_utils._firewall import _install, _program, _system
from ansible_collections.trading.hosts.plugins.module_utils._firewall._config import (
    Config,
    Endpoint,
    Group,
    write_config,
)
from ansible_collections.trading.hosts.plugins.module_utils._firewall._ssh import Connection

NAME = "api.bybit.com"
FIRST, SECOND = Connection("c 1 s 22", "203.0.113.5", 22), Connection("c 2 s 22", "203.0.113.5", 22)


def config(*, mode: str = "enforce", interval: float = 5.0) -> Config:
    exchanges = Group("exchanges", (Endpoint(NAME, "tcp", 443), Endpoint("stream.bybit.com", "tcp", 443)))
    return Config(mode=mode, groups=(exchanges,), inbound=(), interval=interval)


class Machine:
    """A host with its files below one directory."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[list[str]] = []
        self.failing: set[str] = set()
        self.answers: dict[str, list[str]] = {NAME: ["192.0.2.1"]}
        self.deaf_after_start = False
        self.connection: Connection | None = FIRST
        for name in ("PROGRAM", "UNIT", "CONFIRMED", "TRIAL", "STATE"):
            path = str(root / name.lower())
            for module in (_install, _program, _system):
                if hasattr(module, name):
                    monkeypatch.setattr(module, name, path)
            setattr(self, name.lower(), Path(path))
        for module in (_install, _program, _system):
            monkeypatch.setattr(module, "run", self.run)
        monkeypatch.setattr(_install, "connection", lambda: self.connection)
        monkeypatch.setattr(_install, "_require_systemd", lambda: None)
        monkeypatch.setattr(_system.Host, "resolve", lambda _host, name: self.resolve(name))

    program: Path
    unit: Path
    confirmed: Path
    trial: Path
    state: Path

    def run(self, *, argv: Sequence[str], stdin: bytes = b"") -> Completed:
        self.calls.append(list(argv))
        line = " ".join(argv)
        if argv[:2] == ["systemctl", "show"]:
            stands = self.confirmed.exists()
            return Completed(
                0, b"ActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=no\n" if stands else b"", b""
            )
        if any(line.startswith(each) for each in self.failing):
            return Completed(1, b"", b"/dev/stdin:4:1-2: Error: no such thing\n")
        return Completed(0, b"", b"")

    def resolve(self, name: str) -> list[str]:
        if self.deaf_after_start and ["systemctl", "restart", _system.SERVICE] in self.calls:
            raise OSError("deaf")
        if name not in self.answers:
            raise OSError(-2, "Name or service not known")
        return self.answers[name]

    def called(self, *beginning: str) -> list[int]:
        return [at for at, argv in enumerate(self.calls) if argv[: len(beginning)] == list(beginning)]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def tried(given: Config, *, check_mode: bool = False) -> dict[str, object]:
    return _install.try_out(given, rollback_after=60, needed=[NAME, "stream.bybit.com"], check_mode=check_mode)


def test_the_program_is_whole_and_the_same_each_time(tmp_path: Path) -> None:
    path = tmp_path / "firewall"
    path.write_bytes(_install.bundle())
    assert path.read_bytes() == _install.bundle()
    done = subprocess.run([sys.executable, "-I", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: trading-hosts-firewall run")


def test_check_mode_foresees_and_touches_nothing(machine: Machine) -> None:
    found = tried(config(), check_mode=True)
    assert (found["changed"], found["on_trial"]) == (True, False)
    assert not machine.program.parent.joinpath("program").exists()
    assert {argv[0] for argv in machine.calls} == {"nft", "systemctl"}
    assert [argv for argv in machine.calls if argv[0] == "systemctl" and argv[1] != "show"] == []
    assert [argv for argv in machine.calls if argv[0] == "nft"] == [["nft", "-c", "-f", "-"]]


def test_users_whom_the_host_does_not_have_are_told(machine: Machine) -> None:
    sources = Group("ip_sources", (Endpoint("ip.example.net", "tcp", 443),), users=("root", "nobody-has-this-name"))
    given = dataclasses.replace(config(mode="observe"), groups=(*config().groups, sources))
    assert tried(given)["unknown_users"] == ["nobody-has-this-name"]
    assert tried(config())["unknown_users"] == []


def test_the_way_back_is_there_before_the_rules_are_and_goes_when_they_are_confirmed(machine: Machine) -> None:
    found = tried(config())
    assert (found["changed"], found["on_trial"], found["unresolved"]) == (True, True, ["stream.bybit.com"])
    (prepared,), (loaded,) = machine.called("systemd-run"), machine.called("systemctl", "restart")
    assert prepared < loaded
    assert machine.calls[prepared][-2:] == [str(machine.program), "rollback"]
    assert "--on-active=60" in machine.calls[prepared]
    assert (machine.trial.exists(), machine.confirmed.exists()) == (True, False)
    assert os.stat(machine.program).st_mode & 0o777 == 0o755

    machine.connection = SECOND
    _install.confirm(check_mode=False)
    assert machine.confirmed.read_text() == write_config(config())
    assert not machine.trial.exists()
    assert machine.called("systemctl", "enable")

    machine.calls.clear()
    assert tried(config())["changed"] is False
    assert machine.called("systemctl", "restart") == machine.called("systemd-run") == []


def test_a_connection_that_is_older_than_the_rules_confirms_nothing(machine: Machine) -> None:
    tried(config())
    with pytest.raises(StoreError, match="This connection is older than the rules"):
        _install.confirm(check_mode=False)
    assert machine.trial.exists()
    stopped = machine.called("systemctl", "stop", "trading-hosts-firewall-rollback.timer")
    assert stopped
    assert max(stopped) < machine.called("systemd-run")[0]


def test_who_comes_too_late_is_told_and_gets_the_old_rules(machine: Machine) -> None:
    tried(config())
    machine.connection = SECOND
    _install.confirm(check_mode=False)
    tried(config(interval=7.0))
    machine.trial.unlink()
    machine.connection = FIRST
    machine.calls.clear()
    with pytest.raises(StoreError, match="The host went back to its old rules"):
        _install.confirm(check_mode=False)
    assert machine.confirmed.read_text() == write_config(config())
    assert machine.called("systemctl", "restart")


def test_a_service_that_does_not_start_is_undone_at_once(machine: Machine) -> None:
    machine.failing = {"systemctl restart"}
    with pytest.raises(StoreError, match="does not start with the new rules, and the host has gone back"):
        tried(config())
    assert not machine.trial.exists()
    assert machine.called("nft", "-f")


def test_without_a_way_back_nothing_is_loaded(machine: Machine) -> None:
    machine.failing = {"systemd-run"}
    with pytest.raises(StoreError, match="cannot prepare the way back"):
        tried(config())
    assert not machine.trial.exists()
    assert machine.called("systemctl", "restart") == []


def test_rules_that_nft_refuses_change_nothing(machine: Machine) -> None:
    machine.failing = {"nft -c"}
    with pytest.raises(StoreError) as caught:
        tried(config())
    assert str(caught.value) == (
        'nftables refuses the rules: no such thing of "counter undeclared_out { }". Correct the extra rule that it '
        "names. Nothing was changed."
    )
    assert list(machine.state.parent.iterdir()) == []


@pytest.mark.parametrize(("mode", "refused"), [("enforce", True), ("observe", False)])
def test_a_host_that_finds_none_of_its_exchanges_is_not_cut_off(machine: Machine, mode: str, refused: bool) -> None:
    machine.answers = {}
    if refused:
        with pytest.raises(StoreError, match=r"^None of api.bybit.com, stream.bybit.com resolves on this host"):
            tried(config(mode=mode))
        assert list(machine.state.parent.iterdir()) == []
    else:
        assert tried(config(mode=mode))["on_trial"] is True


def test_rules_under_which_no_name_resolves_are_undone_at_once(machine: Machine) -> None:
    machine.deaf_after_start = True
    with pytest.raises(StoreError, match="No name resolves under the new rules"):
        tried(config())
    assert not machine.trial.exists()


def test_all_is_taken_away(machine: Machine) -> None:
    assert _install.take_away(check_mode=False)["changed"] is False
    tried(config())
    assert _install.take_away(check_mode=True)["changed"] is True
    assert machine.program.exists()
    assert _install.take_away(check_mode=False)["changed"] is True
    assert list(machine.state.parent.iterdir()) == []
    assert machine.called("systemctl", "disable", "--now")
