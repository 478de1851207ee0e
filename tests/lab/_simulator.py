# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exchange simulator in the lab's services namespace, under the names of the real exchanges and IP services."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.simulator import _ip_services
from tests.simulator._app import services_by_host
from tests.simulator.client import Simulator

from . import _cgroup
from ._network import has_ipv6
from ._spec import CHECKOUT, RUN_DIR, SERVICES_NETNS, SERVICES_V4, SERVICES_V6
from ._tools import LabError, tail, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GROUP = "simulator"
STATE_DIR = RUN_DIR / "simulator"

# Names of services that answer one family only: the other has no address, as outside.
_IPV4_ONLY = re.compile(r"(api4|ipv4|v4)\.")
_IPV6_ONLY = re.compile(r"(api6|ipv6|v6)\.")

# In a group below: one that hands controllers on takes no process itself.
_ENTER = 'group=$1/server; shift; mkdir -p "$group" && echo 0 > "$group/cgroup.procs" && exec "$@"'


def start(*, names: Sequence[str] = ()) -> Simulator:
    """Start the simulator on port 443 of the services' addresses and wait until it answers."""
    if _cgroup.is_populated(GROUP):
        raise LabError("The simulator is running already.")
    STATE_DIR.mkdir(mode=0o700, exist_ok=True)
    (STATE_DIR / "endpoints.json").unlink(missing_ok=True)
    log = STATE_DIR / "log"
    group = _cgroup.create(GROUP)[0]
    listen = [f"--listen={address}:443" for address in SERVICES_V4]
    listen += [f"--listen=[{address}]:443" for address in SERVICES_V6 if has_ipv6()]
    with log.open("wb") as stream:
        # Not a child of this process: it may live longer, as the hosts do.
        subprocess.run(
            [
                *("setsid", "--fork", "sh", "-c", _ENTER, "trading-hosts-lab", str(group)),
                *("ip", "netns", "exec", SERVICES_NETNS, sys.executable, "-m", "tests.simulator"),
                *("--state-dir", str(STATE_DIR), *listen, *(f"--name={name}" for name in names)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            check=True,
            cwd=CHECKOUT,
        )
    wait_for(lambda: _cgroup.is_populated(GROUP), what="the simulator's process", timeout=10, interval=0.01)

    def ready() -> bool:
        if not _cgroup.is_populated(GROUP):
            raise LabError(f"The simulator ended:\n{tail(log.read_text(errors='replace'))}")
        return (STATE_DIR / "endpoints.json").exists()

    wait_for(ready, what="the simulator", timeout=30)
    return Simulator.attach(STATE_DIR)


def stop() -> None:
    """End the simulator; its keys are gone. Does nothing when it is not running."""
    _cgroup.kill(GROUP)


def names(*, extra: Sequence[str] = ()) -> Mapping[str, list[str]]:
    """Return the addresses of every name that the simulator answers to.

    Exchanges have IPv4 only, so that a host with both families is seen there from the address that its keys list.
    """
    found = {name: [SERVICES_V4[0]] for name in services_by_host()}
    for name in (*_ip_services.NAMES, *extra):
        v4 = [] if _IPV6_ONLY.match(name) else [SERVICES_V4[1]]
        v6 = [SERVICES_V6[1]] if has_ipv6() and not _IPV4_ONLY.match(name) else []
        found[name] = v4 + v6
    return found
