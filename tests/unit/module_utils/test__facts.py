# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts write facts: what is no word of this release, and what is beyond all bounds, is refused by one sentence."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._facts import (
    MAX_NUMBER,
    MAX_TEXT,
    clock_facts,
    egress_facts,
    key_facts,
    to_json,
)

from ._policy.build import clock, egress, key

_READ: dict[str, tuple[t.Callable[..., t.Any], t.Callable[..., t.Any]]] = {
    "key": (key_facts, key),
    "egress": (egress_facts, egress),
    "clock": (clock_facts, clock),
}

BAD: list[tuple[str, str, t.Any, str]] = [
    ("key", "access.status", "", "'': is no word"),
    ("key", "access.status", "Accepted", "'Accepted': is no word"),
    ("key", "access.status", "ip refused", "'ip refused': is no word"),
    ("key", "exchange", "\x1b[2J::error::x", "facts[0].exchange '[2J: :error: :x': is no word"),
    ("key", "environment", "a\nb", "is no word"),
    ("key", "region", "x" * 81, "is no word"),
    ("key", "path.family", "ipv5", "is no word"),
    ("key", "path.proxy", "socks", "is no word"),
    ("key", "observed.allowlist.state", "", "is no word"),
    ("key", "observed.account.level", "Main", "is no word"),
    ("key", "observed.expiry.state", "soon", "is no word"),
    ("key", "observed.owner_kind", "x", "is no word"),
    ("key", "observed.state", "x", "is no word"),
    ("key", "name", "x" * (MAX_TEXT + 1), "is longer than 4096 characters"),
    ("key", "observed.raw_permissions", ["x" * (MAX_TEXT + 1)], "holds a text longer than 4096 characters"),
    ("key", "\x1b[2J" + "x" * 99, 1, "is not a fact of this schema"),
    ("egress", "family", "any", "is no word"),
    ("egress", "status", "Agreed", "is no word"),
    ("egress", "basis", "vote", "is no word"),
    ("egress", "samples_asked", MAX_NUMBER * 2, "is out of bounds"),
    ("clock", "exchange", "", "is no word"),
    ("clock", "offset", float("inf"), "is out of bounds"),
    ("clock", "offset", float("nan"), "is out of bounds"),
]


@pytest.mark.parametrize(("kind", "field", "value", "said"), BAD)
def test_what_no_learner_writes_is_refused(kind: str, field: str, value: t.Any, said: str) -> None:
    read, good = _READ[kind]
    data = to_json(good())
    assert to_json(read(data, where="facts[0]")) == data
    *outer, name = field.split(".")
    inner = data
    for each in outer:
        inner = inner[each]
    inner[name] = value
    with pytest.raises(InputError) as refused:
        read(data, where="facts[0]")
    assert said in str(refused.value)
    assert "\x1b" not in str(refused.value)
