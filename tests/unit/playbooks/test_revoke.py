# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook ``revoke`` as Ansible runs it at 3 a.m.: nothing in the inventory keeps the list from who has to act.

No host and no exchange is asked for anything, because nobody confirms.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.lab.ansible import Project, ansible_playbook

if TYPE_CHECKING:
    from pathlib import Path

KEY: dict[str, Any] = {"name": "grid", "exchange": "bybit", "declared": {"owner": "Ada", "access": "read"}}
LINES = ["1. Bybit, a key whose id is not known (compare the label): can read, as declared", "   grid on bot1"]


class Vaulted(str):
    """A value that only the password opens."""

    __slots__ = ()


yaml.SafeDumper.add_representer(Vaulted, lambda dumper, value: dumper.represent_scalar("!vault", str(value), style="|"))


def locked(text: str) -> Vaulted:
    sealed = VaultLib([("x", VaultSecret(b"nobody knows"))]).encrypt(text)
    return Vaulted(sealed.decode())


@pytest.mark.parametrize(
    "mistakes",
    [
        {},
        {"exchange_credentials_api_keys": [{**KEY, "secret": locked("CANARYsecret")}]},
        {"exchange_credentials_documents": "none", "exchange_credentials_revoke_seconds": "long"},
        {"exchange_credentials_proxy": locked("CANARYproxy"), "exchange_credentials_policy": []},
    ],
    ids=["none", "locked", "no list", "locked elsewhere"],
)
def test_the_list_is_there_whatever_else_is_wrong(tmp_path: Path, mistakes: dict[str, Any]) -> None:
    project = Project(tmp_path)
    given = {"exchange_credentials_api_keys": [KEY], **mistakes}
    project.inventory.write_text(
        yaml.safe_dump({"all": {"hosts": {"bot1": given, "bot2": mistakes}}}), encoding="utf-8"
    )
    done = subprocess.run(
        [
            *ansible_playbook(),
            "-i",
            str(project.inventory),
            "trading.hosts.revoke",
            "-e",
            "exchange_credentials_revoke_owner=Ada",
        ],
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert all(line in done.stdout for line in LINES), done.stdout + done.stderr
    assert "Nobody typed Ada, so nothing was done" in done.stdout + done.stderr
    assert done.returncode == 2
    assert "CANARY" not in done.stdout + done.stderr
