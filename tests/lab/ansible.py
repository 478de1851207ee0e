# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible as a user runs it: an inventory with a vaulted file for each host, and ``ansible-playbook`` as a process."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.parsing.vault import VaultLib, VaultSecret

from tests.collection import collections_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True)
class Project:
    """A directory with an inventory. Secrets stand in ``host_vars`` only, encrypted by ansible-vault."""

    directory: Path
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def __post_init__(self) -> None:
        (self.directory / "host_vars").mkdir(parents=True, exist_ok=True)
        password_file = self.directory / "vault-password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)

    @property
    def inventory(self) -> Path:
        return self.directory / "inventory.json"

    def write_host_vars(self, host: str, variables: Mapping[str, Any]) -> None:
        """Encrypt a host's variables; nothing of them reaches the disk in clear."""
        vault = VaultLib([("default", VaultSecret(self.password.encode()))])
        path = self.directory / "host_vars" / f"{host}.json"
        path.write_bytes(vault.encrypt(json.dumps(variables)))

    def environment(self, **extra: str) -> dict[str, str]:
        """Return an environment in which no configuration of this machine's user counts."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        config = self.directory / "ansible.cfg"
        if not config.exists():
            config.write_text("[defaults]\n")
        return {
            **kept,
            "ANSIBLE_CONFIG": str(config),
            "ANSIBLE_COLLECTIONS_PATH": str(collections_directory()),
            "ANSIBLE_LOCAL_TEMP": str(self.directory / "tmp"),
            "ANSIBLE_VAULT_PASSWORD_FILE": str(self.directory / "vault-password"),
            "ANSIBLE_FORCE_COLOR": "0",
            "ANSIBLE_NOCOWS": "1",
            "LC_ALL": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            **extra,
        }

    def run(
        self,
        playbook: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        line: Callable[[str], None] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook to its end; ``line`` gets each line of output as it comes. A failed play raises nothing."""
        argv = [*ansible_playbook(), "-i", str(self.inventory), *arguments, str(playbook)]
        with subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(**(environment or {})),
        ) as process:
            output: list[str] = []
            for text in process.stdout or ():
                output.append(text)
                if line:
                    line(text.rstrip("\n"))
        return subprocess.CompletedProcess(argv, process.returncode, "".join(output))


def ansible_playbook() -> Sequence[str]:
    """Return the command of the interpreter that runs this, whatever else is on the path."""
    return [str(Path(sys.executable).with_name("ansible-playbook"))]
