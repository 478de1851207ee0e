# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role host_baseline: what an independent checker says before and after, and a host that goes back by itself.

The tests of this file build on each other's hosts, in the order in which they stand here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._simulator import STATE_DIR
from tests.lab._tools import wait_for
from tests.lab.e2e._baseline import FRESH, build, fresh_hosts, state
from tests.lab.e2e._support import HOST_KEY, Controller
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.lab._lab import Lab


#: What lynis still names, for the reasons in docs/hosts.md; the last line is the lab's own.
LEFT = frozenset(
    (
        *("ACCT-9622", "ACCT-9626", "ACCT-9628", "AUTH-9230", "AUTH-9262", "AUTH-9282", "AUTH-9286", "AUTH-9328"),
        *("BANN-7126", "BANN-7130", "BOOT-5264", "DEB-0280", "DEB-0810", "DEB-0811", "DEB-0831", "DEB-0880"),
        *("FILE-6310", "FINT-4350", "HRDN-7230", "KRNL-6000", "LOGG-2154", "PKGS-7370", "PKGS-7394", "SSH-7408"),
        *("TOOL-5002", "BOOT-5180", "FILE-7524", "HOME-9304", "KRNL-5788", "NAME-4028", "PKGS-7388", "USB-1000"),
    )
)


@dataclass(frozen=True)
class Judged:
    """What lynis says of a host: its score, at most 100, and what it warns of and suggests, each with its test."""

    score: int
    warnings: frozenset[str]
    suggestions: frozenset[str]


def lynis(lab: Lab, host: str) -> Judged:
    lab.execute(host, ["sh", "-c", "apt-get -qq update && apt-get -qq install lynis > /dev/null"], timeout=120)
    lab.execute(host, ["lynis", "audit", "system", "--quick", "--quiet", "--no-colors"], check=False, timeout=300)
    report = lab.execute(host, ["cat", "/var/log/lynis-report.dat"]).stdout
    score = re.search(r"^hardening_index=([0-9]+)$", report, flags=re.MULTILINE)
    assert score is not None, report

    def found(kind: str) -> frozenset[str]:
        lines = re.findall(rf"^{kind}\[\]=([A-Z]+-[0-9]+)\|(.*)$", report, flags=re.MULTILINE)
        return frozenset(f"{test} {text.split('|')[0]} {text.split('|')[1]}".strip() for test, text in lines)

    return Judged(int(score[1]), found("warning"), found("suggestion"))


@pytest.fixture(scope="module")
def controller(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    with fresh_hosts(lab):
        yield Controller(lab, tmp_path_factory.mktemp("baseline"), pipelining=True, guests=True)


@pytest.fixture(scope="module")
def judged(lab: Lab, controller: Controller) -> Mapping[str, tuple[Judged, Judged]]:
    before = {host: lynis(lab, host) for host in FRESH}
    run = build(controller)
    assert run.returncode == 0, run.output
    return {host: (before[host], lynis(lab, host)) for host in FRESH}


def test_an_independent_checker_finds_nothing_that_the_role_could_have_avoided(
    judged: Mapping[str, tuple[Judged, Judged]], record_property: Any
) -> None:
    for host, (before, after) in judged.items():
        record_property(f"lynis score of {host}", f"{before.score} before, {after.score} after")
        assert after.score >= before.score + 8
        assert {each.split()[0] for each in after.warnings | after.suggestions} <= LEFT, host
        ssh = {each.split()[5] for each in after.suggestions if each.startswith("SSH-7408 ")}
        assert ssh <= {"AllowTcpForwarding", "Compression", "MaxAuthTries", "MaxSessions", "Port"}


def test_a_clock_that_an_exchange_would_refuse(
    lab: Lab, controller: Controller, judged: Mapping[str, tuple[Judged, Judged]]
) -> None:
    simulator = Simulator.attach(STATE_DIR)
    simulator.set_clock_skew(-5000, exchange="kucoin")
    try:
        run = build(controller, "--check", host_baseline_ssh=False)
    finally:
        simulator.set_clock_skew(0, exchange="kucoin")
    for host in FRESH:
        assert "s ahead of KuCoin's" in run.message(host)
        assert "Bybit" not in run.message(host)


def test_an_image_may_hold_no_host_key(
    lab: Lab, controller: Controller, judged: Mapping[str, tuple[Judged, Judged]]
) -> None:
    for host in FRESH:
        lab.execute(host, ["sh", "-c", "echo x | systemd-creds encrypt --with-key=host --name=x - /dev/null"])
    before = state(lab)
    run = build(controller, host_baseline_image=True)
    for host in FRESH:
        assert f"/{HOST_KEY}" in run.message(host)
    assert state(lab) == before


def test_a_host_goes_back_by_itself_when_not_even_the_role_gets_in(lab: Lab, controller: Controller) -> None:
    """Every command has a connection of its own here, so after the change root's play is out for good."""
    run = build(
        controller,
        host_baseline_ssh_root_login="no",
        host_baseline_ssh_undo_after=20,
        host_baseline_clock=False,
        ansible_user="root",
        ansible_become=False,
        ansible_ssh_args="-o ControlMaster=no -o ControlPath=none",
    )
    assert run.returncode != 0
    for host in FRESH:
        assert lab.execute(host, ["id", "-un"], check=False).returncode == 255

    def both_are_back() -> bool:
        return all(lab.execute(host, ["true"], check=False).returncode == 0 for host in FRESH)

    wait_for(both_are_back, what="both hosts to go back", timeout=60)
    for host in FRESH:
        assert "permitrootlogin without-password" in lab.execute(host, ["sshd", "-T"]).stdout


def test_security_updates_are_understood(lab: Lab, controller: Controller) -> None:
    for host in FRESH:
        done = lab.execute(host, ["unattended-upgrade", "--dry-run", "--verbose"])
        assert "Debian-Security" in done.stdout + done.stderr
