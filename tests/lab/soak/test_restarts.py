# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a running service is left alone: a freeze, restart windows; and what a unit that does not come up costs.

The tests of this file build on each other's hosts, in the order in which they stand here.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._tools import wait_for
from tests.lab.e2e._support import HOSTS, Controller, Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab._lab import Lab

NAMES = ("waiting", "waiting@second")
COMMAND = ["/usr/bin/python3", "-c", "import signal; signal.pause()"]
BROKEN = ["/usr/bin/python3", "-c", "raise SystemExit(3)"]
DOWN = "trading.hosts.trading_service : Say that it did not come up"
FREEZE = {"until": "2999-01-01T00:00:00Z", "reason": "the market is wild"}


class Services:
    """Two services on each host, the second one an instance, and how the role is run for them."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.controller = Controller(lab, directory, pipelining=True)

    def build(self, *, services: tuple[str, ...] = NAMES[:1], hosts: str = "beta", **changes: Any) -> Run:
        return self.controller.run(
            *(
                {
                    "name": name,
                    "ansible.builtin.include_role": {"name": "trading.hosts.trading_service"},
                    "vars": {"trading_service_name": name, "trading_service_command": COMMAND, **changes},
                }
                for name in services
            ),
            hosts=hosts,
        )

    def shown(self, host: str, name: str, *properties: str) -> list[str]:
        argv = ["systemctl", "show", f"--property={','.join(properties)}", f"{name}.service"]
        told = dict(line.split("=", 1) for line in self.lab.execute(host, argv).stdout.splitlines())
        return [told[each] for each in properties]

    def invocations(self) -> list[list[str]]:
        return [self.shown("beta", name, "InvocationID", "ActiveState") for name in NAMES]


@pytest.fixture(scope="module")
def services(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    made = Services(lab, tmp_path_factory.mktemp("restarts"))
    first = made.build(services=NAMES, hosts="all")
    assert first.returncode == 0, first.output
    yield made
    for host in HOSTS:
        units = [f"{name}.service" for name in NAMES]
        lab.execute(host, ["systemctl", "disable", "--quiet", "--now", *units])
        lab.execute(host, ["rm", "--force", *(f"/etc/systemd/system/{unit}" for unit in units)])
        lab.execute(host, ["systemctl", "daemon-reload"])


def test_instances_are_services_of_their_own(lab: Lab, services: Services) -> None:
    for host in HOSTS:
        for name, user in zip(NAMES, ("waiting", "waiting-second"), strict=True):
            assert services.shown(host, name, "ActiveState", "User", "TasksMax") == ["active", user, "512"]
        listed = lab.execute(host, ["systemctl", "list-units", "--plain", "--no-legend", "waiting@*"]).stdout
        assert listed.split()[0] == "waiting@second.service"


def test_in_a_freeze_nothing_is_restarted_and_the_role_says_so(services: Services) -> None:
    before = services.invocations()
    run = services.build(trading_service_description="Frozen", trading_hosts_freeze=FREEZE)
    assert run.returncode != 0
    assert run.message("beta").startswith(
        "waiting was not restarted for what has changed, because everything is frozen until 2999-01-01T00:00:00Z "
        "(the market is wild)."
    )
    assert services.invocations() == before


def test_outside_of_its_windows_a_service_is_left_alone_and_in_one_it_is_restarted(services: Services) -> None:
    now = datetime.datetime.now(tz=datetime.UTC)
    later, sooner = (f"{(now + datetime.timedelta(hours=hours)):%H:%M}" for hours in (2, -2))
    changes: dict[str, Any] = {"trading_service_description": "Windows", "trading_service_restart_when": "flat"}
    before = services.invocations()
    closed = services.build(trading_service_restart_windows=[f"{later}-{sooner}"], **changes)
    assert closed.returncode == 0, closed.output
    assert "outside of its restart windows" in closed.output
    assert services.invocations() == before

    opened = services.build(trading_service_restart_windows=[f"{sooner}-{later}"], **changes)
    assert opened.returncode == 0, opened.output
    after = services.invocations()
    assert after[0][0] != before[0][0]
    assert after[0][1] == "active"
    assert after[1] == before[1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"trading_service_restart_windows": ["2-4"]}, "restart windows[0] '2-4': is no restart window"),
        ({"trading_hosts_freeze": {"until": "soon", "reason": "x"}}, "trading_hosts_freeze.until 'soon': is no time"),
        ({"trading_service_cpu_quota": "half"}, "trading_service_cpu_quota half must be empty or like 150%"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_is_changed(
    services: Services, changes: dict[str, Any], said: str
) -> None:
    before = services.invocations()
    run = services.build(trading_service_description="Refused", **changes)
    assert run.returncode != 0
    assert said in run.message("beta")
    assert [result.task for result in run.results if result.status == "changed"] == []
    assert services.invocations() == before


def test_a_call_that_the_sandbox_does_not_allow_is_an_error_and_not_the_end(services: Services) -> None:
    denied = ["/bin/sh", "-c", "renice -n 1 $$ 2> /dev/null; test $? -eq 1 && exec sleep infinity"]
    run = services.build(trading_service_command=denied)
    assert run.returncode == 0, run.output
    assert services.shown("beta", "waiting", "ActiveState") == ["active"]


def test_a_unit_that_does_not_come_up_is_taken_back(services: Services) -> None:
    assert services.build().returncode == 0
    run = services.build(trading_service_command=BROKEN)
    assert run.of("beta", DOWN).data["msg"] == (
        "waiting did not come up with the changed unit, and has its earlier unit back (ActiveState=active); see: "
        "journalctl --unit waiting.service"
    )
    assert services.shown("beta", "waiting", "ActiveState", "NRestarts", "NeedDaemonReload") == ["active", "0", "no"]
    assert "raise SystemExit" not in services.shown("beta", "waiting", "ExecStart")[0]
    again = services.build()
    assert again.returncode == 0, again.output
    assert [result.task for result in again.results if result.status == "changed"] == []


def test_a_unit_that_runs_again_when_it_is_looked_at_did_not_stay_up(services: Services) -> None:
    """It ends after a second and is started again a second later, so that half of the time it looks well."""
    assert services.build().returncode == 0
    run = services.build(
        trading_service_command=["/bin/sh", "-c", "sleep 1; exit 3"],
        trading_service_restart_sec=1,
        trading_service_start_limit_interval_sec=0,
        trading_service_settle_sec=5,
    )
    assert (
        run.of("beta", DOWN).data["msg"].startswith("waiting did not come up with the changed unit, and has its earl")
    )
    assert services.shown("beta", "waiting", "ActiveState") == ["active"]


def test_a_first_start_that_fails_is_a_failure(lab: Lab, services: Services) -> None:
    lab.execute("beta", ["systemctl", "stop", "waiting.service"])
    lab.execute("beta", ["rm", "/etc/systemd/system/waiting.service"])
    lab.execute("beta", ["systemctl", "daemon-reload"])
    run = services.build(trading_service_command=BROKEN)
    assert run.returncode != 0
    assert run.of("beta", DOWN).data["msg"] == "waiting did not come up; see: journalctl --unit waiting.service"


def test_one_that_fails_again_and_again_is_no_running_service(lab: Lab, services: Services) -> None:
    """systemd tries it every few seconds, which Ansible takes for started."""
    broken = lab.root("beta") / "var/lib/waiting/broken"
    fragile = ["/bin/sh", "-c", "test ! -e /var/lib/waiting/broken && exec sleep infinity"]
    changes: dict[str, Any] = {"trading_service_command": fragile, "trading_service_start_limit_interval_sec": 0}
    assert services.build(**changes).returncode == 0
    broken.touch()
    lab.execute("beta", ["systemctl", "kill", "--signal=KILL", "waiting.service"])
    wait_for(
        lambda: services.shown("beta", "waiting", "SubState") == ["auto-restart"], what="systemd to wait", timeout=30
    )
    run = services.build(**changes)
    assert run.returncode != 0
    assert run.of("beta", DOWN).data["msg"] == "waiting did not come up; see: journalctl --unit waiting.service"
    broken.unlink()
    run = services.build(**changes)
    assert run.returncode == 0, run.output
    assert services.shown("beta", "waiting", "ActiveState") == ["active"]
