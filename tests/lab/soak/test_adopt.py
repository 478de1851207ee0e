# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bot that ran from a key in clear comes to run from a credential, and the clear text goes, in that order.

The tests of this file build on each other's host, in the order in which they stand here.
"""

from __future__ import annotations

import json
import os
import stat
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.lab._simulator import STATE_DIR
from tests.lab._tools import wait_for
from tests.lab.e2e._support import Controller, Run, decrypt, names, virgin
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import SimulatedKey, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab._lab import Lab

HOST = "beta"
UNIT = "adopted-bot.service"
PLACE = "trading.hosts.exchange_credentials : Place what lies in clear"
REMOVE = "trading.hosts.exchange_credentials : Remove the key from where it lies in clear"
SAY = "trading.hosts.exchange_credentials : Say how it stands"
CONFIG = "/srv/bot/config.json"
USERS = "/srv/passivbot/api-keys.json"
#: Reads settings as freqtrade does, one --config over the other with comments and all, and its balance by ccxt.
BOT = r"""
import json, re, sys
found = {}
for path in sys.argv[2::2]:
    found.update(json.loads(re.sub(r"(?m)^//.*$", "", open(path).read()))["exchange"])
sys.path.insert(0, "/opt/ccxt")
import ccxt, threading
exchange = ccxt.bybit({"apiKey": found["key"], "secret": found["secret"], "has": {"fetchCurrencies": False}})
while True:
    try:
        total = exchange.fetch_balance()["total"]
        print("balance", *(f"{amount:g} {coin}" for coin, amount in sorted(total.items())), flush=True)
    except ccxt.BaseError as error:
        print(f"refused {type(error).__name__}", flush=True)
    threading.Event().wait(1)
"""
COMMAND = ["/usr/bin/python3", "/usr/local/lib/adopted.py", "--config", CONFIG]
OLD_UNIT = f"[Service]\nExecStart={' '.join(COMMAND)}\n[Install]\nWantedBy=multi-user.target\n"
#: The same program, with the credential behind its settings.
SERVICE = {
    "name": "run",
    "ansible.builtin.include_role": {"name": "trading.hosts.trading_service"},
    "vars": {
        "trading_service_name": "adopted-bot",
        "trading_service_command": [*COMMAND, "--config", "%d/grid"],
        "trading_service_credentials": ["grid"],
        "trading_service_restart_sec": 1,
    },
}


def text(key: SimulatedKey) -> str:
    """Return settings as a person writes them."""
    return f"""// mine
{{
    "stake_amount": 1.50,   "dry_run": false,
    "exchange": {{
        "name": "bybit",
        "key": "{key.key}", "secret": "{key.secret}"
    }},
    "pairs": ["BTC/USDT", "ETH/USDT"]
}}
"""


@dataclass
class World:
    """A host on which nothing of this collection was ever done, and a controller with a file for its keys."""

    lab: Lab
    controller: Controller
    keys: list[SimulatedKey] = field(default_factory=list)

    def path(self, name: str) -> Path:
        return self.lab.root(HOST) / name.lstrip("/")

    @property
    def registry(self) -> Path:
        return self.controller.directory / "host_vars" / HOST / "keys.yml"

    @property
    def secrets(self) -> list[str]:
        return [key.secret for key in self.keys]

    def create(self, label: str, *, permissions: str = "spot-trade") -> SimulatedKey:
        """Create a key on the exchange as a person would."""
        key = Simulator.attach(STATE_DIR).create_key(
            "bybit",
            permissions=permissions,
            allowlist=self.lab.public_addresses(HOST)[:1],
            label=label,
            account_id="10000001",
            parent_id="10000000",
            created_at=int((time.time() - 86400) * 1000),
        )
        self.keys.append(key)
        return key

    def write(self, name: str, content: str, *, mode: int = 0o644) -> None:
        file = self.path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        file.chmod(mode)
        if name.startswith("/srv"):
            os.chown(file, 65534, 65534)

    def adopt(self, *words: str, **variables: Any) -> Run:
        """Run the playbook as a person does who has read its page."""
        given = {f"exchange_credentials_adopt_{name}": value for name, value in variables.items()}
        run = self.controller.playbook(
            "trading.hosts.adopt", "--limit", HOST, "-e", json.dumps(given), "--diff", *words
        )
        for secret in self.secrets:
            assert secret not in run.output
        return run

    def bot(self, *words: str, **variables: Any) -> Run:
        return self.adopt(*words, files=[{"path": CONFIG, "name": "grid", "service": "adopted-bot"}], **variables)

    def said(self, run: Run) -> str:
        assert run.returncode == 0, run.output
        return "\n".join(run.of(HOST, SAY).data["msg"])

    def changed(self, run: Run) -> list[str]:
        assert run.returncode == 0, run.output
        return [result.task for result in run.results if result.status == "changed"]

    def files(self) -> dict[str, tuple[bytes, int, int]]:
        """Return what lies in clear: content, mode and owner."""
        found = {}
        for name in (CONFIG, f"{CONFIG}.bak", USERS):
            if self.path(name).exists():
                status = self.path(name).stat()
                found[name] = (self.path(name).read_bytes(), stat.S_IMODE(status.st_mode), status.st_uid)
        return found

    def shown(self, name: str) -> str:
        return self.lab.execute(HOST, ["systemctl", "show", "--value", f"--property={name}", UNIT]).stdout.strip()

    def trades(self) -> None:
        """Wait until the present run of the service has read its balance."""

        def reads() -> bool:
            match = f"_SYSTEMD_INVOCATION_ID={self.shown('InvocationID')}"
            argv = ["journalctl", "--boot", "--output", "cat", "--no-pager", "--lines", "1", match]
            last = self.lab.execute(HOST, argv).stdout
            return self.shown("ActiveState") == "active" and last == "balance 1000 USDT\n"

        wait_for(reads, what=f"{UNIT} to read its balance", timeout=30)

    def audit(self) -> dict[str, Any]:
        directory = self.controller.directory / "audit"
        words = ("--limit", HOST, "-e", "audit_fail_on=never", "-e", f"audit_directory={directory}")
        run = self.controller.playbook("trading.hosts.audit", *words)
        assert run.returncode == 0, run.output
        report: dict[str, Any] = json.loads((directory / "report.json").read_text(encoding="utf-8"))
        return report

    def failed(self) -> set[tuple[str, str]]:
        """Return what an audit says now: the key or file, and the rule."""
        return {
            (finding["subject"]["key"], finding["rule"])
            for finding in self.audit()["findings"]
            if finding["status"] == "fail" and finding["subject"]["host"] == HOST
        }


@pytest.fixture(scope="module")
def world(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    virgin(lab)
    Simulator.attach(STATE_DIR).reset()
    made = World(lab, Controller(lab, tmp_path_factory.mktemp("adopt"), pipelining=True))
    made.create("grid")
    made.create("hedge", permissions="withdraw")
    made.create("stray")
    made.write("/usr/local/lib/adopted.py", BOT)
    made.write(CONFIG, text(made.keys[0]))
    made.write(f"{CONFIG}.bak", text(made.keys[0]).replace("1.50", "1.00"), mode=0o600)
    made.write(
        USERS,
        json.dumps(
            {
                name: {"exchange": "bybit", "key": key.key, "secret": key.secret}
                for name, key in zip(("hedge", "stray"), made.keys[1:], strict=True)
            },
            indent=4,
        ),
    )
    made.write(f"/etc/systemd/system/{UNIT}", OLD_UNIT)
    lab.execute(HOST, ["systemctl", "daemon-reload"])
    lab.execute(HOST, ["systemctl", "start", UNIT])
    made.trades()
    yield made
    lab.execute(HOST, ["systemctl", "stop", UNIT])
    for name in (f"/etc/systemd/system/{UNIT}", CONFIG, f"{CONFIG}.bak", USERS, "/usr/local/lib/adopted.py"):
        made.path(name).unlink(missing_ok=True)
    lab.execute(HOST, ["systemctl", "daemon-reload"])
    virgin(lab)


def test_the_audit_finds_it(world: World) -> None:
    failed = world.failed()
    assert {(name, "credential-exposed") for name in (CONFIG, USERS)} <= failed


def test_check_mode_tells_and_does_nothing(world: World) -> None:
    before, run = world.files(), world.bot("--check")
    assert PLACE in world.changed(run)
    assert "grid would be placed encrypted as /etc/credstore.encrypted/grid." in world.said(run)
    assert (world.files(), names(world.lab, HOST), world.registry.exists()) == (before, [], False)


def test_the_first_run_places_it_and_leaves_the_file_alone(world: World) -> None:
    before, began = world.files(), world.shown("InvocationID")
    run = world.bot()
    said = world.said(run)
    assert run.of(HOST, PLACE).data["credentials"][0]["content_changed"] is True
    key = world.keys[0]
    assert json.loads(decrypt(world.lab, HOST, "grid")) == {"exchange": {"key": key.key, "secret": key.secret}}
    assert "keeps its key: adopted-bot.service does not load grid." in said
    assert "freqtrade_credentials: [grid]" in said
    assert "LoadCredentialEncrypted=grid:/etc/credstore.encrypted/grid" in said
    assert "exchange_credentials_rotate_document=grid" in said
    assert f"{USERS}: it holds a key that was not named" in said
    assert (world.files(), world.shown("InvocationID")) == (before, began)
    # The inventory knows it from now on, without a secret.
    written = yaml.safe_load(world.registry.read_text(encoding="utf-8"))
    assert written["exchange_credentials_documents"] == [{"name": "grid", "format": "freqtrade", "api_keys": ["grid"]}]
    (entry,) = written["exchange_credentials_api_keys"]
    (event,) = entry["declared"]["restriction_events"]
    assert (entry["exchange"], entry["declared"]["service"], event["what"]) == ("bybit", "adopted-bot", "exposed")
    assert event["on"] < event["rotate_by"]
    assert f"by {event['rotate_by']}:" in said


def test_a_second_run_changes_nothing(world: World) -> None:
    before = (world.files(), world.registry.read_text(encoding="utf-8"))
    run = world.bot()
    assert world.changed(run) == []
    assert (world.files(), world.registry.read_text(encoding="utf-8")) == before


def test_a_service_that_was_not_restarted_runs_from_the_file(world: World) -> None:
    """Its unit loads the credential now, and its process does not have it."""
    before = world.files()
    unit = world.path(f"/etc/systemd/system/{UNIT}")
    load = "LoadCredentialEncrypted=grid:/etc/credstore.encrypted/grid\n"
    unit.write_text(OLD_UNIT.replace("[Service]\n", f"[Service]\n{load}"), encoding="utf-8")
    world.lab.execute(HOST, ["systemctl", "daemon-reload"])
    run = world.bot()
    assert "adopted-bot.service runs, but was not given grid at its start; restart it." in world.said(run)
    assert world.changed(run) == []
    assert world.files() == before


def test_the_service_runs_from_the_credential_and_then_the_clear_text_goes(world: World) -> None:
    before = world.files()
    switched = world.controller.run(SERVICE, hosts=HOST, become=True)
    assert switched.returncode == 0, switched.output
    world.trades()
    began = world.shown("InvocationID")
    foreseen = world.bot("--check")
    assert world.changed(foreseen) == [REMOVE]
    assert world.files() == before
    run = world.bot()
    assert world.changed(run) == [REMOVE]
    said = world.said(run)
    assert f"It was removed from {CONFIG}, {CONFIG}.bak." in said
    assert "Next:" not in said
    key = world.keys[0]
    expected = {
        name: (content.replace(key.key.encode(), b"").replace(key.secret.encode(), b""), mode, owner)
        for name, (content, mode, owner) in before.items()
    }
    assert world.files() == expected
    assert world.shown("InvocationID") == began
    # Of its own files the service needs no secret any more: it starts again.
    world.lab.execute(HOST, ["systemctl", "restart", UNIT])
    world.trades()


def test_it_lies_nowhere_else(world: World, tmp_path: Path) -> None:
    disks = [world.path(name) for name in ("etc", "home", "root", "srv", "tmp", "usr/local", "var/log", "var/tmp")]
    where = [disk for disk in disks if disk.exists()]
    assert sweep(Needles.of(world.secrets[:1]), world.controller.directory, *where) == []
    # It would be seen.
    assert sweep(Needles.of(world.secrets[1:]), world.path("srv")) != []


def test_another_run_has_nothing_to_do(world: World) -> None:
    before = world.files()
    run = world.bot()
    assert world.changed(run) == []
    assert "No key in clear is left that could be adopted." in world.said(run)
    assert world.files() == before


def test_the_next_audit_knows_the_key_by_its_name_until_it_is_rotated(world: World) -> None:
    failed = world.failed()
    assert (CONFIG, "credential-exposed") not in failed
    assert ("grid", "recreated-after-restriction") in failed
    assert ("grid", "key-accepted") not in failed


def test_another_key_takes_its_place(world: World) -> None:
    fresh = world.create("fresh")
    variables = world.controller.directory / "rotate.json"
    settings = {
        "exchange_credentials_rotate_document": "grid",
        "exchange_credentials_rotate_unattended": True,
        "exchange_credentials_rotate_restart_when": "now",
        "exchange_credentials_rotate_watch_seconds": 2,
        "exchange_credentials_rotate_values": {"api_key": fresh.key, "secret": fresh.secret},
    }
    variables.write_text(json.dumps(settings), encoding="utf-8")
    words = ("trading.hosts.rotate", "--limit", HOST, "-e", f"@{variables}")
    run = world.controller.playbook(*words)
    assert run.message(HOST).startswith("retired-key-alive"), run.output
    Simulator.attach(STATE_DIR).update_key(world.keys[0], revoked=True)
    run = world.controller.playbook(*words)
    assert run.returncode == 0, run.output
    variables.unlink()
    assert json.loads(decrypt(world.lab, HOST, "grid"))["exchange"]["key"] == fresh.key
    world.trades()


def test_a_key_that_policy_rejects(world: World) -> None:
    before = (world.files(), names(world.lab, HOST))
    given = [{"path": USERS, "name": "hedge.json", "entries": ["hedge"]}]
    run = world.adopt(files=given, on_rejected="fail")
    assert "withdrawal-forbidden" in run.message(HOST)
    said = world.said(world.adopt(files=given, on_rejected="skip"))
    assert "is not adopted: policy rejects hedge, and exchange_credentials_adopt_on_rejected is skip" in said
    assert (world.files(), names(world.lab, HOST)) == before


def test_a_key_that_is_dead(world: World) -> None:
    Simulator.attach(STATE_DIR).update_key(world.keys[2], revoked=True)
    said = world.said(world.adopt(files=[{"path": USERS, "name": "stray.json", "entries": ["stray"]}]))
    assert "is not adopted: the exchange does not know stray (any more)" in said


def test_one_user_of_a_file_with_two(world: World) -> None:
    given = {"path": USERS, "name": "hedge.json", "entries": ["hedge"]}
    run = world.adopt(files=[given])
    assert f"POLICY REJECTS hedge on {HOST}" in run.output
    assert "CRITICAL hedge: withdrawal-forbidden: " in run.output
    assert "keeps its key: no service loads hedge.json." in world.said(run)
    hedge = world.keys[1]
    assert json.loads(decrypt(world.lab, HOST, "hedge.json")) == {
        "hedge": {"exchange": "bybit", "key": hedge.key, "secret": hedge.secret}
    }
    unit = world.path("/etc/systemd/system/hedge.service")
    load = "LoadCredentialEncrypted=hedge.json:/etc/credstore.encrypted/hedge.json"
    unit.write_text(f"[Service]\n{load}\nExecStart=/bin/sleep infinity\n", encoding="utf-8")
    before = world.path(USERS).read_text(encoding="utf-8")
    try:
        world.lab.execute(HOST, ["systemctl", "daemon-reload"])
        world.lab.execute(HOST, ["systemctl", "start", "hedge.service"])
        # While something has the file open, it stays.
        argv = ["systemd-run", "--unit=holder", "/bin/sh", "-c", f"exec 3<{USERS}; exec sleep infinity"]
        world.lab.execute(HOST, argv)
        assert "has it open; end that." in world.said(world.adopt(files=[given]))
        assert world.path(USERS).read_text(encoding="utf-8") == before
        world.lab.execute(HOST, ["systemctl", "stop", "holder.service"])
        assert world.changed(world.adopt(files=[given])) == [REMOVE]
    finally:
        world.lab.execute(HOST, ["systemctl", "stop", "hedge.service"])
        unit.unlink()
    expected = before.replace(hedge.key, "").replace(hedge.secret, "")
    assert world.path(USERS).read_text(encoding="utf-8") == expected
    assert world.keys[2].secret in expected


def test_a_file_that_is_behind_its_credential_is_left_alone(world: World) -> None:
    alive, dead = text(world.keys[1]), text(world.keys[2])
    world.write(CONFIG, alive)
    run = world.bot()
    assert run.returncode != 0
    assert "holds a key that read_from does not find with the same values" in run.output
    assert world.keys[3].key in decrypt(world.lab, HOST, "grid")
    assert world.path(CONFIG).read_text(encoding="utf-8") == alive
    world.write(CONFIG, dead)
    assert "the exchange does not know grid (any more). Remove it from the file" in world.said(world.bot())
    assert world.path(CONFIG).read_text(encoding="utf-8") == dead
    world.path(CONFIG).unlink()


def test_what_cannot_be_adopted_is_named_and_nothing_is_done(world: World) -> None:
    key = world.keys[2]
    world.write("/srv/bot/settings.yml", f"exchange: bybit\napi_key: {key.key}\napi_secret: {key.secret}\n")
    try:
        run = world.adopt(files=[{"path": "/srv/bot/settings.yml"}])
        assert "/srv/bot/settings.yml is not adopted: the scan found no key" in run.message(HOST)
        said = world.said(world.adopt("--check", look_in=["/srv/bot"]))
        assert said.startswith("No key in clear is left that could be adopted.")
        assert "/srv/bot/settings.yml: it is in no form that can be read here" in said
    finally:
        world.path("/srv/bot/settings.yml").unlink()
