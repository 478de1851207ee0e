# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.enrollment_steps`` does."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ...module_utils._errors import InputError
from ...module_utils._facts import egress_facts
from .._enrollment import proposal, steps
from .._facts_files import plain


def enrollment_steps(
    planned: t.Any, egress: t.Any, host: str, confirmed: t.Any = (), made: t.Any = None
) -> dict[str, t.Any]:
    """Return the steps and what belongs on the allowlist; raises ``AnsibleFilterError`` for facts that are none."""
    try:
        facts = [egress_facts(plain(data), where=f"egress[{index}]") for index, data in enumerate(egress)]
    except InputError as error:
        raise AnsibleFilterError(str(error)) from None
    proposed = proposal(
        exchange=planned["question"]["exchange"],
        egress=facts,
        host=host,
        declared=planned["question"]["declared"],
        confirmed=True if confirmed is True else [str(address).strip() for address in confirmed or ()],
    )
    made = made or {}
    told = steps(
        planned=planned,
        proposed=proposed,
        public_key=(made.get("key_pair") or {}).get("public_key"),
        unverified=(made.get("registration") or {}).get("unverified"),
    )
    return {
        "steps": told,
        "addresses": list(proposed.addresses),
        "doubtful": list(proposed.doubtful),
        "line": proposed.line,
        "evidence": list(proposed.sentences),
    }
