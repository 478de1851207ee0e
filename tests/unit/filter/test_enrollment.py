# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a new key comes to a host: what is missing, what a person is told, what is refused, what is written down."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.trading.hosts.plugins.module_utils._declared import DECLARED_SPEC, check_shape, declaration
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES, names
from ansible_collections.trading.hosts.plugins.plugin_utils._enrollment import question
from ansible_collections.trading.hosts.plugins.plugin_utils._exchange_pages import pages
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.enrolled_key import enrolled_key
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.enrollment import enrollment
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.enrollment_mistake import enrollment_mistake
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.enrollment_steps import enrollment_steps
from ansible_collections.trading.hosts.plugins.plugin_utils._filters.rotation import rotation

PUBLIC = "91.198.115.11"
SECOND = "2a02:ec80:700:1::11"
GIVEN = {
    "api_key": "grid",
    "exchange": "bybit",
    "access": "read_write",
    "products": "spot",
    "account": "10000001",
    "owner": "Ada",
    "purpose": "grid trading",
    "recovery": "recreate",
    "by": "Ada",
    "format": "ccxt",
    "today": "2026-11-22",
    "key_pair": "never",
    "nonce": {"shared": False},
}
#: Sites on which programs sign with a wallet's key: nothing there can be enrolled.
WALLETS = {"hyperliquid"}
ASKED = sorted(set(EXCHANGES) - WALLETS)


def planned(documents: Any = (), api_keys: Any = (), **given: Any) -> dict[str, Any]:
    wanted = {**GIVEN, **given}
    exchange = EXCHANGES.get(str(wanted["exchange"]))
    if exchange is None or exchange.nonce_rule() is None:
        wanted["nonce"] = {}
    return enrollment(list(documents), list(api_keys), wanted)


def seen(address: str = PUBLIC, *, family: str = "ipv4", interface: bool = False, **fact: Any) -> dict[str, Any]:
    source = {"source": "interface", "network": "this host", "address": address}
    return {
        "host": "alpha",
        "family": family,
        "path": {"user": "root"},
        "status": "agreed",
        "asked_at": "2026-11-22T00:00:00Z",
        "addresses": [address],
        "stable": True,
        "sources": [source] if interface else [],
        **fact,
    }


def steps(plan: dict[str, Any], *facts: dict[str, Any], **given: Any) -> str:
    return "\n".join(enrollment_steps(plan, list(facts or (seen(interface=True),)), "alpha", **given)["steps"])


# --- what is missing ---


def test_everything_that_is_missing_is_listed_at_once() -> None:
    with pytest.raises(AnsibleFilterError) as error:
        planned(exchange="", access="", account="", owner="", purpose="", recovery="", by="", format="")
    told = str(error.value)
    assert told.startswith("To enrol grid, also give ")
    for option in ("exchange", "access", "account", "owner", "purpose", "recovery", "by", "format"):
        assert f"exchange_credentials_enroll_{option}" in told, option


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"api_key": ""}, "Say which key is enrolled"),
        ({"products": ""}, "exchange_credentials_enroll_products (of borrow, convert"),
        ({"recovery": "escrow"}, "exchange_credentials_escrow_to and exchange_credentials_recipients"),
        ({"exchange": "kraken", "nonce": {}}, "exchange_credentials_enroll_nonce"),
        ({"exchange": "other"}, "exchange_credentials_enroll_ccxt_id"),
        ({"exchange": "bybitt"}, "bybitt is no exchange that is known here"),
        ({"exchange": "hyperliquid"}, "Hyperliquid has no secret that it gives out"),
        ({"environment": "moon"}, "is no environment of Bybit"),
        ({"format": "template"}, "cannot be read back"),
        ({"format": "xml"}, "xml is no form of a document; use one of raw, json, ccxt"),
        ({"format": "nautilus", "exchange": "gate"}, "gate"),
        ({"key_pair": "always", "exchange": "okx"}, "okx is not known to take a public key"),
        ({"key_pair": "always", "has_values": True}, "leave one of the two out"),
    ],
)
def test_what_cannot_be_done_is_refused(given: dict[str, Any], said: str) -> None:
    wanted = {**GIVEN, "nonce": {}, **given}
    with pytest.raises(AnsibleFilterError, match=re.escape(said)):
        enrollment([], [], wanted)


@pytest.mark.parametrize(
    ("documents", "api_keys", "given", "said"),
    [
        (
            [{"name": "both", "format": "ccxt", "api_keys": ["grid", "hedge"]}],
            [],
            {},
            "The document both holds grid, hedge",
        ),
        (
            [{"name": "bot", "format": "ccxt", "api_keys": ["hedge"]}],
            [],
            {"document": "bot"},
            "bot is declared already",
        ),
        (
            [{"name": name, "format": "ccxt", "api_keys": ["grid"]} for name in ("a", "b")],
            [],
            {},
            "grid is in the documents a, b",
        ),
        ([], [{"name": "grid", "exchange": "okx"}], {}, "The inventory declares exchange of grid as okx"),
        ([], [{"name": "grid", "credential": {"name": "half"}}], {}, "lies in a credential on its host"),
        (None, [], {}, "documents is not a list of mappings"),
    ],
)
def test_what_the_inventory_says_must_fit(documents: Any, api_keys: Any, given: dict[str, Any], said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=re.escape(said)):
        enrollment(documents, api_keys, {**GIVEN, "nonce": {}, **given})


def test_what_is_declared_needs_not_be_given_again() -> None:
    key = {
        "name": "grid",
        "exchange": "okx",
        "region": "eea",
        "api_key": "CANARYkey",
        "secret": "CANARYsecret",
        "declared": {"access": "read", "account": "7", "owner": "Ada", "purpose": "books", "recovery": "recreate"},
    }
    document = {"name": "books", "format": "json", "api_keys": ["grid"], "with_key": "host"}
    told = enrollment([document], [key], {"api_key": "grid", "by": "Eve", "today": "2026-11-22"})
    assert (told["document"], told["waits"], told["terms"]) == ("books", "books.new", {"with_key": "host"})
    assert told["question"]["declared"]["label"] == "grid"
    assert told["document_declared"] is True
    assert "CANARY" not in json.dumps(told)


STRANGE = [
    ({"api_secret": "CANARY"}, "api_secret: is no option here; perhaps you meant secret"),
    ({"password": "CANARY"}, "password: is no option here"),
    ({"declared": {"api_secret": "CANARY"}}, "declared.api_secret: is no option here"),
    ({"credential": {"name": "x", "pin": "CANARY"}}, "credential.pin: is no option here"),
]


@pytest.mark.parametrize(("more", "said"), STRANGE)
def test_a_field_that_no_key_has_is_refused_and_its_value_not_shown(more: dict[str, Any], said: str) -> None:
    with pytest.raises(AnsibleFilterError, match=re.escape(f"The key grid.{said}")) as error:
        planned(api_keys=[{"name": "grid", "exchange": "bybit", **more}])
    assert "CANARY" not in str(error.value)


@pytest.mark.parametrize(("more", "said"), STRANGE)
def test_only_what_is_known_of_a_key_is_part_of_a_question(more: dict[str, Any], said: str) -> None:
    assert said
    assert "CANARY" not in json.dumps(question({"name": "grid", "secret": "CANARY", **more}))


def test_a_field_that_no_document_has_is_refused() -> None:
    document = {"name": "bot", "format": "ccxt", "api_keys": ["grid"], "secret": "CANARY"}
    with pytest.raises(AnsibleFilterError, match=r"The document bot\.secret: is no option here") as error:
        planned([document])
    assert "CANARY" not in str(error.value)


@pytest.mark.parametrize("end", ["new", "next", "pair", "previous"])
def test_what_is_kept_beside_a_document_is_no_document(end: str) -> None:
    key = {"name": "grid", "exchange": "bybit"}
    documents = [{"name": name, "format": "ccxt", "api_keys": [name]} for name in ("grid", f"grid.{end}")]
    with pytest.raises(AnsibleFilterError, match=f"The document grid.{end} has the name of what is kept"):
        planned(documents)
    with pytest.raises(AnsibleFilterError, match=f"The document grid.{end} has the name of what is kept"):
        rotation(documents, [key, {**key, "name": f"grid.{end}"}], document="grid")
    with pytest.raises(AnsibleFilterError, match=f"The document grid.{end} has a name that ends"):
        planned(document=f"grid.{end}")


def test_the_form_of_a_document_is_said_once() -> None:
    document = {"name": "bot", "format": "ccxt", "api_keys": ["grid"]}
    said = (
        "The inventory declares format of bot as ccxt, and exchange_credentials_enroll_format says freqtrade; say it "
        "once."
    )
    with pytest.raises(AnsibleFilterError, match=re.escape(said)):
        planned([document], format="freqtrade")
    assert planned([document])["documents"] == [document]


# --- each exchange ---


def test_the_pages_are_of_all_exchanges() -> None:
    assert set(pages()) == set(names())
    for name, page in pages().items():
        if page.boxes or page.codes or page.hints or page.never:
            assert page.source != "none found", name
            assert re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", page.as_of), name


@pytest.mark.parametrize("name", ASKED)
def test_a_person_is_told_what_to_do_at_each_exchange(name: str) -> None:
    plan = planned(exchange=name)
    told = steps(plan)
    exchange, page = EXCHANGES[name], pages()[name]
    order = [
        "Log in at ",
        "second factor first",
        "Open ",
        "Name it grid",
        "Leave empty: ",
        PUBLIC,
        "Copy key and secret",
    ]
    places = [told.index(part) for part in order]
    assert places == sorted(places)
    assert exchange.title in told
    if page.codes:
        assert f"will ask for {page.codes}" in told
    else:
        assert "is not known here: have your second factor" in told
    if "spot_trade" in page.boxes:
        assert page.boxes["spot_trade"] in told
    else:
        assert "spot_trade and nothing else; what" in told
    fields = [each["field"] for each in plan["asks"]]
    assert ("passphrase" in fields) == (exchange.passphrase_rule() is not None) == ("passphrase (or memo)" in told)
    assert plan["pair"] is None
    settling = exchange.settling()
    assert plan["settles"] == (settling.seconds if settling else 0)


@pytest.mark.parametrize(("ccxt_id", "phrase"), [("weex", True), ("coinmate", True), ("whitebit", False)])
def test_an_exchange_that_only_ccxt_knows(ccxt_id: str, phrase: bool) -> None:
    plan = planned(exchange="other", ccxt_id=ccxt_id)
    assert [each["field"] for each in plan["asks"]] == ["api_key", "secret", *(["passphrase"] if phrase else [])]
    assert ("Choose a passphrase" in steps(plan)) is phrase
    assert f"what {ccxt_id}'s page calls that is not known here" in steps(plan)


def test_what_an_exchange_cannot_leave_out_is_said() -> None:
    assert "OKX cannot grant that without futures_trade, margin_trade, options_trade, transfer_own" in steps(
        planned(exchange="okx")
    )


def test_a_site_that_is_not_the_first_one_is_named() -> None:
    assert "Log in at Bybit (nl)" in steps(planned(region="nl"))
    assert "Log in at Bybit (testnet)" in steps(planned(environment="testnet"))


@pytest.mark.parametrize(
    ("given", "pair"),
    [
        ({"exchange": "binance"}, True),
        ({"exchange": "bybit", "format": "freqtrade"}, True),
        ({"exchange": "bybit", "format": "json"}, False),
        ({"exchange": "deribit"}, False),
        ({"exchange": "deribit", "key_pair": "always", "format": "json"}, True),
        ({"exchange": "binance", "has_values": True}, False),
        ({"exchange": "binance", "key_pair": "never"}, False),
        ({"exchange": "okx"}, False),
    ],
)
def test_where_the_host_makes_a_pair(given: dict[str, Any], pair: bool) -> None:
    plan = planned(**{"key_pair": "auto", **given})
    assert plan["pair"] == ("grid.pair" if pair else None)
    assert ("secret" in [each["field"] for each in plan["asks"]]) is not pair


def test_a_pair_is_registered_by_its_public_half() -> None:
    made = {
        "key_pair": {"public_key": "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n"},
        "registration": {"unverified": "the form"},
    }
    told = steps(planned(exchange="binance", key_pair="auto"), made=made)
    assert "Self-generated" in told
    assert "-----END PUBLIC KEY-----" in told
    assert "Not verified of this page: the form" in told
    assert "The secret is shown once" not in told


@pytest.mark.parametrize(
    ("form", "seals"),
    [
        ("ccxt", {"api_key": "...", "secret": "...", "passphrase": "..."}),
        ("passivbot", {"grid": {"api_key": "...", "secret": "...", "passphrase": "..."}}),
    ],
)
def test_what_a_sealed_text_must_hold(form: str, seals: dict[str, Any]) -> None:
    plan = planned(exchange="okx", format=form)
    assert json.loads(plan["seals"]) == seals
    assert plan["sealed"]["name"] == "grid.new"
    assert plan["sealed"]["format"] == form
    assert not {"fields", "accounts"} & set(plan["sealed"])


@pytest.mark.parametrize(
    ("name", "polled", "pause"), [("gate", True, 30), ("woo", True, 10), ("coinbase", False, 17280)]
)
def test_how_long_a_new_key_is_waited_for(name: str, polled: bool, pause: int) -> None:
    plan = planned(exchange=name)
    assert (plan["polled"], plan["pause"]) == (polled, pause)
    assert "rate_limited" not in plan["settles_from"]


def test_a_private_key_of_several_lines_is_not_asked_for() -> None:
    assert "cannot be typed" in planned(exchange="coinbase")["cannot_be_typed"]
    assert planned(exchange="binance", key_pair="auto")["cannot_be_typed"] is None


# --- the addresses ---


def test_one_kind_of_evidence_gives_no_text_to_paste() -> None:
    told = enrollment_steps(planned(), [seen()], "alpha")
    assert (told["line"], told["doubtful"], told["addresses"]) == ("", [PUBLIC], [PUBLIC])
    assert "There is no text to paste yet" in "\n".join(told["steps"])


@pytest.mark.parametrize(
    ("facts", "given"),
    [([seen(interface=True)], {}), ([seen()], {"confirmed": [PUBLIC]}), ([seen()], {"confirmed": True})],
)
def test_two_kinds_or_a_persons_word_give_it(facts: Any, given: dict[str, Any]) -> None:
    told = enrollment_steps(planned(), facts, "alpha", **given)
    assert (told["line"], told["doubtful"]) == (PUBLIC, [])
    assert "most IP sources saw it and " in told["evidence"][0]


def test_a_persons_word_counts_for_that_address_alone() -> None:
    assert enrollment_steps(planned(), [seen()], "alpha", confirmed=["91.198.115.99", ""])["line"] == ""


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ([seen(interface=True, stable=False)], "The address changes"),
        ([seen(status="disputed")], "is not known"),
        ([seen("10.0.0.1")], "is not known"),
        ([], "is not known"),
    ],
)
def test_no_text_to_paste_where_nobody_knows(facts: Any, said: str) -> None:
    told = enrollment_steps(planned(), facts, "alpha", confirmed=True)
    assert told["line"] == ""
    assert said in " ".join(told["evidence"])


def test_ipv6_is_not_listed_beside_ipv4() -> None:
    both = [seen(interface=True), seen(SECOND, family="ipv6", interface=True)]
    told = enrollment_steps(planned(exchange="okx"), both, "alpha")
    assert told["line"] == PUBLIC
    assert "make the service use IPv4 only" in " ".join(told["evidence"])
    alone = [seen(SECOND, family="ipv6", interface=True)]
    assert enrollment_steps(planned(exchange="okx"), alone, "alpha")["line"] == SECOND
    assert enrollment_steps(planned(exchange="gate"), alone, "alpha")["line"] == ""


# --- values ---

VALUES = {"api_key": "CANARYkeyCANARYkey", "secret": "CANARYsecretCANARYsecretCANARYsecret"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "is empty"),
        ({**VALUES, "secret": ""}, "The secret is empty"),
        ({**VALUES, "secret": "   "}, "The secret is empty"),
        ({**VALUES, "secret": None}, "The secret is empty"),
        ({**VALUES, "secret": f"{VALUES['secret']} "}, "space"),
        ({**VALUES, "secret": 12345678}, "put it in quotes"),
        ({**VALUES, "secret": VALUES["api_key"]}, "equals api_key"),
        ({**VALUES, "secret": "changeme"}, "placeholder"),
        ({**VALUES, "secret": "ENC[AES256_GCM,data:CANARY,type:str]"}, "secret: is still encrypted by SOPS"),
        ({**VALUES, "secret": f"{VALUES['secret']}\u200b"}, "a character that no exchange gives out"),
        ({"api_key": VALUES["secret"], "secret": VALUES["api_key"]}, "swapped"),
        ({**VALUES, "passphrase": "CANARYphrase"}, "Bybit has none"),
        ({**VALUES, "password": "CANARYphrase"}, "1 fields that no key has"),
        ({**VALUES, "secret": "abc"}, "short"),
    ],
)
def test_values_that_cannot_be_right(values: dict[str, Any], said: str) -> None:
    told = enrollment_mistake(values, planned())
    assert said in told
    assert "CANARY" not in told


def test_a_passphrase_that_the_exchange_does_not_take() -> None:
    told = enrollment_mistake({**VALUES, "passphrase": "CANARY-phrase"}, planned(exchange="bitget"))
    assert told == "The passphrase is none that Bitget takes: 8 to 32 English letters and digits."


def test_values_that_can_be_right() -> None:
    assert enrollment_mistake(VALUES, planned()) == ""
    pair = planned(exchange="binance", key_pair="auto")
    assert enrollment_mistake({"api_key": "CANARYkey" * 4}, pair) == ""


#: How private keys begin: RSA in PKCS#1 and PKCS#8, EC in SEC 1, each the first line; Ed25519 and a locked one, whole.
BARE = [
    base64.b64encode(bytes.fromhex(begin) + bytes(range(48)))[:64].decode()
    for begin in ("308204a40201", "308204bd020100", "307702010104", "304d020100", "30820540305e")
]


@pytest.mark.parametrize("exchange", ["binance", "okx", "coinbase"])
@pytest.mark.parametrize(
    "line", ["-----BEGIN RSA PRIVATE KEY-----", "\x1b[200~-----BEGIN PRIVATE KEY-----", "-----END X-----", *BARE]
)
def test_a_private_key_that_was_pasted_ends_the_run(exchange: str, line: str) -> None:
    plan = planned(exchange=exchange)
    told = enrollment_mistake({"line": line}, plan, only_pasted=True)
    assert "a private key of several lines, or a part of one" in told
    assert line not in told


@pytest.mark.parametrize(
    "value", [*VALUES.values(), "", "A" * 64, "MIIabc", base64.b64encode(bytes(range(48))).decode()]
)
def test_what_an_exchange_shows_is_no_private_key(value: str) -> None:
    assert enrollment_mistake({"line": value}, planned(), only_pasted=True) == ""


@pytest.mark.parametrize("exchange", ["binance", "okx", "other"])
@pytest.mark.parametrize("field", ["api_key", "secret"])
@pytest.mark.parametrize("line", BARE)
def test_a_private_key_without_its_lines_is_refused(exchange: str, field: str, line: str) -> None:
    plan = planned(exchange=exchange, ccxt_id="whitebit" if exchange == "other" else "")
    phrase = {"passphrase": "CANARY-Phrase1!"} if exchange == "okx" else {}
    told = enrollment_mistake({**VALUES, **phrase, field: line}, plan)
    assert f"{field}: is a private key without the lines around it" in told
    assert line not in told


def test_what_the_documents_form_cannot_hold_is_said_at_the_prompt() -> None:
    values = {**VALUES, "passphrase": "Abc123'x!"}
    assert enrollment_mistake(values, planned(exchange="okx")) == ""
    told = enrollment_mistake(values, planned(exchange="okx", format="nautilus"))
    assert "OKX_API_PASSPHRASE" in told
    assert "Abc123" not in told


def test_values_are_a_mapping() -> None:
    assert "is not a mapping" in enrollment_mistake("CANARY", planned())


# --- what is written down ---

OBSERVED: dict[str, Any] = {
    "created_at": "2026-11-20T10:00:00Z",
    "account": {"id": "10000001"},
    "label": "grid",
    "permissions": ["read", "spot_trade"],
    "allowlist": {"state": "entries", "entries": [PUBLIC]},
}


def test_what_the_exchange_shows_needs_nobodys_word() -> None:
    told = enrolled_key(planned(), {"observed": OBSERVED}, typed=True, two_factor="app", allowlist=[PUBLIC])
    declared = told["key"]["declared"]
    assert told["not_told"] == []
    assert declared["created_on"] == "2026-11-20"
    assert declared["two_factor"] == {"kind": "app", "attested_by": "Ada", "attested_on": "2026-11-22"}
    # The day tells this key from another one of its name; who vouches for what was seen?
    assert "attested" not in declared
    assert "allowlist" not in declared
    assert declared["reviewed_on"] == "2026-11-22"
    check_shape(declared, spec=DECLARED_SPEC, where="declared")
    assert declaration(declared, where="declared") == declared


def test_what_it_does_not_show_a_person_vouches_for() -> None:
    told = enrolled_key(
        planned(), {"observed": None}, typed=True, allowlist=[PUBLIC], vouched=["permissions", "account"]
    )
    declared = told["key"]["declared"]
    assert told["not_told"] == ["account", "allowlist", "label", "permissions"]
    assert set(declared["attested"]) == {"account", "allowlist", "created_on", "ip_restriction", "permissions"}
    assert declared["attested"]["account"] == {"by": "Ada", "on": "2026-11-22"}
    assert (declared["allowlist"], declared["ip_restriction"]) == ([PUBLIC], True)
    assert declared["created_on"] == "2026-11-22"


def test_nobody_vouches_for_what_nobody_said() -> None:
    declared = enrolled_key(planned(), {"observed": None})["key"]["declared"]
    assert not {"attested", "two_factor", "created_on", "allowlist"} & set(declared)


@pytest.mark.parametrize(
    ("observed", "given", "day", "attested"),
    [
        (OBSERVED, {"typed": True}, "2026-11-20", False),
        (OBSERVED, {"created_on": "2026-11-01"}, "2026-11-20", False),
        ({**OBSERVED, "created_at": None}, {"typed": True}, "2026-11-22", True),
        ({**OBSERVED, "created_at": None}, {"created_on": "2026-11-01"}, "2026-11-01", True),
    ],
)
def test_the_day_of_creation_is_attested_only_where_nobody_else_tells_it(
    observed: dict[str, Any], given: dict[str, Any], day: str, attested: bool
) -> None:
    declared = enrolled_key(planned(), {"observed": observed}, **given)["key"]["declared"]
    assert declared["created_on"] == day
    assert ("created_on" in declared.get("attested", {})) is attested


@pytest.mark.parametrize(("id_", "shown"), [("CANARYidCANARYid", "CA…id"), ("", None)])
def test_of_the_id_that_is_given_only_its_ends_are_kept(id_: str, shown: str | None) -> None:
    told = planned(id=id_)
    assert told["given_id"] == shown
    assert "CANARY" not in json.dumps(told)


def test_written_once_it_stays_as_it_is() -> None:
    first = enrolled_key(planned(), {"observed": OBSERVED}, typed=True, two_factor="app")
    assert first["differs"] is True
    assert first["changed"]["name"] == "grid"
    plan = planned([first["document"]], [first["key"]], by="Eve", today="2027-01-01")
    second = enrolled_key(plan, {"observed": OBSERVED}, two_factor="hardware")
    assert second == {
        "key": first["key"],
        "changed": {"name": "grid"},
        "document": None,
        "differs": False,
        "not_told": [],
    }


def test_only_what_is_new_is_written_over_what_people_wrote() -> None:
    known = {"name": "grid", "exchange": "bybit", "declared": {"owner": "Ada", "account": "10000001"}}
    told = enrolled_key(planned(api_keys=[known]), {"observed": OBSERVED})
    assert set(told["changed"]) == {"name", "declared"}
    assert not {"owner", "account"} & set(told["changed"]["declared"])
