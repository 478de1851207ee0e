# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A trading program, as it is published, on a host of its own: what the tests of all of them share.

An environment takes a minute to make, so the first run keeps it, as the role made it, beside the images. Later runs
lay it below the host's disk. It is made anew when anything changes that it is made by.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.collection import CHECKOUT
from tests.lab import _host
from tests.lab._images import cache_dir, image_path
from tests.lab._simulator import STATE_DIR
from tests.lab._spec import HostSpec
from tests.lab._tools import remove_tree
from tests.lab._wheelhouse import ensure_wheelhouse
from tests.lab.e2e._support import Controller, Run, place
from tests.simulator.client import SimulatedKey, Simulator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab._lab import Lab

SPECS = {
    "bookworm": HostSpec(
        name="bot12", number=14, suite="bookworm", public_v4="91.198.115.114", public_v6="2a02:ec80:700:1::114"
    ),
    "trixie": HostSpec(
        name="bot13", number=15, suite="trixie", public_v4="91.198.115.115", public_v6="2a02:ec80:700:1::115"
    ),
}
WHEELHOUSE = "srv/wheelhouse"
RUN_SERVICE = "trading.hosts.trading_service : Run it"
INSTALL = "trading.hosts.python_program : Install the program and all it needs, each file by its hash"


class ProgramHost:
    """A host with a program, its controller, and its key on the exchange.

    ``program`` is the last part of its directory below /opt, ``form`` the format of its credential, ``lock`` what is
    installed, with hashes. Its files are fetched when ``wheelhouse`` does not hold them.
    """

    program: str
    unit: str
    form: str

    def __init__(self, lab: Lab, directory: Path, *, suite: str, lock: Path, wheelhouse: Path | None = None) -> None:
        self.lab = lab
        self.spec = SPECS[suite]
        self.host = self.spec.name
        self.simulator = Simulator.attach(STATE_DIR)
        self.wheelhouse = wheelhouse or ensure_wheelhouse(lock, suite=suite)
        self.opt = f"opt/{self.program}"
        self.layer = cache_dir() / f"{self.program}-{suite}-{_digest(suite, self.wheelhouse, lock)}"
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.variables: dict[str, Any] = {}

    def boot(self, *, layers: bool = True) -> None:
        """Make the host: from the kept environment where there is one, and else with the wheels to make it from."""
        if self.host in self.lab.guests:
            if not self.lab.is_running(self.host):
                self.lab.boot(self.host)
        else:
            below = [self.layer] if layers and self.layer.is_dir() else []
            assert self.lab.add_guest(self.spec, layers=below) == "running"
        _host.install_ca(self.spec, Path(self.simulator.ca_file).read_text())
        if not (self.lab.root(self.host) / self.opt).is_dir():
            self.bring(self.wheelhouse)
        self.controller = Controller(self.lab, self.directory, pipelining=True, guests=True)

    def bring(self, wheelhouse: Path) -> Path:
        """Put the wheels on the host and return where."""
        return Path(shutil.copytree(wheelhouse, self.lab.root(self.host) / WHEELHOUSE, dirs_exist_ok=True))

    def keep(self) -> None:
        """Keep the environment for the next run."""
        if self.layer.is_dir():
            return
        scratch = Path(tempfile.mkdtemp(prefix=".keeping-", dir=cache_dir()))
        try:
            shutil.copytree(self.lab.root(self.host) / self.opt, scratch / self.opt, symlinks=True)
            scratch.chmod(0o755)
            scratch.rename(self.layer)
        finally:
            remove_tree(scratch)

    def create_key(self, *, label: str = "bot") -> SimulatedKey:
        return self.simulator.create_key(
            "bybit", allowlist=[self.lab.public_addresses(self.host)[0]], label=label, parent_id="10000001"
        )

    def give(self, key: SimulatedKey, **variables: Any) -> dict[str, Any]:
        """Write the key to the host's vaulted variables, and return the task that places it."""
        self.write(key=key.key, secret=key.secret, **variables)
        return place(self.document({"api_key": "{{ key }}", "secret": "{{ secret }}"}))

    def document(self, fields: Mapping[str, str]) -> dict[str, Any]:
        """Return what is placed for the program."""
        return {"name": "bot", "format": self.form, "fields": dict(fields)}

    def write(self, **variables: Any) -> None:
        self.variables |= variables
        self.controller.write_vars(self.variables, hosts=[self.host])

    def run(self, *tasks: Mapping[str, Any], **options: Any) -> Run:
        return self.controller.run(*tasks, hosts=self.host, **options)

    def failure(self, run: Run) -> str:
        """Return the last sentence with which a task failed: what was rescued came before it."""
        failed = [str(result.data["msg"]) for result in run.results if result.status == "failed"]
        assert failed, run.output
        return failed[-1]

    def refusals(self, role: Mapping[str, Any], refused: Mapping[str, Mapping[str, Any]]) -> tuple[Run, list[str]]:
        """Run the role once with each of these variables, in one play, and return with which sentences it failed."""
        tasks = [
            {"name": sentence, "block": [{**role, "vars": variables}], "rescue": [{"ansible.builtin.meta": "noop"}]}
            for sentence, variables in refused.items()
        ]
        run = self.run(*tasks)
        return run, [str(result.data["msg"]) for result in run.results if result.status == "failed"]

    def changed(self, run: Run) -> list[str]:
        return [result.task for result in run.results if result.status == "changed"]

    def shown(self, *properties: str) -> dict[str, str]:
        """Return properties of the service."""
        argv = ["systemctl", "show", f"--property={','.join(properties)}", self.unit]
        return dict(line.split("=", 1) for line in self.lab.execute(self.host, argv).stdout.splitlines())

    def invocation(self) -> str:
        return self.shown("InvocationID")["InvocationID"]

    def journal(self, *, everything: bool = False) -> str:
        """Return what the service has said, since its last start or ever."""
        match = f"--unit={self.unit}" if everything else f"_SYSTEMD_INVOCATION_ID={self.invocation()}"
        return self.lab.execute(self.host, ["journalctl", "--output=cat", "--no-pager", match]).stdout

    def answers(self, key: SimulatedKey, path: str = "/v5/account/wallet-balance") -> set[str | None]:
        """Return what the exchange answered to this key's requests there: codes, or None for what it asked for."""
        seen = self.simulator.requests(exchange="bybit")
        return {request.code for request in seen if (request.label, request.path) == (key.label, path)}


def _digest(suite: str, wheelhouse: Path, lock: Path) -> str:
    role = CHECKOUT / "roles" / "python_program"
    made_by = [
        *(path.read_text() for path in sorted(role.rglob("*")) if path.suffix in (".py", ".yml")),
        lock.read_text(),
        wheelhouse.name,
        image_path(suite).name,
    ]
    return hashlib.sha256("\0".join(made_by).encode()).hexdigest()[:12]
