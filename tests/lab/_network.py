# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's networks: namespaces for hosts, a router with NAT and the services; and the link for SSH.

    host --- router (NAT: one public address per host) --- services (the simulator)
      \\
       `--- the machine: SSH to the host only

Nothing leads out: the router has no way to the machine, and the machine accepts nothing from a host.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ._spec import (
    PREFIX,
    ROUTER_NETNS,
    SERVICES_GATEWAY_V4,
    SERVICES_GATEWAY_V6,
    SERVICES_NETNS,
    SERVICES_V4,
    SERVICES_V6,
    HostSpec,
)
from ._tools import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TABLE = f"{PREFIX}_guard"

# The machine takes only answers of the hosts' SSH, and passes nothing on for them even if it is a router.
_MACHINE_RULES = f"""
table inet {_TABLE} {{
  chain input {{
    type filter hook input priority -150; policy accept;
    iifname "{PREFIX}-m*" ct state established,related accept
    iifname "{PREFIX}-m*" drop
  }}
  chain forward {{
    type filter hook forward priority -150; policy accept;
    iifname "{PREFIX}-m*" drop
    oifname "{PREFIX}-m*" drop
  }}
}}
"""

_ROUTER_FILTER = """
table inet filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "host*" oifname "services" accept
  }
  chain input {
    type filter hook input priority filter; policy drop;
    meta l4proto { icmp, ipv6-icmp } accept
  }
}
"""


def _ip(*lines: str, netns: str | None = None) -> None:
    """Run several `ip` commands in one go."""
    where = ["-n", netns] if netns else []
    run(["ip", *where, "-batch", "-"], text_input="\n".join(lines) + "\n")


def _nft(rules: str, *, netns: str | None = None) -> None:
    where = ["ip", "netns", "exec", netns] if netns else []
    run([*where, "nft", "-f", "-"], text_input=rules)


def has_ipv6() -> bool:
    return Path("/proc/net/if_inet6").exists()


def _sysctl(netns: str, **values: str) -> None:
    """Set sysctls of a namespace. On a /proc of its own, because the machine's may be read-only."""
    script = "mount -t proc proc /proc\n" + "\n".join(
        f"echo {value} > /proc/sys/net/{name.replace('__', '/')}" for name, value in values.items()
    )
    run(["ip", "netns", "exec", netns, "sh", "-ec", script])


def create(hosts: Sequence[HostSpec]) -> None:
    """Make all namespaces, links, addresses, routes and the rules that keep the lab closed."""
    _ip(*(f"netns add {name}" for name in (ROUTER_NETNS, SERVICES_NETNS, *(host.netns for host in hosts))))
    _nft(_MACHINE_RULES)
    _nft(_ROUTER_FILTER, netns=ROUTER_NETNS)
    _sysctl(ROUTER_NETNS, ipv4__ip_forward="1", **({"ipv6__conf__all__forwarding": "1"} if has_ipv6() else {}))
    _create_services()
    for host in hosts:
        _create_host(host)


def add_host(host: HostSpec) -> None:
    """Connect one more host to the lab that is up."""
    _ip(f"netns add {host.netns}")
    _create_host(host)


def _create_services() -> None:
    v6 = has_ipv6()
    _ip(f"link add services netns {ROUTER_NETNS} type veth peer name uplink netns {SERVICES_NETNS}")
    _ip(
        "link set lo up",
        f"addr add {SERVICES_GATEWAY_V4}/24 dev services",
        *([f"addr add {SERVICES_GATEWAY_V6}/64 dev services nodad"] if v6 else []),
        "link set services up",
        netns=ROUTER_NETNS,
    )
    _ip(
        "link set lo up",
        *(f"addr add {address}/24 dev uplink" for address in SERVICES_V4),
        *(f"addr add {address}/64 dev uplink nodad" for address in SERVICES_V6 if v6),
        "link set uplink up",
        f"route add default via {SERVICES_GATEWAY_V4}",
        *([f"route add default via {SERVICES_GATEWAY_V6}"] if v6 else []),
        netns=SERVICES_NETNS,
    )


def _create_host(host: HostSpec) -> None:
    v6 = has_ipv6()
    _ip(
        f"link add {host.router_link} netns {ROUTER_NETNS} type veth peer name uplink netns {host.netns}",
        f"link add {host.machine_link} type veth peer name mgmt netns {host.netns}",
        f"addr add {host.machine_address}/30 dev {host.machine_link}",
        f"link set {host.machine_link} up",
    )
    _ip(
        f"addr add {host.gateway_v4}/24 dev {host.router_link}",
        *([f"addr add {host.gateway_v6}/64 dev {host.router_link} nodad"] if v6 else []),
        f"link set {host.router_link} up",
        *([f"route add {host.public_v6}/128 dev {host.router_link}"] if v6 else []),
        netns=ROUTER_NETNS,
    )
    _ip(
        "link set lo up",
        f"addr add {host.ssh_address}/30 dev mgmt",
        "link set mgmt up",
        f"addr add {host.uplink_v4}/24 dev uplink",
        *([f"addr add {host.public_v6}/128 dev uplink nodad"] if v6 else []),
        "link set uplink up",
        f"route add default via {host.gateway_v4}",
        *([f"route add default via {host.gateway_v6} dev uplink src {host.public_v6}"] if v6 else []),
        netns=host.netns,
    )


def add_address(host: HostSpec, address: str) -> None:
    """Give the host one more inner IPv4 address on its uplink."""
    _ip(f"addr add {address}/24 dev uplink", netns=host.netns)


def apply_nat(nat: Mapping[str, Sequence[str]]) -> None:
    """Let each inner address appear as its public one; as each of several in turn, when there are several."""
    rules = []
    for family, version in (("ip", 4), ("ip6", 6)):
        if version == 6 and not has_ipv6():
            continue
        chain = []
        for inner, public in nat.items():
            if (":" in inner) != (version == 6):
                continue
            if len(public) == 1:
                target = public[0]
            else:
                choices = ", ".join(f"{index} : {address}" for index, address in enumerate(public))
                target = f"numgen inc mod {len(public)} map {{ {choices} }}"
            chain.append(f"    oifname services {family} saddr {inner} snat to {target}")
        # Declared, deleted and declared again in one transaction: replaced without a gap.
        rules.append(
            f"table {family} nat\ndelete table {family} nat\ntable {family} nat {{\n  chain postrouting {{\n"
            "    type nat hook postrouting priority srcnat; policy accept;\n" + "\n".join(chain) + "\n  }\n}\n"
        )
    _nft("".join(rules), netns=ROUTER_NETNS)


def remove_all() -> None:
    """Remove every namespace, link and rule of the lab, whichever lab left it."""
    links = json.loads(run(["ip", "-json", "link", "show"]).stdout or "[]")
    for link in links:
        if link["ifname"].startswith(f"{PREFIX}-m"):
            run(["ip", "link", "delete", link["ifname"]], check=False)
    for path in sorted(Path("/run/netns").glob(f"{PREFIX}-*")):
        run(["ip", "netns", "delete", path.name])
    run(["nft", "delete", "table", "inet", _TABLE], check=False)
