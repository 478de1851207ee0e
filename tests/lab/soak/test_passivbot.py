# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role passivbot, with a checkout that stands in for passivbot, which is on no package index.

The tests of this file build on each other, in the order in which they stand here.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._tools import wait_for
from tests.lab.e2e._program import WHEELHOUSE, ProgramHost
from tests.lab.e2e._support import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.lab._lab import Lab
    from tests.simulator.client import SimulatedKey

ROLE = {"name": "passivbot", "ansible.builtin.include_role": {"name": "trading.hosts.passivbot"}}
MAIN = Path(__file__).parent / "files" / "passivbot_main.py"
CONFIG: dict[str, Any] = {"live": {"max_n_restarts_per_day": 10, "leverage": 3}, "bot": {"long": {"n_positions": 2}}}


class Passivbot(ProgramHost):
    """A host with what stands in for passivbot: its checkout, and the wheel of its compiled part."""

    program = "passivbot"
    unit = "passivbot.service"
    form = "passivbot"

    def __init__(self, lab: Lab, directory: Path, *, suite: str) -> None:
        wheelhouse = directory / "wheels"
        wheelhouse.mkdir(parents=True)
        lock = directory / "requirements.txt"
        lock.write_text(rust(wheelhouse))
        super().__init__(lab, directory, suite=suite, lock=lock, wheelhouse=wheelhouse)
        self.checkout = directory / "passivbot"
        (self.checkout / "src").mkdir(parents=True)
        (self.checkout / "notebooks").mkdir()
        (self.checkout / "notebooks" / "large.ipynb").write_text("{}")
        (self.checkout / "broker_codes.hjson").write_text("{}")
        shutil.copy(MAIN, self.checkout / "src" / "main.py")
        self.git("init", "--quiet")
        self.variables |= {
            "passivbot_source": str(self.checkout),
            "passivbot_version": self.commit(),
            "passivbot_requirements": str(lock),
            "passivbot_wheelhouse": f"/{WHEELHOUSE}",
            "passivbot_config": CONFIG,
            "passivbot_account": "grid",
            "passivbot_credentials": ["bot"],
            "passivbot_settle_sec": 5,
            "passivbot_restart_sec": 2,
            "passivbot_restart_max_delay_sec": 0,
        }

    def document(self, fields: Mapping[str, str]) -> dict[str, Any]:
        return {"name": "bot", "format": self.form, "exchange": "bybit", "accounts": {"grid": dict(fields)}}

    def git(self, *words: str) -> str:
        who = ("-c", "user.name=lab", "-c", "user.email=lab@example.invalid", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", "-C", str(self.checkout), *who, *words], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=As it stands")
        return self.git("rev-parse", "HEAD")

    def await_balance(self) -> str:
        return wait_for(
            lambda: self.journal() if "balance 1000" in self.journal() else None, what="the balance", timeout=60
        )


def rust(directory: Path) -> str:
    """Make the wheel of the compiled part, and return the line that pins it."""
    path = directory / "passivbot_rust-0.1.0-py3-none-any.whl"
    info = "passivbot_rust-0.1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("passivbot_rust.py", 'VERSION = "0.1.0"\n')
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: passivbot-rust\nVersion: 0.1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"passivbot_rust.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return f"passivbot-rust==0.1.0 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture(scope="module", params=["trixie", "bookworm"])
def bot(lab: Lab, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Passivbot]:
    made = Passivbot(lab, tmp_path_factory.mktemp("bot"), suite=request.param)
    made.simulator.reset()
    made.boot(layers=False)
    yield made
    lab.kill(made.host)


@pytest.fixture(scope="module")
def key(bot: Passivbot) -> SimulatedKey:
    """The key that the bot has."""
    return bot.create_key()


def made(bot: Passivbot) -> dict[str, Any]:
    """Return what the role could have left."""
    return listing(bot.lab, bot.host, "opt", "etc/systemd/system", "etc/passivbot", "var/lib/passivbot", "var/tmp")


def test_a_virgin_host_foresees_it(bot: Passivbot, key: SimulatedKey) -> None:
    place = bot.give(key)
    before = made(bot)
    run = bot.run(place, ROLE, arguments=["-v", "--check", "--diff"])
    assert run.returncode == 0, run.output
    assert made(bot) == before
    changed = {task.rpartition(" : ")[2] for task in bot.changed(run)}
    assert {"place", "Write the settings", "Unpack the commit", "Write the unit"} <= changed
    assert key.secret not in run.output


def test_what_cannot_run_is_refused_before_anything_changes(bot: Passivbot, tmp_path: Path) -> None:
    bare = tmp_path / "bare.txt"
    bare.write_text("ccxt==4.5.66 --hash=sha256:00\n")
    before = made(bot)
    with_key = {**CONFIG, "live": {"api_key": "NOTSHOWN12345"}}
    refused: dict[str, dict[str, Any]] = {
        "passivbot_config holds live.api_key": {"passivbot_config": with_key},
        "must not ask for debug": {"passivbot_arguments": ["--log-level", "debug"]},
        "must name one placed credential": {"passivbot_credentials": []},
        "does not list passivbot-rust": {"passivbot_requirements": str(bare)},
        "has the commit v99": {"passivbot_version": "v99"},
        f"passivbot_source {tmp_path} is no git checkout": {"passivbot_source": str(tmp_path)},
    }
    run, said = bot.refusals(ROLE, refused)
    assert len(said) == len(refused), run.output
    for sentence, message in zip(refused, said, strict=True):
        assert sentence in message
        assert message.endswith(("Nothing was changed.", "nothing was changed."))
    assert "NOTSHOWN12345" not in run.output
    assert bot.changed(run) == []
    assert made(bot) == before
    # Another file than the one whose hash is listed.
    (wheel,) = (bot.lab.root(bot.host) / WHEELHOUSE).glob("*.whl")
    with wheel.open("ab") as stream:
        stream.write(b"x")
    message = bot.failure(bot.run(ROLE))
    assert "has another file for passivbot-rust" in message
    assert message.endswith("Nothing else was changed.")
    assert not (bot.lab.root(bot.host) / "etc/passivbot").exists()
    bot.bring(bot.wheelhouse)


def test_it_reads_its_balance_with_the_placed_key(bot: Passivbot, key: SimulatedKey) -> None:
    (bot.checkout / "src" / "main.py").write_text("raise SystemExit('what nobody committed is not brought')\n")
    run = bot.run(bot.give(key), ROLE)
    assert run.returncode == 0, run.output
    journal = bot.await_balance()
    assert "passivbot_rust 0.1.0, broker codes True, max_n_restarts_per_day 10, skip true" in journal
    assert bot.answers(key) == {None}
    for secret in (key.key, key.secret):
        assert secret not in journal + run.output
    # Its key is a link to memory, its caches are in its own directory, and what it does not need is not there.
    root = bot.lab.root(bot.host)
    assert (root / "var/lib/passivbot/api-keys.json").is_symlink()
    assert (root / "var/lib/passivbot/caches/bybit/markets.json").is_file()
    (commit,) = (root / "opt/passivbot/commits").iterdir()
    assert sorted(entry.name for entry in commit.iterdir()) == ["broker_codes.hjson", "src"]
    assert not list((root / "var/tmp").glob("*.tar"))


def test_a_second_run_changes_nothing(bot: Passivbot, key: SimulatedKey) -> None:
    before = bot.invocation()
    run = bot.run(ROLE)
    assert run.returncode == 0, run.output
    assert bot.changed(run) == []
    assert bot.invocation() == before


def test_a_commit_that_does_not_come_up_gives_way_to_the_one_before(bot: Passivbot) -> None:
    before = bot.shown("ExecStart")["ExecStart"].partition(" ;")[0]
    broken = bot.commit()
    message = bot.failure(bot.run({**ROLE, "vars": {"passivbot_version": broken}}))
    assert "has its earlier unit back (ActiveState=active)" in message
    bot.await_balance()
    assert bot.shown("ExecStart")["ExecStart"].partition(" ;")[0] == before


def test_another_commit_changes_over(bot: Passivbot) -> None:
    shutil.copy(MAIN, bot.checkout / "src" / "main.py")
    (bot.checkout / "broker_codes.hjson").write_text('{"bybit": "x"}')
    now = bot.commit()
    bot.git("tag", "v9")
    run = bot.run({**ROLE, "vars": {"passivbot_version": "v9"}})
    assert run.returncode == 0, run.output
    bot.await_balance()
    assert f"/commits/{now[:12]}/src/main.py" in bot.shown("ExecStart")["ExecStart"]
    # The youngest of those before stays.
    assert len(list((bot.lab.root(bot.host) / "opt/passivbot/commits").iterdir())) == 2


def test_one_that_gives_up_is_started_again(bot: Passivbot, key: SimulatedKey) -> None:
    at_home = bot.lab.public_addresses(bot.host)[0]
    bot.simulator.update_key(key, allowlist=["91.198.115.199"])
    bot.lab.execute(bot.host, ["systemctl", "restart", bot.unit])
    wait_for(lambda: "fatal: 10010" in bot.journal(everything=True), what="its end", timeout=60)
    bot.simulator.update_key(key, allowlist=[at_home])
    bot.await_balance()
    assert int(bot.shown("NRestarts")["NRestarts"]) > 0
