# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hyperliquid's agents: asked by address, without any secret; a master wallet is recognised."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import ccxt
import pytest

from ansible_collections.trading.hosts.plugins.module_utils._clock import utc_now
from ansible_collections.trading.hosts.plugins.module_utils._errors import AnswerError, InputError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential, Site
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._hyperliquid import _named
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import find, get
from ansible_collections.trading.hosts.plugins.module_utils._facts import Account, Allowlist, Expiry, to_json
from ansible_collections.trading.hosts.plugins.module_utils._http import RequestsHttp
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer
from ansible_collections.trading.hosts.plugins.module_utils._policy._engine import judge
from ansible_collections.trading.hosts.plugins.module_utils._policy._settings import Policy
from tests.unit.module_utils._exchanges.test_learn import ask
from tests.unit.module_utils._policy.build import NOW, NOW_TEXT

if TYPE_CHECKING:
    from tests.simulator.client import SimulatedKey, Simulator

OWN, MASTER, OTHER = "0x" + "Aa" * 20, "0x" + "bb" * 20, "0x" + "cc" * 20
UNTIL = 1736927066501
DECLARED = {"access": "read_write", "products": ["futures", "spot"]}


def answer(data: Any, *, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(data).encode(), "api.example")


def given(simulator: Simulator, key: SimulatedKey, **changes: Any) -> dict[str, Any]:
    return {
        "name": "agent",
        "exchange": "hyperliquid",
        "environment": key.environment,
        "api_key": key.key,
        "base_url": simulator.base_url("hyperliquid", environment=key.environment),
        "declared": DECLARED,
        **changes,
    }


@pytest.mark.parametrize("environment", ["mainnet", "testnet"])
def test_an_agent_is_learned(simulator: Simulator, environment: str) -> None:
    key = simulator.create_key("hyperliquid", environment=environment, label="grid", days_left=40, account_id="77")
    simulator.create_key("hyperliquid", environment=environment, label="STRANGERcanary", account_id="77")
    fact = ask(simulator, given(simulator, key, api_key=key.key.upper().replace("X", "x", 1)))[0]
    seen = fact.observed
    assert (fact.access.status, fact.key_type) == ("accepted", None)
    assert seen is not None
    assert set(seen.permissions or ()) == {"read", "spot_trade", "futures_trade"}
    assert seen.account == Account(id=f"0x{77:040x}")
    assert (seen.label, seen.expiry.state, seen.allowlist) == ("grid", "at", Allowlist("unrestricted"))
    assert seen.not_told == tuple(sorted(get("hyperliquid").cannot_tell()))
    assert "canary" not in json.dumps(to_json(fact))
    requests = simulator.requests(exchange="hyperliquid")
    assert [(one.method, one.path) for one in requests] == [("POST", "/info")] * 2


def test_a_wallet_is_recognised_and_critical(simulator: Simulator) -> None:
    fact = ask(simulator, given(simulator, simulator.create_key("hyperliquid", permissions="withdraw")))[0]
    assert fact.observed is not None
    assert {"withdraw", "transfer_out", "manage_keys"} <= set(fact.observed.permissions or ())
    assert len(simulator.requests(exchange="hyperliquid")) == 1
    official = dataclasses.replace(fact, official=True, asked_at=NOW_TEXT)
    report = judge(keys=[official], policy=Policy(), now=NOW, exchange_of=find)
    assert ("withdrawal-forbidden", "fail", "critical") in {(f.rule, f.status, f.severity) for f in report.findings}


def test_an_agent_is_green(simulator: Simulator) -> None:
    fact = ask(simulator, given(simulator, simulator.create_key("hyperliquid", label="grid")))[0]
    assert fact.observed is not None
    late = Expiry("at", "2027-05-01T00:00:00Z")
    official = dataclasses.replace(
        fact, official=True, asked_at=NOW_TEXT, observed=dataclasses.replace(fact.observed, expiry=late)
    )
    report = judge(keys=[official], policy=Policy(), now=NOW, exchange_of=find, keep_passed=True)
    said = {finding.rule: finding.status for finding in report.findings}
    assert {rule: said[rule] for rule in ("withdrawal-forbidden", "permissions-as-declared", "key-expiry")} == {
        "withdrawal-forbidden": "pass",
        "permissions-as-declared": "pass",
        "key-expiry": "pass",
    }
    skipped = ("ip-restriction-required", "lifetime-without-ip-restriction", "asymmetric-available")
    assert {said[rule] for rule in skipped} == {"not_applicable"}
    soon = dataclasses.replace(
        official, observed=dataclasses.replace(fact.observed, expiry=Expiry("at", "2026-11-23T00:00:00Z"))
    )
    ending = judge(keys=[soon], policy=Policy(), now=NOW, exchange_of=find)
    found = next(finding for finding in ending.findings if finding.rule == "key-expiry")
    assert (found.status, found.severity, found.paste) == ("fail", "critical", None)
    nameless = dataclasses.replace(
        official, observed=dataclasses.replace(fact.observed, expiry=Expiry("unknown"), not_told=("expiry",))
    )
    open_end = judge(keys=[nameless], policy=Policy(), now=NOW, exchange_of=find)
    assert next(f for f in open_end.findings if f.rule == "key-expiry").status == "unknown"


def test_what_ended_was_revoked_or_belongs_elsewhere_is_not_known_there(simulator: Simulator) -> None:
    ended = simulator.create_key("hyperliquid", expires_at=1)
    revoked = simulator.create_key("hyperliquid")
    simulator.update_key(revoked, revoked=True)
    test = simulator.create_key("hyperliquid", environment="testnet")
    there = given(simulator, test, environment="mainnet", base_url=simulator.base_url("hyperliquid"))
    for wrong in (given(simulator, ended), given(simulator, revoked), there):
        fact = ask(simulator, wrong)[0]
        assert (fact.access.status, fact.access.code) == ("invalid_key", "missing")
        assert fact.observed is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"secret": "0x" + "ab" * 32}, "secret: is given, and Hyperliquid is asked without a signature"),
        ({"api_key": "0x" + "ab" * 32}, "api_key: is no address (0x and 40 hexadecimal digits)"),
        ({"api_key": "ab" * 20}, "api_key: is no address"),
        ({"api_key": None}, "api_key: is missing or empty"),
        ({"passphrase": "Something-1"}, "passphrase: is given, and Hyperliquid has none"),
    ],
)
def test_no_secret_is_taken(simulator: Simulator, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refused:
        ask(simulator, given(simulator, simulator.create_key("hyperliquid"), **changes))
    assert said in str(refused.value)
    assert "ab" * 20 not in str(refused.value)
    assert simulator.requests(exchange="hyperliquid") == []


def test_a_placed_private_key_is_never_sent(simulator: Simulator) -> None:
    key = simulator.create_key("hyperliquid", label="grid")
    placed = {**given(simulator, key), "credential": {"name": "bot.json"}, "api_key": None}
    fact = ask(simulator, placed, open_placed=lambda _placed, _field: Credential(key.key, key.secret))[0]
    assert fact.access.status == "accepted"
    assert key.secret not in json.dumps(to_json(fact))


@pytest.mark.parametrize(
    ("rows", "expiry", "label"),
    [
        ([{"name": "a", "address": OTHER, "validUntil": 1}], Expiry("unknown"), None),
        ([{"name": "a", "address": OWN.lower(), "validUntil": UNTIL}], Expiry("at", "2025-01-15T07:44:26Z"), "a"),
        ([{"name": "", "address": OWN, "validUntil": None}], Expiry("unknown"), None),
        ([], Expiry("unknown"), None),
    ],
)
def test_name_and_end_of_an_agent(rows: Any, expiry: Expiry, label: str | None) -> None:
    told = get("hyperliquid").key(answer({"role": "agent", "data": {"user": MASTER}}))
    named = _named(told, agents=answer(rows), own=OWN)
    assert (named.expiry, named.label) == (expiry, label)


@pytest.mark.parametrize(
    "rows",
    [
        {},
        None,
        7,
        [1],
        [{}],
        [{"address": OWN, "validUntil": "soon"}],
        [{"address": OWN, "validUntil": 10**30}],
        [{"address": 7}],
    ],
)
def test_agents_in_another_shape_are_said_so(rows: Any) -> None:
    told = get("hyperliquid").key(answer({"role": "agent", "data": {"user": MASTER}}))
    with pytest.raises(AnswerError, match="example answered"):
        _named(told, agents=answer(rows), own=OWN)


@pytest.mark.parametrize("role", ["vault", "subAccount", "god"])
def test_another_role_is_never_safe(role: str) -> None:
    assert get("hyperliquid").key(answer({"role": role})).permissions == (f"unknown:role:{role}",)


def test_an_error_is_ambiguous() -> None:
    access = get("hyperliquid").refusal(answer({"status": "err", "response": "no"}))
    assert access is not None
    assert (access.status, access.code, access.message) == ("ambiguous", "err", "no")


def test_the_clock_is_asked_by_post(simulator: Simulator) -> None:
    exchange = get("hyperliquid")
    simulator.set_clock_skew(3_600_000, exchange="hyperliquid")
    asked = exchange.time_request(site=Site(simulator.base_url("hyperliquid")))
    http = RequestsHttp(ca_path=simulator.ca_file)
    ahead = (exchange.server_time(http.send(asked)) - utc_now()).total_seconds()
    http.close()
    assert abs(ahead - 3600) < 5


def test_ccxt_asks_in_the_same_words(simulator: Simulator) -> None:
    client: Any = ccxt.hyperliquid({"walletAddress": MASTER, "validateServerSsl": simulator.ca_file})
    base = simulator.base_url("hyperliquid")
    client.urls["api"] = dict.fromkeys(client.urls["api"], base)
    assert client.fetch_balance({"enableUnifiedMargin": False})["USDC"]["total"] == 1000.0
    key = simulator.create_key("hyperliquid", label="grid")
    told = client.publicPostInfo({"type": "userRole", "user": key.key})
    assert told["role"] == "agent"
    agents = client.publicPostInfo({"type": "extraAgents", "user": told["data"]["user"]})
    assert [agent["address"] for agent in agents] == [key.key]
    assert client.publicPostInfo({"type": "userRole", "user": OTHER}) == {"role": "missing"}
