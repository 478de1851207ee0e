# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role hummingbot, with a wheel that stands in for hummingbot, which PyPI has as source only.

The tests of this file build on each other, in the order in which they stand here.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.e2e._program import WHEELHOUSE, ProgramHost
from tests.lab.e2e._support import listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.lab._lab import Lab
    from tests.simulator.client import SimulatedKey

ROLE = {"name": "hummingbot", "ansible.builtin.include_role": {"name": "trading.hosts.hummingbot"}}
VERSION = "20260922"
FILES = Path(__file__).parent / "files"
PACKAGE = """\
from pathlib import Path
prefix = ""
def root_path():
    return Path(__file__).parents[1]
def set_prefix_path(path):
    global prefix
    prefix = path
"""


def wheel(directory: Path) -> str:
    """Make the wheel that stands in for hummingbot, and return the list that names it by its hash."""
    info = f"hummingbot-{VERSION}.dist-info"
    files = {
        "hummingbot/__init__.py": PACKAGE,
        "hummingbot/connector/__init__.py": "",
        "hummingbot/client/__init__.py": "",
        "hummingbot/client/config/__init__.py": "",
        "hummingbot/client/config/config_crypt.py": (FILES / "hummingbot_crypt.py").read_text(),
        "hummingbot/cli/__init__.py": "",
        "hummingbot/cli/engine.py": (FILES / "hummingbot_engine.py").read_text(),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: hummingbot\nVersion: {VERSION}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    path = directory / f"hummingbot-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as bundle:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            # The same bytes each time, for the kept environment.
            bundle.writestr(zipfile.ZipInfo(name), text)
    return f"hummingbot=={VERSION} \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Hummingbot(ProgramHost):
    """A host with what stands in for hummingbot."""

    program = "hummingbot"
    unit = "hummingbot.service"
    form = "hummingbot"

    def __init__(self, lab: Lab, directory: Path, *, suite: str) -> None:
        wheelhouse = directory / "wheels"
        wheelhouse.mkdir(parents=True)
        lock = directory / "requirements.txt"
        lock.write_text(wheel(wheelhouse))
        super().__init__(lab, directory, suite=suite, lock=lock, wheelhouse=wheelhouse)
        self.variables |= {
            "hummingbot_requirements": str(lock),
            "hummingbot_wheelhouse": f"/{WHEELHOUSE}",
            "hummingbot_credentials": ["bot"],
            "hummingbot_strategy": "pmm.yml",
            "hummingbot_files": {"conf/strategies/pmm.yml": "strategy: pure_market_making\n"},
            "hummingbot_restart_sec": 2,
        }

    def document(self, fields: Mapping[str, str]) -> dict[str, Any]:
        return {**super().document(fields), "exchange": "bybit"}

    def made(self) -> dict[str, Any]:
        return listing(self.lab, self.host, "opt", "etc/systemd/system", "etc/hummingbot", "var/lib/hummingbot")


@pytest.fixture(scope="module")
def bot(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hummingbot]:
    made = Hummingbot(lab, tmp_path_factory.mktemp("h"), suite="trixie")
    made.simulator.reset()
    made.boot(layers=False)
    yield made
    lab.kill(made.host)


@pytest.fixture(scope="module")
def key(bot: Hummingbot) -> SimulatedKey:
    return bot.create_key()


def test_what_cannot_run_is_refused_before_anything_changes(bot: Hummingbot) -> None:
    bot.write()
    before = bot.made()
    script = {"hummingbot_strategy": "", "hummingbot_script": "grid.yml"}
    refused: dict[str, dict[str, Any]] = {
        "must be in hummingbot_files as conf/strategies/...": {"hummingbot_strategy": "other.yml"},
        "needs one credential in hummingbot_credentials ()": {"hummingbot_credentials": []},
        "must name its script as script_file_name": {
            **script,
            "hummingbot_files": {"conf/scripts/grid.yml": "script_file_name: lost.py\n"},
        },
        "hold no secret (conf/conf_client.yml.kill_switch.api_key)": {
            "hummingbot_files": {
                **bot.variables["hummingbot_files"],
                "conf/conf_client.yml": "kill_switch:\n  api_key: NOTSHOWN1\n",
            }
        },
        "not conf/connectors": {
            "hummingbot_files": {**bot.variables["hummingbot_files"], "conf/connectors/bybit.yml": "x: y\n"}
        },
        "hummingbot needs Python 3.12": {"hummingbot_python": "/usr/bin/python2"},
    }
    run, said = bot.refusals(ROLE, refused)
    assert len(said) == len(refused), run.output
    for sentence, message in zip(refused, said, strict=True):
        assert sentence in message
        assert message.endswith(("Nothing was changed.", "nothing was changed."))
    assert "NOTSHOWN1" not in run.output
    assert bot.changed(run) == []
    assert bot.made() == before


def test_its_keys_are_encrypted_in_memory_and_on_no_disk(bot: Hummingbot, key: SimulatedKey) -> None:
    run = bot.run(bot.give(key), ROLE)
    assert run.returncode == 0, run.output
    assert bot.shown("ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}
    journal = bot.journal()
    assert f"bybit: bybit_api_secret of {len(key.secret)} characters" in journal
    assert "hummingbot runs strategy: pure_market_making" in journal
    connectors = bot.lab.root(bot.host) / "var/lib/hummingbot/conf/connectors"
    assert connectors.is_symlink()
    assert str(connectors.readlink()).startswith("/run/hummingbot/")
    assert key.secret not in run.output + journal
    words = bot.lab.execute(bot.host, ["grep", "-rlF", "-e", key.secret, "/var/lib", "/etc", "/opt"], check=False)
    assert words.stdout == ""


def test_a_second_run_changes_nothing(bot: Hummingbot, key: SimulatedKey) -> None:
    before, invocation = bot.made(), bot.invocation()
    for arguments in ((), ("-v", "--check", "--diff")):
        run = bot.run(ROLE, arguments=arguments)
        assert run.returncode == 0, run.output
        assert bot.changed(run) == []
    assert (bot.made(), bot.invocation()) == (before, invocation)


def test_a_strategy_that_does_not_start_gives_way_to_the_one_before(bot: Hummingbot, key: SimulatedKey) -> None:
    broken = {"conf/strategies/pmm.yml": "strategy: broken\n"}
    said = bot.failure(bot.run({**ROLE, "vars": {"hummingbot_files": broken}}))
    assert "has its earlier unit back (ActiveState=active)" in said
    assert "hummingbot runs strategy: pure_market_making" in bot.journal()
    # It was stopped as hummingbot wants to be.
    assert "cancelled all orders" in bot.journal(everything=True)


def test_it_runs_after_a_reboot(bot: Hummingbot, key: SimulatedKey) -> None:
    before = bot.invocation()
    assert bot.lab.reboot(bot.host) == "running"
    assert bot.shown("ActiveState") == {"ActiveState": "active"}
    assert bot.invocation() != before
    assert f"bybit: bybit_api_key of {len(key.key)} characters" in bot.journal()
