# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the firewall share: a bot that calls again and again, and a name that moves under it."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from typing import TYPE_CHECKING, Any

from tests.lab._dns import ELSEWHERE, MOVES, Dns
from tests.lab._simulator import names
from tests.lab.e2e._support import HOSTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

EXCHANGE = "api.bybit.com"
UNDECLARED = "undeclared.example"
#: An IP service with addresses of both families.
IP_SOURCE = "www.cloudflare.com"
CHECKER = "trading-hosts-check"
BOT = "deploy"
MOVE_EVERY = 5.0

#: Tries to connect, one answer for each target: name, port, family.
CONNECT = """
import json, socket, sys
found = []
for host, port, family in json.loads(sys.argv[1]):
    try:
        entry = socket.getaddrinfo(host, port, getattr(socket, family or "AF_UNSPEC"), socket.SOCK_STREAM)[0]
        with socket.socket(entry[0], socket.SOCK_STREAM) as probe:
            probe.settimeout(2)
            probe.connect(entry[4])
        found.append("reached")
    except OSError as error:
        found.append("refused" if isinstance(error, (TimeoutError, PermissionError)) else repr(error))
print(json.dumps(found))
"""

#: Calls the exchange twice a second, each time by a new connection, with the time limit that ccxt has.
CALL = """
import json, socket, sys, time, requests
seconds, url = float(sys.argv[1]), sys.argv[2]
ends, calls, failures, slowest, addresses = time.monotonic() + seconds, 0, [], 0.0, set()
while time.monotonic() < ends:
    began = time.monotonic()
    try:
        with requests.get(url, timeout=10, stream=True) as answer:
            addresses.add(answer.raw._connection.sock.getpeername()[0])
            if answer.status_code != 200:
                failures.append(str(answer.status_code))
    except Exception as error:
        failures.append(repr(error))
    calls += 1
    slowest = max(slowest, time.monotonic() - began)
    time.sleep(0.5)
print(json.dumps({"calls": calls, "failures": failures, "slowest": slowest, "addresses": sorted(addresses)}))
"""


def connect(lab: Lab, host: str, *targets: tuple[str, int, str | None], user: str = BOT) -> list[str]:
    """Return for each target whether this user of the host reaches it, or is refused."""
    argv = ["runuser", "--user", user, "--", "python3", "-c", CONNECT, json.dumps(targets)]
    found: list[str] = json.loads(lab.execute(host, argv).stdout)
    return found


@contextlib.contextmanager
def name_server(lab: Lab) -> Iterator[Dns]:
    """Have the exchange's name, and an undeclared one, answered by a name server and not by files."""
    every = names()
    with Dns(lab) as dns:
        dns.answer(EXCHANGE, MOVES[0])
        dns.answer(UNDECLARED, ELSEWHERE)
        lab.write_hosts_entries({name: held for name, held in every.items() if name != EXCHANGE})
        try:
            yield dns
        finally:
            lab.write_hosts_entries(every)


class Moving:
    """Moves the exchange's name to another address every few seconds, while bots on both hosts call it."""

    def __init__(self, lab: Lab, dns: Dns, *, seconds: float) -> None:
        self._lab = lab
        self._dns = dns
        self._seconds = seconds
        self._done = threading.Event()
        self._told: dict[str, Any] = {}
        self._threads = [threading.Thread(target=self._call, args=(host,)) for host in HOSTS]
        self._threads.append(threading.Thread(target=self._move))

    def __enter__(self) -> Moving:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        for thread in self._threads[:-1]:
            thread.join()
        self._done.set()
        self._threads[-1].join()

    def told(self, host: str) -> dict[str, Any]:
        """Return what the bot of the host has counted; after the block."""
        found: dict[str, Any] = self._told[host]
        return found

    def _call(self, host: str) -> None:
        url = f"https://{EXCHANGE}/v5/market/time"
        argv = ["runuser", "--user", BOT, "--", "python3", "-c", CALL, str(self._seconds), url]
        self._told[host] = json.loads(self._lab.execute(host, argv, timeout=self._seconds + 60).stdout)

    def _move(self) -> None:
        for address in itertools.cycle(MOVES):
            self._dns.answer(EXCHANGE, address)
            if self._done.wait(MOVE_EVERY):
                return
