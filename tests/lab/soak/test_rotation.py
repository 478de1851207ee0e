# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation of a key of a service that runs, as a person and as a timer would do it, and what ends it early.

The tests of this file build on each other's host, in the order in which they stand here.
"""

from __future__ import annotations

import json
import os
import pty
import random
import re
import select
import signal
import subprocess
import termios
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab import demo
from tests.lab._simulator import STATE_DIR
from tests.lab._tools import wait_for
from tests.lab.ansible import ansible_playbook
from tests.lab.e2e._support import STORE, Controller, Run, decrypt, names, place, virgin
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import SimulatedKey, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.lab._lab import Lab

HOST = "alpha"
BOT = "rotated-bot"
UNIT = f"{BOT}.service"
BALANCE = Path(demo.__path__[0]) / "files" / "balance.py"
#: Runs the demo's program, but not with a key that it does not like.
PICKY = """
import json, pathlib, runpy, sys
refused = pathlib.Path("/usr/local/lib/refused-keys")
if refused.exists() and json.load(open(sys.argv[1]))["apiKey"] in refused.read_text():
    sys.exit("this key does not suit")
runpy.run_path("/usr/local/lib/balance.py", run_name="__main__")
"""
#: Also sees that the running service's credential is there to be read.
FLAT = ["/bin/sh", "-c", "test -s $0 && test ! -e /var/lib/rotated-bot/position", "%d/rotated"]
SERVICE: dict[str, Any] = {
    "trading_service_name": BOT,
    "trading_service_command": ["/usr/bin/python3", "/usr/local/lib/picky.py", "%d/rotated", "bybit", "1"],
    "trading_service_credentials": ["rotated"],
    "trading_service_flat_check": FLAT,
    "trading_service_restart_sec": 1,
}
BUILD = [
    {
        "name": "balance",
        "ansible.builtin.copy": {"src": str(BALANCE), "dest": "/usr/local/lib/balance.py", "mode": "0644"},
    },
    {"name": "picky", "ansible.builtin.copy": {"content": PICKY, "dest": "/usr/local/lib/picky.py", "mode": "0644"}},
]
RUN = {"name": "run", "ansible.builtin.include_role": {"name": "trading.hosts.trading_service"}, "vars": SERVICE}
RUN_SERVICE = "trading.hosts.trading_service : Run it"
DONE = ["rotated"]
BEFORE = ["rotated", "rotated.next"]
AFTER = ["rotated", "rotated.previous"]


class Bot:
    """A service on a host, the key that it uses, and a controller that rotates it."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.simulator = Simulator.attach(STATE_DIR)
        self.controller = Controller(lab, directory, user="deploy", pipelining=True)
        self.key = self.create()
        #: The one that is to take its place.
        self.fresh = self.key

    def create(self, **changes: Any) -> SimulatedKey:
        """Create a key on the exchange as a person would."""
        given: dict[str, Any] = {
            "permissions": "spot-trade",
            "allowlist": self.lab.public_addresses(HOST)[:1],
            "label": "rotated",
            "account_id": "10000001",
            "parent_id": "10000000",
            "created_at": int((time.time() - 86400) * 1000),
        }
        return self.simulator.create_key("bybit", **{**given, **changes})

    def declare(self, key: SimulatedKey, **variables: Any) -> None:
        """Write the inventory with this key's values, in a vault."""
        entry = {
            "name": "rotated",
            "exchange": "bybit",
            "api_key": key.key,
            "secret": key.secret,
            "declared": {"label": "rotated", "account": "10000001", "access": "read_write", "products": ["spot"]},
        }
        self.controller.write_vars(
            {
                "exchange_credentials_api_keys": [entry],
                "exchange_credentials_documents": [{"name": "rotated", "format": "ccxt", "api_keys": ["rotated"]}],
                "exchange_credentials_rotate_document": "rotated",
                "exchange_credentials_rotate_watch_seconds": 2,
                "key": entry,
                **variables,
            },
            hosts=[HOST],
        )

    def command(self, **settings: Any) -> tuple[list[str], dict[str, str]]:
        project = self.controller.project
        argv = [*ansible_playbook(), "-i", str(project.inventory), "-v", "--limit", HOST]
        environment = project.environment(
            ANSIBLE_CALLBACK_FORMAT_PRETTY="False",
            ANSIBLE_HOME=str(self.controller.directory / "home"),
            ANSIBLE_DEPRECATION_WARNINGS="False",
            TMPDIR=str(self.controller.directory / "tmpdir"),
        )
        # As people write them, so that each is text.
        given = [
            word for name, value in settings.items() for word in ("-e", f"exchange_credentials_rotate_{name}={value}")
        ]
        return [*argv, *given, "trading.hosts.rotate"], environment

    def rotate(self, **settings: Any) -> Run:
        """Run the playbook without a terminal."""
        argv, environment = self.command(**settings)
        done = subprocess.run(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Run(done.returncode, done.stdout, 0)

    def unattended(self, **settings: Any) -> Run:
        return self.rotate(unattended=True, **settings)

    def shown(self, *properties: str) -> dict[str, str]:
        lines = self.lab.execute(HOST, ["systemctl", "show", f"--property={','.join(properties)}", UNIT]).stdout
        return dict(line.split("=", 1) for line in lines.splitlines())

    def invocation(self) -> str:
        told = self.shown("ActiveState", "InvocationID")
        assert told["ActiveState"] == "active", told
        return told["InvocationID"]

    def trades(self) -> None:
        """Wait until the present run of the service has read its balance."""
        match = f"_SYSTEMD_INVOCATION_ID={self.invocation()}"
        argv = ["journalctl", "--boot", "--output", "cat", "--no-pager", match]
        wait_for(
            lambda: "balance 1000 USDT" in self.lab.execute(HOST, argv).stdout,
            what=f"{BOT} to read its balance",
            timeout=30,
        )

    def holds(self, name: str = "rotated") -> str:
        """Return the id of the key that a credential holds, by systemd's own program."""
        return str(json.loads(decrypt(self.lab, HOST, name))["apiKey"])

    def dislike(self, *keys: SimulatedKey) -> None:
        path = self.lab.root(HOST) / "usr/local/lib/refused-keys"
        path.write_text(" ".join(key.key for key in keys))

    def revoke(self, key: SimulatedKey) -> None:
        self.simulator.update_key(key, revoked=True)


def clean(lab: Lab) -> None:
    """Make a host on which none of this was ever done."""
    units = [f"/etc/systemd/system/{BOT}{suffix}.service" for suffix in ("", "-flat")]
    files = [f"/usr/local/lib/{name}" for name in ("refused-keys", "picky.py", "balance.py")]
    lab.execute(HOST, ["systemctl", "disable", "--quiet", "--now", UNIT], check=False)
    lab.execute(HOST, ["userdel", BOT], check=False)
    lab.execute(HOST, ["rm", "--recursive", "--force", *units, *files, f"/var/lib/{BOT}"])
    lab.execute(HOST, ["systemctl", "daemon-reload"])
    virgin(lab, HOST)


@pytest.fixture(scope="module")
def bot(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    clean(lab)
    made = Bot(lab, tmp_path_factory.mktemp("rotation"))
    made.declare(made.key)
    fields = {name: f"{{{{ key.{name} }}}}" for name in ("api_key", "secret")}
    placed = place({"name": "rotated", "format": "ccxt", "fields": fields})
    run = made.controller.run(*BUILD, placed, RUN, hosts=HOST, become=True)
    assert run.returncode == 0, run.output
    made.trades()
    yield made
    clean(lab)


def failures(run: Run) -> list[str]:
    return [str(result.data["msg"]) for result in run.results if result.status == "failed"]


def test_without_a_terminal_it_stops_before_anything(lab: Lab, bot: Bot) -> None:
    bot.declare(bot.create())
    before = bot.invocation()
    asked = len(bot.simulator.requests(exchange="bybit"))
    run = bot.rotate()
    assert run.returncode != 0
    assert "Nobody typed rotated, so nothing was done" in run.message(HOST)
    tasks = {result.task.rpartition(" : ")[2] for result in run.results if result.status in ("ok", "changed")}
    assert "See how far it is" not in tasks
    assert (names(lab, HOST), bot.holds(), bot.invocation()) == (DONE, bot.key.key, before)
    seen = bot.simulator.requests(exchange="bybit")[asked:]
    assert {request.label for request in seen} <= {"rotated"}


def test_values_that_cannot_be_right_are_not_sent(lab: Lab, bot: Bot) -> None:
    bot.declare(bot.key, exchange_credentials_rotate_values={"api_key": "KEYKEYKEYKEY", "secret": "KEYKEYKEYKEY"})
    run = bot.unattended()
    assert run.returncode != 0
    assert "equals api_key" in run.output
    assert (names(lab, HOST), bot.holds()) == (DONE, bot.key.key)


def test_a_key_that_the_exchange_refuses_is_not_switched_to(lab: Lab, bot: Bot) -> None:
    fresh = bot.create(allowlist=["91.198.115.99"])
    bot.declare(fresh)
    before = bot.invocation()
    run = bot.unattended()
    assert "key-accepted" in run.message(HOST)
    assert (names(lab, HOST), bot.holds(), bot.holds("rotated.next")) == (BEFORE, bot.key.key, fresh.key)
    assert bot.invocation() == before
    # Giving up needs no value.
    bot.declare(bot.key)
    run = bot.unattended(abandon=True)
    assert run.returncode == 0, run.output
    assert (names(lab, HOST), bot.holds(), bot.invocation()) == (DONE, bot.key.key, before)


def test_a_service_that_does_not_come_up_gets_the_old_key_back(lab: Lab, bot: Bot) -> None:
    fresh = bot.fresh = bot.create()
    bot.declare(fresh)
    bot.dislike(fresh)
    before = bot.invocation()
    run = bot.unattended()
    assert run.returncode != 0
    *_others, said = failures(run)
    assert said.startswith(f"The new key of rotated was taken back: {UNIT} did not stay up for 2 seconds")
    assert (names(lab, HOST), bot.holds(), bot.holds("rotated.next")) == (BEFORE, bot.key.key, fresh.key)
    after = bot.invocation()
    assert after != before
    bot.trades()
    # It runs with what lies there: the role has nothing to restart.
    again = bot.controller.run(RUN, hosts=HOST, become=True)
    assert again.of(HOST, RUN_SERVICE).status == "ok"
    assert bot.invocation() == after


def test_a_service_with_a_position_is_left_alone_until_it_is_flat(lab: Lab, bot: Bot) -> None:
    bot.declare(bot.key)  # the new key waits on the host: nobody has to give it again
    position = lab.root(HOST) / "var/lib" / BOT / "position"
    position.write_text("long")
    bot.dislike()
    before, fresh = bot.invocation(), bot.fresh.key
    assert bot.holds("rotated.next") == fresh
    run = bot.unattended()
    assert run.returncode != 0
    assert f"{UNIT} is not flat" in failures(run)[-1]
    assert "exchange_credentials_rotate_restart_when to now" in failures(run)[-1]
    assert (bot.holds(), bot.invocation()) == (bot.key.key, before)
    position.unlink()

    # Flat, and the old key is alive: it is kept until it is dead.
    run = bot.unattended()
    assert run.returncode != 0
    assert run.message(HOST).startswith("retired-key-alive (high): Bybit still knows the key, which is retired.")
    assert (names(lab, HOST), bot.holds(), bot.holds("rotated.previous")) == (AFTER, fresh, bot.key.key)
    during = bot.invocation()
    assert during != before
    bot.trades()

    # It does nothing but finish, though the inventory has not heard of the new key.
    bot.revoke(bot.key)
    run = bot.unattended()
    assert run.returncode == 0, run.output
    assert (names(lab, HOST), bot.holds(), bot.invocation()) == (DONE, fresh, during)
    bot.key = bot.fresh


def test_a_restart_by_the_role_waits_for_flat_too(lab: Lab, bot: Bot) -> None:
    position = lab.root(HOST) / "var/lib" / BOT / "position"
    position.write_text("long")
    before = bot.invocation()
    variables = {**SERVICE, "trading_service_memory_max": "512M"}
    another = {**RUN, "vars": variables}
    run = bot.controller.run(another, hosts=HOST, become=True)
    assert "trading_service_restart_when to now" in failures(run)[-1]
    assert bot.invocation() == before
    now = {**RUN, "vars": {**variables, "trading_service_restart_when": "now"}}
    run = bot.controller.run(now, hosts=HOST, become=True)
    assert run.returncode == 0, run.output
    assert bot.invocation() != before
    position.unlink()


class Person:
    """Somebody at a terminal, who answers prompts."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], list(argv), dict(environment))
        self.output = ""
        self.seen = 0

    def read(self, text: str) -> None:
        """Wait until this has been shown after what was waited for last."""
        end = time.monotonic() + 60
        while not (found := re.search(text, self.output[self.seen :])):
            assert time.monotonic() < end, self.output
            assert self._more(), self.output
        self.seen += found.end()

    def _more(self) -> bool:
        if not select.select([self.terminal], [], [], 1)[0]:
            return True
        try:
            data = os.read(self.terminal, 65536)
        except OSError:  # the other end is closed
            return False
        self.output += data.decode(errors="replace")
        return bool(data)

    def answer(self, prompt: str, text: str) -> None:
        """Answer as a person does: Ansible throws away what was typed before it listens."""
        self.read(prompt)
        wait_for(lambda: not termios.tcgetattr(self.terminal)[3] & termios.ICANON, what="Ansible to listen", timeout=10)
        threading.Event().wait(0.2)
        os.write(self.terminal, f"{text}\r".encode())

    def end(self) -> int:
        while self._more():
            pass
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_a_person_is_led_through(lab: Lab, bot: Bot) -> None:
    began = time.time()
    fresh = bot.create()
    bot.declare(bot.key, exchange_credentials_api_keys=[declared_alone()])
    person = Person(*bot.command())
    person.answer("Type rotated to begin", "rotated")
    person.answer("Press Enter when you have it", "")
    person.answer("The new key's id", fresh.key)
    person.answer("The new key's secret", fresh.secret)
    person.read("Delete the OLD key")
    assert bot.holds() == fresh.key
    bot.trades()
    bot.revoke(bot.key)
    person.answer("Press Enter when it is deleted", "")
    assert person.end() == 0, person.output
    assert (names(lab, HOST), bot.holds()) == (DONE, fresh.key)
    assert fresh.secret not in person.output
    bot.key = fresh
    disk = [lab.root(HOST) / top for top in ("etc", "home", "root", "srv", "tmp", "usr/local", "var")]
    assert sweep(Needles.of([fresh.secret]), bot.controller.directory, *disk, newer_than=began) == []


def declared_alone() -> dict[str, Any]:
    """Return the key without values: what an inventory holds that knows no secret."""
    declared = {"label": "rotated", "account": "10000001", "access": "read_write", "products": ["spot"]}
    return {"name": "rotated", "exchange": "bybit", "declared": declared}


KILLS = 8
SEED = 20261122
#: Of a run that is not disturbed, as many tasks come before and after what it does to the host.
FIRST, LAST = 14, 44


def killed(bot: Bot, *, after: int, later: float, on_host: bool) -> None:
    """Rotate, and kill that so many seconds after a number of tasks were begun; ``on_host`` also what they started."""
    argv, environment = bot.command(unattended=True)
    with subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        tasks = 0
        for line in process.stdout or ():
            tasks += line.startswith("TASK [")
            if tasks == after:
                break
        else:
            return  # it ended before
        threading.Event().wait(later)
        os.killpg(process.pid, signal.SIGKILL)
    if on_host:  # nothing else runs Python there without an argument
        bot.lab.execute(HOST, ["pkill", "--signal", "KILL", "--full", "^/usr/bin/python3[.0-9]*$"], check=False)


def test_killed_at_any_instant_the_service_runs_and_the_next_run_completes_it(lab: Lab, bot: Bot) -> None:
    random_numbers = random.Random(SEED)
    instants = [FIRST + int((number + random_numbers.random()) * (LAST - FIRST) / KILLS) for number in range(KILLS)]
    random_numbers.shuffle(instants)
    states: list[tuple[str, ...]] = []
    fresh = bot.create()
    bot.declare(fresh, exchange_credentials_rotate_watch_seconds=1)
    for number, after in enumerate(instants):
        killed(bot, after=after, later=random_numbers.random() * 0.5, on_host=number % 2 == 1)
        held = bot.holds()
        assert held in (bot.key.key, fresh.key)
        wait_for(
            lambda: bot.shown("ActiveState")["ActiveState"] == "active", what=f"{BOT} to run after a kill", timeout=15
        )
        left = [name for name in names(lab, HOST) if not name.startswith(".trading-hosts.")]
        states.append(tuple(left))
        if left == AFTER:  # the old key may be deleted from here on
            assert held == fresh.key
            bot.revoke(bot.key)
        if left == DONE and held == fresh.key:
            bot.key, fresh = fresh, bot.create()
            bot.declare(fresh, exchange_credentials_rotate_watch_seconds=1)
    print(f"after the kills there lay: {states}")
    assert len(set(states)) >= 2, states

    last = bot.unattended()
    if last.returncode != 0:
        assert "retired-key-alive" in last.message(HOST)
        bot.revoke(bot.key)
        last = bot.unattended()
    assert last.returncode == 0, last.output
    assert (names(lab, HOST), bot.holds()) == (DONE, fresh.key)
    bot.trades()
    listed = lab.execute(HOST, ["ls", "-A", f"/{STORE}"]).stdout.split()
    assert listed == DONE
