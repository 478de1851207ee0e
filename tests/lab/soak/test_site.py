# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet of two: the canary first, and what is wrong with it never reaches the other host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._simulator import STATE_DIR
from tests.lab.e2e._support import HOSTS, Controller, Run, names, virgin
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab._lab import Lab

UNIT = "fleet-bot.service"


def service(program: str) -> dict[str, Any]:
    return {
        "trading_host_services": [{"name": "fleet-bot", "command": ["/usr/bin/python3", "-c", program]}],
        "trading_host_baseline": False,
        "trading_host_firewall": False,
    }


WAITS = service("import signal; signal.pause()")
#: Longer than the role looks, and shorter than the playbook does.
ENDS_LATE = service("import time; time.sleep(4); raise SystemExit(1)")


@pytest.fixture
def controller(lab: Lab, tmp_path: Path) -> Iterator[Controller]:
    virgin(lab)
    yield Controller(lab, tmp_path, pipelining=True)
    virgin(lab)
    for host in HOSTS:
        lab.execute(host, ["systemctl", "disable", "--quiet", "--now", UNIT], check=False)
        lab.execute(host, ["rm", "--force", f"/etc/systemd/system/{UNIT}"])
        lab.execute(host, ["systemctl", "daemon-reload"])


def site(controller: Controller, *words: str, settle: int = 1) -> Run:
    return controller.playbook("trading.hosts.site", "-e", f"site_settle_sec={settle}", *words)


def order(run: Run) -> list[str]:
    """Return the hosts in the order in which they were begun."""
    return list(dict.fromkeys(result.host for result in run.results))


def active(lab: Lab, host: str) -> str:
    return lab.execute(host, ["systemctl", "is-active", UNIT], check=False).stdout.strip()


def keys(lab: Lab, host: str) -> tuple[dict[str, Any], str]:
    """Return the variables by which a key of the host's own is learned, judged and placed, and its secret."""
    key = Simulator.attach(STATE_DIR).create_key(
        "bybit",
        permissions="spot-trade",
        allowlist=lab.public_addresses(host)[:1],
        label="fleet",
        account_id="10000001",
    )
    declared = {"label": "fleet", "account": "10000001", "access": "read_write", "products": ["spot"]}
    entry = {"name": "fleet", "exchange": "bybit", "api_key": key.key, "secret": key.secret, "declared": declared}
    document = {"name": "fleet", "format": "ccxt", "api_keys": ["fleet"]}
    return {
        "exchange_credentials_api_keys": [entry],
        "exchange_credentials_documents": [document],
        "exchange_credentials_sample_interval": 0.2,
        "exchange_credentials_paste_confirmed": True,
    }, key.secret


def test_the_canary_is_first_and_the_others_follow(lab: Lab, controller: Controller) -> None:
    secrets = []
    for host in HOSTS:
        variables, secret = keys(lab, host)
        controller.write_vars({**WAITS, **variables}, hosts=[host])
        secrets.append(secret)
    run = site(controller, "-e", "site_canary=beta")
    assert run.returncode == 0, run.output
    assert order(run) == ["beta", "alpha"]
    assert [active(lab, host) for host in HOSTS] == ["active", "active"]
    assert [names(lab, host) for host in HOSTS] == [["fleet"], ["fleet"]]
    again = site(controller)
    assert again.returncode == 0, again.output
    assert order(again) == ["alpha", "beta"]
    assert [result.task for result in again.results if result.status == "changed"] == []
    disks = [
        lab.root(host) / top for host in HOSTS for top in ("etc", "home", "root", "srv", "tmp", "usr/local", "var")
    ]
    assert sweep(Needles.of(secrets), controller.directory, *disks) == []
    assert not any(secret in run.output + again.output for secret in secrets)


def test_what_is_wrong_with_the_canary_stays_there(lab: Lab, controller: Controller) -> None:
    controller.write_vars(ENDS_LATE)
    run = site(controller, settle=6)
    assert run.returncode != 0
    assert order(run) == ["alpha"]
    assert active(lab, "beta") == "inactive"


def test_a_health_check_that_fails_ends_the_run(lab: Lab, controller: Controller) -> None:
    controller.write_vars({**WAITS, "site_health_check": ["/bin/false"]})
    run = site(controller)
    assert run.returncode != 0
    assert order(run) == ["alpha"]
    assert active(lab, "beta") == "inactive"


def test_check_mode_on_hosts_that_have_nothing(lab: Lab, controller: Controller) -> None:
    controller.write_vars(WAITS)
    run = site(controller, "--check", "--diff")
    assert run.returncode == 0, run.output
    assert order(run) == ["alpha", "beta"]
    assert [active(lab, host) for host in HOSTS] == ["inactive", "inactive"]
