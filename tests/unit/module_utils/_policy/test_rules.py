# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every rule: what passes, fails, stays unknown and does not apply, with severity and basis."""

from __future__ import annotations

import dataclasses
import re
import types
import typing as t

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._facts import (
    Access,
    Account,
    Allowlist,
    EgressFacts,
    Expiry,
    KeyFacts,
    PassphraseChecks,
    Path,
)
from ansible_collections.trading.hosts.plugins.module_utils._policy._case import DAY, Machine
from ansible_collections.trading.hosts.plugins.module_utils._policy._rules import RULES
from ansible_collections.trading.hosts.plugins.module_utils._policy._settings import Policy
from tests.unit.module_utils._policy.build import (
    ADDRESS,
    NOW,
    OLD_WORD,
    OTHER,
    PATH,
    V6,
    WORD,
    binance,
    clock,
    egress,
    found,
    key,
    okx,
    refused,
    report,
    seen,
)


class Row(t.NamedTuple):
    """One expectation. ``says`` is ``status``, or ``status severity``, or ``status severity basis``."""

    rule: str
    says: str
    facts: KeyFacts
    more: t.Mapping[str, t.Any] = types.MappingProxyType({})


def listed(*entries: str, **changes: t.Any) -> KeyFacts:
    """Return a key with these entries on its allowlist."""
    return key(observed=seen(allowlist=Allowlist("entries", entries), **changes))


UNRESTRICTED = seen(allowlist=Allowlist("unrestricted"))
NOT_TOLD = seen(allowlist=Allowlist("unknown"), not_told=("allowlist",))
UNOFFICIAL = key(official=False, asked_host="mine.example")


def passphrase(*values: t.Any) -> KeyFacts:
    return okx(passphrase=PassphraseChecks(*values))


def ends(at: str) -> KeyFacts:
    return key(observed=seen(expiry=Expiry("at", at)))


def granted(*words: str, **changes: t.Any) -> KeyFacts:
    return key(observed=seen(permissions=words, **changes))


OTHER_EXCHANGE: dict[str, t.Any] = {"exchange": "other", "access": Access("not_asked"), "observed": None}
RETIRED: t.Mapping[str, t.Any] = {"lifecycle": "retired"}
BOTH = Path(user="root", family="any")

ONLY_V6 = Path(user="root", family="ipv6")
IPV6 = egress(V6, family="ipv6")
NO_V6 = egress(family="ipv6", status="no_route")
TWO_WAYS: t.Mapping[str, t.Any] = {"seen_from": [egress(), IPV6]}
HIDDEN = seen(allowlist=Allowlist("hidden"))
LISTS_BOTH = seen(allowlist=Allowlist("entries", (ADDRESS, V6)))


def blofin(*words: str, declared: t.Mapping[str, t.Any]) -> KeyFacts:
    """Return a key of an exchange that tells only whether it does more than read; a person vouches for the rest."""
    told = ("read",) if "readOnly:1" in words else None
    observed = seen(permissions=told, raw_permissions=words, not_told=() if told else ("permissions",))
    return key(exchange="blofin", observed=observed, declared={**declared, "attested": {"permissions": WORD}})


READS: t.Mapping[str, t.Any] = {"access": "read", "products": []}


def dual(**changes: t.Any) -> KeyFacts:
    """Return a key of an exchange that has addresses of both families, and that may leave by both."""
    return key(**{"path": BOTH, "exchange_families": ("ipv4", "ipv6"), **changes})


def idle(days: int, **changes: t.Any) -> tuple[KeyFacts, dict[str, t.Any]]:
    """Return an unrestricted key of OKX, which ends after 14 days, last accepted so many days before it is judged."""
    facts = okx(observed=UNRESTRICTED, **changes)
    return facts, {"now": NOW + days * DAY, "policy": Policy(max_fact_age=10**9)}


def clocked(says: str, *facts: t.Any, key_facts: KeyFacts | None = None) -> Row:
    """Expect something of ``clock-offset`` for these clocks; Bybit tolerates 1 s ahead and 5 s behind."""
    return Row("clock-offset", says, key_facts or key(asked_host="api.bybit.com"), {"clocks": facts})


ROWS = [
    Row("key-accepted", "pass critical proved", key()),
    *(
        Row("key-accepted", "fail critical proved", refused(status))
        for status in ("ip_refused", "invalid_key", "expired", "bad_signature", "bad_passphrase", "wrong_environment")
    ),
    *(
        Row("key-accepted", "unknown critical none", refused(status))
        for status in ("unreachable", "rate_limited", "ambiguous", "settling", "held_back", "permission_denied")
    ),
    Row("key-accepted", "unknown", key(asked_at="2026-11-22T06:00:00Z")),
    Row("key-accepted", "unknown", key(asked_at="2026-11-22T08:30:00Z")),
    Row("key-accepted", "unknown", key(asked_at="yesterday")),
    Row("withdrawal-forbidden", "unknown", key(asked_at="2026-11-22T06:00:00Z")),
    Row(
        "withdrawal-forbidden",
        "fail critical observed",
        key(asked_at="2026-11-22T06:00:00Z", observed=seen(permissions=("withdraw",))),
    ),
    Row("key-accepted", "unknown", UNOFFICIAL),
    Row("key-accepted", "not_applicable", key(**OTHER_EXCHANGE)),
    Row(
        "account-as-declared",
        "pass critical observed",
        key(
            exchange="hyperliquid",
            observed=seen(account=Account(id="0xabcdef0123456789abcdef0123456789abcdef01")),
            declared={"account": "0xAbCdEf0123456789aBcDeF0123456789ABCDEF01"},
        ),
    ),
    Row(
        "account-as-declared",
        "fail critical observed",
        key(observed=seen(account=Account(id="abc")), declared={"account": "ABC"}),
    ),
    # The empty address is "every address" to some programs.
    Row(
        "ip-restriction-required",
        "fail critical observed",
        key(observed=seen(allowlist=Allowlist("entries", ("0.0.0.0",)))),
    ),
    Row("retired-key-alive", "not_applicable", key()),
    Row("retired-key-alive", "not_applicable", key(declared={"lifecycle": "in_use"})),
    Row("retired-key-alive", "pass high proved", refused("invalid_key", declared=RETIRED)),
    Row("retired-key-alive", "fail high proved", key(declared=RETIRED)),
    Row("retired-key-alive", "fail high proved", refused("permission_denied", declared=RETIRED)),
    Row("retired-key-alive", "fail critical proved", key(declared={"lifecycle": "revoked"})),
    Row(
        "retired-key-alive",
        "fail high proved",
        key(
            exchange="bitmex",
            access=Access("invalid_key", code="This key is disabled"),
            observed=None,
            declared=RETIRED,
        ),
    ),
    Row(
        "retired-key-alive",
        "fail critical proved",
        key(
            exchange="bitmart",
            access=Access("invalid_key", code="30003"),
            observed=None,
            declared={"lifecycle": "revoked"},
        ),
    ),
    Row(
        "retired-key-alive",
        "pass high proved",
        key(exchange="bitmex", access=Access("invalid_key", code="Invalid API Key"), observed=None, declared=RETIRED),
    ),
    # A rotation and a revocation saw the key accepted from here before.
    Row("retired-key-alive", "pass high proved", refused("invalid_key", exchange="kraken", declared=RETIRED)),
    Row("retired-key-alive", "unknown high", refused("ip_refused", declared=RETIRED)),
    Row("retired-key-alive", "unknown high", refused("ambiguous", declared=RETIRED)),
    Row("retired-key-alive", "unknown high", refused("expired", declared=RETIRED)),
    Row("retired-key-alive", "unknown high", refused("bad_signature", declared=RETIRED)),
    Row("retired-key-alive", "unknown critical", refused("unreachable", declared={"lifecycle": "revoked"})),
    Row("retired-key-alive", "unknown", refused("not_observed", declared=RETIRED)),
    Row("retired-key-alive", "unknown", refused("invalid_key", declared=RETIRED, official=False)),
    Row("retired-key-alive", "unknown", refused("invalid_key", declared=RETIRED), {"now": NOW + DAY}),
    Row("retired-key-alive", "unknown", key(**OTHER_EXCHANGE, declared=RETIRED)),
    Row(
        "observed-at-official-host", "fail high observed", key(declared=RETIRED, official=False, asked_host="a.example")
    ),
    Row("key-accepted", "not_applicable", refused("invalid_key", declared=RETIRED)),
    Row("key-age", "not_applicable", key(declared=RETIRED, observed=seen(created_at="2024-01-01T00:00:00Z"))),
    Row("observed-at-official-host", "pass high observed", key()),
    Row("observed-at-official-host", "fail high observed", UNOFFICIAL),
    Row("observed-at-official-host", "not_applicable", key(official=False, environment="custom")),
    Row("account-as-declared", "pass critical observed", key()),
    Row("account-as-declared", "pass critical observed", key(declared={"account": " 1001 "})),
    Row("account-as-declared", "fail critical observed", key(declared={"account": "1002"})),
    Row("account-as-declared", "unknown", key(without=["account"])),
    Row("account-as-declared", "unknown critical", binance()),
    Row("account-as-declared", "pass critical attested", binance(declared={"attested": {"account": WORD}})),
    Row("account-as-declared", "unknown", binance(declared={"attested": {"account": OLD_WORD}})),
    Row("account-as-declared", "unknown", refused("ip_refused", declared={"attested": {"account": WORD}})),
    Row("environment-as-declared", "pass high proved", key()),
    Row("environment-as-declared", "fail high proved", refused("wrong_environment")),
    Row("environment-as-declared", "fail high observed", key(declared={"environment": "testnet"})),
    Row("environment-as-declared", "fail high observed", key(declared={"exchange": "okx"})),
    Row(
        "environment-as-declared", "fail high observed", key(environment="custom", declared={"environment": "mainnet"})
    ),
    Row("environment-as-declared", "pass high proved", key(declared={"exchange": "bybit", "environment": "mainnet"})),
    Row("environment-as-declared", "unknown", refused("ambiguous")),
    Row("environment-as-declared", "not_applicable", key(**OTHER_EXCHANGE)),
    Row("key-named", "pass medium observed", key(declared={"label": "grid "})),
    Row("key-named", "fail medium observed", key(declared={"label": "other"})),
    Row("key-named", "unknown", key(without=["label"])),
    Row("key-named", "unknown", binance()),
    Row("key-named", "pass medium attested", binance(declared={"attested": {"label": WORD}})),
    Row("key-on-master-account", "pass", key()),
    Row("key-on-master-account", "fail medium observed", key(observed=seen(account=Account("1001", None, "main")))),
    Row("key-on-master-account", "pass", granted("read", account=Account("1001", None, "main"))),
    Row("key-on-master-account", "unknown", binance()),
    Row("key-on-master-account", "pass medium attested", binance(declared={"attested": {"account_level": WORD}})),
    Row("third-party-key", "pass high observed", key()),
    Row("third-party-key", "fail high observed", key(observed=seen(owner_kind="vendor"))),
    Row("third-party-key", "unknown high", okx()),
    Row("third-party-key", "pass high attested", okx(declared={"attested": {"owner_kind": WORD}})),
    Row("withdrawal-forbidden", "pass critical observed", key()),
    Row("withdrawal-forbidden", "fail critical observed", granted("read", "withdraw")),
    Row(
        "withdrawal-forbidden", "unknown critical", granted("read", "unknown:Vault", account=Account("1", None, "main"))
    ),
    Row("withdrawal-forbidden", "pass critical observed", granted("read", "unknown:Vault")),
    Row("withdrawal-forbidden", "unknown", refused("ip_refused")),
    Row("withdrawal-forbidden", "unknown", UNOFFICIAL),
    Row("withdrawal-forbidden", "unknown critical declared", key(**OTHER_EXCHANGE)),
    Row(
        "withdrawal-forbidden",
        "pass critical attested",
        key(**OTHER_EXCHANGE, declared={"attested": {"permissions": WORD}}),
    ),
    Row("money-out-forbidden", "pass high observed", key()),
    Row("money-out-forbidden", "fail high observed", granted("read", "spend")),
    Row("money-out-forbidden", "fail high observed", granted("read", "transfer_out")),
    Row("money-out-forbidden", "unknown", granted("read", "unknown:Vault")),
    Row("key-management-forbidden", "pass high", key()),
    Row("key-management-forbidden", "fail high", granted("read", "spot_trade", "transfer_sub")),
    Row("key-management-forbidden", "pass high", granted("read", "transfer_sub")),
    Row("key-management-forbidden", "fail high", granted("read", "manage_keys")),
    Row("key-management-forbidden", "unknown", refused("unreachable")),
    Row("unknown-permission", "pass high", key()),
    Row("unknown-permission", "unknown high", granted("read", "unknown:Vault")),
    Row("unknown-permission", "unknown high", granted("read", "no_such_word")),
    Row(
        "unknown-permission",
        "unknown high",
        key(observed=seen(permissions=("read", "unknown:Tax")), declared={"benign_permissions": ["Tax"]}),
    ),
    Row(
        "unknown-permission",
        "pass high",
        key(
            observed=seen(permissions=("read", "unknown:Tax")),
            declared={"benign_permissions": ["Tax"], "attested": {"benign_permissions": WORD}},
        ),
    ),
    Row("permissions-as-declared", "pass high", key()),
    Row("permissions-as-declared", "pass high", key(declared={"products": ["spot"]})),
    Row("permissions-as-declared", "fail high", granted("read", "spot_trade", "futures_trade")),
    Row("permissions-as-declared", "fail high", key(declared={"access": "read"})),
    Row("permissions-as-declared", "unknown", key(without=["access"])),
    Row("permissions-as-declared", "unknown", key(without=["products"])),
    Row("permissions-as-declared", "unknown", granted("read", "unknown:Vault")),
    # An exchange that tells only that a key acts contradicts whoever says that it reads, and nobody else.
    Row("permissions-as-declared", "fail high observed", blofin("readOnly:0", declared=READS)),
    Row("permissions-as-declared", "pass high attested", blofin("readOnly:0", declared={})),
    Row("permissions-as-declared", "pass high observed", blofin("readOnly:1", declared=READS)),
    Row("permissions-as-declared", "pass high attested", blofin(declared=READS)),
    Row("withdrawal-forbidden", "unknown critical", blofin("readOnly:0", declared=READS)),
    Row("declared-observed-conflict", "fail high", blofin("readOnly:0", declared=READS)),
    Row("declared-observed-conflict", "pass medium", blofin("readOnly:1", declared=READS)),
    Row("permissions-sufficient", "pass medium", key()),
    Row("permissions-sufficient", "fail medium", granted("read")),
    Row("permissions-sufficient", "unknown", refused("ip_refused")),
    Row("permissions-sufficient", "unknown", key(without=["access"])),
    Row("permissions-inseparable", "pass low", key()),
    Row("permissions-inseparable", "fail low", key(declared={"products": ["spot"]})),
    Row(
        "permissions-inseparable",
        "fail medium",
        okx(observed=seen(permissions=("read", "spot_trade", "transfer_own"), account=Account("1001", None, "main"))),
    ),
    Row("permissions-inseparable", "fail low", okx(observed=seen(permissions=("read", "spot_trade", "transfer_own")))),
    Row("permissions-inseparable", "unknown", key(**OTHER_EXCHANGE)),
    Row("ip-restriction-required", "pass critical observed", key()),
    Row("ip-restriction-required", "pass critical observed", binance()),
    Row("ip-restriction-required", "fail critical observed", key(observed=UNRESTRICTED)),
    Row("ip-restriction-required", "fail critical", listed("0.0.0.0/0")),
    Row("ip-restriction-required", "fail critical", listed("0.0.0.0/1", "128.0.0.0/1")),
    Row("ip-restriction-required", "fail critical", listed("::/0", ADDRESS)),
    Row(
        "ip-restriction-required",
        "fail medium",
        key(observed=seen(permissions=("read",), allowlist=Allowlist("unrestricted"))),
    ),
    Row("ip-restriction-required", "unknown", key(observed=seen(allowlist=Allowlist("entries", ())))),
    Row("ip-restriction-required", "unknown critical declared", key(observed=NOT_TOLD)),
    Row(
        "ip-restriction-required",
        "pass critical attested",
        key(observed=NOT_TOLD, declared={"attested": {"ip_restriction": WORD}}),
    ),
    Row("ip-restriction-required", "unknown", refused("ip_refused")),
    Row("allowlist-covers-host", "pass high proved", key()),
    Row("allowlist-covers-host", "pass high proved", binance()),
    Row("allowlist-covers-host", "fail high proved", refused("ip_refused")),
    Row("allowlist-covers-host", "unknown", refused("unreachable")),
    Row("allowlist-covers-host", "not_applicable", key(observed=UNRESTRICTED)),
    Row("allowlist-covers-host", "unknown", key(observed=seen(allowlist=Allowlist("unknown")))),
    Row("allowlist-covers-host", "unknown", listed(OTHER)),
    Row(
        "allowlist-covers-host",
        "fail high observed",
        key(path=BOTH),
        {"seen_from": [egress(), egress(V6, family="ipv6")]},
    ),
    Row(
        "allowlist-covers-host",
        "pass high proved",
        key(path=BOTH, exchange_families=("ipv4",)),  # nothing there answers over IPv6
        {"seen_from": [egress(), egress(V6, family="ipv6")]},
    ),
    Row(
        "allowlist-covers-host",
        "unknown",
        key(declared={"egress_paths": [{"family": "ipv4", "proxy": "socks5"}]}),
    ),
    Row(
        "allowlist-covers-host",
        "pass high attested",
        key(declared={"egress_paths": [{"family": "ipv4", "proxy": "socks5"}], "attested": {"egress_paths": WORD}}),
        {"seen_from": [egress(path=Path(user="root", family="ipv4", proxy="socks5"))]},
    ),
    Row(
        # Who declares a way leaves others out: nobody vouches for that here.
        "allowlist-covers-host",
        "unknown high declared",
        key(declared={"egress_paths": [{"family": "ipv4", "proxy": "socks5"}]}),
        {"seen_from": [egress(path=Path(user="root", family="ipv4", proxy="socks5"))]},
    ),
    Row(
        "allowlist-covers-host",
        "fail high observed",
        key(declared={"egress_paths": [{"family": "ipv4", "proxy": "socks5"}]}),
        {"seen_from": [egress(OTHER, path=Path(user="root", family="ipv4", proxy="socks5"))]},
    ),
    Row(
        "allowlist-covers-host",
        "unknown",
        key(declared={"egress_paths": [{"family": "ipv4", "proxy": "socks5"}]}),
        {"seen_from": [egress(status="disputed", path=Path(user="root", family="ipv4", proxy="socks5"))]},
    ),
    Row("egress-view-conflict", "pass high observed", key()),
    Row("egress-view-conflict", "unknown high", listed(OTHER)),
    Row("egress-view-conflict", "unknown", key(), {"seen_from": []}),
    Row("egress-view-conflict", "not_applicable", key(observed=UNRESTRICTED)),
    Row("egress-view-conflict", "not_applicable", binance()),
    Row(
        "egress-view-conflict",
        "unknown high",
        okx(access=Access("ip_refused", seen_address=OTHER), observed=None),
    ),
    Row(
        "egress-view-conflict",
        "unknown high",
        key(**OTHER_EXCHANGE | {"access": Access("ip_refused")}, declared={"allowlist": [ADDRESS]}),
    ),
    Row("egress-rotating", "pass high observed", key()),
    Row("egress-rotating", "pass high", listed(ADDRESS, OTHER), {"seen_from": [egress(ADDRESS, OTHER, stable=False)]}),
    Row("egress-rotating", "fail high", key(), {"seen_from": [egress(ADDRESS, OTHER, stable=False)]}),
    Row("egress-rotating", "unknown", key(), {"seen_from": [egress(stable=None)]}),
    Row("egress-rotating", "unknown", binance(), {"seen_from": [egress(ADDRESS, OTHER, stable=False)]}),
    Row("egress-rotating", "not_applicable", key(observed=UNRESTRICTED)),
    Row("ipv6-trap", "pass high observed", key()),  # asked over IPv4 alone
    Row("ipv6-trap", "pass high observed", key(path=BOTH, exchange_families=("ipv4",)), TWO_WAYS),
    Row("ipv6-trap", "fail high observed", dual(), TWO_WAYS),
    Row(
        "ipv6-trap",
        "fail high observed",
        dual(observed=seen(allowlist=Allowlist("entries", (OTHER, ADDRESS)))),
        TWO_WAYS,
    ),
    Row("ipv6-trap", "pass high observed", dual(exchange="okx", observed=LISTS_BOTH), TWO_WAYS),
    Row("ipv6-trap", "unknown high", dual(observed=LISTS_BOTH), TWO_WAYS),  # does Bybit take IPv6?
    Row("ipv6-trap", "pass high observed", dual(), {"seen_from": [egress(), NO_V6]}),
    Row("ipv6-trap", "unknown high", dual(), {"seen_from": [egress()]}),
    Row("ipv6-trap", "unknown high", dual(), {"seen_from": [egress(), egress(V6, family="ipv6", status="disputed")]}),
    # Whether the exchange's name has IPv6 addresses is not known: only what is listed passes.
    Row("ipv6-trap", "unknown high", key(path=BOTH), TWO_WAYS),
    Row("ipv6-trap", "pass high observed", okx(path=BOTH, observed=LISTS_BOTH), TWO_WAYS),
    # A call that was accepted proves its own family alone.
    Row("ipv6-trap", "pass high proved", dual(path=ONLY_V6, observed=HIDDEN), {"seen_from": [IPV6]}),
    Row("ipv6-trap", "unknown high", dual(observed=HIDDEN), TWO_WAYS),
    Row("ipv6-trap", "unknown high", dual(path=ONLY_V6), {"seen_from": [IPV6]}),  # accepted, and not listed
    Row("ipv6-trap", "fail high observed", dual(exchange="gate", observed=HIDDEN), TWO_WAYS),  # takes no IPv6
    Row("ipv6-trap", "fail high proved", dual(access=Access("ip_refused", seen_address=V6), observed=None)),
    Row("ipv6-trap", "unknown", dual(access=Access("ip_refused", seen_address=ADDRESS), observed=None), TWO_WAYS),
    Row("ipv6-trap", "unknown", dual(official=False), TWO_WAYS),
    Row("ipv6-trap", "not_applicable", dual(observed=UNRESTRICTED), TWO_WAYS),
    Row("ipv6-trap", "unknown high declared", dual(declared={"egress_paths": [{"family": "ipv4"}]}), TWO_WAYS),
    Row(
        "ipv6-trap",
        "pass high attested",
        dual(declared={"egress_paths": [{"family": "ipv4"}], "attested": {"egress_paths": WORD}}),
        TWO_WAYS,
    ),
    Row("allowlist-entry-not-public", "pass high", key()),
    Row("allowlist-entry-not-public", "fail high", listed("192.168.1.10")),
    Row("allowlist-entry-not-public", "fail medium", listed(ADDRESS, "10.0.0.1")),
    Row("allowlist-entry-not-public", "fail high", listed("100.64.3.4")),
    Row("allowlist-entry-not-public", "fail high", listed("::ffff:192.168.1.10")),
    Row("allowlist-entry-not-public", "unknown", listed(ADDRESS, "203.**.154")),
    Row("allowlist-entry-not-public", "not_applicable", binance()),
    Row("allowlist-entry-malformed", "pass medium", key()),
    Row("allowlist-entry-malformed", "fail medium", listed(ADDRESS, "8.8.8.8 ")),
    Row("allowlist-entry-malformed", "fail medium", listed("010.1.1.1")),
    Row("allowlist-entry-malformed", "fail medium", listed("8.8.8.8:443")),
    Row("allowlist-entry-malformed", "unknown medium", listed("8.8.8.8/31")),
    Row("allowlist-entry-malformed", "not_applicable", key(observed=UNRESTRICTED)),
    Row("allowlist-entry-too-wide", "pass", key()),
    *(
        Row("allowlist-entry-too-wide", f"fail {severity}", listed(entry))
        for entry, severity in (
            ("8.8.8.0/30", "low"),
            ("8.8.8.0/26", "medium"),
            ("8.8.8.0/24", "high"),
            ("2a01:4f8::/64", "medium"),
            ("2a01:4f8::/48", "high"),
        )
    ),
    Row(
        "allowlist-entry-too-wide",
        "pass",
        key(
            observed=seen(allowlist=Allowlist("entries", ("2a01:4f8::/64",))),
            declared={"owned_prefixes": ["2a01:4f8::/64"], "attested": {"owned_prefixes": WORD}},
        ),
    ),
    Row(
        "allowlist-entry-too-wide",
        "fail medium",
        key(
            observed=seen(allowlist=Allowlist("entries", ("2a01:4f8::/64",))),
            declared={"owned_prefixes": ["2a01:4f8::/64"]},
        ),
    ),
    Row("allowlist-slots-left", "unknown low", key()),
    Row("allowlist-slots-left", "pass low", okx()),
    Row(
        "allowlist-slots-left",
        "fail low",
        okx(observed=seen(allowlist=Allowlist("entries", tuple(f"8.8.8.{n}" for n in range(20))))),
    ),
    Row("allowlist-slots-left", "not_applicable", binance()),
    Row("key-expiry", "pass high observed", key()),
    Row("key-expiry", "pass high", ends("2027-01-22T00:00:00Z")),
    Row("key-expiry", "fail medium", ends("2026-12-20T00:00:00Z")),
    Row("key-expiry", "fail high", ends("2026-12-01T00:00:00Z")),
    Row("key-expiry", "fail critical", ends("2026-11-24T00:00:00Z")),
    Row("key-expiry", "fail critical", ends("2026-11-01T00:00:00Z")),
    Row(
        "key-expiry", "unknown", key(asked_at="2026-11-22T08:30:00Z", observed=seen(expiry=Expiry("at", "2027-01-01")))
    ),
    Row(
        "key-expiry",
        "fail high",
        key(observed=seen(allowlist=Allowlist("unrestricted"), expiry=Expiry("unknown"), created_at="2026-09-01")),
    ),
    Row("key-expiry", "unknown", refused("ip_refused")),
    Row(
        "key-expiry",
        "not_applicable",
        okx(observed=seen(allowlist=Allowlist("unrestricted"), expiry=Expiry("unknown"))),
    ),
    Row("lifetime-without-ip-restriction", "pass medium", key()),
    Row("lifetime-without-ip-restriction", "fail medium", key(observed=UNRESTRICTED)),
    Row("lifetime-without-ip-restriction", "unknown", key(observed=seen(allowlist=Allowlist("unknown")))),
    Row(
        "lifetime-without-ip-restriction",
        "not_applicable",
        okx(observed=seen(permissions=("read",), allowlist=Allowlist("unrestricted"))),
    ),
    Row("inactivity-deadline", "pass medium proved", *idle(6)),
    Row("inactivity-deadline", "fail medium proved", *idle(8)),
    Row("inactivity-deadline", "fail high proved", *idle(11)),
    Row("inactivity-deadline", "fail high proved", *idle(40)),
    Row("inactivity-deadline", "pass medium observed", okx()),  # restricted to addresses: no timer
    Row("inactivity-deadline", "unknown medium", okx(access=Access("unreachable"), observed=None)),
    Row("inactivity-deadline", "unknown medium", okx(observed=seen(allowlist=Allowlist("unknown")))),
    Row("inactivity-deadline", "unknown medium", okx(observed=UNRESTRICTED, asked_at="2026-11-22T08:30:00Z")),
    Row("inactivity-deadline", "not_applicable", key(observed=UNRESTRICTED)),  # its timer runs from creation
    Row("inactivity-deadline", "not_applicable", key(**OTHER_EXCHANGE)),
    Row("inactivity-deadline", "not_applicable", okx(environment="demo", observed=UNRESTRICTED)),  # they do not end
    Row("lifetime-without-ip-restriction", "not_applicable", okx(environment="demo", observed=UNRESTRICTED)),
    Row("lifetime-without-ip-restriction", "fail medium", okx(observed=UNRESTRICTED)),
    Row(
        "inactivity-deadline",
        "not_applicable",
        okx(observed=seen(permissions=("read",), allowlist=Allowlist("unrestricted"))),
    ),
    Row("key-age", "pass medium observed", key()),
    Row("key-age", "fail medium observed", key(observed=seen(created_at="2026-01-01T00:00:00Z"))),
    Row("key-age", "unknown low", okx()),
    Row(
        "key-age", "pass medium attested", okx(declared={"created_on": "2026-10-01", "attested": {"created_on": WORD}})
    ),
    Row("recreated-after-restriction", "not_applicable", key()),
    *(
        Row(
            "recreated-after-restriction",
            says,
            key(exchange=exchange, declared={"restriction_events": [{"what": "account_restricted", "on": on}]}),
        )
        for exchange, on, says in (
            ("bybit", "2026-09-01", "pass medium"),
            ("bybit", "2026-10-15", "fail medium"),
            ("bitget", "2026-10-15", "fail high"),
            ("bybit", "2026-10-01", "unknown medium"),
        )
    ),
    Row(
        "recreated-after-restriction",
        "unknown medium",
        okx(declared={"restriction_events": [{"what": "password_changed", "on": "2026-10-15"}]}),
    ),
    *(
        Row(
            "recreated-after-restriction",
            says,
            key(
                exchange=exchange,
                declared={"restriction_events": [{"what": "exposed", "on": "2026-10-15", "rotate_by": by}]},
            ),
        )
        for exchange, by, says in (
            ("bybit", "2027-10-22", "fail medium"),
            ("bitget", "2027-10-22", "fail medium"),
            ("bybit", "2026-10-22", "fail high"),
        )
    ),
    Row(
        "recreated-after-restriction",
        "unknown high",
        okx(declared={"restriction_events": [{"what": "exposed", "on": "2026-10-15", "rotate_by": "2026-10-22"}]}),
    ),
    Row("two-factor-enabled", "pass high attested", key()),
    Row("two-factor-enabled", "unknown high", key(without=["two_factor"])),
    *(
        Row(
            "two-factor-enabled",
            says,
            key(declared={"two_factor": {"kind": kind, "attested_by": by, "attested_on": on}}),
        )
        for kind, by, on, says in (
            ("none", "Ada", "2026-10-01", "fail high"),
            ("sms", "Ada", "2026-10-01", "fail medium"),
            ("hardware", "Ada", "2026-10-01", "pass high attested"),
            ("app", "Ada", "2026-01-01", "unknown high"),
            ("app", "Ada", "2027-10-01", "unknown high"),
            ("app", " ", "2026-10-01", "unknown high"),
        )
    ),
    Row("attestation-stale", "pass low", key()),
    Row("attestation-stale", "fail low", key(declared={"attested": {"label": OLD_WORD}})),
    Row("attestation-stale", "not_applicable", key(without=["two_factor", "attested"])),
    Row("declared-observed-conflict", "pass medium observed", key()),
    Row("declared-observed-conflict", "fail medium", key(declared={"label": "other"})),
    Row("declared-observed-conflict", "fail high", key(declared={"access": "read", "products": []})),
    Row("declared-observed-conflict", "fail high", key(observed=UNRESTRICTED)),
    Row("declared-observed-conflict", "fail high", key(declared={"allowlist": [OTHER]})),
    Row("declared-observed-conflict", "fail medium", key(declared={"created_on": "2026-01-01"})),
    Row("declared-observed-conflict", "unknown", refused("ip_refused")),
    Row(
        "declared-observed-conflict",
        "not_applicable",
        key(without=["label", "access", "account", "account_level", "owner_kind", "ip_restriction"]),
    ),
    Row("passphrase-present", "pass high proved", okx()),
    Row("passphrase-present", "not_applicable", key()),
    Row("passphrase-present", "fail low", key(passphrase=PassphraseChecks(True))),
    Row(
        "passphrase-present",
        "fail high",
        okx(access=Access("bad_passphrase"), observed=None, passphrase=PassphraseChecks(False)),
    ),
    Row("passphrase-present", "unknown", key(**OTHER_EXCHANGE)),
    *(
        Row("passphrase-present", expected, key(declared={"ccxt_id": name}, passphrase=checks, **OTHER_EXCHANGE))
        for name, checks, expected in (
            ("weex", PassphraseChecks(True), "pass high observed"),
            ("weex", PassphraseChecks(False), "fail high observed"),
            ("weex", None, "unknown"),
            ("coinmate", PassphraseChecks(True), "pass high observed"),  # its uid
            ("coinmate", PassphraseChecks(False), "fail high observed"),
            ("bitvavo", PassphraseChecks(False), "not_applicable"),
            ("bitvavo", None, "not_applicable"),
            ("bitvavo", PassphraseChecks(True), "fail low observed"),
            ("paradex", PassphraseChecks(False), "not_applicable"),  # a wallet's address and its private key
            ("ndax", PassphraseChecks(True), "unknown"),  # login and uid besides
            ("ndax", PassphraseChecks(False), "fail high observed"),
            ("woofipro", PassphraseChecks(False), "unknown"),  # the account's id besides
            ("dydx", PassphraseChecks(True), "unknown"),  # ccxt names nothing at all
            ("Weex", PassphraseChecks(True), "unknown"),
        )
    ),
    # A name that ccxt has says nothing of an exchange that is known here.
    Row("passphrase-present", "not_applicable", key(declared={"ccxt_id": "weex"})),
    Row("passphrase-strength", "not_applicable", key(declared={"ccxt_id": "bitvavo"}, **OTHER_EXCHANGE)),
    Row("passphrase-format", "pass high", okx()),
    # The exchange took it: OKX has keys of 2019 whose passphrases have another form.
    Row("passphrase-format", "pass high proved", passphrase(True, False, "short", False, False)),
    Row("passphrase-format", "pass high proved", passphrase(True, None, "long", False, False)),
    Row(
        "passphrase-format",
        "fail high",
        okx(passphrase=PassphraseChecks(True, False, "short", False, False), access=Access("ambiguous"), observed=None),
    ),
    Row(
        "passphrase-format",
        "unknown",
        okx(passphrase=PassphraseChecks(True, None, "long", False, False), access=Access("ambiguous"), observed=None),
    ),
    Row("passphrase-format", "not_applicable", key()),
    Row("passphrase-strength", "pass medium", okx()),
    Row("passphrase-strength", "fail medium", passphrase(True, True, "short", False, False)),
    Row("passphrase-strength", "fail medium", passphrase(True, True, "long", True, False)),
    Row("passphrase-strength", "fail medium", passphrase(True, True, "long", False, True)),
    Row("passphrase-strength", "fail low", passphrase(True, True, "fair", False, False)),
    Row("passphrase-strength", "unknown", okx(passphrase=None)),
    Row("passphrase-strength", "not_applicable", key()),
    Row("passphrase-accepted", "pass critical proved", okx()),
    Row("passphrase-accepted", "fail critical proved", okx(access=Access("bad_passphrase"), observed=None)),
    Row("passphrase-accepted", "unknown critical", okx(access=Access("ambiguous"), observed=None)),
    Row("passphrase-accepted", "not_applicable", key()),
    clocked("pass high observed", clock()),
    clocked("pass high observed", clock(0.25)),
    clocked("fail medium observed", clock(0.26)),
    clocked("fail medium observed", clock(0.5)),
    clocked("fail high observed", clock(0.51)),
    clocked("pass high observed", clock(-1.25)),
    clocked("fail medium observed", clock(-1.3)),
    clocked("fail high observed", clock(-2.6)),
    clocked(
        "fail high observed", clock(3600.0, asked_at="2026-11-22T08:13:54Z")
    ),  # not of the future: the clock is wrong
    clocked("pass high observed", clock(0.0, 0.9)),
    clocked("unknown high none", clock(0.0, 1.1)),
    clocked("unknown high none", clock(0.2, 0.9)),  # may be beyond what is tolerated
    clocked("unknown high none", clock(0.4, 0.5)),  # may be right
    clocked("unknown high none", clock(0.0, -1.0)),
    clocked("unknown high none", clock(None, None, problem="api.bybit.com answered HTTP 503")),
    clocked("unknown high none", clock(asked_at="2026-11-22T05:00:00Z")),
    clocked("unknown high none", clock(asked_at="soon")),
    clocked("fail high observed", clock(), clock(2.0, asked_at="2026-11-22T07:20:00Z")),  # the later one counts
    clocked("unknown high none", clock(official=False)),
    # Another clock proves nothing.
    clocked("unknown high none", clock(exchange="other")),
    clocked("unknown high none", clock(environment="other")),
    clocked("unknown high none", clock(region="other")),
    clocked("unknown high none", clock(asked_host="other")),
    clocked("not_applicable", clock(host="bot2")),
    clocked("not_applicable"),
    clocked("not_applicable", clock(), key_facts=key(**OTHER_EXCHANGE)),
    clocked("fail high proved", key_facts=refused("clock_skew")),
    clocked(
        "pass high observed", clock(10.0, exchange="htx"), key_facts=key(exchange="htx", asked_host="api.bybit.com")
    ),
    *(Row("asymmetric-available", "pass info observed", key(key_type=kind)) for kind in ("rsa", "ed25519", "es256")),
    Row("asymmetric-available", "fail info observed", key(key_type="hmac")),
    Row("asymmetric-available", "fail info observed", binance(key_type="hmac")),
    Row("asymmetric-available", "unknown info none", key(key_type=None)),
    Row("asymmetric-available", "fail info observed", refused("ip_refused", key_type="hmac")),
    Row("asymmetric-available", "not_applicable", okx(key_type="hmac")),
    Row("asymmetric-available", "not_applicable", key(**OTHER_EXCHANGE)),
]


def machine(**changes: t.Any) -> dict[str, t.Any]:
    return {"machines": [Machine("bot1", **changes)]}


def scanned(*places: t.Mapping[str, t.Any], because: t.Sequence[str] = (), **more: t.Any) -> dict[str, t.Any]:
    """Return what a scan told that found these places."""
    found = [{"kind": "file", "path": "/opt/bot/.env", "exchanges": ["okx"], **place} for place in places]
    return {"exposed": found, "scan": {"complete": not because, "partial_because": because}, **more}


THEFT: t.Mapping[str, t.Any] = {"policy": Policy(theft_of_disk="in_scope")}
NO_THEFT: t.Mapping[str, t.Any] = {"policy": Policy(theft_of_disk="out_of_scope")}
HELD = key(credential="grid.json")
OVERRIDE: t.Mapping[str, t.Any] = {
    "service": "grid-bot",
    "reason": "Bybit is in maintenance",
    "by": "ada",
    "at": "2026-11-22T07:13:54Z",
    "until": "2026-11-22T09:13:54Z",
    "in_force": True,
}
HOST_ROWS = [
    Row("host-key-bound", "pass critical observed", key(), machine(host_key="bound")),
    Row("host-key-bound", "fail critical observed", key(), machine(host_key="differs")),
    Row("host-key-bound", "fail critical", key(), machine(host_key="absent", credentials=[{"key_type": "host"}])),
    Row("host-key-bound", "unknown critical", key(), machine(host_key="unreadable")),
    Row("host-key-bound", "unknown critical", HELD, {"machines": []}),
    Row("host-key-bound", "not_applicable", key(), {"machines": []}),
    Row("host-key-bound", "not_applicable", key(), machine(host_key="absent")),
    *(
        Row("credential-key-type", says, HELD, machine(credentials=[{"name": "grid.json", "key_type": kind}]))
        for kind, says in (
            ("host", "pass medium observed"),
            ("host+tpm2+pk", "pass medium observed"),
            ("age", "pass medium observed"),
            ("null", "fail critical"),
            ("unknown", "unknown medium"),
            (None, "unknown medium"),
        )
    ),
    Row(
        "credential-key-type",
        "fail medium",
        key(credential="grid.json", declared={"key_type": "tpm2"}),
        machine(credentials=[{"name": "grid.json", "key_type": "host"}]),
    ),
    Row(
        "credential-key-type",
        "pass medium observed",
        key(credential="grid.json", declared={"key_type": "age"}),
        machine(credentials=[{"name": "grid.json", "key_type": "age"}]),
    ),
    *(
        Row("credential-in-environment", says, HELD, machine(credentials=[{"name": "grid.json", **told}]))
        for says, told in (
            ("pass low observed", {"loaded_by": ["a.service"], "environment_of": []}),
            ("fail low observed", {"loaded_by": ["a.service"], "environment_of": ["a.service"]}),
            ("unknown low", {"loaded_by": ["a.service"]}),
        )
    ),
    Row("recovery-path", "pass high attested", key(), machine()),
    Row("recovery-path", "unknown high", key(without=["recovery"])),
    Row("recovery-path", "unknown high", key(without=["attested"])),
    Row("recovery-path", "unknown high", key(declared={"attested": {"recovery": OLD_WORD}})),
    Row("recovery-path", "unknown high", key(declared={"recovery": "escrow"}), machine()),
    *(
        Row(
            "recovery-path",
            says,
            key(credential="grid.json", declared={"recovery": "escrow", **more}),
            machine(credentials=[{"name": "grid.json", "sealed_copy": copy}, {"name": "other", "sealed_copy": "none"}]),
        )
        for says, copy, more in (
            ("pass high attested", "current", {}),
            ("unknown high", "current", {"attested": {}}),
            ("fail high observed", "old", {}),
            ("fail high observed", "none", {}),
            ("unknown high", None, {}),
        )
    ),
    *(
        Row(
            "recovery-path",
            says,
            key(declared={"recovery": "escrow"}),
            machine(credentials=[{"name": "bots.json", "sealed_copy": "none", "api_keys": [held]}]),
        )
        for says, held in (
            ("fail high observed", {"entry": "grid-bybit", "masked_id": None}),
            ("fail high observed", {"entry": None, "masked_id": "ab…yz"}),
            ("unknown high", {"entry": None, "masked_id": "xx…xx"}),
        )
    ),
    Row("ssh-host-verified", "pass high observed", key(), machine(verified_host=True)),
    Row("ssh-host-verified", "fail high observed", key(), machine(verified_host=False)),
    Row("ssh-host-verified", "fail critical", key(), {**machine(verified_host=False), "gate": "place"}),
    Row("ssh-host-verified", "unknown high", key(), machine()),
    Row("ssh-host-verified", "not_applicable", key(), {"machines": []}),
    Row("override-active", "not_applicable", key(), {"machines": []}),
    Row("override-active", "not_applicable", key(), machine()),
    Row("override-active", "pass medium observed", key(), machine(overrides=())),
    Row("override-active", "fail medium observed", key(), machine(overrides=(OVERRIDE,))),
    Row("override-active", "fail info observed", key(), machine(overrides=({**OVERRIDE, "in_force": False},))),
    # One that holds is not hidden by a later one that is over.
    Row("override-active", "fail medium", key(), machine(overrides=(OVERRIDE, {**OVERRIDE, "in_force": False}))),
    Row("override-active", "unknown medium", key(), machine(overrides_problem="it is no plain file")),
    *(
        Row("credential-exposed", says, key(), machine(exposed=scanned(*places)))
        for says, places in (
            ("pass critical observed", ()),
            ("fail critical observed", ({"readable_by": "others"},)),
            ("fail critical", ({"readable_by": "owner", "git": "tracked"},)),
            ("fail critical", ({"readable_by": "owner", "git": "unknown"},)),
            ("fail critical", ({"readable_by": "owner", "kind": "history"},)),
            ("fail critical", ({"kind": "command_line", "path": None, "pid": 7, "program": "bot"},)),
            ("fail high observed", ({"readable_by": "owner", "git": "untracked"},)),
            ("fail high", ({"readable_by": "group"},)),
            ("fail high", ({"kind": "environment", "path": None, "pid": 7, "readable_by": "owner"},)),
            ("fail low", ({"kind": "environment", "path": None, "pid": 7, "from_credential": True},)),
            ("fail critical", ({"readable_by": "owner"}, {"readable_by": "others"})),
        )
    ),
    Row("credential-exposed", "unknown high", key(), machine(exposed=scanned(because=["the time was over"]))),
    Row("credential-exposed", "unknown high", key(), machine(exposed={"exposed": []})),
    Row("credential-exposed", "not_applicable", key(), machine(inventory=scanned({"git": "history"}))),
    Row("credential-exposed", "not_applicable", key(), {"machines": []}),
    Row("inventory-secret-in-clear", "pass critical observed", key(), machine(inventory=scanned())),
    Row(
        "inventory-secret-in-clear",
        "fail critical observed",
        key(),
        machine(inventory=scanned({"kind": "git_history", "commit": "abc", "git": "history"})),
    ),
    Row("inventory-secret-in-clear", "fail critical", key(), machine(inventory=scanned({"readable_by": "owner"}))),
    Row("inventory-secret-in-clear", "unknown high", key(), machine(inventory=scanned(because=["git is missing"]))),
    Row("inventory-secret-in-clear", "not_applicable", key(), machine(exposed=scanned({}))),
    *(
        Row("swap-unencrypted", says, key(), machine(exposed=scanned(swap=swap), credentials=credentials))
        for says, swap, credentials in (
            ("pass medium observed", {"state": "off"}, []),
            ("pass medium observed", {"state": "encrypted"}, []),
            ("fail medium observed", {"state": "unencrypted", "in_clear": ["/swap.img"]}, []),
            ("fail high observed", {"state": "unencrypted", "in_clear": ["/swap.img"]}, [{"store": "age"}]),
            ("unknown medium", {"state": "unknown"}, []),
            ("unknown high", None, [{"store": "age"}]),
        )
    ),
    Row("swap-unencrypted", "not_applicable", key(), machine()),
    *(
        Row("core-dumps-enabled", says, key(), machine(exposed=scanned(core_dumps=told)))
        for says, told in (
            ("pass medium observed", {"state": "off", "found": []}),
            ("fail medium observed", {"state": "stored", "why": "a pipe", "found": []}),
            ("fail medium observed", {"state": "off", "found": ["/root/core"]}),
            ("unknown medium", {"state": "unknown", "why": "no limits", "found": []}),
            ("unknown medium", None),
        )
    ),
    Row("core-dumps-enabled", "not_applicable", key(), machine()),
    *(
        Row("credential-key-on-disk", says, HELD, {**machine(exposed=told, credentials=held), **more})
        for says, held, told, more in (
            ("pass low observed", [{"key_type": "host+tpm2"}], scanned(), {}),
            ("pass low observed", [{"key_type": "host"}], scanned(host_key={"disk_encrypted": True}), {}),
            ("fail low observed", [{"key_type": "host"}], scanned(host_key={"disk_encrypted": False}), {}),
            ("fail low observed", [{"key_type": "age"}], scanned(), {}),
            ("fail high observed", [{"key_type": "host"}], scanned(), THEFT),
            ("fail high observed", [{"key_type": "host"}], None, THEFT),
            ("fail high observed", [{"key_type": "host"}], scanned(backups=[{"takes": "/"}]), {}),
            ("unknown low", [{"key_type": None}], scanned(), {}),
            ("not_applicable", [{"key_type": "host"}], None, {}),
            ("not_applicable", [{"key_type": "host"}], scanned(), NO_THEFT),
            ("not_applicable", [], scanned(), {}),
        )
    ),
]


@pytest.mark.parametrize("row", ROWS + HOST_ROWS, ids=lambda row: f"{row.rule}-{row.says.replace(' ', '-')}")
def test_rule(row: Row) -> None:
    finding = found(row.rule, row.facts, **row.more)
    said = (finding.status, finding.severity, finding.basis)
    wanted = row.says.split()
    assert said[: len(wanted)] == tuple(wanted), finding
    if finding.status in ("fail", "unknown"):
        assert finding.evidence
    if finding.status == "fail":
        assert finding.remedy is None or finding.remedy.do_now


def test_every_rule_is_judged_in_each_way_that_exists() -> None:
    seen_statuses: dict[str, set[str]] = {}
    for row in ROWS + HOST_ROWS:
        seen_statuses.setdefault(row.rule, set()).add(row.says.split()[0])
    for rule in RULES.values():
        if rule.scope == "policy" or rule.of_fleet:  # of_fleet: test_fleet.py
            continue
        # Two rules never fail by design: what nobody knows stays unknown.
        expected = (
            {"pass", "unknown"} if rule.id in ("unknown-permission", "egress-view-conflict") else {"pass", "fail"}
        )
        assert expected <= seen_statuses[rule.id], rule.id


def test_each_exposed_place_is_a_finding_that_can_be_waived_and_a_scan_cut_short_is_one_more() -> None:
    places = [{"path": f"/opt/bot/{number}.env", "readable_by": "owner"} for number in range(60)]
    findings = [
        finding
        for finding in report(**machine(exposed=scanned(*places, because=["the time was over"]))).findings
        if finding.rule == "credential-exposed"
    ]
    assert [finding.status for finding in findings] == ["fail"] * 51 + ["unknown"]
    assert findings[0].subject.key == "more places"
    assert {finding.subject.key for finding in findings} >= {f"/opt/bot/{number}.env" for number in range(50)}


def test_an_override_is_told_for_each_service_with_who_why_and_until_when() -> None:
    whole = {**OVERRIDE, "service": None, "in_force": False}
    findings = [
        finding
        for finding in report(**machine(overrides=(whole, OVERRIDE, OVERRIDE))).findings
        if finding.rule == "override-active"
    ]
    assert {(finding.subject.service, finding.severity) for finding in findings} == {
        ("grid-bot", "medium"),
        (None, "info"),
    }
    assert findings[0].evidence == (
        "the check before a start is overridden from 2026-11-22T07:13:54Z until 2026-11-22T09:13:54Z by ada: "
        "Bybit is in maintenance (one of 2 overrides in 90 days)"
    )


def test_a_good_key_is_in_order() -> None:
    judged = report()
    assert [f for f in judged.findings if f.status in ("fail", "unknown") and f.severity != "low"] == []
    assert [line.verdict for line in judged.lines] == ["pass"]
    assert judged.lines[0].seen_from == (ADDRESS,)


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("permissions-sufficient", key(observed=seen(permissions=("read",)))),
        ("allowlist-covers-host", refused("ip_refused")),
    ],
)
def test_placing_raises_the_severity(rule: str, facts: KeyFacts) -> None:
    order = ["low", "medium", "high", "critical"]
    audit, place = found(rule, facts), found(rule, facts, gate="place")
    assert order.index(place.severity) == order.index(audit.severity) + 1


def test_the_name_of_another_declared_key_is_worse_than_a_wrong_name() -> None:
    pasted = key(name="b", declared={"label": "mean"}, observed=seen(label="grid"))
    findings = [f for f in report(key(), pasted).findings if f.rule == "key-named" and f.subject.key == "b"]
    assert [(f.status, f.severity) for f in findings] == [("fail", "high")]


def test_a_region_that_an_exchange_does_not_serve_is_mended_by_no_allowlist() -> None:
    step = "OKX does not serve this address at all, for its region."
    access = Access("ip_refused", code="50121", message="no", seen_address=ADDRESS, next_step=step)
    for rule in ("key-accepted", "allowlist-covers-host"):
        one = found(rule, okx(access=access, observed=None), confirmed=True)
        assert (one.status, one.code, one.paste) == ("fail", "ip_refused", None)
        assert "allowlist" not in str(one.remedy)
        assert "does not serve" in str(one.remedy)


def test_a_retired_key_is_judged_by_its_death_alone() -> None:
    judged = report(refused("invalid_key", declared={"lifecycle": "retired"}))
    assert [f for f in judged.findings if f.status not in ("pass", "not_applicable")] == []
    assert [line.verdict for line in judged.lines] == ["pass"]
    # Its name does not count among those in use.
    old = key(name="b", declared={"lifecycle": "retired", "label": "grid"})
    other = key(declared={"label": "mean"}, observed=seen(label="grid"))
    assert found("key-named", other, old).severity == "medium"


def test_what_an_exchange_cannot_leave_out_can_be_accepted_once() -> None:
    facts = key(declared={"products": ["spot"]})
    policy = Policy(accepted_inseparable={"bybit": ("margin_trade",)})
    assert found("permissions-inseparable", facts, policy=policy).status == "pass"


def test_declared_egress_alone_covers_nothing() -> None:
    facts = key(
        observed=seen(allowlist=Allowlist("entries", (ADDRESS,))),
        declared={"egress_paths": [{"family": "ipv4", "proxy": "http"}]},
    )
    path = Path(user="root", family="ipv4", proxy="http")
    given: list[EgressFacts] = [egress(path=path, basis="declared")]
    assert found("allowlist-covers-host", facts, seen_from=given).status == "unknown"


def test_another_network_namespace_is_no_evidence() -> None:
    facts = key(
        path=Path(user="root", family="ipv4", netns="1"),
        access=Access("accepted"),
        declared={
            "egress_paths": [{"family": "ipv4", "source_address": "10.0.0.9"}],
            "attested": {"egress_paths": WORD},
        },
    )
    elsewhere = egress(path=Path(user="root", family="ipv4", netns="2", source_address="10.0.0.9"))
    assert found("allowlist-covers-host", facts, seen_from=[elsewhere]).status == "unknown"
    here = egress(path=Path(user="root", family="ipv4", netns="1", source_address="10.0.0.9"))
    assert found("allowlist-covers-host", facts, seen_from=[here]).status == "pass"


NOT_ASKED = key(
    exchange="other",
    access=Access("not_asked"),
    observed=None,
    declared={"allowlist": [ADDRESS], "attested": {"allowlist": WORD, "ip_restriction": WORD}},
)  # nothing is asked of it, so the addresses alone decide


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ([egress()], "pass"),
        ([egress(asked_at="2026-11-22T06:00:00Z")], "unknown"),
        ([egress(asked_at="2026-11-22T08:30:00Z")], "unknown"),
        ([egress(asked_at="")], "unknown"),
        # The same way twice: the later fact counts, and at the same instant the doubt.
        ([egress(asked_at="2026-11-22T07:00:00Z"), egress(OTHER)], "fail"),
        ([egress(OTHER), egress(asked_at="2026-11-22T07:00:00Z")], "fail"),
        ([egress(), egress(status="disputed")], "unknown"),
        ([egress(status="disputed"), egress()], "unknown"),
    ],
)
def test_addresses_count_while_they_are_fresh(facts: list[EgressFacts], status: str) -> None:
    assert found("allowlist-covers-host", NOT_ASKED, seen_from=facts).status == status


def test_paths_are_compared_without_the_user() -> None:
    assert (
        found("allowlist-covers-host", key(path=PATH), seen_from=[egress(path=Path(user="bot", family="ipv4"))]).status
        == "pass"
    )


# --- the IPv6 trap ---


def test_the_trap_is_one_root_and_its_mends_come_in_order() -> None:
    judged = report(dual(), seen_from=TWO_WAYS["seen_from"])
    failures = {f.rule: f for f in judged.findings if f.status == "fail"}
    assert failures["allowlist-covers-host"].root == "ipv6-trap"
    assert [rule for rule, f in failures.items() if f.root is None] == ["ipv6-trap"]
    trap = failures["ipv6-trap"]
    assert trap.remedy is not None
    assert "ip_family: ipv4" in trap.remedy.do_now
    assert "/128" in (trap.remedy.then or "")
    assert "owned_prefixes" in (trap.remedy.never or "")
    # What is to be done first needs no text for the allowlist.
    assert trap.paste is None


def test_each_rule_names_the_addresses_of_its_own_family() -> None:
    facts, ways = dual(access=Access("accepted")), [egress(ADDRESS, OTHER), IPV6]
    covers, trap = (found(rule, facts, seen_from=ways) for rule in ("allowlist-covers-host", "ipv6-trap"))
    assert (covers.root, covers.evidence) == (None, f"the list lacks {OTHER}")
    assert V6 in trap.evidence
    assert OTHER not in trap.evidence


def test_a_host_without_ipv4_lists_its_one_address() -> None:
    no_v4 = egress(family="ipv4", status="no_route")
    facts = dual(access=Access("ip_refused", seen_address=V6), observed=None)
    trap = found("ipv6-trap", facts, seen_from=[no_v4, IPV6], confirmed=True)
    assert trap.paste == V6
    assert trap.root == "key-accepted"
    assert trap.remedy is not None
    assert "/128" in (trap.remedy.then or "")
    assert "ip_family" not in trap.remedy.do_now


def test_where_the_list_takes_no_ipv6_none_is_proposed() -> None:
    for way in (egress(), egress(family="ipv4", status="no_route")):
        facts = dual(exchange="gate", observed=HIDDEN)
        trap = found("ipv6-trap", facts, seen_from=[way, IPV6], confirmed=True)
        assert trap.status == "fail"
        assert trap.paste is None
        assert trap.remedy is not None
        assert "/128" not in f"{trap.remedy.do_now} {trap.remedy.then}"


def test_a_use_that_the_exchange_tells_counts_as_ours_does() -> None:
    facts, later = idle(8)
    told = dataclasses.replace(facts, observed=seen(allowlist=Allowlist("unrestricted"), last_used_at="2026-11-29"))
    assert found("inactivity-deadline", told, **later).status == "pass"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("weexx", r"ccxt [0-9.]+ knows no exchange weexx; near it: weex"),
        ("Bit Vavo", r"ccxt [0-9.]+ knows no exchange Bit Vavo; near it: bitvavo.*"),
        ("\x1b[31m::error", r"ccxt [0-9.]+ knows no exchange [ -~]*"),
        ("ndax", "ccxt also asks for login, uid for ndax, and nobody looked for that"),
        (None, "nobody said which exchange this is, so whether it needs a passphrase is not known"),
    ],
)
def test_what_ccxt_does_not_tell_is_said_in_one_sentence(name: str | None, said: str) -> None:
    declared = {} if name is None else {"ccxt_id": name}
    facts = key(declared=declared, passphrase=PassphraseChecks(True), **OTHER_EXCHANGE)
    assert re.fullmatch(said, found("passphrase-present", facts).evidence)


@pytest.mark.parametrize(
    ("rule", "told", "declare"),
    [
        (
            "withdrawal-forbidden",
            {"permissions": None, "raw_permissions": (), "not_told": ("permissions",)},
            "access and products",
        ),
        (
            "ip-restriction-required",
            {"allowlist": Allowlist("unknown"), "not_told": ("allowlist",)},
            "allowlist or ip_",
        ),
    ],
)
def test_what_an_exchange_does_not_tell_has_a_mend(rule: str, told: dict[str, t.Any], declare: str) -> None:
    finding = found(rule, dataclasses.replace(key(exchange="gate", observed=seen(**told)), declared={}))
    assert finding.status == "unknown"
    assert finding.remedy is not None
    assert f"declare {declare}" in finding.remedy.do_now
    assert finding.remedy.where
    # What it would have told of a key that it accepts is nobody's to declare.
    assert found(rule, refused("invalid_key")).remedy is None
