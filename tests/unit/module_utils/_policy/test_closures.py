# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key that is as small as its exchange can make it is not red, and a key that is larger is."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.module_utils._message import Answer
from tests.unit.module_utils._exchanges.test_answers import GOOD, changed
from tests.unit.module_utils._policy.build import key, report, seen

#: The rules that look at what a key may do, and that stop a deployment.
RULES = (
    "withdrawal-forbidden",
    "money-out-forbidden",
    "key-management-forbidden",
    "unknown-permission",
    "permissions-as-declared",
    "permissions-sufficient",
)
GEMINI = {"isAuditor": False, "isFundManager": False, "isTrader": True}


class Smallest(t.NamedTuple):
    """The exchange's own answer for the smallest key that trades ``product``, and what it adds unasked."""

    exchange: str
    product: str
    answer: t.Any
    adds: tuple[str, ...]


SMALLEST = (
    Smallest("okx", "spot", changed(GOOD["okx"], "data", 0, "perm", to="read_only,trade"), ("transfer_own",)),
    Smallest("htx", "spot", changed(GOOD["htx"], "data", 0, "permission", to="readOnly,trade"), ("transfer_own",)),
    Smallest(
        "coinbase",
        "spot",
        {**GOOD["coinbase"], "can_view": True, "can_trade": True, "can_transfer": False},
        ("futures_trade",),
    ),
    Smallest("gemini", "spot", GEMINI, ()),
    Smallest(
        "deribit",
        "futures",
        changed(GOOD["deribit"], "result", "scope", to="account:read trade:read_write wallet:read"),
        ("options_trade", "spot_trade"),
    ),
)


def statuses(row: Smallest) -> dict[str, tuple[str, str]]:
    exchange = EXCHANGES[row.exchange]
    told = exchange.key(Answer(200, {}, json.dumps(row.answer).encode(), "api.example"))
    facts = key(
        exchange=row.exchange,
        declared={"products": [row.product]},
        observed=seen(permissions=told.permissions, raw_permissions=told.raw_permissions),
    )
    return {finding.rule: (finding.status, finding.evidence) for finding in report(facts).findings}


@pytest.mark.parametrize("row", SMALLEST, ids=lambda row: row.exchange)
def test_the_smallest_key_is_green(row: Smallest) -> None:
    said = statuses(row)
    assert {rule: said[rule][0] for rule in RULES} == dict.fromkeys(RULES, "pass")
    status, evidence = said["permissions-inseparable"]
    assert status == ("fail" if row.adds else "pass")
    for word in row.adds:
        assert word in evidence


#: One box, scope or role more than the smallest key has.
MORE = (
    SMALLEST[0]._replace(answer=changed(GOOD["okx"], "data", 0, "perm", to="read_only,trade,withdraw")),
    SMALLEST[1]._replace(answer=changed(GOOD["htx"], "data", 0, "permission", to="readOnly,trade,withdraw")),
    SMALLEST[2]._replace(answer={**GOOD["coinbase"], "can_view": True, "can_trade": True, "can_transfer": True}),
    SMALLEST[3]._replace(answer={**GEMINI, "isFundManager": True}),
    SMALLEST[4]._replace(answer=changed(GOOD["deribit"], "result", "scope", to="trade:read_write wallet:read_write")),
)


@pytest.mark.parametrize("row", MORE, ids=lambda row: row.exchange)
def test_a_withdrawal_is_never_inseparable(row: Smallest) -> None:
    said = statuses(row)
    assert said["withdrawal-forbidden"][0] == "fail"
    assert "withdraw" not in said["permissions-inseparable"][1]


@pytest.mark.parametrize("name", EXCHANGES)
def test_no_closure_grants_a_withdrawal(name: str) -> None:
    for word in ("read", "spot_trade", "margin_trade", "futures_trade", "options_trade", "transfer_own"):
        assert "withdraw" not in EXCHANGES[name].closure(frozenset((word,)))
