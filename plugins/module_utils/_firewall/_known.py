# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses that names had, and when they had them last. Pure. Private: not an interface for other collections."""

from __future__ import annotations

import json
import typing as t

from ._config import addresses

#: How long an address stays after the last answer that held it, in seconds.
KEEP = 24 * 3600.0

#: Name -> address -> when an answer held it last (seconds since 1970).
Known = t.Mapping[str, t.Mapping[str, float]]


def learn(known: Known, *, name: str, answer: t.Iterable[str], now: float) -> Known:
    """Return what is known after an answer: its addresses at once, others until ``KEEP`` after their last answer.

    An empty answer changes nothing. So does a failed one, which never gets here.
    """
    fresh = addresses(answer)
    if not fresh:
        return known
    # After a step of the clock to the past, an instant in the future would keep an address for too long.
    kept = {address: min(seen, now) for address, seen in known.get(name, {}).items() if now - seen <= KEEP}
    return {**known, name: {**kept, **dict.fromkeys(fresh, now)}}


def only(known: Known, *, names: t.Iterable[str]) -> Known:
    """Return what is known of these names: one that is no longer declared is no longer allowed."""
    return {name: known[name] for name in names if name in known}


def to_text(known: Known) -> str:
    """Return the state as it is kept on disk."""
    return json.dumps({"version": 1, "names": known}, sort_keys=True, indent=1) + "\n"


def from_text(text: str) -> Known:
    """Return the state that a text holds; none where it is damaged: names are resolved again anyway."""
    try:
        names = json.loads(text)["names"]
        return {
            str(name): {address: float(held[address]) for address in addresses(held)} for name, held in names.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
