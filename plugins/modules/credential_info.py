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
      - Tell only about credentials in this store. Both if not given. The store of a file is told from its content.
    type: str
    choices: [systemd, age]
  directory:
    description:
      - Directory of the credential files on the host.
    type: path
    default: /etc/credstore.encrypted
  age_identity:
    description:
      - The host's identity, which opens credentials of the store V(age).
    type: path
    default: /var/lib/trading-hosts/age/identity
  escrow_to:
    description:
      - Directory on the controller in which M(trading.hosts.credential) keeps sealed copies. Tells which are current.
    type: path
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
          In the store age V(age), or V(age-passphrase) for a file that no identity opens.
        - Null where the file could not be read.
      type: str
      sample: host
    null_key:
      description: Whether it is encrypted with the null key, which protects nothing.
      type: bool
    scope:
      description: For whose services it is. V(system), or V(user) for those of its owner's own service manager.
      type: str
      sample: system
    recipients:
      description:
        - Who can open it, in the store age, as recipients. The host's own one is among them.
        - Empty where nobody noted it, and in the store systemd, where only the host can.
      type: list
      elements: str
    sealed_copy:
      description:
        - Whether O(escrow_to) holds a sealed copy. V(current), V(old) where the content changed since, or V(none).
        - Null where O(escrow_to) was not given.
      type: str
    sealed_for:
      description: Recipients that can open the sealed copy.
      type: list
      elements: str
    not_after:
      description: When it ends, in UTC. Null where no end was asked for.
      type: str
    superseded:
      description:
        - Whether another file of the same name was put there later. So it is while a credential moves to another
          store.
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
      description: Services whose unit files load it with C(LoadCredentialEncrypted=), or unseal it before they start.
      type: list
      elements: str
      sample: [bot.service]
    environment_of:
      description:
        - Those of them whose program gets it in its environment, by the launcher of the role C(trading_service).
      type: list
      elements: str
      sample: []
    readable_by:
      description: Who can read what is inside. Root, and the user of each service that loads it.
      type: list
      elements: dict
      contains:
        user:
          description: The user. V(dynamic) for one that systemd makes at start.
          type: str
          sample: grid-bot
        service:
          description: The service through which this user reads it. Null for root, and for the owner with scope user.
          type: str
          sample: bot.service
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
    age_identity:
      description:
        - The host's identity for age. V(present), V(absent), V(exposed) where others than root can read it, or
          V(unreadable).
      type: str
      sample: present
    age_identity_problem:
      description: What is wrong with it.
      type: str
    age_recipient:
      description: The host's recipient, the public half of its identity. Who has it can seal a secret for this host.
      type: str
    identity:
      description: What tells this host from its clones. Two hosts that have one of these in common are clones.
      type: dict
      contains:
        machine_id:
          description: A keyed hash of the machine-id, which does not tell it. Null where there is none.
          type: str
          sample: 5f0c2a8f6a1b4f0e9b1d1b0a3f2c7d64
        ssh_host_keys:
          description: Fingerprints of the SSH host keys, as C(ssh-keygen -l) shows them.
          type: list
          elements: str
          sample: ["SHA256:6mCdrm9O1sWv0a8p0n0tVvOQd2nJmL9a8jqGk1xw0cE"]
    overrides:
      description:
        - Who let services start here against the check before their start, by C(trading-hosts-agent override). Those
          of the last 90 days, the oldest first.
      type: list
      elements: dict
      contains:
        service:
          description: The service. Null for all of the host.
          type: str
          sample: grid-bot
        reason:
          description: Why, as that person wrote it.
          type: str
          sample: the exchange is in maintenance, positions are open
        by:
          description: Who it was, as far as the host knows.
          type: str
          sample: ada
        at:
          description: When, in UTC.
          type: str
          sample: "2026-11-22T07:13:54Z"
        until:
          description: When it ends by itself, in UTC.
          type: str
          sample: "2026-11-22T09:13:54Z"
        in_force:
          description: Whether it counts now.
          type: bool
    overrides_problem:
      description: Why they cannot be told. They count for nothing then.
      type: str
facts_file:
  description: The file on the controller that was written.
  returned: when O(facts_dir) is given
  type: str
"""

import typing as t

from ansible_collections.trading.hosts.plugins.module_utils._credential._age import AgeStore
from ansible_collections.trading.hosts.plugins.module_utils._credential._inspect import ARGUMENT_SPEC, inspect
from ansible_collections.trading.hosts.plugins.module_utils._credential._systemd import SystemdStore
from ansible_collections.trading.hosts.plugins.module_utils._module import (
    AnsibleModule,
    require_root,
    run_module,
)


def work(module: AnsibleModule) -> dict[str, t.Any]:
    require_root()
    return inspect(
        directory=module.params["directory"],
        names=module.params["names"],
        systemd=SystemdStore(),
        age=AgeStore(identity_path=module.params["age_identity"]),
        only=module.params["store"],
    )


def main() -> None:
    run_module(argument_spec=ARGUMENT_SPEC, work=work, holds_secrets=False)


if __name__ == "__main__":
    main()
