# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The offset to an exchange's clock: what a sample proves, which one counts, and what is no clock."""

from __future__ import annotations

import datetime
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._errors import HttpError, InputError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _clocks
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._clocks import measure, sample_of
from ansible_collections.trading.hosts.plugins.module_utils._facts import ClockFacts, clock_facts, to_json
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer, Request
from tests.simulator._registry import EXCHANGES as SIMULATED

if TYPE_CHECKING:
    from tests.simulator.client import Simulator

NOW = datetime.datetime(2026, 11, 22, 7, 13, 54, 500_000, tzinfo=datetime.timezone.utc)


@given(
    offset=st.floats(-1e4, 1e4),
    there=st.floats(0, 1),
    back=st.floats(0, 1),
    digits=st.sampled_from([0, 3]),
)
def test_the_true_offset_is_never_outside_what_a_sample_says(
    offset: float, there: float, back: float, digits: int
) -> None:
    true = NOW - datetime.timedelta(seconds=offset) + datetime.timedelta(seconds=there)
    unit = 10 ** (6 - digits)
    told = true.replace(microsecond=true.microsecond // unit * unit)
    sample = sample_of(sent=NOW, round_trip=there + back, told=told)
    assert abs(sample.offset - offset) <= sample.uncertainty + 2e-6
    assert sample.uncertainty <= (there + back + 1) / 2


class FakeHost:
    """Answers with Bybit's clock; each question takes the seconds of a list, half of them on the way there."""

    def __init__(self, *round_trips: float, ahead: float = 0.0, answers: dict[int, Any] | None = None) -> None:
        self.round_trips = round_trips
        self.ahead = ahead
        self.answers = answers or {}
        self.seconds = 0.0
        self.asked: list[Request] = []
        self.closed = False

    def send(self, request: Request) -> Answer:
        number = len(self.asked)
        self.asked.append(request)
        seconds = self.round_trips[number % len(self.round_trips)]
        told = NOW + datetime.timedelta(seconds=self.seconds + seconds / 2 - self.ahead)
        self.seconds += seconds
        special = self.answers.get(number)
        if isinstance(special, Exception):
            raise special
        body = f'{{"retCode": 0, "time": {int(told.timestamp() * 1000)}}}'.encode()
        return special or Answer(200, {}, body, "api.bybit.com")

    def close(self) -> None:
        self.closed = True

    def now(self) -> datetime.datetime:
        return NOW + datetime.timedelta(seconds=self.seconds)

    def elapsed(self) -> float:
        return 1000 + self.seconds

    def measure(self, **options: Any) -> ClockFacts:
        (fact,) = measure(
            {"exchanges": [{"exchange": "bybit"}], "samples": 4, **options},
            host="bot1",
            now=self.now,
            elapsed=self.elapsed,
            make_http=lambda **_options: self,
        )
        return fact


def test_the_shortest_round_trip_counts() -> None:
    host = FakeHost(0.9, 0.4, 0.02, 0.3, ahead=0.75)
    fact = host.measure()
    assert fact.round_trip == 0.02
    assert fact.offset == pytest.approx(0.75, abs=0.002)
    assert fact.uncertainty == pytest.approx(0.0105, abs=0.001)
    assert (fact.samples_asked, fact.samples_answered, fact.problem) == (4, 4, None)
    assert (fact.asked_host, fact.official, fact.host) == ("api.bybit.com", True, "bot1")
    assert {(request.method, request.url, bool(request.headers)) for request in host.asked} == {
        ("GET", "https://api.bybit.com/v5/market/time", False)
    }
    assert host.closed


def test_exchanges_are_asked_at_the_same_time_and_told_in_their_order() -> None:
    both = threading.Barrier(2, timeout=10)

    class Meeting(FakeHost):
        def send(self, request: Request) -> Answer:
            both.wait()
            return super().send(request)

    hosts = [Meeting(0.1), Meeting(0.1, answers={0: HttpError(kind="dns", host="x", problem="it has no address")})]
    unused = list(hosts)
    facts = measure(
        {"exchanges": [{"exchange": "bybit"}, {"exchange": "okx"}], "samples": 1},
        host="bot1",
        now=hosts[0].now,
        elapsed=hosts[0].elapsed,
        make_http=lambda **_options: unused.pop(0),
    )
    assert [(fact.exchange, fact.samples_answered) for fact in facts] == [("bybit", 1), ("okx", 0)]
    assert all(host.closed for host in hosts)


def test_a_name_server_that_never_answers_holds_up_nothing_but_its_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_clocks, "_SPARE_SECONDS", 0.1)
    ended = threading.Event()

    class Silent(FakeHost):
        def send(self, request: Request) -> Answer:
            ended.wait(10)
            return super().send(request)

    fact = Silent(0.1).measure(samples=1, timeout=0.2)
    ended.set()
    assert (fact.samples_answered, fact.offset, fact.problem) == (0, None, "no whole answer came in time")


def test_a_sample_that_came_counts_when_the_next_one_never_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_clocks, "_SPARE_SECONDS", 0.1)
    ended = threading.Event()

    class SilentThen(FakeHost):
        def send(self, request: Request) -> Answer:
            if self.asked:
                ended.wait(10)
            return super().send(request)

    fact = SilentThen(0.1, ahead=0.75).measure(samples=2, timeout=0.1)
    ended.set()
    assert (fact.samples_asked, fact.samples_answered, fact.problem) == (2, 1, "no whole answer came in time")
    assert fact.offset == pytest.approx(0.75, abs=0.002)


def test_the_places_of_one_exchange_are_asked_one_after_the_other() -> None:
    host = FakeHost(0.1)
    clients = [host]
    facts = measure(
        {"exchanges": [{"exchange": "bybit"}, {"exchange": "bybit", "environment": "testnet"}], "samples": 2},
        host="bot1",
        now=host.now,
        elapsed=host.elapsed,
        # There is one, for both.
        make_http=lambda **_options: clients.pop(),
    )
    assert [(fact.environment, fact.samples_answered) for fact in facts] == [("mainnet", 2), ("testnet", 2)]
    assert [request.url.split("/")[2] for request in host.asked] == ["api.bybit.com"] * 2 + [
        "api-testnet.bybit.com"
    ] * 2


def stored(**headers: str) -> Answer:
    return Answer(200, headers, b'{"retCode": 0, "time": 1795331634500}', "api.bybit.com")


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (HttpError(kind="timeout", host="api.bybit.com", problem="no whole answer came in time"), "in time"),
        (Answer(429, {"retry-after": "60"}, b"{}", "api.bybit.com"), "answered HTTP 429"),
        (Answer(302, {"location": "https://x.example"}, b"", "api.bybit.com"), "answered HTTP 302"),
        (Answer(200, {}, b"<html>", "api.bybit.com"), "api.bybit.com"),
        (Answer(200, {}, b'{"time": true}', "api.bybit.com"), "time"),
        (Answer(200, {}, b'{"time": 99999999999999999999}', "api.bybit.com"), "time"),
        (stored(age="31"), "answered from a store"),
    ],
)
@pytest.mark.parametrize("number", [0, 2])
def test_after_a_failure_nothing_more_is_asked(failure: Any, says: str, number: int) -> None:
    host = FakeHost(0.1, answers={number: failure})
    fact = host.measure()
    assert len(host.asked) == number + 1
    assert fact.samples_answered == number
    assert says in (fact.problem or "")
    assert (fact.offset is None, fact.uncertainty is None) == (number == 0, number == 0)
    assert clock_facts(to_json(fact), where="x") == fact


def test_an_answer_that_was_not_stored_counts() -> None:
    assert FakeHost(0.1, answers={0: stored(age="0")}).measure(samples=1).samples_answered == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"exchanges": [{"exchange": "bibyt"}]}, "exchanges[0].exchange 'bibyt': is not known here; write one of"),
        ({"exchanges": [{"exchange": "other"}]}, "exchanges[0].exchange 'other': is not known here"),
        ({"exchanges": [{"exchange": "okx", "region": "mars"}]}, "exchanges[0].region 'mars': is no region of OKX's"),
        ({"exchanges": [{"exchange": "okx", "environment": "custom"}]}, "exchanges[0].environment 'custom': says no"),
        ({"exchanges": [{"exchange": "okx", "base_url": "http://127.0.0.1:1"}]}, "is plain HTTP"),
        ({"exchanges": [{"exchange": "okx"}, {"exchange": "okx"}]}, "exchanges[1] 'okx': is there twice"),
        ({"samples": 0}, "samples '0': is out of bounds; give a number from 1 to 20"),
        ({"samples": 21}, "samples '21': is out of bounds"),
    ],
)
def test_mistakes_ask_nothing(options: dict[str, Any], sentence: str) -> None:
    host = FakeHost(0.1)
    with pytest.raises(InputError) as error:
        host.measure(**options)
    assert sentence in str(error.value)
    assert not host.asked


def asked_for(simulator: Simulator, name: str) -> ClockFacts:
    (fact,) = measure(
        {
            "exchanges": [{"exchange": name, "base_url": simulator.base_url(name)}],
            "samples": 2,
            "ca_path": simulator.ca_file,
        },
        host="bot1",
    )
    return fact


@pytest.mark.parametrize("name", sorted(SIMULATED))
def test_every_exchange_tells_its_clock_without_a_key(simulator: Simulator, name: str) -> None:
    for skew in (0, 90_000):
        simulator.set_clock_skew(skew, exchange=name)
        fact = asked_for(simulator, name)
        assert fact.problem is None
        assert fact.offset is not None
        assert fact.uncertainty is not None
        assert abs(fact.offset + skew / 1000) <= fact.uncertainty + 0.005
        assert fact.uncertainty < 5
        assert not fact.official
    seen = simulator.requests(exchange=name)
    assert len(seen) == 4


def test_an_exchange_that_is_out_of_order_is_data(simulator: Simulator) -> None:
    simulator.fault("okx", "status", status=503)
    fact = asked_for(simulator, "okx")
    assert (fact.offset, fact.samples_answered) == (None, 0)
    assert "HTTP 503" in (fact.problem or "")
