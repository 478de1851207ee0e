# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.adoption``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: adoption
short_description: Plan how keys that lie in clear on a host come into credentials
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Turns what M(trading.hosts.exposed_credential_info) found on a host into one credential for each file, in the form
    that its program reads, with what is asked about its keys, how it is placed from the file itself, and what the
    inventory says of it from then on.
  - Says of all other secrets in clear what a person has to do. There is no secret in any of it.
positional: credentials
options:
  _input:
    description: What M(trading.hosts.exposed_credential_info) returned.
    type: dict
    required: true
  credentials:
    description: What M(trading.hosts.credential_info) returned as RV(trading.hosts.credential_info#module:credentials).
    type: list
    elements: dict
    required: true
  files:
    description:
      - The files to adopt, each with C(path), and maybe C(name) of the credential, C(service), C(entries) of the
        accounts in it, and C(api_key), the name of its only key. All that were found where the list is empty, and of
        passivbot's files each account for itself.
    type: list
    elements: dict
    default: []
  api_keys:
    description: The API keys of the host that the inventory has already.
    type: list
    elements: dict
    default: []
  documents:
    description: The documents of these keys. A key that would be taken for one of another document is refused.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
---
- name: Plan what is adopted
  ansible.builtin.debug:
    msg: "{{ scanned | trading.hosts.adoption(placed.credentials) }}"
"""

RETURN = r"""
_value:
  description:
    - C(plans) has one entry for each file, with C(name) of the credential, C(path), C(files) (that one and its copies),
      C(service), C(is_placed), C(questions) for M(trading.hosts.api_key_info), C(request) for
      M(trading.hosts.credential), C(document) and C(api_keys) for M(trading.hosts.registry_entry), and C(how) the
      service reads it.
    - C(refused) are sentences about the files in O(files) that cannot be adopted, C(by_hand) about every other secret.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"adoption": deferred("adoption")}
