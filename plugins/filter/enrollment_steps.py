# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.enrollment_steps``."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._errors import InputError
from ..module_utils._facts import egress_facts
from ..plugin_utils._enrollment import proposal, steps
from ..plugin_utils._facts_files import plain

DOCUMENTATION = r"""
name: enrollment_steps
short_description: Say what a person does on the exchange to create a new API key
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Lists the steps on the exchange's page, in their order. The second factor, the name, the permissions in the page's
    words where they are known, the addresses to paste, and the codes that will be asked for.
  - The addresses are given as text to paste only where two kinds of evidence agree on each, or a person has confirmed
    it. A wrong address on an allowlist opens the key to a stranger.
positional: egress, host
options:
  _input:
    description:
      - What P(trading.hosts.enrollment#filter) returned.
    type: dict
    required: true
  egress:
    description:
      - What M(trading.hosts.public_ip_info) returned as RV(trading.hosts.public_ip_info#module:egress).
    type: list
    elements: dict
    required: true
  host:
    description:
      - Inventory name of the host.
    type: str
    required: true
  confirmed:
    description:
      - Addresses that a person has confirmed, or V(true) for all of them.
    type: raw
    default: []
  made:
    description:
      - What M(trading.hosts.key_pair) returned, where the host has made a pair.
    type: dict
"""

EXAMPLES = r"""
---
- name: Show what to do
  ansible.builtin.debug:
    msg: "{{ (planned | trading.hosts.enrollment_steps(seen_from.egress, inventory_hostname)).steps }}"
"""

RETURN = r"""
_value:
  description:
    - C(steps) is the list of what to do. C(addresses) belong on the allowlist, C(doubtful) are those of them that rest
      on one kind of evidence, C(line) is the text to paste or empty, C(evidence) says what vouches for each.
  type: dict
"""


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


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"enrollment_steps": enrollment_steps}
