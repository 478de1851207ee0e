# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.revocation`` does."""

from __future__ import annotations

import getpass
import os
import typing as t

from ansible.errors import AnsibleFilterError

from ...module_utils._clock import to_text, utc_now
from ...module_utils._errors import InputError
from .._revocation import Selection, deaths, plan, selected
from .._revocation_inventory import candidates_of, services_declared, with_ids


def revocation(
    hostvars: t.Any,
    *,
    key: str = "",
    host: str = "",
    account: str = "",
    owner: str = "",
    facts: str = "",
    timeline: str = "",
) -> dict[str, t.Any]:
    """Return the plan; raises ``AnsibleFilterError`` in one sentence."""
    selection = Selection(*(str(each or "").strip() for each in (key, host, account, owner)))
    try:
        candidates, problems = candidates_of(hostvars, facts=facts)
        hosts = {each.host for each in selected(candidates, selection)}
        candidates = with_ids(candidates, hostvars, hosts=hosts)
        died, bad = deaths(_text(timeline))
        planned = plan(
            candidates,
            selection=selection,
            died=died,
            services=services_declared(hostvars, hosts=hosts),
            at=to_text(utc_now()),
            operator=_operator(),
        )
    except InputError as error:
        raise AnsibleFilterError(str(error)) from None
    if bad:
        problems.append(f"{bad} lines of the timeline {timeline} cannot be read, and do not count.")
    return {**planned, "problems": problems}


def _text(path: str) -> str:
    if not path or not os.path.exists(path):
        return ""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError as error:
        mend = "give a file that you may read and write"
        problem = f"cannot be read ({os.strerror(error.errno or 0)})"
        raise InputError(field="timeline", value=path, problem=problem, mend=mend) from None


def _operator() -> str:
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
