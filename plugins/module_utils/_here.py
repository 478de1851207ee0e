# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who asks, and from where on this host. Private to this collection."""

from __future__ import annotations

import os
import pwd

from ._facts import Path


def here(*, family: str, proxy: str, source_address: str | None) -> Path:
    """Return the path of this process for one family; ``proxy`` is ``none``, ``http`` or ``socks5``."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    try:
        netns: str | None = str(os.stat("/proc/self/ns/net").st_ino)
    except OSError:
        netns = None
    return Path(user=user, family=family, proxy=proxy, source_address=source_address, netns=netns)
