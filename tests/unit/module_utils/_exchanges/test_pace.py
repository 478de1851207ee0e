# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast an exchange is asked: never more than it takes, whenever the requests arrive there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._errors import HttpError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import RateLimit
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._pace import SPACING, PacedHttp
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer, Request

REQUEST = Request("GET", "https://api.example.com/time")
LIMITS: dict[str, RateLimit | None] = {name: exchange.rate_limit() for name, exchange in EXCHANGES.items()}


class World:
    """A clock that only sleep and requests move, and an exchange whose requests take the given times."""

    def __init__(self, *latencies: float, begins: float = 1000.0) -> None:
        self.now = begins
        self.latencies = iter(latencies)
        self.begun: list[float] = []
        self.ended: list[float] = []

    def elapsed(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def send(self, request: Request) -> Answer:
        self.begun.append(self.now)
        self.now += next(self.latencies)
        self.ended.append(self.now)
        return Answer(200, {}, b"", "api.example.com")

    def paced(self, limit: RateLimit | None, *, ends: float = 1e9) -> PacedHttp:
        return PacedHttp(self, limit=limit, ends=ends, elapsed=self.elapsed, sleep=self.sleep)


def limit(requests: int, seconds: float) -> RateLimit:
    return RateLimit(requests, seconds, described="", source="", as_of="")


def starts(world: World) -> list[Any]:
    return [pytest.approx(begun - 1000.0) for begun in world.begun]


def test_requests_begin_at_least_so_far_apart() -> None:
    world = World(0.05, 0.05, 0.5, 0.05)
    http = world.paced(None)
    for _turn in range(4):
        http.send(REQUEST)
    # The third one took longer than the spacing, so the fourth needs no pause.
    assert starts(world) == [0.0, 0.2, 0.4, 0.9]


def test_a_limit_counts_from_the_end_of_a_request() -> None:
    world = World(*[0.1] * 4)
    http = world.paced(limit(2, 5.0))
    for _turn in range(4):
        http.send(REQUEST)
    assert starts(world) == [0.0, 0.2, 5.1, 5.3]


def test_an_exchange_that_takes_more_is_asked_faster() -> None:
    world = World(*[0.01] * 4)
    http = world.paced(limit(10, 1.0))
    for _turn in range(4):
        http.send(REQUEST)
    assert starts(world) == [0.0, 0.1, 0.2, 0.3]
    assert SPACING == 0.2


@given(
    latencies=st.lists(st.floats(0.0, 20.0), min_size=1, max_size=30),
    arrivals=st.lists(st.floats(0.0, 1.0), min_size=30, max_size=30),
    requests=st.integers(1, 6),
    seconds=st.floats(0.5, 60.0),
)
def test_no_exchange_ever_sees_more_than_its_limit(
    latencies: list[float], arrivals: list[float], requests: int, seconds: float
) -> None:
    world = World(*latencies)
    http = world.paced(limit(requests, seconds))
    for _latency in latencies:
        http.send(REQUEST)
    # A request arrives some time between its beginning and its end.
    seen = [begun + (ended - begun) * at for begun, ended, at in zip(world.begun, world.ended, arrivals)]
    for first, later in zip(seen, seen[requests:]):
        assert later - first >= seconds - 1e-6


@pytest.mark.parametrize("name", EXCHANGES)
def test_a_limit_is_dated_and_bounded(name: str) -> None:
    known = LIMITS[name]
    if known is None:
        return
    assert known.described.endswith(".")
    assert known.source
    assert known.as_of.startswith("202")
    assert known.requests <= 10 * known.seconds, "nobody is asked more than ten times in a second"


def test_nothing_is_put_after_the_deadline() -> None:
    world = World(*[0.1] * 9)
    http = world.paced(limit(1, 5.0), ends=1010.0)
    while http.wait():
        http.send(REQUEST)
    assert starts(world) == [0.0, 5.1]
    # It says so at once: nobody waits for a time that is too late.
    assert world.now == pytest.approx(1005.2)
    with pytest.raises(HttpError, match=r"^api\.example\.com: not asked on, because the deadline"):
        http.send(REQUEST)
    assert len(world.begun) == 2


def test_a_failed_request_counts() -> None:
    class Broken(World):
        def send(self, request: Request) -> Answer:
            super().send(request)
            raise HttpError(kind="timeout", host="api.example.com", problem="no")

    world = Broken(*[0.1] * 3)
    http = world.paced(limit(1, 2.0))
    for _turn in range(3):
        with pytest.raises(HttpError):
            http.send(REQUEST)
    gaps = [later - first for first, later in zip(world.begun, world.begun[1:])]
    assert gaps == [pytest.approx(2.1)] * 2
