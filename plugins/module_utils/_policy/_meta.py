# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the judgement itself: waivers and the policy. Private to this collection.

The engine finds these; here they have their names, so that reports, gates and documentation know them.
"""

from __future__ import annotations

import typing as t

from ._case import Rule


def _by_engine(_case: t.Any) -> tuple[()]:
    """Find nothing: the engine adds these findings after all others."""
    return ()


RULES = tuple(
    Rule(id_, title, "meta", severity, "declared", _by_engine, waivable=False, scope="policy")
    for id_, title, severity in (
        ("waiver-expired", "No waiver that is still needed has expired", "low"),
        ("waiver-unused", "Every waiver matches a finding", "low"),
        ("policy-loosened", "The policy is not milder than the shipped one", "info"),
    )
)
