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
from tests.lab.e2e._support import HOSTS, Controller, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

ROLE = "trading.hosts.egress_firewall : "
TRIAL = f"{ROLE}Put the rules on trial"
PROVED = f"{ROLE}Confirm the rules"
STATUS = ["trading-hosts-firewall", "status"]
#: Others' rules, which must be there in the end as they were.
OTHERS = "table inet others {\n\tchain input {\n\t\ttype filter hook input priority 10; policy accept;\n\t}\n}\n"


def role(**variables: Any) -> dict[str, Any]:
    given = {
        "exchanges": [f"{EXCHANGE}:443"],
        "mirrors": ["deb.debian.org:80"],
        "install_package": False,
        "refresh_seconds": 2,
        **variables,
    }
    return {
        "name": "firewall",
        "ansible.builtin.include_role": {"name": "trading.hosts.egress_firewall"},
        "vars": {f"egress_firewall_{name}": value for name, value in given.items()},
    }


def absent() -> dict[str, Any]:
    return {"name": "remove", "trading.hosts.egress_firewall": {"state": "absent"}}


def changed(run: Run) -> list[str]:
    return [f"{result.host}: {result.task}" for result in run.results if result.status in ("changed", "failed")]


def rules(lab: Lab, host: str) -> str:
    """Return the rules, without what packets have left in them."""
    listed = lab.execute(host, ["nft", "--stateless", "list", "table", "inet", "trading_hosts"]).stdout
    return "\n".join(line for line in listed.splitlines() if "elements" not in line and " . " not in line)


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
    removed = running.run(absent(), absent())
    assert changed(removed) == [f"{host}: remove" for host in HOSTS]
    for host in HOSTS:
        left = lab.execute(host, ["nft", "list", "tables"]).stdout
        assert left in ("table inet others\n", "")
        lab.execute(host, ["nft", "flush", "ruleset"])


@pytest.fixture(scope="module")
def observed(lab: Lab, controller: Controller) -> Run:
    foreseen = controller.run(role(), arguments=["-v", "--check", "--diff"])
    assert foreseen.returncode == 0, foreseen.output
    for host in HOSTS:
        assert foreseen.of(host, TRIAL).status == "changed"
        assert not (lab.root(host) / "usr/local/sbin/trading-hosts-firewall").exists()
    run = controller.run(role())
    assert run.returncode == 0, run.output
    return run


def test_at_first_it_only_observes(lab: Lab, observed: Run) -> None:
    for host in HOSTS:
        assert observed.of(host, PROVED).status == "changed"
        targets: list[tuple[str, int, str | None]] = [(EXCHANGE, 443, None), (UNDECLARED, 443, None)]
        assert connect(lab, host, *targets) == ["reached", "reached"]
        told = lab.execute(host, STATUS).stdout
        assert "mode: observe\n" in told
        assert "undeclared_out_4: 91.198.120.60 . tcp . 443 counter packets 1 " in told
        assert "91.198.120.40 . tcp" not in told
        assert lab.execute(host, ["systemctl", "is-enabled", "trading-hosts-firewall"]).stdout == "enabled\n"


@pytest.fixture(scope="module")
def enforced(controller: Controller, observed: Run) -> Run:
    run = controller.run(role(mode="enforce", ipv4_only_users=["nobody"]))
    assert run.returncode == 0, run.output
    return run


def test_enforced_it_lets_through_what_is_declared_and_nothing_else(lab: Lab, enforced: Run) -> None:
    for host in HOSTS:
        assert connect(
            lab,
            host,
            (EXCHANGE, 443, None),
            (UNDECLARED, 443, None),
            (EXCHANGE, 53, None),
            (IP_SOURCE, 443, "AF_INET"),
            (IP_SOURCE, 443, "AF_INET6"),
        ) == ["reached", "refused", "refused", "refused", "refused"]
        # Only who checks the host's address may ask for it, by both families.
        sources = [(IP_SOURCE, 443, "AF_INET"), (IP_SOURCE, 443, "AF_INET6"), (UNDECLARED, 443, None)]
        assert connect(lab, host, *sources, user=CHECKER) == ["reached", "reached", "refused"]


def test_a_name_that_moves_fails_no_call_while_all_else_goes_on(
    lab: Lab, dns: Dns, controller: Controller, enforced: Run
) -> None:
    settled = role(mode="enforce", ipv4_only_users=["nobody"])
    before = {host: rules(lab, host) for host in HOSTS}
    with Moving(lab, dns, seconds=30) as moving:
        again = controller.run(settled)
        assert changed(again) == [], again.output

        broken = controller.run(role(mode="enforce", extra_output=["tcp dport 443 acept"]))
        for host in HOSTS:
            assert "acept" in broken.message(host)
            assert "Nothing was changed." in broken.message(host)

        locked_out = controller.run(role(mode="enforce", extra_input=["tcp dport 22 drop"], confirm_within=10))
        for host in HOSTS:
            said = [result.data["msg"] for result in locked_out.results if result.host == host and "msg" in result.data]
            assert any("were not confirmed" in text for text in said), locked_out.output
        assert {host: rules(lab, host) for host in HOSTS} == before
    for host in HOSTS:
        told = moving.told(host)
        assert told["failures"] == [], told
        assert told["calls"] > 15
        assert len(told["addresses"]) >= 4


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
        int(lab.execute("beta", [*shown, unit]).stdout) for unit in ("trading-hosts-firewall", "network.target")
    )
    assert 0 < ours <= network
    wait_for(
        lambda: "trading_hosts" in lab.execute("alpha", ["nft", "list", "tables"]).stdout,
        what="the rules to come back",
        timeout=20,
    )
    assert connect(lab, "alpha", (EXCHANGE, 443, None), (UNDECLARED, 443, None)) == ["reached", "refused"]
