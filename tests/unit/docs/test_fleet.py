# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/fleet.md shows the report that the fleet's judge writes, and the module's page names all of its members."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.trading.hosts.plugins.module_utils._facts import Allowlist
from ansible_collections.trading.hosts.plugins.modules import fleet_policy
from tests.unit.action.test_fleet_policy import Inventory, declared
from tests.unit.module_utils._policy.build import ADDRESS, OTHER, key, seen

_GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "fleet.md").read_text(encoding="utf-8")
(_EXAMPLE,) = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```$", _GUIDE, re.MULTILINE | re.DOTALL)]


def _half_a_fleet(directory: Path) -> Inventory:
    inventory = Inventory(directory)
    del inventory.hostvars["bot3"]
    inventory.declares("bot1", declared())
    inventory.declares("bot2", declared())
    observed = seen(masked_id="aaaa…1111", allowlist=Allowlist("entries", (ADDRESS, OTHER)))
    inventory.learned("bot1", key(name="grid", observed=observed))
    return inventory


def test_the_report_is_the_one_of_the_page(tmp_path: Path) -> None:
    report = _half_a_fleet(tmp_path).reported()
    shown = _EXAMPLE["fleet"]
    assert list(report["fleet"]) == list(shown)
    for name in ("partial", "coverage", "problems", "addresses", "baseline", "previous"):
        assert report["fleet"][name] == shown[name], name
    assert shown["allowlists"][0] in report["fleet"]["allowlists"]
    table = _GUIDE.partition("| member | holds |")[2]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(shown)


def test_the_modules_page_names_every_member(tmp_path: Path) -> None:
    result: dict[str, Any] = _half_a_fleet(tmp_path).judged()
    returned = yaml.safe_load(fleet_policy.RETURN)
    assert set(returned) | {"msg", "failed", "changed"} >= set(result)
    assert list(returned["coverage"]["contains"]) == list(result["coverage"])
    assert list(returned["allowlists"]["contains"]) == list(result["allowlists"][0])
    assert list(returned["findings"]["contains"]) == list(result["findings"][0])


def test_the_guide_names_every_option() -> None:
    options = set(yaml.safe_load(fleet_policy.DOCUMENTATION)["options"])
    assert {"src", "previous", "baseline", "compare_secrets", "learned_since", "variables"} <= options
    for option in ("previous", "baseline", "compare_secrets", "learned_since", "variables", "report_path"):
        assert f"`{option}" in _GUIDE, option
