# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/key_pairs.md says of every exchange how a public half is registered, and what of that is not known."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.trading.hosts.plugins.module_utils._exchanges._registry import EXCHANGES
from ansible_collections.trading.hosts.plugins.module_utils._exchanges._signing import ASYMMETRIC, KEY_TYPES

_GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "key_pairs.md").read_text(encoding="utf-8")


def test_the_table_of_registrations_is_the_contracts() -> None:
    rows = _GUIDE.partition("<!-- registrations -->\n\n")[2].partition("\n\n<!-- end of registrations -->")[0]
    assert rows.splitlines() == expected()


def expected() -> list[str]:
    found = ["| exchange | takes | where | form | not verified | source |", "|---|---|---|---|---|---|"]
    for exchange in EXCHANGES.values():
        registration = exchange.registration()
        if registration is None:
            continue
        kinds = ", ".join(KEY_TYPES[name] for name in exchange.key_types() if name in ASYMMETRIC)
        sizes = f" ({' or '.join(map(str, registration.sizes))} bits)" if registration.sizes else ""
        found.append(
            f"| {exchange.title} | {kinds}{sizes} | {registration.click_path} | PEM "
            f"| {registration.unverified or '-'} | {registration.source}, {registration.as_of} |"
        )
    return found
