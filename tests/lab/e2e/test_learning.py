# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Learning over SSH, from hosts behind NAT: the addresses they are seen from, and what exchanges say of their keys."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._simulator import STATE_DIR
from tests.lab.e2e._support import HOSTS, Controller, Run, place, virgin
from tests.simulator.client import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.lab._lab import Lab
    from tests.simulator.client import SimulatedKey

DAY_MS = 86_400_000
ELSEWHERE = "91.198.115.77"
ROTATING = ("91.198.115.31", "91.198.115.32")
#: Two quick looks, where a test is not about the time between them.
QUICK = {"samples": 2, "sample_interval": 0.2}


@pytest.fixture
def simulator(lab: Lab) -> Simulator:
    running = Simulator.attach(STATE_DIR)
    running.reset()
    return running


@pytest.fixture
def controller(lab: Lab, tmp_path: Path) -> Controller:
    return Controller(lab, tmp_path)


@pytest.fixture
def own_addresses(lab: Lab) -> Iterator[None]:
    """Give the hosts their own public addresses back."""
    yield
    for host in HOSTS:
        lab.set_public_address(host, lab.host(host).public_v4, lab.host(host).public_v6)


def public_ip(name: str, **options: Any) -> dict[str, Any]:
    return {"name": name, "trading.hosts.public_ip_info": {**QUICK, "on_no_majority": "report", **options}}


def key_info(name: str, *keys: str | Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Return the task that asks about keys: names of the host's variables, or entries as they are."""
    entries = [f"{{{{ {key} }}}}" if isinstance(key, str) else key for key in keys]
    return {"name": name, "trading.hosts.api_key_info": {"api_keys": entries, **options}}


def families(run: Run, host: str, task: str) -> dict[str, dict[str, Any]]:
    return {fact["family"]: fact for fact in run.of(host, task).data["egress"]}


def entry(key: SimulatedKey, name: str, **changes: Any) -> dict[str, Any]:
    """Return a key as the inventory has it."""
    found = {"name": name, "exchange": key.exchange, "api_key": key.key, "secret": key.secret}
    return {**found, **({"passphrase": key.passphrase} if key.passphrase else {}), **changes}


def access(run: Run, host: str, task: str) -> dict[str, Any]:
    """Return what the exchange said of the task's only key."""
    result = run.of(host, task)
    assert result.status == "ok", result.data
    (fact,) = result.data["api_keys"]
    assert (fact["host"], fact["observed"] is None) == (host, fact["access"]["status"] != "accepted")
    return dict(fact["access"])


def signed(simulator: Simulator, exchange: str, *, host: str) -> list[str | None]:
    """Return how each signed call from this public address ended."""
    return [
        request.code
        for request in simulator.requests(exchange=exchange)
        if request.had["signature"] and request.seen_as == host
    ]


def test_each_host_sees_its_own_addresses_and_notices_another_one(
    lab: Lab, simulator: Simulator, controller: Controller, own_addresses: None
) -> None:
    first = controller.run(public_ip("learn", samples=3))
    for host in HOSTS:
        v4, v6 = lab.public_addresses(host)
        result = first.of(host, "learn").data
        assert (result["ipv4"], result["ipv6"]) == (v4, v6)
        for fact in result["egress"]:
            assert (fact["host"], fact["status"], fact["basis"], fact["stable"]) == (host, "agreed", "majority", True)
            assert fact["samples_answered"] == 3
            assert len({row["network"] for row in fact["sources"] if row["address"]}) >= 6
        # What the host itself knows of is not what it is seen from: that is the point of asking.
        assert v4 not in lab.execute(host, ["ip", "-4", "address"]).stdout

    lab.set_public_address("alpha", ELSEWHERE)
    lab.set_public_address("beta", *ROTATING)
    simulator.set_echo("ifconfig.me", "lying")
    second = controller.run(public_ip("learn", families=["ipv4"], samples=3))
    simulator.clear_faults()
    moved = families(second, "alpha", "learn")["ipv4"]
    assert (moved["addresses"], moved["status"], moved["stable"]) == ([ELSEWHERE], "agreed", False)
    liars = [row["source"] for row in moved["sources"] if row["network"] == "Google"]
    assert liars == ["ifconfig.me"]
    assert [row["address"] for row in moved["sources"] if row["source"] == "ifconfig.me"] == ["91.198.115.250"]
    rotating = families(second, "beta", "learn")["ipv4"]
    assert rotating["stable"] is False
    assert {row["address"] for row in rotating["sources"] if row["network"] != "Google"} >= {*ROTATING}
    assert rotating["status"] != "agreed" or len(rotating["addresses"]) > 1


def test_from_another_source_address_the_host_and_its_key_are_seen_elsewhere(
    lab: Lab, simulator: Simulator, controller: Controller
) -> None:
    public = "91.198.115.99"
    inner = lab.add_source_address("alpha", public=public)
    key = simulator.create_key("okx", allowlist=[public])
    controller.write_vars({"key": entry(key, "grid")}, hosts=["alpha"])
    run = controller.run(
        public_ip("other", source_address=inner, families=["ipv4"]),
        public_ip("first", families=["ipv4"]),
        key_info("through it", "key", source_address=inner),
        key_info("without it", "key"),
        hosts="alpha",
    )
    own = lab.public_addresses("alpha")[0]
    assert (run.of("alpha", "other").data["ipv4"], run.of("alpha", "first").data["ipv4"]) == (public, own)
    assert families(run, "alpha", "other")["ipv4"]["path"]["source_address"] == inner
    assert access(run, "alpha", "through it")["status"] == "accepted"
    refused = access(run, "alpha", "without it")
    assert (refused["status"], refused["seen_address"]) == ("ip_refused", own)


def test_what_exchanges_refuse_is_an_answer(lab: Lab, simulator: Simulator, controller: Controller) -> None:
    now_ms = int(datetime.datetime.now(tz=datetime.UTC).timestamp() * 1000)
    for host in HOSTS:
        own = lab.public_addresses(host)[:1]
        expired = simulator.create_key(
            "bybit", allowlist=own, created_at=now_ms - 99 * DAY_MS, expires_at=now_ms - DAY_MS
        )
        variables = {
            "good": entry(simulator.create_key("bybit", allowlist=own), "good"),
            "elsewhere": entry(simulator.create_key("okx", allowlist=[ELSEWHERE]), "elsewhere"),
            "expired": entry(expired, "expired"),
            "wrong": entry(
                simulator.create_key("bitget", allowlist=own), "wrong", secret="another-secret-of-this-test"
            ),
            "late": entry(simulator.create_key("binance", allowlist=own), "late"),
            "later": [entry(simulator.create_key("okx", allowlist=own), name) for name in ("second", "third")],
        }
        controller.write_vars(variables, hosts=[host])
    simulator.set_clock_skew(-60_000, exchange="binance")
    names = ("good", "elsewhere", "expired", "wrong", "late")
    run = controller.run(*(key_info(one, one) for one in names))
    assert run.returncode == 0
    for host in HOSTS:
        address = lab.public_addresses(host)[0]
        said = {name: access(run, host, name) for name in names}
        assert {name: answer["status"] for name, answer in said.items()} == {
            "good": "accepted",
            "elsewhere": "ip_refused",
            "expired": "expired",
            "wrong": "bad_signature",
            "late": "clock_skew",
        }
        assert (said["elsewhere"]["seen_address"], address in said["elsewhere"]["message"]) == (address, True)
        assert (said["expired"]["code"], said["elsewhere"]["code"]) == ("33004", "50110")
        assert re.search(r"(59|60)\.\d s ahead of Binance's", said["late"]["next_step"])
        assert all(answer["next_step"] for name, answer in said.items() if name != "good")
        for exchange in ("okx", "bitget", "binance"):
            assert len(signed(simulator, exchange, host=address)) == 1

    simulator.set_clock_skew(0, exchange="binance")
    simulator.clear_requests()
    held = controller.run(key_info("several", "elsewhere", "later[0]", "good", "later[1]"))
    for host in HOSTS:
        facts = held.of(host, "several").data["api_keys"]
        assert [fact["access"]["status"] for fact in facts] == ["ip_refused", "held_back", "accepted", "held_back"]
        assert "elsewhere" in facts[1]["access"]["next_step"]
        assert signed(simulator, "okx", host=lab.public_addresses(host)[0]) == ["50110"]


def test_an_exchange_that_limits_redirects_or_is_gone_is_an_answer(
    lab: Lab, simulator: Simulator, controller: Controller
) -> None:
    for host in HOSTS:
        own = lab.public_addresses(host)[:1]
        keys = {
            name: entry(simulator.create_key(name, allowlist=own), name)
            for name in ("bybit", "okx", "bitget", "binance")
        }
        controller.write_vars(keys, hosts=[host])
    stranger = "www.cloudflare.com"
    simulator.fault("bybit", "status", status=429, retry_after="7", times=99)
    simulator.fault("okx", "redirect", location=f"https://{stranger}/collect", status=307, times=99)
    simulator.fault("bitget", "reset", times=99)
    run = controller.run(*(key_info(one, one) for one in ("bybit", "okx", "bitget")))
    assert run.returncode == 0
    for host in HOSTS:
        said = {name: access(run, host, name) for name in ("bybit", "okx", "bitget")}
        assert (said["bybit"]["status"], said["bybit"]["retry_after"]) == ("rate_limited", 7)
        assert said["okx"]["status"] == said["bitget"]["status"] == "unreachable"
        assert "redirects elsewhere" in said["okx"]["message"]
        own_address = lab.public_addresses(host)[0]
        assert [len(signed(simulator, name, host=own_address)) for name in ("bybit", "okx", "bitget")] == [1, 1, 1]
    asked = {request.host for request in simulator.requests()}
    assert (stranger in asked, "www.okx.com" in asked) == (False, True)

    lab.stop_simulator()
    try:
        gone = controller.run(key_info("gone", "binance"), public_ip("nobody"))
    finally:
        lab.start_simulator()
    assert gone.returncode == 0
    for host in HOSTS:
        answer = access(gone, host, "gone")
        assert (answer["status"], answer["code"]) == ("unreachable", None)
        assert {fact["status"] for fact in gone.of(host, "nobody").data["egress"]} == {"no_quorum"}


def test_a_placed_credential_tells_the_same_and_files_are_judged_without_a_connection(
    lab: Lab, simulator: Simulator, controller: Controller
) -> None:
    virgin(lab)
    for host in HOSTS:
        key = simulator.create_key("okx", allowlist=lab.public_addresses(host)[:1], label="grid")
        controller.write_vars(
            {"key": entry(key, "grid", declared={"label": "grid", "access": "read_write", "products": ["spot"]})},
            hosts=[host],
        )
    fields = {name: f"{{{{ key.{name} }}}}" for name in ("api_key", "secret", "passphrase")}
    assert controller.run(place({"name": "grid.json", "format": "ccxt", "fields": fields})).returncode == 0
    facts = controller.directory / "facts"
    with_secret = controller.run(key_info("learn", "key"))
    controller.write_vars({})
    bare = {"name": "grid", "exchange": "okx", "credential": {"name": "grid.json"}}
    declared = {"declared": {"label": "grid", "access": "read_write", "products": ["spot"]}}
    audit = controller.run(
        key_info("learn", {**bare, **declared}, facts_dir=str(facts)),
        public_ip("addresses", facts_dir=str(facts)),
        {"name": "placed", "trading.hosts.credential_info": {"facts_dir": str(facts)}},
    )
    for host in HOSTS:
        (given,), (placed,) = (run.of(host, "learn").data["api_keys"] for run in (with_secret, audit))
        assert (given.pop("credential"), placed.pop("credential")) == (None, "grid.json")
        assert given.pop("asked_at") <= placed.pop("asked_at")
        assert placed == given
        assert placed["observed"]["allowlist"] == {"state": "entries", "entries": lab.public_addresses(host)[:1]}

    judge = {
        "name": "judge",
        "trading.hosts.api_key_policy": {
            "src": [str(facts)],
            "fail_on": "never",
            "report_path": str(controller.directory / "report.json"),
        },
    }
    nowhere = {"ansible_host": "192.0.2.1", "ansible_port": 1, "ansible_ssh_private_key_file": "/nonexistent"}
    judged = controller.run(judge, vars=nowhere, hosts="alpha")
    assert (judged.returncode, judged.trips) == (0, 0), judged.output
    report = json.loads((controller.directory / "report.json").read_text())
    assert [(line["host"], line["key"], line["seen_from"]) for line in report["lines"]] == [
        (host, "grid", lab.public_addresses(host)[:1]) for host in HOSTS
    ]
    assert judged.of("alpha", "judge").data["counts"]["by_basis"]["proved"] > 0
    control = controller.run({"name": "ping", "ansible.builtin.ping": {}}, vars=nowhere, hosts="alpha")
    assert control.returncode != 0
