# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The key of a service is a pair that the host made: judged, placed, handed over by the launcher, and rotated."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._simulator import STATE_DIR
from tests.lab._tools import wait_for
from tests.lab.e2e._support import Controller, Run, decrypt, decrypt_age, names, virgin
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import SimulatedKey, Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lab._lab import Lab

BOT = "pair-bot"
UNIT = f"{BOT}.service"
LINK = f"/var/lib/{BOT}/keys.json"
PROGRAM = f"""
import hashlib, signal
print("read", hashlib.sha256(open("{LINK}", "rb").read()).hexdigest(), flush=True)
signal.pause()
"""
COPY = {
    "name": "program",
    "ansible.builtin.copy": {"content": PROGRAM, "dest": "/usr/local/lib/pair.py", "mode": "0644"},
}
PLACE = {"name": "place", "ansible.builtin.include_role": {"name": "trading.hosts.exchange_credentials"}}
RUN = {
    "name": "run",
    "ansible.builtin.include_role": {"name": "trading.hosts.trading_service"},
    "vars": {
        "trading_service_name": BOT,
        "trading_service_command": ["/usr/bin/python3", "/usr/local/lib/pair.py"],
        "trading_service_credentials": ["pair.json"],
        "trading_service_links": {LINK: "pair.json"},
    },
}
OPENED: dict[str, Callable[[Lab, str, str], str]] = {"systemd": decrypt, "age": decrypt_age}


class Bot:
    """A host whose service trades with a pair."""

    def __init__(self, lab: Lab, directory: Path, *, host: str, store: str) -> None:
        self.lab, self.host, self.store = lab, host, store
        self.simulator = Simulator.attach(STATE_DIR)
        self.controller = Controller(lab, directory, pipelining=True)

    def run(self, *tasks: Any) -> Run:
        run = self.controller.run(*tasks, hosts=self.host, become=True)
        assert run.returncode == 0, run.output
        return run

    def pair(self, **options: Any) -> dict[str, Any]:
        given = {"name": "pair", "exchange": "bybit", "size": 2048, "store": self.store, **options}
        return dict(self.run({"name": "pair", "trading.hosts.key_pair": given}).of(self.host, "pair").data)

    def register(self, public_key: str) -> SimulatedKey:
        return self.simulator.create_key(
            "bybit",
            secret=public_key,
            permissions="spot-trade",
            allowlist=self.lab.public_addresses(self.host)[:1],
            label="pair",
            account_id="10000001",
            parent_id="10000000",
            created_at=int((time.time() - 86400) * 1000),
        )

    def declare(self, key: SimulatedKey, *, half: str) -> None:
        declared = {"label": "pair", "account": "10000001", "access": "read_write", "products": ["spot"]}
        entry = {"name": "pair", "exchange": "bybit", "api_key": key.key, "credential": {"name": half}}
        self.controller.write_vars(
            {
                "exchange_credentials_api_keys": [{**entry, "declared": declared}],
                "exchange_credentials_documents": [{"name": "pair.json", "format": "ccxt", "api_keys": ["pair"]}],
                "exchange_credentials_rotate_document": "pair.json",
                "exchange_credentials_rotate_unattended": True,
                "exchange_credentials_rotate_watch_seconds": 2,
                "exchange_credentials_store": self.store,
            },
            hosts=[self.host],
        )

    def rotate(self) -> Run:
        return self.controller.run(
            {
                "name": "rotate",
                "ansible.builtin.include_role": {
                    "name": "trading.hosts.exchange_credentials",
                    "tasks_from": "rotate",
                },
            },
            hosts=self.host,
            become=True,
        )

    def opened(self, name: str) -> str:
        return OPENED[self.store](self.lab, self.host, name)

    def reads(self, key: SimulatedKey, *, half: str) -> None:
        """Check that the document is of this key and half, and that the service's present start has read it."""
        document = self.opened("pair.json")
        assert json.loads(document) == {"apiKey": key.key, "secret": self.opened(half)}
        wanted = f"read {hashlib.sha256(document.encode()).hexdigest()}"

        def said() -> bool:
            shown = self.lab.execute(self.host, ["systemctl", "show", "--value", "--property=InvocationID", UNIT])
            start = f"_SYSTEMD_INVOCATION_ID={shown.stdout.strip()}"
            return wanted in self.lab.execute(self.host, ["journalctl", "--output=cat", "--no-pager", start]).stdout

        wait_for(said, what="the service to read its document", timeout=30)

    def files(self) -> list[str]:
        return [name for name in names(self.lab, self.host) if not name.startswith(".")]

    def clean(self) -> None:
        self.lab.execute(self.host, ["systemctl", "disable", "--quiet", "--now", UNIT], check=False)
        self.lab.execute(self.host, ["userdel", BOT], check=False)
        self.lab.execute(
            self.host,
            [
                "rm",
                "--recursive",
                "--force",
                f"/var/lib/{BOT}",
                f"/etc/systemd/system/{UNIT}",
                "/usr/local/lib/pair.py",
            ],
        )
        self.lab.execute(self.host, ["systemctl", "daemon-reload"])
        virgin(self.lab, self.host)


@pytest.fixture(params=[("alpha", "systemd"), ("beta", "age")], ids="-".join)
def bot(request: pytest.FixtureRequest, lab: Lab, tmp_path: Path) -> Iterator[Bot]:
    host, store = request.param
    made = Bot(lab, tmp_path, host=host, store=store)
    made.clean()
    yield made
    made.clean()


def test_a_pair_is_the_key_of_a_service_from_its_making_to_its_rotation(bot: Bot) -> None:
    began = time.time()
    suffix = ".age" if bot.store == "age" else ""
    old = bot.register(bot.pair()["key_pair"]["public_key"])
    bot.declare(old, half="pair")
    bot.run(PLACE, COPY, RUN)
    bot.reads(old, half="pair")
    again = bot.run(PLACE, RUN)
    assert [result.task for result in again.results if result.status == "changed"] == []

    new = bot.register(bot.pair(regenerate=True)["next_key_pair"]["public_key"])
    bot.declare(new, half="pair.next")
    alive = bot.rotate()
    assert alive.returncode != 0
    assert "retired-key-alive" in alive.output
    bot.reads(new, half="pair.next")
    bot.simulator.update_key(old, revoked=True)
    ended = bot.rotate()
    assert ended.returncode == 0, ended.output
    assert bot.files() == [f"{name}{suffix}" for name in ("pair", "pair.json", "pair.next")]

    halves = [bot.opened(name) for name in ("pair", "pair.next")]
    bot.pair(promote=True)
    bot.declare(new, half="pair")
    settled = bot.run(PLACE, RUN)
    assert [result.task for result in settled.results if result.status == "changed"] == []
    bot.reads(new, half="pair")
    assert bot.files() == [f"{name}{suffix}" for name in ("pair", "pair.json")]

    bodies = Needles.of(line for text in halves for line in text.splitlines() if not line.startswith("-----"))
    disk = [bot.lab.root(bot.host) / top for top in ("etc", "home", "root", "srv", "tmp", "usr/local", "var")]
    assert sweep(bodies, bot.controller.directory, *disk, newer_than=began) == []
    assert not any(bodies.are_in(run.output.encode()) for run in (again, alive, ended, settled))
