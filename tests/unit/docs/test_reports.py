# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/reports.md names the formats and metrics that there are, and its examples for CI use the files of its play."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.trading.hosts.plugins.modules import report
from ansible_collections.trading.hosts.plugins.plugin_utils._reports import _evidence, _formats, _markdown
from tests.unit.plugin_utils._reports.build import small

_DOCS = Path(__file__).resolve().parents[3] / "docs"
_GUIDE = (_DOCS / "reports.md").read_text(encoding="utf-8")
_BLOCKS = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```$", _GUIDE, re.MULTILINE | re.DOTALL)]


def test_every_format_is_described() -> None:
    table = _GUIDE.partition("| format |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(_formats.FORMATS)
    assert f"the {_markdown.MOST} worst findings" in table
    assert f"the {_markdown.MOST} worst findings" in report.DOCUMENTATION


def test_every_metric_is_described_with_its_labels() -> None:
    table = _GUIDE.partition("| metric |")[2].partition("\n\n")[0]
    said = {}
    for row in table.splitlines()[2:]:
        names, labels = row.split("|")[1:3]
        for name in re.findall(r"`(\w+)`", names):
            said[name] = set(re.findall(r"`(\w+)`", labels))
    families = text_string_to_metric_families(_formats.WRITERS["prometheus"](small()))
    assert said == {family.name: set(family.samples[0].labels) for family in families}


def test_schemas_that_the_guides_link_are_there() -> None:
    guides = "".join(page.read_text(encoding="utf-8") for page in _DOCS.glob("*.md"))
    links = re.findall(r"\]\((schemas/[^)]+)\)", guides)
    assert sorted(set(links)) == sorted(f"schemas/{path.name}" for path in (_DOCS / "schemas").iterdir())


def test_the_commands_verify_what_is_signed() -> None:
    assert f"-n {_evidence.NAMESPACE} " in _GUIDE


def test_examples_for_ci_use_what_the_play_writes() -> None:
    (play, *_tasks), github, gitlab = _BLOCKS[0], _BLOCKS[1], _BLOCKS[2]
    task = play["tasks"][1]["trading.hosts.report"]
    written = {each["path"].rpartition("/")[2] for each in task["files"]}
    steps = github["jobs"]["judge"]["steps"]
    assert all(set(step) & {"uses", "run"} for step in steps)
    asked = re.findall(r"reports/([\w.]+)", str([*steps, gitlab]))
    assert set(asked) == written
    for runs in (str(steps), str(gitlab)):
        assert "ansible-playbook -i inventory judge.yml" in runs
        assert "mkdir -p reports" in runs
