# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What starts a service and what stops it: every refusal, in front of both gates, with and without an override."""

from __future__ import annotations

import datetime
import typing as t

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._agent._decide import (
    ERROR,
    INFO,
    WARNING,
    Outcome,
    accepted,
    decide,
    findings_of,
)
from ansible_collections.trading.hosts.plugins.module_utils._agent._declaration import Declaration
from ansible_collections.trading.hosts.plugins.module_utils._agent._override import Override
from ansible_collections.trading.hosts.plugins.module_utils._agent._see import Seen
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._facts import REFUSALS, Access, Allowlist, Expiry
from tests.unit.module_utils._policy import build

NOW = datetime.datetime.fromtimestamp(build.NOW, tz=datetime.timezone.utc)
DECLARATION = Declaration("grid-bot", "bot1", ())
OVERRIDE = Override("grid-bot", "positions are open", "ada", "2026-11-22T07:00:00Z", "2026-11-22T09:00:00Z")
WAY_OUT = 'To start it all the same, as root: trading-hosts-agent override --service grid-bot --for 2h --reason "..."'


def outcome(seen: Seen, *, ran_before: bool, override: Override | None = None, **declared: t.Any) -> Outcome:
    """Return what becomes of a start at which this was seen."""
    declaration = Declaration("grid-bot", "bot1", (), **declared)
    findings = findings_of(seen, declaration=declaration, ran_before=ran_before, now=NOW)
    return decide(service="grid-bot", findings=findings, ran_before=ran_before, override=override, taken=accepted(seen))


def good(**changes: t.Any) -> Seen:
    key = build.key(asked_host="api.bybit.com", **changes)
    return Seen((key,), (build.clock(),))


#: What stops a service that has run before: nothing but this.
FATAL = {"ip_refused", "invalid_key", "expired", "bad_passphrase", "clock_skew"}


@pytest.mark.parametrize("status", REFUSALS)
def test_a_service_that_ran_is_stopped_only_by_what_is_proved(status: str) -> None:
    found = outcome(Seen((build.refused(status),)), ran_before=True)
    assert found.start == (status not in FATAL)
    assert found.level == (ERROR if status in FATAL else WARNING)
    assert f"Bybit answered {status} (1 no)" in found.line
    assert "Mend: " in found.line
    assert "\n" not in found.line
    assert found.line.startswith(
        "grid-bot is not started: " if status in FATAL else "grid-bot starts, for it has run here before, "
    )


@pytest.mark.parametrize("status", REFUSALS)
def test_a_first_start_needs_an_accepted_key(status: str) -> None:
    found = outcome(Seen((build.refused(status),)), ran_before=False)
    assert (found.start, found.level) == (False, ERROR)
    assert found.line.startswith(
        "grid-bot is not started, for it has not run here before, and grid-bybit: Bybit answered "
    )
    assert found.line.endswith(WAY_OUT)


@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.parametrize("ran_before", [True, False])
def test_an_override_lets_everything_start_and_says_so(status: str, ran_before: bool) -> None:
    plain = outcome(Seen((build.refused(status),)), ran_before=ran_before)
    found = outcome(Seen((build.refused(status),)), ran_before=ran_before, override=OVERRIDE)
    assert found.start
    if plain.start:
        assert found == plain  # nothing had to be overridden
    else:
        assert found.level == WARNING
        assert found.line.startswith(
            "grid-bot starts by ada's override until 2026-11-22T09:00:00Z (positions are open), although grid-bybit: "
        )


@pytest.mark.parametrize("ran_before", [True, False])
def test_a_good_key_starts(ran_before: bool) -> None:
    assert outcome(good(), ran_before=ran_before) == Outcome(
        True, INFO, "grid-bot starts: accepted: grid-bybit (Bybit)."
    )


def soon() -> Seen:
    return good(observed=build.seen(expiry=Expiry("at", "2026-11-23T00:00:00Z")))


@pytest.mark.parametrize(
    ("seen", "restarts", "starts_first", "said"),
    [
        pytest.param(
            good(observed=build.seen(permissions=(*build.GRANTED, "withdraw"))),
            False,
            False,
            "grid-bybit: the key can withdraw [withdrawal-forbidden]",
            id="withdrawal seen",
        ),
        pytest.param(soon(), True, False, "the key ends in 16 hours [key-expiry]", id="ends soon"),
        pytest.param(
            Seen((build.key(asked_host="api.bybit.com"),), (build.clock(0.7, asked_at=build.NOW_TEXT),)),
            True,
            False,
            "the host's clock is 0.700 s ahead of Bybit's",
            id="clock off, and the call accepted",
        ),
        pytest.param(good(without=("account",)), True, False, "accepted", id="account not declared"),
        pytest.param(
            good(observed=build.seen(allowlist=Allowlist("unrestricted"))),
            True,
            False,
            "[ip-restriction-required]",
            id="restriction lifted",
        ),
        pytest.param(
            Seen(problems=(("grid", "credential.name 'grid': is not loaded by this unit; name it."),)),
            True,
            False,
            "grid: credential.name 'grid': is not loaded by this unit; name it",
            id="could not be asked",
        ),
        pytest.param(Seen(), True, True, "no key of it is declared, so none was asked", id="no key"),
    ],
)
def test_findings_in_front_of_both_gates(seen: Seen, restarts: bool, starts_first: bool, said: str) -> None:
    again = outcome(seen, ran_before=True)
    first = outcome(seen, ran_before=False)
    assert (again.start, first.start) == (restarts, starts_first)
    assert said in again.line


def test_one_refused_key_stops_the_service_of_several() -> None:
    keys = (build.key(name="one"), build.refused("invalid_key", name="two"))
    found = outcome(Seen(keys), ran_before=True)
    assert not found.start
    assert found.line.startswith("grid-bot is not started: two: Bybit answered invalid_key")
    assert "one" not in found.line.partition("Mend")[0].replace("none", "")


def test_the_address_is_in_the_mend() -> None:
    printed = Access("ip_refused", code="50110", message="no", seen_address="91.198.115.33")
    by_exchange = outcome(Seen((build.key(exchange="okx", access=printed, observed=None),)), ran_before=True)
    assert (
        "seen from 91.198.115.33. Mend: Confirm that 91.198.115.33 is this host's own address: so far the exchange"
        " printed it. Enter it in the key's allowlist, and keep what is listed there. (OKX > "
    ) in by_exchange.line
    key = build.refused("ip_refused", exchange_families=("ipv4",))
    egress = build.egress("91.198.115.33", asked_at=build.NOW_TEXT, samples_asked=1, samples_answered=1, stable=None)
    by_sources = outcome(Seen((key,), egress=(egress,)), ran_before=True)
    assert (
        "Mend: Confirm that 91.198.115.33 is this host's own address: so far most IP sources saw it. Enter it in the"
    ) in by_sources.line


def test_the_policy_and_the_waivers_of_placing_count() -> None:
    waiver = {
        "rule": "key-expiry",
        "host": "bot1",
        "key": "grid-bybit",
        "justification": "ends with the strategy",
        "requested_by": "Ada",
        "approved_by": "Grace",
        "expires": "2026-11-30",
    }
    assert not outcome(soon(), ran_before=False).start
    assert outcome(soon(), ran_before=False, waivers=(waiver,)).start
    assert not outcome(soon(), ran_before=False, waivers=({**waiver, "host": "bot2"},)).start
    assert outcome(soon(), ran_before=False, policy={"severities": {"key-expiry": "medium"}}).start
    with pytest.raises(InputError, match="is not a setting"):
        outcome(soon(), ran_before=False, policy={"no": 1})


def test_a_line_is_bounded() -> None:
    keys = tuple(build.refused("invalid_key", name=f"key{number}") for number in range(50))
    found = outcome(Seen(keys), ran_before=True)
    assert len(found.line) <= 1500
    assert "(and 47 more)" in found.line
