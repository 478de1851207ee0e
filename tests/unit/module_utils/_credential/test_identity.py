# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clone has the identity of its origin, and nothing of the machine-id is shown."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential._identity import host_identity

MACHINE_ID = "0123456789abcdef0123456789abcdef"


def of(directory: Path) -> dict[str, Any]:
    return host_identity(machine_id_path=str(directory / "machine-id"), ssh_directory=str(directory))


def make(directory: Path, machine_id: str) -> None:
    directory.mkdir()
    (directory / "machine-id").write_text(f"{machine_id}\n")
    for kind in ("ed25519", "ecdsa"):
        argv = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(directory / f"ssh_host_{kind}_key")]
        subprocess.run(argv, check=True)


def test_a_clone_is_the_same_and_another_host_is_not(tmp_path: Path) -> None:
    make(tmp_path / "a", MACHINE_ID)
    make(tmp_path / "b", MACHINE_ID[::-1])
    (tmp_path / "c").mkdir()
    for path in (tmp_path / "a").iterdir():
        (tmp_path / "c" / path.name).write_bytes(path.read_bytes())
    first, other, clone = (of(tmp_path / name) for name in "abc")
    assert clone == first
    assert other["machine_id"] != first["machine_id"]
    assert not set(other["ssh_host_keys"]) & set(first["ssh_host_keys"])
    assert MACHINE_ID not in str(first)
    assert len(first["machine_id"]) == 32


def test_fingerprints_are_those_of_ssh_keygen(tmp_path: Path) -> None:
    make(tmp_path / "a", MACHINE_ID)
    told = {
        subprocess.run(["ssh-keygen", "-l", "-f", path], check=True, capture_output=True, text=True).stdout.split()[1]
        for path in (tmp_path / "a").glob("*.pub")
    }
    assert set(of(tmp_path / "a")["ssh_host_keys"]) == told


@pytest.mark.parametrize("text", ["", "uninitialized\n", "xyz", "0" * 31, "0" * 34])
def test_what_cannot_be_told_is_not_made_up(tmp_path: Path, text: str) -> None:
    assert of(tmp_path / "none") == {"machine_id": None, "ssh_host_keys": []}
    (tmp_path / "machine-id").write_text(text)
    (tmp_path / "ssh_host_rsa_key.pub").write_text("ssh-rsa no-base64!\n")
    (tmp_path / "ssh_host_dsa_key.pub").write_text("")
    assert of(tmp_path) == {"machine_id": None, "ssh_host_keys": []}
