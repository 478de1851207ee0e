# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the passphrase, judged by what was computed where it is. Private to this collection."""

from __future__ import annotations

import difflib
import typing as t

from ._case import OBSERVED, PROVED, SKIP, Case, Rule, Verdict, failed, shown, unknown
from ._ccxt_needs import BY_NEEDS, VERSION
from ._finding import Remedy

if t.TYPE_CHECKING:
    from .._exchanges._contract import Exchange

_ANOTHER = Remedy(
    "Nothing at once: trading goes on.",
    "Create another key with a generated passphrase of 32 letters and digits: this one's cannot be changed.",
    "Do not delete the old key before the new one works.",
)

_CCXT_NEEDS: t.Mapping[str, frozenset[str]] = {
    name: frozenset(needs) for needs, names in BY_NEEDS.items() for name in names.split()
}
#: ccxt's words for what is api_key or secret here, and for what is the passphrase. Facts tell of nothing else.
_KEYS = frozenset(("apiKey", "secret", "privateKey", "walletAddress"))
_PASSPHRASES = frozenset(("password", "uid"))


def kept_as_uid(*, exchange: Exchange | None, ccxt_id: str | None) -> bool:
    """Tell whether programs on ccxt take the passphrase as ``uid``, and not as ``password``."""
    if exchange is not None:
        rule = exchange.passphrase_rule()
        return rule is not None and rule.ccxt_name == "uid"
    return _CCXT_NEEDS.get(str(ccxt_id), frozenset()) & _PASSPHRASES == {"uid"}


def asked_by_ccxt(ccxt_id: str | None) -> bool:
    """Tell whether ccxt asks for a passphrase, or a memo, of an exchange that is known to ccxt alone."""
    return bool(_CCXT_NEEDS.get(str(ccxt_id), frozenset()) & _PASSPHRASES)


def _needed(case: Case) -> bool | None:
    """Tell whether a passphrase is needed; ``None`` where nobody knows."""
    if case.exchange is not None:
        return case.exchange.passphrase_rule() is not None
    needs = _ccxt_needs(case)
    return bool(needs & _PASSPHRASES) if needs else None


def _ccxt_needs(case: Case) -> frozenset[str] | None:
    """Return ccxt's words for what this exchange asks for; ``None`` where this collection or nobody knows it."""
    return _CCXT_NEEDS.get(str(case.declared.get("ccxt_id"))) if case.exchange is None else None


def _not_known(case: Case) -> Verdict:
    """Return why nobody knows whether this exchange needs a passphrase."""
    name = case.declared.get("ccxt_id")
    if name is None:
        return unknown(
            "nobody said which exchange this is, so whether it needs a passphrase is not known",
            remedy=Remedy("Declare the exchange's name in ccxt as ccxt_id."),
        )
    if str(name) in _CCXT_NEEDS:
        return unknown(f"ccxt {VERSION} does not say what {case.title} asks for")
    near = ", ".join(difflib.get_close_matches(str(name).lower(), _CCXT_NEEDS, n=3))
    return unknown(
        f"ccxt {VERSION} knows no exchange {shown(name, limit=40)}{'; near it: ' if near else ''}{near}",
        remedy=Remedy("Write ccxt_id as ccxt does, such as weex."),
    )


def _not_looked_at(case: Case) -> Verdict | None:
    """Return that ccxt asks for more than facts tell of, or ``None``."""
    needs = _ccxt_needs(case) or frozenset()
    others = needs - _KEYS - (_PASSPHRASES if len(needs & _PASSPHRASES) == 1 else {"password"})
    if not others:
        return None
    return unknown(f"ccxt also asks for {', '.join(sorted(others))} for {case.title}, and nobody looked for that")


def _present(case: Case) -> Verdict:
    needed, checks = _needed(case), case.key.passphrase
    if needed is None:
        return _not_known(case)
    if not needed:
        if checks is None or not checks.given:
            return _not_looked_at(case) or SKIP
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
        return _not_looked_at(case) or OBSERVED
    uid = kept_as_uid(exchange=case.exchange, ccxt_id=case.declared.get("ccxt_id"))
    word = "a passphrase (ccxt asks for it as uid)" if uid else "a passphrase"
    return failed(
        "observed",
        f"{case.title} needs {word}, and none was given",
        remedy=Remedy(
            "Give the passphrase that was set when the key was created.", "If it is lost, create another key."
        ),
    )


def _format(case: Case) -> Verdict:
    if _needed(case) is False:
        return SKIP
    checks = case.key.passphrase
    if checks is None:
        return unknown("the passphrase was not looked at")
    if not checks.given:
        return SKIP
    if case.accepted and case.exchange is not None:
        return PROVED  # whatever its documents say: they tell of keys that are made today, at one of its doors
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
    if _needed(case) is False:
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
    if _needed(case) is False or case.status == "not_asked":
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
