# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Placing with canaries, whatever happens to a run: what the tests of it share."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tests.lab.e2e._leaks import Leaks
from tests.lab.e2e._support import HOSTS, STORE, Controller, canary, in_memory, info, place, virgin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


def place_and_sweep(lab: Lab, directory: Path, *, user: str, pipelining: bool) -> None:
    """Place, change and fail in every way, and find the secrets nowhere."""
    virgin(lab)
    with in_memory(directory), full_disk(lab, *HOSTS):
        given = secrets()
        controller = Controller(lab, directory, user=user, pipelining=pipelining)
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
        leaks = Leaks(lab, directory, given)
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
