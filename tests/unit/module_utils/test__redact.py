# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands of CI runners are broken in foreign text, and addresses are not."""

from __future__ import annotations

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._redact import message, one_line


@pytest.mark.parametrize(
    "address",
    [
        *("::1", "::", "::/0", "::ffff:8.8.8.8", "::ffff:0:0/96", "not ::1, but 2a01:4f8::11", "(::1)", "[::1]:443"),
        *("2001:db8::1", "fe80::1%eth0", "seen from 2001:db8::1.", "2001:db8::1: refused", "2001:db8::/32,::1"),
    ],
)
def test_an_address_stays_as_it_is_written(address: str) -> None:
    assert one_line(address) == address


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("::error file=x::b", ": :error file=x: :b"),
        ("::debug::x", ": :debug: :x"),
        ("::add-mask::x", ": :add-mask: :x"),
        ("::stop-commands::abc", ": :stop-commands: :abc"),
        ("::abc::", ": :abc: :"),  # it could end what stop-commands began
        ("\t::warning::", ": :warning: :"),
        ("a.a::error title=a::b", "a.a: :error title=a::b"),
        ("cafe::error::x", "cafe: :error: :x"),
        (":::", ": : :"),
        ("a:::error", "a: : :error"),
        ("##[error]", "## [error]"),
        ("##vso[task.setvariable variable=PATH]/tmp/x", "## vso[task.setvariable variable=PATH]/tmp/x"),
        ("a ###VSO[x]", "a ### VSO[x]"),
        ("##teamcity[x]", "## teamcity[x]"),
    ],
)
def test_a_command_of_a_runner_is_broken(text: str, harmless: str) -> None:
    assert one_line(text) == harmless
    assert one_line(harmless) == harmless


def test_a_secret_that_is_taken_out_leaves_no_command() -> None:
    assert one_line("##vsoabc", secrets=["abc"]) == "## vso[removed]"


def test_a_long_text_is_looked_through_in_time() -> None:
    for text in ("a" * 500_000 + "::", "a:" * 250_000 + ":", "#" * 500_000, "##a" * 150_000):
        assert len(one_line(text, limit=65536)) == 65536


@pytest.mark.parametrize("limit", [40, 80, 200, 300])
@pytest.mark.parametrize(
    "tails", [("a", "b"), ("a b", "a c"), ("a" * 9000 + "b", "a" * 9000 + "c"), ("\0" * 9000, "\0")]
)
def test_names_that_begin_alike_stay_apart(tails: tuple[str, str], limit: int) -> None:
    first, second = (one_line("n" * limit + tail, limit=limit) for tail in tails)
    assert first != second
    for each in (first, second):
        assert len(each) == limit
        assert one_line(each, limit=limit) == each


def test_what_fits_is_not_cut() -> None:
    assert one_line("n" * 80, limit=80) == "n" * 80
    assert one_line("n" * 30, limit=20) == "n" * 19 + "…"


def test_a_message_shows_no_digits_of_what_it_left_out() -> None:
    first, second = (message("no! " * 300 + key, limit=80) for key in ("a" * 32, "b" * 32))
    assert first == second
    assert first.endswith("…")
    assert len(first) == 80
