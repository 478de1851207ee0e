# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role host_baseline on hosts that nothing was ever done to, of both releases.

The tests of this file build on each other's hosts, in the order in which they stand here.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.e2e._baseline import FRESH, PASSWORD, build, changed, fresh_hosts, password_login, refusal, state, tunnel
from tests.lab.e2e._support import Controller, Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab._lab import Lab

#: Reading what the host is, looking, and the clock: what a run asks of a host that is as wanted.
TRIPS = 3
#: The other parts are as wanted already.
SSH_ONLY = {
    f"host_baseline_{part}": False
    for part in ("libraries", "time", "clock", "timezone", "core_dumps", "swap", "kernel", "journal", "updates")
}


@pytest.fixture(scope="module")
def controller(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    with fresh_hosts(lab):
        yield Controller(lab, tmp_path_factory.mktemp("baseline"), pipelining=True, guests=True)


def test_check_mode_on_a_virgin_host_foresees_and_changes_nothing(lab: Lab, controller: Controller) -> None:
    before = state(lab)
    run = build(controller, "--check", "--diff")
    assert run.returncode == 0, run.output
    assert state(lab) == before
    for host in FRESH:
        packages = run.of(host, "trading.hosts.host_baseline : Foresee the packages").data["msg"]
        assert packages == "chrony, unattended-upgrades would be installed."
        files = run.of(host, "trading.hosts.host_baseline : Foresee the files whose directory there would be").data[
            "msg"
        ]
        assert "/etc/systemd/journald.conf.d/50-trading-hosts.conf" in files
        assert f"{host}: trading.hosts.host_baseline : Write the settings of the SSH server" in changed(run)
        assert f"{host}: trading.hosts.host_baseline : Foresee the settings of the kernel" in changed(run)


def test_a_user_who_has_no_key_is_not_locked_out(lab: Lab, controller: Controller, tmp_path: Path) -> None:
    before = state(lab)
    by_password = {
        "ansible_user": "trader",
        "ansible_password": PASSWORD,
        "ansible_become_password": PASSWORD,
        "ansible_ssh_private_key_file": "/dev/null",
    }
    run = build(controller, **by_password)
    for host in FRESH:
        assert "gets in with a password only" in refusal(run, host)
        assert password_login(lab, host, helper=tmp_path / "ask") == "deploy"
    assert state(lab) == before


@pytest.fixture(scope="module")
def built(controller: Controller, record_testsuite_property: Any) -> Run:
    began = time.monotonic()
    run = build(controller)
    assert run.returncode == 0, run.output
    record_testsuite_property("host_baseline, first run", f"{run.trips} trips, {time.monotonic() - began:.1f} s")
    return run


def test_what_stands_after_the_first_run(lab: Lab, controller: Controller, built: Run, tmp_path: Path) -> None:
    for host in FRESH:
        assert "Permission denied (publickey)" in password_login(lab, host, helper=tmp_path / "ask")
        assert lab.execute(host, ["id", "-un"], user="deploy").stdout == "deploy\n"
        sshd = lab.execute(host, ["sshd", "-T"]).stdout.splitlines()
        assert {"passwordauthentication no", "kbdinteractiveauthentication no", "x11forwarding no"} <= set(sshd)
        # An operator sees a bot's page, and nobody goes on to other hosts.
        assert tunnel(lab, host, "127.0.0.1:22").startswith("SSH-2.0-")
        assert "administratively prohibited" in tunnel(lab, host, f"{lab.host(host).uplink_v4}:22")
        # Nothing is left that would take it back.
        undo = lab.execute(host, ["systemctl", "list-units", "--all", "--no-legend", "trading-hosts-sshd-undo*"])
        assert undo.stdout == ""

        assert lab.execute(host, ["systemctl", "is-system-running"], check=False).stdout == "running\n"
        units = ["chrony.service", "apt-daily.timer", "apt-daily-upgrade.timer"]
        assert lab.execute(host, ["systemctl", "is-active", *units]).stdout.split() == ["active"] * 3
        # chrony has read its sources, none of which can be reached here.
        known = lab.execute(host, ["chronyc", "activity"]).stdout
        assert sum(int(count) for count in re.findall(r"^([0-9]+) sources", known, flags=re.MULTILINE)) >= 4
        updates = lab.execute(host, ["apt-config", "dump"]).stdout
        origins = [line for line in updates.splitlines() if line.startswith("Unattended-Upgrade::Origins-Pattern:: ")]
        assert len(origins) == 1
        assert "Debian-Security" in origins[0]
        assert 'Unattended-Upgrade::Automatic-Reboot "false";' in updates
        assert lab.execute(host, ["sh", "-c", "ulimit -H -c"], user="deploy").stdout == "0\n"
        limit = lab.execute(host, ["systemctl", "show", "--property=DefaultLimitCORE"]).stdout
        assert limit == "DefaultLimitCORE=0\n"
        redirects = ["net.ipv4.conf.all.accept_redirects", "net.ipv6.conf.all.accept_redirects"]
        assert lab.execute(host, ["sysctl", "--values", *redirects]).stdout.split() == ["0", "0"]
        # The lab's hosts share the machine's kernel.
        note = built.of(host, "trading.hosts.host_baseline : Say what a person has to do").data["msg"]
        assert "The machine below this container rules " in note
        assert "kernel.yama.ptrace_scope" in note or "kernel.kptr_restrict" in note


def test_a_second_run_changes_nothing_and_is_one_look(
    lab: Lab, controller: Controller, built: Run, record_property: Any
) -> None:
    before = state(lab)
    began = time.monotonic()
    again = build(controller)
    record_property("host_baseline, second run", f"{again.trips} trips, {time.monotonic() - began:.1f} s")
    assert (again.returncode, changed(again)) == (0, []), again.output
    assert again.trips <= TRIPS * len(FRESH)
    assert state(lab) == before


def test_settings_that_lock_the_operator_out_are_taken_back(lab: Lab, controller: Controller, built: Run) -> None:
    run = build(controller, **SSH_ONLY, host_baseline_ssh_root_login="no", ansible_user="root", ansible_become=False)
    for host in FRESH:
        assert "does not get in any more. The SSH server is as it was before." in refusal(run, host)
        assert lab.execute(host, ["id", "-un"]).stdout == "root\n"
        assert "permitrootlogin without-password" in lab.execute(host, ["sshd", "-T"]).stdout
