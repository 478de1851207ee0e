# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host is destroyed; another one trades from the sealed copies, and no secret was ever in clear on the controller."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab import demo
from tests.lab._simulator import STATE_DIR
from tests.lab._tools import wait_for
from tests.lab.e2e._support import HOSTS, STORE, Controller, in_memory, info, names, place, virgin
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from tests.lab._lab import Lab

PLAYBOOK = Path(__file__).resolve().parents[3] / "playbooks" / "recover.yml"
PROGRAM = Path(demo.__path__[0]) / "files" / "balance.py"
COPY = {
    "name": "program",
    "ansible.builtin.copy": {"src": str(PROGRAM), "dest": "/usr/local/lib/balance.py", "mode": "0644"},
}
UNIT = "recovered.service"
SERVICE = {
    "name": "recovered",
    "command": ["/usr/bin/python3", "/usr/local/lib/balance.py", "%d/grid", "bybit"],
    "credentials": ["grid"],
}
MINUTES = 10


def identity(path: Path) -> str:
    subprocess.run(["age-keygen", "--output", str(path)], check=True, capture_output=True)
    return subprocess.run(["age-keygen", "-y", str(path)], check=True, capture_output=True, text=True).stdout.strip()


def reseal(copy: Path, to: Path, *, recovery: Path, recipients: list[str]) -> None:
    """What the operator runs where the recovery identity is: one pipe, nothing in between on a disk."""
    to.parent.mkdir(parents=True, exist_ok=True)
    words = " ".join(f"--recipient {recipient}" for recipient in recipients)
    command = f"age --decrypt --identity {recovery} {copy} | age --encrypt --armor {words} --output {to} -"
    subprocess.run(["sh", "-ec", command], check=True)


@pytest.mark.parametrize("store", ["systemd", "age"])
def test_another_host_trades_from_the_sealed_copies(
    lab: Lab, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, store: str
) -> None:
    virgin(lab)
    elsewhere = tmp_path_factory.mktemp("operator")
    recovery = elsewhere / "recovery"
    recipient = identity(recovery)
    simulator = Simulator.attach(STATE_DIR)
    simulator.reset()
    key = simulator.create_key("bybit", allowlist=[lab.public_addresses("beta")[0]], label="grid")
    with in_memory(tmp_path):
        controller = Controller(lab, tmp_path, pipelining=True)
        controller.write_vars({"key": key.key, "secret": key.secret})
        escrow = tmp_path / "escrow"
        grid = {"name": "grid", "format": "ccxt", "fields": {"api_key": "{{ key }}", "secret": "{{ secret }}"}}
        options: dict[str, Any] = {"recipients": [recipient], "escrow_to": str(escrow)}
        foreseen, kept, again = (
            {**place(grid, store=store, **options), "name": name} for name in ("foresee", "place", "again")
        )
        run = controller.run({**foreseen, "check_mode": True}, kept, again, info(escrow_to=str(escrow)), hosts="alpha")
        for task, status, written in (
            ("foresee", "changed", ["grid"]),
            ("place", "changed", ["grid"]),
            ("again", "ok", []),
        ):
            assert run.of("alpha", task).status == status, run.output
            assert run.of("alpha", task).data["escrow"]["written"] == written
            assert "sealed_copies" not in run.of("alpha", task).data
        told = run.of("alpha", "info").data["credentials"][0]
        assert (told["sealed_copy"], told["sealed_for"]) == ("current", [recipient])
        (escrow / "alpha" / "grid.age").unlink()
        mended = controller.run(kept, hosts="alpha").of("alpha", "place")
        assert (mended.status, mended.data["escrow"]["written"]) == ("changed", ["grid"])
        assert mended.data["credentials"][0]["changed"] is False

        # The host burns, and with it the inventory forgets the secret: from here on nobody has it in clear.
        began = time.monotonic()
        virgin(lab, "alpha")
        declared = {
            "access": "read_write",
            "products": ["spot"],
            "label": "grid",
            "recovery": "escrow",
        }
        entry = {"name": "grid", "exchange": "bybit", "credential": {"name": "grid"}, "declared": declared}
        controller.write_vars(
            {
                "exchange_credentials_api_keys": [entry],
                "exchange_credentials_store": store,
                "exchange_credentials_recipients": [recipient],
                "exchange_credentials_sample_interval": 0.2,
                "exchange_credentials_install_libraries": False,
                "exchange_credentials_on_rejected": "skip",
                "trading_host_services": [SERVICE],
                # A host that stands by is prepared already.
                "trading_host_baseline": False,
                "trading_host_firewall": False,
            },
            hosts=["beta"],
        )
        ask = ("-v", "-e", "recover_from=alpha", "-e", "recover_to=beta", "-e", f"recover_escrow={escrow}")
        first = recover(controller, *ask)
        assert first.returncode != 0
        assert "These copies are not sealed for beta yet: grid" in first.stdout, first.stdout
        own = controller.run(COPY, info(), hosts="beta").of("beta", "info").data["machine"]["age_recipient"]
        assert f"--recipient {own} --recipient {recipient}" in first.stdout
        reseal(
            escrow / "alpha" / "grid.age",
            escrow / "alpha" / "for-beta" / "grid.age",
            recovery=recovery,
            recipients=[own, recipient],
        )
        second = recover(controller, *ask)
        assert second.returncode == 0, second.stdout
        third = recover(controller, *ask)
        assert third.returncode == 0, third.stdout
        assert "changed=0" in third.stdout.rpartition("beta ")[2], third.stdout
        wait_for(lambda: "balance" in said(lab), what="the recovered service", timeout=30)
        assert time.monotonic() - began < MINUTES * 60
        print(f"recovered after {time.monotonic() - began:.0f} s")
        assert [name for name in names(lab, "beta") if not name.startswith(".")] == [
            "grid.age" if store == "age" else "grid"
        ]
        assert json.loads((escrow / "beta" / "grid.json").read_text())["recipients"] == [recipient]
        assert sweep(Needles.of([key.secret]), tmp_path) == []
    lab.execute("beta", ["systemctl", "disable", "--quiet", "--now", UNIT])
    lab.execute("beta", ["rm", f"/etc/systemd/system/{UNIT}"])
    assert not (lab.root("alpha") / STORE / "grid").exists()
    assert HOSTS == ("alpha", "beta")


def recover(controller: Controller, *arguments: str) -> subprocess.CompletedProcess[str]:
    return controller.project.run(
        PLAYBOOK, *arguments, environment={"ANSIBLE_HOME": str(controller.directory / "home")}
    )


def said(lab: Lab) -> str:
    return lab.execute("beta", ["journalctl", "--boot", "--unit", UNIT, "--output", "cat"], check=False).stdout
