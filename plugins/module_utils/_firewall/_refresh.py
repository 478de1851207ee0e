# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the rules' addresses those of their names. Private: not an interface for other collections.

The rules drop what they do not let pass, and TCP repeats what gets no answer. So a program that meets a new address
before the refresher does is late, by less than its own time limit, and does not fail.
"""

from __future__ import annotations

import concurrent.futures
import typing as t

from .._errors import StoreError
from ._config import Config
from ._known import Known, learn, only
from ._rules import Elements, changes, elements, ruleset, users
from ._system import System

#: The state on disk is at most so many seconds behind what is known.
SAVE_EVERY = 300.0
#: How often it is looked whether the table is still there and whether users have come or gone, in seconds.
LOOK_EVERY = 10.0
#: How long a round waits for answers, in seconds. Later ones count in the next round.
PATIENCE = 1.0


class Refresher:
    """One configuration at work. ``start`` loads it, then ``round`` is called again and again."""

    def __init__(self, *, config: Config, system: System, pool: concurrent.futures.Executor) -> None:
        self._config = config
        self._system = system
        self._pool = pool
        self._known: Known = {}
        self._loaded: Elements = {}
        self._uids: t.Mapping[str, int] = {}
        self._table = ""
        self._asked: dict[str, concurrent.futures.Future[t.Sequence[str]]] = {}
        self._failing: set[str] = set()
        self._unsaved = True
        self._saved = 0.0
        self._looked = 0.0

    def start(self) -> None:
        """Load the rules with the addresses of the state on disk; raises ``StoreError``."""
        self._known = only(self._system.read_known(), names=self._config.names())
        self._load()

    def round(self) -> None:
        """Ask for every name, take over what is answered, and see that the table is as it should be."""
        for name in self._config.names():
            # A name that is still being asked for holds up no other.
            if name not in self._asked:
                self._asked[name] = self._pool.submit(self._system.resolve, name)
        done, _late = concurrent.futures.wait(self._asked.values(), timeout=PATIENCE)
        before = self._known
        for name in [name for name, future in self._asked.items() if future in done]:
            self._take(name, self._asked.pop(name))
        self._tell(before)
        self._apply()
        self._save(before)

    def _take(self, name: str, future: concurrent.futures.Future[t.Sequence[str]]) -> None:
        try:
            answer = future.result()
        except (OSError, UnicodeError):  # the latter for names that no resolver takes
            answer = ()
        if answer and name in self._failing:
            self._failing.remove(name)
            self._system.say(f"{name} resolves again")
        elif not answer and name not in self._failing:
            self._failing.add(name)
            self._system.say(f"{name} does not resolve; its addresses stay")
        self._known = learn(self._known, name=name, answer=answer, now=self._system.now())

    def _tell(self, before: Known) -> None:
        for name, held in self._known.items():
            old = before.get(name, {})
            for address in held.keys() - old.keys():
                self._system.say(f"{name} has the address {address}")
            for address in old.keys() - held.keys():
                self._system.say(f"{name} has not had the address {address} for a day; it is removed")

    def _apply(self) -> None:
        wanted = elements(self._config, self._known)
        commands = changes(self._loaded, wanted)
        now = self._system.now()
        look = abs(now - self._looked) >= LOOK_EVERY
        try:
            if look and not self._stands():
                self._system.say("the rules are not those that were loaded, or users have changed; loading them again")
                self._load()
            elif commands:
                self._system.nft(commands)
                self._loaded = wanted
            if look:
                self._looked = now
        except StoreError as error:
            # The next round tries again, from the start: the table may not be what it was.
            self._system.say(str(error))
            self._looked, self._table = 0.0, ""

    def _stands(self) -> bool:
        """Say whether what was loaded last is there, and fits the users."""
        if not self._table or self._system.table_id() != self._table:
            return False
        return self._system.uids(users(self._config)) == self._uids

    def _load(self) -> None:
        wanted = elements(self._config, self._known)
        self._uids = self._system.uids(users(self._config))
        self._system.nft(ruleset(self._config, elements=wanted, uids=self._uids, now=self._system.now()))
        self._loaded = wanted
        self._table = self._system.table_id()

    def _save(self, before: Known) -> None:
        now = self._system.now()
        self._unsaved |= _addresses(before) != _addresses(self._known)
        if self._unsaved or abs(now - self._saved) >= SAVE_EVERY:
            try:
                self._system.write_known(self._known)
                self._unsaved, self._saved = False, now
            except OSError as error:
                self._system.say(f"the state cannot be written: {error.strerror or type(error).__name__}")
                # Not again in every round: what is in memory goes on to count.
                self._unsaved, self._saved = False, now


def _addresses(known: Known) -> t.Mapping[str, t.AbstractSet[str]]:
    return {name: held.keys() for name, held in known.items()}
