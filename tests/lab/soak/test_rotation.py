# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rotation of a key of a service that runs, as a person and as a timer would do it, and what ends it early.

The tests of this file build on each other's host, in the order in which they stand here.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.e2e._person import Person
from tests.lab.e2e._rotation import AFTER, BEFORE, BOT, DONE, RUN, SERVICE, UNIT, Bot, clean
from tests.lab.e2e._support import Run, place
from tests.lab.e2e._sweep import Needles, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

HOST = "alpha"
RUN_SERVICE = "trading.hosts.trading_service : Run it"


@pytest.fixture(scope="module", params=["systemd", "age"])
def bot(request: pytest.FixtureRequest, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    made = Bot(lab, tmp_path_factory.mktemp("rotation"), host=HOST, store=request.param)
    made.build()
    yield made
    clean(lab, HOST)


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
    assert (bot.credentials(), bot.holds(), bot.invocation()) == (DONE, bot.key.key, before)
    seen = bot.simulator.requests(exchange="bybit")[asked:]
    assert {request.label for request in seen} <= {"rotated"}


def test_values_that_cannot_be_right_are_not_sent(lab: Lab, bot: Bot) -> None:
    bot.declare(bot.key, exchange_credentials_rotate_values={"api_key": "KEYKEYKEYKEY", "secret": "KEYKEYKEYKEY"})
    run = bot.unattended()
    assert run.returncode != 0
    assert "equals api_key" in run.output
    assert (bot.credentials(), bot.holds()) == (DONE, bot.key.key)


def test_a_key_that_the_exchange_refuses_is_not_switched_to(lab: Lab, bot: Bot) -> None:
    fresh = bot.create(allowlist=["91.198.115.99"])
    bot.declare(fresh)
    before = bot.invocation()
    run = bot.unattended()
    assert "key-accepted" in run.message(HOST)
    assert (bot.credentials(), bot.holds(), bot.holds("rotated.next")) == (BEFORE, bot.key.key, fresh.key)
    assert bot.invocation() == before
    # Giving up needs no value.
    bot.declare(bot.key)
    run = bot.unattended(abandon=True)
    assert run.returncode == 0, run.output
    assert (bot.credentials(), bot.holds(), bot.invocation()) == (DONE, bot.key.key, before)


def test_a_service_that_does_not_come_up_gets_the_old_key_back(lab: Lab, bot: Bot) -> None:
    fresh = bot.fresh = bot.create()
    bot.declare(fresh)
    bot.dislike(fresh)
    before = bot.invocation()
    run = bot.unattended()
    assert run.returncode != 0
    *_others, said = failures(run)
    assert said.startswith(f"The new key of rotated was taken back: {UNIT} did not stay up for 2 seconds")
    assert (bot.credentials(), bot.holds(), bot.holds("rotated.next")) == (BEFORE, bot.key.key, fresh.key)
    after = bot.invocation()
    assert after != before
    bot.trades()
    # It runs with what lies there: the role has nothing to restart.
    again = bot.controller.run(RUN, hosts=HOST, become=True)
    assert not [result for result in again.results if result.task == RUN_SERVICE and result.status != "skipped"]
    assert again.returncode == 0, again.output
    assert bot.invocation() == after


def test_a_program_that_ends_well_with_the_new_key_runs_again_with_the_old_one(lab: Lab, bot: Bot) -> None:
    gently = lab.root(HOST) / "usr/local/lib/refuse-gently"
    gently.touch()
    run = bot.unattended()
    gently.unlink()
    assert run.returncode != 0
    assert "did not stay up for 2 seconds" in failures(run)[-1]
    assert (bot.credentials(), bot.holds()) == (BEFORE, bot.key.key)
    bot.trades()


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
    assert (bot.credentials(), bot.holds(), bot.holds("rotated.previous")) == (AFTER, fresh, bot.key.key)
    during = bot.invocation()
    assert during != before
    bot.trades()

    # It does nothing but finish, though the inventory has not heard of the new key.
    bot.revoke(bot.key)
    run = bot.unattended()
    assert run.returncode == 0, run.output
    assert (bot.credentials(), bot.holds(), bot.invocation()) == (DONE, fresh, during)
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


def test_the_sealed_copy_is_of_the_key_in_use_and_that_key_is_not_retired(
    bot: Bot, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    recovery = tmp_path_factory.mktemp("operator") / "recovery"
    subprocess.run(["age-keygen", "--output", str(recovery)], check=True, capture_output=True)
    told = subprocess.run(["age-keygen", "-y", str(recovery)], check=True, capture_output=True, text=True)
    escrow: dict[str, Any] = {
        "exchange_credentials_escrow_to": str(tmp_path),
        "exchange_credentials_recipients": [told.stdout.strip()],
    }
    fresh = bot.create()
    bot.declare(fresh, **escrow)
    run = bot.unattended()
    assert "retired-key-alive" in run.message(HOST)
    assert bot.credentials() == AFTER
    copies = tmp_path / HOST
    assert sorted(path.name for path in copies.iterdir()) == ["rotated.age", "rotated.json"]
    opened = subprocess.run(
        ["age", "--decrypt", "--identity", str(recovery), str(copies / "rotated.age")], check=True, capture_output=True
    )
    assert json.loads(opened.stdout)["apiKey"] == fresh.key

    # Somebody's inventory has not heard of it, and brings the old key back.
    for key in (bot.key, fresh):
        bot.declare(key, **escrow)
        fields = {name: f"{{{{ key.{name} }}}}" for name in ("api_key", "secret")}
        bot.controller.run(
            place({"name": "rotated", "format": "ccxt", "fields": fields}, store=bot.store), hosts=HOST, become=True
        )
        assert bot.holds() == key.key
        if key is bot.key:
            run = bot.unattended()
            assert "rotated holds the old key again" in run.message(HOST)
            assert (bot.credentials(), bot.holds("rotated.previous")) == (AFTER, key.key)
    bot.revoke(bot.key)
    run = bot.unattended()
    assert run.returncode == 0, run.output
    assert (bot.files(), bot.holds()) == ([bot.file()], fresh.key)
    bot.key = fresh


def test_a_person_is_led_through(lab: Lab, bot: Bot) -> None:
    began = time.time()
    fresh = bot.create()
    bot.declare(bot.key, exchange_credentials_api_keys=[declared_alone()])
    person = Person(*bot.rotation())
    person.answer("Type rotated to begin", "rotated")
    person.answer("Press Enter when you have it", "")
    person.answer("The new key's id", fresh.key)
    person.answer("The new key's secret", fresh.secret)
    person.read("Delete the OLD key")
    assert bot.holds() == fresh.key
    bot.trades()
    person.answer("Press Enter when it is deleted", "\x03A")
    assert person.end() != 0
    # It was alive, so that its end could be told from a key of another site.
    assert "It is refused already" not in person.output
    bot.revoke(bot.key)
    later = Person(*bot.rotation())
    later.answer("Type rotated to begin", "rotated")
    later.read("Delete the OLD key")
    later.read("It is refused already: deleted before")
    later.answer("Press Enter when it is deleted", "")
    assert later.end() == 0, later.output
    assert (bot.credentials(), bot.holds()) == (DONE, fresh.key)
    assert fresh.secret not in person.output + later.output
    bot.key = fresh
    disk = [lab.root(HOST) / top for top in ("etc", "home", "root", "srv", "tmp", "usr/local", "var")]
    assert sweep(Needles.of([fresh.secret]), bot.controller.directory, *disk, newer_than=began) == []


def declared_alone() -> dict[str, Any]:
    """Return the key without values: what an inventory holds that knows no secret."""
    declared = {"label": "rotated", "account": "10000001", "access": "read_write", "products": ["spot"]}
    return {"name": "rotated", "exchange": "bybit", "declared": declared}
