# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about what a key may do. Private to this collection."""

from __future__ import annotations

import functools
import typing as t

from ._case import OBSERVED, Case, Rule, Verdict, declared_words, failed, listed, passed, unknown
from ._finding import Remedy

if t.TYPE_CHECKING:
    from .._exchanges._contract import Exchange

#: Words by which money moves, though it stays with the owner or the exchange.
_MOVES_MONEY = frozenset(("transfer_own", "transfer_sub", "transfer_out", "spend", "withdraw"))
_HARMLESS = frozenset(("read", "benign"))
_KEEP = "Do not delete the key: its secret is not shown again."


def _not_told(case: Case) -> Verdict:
    return case.no_answer("permissions", "the exchange does not tell the permissions, and nobody vouches for them")


def _untick(case: Case, words: t.Iterable[str]) -> Remedy:
    return Remedy(
        f"Untick {', '.join(sorted(words))} on the exchange's page; trading goes on.",
        "Learn the key again.",
        _KEEP,
        case.click_path,
    )


def _strange(case: Case) -> str:
    return f"unknown permissions, which could allow it: {listed(case.grant.unknown)}" if case.grant is not None else ""


def _withdrawal_forbidden(case: Case) -> Verdict:
    grant = case.grant
    if grant is not None and "withdraw" in grant.words:
        return failed(case.grant_basis, "the key can withdraw", remedy=_untick(case, ("withdraw",)), code="withdraw")
    if _barred(case):
        return OBSERVED
    if grant is None:
        return _not_told(case)
    if grant.unknown:
        return unknown(_strange(case), root="unknown-permission")
    return passed(case.grant_basis)


def _on_sub_account(case: Case) -> bool:
    return case.observed is not None and case.observed.account.level == "sub"


def _barred(case: Case) -> bool:
    """Tell whether the exchange keeps the keys of sub-accounts from withdrawing, and this is one."""
    return _on_sub_account(case) and case.exchange is not None and case.exchange.withdraw_needs_master()


def _money_out_forbidden(case: Case) -> Verdict:
    return _none_of(case, case.policy.money_out, "money can leave by")


def _key_management_forbidden(case: Case) -> Verdict:
    words = case.policy.management
    if case.grant is not None and not case.grant.trades:
        words = words - {"transfer_sub"}
    # What an exchange cannot leave out of a trading key is a matter of permissions-inseparable.
    return _none_of(case, words - (_beyond(case) or frozenset()), "the key manages")


def _none_of(case: Case, words: frozenset[str], what: str) -> Verdict:
    if case.grant is None:
        return _not_told(case)
    found = case.grant.words & words
    if found:
        return failed(case.grant_basis, f"{what}: {', '.join(sorted(found))}", remedy=_untick(case, found))
    if case.grant.unknown:
        return unknown(_strange(case), root="unknown-permission")
    return passed(case.grant_basis)


def _unknown_permission(case: Case) -> Verdict:
    if case.grant is None:
        return _not_told(case)
    if not case.grant.unknown:
        return passed(case.grant_basis)
    return unknown(
        f"nobody knows what these permissions allow: {listed(case.grant.unknown)}",
        remedy=Remedy(
            "Look the words up in the exchange's documents and untick what is not needed.",
            "Declare harmless ones as benign_permissions, with a name and a date; report them to this collection.",
            None,
            case.click_path,
        ),
    )


@functools.lru_cache(maxsize=1024)
def _closure(exchange: Exchange, words: frozenset[str]) -> frozenset[str]:
    return exchange.closure(words) | words


def _beyond(case: Case) -> frozenset[str] | None:
    """Return what the exchange adds to the declared words because it cannot grant less; ``None`` if nobody knows."""
    words = declared_words(case.declared)
    if words is None or case.exchange is None:
        return None
    return _closure(case.exchange, words) - words


_DECLARE = Remedy("Declare access, and the products if the key acts (access: read_write, products: [spot]).")


def _permissions_as_declared(case: Case) -> Verdict:
    words = declared_words(case.declared)
    if words is None:
        return unknown("access or products are not declared", remedy=_DECLARE)
    if case.acts and words <= {"read"}:
        return failed(
            "observed",
            f"more than declared: {case.title} says that the key does more than read, though not what",
            remedy=Remedy(
                "Look at the boxes on the exchange's page and untick all but reading, or correct the declaration.",
                "Learn the key again.",
                _KEEP,
                case.click_path,
            ),
        )
    if case.grant is None:
        return _not_told(case)
    extra = case.grant.words - words - _HARMLESS - (_beyond(case) or frozenset())
    if extra:
        # One cause, one red line: what a rule of its own forbids is shown there.
        own = {"withdrawal-forbidden": frozenset(("withdraw",)), "money-out-forbidden": case.policy.money_out}
        root = next((rule for rule, forbidden in own.items() if extra <= forbidden), None)
        return failed(
            case.grant_basis, f"more than declared: {', '.join(sorted(extra))}", remedy=_untick(case, extra), root=root
        )
    if case.grant.unknown:
        return unknown(_strange(case), root="unknown-permission")
    return passed(case.grant_basis)


def _permissions_sufficient(case: Case) -> Verdict:
    words = declared_words(case.declared)
    severity = "high" if case.placing else None
    if words is None:
        return unknown("access or products are not declared", severity=severity, remedy=_DECLARE)
    if case.grant is None:
        return _not_told(case)._replace(severity=severity)
    lacking = words - case.grant.words
    if case.grant.words - _HARMLESS:
        lacking -= {"read"}  # an exchange that lists only what acts does not spell reading out
    if not lacking:
        return passed(case.grant_basis)
    return failed(
        case.grant_basis,
        f"the key lacks: {', '.join(sorted(lacking))}",
        severity=severity,
        remedy=Remedy(
            f"Tick {', '.join(sorted(lacking))} on the exchange's page, or correct the declaration.",
            "Where the box cannot be ticked, open that account first and create the key after it.",
            _KEEP,
            case.click_path,
        ),
    )


def _permissions_inseparable(case: Case) -> Verdict:
    if declared_words(case.declared) is None:
        return unknown("access or products are not declared", remedy=_DECLARE)
    if case.grant is None and case.root is not None:
        return case.root
    beyond = _beyond(case)
    if beyond is None:
        return unknown("nobody knows how finely this exchange grants permissions")
    if case.grant is not None:
        beyond &= case.grant.words
    beyond -= _HARMLESS | frozenset(case.policy.accepted_inseparable.get(case.key.exchange, ()))
    if not beyond:
        return OBSERVED
    return failed(
        "observed",
        f"{case.title} cannot grant the declared permissions without: {', '.join(sorted(beyond))}",
        # On a sub-account the money that it can move is only what the service trades with.
        severity="medium" if beyond & _MOVES_MONEY and not _on_sub_account(case) else None,
        remedy=Remedy(
            "Nothing at once: the key is as narrow as this exchange can make it.",
            "Keep the money of this service on a sub-account, then accept the words in accepted_inseparable.",
        ),
    )


RULES = (
    Rule(
        "withdrawal-forbidden",
        "The key cannot withdraw",
        "permissions",
        "critical",
        "attested",
        _withdrawal_forbidden,
        waivable=False,
    ),
    Rule(
        "money-out-forbidden",
        "Money cannot leave by another door",
        "permissions",
        "high",
        "attested",
        _money_out_forbidden,
    ),
    Rule(
        "key-management-forbidden",
        "The key manages neither keys nor sub-accounts",
        "permissions",
        "high",
        "attested",
        _key_management_forbidden,
    ),
    Rule("unknown-permission", "Every permission is known", "permissions", "high", "attested", _unknown_permission),
    Rule(
        "permissions-as-declared",
        "The key can do no more than declared",
        "permissions",
        "high",
        "attested",
        _permissions_as_declared,
    ),
    Rule(
        "permissions-sufficient",
        "The key can do what is declared",
        "permissions",
        "medium",
        "declared",
        _permissions_sufficient,
    ),
    Rule(
        "permissions-inseparable",
        "The exchange adds nothing to the declared permissions",
        "permissions",
        "low",
        "observed",
        _permissions_inseparable,
    ),
)
