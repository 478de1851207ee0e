# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet's judge: the inventory counts and not the play, and nobody is told to remove what a host may need."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import stat
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import EncryptedString
from ansible.template import trust_as_template

from ansible_collections.trading.hosts.plugins.action.fleet_policy import MOST_FINDINGS, ActionModule
from ansible_collections.trading.hosts.plugins.module_utils._clock import from_text
from ansible_collections.trading.hosts.plugins.module_utils._facts import (
    Access,
    Account,
    Allowlist,
    KeyFacts,
    OtherKey,
    SourceAnswer,
    to_json,
)
from ansible_collections.trading.hosts.plugins.module_utils._redact import mask_id
from ansible_collections.trading.hosts.plugins.plugin_utils import _facts_files
from ansible_collections.trading.hosts.plugins.plugin_utils._facts_files import write_facts
from tests.unit.module_utils._policy.build import NOW_TEXT, WORD, egress, key, okx, seen

HOSTS = ("bot1", "bot2", "bot3")
AT = {"bot1": "91.198.115.11", "bot2": "91.198.115.12", "bot3": "91.198.115.13"}
NOBODY = "91.198.115.99"
YESTERDAY = "2026-11-21T07:13:54Z"
LEARNED = "2026-11-22T07:14:00Z"
OWNED: dict[str, t.Any] = {
    "owner": "Ada",
    "purpose": "grid",
    "reviewed_on": "2026-11-01",
    "egress_address": "exclusive",
    "attested": {"egress_address": WORD, "recovery": WORD},
}
#: How keys of one account look when they are not the same.
IDS = {"bot1": "aaaa…1111", "bot2": "bbbb…2222", "bot3": "cccc…3333"}


class Inventory:
    """Three hosts with a key each, and what was learned of them."""

    def __init__(self, directory: Path) -> None:
        self.facts = directory / "facts"
        self.facts.mkdir()
        self.hostvars: dict[str, dict[str, t.Any]] = {host: {} for host in HOSTS}
        self.report = directory / "report.json"

    def declares(self, host: str, *keys: t.Mapping[str, t.Any]) -> None:
        self.hostvars[host]["exchange_credentials_api_keys"] = list(keys)

    def learned(self, host: str, *keys: KeyFacts, **of_egress: t.Any) -> None:
        write_facts(
            directory=str(self.facts), host=host, kind="api_keys", document={"api_keys": [to_json(k) for k in keys]}
        )
        addresses = of_egress.pop("addresses", (AT[host],))
        rows = [to_json(egress(*addresses, host=host, **of_egress))]
        write_facts(directory=str(self.facts), host=host, kind="egress", document={"egress": rows})

    def is_machine(self, host: str, machine_id: str, *ssh_host_keys: str) -> None:
        identity = {"machine_id": machine_id, "ssh_host_keys": list(ssh_host_keys)}
        machine = {"host_key": "bound", "identity": identity}
        write_facts(
            directory=str(self.facts), host=host, kind="credentials", document={"credentials": [], "machine": machine}
        )

    def judged(self, *, host: str = "bot1", **options: t.Any) -> dict[str, t.Any]:
        """Judge as Ansible does for a play that holds ``host`` alone."""
        args = {"src": [str(self.facts)], "now": NOW_TEXT, "fail_on": "never", "return_passed": True, **options}
        task = SimpleNamespace(
            args={name: value for name, value in args.items() if value is not None},
            async_val=0,
            check_mode=False,
            diff=False,
            action="x",
            collections=[],
        )
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=""))  # anything more that is asked of it fails
        action = ActionModule(
            task=task,
            connection=connection,
            play_context=None,
            loader=DataLoader(),
            templar=None,
            shared_loader_obj=None,
        )
        result: dict[str, t.Any] = action.run(task_vars={"inventory_hostname": host, "hostvars": self.hostvars})
        return result

    def reported(self, **options: t.Any) -> dict[str, t.Any]:
        """Judge, and return the whole report."""
        self.judged(report_path=str(self.report), **options)
        document: dict[str, t.Any] = json.loads(self.report.read_text(encoding="ascii"))
        return document


def declared(name: str | None = "grid", **more: t.Any) -> dict[str, t.Any]:
    words = {**key().declared, **OWNED, **more.pop("declared", {})}
    return {"name": name, "exchange": "bybit", "credential": {"name": "grid.json"}, "declared": words, **more}


def own(host: str, **changes: t.Any) -> KeyFacts:
    """Return facts of a key that this host has for itself."""
    observed = seen(masked_id=IDS[host], allowlist=Allowlist("entries", (AT[host],)))
    return key(**{"host": host, "name": "grid", "observed": observed, **changes})


def shared(host: str, *entries: str, **changes: t.Any) -> KeyFacts:
    """Return facts of a key that several hosts have, with these entries besides their addresses."""
    listed = Allowlist("entries", (*AT.values(), *entries))
    observed = seen(masked_id="ssss…9999", allowlist=listed)
    return key(**{"host": host, "name": "grid", "observed": observed, **changes})


@pytest.fixture(autouse=True)
def _learned_just_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts are written a quarter of an hour before they are judged."""
    monkeypatch.setattr(_facts_files, "utc_now", lambda: from_text(LEARNED))


def whole_fleet(folder: Path) -> Inventory:
    """Return three hosts, each with its own key, all seen."""
    made = Inventory(folder)
    for host in HOSTS:
        made.declares(host, declared())
        made.learned(host, own(host))
        made.is_machine(host, f"id-{host}", f"SHA256:{host}")
    return made


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    """Three hosts, each with its own key, all seen."""
    return whole_fleet(tmp_path)


@pytest.fixture
def one_key(tmp_path: Path) -> Inventory:
    """Three hosts that use one key on purpose, with an entry that none of them needs."""
    made = Inventory(tmp_path)
    for host in HOSTS:
        made.declares(host, declared(declared={"shared_with": list(HOSTS)}))
        made.learned(host, shared(host, NOBODY))
    return made


def found(result: t.Mapping[str, t.Any], rule: str, host: str | None = None) -> list[str]:
    """Return the statuses of a rule's findings."""
    return [
        f["status"] for f in result["findings"] if f["rule"] == rule and (host is None or f["subject"]["host"] == host)
    ]


def finding(result: t.Mapping[str, t.Any], rule: str, host: str = "bot1") -> dict[str, t.Any]:
    (one,) = [f for f in result["findings"] if f["rule"] == rule and f["subject"]["host"] == host]
    return t.cast("dict[str, t.Any]", one)


FLEET_RULES = (
    "key-not-observed",
    "key-not-shared",
    "allowlist-entry-unused",
    "key-owner-declared",
    "egress-address-shared",
    "host-cloned",
)


def test_a_whole_fleet_in_order_passes_every_rule(inventory: Inventory) -> None:
    result = inventory.judged(report_path=str(inventory.report))
    for rule in FLEET_RULES:
        assert found(result, rule) == ["pass"] * 3, rule
    assert found(result, "passphrase-not-reused") == ["not_applicable"] * 3
    assert result["counts"]["by_verdict"] == {"fail": 0, "unknown": 0, "pass": 3}
    assert (result["partial"], result["blocked"], result["changed"], result["allowlists"]) == (False, False, False, [])
    assert result["summary"][0] == "All 3 declared keys on 3 hosts were seen."
    again = inventory.judged(previous=str(inventory.report))
    assert found(again, "egress-address-changed") == ["pass"] * 3


# --- a part of the fleet ---


def _unreachable(made: Inventory) -> dict[str, t.Any]:
    for file in made.facts.glob("bot3.*"):
        file.unlink()
    return {}


def _yesterday(made: Inventory) -> dict[str, t.Any]:
    made.learned("bot3", shared("bot3", NOBODY, asked_at=YESTERDAY), asked_at=YESTERDAY)
    return {}


def _failed_learn(made: Inventory) -> dict[str, t.Any]:
    (made.facts / "bot3.api_keys.json").unlink()
    return {}


def _truncated(made: Inventory) -> dict[str, t.Any]:
    file = made.facts / "bot3.api_keys.json"
    file.write_text(file.read_text(encoding="ascii")[:-20], encoding="ascii")
    return {}


def _another_release(made: Inventory) -> dict[str, t.Any]:
    file = made.facts / "bot3.api_keys.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="ascii")), "schema": 9}), encoding="ascii")
    return {}


def _another_hosts(made: Inventory) -> dict[str, t.Any]:
    (made.facts / "bot2.api_keys.json").replace(made.facts / "bot3.api_keys.json")
    made.learned("bot2", shared("bot2", NOBODY))
    return {}


def _another_exchange(made: Inventory) -> dict[str, t.Any]:
    made.learned("bot3", shared("bot3", NOBODY, exchange="okx"))
    return {}


def _hostile(made: Inventory) -> dict[str, t.Any]:
    data = to_json(shared("bot3", NOBODY))
    data["access"] = {"status": ["accepted"]}
    write_facts(directory=str(made.facts), host="bot3", kind="api_keys", document={"api_keys": [data]})
    return {}


def _twice(made: Inventory) -> dict[str, t.Any]:
    made.learned("bot3", shared("bot3", NOBODY), shared("bot3", NOBODY))
    return {}


def _earlier_run(made: Inventory) -> dict[str, t.Any]:
    for file in made.facts.glob("*.json"):
        learned_at = "2026-11-22T07:00:00Z" if file.name.startswith("bot3.") else "2026-11-22T07:10:00Z"
        document = {**json.loads(file.read_text(encoding="ascii")), "learned_at": learned_at}
        file.write_text(json.dumps(document), encoding="ascii")
    return {"learned_since": "2026-11-22T07:10:00Z"}


def _address_not_learned(made: Inventory) -> dict[str, t.Any]:
    (made.facts / "bot3.egress.json").unlink()
    return {}


UNSEEN = {
    _unreachable: "there are no facts of its host",
    _yesterday: "its facts are 24 hours old",
    _failed_learn: "there are no facts of its host",
    _truncated: "is no whole JSON",
    _another_release: "has schema 9",
    _another_hosts: "holds api_keys of host bot2",
    _another_exchange: "its facts are about okx, and the inventory declares bybit",
    _hostile: "is list",
    _twice: "is there twice",
    _earlier_run: "its facts are of an earlier run",
}


@pytest.mark.parametrize("host", HOSTS)  # as with --limit, and as with serial: 1
@pytest.mark.parametrize("spoil", [*UNSEEN, _address_not_learned], ids=lambda spoil: spoil.__name__.strip("_"))
def test_nothing_is_removed_or_passed_while_a_host_was_not_seen(
    one_key: Inventory, spoil: t.Callable[[Inventory], dict[str, t.Any]], host: str
) -> None:
    more = spoil(one_key)
    result = one_key.judged(host=host, report_path=str(one_key.report), **more)
    report = json.loads(one_key.report.read_text(encoding="ascii"))
    assert [(line["host"], line["key"]) for line in report["lines"]] == [(each, "grid") for each in HOSTS]
    assert any(re.match("grid +bot3", line) for line in result["table"])
    for text in report["fleet"]["allowlists"]:
        assert text["remove_later"] == []
        assert not text["whole"]
        assert set(text["why_not_whole"])
    if spoil is not _another_exchange:
        assert NOBODY in report["fleet"]["allowlists"][0]["line"]
    for one in report["findings"]:
        if one["rule"] == "allowlist-entry-unused":
            assert one["status"] == "unknown", one
            assert "remove" not in json.dumps(one["remedy"]).lower()
    if spoil in UNSEEN:
        assert result["partial"]
        assert result["summary"][0].startswith("PARTIAL: 2 of 3 keys on 2 of 3 hosts were seen. Not seen: grid on bot3")
        assert finding(report, "key-not-observed", "bot3")["status"] == "unknown"
        assert UNSEEN[spoil] in finding(report, "key-not-observed", "bot3")["evidence"]
        assert "pass" not in found(report, "key-accepted", "bot3")
        assert finding(report, "key-accepted", "bot3")["root"] == "key-not-observed"
        assert found(report, "key-not-observed", "bot1") == ["pass"]


def test_a_bad_file_does_not_hide_another_host(inventory: Inventory) -> None:
    _truncated(inventory)
    (inventory.facts / "notes.json").write_text("{}", encoding="ascii")
    result = inventory.judged()
    assert found(result, "key-not-observed") == ["unknown", "pass", "pass"]
    assert any("is no whole JSON" in problem for problem in result["problems"])
    assert any("notes.json" in problem for problem in result["problems"])
    assert any(line.startswith("Not used: ") for line in result["summary"])


def test_facts_of_a_host_that_the_inventory_does_not_have_are_named_and_not_judged(inventory: Inventory) -> None:
    del inventory.hostvars["bot3"]
    result = inventory.judged()
    assert [f for f in result["findings"] if f["subject"]["host"] == "bot3"] == []
    assert any("is about bot3, which the inventory does not have" in problem for problem in result["problems"])


def test_a_key_that_only_the_host_knows_is_judged_too(inventory: Inventory) -> None:
    inventory.learned("bot1", own("bot1"), own("bot1", name="found", observed=seen(permissions=("read", "withdraw"))))
    result = inventory.judged()
    assert result["coverage"]["keys_declared"] == 3
    strange = [f for f in result["findings"] if f["subject"]["key"] == "found" and f["status"] == "fail"]
    assert {"withdrawal-forbidden", "key-owner-declared"} <= {f["rule"] for f in strange}


@pytest.mark.parametrize(("fail_on", "failed"), [("never", False), (None, True)])
def test_a_run_that_saw_nothing_is_no_success(inventory: Inventory, fail_on: str | None, failed: bool) -> None:
    for file in inventory.facts.iterdir():
        file.unlink()
    result = inventory.judged(fail_on=fail_on)
    assert (result["failed"], result["blocked"]) == (failed, True)
    assert result["msg"].startswith("None of the 3 declared keys was seen in this run: grid on bot1")
    assert result["coverage"]["keys_seen"] == 0


def test_a_key_that_was_not_seen_blocks_where_unknowns_block(inventory: Inventory) -> None:
    _unreachable(inventory)
    assert not inventory.judged(fail_on=None)["failed"]
    assert inventory.judged(fail_on=None, fail_on_unknown="high")["failed"]


# --- one key on several hosts ---


def test_what_no_host_uses_may_be_removed_once_all_were_seen(one_key: Inventory) -> None:
    result = one_key.judged()
    (text,) = result["allowlists"]
    assert text["remove_later"] == [NOBODY]
    assert text["keep"] == list(AT.values())
    assert text["line"].split(",") == [*AT.values(), NOBODY]
    assert text["idle"] == [{"entry": NOBODY, "since": NOW_TEXT}]
    assert [each["host"] for each in text["used_by"]] == list(HOSTS)
    unused = finding(result, "allowlist-entry-unused")
    assert (unused["status"], unused["severity"]) == ("fail", "medium")
    assert f"Remove {NOBODY}" in unused["remedy"]["then"]
    assert found(result, "key-not-shared") == ["pass"] * 3


def test_since_when_an_entry_is_unused_is_kept_from_report_to_report(one_key: Inventory) -> None:
    one_key.reported()
    _unreachable(one_key)
    partial = one_key.reported(previous=str(one_key.report), now="2026-11-22T07:40:00Z")
    assert partial["fleet"]["allowlists"][0]["idle"] == [
        {"entry": AT["bot3"], "since": None},
        {"entry": NOBODY, "since": NOW_TEXT},
    ]
    assert partial["fleet"]["previous"] == {"judged_at": NOW_TEXT}
    one_key.learned("bot3", shared("bot3", NOBODY))
    whole = one_key.reported(previous=str(one_key.report), now="2026-11-22T07:50:00Z")
    assert whole["fleet"]["allowlists"][0]["idle"] == [{"entry": NOBODY, "since": NOW_TEXT}]
    assert whole["fleet"]["allowlists"][0]["remove_later"] == [NOBODY]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ({"allowlist_reasons": [{"entry": NOBODY, "reason": "office", "until": "2026-11-22"}]}, "pass"),
        ({"allowlist_reasons": [{"entry": NOBODY, "reason": "office", "until": "2026-11-21"}]}, "fail"),
        ({"allowlist_reasons": [{"entry": "91.198.115.98", "reason": "office", "until": "2026-12-21"}]}, "fail"),
        ({"standby_hosts": ["spare"]}, "pass"),
    ],
)
def test_a_reason_or_a_standby_host_keeps_an_entry(one_key: Inventory, words: dict[str, t.Any], status: str) -> None:
    one_key.hostvars["spare"] = {}
    row = to_json(egress(NOBODY, host="spare"))
    write_facts(directory=str(one_key.facts), host="spare", kind="egress", document={"egress": [row]})
    one_key.declares("bot1", declared(declared={"shared_with": list(HOSTS), **words}))
    assert found(one_key.judged(), "allowlist-entry-unused") == [status] * 3


def test_a_standby_host_whose_address_is_not_known_leaves_it_open(one_key: Inventory) -> None:
    one_key.hostvars["spare"] = {}
    one_key.declares("bot1", declared(declared={"shared_with": list(HOSTS), "standby_hosts": ["spare"]}))
    result = one_key.judged()
    assert found(result, "allowlist-entry-unused") == ["unknown"] * 3
    assert "the address of the standby host spare is not known" in result["allowlists"][0]["why_not_whole"]


def test_a_standby_host_of_which_one_family_is_not_known_leaves_that_family_open(one_key: Inventory) -> None:
    one_key.hostvars["spare"] = {}
    rows = [
        to_json(egress("2a01:4f8:0:a0a1::9", host="spare", family="ipv6")),
        to_json(egress(host="spare", status="disputed")),
    ]
    write_facts(directory=str(one_key.facts), host="spare", kind="egress", document={"egress": rows})
    one_key.declares("bot1", declared(declared={"shared_with": list(HOSTS), "standby_hosts": ["spare"]}))
    result = one_key.judged()
    assert found(result, "allowlist-entry-unused") == ["unknown"] * 3
    assert result["allowlists"][0]["remove_later"] == []
    assert "the ipv4 address of the standby host spare is not known" in result["allowlists"][0]["why_not_whole"]


@pytest.mark.parametrize(("learned", "status"), [(NOBODY, "pass"), (None, "unknown")])
def test_the_address_of_a_host_that_shares_a_key_without_declaring_it_is_not_to_be_removed(
    one_key: Inventory, learned: str | None, status: str
) -> None:
    one_key.hostvars["desk"] = {}
    if learned is not None:
        row = to_json(egress(learned, host="desk"))
        write_facts(directory=str(one_key.facts), host="desk", kind="egress", document={"egress": [row]})
    one_key.declares("bot1", declared(declared={"shared_with": [*HOSTS, "desk"]}))
    result = one_key.judged()
    assert found(result, "allowlist-entry-unused") == [status] * 3
    assert not any(text["remove_later"] for text in result["allowlists"])


def test_an_address_of_a_family_that_the_exchange_does_not_show_now_is_no_strangers(one_key: Inventory) -> None:
    # A resolver that drops the AAAA answer makes an exchange look as if it had no IPv6 for a while.
    six = "2a01:4f8:0:a0a1::11"
    for host in HOSTS:
        one_key.learned(host, shared(host, six, exchange_families=("ipv4",)))
    rows = [to_json(egress(AT["bot1"])), to_json(egress(six, family="ipv6"))]
    write_facts(directory=str(one_key.facts), host="bot1", kind="egress", document={"egress": rows})
    result = one_key.judged()
    assert found(result, "allowlist-entry-unused") == ["pass"] * 3
    assert not any(text["remove_later"] for text in result["allowlists"])


def test_a_list_of_an_earlier_run_is_nothing_to_paste(one_key: Inventory) -> None:
    for host in HOSTS:
        one_key.learned(host, shared(host, NOBODY, asked_at=YESTERDAY))
    (text,) = one_key.judged()["allowlists"]
    assert text["keep"] == [*AT.values(), NOBODY]
    assert text["line"] is None
    # The list that was learned later may hold less: it counts, where it was seen in this run.
    one_key.learned("bot2", shared("bot2"))
    result = one_key.judged()
    assert result["allowlists"] == []
    document = one_key.reported()
    assert document["fleet"]["allowlists"][0]["line"] == ",".join(AT.values())


@pytest.mark.parametrize(("asked_at", "line"), [("2026-11-22T07:13:54Z", f"{AT['bot1']},{NOBODY}"), (YESTERDAY, None)])
def test_no_whole_list_is_given_to_paste_from_old_facts(inventory: Inventory, asked_at: str, line: str | None) -> None:
    inventory.learned(
        "bot1",
        own("bot1", asked_at=asked_at),
        addresses=(AT["bot1"], NOBODY),
        sources=[SourceAnswer("interface", "host", NOBODY)],
    )
    lacking = finding(inventory.judged(), "allowlist-covers-host")
    assert lacking["status"] == "fail"
    assert lacking["paste"] == line
    assert ("by hand" in lacking["remedy"]["do_now"]) is (line is None)


def _open_to_all(inventory: Inventory, *entries: str) -> None:
    """Let everybody in by the key that all hosts use; only bot1's address is told by two kinds of evidence."""
    allowlist = Allowlist("entries", (*entries, "0.0.0.0/0")) if entries else Allowlist("unrestricted")
    observed = seen(masked_id="ssss…9999", allowlist=allowlist)
    for host in HOSTS:
        own_interface = [SourceAnswer("interface", "host", AT[host])] if host == "bot1" else []
        inventory.learned(host, key(host=host, name="grid", observed=observed), sources=own_interface)


@pytest.mark.parametrize("entries", [(), (NOBODY,)])
def test_no_list_to_restrict_a_key_by_lacks_a_host_that_uses_it(one_key: Inventory, entries: tuple[str, ...]) -> None:
    _open_to_all(one_key, *entries)
    result = one_key.judged()
    (text,) = result["allowlists"]
    assert (text["state"], text["add"]) == ("unrestricted", [AT["bot1"]])
    assert text["unconfirmed"] == [AT["bot2"], AT["bot3"]]
    assert text["line"] is None
    narrow = finding(result, "ip-restriction-required")
    assert narrow["paste"] is None
    assert "bot2" in narrow["remedy"]["do_now"]
    assert "bot3" in narrow["remedy"]["do_now"]
    (text,) = one_key.judged(confirm=True)["allowlists"]
    assert sorted(text["line"].split(",")) == sorted((*entries, *AT.values()))
    assert finding(one_key.judged(confirm=True), "ip-restriction-required")["paste"] is None
    # Of one host nobody knows from where it is seen, and then it was not seen at all.
    one_key.learned("bot3", shared("bot3"), status="disputed")
    _open_to_all_but(one_key, "bot3")
    assert one_key.judged(confirm=True)["allowlists"][0]["line"] is None
    for kind in ("api_keys", "egress"):
        (one_key.facts / f"bot3.{kind}.json").unlink()
    assert one_key.judged(confirm=True)["allowlists"][0]["line"] is None


def _open_to_all_but(inventory: Inventory, host: str) -> None:
    facts = key(host=host, name="grid", observed=seen(masked_id="ssss…9999", allowlist=Allowlist("unrestricted")))
    inventory.learned(host, facts, status="disputed")


def test_what_a_key_without_a_restriction_lists_all_the_same_stays_on_the_list(inventory: Inventory) -> None:
    listed = Allowlist("entries", (NOBODY, "0.0.0.0/0"))
    inventory.learned("bot1", own("bot1", observed=seen(masked_id=IDS["bot1"], allowlist=listed)))
    narrow = finding(inventory.judged(confirm=True), "ip-restriction-required")
    assert narrow["paste"] == f"{NOBODY},{AT['bot1']}"


def test_an_address_that_a_host_has_let_go_of_is_worse(one_key: Inventory) -> None:
    one_key.reported()
    for host in HOSTS:
        one_key.learned(host, shared(host, NOBODY), addresses=(NOBODY,) if host == "bot3" else (AT[host],))
    unused = finding(one_key.judged(previous=str(one_key.report)), "allowlist-entry-unused")
    assert unused["severity"] == "high"
    assert "91.198.115.13 was bot3's and may be anybody's by now" in unused["evidence"]


def test_an_address_of_another_host_of_ours_is_milder(inventory: Inventory) -> None:
    entries = Allowlist("entries", (AT["bot1"], AT["bot2"]))
    inventory.learned("bot1", own("bot1", observed=seen(masked_id=IDS["bot1"], allowlist=entries)))
    unused = finding(inventory.judged(), "allowlist-entry-unused")
    assert (unused["status"], unused["severity"]) == ("fail", "low")
    assert "91.198.115.12 is bot2's" in unused["evidence"]


def test_a_key_on_two_hosts_that_nobody_declared_shared_fails(one_key: Inventory) -> None:
    for host in HOSTS:
        one_key.declares(host, declared(declared={"shared_with": ["bot2"]}))
    result = one_key.judged()
    assert [finding(result, "key-not-shared", host)["status"] for host in HOSTS] == ["fail"] * 3
    assert "grid on bot3" in finding(result, "key-not-shared")["evidence"]
    assert "grid on bot2" not in finding(result, "key-not-shared")["evidence"]


def test_keys_whose_ends_look_alike_are_told_apart_by_account_or_not_at_all(inventory: Inventory) -> None:
    for host, account in zip(HOSTS, ("1001", "1001", None), strict=True):
        observed = seen(
            masked_id="ab…yz", account=Account(id=account), allowlist=Allowlist("entries", (AT[host], NOBODY))
        )
        inventory.learned(host, own(host, observed=observed))
    result = inventory.judged()
    assert found(result, "key-not-shared") == ["unknown"] * 3
    assert found(result, "allowlist-entry-unused") == ["unknown"] * 3


def test_an_unseen_key_of_an_account_that_somebody_vouches_for_does_not_hold_up_the_others(
    inventory: Inventory,
) -> None:
    _unreachable(inventory)
    assert found(inventory.judged(), "key-not-shared", "bot1") == ["unknown"]
    words = {"account": "9", "attested": {**OWNED["attested"], "account": WORD}}
    inventory.declares("bot3", declared(declared=words))
    assert found(inventory.judged(), "key-not-shared", "bot1") == ["pass"]


def test_what_the_inventory_tells_of_ids_joins_and_parts_keys(inventory: Inventory) -> None:
    _unreachable(inventory)
    for host, api_key in zip(HOSTS, ("aaaa-own-1111", "bbbb-own-2222", "cccc-own-3333"), strict=True):
        inventory.declares(host, declared(api_key=api_key))
    assert found(inventory.judged(), "key-not-shared", "bot1") == ["pass"]
    assert found(inventory.judged(compare_secrets=False), "key-not-shared", "bot1") == ["unknown"]


@pytest.mark.parametrize("given", [True, False])
def test_an_agent_of_hyperliquid_is_one_however_its_address_is_spelled(inventory: Inventory, given: bool) -> None:
    address = "0xAbCdEf0123456789aBcDeF0123456789ABCDEF01"
    for host, spelled in (("bot1", address), ("bot2", address.lower())):
        row = declared(exchange="hyperliquid", **({"api_key": spelled} if given else {}))
        inventory.declares(host, row)
        observed = seen(masked_id=mask_id(spelled), allowlist=Allowlist("unrestricted"))
        inventory.learned(host, own(host, exchange="hyperliquid", observed=observed))
    result = inventory.judged()
    assert [finding(result, "key-not-shared", host)["status"] for host in ("bot1", "bot2")] == ["fail", "fail"]


# --- addresses ---


def test_an_address_that_changed_is_named_until_an_exchange_accepts_it(inventory: Inventory) -> None:
    inventory.reported()
    moved = own("bot1", access=dataclasses.replace(key().access, status="ip_refused"), observed=None)
    inventory.learned("bot1", moved, addresses=(NOBODY,), basis="exchange_printed")
    result = inventory.judged(previous=str(inventory.report), report_path=str(inventory.report))
    changed = finding(result, "egress-address-changed")
    assert (changed["status"], changed["severity"]) == ("fail", "high")
    assert f"{NOBODY} instead of {AT['bot1']}, which worked on 2026-11-22" in changed["evidence"]
    assert found(result, "egress-address-changed", "bot2") == ["pass"]
    accepted = own("bot1", observed=seen(masked_id=IDS["bot1"], allowlist=Allowlist("entries", (NOBODY,))))
    inventory.learned("bot1", accepted, addresses=(NOBODY,))
    assert found(inventory.judged(previous=str(inventory.report)), "egress-address-changed", "bot1") == ["pass"]


def test_a_changed_address_is_not_proposed_before_a_person_confirms_it(inventory: Inventory) -> None:
    inventory.reported()
    observed = seen(masked_id=IDS["bot1"], allowlist=Allowlist("entries", (AT["bot1"],)))
    facts = own("bot1", observed=observed, access=dataclasses.replace(key().access, seen_address=NOBODY))
    inventory.learned("bot1", facts, addresses=(NOBODY,))
    first = inventory.judged()["allowlists"]
    assert first[0]["add"] == [NOBODY]  # two kinds of evidence, and no earlier report
    again = inventory.judged(previous=str(inventory.report))["allowlists"]
    assert (again[0]["add"], again[0]["unconfirmed"]) == ([], [NOBODY])
    confirmed = inventory.judged(previous=str(inventory.report), confirm=True)["allowlists"]
    assert confirmed[0]["add"] == [NOBODY]


def test_without_an_earlier_report_nobody_knows(inventory: Inventory) -> None:
    result = inventory.judged()
    assert found(result, "egress-address-changed") == []
    assert any(line.startswith("No earlier report was given") for line in result["summary"])
    first = inventory.judged(previous=str(inventory.report))
    assert found(first, "egress-address-changed") == ["unknown"] * 3
    assert finding(first, "egress-address-changed")["severity"] == "low"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({}, "pass medium"),
        ({"attested": {}}, "unknown medium"),
        ({"attested": {"egress_address": {"by": "Ada", "on": "2025-01-01"}}}, "unknown medium"),
        ({"egress_address": "shared"}, "fail medium"),
        ({"egress_address": "proxy"}, "fail high"),
        ({"egress_address": None}, "unknown medium"),
    ],
)
def test_whose_an_address_is(inventory: Inventory, words: dict[str, t.Any], says: str) -> None:
    inventory.declares("bot1", declared(declared=words))
    one = finding(inventory.judged(), "egress-address-shared")
    assert f"{one['status']} {one['severity']}" == says


def test_a_host_behind_its_providers_nat_shares_its_address(inventory: Inventory) -> None:
    path = dataclasses.replace(key().path, source_address="100.64.3.4")
    inventory.learned("bot1", own("bot1", path=path), path=path)
    assert "its provider's NAT (100.64.3.4)" in finding(inventory.judged(), "egress-address-shared")["evidence"]


# --- machines and people ---


@pytest.mark.parametrize(("mine", "what"), [(("id-bot1",), "machine-id"), (("x", "SHA256:bot1"), "SSH host key")])
def test_hosts_that_are_copies_of_each_other_are_found(inventory: Inventory, mine: tuple[str, ...], what: str) -> None:
    inventory.is_machine("bot2", *mine)
    result = inventory.judged()
    assert f"bot2 has the same {what}" in finding(result, "host-cloned", "bot1")["evidence"]
    assert f"bot1 has the same {what}" in finding(result, "host-cloned", "bot2")["evidence"]
    assert found(result, "host-cloned", "bot3") == ["pass"]


def test_a_host_that_told_nothing_of_itself_may_be_a_copy(inventory: Inventory) -> None:
    (inventory.facts / "bot2.credentials.json").unlink()
    result = inventory.judged()
    assert [found(result, "host-cloned", host) for host in HOSTS] == [["pass"], ["unknown"], ["pass"]]


def _scanned(inventory: Inventory, *places: dict[str, t.Any]) -> None:
    scan = {"scan": {"scope": "host", "complete": True}, "swap": {"state": "off"}, "exposed": list(places)}
    write_facts(directory=str(inventory.facts), host="bot1", kind="exposed", document=scan)


@pytest.mark.parametrize("kind", ["exposed", "credentials"])
def test_what_a_broken_file_would_have_told_of_a_host_is_not_known(inventory: Inventory, kind: str) -> None:
    _scanned(inventory)
    file = inventory.facts / f"bot1.{kind}.json"
    whole = file.read_text(encoding="ascii")
    for broken in (whole[: len(whole) // 2], whole.replace('"schema": 1', '"schema": 2')):
        file.write_text(broken, encoding="ascii")
        result = inventory.judged()
        rules = ("credential-exposed", "swap-unencrypted") if kind == "exposed" else ("host-cloned", "host-key-bound")
        for rule in rules:
            one = finding(result, rule)
            assert one["status"] == "unknown"
            assert f"bot1.{kind}.json" in one["evidence"]
        assert found(result, "host-cloned", "bot2") == ["pass"]


@pytest.mark.parametrize(
    ("learned", "options", "says"),
    [
        (LEARNED, {}, None),
        (YESTERDAY, {}, "what was learned of the host is 24 hours old"),
        ("2026-11-22T08:30:00Z", {}, "from the future"),
        (LEARNED, {"learned_since": "2026-11-22T07:20:00Z"}, "what was learned of the host is of an earlier run"),
    ],
)
def test_what_was_learned_of_a_host_before_proves_nothing_now(
    inventory: Inventory,
    monkeypatch: pytest.MonkeyPatch,
    learned: str,
    options: dict[str, t.Any],
    says: str | None,
) -> None:
    monkeypatch.setattr(_facts_files, "utc_now", lambda: from_text(learned))
    _scanned(inventory)
    inventory.is_machine("bot1", "id-bot1", "SHA256:bot1")
    result = inventory.judged(**options)
    for rule in ("credential-exposed", "swap-unencrypted", "host-cloned", "host-key-bound"):
        one = finding(result, rule)
        assert one["status"] == ("pass" if says is None else "unknown")
        assert says is None or says in one["evidence"]
    # What was bad is reported still.
    _scanned(inventory, {"path": "/home/bot/.env", "readable_by": "others", "kind": "file"})
    assert "fail" in {f["status"] for f in inventory.judged(**options)["findings"] if f["rule"] == "credential-exposed"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"owner": None}, "nobody declares owner"),
        ({"purpose": " ", "reviewed_on": None}, "nobody declares purpose, reviewed_on"),
        ({"reviewed_on": "2026-08-01"}, "Ada last looked at it on 2026-08-01"),
        ({"reviewed_on": "2026-12-24"}, "the review of 2026-12-24 is yet to come"),
    ],
)
def test_somebody_answers_for_each_key(inventory: Inventory, words: dict[str, t.Any], said: str) -> None:
    inventory.declares("bot1", declared(declared=words))
    one = finding(inventory.judged(), "key-owner-declared")
    assert (one["status"], one["severity"], one["evidence"]) == ("fail", "medium", said)


@pytest.mark.parametrize(("exchange", "status"), [("bybit", "pass"), ("kraken", "unknown"), ("gemini", "unknown")])
def test_an_audit_takes_no_answer_for_death_that_a_wrong_address_may_get(
    inventory: Inventory, exchange: str, status: str
) -> None:
    revoked = declared(exchange=exchange, declared={"lifecycle": "revoked"})
    inventory.declares("bot1", revoked)
    gone = own("bot1", exchange=exchange, access=Access("invalid_key", code="x"), observed=None)
    inventory.learned("bot1", gone)
    dead = finding(inventory.judged(), "retired-key-alive")
    assert dead["status"] == status
    if status == "unknown":
        assert dead["severity"] == "critical"
        assert "not documented" in dead["evidence"]


def test_of_a_retired_key_only_its_death_and_that_it_was_asked_are_judged(inventory: Inventory) -> None:
    inventory.declares("bot1", declared(declared={"lifecycle": "retired", "owner": None}))
    result = inventory.judged()
    assert found(result, "retired-key-alive", "bot1") == ["fail"]
    assert found(result, "key-not-observed", "bot1") == ["pass"]
    assert found(result, "key-owner-declared", "bot1") == ["not_applicable"]
    (inventory.facts / "bot1.api_keys.json").unlink()
    assert found(inventory.judged(), "retired-key-alive", "bot1") == ["unknown"]


# --- secrets of the inventory ---

PHRASE = "canary-phrase-7f3a91"


def _with_phrases(inventory: Inventory, *phrases: t.Any) -> None:
    for host, phrase in zip(HOSTS, phrases, strict=True):
        inventory.declares(host, {**declared(), "exchange": "okx", "passphrase": phrase})
        observed = seen(
            masked_id=IDS[host], allowlist=Allowlist("entries", (AT[host],)), owner_kind=None, created_at=None
        )
        inventory.learned(host, okx(host=host, name="grid", observed=observed))


def test_a_passphrase_that_is_used_twice_is_found_and_never_shown(inventory: Inventory) -> None:
    inventory.hostvars["bot2"]["vaulted"] = PHRASE
    _with_phrases(inventory, PHRASE, trust_as_template("{{ vaulted }}"), "another-phrase-1")
    result = inventory.judged(report_path=str(inventory.report))
    assert [found(result, "passphrase-not-reused", host) for host in HOSTS] == [["fail"], ["fail"], ["pass"]]
    assert "also that of grid on bot2" in finding(result, "passphrase-not-reused")["evidence"]
    assert "canary" not in repr(result) + inventory.report.read_text(encoding="ascii")


def test_a_passphrase_that_cannot_be_read_here_is_not_known(inventory: Inventory) -> None:
    locked = EncryptedString(ciphertext="$ANSIBLE_VAULT;1.1;AES256\n3030\n")
    _with_phrases(inventory, locked, trust_as_template("{{ lookup('file', '/nonexistent') }}"), None)
    assert found(inventory.judged(), "passphrase-not-reused") == ["unknown"] * 3
    _with_phrases(inventory, PHRASE, PHRASE, PHRASE)
    assert found(inventory.judged(compare_secrets=False), "passphrase-not-reused") == ["unknown"] * 3


def test_one_key_on_two_hosts_has_one_passphrase(inventory: Inventory) -> None:
    _with_phrases(inventory, PHRASE, PHRASE, "another-phrase-1")
    for host in ("bot1", "bot2"):
        observed = seen(masked_id="ssss…9999", owner_kind=None, created_at=None)
        inventory.learned(host, okx(host=host, name="grid", observed=observed))
    assert found(inventory.judged(), "passphrase-not-reused") == ["pass"] * 3


def test_keys_that_a_template_makes_are_read_without_their_secrets(inventory: Inventory) -> None:
    broken = {**declared(name=trust_as_template("{{ prefix }}-bot")), "secret": trust_as_template("{{ nowhere }}")}
    inventory.hostvars["bot1"] = {
        "prefix": "grid",
        "made": [
            broken,
            {**declared(name="second"), "passphrase": EncryptedString(ciphertext="$ANSIBLE_VAULT;1.1;AES256\n3030\n")},
        ],
        "exchange_credentials_api_keys": trust_as_template("{{ made }}"),
    }
    report = inventory.reported()
    assert [line["key"] for line in report["lines"] if line["host"] == "bot1"] == ["grid", "grid-bot", "second"]


# --- what is known already, and what is not enforced yet ---

WITHDRAWS = ("read", "spot_trade", "withdraw")


def test_only_what_is_new_blocks_over_a_baseline(inventory: Inventory, tmp_path: Path) -> None:
    unrestricted = seen(masked_id=IDS["bot1"], allowlist=Allowlist("unrestricted"))
    inventory.learned("bot1", own("bot1", observed=unrestricted))
    assert inventory.judged(fail_on=None)["failed"]
    baseline = tmp_path / "baseline.json"
    baseline.write_text(json.dumps(inventory.reported()), encoding="ascii")
    known = inventory.judged(fail_on=None, baseline=str(baseline))
    assert not known["failed"]
    assert finding(known, "ip-restriction-required")["spared"] == f"in the baseline of {NOW_TEXT}"
    assert any("failures are in the baseline" in line for line in known["summary"])
    inventory.learned("bot2", own("bot2", observed=seen(masked_id=IDS["bot2"], allowlist=Allowlist("unrestricted"))))
    new = inventory.judged(fail_on=None, baseline=str(baseline))
    assert new["failed"]
    assert "grid on bot2" in new["msg"]
    assert "grid on bot1" not in new["msg"]


def test_a_baseline_spares_neither_what_cannot_be_waived_nor_what_became_worse(
    inventory: Inventory, tmp_path: Path
) -> None:
    inventory.learned("bot1", own("bot1", observed=seen(masked_id=IDS["bot1"], permissions=WITHDRAWS)))
    baseline = tmp_path / "baseline.json"
    baseline.write_text(json.dumps(inventory.reported()), encoding="ascii")
    assert "withdrawal-forbidden" in inventory.judged(fail_on=None, baseline=str(baseline))["msg"]

    inventory.learned("bot1", own("bot1"))
    severities = {"severities": {"key-owner-declared": "low"}}
    inventory.declares("bot1", declared(declared={"owner": None}))
    baseline.write_text(json.dumps(inventory.reported(policy=severities)), encoding="ascii")
    result = inventory.judged(baseline=str(baseline))
    assert finding(result, "key-owner-declared")["severity"] == "medium"
    assert finding(result, "key-owner-declared")["spared"] is None


def _strangers(*masked: str) -> KeyFacts:
    others = tuple(OtherKey(each, ("read", "spot_trade"), None) for each in masked)
    return own("bot1", exchange="woo", observed=seen(masked_id=IDS["bot1"], other_keys=others))


@pytest.mark.parametrize(
    ("rule", "known", "other", "spared"),
    [
        ("unknown-key-on-account", ("dddd…4444",), ("dddd…4444",), True),
        ("unknown-key-on-account", ("dddd…4444", "eeee…5555"), ("eeee…5555",), True),
        ("unknown-key-on-account", ("dddd…4444",), ("eeee…5555",), False),
        ("unknown-key-on-account", ("dddd…4444",), ("dddd…4444", "eeee…5555"), False),
        ("permissions-as-declared", ("earn",), ("earn",), True),
        ("permissions-as-declared", ("earn", "convert"), ("earn",), True),
        ("permissions-as-declared", ("earn",), ("convert",), False),
        ("money-out-forbidden", ("spend",), ("transfer_out",), False),
    ],
)
def test_a_baseline_spares_what_was_found_and_not_whatever_its_rule_finds_next(
    inventory: Inventory, tmp_path: Path, rule: str, known: tuple[str, ...], other: tuple[str, ...], spared: bool
) -> None:
    def facts(*words: str) -> KeyFacts:
        if rule == "unknown-key-on-account":
            return _strangers(*words)
        permissions = ("read", "spot_trade", "margin_trade", *words)
        return own("bot1", observed=seen(masked_id=IDS["bot1"], permissions=permissions))

    if rule == "unknown-key-on-account":
        inventory.declares("bot1", declared(exchange="woo"))
    inventory.learned("bot1", facts(*known))
    baseline = tmp_path / "baseline.json"
    baseline.write_text(json.dumps(inventory.reported()), encoding="ascii")
    inventory.learned("bot1", facts(*other))
    one = finding(inventory.judged(baseline=str(baseline)), rule)
    assert one["status"] == "fail"
    assert (one["spared"] is not None) is spared


@pytest.mark.parametrize(("day", "blocks"), [("2026-11-23", False), ("2026-11-22", True)])
def test_a_rule_that_is_not_enforced_yet_reports_only(inventory: Inventory, day: str, blocks: bool) -> None:
    inventory.learned("bot1", own("bot1", observed=seen(masked_id=IDS["bot1"], allowlist=Allowlist("unrestricted"))))
    inventory.declares("bot1", declared(declared={"ip_restriction": None}))
    result = inventory.judged(policy={"enforce_from": {"ip-restriction-required": day}}, fail_on=None)
    assert result["failed"] is blocks, result["blocked_because"]
    assert finding(result, "ip-restriction-required")["status"] == "fail"
    assert f"ip-restriction-required is enforced only from {day}" in result["loosened"]


def test_waivers_hold_for_the_fleets_rules(inventory: Inventory, tmp_path: Path) -> None:
    inventory.declares("bot1", declared(declared={"owner": None}))
    inventory.is_machine("bot2", "id-bot1")
    file = tmp_path / "waivers.yml"
    persons = {"justification": "x", "requested_by": "Ada", "approved_by": "Grace", "expires": "2026-12-01"}
    waivers = [
        {"rule": "key-owner-declared", "host": "bot1", "key": "grid", **persons},
        {"rule": "host-cloned", "host": "bot1", **persons},
        {"rule": "key-not-shared", "host": "gone", "key": "grid", **persons},
    ]
    file.write_text(json.dumps(waivers), encoding="ascii")
    result = inventory.judged(waivers_file=str(file))
    assert found(result, "key-owner-declared", "bot1") == ["waived"]
    assert found(result, "host-cloned") == ["fail", "waived", "pass"]
    assert [f["subject"]["host"] for f in result["findings"] if f["rule"] == "waiver-unused"] == ["gone"]


# --- the report ---


def test_the_report_is_whole_private_and_without_secrets(inventory: Inventory) -> None:
    report = inventory.reported()
    assert stat.S_IMODE(inventory.report.stat().st_mode) == 0o600
    assert [path.name for path in inventory.report.parent.iterdir() if path.name.startswith(".")] == []
    assert list(report["fleet"]) == [
        "partial",
        "coverage",
        "problems",
        "allowlists",
        "addresses",
        "baseline",
        "previous",
    ]
    assert len(report["fleet"]["allowlists"]) == 3
    assert {row["host"]: row["accepted"] for row in report["fleet"]["addresses"]} == {h: [AT[h]] for h in HOSTS}


def test_what_strangers_wrote_is_one_safe_line(inventory: Inventory) -> None:
    hostile = "91.198.115.11\n::error ##[error]\x1b[2J<script>"
    observed = seen(masked_id=IDS["bot1"], label=hostile, allowlist=Allowlist("entries", (hostile, AT["bot1"])))
    inventory.learned("bot1", own("bot1", observed=observed))
    _hostile(inventory)
    (inventory.facts / "x\n::error ##[a].json").write_text("{}", encoding="ascii")
    result = inventory.judged(report_path=str(inventory.report))
    for text in _texts(result):
        assert "\n" not in text, text
        assert "\x1b" not in text, text
        assert not re.search(r"(^|\s)::error|##\[", text), text


def _texts(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def test_a_result_is_bounded_and_the_file_has_all(inventory: Inventory) -> None:
    keys = [declared(name=f"k{number}") for number in range(MOST_FINDINGS // 20)]
    inventory.declares("bot3", *keys)
    result = inventory.judged(report_path=str(inventory.report))
    report = json.loads(inventory.report.read_text(encoding="ascii"))
    assert len(result["findings"]) == MOST_FINDINGS
    assert result["findings_omitted"] == len(report["findings"]) - MOST_FINDINGS > 0


# --- bad input: one sentence, and nothing half-written ---


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (declared(name=None), "exchange_credentials_api_keys[1] of bot1.name: is missing"),
        (declared(), "exchange_credentials_api_keys[1] of bot1.name 'grid': is also the name of"),
        (
            declared(name="b", exchange="bibyt"),
            "exchange_credentials_api_keys[1] of bot1.exchange 'bibyt': is not known",
        ),
        (declared(name="b", declared={"reviewed_on": "2026-02-30"}), "of bot1.reviewed_on '2026-02-30': is not a day"),
        (declared(name="b", declared={"shared_with": ["bot9"]}), "declared.shared_with 'bot9': is no host of the"),
        (declared(name="b", declared={"standby_hosts": ["x"]}), "declared.standby_hosts 'x': is no host of the"),
        (declared(name="b", declared={"ownr": "Ada"}), "of bot1 'ownr': cannot be declared of a key"),
        (declared(name="b", declared={"shared_with": "bot2"}), "of bot1.shared_with: is not a list"),
        ({**declared(name="b"), "declared": "x"}, "of bot1.declared: is not a mapping"),
        (
            declared(name=trust_as_template("{{ nowhere }}")),
            "exchange_credentials_api_keys of bot1: cannot be resolved",
        ),
    ],
)
def test_a_bad_declaration_gets_one_sentence(inventory: Inventory, row: dict[str, t.Any], said: str) -> None:
    inventory.declares("bot1", declared(), row)
    with pytest.raises(AnsibleActionFail, match=re.escape(said)) as raised:
        inventory.judged(report_path=str(inventory.report))
    assert "\n" not in str(raised.value)
    assert not inventory.report.exists()


@pytest.mark.parametrize("value", ["text", {"a": 1}, ["text"], trust_as_template("{{ 'text' }}")])
def test_what_is_no_list_of_keys_gets_one_sentence(inventory: Inventory, value: t.Any) -> None:
    inventory.hostvars["bot1"]["exchange_credentials_api_keys"] = value
    with pytest.raises(AnsibleActionFail, match=r"exchange_credentials_api_keys of bot1: is not a list of keys; "):
        inventory.judged()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"src": ["/nonexistent"]}, "src '/nonexistent': is not there"),
        ({"variables": ["nobody_sets_this"]}, "variables: no host of the inventory sets nobody_sets_this"),
        ({"variables": ["a b"]}, "variables 'a b': is no name of a variable"),
        ({"baseline": "/nonexistent"}, "baseline '/nonexistent': cannot be read"),
        ({"previous": "/dev/null"}, "previous '/dev/null': is not a plain file"),
        ({"learned_since": "today"}, "learned_since 'today': is no instant in UTC"),
        ({"policy": {"enforce_from": {"host-cloned": "soon"}}}, "policy.enforce_from.host-cloned 'soon': is not a day"),
        ({"policy": {"enforce_from": {"withdrawal-forbidden": "2026-12-01"}}}, "'withdrawal-forbidden': is always"),
        ({"policy": {"enforce_from": {"no-rule": "2026-12-01"}}}, "policy.enforce_from 'no-rule': is not a rule"),
        ({"report_path": "/proc/none/report.json"}, "report_path '/proc/none/report.json': the report cannot be"),
    ],
)
def test_bad_options_get_one_sentence(inventory: Inventory, options: dict[str, t.Any], said: str) -> None:
    with pytest.raises(AnsibleActionFail, match=re.escape(said)):
        inventory.judged(**options)


@pytest.mark.parametrize("option", ["baseline", "previous"])
@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"findings": {}}', '{"findings": [1]}', '{"fleet": {"addresses": 1}}']
)
def test_what_is_no_report_gets_one_sentence(inventory: Inventory, tmp_path: Path, option: str, content: str) -> None:
    file = tmp_path / "old.json"
    file.write_text(content, encoding="ascii")
    with pytest.raises(AnsibleActionFail, match=f"^{option} '{re.escape(str(file))}'") as raised:
        inventory.judged(**{option: str(file)})
    assert "report_path" in str(raised.value)
    assert os.listdir(file.parent)


# --- keys that nobody declares, found in clear on hosts ---

FOUND = "freqtrade /home/bot/config.json"


def in_clear(host: str) -> KeyFacts:
    """Return facts of the host's key as it is found in a file."""
    return dataclasses.replace(own(host, name=FOUND, file="/home/bot/config.json"), declared={})


@pytest.fixture
def undeclared(tmp_path: Path) -> Inventory:
    """Three hosts of which nobody declares anything; two have told what lies there."""
    made = Inventory(tmp_path)
    made.learned("bot1", in_clear("bot1"))
    made.learned("bot2")
    return made


def test_keys_that_were_found_are_judged_where_nobody_declares_one(undeclared: Inventory) -> None:
    result = undeclared.judged()
    assert result["partial"]
    assert result["summary"][0] == (
        "PARTIAL: No host declares a key. 1 key was found on 2 hosts. bot3 told nothing in this run, so what lies there"
        " is not known."
    )
    (owner,) = [each for each in result["findings"] if each["rule"] == "key-owner-declared"]
    assert owner["status"] == "fail"
    assert owner["subject"]["key"] == FOUND
    assert owner["remedy"]["do_now"].startswith("Bring it in with the playbook trading.hosts.adopt")
    assert any("freqtrade" in line for line in result["table"])
    by_rule = {each["rule"]: each["status"] for each in result["findings"] if each["subject"]["key"] == FOUND}
    # What is not known for want of a declaration follows from that, and has no mend of its own in the table.
    roots = {each["rule"]: each["root"] for each in result["findings"] if each["subject"]["key"] == FOUND}
    assert {roots[rule] for rule in ("account-as-declared", "two-factor-enabled", "recovery-path")} == {
        "key-owner-declared"
    }
    assert not any("two-factor" in line for line in result["table"])
    assert by_rule["withdrawal-forbidden"] == "pass"
    assert by_rule["key-accepted"] == "pass"
    undeclared.learned("bot3")
    whole = undeclared.judged()
    assert not whole["partial"]
    assert whole["summary"][0].startswith("No host declares a key. 1 key was found on ")
    assert not whole["failed"]


def test_a_run_in_which_nobody_answered_fails_where_nobody_declares_a_key(undeclared: Inventory) -> None:
    later = undeclared.judged(fail_on=None, learned_since="2026-11-22T11:59:59Z", now="2026-11-22T12:00:00Z")
    assert later["failed"]
    assert later["msg"].startswith("No host told anything in this run.")


def test_one_key_in_clear_on_two_hosts_is_known_though_the_exchange_lets_only_one_in(undeclared: Inventory) -> None:
    for host in ("bot2", "bot3"):
        undeclared.learned(host, dataclasses.replace(in_clear(host), observed=None, access=Access("ip_refused")))
    assert found(undeclared.judged(), "key-not-shared") == ["unknown"] * 3
    for host, masked in (("bot2", IDS["bot1"]), ("bot3", IDS["bot3"])):
        told = [{"name": "ccxt /srv/x", "masked_id": "xxxx…0000"}, {"name": FOUND, "masked_id": masked}]
        document = {"exposed": [], "found_keys": told, "scan": {"scope": "host"}}
        write_facts(directory=str(undeclared.facts), host=host, kind="exposed", document=document)
    assert found(undeclared.judged(), "key-not-shared") == ["fail", "fail", "pass"]


def test_a_host_that_told_only_yesterday_is_not_seen(undeclared: Inventory) -> None:
    undeclared.learned("bot3")
    result = undeclared.judged(learned_since="2999-01-01T00:00:00Z")
    assert len(result["problems"]) == 3


def test_nothing_declared_and_nothing_learned_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(AnsibleActionFail, match=r"src tells of none: there is nothing to judge; give the inventory"):
        Inventory(tmp_path).judged()


def test_a_key_in_clear_beside_declared_ones_is_counted(inventory: Inventory) -> None:
    same = in_clear("bot1")
    inventory.learned("bot1", own("bot1"), same)
    result = inventory.judged()
    assert result["summary"][0] == "All 3 declared keys on 3 hosts were seen."
    assert "1 key was found on the hosts beside those that the inventory declares." in result["summary"]
    # It is the placed one, and no second use of it; on another host it is.
    assert "fail" not in found(result, "key-not-shared", "bot1")
    inventory.learned("bot1", own("bot1"))
    inventory.learned("bot2", own("bot2"), dataclasses.replace(same, host="bot2"))
    assert "fail" in found(inventory.judged(), "key-not-shared", "bot1")
