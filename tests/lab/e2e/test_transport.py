# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A way to the host on which a secret could be stored or go astray is refused before anything is sent."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._spec import RUN_DIR
from tests.lab.e2e._support import Controller, Run, canary, drop_connections, in_memory, names, place, places, virgin
from tests.lab.e2e._sweep import Needles, Watch, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.lab._lab import Lab

TOKEN = {"name": "token", "content": "{{ secret }}"}
VERIFIED = f"-o UserKnownHostsFile={RUN_DIR}/known_hosts -o GlobalKnownHostsFile=/dev/null"
STRICT = "-o StrictHostKeyChecking=yes"


class Sender:
    """Tries to send one secret to alpha and proves where it did not go."""

    def __init__(self, lab: Lab, controller: Controller) -> None:
        self.lab = lab
        self.controller = controller
        self.secret = canary()
        self.needles = Needles.of([self.secret])
        controller.write_vars({"secret": self.secret}, hosts=["alpha"])

    def send(self, *tasks: Mapping[str, Any], **options: Any) -> tuple[Run, list[str]]:
        """Run, and return also every file that ever held the secret meanwhile, and the output if it did."""
        drop_connections()
        began = time.time()
        where = places(self.lab, self.controller, "alpha")
        with Watch(self.needles, where) as watch:
            run = self.controller.run(*(tasks or (place(TOKEN),)), hosts="alpha", **options)
        assert watch.files > 0
        seen = [*watch.found, *sweep(self.needles, *where, newer_than=began)]
        return run, [*seen, *(["the output"] if self.needles.are_in(run.output.encode()) else [])]


@pytest.fixture
def sender(lab: Lab, tmp_path: Path) -> Iterator[Sender]:
    virgin(lab, "alpha")
    with in_memory(tmp_path):
        yield Sender(lab, Controller(lab, tmp_path))


def ssh_arguments(*, identity: str = f"{VERIFIED} {STRICT}", more: str = "") -> dict[str, str]:
    return {"ansible_ssh_common_args": f"-F /dev/null -o IdentitiesOnly=yes {identity} {more}".strip()}


REFUSED: dict[str, tuple[dict[str, Any], dict[str, str], str, str]] = {
    "su": ({"ansible_become_method": "su"}, {}, "become method su", "use become_method: sudo"),
    "tty": ({}, {"ANSIBLE_SSH_ARGS": "-tt"}, "ask for a terminal", "remove that from"),
    "tty-option": (ssh_arguments(more="-o RequestTTY=force"), {}, "ask for a terminal", "remove that from"),
    "tty-spelling": (ssh_arguments(more="-o 'RequestTTY force'"), {}, "ask for a terminal", "remove that from"),
    "tty-configuration": ({"ansible_ssh_extra_args": "-F tty.conf"}, {}, "ask for a terminal", "remove that from"),
    "keep-files": ({}, {"ANSIBLE_KEEP_REMOTE_FILES": "1"}, "ANSIBLE_KEEP_REMOTE_FILES is on", "unset it"),
    "debug": ({}, {"ANSIBLE_DEBUG": "1"}, "ANSIBLE_DEBUG is on", "unset it"),
    "no-checking": (ssh_arguments(identity=VERIFIED), {"ANSIBLE_HOST_KEY_CHECKING": "0"}, "is no", "known_hosts"),
    "no": (ssh_arguments(identity=f"{VERIFIED} -o StrictHostKeyChecking=no"), {}, "is no", "known_hosts"),
    "off": (ssh_arguments(identity=f"{VERIFIED} -ostricthostkeychecking=off"), {}, "is (no|off)", "known_hosts"),
    "blank": (ssh_arguments(identity=f"{VERIFIED} -o 'StrictHostKeyChecking no'"), {}, "is no", "known_hosts"),
    "first-wins": ({}, {"ANSIBLE_SSH_ARGS": "-o StrictHostKeyChecking=no"}, "is no", "known_hosts"),
    "accept-new": (
        ssh_arguments(identity=f"{VERIFIED} -o StrictHostKeyChecking=accept-new"), {}, "is accept-new", "known_hosts"
    ),
    "nowhere": (
        ssh_arguments(identity=f"{STRICT} -o UserKnownHostsFile=/dev/null"), {}, "is /dev/null", "known_hosts"
    ),
}  # fmt: skip


@pytest.mark.parametrize("cause", REFUSED)
def test_it_is_refused_before_anything_is_sent(sender: Sender, cause: str) -> None:
    variables, environment, why, mend = REFUSED[cause]
    configuration = sender.controller.directory / "tty.conf"
    configuration.write_text("Host *\n  RequestTTY force\n")
    variables = {name: str(value).replace("tty.conf", str(configuration)) for name, value in variables.items()}
    run, seen = sender.send(environment=environment, vars=variables)
    said = run.output if cause == "debug" else run.message()
    assert re.search(why, said), said
    assert mend in said
    assert run.trips == 0
    assert seen == []
    assert names(sender.lab, "alpha") == []


def test_a_secret_on_the_command_line_is_refused(sender: Sender) -> None:
    argument = json.dumps({"given": canary()}, ensure_ascii=False)
    run = sender.controller.run(
        place({**TOKEN, "content": "{{ given }}"}), arguments=["-v", "-e", argument], hosts="alpha"
    )
    assert "command line" in run.message()
    assert "vaulted file" in run.message()
    assert run.trips == 0
    assert names(sender.lab, "alpha") == []


@pytest.mark.parametrize(
    "rule",
    [
        "Defaults log_input",
        "Defaults:deploy log_input",
        "Defaults>root log_stdin",
        "deploy ALL=(ALL:ALL) NOPASSWD: LOG_INPUT: ALL",
    ],
)
def test_sudo_that_records_is_refused(sender: Sender, rule: str) -> None:
    rules = sender.lab.root("alpha") / "etc/sudoers.d/zz-record"
    rules.write_text(f"{rule}\n")
    rules.chmod(0o440)
    try:
        sender.lab.execute("alpha", ["visudo", "--check", "--quiet"])
        run, seen = sender.send()
    finally:
        rules.unlink()
    assert "sudo on this host records what it is sent (log_input)" in run.message()
    assert "!log_input" in run.message()
    assert run.trips == 1
    assert seen == []
    assert names(sender.lab, "alpha") == []


def test_without_such_a_cause_it_is_sent(sender: Sender) -> None:
    run, seen = sender.send()
    assert run.of("alpha", "place").data["transport"] == {
        "connection": "ssh",
        "pipelining": True,
        "verified_host": True,
        "verified_host_problem": None,
        "become_method": "sudo",
        "sudo_records_input": False,
    }
    assert seen == []
    assert names(sender.lab, "alpha") == ["token"]


def test_the_watch_sees_what_an_ordinary_task_writes(sender: Sender) -> None:
    """The control: without pipelining a module and its secret are in files on both sides, which are gone afterwards."""
    task = {"name": "leak", "ansible.builtin.command": {"argv": ["cat"], "stdin": "{{ secret }}"}, "no_log": True}
    run, seen = sender.send(task)
    assert run.of("alpha", "leak").status == "changed"
    assert [path for path in seen if path.startswith("/home/deploy/.ansible/tmp/")]
    assert [path for path in seen if path.startswith(str(sender.controller.directory))]


def test_a_host_that_another_one_replaced_gets_nothing(sender: Sender) -> None:
    known_hosts = RUN_DIR / "known_hosts"
    right = known_hosts.read_text()
    keys = [line.split(" ", 1) for line in right.splitlines()]
    try:
        known_hosts.write_text(f"{keys[0][0]} {keys[1][1]}\n")
        run, seen = sender.send()
    finally:
        known_hosts.write_text(right)
    assert run.returncode != 0
    assert "UNREACHABLE" in run.output
    assert seen == []
    assert names(sender.lab, "alpha") == []
