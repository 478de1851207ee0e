# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts write facts. Whatever one of them writes costs at most its own file, and reaches people as safe text."""

from __future__ import annotations

import copy
import json
import re
import tempfile
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._facts import Allowlist
from ansible_collections.trading.hosts.plugins.module_utils._redact import one_line
from ansible_collections.trading.hosts.plugins.plugin_utils._reports import _schema
from tests.unit.action.test_fleet_policy import AT, IDS, NOBODY, OWNED, Inventory, declared, own, whole_fleet
from tests.unit.docs.test_facts import FILES, judge
from tests.unit.module_utils._policy.build import seen

HOSTILE = "\x1b[2J\x1b[32mALL GOOD\n::error::pwned\n\u202e"
LONG = "x y" * 2000
_LISTED = (AT["bot1"], NOBODY)
_SCAN = {
    **FILES["exposed"],
    "learned_at": "2026-11-22T07:14:00Z",
    "found_keys": [{"name": "grid", "path": "/a", "entry": None, "masked_id": "aaaa…1111", "names": {"secret": "s"}}],
    "scan": {**FILES["exposed"]["scan"], "complete": False, "partial_because": ["too large"]},
    "swap": {"state": "unencrypted", "in_clear": ["/dev/sda2"]},
    "core_dumps": {"state": "off", "why": "none", "found": ["/var/lib/core"]},
    "backups": [{"path": "/etc/cron.d/b", "line": 1, "program": "restic", "takes": "/var"}],
}
_WORD = {"by": "Ada", "on": "2026-10-01"}
#: A key that the inventory does not declare, so that what the file says of it is judged by.
_FOUND = {
    **FILES["api_keys"]["facts"][0],
    "name": "found",
    "file": "/a",
    "passphrase": {"given": True, "fits_format": False, "length": "short", "guessable": True},
    "observed": {
        **FILES["api_keys"]["facts"][0]["observed"],
        "expiry": {"state": "at", "at": "2026-12-01T00:00:00Z", "scope": "key"},
        "allowlist": {"state": "entries", "entries": ["91.198.115.11", "10.0.0.0/8", "x", NOBODY]},
        "permissions": ["read", "withdraw", "unknown:new"],
        "other_keys": [{"masked_id": "zz…99", "permissions": ["withdraw"], "created_at": "2026-11-02T09:24:02Z"}],
        "last_used_at": "2026-10-01T00:00:00Z",
    },
    "declared": {
        **OWNED,
        "label": "other",
        "account": "2",
        "access": "read_write",
        "products": ["spot"],
        "ccxt_id": "bybit",
        "two_factor": {"kind": "sms", "attested_by": "Ada", "attested_on": "2026-10-01"},
        "restriction_events": [{"what": "exposed", "on": "2026-11-10", "rotate_by": "2026-11-20"}],
        "attested": {"recovery": _WORD, "permissions": {**_WORD, "on": "2025-01-01"}, "egress_address": _WORD},
        "recovery": "escrow",
        "lifecycle": "in_use",
        "benign_permissions": ["new"],
        "owned_prefixes": ["91.198.115.0/24"],
        "egress_paths": [{"family": "ipv4", "proxy": "none", "source_address": None}],
        "service": "grid-bot",
        "shared_with": ["bot2"],
        "standby_hosts": ["bot4"],
        "allowlist_reasons": [{"entry": NOBODY, "reason": "desk", "until": "2026-12-01"}],
        "key_type": "host",
    },
}
_DOCUMENTS: dict[str, dict[str, t.Any]] = {
    **{kind: FILES[kind] for kind in ("egress", "clock", "credentials")},
    "api_keys": {**FILES["api_keys"], "facts": [*FILES["api_keys"]["facts"], _FOUND]},
    "exposed": _SCAN,
    "inventory": {**_SCAN, "kind": "inventory", "scan": {**_SCAN["scan"], "scope": "inventory"}},
}
_SLOTS: list[tuple[str, tuple[t.Any, ...]]] = []


def _slots(value: t.Any, path: tuple[t.Any, ...] = ()) -> t.Iterator[tuple[t.Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in members:
        yield (*path, name)
        yield from _slots(each, (*path, name))


_SLOTS.extend((kind, path) for kind, document in _DOCUMENTS.items() for path in _slots(document))


def _with(document: dict[str, t.Any], path: tuple[t.Any, ...], value: t.Any) -> dict[str, t.Any]:
    changed = copy.deepcopy(document)
    inner: t.Any = changed
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return changed


def _write(made: Inventory, kind: str, document: t.Mapping[str, t.Any]) -> None:
    (made.facts / f"bot1.{kind}.json").write_text(json.dumps(document), encoding="ascii")


def _judged(made: Inventory, **options: t.Any) -> dict[str, t.Any]:
    """Judge, and return the report, of which everything is as its schema says and as people may read it."""
    result = made.judged(report_path=str(made.report), **options)
    document: dict[str, t.Any] = json.loads(made.report.read_text(encoding="ascii"))
    assert _schema.read(document, where="report") == _squeezed(document), "a text is unsafe or too long"
    for text in (*result["summary"], result.get("msg") or "", *result["problems"]):
        assert one_line(text, limit=len(text) + 1) == _squeezed(text)
    return document


def _squeezed(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return re.sub(" +", " ", value).strip(" ")
    if isinstance(value, dict):
        return {name: _squeezed(each) for name, each in value.items()}
    return [_squeezed(each) for each in value] if isinstance(value, list) else value


def _others_are_judged(document: t.Mapping[str, t.Any]) -> None:
    assert not {"bot2", "bot3"} & {each["host"] for each in document["fleet"]["coverage"]["not_seen"]}


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from((HOSTILE, LONG, "", "Accepted", "ip refused", "\ud800", "ipv4", "2026-11-22", "0.0.0.0/0"))
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just(HOSTILE), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=settings().max_examples * 3)
@given(slot=st.sampled_from(_SLOTS), value=_JSON)
def test_whatever_one_host_writes_the_others_are_judged(slot: tuple[str, tuple[t.Any, ...]], value: t.Any) -> None:
    kind, path = slot
    with tempfile.TemporaryDirectory() as folder:
        made = whole_fleet(Path(folder))
        _write(made, kind, _with(_DOCUMENTS[kind], path, value))
        _others_are_judged(_judged(made))


CRASHED = [
    ("credentials", ("facts", 0, "loaded_by"), 5, "facts[0].loaded_by: is not a list"),
    ("credentials", ("facts", 0, "name"), ["a"], "facts[0].name: is not text"),
    ("credentials", ("facts", 0, "path"), {"a": 1}, "facts[0].path: is not text"),
    ("credentials", ("machine", "overrides", 0, "service"), ["a"], "machine.overrides[0].service: is not text"),
    ("exposed", ("facts", 0, "exchanges"), 5, "facts[0].exchanges: is not a list"),
    ("exposed", ("facts", 0, "kind"), ["a"], "facts[0].kind: is not text"),
    ("exposed", ("scan", "partial_because"), True, "scan.partial_because: is not a list"),
    ("exposed", ("backups",), 5, "backups: is not a list"),
    ("exposed", ("swap", "in_clear"), True, "swap.in_clear: is not a list"),
    ("exposed", ("core_dumps", "found"), 5, "core_dumps.found: is not a list"),
    ("exposed", ("facts", 0, "line"), 10**400, "facts[0].line: is not a number"),
    ("inventory", ("facts", 0, "exchanges"), [None], "facts[0].exchanges[0]: is not text"),
    ("api_keys", ("facts", 0, "path", "user"), LONG, "facts[0].path.user: is longer than 4096 characters"),
    ("clock", ("facts", 0, "offset"), 10**400, "facts[0].offset: is out of bounds"),
]


@pytest.mark.parametrize(("kind", "path", "value", "said"), CRASHED)
def test_what_is_of_another_type_costs_its_file_alone(
    tmp_path: Path, kind: str, path: tuple[t.Any, ...], value: t.Any, said: str
) -> None:
    made = whole_fleet(tmp_path)
    _write(made, kind, _with(_DOCUMENTS[kind], path, value))
    document = _judged(made)
    _others_are_judged(document)
    (problem,) = document["fleet"]["problems"]
    assert f"bot1.{kind}.json" in problem
    assert said in problem


def test_what_a_task_hands_over_is_of_these_types_too(tmp_path: Path) -> None:
    (tmp_path / "bot1.api_keys.json").write_text(json.dumps(FILES["api_keys"]), encoding="ascii")
    with pytest.raises(AnsibleActionFail, match=r"credentials\[0\]\.loaded_by: is not a list"):
        judge(tmp_path, credentials=[{"name": "grid.json", "loaded_by": 5}])
    with pytest.raises(AnsibleActionFail, match=r"exposed\.swap\.in_clear: is not a list"):
        judge(tmp_path, exposed={"scan": {}, "exposed": [], "swap": {"in_clear": 5}})


def test_what_a_host_writes_in_place_of_an_exchange_is_not_printed(tmp_path: Path) -> None:
    made = Inventory(tmp_path)
    made.declares("bot1", declared())
    _write(made, "api_keys", _with(FILES["api_keys"], ("facts", 0, "exchange"), HOSTILE))
    result = made.judged(report_path=str(made.report), return_passed=False)
    assert "None of the 1 declared keys was seen" in result["msg"]
    for text in (result["msg"], *result["summary"], *result["table"], *result["problems"]):
        assert "\x1b" not in text
        assert "\n" not in text
        assert "::error" not in text


def test_facts_about_another_exchange_are_named(tmp_path: Path) -> None:
    made = whole_fleet(tmp_path)
    _write(made, "api_keys", _with(FILES["api_keys"], ("facts", 0, "exchange"), "okx"))
    unseen = _judged(made)["fleet"]["coverage"]["not_seen"]
    assert [each["why"] for each in unseen] == ["its facts are about okx, and the inventory declares bybit"]


@pytest.mark.parametrize("field", [("name",), ("access", "message"), ("access", "next_step"), ("observed", "label")])
def test_a_long_text_breaks_no_report(tmp_path: Path, field: tuple[str, ...]) -> None:
    made = whole_fleet(tmp_path)
    made.learned("bot1", own("bot1"))
    document = _with(FILES["api_keys"], ("facts", 1 if field[0] == "access" else 0, *field), "x y " * 1000)
    _write(made, "api_keys", document)
    _others_are_judged(_judged(made))


def test_places_with_long_names_stay_apart(tmp_path: Path) -> None:
    made = whole_fleet(tmp_path)
    place = _SCAN["facts"][0]
    places = [{**place, "path": f"/{'a' * 300}/{number}"} for number in range(2)]
    _write(made, "exposed", {**_SCAN, "facts": places})
    keys = {each["subject"]["key"] for each in _judged(made)["findings"] if each["rule"] == "credential-exposed"}
    assert len([each for each in keys if each is not None]) == len(places)
    assert all(each is None or len(each) <= _schema.PLACE for each in keys)


_POISON = [
    ("addresses", ("family",), "IPv4 "),
    ("addresses", ("family",), 5),
    ("addresses", ("proxy",), HOSTILE),
    ("addresses", ("source_address",), HOSTILE),
    ("addresses", ("accepted", 0), HOSTILE),
    ("addresses", ("accepted", 0), {"a": 1}),
    ("addresses", ("accepted_at",), "2026-11-22"),
    ("addresses", ("accepted_at",), None),
    ("allowlists", ("idle", 0, "since"), "2026-11-22"),
    ("allowlists", ("idle", 0, "entry"), 5),
    ("allowlists", ("used_by",), "bot1"),
]


@pytest.mark.parametrize(("part", "path", "value"), _POISON)
def test_a_row_of_an_earlier_report_that_no_report_may_hold_is_left_out(
    tmp_path: Path, part: str, path: tuple[t.Any, ...], value: t.Any
) -> None:
    made = whole_fleet(tmp_path)
    made.learned("bot1", own("bot1", observed=seen(masked_id=IDS["bot1"], allowlist=Allowlist("entries", _LISTED))))
    before = _judged(made)
    row = next(at for at, each in enumerate(before["fleet"][part]) if each.get("accepted") or each.get("idle"))
    old = tmp_path / "old.json"
    old.write_text(json.dumps(_with(before, ("fleet", part, row, *path), value)), encoding="ascii")
    (made.facts / "bot1.egress.json").unlink()  # so that what is remembered stays
    after = _judged(made, previous=str(old))
    assert {each["host"] for each in after["fleet"]["addresses"]} >= {"bot2", "bot3"}


def test_an_instant_that_no_report_holds_is_none(tmp_path: Path) -> None:
    made = whole_fleet(tmp_path)
    old = tmp_path / "old.json"
    old.write_text(json.dumps({**_judged(made), "judged_at": "2026-11-22"}), encoding="ascii")
    with pytest.raises(AnsibleActionFail, match="is no instant"):
        made.judged(previous=str(old))


@pytest.mark.parametrize("attested", [{"permissions": None}, {HOSTILE: 1}, {"x" * 3000: {"by": "a", "on": "b"}}])
def test_only_words_that_somebody_may_give_are_read(tmp_path: Path, attested: t.Any) -> None:
    made = whole_fleet(tmp_path)
    _write(made, "api_keys", _with(_DOCUMENTS["api_keys"], ("facts", 2, "declared", "attested"), attested))
    document = _judged(made)
    _others_are_judged(document)
    assert document["fleet"]["problems"] == []
