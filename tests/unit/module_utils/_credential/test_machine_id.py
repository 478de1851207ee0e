# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential import _machine_id as subject
from ansible_collections.trading.hosts.plugins.module_utils._errors import StoreError

ID = bytes.fromhex("0123456789abcdef0123456789abcdef")


def test_the_hash_is_the_one_that_systemd_makes() -> None:
    # systemd-id128 machine-id --app-specific=d3acecba0dad4cdfb8c9381528936c58 on a machine with this id.
    assert subject.hashed_machine_id(machine_id=ID).hex() == "f65a25a6c02a44888e0e49b6adb6b1f9"


@pytest.mark.parametrize(
    ("machine_id", "secret", "state"),
    [
        (ID.hex() + "\n", subject.hashed_machine_id(machine_id=ID) + b"k" * 4096, "bound"),
        (ID.hex(), subject.hashed_machine_id(machine_id=ID) + b"k" * 4096, "bound"),
        ("f" * 32 + "\n", subject.hashed_machine_id(machine_id=ID) + b"k" * 4096, "differs"),
        (ID.hex() + "\n", None, "absent"),
        ("", subject.hashed_machine_id(machine_id=ID) + b"k" * 4096, "empty-machine-id"),
        ("", None, "empty-machine-id"),
        ("uninitialized\n", None, "empty-machine-id"),
        (ID.hex() + "\n", b"short", "unreadable"),
        ("not a machine id\n", b"k" * 4112, "unreadable"),
        (None, b"k" * 4112, "unreadable"),
    ],
)
def test_state(tmp_path: Path, machine_id: str | None, secret: bytes | None, state: str) -> None:
    if machine_id is not None:
        (tmp_path / "machine-id").write_text(machine_id)
    if secret is not None:
        (tmp_path / "secret").write_bytes(secret)
    found = subject.read_host_key(secret_path=str(tmp_path / "secret"), machine_id_path=str(tmp_path / "machine-id"))
    assert found.state == state
    assert (found.problem is not None) == (state == "unreadable")


@pytest.mark.parametrize("state", subject.STATES)
def test_guard_lets_only_a_bound_or_an_absent_key_pass(state: str) -> None:
    key = subject.HostKey(state, "it is odd" if state == "unreadable" else None)
    if state in ("bound", "absent"):
        subject.guard(host_key=key, at_stake=[])
        return
    with pytest.raises(StoreError):
        subject.guard(host_key=key, at_stake=[])


def test_the_refusal_names_what_is_at_stake_and_both_mends() -> None:
    paths = [f"/etc/credstore.encrypted/c{number}" for number in range(7)]
    with pytest.raises(StoreError) as refused:
        subject.guard(host_key=subject.HostKey("differs"), at_stake=paths)
    said = str(refused.value)
    assert "c0" in said
    assert "and 2 more" in said
    assert "put the old content of /etc/machine-id back" in said
    assert "on_undecryptable: replace" in said
