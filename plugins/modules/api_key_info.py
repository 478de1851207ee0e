#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: api_key_info
short_description: Ask exchanges what API keys are, from the host that uses them
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Asks each exchange about each key, with one signed read that changes nothing. It tells what the key may do, the
    addresses that it is restricted to, when it ends, its label and its account, as far as the exchange tells.
  - Run it on the host that uses the key, because the allowlist is about that host. An accepted call proves that the
    allowlist lets this host through. A refused call tells why, and often the address that the exchange saw.
  - A refusal is an answer (RV(api_keys[].access.status)), and the task does not fail. A mistake in the options
    fails before anything is sent.
  - The result holds no secret. M(trading.hosts.api_key_policy) judges it.
  - A probe must not lock out a bot. There is at most one refused call per key and run and no retry. After a
    refusal, the later keys of that exchange are V(held_back). Ask such a key in a task of its own, or mend the
    refused one first.
  - Hosts of one run of Ansible that share a key ask with it one after the other. Once an exchange has refused the key
    for its own sake, the other hosts do not ask with it (V(held_back)). After an exchange has asked for silence, no
    host that comes later asks there. Hosts run side by side, so some may be under way by then. Where they share
    one public address, C(throttle=1) on the task sends them one after the other.
  - Kraken locks accounts for refused keys. After it has refused three in a run, no other key is shown to it
    (V(held_back)).
  - Exchanges are asked side by side. The keys of one exchange are asked one after the other, over one connection for
    each of its hosts, and never faster than the exchange publishes (five requests in a second where nothing is
    published). After O(deadline) the task ends with the answers that are there.
  - Which key a placed credential (O(api_keys[].credential)) holds, only its host knows. So a bad one that lies on
    several hosts is asked once on each of them.
extends_documentation_fragment:
  - trading.hosts._attributes
  - trading.hosts._attributes.info_module
  - trading.hosts._attributes.actiongroup_exchange
  - trading.hosts._attributes.secret_transport
  - trading.hosts._exchange
  - trading.hosts._api_keys
  - trading.hosts._secret_transport
requirements:
  - requests on the host (Debian and Ubuntu package C(python3-requests))
  - cryptography on the host for private keys (Debian and Ubuntu package C(python3-cryptography))
  - PySocks on the host for a SOCKS5 proxy (Debian and Ubuntu package C(python3-socks))
  - root on the host (C(become)) for O(api_keys[].credential) and O(api_keys[].file)
options:
  deadline:
    description:
      - Seconds that all keys may take together, at most 3600. No answer that came in time is lost.
      - A key whose turn did not come is V(held_back), one whose answer did not come is V(unreachable).
      - An exchange that takes few requests needs its time. C(docs/exchanges.md) has the limits.
    type: float
    default: 120.0
  hold_back:
    description:
      - Names of O(api_keys) that are not asked; they come back as V(held_back).
      - The controller adds the keys that another host was refused with in the same run.
    type: list
    elements: str
    default: []
  mark_with:
    description:
      - Set by the action plugin of this module, not by people. Nothing is asked; instead each key whose
        O(api_keys[].credential) lies on the host comes back as a mark, by which the controller knows the same key on
        several hosts without seeing it.
    type: str
  ip_family:
    description:
      - Ask over this address family only. An allowlist with IPv4 entries says nothing about a host that leaves by
        IPv6.
      - Behind a O(proxy) it cannot be chosen.
    type: str
    choices: [any, ipv4, ipv6]
    default: any
  validate_certs:
    description:
      - Whether to check the certificates of those who answer.
      - With V(false) anybody on the way can answer, so RV(api_keys[].official) is V(false).
    type: bool
    default: true
seealso:
  - module: trading.hosts.public_ip_info
  - module: trading.hosts.credential
"""

EXAMPLES = r"""
---
- name: Ask about a key whose secret comes from a vault
  trading.hosts.api_key_info:
    api_keys:
      - name: spot-bot
        exchange: okx
        api_key: "{{ vault_okx_api_key }}"
        secret: "{{ vault_okx_secret }}"
        passphrase: "{{ vault_okx_passphrase }}"
        declared:
          label: spot-bot
          access: read_write
          products: [spot]
  register: learned

- name: Show why a key was refused, and the address to put on its allowlist
  ansible.builtin.debug:
    msg: "{{ item.access.status }}, seen as {{ item.access.seen_address }}: {{ item.access.next_step }}"
  loop: "{{ learned.api_keys }}"
  loop_control:
    label: "{{ item.name }}"

- name: Audit the keys that are placed on this host, without any secret, and keep the facts on the controller
  become: true
  trading.hosts.api_key_info:
    api_keys:
      - name: spot-bot
        exchange: okx
        credential:
          name: spot-bot.json
      - name: grid-bot
        exchange: bybit
        region: eu
        credential:
          name: grid-bot.json
    facts_dir: "{{ inventory_dir }}/facts"

- name: Declare a key of an exchange that is not known here
  trading.hosts.api_key_info:
    api_keys:
      - name: old-bot
        exchange: other
        declared:
          ccxt_id: bitvavo
          access: read
          ip_restriction: true
          created_on: "2026-10-01"
          attested:
            ip_restriction:
              by: Ada Example
              "on": "2026-11-01"
"""

RETURN = r"""
api_keys:
  description: What was learned, one entry for each of O(api_keys), in that order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Your name for the key.
      type: str
      sample: spot-bot
    exchange:
      description: The exchange.
      type: str
      sample: okx
    environment:
      description: The environment that was asked.
      type: str
      sample: mainnet
    region:
      description: The region that was asked.
      type: str
      sample: global
    host:
      description: The host's name in the inventory.
      type: str
      sample: trader-1
    asked_at:
      description: When the question was put, by the host's clock.
      type: str
      sample: "2026-11-22T07:13:54Z"
    asked_host:
      description: The host that was asked. V(null) for V(other).
      type: str
      sample: www.okx.com
    exchange_families:
      description:
        - The address families in which the exchange's name resolves on this host, V(ipv4) and V(ipv6).
        - V(null) where it was not resolved, because a proxy does it or the name does not resolve.
      type: list
      elements: str
      sample: [ipv4]
    official:
      description:
        - Whether only the exchange itself can have answered. V(false) with O(api_keys[].base_url), O(ca_path) or
          O(validate_certs=false).
      type: bool
    key_type:
      description:
        - The type of the key, told from its secret. V(hmac), V(rsa), V(ed25519) or V(es256).
        - V(null) where no secret was at hand, or none is signed with.
      type: str
      sample: hmac
    credential:
      description: The placed credential that was used. V(null) where the secret was given.
      type: str
      sample: spot-bot.json
    file:
      description: The file in which the key lies in clear. V(null) for others.
      type: str
    path:
      description: The way by which the question left the host. What was learned holds for this way only.
      type: dict
      contains:
        user:
          description: The local user that asked.
          type: str
          sample: root
        family:
          description: The address family that was asked for.
          type: str
          sample: any
        proxy:
          description: The kind of proxy, V(none), V(http) or V(socks5).
          type: str
          sample: none
        source_address:
          description: The address that was bound.
          type: str
        netns:
          description: The inode of the network namespace.
          type: str
          sample: "4026531840"
    access:
      description: Whether the exchange accepted the signed read, and what it said if not.
      type: dict
      contains:
        status:
          description:
            - V(accepted), or why not.
            - V(ip_refused), V(invalid_key), V(expired), V(bad_signature), V(clock_skew), V(bad_passphrase),
              V(permission_denied) and V(wrong_environment) are what the exchange said.
            - V(ambiguous) leaves several causes open. V(rate_limited) and V(unreachable) say nothing about the key,
              and neither does V(held_back), which was not asked because a key of the same exchange was refused just
              before, or because the time was over (O(deadline)).
            - V(not_asked) is for V(other).
          type: str
          sample: ip_refused
        code:
          description: The exchange's own code.
          type: str
          sample: "50110"
        message:
          description: The exchange's own text, in one line, without secrets and key ids.
          type: str
          sample: Your IP 91.198.115.11 is not included in your API key's [removed] IP whitelist.
        seen_address:
          description: The address that the exchange saw, where it says so.
          type: str
          sample: 91.198.115.11
        next_step:
          description: What to do next.
          type: str
          sample: Add the address that the exchange sees this host from to the key's allowlist, or ask from a host
            that is on it.
        retry_after:
          description: Seconds that the exchange wants to be left alone. Nothing was waited for.
          type: int
          sample: 30
    observed:
      description: What the exchange told of the key. V(null) where it was not accepted.
      type: dict
      contains:
        masked_id:
          description: At most a quarter of the key.
          type: str
          sample: b684…8ad2
        account:
          description: The account that the key belongs to, with C(id), C(parent_id) and C(level) (V(main) or V(sub)).
          type: dict
        owner_kind:
          description: V(own), or V(vendor) for a key that is bound to a vendor's application.
          type: str
        label:
          description: The key's name on the exchange.
          type: str
          sample: spot-bot
        permissions:
          description:
            - What the key may do, in words that are the same for all exchanges.
            - A word that is not known here is kept as C(unknown:) and the exchange's word. Take it for the most
              dangerous.
          type: list
          elements: str
          sample: [read, spot_trade]
        raw_permissions:
          description: What the exchange said, word by word.
          type: list
          elements: str
          sample: [read_only, trade]
        allowlist:
          description:
            - The key's restriction to addresses. Its C(state) is V(entries), V(unrestricted), V(hidden)
              (restricted, but not told to what) or V(unknown). Its C(entries) are spelled as the exchange spells
              them.
          type: dict
          sample: {"state": "entries", "entries": ["91.198.115.11"]}
        created_at:
          description: When the key was created.
          type: str
          sample: "2026-10-01T12:00:00Z"
        expiry:
          description:
            - When it ends. Its C(state) is V(at), V(never) or V(unknown), and C(at) is the instant.
            - Its C(scope) is V(key), or V(trade) where only the right to trade ends (Binance).
          type: dict
          sample: {"state": "never", "at": null, "scope": "key"}
        last_used_at:
          description: When it was last used.
          type: str
        state:
          description: V(normal), V(locked) or V(frozen).
          type: str
        not_told:
          description: The fields that this exchange cannot tell.
          type: list
          elements: str
          sample: [created_at, expiry, last_used_at, owner_kind, state]
        other_keys:
          description:
            - The account's other keys with O(api_keys[].tell_other_keys), each with C(masked_id), C(permissions) and
              C(created_at). V(null) where they were not told.
          type: list
          elements: dict
          sample: [{"masked_id": "0e15…77ac", "permissions": [read], "created_at": "2026-10-02T09:00:00Z"}]
    passphrase:
      description: What can be told of the passphrase without telling it. V(null) where no secret was at hand.
      type: dict
      contains:
        given:
          description: Whether there is one.
          type: bool
        fits_format:
          description: Whether it fits the exchange's rule. V(null) where the exchange has none or it is not known.
          type: bool
        length:
          description: V(short) (under 12 characters), V(fair) (12 to 15) or V(long).
          type: str
        guessable:
          description: Whether it is a common word, a sequence or a repetition.
          type: bool
        equals_other_field:
          description: Whether it equals the label, the name, the exchange, the key or the secret.
          type: bool
    declared:
      description: What you declared, without what you left out.
      type: dict
facts_file:
  description: The file on the controller that the facts were written to.
  returned: with O(facts_dir)
  type: str
  sample: facts/trader-1.api_keys.json
transport:
  description: How the secrets reached the host.
  returned: when a secret was handed over
  type: dict
  contains:
    connection:
      description: The connection.
      type: str
      sample: ssh
    pipelining:
      description: Always V(true). Otherwise nothing would have been sent.
      type: bool
    verified_host:
      description: Whether the host's SSH identity was checked.
      type: bool
    verified_host_problem:
      description: Why not. V(null) where it was.
      type: str
    become_method:
      description: The become method. V(null) where none was needed.
      type: str
      sample: sudo
    sudo_records_input:
      description: Always V(false) with C(sudo), which would otherwise have been refused. V(null) without.
      type: bool
"""

import socket
import typing as t

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._contract import Credential
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._in_clear import open_in_clear
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._marks import host_marks
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._options import ARGUMENT_SPEC, InClear, Placed
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._placed import open_placed
from ansible_collections.trading.hosts.plugins.module_utils._facts import to_json
from ansible_collections.trading.hosts.plugins.module_utils._module import AnsibleModule, run_module


def work(module: AnsibleModule) -> dict[str, t.Any]:
    def hide(credential: Credential) -> Credential:
        # Ansible hides what came in as an option; this came from the disk.
        module.no_log_values.update(credential.secrets())
        return credential

    def placed(wanted: Placed, field: str) -> Credential:
        return hide(open_placed(wanted, field))

    def in_clear(wanted: InClear, field: str) -> Credential:
        return hide(open_in_clear(wanted, field))

    if module.params["mark_with"]:
        secret = module.params["mark_with"]
        marks = host_marks(module.params, run_secret=secret, open_placed=placed, open_in_clear=in_clear)
        return {"changed": False, "marks": marks}
    # Here, because a host that only tells marks asks nobody, and the HTTP library takes longer to load than they do.
    from ansible_collections.trading.hosts.plugins.module_utils._exchanges._learn import learn

    facts = learn(module.params, host=socket.gethostname(), open_placed=placed, open_in_clear=in_clear)
    return {"changed": False, "api_keys": [to_json(fact) for fact in facts]}


def main() -> None:
    run_module(argument_spec=ARGUMENT_SPEC, work=work, holds_secrets=True)


if __name__ == "__main__":
    main()
