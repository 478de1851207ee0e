# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab consists of: its hosts, addresses, names and places. Data only."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

# Every interface, namespace, cgroup and table of the lab has this in its name; that is how leftovers are found.
PREFIX = "thlab"

# One lab at a time. The parent belongs to root, so nobody else can put a link in the way. On disk, not in memory:
# overlayfs needs a real upper directory, and the disk sweeps of the tests need a disk.
RUN_DIR = Path("/var/lib/trading-hosts-lab")
LOCK_FILE = Path("/run/trading-hosts-lab.lock")

CHECKOUT = Path(__file__).resolve().parents[2]

USERS = ("root", "deploy")

ROUTER_NETNS = f"{PREFIX}-router"
SERVICES_NETNS = f"{PREFIX}-services"
# Globally routable addresses, so that every "must be public" rule runs as it does outside. They exist inside only.
SERVICES_V4 = ("91.198.120.10", "91.198.120.11")
SERVICES_V6 = ("2a02:ec80:700:2::10", "2a02:ec80:700:2::11")
SERVICES_GATEWAY_V4 = "91.198.120.1"
SERVICES_GATEWAY_V6 = "2a02:ec80:700:2::1"

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True, kw_only=True)
class HostSpec:
    """One host. `number` (1 to 62) is unique and fixes its inner addresses."""

    name: str
    number: int
    suite: str
    public_v4: str
    public_v6: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name {self.name!r} of a lab host: use small letters, digits and hyphens.")
        if not 1 <= self.number <= 62:
            raise ValueError(f"number {self.number} of the lab host {self.name}: use 1 to 62.")
        ipaddress.IPv4Address(self.public_v4)
        ipaddress.IPv6Address(self.public_v6)

    @property
    def machine(self) -> str:
        return f"{PREFIX}-{self.name}"

    @property
    def netns(self) -> str:
        return f"{PREFIX}-{self.name}"

    @property
    def directory(self) -> Path:
        return RUN_DIR / "hosts" / self.name

    @property
    def root(self) -> Path:
        """Return the host's whole file system (the overlay): what its disk holds."""
        return self.directory / "root"

    @property
    def console(self) -> Path:
        return self.directory / "console.log"

    # The link to the router: private IPv4 behind NAT, and a routed global IPv6 address, as most providers give.
    @property
    def uplink_v4(self) -> str:
        return f"10.77.{self.number}.10"

    @property
    def gateway_v4(self) -> str:
        return f"10.77.{self.number}.1"

    @property
    def gateway_v6(self) -> str:
        return "fe80::1"

    @property
    def router_link(self) -> str:
        return f"host{self.number}"

    # The management link: only SSH from the machine. From the block for benchmarks, which no real network uses.
    @property
    def ssh_address(self) -> str:
        return f"198.18.77.{self.number * 4 + 2}"

    @property
    def machine_address(self) -> str:
        return f"198.18.77.{self.number * 4 + 1}"

    @property
    def machine_link(self) -> str:
        return f"{PREFIX}-m{self.number}"

    def to_json(self) -> dict[str, str | int]:
        return dataclasses.asdict(self)


DEFAULT_HOSTS = (
    HostSpec(name="alpha", number=1, suite="bookworm", public_v4="91.198.115.11", public_v6="2a02:ec80:700:1::11"),
    HostSpec(name="beta", number=2, suite="trixie", public_v4="91.198.115.22", public_v6="2a02:ec80:700:1::22"),
)
