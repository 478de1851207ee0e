# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No leak: random secrets appear nowhere but in the memory of those who need them, whatever happens to a run."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import lzma
import time
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from tests.lab._simulator import STATE_DIR
from tests.lab.e2e._support import (
    HOSTS,
    STORE,
    Controller,
    Run,
    canary,
    in_memory,
    info,
    memory_root,
    place,
    places,
    virgin,
)
from tests.lab.e2e._sweep import Needles, ProcessWatch, Watch, sweep
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.lab._lab import Lab

FIELDS = {"api_key": "{{ key }}", "secret": "{{ secret }}", "passphrase": "{{ passphrase }}"}
CCXT = {"name": "grid.json", "format": "ccxt", "fields": FIELDS}
RAW = {"name": "token", "content": "{{ pem }}"}
CHANGED = {**CCXT, "fields": {**FIELDS, "secret": "{{ new_secret }}"}}
FULL = "/srv/full"


class Leaks:
    """Runs plays and keeps a list of everything that showed a secret."""

    def __init__(self, lab: Lab, directory: Path, secrets: Mapping[str, Any]) -> None:
        self.lab = lab
        self.directory = directory
        self.needles = Needles.of(_strings(secrets))
        self.began = time.time()

    def watched(self, controller: Controller, *tasks: Mapping[str, Any], **options: Any) -> tuple[Run, list[str]]:
        logs = {
            "ANSIBLE_LOG_PATH": str(self.directory / "ansible.log"),
            "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self.directory / "facts"),
        }
        where = places(self.lab, controller)
        with Watch(self.needles, where) as files, ProcessWatch(self.needles) as processes:
            run = controller.run(*tasks, environment=logs, **options)
        assert files.files > 0
        assert processes.rounds > 0
        seen = [*files.found, *processes.found, *sweep(self.needles, *where, newer_than=self.began)]
        return run, [*seen, *(["the output"] if self.needles.are_in(run.output.encode()) else [])]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _strings(entry)


def secrets() -> dict[str, str]:
    found = {name: canary() for name in ("key", "secret", "passphrase", "new_secret")}
    return {**found, "pem": f"-----BEGIN PRIVATE KEY-----\n{canary()}\n{canary()}\n-----END PRIVATE KEY-----\n"}


@contextlib.contextmanager
def full_disk(lab: Lab, *hosts: str) -> Iterator[None]:
    """Mount a small file system and fill it."""
    for host in hosts:
        lab.execute(host, ["mkdir", "--parents", "--mode=700", FULL])
        lab.execute(host, ["mount", "-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs", FULL])
        lab.execute(host, ["dd", "if=/dev/zero", f"of={FULL}/rest", "bs=4k"], check=False)
    try:
        yield
    finally:
        for host in hosts:
            lab.execute(host, ["umount", FULL])


@pytest.mark.parametrize(("user", "pipelining"), [("deploy", False), ("root", True)])
def test_placing_leaks_nothing(lab: Lab, tmp_path: Path, user: str, pipelining: bool) -> None:
    virgin(lab)
    with in_memory(tmp_path), full_disk(lab, *HOSTS):
        given = secrets()
        controller = Controller(lab, tmp_path, user=user, pipelining=pipelining)
        controller.write_vars(given)
        for host in HOSTS:
            (lab.root(host) / STORE).mkdir(mode=0o700, exist_ok=True)
            (lab.root(host) / STORE / "damaged").write_text("bm90IGEgY3JlZGVudGlhbA==\n")
        failing = {
            "bad field": place({**CCXT, "fields": {**FIELDS, "{{ secret }}": "{{ key }}"}}, name="bad field"),
            "white space": place({**CCXT, "fields": {**FIELDS, "secret": "{{ secret }} "}}, name="white space"),
            "undecryptable": place({**CCXT, "name": "damaged"}, name="undecryptable"),
            "disk full": place(CCXT, RAW, directory=FULL, name="disk full"),
            "no rights": place(CHANGED, name="no rights", vars={"ansible_become": False, "ansible_user": "deploy"}),
            "no interpreter": place(
                CHANGED, name="no interpreter", vars={"ansible_python_interpreter": "/usr/bin/python9"}
            ),
            "bad template": place({**RAW, "content": "{{ pem | no_such_filter }}"}, name="bad template"),
        }
        leaks = Leaks(lab, tmp_path, given)
        tasks = (
            place(CCXT, RAW),
            place(CCXT, RAW, name="again"),
            place(CHANGED, RAW, name="change"),
            *({**task, "ignore_errors": True} for task in failing.values()),
            info(),
        )
        run, seen = leaks.watched(controller, *tasks, arguments=["-v", "--diff"], facts=True)
        assert seen == []
        assert run.returncode == 0, run.output
        for host in HOSTS:
            assert [run.of(host, name).status for name in ("place", "again", "change")] == ["changed", "ok", "changed"]
            assert {name: run.of(host, name).status for name in failing} == dict.fromkeys(failing, "failed")
        for arguments in (["-vvvvvv", "--diff"], ["-vvvvvv", "--diff", "--check"]):
            controller.write_vars({**given, "secret": given["new_secret"], "new_secret": given["secret"]})
            run, seen = leaks.watched(controller, *tasks, arguments=arguments)
            assert seen == []
            assert run.output.count("PLAY RECAP") == 1


def test_learning_leaks_nothing(lab: Lab, tmp_path: Path) -> None:
    """Accepted and refused keys, given and placed, by the module and by the role."""
    virgin(lab)
    simulator = Simulator.attach(STATE_DIR)
    addresses = [lab.host(host).public_v4 for host in HOSTS]
    good = simulator.create_key("bybit", permissions="spot-trade", allowlist=addresses, label="good")
    elsewhere = simulator.create_key("okx", permissions="spot-trade", allowlist=["91.198.115.77"], label="elsewhere")
    wrong = simulator.create_key("bitget", permissions="spot-trade", allowlist=addresses, label="wrong")
    keys: list[dict[str, Any]] = [
        {"name": "good", "exchange": "bybit", "api_key": good.key, "secret": good.secret},
        {
            "name": "elsewhere",
            "exchange": "okx",
            "api_key": elsewhere.key,
            "secret": elsewhere.secret,
            "passphrase": elsewhere.passphrase,
        },
        {
            "name": "wrong",
            "exchange": "bitget",
            "api_key": wrong.key,
            "secret": canary().replace('"\\/+é', ""),
            "passphrase": wrong.passphrase,
        },
    ]
    given = {
        f"{key['name']}_{part}": str(key[part])
        for key in keys
        for part in ("api_key", "secret", "passphrase")
        if part in key
    }
    with in_memory(tmp_path):
        controller = Controller(lab, tmp_path)
        leaks = Leaks(lab, tmp_path, given)
        document = {
            "name": "good",
            "format": "ccxt",
            "fields": {"api_key": "{{ learned[0].api_key }}", "secret": "{{ learned[0].secret }}"},
        }
        controller.write_vars(
            {
                "learned": keys,
                "exchange_credentials_api_keys": keys,
                "exchange_credentials_documents": [{"name": "good", "format": "ccxt", "api_keys": ["good"]}],
                "exchange_credentials_install_libraries": False,
            }
        )
        placed_key = {"name": "placed", "exchange": "bybit", "credential": {"name": "good"}}
        tasks = (
            {
                "name": "learn",
                "trading.hosts.api_key_info": {"api_keys": "{{ learned }}", "facts_dir": str(tmp_path / "facts")},
            },
            place(document),
            {"name": "learn placed", "trading.hosts.api_key_info": {"api_keys": [placed_key]}},
        )
        run, seen = leaks.watched(controller, *tasks, arguments=["-v", "--diff"])
        assert seen == []
        for host in HOSTS:
            assert run.returncode == 0, run.output
            learned = {key["name"]: key["access"]["status"] for key in run.of(host, "learn").data["api_keys"]}
            assert learned["good"] == "accepted"
            assert learned["elsewhere"] != "accepted"
            assert learned["wrong"] != "accepted"
            assert run.of(host, "learn placed").data["api_keys"][0]["access"]["status"] == "accepted"
        role = {
            "name": "role",
            "ansible.builtin.include_role": {"name": "trading.hosts.exchange_credentials"},
            "vars": {
                "exchange_credentials_on_rejected": "skip",
                "exchange_credentials_report_path": f"{tmp_path}/{{{{ inventory_hostname }}}}.json",
            },
        }
        run, seen = leaks.watched(controller, *tasks, role, arguments=["-vvvvvv", "--diff"])
        assert seen == []
        assert run.returncode == 0, run.output[-4000:]
        run, seen = leaks.watched(controller, role, arguments=["-vvvvvv", "--diff", "--check"])
        assert seen == []


def escaped(text: str) -> bytes:
    return json.dumps({"secret": text}).encode()


PLANTED: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip, cut short": lambda text: gzip.compress(text.encode())[:-8],
    "gzip in the middle": lambda text: b"\0" * 777 + gzip.compress(text.encode()) + b"\0" * 777,
    "xz": lambda text: lzma.compress(text.encode()),
    "zstd": lambda text: zstandard.compress(text.encode()),
    "zstd in gzip": lambda text: gzip.compress(zstandard.compress(text.encode())),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, 1 before": lambda text: base64.b64encode(b"x" + text.encode()),
    "base64, 2 before": lambda text: base64.b64encode(b"xx" + text.encode() + b"x"),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16")),
    "JSON escapes": escaped,
    "JSON in JSON": lambda text: json.dumps(escaped(text).decode()).encode(),
    "URL escapes": lambda text: urllib.parse.quote(text, safe="").encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be"),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "Python's repr": lambda text: repr(text).encode(),
}


@pytest.mark.parametrize("form", PLANTED)
def test_the_sweep_finds_what_is_planted(lab: Lab, form: str) -> None:
    """The control, on a real host's disk and in its memory."""
    secret = canary()
    needles = Needles.of([secret])
    began = time.time()
    root = memory_root("alpha")
    for directory in ("var/tmp", "run"):
        planted = root / directory / "planted"
        assert sweep(needles, root / directory, newer_than=began) == []
        planted.write_bytes(PLANTED[form](secret))
        try:
            assert sweep(needles, root / directory, newer_than=began) == [str(planted)]
        finally:
            planted.unlink()


def test_the_sweep_finds_what_sudo_and_the_journal_recorded(lab: Lab, tmp_path: Path) -> None:
    """The control for the two recorders of a real host: a compressed log, and a binary one."""
    root = lab.root("alpha")
    rules = root / "etc/sudoers.d/zz-record"
    recorded, logged, shown = canary(), canary(), canary()
    began = time.time()
    rules.write_text("Defaults log_input\n")
    rules.chmod(0o440)
    try:
        lab.execute("alpha", ["sudo", "cat"], user="deploy", text_input=recorded + "\n")
    finally:
        rules.unlink()
    lab.execute("alpha", ["logger", "--", logged])
    lab.execute("alpha", ["journalctl", "--sync"])
    assert [path for path in sweep(Needles.of([recorded]), root / "var/log", newer_than=began) if "sudo-io" in path]
    assert [path for path in sweep(Needles.of([logged]), root / "var/log", newer_than=began) if "journal" in path]
    with ProcessWatch(Needles.of([shown])) as watch:
        lab.execute("alpha", ["sh", "-c", "sleep 0.5 && : $1", "sh", shown])
    assert watch.found
