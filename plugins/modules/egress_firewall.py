#!/usr/bin/python
# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: egress_firewall
short_description: Let a trading host reach its exchanges by name, and nothing else
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Installs rules in one nftables table of their own, and a service that keeps their addresses those of the names.
    Tables of others are never touched.
  - The role P(trading.hosts.egress_firewall#role) uses it, and does what this module cannot do alone. It comes back by
    a new connection and confirms the rules.
  - Changed rules are on trial. Unless O(state=confirmed) follows in time over a new connection, the host goes back to
    the rules before. A reboot does the same.
  - A rule set that C(nft) refuses is never loaded.
extends_documentation_fragment:
  - trading.hosts._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    support: full
    platforms: linux
requirements:
  - root, systemd, nftables and C(/usr/bin/python3) on the host
options:
  state:
    description:
      - V(present) puts the rules on trial where anything differs from what was confirmed.
      - V(confirmed) ends a trial. It wants another SSH connection than the one that began it, and looks at no other
        option.
      - V(absent) removes the rules and all that belongs to them.
    type: str
    choices: [present, confirmed, absent]
    default: present
  mode:
    description:
      - V(observe) lets everything pass, and logs and counts what is not declared. V(enforce) drops it.
      - O(extra_input) and O(extra_output) do what they say in both.
    type: str
    choices: [observe, enforce]
    default: observe
  exchanges:
    description:
      - Names and ports of this host's exchanges, such as V(api.bybit.com:443), for every user.
        P(trading.hosts.exchange_endpoints#filter) knows them. The port is 443 where none is written.
      - At least one of them must resolve before O(mode=enforce) is loaded.
    type: list
    elements: str
    default: []
  destinations:
    description: What else may be reached.
    type: list
    elements: dict
    default: []
    suboptions:
      to:
        description:
          - Names or single addresses, with a port, such as V(api.telegram.org:443) or V([2001:db8::1]:8080).
          - The port of TCP is 443 where none is written.
        type: list
        elements: str
        required: true
      protocol:
        description: The protocol.
        type: str
        choices: [tcp, udp]
        default: tcp
      users:
        description: The local users who may. Everybody where there are none.
        type: list
        elements: str
        default: []
  resolvers:
    description:
      - Addresses of the only name servers that may be asked, by DNS and DNS over TLS.
      - Where empty, those that the host's own C(resolv.conf) names at the time, also that of C(systemd-resolved).
    type: list
    elements: str
    default: []
  mirrors:
    description:
      - Names and ports of package mirrors. Where left out, those in the host's apt sources,
        and the proxies in apt's configuration. A proxy that a script finds (C(Proxy-Auto-Detect)) must be named.
    type: list
    elements: str
  mirror_users:
    description: The local users who may reach them. Everybody where there are none.
    type: list
    elements: str
    default: [root, _apt]
  ip_sources:
    description:
      - Names and ports of the services that tell which address a host is seen from.
        P(trading.hosts.ip_source_endpoints#filter) knows them.
    type: list
    elements: str
    default: []
  ip_source_users:
    description:
      - The local users who may ask them. Nobody where there are none.
      - Never name a trading program's user here.
    type: list
    elements: str
    default: []
  time_users:
    description:
      - The users that time daemons run as. They, and nobody else, may ask any time server, because the names of pools
        have other addresses each time.
      - A user that does not exist is left out, here and everywhere, until there is one.
    type: list
    elements: str
    default: [_chrony, chrony, systemd-timesync, ntpsec, ntp]
  ipv4_only_users:
    description: Users whom O(mode=enforce) keeps off IPv6, for keys whose allowlist holds IPv4 addresses only.
    type: list
    elements: str
    default: []
  ssh_ports:
    description:
      - Ports for SSH besides those that the host's own server listens on and the one of this connection, which are
        always open.
    type: list
    elements: int
    default: []
  ssh_from:
    description:
      - Networks that may come by SSH, such as V(192.0.2.0/24). Everybody where there are none.
      - Networks without the address that this connection comes from are refused.
    type: list
    elements: str
    default: []
  inbound:
    description: Ports besides SSH that are open.
    type: list
    elements: dict
    default: []
    suboptions:
      ports:
        description: The ports.
        type: list
        elements: int
        required: true
      protocol:
        description: The protocol.
        type: str
        choices: [tcp, udp]
        default: tcp
      sources:
        description: Networks that may come. Everybody where there are none.
        type: list
        elements: str
        default: []
  extra_input:
    description:
      - Rules as nftables writes them, one in each element, such as V(ip saddr 192.0.2.7 udp dport 51820 accept).
      - They come before all other rules for new packets, in both modes.
    type: list
    elements: str
    default: []
  extra_output:
    description: The same for packets that leave the host.
    type: list
    elements: str
    default: []
  refresh_seconds:
    description: Seconds between two questions for each name, from 1 to 3600.
    type: float
    default: 5.0
  rollback_after:
    description: Seconds that a trial lasts, from 10 to 3600.
    type: int
    default: 60
seealso:
  - name: nftables
    description: The manual page.
    link: https://www.netfilter.org/projects/nftables/manpage.html
"""

EXAMPLES = r"""
---
- name: Put the rules on trial
  trading.hosts.egress_firewall:
    exchanges: "{{ [{'exchange': 'bybit'}] | trading.hosts.exchange_endpoints }}"
  register: firewall

# "when" does not work here: the role has these tasks in a file of their own.
- name: Come back by a new connection
  ansible.builtin.meta: reset_connection

- name: Confirm
  trading.hosts.egress_firewall:
    state: confirmed
  when: firewall.on_trial
"""

RETURN = r"""
on_trial:
  description: Whether the host waits for O(state=confirmed), and goes back to its old rules without it.
  returned: when O(state) is V(present) or V(absent)
  type: bool
changed_parts:
  description: What differs, of C(program), C(unit), C(configuration), C(trial) (one is open) and C(service).
  returned: when O(state=present)
  type: list
  elements: str
  sample: [configuration]
unresolved:
  description: Names that have no address yet. Without one they cannot be reached under O(mode=enforce).
  returned: when O(state=present)
  type: list
  elements: str
unknown_users:
  description: Users whom the rules name and the host does not have. Ten seconds after one is made its rules are loaded.
  returned: when O(state=present)
  type: list
  elements: str
"""

import typing as t

from ansible_collections.trading.hosts.plugins.module_utils._firewall._apt import apt_says
from ansible_collections.trading.hosts.plugins.module_utils._firewall._install import confirm, take_away, try_out
from ansible_collections.trading.hosts.plugins.module_utils._firewall._options import ARGUMENT_SPEC, read_options
from ansible_collections.trading.hosts.plugins.module_utils._firewall._ssh import connection, ports
from ansible_collections.trading.hosts.plugins.module_utils._module import AnsibleModule, require_root, run_module


def work(module: AnsibleModule) -> dict[str, t.Any]:
    require_root("Packet filters belong to root")
    params = module.params
    if params["state"] == "confirmed":
        return confirm(check_mode=module.check_mode)
    if params["state"] == "absent":
        return take_away(check_mode=module.check_mode)
    config = read_options(params, ssh_ports=ports(), came_by=connection(), sources=apt_says())
    return try_out(
        config,
        rollback_after=params["rollback_after"],
        needed=[to.host for group in config.groups if group.name == "exchanges" for to in group.to],
        check_mode=module.check_mode,
    )


def main() -> None:
    run_module(argument_spec=ARGUMENT_SPEC, work=work)


if __name__ == "__main__":
    main()
