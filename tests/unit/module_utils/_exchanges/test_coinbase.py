# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Coinbase's keys, which are all pairs, from options to facts; and its one answer for many mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from tests.simulator._asymmetric import private_pem
from tests.unit.module_utils._exchanges.test_learn import ask, given
from tests.unit.simulator.test_coinbase import SECRETS

if TYPE_CHECKING:
    from tests.simulator.client import Simulator

HERE = "91.198.115.11"
KINDS = {name: "es256" if name == "es256" else "ed25519" for name in SECRETS}


@pytest.mark.parametrize("form", KINDS)
def test_a_good_key_is_learned(simulator: Simulator, form: str) -> None:
    key = simulator.create_key("coinbase", allowlist=[HERE], secret=SECRETS[form]())
    fact = ask(simulator, given(simulator, key))[0]
    assert (fact.access.status, fact.key_type) == ("accepted", KINDS[form])
    assert fact.observed is not None
    assert set(fact.observed.permissions or ()) == {"read", "spot_trade", "futures_trade"}
    assert fact.observed.allowlist.state == "unknown"
    assert len(simulator.requests(exchange="coinbase")) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"secret": "s" * 36}, "secret: is neither a private key in PEM form nor an Ed25519 key in base64"),
        ({"secret": private_pem("rsa")}, "secret: is for RSA, and Coinbase takes ECDSA P-256 (ES256) or Ed25519"),
        ({"key_password": "pass"}, "key_password: is given, and the private key in secret is not encrypted"),
        (
            {"secret": SECRETS["ed25519, 32 bytes"](), "key_password": "pass"},
            "key_password: is given, and secret is no",
        ),
        ({"api_key": private_pem("es256")}, "api_key: is a private key or a certificate"),
    ],
)
def test_what_cannot_be_used_is_never_sent(simulator: Simulator, changes: dict[str, Any], said: str) -> None:
    key = simulator.create_key("coinbase")
    with pytest.raises(InputError) as refused:
        ask(simulator, given(simulator, key, **changes))
    assert said in str(refused.value)
    assert simulator.requests(exchange="coinbase") == []


def test_one_answer_for_many_mistakes(simulator: Simulator) -> None:
    key = simulator.create_key("coinbase", allowlist=[HERE])
    other = simulator.create_key("coinbase", allowlist=["9.9.9.9"])
    revoked = simulator.create_key("coinbase")
    simulator.update_key(revoked, revoked=True)
    for wrong in (given(simulator, key, secret=other.secret), given(simulator, other), given(simulator, revoked)):
        fact = ask(simulator, wrong)[0]
        assert (fact.access.status, fact.access.code, fact.access.message) == ("ambiguous", "401", "Unauthorized")
        assert fact.observed is None
    signed = [seen for seen in simulator.requests(exchange="coinbase") if seen.had.get("signature")]
    assert len(signed) == 3, "a refusal is not asked again"


def test_a_wrong_clock_is_told_from_the_other_mistakes(simulator: Simulator) -> None:
    key = simulator.create_key("coinbase", allowlist=[HERE])
    simulator.set_clock_skew(180_000, exchange="coinbase")
    fact = ask(simulator, given(simulator, key))[0]
    assert (fact.access.status, fact.access.code) == ("clock_skew", "401")
    assert "180 s behind" in str(fact.access.next_step)


def test_a_clock_that_cannot_be_asked_changes_nothing(simulator: Simulator) -> None:
    key = simulator.create_key("coinbase", allowlist=["9.9.9.9"])
    for kind in ("html", "status", "empty"):
        simulator.fault("coinbase", kind, path="/api/v3/brokerage/time")
        assert ask(simulator, given(simulator, key))[0].access.status == "ambiguous"


def test_a_missing_permission(simulator: Simulator) -> None:
    simulator.refuse_next("coinbase", "PERMISSION_DENIED")
    fact = ask(simulator, given(simulator, simulator.create_key("coinbase")))[0]
    assert (fact.access.status, fact.access.message) == ("permission_denied", "Missing required scopes")
