# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``audit`` as Ansible runs it: whoever is down or left out, every key of the inventory is in its report.

Nothing is asked of anybody: the only IP source is a port of this machine that nobody listens on, and the keys are of
exchanges that are never asked, or not without more than is known of the key.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab.ansible import Project, ansible_playbook
from tests.unit.module_utils._exposed.build import pair

KEY = {"name": "grid", "exchange": "other", "declared": {"ccxt_id": "weex", "access": "read"}}
HERE = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two hosts that are this machine, and one that nobody reaches."""
    made = Project(tmp_path)
    hosts = {"here": HERE, "also": HERE, "down": {"ansible_host": "127.0.0.1", "ansible_port": 1}}
    variables = {
        # It needs root for nothing that is asked here.
        "ansible_become": False,
        "audit_look_for_secrets": False,
        "audit_directory": str(tmp_path / "audit"),
        "exchange_credentials_sources": [{"name": "nobody", "network": "here", "url": "https://127.0.0.1:9/"}],
        "exchange_credentials_directory": str(tmp_path / "credentials"),
        "exchange_credentials_api_keys": [KEY],
        "exchange_credentials_documents": [],
    }
    made.inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables}}), encoding="utf-8")
    return made


def audit(
    project: Project, *words: str, ends: int, lines: tuple[str, ...] = ("also", "down", "here")
) -> tuple[dict[str, Any], str]:
    """Run the playbook and return its report and what it said."""
    done = subprocess.run(
        [*ansible_playbook(), "-i", str(project.inventory), *words, "trading.hosts.audit"],
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ends, done.stdout + done.stderr
    report: dict[str, Any] = json.loads((project.directory / "audit" / "report.json").read_text("ascii"))
    assert sorted(line["host"] for line in report["lines"]) == list(lines)
    return report, done.stdout


def unseen(report: dict[str, Any]) -> dict[str, str]:
    return {each["host"]: each["why"] for each in report["fleet"]["coverage"]["not_seen"]}


# Two runs of Ansible in one test: each of them takes seconds.
def test_every_key_is_judged_whoever_is_down_left_out_or_was_seen_by_an_earlier_audit(project: Project) -> None:
    first, said = audit(project, "--limit", "also", "-e", "audit_fail_on=never", ends=0)
    assert unseen(first) == dict.fromkeys(("down", "here"), "there are no facts of its host")
    assert "PARTIAL: 1 of 3 keys on 1 of 3 hosts were seen." in said
    assert first["fleet"]["previous"] == {"judged_at": ""}
    for file in (project.directory / "audit" / "facts").iterdir():
        # The audits of one test are closer to each other than a second.
        document = json.loads(file.read_text("ascii"))
        file.write_text(json.dumps({**document, "learned_at": "2026-01-01T00:00:00Z"}), encoding="ascii")

    second, said = audit(project, "--limit", "here,down", "-e", "audit_fail_on=medium", ends=2)
    assert unseen(second) == {"also": "its facts are of an earlier run", "down": "there are no facts of its host"}
    assert second["fleet"]["previous"] == {"judged_at": first["judged_at"]}
    # What was found is shown, and only then the run fails for it.
    assert "KEY " in said.partition("Fail where something must be mended")[0]
    assert "key-owner-declared" in said.partition("Fail where something must be mended")[2]


def test_where_nothing_was_ever_placed_or_declared_the_keys_of_programs_are_found_and_judged(project: Project) -> None:
    inventory = yaml.safe_load(project.inventory.read_text("utf-8"))
    variables = inventory["all"]["vars"]
    del variables["exchange_credentials_api_keys"], variables["exchange_credentials_documents"]
    del inventory["all"]["hosts"]["also"]
    bots = project.directory / "bots"
    variables.update(audit_look_for_secrets=True, audit_look_in=[str(bots)])
    project.inventory.write_text(yaml.safe_dump(inventory), encoding="utf-8")
    (bots / "passivbot").mkdir(parents=True)
    # Neither is asked: nobody knows how the program counts, or the exchange.
    (key, secret), (other, other_secret) = pair("kraken"), pair("bingx")
    freqtrade, users = bots / "config.json", bots / "passivbot" / "api-keys.json"
    freqtrade.write_text(json.dumps({"exchange": {"name": "kraken", "key": key, "secret": secret}}), "utf-8")
    users.write_text(json.dumps({"main": {"exchange": "weex", "key": other, "secret": other_secret}}), "utf-8")

    report, said = audit(project, "-e", "audit_fail_on=never", ends=0, lines=("here", "here"))
    assert "PARTIAL: No host declares a key. 2 keys were found on 1 hosts. down told nothing in this run" in said
    names = {line["key"] for line in report["lines"]}
    assert names == {
        each["name"]
        for each in json.loads((project.directory / "audit" / "facts" / "here.exposed.json").read_text("ascii"))[
            "found_keys"
        ]
    }
    facts = json.loads((project.directory / "audit" / "facts" / "here.api_keys.json").read_text("ascii"))["facts"]
    by_exchange = {fact["exchange"]: fact for fact in facts}
    assert by_exchange["kraken"]["access"]["status"] == "held_back"
    assert by_exchange["kraken"]["file"] == str(freqtrade)
    assert by_exchange["other"]["declared"] == {"ccxt_id": "weex"}
    mends = {each["subject"]["key"]: each["remedy"]["do_now"] for each in report["findings"] if each["remedy"]}
    assert all(mends[name] for name in names)
    everything = said + "".join(
        file.read_text("utf-8") for file in (project.directory / "audit").rglob("*") if file.is_file()
    )
    for text in (key, secret, other, other_secret):
        assert text not in everything

    # What is not to be asked about is not; what is gone is gone from the report too.
    _report, said = audit(project, "-e", "audit_fail_on=never", "-e", "audit_ask_found_keys=false", ends=0, lines=())
    assert "No host declares a key. 0 keys were found" in said
