# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys and places whose names begin alike are told apart, and a pass hides no failure."""

from __future__ import annotations

import json
import typing as t

import jsonschema
import pytest

from ansible_collections.trading.hosts.plugins.module_utils._policy import _exposed
from ansible_collections.trading.hosts.plugins.module_utils._redact import one_line
from ansible_collections.trading.hosts.plugins.plugin_utils import _report
from ansible_collections.trading.hosts.plugins.plugin_utils._reports import _formats
from ansible_collections.trading.hosts.plugins.plugin_utils._reports._schema import REPORT, read

from .build import finding, line, report

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def _judged(*keys: tuple[str, str]) -> dict[str, t.Any]:
    """Return the report on keys by name and verdict."""
    failed = [name for name, verdict in keys if verdict == "fail"]
    findings = [finding(subject={"key": name}, evidence=f"because {number}") for number, name in enumerate(failed)]
    lines = [line(key=name, verdict=verdict) for name, verdict in keys]
    return read(report(lines=lines, findings=findings), where="r")


def _values(document: dict[str, t.Any]) -> list[str]:
    text = _formats.writer("prometheus", redact="none")(document)
    return [row.rpartition(" ")[2] for row in text.split("\n") if row.startswith("trading_hosts_key_in_order{")]


@pytest.mark.parametrize("length", [79, 80, 199, 250])
def test_names_that_begin_alike_are_two_keys(length: int) -> None:
    names = [one_line("n" * length + tail, limit=80) for tail in ("-maker", "-taker")]
    document = _judged((names[0], "fail"), (names[1], "fail"), ("other", "pass"))
    text = "\n".join(_report.table(document, width=300))
    assert text.count("FAIL critical key-accepted") == 2
    assert text.count(" ok") == 1
    assert _values(document) == ["0", "0", "1"]


@pytest.mark.parametrize("verdicts", [("fail", "pass"), ("pass", "fail"), ("unknown", "fail"), ("fail", "unknown")])
def test_of_two_lines_on_one_key_none_hides_a_failure(verdicts: tuple[str, str]) -> None:
    document = _judged(*(("grid", verdict) for verdict in verdicts))
    text = "\n".join(_report.table(document, width=300))
    assert text.count("FAIL critical key-accepted") == 2
    assert " ok" not in text
    assert _values(document) == ["0"]


def test_what_is_not_known_is_no_pass() -> None:
    for verdicts in (("unknown", "pass"), ("pass", "unknown")):
        assert _values(_judged(*(("grid", verdict) for verdict in verdicts))) == ["-1"]


@pytest.mark.parametrize("length", [150, 201, 299, 300, 301, 4000])
@pytest.mark.parametrize("commit", [None, COMMIT])
@pytest.mark.parametrize("filler", ["d", "d "])
def test_long_paths_fit_the_schema_and_keep_their_identity(length: int, commit: str | None, filler: str) -> None:
    start = ("/srv/" + filler * length)[: length - 1]
    places = [_exposed._where({"path": start + last, "commit": commit}) for last in "xy"]
    given = report(lines=[line()], findings=[finding(subject={"key": place}) for place in places])
    jsonschema.Draft202012Validator(REPORT).validate(given)
    document = read(given, where="r")
    assert [each["subject"]["key"] for each in document["findings"]] == places
    (run,) = json.loads(_formats.writer("sarif", redact="none")(document))["runs"]
    marks = [each["partialFingerprints"] for each in run["results"]]
    assert len({mark["primaryLocationLineHash"] for mark in marks}) == 2
    for mark in marks:
        assert mark["primaryLocationLineHash"] == mark["ruleHostKey/v1"]
