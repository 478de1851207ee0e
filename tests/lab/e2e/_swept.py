# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that hold canaries while every scenario of ``_canaries`` runs: what the sweeps share."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.lab._simulator import STATE_DIR
from tests.lab.e2e._canaries import SCENARIOS, named
from tests.lab.e2e._leaks import Leaks
from tests.lab.e2e._support import HOSTS, Controller, canary, in_memory, virgin
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

SUDO_IO = "var/log/sudo-io"
RULES = "etc/sudoers.d/zz-record"
#: A secret in clear, for the module that looks for such.
EXPOSED = "srv/exposed/config.json"


def locked_pem(password: str) -> str:
    return (
        ed25519.Ed25519PrivateKey.generate()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password.encode()),
        )
        .decode()
    )


def canaries() -> dict[str, str]:
    """Return what every scenario's secrets are made of: what exchanges take holds no letter beyond ASCII."""
    found = {name: canary().replace("é", "") for name in ("key", "secret", "phrase", "password")}
    plain = canary().replace('"\\/+é', "")
    given = {f"canary_{name}": text for name, text in {**found, "plain": plain}.items()}
    return {**given, "canary_pem": locked_pem(found["password"])}


@contextlib.contextmanager
def sudo_records(lab: Lab, what: str) -> Iterator[None]:
    """Have sudo record this on both hosts for a while."""
    rules = [lab.root(host) / RULES for host in HOSTS]
    before = [path.read_text() if path.exists() else None for path in rules]
    for path in rules:
        path.write_text(f"Defaults {what}\n")
        path.chmod(0o440)
    try:
        yield
    finally:
        for path, text in zip(rules, before, strict=True):
            if text is None:
                path.unlink()
            else:
                path.write_text(text)


class Swept:
    """A controller whose hosts hold canaries, and what was planted to be found."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.directory = directory
        self.secrets = canaries()
        simulator = Simulator.attach(STATE_DIR)
        addresses = [lab.host(host).public_v4 for host in HOSTS]
        good = simulator.create_key("bybit", permissions="spot-trade", allowlist=addresses, label="good")
        key = {"name": "good", "exchange": "bybit", "api_key": good.key, "secret": good.secret}
        declared = {"label": "good", "account": good.account_id, "access": "read_write", "products": ["spot"]}
        self.controller = Controller(lab, directory)
        self.planted = canary().replace('"\\/+é', "")
        held = {**self.secrets, "good_key": good.key, "good_secret": good.secret}
        self.leaks = Leaks(lab, directory, held, belongs=["/run/credentials/swept.service/", f"/{EXPOSED}"])
        config = {"exchange": {"name": "bybit", "key": good.key, "secret": good.secret}}
        for host in HOSTS:
            (lab.root(host) / EXPOSED).parent.mkdir(exist_ok=True)
            (lab.root(host) / EXPOSED).write_text(json.dumps(config))
        self.controller.write_vars(
            {
                **self.secrets,
                "good": {**key, "declared": declared},
                "canary_keys": [{**key, "declared": declared}],
                "planted": self.planted,
                "swept_directory": str(directory / "facts"),
            }
        )

    def plant(self) -> dict[str, Any]:
        """Return a task that tells something which is no canary to every channel, as a careless one would."""
        return {
            "name": "plant",
            "ansible.builtin.command": {"argv": ["echo", "{{ planted }}"]},
            "changed_when": False,
        }

    def shows_planted(self, *roots: Path) -> bool:
        return bool(sweep(Needles.of([self.planted]), *roots, newer_than=self.leaks.began))


@pytest.fixture
def swept(lab: Lab, tmp_path: Path) -> Iterator[Swept]:
    virgin(lab)
    with in_memory(tmp_path), sudo_records(lab, "log_output"):
        yield Swept(lab, tmp_path)
        for host in HOSTS:
            lab.execute(host, ["systemctl", "disable", "--quiet", "--now", "swept.service"], check=False)
            (lab.root(host) / "etc/systemd/system/swept.service").unlink(missing_ok=True)
            (lab.root(host) / EXPOSED).unlink()


def scenarios(*, without: str = "") -> list[dict[str, Any]]:
    return [named(name, task) for name, task in SCENARIOS.items() if name != without]
