# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""nautilus_trader, unmodified from PyPI, as a service: as far as it goes without an exchange's WebSocket.

The tests of this file build on each other, in the order in which they stand here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.collection import CHECKOUT
from tests.lab._tools import wait_for
from tests.lab.e2e._program import INSTALL, WHEELHOUSE, ProgramHost
from tests.lab.e2e._support import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.lab._lab import Lab
    from tests.simulator.client import SimulatedKey

VERSIONS = {"trixie": ("1.231.0", "py3.13"), "bookworm": ("1.221.0", "py3.11")}
BALANCE = "AccountBalance(total=1_000.00000000 USDT"
#: What each version says of its streams in the lab, and of an address that Bybit refuses.
STREAM = {"1.231.0": "Failed to connect to wss://stream.bybit.com/v5/private", "1.221.0": "WebSocketClientError("}
REFUSED = {"1.231.0": "Bybit error 10010: Unmatched IP", "1.221.0": "BybitError(Unmatched IP"}
ROLE = {"name": "nautilus_trader", "ansible.builtin.include_role": {"name": "trading.hosts.nautilus_trader"}}
#: As somebody would write it: Bybit's spot account, no strategy, its key from the environment. It ends when it has no
#: account in time, as docs/nautilus_trader.md says, because nautilus_trader itself would stay up and do nothing.
NODE = """
import asyncio
import json
import os
from pathlib import Path

from nautilus_trader.adapters.bybit import (
    BYBIT,
    BybitExecClientConfig,
    BybitLiveExecClientFactory,
    BybitProductType,
)
from nautilus_trader.config import InstrumentProviderConfig, TradingNodeConfig
from nautilus_trader.live.node import TradingNode

SETTINGS = json.loads((Path(__file__).parent / "config.json").read_text())

node = TradingNode(
    config=TradingNodeConfig(
        trader_id=SETTINGS["trader_id"],
        timeout_connection=5,
        exec_clients={
            BYBIT: BybitExecClientConfig(
                product_types=(BybitProductType.SPOT,),
                instrument_provider=InstrumentProviderConfig(load_all=True),
                max_retries=1,
            )
        },
    )
)
node.add_exec_client_factory(BYBIT, BybitLiveExecClientFactory)
node.build()


async def end_without_an_account():
    await asyncio.sleep(10)
    if not node.cache.accounts():
        print("No account after 10 seconds: ending, to be started again.", flush=True)
        os._exit(1)


watch = node.get_event_loop().create_task(end_without_an_account())
try:
    node.run()
finally:
    node.dispose()
"""


class Node(ProgramHost):
    """A host with a node of nautilus_trader."""

    program = "nautilus_trader"
    unit = "nautilus-trader.service"
    form = "nautilus"

    def __init__(self, lab: Lab, directory: Path, *, suite: str) -> None:
        self.version, self.python = VERSIONS[suite]
        lock = CHECKOUT / "roles/nautilus_trader/files" / f"nautilus_trader-{self.version}.txt"
        super().__init__(lab, directory, suite=suite, lock=lock)
        script = directory / "node.py"
        script.write_text(NODE)
        self.variables |= {
            "nautilus_trader_version": self.version,
            "nautilus_trader_script": script.name,
            "nautilus_trader_files": [str(script)],
            "nautilus_trader_config": {"trader_id": "LAB-001"},
            "nautilus_trader_credentials": ["bot"],
            "nautilus_trader_wheelhouse": f"/{WHEELHOUSE}",
            "nautilus_trader_restart_sec": 2,
            "nautilus_trader_restart_max_delay_sec": 0,
        }

    def await_balance(self, *, other_than: str = "") -> None:
        """Wait until an invocation runs and has read its balance."""

        def told() -> bool:
            shown = self.shown("InvocationID", "ActiveState")
            fresh = shown["ActiveState"] == "active" and shown["InvocationID"] != other_than
            return fresh and BALANCE in self.journal()

        wait_for(told, what=f"the node on {self.host} to read its balance", timeout=90, interval=0.3)

    def document(self, fields: Mapping[str, str]) -> dict[str, Any]:
        return {**super().document(fields), "exchange": "bybit"}


@pytest.fixture(scope="module", params=["trixie", "bookworm"])
def node(lab: Lab, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Node]:
    made = Node(lab, tmp_path_factory.mktemp("node"), suite=request.param)
    made.simulator.reset()
    made.boot()
    yield made
    lab.kill(made.host)


@pytest.fixture(scope="module")
def key(node: Node) -> SimulatedKey:
    return node.create_key()


def made(node: Node) -> dict[str, Any]:
    """Return what the role could have left."""
    return listing(node.lab, node.host, "opt", "etc/systemd/system", "etc/nautilus_trader", "var/lib/nautilus-trader")


def test_what_cannot_run_is_refused_before_anything_changes(node: Node, key: SimulatedKey, tmp_path: Path) -> None:
    placed = node.run(node.give(key))
    assert placed.returncode == 0, placed.output
    telling = tmp_path / "node.py"
    telling.write_text('client = BybitExecClientConfig(api_key="NOTSHOWN12345", api_secret=None)')
    other = {"trixie": "1.221.0", "bookworm": "1.231.0"}[node.spec.suite]
    refused: dict[str, dict[str, Any]] = {
        "must hold nautilus_trader_script other.py": {"nautilus_trader_script": "other.py"},
        "nautilus_trader_config holds bybit.api_secret": {
            "nautilus_trader_config": {"bybit": {"api_secret": "NOTSHOWN12345"}}
        },
        "node.py of nautilus_trader_files holds a key or secret in clear": {"nautilus_trader_files": [str(telling)]},
        "only for 1.221.0, 1.231.0": {"nautilus_trader_version": "2099.1"},
    }
    if node.spec.suite == "bookworm":
        refused["nautilus_trader needs Python 3.12 or newer, and /usr/bin/python3 is 3.11"] = {
            "nautilus_trader_version": other
        }
    before = made(node)
    run, said = node.refusals(ROLE, refused)
    assert len(said) == len(refused), run.output
    for sentence, message in zip(refused, said, strict=True):
        assert sentence in message
        assert message.endswith(("Nothing was changed.", "nothing was changed."))
    assert "NOTSHOWN12345" not in run.output
    assert node.changed(run) == []
    assert made(node) == before


def test_it_reads_its_balance_with_the_placed_key(node: Node, key: SimulatedKey) -> None:
    foreseen = node.run(ROLE, arguments=["-v", "--check", "--diff"])
    assert foreseen.returncode == 0, foreseen.output
    assert {"Write the settings", "Write the unit"} <= {task.rpartition(" : ")[2] for task in node.changed(foreseen)}
    run = node.run(ROLE)
    assert run.returncode == 0, run.output
    node.keep()
    shown = node.shown("ActiveState", "NRestarts", "ExecStart")
    assert (shown["ActiveState"], shown["NRestarts"]) == ("active", "0")
    assert f"/opt/nautilus_trader/{node.version}-{node.python}-" in shown["ExecStart"]
    node.await_balance()
    assert node.answers(key) == {None}
    # Its log tells the ends of the key's id, and that of 1.221.0 the whole id.
    assert key.key not in run.output
    assert (key.key in node.journal(everything=True)) == (node.version == "1.221.0")
    assert key.secret not in node.journal(everything=True) + run.output
    # Further it does not go here: its streams trust no authority but those that they bring.
    wait_for(lambda: STREAM[node.version] in node.journal(), what="its stream to fail", timeout=60)


def test_a_second_run_changes_nothing(node: Node) -> None:
    before = node.invocation()
    run = node.run(ROLE)
    assert run.returncode == 0, run.output
    assert node.changed(run) == []
    assert run.of(node.host, INSTALL.partition(" : ")[0] + " : Install it").status == "skipped"
    assert node.invocation() == before


def test_another_key_takes_over(node: Node, key: SimulatedKey) -> None:
    before = node.invocation()
    other = node.create_key(label="other")
    run = node.run(node.give(other), ROLE)
    assert run.returncode == 0, run.output
    node.await_balance(other_than=before)
    assert node.answers(other) == {None}
    # Its end was no failure.
    assert "Failed with result" not in node.journal(everything=True)
    assert node.run(node.give(key), ROLE).returncode == 0
    node.simulator.update_key(other, revoked=True)


def test_a_node_that_does_not_come_up_gives_way_to_the_one_before(node: Node) -> None:
    node.await_balance()
    before = node.shown("ExecStart")["ExecStart"].partition(" ;")[0]
    # It ends only when nautilus_trader has been loaded, which takes long when other tests have the cores.
    variables = {
        "nautilus_trader_config": {"trader_id": "no number"},
        "nautilus_trader_settle_sec": 60,
    }
    message = node.failure(node.run({**ROLE, "vars": variables}))
    assert "has its earlier unit back (ActiveState=active)" in message
    node.await_balance()
    assert node.shown("ExecStart")["ExecStart"].partition(" ;")[0] == before


def test_refused_it_ends_and_comes_back_when_the_allowlist_follows(node: Node, key: SimulatedKey) -> None:
    at_home = node.lab.public_addresses(node.host)[0]
    node.simulator.update_key(key, allowlist=["91.198.115.199"])
    before = node.invocation()
    node.lab.execute(node.host, ["systemctl", "restart", node.unit])
    wait_for(lambda: "No account after" in node.journal(everything=True), what="its end", timeout=60)
    assert REFUSED[node.version] in node.journal(everything=True)
    node.simulator.update_key(key, allowlist=[at_home])
    node.await_balance(other_than=before)
    # Nobody started it.
    assert int(node.shown("NRestarts")["NRestarts"]) > 0


def test_it_runs_after_a_reboot(node: Node, key: SimulatedKey) -> None:
    before = node.invocation()
    node.simulator.clear_requests()
    assert node.lab.reboot(node.host) == "running"
    node.await_balance(other_than=before)
    assert node.answers(key) == {None}
