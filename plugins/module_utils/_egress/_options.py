# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``public_ip_info``: they are checked where nothing is asked, too. Private to this collection."""

from __future__ import annotations

import typing as t

from .._facts import EXCHANGE_ACCEPTED, EXCHANGE_PRINTED, FAMILIES
from ._decide import QUORUM
from ._sources import SHAPES

#: The sub-options of one source.
_SOURCE_SPEC: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "url": {"type": "str", "required": True},
    "network": {"type": "str", "required": True},
    "families": {"type": "list", "elements": "str", "choices": list(FAMILIES)},
    "shape": {"type": "str", "choices": list(SHAPES), "default": "plain"},
    "field": {"type": "str"},
    "kind": {"type": "str", "choices": ["echo", "exchange"], "default": "echo"},
}
_OBSERVATION_SPEC: dict[str, t.Any] = {
    "address": {"type": "str", "required": True},
    "basis": {"type": "str", "required": True, "choices": [EXCHANGE_ACCEPTED, EXCHANGE_PRINTED]},
    "exchange": {"type": "str", "required": True},
}
#: In the form of Ansible's argument specification.
ARGUMENT_SPEC: dict[str, t.Any] = {
    "families": {"type": "list", "elements": "str", "choices": list(FAMILIES)},
    "sources": {"type": "list", "elements": "dict", "options": _SOURCE_SPEC},
    "samples": {"type": "int", "default": 3},
    "sample_interval": {"type": "float", "default": 2.0},
    "quorum": {"type": "int", "default": QUORUM},
    "environment": {"type": "str", "choices": ["live", "custom"], "default": "live"},
    "source_address": {"type": "str"},
    "interface": {"type": "str"},
    "proxy": {"type": "str", "no_log": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "float", "default": 10.0},
    "observations": {"type": "list", "elements": "dict", "options": _OBSERVATION_SPEC, "default": []},
    "declared_addresses": {"type": "list", "elements": "str", "default": []},
    "on_no_majority": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
    "facts_dir": {"type": "path"},
    "require_verified_host": {"type": "bool", "default": True},
}
