# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about time: when a key ends, how old it is, what happened since. Private to this collection."""

from __future__ import annotations

import typing as t

from ._case import DAY, SKIP, Case, Rule, Verdict, days, failed, instant, passed, shown, unknown
from ._egress import address_remedy
from ._finding import Remedy

if t.TYPE_CHECKING:
    from .._exchanges._contract import LifetimeRule

_KEEP = "Do not delete the key before another one works: its secret is not shown again."
_RESTRICT = Remedy("Restrict the key to the host's address: then it lives on.")
_USE = Remedy(
    "Make one signed call: learn the key again (api_key_info). An accepted call counts as use.",
    "Restrict the key to addresses, which ends the timer, or learn it at least once within half the time.",
    _KEEP,
)
_CLOCK = unknown("the facts are newer than the clock of the judge: one of the two clocks is wrong")


def _created(case: Case) -> tuple[float | None, str]:
    """Return when the key was created, and what that rests on."""
    told = instant(case.observed.created_at) if case.observed is not None else None
    if told is not None:
        return told, "observed"
    if case.may_be_declared("created_at"):
        return instant(case.declared.get("created_on")), case.basis_of("created_on")
    return None, "none"


def _lifetime(case: Case) -> LifetimeRule | None:
    """Return the rule that ends this key, if it has no IP restriction: some environments' and read-only keys live."""
    rule = case.exchange.lifetime_rule() if case.exchange is not None else None
    if rule is None or case.key.environment in rule.spared or (case.read_only and rule.applies_to_read_only is False):
        return None
    return rule


class _End(t.NamedTuple):
    at: float
    basis: str
    what: str


def _end(case: Case) -> _End | Verdict:
    """Return when the key ends, or the verdict where it does not or nobody knows."""
    expiry = case.observed.expiry if case.observed is not None else None
    if expiry is not None and expiry.state == "never":
        return passed("observed")
    if expiry is not None and expiry.state == "at":
        at = instant(expiry.at)
        what = "the right to trade" if expiry.scope == "trade" else "the key"
        return unknown("the exchange told no readable end") if at is None else _End(at, "observed", what)
    if case.may_be_declared("expiry") and "expires_on" in case.declared:
        at = instant(case.declared["expires_on"])
        if at is not None:
            return _End(at, case.basis_of("expires_on"), "the key")
    if case.root is not None and "expiry" not in case.cannot:
        return case.root
    return _end_by_rule(case)


def _end_by_rule(case: Case) -> _End | Verdict:
    """Work the end out of the exchange's rule for keys without IP restriction."""
    if case.exchange is None:
        return unknown("nobody knows how long a key of this exchange lives")
    if case.list_state == "unknown":
        return case.no_answer(
            "allowlist", "it is not known whether the key is restricted to addresses, and so when it ends"
        )
    rule = _lifetime(case)
    if case.list_state != "unrestricted" or rule is None:
        return passed(case.list_basis)
    if rule.days is None:
        return unknown(
            f"it is not known how long {case.title} lets a key without IP restriction live",
            remedy=_RESTRICT,
        )
    if rule.idle:
        return SKIP  # it does not end while it is used: lifetime-without-ip-restriction
    created, basis = _created(case)
    if created is None:
        return unknown(f"the key ends {rule.days} days after its creation, which is not known")
    what = "the right to trade" if rule.scope == "trade" else "the key"
    return _End(created + rule.days * DAY, basis, what)


def _key_expiry(case: Case) -> Verdict:
    end = _end(case)
    if isinstance(end, Verdict):
        return end
    if case.clock_doubt:
        return _CLOCK
    left = end.at - case.now
    policy = case.policy
    if left > policy.expiry_days_medium * DAY:
        return passed(end.basis)
    severity = "medium"
    if left <= policy.expiry_days_critical * DAY:
        severity = "critical"
    elif left <= policy.expiry_days_high * DAY:
        severity = "high"
    said = f"{end.what} ends in {days(left)}" if left > 0 else f"{end.what} ended {days(-left)} ago"
    rule = _lifetime(case)
    if rule is not None and case.list_state == "unrestricted" and case.restrictable:
        remedy, paste = address_remedy(case)
        remedy = remedy._replace(
            then=f"A restricted key lives on with the same secret. {shown(rule.described, limit=160)}"
        )
        return failed(end.basis, said, severity=severity, remedy=remedy, paste=paste)
    remedy = Remedy(
        "Renew the key in place if the exchange offers it: the secret stays.",
        "Else create another key beside it, place it, and switch while no position is open.",
        _KEEP,
        case.click_path,
    )
    return failed(end.basis, said, severity=severity, remedy=remedy)


def _lifetime_without_ip_restriction(case: Case) -> Verdict:
    if case.list_state in ("entries", "hidden"):
        return passed(case.list_basis)
    if case.exchange is None:
        return unknown("nobody knows how long a key of this exchange lives")
    rule = _lifetime(case)
    if rule is None or not case.restrictable:
        return SKIP
    if case.list_state == "unknown":
        return case.no_answer("allowlist", "it is not known whether the key is restricted to addresses")
    if rule.days is None:
        return unknown(
            f"it is not known how long {case.title} lets a key without IP restriction live",
            remedy=_RESTRICT,
        )
    ends = "the right to trade ends" if rule.scope == "trade" else "the key ends"
    said = f"without IP restriction {ends} after {rule.days} days" + (" without use" if rule.idle else "")
    end = _end(case)
    if isinstance(end, _End) and not case.clock_doubt:
        left = end.at - case.now
        said += f"; {days(left)} are left" if left > 0 else f"; it ended {days(-left)} ago"
    remedy, paste = address_remedy(case)
    return failed(case.list_basis, said, remedy=remedy, paste=paste)


def _inactivity_deadline(case: Case) -> Verdict:
    rule = _lifetime(case)
    if rule is None or rule.days is None or not rule.idle:
        return SKIP  # what is not known of the exchange's rule, lifetime-without-ip-restriction says
    if case.list_state in ("entries", "hidden"):
        return passed(case.list_basis)
    if case.list_state == "unknown":
        return case.no_answer("allowlist", "it is not known whether the key is restricted to addresses")
    used, basis = _last_use(case)
    if used is None:
        return case.root or unknown("nobody knows when the key was last used", remedy=_USE)
    if case.clock_doubt:
        return _CLOCK
    idle, life = case.now - used, rule.days * DAY
    if idle <= life / 2:
        return passed(basis)
    ends = "the right to trade ends" if rule.scope == "trade" else "the key ends"
    return failed(
        basis,
        f"no accepted call for {days(idle)}; without IP restriction {ends} after {rule.days} days without use",
        severity="high" if idle > life * 3 / 4 else "medium",
        remedy=_USE,
    )


def _last_use(case: Case) -> tuple[float | None, str]:
    """Return when the exchange last took a signed call of the key, ours included, and what that rests on."""
    ours = instant(case.key.asked_at) if case.accepted else None
    told = instant(case.observed.last_used_at) if case.observed is not None else None
    if ours is not None and (told is None or ours >= told):
        return ours, "proved"
    return told, "none" if told is None else "observed"


def _key_age(case: Case) -> Verdict:
    created, basis = _created(case)
    if created is None:
        return case.no_answer("created_at", "nobody says when the key was created")._replace(severity="low")
    if case.clock_doubt:
        return _CLOCK
    age = case.now - created
    if age <= case.policy.key_age_days * DAY:
        return passed(basis)
    return failed(
        basis,
        f"the key is {days(age)} old; the policy allows {case.policy.key_age_days}",
        remedy=Remedy("Create another key and place it beside this one.", "Switch, then delete the old one.", _KEEP),
    )


def _recreated_after_restriction(case: Case) -> Verdict:
    events = [(instant(event.get("on")), event) for event in case.declared.get("restriction_events") or ()]
    dated = [(at, event) for at, event in events if at is not None]
    if not dated:
        return SKIP
    at, event = max(dated, key=lambda pair: pair[0])
    what, voids = _EVENTS.get(str(event.get("what")), _EVENTS["account_restricted"])
    severity = "high" if voids and case.exchange is not None and case.exchange.restriction_voids_keys() else None
    due = [(instant(each.get("rotate_by")), each["rotate_by"]) for _at, each in dated if each.get("rotate_by")]
    if any(by is not None and case.now >= by + DAY for by, _day in due):
        severity = "high"
    by_when = f"; another one must be in its place by {shown(max(day for _by, day in due))}" if due else ""
    created, basis = _created(case)
    if created is None:
        said = f"{what} on {shown(event.get('on'))}, and the key's age is not known{by_when}"
        verdict = case.no_answer("created_at", said)
        return verdict if severity is None else verdict._replace(severity=severity)
    if created >= at + DAY:
        return passed(basis)
    if created >= at:
        return unknown(f"the key was created on the very day when {what}{by_when}", severity=severity)
    return failed(
        basis,
        f"the key is older than {shown(event.get('on'))}, when {what}{by_when}",
        severity=severity,
        remedy=Remedy("Create another key and place it.", "Delete the old one afterwards.", _KEEP, case.click_path),
    )


#: What happened, in words, and whether the exchange may end older keys for it.
_EVENTS = {
    "account_restricted": ("the account was restricted", True),
    "exposed": ("it lay in clear", False),
    "password_changed": ("its password was changed", True),
}

RULES = (
    Rule("key-expiry", "The key does not end soon", "lifetime", "high", "attested", _key_expiry),
    Rule(
        "lifetime-without-ip-restriction",
        "No timer runs because the key is unrestricted",
        "lifetime",
        "medium",
        "attested",
        _lifetime_without_ip_restriction,
    ),
    Rule(
        "inactivity-deadline",
        "The key does not end for want of use",
        "lifetime",
        "medium",
        "observed",
        _inactivity_deadline,
    ),
    Rule("key-age", "The key is not too old", "lifetime", "medium", "attested", _key_age),
    Rule(
        "recreated-after-restriction",
        "The key is younger than the account's last restriction",
        "lifetime",
        "medium",
        "attested",
        _recreated_after_restriction,
    ),
)
