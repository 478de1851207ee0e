# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text to paste is whole in every format, or not there: a list that lacks an address cuts a host off."""

from __future__ import annotations

import html
import typing as t

import pytest

from ansible_collections.trading.hosts.plugins.plugin_utils import _report
from ansible_collections.trading.hosts.plugins.plugin_utils._reports import _formats, _markdown
from ansible_collections.trading.hosts.plugins.plugin_utils._reports._schema import PASTE, read

from .build import finding, line, report

IPV4 = [f"91.198.115.{last}" for last in range(100, 140)]
IPV6 = [f"2a01:4f8:1c17:8000:ffff:ffff:ffff:{last:x}" for last in range(0xFF00, 0xFF14)]


def _document(paste: str) -> dict[str, t.Any]:
    return read(report(lines=[line()], findings=[finding(paste=paste, evidence="x")]), where="r")


def _pasted(lines: t.Sequence[str]) -> list[str]:
    """Return the lines of a table's last column from the text to paste on."""
    text = "\n".join(lines).partition("Paste:")[2]
    return [piece.split()[-1] for piece in text.split("\n") if piece]


@pytest.mark.parametrize("width", range(20, 220, 3))
@pytest.mark.parametrize("entries", [IPV4, IPV6, [*IPV4[:20], *IPV6], [f"{each}/32" for each in IPV4]])
def test_a_table_breaks_it_after_a_comma(entries: list[str], width: int) -> None:
    pieces = _pasted(_report.table(_document(",".join(entries)), width=width))
    assert "".join(pieces) == ",".join(entries)
    assert all(piece.endswith(",") for piece in pieces[:-1])


def test_a_single_address_is_not_broken() -> None:
    assert _pasted(_report.table(_document(IPV6[0]), width=60)) == [IPV6[0]]


@pytest.mark.parametrize("name", ["html", "json", "junit", "markdown", "sarif"])
def test_forty_addresses_are_whole(name: str) -> None:
    paste = ",".join(IPV4)
    assert paste in html.unescape(_formats.writer(name, redact="none")(_document(paste)))


def test_a_comment_says_where_a_longer_one_stands() -> None:
    document = _document(",".join(IPV4 * 3))
    text = html.unescape(_markdown.write(document))
    assert IPV4[0] not in text
    assert "it stands whole in the page (html) and in the report (json)" in text
    for name in ("html", "json"):
        assert ",".join(IPV4 * 3) in _formats.writer(name, redact="none")(document)


def test_one_that_no_report_holds_is_left_out() -> None:
    long = ",".join(IPV4 * (PASTE // 400))
    assert len(long) > PASTE
    assert _document(long)["findings"][0]["paste"] is None
