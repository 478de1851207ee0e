# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that nothing was ever done to, for the tests of the role host_baseline."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lab import _host
from tests.lab._simulator import STATE_DIR
from tests.lab._spec import HostSpec
from tests.lab._tools import run
from tests.lab.e2e._support import listing
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab
    from tests.lab.e2e._support import Controller, Run

SPECS = (
    HostSpec(name="fresh12", number=12, suite="bookworm", public_v4="91.198.115.112", public_v6="2a02:ec80:700:1::112"),
    HostSpec(name="fresh13", number=13, suite="trixie", public_v4="91.198.115.113", public_v6="2a02:ec80:700:1::113"),
)
FRESH = tuple(spec.name for spec in SPECS)
BASELINE = {"name": "baseline", "ansible.builtin.include_role": {"name": "trading.hosts.host_baseline"}}
PASSWORD = "correct horse"

#: A user of whom only the password opens the host, and timers that run, as on a server and unlike in the lab's images.
_PREPARE = f"""
set -eu
useradd --create-home --shell /bin/bash trader
printf 'trader:{PASSWORD}\\ndeploy:{PASSWORD}\\n' | chpasswd
echo 'trader ALL=(ALL:ALL) ALL' > /etc/sudoers.d/trader
systemctl unmask --quiet apt-daily.timer apt-daily-upgrade.timer
"""


@contextlib.contextmanager
def fresh_hosts(lab: Lab) -> Iterator[None]:
    """Boot them beside the others; they are off at the end."""
    authority = Path(Simulator.attach(STATE_DIR).ca_file).read_text()

    def boot(spec: HostSpec) -> None:
        if spec.name not in lab.guests:
            assert lab.add_guest(spec) == "running"
        _host.install_ca(spec, authority)
        lab.execute(spec.name, ["sh", "-c", _PREPARE])

    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(boot, SPECS))
    yield
    for host in FRESH:
        lab.kill(host)


#: No time server can be reached in the lab.
_SETTINGS = {
    "host_baseline_clock_exchanges": [{"exchange": "bybit"}, {"exchange": "kucoin"}],
    "host_baseline_clock_wait": 0,
}


def build(controller: Controller, *arguments: str, **variables: Any) -> Run:
    """Run the role on both."""
    return controller.run(
        BASELINE, hosts=",".join(FRESH), arguments=("-v", *arguments), vars={**_SETTINGS, **variables}
    )


#: Where the role writes.
_WATCHED = ("etc", "var/lib")


def state(lab: Lab) -> dict[str, Any]:
    """Return what the role could have written."""
    return {host: listing(lab, host, *_WATCHED) for host in FRESH}


def refusal(run: Run, host: str) -> str:
    """Return the sentence with which the play ended for this host, after what it could not reach."""
    failed = [result for result in run.results if (result.host, result.status) == (host, "failed")]
    assert failed, run.output
    return str(failed[-1].data["msg"])


def changed(outcome: Run) -> list[str]:
    return [f"{result.host}: {result.task}" for result in outcome.results if result.status == "changed"]


def password_login(lab: Lab, host: str, *, helper: Path) -> str:
    """Try to log in with the right password and nothing else; return what ssh and the host say."""
    helper.write_text(f"#!/bin/sh\necho {shlex.quote(PASSWORD)}\n")
    helper.chmod(0o700)
    options = ["-o", "PreferredAuthentications=password,keyboard-interactive", "-o", "NumberOfPasswordPrompts=1"]
    argv = ["ssh", "-F", "/dev/null", *_host.ssh_address_options(), *options]
    done = run(
        [*argv, f"deploy@{lab.host(host).ssh_address}", "id --user --name"],
        check=False,
        env={**os.environ, "SSH_ASKPASS": str(helper), "SSH_ASKPASS_REQUIRE": "force"},
    )
    return (done.stdout + done.stderr).strip()


def tunnel(lab: Lab, host: str, target: str) -> str:
    """Ask the host's SSH server for a way to an address and port; return what comes out of it, or ssh's complaint."""
    argv = ["ssh", "-F", "/dev/null", *_host.ssh_address_options(), "-i", str(_host.CLIENT_KEY), "-W", target]
    done = run([*argv, f"deploy@{lab.host(host).ssh_address}"], check=False)
    return (done.stdout + done.stderr).strip()
