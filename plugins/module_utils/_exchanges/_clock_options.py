# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``clock_info``: they are checked where nothing is asked, too. Private to this collection."""

from __future__ import annotations

import typing as t

from .._message import TIMEOUT

_EXCHANGE_SPEC: dict[str, t.Any] = {
    "exchange": {"type": "str", "required": True},
    "environment": {"type": "str", "default": "mainnet"},
    "region": {"type": "str", "default": "global"},
    "base_url": {"type": "str"},
}
#: In the form of Ansible's argument specification.
ARGUMENT_SPEC: dict[str, t.Any] = {
    "exchanges": {"type": "list", "elements": "dict", "required": True, "options": _EXCHANGE_SPEC},
    "samples": {"type": "int", "default": 4},
    "source_address": {"type": "str"},
    "proxy": {"type": "str", "no_log": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "float", "default": TIMEOUT},
    "facts_dir": {"type": "path"},
    "require_verified_host": {"type": "bool", "default": True},
}
