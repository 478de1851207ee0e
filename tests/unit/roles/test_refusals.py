# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles refuse before they touch a host: each mistake has its sentence, and hides none of the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.collection import collections_directory

if TYPE_CHECKING:
    from collections.abc import Sequence

ROLES = Path(__file__).parents[3] / "roles"
SERVICE = {
    "trading_service_name": "bot",
    "trading_service_command": ["/usr/bin/true"],
    "trading_service_credentials": ["bot"],
}
FREQTRADE = {
    "freqtrade_config": {"dry_run": False, "exchange": {"name": "bybit"}},
    "freqtrade_credentials": ["bot"],
    "freqtrade_strategy": "Never",
    "freqtrade_strategy_files": ["never.py"],
    # The role's first task works it out.
    "__freqtrade_listed": str(ROLES / "freqtrade/files") + "/freqtrade-{{ freqtrade_version }}.txt",
}


def refusals(role: str, cases: Sequence[dict[str, Any]], directory: Path) -> list[list[str]]:
    """Return what the role says of each case's variables, by one ansible-playbook."""
    said = directory / "said.json"
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.set_fact": {"said": f"{{{{ said | default([]) + [__{role}_wrong] }}}}"}, "vars": given}
        for given in cases
    ]
    tasks.append({"ansible.builtin.copy": {"content": "{{ said | to_json }}", "dest": str(said)}})
    files = [str(ROLES / role / name / "main.yml") for name in ("defaults", "vars")]
    play = {"hosts": "localhost", "gather_facts": False, "vars_files": files, "tasks": tasks}
    (directory / "play.json").write_text(json.dumps([play]), encoding="ascii")
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "play.json"],
        cwd=directory,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collections_directory())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[list[str]] = json.loads(said.read_text(encoding="utf-8"))
    return found


def test_a_service_that_cannot_be_run(tmp_path: Path) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": "Bot"}, "trading_service_name Bot"),
        ({"command": "/usr/bin/true --x"}, "must be lists that begin with an absolute path"),
        ({"command": []}, "must be lists that begin with an absolute path"),
        ({"command": ["true"]}, "must be lists that begin with an absolute path"),
        ({"flat_check": "/usr/bin/check"}, "must be lists that begin with an absolute path"),
        ({"cpu_quota": "1.5"}, "trading_service_cpu_quota 1.5 must be empty or like 150%."),
        ({"description": "a\nExecStart=/x"}, "must hold no line break"),
        ({"unit_options": {"Nice": "1\n2"}}, "must hold no line break"),
        ({"environment": {"API_KEY": "x"}}, "names API_KEY, which looks like a secret"),
        ({"environment_from": ["other"]}, "other is not in trading_service_credentials"),
        ({"environment_from": [None]}, "must name a credential"),
        ({"environment_values": {"KEY": None}}, "must name a credential"),
        ({"environment_values": {"K-Y": "bot"}}, "a name of letters, digits and _"),
        ({"links": {"/var/lib/bot/key": None}}, "must name a credential"),
        ({"links": {"/var/lib/bot/key": False}}, "must name a credential"),
        ({"links": {"var/lib": "bot"}}, "must be absolute"),
        ({"joined_files": {"/x": {"base": "/y"}}}, "must name a credential"),
        ({"joined_files": {"/x": {"credential": "bot"}}}, "must be absolute"),
        ({"hummingbot": {"conf": "/c", "python": "/p"}}, "must name a credential"),
        ({"hummingbot": {"credential": "bot"}}, "must be absolute"),
    ]
    given = [
        SERVICE,
        *({**SERVICE, **{f"trading_service_{name}": value for name, value in case.items()}} for case, _said in cases),
    ]
    nothing, *found = refusals("trading_service", given, tmp_path)
    assert nothing == []
    for (case, sentence), said in zip(cases, found, strict=True):
        assert [each for each in said if sentence in each], (case, said)


def test_a_freqtrade_that_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "never.py").write_text("class Never:\n    pass\n")
    secret = {"exchange": {"name": "bybit", "secret": "NOTSHOWN12345"}}
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, []),
        ({"config": {"exchange": {"name": "bybit"}}}, ["must say dry_run"]),
        ({"config": {"dry_run": "no", "exchange": {"name": "bybit"}}}, ["must say dry_run"]),
        ({"config": {"dry_run": True}}, ["and exchange.name"]),
        ({"config": {"dry_run": True, **secret}}, ["holds exchange.secret, which is a secret"]),
        ({"arguments": ["-vv"]}, ["must hold no -v"]),
        ({"credentials": []}, ["freqtrade_credentials is empty"]),
        ({"strategy": "Other"}, ["holds the class Other"]),
        ({"strategy": "Neve"}, ["holds the class Neve"]),
        ({"strategy_files": ["gone.py"]}, ["one of them is not there"]),
        ({"version": "2099.1"}, ["no list with hashes for freqtrade 2099.1, only for 2026.9;"]),
        # A mistake hides no other.
        (
            {"config": secret, "strategy_files": ["gone.py"], "arguments": ["--verbose"]},
            ["must say dry_run", "holds exchange.secret", "must hold no -v", "one of them is not there"],
        ),
    ]
    given = [{**FREQTRADE, **{f"freqtrade_{name}": value for name, value in case.items()}} for case, _said in cases]
    for (case, sentences), said in zip(cases, refusals("freqtrade", given, tmp_path), strict=True):
        assert len(said) == len(sentences), (case, said)
        assert all(sentence in each for sentence, each in zip(sentences, said, strict=True)), (case, said)
        assert "NOTSHOWN12345" not in str(said)
