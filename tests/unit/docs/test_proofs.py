# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests/README.md counts is what the tests do."""

from __future__ import annotations

import re

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from tests.generated import exchange_proofs


def test_the_page_is_written_from_the_tests() -> None:
    (file, text) = next(exchange_proofs.files())
    assert file.read_text(encoding="utf-8") == text, "run make generated"


@pytest.mark.parametrize("name", EXCHANGES)
def test_no_exchange_is_tried_less_than_was_promised(name: str) -> None:
    row = next(line for line in exchange_proofs.table().split("\n") if line.startswith(f"| {EXCHANGES[name].title} |"))
    _exchange, mutated, signed, _who, _cells, codes, reads, hosts = row.strip("| ").split(" | ")
    assert int(mutated) >= 1000
    assert all(int(number) >= 300 for number in re.findall(r"\d+(?= [a-z])", signed))
    assert (signed == "none") == (not EXCHANGES[name].needs_secret())
    assert int(codes) > 0
    assert int(reads) > 0
    assert int(hosts) > 5, "five refused keys lock"


def test_a_page_without_marks_is_said_so() -> None:
    with pytest.raises(ValueError, match="has no"):
        exchange_proofs.written("nothing")
