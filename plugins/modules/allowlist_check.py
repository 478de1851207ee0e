#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: allowlist_check
short_description: Compare the allowlist of an exchange API key with addresses
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Says which addresses an allowlist covers and lacks, which entries no exchange can use, and which let strangers in.
  - These are the C(allowlist-*) rules of M(trading.hosts.api_key_policy) on plain lists, with the same findings.
  - Runs on the controller, asks nobody, and never changes anything.
extends_documentation_fragment:
  - trading.hosts._attributes
  - trading.hosts._attributes.info_module
  - trading.hosts._attributes.controller
options:
  entries:
    description:
      - The allowlist, one string for each entry, exactly as the exchange shows it or as you would type it.
      - V([]) is a key without IP restriction.
    type: raw
    required: true
  addresses:
    description:
      - The addresses that the key is used from, as the exchange sees them. Without it only the entries are judged.
    type: raw
  addresses_complete:
    description:
      - That O(addresses) holds every address of every host that uses the key. Only then does the text to paste say what
        can be taken out.
    type: bool
    default: false
  exchange:
    description:
      - Whose rules for entries apply.
    type: str
    choices:
      - binance
      - bingx
      - bitfinex
      - bitget
      - bitmart
      - bitmex
      - bitstamp
      - blofin
      - bybit
      - coinbase
      - cryptocom
      - deribit
      - gate
      - gemini
      - htx
      - kraken
      - krakenfutures
      - kucoin
      - mexc
      - okx
      - phemex
      - woo
      - other
    default: other
  name:
    description:
      - What the findings call the list.
    type: str
    default: allowlist
  owned_prefixes:
    description:
      - IPv6 prefixes up to a C(/64) that belong to you alone, so that an entry inside them lets no stranger in.
    type: list
    elements: str
    default: []
  paste_confirmed:
    description:
      - That a person has checked O(addresses). Only then is there a text to paste.
      - A wrong address on an allowlist opens the key to a stranger.
    type: bool
    default: false
  fail_on:
    description:
      - Fail on failures from this severity on.
    type: str
    choices: [critical, high, medium, low, info, never]
    default: high
  fail_on_unknown:
    description:
      - Fail on what is not known from this severity on.
    type: str
    choices: [critical, high, medium, low, info, never]
    default: never
seealso:
  - module: trading.hosts.api_key_policy
  - module: trading.hosts.public_ip_info
"""

EXAMPLES = r"""
---
- name: Is this host on the list
  trading.hosts.allowlist_check:
    exchange: okx
    entries: [91.198.115.10, 91.198.115.11]
    addresses: ["{{ public_ip.ipv4 }}"]

- name: What to paste into the exchange's form, after a look at the addresses
  trading.hosts.allowlist_check:
    exchange: okx
    entries: "{{ learned.api_keys[0].observed.allowlist.entries }}"
    addresses: [91.198.115.11, 91.198.115.12]
    paste_confirmed: true
    fail_on: never
  register: compared

- name: Show it
  ansible.builtin.debug:
    var: compared.paste.text
"""

RETURN = r"""
covered:
  description: The addresses that the list lets in.
  returned: when the lists could be read
  type: list
  elements: str
  sample: [91.198.115.11]
missing:
  description: The addresses that the list does not let in.
  returned: when the lists could be read
  type: list
  elements: str
undecided:
  description: The addresses of which nobody can say, because of a malformed or hidden entry.
  returned: when the lists could be read
  type: list
  elements: str
unsuitable:
  description: The entries that are malformed or not public, each with C(entry) and C(why).
  returned: when the lists could be read
  type: list
  elements: dict
  sample: [{entry: 192.168.1.10, why: [It is in 192.168.0.0/16.]}]
too_wide:
  description: The entries that let strangers in, each with C(entry) and C(severity).
  returned: when the lists could be read
  type: list
  elements: dict
  sample: [{entry: 91.198.115.0/24, severity: high}]
unused:
  description:
    - The entries that none of O(addresses) needs. Another host may need them, unless O(addresses_complete=true).
  returned: when the lists could be read
  type: list
  elements: str
paste:
  description:
    - The text to paste. C(line) is the whole list on one line, empty where it cannot be written safely. C(text) says
      what to add, to keep and to take out later.
    - Null unless O(paste_confirmed=true).
  returned: when the lists could be read
  type: dict
  sample: {line: "91.198.115.10,91.198.115.11", text: ["Add:", "  91.198.115.11"]}
findings:
  description: As RV(trading.hosts.api_key_policy#module:findings).
  returned: when the lists could be read
  type: list
  elements: dict
counts:
  description: As RV(trading.hosts.api_key_policy#module:counts).
  returned: when the lists could be read
  type: dict
blocked:
  description: Whether a finding reaches O(fail_on) or O(fail_on_unknown).
  returned: when the lists could be read
  type: bool
  sample: false
"""
