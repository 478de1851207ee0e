#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: registry_check
short_description: Check the exchange API keys that an inventory declares, with file and line
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Reads C(exchange_credentials_api_keys) and C(exchange_credentials_documents) of all hosts of the inventory, whoever
    is in the play, and says everything that is wrong with them in one run. Each problem is one sentence with the file
    and the line. The task fails where there is one.
  - It finds names that come twice, exchanges, environments, regions, options and hosts that do not exist, values of a
    wrong type, addresses and dates that are none or cannot be, documents and keys that do not fit, and secrets that
    stand in a file in clear.
  - No secret is read from a vault or looked up, and none is shown. Templates in other fields are resolved.
  - Where a value did not come from a file that Ansible read, the host is named instead.
  - Runs on the controller, without a connection to any host. Run it once, in a play of its own.
  - The form is described in C(docs/registry.md) of the collection. C(docs/schemas/registry.schema.json) is the same for
    editors.
extends_documentation_fragment:
  - trading.hosts._attributes
  - trading.hosts._attributes.info_module
  - trading.hosts._attributes.controller
options:
  now:
    description:
      - The instant at which dates are judged, such as C(2026-11-22T07:13:54Z). By default the controller's clock.
    type: str
seealso:
  - module: trading.hosts.registry_entry
  - module: trading.hosts.fleet_policy
"""

EXAMPLES = r"""
---
- name: Check the registry
  hosts: all
  gather_facts: false
  tasks:
    - name: Say everything that is wrong
      trading.hosts.registry_check:
      delegate_to: localhost
      run_once: true
"""

RETURN = r"""
problems:
  description: Everything that is wrong, by file and line.
  returned: always
  type: list
  elements: dict
  contains:
    file:
      description: The file. Null where nobody knows.
      type: str
      sample: /srv/inventory/host_vars/bot1/keys.yml
    line:
      description: The line in it, from 1 on. Null where nobody knows.
      type: int
      sample: 12
    hosts:
      description: The hosts that have this problem.
      type: list
      elements: str
      sample: [bot1]
    message:
      description: One sentence that names the entry, the value (never a secret) and the mend.
      type: str
      sample: >-
        exchange_credentials_api_keys[0].exchange 'okxx': is not known here; perhaps you meant okx.
notes:
  description: What is no mistake by itself, such as a key with a secret that is in no document. In the same form.
  returned: always
  type: list
  elements: dict
checked:
  description: How many hosts with keys, how many keys and how many documents were looked at.
  returned: always
  type: dict
  sample: {hosts: 2, api_keys: 3, documents: 3}
msg:
  description: How it stands, and a line for each problem, at most 50.
  returned: always
  type: str
  sample: "The registry of 3 keys and 3 documents on 2 hosts: 0 problems."
"""
