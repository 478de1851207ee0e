# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the firewall share: a bot that calls again and again, and a name that moves under it."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from tests.lab._dns import ELSEWHERE, MOVES, Dns
from tests.lab._simulator import names
from tests.lab.e2e._support import HOSTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from tests.lab._lab import Lab

EXCHANGE = "api.bybit.com"
UNDECLARED = "undeclared.example"
#: An IP service with addresses of both families.
IP_SOURCE = "www.cloudflare.com"
CHECKER = "trading-hosts-check"
BOT = "deploy"
MOVE_EVERY = 5.0

#: Tries to connect to all targets at the same time, one answer for each: name, port, family.
CONNECT = """
import concurrent.futures, json, socket, sys
def attempt(target):
    host, port, family = target
    try:
        entry = socket.getaddrinfo(host, port, getattr(socket, family or "AF_UNSPEC"), socket.SOCK_STREAM)[0]
        with socket.socket(entry[0], socket.SOCK_STREAM) as probe:
            probe.settimeout(2)
            probe.connect(entry[4])
        return "reached"
    except OSError as error:
        return "refused" if isinstance(error, (TimeoutError, PermissionError)) else repr(error)
with concurrent.futures.ThreadPoolExecutor() as pool:
    print(json.dumps(list(pool.map(attempt, json.loads(sys.argv[1])))))
"""

#: Until a file says to stop: calls the exchange twice a second, by a new connection, with the time limit of ccxt.
CALL = """
import json, os, sys, time, requests
url, stop = sys.argv[1:]
calls, failures, slowest, addresses = 0, [], 0.0, set()
while not os.path.exists(stop):
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
_STOP = "var/tmp/stop-calling"


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
    """Moves the exchange's name to another address every few seconds, while bots on both hosts call it.

    The block ends after so many ``seconds`` at the earliest.
    """

    def __init__(self, lab: Lab, dns: Dns, *, seconds: float) -> None:
        self._lab = lab
        self._dns = dns
        self._seconds = seconds
        self._told: dict[str, Any] = {}
        self._enough, self._done = threading.Event(), threading.Event()
        self._bots = [threading.Thread(target=self._call, args=(host,)) for host in HOSTS]
        self._mover = threading.Thread(target=self._move)

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for thread in (self._mover, *self._bots):
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._enough.wait(max(0.0, self._began + self._seconds - time.monotonic()))
        for host in HOSTS:
            (self._lab.root(host) / _STOP).touch()
        for bot in self._bots:
            bot.join()
        self._done.set()
        self._mover.join()
        for host in HOSTS:
            (self._lab.root(host) / _STOP).unlink()

    def told(self, host: str) -> dict[str, Any]:
        """Return what the bot of the host has counted; after the block."""
        found: dict[str, Any] = self._told[host]
        return found

    def _call(self, host: str) -> None:
        argv = ["runuser", "--user", BOT, "--", "python3", "-c", CALL]
        argv += [f"https://{EXCHANGE}/v5/market/time", f"/{_STOP}"]
        self._told[host] = json.loads(self._lab.execute(host, argv, timeout=self._seconds + 300).stdout)

    def _move(self) -> None:
        for address in itertools.cycle(MOVES):
            self._dns.answer(EXCHANGE, address)
            if self._done.wait(MOVE_EVERY):
                return
