# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about the kind of secret a key has. Private to this collection."""

from __future__ import annotations

from .._exchanges._signing import ASYMMETRIC, KEY_TYPES
from ._case import OBSERVED, SKIP, Case, Rule, Verdict, failed, unknown
from ._finding import Remedy


def _asymmetric_available(case: Case) -> Verdict:
    offered = case.exchange.key_types() if case.exchange is not None else ()
    pairs = [KEY_TYPES[name] for name in offered if name in ASYMMETRIC]
    if not pairs:
        return SKIP
    kind = case.key.key_type
    if kind is None:
        return unknown("the type of the key is not known")
    if kind in ASYMMETRIC:
        return OBSERVED
    return failed(
        "observed",
        f"the exchange holds the secret of this key too; {case.title} also takes {' and '.join(pairs)} keys",
        remedy=Remedy(
            "Nothing at once.",
            "When the key is next rotated, make a key pair on the host and register its public half.",
            "Do not delete the key before another one works: its secret is not shown again.",
            case.click_path,
        ),
    )


RULES = (
    Rule(
        "asymmetric-available",
        "The exchange does not hold the key's secret",
        "key_type",
        "info",
        "observed",
        _asymmetric_available,
    ),
)
