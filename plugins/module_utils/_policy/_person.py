# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about people's words: what is attested, how old that is, and where it differs. Private to this collection."""

from __future__ import annotations

import typing as t

from .._declared import ATTESTABLE
from ._case import DAY, OBSERVED, SKIP, Case, Rule, Verdict, declared_words, failed, instant, listing, shown, unknown
from ._finding import Remedy, worse

_ATTEST = Remedy(
    "Turn on the second factor with an app or a hardware key, at the exchange.",
    "Declare two_factor with its kind, who saw it and on which day.",
    "Do not send codes by text message: numbers are stolen.",
)


def _two_factor_enabled(case: Case) -> Verdict:
    word = case.declared.get("two_factor")
    if not word:
        return unknown("nobody says that the account has a second factor", remedy=_ATTEST)
    kind = word.get("kind")
    if kind == "none":
        return failed("attested", "the account has no second factor", remedy=_ATTEST)
    if not case.fresh(word.get("attested_by"), word.get("attested_on")):
        return unknown("what is said of the second factor is too old or names nobody", remedy=_ATTEST)
    if kind == "sms":
        return failed("attested", "the second factor is a text message", severity="medium", remedy=_ATTEST)
    return (
        Verdict("pass", "attested")
        if kind in ("app", "hardware")
        else unknown("the kind of second factor is not known")
    )


def _attestation_stale(case: Case) -> Verdict:
    attested = case.declared.get("attested") or {}
    words = [(name, attested[name].get("by"), attested[name].get("on")) for name in ATTESTABLE if attested.get(name)]
    two_factor = case.declared.get("two_factor")
    if two_factor:
        words.append(("two_factor", two_factor.get("attested_by"), two_factor.get("attested_on")))
    if not words:
        return SKIP
    stale = sorted(f"{shown(name)} ({shown(on) or 'no day'})" for name, by, on in words if not case.fresh(by, on))
    if not stale:
        return Verdict("pass", "attested")
    return failed(
        "declared",
        f"nobody vouches any more for: {', '.join(stale)}",
        remedy=Remedy("Look again at the exchange, then write the person and the day anew."),
    )


# --- declared against observed ---

#: Which rule of its own shows a difference in this field.
_OWN_RULE = {
    "label": "key-named",
    "account": "account-as-declared",
    "account_level": "key-on-master-account",
    "owner_kind": "third-party-key",
    "permissions": "permissions-as-declared",
    "ip_restriction": "ip-restriction-required",
}


class _Difference(t.NamedTuple):
    field: str
    more_power: bool


def _declared_observed_conflict(case: Case) -> Verdict:
    seen = case.observed
    if seen is None:
        return case.root or SKIP
    declared = case.declared
    pairs = (
        ("label", declared.get("label"), seen.label),
        ("account", declared.get("account"), seen.account.id),
        ("account_level", declared.get("account_level"), seen.account.level),
        ("owner_kind", declared.get("owner_kind"), seen.owner_kind),
    )
    both = [(name, ours, theirs) for name, ours, theirs in pairs if ours is not None and theirs is not None]
    differing = [
        _Difference(name, name in ("account_level", "owner_kind") and theirs in ("main", "vendor"))
        for name, ours, theirs in both
        if case.spelled(ours) != case.spelled(theirs)
    ]
    compared = len(both)
    for compare in (_permissions, _restriction, _entries, _created, _expiry):
        answer = compare(case)
        compared += answer is not None
        if isinstance(answer, _Difference):
            differing.append(answer)
    if not differing:
        return OBSERVED if compared else SKIP
    severity = "medium"
    for difference in differing:
        severity = worse(severity, "high" if difference.more_power else "medium")
    own = {_OWN_RULE.get(difference.field) for difference in differing}
    return failed(
        "observed",
        f"declared and observed differ in: {', '.join(difference.field for difference in differing)}",
        severity=severity,
        remedy=Remedy("Correct the key at the exchange or the declaration; what was observed counts until then."),
        root=own.pop() if len(own) == 1 else None,
    )


def _permissions(case: Case) -> _Difference | bool | None:
    words = declared_words(case.declared)
    if case.acts and words is not None and words <= {"read"}:
        return _Difference("permissions", True)
    if words is None or case.grant is None:
        return None
    ours = words - {"read"}
    theirs = case.grant.words - {"read", "benign"}
    if case.exchange is not None:
        theirs -= case.exchange.closure(words) - words
    return True if ours == theirs else _Difference("permissions", bool(theirs - ours))


def _restriction(case: Case) -> _Difference | bool | None:
    ours = case.declared.get("ip_restriction")
    if ours is None or case.list_basis != "observed":
        return None
    theirs = case.list_state != "unrestricted"
    return True if ours == theirs else _Difference("ip_restriction", ours)


def _entries(case: Case) -> _Difference | bool | None:
    ours = case.declared.get("allowlist")
    seen = case.observed
    if not ours or seen is None or seen.allowlist.state != "entries":
        return None
    declared = {entry.canonical for entry in listing(tuple(ours), case.grammar).entries}
    observed = {entry.canonical for entry in listing(seen.allowlist.entries, case.grammar).entries}
    return True if declared == observed else _Difference("allowlist", bool(observed - declared))


def _created(case: Case) -> _Difference | bool | None:
    ours = instant(case.declared.get("created_on"))
    theirs = instant(case.observed.created_at) if case.observed is not None else None
    if ours is None or theirs is None:
        return None
    # A day is declared in the owner's time zone, which may be a day off.
    return True if -DAY <= theirs - ours <= 2 * DAY else _Difference("created_on", False)


def _expiry(case: Case) -> _Difference | bool | None:
    ours = instant(case.declared.get("expires_on"))
    expiry = case.observed.expiry if case.observed is not None else None
    if ours is None or expiry is None or expiry.state == "unknown":
        return None
    theirs = instant(expiry.at) if expiry.state == "at" else None
    if theirs is None:
        return _Difference("expires_on", True)
    return True if -DAY <= theirs - ours <= 2 * DAY else _Difference("expires_on", theirs > ours)


RULES = (
    Rule("two-factor-enabled", "The account has a second factor", "person", "high", "attested", _two_factor_enabled),
    Rule(
        "attestation-stale",
        "Every attestation has a person and a recent day",
        "person",
        "low",
        "attested",
        _attestation_stale,
    ),
    Rule(
        "declared-observed-conflict",
        "What is declared is what was observed",
        "person",
        "medium",
        "observed",
        _declared_observed_conflict,
    ),
)
