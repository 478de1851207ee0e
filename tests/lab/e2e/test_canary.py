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
from typing import TYPE_CHECKING

import pytest
import zstandard

from tests.lab.e2e._leaks import Leaks
from tests.lab.e2e._support import (
    HOSTS,
    STORE,
    Controller,
    canary,
    in_memory,
    info,
    memory_root,
    place,
    virgin,
)
from tests.lab.e2e._sweep import Needles, ProcessWatch, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lab._lab import Lab

FIELDS = {"api_key": "{{ key }}", "secret": "{{ secret }}", "passphrase": "{{ passphrase }}"}
CCXT = {"name": "grid.json", "format": "ccxt", "fields": FIELDS}
RAW = {"name": "token", "content": "{{ pem }}"}
CHANGED = {**CCXT, "fields": {**FIELDS, "secret": "{{ new_secret }}"}}
FULL = "/srv/full"


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
