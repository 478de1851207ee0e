# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup ``trading.hosts.agent_archive``."""

from __future__ import annotations

DOCUMENTATION = r"""
name: agent_archive
short_description: Make the agent that checks on a host before a service starts
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Packs those parts of this collection that run without Ansible into one file, which the role
    P(trading.hosts.trading_agent#role) puts on hosts.
  - The same release of the collection gives the same bytes on every controller.
options:
  digest:
    description: Give the file's SHA-256 in place of its path.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Bring the agent
  become: true
  ansible.builtin.copy:
    src: "{{ lookup('trading.hosts.agent_archive') }}"
    dest: /usr/local/lib/trading-hosts/trading-hosts-agent.pyz
    mode: "0755"
"""

RETURN = r"""
_raw:
  description: Path of the file on the controller, which is removed when Ansible ends, or its digest.
  type: list
  elements: str
"""

import hashlib
import os
import tempfile
import typing as t

from ansible import constants
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils._agent_archive import archive


class LookupModule(LookupBase):
    """Writes the archive into Ansible's own temporary directory, which goes when Ansible ends."""

    def run(self, terms: t.Any, variables: t.Any = None, **kwargs: t.Any) -> list[str]:
        """Return the path, or the digest."""
        self.set_options(var_options=variables, direct=kwargs)
        if terms:
            raise AnsibleLookupError("The lookup agent_archive takes nothing; leave its arguments out.")
        directory = constants.DEFAULT_LOCAL_TMP
        path = os.path.join(directory, "trading-hosts-agent.pyz")
        if not os.path.exists(path):
            # Several workers may be here at once: each puts a whole file in place.
            descriptor, scratch = tempfile.mkstemp(dir=directory)
            with os.fdopen(descriptor, "wb") as file:
                file.write(archive())
            os.replace(scratch, path)
        if self.get_option("digest"):
            with open(path, "rb") as packed:
                return [hashlib.sha256(packed.read()).hexdigest()]
        return [path]
