# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule about keys that are no longer used: they must be dead at the exchange. Private to this collection.

Only the key's own credential can prove that, so it is asked before the credential is removed from the host.
"""

from __future__ import annotations

from .._facts import ACCEPTED
from ._case import NOT_OBSERVED, NOT_OFFICIAL, PROVED, REVOKED, SKIP, Case, Rule, Verdict, failed, shown, unknown
from ._finding import Remedy

#: Answers that an exchange gives to a key which it knows.
_ALIVE = frozenset((ACCEPTED, "permission_denied"))


def _retired_key_alive(case: Case) -> Verdict:
    if not case.retired:
        return SKIP
    if not case.trusted:
        return NOT_OFFICIAL
    revoked = case.declared["lifecycle"] == REVOKED
    severity = "critical" if revoked else None
    delete = Remedy(
        "Delete this key on the exchange's page now; compare its id with the one that is used first.",
        "Then ask once more with its own credential, before that is removed from the host.",
        "Do not remove the credential before: nothing else can prove that the key is dead.",
        case.click_path,
    )
    if case.status == NOT_OBSERVED:
        return unknown("nobody asked whether the key is dead", severity=severity, remedy=delete)
    if case.status == "not_asked":
        return unknown(
            "this exchange cannot be asked whether the key is dead",
            severity=severity,
            remedy=delete._replace(then="Waive this rule when two persons have seen that the key is gone."),
        )
    if case.stale is not None:
        return unknown(f"the facts are {case.stale}", severity=severity, remedy=delete)
    living = case.exchange.living_codes() if case.exchange is not None else frozenset()
    lives = case.status == "invalid_key" and living is not None and case.key.access.code in living
    # Who judges a whole inventory does not know whether this host's address was let in before.
    if case.status == "invalid_key" and living is None and case.fleet is not None:
        return unknown(
            f"{case.title} refused the key; whether it says the same to an address that the key does not allow is not"
            " documented",
            severity=severity,
            remedy=delete._replace(
                do_now="See on the exchange's page that the key is gone, and delete it there if it is not.",
                then="Then take it out of the inventory, or waive this rule when two persons have seen that.",
            ),
        )
    if case.status == "invalid_key" and not lives:
        return PROVED
    if case.status in _ALIVE or lives:
        said = f"{case.title} still knows the key, which is {'revoked' if revoked else 'retired'}"
        return failed("proved", said, severity=severity, remedy=delete, code=case.status)
    return unknown(
        f"{case.title} answered {shown(case.status)}, which proves nothing", severity=severity, remedy=delete
    )


RULES = (
    Rule(
        "retired-key-alive",
        "A key that is no longer used is dead",
        "retired",
        "high",
        "proved",
        _retired_key_alive,
        of_retired=True,
    ),
)
