# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program ``trading-hosts-firewall`` on the host. Private: not an interface for other collections."""

from __future__ import annotations

import concurrent.futures
import os
import re
import socket
import sys
import time
import typing as t

from .._credential._run import run
from .._errors import TradingHostsError
from ._config import Config, as_address
from ._refresh import Refresher
from ._rules import IN, LOADED_AT, NAMES, OUT, V6, removal
from ._system import CONFIRMED, SERVICE, TRIAL, Host, config_in_force, read_text, remove

#: Names that hang hold a thread each until their resolver gives up.
_THREADS = 32
#: nft writes numbers where the host has no /etc/protocols.
_PROTOCOLS = {"6": "tcp", "17": "udp"}

USAGE = """usage: trading-hosts-firewall run | status | rollback
  run       keep the rules' addresses those of their names (what the service does)
  status    tell the mode, the addresses, and what was not declared
  rollback  go back to the rules that were confirmed last
"""


def main(argv: t.Sequence[str]) -> int:
    """Do what the command line asks for; return the exit status."""
    commands: dict[str, t.Callable[[], int]] = {"run": serve, "status": status, "rollback": rollback}
    command = commands.get(argv[0]) if len(argv) == 1 else None
    if command is None:
        os.write(2, USAGE.encode())
        return 2
    try:
        return command()
    except TradingHostsError as error:
        os.write(2, f"{error}\n".encode(errors="replace"))
        return 1


def serve() -> int:
    """Load the rules, tell systemd, and refresh them for as long as the service runs."""
    config = _config()
    with concurrent.futures.ThreadPoolExecutor(max_workers=_THREADS) as pool:
        refresher = Refresher(config=config, system=Host(), pool=pool)
        refresher.start()
        _notify("READY=1")
        while True:
            refresher.round()
            _notify("WATCHDOG=1")
            time.sleep(config.interval)


def status() -> int:
    """Print what a person wants to know before turning to ``enforce``."""
    config, host = _config(), Host()
    known, now = host.read_known(), host.now()
    trial = " (on trial, not confirmed yet)" if read_text(TRIAL) is not None else ""
    lines = [f"mode: {config.mode}{trial}"]
    for group in config.groups:
        who = f" (only {', '.join(group.users)})" if group.users else ""
        lines.append(f"{group.name}{who}:")
        for to in group.to:
            held = known.get(to.host, {})
            since = ", ".join(f"{address} ({now - seen:.0f} s ago)" for address, seen in sorted(held.items()))
            missing = "" if as_address(to.host) else ": no address known"
            lines.append(f"  {to.host} {to.protocol}/{to.port}{f': {since}' if since else missing}")
    loaded = loaded_at(run(argv=["nft", "--numeric", "list", "set", *NAMES.split(), LOADED_AT]).stdout)
    since = "at a time not known" if loaded is None else f"{(now - loaded) / 3600:.1f} hours ago"
    lines.append(f"not declared, packets and bytes since the rules were loaded, {since}:")
    for counter in (OUT, IN, V6):
        lines += _listed("counter", counter, wanted="packets")
    what = "where to (address . protocol . port) and to which own ports (protocol . port)"
    lines.append(f"{what}, since then and in the last 7 days:")
    for name in (f"{OUT}_4", f"{OUT}_6", IN):
        lines += _listed("set", name, wanted="counter packets")
    os.write(1, ("\n".join(lines) + "\n").encode(errors="replace"))
    return 0


def loaded_at(listed: bytes) -> int | None:
    """Return when the rules were loaded, in seconds since 1970, from the set that tells it."""
    found = re.search(rb"elements = \{ (0x[0-9a-f]{1,16}|[0-9]{1,20}) \}", listed)
    return int(found[1], 0) if found else None


def rollback() -> int:
    """Undo a trial: the confirmed rules are loaded, or none where none ever were."""
    remove(TRIAL)
    if read_text(CONFIRMED) is not None:
        return run(argv=["systemctl", "restart", SERVICE]).rc
    run(argv=["systemctl", "stop", SERVICE])
    Host().nft(removal())
    return 0


def _config() -> Config:
    config = config_in_force()
    if config is None:
        raise TradingHostsError(f"{CONFIRMED} is missing; run the role egress_firewall.")
    return config


def _listed(kind: str, name: str, *, wanted: str) -> t.Iterator[str]:
    said = run(argv=["nft", "list", kind, *NAMES.split(), name]).stdout.decode(errors="replace")
    for line in said.replace("elements = {", "\n").replace(",", "\n").splitlines():
        if wanted in line:
            told = line.strip(" {}").partition(" expires")[0].strip()
            for number, protocol in _PROTOCOLS.items():
                told = re.sub(rf"(^|\. ){number} \. ", rf"\g<1>{protocol} . ", told)
            yield f"  {name}: {told}"


def _notify(state: str) -> None:
    """Tell systemd; nothing where it does not ask."""
    path = os.environ.get("NOTIFY_SOCKET")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.connect("\0" + path[1:] if path[0] == "@" else path)
            sender.send(state.encode())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
