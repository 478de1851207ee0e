# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about access: whose key it is, and whether the exchange takes it at all. Private to this collection."""

from __future__ import annotations

from .._facts import ACCEPTED, UNDECIDED
from ._case import (
    NOT_OBSERVED,
    NOT_OFFICIAL,
    OBSERVED,
    PROVED,
    SKIP,
    Case,
    Rule,
    Verdict,
    failed,
    passed,
    shown,
    unknown,
)
from ._egress import address_remedy
from ._finding import Remedy

_KEEP = "Do not delete the key: its secret is not shown again."

#: What to do after each class of refusal: at once, then, never.
_AFTER: dict[str, Remedy] = {
    "invalid_key": Remedy(
        "Manage open positions in the exchange's own app; compare the key's id, environment and region with its page.",
        "If the key is gone, create another one and place it.",
        "Do not try other secrets: repeated failures can lock the account.",
    ),
    "expired": Remedy(
        "Manage open positions in the exchange's own app.",
        "Create another key, restricted to this host's address, and place it.",
        "Do not lift the IP restriction to make a key live longer.",
    ),
    "bad_signature": Remedy(
        "Manage open positions in the exchange's own app; place the secret that belongs to this key once more.",
        "If the secret is lost, create another key: it is shown once.",
        "Do not paste secrets into tickets or chats to compare them.",
    ),
    "bad_passphrase": Remedy(
        "Place the passphrase again; look for quotes, spaces and for the passphrase of another key.",
        "If it is lost, create another key: it can be neither shown nor reset.",
        "Do not guess: repeated failures can lock the account.",
    ),
    "wrong_environment": Remedy(
        "Declare the environment and region in which the key was created.",
        "Keys of a test environment never work on the real one, nor the other way round.",
    ),
    "clock_skew": Remedy(
        "Start the time daemon on the host and wait until it is synchronised.",
        "Learn the key again.",
        "Do not widen the exchange's receive window to hide a wrong clock.",
    ),
    "permission_denied": Remedy("Tick the read permission of this key.", "Learn the key again.", _KEEP),
    "rate_limited": Remedy(
        "Wait as long as the exchange asks, then learn the key again.", None, "Do not retry in a loop."
    ),
    "unreachable": Remedy("Check that the host reaches the exchange, then learn the key again."),
    "settling": Remedy("Wait: a new key needs some minutes at this exchange. Then learn it again.", None, _KEEP),
    "ambiguous": Remedy(
        "Compare the allowlist with the host's address first, then the key's permissions, then the key itself.",
        "Learn the key again.",
        _KEEP,
    ),
    "held_back": Remedy("Mend what held the question back, then learn the key again."),
}


def _key_accepted(case: Case) -> Verdict:
    access = case.key.access
    if not case.trusted:
        return NOT_OFFICIAL
    if case.status == "not_asked":
        return SKIP
    if case.status == NOT_OBSERVED:
        return unknown("the key is declared, and nothing was learned of it", remedy=Remedy("Learn the key."))
    if case.stale is not None:
        return unknown(f"the facts are {case.stale}", remedy=Remedy("Learn the key again."))
    if case.status == ACCEPTED:
        return PROVED
    said = f"{case.title} answered {shown(case.status)}"
    if access.code or access.message:
        said += f" ({' '.join(filter(None, (shown(access.code), shown(access.message, limit=160))))})"
    if access.seen_address:
        said += f", seen from {shown(access.seen_address)}"
    if case.status == "ip_refused":
        remedy, paste = address_remedy(case)
        return failed("proved", said, remedy=remedy, paste=paste, code=case.status)
    remedy = _AFTER.get(case.status, Remedy("Learn the key again."))._replace(where=case.click_path)
    if access.next_step:
        remedy = remedy._replace(then=shown(access.next_step, limit=200))
    if case.status in UNDECIDED or case.status not in _AFTER or case.status == "permission_denied":
        return unknown(said, remedy=remedy)._replace(code=case.status)
    return failed("proved", said, remedy=remedy, code=case.status)


def _observed_at_official_host(case: Case) -> Verdict:
    if case.status == "not_asked" or case.key.environment == "custom":
        return SKIP
    if case.key.official:
        return OBSERVED
    where = shown(case.key.asked_host) or "a host"
    return failed(
        "observed",
        f"the key was asked at {where} with an own base_url, CA or without certificate check",
        remedy=Remedy(
            "Remove base_url, the own CA and validate_certs: false, then learn the key again.",
            "Use the environment custom for hosts that are not the exchange's.",
            "Do not place a key that only an unknown host has seen.",
        ),
    )


def _account_as_declared(case: Case) -> Verdict:
    declared = case.declared.get("account")
    if declared is None:
        told = case.observed.account.id if case.observed is not None else None
        hint = f"; the exchange says {shown(told)}" if told else ""
        return unknown(
            f"the account is not declared{hint}",
            remedy=Remedy("Look the account's id up in the exchange's app and declare it as account."),
        )
    told = case.observed.account.id if case.observed is not None else None
    if told is None:
        if case.may_be_declared("account"):
            return passed(case.basis_of("account"))
        return case.no_answer("account", "the exchange did not tell the account")
    if case.spelled(told) == case.spelled(declared):
        return OBSERVED
    return failed(
        "observed",
        f"the key belongs to account {shown(told)}, not to {shown(declared)}",
        remedy=Remedy(
            "Do not place this key: it belongs to another account.",
            "Create the key in the declared account, or correct the declaration.",
            "Do not trade with it to see what happens.",
            case.click_path,
        ),
    )


def _environment_as_declared(case: Case) -> Verdict:
    learned = {"exchange": case.key.exchange, "environment": case.key.environment}
    others = [name for name, told in learned.items() if case.declared.get(name, told) != told]
    if others:
        said = ", ".join(f"{name} {shown(case.declared[name])}, learned of {shown(learned[name])}" for name in others)
        return failed("observed", f"the key is declared for {said}", remedy=_AFTER["wrong_environment"])
    if case.status == "not_asked":
        return SKIP
    if case.accepted:
        return PROVED
    if case.trusted and case.status == "wrong_environment":
        return failed(
            "proved",
            f"the key is not one of {shown(case.key.environment)}, region {shown(case.key.region)}",
            remedy=_AFTER["wrong_environment"],
            root="key-accepted",
        )
    return case.root or unknown("the exchange did not say")


def _key_named(case: Case) -> Verdict:
    declared = case.declared.get("label")
    told = case.observed.label if case.observed is not None else None
    if declared is None:
        hint = f"; on the exchange it is called {shown(told)!r}" if told else ""
        return unknown(
            f"no label is declared{hint}", remedy=Remedy("Declare the label that the key has on the exchange.")
        )
    if told is None:
        if case.may_be_declared("label") and case.basis_of("label") == "attested":
            return passed("attested")
        return case.no_answer("label", "the exchange does not tell the key's name")
    if told.strip() == str(declared).strip():
        return OBSERVED
    others = case.labels.get((case.key.exchange, told.strip()), 0)
    return failed(
        "observed",
        f"the key is called {shown(told)!r} on the exchange, not {shown(declared)!r}"
        + ("; that is the name of another declared key" if others else ""),
        severity="high" if others else None,
        remedy=Remedy(
            "Check that the right key was pasted.",
            "Rename the key, or correct the declaration.",
            _KEEP,
            case.click_path,
        ),
    )


def _key_on_master_account(case: Case) -> Verdict:
    level = case.observed.account.level if case.observed is not None else None
    basis = "observed"
    if level is None:
        if not case.may_be_declared("account") and not case.may_be_declared("account_level"):
            return case.no_answer("account", "the exchange did not tell the account's level")
        level = case.declared.get("account_level")
        basis = case.basis_of("account_level")
    if level == "sub":
        return passed(basis)
    if level is None:
        return unknown("the exchange does not tell whether this is the main account")
    if case.grant is None:
        return case.no_answer("permissions", "the key is on the main account and its permissions are not known")
    if not case.grant.trades:
        return passed(basis)
    return failed(
        basis,
        "the key trades on the main account",
        remedy=Remedy(
            "Nothing at once: trading goes on.",
            "Create a sub-account for this service and a key there; move only what it trades with.",
            _KEEP,
            case.click_path,
        ),
    )


def _third_party_key(case: Case) -> Verdict:
    kind = case.observed.owner_kind if case.observed is not None else None
    basis = "observed"
    if kind is None:
        if not case.may_be_declared("owner_kind"):
            return case.no_answer("owner_kind", "the exchange did not tell whether the key is bound to a vendor")
        kind, basis = case.declared.get("owner_kind"), case.basis_of("owner_kind")
    if kind == "own":
        return passed(basis)
    if kind is None:
        return unknown("the exchange does not tell whether the key is bound to a vendor")
    return failed(
        basis,
        "the key is bound to a vendor's application, and its allowlist is the vendor's",
        remedy=Remedy(
            "Create a key of your own and place it.", "Remove the vendor's key afterwards.", None, case.click_path
        ),
    )


RULES = (
    Rule("key-accepted", "The exchange accepts the key", "access", "critical", "proved", _key_accepted),
    Rule(
        "observed-at-official-host",
        "The answer came from the exchange itself",
        "access",
        "high",
        "observed",
        _observed_at_official_host,
        waivable=False,
        of_retired=True,
    ),
    Rule(
        "account-as-declared",
        "The key belongs to the declared account",
        "access",
        "critical",
        "attested",
        _account_as_declared,
    ),
    Rule(
        "environment-as-declared",
        "The key belongs to the declared environment",
        "access",
        "high",
        "proved",
        _environment_as_declared,
    ),
    Rule("key-named", "The key's name on the exchange is the declared one", "access", "medium", "attested", _key_named),
    Rule(
        "key-on-master-account",
        "A trading key belongs to a sub-account",
        "access",
        "medium",
        "attested",
        _key_on_master_account,
    ),
    Rule("third-party-key", "The key is the owner's own", "access", "high", "attested", _third_party_key),
)
