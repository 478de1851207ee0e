# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which way questions leave this host: user, network namespace, bound address, route. Private to this collection.

Nothing here sends a packet.
"""

from __future__ import annotations

import fcntl
import re
import socket
import struct
import typing as t

from .._allowlist._grammar import format_address, read_address
from .._errors import InputError
from .._here import check_own_address
from ._answer import family_of, family_title

_SOCKET_FAMILY = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
#: Documentation addresses: connecting a UDP socket only looks the route up, and nobody lives there.
_ANYWHERE = {"ipv4": ("192.0.2.1", 9), "ipv6": ("2001:db8::1", 9)}
_INTERFACE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}")

_SIOCGIFADDR = 0x8915
#: Flags of an IPv6 address in /proc/net/if_inet6 (linux/if_addr.h).
_TEMPORARY, _DEPRECATED, _TENTATIVE = 0x01, 0x20, 0x40
_GLOBAL_SCOPE = "00"


def local_address(family: str, *, source_address: str | None = None) -> str | None:
    """Return the address that the kernel sends from (``source_address`` if given); ``None`` without a route."""
    try:
        with socket.socket(_SOCKET_FAMILY[family], socket.SOCK_DGRAM) as probe:
            if source_address is not None:
                probe.bind((source_address, 0))
            probe.connect(_ANYWHERE[family])
            return str(probe.getsockname()[0]).partition("%")[0]
    except OSError:
        return None


def bound_addresses(
    *, families: t.Sequence[str], source_address: str | None, interface: str | None
) -> dict[str, str | None]:
    """Return the address to bind for each family; ``None`` where the kernel chooses.

    A family that this way does not have gets the address of the other family: it is closed (see :func:`closed`).
    Raises ``InputError`` for what is not on this host.
    """
    if source_address and interface:
        raise InputError(
            field="interface",
            value=interface,
            problem="is given together with source_address",
            mend="give one of the two",
        )
    if source_address:
        family = _own_address(source_address)
        if family not in families:
            raise InputError(
                field="source_address",
                value=source_address,
                problem=f"is an {family_title(family)} address, but families is {', '.join(families)}",
                mend=f"leave families out or set it to [{family}]",
            )
        return dict.fromkeys(families, source_address)
    if not interface:
        return dict.fromkeys(families)
    if _INTERFACE_NAME.fullmatch(interface) is None or interface not in _interface_names():
        raise InputError(
            field="interface",
            value=interface,
            problem="is no network interface of this host",
            mend=f"use one of {', '.join(_interface_names()) or 'none'}",
        )
    found = {family: interface_address(interface, family=family) for family in families}
    known = [address for address in found.values() if address]
    if not known:
        raise InputError(
            field="interface",
            value=interface,
            problem=f"has no {' and no '.join(family_title(f) for f in families)} address that can leave the host",
            mend="give the interface that has one, or another families",
        )
    return {family: address or known[0] for family, address in found.items()}


def closed(bound: t.Mapping[str, str | None]) -> frozenset[str]:
    """Return the families that have no way out: :func:`bound_addresses` gave them the other family's address."""
    return frozenset(family for family, address in bound.items() if address and family_of(address) != family)


def _own_address(text: str) -> str:
    """Return the family of an address of this host; raises ``InputError`` for any other text."""
    try:
        family = family_of(text)
    except InputError:
        raise InputError(
            field="source_address", value=text, problem="is not one IP address", mend="give an address of this host"
        ) from None
    check_own_address(text)
    return family


def _interface_names() -> list[str]:
    return sorted(name for _index, name in socket.if_nameindex())


def interface_address(interface: str, *, family: str) -> str | None:
    """Return the address by which an interface sends; raises ``InputError`` where several IPv6 addresses could be."""
    if family == "ipv4":
        return _interface_ipv4(interface)
    try:
        with open("/proc/net/if_inet6", encoding="ascii") as table:
            candidates = ipv6_candidates(table.read(), interface=interface)
    except OSError:
        return None
    if len(candidates) > 1:
        raise InputError(
            field="interface",
            value=interface,
            problem=f"has several IPv6 addresses ({', '.join(candidates)})",
            mend="name the one to use with source_address",
        )
    return candidates[0] if candidates else None


def _interface_ipv4(interface: str) -> str | None:
    request = struct.pack("256s", interface.encode()[:15])
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, request)
    except OSError:
        return None
    return socket.inet_ntoa(answer[20:24])


def ipv6_candidates(table: str, *, interface: str) -> list[str]:
    """Return an interface's IPv6 addresses of global scope from the text of ``/proc/net/if_inet6``.

    Deprecated and tentative ones are left out, and temporary ones (privacy extensions) where a lasting one exists: an
    address that changes by itself does not belong on an allowlist.
    """
    found: list[tuple[bool, str]] = []
    for line in table.splitlines():
        fields = line.split()
        if len(fields) != 6 or fields[5] != interface or fields[3] != _GLOBAL_SCOPE:
            continue
        flags = int(fields[4], 16)
        if flags & (_DEPRECATED | _TENTATIVE):
            continue
        text = ":".join(fields[0][i : i + 4] for i in range(0, 32, 4))
        version, value = read_address(text)
        found.append((bool(flags & _TEMPORARY), format_address(version=version, value=value)))
    lasting = [address for temporary, address in found if not temporary]
    return lasting or [address for _temporary, address in found]
