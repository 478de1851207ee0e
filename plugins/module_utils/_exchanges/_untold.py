# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the exchanges share whose keys tell nothing about themselves. Private to this collection.

A harmless signed read shows whether the key is accepted from this address; all the rest a person must declare.
"""

from __future__ import annotations

from .._facts import TELLABLE
from ._contract import LIFETIME_NOT_DOCUMENTED, Exchange, LifetimeRule


class Untold(Exchange):
    """An exchange that has no call by which a key tells about itself."""

    def lifetime_rule(self) -> LifetimeRule:
        """Return that nothing is known."""
        return LIFETIME_NOT_DOCUMENTED

    def cannot_tell(self) -> frozenset[str]:
        """Return everything: an acceptance proves that the key works from this address, and nothing more."""
        return TELLABLE

    def closure(self, words: frozenset[str]) -> frozenset[str]:
        """Return the words as they are: nothing is known that comes together."""
        return words | {"read"}
