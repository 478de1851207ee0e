# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host whose machine-id is another one, or none, keeps its key, and all decrypts again when it is put back."""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lab.e2e._support import (
    HOST_KEY,
    HOSTS,
    MACHINE_ID,
    STORE,
    Controller,
    canary,
    decrypt,
    info,
    names,
    place,
    virgin,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

OLD = ({"name": "one", "content": "{{ secret }}"}, {"name": "two", "content": "{{ other }}"})
NEW = ({"name": "one", "content": "{{ changed }}"}, {"name": "three", "content": "{{ other }}"})
CHANGED_ID = f"{uuid.uuid4().hex}\n"
WAYS = {
    "run": ["-v"],
    "check mode": ["-v", "--check"],
    "check mode with diff": ["-v", "--check", "--diff"],
}


@pytest.fixture
def placed(lab: Lab, tmp_path: Path) -> Controller:
    virgin(lab)
    controller = Controller(lab, tmp_path)
    controller.write_vars({"secret": canary(), "other": canary(), "changed": canary()})
    assert controller.run(place(*OLD)).returncode == 0
    return controller


@contextlib.contextmanager
def machine_id(lab: Lab, text: str) -> Iterator[None]:
    """Give both hosts this machine-id for a while."""
    paths = [lab.root(host) / MACHINE_ID for host in HOSTS]
    before = [path.read_text() for path in paths]
    try:
        for path in paths:
            path.write_text(text)
        yield
    finally:
        for path, right in zip(paths, before, strict=True):
            path.write_text(right)


@pytest.mark.parametrize(
    ("text", "state", "says", "mends"),
    [
        (
            CHANGED_ID,
            "differs",
            ["machine-id of this host has changed", f"/{STORE}/one, /{STORE}/two"],
            ["put the old content of /etc/machine-id back", "on_undecryptable: replace"],
        ),
        (
            "",
            "empty-machine-id",
            ["/etc/machine-id is empty"],
            ["restore the file's old content", "systemd-machine-id-setup"],
        ),
    ],
    ids=["changed", "empty"],
)
def test_the_guard_holds_and_the_credentials_live_again(
    lab: Lab, placed: Controller, text: str, state: str, says: list[str], mends: list[str]
) -> None:
    keys = [(lab.root(host) / HOST_KEY).read_bytes() for host in HOSTS]
    contents = [decrypt(lab, host, name) for host in HOSTS for name in ("one", "two")]

    with machine_id(lab, text):
        for arguments in WAYS.values():
            run = placed.run(
                {**info(), "ignore_errors": True},
                place(*OLD, name="same", ignore_errors=True),
                place(*NEW, on_undecryptable="replace"),
                arguments=arguments,
            )
            for host in HOSTS:
                told = run.of(host, "info").data
                assert told["machine"]["host_key"] == state
                assert {entry["name"]: entry["decryptable"] for entry in told["credentials"]} == {
                    "one": "not_tried", "two": "not_tried"
                }  # fmt: skip
                for task in ("same", "place"):
                    refusal = run.of(host, task)
                    assert refusal.status == "failed"
                    for word in (*says, *mends):
                        assert word in refusal.data["msg"]
                assert names(lab, host) == ["one", "two"]
            assert [(lab.root(host) / HOST_KEY).read_bytes() for host in HOSTS] == keys

    assert [decrypt(lab, host, name) for host in HOSTS for name in ("one", "two")] == contents
    again = placed.run(place(*OLD))
    assert [result.status for result in again.everywhere("place")] == ["ok", "ok"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_plain_decrypt_destroys_the_key(lab: Lab, placed: Controller, host: str) -> None:
    """The control: this is what the guard stands before, on every release of systemd that the lab has."""
    key = lab.root(host) / HOST_KEY
    right = key.read_bytes()
    with machine_id(lab, CHANGED_ID):
        lab.execute(host, ["systemd-creds", "decrypt", "--name=one", f"/{STORE}/one", "-"], check=False)
    gone = not key.exists() or key.read_bytes() != right
    for_good = lab.execute(host, ["systemd-creds", "decrypt", "--name=one", f"/{STORE}/one", "-"], check=False)
    key.unlink(missing_ok=True)
    key.write_bytes(right)
    key.chmod(0o400)
    assert gone
    assert for_good.returncode != 0
    assert decrypt(lab, host, "one")


def test_with_the_old_machine_id_lost_the_second_mend_works(lab: Lab, placed: Controller) -> None:
    """What the refusal says to do: move the key away and place the secrets anew."""
    aside = {host: (lab.root(host) / HOST_KEY).read_bytes() for host in HOSTS}
    with machine_id(lab, CHANGED_ID):
        for host in HOSTS:
            (lab.root(host) / HOST_KEY).rename(lab.root(host) / f"{HOST_KEY}.old")
        run = placed.run(
            place(*OLD, name="without the word", ignore_errors=True), place(*OLD, on_undecryptable="replace"), info()
        )
        for host in HOSTS:
            assert run.of(host, "without the word").status == "failed"
            assert run.of(host, "place").status == "changed"
            assert run.of(host, "info").data["machine"]["host_key"] == "bound"
    for host in HOSTS:
        (lab.root(host) / HOST_KEY).unlink()
        (lab.root(host) / f"{HOST_KEY}.old").rename(lab.root(host) / HOST_KEY)
        assert (lab.root(host) / HOST_KEY).read_bytes() == aside[host]
