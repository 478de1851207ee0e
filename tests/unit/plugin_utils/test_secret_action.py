# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals of the secret transport, with the connection, sudo and ssh's answers as the only stand-ins."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import json
import re
import shlex
import subprocess
import sys
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible import constants, context
from ansible.errors import AnsibleError

from ansible_collections.trading.hosts.plugins.action.credential import ActionModule
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, TradingHostsError
from ansible_collections.trading.hosts.plugins.plugin_utils import _secret_action as subject

SECRET = "CANARYsecret-5678"
ARGS: dict[str, t.Any] = {
    "credentials": [{"name": "a", "format": "ccxt", "fields": {"api_key": "CANARYkey-1234", "secret": SECRET}}]
}
CHECKED = "stricthostkeychecking ask\nuserknownhostsfile /home/me/.ssh/known_hosts\nhostname 192.0.2.7\n"


class FakeBecome:
    """What the action uses of a become plugin."""

    def __init__(self, *, name: str = "sudo", pipelining: bool = True, user: str = "root") -> None:
        self.name, self.pipelining = name, pipelining
        self.options = {"become_user": user, "become_exe": None}

    def get_option(self, name: str, playcontext: t.Any = None) -> t.Any:
        return self.options[name]

    def build_become_command(self, cmd: str, shell: t.Any) -> str:
        return f"sudo {self._build_success_command(cmd, shell)}"

    def _build_success_command(self, cmd: str, shell: t.Any, noexe: bool = False) -> str:
        return f"/bin/sh -c 'echo MARK ; {cmd}'"


@dataclasses.dataclass
class FakeConnection:
    """What the action uses of a connection plugin."""

    transport: str = "ssh"
    become: FakeBecome | None = None
    can_pipe: bool = True
    knows_pipelining: bool = True
    options: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    asked: list[str] = dataclasses.field(default_factory=list)
    _shell: t.Any = dataclasses.field(default_factory=lambda: SimpleNamespace(tmpdir=None))

    def set_option(self, name: str, value: t.Any) -> None:
        if not self.knows_pipelining:
            raise KeyError(name)
        self.options[name] = value

    def get_option(self, name: str) -> t.Any:
        defaults = {"ssh_executable": "ssh", "host": "192.0.2.7", "host_key_checking": True, "remote_user": "me"}
        return self.options.get(name, defaults.get(name))

    def is_pipelining_enabled(self, wrap_async: bool = False) -> bool:
        return bool(
            self.can_pipe
            and self.options.get("pipelining")
            and not constants.DEFAULT_KEEP_REMOTE_FILES
            and (self.become is None or self.become.pipelining)
        )


class Sent(ActionModule):
    """The action, with what it sends to the host kept here."""

    answer: t.ClassVar[dict[str, t.Any]] = {"changed": True}
    error: t.ClassVar[Exception | None] = None
    sent: t.ClassVar[list[str]] = []

    def _execute_module(self, **given: t.Any) -> dict[str, t.Any]:
        self.sent.append(given["module_name"])
        # The host's log would show nested secrets escaped, where hiding by value fails.
        assert given["task_vars"]["ansible_no_target_syslog"] is True
        if self.error is not None:
            raise self.error
        return dict(self.answer)


@pytest.fixture(autouse=True)
def nothing_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sent, "sent", [])
    monkeypatch.setattr(context, "CLIARGS", {})
    monkeypatch.setattr(sys, "argv", ["ansible-playbook", "site.yml"])


@pytest.fixture
def ssh(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What ssh -G was asked; it answers that host keys are checked."""
    asked: list[list[str]] = []

    def run(words: list[str], **_named: t.Any) -> t.Any:
        asked.append(words)
        return SimpleNamespace(returncode=0, stdout=CHECKED)

    monkeypatch.setattr(subprocess, "run", run)
    return asked


def act(connection: FakeConnection, args: dict[str, t.Any] | None = None, async_val: int = 0) -> dict[str, t.Any]:
    task = SimpleNamespace(
        action="trading.hosts.credential",
        args=args or ARGS,
        async_val=async_val,
        check_mode=False,
        diff=False,
        no_log=False,
        delegate_to=None,
        environment=[],
    )
    play = SimpleNamespace(remote_user="me", become_user=None)
    action = Sent(task, connection, play, None, None, None)
    result: dict[str, t.Any] = action.run(task_vars={"inventory_hostname": "h"})
    return result


def refused(connection: FakeConnection, args: dict[str, t.Any] | None = None) -> str:
    result = act(connection, args)
    assert result["failed"] is True
    assert Sent.sent == []
    said = str(result["msg"])
    assert "CANARY" not in said
    return said


def test_over_ssh_as_root(ssh: list[list[str]]) -> None:
    connection = FakeConnection()
    result = act(connection)
    assert Sent.sent == ["trading.hosts.credential"]
    assert connection.options["pipelining"] is True
    assert result["transport"] == {
        "connection": "ssh",
        "pipelining": True,
        "verified_host": True,
        "verified_host_problem": None,
        "become_method": None,
        "sudo_records_input": None,
    }


def test_locally_no_identity_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    assert act(FakeConnection(transport="local"))["transport"]["verified_host"] is True


def test_without_a_secret_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    result = act(FakeConnection(can_pipe=False), {"credentials": [{"name": "a", "state": "absent"}]})
    assert Sent.sent == ["trading.hosts.credential"]
    assert "transport" not in result


def test_bad_input_is_refused_before_anything_is_sent() -> None:
    bad = {"credentials": [{"name": "a", "format": "ccxt", "fields": {"api_key": " CANARYkey-1234"}}]}
    assert "has white space around it" in refused(FakeConnection(), bad)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("name=a format=ccxt fields=CANARY", "credentials[0]: is not a mapping"),
        ({"name": "a", "state": "absent", "field": {"secret": SECRET}}, "credentials[0] 'field': is no option here"),
        ({"name": "a", "state": "absent", SECRET: SECRET}, "credentials[0]: is no option here"),
    ],
)
def test_what_ansible_would_show_or_take_for_a_mapping_is_refused(entry: t.Any, said: str) -> None:
    assert said in refused(FakeConnection(), {"credentials": [entry]})


def test_an_unknown_option_of_the_task_is_refused() -> None:
    assert "'secret': is no option here" in refused(FakeConnection(), {**ARGS, "secret": SECRET})


def test_shapes_that_hide_a_secret_are_refused_in_every_depth() -> None:
    spec: dict[str, t.Any] = {
        "api_keys": {"type": "list", "options": {"secret": {}, "credential": {"type": "dict", "options": {"name": {}}}}}
    }
    for given, place in (
        ({"api_keys": f"secret={SECRET}"}, "api_keys: is not a list"),
        ({"api_keys": [f"secret={SECRET}"]}, "api_keys[0]: is not a mapping"),
        ({"api_keys": [{"credential": f"name={SECRET}"}]}, "api_keys[0].credential: is not a mapping"),
        ({"api_keys": [{"credential": {"secret": SECRET}}]}, "api_keys[0].credential 'secret'"),
    ):
        with pytest.raises(InputError) as caught:
            subject.check_shape(spec=spec, given=given)
        assert place in str(caught.value)
        assert "CANARY" not in str(caught.value)
    subject.check_shape(spec=spec, given={"api_keys": [{"secret": SECRET, "credential": None}]})


def test_facts_that_cannot_be_written_are_one_sentence(ssh: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(self: t.Any, result: t.Any, *, task_vars: t.Any) -> None:
        raise TradingHostsError("the disk of the controller is full.")

    monkeypatch.setattr(Sent, "finish", finish)
    result = act(FakeConnection())
    assert (result["failed"], result["msg"]) == (True, "the disk of the controller is full.")


def test_async_would_write_the_secret_to_a_file() -> None:
    with pytest.raises(AnsibleError, match="async"):
        act(FakeConnection(), async_val=10)
    assert Sent.sent == []


def test_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DEFAULT_DEBUG", True)
    assert "ANSIBLE_DEBUG is on" in refused(FakeConnection())


def test_kept_remote_files(monkeypatch: pytest.MonkeyPatch, ssh: t.Any) -> None:
    monkeypatch.setattr(constants, "DEFAULT_KEEP_REMOTE_FILES", True)
    assert "ANSIBLE_KEEP_REMOTE_FILES is on" in refused(FakeConnection())


@pytest.mark.parametrize("method", ["su", "community.general.doas", "community.general.machinectl"])
def test_become_methods_that_need_a_terminal(ssh: t.Any, method: str) -> None:
    said = refused(FakeConnection(become=FakeBecome(name=method, pipelining=False)))
    assert f"become method {method} needs a terminal" in said
    assert "become_method: sudo" in said


def test_become_methods_that_cannot_be_asked(ssh: t.Any) -> None:
    assert "cannot be asked whether it records" in refused(FakeConnection(become=FakeBecome(name="pbrun")))


@pytest.mark.parametrize("loosened", [True, False])
def test_connections_that_do_not_wait_for_sudo(loosened: bool) -> None:
    args = {**ARGS, "require_verified_host": not loosened}
    connection = FakeConnection(transport="docker", become=FakeBecome())
    assert "connection docker sends the secret before sudo can be asked" in refused(connection, args)


def test_a_forced_terminal(ssh: t.Any) -> None:
    assert "ask for a terminal" in refused(FakeConnection(can_pipe=False))


def test_a_terminal_that_only_sshs_own_configuration_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = SimpleNamespace(returncode=0, stdout=CHECKED + "requesttty force\n")
    monkeypatch.setattr(subprocess, "run", lambda *_given, **_named: answer)
    assert "ask for a terminal" in refused(FakeConnection())


@pytest.mark.parametrize("knows", [True, False])
def test_connections_that_cannot_pipe(knows: bool) -> None:
    connection = FakeConnection(transport="amazon.aws.aws_ssm", can_pipe=False, knows_pipelining=knows)
    assert "The connection amazon.aws.aws_ssm cannot pipe a module" in refused(connection)


def test_a_connection_without_an_identity() -> None:
    assert "connection docker has no host identity" in refused(FakeConnection(transport="docker"))


def test_an_unverified_host_is_taken_when_asked_for_and_told() -> None:
    result = act(FakeConnection(transport="docker"), {**ARGS, "require_verified_host": False})
    assert result["transport"]["verified_host"] is False
    assert "no host identity" in result["transport"]["verified_host_problem"]


@pytest.mark.parametrize("value", [True, "yes", "on", 1, None, "maybe"])
def test_only_a_plain_no_loosens(value: t.Any) -> None:
    refused(FakeConnection(transport="docker"), {**ARGS, "require_verified_host": value})


@pytest.mark.parametrize(
    "words",
    [
        ["ansible-playbook", "-e", f"secret={SECRET}"],
        ["ansible-playbook", f'--extra-vars={{"secret": "{SECRET}"}}'],
        ["ansible", "h", "-m", "trading.hosts.credential", "-a", f"content={SECRET}"],
    ],
)
def test_secrets_on_the_command_line(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", words)
    assert "stands on ansible's command line" in refused(FakeConnection())


def test_secrets_in_extra_vars_and_not_in_their_files(ssh: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "CLIARGS", {"extra_vars": (f"@{SECRET}.yml",)})
    act(FakeConnection())
    monkeypatch.setattr(context, "CLIARGS", {"extra_vars": ("a=b", f"secret={SECRET}")})
    monkeypatch.setattr(Sent, "sent", [])
    assert "stands on ansible's command line" in refused(FakeConnection())


@pytest.mark.parametrize("secret", ['quote"d\\secret', "spa ced secret", "dollar$ecret'"])
def test_escaped_forms_are_found(secret: str) -> None:
    for word in (secret, json.dumps({"a": secret}), f"a={shlex.quote(secret)}"):
        assert subject.in_command_line(secrets=[secret], words=["x", word])
    assert not subject.in_command_line(secrets=[secret], words=["x", "y"])


def test_every_value_under_a_no_log_option_is_a_secret() -> None:
    spec: dict[str, t.Any] = {
        "plain": {},
        "token": {"no_log": True},
        "api_keys": {"options": {"name": {}, "secret": {"no_log": True}}},
        "proxy": {"options": {"password": {"no_log": True}}},
    }
    given = {
        "plain": "a",
        "token": {"x": ["b", 7, None, True, ""]},
        "api_keys": [{"name": "c", "secret": "d"}, "odd"],
        "proxy": {"password": "e"},
    }
    assert subject.find_secrets(spec=spec, given=given) == {"b", "7", "d", "e"}


def test_short_secrets_are_protected_too(ssh: t.Any) -> None:
    args = {"credentials": [{"name": "a", "content": "abc"}]}
    assert "ask for a terminal" in refused(FakeConnection(can_pipe=False), args)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"stricthostkeychecking": "ask"}, None),
        ({"stricthostkeychecking": "true"}, None),
        ({"stricthostkeychecking": "yes", "userknownhostsfile": "/a /dev/null"}, None),
        ({"stricthostkeychecking": "false"}, "StrictHostKeyChecking is no"),
        ({"stricthostkeychecking": "accept-new"}, "StrictHostKeyChecking is accept-new"),
        ({"stricthostkeychecking": "ask", "userknownhostsfile": "/dev/null"}, "UserKnownHostsFile is /dev/null"),
        ({"stricthostkeychecking": "ask", "userknownhostsfile": "none"}, "UserKnownHostsFile is none"),
        (
            {"stricthostkeychecking": "ask", "nohostauthenticationforlocalhost": "yes", "hostname": "127.0.0.1"},
            "NoHost",
        ),
        ({"stricthostkeychecking": "ask", "nohostauthenticationforlocalhost": "yes", "hostname": "192.0.2.1"}, None),
        ({}, "did not tell"),
    ],
)
def test_identity_problem(settings: dict[str, str], problem: str | None) -> None:
    found = subject.identity_problem(settings=settings)
    assert found is None if problem is None else problem in (found or "")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({}, None),
        ({"host_key_checking": False}, "StrictHostKeyChecking is no"),
        ({"ssh_args": "-o StrictHostKeyChecking=no"}, "StrictHostKeyChecking is no"),
        ({"ssh_args": "-oStrictHostKeyChecking=off -C"}, "StrictHostKeyChecking is no"),
        ({"ssh_common_args": "-o 'StrictHostKeyChecking no'"}, "StrictHostKeyChecking is no"),
        ({"ssh_common_args": '-o "stricthostkeychecking accept-new"'}, "is accept-new"),
        ({"ssh_extra_args": "-o UserKnownHostsFile=/dev/null"}, "UserKnownHostsFile is /dev/null"),
        ({"ssh_extra_args": "-F {config}"}, "StrictHostKeyChecking is no"),
        # As for ssh itself, the first setting counts.
        ({"ssh_args": "-o StrictHostKeyChecking=yes", "ssh_extra_args": "-o StrictHostKeyChecking=no"}, None),
        ({"ssh_executable": "/bin/false"}, "did not tell"),
        ({"ssh_executable": "/nowhere/ssh"}, "did not tell"),
    ],
)
def test_ssh_itself_says_what_it_would_do(options: dict[str, str], problem: str | None, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("Host 192.0.2.*\n  StrictHostKeyChecking no\n")
    none = {"ssh_args": "-F /dev/null"} if "{config}" not in str(options) else {}
    given = {name: value.format(config=config) if isinstance(value, str) else value for name, value in options.items()}
    if none:
        given["ssh_args"] = f"-F /dev/null {given.get('ssh_args', '')}"
    if problem is None:
        assert subject._effective_ssh(FakeConnection(options=given))["stricthostkeychecking"] in ("ask", "true")
        return
    assert problem in refused(FakeConnection(options=given))


def listing(*, defaults: str = "", for_commands: str = "", rule: str = "(ALL : ALL) NOPASSWD: ALL") -> str:
    """What ``sudo -l`` prints."""
    parts = []
    if defaults:
        parts.append(f"Matching Defaults entries for deploy on h:\n    {defaults}\n")
    if for_commands:
        parts.append(f"Runas and Command-specific defaults for deploy:\n    {for_commands}\n")
    if rule:
        parts.append(f"User deploy may run the following commands on h:\n    {rule}\n")
    return "\n".join(parts)


SUDO = {
    "plain": (listing(defaults="env_reset, use_pty"), 0),
    "no defaults": (listing(), 0),
    "log_input": (listing(defaults="env_reset, log_input"), 10),
    "log_stdin": (listing(defaults="log_stdin, env_reset"), 10),
    "wrapped": (listing(defaults="env_reset,\n    log_input,\n    use_pty"), 10),
    "switched off": (listing(defaults="log_input, !log_input"), 0),
    "switched on": (listing(defaults="!log_input, log_input"), 10),
    "for a command": (listing(defaults="env_reset", for_commands="Defaults!/bin/sh log_input"), 10),
    "off for a command only": (listing(defaults="log_input", for_commands="Defaults!/bin/ls !log_input"), 10),
    "tag": (listing(rule="(ALL) LOG_INPUT: NOPASSWD: ALL"), 10),
    "tag after another": (listing(rule="(ALL) NOPASSWD: LOG_INPUT: ALL"), 10),
    "the opposite tag": (listing(rule="(ALL) NOLOG_INPUT: NOPASSWD: LOG_OUTPUT: ALL"), 0),
    "output only": (listing(defaults="log_output, iolog_dir=/var/log/x"), 0),
    "other text": ("sudo-something 1.0\n", 11),
    "nothing": ("", 11),
}


@pytest.mark.parametrize("case", SUDO)
def test_the_guard_reads_what_sudo_says(case: str, tmp_path: Path) -> None:
    said, expected = SUDO[case]
    program = tmp_path / "sudo"
    program.write_text(f"#!/bin/sh\n[ \"$LC_ALL $*\" = 'C -n -l -U deploy' ] || exit 1\ncat <<'EOF'\n{said}EOF\n")
    program.chmod(0o700)
    script = subject.guard_command(sudo=str(program), as_root=True) + "echo MARK; cat"
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        input=b"CANARY",
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "SUDO_USER": "deploy"},
        check=False,
    )
    if expected == 0:
        assert (done.returncode, done.stdout) == (0, b"MARK\nCANARY")
        return
    assert (done.returncode, done.stdout) == (97, b"")
    assert ("(log_input)" in str(subject._guard_refusal(done.stderr.decode()))) == (expected == 10)
    assert ("does not tell" in str(subject._guard_refusal(done.stderr.decode()))) == (expected == 11)


def test_a_host_without_sudo_there_cannot_tell() -> None:
    script = subject.guard_command(sudo="/nowhere/sudo", as_root=False) + "echo MARK"
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (97, b"")


@pytest.mark.parametrize("user", ["root", "bot"])
def test_the_guard_stands_before_the_mark_and_is_gone_afterwards(
    ssh: t.Any, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    become = FakeBecome(user=user)
    built: list[str] = []

    def execute(self: t.Any, **_given: t.Any) -> dict[str, t.Any]:
        built.append(become.build_become_command("/usr/bin/python3", None))
        return {"changed": False}

    monkeypatch.setattr(Sent, "_execute_module", execute)
    result = act(FakeConnection(become=become))
    assert result["transport"]["become_method"] == "sudo"
    assert result["transport"]["sudo_records_input"] is False
    (command,) = built
    assert -1 < command.index("-n -l") < command.index("echo MARK")
    assert ("SUDO_USER" in command) == (user == "root")
    assert command.startswith("sudo ") == (user == "root")
    assert "-n -l" not in become.build_become_command("/usr/bin/python3", None)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"failed": True, "msg": "MODULE FAILURE", "module_stderr": "TRADING-HOSTS-SUDO-RECORDS-INPUT\n"}, None),
        ({}, AnsibleError("Premature end of stream ... TRADING-HOSTS-SUDO-RECORDS-INPUT")),
    ],
)
def test_what_the_guard_says_becomes_one_sentence(
    ssh: t.Any, answer: dict[str, t.Any], error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sent, "answer", answer)
    monkeypatch.setattr(Sent, "error", error)
    result = act(FakeConnection(become=FakeBecome()))
    assert result["failed"] is True
    assert re.search(r"sudo on this host records .* !log_input", result["msg"])


def test_a_failure_of_another_kind_stays_what_it_is(ssh: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sent, "error", AnsibleError("Incorrect sudo password"))
    with pytest.raises(AnsibleError, match="Incorrect sudo password"):
        act(FakeConnection(become=FakeBecome()))


@pytest.mark.parametrize("error", [None, AnsibleError("Incorrect sudo password")])
def test_the_garbage_collector_is_off_only_while_the_module_is_made_and_run(
    error: AnsibleError | None, ssh: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    was_on: list[bool] = []

    def execute(_self: t.Any, **_given: t.Any) -> dict[str, t.Any]:
        was_on.append(gc.isenabled())
        if error:
            raise error
        return {}

    monkeypatch.setattr(Sent, "_execute_module", execute)
    with pytest.raises(AnsibleError) if error else contextlib.nullcontext():
        act(FakeConnection())
    assert was_on == [False]
    assert gc.isenabled()
