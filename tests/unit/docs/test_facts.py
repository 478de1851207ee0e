# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of docs/facts.md are facts as learners write them, and a report as the judge writes it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader

from ansible_collections.trading.hosts.plugins.action.api_key_policy import ActionModule
from ansible_collections.trading.hosts.plugins.module_utils._facts import clock_facts, egress_facts, key_facts, to_json
from ansible_collections.trading.hosts.plugins.modules import credential_info, exposed_credential_info
from ansible_collections.trading.hosts.plugins.plugin_utils._facts_files import read_facts

_GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "facts.md").read_text(encoding="utf-8")
_EXAMPLES = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", _GUIDE, flags=re.MULTILINE | re.DOTALL)]
FILES = {example["kind"]: example for example in _EXAMPLES if "kind" in example}
(REPORT,) = [example for example in _EXAMPLES if "findings" in example]


@pytest.fixture
def facts_dir(tmp_path: Path) -> Path:
    for kind, document in FILES.items():
        (tmp_path / f"bot1.{kind}.json").write_text(json.dumps(document), encoding="utf-8")
    return tmp_path


def judge(facts_dir: Path, **options: Any) -> dict[str, Any]:
    args = {"src": [str(facts_dir)], "now": "2026-11-22T07:14:00Z", "fail_on": "never", **options}
    task = SimpleNamespace(args=args, async_val=0, check_mode=False, diff=False, action="x", collections=[])
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=""))
    action = ActionModule(
        task=task, connection=connection, play_context=None, loader=DataLoader(), templar=None, shared_loader_obj=None
    )
    result: dict[str, Any] = action.run(task_vars={"inventory_hostname": "localhost"})
    return result


def test_every_kind_has_an_example_that_is_read(facts_dir: Path) -> None:
    assert {file.kind for file in read_facts(sources=[str(facts_dir)])} == {
        "api_keys",
        "clock",
        "egress",
        "credentials",
        "exposed",
    }
    for data in FILES["api_keys"]["facts"]:
        assert to_json(key_facts(data, where="example")) == data, "a member is missing"
    for data in FILES["egress"]["facts"]:
        assert to_json(egress_facts(data, where="example")) == data, "a member is missing"
    for data in FILES["clock"]["facts"]:
        assert to_json(clock_facts(data, where="example")) == data, "a member is missing"
    returned = yaml.safe_load(credential_info.RETURN)
    for data in FILES["credentials"]["facts"]:
        assert list(data) == list(returned["credentials"]["contains"])
    assert list(FILES["credentials"]["machine"]) == list(returned["machine"]["contains"])
    returned = yaml.safe_load(exposed_credential_info.RETURN)
    for data in FILES["exposed"]["facts"]:
        assert list(data) == list(returned["exposed"]["contains"])
    for name in ("scan", "swap", "core_dumps", "host_key"):
        assert list(FILES["exposed"][name]) == list(returned[name]["contains"])


def test_the_examples_are_judged_as_the_page_shows(facts_dir: Path, tmp_path: Path) -> None:
    path = tmp_path.parent / f"{tmp_path.name}.report.json"
    result = judge(facts_dir, report_path=str(path))
    report = json.loads(path.read_text(encoding="ascii"))
    assert list(report) == list(REPORT)
    assert list(report["counts"]) == list(REPORT["counts"])
    for name in ("schema", "collection_version", "judged_at", "gate", "hosts"):
        assert report[name] == REPORT[name], name
    assert REPORT["findings"][0] in report["findings"]
    assert REPORT["lines"][0] in report["lines"]
    assert result["blocked_keys"] == ["hedge"]
