# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From answers to a decision: votes, order of evidence, stability."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._egress._decide import (
    Observation,
    Sample,
    conclude,
    decide,
)
from ansible_collections.trading.hosts.plugins.module_utils._facts import (
    AGREED,
    DISPUTED,
    NO_QUORUM,
    NO_ROUTE,
    EgressFacts,
    Path,
    SourceAnswer,
    egress_facts,
    to_json,
)

A, B, C = "91.198.115.11", "91.198.115.12", "91.198.115.13"
#: What a host behind a NAT sends from.
LOCAL = "10.0.0.5"


def said(text: str) -> list[SourceAnswer]:
    """`"one:A two:A three:-"`: network and what it said (`-`: a problem). `one/2` is a second source of network one."""
    table = {"A": A, "B": B, "C": C}
    answers = []
    for word in text.split():
        source, _rest, letter = word.partition(":")
        address = table.get(letter)
        problem = None if address else "answered HTTP 503"
        answers.append(SourceAnswer(source, source.partition("/")[0], address=address, problem=problem))
    return answers


DECISIONS = [
    ("", Sample(NO_QUORUM)),
    ("one:A", Sample(NO_QUORUM)),
    ("one:A two:A", Sample(NO_QUORUM)),
    ("one:A two:A three:- four:-", Sample(NO_QUORUM)),
    ("one:A two:B", Sample(NO_QUORUM, dissent=True)),
    ("one:A two:A three:A", Sample(AGREED, A)),
    ("one:A two:A three:A four:- five:-", Sample(AGREED, A)),
    # Names are not owners.
    ("one:A one/2:A one/3:A", Sample(NO_QUORUM)),
    ("one:A ONE/2:A two:A", Sample(NO_QUORUM)),
    # Two that lie together never win, even if nobody else answers.
    ("one:A two:A three:B", Sample(DISPUTED, dissent=True)),
    ("one:A two:A three:A four:B five:B", Sample(DISPUTED, dissent=True)),
    ("one:A two:A three:A four:A five:A six:B seven:B", Sample(DISPUTED, dissent=True)),
    # One that lies is outvoted, and named.
    ("one:A two:A three:A four:B", Sample(AGREED, A, dissent=True)),
    ("one:A two:A three:A four:B five:C", Sample(AGREED, A, dissent=True)),
    ("one:A two:B three:C", Sample(DISPUTED, dissent=True)),
    ("one:A two:A three:A four:B five:B six:B", Sample(DISPUTED, dissent=True)),
    # An owner that contradicts itself has no vote.
    ("one:A one/2:B two:A three:A", Sample(DISPUTED, dissent=True)),
    ("one:A one/2:B two:A three:A four:A", Sample(AGREED, A, dissent=True)),
    ("one:A one/2:B two:A three:A four:A five:B", Sample(DISPUTED, dissent=True)),
]


@pytest.mark.parametrize(("answers", "expected"), DECISIONS)
def test_a_sample_is_decided(answers: str, expected: Sample) -> None:
    assert decide(said(answers)) == expected


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([A, B, C, None])),
        max_size=16,
    )
)
def test_nothing_wins_without_three_owners_and_nobody_who_lost(pairs: list[tuple[str, str | None]]) -> None:
    answers = [SourceAnswer(f"s{i}", network, address=address) for i, (network, address) in enumerate(pairs)]
    sample = decide(answers)
    owners: dict[str, set[str]] = {}
    for network, address in pairs:
        if address is not None:
            owners.setdefault(network, set()).add(address)
    votes = Counter(next(iter(given)) for given in owners.values() if len(given) == 1)
    if sample.status == AGREED:
        assert sample.address is not None
        assert votes[sample.address] >= 3
        assert votes[sample.address] * 2 > len(owners)
        assert all(sum(other in given for given in owners.values()) <= 1 for other in {A, B, C} - {sample.address})
    else:
        assert sample.address is None
        assert not (len(owners) >= 3 and len({a for given in owners.values() for a in given}) == 1)


def facts(
    *rounds: str, local: str | None = LOCAL, observations: tuple[Observation, ...] = (), declared: tuple[str, ...] = ()
) -> EgressFacts:
    return conclude(
        [said(answers) for answers in rounds],
        host="bot1",
        family="ipv4",
        path=Path(user="root", family="ipv4"),
        asked_at="2026-11-22T07:00:00Z",
        local=local,
        observations=observations,
        declared=declared,
    )


ALL_A, ALL_B, NOBODY = "one:A two:A three:A", "one:B two:B three:B", "one:- two:- three:-"

CONCLUSIONS = [
    # rounds, status, addresses, stable, samples answered
    ((ALL_A, ALL_A, ALL_A), AGREED, (A,), True, 3),
    # One sample cannot show that an address stays.
    ((ALL_A,), AGREED, (A,), None, 1),
    ((ALL_A, NOBODY, ALL_A), AGREED, (A,), None, 2),
    ((ALL_A, ALL_B, ALL_A), AGREED, (A, B), False, 3),
    ((ALL_A, "one:A two:A three:A four:B"), AGREED, (A,), False, 2),
    ((ALL_A, "one:A two:B three:C"), DISPUTED, (A,), False, 2),
    ((NOBODY, NOBODY), NO_QUORUM, (), None, 0),
    (("one:A two:A", "one:A two:A"), NO_QUORUM, (), None, 0),
    ((), NO_QUORUM, (), None, 0),
]


@pytest.mark.parametrize(("rounds", "status", "addresses", "stable", "answered"), CONCLUSIONS)
def test_samples_become_facts(
    rounds: tuple[str, ...], status: str, addresses: tuple[str, ...], stable: bool | None, answered: int
) -> None:
    found = facts(*rounds)
    assert (found.status, found.addresses, found.stable) == (status, addresses, stable)
    assert (found.samples_asked, found.samples_answered, found.basis) == (len(rounds), answered, "majority")


def test_a_family_without_a_route_is_told_apart_from_silence() -> None:
    assert facts(NOBODY, local=None).status == NO_ROUTE
    assert facts(NOBODY, local=LOCAL).status == NO_QUORUM
    # Whoever answered proves a way, whatever the routing table looks like.
    assert facts(ALL_A, local=None).status == AGREED
    assert facts("one:A", local=None).status == NO_QUORUM


PRINTED_A, PRINTED_B = Observation(A, "exchange_printed", "okx"), Observation(B, "exchange_printed", "okx")
ACCEPTED_A = Observation(A, "exchange_accepted", "bybit")

EVIDENCE = [
    # rounds, observations, status, addresses, basis, stable
    ((ALL_A, ALL_A), (PRINTED_A,), AGREED, (A,), "exchange_printed", True),
    ((ALL_A, ALL_A), (PRINTED_A, ACCEPTED_A), AGREED, (A,), "exchange_accepted", True),
    ((NOBODY, NOBODY), (PRINTED_A,), AGREED, (A,), "exchange_printed", None),
    ((), (PRINTED_A,), AGREED, (A,), "exchange_printed", None),
    # The majority is outweighed, and the conflict is named.
    ((ALL_B, ALL_B), (PRINTED_A,), DISPUTED, (A, B), "exchange_printed", False),
    ((ALL_A, ALL_A), (ACCEPTED_A, PRINTED_B), DISPUTED, (A, B), "exchange_accepted", False),
    # The exchange decides what the sources could not.
    (("one:A two:B three:C",), (PRINTED_A,), AGREED, (A,), "exchange_printed", False),
    # The exchange saw two addresses: the path changes.
    ((), (PRINTED_A, PRINTED_B), AGREED, (A, B), "exchange_printed", False),
]


@pytest.mark.parametrize(("rounds", "observations", "status", "addresses", "basis", "stable"), EVIDENCE)
def test_the_exchanges_own_view_comes_first(
    rounds: tuple[str, ...],
    observations: tuple[Observation, ...],
    status: str,
    addresses: tuple[str, ...],
    basis: str,
    stable: bool | None,
) -> None:
    found = facts(*rounds, observations=observations)
    assert (found.status, found.addresses, found.basis, found.stable) == (status, addresses, basis, stable)
    assert [row.address for row in found.sources[: len(observations)]] == [o.address for o in observations]


def test_a_declaration_is_the_weakest_evidence_and_never_an_agreement() -> None:
    found = facts(NOBODY, declared=(C,))
    assert (found.status, found.addresses, found.basis) == (NO_QUORUM, (C,), "declared")
    found = facts(ALL_A, declared=(C,))
    assert (found.status, found.addresses, found.basis) == (AGREED, (A,), "majority")


def test_every_different_thing_that_a_source_said_is_one_row() -> None:
    found = facts("one:A two:A three:-", "one:B two:A three:-")
    assert [(row.source, row.address) for row in found.sources] == [("one", A), ("one", B), ("two", A), ("three", None)]


def test_facts_survive_their_json_form() -> None:
    found = facts(ALL_A, "one:A two:B three:-", observations=(PRINTED_A,))
    assert egress_facts(to_json(found), where="egress") == found


def test_the_hosts_own_public_address_is_told_and_has_no_vote() -> None:
    found = facts("one:A two:A", local=A)
    assert (found.status, found.addresses) == (NO_QUORUM, ())
    assert found.sources[0] == SourceAnswer("interface", "this host", address=A)
    found = facts(ALL_A, ALL_A, local=B)
    assert (found.status, found.addresses, found.stable) == (AGREED, (A,), True)
    assert "interface" not in [row.source for row in facts(ALL_A, local=LOCAL).sources]
