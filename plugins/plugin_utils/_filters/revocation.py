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
from .._revocation import Selection, last_told, plan, selected
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
        services, mistakes = services_declared(hostvars, hosts=hosts)
        earlier, told = _earlier(timeline)
        planned = plan(
            candidates,
            selection=selection,
            earlier=earlier,
            services=services,
            at=to_text(utc_now()),
            operator=_operator(),
        )
    except InputError as error:
        raise AnsibleFilterError(str(error)) from None
    return {**planned, "mistakes": [*mistakes, *planned["mistakes"]], "problems": [*problems, *told]}


def _earlier(path: str) -> tuple[dict[tuple[str, str], dict[str, t.Any]], list[str]]:
    """Return what earlier runs told of each key last, and a sentence about what cannot be read."""
    if not path or not os.path.exists(path):
        return {}, []
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError as error:
        return {}, [f"The timeline {path} cannot be read ({os.strerror(error.errno or 0)}), and does not count."]
    earlier, bad = last_told(text)
    return earlier, [f"{bad} lines of the timeline {path} cannot be read, and do not count."] if bad else []


def _operator() -> str:
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
