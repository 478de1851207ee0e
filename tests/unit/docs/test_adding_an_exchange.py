# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every place that names the exchanges names the same ones, and the guide to adding one is true to the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.trading.hosts.plugins.doc_fragments import _api_keys
from ansible_collections.trading.hosts.plugins.module_utils._exchanges import _answers, _contract
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.modules import allowlist_check
from tests.simulator._registry import EXCHANGES as SIMULATED

_ROOT = Path(__file__).resolve().parents[3]
_GUIDE = (_ROOT / "docs" / "adding-an-exchange.md").read_text(encoding="utf-8")
_EXCHANGES_GUIDE = (_ROOT / "docs" / "exchanges.md").read_text(encoding="utf-8")


def test_the_simulator_has_the_same_exchanges() -> None:
    assert set(SIMULATED) == set(EXCHANGES)
    files = {path.stem.removeprefix("_exchange_") for path in (_ROOT / "tests/simulator").glob("_exchange_*.py")}
    assert files == set(EXCHANGES)


def test_the_guide_to_exchanges_has_a_row_and_a_section_for_each() -> None:
    titles = sorted(exchange.title for exchange in EXCHANGES.values())
    sections = re.findall(r"^## (.+)$", _EXCHANGES_GUIDE, flags=re.MULTILINE)
    rows = re.findall(r"^\| \[([^]]+)\]\(#([^)]+)\) \|", _EXCHANGES_GUIDE, flags=re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in sections}
    assert len(rows) == len(EXCHANGES)
    assert {anchor for _title, anchor in rows} <= anchors
    of_exchanges = re.findall(r"^## (.+)\n(?:(?!^## )[^\n]*\n)*?<!-- facts of", _EXCHANGES_GUIDE, flags=re.MULTILINE)
    assert len(of_exchanges) == len(titles)


def test_the_guide_to_exchanges_holds_tables_only_between_their_marks() -> None:
    outside = re.sub(r"<!-- facts of (\w+) -->.*?<!-- end of \1 -->", "", _EXCHANGES_GUIDE, flags=re.DOTALL)
    assert "| any other |" not in outside
    assert "| where to click |" not in outside


def test_the_modules_documents_name_them() -> None:
    options = yaml.safe_load(_api_keys.ModuleDocFragment.DOCUMENTATION)["options"]["api_keys"]["suboptions"]
    named = set(re.findall(r"V\((\w+)\)", options["exchange"]["description"][0]))
    assert named == set(EXCHANGES)
    assert set(yaml.safe_load(allowlist_check.DOCUMENTATION)["options"]["exchange"]["choices"]) == {
        *(name for name, exchange in EXCHANGES.items() if exchange.restricts_addresses()),
        "other",
    }
    # What region and environment say by name, the exchange has.
    environments = " ".join(options["environment"]["description"])
    told = {name for _exchange, exchange in EXCHANGES.items() for name, _region in exchange.sites()} | {"custom"}
    assert told == set(re.findall(r"V\((\w+)\)", environments))


@pytest.mark.parametrize("name", EXCHANGES)
def test_environments_and_regions_are_told(name: str) -> None:
    options = yaml.safe_load(_api_keys.ModuleDocFragment.DOCUMENTATION)["options"]["api_keys"]["suboptions"]
    exchange = EXCHANGES[name]
    text = " ".join(options["environment"]["description"] + options["region"]["description"])
    for environment, region in exchange.sites():
        assert f"V({environment})" in text
        assert f"V({region})" in text
        if environment != "mainnet" or region != "global":
            assert exchange.title.removesuffix(" Exchange") in text


def test_the_guide_names_what_exists() -> None:
    for method in re.findall(r"`(\w+)\(\)`", _GUIDE):
        assert hasattr(_contract.Exchange, method) or hasattr(_answers, method), method
    missing = {
        name
        for name in re.findall(r"`((?:_exchanges|_policy|simulator|docs|plugin_utils)/test_\w+\.py)`", _GUIDE)
        if not any((_ROOT / "tests/unit" / prefix / name).exists() for prefix in ("", "module_utils"))
    }
    assert missing == set()
    for name in re.findall(r"`(_\w+\.py)`", _GUIDE):
        assert (_ROOT / "plugins/module_utils/_exchanges" / name).exists(), name


def test_the_guides_are_linked() -> None:
    assert "(adding-an-exchange.md)" in (_ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert "(docs/exchanges.md)" in (_ROOT / "README.md").read_text(encoding="utf-8")
