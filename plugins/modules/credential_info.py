#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: credential_info
short_description: Tell which encrypted credentials a host holds
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Tells for every credential what kind of key encrypts it, whether it decrypts, who owns it, how old it is and which
    units load it.
  - Of its content it tells which API keys are in there, each by its account's name and the ends of its id. Never a
    secret.
  - Tells whether the host's key still belongs to the host's machine-id. When it does not, systemd deletes the key for
    good at the
    next use, so this module then tries no decryption.
extends_documentation_fragment:
  - trading.hosts._attributes
  - trading.hosts._attributes.info_module
attributes:
  action:
    description:
      - Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
  platform:
    support: full
    platforms: posix
requirements:
  - root on the host (C(become))
options:
  names:
    description:
      - Names of the credentials to tell about. A name without a file is left out of the result.
      - All of the directory if not given.
    type: list
    elements: str
  store:
    description:
      - Where credentials are kept. V(systemd) is the only one so far.
    type: str
    choices: [systemd]
    default: systemd
  directory:
    description:
      - Directory of the credential files on the host.
    type: path
    default: /etc/credstore.encrypted
  facts_dir:
    description:
      - Directory on the controller in which to write what the host told, for M(trading.hosts.api_key_policy) to read.
        It holds no secret.
    type: path
seealso:
  - module: trading.hosts.credential
"""

EXAMPLES = r"""
---
- name: See what the host holds
  become: true
  trading.hosts.credential_info:
  register: held

- name: Stop before anything can destroy the host's key
  ansible.builtin.assert:
    that:
      - held.machine.host_key in ['bound', 'absent']
    fail_msg: Put the old /etc/machine-id back before you start any service here.
"""

RETURN = r"""
credentials:
  description: The credentials, by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the credential.
      type: str
      sample: bot-okx.json
    path:
      description: Its file.
      type: str
      sample: /etc/credstore.encrypted/bot-okx.json
    store:
      description: The store that it is in.
      type: str
      sample: systemd
    key_type:
      description:
        - Kind of key that encrypts it, told from the file alone. V(host), V(tpm2), V(host+tpm2), each also with
          V(+pk) (sealed to
          a public key's policy) or V(-scoped) (for one user), V(null) (no protection), or V(unknown).
        - Null where the file could not be read.
      type: str
      sample: host
    null_key:
      description: Whether it is encrypted with the null key, which protects nothing.
      type: bool
    decryptable:
      description: V(yes), V(no), or V(not_tried) where a try would be useless or dangerous.
      type: str
      sample: "yes"
    problem:
      description: Why it is not decryptable, or was not tried.
      type: str
    api_keys:
      description:
        - The API keys in it, where its format is one that M(trading.hosts.credential) writes.
        - Null where it was not opened.
      type: list
      elements: dict
      contains:
        entry:
          description: Name of the account. Null where the credential is one key alone.
          type: str
          sample: grid-okx
        masked_id:
          description: Ends of the key's id. Null where the id is not in the credential.
          type: str
          sample: 8b1c…e07f
    size:
      description: Size of the file in bytes.
      type: int
    mode:
      description: Mode of the file.
      type: str
      sample: "0600"
    owner:
      description: Owner of the file.
      type: str
      sample: root
    group:
      description: Group of the file.
      type: str
      sample: root
    content_changed_at:
      description:
        - When its content was last changed, in UTC. Encrypting it anew with another kind of key keeps this time.
        - A service that began to start before it has an older content.
      type: str
      sample: "2026-11-22T07:13:54.123456Z"
    age_days:
      description: Whole days since then.
      type: int
    loaded_by:
      description: Services whose unit files load it with C(LoadCredentialEncrypted=).
      type: list
      elements: str
      sample: [bot.service]
machine:
  description: State of the host.
  returned: success
  type: dict
  contains:
    host_key:
      description:
        - V(bound), the host's key belongs to this machine-id. V(differs), it belongs to another one, and any use
          deletes it.
          V(absent), there is none yet. V(empty-machine-id), the machine has no identity. V(unreadable), it cannot be
          told.
      type: str
      sample: bound
    host_key_problem:
      description: Why it cannot be told.
      type: str
facts_file:
  description: The file on the controller that was written.
  returned: when O(facts_dir) is given
  type: str
"""

import os
import typing as t

from ansible_collections.trading.hosts.plugins.module_utils._credential._inspect import ARGUMENT_SPEC, inspect
from ansible_collections.trading.hosts.plugins.module_utils._credential._systemd import SystemdStore
from ansible_collections.trading.hosts.plugins.module_utils._errors import StoreError
from ansible_collections.trading.hosts.plugins.module_utils._module import AnsibleModule, run_module


def work(module: AnsibleModule) -> dict[str, t.Any]:
    if os.geteuid() != 0:
        raise StoreError(
            "Credentials belong to root, and this task does not run as root on the host; set become: true."
        )
    return inspect(directory=module.params["directory"], names=module.params["names"], store=SystemdStore())


def main() -> None:
    run_module(argument_spec=ARGUMENT_SPEC, work=work, holds_secrets=False)


if __name__ == "__main__":
    main()
