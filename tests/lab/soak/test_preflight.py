# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check before each start: what lets a service start, what stops it, and what an operator overrides.

The tests of this file build on each other's hosts, in the order in which they stand here.
"""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._simulator import STATE_DIR
from tests.lab._tools import wait_for
from tests.lab.demo._scenarios import Scenario, api_key, create
from tests.lab.e2e._support import HOSTS, Controller, Run, info, listing, place, virgin
from tests.simulator.client import SimulatedKey, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab._lab import Lab

UNIT = "checked.service"
RUN_IT = "trading.hosts.trading_service : Run it"
RAN = "/var/lib/checked/.trading-hosts-ran"
OVERRIDES = "var/lib/trading-hosts-agent/overrides.json"
HELD_OUT = "91.198.115.77"
#: Bybit does not say which address it refuses, OKX does.
SCENARIOS = {
    "alpha": Scenario(host="alpha", name="grid", exchange="bybit", shows="", allowlist=("{public}",)),
    "beta": Scenario(
        host="beta", name="swing", exchange="okx", shows="", allowlist=("{public}",), passphrase="Uw7-kR2_qLx9vTz4"
    ),
}
#: In both the check reads what is decrypted already.
STORES = {"alpha": "systemd", "beta": "age"}
CLICKS = {
    "alpha": "Bybit > account menu > API > the key > Edit > Only IPs with permissions granted",
    "beta": "OKX > account menu > API > the key > Edit > IP address",
}


class Checked:
    """One checked service on each host, and its key on the exchange."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.simulator = Simulator.attach(STATE_DIR)
        self.controller = Controller(lab, directory, pipelining=True)
        self.keys: dict[str, SimulatedKey] = {}

    def prepare(self) -> None:
        now = datetime.datetime.now(tz=datetime.UTC)
        self.simulator.reset()
        for host, scenario in SCENARIOS.items():
            key = create(self.simulator, scenario, public=self.public(host), now=now)
            self.keys[host] = key
            entry = api_key(scenario, key, now=now)
            fields = {name: entry[name] for name in ("api_key", "secret", "passphrase") if name in entry}
            self.controller.write_vars(
                {
                    "keys": [entry],
                    "documents": [{"name": "trade", "format": "ccxt", "api_keys": [scenario.name]}],
                    "fields": fields,
                    "store": STORES[host],
                },
                hosts=[host],
            )

    def public(self, host: str) -> str:
        return self.lab.public_addresses(host)[0]

    def build(self, *, arguments: tuple[str, ...] = ("-v",), **changes: Any) -> Run:
        declaration = (
            "{{ documents | trading.hosts.service_declaration(keys, service='checked', credentials=['trade'],"
            " host=inventory_hostname) }}"
        )
        role = {
            "name": "build",
            "ansible.builtin.include_role": {"name": "trading.hosts.trading_service"},
            "vars": {
                "trading_service_name": "checked",
                "trading_service_command": ["/usr/bin/python3", "-c", "import signal; signal.pause()"],
                "trading_service_credentials": ["trade"],
                "trading_service_preflight": True,
                "trading_service_declaration": declaration,
                "trading_service_restart_sec": 1,
                "trading_service_start_limit_burst": 3,
                "trading_agent_install_libraries": False,
                "trading_agent_retry": "*-01-01",  # the tests do what it does
                **changes,
            },
        }
        document = {"name": "trade", "format": "ccxt", "fields": "{{ fields }}"}
        return self.controller.run(place(document, store="{{ store }}"), role, arguments=arguments)

    def limit(self, *addresses: str) -> None:
        """Restrict the keys to these addresses, or to their own hosts'."""
        for host, key in self.keys.items():
            self.simulator.update_key(key, allowlist=list(addresses) or [self.public(host)])

    def restart(self, *, good: bool) -> None:
        self.simulator.clear_requests()
        for host in HOSTS:
            self.lab.execute(host, ["systemctl", "stop", UNIT])
            self.lab.execute(host, ["systemctl", "reset-failed", UNIT], check=False)
            done = self.lab.execute(host, ["systemctl", "start", UNIT], check=False)
            assert (done.returncode == 0) == good, self.said(host)

    def shown(self, host: str, name: str) -> str:
        return self.lab.execute(host, ["systemctl", "show", "--value", f"--property={name}", UNIT]).stdout.strip()

    def await_state(self, host: str, state: str) -> None:
        what = f"checked on {host} to be {state}"
        wait_for(lambda: self.shown(host, "ActiveState") == state, what=what, timeout=30)

    def said(self, host: str) -> str:
        """Return the last line that a check wrote into the journal."""
        argv = ["journalctl", "--output=cat", "--no-pager", "--lines=60", f"--unit={UNIT}"]
        lines = self.lab.execute(host, argv).stdout.splitlines()
        return next(line for line in reversed(lines) if line.startswith("trading-hosts-agent: ")).partition(": ")[2]

    def signed(self, host: str) -> list[str | None]:
        """Return how each signed question to the host's exchange ended."""
        seen = self.simulator.requests(exchange=SCENARIOS[host].exchange)
        return [request.code for request in seen if request.had["signature"]]

    def taken(self, host: str) -> float:
        """Return for how many seconds the check of the last start ran, as systemd measured it."""
        path = "/org/freedesktop/systemd1/unit/checked_2eservice"
        argv = ["busctl", "--json=short", "get-property", "org.freedesktop.systemd1", path]
        told = self.lab.execute(host, [*argv, "org.freedesktop.systemd1.Service", "ExecStartPre"]).stdout
        (_path, _argv, _ignore, began, _began, ended, *_rest) = json.loads(told)["data"][-1]
        return float(ended - began) / 1e6

    def override(self, host: str, *words: str) -> str:
        done = self.lab.execute(host, ["trading-hosts-agent", "override", *words], check=False)
        return done.stderr.strip()


@pytest.fixture(scope="module")
def checked(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    virgin(lab)
    made = Checked(lab, tmp_path_factory.mktemp("checked"))
    made.prepare()
    yield made
    made.simulator.reset()
    for host in HOSTS:
        lab.execute(host, ["systemctl", "disable", "--quiet", "--now", UNIT], check=False)
        lab.execute(host, ["systemctl", "stop", "trading-hosts-retry@checked.timer"], check=False)
        paths = ("/var/lib/checked", f"/etc/systemd/system/{UNIT}", "/etc/trading-hosts", f"/{OVERRIDES}")
        lab.execute(host, ["rm", "--recursive", "--force", *paths])
        lab.execute(host, ["systemctl", "daemon-reload"])
    virgin(lab)


def unreachable(simulator: Simulator) -> None:
    for scenario in SCENARIOS.values():
        simulator.fault(scenario.exchange, "reset")


def test_check_mode_changes_nothing_on_a_virgin_host(lab: Lab, checked: Checked) -> None:
    before = {host: listing(lab, host, "etc", "usr/local", "var/lib/systemd") for host in HOSTS}
    run = checked.build(arguments=("-v", "--check", "--diff"))
    assert run.returncode == 0, run.output
    assert {host: listing(lab, host, "etc", "usr/local", "var/lib/systemd") for host in HOSTS} == before
    foreseen = {result.task for result in run.results if result.status == "changed"}
    assert {
        "trading.hosts.trading_agent : Make the agent a command",
        "trading.hosts.trading_service : Write the unit",
    } <= foreseen
    assert not [key.secret for key in checked.keys.values() if key.secret in run.output]


def test_a_first_start_needs_proof(checked: Checked) -> None:
    unreachable(checked.simulator)
    run = checked.build()
    for host, scenario in SCENARIOS.items():
        assert checked.shown(host, "ActiveState") != "active"
        title = checked.said(host).partition(f"{scenario.name}: ")[2].partition(" answered ")[0]
        assert title == {"bybit": "Bybit", "okx": "OKX"}[scenario.exchange]
        assert checked.said(host).startswith(
            f"checked is not started, for it has not run here before, and {scenario.name}: {title} answered unreachable"
        )
        failed = [result for result in run.results if result.host == host and result.status == "failed"]
        assert f"journalctl --unit checked.service. It said: {checked.said(host)}" in failed[-1].data["msg"]


def test_a_good_key_starts_and_a_second_run_changes_nothing_else(
    lab: Lab, checked: Checked, record_property: Any
) -> None:
    for host in HOSTS:
        checked.await_state(host, "failed")  # systemd's own tries are over: none of them starts it before the role does
    checked.simulator.clear_faults()
    run = checked.build()
    assert run.returncode == 0, run.output
    assert {result.task for result in run.results if result.status == "changed"} == {RUN_IT}
    for host, scenario in SCENARIOS.items():
        assert checked.shown(host, "ActiveState") == "active"
        title = {"bybit": "Bybit", "okx": "OKX"}[scenario.exchange]
        assert checked.said(host).startswith(f"checked starts: accepted: {scenario.name} ({title}).")
        assert lab.execute(host, ["stat", "--format=%U", RAN]).stdout.strip() == "checked"
        assert checked.taken(host) < 5
        record_property(f"seconds of the check on {host}", checked.taken(host))
        declaration = lab.execute(host, ["cat", "/etc/trading-hosts/services/checked.json"]).stdout
        key = checked.keys[host]
        assert not [text for text in (key.key, key.secret, key.passphrase) if text and text in declaration]


def test_what_nobody_reached_does_not_keep_a_service_down(checked: Checked) -> None:
    unreachable(checked.simulator)
    checked.restart(good=True)
    for host, scenario in SCENARIOS.items():
        line = checked.said(host)
        assert line.startswith(
            f"checked starts, for it has run here before, though nothing is proved: {scenario.name}: "
        )
        assert "answered unreachable" in line
    checked.simulator.clear_faults()


def test_an_address_that_is_refused_stops_it_and_names_the_mend(checked: Checked) -> None:
    checked.limit(HELD_OUT)
    checked.restart(good=False)
    printed = {
        "alpha": "Bybit answered ip_refused (10010 Unmatched IP, please check your API key's bound IP addresses.)",
        "beta": "OKX answered ip_refused (50110 ",
    }
    codes = {"alpha": "10010", "beta": "50110"}
    kinds = {"alpha": "most IP sources saw it", "beta": "the exchange printed it"}
    for host, scenario in SCENARIOS.items():
        # systemd goes on trying, and the exchange is asked once all the same.
        checked.await_state(host, "failed")
        assert checked.signed(host) == [codes[host]]
        assert int(checked.shown(host, "NRestarts")) >= 1
        line = checked.said(host)
        assert line.startswith(f"checked is not started: {scenario.name}: {printed[host]}"), line
        assert (
            f" Mend: Confirm that {checked.public(host)} is this host's own address: so far {kinds[host]}. Enter it in"
            f" the key's allowlist, and keep what is listed there. ({CLICKS[host]})"
        ) in line


def test_an_override_lets_it_start_until_it_ends(lab: Lab, checked: Checked) -> None:
    for host in HOSTS:
        asked = lab.execute(
            host, ["runuser", "--user=deploy", "--", "/usr/local/sbin/trading-hosts-agent"], check=False
        )
        assert asked.returncode != 0
        said = checked.override(host, "--service", "checked", "--for", "2h", "--reason", "positions are open")
        assert "lets checked start whatever the check finds, until " in said
    checked.restart(good=True)
    for host in HOSTS:
        line = checked.said(host)
        assert line.startswith("checked starts by root's override until ")
        assert "(positions are open), although " in line
        journal = lab.execute(host, ["journalctl", "--identifier=trading-hosts-agent", "--output=cat"]).stdout
        assert "lets checked start whatever the check finds" in journal
    told = checked.controller.run(info())
    for host in HOSTS:
        (override,) = told.of(host, "info").data["machine"]["overrides"]
        assert {name: override[name] for name in ("service", "by", "reason", "in_force")} == {
            "service": "checked",
            "by": "root",
            "reason": "positions are open",
            "in_force": True,
        }
        # Two hours later.
        path = lab.root(host) / OVERRIDES
        path.write_text(path.read_text().replace(override["until"], override["at"]))
    checked.restart(good=False)
    assert all(checked.said(host).startswith("checked is not started: ") for host in HOSTS)


def test_it_comes_back_by_itself_when_the_allowlist_follows(lab: Lab, checked: Checked) -> None:
    checked.limit()
    for host in HOSTS:
        timer = ["systemctl", "is-active", "trading-hosts-retry@checked.timer"]
        assert lab.execute(host, timer).stdout.strip() == "active"
        # What the timer does when it is due.
        checked.await_state(host, "failed")
        lab.execute(host, ["systemctl", "start", "trading-hosts-retry@checked.service"])
        checked.await_state(host, "active")
        assert checked.said(host).startswith("checked starts: accepted: ")


def timer(lab: Lab, host: str) -> str:
    """Return how the timer stands that tries a service again which its check has held back."""
    return lab.execute(
        host, ["systemctl", "is-active", "trading-hosts-retry@checked.timer"], check=False
    ).stdout.strip()


def test_a_service_that_is_started_often_in_a_row_is_still_tried_again(lab: Lab, checked: Checked) -> None:
    for host in HOSTS:
        # systemd lets a unit be started five times in ten seconds, and its timer ends with it each time.
        for _number in range(8):
            lab.execute(host, ["systemctl", "reset-failed", UNIT], check=False)
            lab.execute(host, ["systemctl", "restart", UNIT], check=False)
        assert timer(lab, host) == "active"


def test_what_somebody_stopped_stays_stopped(lab: Lab, checked: Checked) -> None:
    checked.limit(HELD_OUT)
    checked.restart(good=False)
    for host in HOSTS:
        checked.await_state(host, "failed")
        assert timer(lab, host) == "active"
        lab.execute(host, ["systemctl", "stop", UNIT])
        assert timer(lab, host) == "inactive"
        lab.execute(host, ["systemctl", "start", UNIT], check=False)
        checked.await_state(host, "failed")
        assert timer(lab, host) == "active"
    run = checked.build(trading_service_state="stopped")
    assert run.returncode == 0, run.output
    checked.limit()
    for host in HOSTS:
        lab.execute(host, ["systemctl", "start", "trading-hosts-retry@checked.service"])
        assert checked.shown(host, "ActiveState") == "inactive"
        assert timer(lab, host) == "inactive"
    run = checked.build()
    assert run.returncode == 0, run.output
    assert all((checked.shown(host, "ActiveState"), timer(lab, host)) == ("active", "active") for host in HOSTS)
