# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.revocation_removals``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: revocation_removals
short_description: Say which credentials of a host hold dead API keys only
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - A credential goes when each of its keys was proved dead. One that also holds another key stays.
  - What a rotation has left beside it goes with it where it holds the same keys.
positional: documents, credentials
options:
  _input:
    description: The rows of one host, of P(trading.hosts.revocation_step#filter).
    type: list
    elements: dict
    required: true
  documents:
    description: The documents of that host, as P(trading.hosts.credential_documents#filter) takes them.
    type: list
    elements: dict
    required: true
  credentials:
    description: What M(trading.hosts.credential_info) returned as RV(trading.hosts.credential_info#module:credentials).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
---
- name: See what may go
  ansible.builtin.debug:
    msg: "{{ (rows | trading.hosts.revocation_removals(documents, held.credentials)).remove }}"
"""

RETURN = r"""
_value:
  description: C(remove), names of credentials, and C(kept), each a C(name) with C(why).
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"revocation_removals": deferred("revocation_removals")}
