# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set algebra on allowlist entries: who is covered, who is missing, what nobody uses.

"Covered" needs an entry that denotes the address in a form the exchange is known to take. What could let the address
in but need not (hidden or malformed entries, forms that the exchange may not take) is "not known", which is no pass.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from .._errors import InputError
from ._blocks import routable_spans
from ._grammar import ADDRESS_BITS, AddressLike, Entry, Span, format_address, read_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class SpanUnion:
    """A union of spans, merged and sorted: built in n log n, asked in log n."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._firsts: dict[int, list[int]] = {version: [] for version in ADDRESS_BITS}
        self._lasts: dict[int, list[int]] = {version: [] for version in ADDRESS_BITS}
        for version, first, last in sorted(set(spans)):
            firsts, lasts = self._firsts[version], self._lasts[version]
            if lasts and first <= lasts[-1] + 1:
                lasts[-1] = max(lasts[-1], last)
            else:
                firsts.append(first)
                lasts.append(last)

    def holds(self, version: int, first: int, last: int) -> bool:
        """Tell whether every address from ``first`` to ``last`` is in the union."""
        index = bisect_right(self._firsts[version], first) - 1
        return index >= 0 and last <= self._lasts[version][index]

    def size(self, version: int) -> int:
        return sum(last - first + 1 for first, last in zip(self._firsts[version], self._lasts[version]))


class _Cover:
    """The entries of one list, prepared for many questions."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        sure: list[Span] = []
        possible: list[Span] = []
        self._masks: set[tuple[int | None, str, str]] = set()
        for entry in entries:
            (sure if entry.accepted else possible).extend(entry.spans)
            possible.extend(entry.readings)
            if entry.mask is not None:
                self._masks.add((entry.mask.version, entry.mask.prefix, entry.mask.suffix))
        self._sure = SpanUnion(sure)
        self._possible = SpanUnion(possible)

    def covers(self, version: int, value: int) -> bool | None:
        if self._sure.holds(version, value, value):
            return True
        if self._possible.holds(version, value, value) or self._maybe_hidden(version, value):
            return None
        return False

    def _maybe_hidden(self, version: int, value: int) -> bool:
        if not self._masks:
            return False
        if (None, "", "") in self._masks:
            return True
        if version == 6:
            # An IPv6 address has many spellings, and which one was hidden is not known.
            return any(mask_version == 6 for mask_version, _prefix, _suffix in self._masks)
        # An address is short: trying its few dozen ways to be hidden is cheaper than walking a long list.
        text = format_address(version=version, value=value)
        return any(
            (4, text[:start], text[end:]) in self._masks
            for start in range(len(text) + 1)
            for end in range(start, len(text) + 1)
        )


def covers(entries: Iterable[Entry], address: AddressLike) -> bool | None:
    """Tell whether the list lets this address in: True, False, or None where that is not known.

    Raises ``InputError`` when ``address`` is not one plain address. For many addresses use ``missing`` and
    ``undecided``, which prepare the list once.
    """
    return _Cover(entries).covers(*_asked(address))


def missing(entries: Iterable[Entry], addresses: Iterable[AddressLike]) -> tuple[str, ...]:
    """Return the addresses that the list certainly does not let in, in the order given."""
    return _with_answer(entries, addresses, answer=False)


def undecided(entries: Iterable[Entry], addresses: Iterable[AddressLike]) -> tuple[str, ...]:
    """Return the addresses of which nobody can say whether the list lets them in, in the order given."""
    return _with_answer(entries, addresses, answer=None)


def unused(entries: Iterable[Entry], addresses: Iterable[AddressLike]) -> tuple[Entry, ...]:
    """Return the entries that denote addresses, but none of these. Hidden and malformed ones are never called unused.

    This knows nothing about hosts that were not asked: only a caller who saw the whole fleet may call them stale.
    """
    values: dict[int, list[int]] = {version: [] for version in ADDRESS_BITS}
    for version, value in map(_asked, addresses):
        values[version].append(value)
    for each in values.values():
        each.sort()
    return tuple(
        entry for entry in entries if entry.spans and not any(_meets(values[span[0]], span) for span in entry.spans)
    )


def is_everything(entries: Iterable[Entry]) -> bool:
    """Tell whether the list, as leniently as anybody might read it, lets in all of IPv4 or all of IPv6.

    Several entries can do so together (0.0.0.0/1 and 128.0.0.0/1). Addresses that no host can be seen from do not
    have to be listed for that: 2000::/3 is all of IPv6.
    """
    union = SpanUnion(span for entry in entries for span in entry.spans + entry.readings)
    return any(
        all(union.holds(version, first, last) for first, last in routable_spans(version)) for version in ADDRESS_BITS
    )


def size(entries: Iterable[Entry], *, version: int) -> int:
    """Return how many different addresses of one IP version the entries denote."""
    return SpanUnion(span for entry in entries for span in entry.spans).size(version)


def _asked(address: AddressLike) -> tuple[int, int]:
    version, value = read_address(address)
    if version == 6 and value >> 32 == 0xFFFF:
        raise InputError(
            field="address",
            value=str(address),
            problem="this is an IPv4 address in IPv6 form",
            mend=f"write {format_address(version=4, value=value & 0xFFFFFFFF)}",
        )
    return version, value


def _with_answer(entries: Iterable[Entry], addresses: Iterable[AddressLike], *, answer: bool | None) -> tuple[str, ...]:
    cover = _Cover(entries)
    return tuple(str(address) for address in addresses if cover.covers(*_asked(address)) is answer)


def _meets(values: Sequence[int], span: Span) -> bool:
    index = bisect_left(values, span[1])
    return index < len(values) and values[index] <= span[2]
