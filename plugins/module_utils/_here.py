# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who asks, and from where on this host. Private to this collection."""

from __future__ import annotations

import errno
import os
import socket

from ._errors import InputError
from ._facts import Path
from ._owner import user_name


def here(*, family: str, proxy: str, source_address: str | None) -> Path:
    """Return the path of this process for one family; ``proxy`` is ``none``, ``http`` or ``socks5``."""
    try:
        netns: str | None = str(os.stat("/proc/self/ns/net").st_ino)
    except OSError:
        netns = None
    return Path(user=user_name(os.geteuid()), family=family, proxy=proxy, source_address=source_address, netns=netns)


def check_own_address(address: str) -> None:
    """Refuse an IP address that this host cannot ask from; raises ``InputError`` for ``source_address``."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError as error:
        problem = "is not an address of this host"
        if error.errno != errno.EADDRNOTAVAIL:
            problem = f"cannot be bound ({errno.errorcode.get(error.errno or 0, 'unknown error')})"
        raise InputError(
            field="source_address", value=address, problem=problem, mend="use one that `ip address` shows there"
        ) from None
