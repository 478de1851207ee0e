# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""jesse, unmodified from PyPI, as a service with its PostgreSQL: as far as it goes without its licensed plugin.

The tests of this file build on each other, in the order in which they stand here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.collection import CHECKOUT
from tests.lab._debs import ensure_debs
from tests.lab._spec import HostSpec
from tests.lab.e2e._program import ProgramHost
from tests.lab.e2e._support import Controller, decrypt, listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

SPEC = HostSpec(
    name="jesse12", number=22, suite="bookworm", public_v4="91.198.115.122", public_v6="2a02:ec80:700:1::122"
)
LOCK = CHECKOUT / "roles" / "jesse" / "files" / "jesse-3.5.3.txt"
JESSE = {"name": "jesse", "ansible.builtin.include_role": {"name": "trading.hosts.jesse"}}
STRATEGY = '''
from jesse.strategies import Strategy


class Calm(Strategy):
    """It never trades."""

    def should_long(self):
        return False

    def go_long(self):
        pass

    def should_cancel_entry(self):
        return True
'''
#: Ask the dashboard's interface as a browser does; the password comes by standard input.
ASK = """
import http.client, json, sys
connection = http.client.HTTPConnection("127.0.0.1", 9000, timeout=20)
def ask(method, path, content=None, **headers):
    connection.request(method, path, json.dumps(content), {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read() or "null")
refused = ask("POST", "/auth/login", {"password": "wrong"})[0]
status, token = ask("POST", "/auth/login", {"password": sys.stdin.read()})
print(json.dumps([refused, status, ask("GET", "/strategy/all", Authorization=token["auth_token"])]))
"""


class Jesse(ProgramHost):
    program = "jesse"
    unit = "jesse.service"
    form = "jesse"

    def __init__(self, lab: Lab, directory: Path) -> None:
        super().__init__(lab, directory, suite="bookworm", lock=LOCK)
        self.spec, self.host = SPEC, SPEC.name
        strategy = directory / "strategies" / "Calm" / "__init__.py"
        strategy.parent.mkdir(parents=True)
        strategy.write_text(STRATEGY)
        self.variables = {
            "jesse_strategies": [str(strategy.parent)],
            "jesse_wheelhouse": "/srv/wheelhouse",
            "jesse_restart_sec": 2,
        }

    def boot(self, *, layers: bool = True) -> None:
        packages = ensure_debs(["postgresql"], suite=SPEC.suite)
        kept = [self.layer] if layers and self.layer.is_dir() else []
        assert self.lab.add_guest(self.spec, layers=[packages, *kept]) == "running"
        if not kept:
            self.bring(self.wheelhouse)
        self.controller = Controller(self.lab, self.directory, pipelining=True, guests=True)
        self.write()

    def execute(self, *argv: str, check: bool = True) -> str:
        return self.lab.execute(self.host, list(argv), check=check).stdout

    def sql(self, query: str, *, user: str = "postgres", database: str = "jesse") -> str:
        argv = [
            "runuser",
            "--user",
            user,
            "--",
            "psql",
            "--no-psqlrc",
            "-tA",
            f"--dbname={database}",
            f"--command={query}",
        ]
        return self.execute(*argv).strip()

    def listeners(self) -> list[str]:
        """Return where programs of this host listen, without its SSH."""
        lines = self.execute("ss", "--no-header", "--numeric", "--listening", "--tcp").splitlines()
        return [address for address in (line.split()[3] for line in lines) if not address.endswith(":22")]

    def made(self) -> dict[str, Any]:
        return listing(self.lab, self.host, "opt/jesse", "etc/systemd/system", "etc/jesse", "etc/credstore.encrypted")


@pytest.fixture(scope="module")
def jesse(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jesse]:
    made = Jesse(lab, tmp_path_factory.mktemp("j"))
    made.boot()
    yield made
    lab.kill(made.host)


def test_what_cannot_run_is_refused_before_anything_changes(jesse: Jesse) -> None:
    before = jesse.made()
    refused: dict[str, dict[str, Any]] = {
        "no list with hashes for jesse 1.0, only for 3.5.3": {"jesse_version": "1.0"},
        "jesse_config holds TELEGRAM_TOKEN, which is a secret": {"jesse_config": {"TELEGRAM_TOKEN": "NOTSHOWN1"}},
        "none of them APP_HOST": {"jesse_config": {"APP_HOST": "0.0.0.0"}},
        "must be a directory on the controller": {"jesse_strategies": ["/nowhere/Lost"]},
        "jesse_port 22 one from 1024": {"jesse_port": 22},
        "must be there, or jesse_postgresql_packages name it": {"jesse_postgresql_packages": []},
    }
    run, said = jesse.refusals(JESSE, refused)
    assert len(said) == len(refused), run.output
    for sentence, message in zip(refused, said, strict=True):
        assert sentence in message
        assert message.endswith("Nothing was changed.")
    assert "NOTSHOWN1" not in run.output
    assert jesse.changed(run) == []
    assert jesse.made() == before


def test_a_virgin_host_foresees_it(jesse: Jesse) -> None:
    before = jesse.made()
    run = jesse.run(JESSE, arguments=["-v", "--check", "--diff"])
    assert run.returncode == 0, run.output
    changed = {name.rpartition(" : ")[2] for name in jesse.changed(run)}
    assert {"Write the settings", "Foresee a database", "Make a password", "Write the unit"} <= changed
    assert jesse.made() == before
    assert not (jesse.lab.root(jesse.host) / "usr/bin/psql").exists()


def test_it_runs_with_its_database_and_answers_who_has_the_password(jesse: Jesse) -> None:
    run = jesse.run(JESSE)
    assert run.returncode == 0, run.output
    jesse.keep()
    shown = jesse.shown("ActiveState", "NRestarts", "MemoryMax")
    assert shown == {"ActiveState": "active", "NRestarts": "0", "MemoryMax": str(2 * 2**30)}
    # Its tables are in a database of its own, which its own user alone opens, and without a password.
    assert "exchangeapikeys" in jesse.sql(r"\dt", user="jesse").replace("_", "")
    assert jesse.sql("SELECT rolpassword IS NULL AND NOT rolsuper FROM pg_authid WHERE rolname = 'jesse'") == "t"
    assert jesse.sql("SELECT datacl::text FROM pg_database WHERE datname = 'jesse'") == "{jesse=CTc/jesse}"
    # Nobody outside of the host reaches any of it.
    assert {address.rpartition(":")[0] for address in jesse.listeners()} <= {"127.0.0.1", "[::1]"}
    password = decrypt(jesse.lab, jesse.host, "jesse-password")
    assert len(password) == 43
    done = jesse.lab.execute(jesse.host, ["/usr/bin/python3", "-c", ASK], text_input=password)
    assert json.loads(done.stdout) == [401, 200, [200, {"status": "success", "strategies": ["Calm"]}]]
    settings = "".join(path.read_text() for path in (jesse.lab.root(jesse.host) / "etc/jesse").rglob("*.env"))
    journal = jesse.execute("journalctl", "--output=cat", "--no-pager", "--unit=jesse.service")
    for text in (run.output, settings, journal, jesse.execute("systemctl", "cat", "jesse.service")):
        assert password not in text


def test_a_second_run_changes_nothing(jesse: Jesse) -> None:
    before, invocation = jesse.made(), jesse.shown("InvocationID")
    for arguments in ([], ["-v", "--check", "--diff"]):
        run = jesse.run(JESSE, arguments=arguments)
        assert run.returncode == 0, run.output
        assert jesse.changed(run) == []
    assert (jesse.made(), jesse.shown("InvocationID")) == (before, invocation)


def test_settings_with_which_it_does_not_come_up_give_way(jesse: Jesse) -> None:
    run = jesse.run({**JESSE, "vars": {"jesse_config": {"DASHBOARD_URL": "no origin"}}})
    assert "has its earlier unit back (ActiveState=active)" in jesse.failure(run)
    assert jesse.shown("ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}


def test_a_database_that_others_could_reach_is_refused(jesse: Jesse) -> None:
    jesse.sql("ALTER SYSTEM SET listen_addresses = '*'")
    jesse.execute("systemctl", "restart", "postgresql")
    run = jesse.run(JESSE)
    assert "PostgreSQL of this host listens on *, which others can reach" in jesse.failure(run)
    assert jesse.changed(run) == []
    jesse.sql("ALTER SYSTEM RESET listen_addresses")
    jesse.execute("systemctl", "restart", "postgresql")


def test_it_is_up_after_a_reboot(jesse: Jesse) -> None:
    before = jesse.shown("InvocationID")
    assert jesse.lab.reboot(jesse.host) == "running"
    run = jesse.run(JESSE)
    assert run.returncode == 0, run.output
    assert jesse.changed(run) == []
    assert jesse.shown("InvocationID") != before
    assert jesse.shown("ActiveState") == {"ActiveState": "active"}
