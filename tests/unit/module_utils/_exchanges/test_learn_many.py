# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many keys in one call: side by side, in their order, at each exchange's pace, until the deadline, and nothing lost.

What one key is asked is the driver's; here it is replaced.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Optional

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _learn
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._driver import send_read
from ansible_collections.trading.hosts.plugins.module_utils._facts import Access, KeyFacts
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer, Request

WAIT = 30.0
CANARY = "canary-of-a-secret"
Say = Callable[[str], Optional[Access]]


def keys(*names: str) -> list[dict[str, Any]]:
    """Return keys called ``exchange-number``; ``@`` and an environment may follow the exchange."""
    found = []
    for name in names:
        exchange, _at, environment = name.rpartition("-")[0].partition("@")
        secret = {"api_key": f"key-of-{name}", "secret": f"{CANARY}-{name}"}
        found.append({"name": name, "exchange": exchange, "environment": environment or "mainnet", **secret})
    return found


class World:
    """Exchanges that accept every key after ``latency`` seconds, unless ``say`` has another answer for it.

    Its clock is moved by pauses and questions only.
    """

    def __init__(self, *, say: Say = lambda name: None, latency: float = 0.0) -> None:
        self.say = say
        self.latency = latency
        self.now = 0.0
        self.asked: list[tuple[str, Any]] = []
        self.clients: list[World.Client] = []
        self.resolved: list[str] = []

    class Client:
        def __init__(self, world: World) -> None:
            self.world = world
            self.hosts: set[str] = set()
            self.closed = False

        def send(self, request: Request) -> Answer:
            self.hosts.add(request.url.split("/")[2])
            self.world.now += self.world.latency
            return Answer(200, {}, b"", "x")

        def close(self) -> None:
            self.closed = True

    def make_http(self, **options: Any) -> World.Client:
        self.clients.append(self.Client(self))
        return self.clients[-1]

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def ask(self, *, exchange: Any, question: Any, http: Any, now: Any) -> tuple[Access, None]:
        name = question.credential.api_key[len("key-of-") :]
        self.asked.append((name, self.now))
        send_read(exchange.key_request(question), exchange=exchange, http=http)
        return self.say(name) or Access("accepted"), None

    def families(self, host: str) -> tuple[str, ...]:
        self.resolved.append(host)
        return ("ipv4",)

    def learn(self, *names: str, monkeypatch: pytest.MonkeyPatch, **options: Any) -> tuple[KeyFacts, ...]:
        def not_placed(_placed: Any, _field: str) -> Credential:
            raise AssertionError("nothing is placed here")

        monkeypatch.setattr(_learn, "ask", self.ask)
        facts = _learn.learn(
            {"api_keys": keys(*names), **options},
            host="bot1",
            open_placed=not_placed,
            elapsed=lambda: self.now,
            sleep=self.sleep,
            make_http=self.make_http,
            families_of=self.families,
        )
        assert [fact.name for fact in facts] == list(names), "the order of api_keys"
        return facts


def statuses(facts: tuple[KeyFacts, ...]) -> list[str]:
    return [fact.access.status for fact in facts]


def test_exchanges_are_asked_side_by_side_and_answered_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody goes on before all three are being asked; then the last one is answered first.
    together = threading.Barrier(3)
    binance_done, gate_done = threading.Event(), threading.Event()

    def say(name: str) -> None:
        if name.endswith("-1"):
            together.wait(WAIT)
        if name == "binance-2":
            binance_done.set()
        if name == "gate-1":
            assert binance_done.wait(WAIT)
            gate_done.set()
        if name == "bybit-1":
            assert gate_done.wait(WAIT)

    world = World(say=say)
    facts = world.learn("bybit-1", "gate-1", "binance-1", "bybit-2", "binance-2", monkeypatch=monkeypatch)
    assert statuses(facts) == ["accepted"] * 5
    assert len(world.clients) == 3, "one session for each exchange"
    assert [client.hosts for client in world.clients] == [
        {"api.bybit.com"},
        {"api.gateio.ws"},
        {"api.binance.com"},
    ]
    assert all(client.closed for client in world.clients)
    assert sorted(world.resolved) == ["api.binance.com", "api.bybit.com", "api.gateio.ws"]
    assert all(fact.exchange_families == ("ipv4",) for fact in facts)


def test_the_keys_of_one_exchange_are_asked_one_after_the_other_at_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(latency=0.15)
    world.learn(*(f"binance-{number}" for number in range(4)), monkeypatch=monkeypatch)
    assert world.asked == [(f"binance-{number}", pytest.approx(0.2 * number)) for number in range(4)]
    # WOO X publishes ten in a minute: the eleventh waits a minute after the first one's end.
    world = World(latency=0.1)
    world.learn(*(f"woo-{number}" for number in range(11)), monkeypatch=monkeypatch)
    assert [at for _name, at in world.asked] == [
        *(pytest.approx(0.2 * turn) for turn in range(10)),
        pytest.approx(60.1),
    ]


def test_environments_of_an_exchange_share_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.learn("bybit-1", "bybit@testnet-1", "bybit-2", monkeypatch=monkeypatch)
    assert [at for _name, at in world.asked] == [0.0, pytest.approx(0.1), pytest.approx(0.2)]
    assert [client.hosts for client in world.clients] == [{"api.bybit.com", "api-testnet.bybit.com"}]


def test_what_did_not_get_its_turn_is_said_and_the_rest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(latency=0.15)
    facts = world.learn(*(f"binance-{number}" for number in range(5)), deadline=0.5, monkeypatch=monkeypatch)
    assert statuses(facts) == ["accepted"] * 3 + ["held_back"] * 2
    assert "the deadline of 0.5 s for all keys was over" in str(facts[4].access.next_step)
    assert len(world.asked) == 3
    assert world.now == pytest.approx(0.55), "nobody waited for the end of it"


@pytest.mark.parametrize("late", ["gate-1", "bybit-2"])
def test_an_exchange_that_never_answers_does_not_hold_the_others(late: str, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    world = World(say=lambda name: (name == late and release.wait(WAIT) and None) or None)
    began = time.monotonic()
    try:
        facts = world.learn("bybit-1", "gate-1", "bybit-2", "gate-2", deadline=0.5, monkeypatch=monkeypatch)
    finally:
        release.set()
    assert time.monotonic() - began < WAIT / 2
    by_name = {fact.name: fact.access for fact in facts}
    assert by_name[late].status == "unreachable"
    assert "no whole answer came before the deadline of 0.5 s" in str(by_name[late].message)
    waiting = {"gate-2": "held_back"} if late == "gate-1" else {}
    assert {name: access.status for name, access in by_name.items() if name != late} == {
        "bybit-1": "accepted",
        **({"bybit-2": "accepted"} if late == "gate-1" else {"gate-1": "accepted", "gate-2": "accepted"}),
        **waiting,
    }


def test_a_refusal_holds_back_its_own_exchange_only(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(say=lambda name: Access("invalid_key") if name == "bybit-1" else None)
    names = ("bybit-1", "gate-1", "bybit-2", "bybit@testnet-1", "gate-2")
    facts = world.learn(*names, monkeypatch=monkeypatch)
    assert statuses(facts) == ["invalid_key", "accepted", "held_back", "accepted", "accepted"]
    assert "key bybit-1" in str(facts[2].access.next_step)


@pytest.mark.parametrize("silence", [Access("rate_limited"), Access("ambiguous", code="HTTP 403")])
def test_a_call_for_silence_holds_for_every_host_of_the_exchange(
    silence: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(say=lambda name: silence if name == "bybit-1" else None)
    facts = world.learn("bybit-1", "bybit@testnet-1", "gate-1", monkeypatch=monkeypatch)
    assert statuses(facts) == [silence.status, "held_back", "accepted"]


def test_a_key_that_is_to_be_held_back_costs_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(latency=0.3)
    facts = world.learn("bybit-1", "bybit-2", "bybit-3", hold_back=["bybit-2"], monkeypatch=monkeypatch)
    assert statuses(facts) == ["accepted", "held_back", "accepted"]
    assert [name for name, _at in world.asked] == ["bybit-1", "bybit-3"]
    assert world.now == pytest.approx(0.6)
    # It is said of it whatever the time is.
    facts = World(latency=9.0).learn(
        "bybit-1", "bybit-2", "bybit-3", hold_back=["bybit-3"], deadline=5, monkeypatch=monkeypatch
    )
    assert statuses(facts) == ["accepted", "held_back", "held_back"]
    assert "hold_back names this key" in str(facts[2].access.next_step)


def test_a_mistake_of_ours_costs_one_key_its_facts_and_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def say(name: str) -> None:
        if name == "bybit-1":
            raise LookupError(f"{CANARY}-bybit-1")

    facts = World(say=say).learn("gate-1", "bybit-1", "bybit-2", "gate-2", monkeypatch=monkeypatch)
    assert statuses(facts) == ["accepted", "ambiguous", "held_back", "accepted"]
    message = str(facts[1].access.message)
    assert message.startswith("An unexpected LookupError at ")
    assert "test_learn_many.py" in message
    assert "report" in str(facts[1].access.next_step)
    assert CANARY not in repr(facts)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["timeout", "deadline"])
@pytest.mark.parametrize("seconds", [0, -1, float("nan"), 100_000])
def test_a_time_that_is_none_is_refused(name: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    with pytest.raises(InputError, match=rf"^{name} '.*': is not a useful time; give seconds, more than 0"):
        world.learn("bybit-1", monkeypatch=monkeypatch, **{name: seconds})
    assert world.asked == []
