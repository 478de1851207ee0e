#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: key_pair
short_description: Make a pair of keys on a host, whose private half never leaves it
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Makes an Ed25519 or RSA key on the host that will use it. The private half is encrypted by the store before anything
    else happens. It is never on a disk in clear, in a command line, in the environment, in a log or on the controller.
  - Returns the public half, to be pasted into the exchange's page, and where that page is. The exchange then gives the
    key's id (API key), which is no secret.
  - M(trading.hosts.api_key_info) asks with such a key, given the id as C(api_key) and the pair as C(credential).
  - Run again, it changes nothing and returns the same public half, as long as the private half decrypts.
  - A pair is replaced in two steps. O(regenerate=true) makes a new one beside it and leaves the one in use alone. Once
    the exchange takes the new one, O(promote=true) puts it in the old one's place, in one step.
  - Nobody else has the private half, unless O(recipients) are given. When the host is lost, so is the key; make another
    one then.
extends_documentation_fragment:
  - trading.hosts._attributes
attributes:
  action:
    description:
      - Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
    details:
      - The action plugin refuses to ask a host whose identity is not checked.
      - It knows the exchanges. Nothing of them is sent to the host.
  async:
    description: Supports being used with the C(async) keyword.
    support: none
  check_mode:
    support: full
    details:
      - A pair that would be made has no public half yet.
  diff_mode:
    support: full
    details:
      - Shows names and kinds of key, never a value.
  idempotent:
    support: full
  platform:
    support: full
    platforms: posix
requirements:
  - cryptography on the host (Debian and Ubuntu package C(python3-cryptography))
  - systemd 250 or newer on the host (Debian 12, Ubuntu 24.04, RHEL 9) for O(store=systemd), or the program C(age) there
    for O(store=age)
  - root on the host (C(become))
options:
  name:
    description:
      - Name of the credential that holds the private half, as PKCS#8 in PEM form.
      - A new pair waits as the credential of this name with C(.next) behind it.
    type: str
    required: true
  exchange:
    description:
      - The exchange that the public half is for, such as V(binance). A type or size that it does not take is refused
        before the host is asked, and RV(registration) says where its page is.
    type: str
  type:
    description:
      - V(ed25519) or V(rsa). If it is not given, Ed25519 where the exchange takes it and RSA elsewhere.
    type: str
    choices: [ed25519, rsa]
  size:
    description:
      - Bits of an RSA key. A new one has 4096 if this is not given, and one that is there keeps its size.
    type: int
    choices: [2048, 3072, 4096]
  regenerate:
    description:
      - Make a new pair beside the one in use, or keep the one that waits there already. Nothing else changes.
      - Take it away once the pair is promoted, or the next run makes another one.
    type: bool
    default: false
  promote:
    description:
      - Put the pair that waits in the place of the one in use, after it has been decrypted. The old private half is
        gone then. Do so after M(trading.hosts.api_key_info) got an accepted answer with it.
      - Where none waits because it was promoted before, nothing changes.
    type: bool
    default: false
  with_key:
    description:
      - Which key encrypts the credential, as for M(trading.hosts.credential).
    type: str
    choices: [auto, host, tpm2, host+tpm2]
    default: auto
  store:
    description:
      - How the private half is kept, as for M(trading.hosts.credential).
    type: str
    choices: [systemd, age]
    default: systemd
  recipients:
    description:
      - Who else than the host can open the private half, with O(store=age), as for M(trading.hosts.credential).
    type: list
    elements: str
  age_identity:
    description:
      - The host's identity for O(store=age). It is made at the first use.
    type: path
    default: /var/lib/trading-hosts/age/identity
  directory:
    description:
      - Directory of the credential files on the host.
    type: path
    default: /etc/credstore.encrypted
  require_verified_host:
    description:
      - Refuse to ask a host whose SSH identity is not checked. Whoever answers at its address could return a public key
        of their own.
    type: bool
    default: true
notes:
  - A private half that does not decrypt is never replaced by itself. Restore it, or remove the credential first.
  - An unencrypted swap can take what is in a process's memory to the disk, here as for every program that holds a key.
seealso:
  - module: trading.hosts.api_key_info
  - module: trading.hosts.credential
"""

EXAMPLES = r"""
---
- name: Make a pair for Binance
  become: true
  trading.hosts.key_pair:
    name: grid-key
    exchange: binance
  register: made

- name: Show what to paste where
  ansible.builtin.debug:
    msg:
      - "{{ made.registration.click_path }}"
      - "{{ made.key_pair.public_key }}"

- name: Ask with it, once the exchange has given the key's id
  become: true
  trading.hosts.api_key_info:
    api_keys:
      - name: grid
        exchange: binance
        api_key: "{{ grid_api_key }}"
        credential:
          name: grid-key

- name: Make a new pair beside it
  become: true
  trading.hosts.key_pair:
    name: grid-key
    exchange: binance
    regenerate: true
  register: made

- name: Ask with the new one
  become: true
  trading.hosts.api_key_info:
    api_keys:
      - name: grid
        exchange: binance
        api_key: "{{ grid_new_api_key }}"
        credential:
          name: grid-key.next
  register: learned

- name: Put it in the old one's place
  become: true
  trading.hosts.key_pair:
    name: grid-key
    promote: true
  when: learned.api_keys[0].access.status == 'accepted'
"""

RETURN = r"""
key_pair:
  description: The pair in use. Null where there is none, which check mode shows of one that would be made.
  returned: success
  type: dict
  contains: &pair
    name:
      description: Name of the credential that holds the private half.
      type: str
      sample: grid-key
    type:
      description: V(ed25519) or V(rsa).
      type: str
      sample: ed25519
    size:
      description: Bits of an RSA key. Null for Ed25519.
      type: int
    public_key:
      description: The public half in PEM form.
      type: str
      sample: |
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAM7FWhKquNqLmTOV4hfYT5r3AjrYiORTT6Tn5HIfFNV8=
        -----END PUBLIC KEY-----
    public_key_base64:
      description: The same without its first and last line and without line ends.
      type: str
      sample: MCowBQYDK2VwAyEAM7FWhKquNqLmTOV4hfYT5r3AjrYiORTT6Tn5HIfFNV8=
    fingerprint:
      description: SHA-256 of the public half (its DER form), to compare two by eye.
      type: str
next_key_pair:
  description: The pair that waits to be promoted, in the same form. Null where none waits.
  returned: success
  type: dict
  contains: *pair
registration:
  description: How the public half is registered.
  returned: when O(exchange) is given
  type: dict
  contains:
    click_path:
      description: The way to the exchange's page.
      type: str
      sample: Binance > account menu > API Management > Create API > Self-generated
    form:
      description: What the page takes.
      type: str
    unverified:
      description: What of that is not known from the exchange itself. Null where all of it is.
      type: str
    source:
      description: Where it is known from.
      type: str
    as_of:
      description: The day of that source, C(YYYY-MM-DD).
      type: str
credentials:
  description:
    - What was done with the credentials that hold private halves, in the form of M(trading.hosts.credential). Never a
      value.
  returned: success
  type: list
  elements: dict
restart_needed:
  description: Names of the credentials whose content changed, as M(trading.hosts.credential) returns them.
  returned: success
  type: list
  elements: str
  sample: [grid-key]
transport:
  description: Whether the answer came from the right host.
  returned: always
  type: dict
  contains:
    connection:
      description: The connection plugin.
      type: str
      sample: ssh
    verified_host:
      description: Whether the SSH identity of the host was checked.
      type: bool
    verified_host_problem:
      description: Why it was not.
      type: str
"""

import typing as t

from ansible_collections.trading.hosts.plugins.module_utils._credential._key_pair import (
    ARGUMENT_SPEC,
    bring_about,
    read_wish,
)
from ansible_collections.trading.hosts.plugins.module_utils._credential._stores import placer_of
from ansible_collections.trading.hosts.plugins.module_utils._module import (
    AnsibleModule,
    require_root,
    run_module,
)


def work(module: AnsibleModule) -> dict[str, t.Any]:
    wish = read_wish(module.params)
    require_root()
    placer, _age = placer_of(module.params)
    made = bring_about(wish=wish, placer=placer, check_mode=module.check_mode)
    return {
        "changed": any(outcome.reasons for outcome in made.outcomes),
        "key_pair": made.current and made.current.result(),
        "next_key_pair": made.next and made.next.result(),
        "credentials": [outcome.result() for outcome in made.outcomes],
        "restart_needed": [outcome.name for outcome in made.outcomes if outcome.content_changed],
        "diff": [outcome.diff() for outcome in made.outcomes if outcome.reasons],
    }


def main() -> None:
    run_module(argument_spec=ARGUMENT_SPEC, work=work, holds_secrets=True)


if __name__ == "__main__":
    main()
