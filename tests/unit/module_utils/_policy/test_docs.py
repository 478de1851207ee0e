# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide's table of rules is the registry, and its other tables name what exists."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from ansible_collections.trading.hosts.plugins.module_utils._declared import DECLARED_SPEC
from ansible_collections.trading.hosts.plugins.module_utils._policy._gates import GATES
from ansible_collections.trading.hosts.plugins.module_utils._policy._rules import RULES
from ansible_collections.trading.hosts.plugins.module_utils._policy._settings import UNWAIVABLE, Policy

_GUIDE = Path(__file__).resolve().parents[4] / "docs" / "policy.md"


def table() -> str:
    """Return the rules as a Markdown table."""
    lines = ["| rule | what holds | severity | least basis | can be waived |", "|---|---|---|---|---|"]
    lines += [
        f"| `{rule.id}` | {rule.title} | {rule.severity} | {rule.least} | {'yes' if rule.waivable else 'no'} |"
        for rule in RULES.values()
    ]
    return "\n".join(lines)


def test_the_table_of_rules_is_the_registry() -> None:
    guide = _GUIDE.read_text(encoding="utf-8")
    shown = guide.partition("prints it -->")[2].partition("<!-- end of rules -->")[0].strip()
    assert shown == table()


def test_settings_gates_and_declarations_are_in_the_guide() -> None:
    guide = _GUIDE.read_text(encoding="utf-8")
    for field in dataclasses.fields(Policy):
        assert f"`{field.name}`" in guide or f"`_{field.name.rpartition('_')[2]}`" in guide, field.name
    for gate in GATES:
        assert f"`{gate}`" in guide, gate
    for rule in UNWAIVABLE:
        assert (
            f"`{rule}`" in guide.partition("cannot be waived. Rules about")[0].rpartition("There are no wildcards")[2]
        )
    example = guide.partition("## Declarations")[2].partition("```\n")[0]
    for line in example.splitlines():
        if line.startswith("  ") and not line.startswith("   ") and ":" in line:
            assert line.strip().partition(":")[0] in DECLARED_SPEC, line


if __name__ == "__main__":
    print(table())
