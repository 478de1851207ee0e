# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real service on both hosts whose program reads only its environment and fixed paths."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._tools import wait_for
from tests.lab.e2e._support import HOSTS, Controller, Run, info, memory_root, place, virgin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.lab._lab import Lab

NAME = "launched"
#: Where each host keeps the credentials at first; each moves to the other store afterwards.
STORES = {"alpha": "systemd", "beta": "age"}
OTHER = {"systemd": "age", "age": "systemd"}
#: Where a unit unseals what is in the store age.
UNSEALED = f"/run/{NAME}-credentials"
STATE = f"/var/lib/{NAME}"
PROGRAM = f"""
import hashlib, json, os, signal
passivbot = json.load(open("{STATE}/api-keys.json"))["grid"]
octobot = json.load(open("{STATE}/config.json"))
found = [os.environ["OKX_API_KEY"], os.environ["OKX_API_SECRET"], os.environ["OKX_API_PASSPHRASE"],
         os.environ["BOT_TOKEN"], passivbot["exchange"], passivbot["secret"], octobot["profile"],
         octobot["exchanges"]["okx"]["api-secret"]]
print("read", hashlib.sha256(json.dumps(found).encode()).hexdigest(), flush=True)
signal.pause()
"""
COPY = [
    {
        "name": "program",
        "ansible.builtin.copy": {"content": PROGRAM, "dest": "/usr/local/lib/launched.py", "mode": "0644"},
    },
    {
        "name": "base",
        "ansible.builtin.copy": {
            "content": '{"profile": "default"}',
            "dest": "/usr/local/lib/launched.json",
            "mode": "0644",
        },
    },
]
FIELDS = {"api_key": "{{ key }}", "secret": "{{ secret }}", "passphrase": "{{ passphrase }}"}
PLACE = place(
    {"name": "bot.env", "format": "nautilus", "exchange": "okx", "fields": FIELDS},
    {"name": "token", "format": "raw", "fields": {"token": "{{ token }}"}},
    {"name": "api-keys.json", "format": "passivbot", "exchange": "okx", "accounts": {"grid": FIELDS}},
    {"name": "octobot.json", "format": "octobot", "exchange": "okx", "fields": FIELDS},
    store="{{ store }}",
)
SERVICE: dict[str, Any] = {
    "trading_service_name": NAME,
    "trading_service_command": ["/usr/bin/python3", "/usr/local/lib/launched.py"],
    "trading_service_credentials": ["bot.env", "token", "api-keys.json", "octobot.json"],
    "trading_service_environment_from": ["bot.env"],
    "trading_service_environment_values": {"BOT_TOKEN": "token"},
    "trading_service_links": {f"{STATE}/api-keys.json": "api-keys.json"},
    "trading_service_joined_files": {
        f"{STATE}/config.json": {"credential": "octobot.json", "base": "/usr/local/lib/launched.json"}
    },
}


def build(**changes: Any) -> dict[str, Any]:
    return {
        "name": "build",
        "ansible.builtin.include_role": {"name": "trading.hosts.trading_service"},
        "vars": {**SERVICE, **changes},
    }


def shown(lab: Lab, host: str, name: str) -> str:
    argv = ["systemctl", "show", "--value", f"--property={name}", f"{NAME}.service"]
    return lab.execute(host, argv).stdout.strip()


def clean(lab: Lab) -> None:
    for host in HOSTS:
        lab.execute(host, ["systemctl", "disable", "--quiet", "--now", f"{NAME}.service"], check=False)
        lab.execute(host, ["userdel", NAME], check=False)
        lab.execute(
            host,
            [
                *("rm", "--recursive", "--force", STATE, f"/etc/systemd/system/{NAME}.service"),
                *("/usr/local/lib/launched.py", "/usr/local/lib/launched.json", "/usr/local/lib/trading-hosts"),
            ],
        )
        lab.execute(host, ["systemctl", "daemon-reload"])
    virgin(lab)


class Launched:
    """The service on both hosts, and its secrets."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.controller = Controller(lab, directory, user="deploy", pipelining=True)
        self.values = {
            "key": f"0{secrets.randbelow(10**20):020}",
            "secret": f'{secrets.token_hex(12)} "$HOME #={{}}`',
            "passphrase": f"1e{secrets.randbelow(10**12):012}",
            "token": secrets.token_urlsafe(24),
        }
        self.keep_in(STORES)
        self.placed = self.run(*COPY, PLACE, build())

    def keep_in(self, stores: Mapping[str, str]) -> None:
        for host, store in stores.items():
            self.controller.write_vars({**self.values, "store": store}, hosts=[host])

    def run(self, *tasks: Any) -> Run:
        return self.controller.run(*tasks)

    def digest(self) -> str:
        value = self.values
        found = [value["key"], value["secret"], value["passphrase"], value["token"], "okx", value["secret"], "default"]
        return hashlib.sha256(json.dumps([*found, value["secret"]]).encode()).hexdigest()


@pytest.fixture(scope="module")
def launched(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    clean(lab)
    yield Launched(lab, tmp_path_factory.mktemp("launched"))
    clean(lab)


def said(lab: Lab, host: str) -> str:
    """Return what the program, or the launcher in its place, said of the present start."""

    def line() -> str | None:
        start = f"_SYSTEMD_INVOCATION_ID={shown(lab, host, 'InvocationID')}"
        lines = lab.execute(host, ["journalctl", "--boot", "--output", "cat", "--no-pager", start]).stdout.splitlines()
        return next((text for text in lines if text.startswith(("read ", "Traceback", "trading-hosts"))), None)

    return wait_for(line, what="the program to say what it read", timeout=30)


@pytest.mark.parametrize("host", HOSTS)
def test_the_program_reads_all_of_it(lab: Lab, launched: Launched, host: str) -> None:
    assert launched.placed.returncode == 0, launched.placed.output
    assert said(lab, host) == f"read {launched.digest()}"
    # The launcher became the program: systemd watches the program itself.
    pid = shown(lab, host, "MainPID")
    words = lab.execute(host, ["cat", f"/proc/{pid}/cmdline"]).stdout.split("\0")
    assert words[:2] == ["/usr/bin/python3", "/usr/local/lib/launched.py"]


@pytest.mark.parametrize("host", HOSTS)
def test_the_secrets_are_in_the_programs_environment_and_nowhere_else(lab: Lab, launched: Launched, host: str) -> None:
    pid = shown(lab, host, "MainPID")
    environ = lab.execute(host, ["cat", f"/proc/{pid}/environ"]).stdout
    for name in ("key", "secret", "passphrase", "token"):
        assert f"={launched.values[name]}\0" in environ
    for path in (f"/proc/{pid}/environ", UNSEALED, f"{STATE}/api-keys.json"):
        argv = ["setpriv", "--reuid=65534", "--clear-groups", "cat", path]
        other = lab.execute(host, argv, check=False)
        assert (other.returncode != 0, other.stdout) == (True, "")
    told = [
        ["cat", f"/etc/systemd/system/{NAME}.service"],
        ["systemctl", "show", f"{NAME}.service"],
        ["systemctl", "cat", f"{NAME}.service"],
        ["systemctl", "status", "--no-pager", "--lines=100", f"{NAME}.service"],
        ["journalctl", "--boot", "--output=export", "--no-pager", f"--unit={NAME}.service"],
        ["ps", "axww"],
    ]
    on_disk = lab.execute(host, ["grep", "-rIlF", "--", launched.values["secret"], STATE, "/etc", "/tmp"], check=False)
    assert on_disk.stdout == "", "a copy on a disk"
    for argv in told:
        said = lab.execute(host, argv, check=False).stdout
        assert said
        assert not [name for name, value in launched.values.items() if value in said]
    assert not [name for name, value in launched.values.items() if value in launched.placed.output]


def test_a_second_run_changes_nothing(lab: Lab, launched: Launched) -> None:
    before = [shown(lab, host, "InvocationID") for host in HOSTS]
    run = launched.run(PLACE, build(), info())
    assert run.returncode == 0, run.output
    for told in run.everywhere("info"):
        assert {entry["name"]: entry["environment_of"] for entry in told.data["credentials"]} == {
            "bot.env": [f"{NAME}.service"],
            "token": [f"{NAME}.service"],
            "api-keys.json": [],
            "octobot.json": [],
        }
    assert not [result.task for result in run.results if result.status == "changed"]
    assert [shown(lab, host, "InvocationID") for host in HOSTS] == before


def test_it_moves_to_the_other_store_in_one_run(lab: Lab, launched: Launched) -> None:
    before = {host: shown(lab, host, "InvocationID") for host in HOSTS}
    launched.keep_in({host: OTHER[store] for host, store in STORES.items()})
    run = launched.run(PLACE, build(), info())
    assert run.returncode == 0, run.output
    for host in HOSTS:
        assert said(lab, host) == f"read {launched.digest()}"
        assert shown(lab, host, "InvocationID") != before[host]
        told = run.of(host, "info").data["credentials"]
        assert {entry["store"] for entry in told} == {OTHER[STORES[host]]}
        assert {entry["name"] for entry in told if entry["environment_of"]} == {"bot.env", "token"}
        assert (memory_root(host) / UNSEALED.strip("/")).exists() == (OTHER[STORES[host]] == "age")


def test_what_is_not_loaded_is_refused_before_anything_is_touched(launched: Launched) -> None:
    run = launched.run(build(trading_service_links={f"{STATE}/x": "other"}))
    assert "other is not in trading_service_credentials" in run.message("alpha")
    assert not [result.task for result in run.results if result.status == "changed"]


@pytest.mark.parametrize("host", HOSTS)
def test_systemd_reads_the_same_variables(lab: Lab, host: str) -> None:
    values = {
        "PLAIN": "0123",
        "SIGNS": ' !"#$%&()*+,-./:;<=>?@[]^_`{|}~ $HOME $(x) `x` ; #',
        "LINES": "-----BEGIN X-----\na=\n-----END X-----\n",
    }
    path = memory_root(host) / "run" / "variables.env"
    # As the format dotenv writes them.
    path.write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))
    done = lab.execute(
        host,
        [
            *("systemd-run", "--quiet", "--wait", "--pipe", "--property=EnvironmentFile=/run/variables.env"),
            *("/usr/bin/env", "--null"),
        ],
    )
    path.unlink()
    found = dict(entry.split("=", 1) for entry in done.stdout.split("\0") if "=" in entry)
    assert {name: found.get(name) for name in values} == values


def test_nothing_stays_when_the_service_stops(lab: Lab, launched: Launched) -> None:
    for host in HOSTS:
        lab.execute(host, ["systemctl", "stop", f"{NAME}.service"])
        root = memory_root(host)
        assert not (root / "run" / NAME).exists()
        assert not (root / UNSEALED.strip("/")).exists()
        for name in ("api-keys.json", "config.json"):
            assert (root / STATE.strip("/") / name).is_symlink()
            argv = ["cat", f"{STATE}/{name}"]
            assert lab.execute(host, argv, check=False).returncode != 0


def test_a_file_in_the_way_of_a_link_keeps_the_service_down(lab: Lab, launched: Launched) -> None:
    path = lab.root("alpha") / STATE.strip("/") / "api-keys.json"
    path.unlink()
    path.write_text("of before")
    lab.execute("alpha", ["systemctl", "start", f"{NAME}.service"], check=False)
    argv = ["journalctl", "--boot", "--output", "cat", "--no-pager", f"--unit={NAME}.service"]

    def line() -> bool:
        return f"{STATE}/api-keys.json is there and is no link" in lab.execute("alpha", argv).stdout

    wait_for(line, what="the launcher to say what is in its way", timeout=30)
    assert path.read_text() == "of before"
