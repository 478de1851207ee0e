# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that are on an account and that no host of the inventory declares. Private to this collection.

An exchange's list is held against all keys of that exchange that are declared or were found, by their masked ids, and
where these are short by when they were made too. A key here whose id nobody knows may be any one on the list.
"""

from __future__ import annotations

import collections
import typing as t

from .._facts import UNKNOWN_PREFIX, OtherKey
from ._case import Case, shown

#: So many characters of a masked id make it unlikely that two keys of one exchange look the same.
ENOUGH = 6
#: By which money leaves the account without a withdrawal, at once or by another key.
_LETS_OUT = frozenset(("spend", "transfer_out", "transfer_sub", "manage_keys"))

#: An exchange and one of its environments.
_Market = tuple[str, str]


class Strangers(t.NamedTuple):
    """What one key's exchange told of other keys that nobody declares.

    No declared key looks like those in ``surely``, but for ``open`` declared ones whose id is not known. Those in
    ``perhaps`` look like a declared key, of which too little is known to be certain. ``told_before`` says that another
    key of the account told all of it already.
    """

    surely: tuple[OtherKey, ...]
    perhaps: tuple[OtherKey, ...]
    open: int
    told_before: bool


class OtherKeys:
    """All lists of keys that were told in a fleet. ``masked`` and ``account`` give a key's masked id and account."""

    def __init__(
        self,
        cases: t.Sequence[Case],
        *,
        masked: t.Callable[[Case], str | None],
        account: t.Callable[[Case], str | None],
        known: t.Mapping[str, t.Collection[str]],
    ) -> None:
        self._masked = masked
        self._account = account
        self._known = known
        #: When the declared keys with these ends were made, as far as known.
        self._made: dict[tuple[_Market, str], list[str | None]] = collections.defaultdict(list)
        self._open: dict[_Market, collections.Counter[str | None]] = collections.defaultdict(collections.Counter)
        self._told_accounts: set[tuple[_Market, str]] = set()
        self._told_keys: set[tuple[_Market, str]] = set()
        self._found: dict[tuple[str, str], Strangers] = {}
        tellers = [case for case in cases if case.observed is not None and case.observed.other_keys is not None]
        if not tellers:
            return
        for case in cases:
            self._declare(case)
        told: set[tuple[_Market, OtherKey]] = set()
        for case in tellers:
            if not case.retired:
                self._found[case.key.host, case.key.name] = self._strangers(case, told)

    def _declare(self, case: Case) -> None:
        market, masked = _market(case), self._masked(case)
        if masked is None:
            self._open[market][self._account(case)] += 1
            return
        made = case.observed.created_at if case.observed is not None else None
        # Gate shows only the beginning of other keys.
        for ends in (masked, f"{masked.partition('…')[0]}…"):
            self._made[market, ends].append(made)

    def _strangers(self, case: Case, told: set[tuple[_Market, OtherKey]]) -> Strangers:
        others = (case.observed.other_keys if case.observed is not None else None) or ()
        market, account = _market(case), self._account(case)
        if account is not None:
            self._told_accounts.add((market, account))
        surely, perhaps = [], []
        for other in others:
            self._told_keys.add((market, other.masked_id))
            if other.masked_id in self._known.get(case.key.exchange, ()):
                continue
            made = self._made.get((market, other.masked_id))
            if made is None:
                surely.append(other)
            elif len(other.masked_id) - 1 < ENOUGH and (other.created_at is None or other.created_at not in made):
                perhaps.append(other)
        names = {(market, other) for other in (*surely, *perhaps)}
        before = bool(names) and names <= told
        told |= names
        open_ = self._open[market]
        number = sum(open_.values()) if account is None else open_[account] + open_[None]
        return Strangers(tuple(surely), tuple(perhaps), number, before)

    def told(self, case: Case) -> Strangers | None:
        """Return what the list of this key's account held beside what is declared; ``None`` where none was told."""
        return self._found.get((case.key.host, case.key.name))

    def told_by_another(self, case: Case) -> bool:
        """Tell whether another key of the same account told the list, or told of this key."""
        market, account, masked = _market(case), self._account(case), self._masked(case)
        if account is not None and (market, account) in self._told_accounts:
            return True
        return masked is not None and len(masked) - 1 >= ENOUGH and (market, masked) in self._told_keys


def lets_money_out(key: OtherKey) -> bool:
    """Tell whether money can leave by this key, as far as anybody knows."""
    words = frozenset(key.permissions)
    return not words.isdisjoint(_LETS_OUT) or "withdraw" in words or _strange(words)


def named(key: OtherKey) -> str:
    """Return a key in a few words: its ends, when it was made, and the worst that it can do."""
    made = f", made {key.created_at[:10]}" if key.created_at else ""
    return shown(f"{key.masked_id} ({_can(key)}{made})", limit=50)


def _can(key: OtherKey) -> str:
    words = frozenset(key.permissions)
    if "withdraw" in words:
        return "can withdraw"
    if words & _LETS_OUT:
        return "moves money or keys"
    if _strange(words):
        return "unknown permissions"
    return "only reads" if words <= {"read", "benign"} else "trades"


def _strange(words: t.Iterable[str]) -> bool:
    return any(word.startswith(UNKNOWN_PREFIX) for word in words)


def _market(case: Case) -> _Market:
    return case.key.exchange, case.key.environment
