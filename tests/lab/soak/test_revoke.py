# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All keys of a person die: one host is down, one exchange does not answer, and nothing keeps the rest from being done.

The tests of this file build on each other, in the order in which they stand here.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab import _host
from tests.lab._simulator import STATE_DIR
from tests.lab._spec import HostSpec
from tests.lab.e2e._person import Person
from tests.lab.e2e._support import HOSTS, Controller, Run, names, place, virgin
from tests.lab.e2e._sweep import Needles, sweep
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab
    from tests.simulator.client import SimulatedKey

GAMMA = HostSpec(name="gamma", number=3, suite="trixie", public_v4="91.198.115.44", public_v6="2a02:ec80:700:1::44")
EVERYWHERE = (*HOSTS, "gamma")
ADA, BOB = "Ada Example", "Bob"
#: Name of the key: host, exchange, what it may do, who answers for it, its document.
KEYS = {
    "grid": ("alpha", "bybit", "spot-trade", ADA, "grid"),
    "sweep": ("alpha", "bybit", "withdraw", ADA, "sweep"),
    "hedge": ("beta", "okx", "spot-trade", ADA, "hedge"),
    "scalp": ("beta", "bybit", "spot-trade", ADA, "pair"),
    "office": ("beta", "bybit", "spot-trade", BOB, "pair"),
    "far": ("gamma", "bybit", "spot-trade", ADA, "far"),
    "twin": ("alpha", "bybit", "spot-trade", ADA, "twin"),
    # The same key as that one, which nobody has declared.
    "copy": ("beta", "bybit", "spot-trade", ADA, "copy"),
}
#: Name of the service: host, credential, what it declares to do.
SERVICES: dict[str, tuple[str, str, Any]] = {
    "grid-bot": ("alpha", "grid", "stop"),
    "sweep-bot": ("alpha", "sweep", None),
    "hedge-bot": ("beta", "hedge", "keep"),
    "far-bot": ("gamma", "far", ["/usr/bin/touch", "/var/lib/reduced"]),
}
UNIT = """[Service]
ExecStart=/usr/bin/sleep infinity
LoadCredentialEncrypted={name}:/etc/credstore.encrypted/{name}
[Install]
WantedBy=multi-user.target
"""


class Fleet:
    """Three hosts with keys of two people, each loaded by a service, and a controller that holds no secret of them."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.controller = Controller(lab, directory, pipelining=True, guests=True)
        self.timeline = directory / "revocations" / "timeline.jsonl"
        self.simulator = Simulator.attach(STATE_DIR)
        self.simulator.reset()
        self.keys = {name: self._create(name) for name in KEYS if name != "copy"}
        self.keys["copy"] = self.keys["twin"]
        self.secrets = [text for key in self.keys.values() for text in (key.secret, key.passphrase) if text]
        for host in EVERYWHERE:
            self._build(host)

    def _create(self, name: str) -> SimulatedKey:
        host, exchange, permissions, _owner, _document = KEYS[name]
        allowlist = [self.lab.public_addresses(each)[0] for each in (HOSTS if name == "twin" else [host])]
        return self.simulator.create_key(
            exchange,
            permissions=permissions,
            allowlist=allowlist,
            label=name,
            account_id="10000001",
            parent_id="10000000",
        )

    def _build(self, host: str) -> None:
        mine = {name: key for name, key in self.keys.items() if KEYS[name][0] == host}
        documents: dict[str, list[str]] = {}
        for name in mine:
            documents.setdefault(KEYS[name][4], []).append(name)
        values = {
            name: {
                "api_key": key.key,
                "secret": key.secret,
                **({"passphrase": key.passphrase} if key.passphrase else {}),
            }
            for name, key in mine.items()
        }
        self.controller.write_vars({"given": values}, hosts=[host])
        placed: list[dict[str, Any]] = []
        for document, held in documents.items():
            fields = {name: f"{{{{ given['{name}'] }}}}" for name in held}
            form: dict[str, Any] = {"fields": fields[held[0]]} if len(held) == 1 else {"accounts": fields}
            placed.append({"name": document, "format": "ccxt", **form})
        units = [
            {
                "name": name,
                "ansible.builtin.copy": {
                    "content": UNIT.format(name=credential),
                    "dest": f"/etc/systemd/system/{name}.service",
                    "mode": "0644",
                },
            }
            for name, (at, credential, _do) in SERVICES.items()
            if at == host
        ]
        start = [
            {
                "name": f"start {name}",
                "ansible.builtin.systemd_service": {
                    "name": name,
                    "state": "started",
                    "enabled": True,
                    "daemon_reload": True,
                },
            }
            for name, (at, _credential, _do) in SERVICES.items()
            if at == host
        ]
        run = self.controller.run(place(*placed), *units, *start, hosts=host, become=True)
        assert run.returncode == 0, run.output
        self.controller.write_vars(
            {
                "exchange_credentials_api_keys": [
                    {
                        "name": name,
                        "exchange": KEYS[name][1],
                        "declared": {"owner": KEYS[name][3], "account": "10000001"},
                    }
                    for name in mine
                ],
                "exchange_credentials_documents": [
                    {"name": name, "format": "ccxt", "api_keys": keys} for name, keys in documents.items()
                ],
                "exchange_credentials_revoke_services": {
                    name: do for name, (at, _credential, do) in SERVICES.items() if at == host and do is not None
                },
                "exchange_credentials_revoke_timeline": str(self.timeline),
                # Long enough for four rounds on a machine that has much else to do.
                "exchange_credentials_revoke_seconds": 150,
                "exchange_credentials_revoke_interval": 5,
                "audit_directory": str(self.controller.directory / "audit"),
                "audit_look_for_secrets": False,
            },
            hosts=[host],
        )

    def revoke(self, *words: str) -> Run:
        return self.controller.playbook("trading.hosts.revoke", *self.selection(), *words)

    def selection(self) -> list[str]:
        return ["-e", json.dumps({"exchange_credentials_revoke_owner": ADA})]

    def confirmed(self) -> list[str]:
        return ["-e", json.dumps({"exchange_credentials_revoke_confirm": ADA})]

    def delete(self, *names_: str) -> None:
        for name in names_:
            self.simulator.update_key(self.keys[name], revoked=True)

    def credentials(self) -> dict[str, list[str]]:
        return {host: [name for name in names(self.lab, host) if not name.startswith(".")] for host in EVERYWHERE}

    def services(self, *hosts: str) -> dict[str, tuple[str, str]]:
        """Return of each service whether it runs, and whether it starts at boot."""
        found = {}
        for name, (host, _credential, _do) in SERVICES.items():
            if host in hosts:
                told = [
                    self.lab.execute(host, ["systemctl", question, name], check=False).stdout.strip()
                    for question in ("is-active", "is-enabled")
                ]
                found[name] = (told[0], told[1])
        return found

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.timeline.read_text("ascii").splitlines()]

    def refused(self) -> Counter[str]:
        """Return how often each key was refused as one that the exchange does not know."""
        return Counter(
            str(request.label) for request in self.simulator.requests() if request.code in ("10003", "50111", "50119")
        )


RUNS = ("active", "enabled")
STOPPED = ("inactive", "disabled")


@pytest.fixture(scope="module")
def fleet(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    assert lab.add_guest(GAMMA) == "running"
    _host.install_ca(GAMMA, Path(Simulator.attach(STATE_DIR).ca_file).read_text())
    virgin(lab, *EVERYWHERE)
    made = Fleet(lab, tmp_path_factory.mktemp("revoke"))
    # What keys can do is known from the last audit.
    assert made.controller.playbook("trading.hosts.audit", "-e", "audit_fail_on=never").returncode == 0
    made.simulator.clear_requests()
    yield made
    if not lab.is_running("gamma"):
        lab.boot("gamma")
    for name, (host, _credential, _do) in SERVICES.items():
        lab.execute(host, ["systemctl", "disable", "--quiet", "--now", name], check=False)
        lab.execute(host, ["rm", "--force", f"/etc/systemd/system/{name}.service"])
    virgin(lab, *EVERYWHERE)


def until(person: Person, *, dead: int) -> None:
    """Read one round after the other until so many keys are dead."""
    for _round in range(8):
        person.read(r"UTC: \d of 7 dead")
        if person.output[: person.seen].endswith(f"{dead} of 7 dead"):
            return
    raise AssertionError(person.output)


def test_the_list_comes_first_and_nobody_confirms(fleet: Fleet) -> None:
    before = fleet.credentials()
    run = fleet.revoke()
    assert run.returncode != 0
    assert "Nobody typed Ada Example, so nothing was done" in run.output
    (lines,) = [result.data["msg"] for result in run.results if "Show what to delete" in result.task]
    # What can withdraw is the first, then by account.
    assert re.fullmatch(
        r"1\. Bybit, key \S+, label sweep, account 10000001: CAN WITHDRAW, seen \d{4}-\d\d-\d\d", lines[0]
    )
    assert lines[1:3] == ["   sweep on alpha", "   https://www.bybit.com/app/user/api-management"]
    assert [line for line in lines if line.startswith("   ") and " on " in line and "reduces" not in line] == [
        "   sweep on alpha",
        "   grid on alpha",
        "   twin on alpha, copy on beta",
        "   scalp on beta",
        "   far on gamma",
        "   hedge on beta",
    ]
    assert any("far-bot on gamma reduces with this key first" in line for line in lines)
    assert not any("office" in line for line in lines)
    assert (fleet.credentials(), fleet.timeline.exists(), fleet.simulator.requests()) == (before, False, [])


def test_check_mode_tells_and_does_nothing(fleet: Fleet) -> None:
    before = fleet.credentials()
    run = fleet.revoke("--check")
    assert run.returncode == 0, run.output
    assert (fleet.credentials(), fleet.timeline.exists(), fleet.simulator.requests()) == (before, False, [])
    assert set(fleet.services(*EVERYWHERE).values()) == {RUNS}


def test_what_can_be_done_is_done_whoever_is_down(lab: Lab, fleet: Fleet) -> None:
    lab.power_off("gamma")
    fleet.simulator.fault("okx", "status", status=503)
    person = Person(*fleet.controller.playbook_command("trading.hosts.revoke", *fleet.selection()))
    person.answer("Type Ada Example to begin", ADA)
    person.answer("Type stop to stop them for good", "stop")
    person.read("Waiting for")
    # Nothing of a key that lives is forgotten.
    assert fleet.credentials()["alpha"] == ["grid", "sweep", "twin"]
    fleet.delete("sweep", "grid")
    until(person, dead=2)
    fleet.delete("scalp", "hedge", "twin")
    until(person, dead=5)
    assert person.end() != 0, person.output
    assert "2 of 7 keys are not proved dead" in person.output

    # Only dead keys are forgotten, and what shares a document with a living one is kept.
    assert fleet.credentials() == {"alpha": [], "beta": ["hedge", "pair"], "gamma": ["far"]}
    assert fleet.services("alpha", "beta") == {"grid-bot": STOPPED, "sweep-bot": STOPPED, "hedge-bot": RUNS}
    for text in (
        "pair on beta is kept: it also holds office; place it anew without the dead keys",
        "far on gamma: Bybit key",
        "If gamma cannot be reached any more, stop there far-bot.service and remove /etc/credstore.encrypted/far",
        "hedge on beta: OKX key",
        "OKX was not reached",
    ):
        assert text in person.output, text
    # No key was refused twice.
    assert fleet.refused() == {"grid": 1, "sweep": 1, "scalp": 1, "twin": 1}

    told = [
        (event["what"], event.get("key") or event.get("service") or event.get("credential")) for event in fleet.events()
    ]
    assert {key for what, key in told if what == "dead"} == {"grid", "sweep", "scalp", "twin", "copy"}
    assert {key for what, key in told if what == "alive"} >= {"grid", "sweep", "scalp"}
    assert {key for what, key in told if what == "not proved"} >= {"hedge", "far"}
    assert {key for what, key in told if what == "credential removed"} == {"grid", "sweep", "twin", "copy"}
    assert {key for what, key in told if what == "service stop"} == {"grid-bot.service", "sweep-bot.service"}
    assert ("service keep", "hedge-bot.service") in told
    assert told[0][0] == "begun"
    assert [what for what, _key in told].index("listed") < [what for what, _key in told].index("service stop")
    assert all(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["at"]) and event["operator"] for event in fleet.events()
    )
    assert fleet.timeline.stat().st_mode & 0o777 == 0o600


def test_the_next_run_does_what_is_left(lab: Lab, fleet: Fleet) -> None:
    earlier = fleet.timeline.read_text("ascii")
    assert lab.boot("gamma") == "running"
    fleet.simulator.clear_faults()
    fleet.delete("far")
    run = fleet.revoke(*fleet.confirmed())
    assert run.returncode == 0, run.output
    assert fleet.credentials() == {"alpha": [], "beta": ["pair"], "gamma": []}
    assert (lab.root("gamma") / "var/lib/reduced").exists()
    assert fleet.services("gamma") == {"far-bot": RUNS}
    assert fleet.timeline.read_text("ascii").startswith(earlier)
    # What is gone already was not asked about once more; what is kept beside a living key was.
    assert fleet.refused() == {"grid": 1, "sweep": 1, "scalp": 2, "hedge": 1, "far": 1, "twin": 1}
    (lines,) = [result.data["msg"] for result in run.results if "what to change in the inventory" in result.task]
    assert len(lines) == 7
    assert any(line.startswith("exchange_credentials_api_keys[0] of gamma (far): take it out") for line in lines)

    again = fleet.revoke(*fleet.confirmed())
    assert again.returncode == 0, again.output
    assert fleet.credentials() == {"alpha": [], "beta": ["pair"], "gamma": []}

    disks = [
        lab.root(host) / top
        for host in EVERYWHERE
        for top in ("home", "root", "srv", "tmp", "usr/local", "var/log", "var/tmp")
    ]
    assert sweep(Needles.of(fleet.secrets), fleet.timeline.parent, fleet.controller.directory / "tmp", *disks) == []
    assert not any(secret in run.output + again.output for secret in fleet.secrets)
