#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: exposed_credential
short_description: Remove a key in clear once a service runs from the credential
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Takes the keys that a placed credential holds out of files in which they also lie in clear. They are the files
    about which M(trading.hosts.api_key_info) can ask, of freqtrade, passivbot and ccxt, and dotenv files.
  - In JSON the values become empty texts, of variables the lines go, and every other byte stays. A file in which
    nothing else is, and that no unit and no process names, goes as a whole. Owner, mode and attributes stay.
  - Does so only when it is proved that this loses nothing. The credential must open, and hold exactly the values in
    the file. A service that loads it must run, and what systemd gave it at its start must be that content. No other
    unit and no process of another service may name the file, and no process may have it open.
  - Whatever is not proved is held back, with a sentence (RV(files[].held_back)), and the file stays as it is.
  - The file is replaced in one step. The credential holds the key all the time.
  - The old bytes may still be on the disk, in backups, in snapshots and in git. So the key has been exposed, and
    another one must take its place (the playbook C(trading.hosts.rotate)).
extends_documentation_fragment:
  - trading.hosts._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Names of fields, never a value.
  idempotent:
    support: full
  platform:
    support: full
    platforms: linux
requirements:
  - root on the host (C(become))
  - systemd on the host
options:
  credential:
    description:
      - Name of the placed credential that holds the keys.
    type: str
    required: true
  files:
    description:
      - Files in clear. A file that is gone, or that holds none of the keys, is left alone. No part of a path may be a
        link. They are changed in this order.
    type: list
    elements: path
    required: true
  service:
    description:
      - The service that must run from the credential. By default it is any that loads it.
    type: str
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
  on_held_back:
    description:
      - What to do where a key must stay in a file. No file is changed then, also of the others. V(fail) is a failure,
        V(report) only tells.
    type: str
    choices: [fail, report]
    default: fail
notes:
  - That a service was given the credential is proved, not that its program takes the key from there. See it trade after
    its next restart.
  - Programs that find the file by its usual place, without naming it, are not seen, nor are containers.
seealso:
  - module: trading.hosts.exposed_credential_info
  - module: trading.hosts.credential
"""

EXAMPLES = r"""
---
- name: Place what lies in clear
  become: true
  trading.hosts.credential:
    credentials:
      - name: grid.json
        format: freqtrade
        read_from:
          - path: /home/bot/user_data/config.json

# Then the service is changed over to the credential, and restarted.

- name: Remove it from where it lay in clear
  become: true
  trading.hosts.exposed_credential:
    credential: grid.json
    service: grid
    files:
      - /home/bot/user_data/config.json
"""

RETURN = r"""
files:
  description: What became of each file, each once.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
      sample: /home/bot/user_data/config.json
    state:
      description:
        - V(absent), V(present) without these keys, or V(clear) where they are still in it.
      type: str
      sample: present
    changed:
      description: Whether keys were taken out of it.
      type: bool
    entries:
      description: The accounts in the file whose keys were taken out. Null for the only key of a file.
      type: list
      elements: str
    fields:
      description: Names of the fields that had values.
      type: list
      elements: str
      sample: [api_key, secret]
    held_back:
      description: Why they were left there, or null.
      type: str
      sample: "/home/bot/config.json keeps its key: grid.service does not run."
running:
  description: The services that are proved to run from the credential.
  returned: success
  type: list
  elements: str
  sample: [grid.service]
"""

import typing as t

from ansible_collections.trading.hosts.plugins.module_utils._credential._age import AgeStore
from ansible_collections.trading.hosts.plugins.module_utils._credential._systemd import SystemdStore
from ansible_collections.trading.hosts.plugins.module_utils._credential._take_away import (
    ARGUMENT_SPEC,
    Here,
    take_away,
)
from ansible_collections.trading.hosts.plugins.module_utils._module import (
    AnsibleModule,
    require_root,
    run_module,
)


def work(module: AnsibleModule) -> dict[str, t.Any]:
    require_root()
    given = module.params
    age = AgeStore(identity_path=given["age_identity"])
    return take_away(
        credential=given["credential"],
        files=given["files"],
        service=given["service"],
        on_held_back=given["on_held_back"],
        here=Here(directory=given["directory"], systemd=SystemdStore(), age=age),
        check_mode=module.check_mode,
    )


def main() -> None:
    # What it compares are secrets, so it must leave no core dump.
    run_module(argument_spec=ARGUMENT_SPEC, work=work, holds_secrets=True)


if __name__ == "__main__":
    main()
