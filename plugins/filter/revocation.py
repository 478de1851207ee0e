# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.revocation``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

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


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"revocation": deferred("revocation")}
