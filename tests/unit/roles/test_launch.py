# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The launcher: what a program gets of its credentials, what is refused, and that no refusal shows a value."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._credential import _text_writers, _texts
from ansible_collections.trading.hosts.plugins.module_utils._credential._formats import render
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError

LAUNCHER = Path(__file__).parents[3] / "roles/trading_service/files/launch.py"
LAUNCH = runpy.run_path(str(LAUNCHER))
READ: Callable[..., dict[str, str]] = LAUNCH["read_environment"]
#: Tells what it got, and who it is.
PROGRAM = "import json, os, sys; json.dump([dict(os.environ), os.getpid(), sys.argv[1:]], sys.stdout)"


class Service:
    """The directories of one service."""

    def __init__(self, directory: Path) -> None:
        self.credentials = directory / "credentials"
        self.memory = directory / "memory"
        self.state = directory / "state"
        for path in (self.credentials, self.memory, self.state):
            path.mkdir()
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "CREDENTIALS_DIRECTORY": str(self.credentials),
            "RUNTIME_DIRECTORY": f"{self.credentials}:{self.memory}",
        }

    def write(self, name: str, content: str) -> str:
        (self.credentials / name).write_text(content)
        return name

    def start(self, *options: str, program: str = sys.executable) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-I", LAUNCHER, *options, "--", program, "-c", PROGRAM, "a b", "--", "$x"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *options: str) -> dict[str, str]:
        """Return the variables that the program has in addition; fails unless it became the program."""
        process = self.start(*options)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (0, "")
        environment, pid, arguments = json.loads(out)
        assert pid == process.pid
        assert arguments == ["a b", "--", "$x"]
        return {name: value for name, value in environment.items() if name not in (*self.environment, "LC_CTYPE")}

    def refuse(self, *options: str, program: str = sys.executable) -> str:
        process = self.start(*options, program=program)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (78, "")
        assert err.startswith("trading-hosts launch: ")
        assert err.count("\n") == 1
        assert "CANARY" not in err
        return err


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def test_variables_from_documents(service: Service) -> None:
    service.write("nautilus", "OKX_API_KEY='CANARY=$x \"'\nOKX_API_SECRET='0123'\n")
    service.write("own", "# a comment\n\nexport A=\"b c\"\nB=7/+=\nC=\nD='1\n2'")
    service.write("json", json.dumps({"E": "é"}))
    service.write("password", "  CANARY\n")
    assert service.run(
        *(f"--environment-from={name}" for name in ("nautilus", "own", "json")), "--variable=HBOT_PASSWORD=password"
    ) == {
        "OKX_API_KEY": 'CANARY=$x "',
        "OKX_API_SECRET": "0123",
        "A": "b c",
        "B": "7/+=",
        "C": "",
        "D": "1\n2",
        "E": "é",
        "HBOT_PASSWORD": "  CANARY",
    }


def test_nothing_to_hand_over(service: Service) -> None:
    assert service.run() == {}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("A='CANARY'\nB=CANARY two\n", "line 2 of the credential env is no line NAME='value'"),
        ("A=$CANARY\n", "line 1 of"),
        ('A="CANARY\\"\n', "line 1 of"),
        ("A='1\n2'\nCANARY\n", "line 3 of"),
        ("A='CANARY'\nA='CANARY'\n", "line 2 of the credential env sets A again"),
        ("1A='CANARY'\n", "line 1 of"),
        ("{CANARY", "the credential env is no JSON"),
        ('{"A": 7}', "is no JSON object of texts"),
        ('{"CANARY A": "x"}', "names a variable by characters that no variable's name has"),
        ('{"A": "CANARY\\u0000"}', "is no text"),
        ("A='CANARY\0'\n", "is no text"),
        *(
            (f"{name}='CANARY'\n", f"sets {name}, which decides what a program runs or whom it trusts")
            for name in ("LD_PRELOAD", "PATH", "PYTHONPATH", "https_proxy", "SSL_CERT_FILE", "CREDENTIALS_DIRECTORY")
        ),
    ],
)
def test_a_document_that_is_refused(service: Service, content: str, sentence: str) -> None:
    service.write("env", content)
    assert sentence in service.refuse("--environment-from=env")


def test_a_variable_is_set_in_one_place(service: Service) -> None:
    service.environment["TOKEN"] = "of the unit"
    service.write("env", "TOKEN='CANARY'\n")
    assert "TOKEN is set already" in service.refuse("--environment-from=env")
    service.write("other", "X='CANARY'\n")
    service.write("x", "CANARY")
    assert "X is set already" in service.refuse("--environment-from=other", "--variable=X=x")


def test_what_is_not_there(service: Service) -> None:
    assert "the credential gone cannot be read (No such file or directory)" in service.refuse("--link=/x/y=gone")
    assert "a character that no name has" in service.refuse("--environment-from=../state/x")
    service.write("env", "A='CANARY'\n")
    assert "/no/such cannot be started (No such file or directory)" in service.refuse(program="/no/such")
    service.write("big", "x" * (1024 * 1024 + 1))
    assert "larger than 1 MB" in service.refuse("--variable=X=big")
    del service.environment["RUNTIME_DIRECTORY"]
    (service.state / "base.json").write_text("{}")
    service.write("more", "{}")
    refused = service.refuse(f"--join={service.state / 'x'}=more:{service.state / 'base.json'}")
    assert "$RUNTIME_DIRECTORY is not set" in refused
    del service.environment["CREDENTIALS_DIRECTORY"]
    assert "$CREDENTIALS_DIRECTORY is not set" in service.refuse("--environment-from=env")


def test_a_link_is_made_and_made_again(service: Service) -> None:
    service.write("keys", '{"x": "CANARY"}')
    path = service.state / "api-keys.json"
    for _turn in range(2):
        service.run(f"--link={path}=keys")
        assert path.readlink() == service.credentials / "keys"
    assert list(service.state.iterdir()) == [path]


def test_what_is_no_link_is_left_alone(service: Service) -> None:
    service.write("keys", "{}")
    path = service.state / "api-keys.json"
    path.write_text("CANARY of before")
    assert "it may hold a secret in clear" in service.refuse(f"--link={path}=keys")
    assert path.read_text() == "CANARY of before"
    refused = service.refuse("--link=/proc/no/api-keys.json=keys")
    assert "its directory must be one that the service may write to" in refused


def test_json_is_joined_in_memory(service: Service) -> None:
    base = service.state / "base.json"
    base.write_text(json.dumps({"profile": "x", "exchanges": {"okx": {"sandboxed": True}, "b": {}}}))
    service.write("octobot", json.dumps({"exchanges": {"okx": {"api-key": "CANARY"}}}))
    path = service.state / "config.json"
    for _turn in range(2):
        service.run(f"--join={path}=octobot:{base}")
        assert json.loads(path.read_text()) == {
            "profile": "x",
            "exchanges": {"okx": {"sandboxed": True, "api-key": "CANARY"}, "b": {}},
        }
    made = path.readlink()
    assert made.parent == service.memory
    assert made.stat().st_mode & 0o777 == 0o600
    base.write_text("[]")
    assert "is no JSON object" in service.refuse(f"--join={path}=octobot:{base}")
    base.write_text("{CANARY")
    assert "is no JSON." in service.refuse(f"--join={path}=octobot:{base}")


def test_toml_is_joined_in_memory(service: Service) -> None:
    base = service.state / "roq.toml"
    base.write_text('symbols = ["BTC.*"]\n\n[accounts]\n\n[users.test]\npassword = "x"')
    accounts = {"A1": {"api_key": "KEY", "secret": "CANARY"}}
    service.write("roq", render(form="roq", fields={}, accounts=accounts, text=None, field="x").decode())
    path = service.state / "config.toml"
    service.run(f"--join={path}=roq:{base}")
    assert tomllib.loads(path.read_text()) == {
        "symbols": ["BTC.*"],
        "users": {"test": {"password": "x"}},
        "accounts": {"A1": {"master": True, "symbols": [".*"], "login": "KEY", "secret": "CANARY"}},
    }
    base.write_text("[accounts.A1]\nmaster = true\n")
    assert "has [accounts.A1] too; take it out" in service.refuse(f"--join={path}=roq:{base}")


def test_hummingbot_needs_its_own_python(service: Service) -> None:
    service.write("hb", json.dumps({"connectors": {"bybit": {"bybit_api_key": "CANARY"}}}))
    conf = service.state / "conf"
    conf.mkdir()
    option = f"--hummingbot={conf}=hb"
    assert "--hummingbot-python is missing" in service.refuse(option)
    assert "has no hummingbot; name its own Python" in service.refuse(option, f"--hummingbot-python={sys.executable}")
    assert "could not encrypt its files" in service.refuse(option, "--hummingbot-python=/bin/false")
    assert list(conf.iterdir()) == []


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z_][A-Z0-9_]{0,9}", fullmatch=True), st.text(max_size=30), min_size=1, max_size=4
    )
)
def test_the_launcher_reads_what_is_written(variables: dict[str, str]) -> None:
    try:
        text = _text_writers.write_variables(variables, field="x")
    except InputError:
        return
    assert READ(text.encode(), name="x") == _texts.read_variables(text) == variables


@given(st.binary(max_size=60))
def test_a_document_is_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(LAUNCH["LaunchError"]):
        found = READ(content, name="x")
        assert all(os.fsencode(value).count(b"\0") == 0 for value in found.values())
