# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rule about what becomes of a key when its host is lost. Private to this collection."""

from __future__ import annotations

import typing as t

from ._case import Case, Rule, Verdict, failed, unknown
from ._finding import Remedy

_DECLARE = Remedy(
    "Nothing at once.",
    "Declare recovery: escrow and place the key with escrow_to and recipients; or recreate, or standby_key.",
    "Do not wait for the loss of the host: no exchange shows a secret twice.",
)
_SEAL = Remedy(
    "Place the credential again with escrow_to and recipients: a sealed copy is made, and nothing restarts.",
    "Then try it: trade from another host with playbooks/recover.yml.",
    "Do not keep the recovery identity on a host or controller.",
)
_DRILL = Remedy(
    "Nothing at once.",
    "Try it with a key that matters little, then attest recovery with who did and on which day.",
)


def _recovery_path(case: Case) -> Verdict:
    way = case.declared.get("recovery")
    if not way:
        return unknown("nobody says how trading goes on when the host is lost", remedy=_DECLARE)
    word = (case.declared.get("attested") or {}).get("recovery") or {}
    tried = case.fresh(word.get("by"), word.get("on"))
    if way != "escrow":
        said = f"recovery by {'another key' if way == 'recreate' else 'a standby key'}"
        return Verdict("pass", "attested") if tried else unknown(f"nobody vouches for {said}", remedy=_DRILL)
    copies = _sealed_copies(case)
    if not copies:
        return unknown("no credential of this key was seen on the host", remedy=_SEAL)
    if "none" in copies:
        return failed("observed", "there is no sealed copy of the credential", remedy=_SEAL)
    if "old" in copies:
        return failed("observed", "the sealed copy is of an older content", remedy=_SEAL)
    if copies != {"current"}:
        return unknown("nobody looked whether there is a sealed copy (escrow_to of credential_info)", remedy=_SEAL)
    if not tried:
        return unknown("there is a sealed copy, and nobody vouches that trading goes on from it", remedy=_DRILL)
    return Verdict("pass", "attested")


def _sealed_copies(case: Case) -> set[t.Any]:
    """Return what is known of the sealed copies of the credentials that hold this key."""
    machine = case.host.machine
    mask = case.observed.masked_id if case.observed is not None else None
    return {
        credential.get("sealed_copy")
        for credential in (machine.credentials if machine is not None else ())
        if _holds(credential, case=case, mask=mask)
    }


def _holds(credential: t.Mapping[str, t.Any], *, case: Case, mask: str | None) -> bool:
    named = case.key.credential
    if named is not None and named in (credential.get("name"), credential.get("path")):
        return True
    held = [each for each in credential.get("api_keys") or () if isinstance(each, dict)]
    return any(
        each.get("entry") == case.key.name or (mask is not None and each.get("masked_id") == mask) for each in held
    )


RULES = (
    Rule("recovery-path", "Trading goes on when the host is lost", "recovery", "high", "attested", _recovery_path),
)
