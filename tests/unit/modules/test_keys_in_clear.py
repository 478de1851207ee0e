# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`api_key_info` asks with a key that lies in clear in a program's file: what it refuses, and that nothing is shown."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.trading.hosts.plugins.module_utils._credential._clear import MOST_BYTES
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._marks import mark
from ansible_collections.trading.hosts.plugins.module_utils._facts import key_facts
from ansible_collections.trading.hosts.plugins.modules import api_key_info
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HERE = "91.198.115.11"


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator.start(nat={"127.0.0.1": HERE}) as started:
        yield started


def run(capsys: pytest.CaptureFixture[str], given: dict[str, Any]) -> dict[str, Any]:
    with patch_module_args(given), pytest.raises(SystemExit):
        api_key_info.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def wanted(simulator: Simulator, exchange: str, path: Path, **more: Any) -> dict[str, Any]:
    return {
        "name": "found",
        "exchange": exchange,
        "file": {"path": str(path)},
        "base_url": simulator.base_url(exchange),
        **more,
    }


def config(name: str, key: str, secret: str, **more: Any) -> str:
    return json.dumps({"exchange": {"name": name, "key": key, "secret": secret, **more}})


def test_a_key_in_a_programs_file_is_asked_about_and_not_shown(
    simulator: Simulator, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    good, other = (simulator.create_key("okx", allowlist=[HERE]) for _each in range(2))
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(config("okx", good.key, good.secret, password=good.passphrase))
    two.write_text(
        json.dumps(
            {
                name: {"exchange": "okx", "key": key.key, "secret": key.secret, "passphrase": key.passphrase}
                for name, key in (("main", good), ("other", other))
            }
        )
    )
    before = one.read_bytes()
    second = wanted(simulator, "okx", two, name="second", file={"path": str(two), "entry": "other"})
    keys = [wanted(simulator, "okx", one), second]
    result = run(capsys, {"api_keys": keys, "ca_path": simulator.ca_file})
    facts = [key_facts(each, where="x") for each in result["api_keys"]]
    assert [(fact.access.status, fact.file, fact.credential) for fact in facts] == [
        ("accepted", str(one), None),
        ("accepted", str(two), None),
    ]
    for secret in (good.key, good.secret, str(good.passphrase), other.key, other.secret):
        assert secret not in json.dumps(result)
    assert one.read_bytes() == before
    # Hosts of one run know it by its mark.
    marks = run(capsys, {"api_keys": keys, "mark_with": "run-secret"})["marks"]
    assert marks["found"] == mark(run_secret="run-secret", exchange="okx", api_key=good.key)
    assert set(marks) == {"found", "second"}


def make(tmp_path: Path, kind: str) -> Path:
    """Make a file that must not be used, and return its path."""
    path, text = tmp_path / "config.json", config("bybit", "CANARY-key-123456", "CANARY-secret-123456")
    if kind == "a link":
        (tmp_path / "real.json").write_text(text)
        path.symlink_to("real.json")
    elif kind == "behind a link":
        (tmp_path / "real").mkdir()
        (tmp_path / "real" / "config.json").write_text(text)
        (tmp_path / "linked").symlink_to("real")
        path = tmp_path / "linked" / "config.json"
    elif kind == "a directory":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    elif kind == "too large":
        path.write_text(text + " " * MOST_BYTES)
    elif kind == "another exchange's":
        path.write_text(config("okx", "CANARY-key-123456", "CANARY-secret-123456"))
    elif kind == "two of one exchange":
        path.write_text(
            json.dumps({n: {"exchange": "bybit", "key": f"CANARY-{n}-1", "secret": "CANARY-s"} for n in "ab"})
        )
    elif kind == "two exchanges":
        path.write_text(
            json.dumps({"exchange": "bybit", "exchange_id": "okx", "key": "CANARY-1", "secret": "CANARY-2"})
        )
    elif kind == "too short":
        path.write_text(config("bybit", "CANARY", "CANARY-secret-123456"))
    elif kind == "no known form":
        path.write_text("api: CANARY-key\n")
    return path


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("a link", "cannot be read (Too many levels of symbolic links)"),
        ("behind a link", "cannot be read (Not a directory)"),
        ("a directory", "is no plain file"),
        ("a pipe", "is no plain file"),
        ("missing", "cannot be read (No such file or directory)"),
        ("too large", "is larger than 262144 bytes"),
        ("another exchange's", "holds no key of bybit in a form that is known here"),
        ("two of one exchange", "holds several keys of bybit"),
        ("two exchanges", "holds no key of bybit"),
        ("too short", "is shorter than 8 characters"),
        ("no known form", "holds no key of bybit"),
    ],
)
def test_a_file_that_cannot_be_used_costs_no_other_key_its_answer(
    simulator: Simulator, capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str, said: str
) -> None:
    good = simulator.create_key("bybit", allowlist=[HERE])
    path = make(tmp_path, kind)
    keys = [
        wanted(simulator, "bybit", path),
        {**wanted(simulator, "bybit", path), "name": "good", "file": None, "api_key": good.key, "secret": good.secret},
    ]
    result = run(capsys, {"api_keys": keys, "ca_path": simulator.ca_file})
    held, accepted = (key_facts(each, where="x") for each in result["api_keys"])
    assert held.access.status == "held_back"
    assert said in str(held.access.message)
    assert accepted.access.status == "accepted"
    assert "CANARY" not in json.dumps(result)
    assert "found" not in run(capsys, {"api_keys": keys[:1], "mark_with": "run"})["marks"] or kind == "too short"


def test_a_file_that_nobody_may_read(
    simulator: Simulator, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.open

    def refused(path: Any, *given: Any, **more: Any) -> int:
        if path == "config.json":
            raise PermissionError(13, "Permission denied")
        return really(path, *given, **more)

    monkeypatch.setattr(os, "open", refused)
    result = run(capsys, {"api_keys": [wanted(simulator, "bybit", tmp_path / "config.json")]})
    assert "cannot be read (Permission denied); name a plain file" in result["api_keys"][0]["access"]["message"]


def test_a_program_that_counts_is_never_locked_out(
    simulator: Simulator, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "config.json"
    path.write_text(config("kraken", "CANARY-key", "CANARY-secret"))
    before = len(simulator.requests(exchange="kraken"))
    result = run(capsys, {"api_keys": [wanted(simulator, "kraken", path)]})
    access = result["api_keys"][0]["access"]
    assert access["status"] == "held_back"
    assert "could lock out the program" in access["message"]
    assert len(simulator.requests(exchange="kraken")) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"file": {"path": "config.json"}}, "(found).file.path 'config.json': is no absolute path"),
        ({"file": {"path": "/srv/../etc/x"}}, "is no absolute path"),
        ({"api_key": "k" * 18}, "(found).api_key: is given together with file"),
        ({"credential": {"name": "x"}}, "(found).credential: is given together with file"),
        ({"exchange": "other"}, "(found).file: is given for exchange other"),
    ],
)
def test_a_mistake_in_the_options_fails(capsys: pytest.CaptureFixture[str], change: dict[str, Any], said: str) -> None:
    key = {"name": "found", "exchange": "bybit", "file": {"path": "/srv/config.json"}}
    result = run(capsys, {"api_keys": [{**key, **change}]})
    assert result["failed"]
    assert said in result["msg"]
