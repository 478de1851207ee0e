# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an inventory and the last facts tell of keys that are to be deleted, through the filter that people can use."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible.errors import AnsibleError, AnsibleFilterError

from ansible_collections.trading.hosts.plugins.module_utils._facts import Access, to_json
from ansible_collections.trading.hosts.plugins.plugin_utils._facts_files import write_facts
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.revocation import revocation
from tests.unit.module_utils._policy.build import key as key_facts

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.trading.hosts.plugins.module_utils._facts import KeyFacts

GRID = {
    "name": "grid",
    "exchange": "bybit",
    "api_key": "CANARYidCANARYid",
    "secret": "CANARYsecret",
    "declared": {"owner": "Ada", "access": "read_write", "products": ["spot"], "account": "1"},
}
PAIR = {"name": "pair", "exchange": "okx", "credential": {"name": "half"}, "declared": {"service": "pair-bot"}}


def hostvars(**more: Any) -> dict[str, dict[str, Any]]:
    return {
        "bot1": {
            "exchange_credentials_api_keys": [GRID, PAIR],
            "exchange_credentials_documents": [
                {"name": "d", "format": "ccxt", "api_keys": ["grid"]},
                {"name": "both", "format": "ccxt", "api_keys": ["grid", "pair"]},
            ],
            "trading_host_services": [
                {"name": "grid-bot", "credentials": ["d"]},
                {
                    "name": "freq",
                    "program": "freqtrade",
                    "settings": {"credentials": ["both"], "config": {"x": "CANARY"}},
                },
                {"name": "idle", "credentials": ["other"]},
            ],
            **more,
        },
        "bot2": {},
    }


def learned(directory: Path, fact: KeyFacts, *, host: str = "bot1", **observed: Any) -> None:
    seen = dataclasses.replace(fact.observed, **observed) if fact.observed is not None else None
    changed = dataclasses.replace(fact, host=host, observed=seen)
    write_facts(directory=str(directory), host=host, kind="api_keys", document={"api_keys": [to_json(changed)]})


def row(planned: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (each for each in planned["rows"] if each["key"] == name)
    return dict(found)


def test_what_is_declared() -> None:
    planned = revocation(hostvars(), host="bot1")
    grid, pair = row(planned, "grid"), row(planned, "pair")
    assert (grid["documents"], grid["services"]) == (["d", "both"], ["grid-bot", "freq"])
    assert (pair["documents"], pair["services"]) == (["both", "half"], ["pair-bot", "freq"])
    assert grid["where"] == "exchange_credentials_api_keys[0] of bot1"
    # Of an id only its ends are left, of the rest nothing.
    assert grid["id"] == "CA…id"
    assert "CANARY" not in json.dumps(planned)
    assert planned["undeclared"] == ["freq on bot1", "grid-bot on bot1", "pair-bot on bot1"]
    assert (planned["word"], planned["problems"]) == ("bot1", [])


def test_what_was_seen_last_counts(tmp_path: Path) -> None:
    fact = key_facts(name="grid")
    learned(tmp_path, fact, permissions=("read", "withdraw"), masked_id="seen…seen")
    write_facts(
        directory=str(tmp_path),
        host="bot1",
        kind="credentials",
        document={"credentials": [{"name": "d", "loaded_by": ["seen.service"]}]},
    )
    planned = revocation(hostvars(), key="grid", facts=str(tmp_path))
    assert planned["lines"][0].endswith(f"CAN WITHDRAW, seen {fact.asked_at[:10]}")
    assert row(planned, "grid")["services"] == ["grid-bot", "freq", "seen"]
    assert row(planned, "grid")["known"] is True
    # The facts are about another key of that name.
    for site in ({"exchange": "okx"}, {"environment": "testnet"}, {"region": "eu"}):
        declared = hostvars(exchange_credentials_api_keys=[{**GRID, **site}, PAIR])
        told = revocation(declared, key="grid", facts=str(tmp_path))
        assert "CAN WITHDRAW" not in told["lines"][0]
        assert row(told, "grid")["known"] is False


@pytest.mark.parametrize(
    ("status", "known"),
    [("accepted", True), ("permission_denied", True), ("invalid_key", False), ("ip_refused", False)],
)
def test_what_the_exchange_knew_when_it_was_asked_last(tmp_path: Path, status: str, known: bool) -> None:
    learned(tmp_path, dataclasses.replace(key_facts(name="grid"), observed=None, access=Access(status)))
    assert row(revocation(hostvars(), key="grid", facts=str(tmp_path)), "grid")["known"] is known


def test_a_key_in_clear_that_nobody_declares(tmp_path: Path) -> None:
    learned(tmp_path, key_facts(name="freqtrade /srv/c.json", file="/srv/c.json", credential=None), host="bot2")
    found = [{"name": "freqtrade /srv/c.json", "path": "/srv/c.json", "entry": "a"}]
    write_facts(directory=str(tmp_path), host="bot2", kind="exposed", document={"exposed": [], "found_keys": found})
    (only,) = revocation(hostvars(), host="bot2", facts=str(tmp_path))["rows"]
    assert (only["key"], only["file"], only["where"]) == (
        "freqtrade /srv/c.json",
        {"path": "/srv/c.json", "entry": "a"},
        None,
    )


def test_a_mistake_on_one_host_keeps_nobody_from_the_keys_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "bot1.api_keys.json").write_text("{", encoding="ascii")
    given = {**hostvars(), "bot3": {"exchange_credentials_api_keys": [{"name": "x", "exchange": "nowhere"}]}}
    planned = revocation(given, key="grid", facts=str(tmp_path))
    assert [each["host"] for each in planned["rows"]] == ["bot1"]
    said = " ".join(planned["problems"])
    assert "exchange_credentials_api_keys[0] of bot3.exchange" in said
    assert "bot1.api_keys.json" in said


def test_a_timeline_that_somebody_damaged(tmp_path: Path) -> None:
    timeline = tmp_path / "timeline.jsonl"
    dead = {
        "what": "dead",
        "host": "bot1",
        "key": "grid",
        "exchange": "bybit",
        "id": None,
        "at": "2026-11-22T21:00:00Z",
    }
    timeline.write_text(json.dumps(dead) + "\n{torn", encoding="ascii")
    planned = revocation(hostvars(), key="grid", timeline=str(timeline))
    assert row(planned, "grid")["dead_since"] == "2026-11-22T21:00:00Z"
    assert planned["problems"] == [f"1 lines of the timeline {timeline} cannot be read, and do not count."]
    assert row(revocation(hostvars(), key="grid", timeline="/nowhere"), "grid")["dead_since"] is None
    # One that cannot be read at all keeps nobody from the list.
    planned = revocation(hostvars(), key="grid", timeline=str(tmp_path))
    assert planned["problems"] == [f"The timeline {tmp_path} cannot be read (Is a directory), and does not count."]
    assert planned["lines"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "The keys to revoke: are not named"),
        ({"key": "gird"}, "the inventory and the facts know grid, pair"),
        ({"owner": "Eve"}, "fit no key"),
    ],
)
def test_what_means_nothing_is_said_in_one_sentence(given: dict[str, str], said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=said):
        revocation(hostvars(), **given)


def test_a_service_that_declares_what_it_cannot_do() -> None:
    planned = revocation(hostvars(exchange_credentials_revoke_services={"grid-bot": "halt"}), key="grid")
    assert planned["mistakes"][0].startswith("exchange_credentials_revoke_services of bot1: grid-bot")


class Unresolved(dict[str, Any]):
    """A host one of whose variables cannot be resolved."""

    def __getitem__(self, name: str) -> Any:
        if name == "exchange_credentials_revoke_services":
            raise AnsibleError("CANARY")
        return super().__getitem__(name)


def test_what_services_do_cannot_be_resolved_and_the_list_is_there_all_the_same() -> None:
    hosts = hostvars(exchange_credentials_revoke_services="{{ nothing }}")
    planned = revocation({**hosts, "bot1": Unresolved(hosts["bot1"])}, key="grid")
    said = "exchange_credentials_revoke_services of bot1: cannot be resolved; mend the variable."
    assert planned["mistakes"][0] == said
    assert planned["lines"][0].startswith("1. Bybit")
