#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: exposed_credential_info
short_description: Find exchanges' secrets that lie about in clear
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Looks for secrets of exchange API keys in clear where trading programs and people leave them. Files of programs,
    dotenv files, unit files and what they name, shell histories, git checkouts, copies in temporary directories, the
    environment and the command line of running processes.
  - Tells the place, the kind, the mode and the owner. Never a value, nor anything made from one.
  - Tells also which keys M(trading.hosts.api_key_info) could ask about there (RV(found_keys)).
  - Tells also what lets a secret that is in memory reach a disk (swap in clear, core dumps), and which backups take the
    host's key along.
  - With O(scope=inventory) it looks into an inventory on the controller, and into its git history.
  - Reads only. It follows no link, opens no device, pipe or socket, and enters no network or pseudo file system. It
    starts no program on a host.
  - Where it could not look everywhere, RV(scan.complete) is false. What was not looked at counts as not known, never
    as clean.
  - M(trading.hosts.api_key_policy) judges what it tells (option O(trading.hosts.api_key_policy#module:exposed)). What
    is found and what is not is described in C(docs/exposed.md) of the collection.
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
    platforms: linux
requirements:
  - root on the host (C(become)), with O(scope=host)
  - git on the controller for the history, with O(scope=inventory)
options:
  scope:
    description:
      - V(host) looks at a whole host. V(inventory) looks at O(paths), at the whole history of the git repositories that
        they lie in and that lie below them, and at the command lines of running processes. It is for the controller
        (C(delegate_to=localhost)) and needs no root.
    type: str
    choices: [host, inventory]
    default: host
  paths:
    description:
      - Files and directories to look at.
      - By default, on a host, every top-level directory but those of the system's own programs. Left out are logs
        (C(/var/log)), caches, and layers of container images.
    type: list
    elements: path
  exclude:
    description:
      - Files and directories that are left out, also.
    type: list
    elements: path
    default: []
  timeout:
    description:
      - Seconds after which the scan ends with what it has.
    type: int
    default: 120
  max_files:
    description:
      - How many files are looked at, at most.
    type: int
    default: 2000000
  max_file_bytes:
    description:
      - How many bytes of a text file are read, at most. Of binary files only the beginning is read.
    type: int
    default: 67108864
  facts_dir:
    description:
      - Directory on the controller in which to write what was found, for M(trading.hosts.api_key_policy) to read. It
        holds no secret, but it says where secrets are.
    type: path
seealso:
  - module: trading.hosts.credential
  - module: trading.hosts.api_key_policy
"""

EXAMPLES = r"""
---
- name: Look for secrets in clear on the host
  become: true
  trading.hosts.exposed_credential_info:
  register: scanned

- name: Look for secrets in clear in the inventory and its git history
  trading.hosts.exposed_credential_info:
    scope: inventory
    paths: ["{{ inventory_dir }}", "{{ playbook_dir }}"]
  delegate_to: localhost
  run_once: true
  register: inventory_scanned

- name: Judge both
  trading.hosts.api_key_policy:
    api_keys: "{{ learned.api_keys }}"
    exposed: ["{{ scanned }}", "{{ inventory_scanned }}"]
"""

RETURN = r"""
exposed:
  description: Places where a secret lies in clear, at most 500.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description:
        - V(file), V(dotenv), V(unit), V(history), V(git_config), V(environment) and V(command_line) of a running
          process, V(git_history).
      type: str
      sample: file
    path:
      description: The file. Null for a process.
      type: str
      sample: /home/bot/user_data/config.json
    line:
      description: The line, from 1. Null for a process's environment and command line.
      type: int
      sample: 12
    pid:
      description: The process, or null.
      type: int
    program:
      description: Name of the process's program, or null.
      type: str
    commit:
      description: With V(git_history), the beginning of the commit's id.
      type: str
    field:
      description: V(secret) or V(private_key).
      type: str
      sample: secret
    exchanges:
      description: Whose secret it can be, by the names around it and by its form. Empty where nothing tells.
      type: list
      elements: str
      sample: [binance]
    mode:
      description: Mode of the file.
      type: str
      sample: "0644"
    owner:
      description: Owner of the file or of the process.
      type: str
      sample: bot
    group:
      description: Group of the file.
      type: str
      sample: bot
    readable_by:
      description:
        - V(owner), V(group) or V(others). What a unit sets, and a command line, everybody on the host can read.
      type: str
      sample: others
    git:
      description:
        - Of a file in a git checkout, whether git keeps it. V(tracked), V(untracked), or V(unknown). V(history) for
          what a commit holds. Null for other files.
      type: str
    from_credential:
      description:
        - Whether it is in the environment of a process whose service loads credentials, as a launcher puts it there.
      type: bool
found_keys:
  description:
    - Keys in JSON files of freqtrade, passivbot and ccxt and in dotenv files, where the file names their exchange. Each
      key once, at most 100. M(trading.hosts.api_key_info) can ask about them (option
      O(trading.hosts.api_key_info#module:api_keys[].file)). The file that was changed last comes first.
    - Left out are keys of test sites. Empty with O(scope=inventory).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: A name of its own on this host, from the program and the file.
      type: str
      sample: freqtrade /home/bot/user_data/config.json
    program:
      description: V(freqtrade), V(passivbot), V(ccxt) or V(dotenv), by the form of the file.
      type: str
      sample: freqtrade
    path:
      description: The file.
      type: str
      sample: /home/bot/user_data/config.json
    entry:
      description: The account in the file, or null.
      type: str
    exchange:
      description: The exchange, as M(trading.hosts.api_key_info) names it. V(other) where it is not known there.
      type: str
      sample: bybit
    ccxt_id:
      description: With V(other), what the file calls the exchange.
      type: str
    region:
      description: The exchange's regional site, as far as its name in the file tells.
      type: str
      sample: global
    spelled:
      description: What the file calls the exchange.
      type: str
      sample: bybit
    masked_id:
      description: The key's id, a quarter of it at most. By it the judge knows the same key on another host.
      type: str
      sample: abcd…wxyz
    names:
      description: The file's names of the fields that it has, by ours.
      type: dict
      sample: {api_key: key, secret: secret}
    also_in:
      description: Other files that hold the same key.
      type: list
      elements: str
scan:
  description: How far the scan went.
  returned: success
  type: dict
  contains:
    scope:
      description: As given.
      type: str
      sample: host
    complete:
      description: Whether everything that was to be looked at was looked at.
      type: bool
    partial_because:
      description: Why not.
      type: list
      elements: str
    files:
      description: How many files there were.
      type: int
    directories:
      description: How many directories were entered.
      type: int
    seconds:
      description: How long it took.
      type: float
    closed_mounts:
      description: Network, pseudo and unknown file systems that were not entered.
      type: list
      elements: str
    git_history:
      description:
        - V(read), V(partly_read), V(none) (no repository), or V(not_read). On hosts it is not read. There a tracked
          file counts as one that the history holds.
      type: str
      sample: not_read
swap:
  description: Null with O(scope=inventory).
  returned: success
  type: dict
  contains:
    state:
      description:
        - V(off), V(encrypted) (by dm-crypt, or it is memory itself, as zram), V(unencrypted) or V(unknown).
      type: str
      sample: "off"
    in_clear:
      description: The swaps that reach a disk in clear.
      type: list
      elements: str
core_dumps:
  description: Null with O(scope=inventory).
  returned: success
  type: dict
  contains:
    state:
      description:
        - Whether the memory of a program that crashes is stored. V(off), V(stored) or V(unknown).
      type: str
      sample: "off"
    why:
      description: What that rests on.
      type: str
      sample: systemd-coredump has Storage=none
    found:
      description: Core dumps that lie on the host, at most 100.
      type: list
      elements: str
backups:
  description:
    - Lines by which a backup takes a directory with the host's key, so that credentials in the same backup open
      anywhere.
    - Null with O(scope=inventory).
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
      sample: /etc/cron.d/backup
    line:
      description: The line, from 1.
      type: int
    program:
      description: The backup program.
      type: str
      sample: restic
    takes:
      description: The directory.
      type: str
      sample: /var
host_key:
  description: Null with O(scope=inventory).
  returned: success
  type: dict
  contains:
    present:
      description: Whether systemd's host key lies on the host.
      type: bool
    disk_encrypted:
      description: Whether the disk that it lies on is encrypted. Null where there is no host key.
      type: bool
facts_file:
  description: The file on the controller that was written.
  returned: when O(facts_dir) is given
  type: str
"""

import typing as t

from ansible_collections.trading.hosts.plugins.module_utils._exposed._scan import ARGUMENT_SPEC, HOST, scan
from ansible_collections.trading.hosts.plugins.module_utils._module import (
    AnsibleModule,
    require_root,
    run_module,
)


def work(module: AnsibleModule) -> dict[str, t.Any]:
    options = {name: module.params[name] for name in ARGUMENT_SPEC if name != "facts_dir"}
    if options["scope"] == HOST:
        require_root("Only root sees all files and processes")
    return scan(**options)


def main() -> None:
    # What it reads may hold secrets, so it must leave no core dump.
    run_module(argument_spec=ARGUMENT_SPEC, work=work, holds_secrets=True)


if __name__ == "__main__":
    main()
