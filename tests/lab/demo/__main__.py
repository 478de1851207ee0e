# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make demo``: the main job on throwaway hosts, ending in one table.

As root: two real hosts behind different public addresses, reached over SSH, with simulated exchanges. Otherwise:
learning and judging on loopback, and a plain word about what was left out.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tests.collection import make_importable
from tests.lab._lab import Lab
from tests.lab._tools import wait_for
from tests.lab.ansible import Project
from tests.lab.demo._scenarios import SCENARIOS, SERVICE, host_variables
from tests.simulator.client import Simulator

make_importable()

from ansible_collections.trading.hosts.plugins.plugin_utils import _report

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
#: What the loopback part lets its two "hosts" be seen from: the simulator translates, as a router would.
LOOPBACK = {"alpha": ("127.0.0.1", "91.198.115.11"), "beta": ("127.0.0.2", "91.198.115.22")}


def main() -> int:
    started = time.monotonic()
    signal.signal(signal.SIGTERM, _stop)
    directory = Path(tempfile.mkdtemp(prefix="trading-hosts-demo-"))
    try:
        if os.geteuid() == 0:
            on_hosts(directory)
        else:
            on_loopback(directory)
    except KeyboardInterrupt:
        say("stopped; everything it started is gone")
        return 130
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    say(f"done in {time.monotonic() - started:.0f} s; everything it started is gone")
    return 0


def on_hosts(directory: Path) -> None:
    """Run the roles against two real hosts and show what came of it."""
    say(
        "booting two hosts, Debian 12 and 13, behind different public addresses (the first time their images are built)"
    )
    with Lab() as lab:
        simulator = lab.start_simulator()
        project = Project(directory)
        lab.write_inventory(project.inventory)
        say("creating six keys on the simulated exchanges")
        _write_hosts(project, simulator, public={name: host.public_v4 for name, host in lab.hosts.items()})
        say("running trading.hosts.trading_host over SSH: learn, judge, place, build")
        _play(project, HERE / "site.yml")
        say("running it again: a second run must change nothing")
        recap = _play(project, HERE / "site.yml", quiet=True)
        if recap.count("changed=0") != len(lab.hosts):
            raise SystemExit(f"The second run changed something:\n{recap}")
        say("rebooting alpha; its service must come back by itself")
        lab.reboot("alpha")
        after_reboot = _balance_since_boot(lab, "alpha")
        _show(directory)
        print()
        for name in lab.hosts:
            print(f"Encrypted on {name}: {_placed(lab, name)}")
        print(f"{SERVICE} on alpha is ccxt with the placed key; after the reboot its journal says: {after_reboot}")
        print("The second run changed nothing.")


def on_loopback(directory: Path) -> None:
    """Learn and judge the same keys on this machine, where there is no root to boot hosts with."""
    say(
        "without root: learning and judging on loopback. "
        "Left out: real hosts, SSH, NAT, placing, the service, the reboot"
    )
    with Simulator.start(nat=dict(LOOPBACK.values())) as simulator:
        project = Project(directory)
        project.inventory.write_text(json.dumps({"all": {"hosts": {name: _loopback_host(name) for name in LOOPBACK}}}))
        _write_hosts(
            project,
            simulator,
            public={name: public for name, (_peer, public) in LOOPBACK.items()},
            base_url=simulator.base_url,
            extra={
                "demo_ca": simulator.ca_file,
                "demo_sources": [
                    {
                        "name": f"echo {n}",
                        "network": f"network {n}",
                        "url": simulator.ip_service_url(f"echo{n}"),
                        "shape": "plain",
                    }
                    for n in (1, 2, 3)
                ],
            },
        )
        say("running public_ip_info, api_key_info and api_key_policy")
        _play(project, HERE / "loopback.yml")
        _show(directory)


def _loopback_host(name: str) -> dict[str, str]:
    return {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "demo_source_address": LOOPBACK[name][0],
    }


def _write_hosts(
    project: Project,
    simulator: Simulator,
    *,
    public: dict[str, str],
    base_url: Callable[[str], str] | None = None,
    extra: dict[str, Any] | None = None,
) -> None:
    """Create the keys and write each host's vaulted variables."""
    now = datetime.datetime.now(tz=datetime.UTC)
    for host, address in public.items():
        variables = host_variables(
            simulator,
            host,
            public=address,
            report=project.directory / f"{host}.report.json",
            now=now,
            base_url=base_url,
        )
        project.write_host_vars(host, {**variables, **(extra or {})})


def _play(project: Project, playbook: Path, *, quiet: bool = False) -> str:
    """Run a playbook, show its tasks as they begin, and return the recap; end the demo if it fails."""

    def show(line: str) -> None:
        if line.startswith("TASK [") and not quiet:
            name = line[len("TASK [") :].split("]", maxsplit=1)[0].rpartition(" : ")[2]
            print(f"    {name}", flush=True)

    done = project.run(playbook, line=show)
    if done.returncode != 0:
        print(done.stdout)
        raise SystemExit("The play failed; its output stands above.")
    return done.stdout.partition("PLAY RECAP")[2].strip(" *\n")


def _balance_since_boot(lab: Lab, host: str) -> str:
    """Wait until the service has read its balance since the boot, and return the line in its journal."""
    argv = ["journalctl", "--boot", "--unit", SERVICE, "--output", "cat", "--no-pager"]

    def read() -> str | None:
        lines = lab.execute(host, argv).stdout.splitlines()
        return next((line for line in lines if line.startswith("balance ")), None)

    return wait_for(read, what=f"a balance in the journal of {SERVICE} on {host}", timeout=60, interval=0.5)


def _placed(lab: Lab, host: str) -> str:
    """Return the names of what lies encrypted on the host's disk, and of the keys that policy kept off it."""
    directory = lab.root(host) / "etc/credstore.encrypted"
    names = sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []
    readable = [name for name in names if b"apiKey" in (directory / name).read_bytes()]
    if readable:
        raise SystemExit(f"{', '.join(readable)} on {host} can be read on its disk.")
    kept_off = [scenario.name for scenario in SCENARIOS if scenario.host == host and scenario.name not in names]
    return f"{', '.join(names) or 'nothing'}; kept off by policy: {', '.join(kept_off) or 'nothing'}"


def _show(directory: Path) -> None:
    """Print one table of all keys."""
    reports = [json.loads(path.read_text()) for path in sorted(directory.glob("*.report.json"))]
    joined = {name: [item for report in reports for item in report[name]] for name in ("lines", "findings")}
    print()
    print("\n".join(_report.table(joined, width=shutil.get_terminal_size((140, 40)).columns)))


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def _stop(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
