# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""freqtrade on both releases: foreseen, refused with nothing left behind, upgraded, and taken back.

The tests of this file build on each other, in the order in which they stand here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._tools import remove_tree
from tests.lab._wheelhouse import ensure_wheelhouse
from tests.lab.e2e._freqtrade import CONFIG, FREQTRADE, LOCK, OPT, UNIT, Bot
from tests.lab.e2e._program import WHEELHOUSE
from tests.lab.e2e._support import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab
    from tests.simulator.client import SimulatedKey

OLDER = "2026.8"
_BLOCK = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==.*\n(?:    .*\n)+", re.MULTILINE)
NOTHING = "Nothing else was changed."


def older_requirements() -> str:
    """Return the list of the older version: the role's, with what differs."""
    changed = (Path(__file__).parent / "files" / f"freqtrade-{OLDER}.txt").read_text()
    blocks = {match[1]: match[0] for match in _BLOCK.finditer(changed)}
    kept = [match[0] for match in _BLOCK.finditer(LOCK.read_text()) if match[1] not in blocks]
    return "".join([*kept, *blocks.values()])


@pytest.fixture(scope="module", params=["trixie", "bookworm"])
def bot(lab: Lab, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Bot]:
    made = Bot(lab, tmp_path_factory.mktemp("bot"), suite=request.param)
    made.simulator.reset()
    made.boot(layers=False)
    yield made
    lab.kill(made.host)


@pytest.fixture(scope="module")
def key(bot: Bot) -> SimulatedKey:
    return bot.create_key()


def made(bot: Bot) -> dict[str, Any]:
    """Return what an installation could have left."""
    return listing(bot.lab, bot.host, "opt", "etc/systemd/system", "etc/freqtrade", "var/lib/freqtrade")


def test_a_virgin_host_foresees_it(bot: Bot, key: SimulatedKey) -> None:
    place = bot.give(key)
    before = made(bot)
    run = bot.run(place, FREQTRADE, arguments=["-v", "--check", "--diff"])
    assert run.returncode == 0, run.output
    assert made(bot) == before
    changed = {result.task.rpartition(" : ")[2] for result in run.results if result.status == "changed"}
    assert {
        "place",
        "Install the program and all it needs, each file by its hash",
        "Write the settings",
        "Write the unit",
    } <= changed
    shown = run.of(bot.host, "trading.hosts.python_program : Show what changes in the settings").data["msg"]
    assert '+    "dry_run": false,' in shown
    assert key.secret not in run.output


def spoil(bot: Bot, name: str) -> None:
    (wheel,) = (bot.lab.root(bot.host) / WHEELHOUSE).glob(f"{name}-*")
    with wheel.open("ab") as stream:
        stream.write(b"x")


def remove(bot: Bot, name: str) -> None:
    (wheel,) = (bot.lab.root(bot.host) / WHEELHOUSE).glob(f"{name}-*")
    wheel.unlink()


def test_what_cannot_be_installed_leaves_the_host_as_it_was(bot: Bot) -> None:
    place_full = ["mount", "-t", "tmpfs", "-o", "size=200m,mode=755", "tmpfs", f"/{OPT}"]
    before = made(bot)

    spoil(bot, "ccxt")
    said = bot.failure(bot.run(FREQTRADE))
    assert "has another file for ccxt==4.5.90" in said
    assert said.endswith(NOTHING)

    remove(bot, "ccxt")
    said = bot.failure(bot.run(FREQTRADE))
    assert f"the wheelhouse /{WHEELHOUSE} has no ccxt==4.5.90 for Python 3.1" in said
    bot.bring(bot.wheelhouse)

    bot.write(freqtrade_wheelhouse="")
    said = bot.failure(bot.run(FREQTRADE))
    assert "the package index cannot be reached from this host" in said
    bot.write(freqtrade_wheelhouse=f"/{WHEELHOUSE}")

    root = bot.lab.root(bot.host) / OPT
    assert [entry.name for entry in root.iterdir()] == []
    bot.lab.execute(bot.host, place_full)
    said = bot.failure(bot.run(FREQTRADE))
    assert "needs 1500 MB of disk and /opt/freqtrade has" in said
    bot.lab.execute(bot.host, ["umount", f"/{OPT}"])

    root.rmdir()
    assert {name: entry for name, entry in made(bot).items() if name in before} == before
    assert not (bot.lab.root(bot.host) / "etc/freqtrade").exists()


def test_an_older_version_comes_from_the_controllers_wheelhouse(bot: Bot, key: SimulatedKey) -> None:
    requirements = bot.directory / f"freqtrade-{OLDER}.txt"
    requirements.write_text(older_requirements())
    wheels = ensure_wheelhouse(requirements, suite=bot.spec.suite)
    remove_tree(bot.lab.root(bot.host) / WHEELHOUSE)
    older = {
        "freqtrade_version": OLDER,
        "freqtrade_requirements": str(requirements),
        "freqtrade_wheelhouse": str(wheels),
        "freqtrade_wheelhouse_on": "controller",
    }
    run = bot.run(bot.give(key), {**FREQTRADE, "vars": older})
    assert run.returncode == 0, run.output
    bot.await_synced()
    assert f"version='{OLDER}'" in bot.journal() or f"freqtrade {OLDER}" in bot.journal()
    assert not list((bot.lab.root(bot.host) / "var/tmp").glob("*wheelhouse*"))
    bot.bring(bot.wheelhouse)


def test_a_version_that_does_not_come_up_gives_way_to_the_one_before(bot: Bot, key: SimulatedKey) -> None:
    before = bot.shown("ExecStart")["ExecStart"].partition(" ;")[0]
    assert f"/{OLDER}-" in before
    run = bot.run({**FREQTRADE, "vars": {"freqtrade_arguments": ["--no-such-option"]}})
    said = bot.failure(run)
    assert "has its earlier unit back (ActiveState=active)" in said
    bot.await_synced()
    assert bot.shown("ExecStart")["ExecStart"].partition(" ;")[0] == before
    assert bot.shown("NRestarts") == {"NRestarts": "0"}


def test_the_upgrade_changes_over(bot: Bot, key: SimulatedKey) -> None:
    before = bot.invocation()
    run = bot.run(FREQTRADE)
    assert run.returncode == 0, run.output
    bot.await_synced(other_than=before)
    assert "/2026.9-" in bot.shown("ExecStart")["ExecStart"]
    # The one before stays, and its settings.
    kept = sorted(entry.name.partition("-")[0] for entry in (bot.lab.root(bot.host) / OPT).iterdir())
    assert kept == [OLDER, "2026.9"]
    assert [result.task for result in bot.run(FREQTRADE).results if result.status == "changed"] == []


def test_settings_that_freqtrade_does_not_take_give_way_too(bot: Bot, key: SimulatedKey) -> None:
    # freqtrade ends with status 0 here.
    run = bot.run({**FREQTRADE, "vars": {"freqtrade_config": {**CONFIG, "stake_currency": "NOSUCHCOIN"}}})
    said = bot.failure(run)
    assert "has its earlier unit back (ActiveState=active)" in said
    bot.await_synced()
    assert bot.simulator.requests(exchange="bybit")[-1].code is None
    # So does what somebody changed on the host by hand.
    path = re.search(r"/etc/freqtrade/freqtrade/[0-9a-f]+/config.json", bot.shown("ExecStart")["ExecStart"])
    assert path is not None
    bot.lab.execute(bot.host, ["sed", "-i", "s/USDT/EUR/", path[0]])
    before = bot.invocation()
    assert bot.run(FREQTRADE).returncode == 0
    assert bot.await_synced(other_than=before) != before
    assert UNIT in bot.lab.execute(bot.host, ["systemctl", "list-units", "--state=active", UNIT]).stdout
