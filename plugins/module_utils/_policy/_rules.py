# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of rules: one line per family. Private to this collection."""

from __future__ import annotations

import typing as t

from . import (
    _access,
    _addresses,
    _clock,
    _exposed,
    _fleet_rules,
    _host,
    _ipv6,
    _key_type,
    _lifetime,
    _meta,
    _passphrase,
    _permissions,
    _person,
    _recovery,
    _retired,
)
from ._case import Rule

_FAMILIES = (
    _access,
    _retired,
    _permissions,
    _addresses,
    _ipv6,
    _lifetime,
    _person,
    _recovery,
    _passphrase,
    _key_type,
    _clock,
    _host,
    _exposed,
    _fleet_rules,
    _meta,
)

#: Every rule by its id, in the order in which reports show them.
RULES: t.Mapping[str, Rule] = {rule.id: rule for family in _FAMILIES for rule in family.RULES}

KEY_RULES = tuple(rule for rule in RULES.values() if rule.scope == "key")
#: The severities as shipped.
DEFAULTS: t.Mapping[str, str] = {rule.id: rule.severity for rule in RULES.values()}
