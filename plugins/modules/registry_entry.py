#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: registry_entry
short_description: Write one exchange API key into a file of the inventory, or take it out
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Adds a key to C(exchange_credentials_api_keys) in a YAML file of variables, changes what is given of it, or removes
    it. So too its document in C(exchange_credentials_documents).
  - Comments, order, vaulted values and everything else in the file stay as they are, character by character. What comes
    out is parsed and compared with what was meant. Where that cannot be, nothing is changed, and RV(entry) is the text
    to write by hand.
  - A file that is encrypted as a whole, and a list that a template makes, are not changed.
  - The file is replaced in one step. Two tasks at once do not lose each other's entry. Mode and owner stay, and a link
    stays a link.
  - Secrets are refused. A key whose secrets are placed on its host needs none in the inventory.
  - Runs on the controller, without a connection to any host.
extends_documentation_fragment:
  - trading.hosts._attributes
  - trading.hosts._attributes.controller
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - It shows the entries of this key alone, without values that may be secrets.
  idempotent:
    support: full
options:
  path:
    description:
      - The file on the controller, such as C(host_vars/bot1/keys.yml). It is made where it is missing, with its
        directory.
    type: path
    required: true
  api_key:
    description:
      - The key, as O(trading.hosts.api_key_info#module:api_keys) takes it, without C(api_key), C(secret), C(passphrase)
        and C(key_password).
      - C(name) says which one it is. What the file has of it and is not given here stays. C(declared) and other
        mappings are joined, lists and texts replaced. What is null is taken out.
      - With O(state=absent) only C(name) counts.
      - Text with the signs of a template is written so that Ansible does not run it.
    type: dict
    required: true
  document:
    description:
      - The document that holds the key, as the role P(trading.hosts.exchange_credentials#role) takes it in
        C(exchange_credentials_documents). C(name) says which one it is.
      - The names in C(api_keys) are added to those that it has.
      - Not with O(state=absent). There the key's name is taken out of each document of the file, and a document that
        holds no other key is removed.
    type: dict
  state:
    description:
      - Whether the key is to be in the file.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: trading.hosts.api_key_info
"""

EXAMPLES = r"""
---
- name: Write down a key that was placed just now
  trading.hosts.registry_entry:
    path: "{{ inventory_dir }}/host_vars/{{ inventory_hostname }}/keys.yml"
    api_key:
      name: grid
      exchange: okx
      declared:
        label: grid
        access: read_write
        products: [spot]
        account: "44705892343619584"
        owner: Ada
        attested:
          recovery: {by: Ada, "on": "2026-11-22"}
    document:
      name: grid.json
      format: freqtrade
      api_keys: [grid]
  delegate_to: localhost

- name: Take out a key that the exchange does not know any more
  trading.hosts.registry_entry:
    path: "{{ inventory_dir }}/host_vars/{{ inventory_hostname }}/keys.yml"
    api_key:
      name: grid
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
entry:
  description:
    - The YAML text of what was given, as it is added to a file that has nothing of it. Empty with O(state=absent).
    - Also returned when the file cannot be changed, to write it by hand.
  returned: when the options can be used
  type: str
  sample: |
    exchange_credentials_api_keys:
      - name: grid
        exchange: okx
"""
