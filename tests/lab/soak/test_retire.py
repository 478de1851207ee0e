# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that goes out of service: nothing is forgotten, and no address let go, before its key is dead.

The tests of this file build on each other's host, in the order in which they stand here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab.e2e._person import Person
from tests.lab.e2e._rotation import DONE, UNIT, Bot, clean
from tests.lab.e2e._support import place
from tests.lab.e2e._sweep import Needles, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab
    from tests.lab.e2e._support import Run

HOST = "beta"
SERVICES = {"trading_host_services": [{"name": "rotated-bot"}]}


@pytest.fixture(scope="module", params=["systemd", "age"])
def bot(request: pytest.FixtureRequest, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    made = Bot(lab, tmp_path_factory.mktemp("retired"), host=HOST, store=request.param)
    made.build()
    made.declare(made.key, **SERVICES)
    yield made
    clean(lab, HOST)


def retire(bot: Bot, *words: str) -> Run:
    return bot.controller.playbook("trading.hosts.retire", "--limit", HOST, *words)


def test_nobody_confirms(bot: Bot) -> None:
    before = bot.invocation()
    for words in ((), ("-e", "retire_confirm=alpha")):
        run = retire(bot, *words)
        assert run.returncode != 0
        assert f"Nobody typed {HOST}, so nothing was done" in run.message(HOST)
    assert (bot.invocation(), bot.credentials()) == (before, DONE)


def test_check_mode_tells_and_does_nothing(bot: Bot) -> None:
    before = bot.invocation()
    run = retire(bot, "--check")
    assert run.returncode == 0, run.output
    assert run.of(HOST, "trading.hosts.exchange_credentials : Remove the credentials").status == "changed"
    assert "may be released" not in run.output
    assert (bot.invocation(), bot.credentials()) == (before, DONE)


def test_a_key_that_nobody_declares_is_not_forgotten(lab: Lab, bot: Bot) -> None:
    """Nobody could ask about it, so nobody could say that it is dead."""
    fields = {name: f"{{{{ key.{name} }}}}" for name in ("api_key", "secret")}
    stray = place({"name": "stray", "format": "ccxt", "fields": fields}, store=bot.store)
    assert bot.controller.run(stray, hosts=HOST, become=True).returncode == 0
    before = bot.invocation()
    run = retire(bot, "-e", f"retire_confirm={HOST}")
    assert run.returncode != 0
    assert run.message(HOST).startswith("stray holds an API key that exchange_credentials_documents does not name")
    assert (bot.invocation(), bot.credentials()) == (before, [*DONE, "stray"])
    gone = place({"name": "stray", "state": "absent"}, store=bot.store)
    assert bot.controller.run(gone, hosts=HOST, become=True).returncode == 0


def test_a_service_with_a_position_goes_on(lab: Lab, bot: Bot) -> None:
    position = lab.root(HOST) / "var/lib/rotated-bot/position"
    position.write_text("long")
    before = bot.invocation()
    run = retire(bot, "-e", f"retire_confirm={HOST}")
    assert run.returncode != 0
    assert "is not flat" in run.output
    assert (bot.invocation(), bot.credentials()) == (before, DONE)
    position.unlink()


def test_a_key_that_is_alive_is_kept_and_no_address_is_let_go(bot: Bot) -> None:
    run = retire(bot, "-e", f"retire_confirm={HOST}")
    assert run.returncode != 0
    assert run.message(HOST).startswith(f"Do not release the addresses of {HOST}: retired-key-alive: Bybit still knows")
    assert "may be released" not in run.output
    assert bot.shown("ActiveState", "UnitFileState") == {"ActiveState": "inactive", "UnitFileState": "disabled"}
    assert (bot.credentials(), bot.holds()) == (DONE, bot.key.key)


def test_a_key_that_nobody_can_ask_about_is_not_dead(bot: Bot) -> None:
    bot.simulator.fault("bybit", "status", status=503)
    try:
        run = retire(bot, "-e", f"retire_confirm={HOST}")
    finally:
        bot.simulator.clear_faults()
    assert run.returncode != 0
    assert "Do not release" in run.message(HOST)
    assert bot.credentials() == DONE


def test_a_person_is_told_which_key_is_refused_before_it_was_deleted(bot: Bot) -> None:
    for refused in (False, True):
        if refused:
            bot.revoke(bot.key)
        person = Person(*bot.controller.playbook_command("trading.hosts.retire", "--limit", HOST))
        person.answer(f"Type {HOST} to begin", HOST)
        person.answer("Press Enter when all of them are deleted", "\x03A")
        assert person.end() != 0
        assert ("It is refused already: deleted before" in person.output) == refused
        assert "Nobody could see whether it is alive" not in person.output
        assert bot.credentials() == DONE


def test_a_person_is_told_that_nobody_has_seen_a_key_alive(bot: Bot) -> None:
    bot.simulator.fault("bybit", "status", status=503)
    try:
        person = Person(*bot.controller.playbook_command("trading.hosts.retire", "--limit", HOST))
        person.answer(f"Type {HOST} to begin", HOST)
        person.answer("Press Enter when all of them are deleted", "\x03A")
        assert person.end() != 0
    finally:
        bot.simulator.clear_faults()
    assert "Nobody could see whether it is alive. See on that page" in person.output


def test_a_dead_key_is_forgotten_and_only_then_the_address_may_go(lab: Lab, bot: Bot) -> None:
    bot.revoke(bot.key)
    run = retire(bot, "-e", f"retire_confirm={HOST}")
    assert run.returncode == 0, run.output
    said = run.of(HOST, "trading.hosts.exchange_credentials : Say what may be let go").data["msg"]
    assert said.startswith(f"{HOST} is out of service: its services are stopped, its keys are dead and gone.")
    assert lab.public_addresses(HOST)[0] in said
    assert "Without a person nobody has seen these keys alive before" in said
    assert bot.credentials() == []
    again = retire(bot, "-e", f"retire_confirm={HOST}")
    assert again.returncode == 0, again.output
    assert [result.task for result in again.results if result.status == "changed"] == []
    assert lab.execute(HOST, ["systemctl", "is-enabled", UNIT], check=False).stdout.strip() == "disabled"
    disk = [lab.root(HOST) / top for top in ("etc", "home", "root", "srv", "tmp", "usr/local", "var")]
    assert sweep(Needles.of(bot.secrets), bot.controller.directory, *disk) == []
    assert not any(secret in run.output + again.output for secret in bot.secrets)
