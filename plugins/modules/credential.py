#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: credential
short_description: Place exchange credentials on a host, encrypted
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Writes each credential in the form that the trading program reads, encrypts it on the host with C(systemd-creds) or
    C(age), and puts it where a service loads it. The clear text is never on a disk, in a command line, in the
    environment or in a log.
  - Places many credentials in one call. Give them all in one task rather than in a loop.
  - Decrypts what is there and compares it, so a second run changes nothing. No hash of a secret is stored.
  - Every new credential is proved by decrypting it before it replaces the old one. Whenever this module is
    interrupted, the host
    holds the old credential or the new one, whole.
  - What this protects against are a leaked file, other users, other services, backups of C(/etc) and logs. A
    credential encrypted
    with the host's key does B(not) protect against a copy of the whole disk, the provider, or root on the running host.
extends_documentation_fragment:
  - trading.hosts._attributes
  - trading.hosts._attributes.secret_transport
  - trading.hosts._secret_transport
attributes:
  check_mode:
    support: full
    details:
      - Tells truly what would change, because it decrypts and compares too. It writes nothing, not even the host's key.
  diff_mode:
    support: full
    details:
      - Shows names of fields and key types, never a value.
  idempotent:
    support: full
requirements:
  - For the store V(systemd), systemd 250 or newer on the host (Debian 12, Ubuntu 24.04, RHEL 9).
  - For the store V(age), the program age (package C(age), 1.0.0 or newer) on the host.
  - root on the host (C(become))
options:
  credentials:
    description:
      - The credentials to place or to remove. All of them are checked before anything is sent or changed.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the credential, of its file, and of the file that the service finds in C($CREDENTIALS_DIRECTORY).
          - 1 to 128 letters, digits and C(_ . @ + -), beginning with a letter, a digit or C(_).
        type: str
        required: true
      state:
        description:
          - V(absent) removes the credential from every store. It needs no secret.
          - V(settled) leaves the credential as it is and removes copies of it in other stores that no unit loads any
            more, after a move. It needs no secret either.
        type: str
        choices: [present, absent, settled]
        default: present
      format:
        description:
          - V(raw) stores O(credentials[].content) as it is, or the value of the one field in O(credentials[].fields).
          - V(json) stores a JSON object of the fields under the names used here.
          - V(ccxt) stores a JSON object under ccxt's names, C(apiKey), C(secret), C(password), and so on.
          - V(freqtrade) stores a private configuration for freqtrade, which it reads with a second C(--config).
          - V(passivbot) stores C(api-keys.json), V(octobot) the section C(exchanges) of OctoBot's C(config.json),
            V(hummingbot) the fields of its connectors, V(jesse) the table that its dashboard imports, V(roq) the
            accounts of a gateway's TOML file.
          - V(nautilus) stores the environment variables of nautilus_trader, V(dotenv) variables named by the fields.
          - V(template) stores O(credentials[].template) with the fields filled in, for every other program.
          - How each program is pointed at its document is in the guide to credentials.
          - Needed unless O(credentials[].content) or O(credentials[].copy_from) is given.
        type: str
        choices:
          - raw
          - json
          - ccxt
          - freqtrade
          - passivbot
          - nautilus
          - hummingbot
          - jesse
          - octobot
          - roq
          - dotenv
          - template
      fields:
        description:
          - One key's fields. V(api_key), V(secret), V(passphrase), V(uid), V(account_id), V(login), V(private_key),
            V(wallet_address) and V(token). Which ones are needed depends on the exchange.
          - Values are strings. Put numbers in quotes, or YAML drops leading zeros.
          - A field that is null is left out.
        type: dict
      accounts:
        description:
          - Several keys in one document, each under a name of your choice, usually the exchange's. Each has fields as
            in
            O(credentials[].fields).
          - For every format but V(raw) and V(freqtrade). V(passivbot), V(jesse) and V(roq) need it for one key too.
        type: dict
      exchange:
        description:
          - The exchange that the keys are for, for the formats V(passivbot), V(nautilus), V(hummingbot), V(jesse) and
            V(octobot).
          - As this collection names it, or as the program does where it has several for one exchange, such as
            V(bybit_perpetual) for hummingbot and V(Bybit USDT Perpetual) for jesse.
          - The default for one of O(credentials[].accounts) is the account's name.
        type: str
      exchanges:
        description: The exchange of each account that has another one than O(credentials[].exchange), by its name.
        type: dict
      template:
        description:
          - The text of a document, with C({api_key}) where that field goes, or C({name.api_key}) with several
            accounts. All other braces stay.
          - Put the quotes into the template. Where that is JSON, values are escaped as JSON wants it.
          - "Into any other text only values of letters, digits and C(+ / = _ . : @ ~ , -) can be filled in."
        type: str
      content:
        description:
          - Any text, stored as it is. For programs whose form is none of the others.
        type: str
      copy_from:
        description:
          - Name of another credential in O(directory) on the host. Its content is taken as it is, without a secret from
            the controller.
          - It is decrypted in memory and encrypted anew, because a credential opens under its own name only.
          - With O(credentials[].format) it must be in that format. V(raw) and V(template) cannot be told.
        type: str
      read_from:
        description:
          - Files in clear on the host from which the keys are taken, as programs of their own write them. They are the
            forms about which M(trading.hosts.api_key_info) can ask. So a key that lies there already is placed without
            a secret from the controller. The file stays as it is (see M(trading.hosts.exposed_credential)).
          - O(credentials[].format) says in which form it is placed, and the names of O(credentials[].exchanges) come
            from the file where they are not given.
          - A key that is in the credential already must be among these with the same values. Otherwise the task fails,
            because the file or the credential is out of date.
        type: list
        elements: dict
        suboptions:
          path:
            description:
              - The file. No part of its path may be a link.
            type: path
            required: true
          entry:
            description:
              - The account in the file, as RV(trading.hosts.exposed_credential_info#module:found_keys) names it. May be
                left out where the file holds one key.
            type: str
          account:
            description:
              - The key's name in the credential. Needed for several keys, and in forms in which every key has a name.
            type: str
      sealed:
        description:
          - The text of an age file that was made for this host's recipient, in place of clear values. Only the host can
            open it, so git, the controller and CI hold nothing that is a secret.
          - It holds what O(credentials[].format) is made of, as a JSON object of fields or of accounts. Without a
            format it holds the whole document.
          - Make it where the key was created, for the host and for a recovery recipient, with C(age --encrypt --armor
            --recipient HOST --recipient RECOVERY). M(trading.hosts.credential_info) tells the host's recipient.
        type: str
      private_key_from:
        description:
          - Name of a credential in O(directory) on the host that holds a private key alone, as
            M(trading.hosts.key_pair) makes it. It becomes the field V(secret) of the document, and never leaves the
            host.
          - O(credentials[].fields) holds the rest, such as V(api_key).
        type: str
      with_key:
        description:
          - Which key encrypts the credential. V(host) is a file on the host's disk, V(tpm2) is its TPM.
          - V(auto) lets systemd choose. It takes both where there is a TPM, and the host's key otherwise. It keeps
            what is
            there whatever real key that was encrypted with.
          - The null key of systemd, which protects nothing, is refused always.
        type: str
        choices: [auto, host, tpm2, host+tpm2]
        default: auto
      not_after:
        description:
          - The instant, in UTC, from which on systemd opens the credential no more, for example V(2027-01-31) or
            V(2027-01-31T18:00:00Z). For the store V(systemd).
          - B(Dangerous). A service that runs goes on, but no start succeeds from then on, after a crash or a reboot
            either, whatever positions are open. A day on which to rotate a key belongs in a calendar, not here.
          - It cannot be read back from the file, so it is noted beside it.
        type: str
  store:
    description:
      - How credentials are kept.
      - V(systemd) encrypts with the host's key or its TPM, and systemd itself hands the credential to the service.
      - V(age) encrypts for an identity that is made on the host and never leaves it, and for O(recipients). For hosts
        whose systemd is older than 250, and for owners who want to be able to open a credential elsewhere. The role
        trading_service lets a unit unseal it into memory just before the start.
      - A credential that is in the other store moves to this one. The file in the other store stays as long as a unit
        loads it.
    type: str
    choices: [systemd, age]
    default: systemd
  scope:
    description:
      - For whose services the credentials are, in the store V(systemd). V(system) are those of the host.
      - V(user) are those of O(user)'s own service manager (C(systemctl --user)). Nobody else's services can open them,
        not even the host's. Needs systemd 256 or newer (Debian 13).
    type: str
    choices: [system, user]
    default: system
  user:
    description:
      - The user, for O(scope=user), who then owns the files. The default of O(directory) becomes
        C(/etc/credstore.encrypted.USER), which others can list.
    type: str
  recipients:
    description:
      - Who else than the host can open the credentials of the store V(age), and who can open what is kept in
        O(escrow_to). As recipients of age (C(age1...), or SSH keys of the types
        C(ssh-ed25519) and C(ssh-rsa)). A credential for others than these is encrypted anew.
      - Give the recipient of an identity that is kept off every host and controller, so that the loss of a host is not
        the loss of its keys.
    type: list
    elements: str
  age_identity:
    description:
      - The host's identity for age. It is made at the first use, by C(age-keygen) on the host. Only root can read it.
    type: path
    default: /var/lib/trading-hosts/age/identity
  escrow_to:
    description:
      - Directory on the controller for sealed copies, so that a dead host is not a lost key. What the host encrypts for
        O(recipients) is kept there as C(HOST/NAME.age), with a C(.json) file that tells which content it is. It is
        ciphertext, which may go into git.
      - The host needs the program age for this, whatever the store.
    type: path
  make_age_identity:
    description:
      - Make the host's identity for age now if there is none, so that secrets can be sealed for this host.
    type: bool
    default: false
  directory:
    description:
      - Directory of the credential files on the host. It is made for root only if it is missing. Its parent must exist.
      - It must belong to root and not be writable by others.
    type: path
    default: /etc/credstore.encrypted
  on_undecryptable:
    description:
      - What to do with a credential on the host that does not decrypt, because it was damaged or because the host's
        key is another one.
      - V(fail) changes nothing, so that a backup can be restored. V(replace) places the secret anew.
    type: str
    choices: [fail, replace]
    default: fail
notes:
  - When the host's machine-id has changed, systemd deletes the host's key for good at the next use, even at a
    decrypt. This
    module looks first, touches nothing then, and says so.
  - The file mode is C(0600) and the owner is root, always.
  - This module does not restart services. Use RV(restart_needed), which names the credentials whose content changed.
seealso:
  - module: trading.hosts.credential_info
"""

EXAMPLES = r"""
---
- name: Place the keys of two bots, in one call
  become: true
  trading.hosts.credential:
    credentials:
      - name: bot-okx.json
        format: ccxt
        fields:
          api_key: "{{ vault_okx_api_key }}"
          secret: "{{ vault_okx_secret }}"
          passphrase: "{{ vault_okx_passphrase }}"
      - name: freqtrade-private.json
        format: freqtrade
        fields:
          api_key: "{{ vault_bybit_api_key }}"
          secret: "{{ vault_bybit_secret }}"
  register: placed

- name: Restart the bot only if what it reads has changed
  become: true
  ansible.builtin.systemd_service:
    name: bot.service
    state: restarted
  when: "'bot-okx.json' in placed.restart_needed"

- name: Remove a credential
  become: true
  trading.hosts.credential:
    credentials:
      - name: bot-okx.json
        state: absent
"""

RETURN = r"""
credentials:
  description: What was done with each credential, in the order given. Never a value.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the credential.
      type: str
      sample: bot-okx.json
    path:
      description: Its file on the host.
      type: str
      sample: /etc/credstore.encrypted/bot-okx.json
    state:
      description: V(present) or V(absent), after this module.
      type: str
      sample: present
    changed:
      description: Whether anything about it was changed.
      type: bool
    changed_reasons:
      description:
        - Why. V(absent) there was none, V(content) it held something else, V(key_type) it was encrypted with another
          kind of key, V(store) it was in another store, V(recipients) it was for others, V(not_after) it ended at
          another instant,
          V(name) it was made for another name, V(undecryptable) it did not decrypt, V(mode) or V(owner) of the file
          were
          others, V(unused_copy) a copy in another store was removed, V(removed).
      type: list
      elements: str
      sample: [content]
    content_changed:
      description: Whether a service that loads it gets another content than before. False for a new mode, owner or
        kind of key.
      type: bool
    store:
      description: The store that it is in. Null when it is absent.
      type: str
      sample: systemd
    recipients:
      description: Who can open it, in the store age.
      type: list
      elements: str
    not_after:
      description: When it ends. Null where it does not.
      type: str
    content_changed_at:
      description:
        - When its content last changed, in UTC. Null when it is absent, and where check mode foresees a change.
      type: str
      sample: "2026-11-22T07:13:54.123456Z"
    kept_for_units:
      description: Files of it in another store that stay because a unit still loads them.
      type: list
      elements: str
    key_type:
      description:
        - Kind of key that encrypts it, for example V(host), V(tpm2), V(host+tpm2) or V(age). V(unknown) for a
          kind that is newer than this release. Null when it is absent.
      type: str
      sample: host
    load_directive:
      description:
        - The line for the unit that uses it. Null when it is absent, and in the store age, for which the role
          trading_service writes the unit.
      type: str
      sample: LoadCredentialEncrypted=bot-okx.json:/etc/credstore.encrypted/bot-okx.json
restart_needed:
  description:
    - Names of the credentials whose content changed. Services that load one of them read the new content only after a
      restart.
  returned: success
  type: list
  elements: str
  sample: [bot-okx.json]
age_recipient:
  description: The host's recipient. Null where it has no identity, or where age is not used.
  returned: success
  type: str
escrow:
  description: The sealed copies on the controller.
  returned: when O(escrow_to) is given
  type: dict
  contains:
    directory:
      description: The directory of this host's copies.
      type: str
      sample: escrow/bot1
    written:
      description: Names of the credentials of which a copy was made, or would be made.
      type: list
      elements: str
transport:
  description: How the secrets travelled.
  returned: when secrets were sent, or copied on the host
  type: dict
  contains:
    connection:
      description: The connection plugin.
      type: str
      sample: ssh
    pipelining:
      description: Always true. Otherwise the task fails before anything is sent.
      type: bool
    verified_host:
      description: Whether the SSH identity of the host was checked.
      type: bool
    verified_host_problem:
      description: Why it was not.
      type: str
    become_method:
      description: The become method in use.
      type: str
      sample: sudo
    sudo_records_input:
      description: False when sudo was asked and does not record input. Null when sudo is not in use.
      type: bool
"""

import typing as t

from ansible_collections.trading.hosts.plugins.module_utils._credential._age import AgeStore
from ansible_collections.trading.hosts.plugins.module_utils._credential._clear_file import only_key
from ansible_collections.trading.hosts.plugins.module_utils._credential._copy import with_copies
from ansible_collections.trading.hosts.plugins.module_utils._credential._files import AGE
from ansible_collections.trading.hosts.plugins.module_utils._credential._place import Outcome
from ansible_collections.trading.hosts.plugins.module_utils._credential._read_from import with_held
from ansible_collections.trading.hosts.plugins.module_utils._credential._request import (
    ARGUMENT_SPEC,
    Late,
    Request,
    parse,
)
from ansible_collections.trading.hosts.plugins.module_utils._credential._stores import placer_of
from ansible_collections.trading.hosts.plugins.module_utils._module import (
    AnsibleModule,
    require_root,
    run_module,
)


def work(module: AnsibleModule) -> dict[str, t.Any]:
    given = module.params
    requests = parse(credentials=given["credentials"], store=given["store"])
    placer, age = placer_of(given)
    require_root()
    if any(request.is_sealed or request.grows for request in requests):
        late = Late(unseal=age.unseal, read_key=only_key)
        requests = parse(credentials=given["credentials"], store=given["store"], late=late)
    requests = with_held(with_copies(requests, placer=placer), placer=placer)
    outcomes = placer.run(requests=requests, check_mode=module.check_mode)
    made = given["make_age_identity"] and age.begins()
    if made and not module.check_mode:
        age.make_identity()
    result: dict[str, t.Any] = {
        "changed": made or any(outcome.reasons for outcome in outcomes),
        "credentials": [outcome.result() for outcome in outcomes],
        "restart_needed": [outcome.name for outcome in outcomes if outcome.content_changed],
        "age_recipient": None if age.begins() or not _uses_age(given) else age.recipient(),
        "diff": [outcome.diff() for outcome in outcomes if outcome.reasons],
    }
    if given["escrow_to"] and not module.check_mode:
        result["sealed_copies"] = _sealed_copies(requests, outcomes, age=age)
    return result


def _sealed_copies(
    requests: t.Sequence[Request], outcomes: t.Sequence[Outcome], *, age: AgeStore
) -> list[dict[str, t.Any]]:
    """Return what the controller keeps: the contents, for the recovery recipients only."""
    return [
        {
            "name": outcome.name,
            "sealed": age.seal(name=outcome.name, content=request.content, recipients=age.recipients).decode("ascii"),
        }
        for request, outcome in zip(requests, outcomes)
        if request.content is not None
    ]


def _uses_age(given: t.Mapping[str, t.Any]) -> bool:
    return given["store"] == AGE or bool(given["make_age_identity"])


def main() -> None:
    run_module(argument_spec=ARGUMENT_SPEC, work=work, holds_secrets=True)


if __name__ == "__main__":
    main()
