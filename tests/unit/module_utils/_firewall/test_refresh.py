# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The refresher, with a host of its own: its resolver, its clock, its nftables and its disk."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import StoreError
from ansible_collections.trading.hosts.plugins.module_utils._firewall._config import Config, Endpoint, Group
from ansible_collections.trading.hosts.plugins.module_utils._firewall._known import Known
from ansible_collections.trading.hosts.plugins.module_utils._firewall._refresh import LOOK_EVERY, SAVE_EVERY, Refresher
from ansible_collections.trading.hosts.plugins.module_utils._firewall._system import NftError

NAME, OTHER = "api.bybit.com", "www.okx.com"
DAY = 86400.0
CONFIG = Config(
    mode="enforce",
    groups=(
        Group("exchanges", (Endpoint(NAME, "tcp", 443), Endpoint(OTHER, "tcp", 443))),
        Group("ip_sources", (Endpoint("192.0.2.9", "tcp", 443),), ("checker",)),
    ),
    inbound=(),
)


class Fake:
    """A host whose parts a test sets."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {NAME: ["192.0.2.1"], OTHER: ["192.0.2.2"], "192.0.2.9": ["192.0.2.9"]}
        self.clock = 1_000_000.0
        self.commands: list[str] = []
        self.table = ""
        self.users: dict[str, int] = {}
        self.disk: Known = {}
        self.writes = 0
        self.full = False
        self.said: list[str] = []
        self.refuses = False
        self.emptied = False

    def nft(self, commands: str) -> None:
        if self.refuses:
            raise NftError("no")
        if commands.startswith("table "):
            self.table = f"{len(self.commands)} at {self.clock}"
        if not self.table or (self.emptied and "delete element" in commands):
            raise NftError("No such file or directory")
        self.commands.append(commands)

    def table_id(self) -> str:
        return self.table

    def resolve(self, name: str) -> Sequence[str]:
        answer = self.answers[name]
        if isinstance(answer, Exception):
            raise answer
        found: Sequence[str] = answer
        return found

    def uids(self, names: Iterable[str]) -> Mapping[str, int]:
        return {name: self.users[name] for name in names if name in self.users}

    def now(self) -> float:
        return self.clock

    def read_known(self) -> Known:
        return self.disk

    def write_known(self, known: Known) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.disk = known
        self.writes += 1

    def say(self, text: str) -> None:
        self.said.append(text)


class AtOnce(concurrent.futures.Executor):
    """Does what it is given; but for names that hang, it is done when it is given."""

    def __init__(self) -> None:
        self.hanging: dict[str, concurrent.futures.Future[Any]] = {}
        self.hang: set[str] = set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        if args[0] in self.hang:
            self.hanging[args[0]] = future
            return future
        try:
            future.set_result(fn(*args, **kwargs))
        except OSError as error:
            future.set_exception(error)
        return future


@pytest.fixture
def host() -> Fake:
    return Fake()


@pytest.fixture
def pool() -> AtOnce:
    return AtOnce()


@pytest.fixture
def refresher(host: Fake, pool: AtOnce) -> Refresher:
    return Refresher(config=CONFIG, system=host, pool=pool)


def started(refresher: Refresher, host: Fake) -> Refresher:
    refresher.start()
    refresher.round()
    host.commands.clear()
    host.said.clear()
    return refresher


def test_the_start_loads_what_the_disk_remembers_before_any_name_is_asked(refresher: Refresher, host: Fake) -> None:
    host.disk = {NAME: {"192.0.2.77": 5.0}, "no.longer.declared": {"192.0.2.78": 5.0}}
    host.answers = {}
    refresher.start()
    (loaded,) = host.commands
    assert "elements = { 192.0.2.77 . tcp . 443 }" in loaded
    assert "192.0.2.78" not in loaded
    assert "elements = { 192.0.2.9 . tcp . 443 }" in loaded


def test_a_new_address_is_added_in_the_round_that_finds_it_and_reaches_the_disk(
    refresher: Refresher, host: Fake
) -> None:
    started(refresher, host)
    host.answers[NAME] = ["192.0.2.33"]
    host.clock += 5
    refresher.round()
    assert host.commands == ["add element inet trading_hosts exchanges_4 { 192.0.2.33 . tcp . 443 }\n"]
    assert set(host.disk[NAME]) == {"192.0.2.1", "192.0.2.33"}
    assert host.said == [f"{NAME} has the address 192.0.2.33"]


def test_an_address_goes_a_day_after_its_last_answer(refresher: Refresher, host: Fake) -> None:
    started(refresher, host)
    host.answers[NAME] = ["192.0.2.33"]
    for later, commands in ((1, 1), (DAY - 2, 0), (2, 1)):
        host.clock += later
        host.commands.clear()
        refresher.round()
        assert len(host.commands) == commands
    assert host.commands == ["delete element inet trading_hosts exchanges_4 { 192.0.2.1 . tcp . 443 }\n"]


@pytest.mark.parametrize("answer", [[], OSError("x"), OSError(-3, "Temporary failure in name resolution")])
def test_a_name_that_does_not_resolve_keeps_its_addresses_for_as_long_as_it_takes(
    refresher: Refresher, host: Fake, answer: Any
) -> None:
    started(refresher, host)
    host.answers[NAME] = answer
    for _round in range(5):
        host.clock += DAY
        refresher.round()
    assert host.commands == []
    assert "192.0.2.1" in host.disk[NAME]
    # Said once, not in every round.
    assert host.said == [f"{NAME} does not resolve; its addresses stay"]
    host.answers[NAME] = ["192.0.2.1"]
    refresher.round()
    assert host.said[-1] == f"{NAME} resolves again"


def test_a_name_that_hangs_holds_up_no_other(refresher: Refresher, host: Fake, pool: AtOnce) -> None:
    started(refresher, host)
    pool.hang = {NAME}
    refresher.round()
    host.answers[OTHER] = ["192.0.2.44"]
    refresher.round()
    assert host.commands == ["add element inet trading_hosts exchanges_4 { 192.0.2.44 . tcp . 443 }\n"]
    pool.hanging[NAME].set_result(["192.0.2.55"])
    refresher.round()
    assert host.commands[-1] == "add element inet trading_hosts exchanges_4 { 192.0.2.55 . tcp . 443 }\n"


def test_what_somebody_flushed_is_loaded_again_with_all_addresses(refresher: Refresher, host: Fake) -> None:
    started(refresher, host)
    host.table = ""
    host.clock += LOOK_EVERY
    refresher.round()
    (loaded,) = host.commands
    assert "elements = { 192.0.2.1 . tcp . 443, 192.0.2.2 . tcp . 443 }" in loaded


def test_a_flush_just_before_a_new_address_is_mended_too(refresher: Refresher, host: Fake) -> None:
    started(refresher, host)
    host.table = ""
    host.answers[NAME] = ["192.0.2.33"]
    refresher.round()
    assert host.commands == []
    refresher.round()
    (loaded,) = host.commands
    assert "192.0.2.33 . tcp . 443" in loaded


def test_an_older_table_that_somebody_put_back_is_replaced(refresher: Refresher, host: Fake) -> None:
    # `nft list ruleset > /etc/nftables.conf` one day, and `systemctl reload nftables` on another.
    started(refresher, host)
    host.table = "of /etc/nftables.conf"
    host.clock += LOOK_EVERY
    refresher.round()
    (loaded,) = host.commands
    assert loaded.startswith("table ")
    assert "elements = { 192.0.2.1 . tcp . 443, 192.0.2.2 . tcp . 443 }" in loaded
    assert f"set loaded_at {{ type mark; elements = {{ {host.clock:.0f} }} }}" in loaded
    host.clock += LOOK_EVERY
    refresher.round()
    assert host.commands == [loaded]


def test_a_set_that_somebody_emptied_is_loaded_again_with_the_first_address_that_goes(
    refresher: Refresher, host: Fake
) -> None:
    started(refresher, host)
    host.emptied = True
    host.clock += DAY + 1
    host.answers[NAME] = ["192.0.2.33"]
    refresher.round()
    assert host.commands == []
    refresher.round()
    (loaded,) = host.commands
    assert loaded.startswith("table ")
    assert "192.0.2.33 . tcp . 443" in loaded


def test_a_user_who_comes_later_gets_his_rule(refresher: Refresher, host: Fake) -> None:
    started(refresher, host)
    host.users = {"checker": 995}
    host.clock += LOOK_EVERY
    refresher.round()
    (loaded,) = host.commands
    assert "meta skuid { 995 } meta l4proto { tcp, udp } ip daddr . meta l4proto . th dport @ip_sources_4" in loaded


def test_the_disk_is_spared_and_at_most_so_far_behind(refresher: Refresher, host: Fake) -> None:
    started(refresher, host)
    before = host.writes
    for _round in range(10):
        host.clock += SAVE_EVERY / 10 + 0.1
        refresher.round()
    assert host.writes == before + 1
    assert host.disk[NAME]["192.0.2.1"] == host.clock


def test_a_full_disk_stops_nothing(refresher: Refresher, host: Fake) -> None:
    started(refresher, host)
    host.full = True
    host.answers[NAME] = ["192.0.2.33"]
    refresher.round()
    refresher.round()
    assert len(host.commands) == 1
    assert [line for line in host.said if "state" in line] == ["the state cannot be written: No space left on device"]
    host.full = False
    host.clock += SAVE_EVERY
    refresher.round()
    assert "192.0.2.33" in host.disk[NAME]


def test_rules_that_nftables_refuses_end_the_start(refresher: Refresher, host: Fake) -> None:
    host.refuses = True
    with pytest.raises(StoreError, match="nftables refuses the rules: no"):
        refresher.start()
