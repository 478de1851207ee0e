# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""allowlist_check: covered, missing, unsuitable, too wide, unused, and the text to paste."""

from __future__ import annotations

import typing as t
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader

from ansible_collections.trading.hosts.plugins.action.allowlist_check import ActionModule

HERE, THERE = "91.198.115.11", "91.198.115.12"


def run(**options: t.Any) -> dict[str, t.Any]:
    task = SimpleNamespace(args=options, async_val=0, check_mode=False, diff=False, action="x", collections=[])
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=""))  # anything more that is asked of it fails
    action = ActionModule(
        task=task, connection=connection, play_context=None, loader=DataLoader(), templar=None, shared_loader_obj=None
    )
    result: dict[str, t.Any] = action.run(task_vars={"inventory_hostname": "bot1"})
    return result


def rules(result: dict[str, t.Any], status: str = "fail") -> set[str]:
    return {finding["rule"] for finding in result["findings"] if finding["status"] == status}


def test_a_covered_host() -> None:
    result = run(exchange="okx", entries=[HERE, THERE], addresses=[HERE])
    assert (result["covered"], result["missing"], result["unused"]) == ([HERE], [], [THERE])
    assert not result["failed"]
    assert rules(result) == set()


def test_a_missing_host_fails_and_names_the_mend() -> None:
    result = run(entries=[THERE], addresses=[HERE])
    assert result["failed"]
    assert result["missing"] == [HERE]
    assert "allowlist-covers-host" in rules(result)
    assert HERE in result["msg"]
    assert result["paste"] is None


@pytest.mark.parametrize(
    ("entry", "field", "rule"),
    [
        ("192.168.1.10", "unsuitable", "allowlist-entry-not-public"),
        ("::ffff:10.0.0.1", "unsuitable", "allowlist-entry-not-public"),
        ("8.8.8.8 ", "unsuitable", "allowlist-entry-malformed"),
        ("8.8.8.8:443", "unsuitable", "allowlist-entry-malformed"),
        ("8.8.8.0/24", "too_wide", "allowlist-entry-too-wide"),
        ("0.0.0.0/0", "too_wide", "ip-restriction-required"),
    ],
)
def test_each_entry_is_classified_and_none_is_dropped(entry: str, field: str, rule: str) -> None:
    result = run(entries=[HERE, entry], addresses=[HERE], fail_on="never")
    assert len(result[field]) == 1
    assert rule in rules(result)
    assert not result["failed"]


def test_no_entries_are_no_restriction() -> None:
    result = run(entries=[], addresses=[HERE])
    assert rules(result) == {"ip-restriction-required"}
    assert result["missing"] == [HERE]


def test_entries_alone_are_judged_without_addresses() -> None:
    result = run(entries=[HERE])
    assert not result["failed"]
    assert "allowlist-covers-host" not in rules(result, "unknown")


def test_text_to_paste_needs_a_person() -> None:
    given = {"exchange": "okx", "entries": [THERE], "addresses": [HERE], "fail_on": "never"}
    assert run(**given)["paste"] is None
    paste = run(**given, paste_confirmed=True)["paste"]
    assert paste["line"] == f"{THERE},{HERE}"
    assert not any("Remove" in line for line in paste["text"])


def test_removal_is_told_only_of_a_whole_fleet() -> None:
    paste = run(
        exchange="okx",
        entries=[THERE, HERE],
        addresses=[HERE],
        paste_confirmed=True,
        addresses_complete=True,
    )["paste"]
    assert any(line.startswith("Remove later") for line in paste["text"])
    assert THERE in paste["line"]


def test_an_owned_prefix_is_not_too_wide() -> None:
    wide = {"exchange": "okx", "entries": ["2a01:4f8::/64"], "addresses": ["2a01:4f8::1"], "fail_on": "never"}
    assert "allowlist-entry-too-wide" in rules(run(**wide))
    assert "allowlist-entry-too-wide" not in rules(run(**wide, owned_prefixes=["2a01:4f8::/64"]))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "missing required arguments: entries"),
        ({"entries": HERE}, "entries: is str, not a list"),
        ({"entries": [7]}, "entries[0] '7': is not text"),
        ({"entries": [], "addresses": ["8.8.8.8/24"]}, "addresses[0] '8.8.8.8/24': is not one IP address"),
        ({"entries": [], "addresses": ["::ffff:8.8.8.8"]}, "IPv4 address in IPv6 form"),
        ({"entries": [], "exchange": "mtgox"}, "value of exchange must be one of"),
        ({"entries": [HERE], "addresses": []}, "addresses: is empty, so nothing could be found missing"),
        ({"entries": [HERE], "adresses": [HERE]}, "This task 'adresses': is no option here; use exchange, name"),
        ({"entries": [HERE], "owned_prefixes": ["x"]}, "owned_prefixes 'x': this is not a prefix"),
    ],
)
def test_bad_input_gets_one_sentence(options: dict[str, t.Any], said: str) -> None:
    with pytest.raises(AnsibleActionFail) as caught:
        run(**options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
