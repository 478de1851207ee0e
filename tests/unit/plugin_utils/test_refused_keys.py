# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many hosts behind one address, one bad key, and exchanges that ban: nothing is ever banned or locked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._learn import learn
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.plugin_utils._refused_keys import (
    MANY,
    AskedKey,
    given_mark,
    refused_keys,
    why_held_back,
)
from tests.collection import collections_directory
from tests.simulator.client import Simulator
from tests.unit.module_utils._exchanges.test_learn import given, not_opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ansible_collections.trading.hosts.plugins.module_utils._facts import KeyFacts

HERE = "91.198.115.11"
#: More than the five refused keys that lock; on one exchange as many as the promise says.
HOSTS = {**dict.fromkeys(EXCHANGES, 7), "bybit": 20}


@pytest.fixture(scope="module")
def running_simulator() -> Iterator[Simulator]:
    with Simulator.start(nat={"127.0.0.1": HERE}) as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    running_simulator.reset()
    running_simulator.set_bans(enabled=True)
    return running_simulator


def question(simulator: Simulator, key: Any) -> dict[str, Any]:
    asked = given(simulator, key)
    if key.exchange == "hyperliquid":
        del asked["secret"], asked["passphrase"]
    return asked


def learn_on(
    host: str, simulator: Simulator, directory: Path, *api_keys: dict[str, Any], retired: bool = False
) -> list[KeyFacts]:
    """Ask as one host of a run does: the controller's memory before and after."""
    keys = [
        AskedKey(key["name"], key["exchange"], given_mark(exchange=key["exchange"], api_key=key["api_key"]), retired)
        for key in api_keys
    ]
    with refused_keys(directory=str(directory), host=host, keys=keys) as run:
        options = {"api_keys": list(api_keys), "ca_path": simulator.ca_file, "hold_back": sorted(run.held_back())}
        facts = learn(options, host=host, open_placed=not_opened)
        run.note({fact.name: (fact.access.status, fact.access.code) for fact in facts})
    return list(facts)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_many_hosts_with_one_bad_key_trip_no_ban(simulator: Simulator, tmp_path: Path, exchange: str) -> None:
    bad = simulator.create_key(exchange, label="shared")
    simulator.update_key(bad, revoked=True)
    said: Counter[str] = Counter()
    for number in range(HOSTS[exchange]):
        own = simulator.create_key(exchange, label=f"own{number}")
        good, shared = learn_on(f"bot{number}", simulator, tmp_path, question(simulator, own), question(simulator, bad))
        assert good.access.status == "accepted"
        said[shared.access.status] += 1
    assert said["held_back"] == HOSTS[exchange] - 1
    assert (simulator.bans()["banned"], simulator.bans()["locked"]) == ([], [])


def test_after_a_call_for_silence_no_other_host_asks_there(simulator: Simulator, tmp_path: Path) -> None:
    keys = [question(simulator, simulator.create_key("okx", label=f"own{number}")) for number in range(3)]
    simulator.fault("okx", "status", status=429, times=1)
    answers = [learn_on(f"bot{number}", simulator, tmp_path, key)[0].access for number, key in enumerate(keys)]
    assert [access.status for access in answers] == ["rate_limited", "held_back", "held_back"]
    assert len(simulator.requests(exchange="okx")) == 1
    other = question(simulator, simulator.create_key("bybit"))
    assert learn_on("bot3", simulator, tmp_path, other)[0].access.status == "accepted"


@pytest.mark.parametrize("retired", [False, True])
def test_keys_of_one_account_that_all_died_trip_no_lock(simulator: Simulator, tmp_path: Path, retired: bool) -> None:
    dead = [simulator.create_key("kraken", label=f"dead{number}", account_id="77") for number in range(8)]
    for key in dead:
        simulator.update_key(key, revoked=True)
    answers = [
        learn_on(f"bot{number}", simulator, tmp_path, question(simulator, key), retired=retired)[0].access
        for number, key in enumerate(dead)
    ]
    assert [access.status for access in answers] == [*["invalid_key"] * 3, *["held_back"] * 5]
    with refused_keys(directory=str(tmp_path), host="bot9", keys=[asked("bot", "kraken", "one-more")]) as run:
        held = run.held_back()
    said = held["bot"]
    assert "kraken refused 3 keys in this run, the last one of host bot2" in said
    assert why_held_back(said) == (MANY, "bot2", None)
    assert simulator.bans()["locked"] == []
    assert len(simulator.requests(exchange="kraken")) == 3


def test_keys_that_must_be_dead_are_asked_about_one_host_after_the_other(tmp_path: Path) -> None:
    def on(host: str, key: str, *, exchange: str = "kraken", retired: bool = True) -> AbstractContextManager[Any]:
        mark = given_mark(exchange=exchange, api_key=key)
        return refused_keys(directory=str(tmp_path), host=host, keys=[AskedKey("bot", exchange, mark, retired)])

    entered = threading.Event()

    def second() -> None:
        with on("bot2", "b"):
            entered.set()

    waiting = threading.Thread(target=second)
    with on("bot1", "a"):
        # Neither a key that is used nor one of another exchange waits.
        with on("bot3", "c", retired=False), on("bot4", "d", exchange="okx"):
            pass
        waiting.start()
        assert not entered.wait(0.3)
    waiting.join(30)
    assert entered.is_set()


def asked(name: str, exchange: str, api_key: str | None) -> AskedKey:
    return AskedKey(name, exchange, None if api_key is None else given_mark(exchange=exchange, api_key=api_key))


KEY = asked("bot", "okx", "the-id-of-a-key")


@pytest.mark.parametrize(
    ("status", "held"),
    [
        ("invalid_key", True),
        ("bad_signature", True),
        ("bad_passphrase", True),
        ("expired", True),
        ("wrong_environment", True),
        ("permission_denied", True),
        ("ambiguous", True),
        ("accepted", False),
        ("ip_refused", False),
        ("clock_skew", False),
        ("unreachable", False),
        ("held_back", False),
    ],
)
def test_what_holds_a_key_back_on_other_hosts(tmp_path: Path, status: str, held: bool) -> None:
    with refused_keys(directory=str(tmp_path), host="bot1", keys=[KEY]) as run:
        assert run.held_back() == {}
        run.note({"bot": (status, "1"), "stranger": ("invalid_key", "1")})
    with refused_keys(directory=str(tmp_path), host="bot1", keys=[KEY]) as run:
        assert run.held_back() == {}, "the same host may ask again, in another task"
    renamed = [AskedKey("other", "okx", KEY.mark), AskedKey("same", "okx", KEY.mark)]
    with refused_keys(directory=str(tmp_path), host="bot2", keys=renamed) as run:
        assert set(run.held_back()) == ({"other", "same"} if held else set())
        assert all("host bot1" in said and status in said for said in run.held_back().values())
    elsewhere = [
        asked("a", "bybit", "the-id-of-a-key"),
        asked("b", "okx", "another-key"),
        asked("c", "okx", None),
    ]
    with refused_keys(directory=str(tmp_path), host="bot2", keys=elsewhere) as run:
        assert run.held_back() == {}


def test_no_key_is_written(tmp_path: Path) -> None:
    with refused_keys(directory=str(tmp_path), host="bot1", keys=[KEY]) as run:
        run.note({"bot": ("rate_limited", None)})
        run.note({"bot": ("invalid_key", "1")})
    files = list(tmp_path.iterdir())
    assert len(files) == 2
    for file in files:
        assert "the-id" not in file.name + file.read_text()
        assert file.stat().st_mode & 0o777 == 0o600


def test_workers_of_one_run_share_what_they_know(simulator: Simulator, tmp_path: Path) -> None:
    bad = simulator.create_key("okx", label="shared")
    simulator.update_key(bad, revoked=True)
    hosts: dict[str, Any] = {f"bot{number}": {} for number in range(8)}
    for host, variables in hosts.items():
        key = simulator.create_key("okx", label=host)
        variables["asked"] = [question(simulator, key), question(simulator, bad)]
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": local}}))
    facts_dir = tmp_path / "facts"
    facts_dir.mkdir()
    task = {
        "trading.hosts.api_key_info": {
            "api_keys": "{{ asked }}",
            "ca_path": simulator.ca_file,
            "facts_dir": str(facts_dir),
        }
    }
    playbook = tmp_path / "play.json"
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_COLLECTIONS_PATH": str(collections_directory()),
        "ANSIBLE_HOME": str(tmp_path / "home"),
        "ANSIBLE_FORKS": "8",
    }
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", str(inventory), str(playbook)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    documents = [json.loads(file.read_text()) for file in facts_dir.iterdir()]
    said = Counter(fact["access"]["status"] for document in documents for fact in document["facts"])
    assert said == {"accepted": 8, "invalid_key": 1, "held_back": 7}
    (step,) = {
        fact["access"]["next_step"].split("(")[1]
        for document in documents
        for fact in document["facts"]
        if fact["access"]["status"] == "held_back"
    }
    assert step.startswith("invalid_key)")
    assert (simulator.bans()["banned"], simulator.bans()["locked"]) == ([], [])
    assert list((tmp_path / "home" / "tmp").glob("ansible-local-*")) == [], "forgotten with the run"
