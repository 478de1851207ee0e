# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report's form: what the judges write fits the published schema, and the reader takes nothing else."""

from __future__ import annotations

import copy
import json
import typing as t
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.plugin_utils._reports import _formats, _sarif
from ansible_collections.trading.hosts.plugins.plugin_utils._reports._schema import REPORT, fits, read
from tests.generated import report_schemas
from tests.unit.action.test_fleet_policy import Inventory, declared, own

from .build import large, small

SCHEMA = jsonschema.Draft202012Validator(REPORT)


def test_the_published_schemas_are_the_codes() -> None:
    for file, text in report_schemas.files():
        assert file.read_text(encoding="utf-8") == text, "run: python -m tests.generated"
        jsonschema.Draft202012Validator.check_schema(json.loads(text))


@pytest.mark.parametrize("passed", [True, False])
@pytest.mark.parametrize("seen", [True, False])
def test_what_the_fleets_judge_writes_fits(tmp_path: Path, seen: bool, passed: bool) -> None:
    inventory = Inventory(tmp_path)
    for host in inventory.hostvars:
        inventory.declares(host, declared())
    inventory.learned("bot1", own("bot1"))
    if seen:
        inventory.learned("bot2", own("bot2"))
    waivers = tmp_path / "waivers.yml"
    waivers.write_text("[]")
    document = inventory.reported(return_passed=passed, previous=str(tmp_path / "none"), waivers_file=str(waivers))
    SCHEMA.validate(document)
    assert read(document, where="r") == document, "the reader must keep all that the judge writes"
    again = inventory.reported(previous=str(inventory.report), baseline=str(inventory.report))
    assert again["fleet"]["baseline"] is not None
    assert read(again, where="r") == again
    for name, write in _formats.WRITERS.items():
        assert write(read(again, where="r")), name


def test_what_the_judge_of_a_play_writes_fits() -> None:
    guide = (Path(__file__).parents[4] / "docs" / "facts.md").read_text(encoding="utf-8")
    document = json.loads(guide.partition("## A report")[2].partition("```json\n")[2].partition("```")[0])
    SCHEMA.validate(document)
    assert read(document, where="r") == document
    for name, write in _formats.WRITERS.items():
        assert "hedge" in write(document), name


def test_what_is_not_known_is_dropped() -> None:
    document = small()
    document["findings"][0]["secret"] = document["other"] = "canary"
    assert "canary" not in json.dumps(read(document, where="r"))


def _paths(value: t.Any, path: tuple[t.Any, ...] = ()) -> t.Iterator[tuple[t.Any, ...]]:
    for name, each in value.items() if isinstance(value, dict) else enumerate(value[:1]):
        yield (*path, name)
        if isinstance(each, (dict, list)):
            yield from _paths(each, (*path, name))


PATHS = list(_paths(small()))
WRONG: tuple[t.Any, ...] = (None, True, 7, -1, 1.5, "", "x", "\n", [], [None], {}, {"x": 1})


def _fits(document: t.Any) -> bool:
    return not any(SCHEMA.iter_errors(document))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_the_reader_refuses_what_the_schema_refuses(path: tuple[t.Any, ...]) -> None:
    for wrong in WRONG:
        document = copy.deepcopy(small())
        inner: t.Any = document
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = wrong
        assert fits(document, REPORT) == _fits(document)
        if _fits(document):
            read(document, where="r")
        else:
            with pytest.raises(InputError, match=r"^r.*; give a file that .*\.$"):
                read(document, where="r")
    if isinstance(path[-1], str) and path[-1] != "fleet" and path[-2:-1] != ("by_basis",):
        del inner[path[-1]]
        assert not _fits(document)
        with pytest.raises(InputError, match=rf"^r.*: (?:lacks {path[-1]}|has schema None)"):
            read(document, where="r")


@pytest.mark.parametrize("at", ["2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01"])
def test_an_instant_that_never_was_is_refused(at: str) -> None:
    with pytest.raises(InputError, match="judged_at"):
        read({**small(), "judged_at": at}, where="r")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    )
)
def test_anything_else_is_refused_in_one_sentence(value: t.Any) -> None:
    with pytest.raises(InputError) as caught:
        read(value, where="r")
    assert "\n" not in str(caught.value)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    document = small()
    document["findings"][0]["evidence"] = text
    evidence = read(document, where="r")["findings"][0]["evidence"]
    assert (
        evidence
        == read({**document, "findings": [{**document["findings"][0], "evidence": evidence}]}, where="r")["findings"][
            0
        ]["evidence"]
    )
    assert evidence.isprintable()


def test_code_scanning_gets_no_more_than_it_takes() -> None:
    document = read(small(), where="r")
    findings = document["findings"][:1] * (_sarif.MOST + 3)
    (run,) = json.loads(_sarif.write({**document, "findings": findings}))["runs"]
    assert len(run["results"]) == _sarif.MOST
    (said,) = run["invocations"][0]["toolExecutionNotifications"]
    assert said["message"]["text"].startswith("3 findings")
    assert "toolExecutionNotifications" not in _sarif.write(document)


def test_a_large_report_is_whole_in_every_format_that_counts() -> None:
    document = read(large(hosts=60), where="r")
    assert _formats.WRITERS["junit"](document).count("<testsuite ") == 60
    assert len(_formats.WRITERS["markdown"](document)) < 65536, "a comment holds no more"
    assert _formats.WRITERS["prometheus"](document).count("\ntrading_hosts_key_in_order{") == 240
    assert "tyo-bot0059" in _formats.WRITERS["text"](document)
