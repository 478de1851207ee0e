# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action: what it takes, what it returns, when it fails, and what a person reads."""

from __future__ import annotations

import dataclasses
import json
import re
import stat
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader

from ansible_collections.trading.hosts.plugins.action.api_key_policy import MOST_FINDINGS, ActionModule
from ansible_collections.trading.hosts.plugins.module_utils._clock import from_text
from ansible_collections.trading.hosts.plugins.module_utils._facts import Access, Allowlist, KeyFacts, to_json
from ansible_collections.trading.hosts.plugins.plugin_utils import _facts_files, _report
from ansible_collections.trading.hosts.plugins.plugin_utils._facts_files import write_facts
from tests.unit.module_utils._policy.build import ADDRESS, NOW_TEXT, clock, egress, key, refused, seen

WITHDRAWS = key(name="bad", observed=seen(permissions=("read", "withdraw")))


def run(*, host: str = "bot1", check_mode: bool = False, **options: t.Any) -> dict[str, t.Any]:
    """Run the action as Ansible does, with no connection at all."""
    task = SimpleNamespace(
        args={"now": NOW_TEXT, **options}, async_val=0, check_mode=check_mode, diff=False, action="x", collections=[]
    )
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=""))  # anything more that is asked of it fails
    action = ActionModule(
        task=task, connection=connection, play_context=None, loader=DataLoader(), templar=None, shared_loader_obj=None
    )
    result: dict[str, t.Any] = action.run(task_vars={"inventory_hostname": host})
    return result


def facts(*keys: KeyFacts) -> dict[str, t.Any]:
    return {"api_keys": [to_json(each) for each in keys], "egress": [to_json(egress())]}


def rules(result: dict[str, t.Any], status: str = "fail") -> list[str]:
    return [finding["rule"] for finding in result["findings"] if finding["status"] == status]


def test_a_good_key_passes_at_the_strictest_gate() -> None:
    result = run(
        **facts(key()),
        gate="place",
        machine={"host_key": "bound"},
        transport={"verified_host": True, "verified_host_problem": None},
    )
    assert (result["failed"], result["blocked"], result["changed"]) == (False, False, False)
    assert result["blocked_keys"] == []
    assert result["counts"]["by_verdict"] == {"fail": 0, "unknown": 0, "pass": 1}
    assert result["table"][2].split()[:4] == ["grid-bybit", "bot1", ADDRESS, "ok"]


def test_a_failure_names_the_worst_and_its_mend_in_one_line() -> None:
    result = run(**facts(key(), WITHDRAWS), gate="place")
    assert result["failed"]
    assert "bad on bot1: the key can withdraw (withdrawal-forbidden, critical)" in result["msg"]
    assert "Untick withdraw" in result["msg"]
    assert "\n" not in result["msg"]
    assert "withdrawal-forbidden" in rules(result)


SCAN: dict[str, t.Any] = {
    "changed": False,
    "exposed": [{"kind": "file", "path": "/opt/bot/.env", "line": 2, "exchanges": ["okx"], "readable_by": "owner"}],
    "scan": {"scope": "host", "complete": True, "partial_because": []},
    "swap": {"state": "off", "in_clear": []},
    "core_dumps": {"state": "off", "why": "", "found": []},
    "backups": [],
    "host_key": {"present": False, "disk_encrypted": None},
}
INVENTORY = {"exposed": [], "scan": {"scope": "inventory", "complete": True}}


def test_a_scan_is_judged_also_where_no_key_is() -> None:
    result = run(exposed=SCAN, fail_on="never", return_passed=True)
    assert "credential-exposed" in rules(result)
    assert result["findings"][0]["subject"] == {"host": "bot1", "key": "/opt/bot/.env", "service": None}
    assert set(rules(result, "pass")) == {"swap-unencrypted", "core-dumps-enabled"}
    both = run(exposed=[SCAN, INVENTORY], fail_on="never", return_passed=True)
    assert set(rules(both, "pass")) == {"swap-unencrypted", "core-dumps-enabled", "inventory-secret-in-clear"}


def test_scans_come_from_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_facts_files, "utc_now", lambda: from_text("2026-11-22T07:14:00Z"))
    for kind, scan in (("exposed", SCAN), ("inventory", INVENTORY)):
        write_facts(directory=str(tmp_path), host="bot9", kind=kind, document=scan)
    result = run(src=[str(tmp_path)], fail_on="never", return_passed=True)
    assert "credential-exposed" in rules(result)
    assert "inventory-secret-in-clear" in rules(result, "pass")
    monkeypatch.setattr(_facts_files, "utc_now", lambda: from_text("2026-11-21T07:14:00Z"))
    write_facts(directory=str(tmp_path), host="bot9", kind="inventory", document=INVENTORY)
    assert "inventory-secret-in-clear" in rules(run(src=[str(tmp_path)], fail_on="never"), "unknown")
    assert {finding["subject"]["host"] for finding in result["findings"]} == {"bot9", None}


@pytest.mark.parametrize(
    ("exposed", "said"),
    [
        ({"failed": True, "msg": "x"}, "exposed: is not what exposed_credential_info returned"),
        ([SCAN, SCAN], "exposed[1]: is the second scan of this kind for bot1"),
        ("text", "exposed: is not what exposed_credential_info returned"),
        ([[]], "exposed[0]: is not what exposed_credential_info returned"),
    ],
)
def test_what_is_no_scan_is_refused(exposed: t.Any, said: str) -> None:
    with pytest.raises(AnsibleActionFail, match=re.escape(said)):
        run(exposed=exposed)


def test_never_does_not_fail_and_still_tells() -> None:
    result = run(**facts(key(), WITHDRAWS), fail_on="never")
    assert not result["failed"]
    assert result["blocked"]
    assert result["blocked_keys"] == ["bad"]


def test_a_host_that_is_not_fit_blocks_all_its_keys() -> None:
    result = run(**facts(key(), key(name="b")), fail_on="never", machine={"host_key": "differs"})
    assert result["blocked_keys"] == ["b", "grid-bybit"]


def test_an_unknown_does_not_block_a_key_that_the_host_holds_already() -> None:
    fit = {"machine": {"host_key": "bound"}, "transport": {"verified_host": True, "verified_host_problem": None}}
    given = {**facts(key(without=["account"]), WITHDRAWS), **fit, "gate": "place", "fail_on": "never"}
    assert run(**given)["blocked_keys"] == ["bad", "grid-bybit"]
    assert run(**given, placed_keys=["grid-bybit", "bad"])["blocked_keys"] == ["bad"]


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({}, "not_applicable"),
        ({"overrides": [], "overrides_problem": None}, "pass"),
        ({"overrides": [{"service": "grid", "in_force": True}], "overrides_problem": None}, "fail"),
        ({"overrides": [], "overrides_problem": "it is no plain file"}, "unknown"),
    ],
)
def test_an_override_is_in_the_audit_and_stops_nothing(told: dict[str, t.Any], status: str) -> None:
    result = run(**facts(key()), machine={"host_key": "bound", **told}, return_passed=True)
    found = [each["status"] for each in result["findings"] if each["rule"] == "override-active"]
    assert found == [status]
    assert not result["blocked"]


def test_a_whole_registered_result_will_do() -> None:
    given = facts(key())
    result = run(api_keys={"api_keys": given["api_keys"], "changed": False}, egress={"egress": given["egress"]})
    assert result["counts"]["by_verdict"]["pass"] == 1


def test_check_mode_is_the_same() -> None:
    assert run(**facts(key()), check_mode=True) == run(**facts(key()))


def test_files_read_like_inline_facts(tmp_path: Path) -> None:
    for host in ("bot1", "bot2"):
        keys = [to_json(key(host=host)), to_json(refused("ip_refused", host=host, name="r"))]
        write_facts(directory=str(tmp_path), host=host, kind="api_keys", document={"api_keys": keys})
        seen_from = [to_json(egress(host=host))]
        write_facts(directory=str(tmp_path), host=host, kind="egress", document={"egress": seen_from})
        write_facts(
            directory=str(tmp_path),
            host=host,
            kind="credentials",
            document={"credentials": [{"name": "c", "key_type": "null"}], "machine": {"host_key": "bound"}},
        )
    result = run(src=[str(tmp_path)], fail_on="never")
    assert len(result["table"]) > 4
    assert result["counts"]["by_verdict"] == {"fail": 2, "unknown": 0, "pass": 2}
    assert rules(result).count("credential-key-type") == 2


def test_a_file_speaks_for_its_own_host_only(tmp_path: Path) -> None:
    document = {"api_keys": [to_json(key(host="bot2"))]}
    write_facts(directory=str(tmp_path), host="bot1", kind="api_keys", document=document)
    with pytest.raises(AnsibleActionFail, match="is about host 'bot2' in a file of bot1"):
        run(src=[str(tmp_path)])


def test_a_declaration_takes_the_place_of_the_one_in_the_facts() -> None:
    result = run(**facts(key()), declared=[{"name": "grid-bybit", "account": "other"}])
    assert "account-as-declared" in rules(result)
    result = run(**facts(key()), declared=[{"name": "grid-bybit", "exchange": "bybit", "environment": "testnet"}])
    assert "environment-as-declared" in rules(result)


def test_a_declared_key_without_facts_is_not_known() -> None:
    result = run(declared=[{"name": "gone", "host": "bot9", "exchange": "okx"}])
    finding = next(f for f in result["findings"] if f["rule"] == "key-accepted")
    assert (finding["status"], finding["subject"]["key"], finding["subject"]["host"]) == ("unknown", "gone", "bot9")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "one of the following is required: api_keys, src, declared, exposed"),
        ({"api_keys": "text"}, "api_keys: is str, not a list"),
        ({"api_keys": [{"name": "x"}]}, "api_keys[0]: lacks some of"),
        ({"api_keys": [{**to_json(key()), "colour": 1}]}, "api_keys[0].colour: is not a fact"),
        ({"api_keys": [], "gate": "door"}, "value of gate must be one of"),
        ({"api_keys": [], "nonsense": 1}, "nonsense"),
        ({"api_keys": [], "now": "soon"}, "now 'soon': is no instant"),
        ({"api_keys": [], "policy": ["x"]}, "policy: is list, not a mapping"),
        ({"api_keys": [], "policy": {"x": 1}}, "policy 'x': is not a setting"),
        ({"api_keys": [], "waivers": {"rule": "x"}}, "waivers: is dict, not a list"),
        ({"api_keys": [], "waivers_file": "/nonexistent/w.yml"}, "waivers_file '/nonexistent/w.yml': cannot be read"),
        ({"api_keys": [], "machine": "bound"}, "machine: is not what a learner returned"),
        ({"api_keys": [], "src": ["/nonexistent"]}, "src '/nonexistent': cannot be read"),
        ({"declared": [{"label": "x"}]}, "declared[0]: has no name"),
        ({"declared": [{"name": "x", "acount": "1"}]}, "declared[0] 'acount': cannot be declared"),
        ({"declared": [{"name": "x", "access": "all"}]}, "declared[0].access 'all': is not known"),
        ({"declared": [{"name": "x", "created_on": "soon"}]}, "declared[0].created_on 'soon': is not a day"),
        ({"api_keys": [{**to_json(key()), "declared": ["x"]}]}, "api_keys[0].declared: is not a mapping"),
        (
            {"api_keys": [{**to_json(key()), "declared": {"two_factor": 1}}]},
            "api_keys[0].declared.two_factor: is not a",
        ),
        ({"api_keys": [{**to_json(key()), "access": None}]}, "api_keys[0].access: is NoneType, not a mapping"),
        ({"declared": [{"name": "x", "products": "spot"}]}, "declared[0].products: is not a list"),
        ({"declared": [{"name": "x", "two_factor": "app"}]}, "declared[0].two_factor: is not a mapping"),
        ({"declared": [{"name": "x", "attested": {"label": "Ada"}}]}, "declared[0].attested.label: is not a mapping"),
        ({"declared": [{"name": "x", "egress_paths": ["ipv4"]}]}, "declared[0].egress_paths[0]: is not a mapping"),
        ({"declared": [{"name": "x", "ip_restriction": "no"}]}, "declared[0].ip_restriction: is not true or false"),
        ({"declared": [{"name": "x", "account": 1001}]}, "declared[0].account: is not text"),
        ({"api_keys": []}, "api_keys: holds no key, and neither src nor declared does: there is nothing to judge"),
        (
            {"api_keys": [to_json(key())], "report_path": "/nonexistent/report.json"},
            "the report cannot be written",
        ),
    ],
)
def test_bad_input_gets_one_sentence(options: dict[str, t.Any], said: str) -> None:
    with pytest.raises(AnsibleActionFail) as caught:
        run(**options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_waivers_come_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "waivers.yml"
    file.write_text(
        """
        - rule: third-party-key
          host: bot1
          key: grid-bybit
          justification: until the vendor is replaced
          requested_by: Ada
          approved_by: Grace
          expires: 2026-12-01
        """
    )
    vendor = key(observed=seen(owner_kind="vendor"), without=["owner_kind"])
    result = run(**facts(vendor), waivers_file=str(file))
    assert rules(result, "waived") == ["third-party-key"]
    assert not result["failed"]
    file.write_text("{ not: [yaml")
    with pytest.raises(AnsibleActionFail, match="is no YAML"):
        run(**facts(vendor), waivers_file=str(file))


def test_the_report_is_whole_private_and_complete(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    many = [refused("ip_refused", name=f"k{n}") for n in range(60)]
    result = run(**facts(*many), fail_on="never", report_path=str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = json.loads(path.read_text())
    assert len(result["findings"]) == MOST_FINDINGS
    assert len(written["findings"]) == MOST_FINDINGS + result["findings_omitted"]
    assert written["policy_digest"] == result["policy_digest"]
    assert written["gate"] == "audit"


def test_passed_findings_are_returned_on_request_only() -> None:
    assert rules(run(**facts(key())), "pass") == []
    assert len(rules(run(**facts(key()), return_passed=True), "pass")) > 20


def test_confirm_gives_the_text_to_paste() -> None:
    unrestricted = key(observed=seen(allowlist=Allowlist("unrestricted")))
    for options, paste in (({}, None), ({"confirm": True}, ADDRESS), ({"declared_addresses": [ADDRESS]}, ADDRESS)):
        result = run(**facts(unrestricted), fail_on="never", **options)
        finding = next(f for f in result["findings"] if f["rule"] == "ip-restriction-required")
        assert finding["paste"] == paste


# --- what a person reads ---


def document(*keys: KeyFacts, tmp_path: Path, **options: t.Any) -> dict[str, t.Any]:
    path = tmp_path / "report.json"
    run(**facts(*keys), fail_on="never", report_path=str(path), **options)
    read: dict[str, t.Any] = json.loads(path.read_text())
    return read


@pytest.mark.parametrize("width", [20, 60, 80, 120, 200])
def test_the_table_fits_its_width(width: int, tmp_path: Path) -> None:
    long = key(name="a-very-long-name-" * 5, observed=seen(permissions=("read", "withdraw", "spend")))
    lines = _report.table(document(key(), long, refused("ip_refused", name="r"), tmp_path=tmp_path), width=width)
    assert max(len(line) for line in lines) <= max(width, 100)
    assert "\x1b" not in "".join(lines)


def test_the_table_folds_what_one_root_explains(tmp_path: Path) -> None:
    text = " ".join(" ".join(_report.table(document(refused("ip_refused"), tmp_path=tmp_path), width=400)).split())
    assert "FAIL critical key-accepted: Bybit answered ip_refused" in text
    assert "more follow" in text
    assert "environment-as-declared" not in text


def test_the_table_gives_mend_and_paste(tmp_path: Path) -> None:
    unrestricted = key(observed=seen(allowlist=Allowlist("unrestricted")))
    doc = document(unrestricted, tmp_path=tmp_path, confirm=True)
    text = " ".join(" ".join(_report.table(doc, width=400)).split())
    assert f"Paste: {ADDRESS}" in text


def test_a_long_table_counts_the_rest(tmp_path: Path) -> None:
    doc = document(WITHDRAWS, *(key(name=f"k{n}") for n in range(9)), tmp_path=tmp_path)
    lines = _report.table(doc, rows=3)
    assert lines[-1] == "... and 7 more keys."
    assert lines[2].startswith("bad")


def test_the_summary_says_how_it_stands(tmp_path: Path) -> None:
    lines = _report.summary(document(key(), WITHDRAWS, tmp_path=tmp_path))
    assert lines[0] == "2 keys on 1 hosts: 1 in order, 1 failed, 0 not known."
    assert any("milder than the shipped one: fail_on is never" in line for line in lines)


def test_hostile_text_reaches_no_output(tmp_path: Path) -> None:
    text = "x\n::error::pwned \x1b[31m##[error]\u202e"
    bad = refused("ip_refused", name=text, host=text)
    bad = dataclasses.replace(bad, access=Access("ip_refused", message=text, code=text))
    doc = document(bad, tmp_path=tmp_path)
    for line in [*_report.table(doc), *_report.summary(doc), _report.sentence(doc)]:
        assert line.isprintable()
        assert "::error" not in line
        assert "##[" not in line


def test_an_unchecked_host_is_told_with_its_reason() -> None:
    transport = {"connection": "ssh", "verified_host": False, "verified_host_problem": "host_key_checking is off"}
    result = run(**facts(key()), gate="place", fail_on="never", machine={"host_key": "bound"}, transport=transport)
    finding = next(f for f in result["findings"] if f["rule"] == "ssh-host-verified")
    assert (finding["status"], finding["severity"]) == ("fail", "critical")
    assert "host_key_checking is off" in finding["evidence"]


# --- the clock ---


@pytest.mark.parametrize("whole", [False, True])
def test_offsets_are_judged_from_a_result(whole: bool) -> None:
    clocks = [to_json(clock(2.0))]
    result = run(**facts(key(asked_host="api.bybit.com")), clock={"clocks": clocks} if whole else clocks)
    assert rules(result) == ["clock-offset"]
    assert result["blocked_keys"] == ["grid-bybit"]


def test_offsets_are_judged_from_files(tmp_path: Path) -> None:
    learned = facts(key(asked_host="api.bybit.com"))
    write_facts(directory=str(tmp_path), host="bot1", kind="api_keys", document={"api_keys": learned["api_keys"]})
    write_facts(directory=str(tmp_path), host="bot1", kind="clock", document={"clocks": [to_json(clock(2.0))]})
    assert "clock-offset" in rules(run(src=[str(tmp_path)]))


@pytest.mark.parametrize(
    ("spoiled", "sentence"),
    [
        ({"offset": "0.1"}, "clock[0].offset: is str; learn the facts again"),
        ({"offset": True}, "clock[0].offset: is bool; learn the facts again"),
        ({"drift": 1}, "clock[0].drift: is not a fact of this schema"),
    ],
)
def test_an_offset_that_is_none_is_refused(spoiled: dict[str, t.Any], sentence: str) -> None:
    with pytest.raises(AnsibleActionFail, match=re.escape(sentence)):
        run(**facts(key()), clock=[{**to_json(clock()), **spoiled}])
