# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pairs that real hosts make: exchanges take them, they are replaced in two steps, their private halves stay there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import serialization

from tests.lab._simulator import STATE_DIR
from tests.lab.e2e._support import HOSTS, Controller, Run, decrypt, decrypt_age, in_memory, names, places, virgin
from tests.lab.e2e._sweep import Needles, ProcessWatch, Watch, sweep
from tests.simulator.client import SimulatedKey, Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.lab._lab import Lab

#: What each host's key is for, and where it is kept: one of each type and store, on each release of the library.
WANTED: dict[str, dict[str, Any]] = {
    "alpha": {"exchange": "binance", "store": "systemd"},
    "beta": {"exchange": "bybit", "size": 2048, "store": "age"},
}
OPENED: dict[str, Callable[[Lab, str, str], str]] = {"systemd": decrypt, "age": decrypt_age}
#: In memory, because a recovery identity is kept off every host's disk.
RECOVERY = "/run/recovery"
TYPES = {"alpha": ("ed25519", None), "beta": ("rsa", 2048)}


def pair(name: str, **options: Any) -> dict[str, Any]:
    keywords = {key: options.pop(key) for key in ("check_mode",) if key in options}
    given = {"name": "grid-key", "exchange": "{{ wanted.exchange }}", "store": "{{ wanted.store }}"}
    given |= {name: f"{{{{ wanted.{name} | default(omit) }}}}" for name in ("size", "recipients")}
    return {"name": name, "trading.hosts.key_pair": {**given, **options}, **keywords}


def learn(name: str, *, key: str, credential: str) -> dict[str, Any]:
    entry = {
        "name": "grid",
        "exchange": "{{ wanted.exchange }}",
        "api_key": f"{{{{ {key} }}}}",
        "credential": {"name": credential},
    }
    return {"name": name, "trading.hosts.api_key_info": {"api_keys": [entry]}, "register": "learned"}


def opened(lab: Lab, host: str, name: str = "grid-key") -> str:
    return OPENED[WANTED[host]["store"]](lab, host, name)


def recovery_recipient(lab: Lab, host: str) -> str:
    """Make the identity of somebody else who shall be able to open what is on the host."""
    lab.execute(host, ["rm", "--force", RECOVERY])
    lab.execute(host, ["age-keygen", "--output", RECOVERY])
    return lab.execute(host, ["age-keygen", "-y", RECOVERY]).stdout.strip()


def public_half(private: str) -> str:
    key = serialization.load_pem_private_key(private.encode(), None).public_key()
    pem = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, pem).decode()


def register(lab: Lab, simulator: Simulator, run: Run, task: str, field: str) -> dict[str, SimulatedKey]:
    """Do what a person does with what was returned: paste it on the exchange's page, with the host's address."""
    return {
        host: simulator.create_key(
            WANTED[host]["exchange"],
            secret=run.of(host, task).data[field]["public_key"],
            permissions="spot-trade",
            allowlist=[lab.host(host).public_v4],
        )
        for host in HOSTS
    }


def statuses(run: Run, *tasks: str) -> list[tuple[str, ...]]:
    return [tuple(run.of(host, task).status for task in tasks) for host in HOSTS]


def learned(run: Run, task: str) -> list[tuple[str, str]]:
    facts = [run.of(host, task).data["api_keys"][0] for host in HOSTS]
    return [(fact["access"]["status"], fact["key_type"]) for fact in facts]


ACCEPTED = [("accepted", "ed25519"), ("accepted", "rsa")]


def test_a_pair_from_its_making_to_its_replacement(lab: Lab, tmp_path: Path) -> None:
    virgin(lab)
    simulator = Simulator.attach(STATE_DIR)
    began = time.time()
    # Nobody knows a private half before it is made: what begins like one is looked for meanwhile, the halves after.
    anything = Needles.of(["-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----"])
    with in_memory(tmp_path):
        controller = Controller(lab, tmp_path)
        where = places(lab, controller)
        recipients = {"beta": [recovery_recipient(lab, "beta")]}

        def variables(**more: Mapping[str, SimulatedKey]) -> None:
            for host in HOSTS:
                ids = {name: keys[host].key for name, keys in more.items()}
                wanted = WANTED[host] | ({"recipients": recipients[host]} if host in recipients else {})
                controller.write_vars({"wanted": wanted, **ids}, hosts=[host])

        variables()
        with Watch(anything, where) as files, ProcessWatch(anything) as processes:
            foreseen = controller.run(pair("foresee"), arguments=["-v", "--check", "--diff"])
            assert [names(lab, host) for host in HOSTS] == [[], []]
            run = controller.run(pair("make"), pair("again"), arguments=["-v", "--diff"])
            old = register(lab, simulator, run, "make", "key_pair")
            variables(old=old)
            changed = controller.run(
                learn("learn", key="old", credential="grid-key"),
                pair("anew", regenerate=True),
                pair("wait", regenerate=True),
                learn("still", key="old", credential="grid-key"),
            )
            held = [opened(lab, host, name) for host in HOSTS for name in ("grid-key", "grid-key.next")]
            new = register(lab, simulator, changed, "anew", "next_key_pair")
            variables(old=old, new=new)
            ended = controller.run(
                learn("learn", key="new", credential="grid-key.next"),
                {**pair("promote", promote=True), "when": "learned.api_keys[0].access.status == 'accepted'"},
                pair("once more", promote=True),
                learn("in its place", key="new", credential="grid-key"),
                {**learn("the old one is gone", key="old", credential="grid-key"), "register": "refused"},
            )
            loud = controller.run(pair("loud"), arguments=["-vvvvvv", "--diff"])
        assert files.files > 0
        assert [*files.found, *processes.found] == []
        assert len(set(held)) == 4
        bodies = Needles.of(line for text in held for line in text.splitlines() if not line.startswith("-----"))
        assert sweep(bodies, *where, newer_than=began) == []
        for each in (foreseen, run, changed, ended, loud):
            assert each.returncode == 0, each.output
            assert not bodies.are_in(each.output.encode())

        assert statuses(run, "make", "again") == [("changed", "ok")] * 2
        for host, kind in TYPES.items():
            assert foreseen.of(host, "foresee").status == "changed"
            made, again = (run.of(host, task).data for task in ("make", "again"))
            assert (made["key_pair"]["type"], made["key_pair"]["size"]) == kind
            assert made["key_pair"] == again["key_pair"]
            assert made["registration"]["click_path"]
            assert made["transport"]["verified_host"] is True
        assert learned(changed, "learn") == learned(changed, "still") == ACCEPTED
        assert statuses(changed, "anew", "wait") == [("changed", "ok")] * 2
        assert learned(ended, "learn") == learned(ended, "in its place") == ACCEPTED
        assert statuses(ended, "promote", "once more") == [("changed", "ok")] * 2
        assert all(status != "accepted" for status, _kind in learned(ended, "the old one is gone"))
        for host in HOSTS:
            waited = changed.of(host, "anew").data["next_key_pair"]["public_key"]
            assert public_half(opened(lab, host)) == waited
            assert ended.of(host, "promote").data["restart_needed"] == ["grid-key"]
            assert ended.of(host, "promote").data["next_key_pair"] is None
        assert [names(lab, host) for host in HOSTS] == [
            ["grid-key"],
            [".trading-hosts.grid-key.age.notes", "grid-key.age"],
        ]
        # Whom the owner named opens it too, should the host be lost.
        assert decrypt_age(lab, "beta", "grid-key", identity=RECOVERY) == opened(lab, "beta")
        assert lab.execute("beta", ["rm", RECOVERY]).returncode == 0
