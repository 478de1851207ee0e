# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a baseline spares: the same failure with other numbers, and nothing that names something else."""

from __future__ import annotations

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._policy._case import listed
from ansible_collections.trading.hosts.plugins.module_utils._policy._earlier import read_baseline
from ansible_collections.trading.hosts.plugins.module_utils._policy._finding import FAIL, Finding, Subject

NETWORKS = [f"45.{number}.0.0/16" for number in range(7)]


def spares(
    before: str, after: str, *, rule: str = "egress-stable", codes: tuple[str | None, str | None] = (None, None)
) -> bool:
    known, found = (
        Finding(rule, FAIL, "high", "proved", Subject("bot1", "grid"), text, code=code)
        for text, code in zip((before, after), codes)
    )
    document = {"judged_at": "2026-11-22T07:13:54Z", "findings": [known.to_json()]}
    return read_baseline(document, where="baseline").holds(found) is not None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("it ends in 29 days, on 2026-12-21", "it ends in 1 day, on 2026-12-21"),
        ("nobody has used it for 5 hours", "nobody has used it for 12 days"),
        ("the clock is 0.31 s ahead", "the clock is 1.7 s ahead"),
        ("the host is seen from 198.51.100.7 instead of 198.51.100.8, which worked on 2026-11-20",) * 2,
        ("the list lacks 198.51.100.7, 198.51.100.8", "the list lacks 198.51.100.8"),
        (f"{listed(NETWORKS)} lets strangers in",) * 2,
    ],
)
def test_the_same_with_other_numbers_is_nothing_new(before: str, after: str) -> None:
    assert spares(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "the host is seen from 198.51.100.7 instead of 198.51.100.9",
            "the host is seen from 6.6.6.6 instead of 198.51.100.9",
        ),
        ("bot2 has the same machine-id", "bot3 has the same machine-id"),
        ("a secret of okx in clear, line 3", "a secret of binance in clear, line 9"),
        ("a secret in clear, mode 0600, owner bot", "a secret in clear, mode 0600, owner www-data"),
        (f"{listed(NETWORKS)} lets strangers in", f"{listed([*NETWORKS[:6], '45.9.0.0/16'])} lets strangers in"),
    ],
)
def test_something_else_is_new(before: str, after: str) -> None:
    assert not spares(before, after)


def test_a_refusal_of_another_kind_is_new_and_other_words_of_the_exchange_are_not() -> None:
    said = ("Unmatched IP (request 7f3a)", "Unmatched IP (request 99c1)")
    assert spares(*said, rule="key-accepted", codes=("ip_refused", "ip_refused"))
    assert not spares(*said, rule="key-accepted", codes=("ip_refused", "invalid_key"))


def test_a_refusal_of_another_address_is_new() -> None:
    said = "the exchange refused this host's address, seen from 198.51.100.7"
    codes = ("ip_refused", "ip_refused")
    assert spares(said, said, rule="allowlist-covers-host", codes=codes)
    assert not spares(said, said.replace("198.51.100.7", "6.6.6.6"), rule="allowlist-covers-host", codes=codes)
