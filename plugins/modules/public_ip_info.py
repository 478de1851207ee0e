#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: public_ip_info
short_description: Tell which public addresses a host is seen from
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Asks independent sources which address this host is seen from, for IPv4 and IPv6 apart, and over the path that you
    name (direct, a source address, an interface, a proxy). This is the address that belongs on an exchange's
    allowlist.
  - One source is never believed. An address counts when at least three network owners say it, they are more than half
    of all that answered, and no other address has more than one owner behind it. Owners are counted, not names,
    because several well-known names are one content network.
  - An answer that is not exactly one public address of the asked family is evidence against its source and never a
    result. That is an answer with two addresses, HTML, a private or mapped address, the other family, a redirect, an
    error, or one that is too large or too slow.
  - What an exchange itself showed (O(observations)) outweighs every majority.
  - The evidence holds for this path and this user only. A service with a proxy or a network namespace of its own can
    be seen from another address.
extends_documentation_fragment:
  - trading.hosts._attributes
  - trading.hosts._attributes.info_module
  - trading.hosts._attributes.actiongroup_exchange
  - trading.hosts._attributes.secret_transport
  - trading.hosts._secret_transport
requirements:
  - requests on the host (Debian and Ubuntu package C(python3-requests))
  - PySocks on the host for a SOCKS5 proxy (Debian and Ubuntu package C(python3-socks))
options:
  families:
    description:
      - The families to ask about.
      - By default both that O(sources) can answer for. A family that the host has no route for, or that
        O(source_address) or O(interface) does not have, is reported as V(no_route). That is no failure, as long as the
        other family works.
    type: list
    elements: str
    choices: [ipv4, ipv6]
  sources:
    description:
      - Whom to ask, instead of the default sources. The defaults, with their network owners, are in
        C(docs/public_ip.md).
      - V([]) asks nobody. Then only O(observations) and O(declared_addresses) count.
      - HTTPS only. Plain HTTP reaches loopback only, with O(environment=custom).
    type: list
    elements: dict
    suboptions:
      name:
        description: A name for messages. Each one once.
        type: str
        required: true
      url:
        description: The URL to get. It must hold no user name and no password.
        type: str
        required: true
      network:
        description:
          - Who owns the network that answers. Votes are counted by this, so write the same owner always alike.
        type: str
        required: true
      families:
        description: The families that this source can answer for. Both by default.
        type: list
        elements: str
        choices: [ipv4, ipv6]
      shape:
        description:
          - What the answer looks like. V(plain) is the address and nothing else. V(json) is a JSON object with the
            address in O(sources[].field). V(trace) is Cloudflare's C(cdn-cgi/trace), whose C(h=) must be the host
            that was asked.
        type: str
        choices: [plain, trace, json]
        default: plain
      field:
        description: Where the address is in a JSON answer, with dots between the names.
        type: str
      kind:
        description: V(exchange) for a host name of an exchange, V(echo) for any other.
        type: str
        choices: [echo, exchange]
        default: echo
  samples:
    description:
      - How often to ask every source, from 1 to 20. Only several samples can show that the address changes.
    type: int
    default: 3
  sample_interval:
    description:
      - Seconds between two samples, from 0 to 600. For a new host, V(15) or more finds slower changes.
    type: float
    default: 2.0
  quorum:
    description:
      - How many network owners must at least say the same address. Fewer than three only with O(environment=custom).
    type: int
    default: 3
  environment:
    description:
      - V(custom) is for laboratories. It allows plain HTTP to loopback and a smaller O(quorum).
    type: str
    choices: [live, custom]
    default: live
  source_address:
    description:
      - Ask from this address of the host.
    type: str
  interface:
    description:
      - Ask from the address of this network interface. An interface with several lasting IPv6 addresses is refused,
        because one of them has to be chosen; name it with O(source_address).
      - This binds the address. Which way packets take is still up to the host's routing rules.
    type: str
  proxy:
    description:
      - Ask through this proxy, such as C(http://user:password@10.0.0.1:3128) or C(socks5h://10.0.0.1:1080). It is
        treated as a secret.
      - The addresses are then those that the proxy is seen from. Which family is used is up to the proxy.
      - The environment's proxy settings are never used.
    type: str
  ca_path:
    description:
      - File on the host with the certificates of the authorities to trust, instead of the system's.
    type: path
  timeout:
    description:
      - Seconds that one question may take, from 0.1 to 60. All sources are asked at the same time.
    type: float
    default: 10.0
  observations:
    description:
      - What exchanges showed of this very path, from RV(trading.hosts.api_key_info#module:api_keys).
      - The strongest evidence there is. An address that contradicts it makes the family V(disputed).
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: The address.
        type: str
        required: true
      basis:
        description:
          - V(exchange_accepted), the exchange took a signed call of a key whose allowlist holds this address alone.
            V(exchange_printed), it named the address in an answer.
        type: str
        required: true
        choices: [exchange_accepted, exchange_printed]
      exchange:
        description: Which exchange.
        type: str
        required: true
  declared_addresses:
    description:
      - Addresses that somebody says this host has. The weakest evidence. They are returned, with
        RV(egress[].basis=declared), only where nothing better is known, and never make a family V(agreed).
    type: list
    elements: str
    default: []
  on_no_majority:
    description:
      - What to do when a family is V(disputed) or has V(no_quorum), or when no family leaves the host.
      - V(fail) fails and lists who said what. V(report) goes on; look at RV(egress[].status) then.
    type: str
    choices: [fail, report]
    default: fail
  facts_dir:
    description:
      - Directory on the controller in which to write RV(egress) for M(trading.hosts.api_key_policy) to read. It holds
        no secret.
      - What was learned over another path (a proxy, a source address) within the last hour stays in the file, so that
        several tasks can each learn one path.
    type: path
seealso:
  - module: trading.hosts.api_key_info
  - module: trading.hosts.allowlist_check
notes:
  - "Through TLS a forged name look-up makes a source silent, not wrong. That holds as long as every certificate
    authority that the host trusts is honest: one private authority on the host, such as a company's inspecting proxy,
    can forge every source at once, and then a majority proves nothing."
  - It takes at most O(samples) times (O(timeout) plus 2 seconds), and the pauses between the samples.
"""

EXAMPLES = r"""
---
- name: Which addresses is this host seen from
  trading.hosts.public_ip_info:
  register: public_ip

- name: Show them
  ansible.builtin.debug:
    msg: "IPv4 {{ public_ip.ipv4 or 'none' }}, IPv6 {{ public_ip.ipv6 or 'none' }}"

- name: Watch a new host for half a minute, IPv4 only, and keep the facts for the policy
  trading.hosts.public_ip_info:
    families: [ipv4]
    samples: 3
    sample_interval: 15
    facts_dir: /var/tmp/trading-hosts-facts

- name: The address behind a proxy
  trading.hosts.public_ip_info:
    families: [ipv4]
    proxy: "{{ trading_proxy_url }}"
  vars:
    trading_proxy_url: socks5h://127.0.0.1:1080
  register: proxy_ip

- name: What an exchange printed outweighs all sources, and nobody else is asked
  trading.hosts.public_ip_info:
    sources: []
    observations:
      - address: 91.198.115.11
        basis: exchange_printed
        exchange: okx

- name: Own sources
  trading.hosts.public_ip_info:
    families: [ipv4]
    on_no_majority: report
    sources:
      - name: cloudflare
        url: https://www.cloudflare.com/cdn-cgi/trace
        network: Cloudflare
        shape: trace
      - name: ripe
        url: https://stat.ripe.net/data/whats-my-ip/data.json
        network: RIPE NCC
        shape: json
        field: data.ip
      - name: hetzner
        url: https://ip.hetzner.com/
        network: Hetzner
"""

RETURN = r"""
ipv4:
  description:
    - The one IPv4 address that was agreed on. V(null) where there is none, or more than one.
    - It does not say that the address stays the same; see RV(egress[].stable).
  returned: always
  type: str
  sample: 91.198.115.11
ipv6:
  description:
    - The one IPv6 address that was agreed on. V(null) where there is none, or more than one.
  returned: always
  type: str
  sample: 2a01:4f8:0:a0a1::11
egress:
  description: One entry for each family that was asked, in the form of the collection's facts.
  returned: always
  type: list
  elements: dict
  contains:
    host:
      description: The host's name in the inventory.
      type: str
      sample: bot1
    family:
      description: V(ipv4) or V(ipv6).
      type: str
      sample: ipv4
    path:
      description: The way by which the questions left. The evidence holds for this way only.
      type: dict
      contains:
        user:
          description: The local user that asked.
          type: str
          sample: root
        family:
          description: The family.
          type: str
          sample: ipv4
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
    status:
      description:
        - V(agreed), a majority of at least three network owners, or the exchange itself, named the address.
        - V(disputed), the evidence contradicts itself. Put none of the addresses on an allowlist.
        - V(no_quorum), too few network owners gave an answer that can be used.
        - V(no_route), the family does not leave this host.
      type: str
      sample: agreed
    addresses:
      description:
        - The addresses. More than one means that the egress changed between two samples, and every one of them must
          be on the allowlist.
        - With the status V(disputed) they are what the contradicting evidence of exchanges and majorities named; they
          are proved by nothing.
      type: list
      elements: str
      sample: [91.198.115.11]
    stable:
      description:
        - V(true), all samples agreed on one address and nobody contradicted. V(false), the address changed or a source
          contradicted; RV(egress[].sources) names it. V(null), too few samples were answered to tell.
      type: bool
      sample: true
    samples_asked:
      description: How often the sources were asked.
      type: int
      sample: 3
    samples_answered:
      description: How many of these samples enough network owners answered.
      type: int
      sample: 3
    basis:
      description: The strongest evidence behind RV(egress[].addresses).
      type: str
      choices: [exchange_accepted, exchange_printed, majority, declared]
      sample: majority
    asked_at:
      description: When, in UTC.
      type: str
      sample: "2026-11-22T07:13:54Z"
    sources:
      description:
        - Everything that each source said. The same answer in several samples is one row.
        - The source C(interface) is the address that the host itself sends from, where that is a public one. It has no
          vote.
      type: list
      elements: dict
      contains:
        source:
          description: The source's name.
          type: str
          sample: hetzner
        network:
          description: The network owner that its vote counts for.
          type: str
          sample: Hetzner
        address:
          description: What it answered, or V(null).
          type: str
          sample: 91.198.115.11
        problem:
          description: Why it has no say, or V(null).
          type: str
          sample: answered HTTP 503
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

from ansible_collections.trading.hosts.plugins.module_utils._egress._options import ARGUMENT_SPEC
from ansible_collections.trading.hosts.plugins.module_utils._egress._request import only_address, run
from ansible_collections.trading.hosts.plugins.module_utils._facts import to_json
from ansible_collections.trading.hosts.plugins.module_utils._module import AnsibleModule, run_module


def work(module: AnsibleModule) -> dict[str, t.Any]:
    found = run(module.params, host=socket.gethostname())
    result: dict[str, t.Any] = {
        "changed": False,
        "ipv4": only_address(found.facts, family="ipv4"),
        "ipv6": only_address(found.facts, family="ipv6"),
        "egress": [to_json(fact) for fact in found.facts],
    }
    if found.problem is not None:
        if module.params["on_no_majority"] == "fail":
            return {"failed": True, "msg": found.problem, **result}
        module.warn(found.problem)
    return result


def main() -> None:
    run_module(argument_spec=ARGUMENT_SPEC, work=work, holds_secrets=True)


if __name__ == "__main__":
    main()
