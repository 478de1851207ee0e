# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking: several samples, both families, in a bounded time, whatever the sources do."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._egress._decide import Observation
from ansible_collections.trading.hosts.plugins.module_utils._egress._learn import Client, Plan, learn
from ansible_collections.trading.hosts.plugins.module_utils._egress._sources import Source
from ansible_collections.trading.hosts.plugins.module_utils._errors import HttpError, MissingLibraryError
from ansible_collections.trading.hosts.plugins.module_utils._facts import EgressFacts, Path
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer, Request

V4, V6 = "91.198.115.11", "2a01:4f8:0:a0a1::11"
SOURCES = tuple(Source(f"s{i}", f"https://s{i}.example.net/", f"Network {i}") for i in range(4))
PATHS = {family: Path(user="root", family=family) for family in ("ipv4", "ipv6")}


class Net:
    """A network of canned answers: `reply(family, host, turn)` returns a body or raises."""

    def __init__(self, reply: Callable[[str, str, int], str]) -> None:
        self.reply = reply
        self.turns: dict[tuple[str, str], int] = {}
        self.closed = 0
        self.seen: list[Request] = []
        self.lock = threading.Lock()

    def client(self, family: str) -> Client:
        net = self

        class Canned:
            def send(self, request: Request) -> Answer:
                host = request.url.split("/")[2]
                with net.lock:
                    turn = net.turns.get((family, host), 0)
                    net.turns[family, host] = turn + 1
                    net.seen.append(request)
                return Answer(status=200, headers={}, body=net.reply(family, host, turn).encode(), host=host)

            def close(self) -> None:
                with net.lock:
                    net.closed += 1

        return Canned()


def ask(
    net: Net, *, pauses: list[float] | None = None, local: str | None = "10.0.0.5", **plan: Any
) -> tuple[EgressFacts, ...]:
    return learn(
        dataclasses.replace(Plan(SOURCES, timeout=1.0), **plan),
        host="bot1",
        paths=PATHS,
        client=net.client,
        local=lambda family: local,
        asked_at="2026-11-22T07:00:00Z",
        sleep=(pauses if pauses is not None else []).append,
    )


def test_families_are_asked_and_judged_apart() -> None:
    net = Net(lambda family, host, turn: V4 if family == "ipv4" else V6)
    pauses: list[float] = []
    ipv4, ipv6 = ask(net, pauses=pauses, samples=3, sample_interval=15.0)
    assert (ipv4.family, ipv4.status, ipv4.addresses, ipv4.stable) == ("ipv4", "agreed", (V4,), True)
    assert (ipv6.family, ipv6.status, ipv6.addresses, ipv6.stable) == ("ipv6", "agreed", (V6,), True)
    assert pauses == [15.0, 15.0]
    # Connections are dropped after every request: a kept one hides a changing path.
    assert net.closed == len(net.seen) == 3 * 2 * len(SOURCES)


def test_nothing_that_says_who_asks_is_sent() -> None:
    net = Net(lambda family, host, turn: V4)
    ask(net, samples=1)
    assert {name for request in net.seen for name in request.headers} == {"Accept"}
    assert {request.method for request in net.seen} == {"GET"}
    assert {request.body for request in net.seen} == {b""}


def test_a_rotating_egress_is_shown_as_a_set() -> None:
    net = Net(lambda family, host, turn: f"91.198.115.{11 + turn % 2}")
    ipv4, _ipv6 = ask(net, samples=3)
    assert (ipv4.status, ipv4.addresses, ipv4.stable) == ("agreed", ("91.198.115.11", "91.198.115.12"), False)


def test_a_family_that_does_not_leave_the_host_has_no_route() -> None:
    def reply(family: str, host: str, turn: int) -> str:
        raise HttpError(kind="unreachable", host=host, problem="could not be reached")

    ipv4, ipv6 = ask(Net(reply), samples=1, local=None)
    assert (ipv4.status, ipv6.status) == ("no_route", "no_route")
    assert ipv4.sources[0].problem == "could not be reached"


def test_a_source_for_one_family_is_not_asked_over_the_other() -> None:
    net = Net(lambda family, host, turn: V4 if family == "ipv4" else V6)
    only = Source("only", "https://only.example.net/", "Only", families=("ipv6",))
    ipv4, ipv6 = ask(net, samples=1, sources=(*SOURCES, only))
    assert "only" not in [row.source for row in ipv4.sources]
    assert "only" in [row.source for row in ipv6.sources]


def test_without_sources_only_the_exchange_speaks() -> None:
    net = Net(lambda family, host, turn: V4)
    ipv4, ipv6 = ask(net, sources=(), observations=(Observation(V4, "exchange_printed", "okx"),), declared=(V6,))
    assert (ipv4.status, ipv4.addresses, ipv4.basis) == ("agreed", (V4,), "exchange_printed")
    assert (ipv6.status, ipv6.addresses, ipv6.basis) == ("no_quorum", (V6,), "declared")
    assert net.seen == []


def test_a_source_that_never_answers_does_not_hold_the_play() -> None:
    release = threading.Event()

    def reply(family: str, host: str, turn: int) -> str:
        if host.startswith("s3.") and turn == 0:
            release.wait(60)
        return V4 if family == "ipv4" else V6

    started = time.monotonic()
    try:
        ipv4, _ipv6 = ask(Net(reply), samples=2, timeout=0.1)
    finally:
        release.set()
    assert time.monotonic() - started < 10
    assert (ipv4.status, ipv4.addresses) == ("agreed", (V4,))
    # The next sample asks it again, with a new client.
    rows = [(row.problem, row.address) for row in ipv4.sources if row.source == "s3"]
    assert rows == [("did not answer in time", None), (None, V4)]


def test_a_missing_library_is_a_local_mistake_and_no_silence() -> None:
    def client(family: str) -> Client:
        raise MissingLibraryError(library="requests", package="python3-requests")

    with pytest.raises(MissingLibraryError):
        learn(
            Plan(SOURCES),
            host="bot1",
            paths=PATHS,
            client=client,
            local=lambda family: None,
            asked_at="2026-11-22T07:00:00Z",
        )


def test_the_longest_time_is_known_beforehand() -> None:
    assert Plan(SOURCES, samples=3, sample_interval=2.0, timeout=10.0).longest() == pytest.approx(40.0)


def test_nobody_is_asked_over_a_closed_family() -> None:
    net = Net(lambda family, host, turn: V4)
    ipv4, ipv6 = learn(
        Plan(SOURCES, samples=1),
        host="bot1",
        paths=PATHS,
        client=net.client,
        local=lambda family: "10.0.0.5",
        asked_at="2026-11-22T07:00:00Z",
        closed={"ipv6"},
    )
    assert (ipv4.status, ipv6.status, ipv6.sources) == ("agreed", "no_route", ())
    assert {family for family, _host in net.turns} == {"ipv4"}
