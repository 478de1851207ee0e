# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key with which everything is in order, and ways to spoil it."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import find
from ansible_collections.trading.hosts.plugins.module_utils._facts import (
    Access,
    Account,
    Allowlist,
    ClockFacts,
    EgressFacts,
    Expiry,
    KeyFacts,
    ObservedKey,
    PassphraseChecks,
    Path,
)
from ansible_collections.trading.hosts.plugins.module_utils._policy._case import Machine, instant
from ansible_collections.trading.hosts.plugins.module_utils._policy._engine import Report, judge
from ansible_collections.trading.hosts.plugins.module_utils._policy._finding import Finding
from ansible_collections.trading.hosts.plugins.module_utils._policy._settings import Policy

NOW_TEXT = "2026-11-22T07:30:00Z"
NOW = instant(NOW_TEXT) or 0.0
ADDRESS = "91.198.115.11"
OTHER = "91.198.115.12"
V6 = "2a01:4f8:0:a0a1::11"

PATH = Path(user="root", family="ipv4")
TOLD = Access("accepted")
GRANTED = ("read", "spot_trade", "margin_trade")

OBSERVED = ObservedKey(
    masked_id="ab…yz",
    account=Account(id="1001", parent_id="1", level="sub"),
    owner_kind="own",
    label="grid",
    permissions=GRANTED,
    allowlist=Allowlist("entries", (ADDRESS,)),
    created_at="2026-10-01T00:00:00Z",
    expiry=Expiry("never"),
    state="normal",
)
DECLARED: dict[str, t.Any] = {
    "label": "grid",
    "access": "read_write",
    "products": ["spot", "margin"],
    "account": "1001",
    "account_level": "sub",
    "owner_kind": "own",
    "ip_restriction": True,
    "recovery": "standby_key",
    "attested": {"recovery": {"by": "Ada", "on": "2026-10-01"}},
    "two_factor": {"kind": "app", "attested_by": "Ada", "attested_on": "2026-10-01"},
}
WORD = {"by": "Ada", "on": "2026-10-01"}
OLD_WORD = {"by": "Ada", "on": "2025-10-01"}


def seen(**changes: t.Any) -> ObservedKey:
    """Return what the exchange told, with changes; ``entries`` and ``state_of_list`` change the allowlist."""
    return dataclasses.replace(OBSERVED, **changes)


def key(*, declared: t.Mapping[str, t.Any] | None = None, without: t.Iterable[str] = (), **changes: t.Any) -> KeyFacts:
    """Return the good Bybit key with changes; ``declared`` is added to its declaration, ``without`` taken from it."""
    words = {name: value for name, value in {**DECLARED, **(declared or {})}.items() if name not in set(without)}
    values: dict[str, t.Any] = {
        "name": "grid-bybit",
        "exchange": "bybit",
        "environment": "mainnet",
        "region": "global",
        "host": "bot1",
        "access": TOLD,
        "asked_at": "2026-11-22T07:13:54Z",
        "path": PATH,
        "observed": OBSERVED,
        "key_type": "rsa",
        "declared": words,
        **changes,
    }
    return KeyFacts(**values)


def refused(status: str, **changes: t.Any) -> KeyFacts:
    """Return a key that the exchange refused."""
    return key(access=Access(status, code="1", message="no"), observed=None, **changes)


def okx(**changes: t.Any) -> KeyFacts:
    """Return a good key of an exchange with a passphrase."""
    changes.setdefault("passphrase", PassphraseChecks(True, True, "long", False, False))
    observed = changes.pop("observed", seen(owner_kind=None, created_at=None, expiry=Expiry("unknown")))
    return key(exchange="okx", observed=observed, **changes)


def binance(**changes: t.Any) -> KeyFacts:
    """Return a key of an exchange that hides the list and tells neither account nor label."""
    observed = changes.pop(
        "observed", seen(account=Account(), owner_kind=None, label=None, allowlist=Allowlist("hidden"))
    )
    return key(exchange="binance", observed=observed, **changes)


def egress(*addresses: str, **changes: t.Any) -> EgressFacts:
    """Return what the host was seen from: by default one stable IPv4 address by majority."""
    values: dict[str, t.Any] = {
        "host": "bot1",
        "family": "ipv4",
        "path": PATH,
        "status": "agreed",
        "asked_at": "2026-11-22T07:13:54Z",
        "addresses": addresses or (ADDRESS,),
        "stable": True,
        "samples_asked": 3,
        "samples_answered": 3,
        **changes,
    }
    return EgressFacts(**values)


def clock(offset: float | None = 0.01, uncertainty: float | None = 0.05, **changes: t.Any) -> ClockFacts:
    """Return how far the host's clock is off Bybit's."""
    values: dict[str, t.Any] = {
        "host": "bot1",
        "exchange": "bybit",
        "environment": "mainnet",
        "region": "global",
        "asked_host": "api.bybit.com",
        "asked_at": "2026-11-22T07:13:54Z",
        "path": PATH,
        "offset": offset,
        "uncertainty": uncertainty,
        **changes,
    }
    return ClockFacts(**values)


def report(*keys: KeyFacts, seen_from: t.Sequence[EgressFacts] | None = None, **changes: t.Any) -> Report:
    """Judge keys; the host is seen from its one address unless told otherwise."""
    values: dict[str, t.Any] = {
        "keys": keys or (key(),),
        "egress": (egress(),) if seen_from is None else seen_from,
        "machines": (Machine("bot1", host_key="bound", verified_host=True),),
        "policy": Policy(),
        "now": NOW,
        "exchange_of": find,
        "keep_passed": True,
        **changes,
    }
    return judge(**values)


def found(rule: str, *keys: KeyFacts, **changes: t.Any) -> Finding:
    """Return what one rule says of the first key (or of the host)."""
    return next(f for f in report(*keys, **changes).findings if f.rule == rule)
