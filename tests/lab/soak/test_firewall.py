# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role egress_firewall on real hosts: what passes, what does not, and that nobody is locked out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._dns import Dns
from tests.lab._tools import wait_for
from tests.lab.e2e._firewall import (
    CHECKER,
    EXCHANGE,
    IP_SOURCE,
    UNDECLARED,
    Moving,
    connect,
    name_server,
)
from tests.lab.e2e._support import HOSTS, Controller, Result, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

ROLE = "trading.hosts.egress_firewall : "
TRIAL = f"{ROLE}Put the rules on trial"
PROVED = f"{ROLE}Confirm the rules"
STATUS = ["trading-hosts-firewall", "status"]
#: Others' rules, which must be there in the end as they were.
OTHERS = "table inet others {\n\tchain input {\n\t\ttype filter hook input priority 10; policy accept;\n\t}\n}\n"


def role(*, apply: dict[str, Any] | None = None, **variables: Any) -> dict[str, Any]:
    """Return the task that runs the role; ``apply`` goes to each of its tasks."""
    given = {
        "exchanges": [f"{EXCHANGE}:443"],
        "mirrors": ["deb.debian.org:80"],
        "install_package": False,
        "refresh_seconds": 2,
        **variables,
    }
    return {
        "name": "firewall",
        "ansible.builtin.include_role": {"name": "trading.hosts.egress_firewall", "apply": apply or {}},
        "vars": {f"egress_firewall_{name}": value for name, value in given.items()},
    }


def refused(task: dict[str, Any]) -> dict[str, Any]:
    """Return a block that goes on when the task fails."""
    return {"name": "attempt", "block": [task], "rescue": [{"name": "go on", "ansible.builtin.meta": "noop"}]}


def absent() -> dict[str, Any]:
    return {"name": "remove", "trading.hosts.egress_firewall": {"state": "absent"}}


def told(run: Run, host: str, task: str) -> list[Result]:
    """Return what the task said of the host each time that it ran."""
    return [result for result in run.results if (result.host, result.task) == (host, task)]


@pytest.fixture(scope="module")
def dns(lab: Lab) -> Iterator[Dns]:
    with name_server(lab) as running:
        yield running


@pytest.fixture(scope="module")
def controller(lab: Lab, dns: Dns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    for host in HOSTS:
        lab.execute(host, ["nft", "-f", "-"], text_input=OTHERS)
    running = Controller(lab, tmp_path_factory.mktemp("fw"))
    yield running
    removed = running.run(absent())
    for host in HOSTS:
        assert removed.of(host, "remove").status == "changed"
        assert "trading_hosts" not in lab.execute(host, ["nft", "list", "tables"]).stdout
        lab.execute(host, ["nft", "flush", "ruleset"])


@pytest.fixture(scope="module")
def observed(controller: Controller) -> Run:
    """On a virgin host: what is foreseen, what is done, and what a second run does."""
    return controller.run(role(apply={"check_mode": True}), role(), role(), arguments=["-v", "--diff"])


def test_at_first_it_only_observes(lab: Lab, observed: Run) -> None:
    assert observed.returncode == 0, observed.output
    for host in HOSTS:
        foreseen, done, again = told(observed, host, TRIAL)
        assert [each.status for each in (foreseen, done, again)] == ["changed", "changed", "ok"]
        assert [each.data["on_trial"] for each in (foreseen, done, again)] == [False, True, False]
        assert [each.status for each in told(observed, host, PROVED)] == ["changed"]
        targets: list[tuple[str, int, str | None]] = [(EXCHANGE, 443, None), (UNDECLARED, 443, None)]
        assert connect(lab, host, *targets) == ["reached", "reached"]
        status = lab.execute(host, STATUS).stdout
        assert "mode: observe\n" in status
        assert "undeclared_out_4: 91.198.120.60 . tcp . 443 counter packets 1 " in status
        assert "91.198.120.40 . tcp" not in status
        assert lab.execute(host, ["systemctl", "is-enabled", "trading-hosts-firewall"]).stdout == "enabled\n"


def test_the_proxy_that_apt_is_set_to_may_be_reached(lab: Lab, controller: Controller, observed: Run) -> None:
    set_to = {host: lab.root(host) / "etc/apt/apt.conf.d/99-proxy" for host in HOSTS}
    for path in set_to.values():
        path.write_text('Acquire { http { Proxy "http://user:NOTSHOWN12345@proxy.example.com:3128"; }; };\n')
    try:
        run = controller.run(role(apply={"check_mode": True}, mirrors=[]), arguments=["-v", "--diff"])
    finally:
        for path in set_to.values():
            path.unlink()
    for host in HOSTS:
        (foreseen,) = told(run, host, TRIAL)
        assert foreseen.status == "changed"
    assert run.output.count("tcp proxy.example.com 3128") == len(HOSTS)
    assert "NOTSHOWN12345" not in run.output


#: Under ``enforce``, from the first time on: twice the same, what nft refuses, and what would lock everybody out.
ENFORCE: dict[str, Any] = {"mode": "enforce", "ipv4_only_users": ["nobody"]}
ENFORCED = (
    role(**ENFORCE),
    role(**ENFORCE),
    refused(role(**ENFORCE, extra_output=["tcp dport 443 acept"])),
    refused(role(**ENFORCE, extra_input=["tcp dport 22 drop"], confirm_within=10)),
    role(**ENFORCE),
)


@pytest.fixture(scope="module")
def moving(lab: Lab, dns: Dns) -> Moving:
    return Moving(lab, dns, seconds=30)


@pytest.fixture(scope="module")
def enforced(controller: Controller, observed: Run, moving: Moving) -> Run:
    with moving:
        return controller.run(*ENFORCED)


def test_nobody_is_locked_out_and_nothing_broken_is_loaded(lab: Lab, enforced: Run) -> None:
    assert enforced.returncode == 0, enforced.output
    for host in HOSTS:
        first, again, broken, locked_out, settled = told(enforced, host, TRIAL)
        assert [each.status for each in (first, again, broken, locked_out, settled)] == [
            *("changed", "ok", "failed", "changed", "ok"),
        ]
        assert "acept" in broken.data["msg"]
        assert broken.data["msg"].endswith("Nothing was changed.")
        # The same as the first: the host went back by itself.
        (failed,) = told(enforced, host, f"{ROLE}Say that the new rules are not in force")
        assert "The new rules of the firewall were not confirmed" in failed.data["msg"]
        assert [each.status for each in told(enforced, host, PROVED)] == ["changed"]
        loaded = lab.execute(host, ["nft", "list", "chain", "inet", "trading_hosts", "input"]).stdout
        assert "policy drop" in loaded
        assert "tcp dport 22 drop" not in loaded
        assert "table inet others" in lab.execute(host, ["nft", "list", "tables"]).stdout


def test_a_name_that_moved_all_the_while_failed_no_call(enforced: Run, moving: Moving) -> None:
    for host in HOSTS:
        counted = moving.told(host)
        assert counted["failures"] == [], counted
        assert counted["calls"] > 15
        assert len(counted["addresses"]) >= 4


def test_enforced_it_lets_through_what_is_declared_and_nothing_else(lab: Lab, enforced: Run) -> None:
    sources = [(IP_SOURCE, 443, "AF_INET"), (IP_SOURCE, 443, "AF_INET6")]
    others = [(EXCHANGE, 443, None), (EXCHANGE, 53, None), (UNDECLARED, 443, None)]
    for host in HOSTS:
        assert connect(lab, host, *others, *sources) == ["reached", *["refused"] * 4]
        # Only who checks the host's address may ask for it, by both families.
        assert connect(lab, host, *sources, user=CHECKER) == ["reached", "reached"]


def test_a_name_that_no_longer_resolves_keeps_its_address(lab: Lab, dns: Dns, enforced: Run) -> None:
    def elements(host: str) -> str:
        return lab.execute(host, ["nft", "list", "set", "inet", "trading_hosts", "exchanges_4"]).stdout

    before = {host: elements(host) for host in HOSTS}
    dns.fail(EXCHANGE)
    try:
        journal = ["journalctl", "--unit=trading-hosts-firewall", "--output=cat", "--lines=3"]
        wait_for(
            lambda: all(f"{EXCHANGE} does not resolve" in lab.execute(host, journal).stdout for host in HOSTS),
            what="the refreshers to notice",
            timeout=20,
        )
        assert {host: elements(host) for host in HOSTS} == before
    finally:
        dns.answer(EXCHANGE, "91.198.120.40")


def test_a_flush_by_somebody_else_and_a_reboot_bring_it_back(lab: Lab, dns: Dns, enforced: Run) -> None:
    lab.execute("alpha", ["nft", "delete", "table", "inet", "trading_hosts"])
    assert lab.reboot("beta") == "running"
    assert connect(lab, "beta", (EXCHANGE, 443, None), (UNDECLARED, 443, None)) == ["reached", "refused"]
    shown = ["systemctl", "show", "--property=ActiveEnterTimestampMonotonic", "--value"]
    ours, network = (
        int(lab.execute("beta", [*shown, unit]).stdout) for unit in ("trading-hosts-firewall", "network-pre.target")
    )
    assert 0 < ours <= network
    wait_for(
        lambda: "trading_hosts" in lab.execute("alpha", ["nft", "list", "tables"]).stdout,
        what="the rules to come back",
        timeout=20,
    )
    assert connect(lab, "alpha", (EXCHANGE, 443, None), (UNDECLARED, 443, None)) == ["reached", "refused"]


def test_an_older_copy_that_somebody_loads_again_does_not_stay(lab: Lab, dns: Dns, enforced: Run) -> None:
    # What is saved to /etc/nftables.conf one day comes back with the next reload of that.
    saved = lab.execute("alpha", ["nft", "list", "table", "inet", "trading_hosts"]).stdout
    older = saved.replace("policy drop", "policy accept") + "flush set inet trading_hosts exchanges_4\n"
    for before in ("delete table inet trading_hosts\n", ""):  # without it nft adds it to what is there
        lab.execute("alpha", ["nft", "-f", "-"], text_input=f"{before}{older}")
        wait_for(
            lambda: connect(lab, "alpha", (EXCHANGE, 443, None), (UNDECLARED, 443, None)) == ["reached", "refused"],
            what="the rules to be those of today",
            timeout=30,
        )
    # For these two, for what was deleted before, and for the user who was made; its own rules are none of others.
    said = lab.execute("alpha", ["journalctl", "--unit=trading-hosts-firewall", "--output=cat", "--no-pager"]).stdout
    assert 3 <= said.count("loading them again") <= 4
