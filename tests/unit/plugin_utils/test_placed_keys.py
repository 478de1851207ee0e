# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Twenty hosts behind one address, each with the same bad key in a placed credential: it is refused once."""

from __future__ import annotations

import json
import multiprocessing
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants

from ansible_collections.trading.hosts.plugins.action import api_key_info as action
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _placed
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._options import ARGUMENT_SPEC
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.modules import api_key_info as module
from ansible_collections.trading.hosts.plugins.plugin_utils._refused_keys import AskedKey, given_mark, refused_keys
from tests.simulator.client import SimulatedKey, Simulator
from tests.unit.module_utils._exchanges.test_learn import given

HERE = "91.198.115.11"
HOSTS = 20
FORKS = 5


class Store:
    """Gives what a file holds, as if it had been encrypted."""

    def decrypt(self, *, name: str, path: str, encrypted: bytes) -> bytes:
        return encrypted


@pytest.fixture
def simulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(_placed, "SystemdReader", Store)
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "run"))
    with Simulator.start(nat={"127.0.0.1": HERE}) as running:
        running.set_bans(enabled=True)
        yield running


def on_host(args: dict[str, Any], host: str) -> dict[str, Any]:
    """Run the action of one host as a worker of Ansible does; the module runs here instead of there."""
    task = SimpleNamespace(
        action="trading.hosts.api_key_info",
        args=args,
        async_val=0,
        check_mode=False,
        diff=False,
        no_log=False,
        delegate_to=None,
        environment=[],
    )
    shell = SimpleNamespace(tmpdir=None)
    worker = action.ActionModule(task, SimpleNamespace(_shell=shell, become=None), SimpleNamespace(), None, None, None)

    def execute(*, module_name: str, module_args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        assert module_name == "trading.hosts.api_key_info"
        params = {**dict.fromkeys(ARGUMENT_SPEC), **module_args}
        result = module.work(SimpleNamespace(params=params, no_log_values=set()))
        return dict(json.loads(json.dumps(result)))

    worker._execute_module = execute
    result: dict[str, Any] = worker.run(task_vars={"inventory_hostname": host})
    return result


def place(directory: Path, key: SimulatedKey) -> dict[str, Any]:
    """Place the key's credential in the directory of a host; return the option that names it."""
    directory.mkdir()
    fields = {"api_key": key.key, "secret": key.secret} | ({"passphrase": key.passphrase} if key.passphrase else {})
    (directory / "bot.json").write_text(json.dumps(fields))
    (directory / "bot.json").chmod(0o600)
    return {"name": "bot.json", "directory": str(directory)}


def asked(simulator: Simulator, key: SimulatedKey, directory: Path) -> dict[str, Any]:
    option = given(simulator, key, name="bot", credential=place(directory, key))
    for secret in ("api_key", "secret", "passphrase"):
        option.pop(secret, None)
    return {"api_keys": [option], "ca_path": simulator.ca_file}


def run_all(hosts: list[tuple[dict[str, Any], str]]) -> list[dict[str, Any]]:
    with multiprocessing.get_context("fork").Pool(FORKS) as pool:
        return pool.starmap(on_host, hosts, chunksize=1)


@pytest.mark.parametrize("exchange", ["okx", "bybit"])
def test_one_bad_key_that_is_placed_on_twenty_hosts_is_asked_for_once(
    simulator: Simulator, tmp_path: Path, exchange: str
) -> None:
    bad = simulator.create_key(exchange)
    simulator.update_key(bad, revoked=True)
    told = run_all([(asked(simulator, bad, tmp_path / f"host{n}"), f"host{n}") for n in range(HOSTS)])
    assert Counter(one["api_keys"][0]["access"]["status"] for one in told) == {"invalid_key": 1, "held_back": HOSTS - 1}
    assert len(simulator.requests(exchange=exchange)) == 1
    assert (simulator.bans()["banned"], simulator.bans()["locked"]) == ([], [])
    for one in told:
        assert set(one) <= {"changed", "api_keys", "invocation"}, "a mark is nobody's business"
    for file in (tmp_path / "run").iterdir():
        assert bad.key not in file.name + file.read_text()


def test_a_key_that_is_given_here_and_placed_there_is_the_same_key(simulator: Simulator, tmp_path: Path) -> None:
    bad = simulator.create_key("okx")
    simulator.update_key(bad, revoked=True)
    placed = asked(simulator, bad, tmp_path / "host1")
    first = on_host(placed, "host1")["api_keys"][0]
    with refused_keys(
        directory=constants.DEFAULT_LOCAL_TMP,
        host="host2",
        keys=[AskedKey("x", "okx", given_mark(exchange="okx", api_key=bad.key))],
    ) as run:
        assert first["access"]["status"] == "invalid_key"
        assert "host host1" in run.held_back()["x"]
    again = on_host(placed, "host1")["api_keys"][0]
    assert again["access"]["status"] == "invalid_key", "the same host may ask again, in another task"


def test_good_keys_that_are_placed_are_all_asked(simulator: Simulator, tmp_path: Path) -> None:
    hosts = [
        (asked(simulator, simulator.create_key("okx", label=f"own{n}"), tmp_path / f"host{n}"), f"host{n}")
        for n in range(HOSTS)
    ]
    assert {one["api_keys"][0]["access"]["status"] for one in run_all(hosts)} == {"accepted"}


def test_a_credential_that_is_not_there_fails_before_anything_is_asked(simulator: Simulator, tmp_path: Path) -> None:
    args = asked(simulator, simulator.create_key("okx"), tmp_path / "host")
    (tmp_path / "host" / "bot.json").unlink()
    result = on_host(args, "host")
    assert (result["failed"], "there is no such credential" in result["msg"]) == (True, True)
    assert simulator.requests() == []


def test_every_exchange_is_known_by_its_marks() -> None:
    marks = {given_mark(exchange=name, api_key="the same id") for name in EXCHANGES}
    assert len(marks) == len(EXCHANGES)
