#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: clock_info
short_description: Tell how far a host's clock is off the clocks of exchanges
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Asks each exchange for its time, without any key, and compares it with the host's clock. Exchanges refuse signed
    calls whose timestamp is off, some of them from one second ahead.
  - The exchange read its clock at some moment between question and answer, so the offset is known up to half the round
    trip. Of several samples the one with the shortest round trip counts.
  - Where an exchange has no call for its time, the header C(Date) of a public answer is read. It has whole seconds, so
    the uncertainty is then half a second more.
  - An exchange that does not answer is a result (RV(clocks[].problem)), and the task does not fail. After the first
    failure nothing more is asked of it.
  - M(trading.hosts.api_key_policy) judges the offset by what each exchange tolerates (rule C(clock-offset)).
extends_documentation_fragment:
  - trading.hosts._attributes
  - trading.hosts._attributes.info_module
  - trading.hosts._attributes.actiongroup_exchange
  - trading.hosts._attributes.secret_transport
  - trading.hosts._exchange
  - trading.hosts._secret_transport
requirements:
  - requests on the host (Debian and Ubuntu package C(python3-requests))
  - PySocks on the host for a SOCKS5 proxy (Debian and Ubuntu package C(python3-socks))
options:
  exchanges:
    description:
      - The exchanges to ask. Name each as its keys are named to M(trading.hosts.api_key_info).
    type: list
    elements: dict
    required: true
    suboptions:
      exchange:
        description: The exchange, such as V(bybit).
        type: str
        required: true
      environment:
        description:
          - The environment. V(custom) asks O(exchanges[].base_url).
        type: str
        default: mainnet
      region:
        description: The exchange's regional site.
        type: str
        default: global
      base_url:
        description:
          - Ask here instead of the exchange's own host. Only the scheme, a host and a port.
          - Plain C(http://) is only for a loopback address with O(exchanges[].environment=custom).
        type: str
  samples:
    description:
      - How often to ask each exchange, from 1 to 20. The first sample also holds the opening of the connection.
    type: int
    default: 4
seealso:
  - module: trading.hosts.api_key_info
  - module: trading.hosts.api_key_policy
"""

EXAMPLES = r"""
---
- name: How far is this host's clock off
  trading.hosts.clock_info:
    exchanges:
      - exchange: bybit
      - exchange: okx
        region: eea
  register: clock

- name: Show it
  ansible.builtin.debug:
    msg: "{{ item.exchange }}: {{ item.offset }} s, give or take {{ item.uncertainty }} s"
  loop: "{{ clock.clocks }}"
  loop_control:
    label: "{{ item.exchange }}"

- name: Learn the keys too
  trading.hosts.api_key_info:
    api_keys:
      - name: grid
        exchange: bybit
        credential:
          name: grid.json
  register: learned

- name: Judge the keys, and the clock by what their exchanges tolerate
  trading.hosts.api_key_policy:
    api_keys: "{{ learned.api_keys }}"
    clock: "{{ clock.clocks }}"
"""

RETURN = r"""
clocks:
  description: One entry for each of O(exchanges), in their order.
  returned: always
  type: list
  elements: dict
  contains:
    host:
      description: The host's name in the inventory.
      type: str
      sample: bot1
    exchange:
      description: The exchange.
      type: str
      sample: bybit
    environment:
      description: The environment.
      type: str
      sample: mainnet
    region:
      description: The region.
      type: str
      sample: global
    asked_host:
      description: The host name that was asked.
      type: str
      sample: api.bybit.com
    asked_at:
      description: When, in UTC, by the host's clock.
      type: str
      sample: "2026-11-22T07:13:54Z"
    path:
      description: The way by which the questions left.
      type: dict
      contains:
        user:
          description: The local user that asked.
          type: str
          sample: root
        family:
          description: Always V(any).
          type: str
          sample: any
        proxy:
          description: The kind of proxy, V(none), V(http) or V(socks5). Never its URL.
          type: str
          sample: none
        source_address:
          description: The address that was bound, or V(null).
          type: str
        netns:
          description: The inode of the network namespace.
          type: str
          sample: "4026531840"
    official:
      description: Whether the exchange's own host was asked, and the system's authorities were trusted.
      type: bool
      sample: true
    offset:
      description:
        - Seconds that the host's clock is ahead of the exchange's. Below zero where it is behind.
        - V(null) where nothing was measured.
      type: float
      sample: 0.0123
    uncertainty:
      description: The true offset is at most this many seconds away from RV(clocks[].offset).
      type: float
      sample: 0.0211
    round_trip:
      description: Seconds that the sample which counts was under way.
      type: float
      sample: 0.0412
    samples_asked:
      description: How many samples were wanted.
      type: int
      sample: 4
    samples_answered:
      description: How many of them were answered.
      type: int
      sample: 4
    problem:
      description: Why fewer were answered, or V(null).
      type: str
transport:
  description: How the proxy's URL travelled to the host.
  returned: when O(proxy) is given
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

import socket
import typing as t

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._clock_options import ARGUMENT_SPEC
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._clocks import measure
from ansible_collections.trading.hosts.plugins.module_utils._facts import to_json
from ansible_collections.trading.hosts.plugins.module_utils._module import AnsibleModule, run_module


def work(module: AnsibleModule) -> dict[str, t.Any]:
    facts = measure(module.params, host=socket.gethostname())
    return {"changed": False, "clocks": [to_json(fact) for fact in facts]}


def main() -> None:
    run_module(argument_spec=ARGUMENT_SPEC, work=work, holds_secrets=True)


if __name__ == "__main__":
    main()
