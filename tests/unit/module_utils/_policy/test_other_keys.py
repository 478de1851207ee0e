# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys on an account that nobody declares: found where a list was told, and never guessed at."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._facts import (
    Account,
    KeyFacts,
    OtherKey,
    key_facts,
    to_json,
)
from ansible_collections.trading.hosts.plugins.module_utils._policy._engine import Report
from ansible_collections.trading.hosts.plugins.module_utils._policy._finding import Finding
from ansible_collections.trading.hosts.plugins.module_utils._policy._fleet import FleetInput, GivenId
from ansible_collections.trading.hosts.plugins.module_utils._policy._rules import RULES
from ansible_collections.trading.hosts.plugins.module_utils._policy._settings import Policy, read_policy
from tests.unit.module_utils._policy.build import WORD, key, refused, report, seen

RULE = "unknown-key-on-account"
OWN, FRIEND = "aaaa…1111", "bbbb…2222"
DAY, LATER = "2026-10-01T00:00:00Z", "2026-11-20T08:00:00Z"
STRANGER = OtherKey("ffff…9999", ("read",), LATER)
THIEF = OtherKey("eeee…8888", ("read", "withdraw"), LATER)
TRADER = OtherKey("dddd…7777", ("read", "spot_trade"))


def told(*others: OtherKey, name: str = "grid", exchange: str = "woo", masked: str = OWN, **changes: t.Any) -> KeyFacts:
    """Return a key whose account has these others."""
    observed = seen(masked_id=masked, created_at=DAY, other_keys=tuple(others), **changes.pop("observed", {}))
    return key(name=name, exchange=exchange, observed=observed, **changes)


def silent(name: str = "friend", masked: str = FRIEND, **changes: t.Any) -> KeyFacts:
    """Return a key that told of itself alone."""
    observed = seen(masked_id=masked, created_at=DAY, **changes.pop("observed", {}))
    return key(**{"name": name, "exchange": "woo", "observed": observed, **changes})


def unseen(name: str = "unseen", **changes: t.Any) -> KeyFacts:
    """Return a declared key whose id nobody knows."""
    return refused("not_observed", **{"name": name, "exchange": "woo", **changes})


def judged(*keys: KeyFacts, ids: t.Mapping[str, GivenId] | None = None, **policy: t.Any) -> Report:
    given = FleetInput(
        hosts=frozenset(("bot1", "bot2")),
        declared=frozenset((each.host, each.name) for each in keys),
        ids={("bot1", name): known for name, known in (ids or {}).items()},
    )
    return report(*keys, fleet=given, policy=read_policy(policy, rules=RULES))


def found(*keys: KeyFacts, of: str = "grid", **more: t.Any) -> Finding:
    (one,) = [each for each in judged(*keys, **more).findings if (each.rule, each.subject.key) == (RULE, of)]
    return one


@pytest.mark.parametrize(
    ("others", "more", "status", "severity"),
    [
        ((), (), "pass", None),
        ((OtherKey(FRIEND, ("withdraw",), DAY),), (silent(),), "pass", None),
        # Of a whole id both ends are enough, whenever it was made.
        ((OtherKey(FRIEND, ("withdraw",), LATER),), (silent(),), "pass", None),
        ((OtherKey(FRIEND, ("read",)),), (silent(declared={"lifecycle": "retired"}),), "pass", None),
        ((STRANGER,), (), "fail", "high"),
        ((STRANGER,), (silent(),), "fail", "high"),
        ((TRADER,), (), "fail", "high"),
        ((THIEF,), (), "fail", "critical"),
        ((STRANGER, THIEF), (silent(),), "fail", "critical"),
        *(
            ((OtherKey("ffff…9999", ("read", word)),), (), "fail", severity)
            for word, severity in (
                ("transfer_out", "critical"),
                ("transfer_sub", "critical"),
                ("spend", "critical"),
                ("manage_keys", "critical"),
                ("unknown:NEW", "critical"),
                ("transfer_own", "high"),
            )
        ),
        # A key of another exchange, environment or account is no explanation.
        ((STRANGER,), (silent(masked="ffff…9999", exchange="htx"),), "fail", "high"),
        ((STRANGER,), (silent(masked="ffff…9999", environment="testnet"),), "fail", "high"),
        ((STRANGER,), (unseen(exchange="htx"),), "fail", "high"),
        ((STRANGER,), (silent(masked="", observed={"account": Account(id="2002")}),), "fail", "high"),
        # A declared key of an unknown id may be any one, but only one.
        ((STRANGER,), (unseen(),), "unknown", "high"),
        ((STRANGER, THIEF), (unseen(),), "fail", "critical"),
        ((STRANGER, THIEF), (unseen("a"), unseen("b")), "unknown", "high"),
        ((STRANGER, THIEF), (unseen("a"), unseen("b", declared={"lifecycle": "retired"})), "unknown", "high"),
    ],
)
def test_a_list_is_held_against_all_that_is_declared(
    others: tuple[OtherKey, ...], more: tuple[KeyFacts, ...], status: str, severity: str | None
) -> None:
    one = found(told(*others), *more)
    assert one.status == status, one.evidence
    assert severity is None or one.severity == severity
    if status == "fail":
        assert one.remedy is not None
        assert one.remedy.where
        assert "known_keys" in (one.remedy.then or "")


@pytest.mark.parametrize(
    ("exchange", "masked", "other", "status"),
    [
        # Two characters, or the beginning alone: only the day of creation makes it certain.
        ("deribit", "T…3", OtherKey("T…3", ("read",), DAY), "pass"),
        ("deribit", "T…3", OtherKey("T…3", ("read",), LATER), "unknown"),
        ("deribit", "T…3", OtherKey("T…3", ("read",)), "unknown"),
        ("deribit", "T…3", OtherKey("T…4", ("read",), DAY), "fail"),
        ("gate", "52fd…77ac", OtherKey("52fd…", ("read",), DAY), "pass"),
        ("gate", "52fd…77ac", OtherKey("52fd…", ("read",), LATER), "unknown"),
        ("gate", "52fd…77ac", OtherKey("52fe…", ("read",), DAY), "fail"),
    ],
)
def test_where_an_id_shows_little_the_day_of_creation_decides(
    exchange: str, masked: str, other: OtherKey, status: str
) -> None:
    friend = silent(masked=masked, exchange=exchange)
    assert found(told(other, exchange=exchange), friend).status == status


def test_what_the_inventory_knows_of_an_id_counts() -> None:
    ids = {"unseen": GivenId("mark", STRANGER.masked_id)}
    assert found(told(STRANGER), unseen(), ids=ids).status == "pass"
    assert found(told(THIEF), unseen(), ids=ids).status == "fail"


def test_the_evidence_says_what_a_stranger_can_do_and_nothing_hostile() -> None:
    assert found(told(STRANGER, THIEF, TRADER)).evidence == (
        "the account has keys that nobody declares: ffff…9999 (only reads, made 2026-11-20), eeee…8888 (can withdraw,"
        " made 2026-11-20), dddd…7777 (trades)"
    )
    assert found(told(STRANGER, THIEF), unseen()).evidence.startswith("the account has at least 1 of these keys that")
    hostile = OtherKey("a\n::error::b…\x1b[31m", ("unknown:\n::error::",), "2026-11-20T08:00:00Z")
    evidence = found(told(hostile)).evidence
    assert "\n" not in evidence
    assert "::error" not in evidence
    many = found(told(*(OtherKey(f"{n:04d}…9999", ("read",), DAY) for n in range(40))))
    assert "and 35 more" in many.evidence


def test_one_stranger_is_one_finding_whoever_tells_it() -> None:
    keys = (told(STRANGER), told(STRANGER, name="second", masked=FRIEND), told(name="third", masked="cccc…3333"))
    result = judged(*keys)
    said = {each.subject.key: each.status for each in result.findings if each.rule == RULE}
    assert said == {"grid": "fail", "second": "not_applicable", "third": "pass"}
    # What only the second one saw is told.
    more = judged(told(STRANGER), told(STRANGER, THIEF, name="second", masked=FRIEND))
    assert [each.severity for each in more.findings if each.rule == RULE and each.status == "fail"] == [
        "critical",
        "high",
    ]


NOT_TOLD = {"not_told": ("other_keys",)}


@pytest.mark.parametrize(
    ("one", "policy", "status"),
    [
        (silent("grid"), {}, "not_applicable"),
        (silent("grid"), {"require_key_lists": True}, "unknown"),
        # Asked for, and not told.
        (silent("grid", observed=NOT_TOLD), {}, "unknown"),
        (unseen("grid"), {}, "not_applicable"),
        (unseen("grid"), {"require_key_lists": True}, "unknown"),
        # No exchange without a list is blamed for it.
        (silent("grid", exchange="bybit", observed=NOT_TOLD), {"require_key_lists": True}, "not_applicable"),
        (silent("grid", declared={"lifecycle": "retired"}), {"require_key_lists": True}, "not_applicable"),
        # Nobody knows who told it.
        (told(STRANGER, official=False), {"require_key_lists": True}, "unknown"),
    ],
)
def test_what_was_not_told_is_unknown_where_somebody_wants_to_know(
    one: KeyFacts, policy: dict[str, t.Any], status: str
) -> None:
    assert found(one, **policy).status == status


@pytest.mark.parametrize(
    ("exchange", "declared", "severity"),
    [
        ("gate", {"attested": {"account_level": WORD}}, "low"),
        ("htx", {"attested": {"account_level": WORD}}, "low"),
        ("htx", {}, "high"),
        ("htx", {"account_level": "main", "attested": {"account_level": WORD}}, "high"),
        ("woo", {"attested": {"account_level": WORD}}, "high"),
    ],
)
def test_a_sub_accounts_key_is_not_red_for_ever_where_no_list_is_shown_to_it(
    exchange: str, declared: dict[str, t.Any], severity: str
) -> None:
    one = found(silent("grid", exchange=exchange, observed=NOT_TOLD, declared=declared))
    assert (one.status, one.severity) == ("unknown", severity)


@pytest.mark.parametrize(
    ("teller", "status"),
    [
        (told(name="teller", masked=FRIEND), "not_applicable"),
        # Of another account, but it told of this key.
        (
            told(OtherKey(OWN, ("read",), DAY), name="teller", masked=FRIEND, observed={"account": Account()}),
            "not_applicable",
        ),
        (told(name="teller", masked=FRIEND, observed={"account": Account(id="2002")}), "unknown"),
        (told(name="teller", masked=FRIEND, environment="testnet"), "unknown"),
    ],
)
def test_one_key_of_each_account_is_enough(teller: KeyFacts, status: str) -> None:
    assert found(silent("grid", masked=OWN), teller, require_key_lists=True).status == status


def test_a_known_key_is_no_stranger_and_a_loosening() -> None:
    assert found(told(STRANGER), known_keys={"woo": ["ffff...9999"]}).status == "pass"
    assert found(told(STRANGER), known_keys={"woo": ["ffff…9998"], "htx": ["ffff…9999"]}).status == "fail"
    loosened = judged(told(), known_keys={"woo": ["ffff…9999"]}).loosened
    assert loosened == ("known_keys lets woo accounts have the keys ffff…9999",)


@pytest.mark.parametrize(
    "given",
    [
        {"known_keys": ["ffff…9999"]},
        {"known_keys": {"woo": "ffff…9999"}},
        {"known_keys": {"woo": ["0e15a1b2c3d4e5f677ac"]}},
        {"known_keys": {"woo": ["0e15a…77ac"]}},
        {"known_keys": {"woo": ["…"]}},
        {"known_keys": {"woo": [7]}},
        {"require_key_lists": "yes"},
    ],
)
def test_bad_settings_get_one_sentence_without_an_id(given: dict[str, t.Any]) -> None:
    with pytest.raises(InputError) as caught:
        read_policy(given, rules=RULES)
    assert next(iter(given)) in str(caught.value)
    assert "0e15a1b2" not in str(caught.value)


def test_stale_lists_prove_nothing_good() -> None:
    old = "2026-11-20T07:13:54Z"
    assert found(told(asked_at=old)).status == "unknown"
    assert found(told(STRANGER, asked_at=old)).status == "fail"


def test_without_a_fleet_nobody_can_say() -> None:
    assert not [each for each in report(told(STRANGER), policy=Policy()).findings if each.rule == RULE]


@pytest.mark.parametrize(
    "other_keys",
    [
        "text",
        {"masked_id": "a"},
        ["text"],
        [{"masked_id": "a"}],
        [{"masked_id": 7, "permissions": []}],
        [{"masked_id": "a", "permissions": "read"}],
        [{"masked_id": "a", "permissions": [7]}],
        [{"masked_id": "a", "permissions": [], "created_at": 7}],
        [{"masked_id": "a", "permissions": [], "client_secret": "b"}],
    ],
)
def test_facts_of_another_form_are_refused(other_keys: t.Any) -> None:
    fact = to_json(told(STRANGER))
    assert key_facts(fact, where="x") == told(STRANGER)
    fact["observed"]["other_keys"] = other_keys
    with pytest.raises(InputError, match=r"x\.observed\.other_keys"):
        key_facts(fact, where="x")


def test_facts_of_a_release_that_knew_no_lists_are_read() -> None:
    fact = to_json(silent())
    del fact["observed"]["other_keys"]
    assert key_facts(fact, where="x") == silent()
