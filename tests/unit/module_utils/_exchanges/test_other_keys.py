# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Of other keys on an account only what was asked for is kept, and a list that is not whole is no list."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _registry
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._answers import other_keys
from ansible_collections.trading.hosts.plugins.module_utils._facts import ObservedKey, OtherKey, to_json
from tests.unit.module_utils._exchanges.test_answers import GOOD
from tests.unit.module_utils._exchanges.test_driver import CREDENTIAL, UID, ask, said

#: In every field of another key that is not to be told.
CANARY = "OTHERcanary"
OTHER_ID = "0e15a1b2OTHERcanaryc3d4e5f677ac"
MADE, MADE_TEXT = 1684763997, "2023-05-22T13:59:57Z"


@dataclasses.dataclass(frozen=True)
class Lister:
    """An exchange that lists keys: its own row, changes that make it another's, and what is to be kept of that."""

    own: dict[str, Any]
    other: dict[str, Any]
    kept: OtherKey
    id_field: str
    rights_field: str
    options: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def row(self) -> dict[str, Any]:
        return {**self.own, **self.other}


ENDS = "0e15…7ac"
GATE_ROW = {
    "state": 1,
    "name": "bot",
    "perms": [{"name": "spot", "read_only": False}],
    "key": "KEYcanary012*****",
    "created_at": MADE,
    "last_access": MADE,
}
DERIBIT_ROW = {
    "client_id": CREDENTIAL.api_key,
    "client_secret": CREDENTIAL.secret,
    "name": "bot",
    "max_scope": "account:read trade:read_write",
    "ip_whitelist": ["1.2.3.4"],
    "timestamp": MADE * 1000,
    "enabled": True,
}
LISTERS = {
    "bitmex": Lister(
        GOOD["bitmex"][0],
        {
            "id": OTHER_ID,
            "name": CANARY,
            "secret": CANARY,
            "cidr": CANARY,
            "cidrs": [CANARY],
            "permissions": ["withdraw"],
            "created": "2023-05-22T13:59:57.000Z",
        },
        OtherKey(ENDS, ("read", "withdraw"), MADE_TEXT),
        "id",
        "permissions",
    ),
    "deribit": Lister(
        DERIBIT_ROW,
        {
            "client_id": OTHER_ID,
            "client_secret": CANARY,
            "name": CANARY,
            "ip_whitelist": [CANARY],
            "max_scope": "wallet:read_write",
        },
        OtherKey(ENDS, ("read", "transfer_own", "transfer_sub", "withdraw"), MADE_TEXT),
        "client_id",
        "max_scope",
        {"ask_key_list": True},
    ),
    "gate": Lister(
        GATE_ROW,
        {
            "key": "52fd0035OTHERcanary*****",
            "name": CANARY,
            "ip_whitelist": [CANARY],
            "perms": [{"name": "withdrawal", "read_only": False}],
            "created_at": 1753030529,
        },
        OtherKey("52fd…", ("read", "withdraw"), "2025-07-20T16:55:29Z"),
        "key",
        "perms",
    ),
    "htx": Lister(
        GOOD["htx"]["data"][0],
        {
            "accessKey": OTHER_ID,
            "note": CANARY,
            "ipAddresses": CANARY,
            "permission": "readOnly,brandNew",
            "createTime": MADE * 1000,
        },
        OtherKey(ENDS, ("read", "unknown:brandNew"), MADE_TEXT),
        "accessKey",
        "permission",
    ),
    "woo": Lister(
        GOOD["woo"]["data"]["rows"][0],
        {
            "apiKey": OTHER_ID,
            "accountName": CANARY,
            "allowedIPs": [CANARY],
            "permissions": ["READ", "WITHDRAWAL"],
        },
        OtherKey(ENDS, ("read", "withdraw")),
        "apiKey",
        "permissions",
    ),
}
EACH = pytest.mark.parametrize("name", sorted(LISTERS))


def answers(name: str, *rows: Any) -> list[Any]:
    """Return the answers of an interview whose list holds these rows."""
    listed: list[Any] = list(rows)
    return {
        "bitmex": [listed],
        "deribit": [GOOD["deribit"], {"result": listed}],
        "gate": [GOOD["gate"], said(json.dumps(listed).encode())],
        "htx": [UID, {"code": 200, "data": listed}],
        "woo": [{"success": True, "data": {"rows": listed, "meta": {"total": len(listed)}}}],
    }[name]


def told(name: str, *rows: Any, **options: Any) -> ObservedKey:
    whole = {"tell_other_keys": True, **LISTERS[name].options, **options}
    access, key, _http = ask(name, *answers(name, *rows), **whole)
    assert access.status == "accepted"
    assert key is not None
    assert CREDENTIAL.api_key not in json.dumps(to_json(key))
    return key


@EACH
def test_of_another_key_its_ends_rights_and_day_are_kept_and_nothing_else(name: str) -> None:
    case = LISTERS[name]
    key = told(name, case.row, case.own, case.row)
    assert key.other_keys == (case.kept, case.kept)
    assert "canary" not in json.dumps(to_json(key))
    assert "other_keys" not in key.not_told
    assert told(name, case.own).other_keys == (), "an account with no other key"


@EACH
def test_nobody_is_told_of_what_was_not_asked_for(name: str) -> None:
    case = LISTERS[name]
    asked = told(name, case.row, case.own)
    key = told(name, case.row, case.own, tell_other_keys=False)
    assert key.other_keys is None
    assert "other_keys" not in key.not_told
    # What is told of the key itself is the same.
    assert key == dataclasses.replace(asked, other_keys=None)


def test_htx_is_asked_for_the_list_only_where_it_is_wanted() -> None:
    rows = answers("htx", LISTERS["htx"].own)
    for wanted in (True, False):
        _access, _key, http = ask("htx", *rows, tell_other_keys=wanted)
        assert ("accessKey=" in http.asked[1].url) is not wanted


UNREADABLE: list[Any] = [None, "text", 7, [], {}]


@EACH
@pytest.mark.parametrize("strange", [*UNREADABLE, "no id", "id is no text", "empty id", "no rights", "rights are odd"])
def test_a_list_that_cannot_be_read_whole_is_not_told(name: str, strange: Any) -> None:
    case = LISTERS[name]
    changes: dict[Any, dict[str, Any]] = {
        "no id": {case.id_field: None},
        "id is no text": {case.id_field: {"mode": 1}},
        "empty id": {case.id_field: ""},
        "no rights": {case.rights_field: None},
        "rights are odd": {case.rights_field: 7},
    }
    row = {**case.row, **changes[strange]} if isinstance(strange, str) and strange in changes else strange
    key = told(name, case.row, case.own, row)
    assert key.other_keys is None
    assert "other_keys" in key.not_told
    assert key.permissions == told(name, case.own).permissions, "the key's own facts are not lost for it"


def test_who_lists_keys_says_so() -> None:
    says = {name: exchange.lists_keys_of() for name, exchange in _registry.EXCHANGES.items()}
    assert {name for name, of in says.items() if of is not None} == set(LISTERS)
    assert {name for name, of in says.items() if of == "main"} == {"gate", "htx"}


@EACH
def test_more_keys_than_an_account_has_are_not_told(name: str) -> None:
    case = LISTERS[name]
    assert told(name, *[case.row] * 1001, case.own).other_keys is None


def test_a_list_that_is_cut_off_is_not_told_however_little_its_keys_can_do() -> None:
    rows = [{"id": f"0e15a1b2{number:08}"} for number in range(1500)]
    own = rows[0]["id"]
    assert other_keys(rows, name="id", own=own, read=lambda _row: ObservedKey("", permissions=())) is None
    whole = other_keys(rows[:1001], name="id", own=own, read=lambda _row: ObservedKey("", permissions=()))
    assert whole is not None
    assert len(whole) == 1000


def test_a_key_whose_rights_are_not_known_does_not_count_as_one_that_has_none() -> None:
    assert other_keys([{"id": OTHER_ID}], name="id", own="own", read=lambda _row: ObservedKey("")) is None


@pytest.mark.parametrize(
    ("meta", "whole"),
    [
        ({"meta": {"total": 2}}, True),
        ({"meta": {"total": 3}}, False),
        ({"meta": {"total": 1}}, False),
        # Nobody knows how many there are.
        ({"meta": {"total": "2"}}, False),
        ({"meta": {"total": None}}, False),
        ({"meta": {}}, False),
        ({"meta": None}, False),
        ({"meta": 2}, False),
        ({}, False),
    ],
)
def test_a_list_of_woos_is_whole_where_it_counts_as_many_keys(meta: dict[str, Any], whole: bool) -> None:
    case = LISTERS["woo"]
    answer = {"success": True, "data": {"rows": [case.row, case.own], **meta}}
    access, key, _http = ask("woo", answer, tell_other_keys=True)
    assert access.status == "accepted"
    assert key is not None
    assert key.other_keys == ((case.kept,) if whole else None)


def test_true_is_no_count_of_woos() -> None:
    case = LISTERS["woo"]
    answer = {"success": True, "data": {"rows": [case.own], "meta": {"total": True}}}
    _access, key, _http = ask("woo", answer, tell_other_keys=True)
    assert key is not None
    assert key.other_keys is None


REFUSED = {
    "deribit": [GOOD["deribit"], said({"error": {"code": 13403, "message": "scope_exceeded"}}, status=403)],
    "gate": [GOOD["gate"], said({"label": "FORBIDDEN", "message": "no permission"}, status=403)],
    "htx": [UID, {"status": "error", "err-code": "api-signature-not-valid", "err-msg": "API key has no permission"}],
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_list_that_is_refused_is_not_told(name: str) -> None:
    access, key, _http = ask(name, *REFUSED[name], tell_other_keys=True, **LISTERS[name].options)
    assert access.status == "accepted"
    assert key is not None
    assert key.other_keys is None
    assert "other_keys" in key.not_told


def test_deribits_list_stays_unasked_without_a_word_of_its_own() -> None:
    _access, key, http = ask("deribit", GOOD["deribit"], tell_other_keys=True)
    assert key is not None
    assert (key.other_keys, "other_keys" in key.not_told, len(http.asked)) == (None, True, 1)


@pytest.mark.parametrize("name", ["bybit", "okx", "mexc"])
def test_an_exchange_without_a_list_is_asked_nothing_more(name: str) -> None:
    _access, key, http = ask(name, GOOD[name], tell_other_keys=True)
    assert key is not None
    assert key.other_keys is None
    assert set(key.not_told) >= {"other_keys", *_registry.get(name).cannot_tell()}
    assert len(http.asked) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just(CANARY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@EACH
@given(data=st.data())
def test_whatever_stands_in_another_row_the_own_facts_stay_and_nothing_leaks(name: str, data: st.DataObject) -> None:
    case = LISTERS[name]
    row = dict(case.row)
    for field in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=4)):
        # The field that says whose row it is may hold anything but this key's own id.
        row[field] = data.draw(JSON)
    key = told(name, case.own, row)
    assert dataclasses.replace(key, other_keys=None, not_told=()) == dataclasses.replace(
        told(name, case.own, tell_other_keys=False), not_told=()
    )
    for other in key.other_keys or ():
        assert len(other.masked_id) <= 9
        assert all(word.startswith("unknown:") or word.isidentifier() for word in other.permissions)
    if CANARY not in json.dumps(row[case.rights_field]):
        assert "canary" not in json.dumps(to_json(key))
