# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which keys are deleted in which order, what an answer means, and what is left to do by hand."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.plugin_utils import _revocation as it
from ansible_collections.trading.hosts.plugins.plugin_utils._key_pages import PAGES, page, way
from ansible_collections.trading.hosts.plugins.plugin_utils._refused_keys import (
    _WHY,
    MANY,
    SAME_KEY,
    SILENCE,
    why_held_back,
)

AT, LATER = "2026-11-22T21:00:00Z", "2026-11-22T21:05:00Z"


def one(name: str = "grid", host: str = "bot1", exchange: str = "bybit", **more: Any) -> it.Candidate:
    declared = {"owner": "Ada", **more.pop("declared", {})}
    return it.Candidate(host=host, name=name, exchange=exchange, declared=declared, **more)


def words(*given: str) -> frozenset[str]:
    return frozenset(given)


def planned(*candidates: it.Candidate, **more: Any) -> dict[str, Any]:
    given = {
        "selection": it.Selection(owner="Ada"),
        "earlier": {},
        "services": {},
        "at": AT,
        "operator": "root",
        **more,
    }
    return it.plan(candidates, **given)


def rows(*candidates: it.Candidate, **more: Any) -> list[it.Row]:
    found: list[it.Row] = planned(*candidates, **more)["rows"]
    return found


# --- which, and in which order ---


@pytest.mark.parametrize(
    ("candidate", "rank", "said"),
    [
        (one(permissions=words("read", "withdraw"), seen_on="2026-11-20"), 0, "CAN WITHDRAW, seen 2026-11-20"),
        (one(permissions=words("read", "unknown:Fly")), 0, "nobody knows (unknown:Fly), so treat it as one that can"),
        (one(), 0, "nobody knows what it can do, so treat it as one that can withdraw"),
        (one(permissions=words("spot_trade", "spend")), 1, "money can leave"),
        (one(permissions=words("spot_trade", "transfer_sub")), 1, "money can leave"),
        (one(permissions=words("read", "manage_keys")), 2, "can manage keys"),
        (one(permissions=words("read", "transfer_own")), 3, "can trade"),
        (one(declared={"access": "read_write", "products": ["spot"]}), 3, "can trade, as declared"),
        (one(permissions=words("read", "benign")), 4, "can read"),
        (one(declared={"access": "read"}), 4, "can read, as declared"),
        # What was seen counts more than what somebody wrote.
        (one(declared={"access": "read"}, permissions=words("withdraw")), 0, "CAN WITHDRAW"),
    ],
)
def test_what_a_key_can_do(candidate: it.Candidate, rank: int, said: str) -> None:
    found = it.power(candidate)
    assert found.rank == rank
    assert said in found.text


def test_the_most_powerful_comes_first_and_what_was_seen_before_what_is_feared() -> None:
    candidates = [
        one("reads", permissions=words("read")),
        one("trades", permissions=words("spot_trade")),
        one("unknown"),
        one("manages", permissions=words("manage_keys")),
        one("pays", permissions=words("spend")),
        one("withdraws", permissions=words("withdraw")),
    ]
    told = planned(*candidates)
    assert [row["key"] for row in told["rows"]] == ["withdraws", "unknown", "pays", "manages", "trades", "reads"]
    assert [line[:2] for line in told["lines"] if not line.startswith(" ")] == ["1.", "2.", "3.", "4.", "5.", "6."]
    assert told["rows"][0]["number"] == 1


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (it.Selection(key="grid"), {("bot1", "grid"), ("bot2", "grid")}),
        (it.Selection(host="bot1"), {("bot1", "grid"), ("bot1", "hedge")}),
        (it.Selection(account="77"), {("bot1", "hedge")}),
        (it.Selection(account="7"), {("bot1", "hedge")}),
        (it.Selection(account="9"), {("bot2", "grid")}),
        (it.Selection(owner="bob"), {("bot2", "grid")}),
        (it.Selection(key="grid", host="bot1"), {("bot1", "grid")}),
    ],
)
def test_what_a_selection_means(selection: it.Selection, found: set[tuple[str, str]]) -> None:
    candidates = [
        one(),
        one("hedge", exchange="okx", account="77", parent_account="7"),
        one(host="bot2", declared={"owner": "Bob", "account": 9}),
    ]
    assert {each.place for each in it.selected(candidates, selection)} == found


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (it.Selection(), "The keys to revoke: are not named; give one of key, host, account and owner"),
        (it.Selection(key="gird"), "fit no key; the inventory and the facts know grid"),
        (it.Selection(key="grid", owner="Bob"), "fit no key"),
    ],
)
def test_a_selection_that_means_nothing(selection: it.Selection, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        it.selected([one()], selection)


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (one(host="bot2"), False),
        (one(host="bot2", id="abcd…wxyz"), True),
        (one(host="bot2", id="abcd…wxyz", account="2"), False),
        (one(host="bot2", id="abcd…wxyz", environment="testnet"), False),
        (one(host="bot2", id="abcd…wxyz", exchange="okx"), False),
        (one(host="bot2", id="efgh…wxyz", declared={"shared_with": ["bot1"]}), False),
        (one(host="bot2", declared={"shared_with": ["bot1"]}), True),
        (one("copy", host="bot2", declared={"shared_with": ["bot1"]}), False),
        (one("copy", host="bot2", declared={"shared_with": ["bot1"], "label": "g"}), True),
        (one(host="bot3"), True),
        # Marks know better than anything else.
        (one(host="bot2", id="abcd…wxyz", mark="other"), False),
        (one("copy", host="bot2", mark="this"), True),
    ],
)
def test_one_key_on_several_hosts(other: it.Candidate, is_same: bool) -> None:
    this = one(id="abcd…wxyz", account="1", mark="this", declared={"shared_with": ["bot3"], "label": "g"})
    assert it.same(this, other) == it.same(other, this) == is_same
    found = it.selected([this, other], it.Selection(host="bot1"))
    assert (len(found) == 2) == is_same


def test_a_key_of_several_hosts_is_listed_once_with_all_of_them() -> None:
    shared = {"shared_with": ["bot2"]}
    told = planned(one(declared=shared, label="grid"), one(host="bot2"), one("z", exchange="okx"))
    assert [line for line in told["lines"] if line.startswith("   grid")] == ["   grid on bot1, grid on bot2"]
    assert told["hosts"] == ["bot1", "bot2"]
    assert {row["number"] for row in told["rows"] if row["key"] == "grid"} == {1}


def test_what_to_open() -> None:
    told = planned(
        one(id="abcd…wxyz", label="grid", account="1"), one("z", exchange="okx", declared={"access": "read"})
    )
    assert told["lines"] == [
        f"1. Bybit, key abcd…wxyz, label grid, account 1: {it.power(one()).text}",
        "   grid on bot1",
        "   https://www.bybit.com/app/user/api-management",
        "   Bybit > account menu > API > the key, then delete it",
        "2. OKX, a key whose id is not known (compare the label): can read, as declared",
        "   z on bot1",
        "   OKX > account menu > API > the key, then delete it (the address of this page is not known here)",
    ]


def test_foreign_text_is_one_line() -> None:
    told = planned(one(label="a\n::error ::x\x1b[2J"))
    assert not any("\n" in line or "\x1b" in line or "::error" in line for line in told["lines"])


@pytest.mark.parametrize("name", EXCHANGES)
def test_every_exchange_has_a_way(name: str) -> None:
    assert way(name).startswith(EXCHANGES[name].click_path().partition(" > ")[0])


@pytest.mark.parametrize("place", PAGES)
def test_a_page_is_of_an_exchange_that_is_known_and_has_a_source(place: tuple[str, str, str]) -> None:
    exchange, environment, region = place
    assert (environment, region) in EXCHANGES[exchange].sites()
    assert re.fullmatch(r"https://[a-z.]*" + exchange + r"\.(com|xyz)/\S+", PAGES[place].url)
    assert PAGES[place].source
    assert page(exchange=exchange, environment=environment, region=region) == PAGES[place].url


def test_a_region_or_environment_without_a_page_has_none() -> None:
    assert page(exchange="bybit", region=None) is not None
    assert page(exchange="bybit", region="eu") is None
    assert page(exchange="deribit", region=None, environment="testnet") is None


# --- services ---


@pytest.mark.parametrize("wanted", ["stopp", [], ["a", 1], {"a": "b"}, None, 5])
def test_a_service_that_declares_what_it_cannot_do_is_said_and_the_list_is_there(wanted: Any) -> None:
    told = planned(one(services=("grid-bot",)), services={"bot1": {"grid-bot": wanted}})
    assert told["mistakes"][0].startswith("exchange_credentials_revoke_services of bot1: grid-bot")
    assert len(told["lines"]) > 2


def test_services_that_are_no_mapping() -> None:
    assert "is no mapping" in planned(one(), services={"bot1": ["grid-bot"]})["mistakes"][0]
    # What a host declares that has none of the keys is of no concern.
    assert planned(one(), services={"bot2": ["grid-bot"]})["mistakes"] == []


def test_who_is_asked_about_and_who_waits() -> None:
    services = {"bot1": {"a.service": "stop", "c": ["/bin/close", "all"]}}
    told = planned(one(services=("a", "b", "c")), services=services)
    assert told["undeclared"] == ["b on bot1"]
    assert any("c on bot1 reduces with this key first" in line for line in told["lines"])


def test_what_services_do() -> None:
    given = rows(one(documents=("d",), services=("a",)))
    held: list[dict[str, Any]] = [
        {"name": "d", "loaded_by": ["b.service"]},
        {"name": "e", "loaded_by": ["x.service"]},
        {"name": "d"},
    ]
    declared = {"a": "stop", "b.service": ["/bin/close"]}
    found = it.services_of(given, credentials=held, declared=declared, undeclared="keep")
    assert [(each["unit"], each["do"], each["command"], each["declared"]) for each in found] == [
        ("a.service", "stop", [], True),
        ("b.service", "run", ["/bin/close"], True),
    ]
    (other, _b) = it.services_of(given, credentials=held, declared={"b": "keep"}, undeclared="stop")
    assert (other["do"], other["declared"]) == ("stop", False)
    # An earlier run has dealt with it.
    assert it.services_of([{**given[0], "status": "dead"}], credentials=held, declared={}, undeclared="stop") == []


@pytest.mark.parametrize(
    ("do", "result", "problem"),
    [
        ("keep", {}, None),
        ("stop", {"state": "stopped"}, None),
        ("stop", {"msg": "Could not find the requested service a.service: host"}, None),
        ("stop", {"msg": "Unable to stop it"}, "a.service was not stopped: Unable to stop it"),
        ("stop", {}, "a.service was not stopped: the host was not reached"),
        ("run", {"rc": 0}, None),
        ("run", {"rc": 3, "stdout": "CANARY"}, "a.service did not reduce: its command ended with status 3"),
        ("run", {"rc": 124}, "a.service did not reduce: its command took too long and was ended"),
        ("run", {"unreachable": True}, "a.service did not reduce: its command did not run"),
    ],
)
def test_what_services_did(do: str, result: dict[str, Any], problem: str | None) -> None:
    service = {"unit": "a.service", "do": do, "command": [], "declared": True}
    events, problems = it.services_done([service], [{**result, "item": service}], host="bot1", at=AT)
    assert problems == ([problem] if problem else [])
    assert (events[0]["what"], events[0]["service"], events[0]["at"]) == (f"service {do}", "a.service", AT)
    assert "CANARY" not in json.dumps(events)


# --- what an answer means ---


def asked(
    status: str, *, code: str | None = None, step: str | None = None, message: str | None = None
) -> dict[str, Any]:
    access = {"status": status, "code": code, "message": message, "next_step": step}
    return {"name": "grid", "exchange": "bybit", "access": access}


def found_to_be(status: str, name: str = "grid") -> dict[str, Any]:
    return {"rule": "retired-key-alive", "status": status, "subject": {"key": name}, "waiver": "Ada and Bob"}


def answer(fact: dict[str, Any], verdict: str, *, known: bool = True) -> it.Row:
    (row,), _events = it.judged(
        rows(one(known=known)), learned=[fact], findings=[found_to_be(verdict)], others=[], at=LATER
    )
    return row


@pytest.mark.parametrize(
    ("fact", "verdict", "status", "may_ask"),
    [
        (asked("invalid_key", code="10003"), "pass", "dead", False),
        (asked("not_asked"), "waived", "dead", False),
        (asked("not_asked"), "unknown", "unknown", False),
        (asked("accepted"), "fail", "alive", True),
        (asked("permission_denied"), "fail", "alive", False),
        (asked("unreachable"), "unknown", "unknown", True),
        # Whatever refuses it proves nothing, and is not asked for twice.
        *((asked(status), "unknown", "unknown", False) for status in ("ip_refused", "expired", "ambiguous")),
        # Nobody but the exchange itself proves that a key is dead.
        (asked("invalid_key"), "unknown", "unknown", False),
        (asked("rate_limited"), "unknown", "unknown", False),
        (
            asked("held_back", step="Not asked, because key a of this exchange was not accepted"),
            "unknown",
            "unknown",
            True,
        ),
        (asked("held_back", message="the file is gone"), "unknown", "unknown", False),
        (asked("held_back", step=_WHY[SILENCE].format(exchange="bybit", host="b")), "unknown", "unknown", False),
        (asked("held_back", step=_WHY[SAME_KEY].format(host="b", status="ip")), "unknown", "unknown", False),
        (asked("held_back", step=_WHY[MANY].format(exchange="kraken", many=3, host="b")), "unknown", "unknown", False),
    ],
)
def test_an_answer(fact: dict[str, Any], verdict: str, status: str, may_ask: bool) -> None:
    row = answer(fact, verdict)
    assert (row["status"], row["ask"], row["at"]) == (status, may_ask, LATER)
    assert row["why"]


def test_a_key_that_nobody_saw_alive_may_be_one_of_another_site() -> None:
    row = answer(asked("invalid_key", code="10003"), "pass", known=False)
    assert (row["status"], row["ask"]) == ("unknown", False)
    assert "(10003), but nobody saw it accepted before" in row["why"]
    # Two persons who have seen that it is gone count all the same.
    assert answer(asked("not_asked"), "waived", known=False)["status"] == "dead"


@pytest.mark.parametrize("status", ["accepted", "permission_denied"])
def test_what_was_seen_alive_in_this_run_can_be_seen_dead(status: str) -> None:
    seen, _events = it.judged(rows(one()), learned=[asked(status)], findings=[found_to_be("fail")], others=[], at=AT)
    (row,), _events = it.judged(
        seen, learned=[asked("invalid_key")], findings=[found_to_be("pass")], others=[], at=LATER
    )
    assert row["status"] == "dead"


@pytest.mark.parametrize(
    ("last", "known"),
    [
        ({}, True),
        ({"what": "alive"}, True),
        ({"exchange": "okx"}, False),
        ({"id": "efgh…wxyz"}, False),
        (None, False),
    ],
)
def test_what_an_earlier_run_saw_alive_or_dead_is_known(last: dict[str, Any] | None, known: bool) -> None:
    earlier = {} if last is None else {("bot1", "grid"): {**DIED, **last}}
    (row,) = rows(one(id="abcd…wxyz"), earlier=earlier)
    assert row["known"] is known


@pytest.mark.parametrize(("region", "status"), [("global", "dead"), ("eu", "unknown")])
def test_a_key_that_died_for_one_host_is_dead_for_the_others_at_the_same_site(region: str, status: str) -> None:
    other = {**rows(one(host="bot2", region=region))[0], "status": "dead"}
    held = asked("held_back", step=_WHY[SAME_KEY].format(host="bot2", status="invalid_key"))
    given, _events = it.judged(
        rows(one(region="global")), learned=[held], findings=[found_to_be("unknown")], others=[], at=AT
    )
    assert (given[0]["status"], given[0]["ask"], given[0]["held_by"]) == ("unknown", False, "bot2")
    (row,), events = it.judged(given, learned=[], findings=[], others=[*given, other], at=LATER)
    assert (row["status"], row["ask"]) == (status, False)
    assert [each["what"] for each in events] == (["dead"] if status == "dead" else [])


def test_another_dead_key_of_the_host_that_was_refused_proves_nothing() -> None:
    # It was refused by what is not the exchange itself, say, so its own row is not dead.
    refused, other = rows(one(host="bot2", id="abcd…wxyz"), one("hedge", host="bot2", id="efgh…1234"))
    mine = {**rows(one(id="abcd…wxyz"))[0], "held_by": "bot2", "ask": False}
    given = [{**refused, "number": 1}, {**other, "number": 2, "status": "dead"}]
    ((row,), _events) = it.judged([mine], learned=[], findings=[], others=[mine, *given], at=LATER)
    assert row["status"] == "unknown"
    ((row,), _events) = it.judged(
        [mine], learned=[], findings=[], others=[mine, {**given[0], "status": "dead"}, given[1]], at=LATER
    )
    assert row["status"] == "dead"


def test_after_a_call_for_silence_nothing_of_that_exchange_is_asked() -> None:
    given = rows(one(), one("b"), one("c", exchange="okx"))
    limited = asked("ambiguous", code="HTTP 403")
    after, _events = it.judged(given, learned=[limited], findings=[found_to_be("unknown")], others=[], at=LATER)
    assert {row["key"]: row["ask"] for row in after} == {"grid": False, "b": False, "c": True}


def test_what_died_stays_dead_and_only_changes_are_told() -> None:
    given = rows(one())
    given, first = it.judged(given, learned=[asked("accepted")], findings=[found_to_be("fail")], others=[], at=AT)
    given, second = it.judged(given, learned=[asked("accepted")], findings=[found_to_be("fail")], others=[], at=AT)
    given, third = it.judged(given, learned=[asked("invalid_key")], findings=[found_to_be("pass")], others=[], at=LATER)
    given, fourth = it.unreached(given, why="gone", at=LATER)
    assert [[each["what"] for each in events] for events in (first, second, third, fourth)] == [
        ["alive"],
        [],
        ["dead"],
        [],
    ]
    assert given[0]["status"] == "dead"


def test_the_reason_of_a_key_that_was_held_back_can_be_read() -> None:
    found = why_held_back(_WHY[SAME_KEY].format(host="bot-1.example", status="invalid_key"))
    assert found == (SAME_KEY, "bot-1.example", "invalid_key")
    assert why_held_back(_WHY[SILENCE].format(exchange="okx", host="b")) == (SILENCE, "b", None)
    assert why_held_back(None) is None
    assert why_held_back("Not asked, because the deadline was over first.") is None


# --- what lies on a host ---


def held(name: str = "d", **more: Any) -> dict[str, Any]:
    keys = [{"entry": None, "masked_id": "abcd…wxyz"}]
    return {"name": name, "decryptable": "yes", "problem": None, "api_keys": keys, "loaded_by": [], **more}


def begun(
    candidate: it.Candidate, *credentials: dict[str, Any], askable: tuple[str, ...] = ("grid",), **more: Any
) -> it.Row:
    ((row,), _events) = it.begun(rows(candidate, **more), credentials=credentials, askable=askable, at=LATER)
    return row


DIED = {"at": AT, "what": "dead", "host": "bot1", "key": "grid", "exchange": "bybit", "id": "abcd…wxyz"}


def test_what_is_placed_can_be_asked_about() -> None:
    row = begun(one(documents=("d",)), held())
    assert (row["ask"], row["id"], row["status"]) == (True, "abcd…wxyz", "unknown")


@pytest.mark.parametrize(
    ("credentials", "askable", "said"),
    [
        ((), ("grid",), "no credential on its host holds it"),
        ((held(),), (), "no credential on its host holds it"),
        ((held(decryptable="no", problem="it is torn"),), ("grid",), "does not open: it is torn"),
        ((held(superseded=True),), ("grid",), "no credential on its host holds it"),
    ],
)
def test_what_cannot_be_asked_about_is_not_dead(credentials: Any, askable: tuple[str, ...], said: str) -> None:
    row = begun(one(documents=("d",)), *credentials, askable=askable)
    assert (row["status"], row["ask"]) == ("unknown", False)
    assert said in row["why"]


def test_a_key_of_an_exchange_that_nobody_can_ask_may_still_be_waived() -> None:
    assert begun(one(exchange="other", declared={"ccxt_id": "weex"}), askable=())["ask"] is True


def test_what_an_earlier_run_proved_and_removed_is_dead() -> None:
    died = {("bot1", "grid"): DIED}
    assert begun(one(documents=("d",)), askable=(), earlier=died)["status"] == "dead"
    # It lies there again, so it is asked about again.
    assert begun(one(documents=("d",)), held(), earlier=died)["status"] == "unknown"
    # Nobody can ask about it, but something lies there that may hold another key of that name.
    assert begun(one(documents=("d",)), held(), askable=(), earlier=died)["status"] == "unknown"
    # Another key has that name now.
    assert begun(one(documents=("d",), id="efgh…wxyz"), askable=(), earlier=died)["status"] == "unknown"
    assert begun(one(documents=("d",), exchange="okx"), askable=(), earlier=died)["status"] == "unknown"


@pytest.mark.parametrize(("id_", "status"), [("abcd…wxyz", "dead"), (None, "unknown")])
def test_of_a_host_that_is_down_an_earlier_death_counts_only_for_the_same_id(id_: str | None, status: str) -> None:
    (row,), _events = it.unreached(rows(one(id=id_), earlier={("bot1", "grid"): DIED}), why="down", at=LATER)
    assert (row["status"], row["ask"]) == (status, False)


# --- what goes ---

DOCUMENTS = [{"name": "d", "api_keys": ["grid"]}, {"name": "pair", "api_keys": ["grid", "hedge"]}]


def dead(*candidates: it.Candidate) -> list[it.Row]:
    return [{**row, "status": "dead"} for row in rows(*candidates)]


def test_only_what_holds_dead_keys_alone_goes() -> None:
    gone, kept = it.removable(
        dead(one(documents=("d", "pair"))), documents=DOCUMENTS, credentials=[held(), held("pair")]
    )
    assert gone == ["d"]
    assert kept == [{"name": "pair", "why": "it also holds hedge; place it anew without the dead keys"}]
    both = dead(one(documents=("d", "pair")), one("hedge", documents=("pair",)))
    assert it.removable(both, documents=DOCUMENTS, credentials=[held(), held("pair")]) == (["d", "pair"], [])
    assert it.removable(rows(one(documents=("d",))), documents=DOCUMENTS, credentials=[held()]) == ([], [])
    assert it.removable(both, documents=DOCUMENTS, credentials=[]) == ([], [])


def test_what_a_key_names_itself_goes_too() -> None:
    gone, _kept = it.removable(dead(one(documents=("half",))), documents=[], credentials=[held("half")])
    assert gone == ["half"]


def test_a_credential_with_another_key_of_that_name_stays() -> None:
    candidate = one(id="abcd…wxyz", documents=("d", "e"))
    documents = [{"name": "d", "api_keys": ["grid"]}, {"name": "e", "api_keys": ["grid"]}]
    other = [{"entry": None, "masked_id": "efgh…1234"}]
    gone, kept = it.removable(dead(candidate), documents=documents, credentials=[held(), held("e", api_keys=other)])
    assert gone == ["d"]
    why = "it holds efgh…1234, which nobody proved dead; see whether that must be deleted too"
    assert kept == [{"name": "e", "why": why}]
    # One whose ids nobody can see is told by its name alone.
    gone, kept = it.removable(dead(candidate), documents=documents, credentials=[held(), held("e", api_keys=[])])
    assert (gone, kept) == (["d", "e"], [])


def test_what_a_rotation_left_goes_where_it_is_the_same_key() -> None:
    other = [{"entry": None, "masked_id": "efgh…1234"}]
    credentials = [held(), held("d.previous"), held("d.next", api_keys=other)]
    gone, kept = it.removable(dead(one(documents=("d",))), documents=DOCUMENTS, credentials=credentials)
    assert gone == ["d", "d.previous"]
    assert [each["name"] for each in kept] == ["d.next"]


# --- how it stands ---


def report(planned_: dict[str, Any], given: list[it.Row], **more: Any) -> dict[str, Any]:
    rest = {"kept": [], "problems": [], "directories": {"bot1": "/etc/credstore.encrypted"}, **more}
    return it.report(planned_, given, **rest)


def test_what_is_left_is_said_with_what_to_do() -> None:
    plan = planned(
        one(id="abcd…wxyz", documents=("d",), services=("a",)), one("z", host="bot2", where="keys[0] of bot2")
    )
    given = [{**row, "ask": False, "why": "the host was not reached"} for row in plan["rows"] if row["host"] == "bot1"]
    told = report(plan, given)
    assert (told["left"], told["pending"], told["done"]) == (2, 0, False)
    text = "\n".join(told["by_hand"])
    assert "grid on bot1: Bybit key abcd…wxyz is not proved dead, so take it for alive" in text
    assert "https://www.bybit.com/app/user/api-management" in text
    assert "stop there a.service and remove /etc/credstore.encrypted/d" in text
    # Who is not in the play is not forgotten.
    assert "z on bot2" in text
    assert "took no part in this run" in told["why"]
    assert told["inventory"] == []


def test_all_dead_is_done_and_names_the_lines_to_change() -> None:
    plan = planned(one(where="keys[0] of bot1"))
    told = report(plan, [{**row, "status": "dead"} for row in plan["rows"]])
    assert (told["done"], told["left"], told["by_hand"]) == (True, 0, [])
    assert told["inventory"][0].startswith("keys[0] of bot1 (grid): take it out")
    assert told["progress"] == "1 of 1 dead."
    kept = [{"host": "bot1", "name": "pair", "why": "it also holds hedge"}]
    assert report(plan, [{**row, "status": "dead"} for row in plan["rows"]], kept=kept)["done"] is True
    failed = report(plan, [{**row, "status": "dead"} for row in plan["rows"]], problems=["bot1: a did not stop"])
    assert (failed["done"], failed["by_hand"]) == (False, ["bot1: a did not stop"])


def test_a_key_in_clear_is_removed_by_hand() -> None:
    plan = planned(one(file={"path": "/srv/config.json", "entry": None}))
    assert any("lies in clear in /srv/config.json" in line for line in report(plan, plan["rows"])["by_hand"])
    # That is to be done of a dead one too.
    dead_ = [{**row, "status": "dead"} for row in plan["rows"]]
    assert any("lies in clear in /srv/config.json" in line for line in report(plan, dead_)["by_hand"])


# --- the timeline ---


def test_the_timeline_is_read_back() -> None:
    plan = planned(one(id="abcd…wxyz"))
    (row,) = plan["rows"]
    events = [*plan["events"], it.event(row, what="dead", at=LATER, evidence="é\n")]
    text = it.timeline(events, run=AT, operator="ada")
    assert text.isascii()
    assert len(text.splitlines()) == 3
    assert all(json.loads(line)["operator"] == "ada" for line in text.splitlines())
    last, bad = it.last_told(f"{text}\nnonsense\n[]\n{{}}\n\n")
    assert bad == 2
    assert (last["bot1", "grid"]["what"], last["bot1", "grid"]["at"]) == ("dead", LATER)
    assert it.last_told("") == ({}, 0)
    # Another key has that name now, which was seen alive.
    alive = it.timeline([it.event(row, what="alive", at=LATER, evidence="")], run=AT, operator="ada")
    assert rows(one(), earlier=it.last_told(f"{text}\n{alive}")[0])[0]["dead_since"] is None
    assert rows(one(), earlier=it.last_told(f"{alive}\n{text}")[0])[0]["dead_since"] == LATER


def test_a_row_holds_no_secret_and_is_plain() -> None:
    text = json.dumps(planned(dataclasses.replace(one(), mark="MARK")))
    assert "MARK" not in text
