# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the passphrase, judged by what was computed where it is. Private to this collection."""

from __future__ import annotations

from ._case import OBSERVED, PROVED, SKIP, Case, Rule, Verdict, failed, shown, unknown
from ._finding import Remedy

_ANOTHER = Remedy(
    "Nothing at once: trading goes on.",
    "Create another key with a generated passphrase of 32 letters and digits: this one's cannot be changed.",
    "Do not delete the old key before the new one works.",
)


def _present(case: Case) -> Verdict:
    checks = case.key.passphrase
    if case.exchange is None:
        return unknown("nobody knows whether this exchange needs a passphrase")
    if case.exchange.passphrase_rule() is None:
        if checks is None or not checks.given:
            return SKIP
        return failed(
            "observed",
            f"{case.title} has no passphrase, but one was given",
            severity="low",
            remedy=Remedy("Take the passphrase out of this credential."),
        )
    if case.accepted:
        return PROVED
    if checks is None:
        return unknown("nobody looked whether a passphrase was given")
    if checks.given:
        return OBSERVED
    return failed(
        "observed",
        f"{case.title} needs a passphrase, and none was given",
        remedy=Remedy(
            "Give the passphrase that was set when the key was created.", "If it is lost, create another key."
        ),
    )


def _needless(case: Case) -> bool:
    return case.exchange is not None and case.exchange.passphrase_rule() is None


def _format(case: Case) -> Verdict:
    if _needless(case):
        return SKIP
    checks = case.key.passphrase
    if checks is None:
        return unknown("the passphrase was not looked at")
    if not checks.given:
        return SKIP
    if checks.fits_format is None:
        return unknown(f"it is not known which passphrases {case.title} takes")
    if checks.fits_format:
        return OBSERVED
    rule = case.exchange.passphrase_rule() if case.exchange is not None else None
    described = f" ({shown(rule.described, limit=120)})" if rule is not None else ""
    return failed(
        "observed",
        f"the passphrase is not one that {case.title} takes{described}",
        remedy=Remedy(
            "Look for quotes, spaces and for the passphrase of another key.", "If it is lost, create another key."
        ),
    )


def _strength(case: Case) -> Verdict:
    if _needless(case):
        return SKIP
    checks = case.key.passphrase
    if checks is None or (checks.given and (checks.length is None or checks.guessable is None)):
        return unknown("the passphrase was not looked at where it is")
    if not checks.given:
        return SKIP
    weak = [
        said
        for said, holds in (
            ("it is shorter than 12 characters", checks.length == "short"),
            ("it is easy to guess", checks.guessable),
            ("it equals the label, the exchange's name or another field", checks.equals_other_field),
        )
        if holds
    ]
    if weak:
        return failed("observed", f"the passphrase is weak: {', '.join(weak)}", remedy=_ANOTHER)
    if checks.length != "long":
        return failed("observed", "the passphrase is shorter than 16 characters", severity="low", remedy=_ANOTHER)
    return OBSERVED


def _accepted(case: Case) -> Verdict:
    if _needless(case) or case.status == "not_asked":
        return SKIP
    if case.accepted:
        return PROVED
    if case.trusted and case.status == "bad_passphrase":
        return failed(
            "proved",
            f"{case.title} refused the passphrase",
            remedy=Remedy(
                "Place the passphrase again; look for quotes, spaces and for the passphrase of another key.",
                "If it is lost, create another key: it can be neither shown nor reset.",
                "Do not guess: repeated failures can lock the account.",
            ),
            root="key-accepted",
            code="bad_passphrase",
        )
    return case.root or unknown("the exchange did not say")


RULES = (
    Rule("passphrase-present", "A passphrase is given where one is needed", "passphrase", "high", "observed", _present),
    Rule("passphrase-format", "The passphrase is one the exchange takes", "passphrase", "high", "observed", _format),
    Rule(
        "passphrase-strength", "The passphrase is long and not guessable", "passphrase", "medium", "observed", _strength
    ),
    Rule("passphrase-accepted", "The exchange accepts the passphrase", "passphrase", "critical", "proved", _accepted),
)
