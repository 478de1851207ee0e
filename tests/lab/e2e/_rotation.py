# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service on a host, the key that it uses, and a controller that rotates it; and kills in the middle of that."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lab import demo
from tests.lab._simulator import STATE_DIR
from tests.lab._tools import wait_for
from tests.lab.e2e._support import (
    HOSTS,
    IDENTITY,
    STORE,
    Controller,
    Run,
    decrypt,
    drop_connections,
    names,
    place,
    virgin,
)
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import SimulatedKey, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pytest

    from tests.lab._lab import Lab

BOT = "rotated-bot"
UNIT = f"{BOT}.service"
BALANCE = Path(demo.__path__[0]) / "files" / "balance.py"
#: Runs the demo's program, but not with a key that it does not like.
PICKY = """
import json, pathlib, runpy, sys
refused = pathlib.Path("/usr/local/lib/refused-keys")
if refused.exists() and json.load(open(sys.argv[1]))["apiKey"] in refused.read_text():
    print("this key does not suit", flush=True)
    sys.exit(0 if pathlib.Path("/usr/local/lib/refuse-gently").exists() else 1)
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
DONE = ["rotated"]
BEFORE = ["rotated", "rotated.next"]
AFTER = ["rotated", "rotated.previous"]


class Bot:
    """A service on a host, the key that it uses, and a controller that rotates it."""

    def __init__(self, lab: Lab, directory: Path, *, host: str, store: str) -> None:
        self.lab = lab
        self.host = host
        self.store = store
        self.simulator = Simulator.attach(STATE_DIR)
        self.controller = Controller(lab, directory, user="deploy", pipelining=True)
        self.revoked: set[str] = set()
        self.secrets: list[str] = []
        self.key = self.create()
        #: The one that is to take its place.
        self.fresh = self.key

    def build(self) -> None:
        """Place the key and run the service, on a host on which none of this was ever done."""
        clean(self.lab, self.host)
        self.declare(self.key)
        fields = {name: f"{{{{ key.{name} }}}}" for name in ("api_key", "secret")}
        placed = place({"name": "rotated", "format": "ccxt", "fields": fields}, store=self.store)
        run = self.controller.run(*BUILD, placed, RUN, hosts=self.host, become=True)
        assert run.returncode == 0, run.output
        self.trades()

    def create(self, **changes: Any) -> SimulatedKey:
        """Create a key on the exchange as a person would."""
        given: dict[str, Any] = {
            "permissions": "spot-trade",
            "allowlist": self.lab.public_addresses(self.host)[:1],
            "label": "rotated",
            "account_id": "10000001",
            "parent_id": "10000000",
            "created_at": int((time.time() - 86400) * 1000),
        }
        key = self.simulator.create_key("bybit", **{**given, **changes})
        self.secrets.append(key.secret)
        return key

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
                "exchange_credentials_store": self.store,
                "key": entry,
                **variables,
            },
            hosts=[self.host],
        )

    def rotation(self, **settings: Any) -> tuple[list[str], dict[str, str]]:
        """Return the words and the environment by which a person rotates."""
        return self.controller.playbook_command("trading.hosts.rotate", *self._words(settings))

    def rotate(self, **settings: Any) -> Run:
        """Run the playbook without a terminal."""
        return self.controller.playbook("trading.hosts.rotate", *self._words(settings))

    def _words(self, settings: Mapping[str, Any]) -> list[str]:
        # As people write them, so that each is text.
        given = [
            word for name, value in settings.items() for word in ("-e", f"exchange_credentials_rotate_{name}={value}")
        ]
        return ["--limit", self.host, *given]

    def unattended(self, **settings: Any) -> Run:
        return self.rotate(unattended=True, **settings)

    def shown(self, *properties: str) -> dict[str, str]:
        lines = self.lab.execute(self.host, ["systemctl", "show", f"--property={','.join(properties)}", UNIT]).stdout
        return dict(line.split("=", 1) for line in lines.splitlines())

    def invocation(self) -> str:
        told = self.shown("ActiveState", "InvocationID")
        assert told["ActiveState"] == "active", told
        return told["InvocationID"]

    def reads_its_balance(self) -> bool:
        """Whether the service runs, and the last thing that its present run has said is its balance."""
        told = self.shown("ActiveState", "InvocationID")
        match = f"_SYSTEMD_INVOCATION_ID={told['InvocationID']}"
        argv = ["journalctl", "--boot", "--output", "cat", "--no-pager", "--lines", "1", match]
        last = self.lab.execute(self.host, argv).stdout
        return told["ActiveState"] == "active" and last == "balance 1000 USDT\n"

    def trades(self) -> None:
        """Wait until the exchange accepts what the service runs with."""
        wait_for(self.reads_its_balance, what=f"{BOT} on {self.host} to read its balance", timeout=30)

    def holds(self, name: str = "rotated") -> str:
        """Return the id of the key that a credential holds, by the store's own program."""
        if self.store == "age":
            argv = ["age", "--decrypt", "--identity", f"/{IDENTITY}", f"/{STORE}/{name}.age"]
            text = self.lab.execute(self.host, argv).stdout
        else:
            text = decrypt(self.lab, self.host, name)
        return str(json.loads(text)["apiKey"])

    def file(self, name: str = "rotated") -> str:
        """Return the name of a credential's file."""
        return f"{name}.age" if self.store == "age" else name

    def files(self) -> list[str]:
        """Return all that is in the credentials' directory but notes of what is there."""
        there = names(self.lab, self.host)
        notes = {f".trading-hosts.{name}.notes" for name in there}
        return [name for name in there if name not in notes]

    def credentials(self) -> list[str]:
        """Return the names of the credentials that are there."""
        return [name.removesuffix(".age") for name in self.files() if not name.startswith(".trading-hosts.")]

    def dislike(self, *keys: SimulatedKey) -> None:
        path = self.lab.root(self.host) / "usr/local/lib/refused-keys"
        path.write_text(" ".join(key.key for key in keys))

    def revoke(self, key: SimulatedKey) -> None:
        self.revoked.add(key.key)
        self.simulator.update_key(key, revoked=True)


def clean(lab: Lab, host: str) -> None:
    """Make a host on which none of this was ever done."""
    units = [f"/etc/systemd/system/{BOT}{suffix}.service" for suffix in ("", "-flat")]
    files = [f"/usr/local/lib/{name}" for name in ("refused-keys", "refuse-gently", "picky.py", "balance.py")]
    lab.execute(host, ["systemctl", "disable", "--quiet", "--now", UNIT], check=False)
    lab.execute(host, ["userdel", BOT], check=False)
    lab.execute(host, ["rm", "--recursive", "--force", *units, *files, f"/var/lib/{BOT}"])
    lab.execute(host, ["systemctl", "daemon-reload"])
    virgin(lab, host)


@contextlib.contextmanager
def built(lab: Lab, directories: pytest.TempPathFactory) -> Iterator[list[Bot]]:
    """Give a service on each host, one for each store, made side by side."""
    pairs = zip(HOSTS, ("systemd", "age"), strict=True)
    bots = [Bot(lab, directories.mktemp(host), host=host, store=store) for host, store in pairs]
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(Bot.build, bots))
        yield bots
    finally:
        for host in HOSTS:
            clean(lab, host)


#: So many tasks begin after a run has seen how far it is, when nobody disturbs it.
TASKS = 50
_LOOKS = "TASK [trading.hosts.exchange_credentials : See how far it is]"
#: What is done to a rotation: its controller is killed, that and all that it has begun on the host, the host's power is
#: cut.
CONTROLLER, MODULE, POWER = "controller", "controller and module", "power"
_MOST_ATTEMPTS = 5


@dataclass(frozen=True)
class Disturbed:
    """What a kill has left on a host: the credentials, and whether there was something unfinished beside them."""

    host: str
    kind: str
    credentials: tuple[str, ...]
    leftovers: bool


@contextlib.contextmanager
def _person(bot: Bot, old: SimulatedKey) -> Iterator[None]:
    """Delete the old key on the exchange as soon as the new one is in use, as somebody does who was told so."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            if bot.credentials() == AFTER:
                bot.revoke(old)
                return

    with concurrent.futures.ThreadPoolExecutor() as pool:
        watching = pool.submit(watch)
        try:
            yield
        finally:
            ended.set()
        watching.result()


def _disturb(bot: Bot, *, kind: str, after: int, later: float) -> bool:
    """Rotate, and disturb that so many seconds after a number of tasks have begun; False where it ended before."""
    argv, environment = bot.rotation(unattended=True)
    with subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        begun = -1
        output = []
        for line in process.stdout or ():
            output.append(line)
            begun += line.startswith("TASK [") and (begun >= 0 or line.startswith(_LOOKS))
            if begun == after:
                break
        else:
            assert process.wait() == 0, "".join(output)
            return False
        threading.Event().wait(later)
        if kind == POWER:
            bot.lab.kill(bot.host)
            assert bot.lab.boot(bot.host) == "running"
            # The controller sees its connection end. When that comes between two tasks it may well go on afterwards.
            process.communicate(timeout=120)
            drop_connections()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    if kind == MODULE:  # nothing else runs Python there without an argument
        bot.lab.execute(bot.host, ["pkill", "--signal", "KILL", "--full", "^/usr/bin/python3[.0-9]*$"], check=False)
    return True


def _see(bot: Bot, *, kind: str, old: SimulatedKey, fresh: SimulatedKey) -> Disturbed:
    """Check that the host holds a key that opens and that the exchange accepts, and that the service runs with one."""
    held = bot.holds()
    assert held in {old.key, fresh.key} - bot.revoked, (kind, bot.files())
    credentials = bot.credentials()
    seen = Disturbed(bot.host, kind, tuple(credentials), len(bot.files()) > len(credentials))
    bot.trades()
    return seen


def _rotations(bot: Bot, *, kinds: list[str], longest: int, random_numbers: random.Random) -> list[Disturbed]:
    """Rotate again and again, disturb that in each of these ways, and check that the next run that may ends well.

    Up to ``longest`` runs of one rotation are disturbed before one is let be.
    """
    seen: list[Disturbed] = []
    attempts = 0
    while kinds:
        old, fresh = bot.key, bot.create()
        bot.declare(fresh, exchange_credentials_rotate_watch_seconds=1)
        for _turn in range(random_numbers.randint(1, longest)):
            # One that ended before is made up for, earlier.
            after = int(random_numbers.random() * TASKS * 0.6**attempts)
            with _person(bot, old):
                disturbed = bool(kinds) and _disturb(
                    bot, kind=kinds[-1], after=after, later=random_numbers.random() * 0.5
                )
            if not disturbed:
                attempts += 1
                assert attempts < _MOST_ATTEMPTS
                break
            attempts = 0
            seen.append(_see(bot, kind=kinds.pop(), old=old, fresh=fresh))
            print(f"{seen[-1]} after {after} tasks")
        with _person(bot, old):
            last = bot.unattended()
        assert last.returncode == 0, last.output
        assert bot.files() == [bot.file()]
        assert bot.holds() == fresh.key
        bot.trades()
        bot.key = fresh
    return seen


def disturb_and_judge(
    bots: Sequence[Bot], *, kills: int, cuts: int, longest: int, random_numbers: random.Random
) -> list[Disturbed]:
    """Do all of it, on all hosts side by side, and look for plain text afterwards. Each bot gets its share."""
    began = time.time()
    kinds = [[POWER] * (cuts // len(bots)) + [CONTROLLER, MODULE] * (kills // len(bots) // 2) for _bot in bots]
    seeds = [random_numbers.random() for _bot in bots]

    def work(bot: Bot, mine: list[str], seed: float) -> list[Disturbed]:
        chosen = random.Random(seed)
        chosen.shuffle(mine)
        return _rotations(bot, kinds=mine, longest=longest, random_numbers=chosen)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        seen = [each for found in pool.map(work, bots, kinds, seeds) for each in found]
    for state, number in sorted(Counter((each.credentials, each.leftovers) for each in seen).items()):
        print(f"{number} times there lay {', '.join(state[0])}{' and something unfinished' if state[1] else ''}")
    assert len(seen) == kills + cuts
    for bot in bots:
        disk = [bot.lab.root(bot.host) / top for top in ("etc", "home", "root", "srv", "tmp", "usr/local", "var")]
        assert sweep(Needles.of(bot.secrets), bot.controller.directory, *disk, newer_than=began) == []
        assert not [path for top in disk for path in top.glob("**/.ansible/tmp/*")]
    return seen
