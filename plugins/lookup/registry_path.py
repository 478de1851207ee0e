# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup ``trading.hosts.registry_path``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: registry_path
short_description: Find the file of the inventory that holds a host's API keys
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Looks in C(host_vars) beside the inventory for the file in which C(exchange_credentials_api_keys) or
    C(exchange_credentials_documents) stands, for M(trading.hosts.registry_entry).
  - Where the host has no keys yet, it is a file that can be added to without hiding another one.
  - Gives an empty text where only a person can tell, because one of the variables comes from a group or a play, they
    stand in several files, or are in a file that is encrypted as a whole.
options:
  api_keys:
    description: Whether C(exchange_credentials_api_keys) has entries for the host already.
    type: bool
    default: false
  documents:
    description: Whether C(exchange_credentials_documents) has.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Show where this host's keys are declared
  ansible.builtin.debug:
    msg: >-
      {{ lookup('trading.hosts.registry_path', api_keys=exchange_credentials_api_keys is truthy,
                documents=exchange_credentials_documents is truthy) }}
"""

RETURN = r"""
_raw:
  description: The path, or an empty text.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils._registry_path import host_of, registry_path
from ..plugin_utils._registry_rules import API_KEYS, DOCUMENTS

_OPTIONS = {API_KEYS: "api_keys", DOCUMENTS: "documents"}


class LookupModule(LookupBase):
    """Reads files of the inventory, and nothing else."""

    def run(self, terms: t.Any, variables: t.Any = None, **kwargs: t.Any) -> list[str]:
        """Return the path, or an empty text."""
        self.set_options(var_options=variables, direct=kwargs)
        if terms:
            raise AnsibleLookupError("The lookup registry_path takes no terms; leave them out.")
        inventory, host = host_of(variables or {})
        declared = [name for name, option in _OPTIONS.items() if self.get_option(option)]
        return [registry_path(inventory=inventory, host=host, declared=declared) or ""]
