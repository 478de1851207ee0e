# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.revocation``."""

from __future__ import annotations

import getpass
import os
import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._clock import to_text, utc_now
from ..module_utils._errors import InputError
from ..plugin_utils._revocation import Selection, deaths, plan, selected
from ..plugin_utils._revocation_inventory import candidates_of, services_declared, with_ids

DOCUMENTATION = r"""
name: revocation
short_description: Say which API keys are to be deleted in an emergency, the most powerful first
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Names the keys that a selection means over the whole inventory, whoever is in the play, and those that are the same
    key on other hosts. They come in the order in which a person should delete them, with what to open for that.
  - What a key can do is taken from the facts that were learned last, else from what is declared. A key of which nobody
    knows counts as one that can withdraw.
  - The entry point C(revoke) of P(trading.hosts.exchange_credentials#role) works by it. The result holds no secret.
options:
  _input:
    description: All hosts' variables, C(hostvars).
    type: dict
    required: true
  key:
    description: Name of a key, on whatever hosts it is.
    type: str
    default: ""
  host:
    description: Name of a host. All of its keys are meant.
    type: str
    default: ""
  account:
    description: Id of an account on an exchange, as it is declared or was seen. Also that of the account above it.
    type: str
    default: ""
  owner:
    description: The person who answers for keys (C(declared.owner)).
    type: str
    default: ""
  facts:
    description: A directory of facts on the controller, as an audit leaves them. It need not exist.
    type: path
    default: ""
  timeline:
    description: The timeline of earlier runs, in lines of JSON. It need not exist.
    type: path
    default: ""
"""

EXAMPLES = r"""
---
- name: See which keys a person answers for, and how they are deleted
  ansible.builtin.debug:
    msg: "{{ (hostvars | trading.hosts.revocation(owner='Ada Example', facts='audit/facts')).lines }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - C(lines) is what to delete, for people. C(rows) has an entry for each key on each host, C(hosts) the names of
      these hosts. C(word) is what a person types to begin. C(undeclared) names services that do not declare what they
      do, C(mistakes) are sentences about those that declare what they cannot do. C(problems) are sentences about what
      could not be used.
  type: dict
"""


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


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"revocation": revocation}
