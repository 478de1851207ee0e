# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options that every placing module has to the stores. Private: no interface for other collections."""

from __future__ import annotations

import typing as t

from ._age import AgeStore
from ._place import FAIL, Placer
from ._request import parse_recipients
from ._store import Store
from ._systemd import SystemdStore


def placer_of(options: t.Mapping[str, t.Any]) -> tuple[Placer, AgeStore]:
    """Return the placer for ``directory``, ``store`` and their like, and the store ``age`` that is one of its stores.

    Raises ``InputError`` for recipients that are none.
    """
    age = AgeStore(identity_path=options["age_identity"], recipients=parse_recipients(options=options))
    stores: list[Store] = [SystemdStore(), age]
    store = next(each for each in stores if each.kind == options["store"])
    placer = Placer(
        directory=options["directory"],
        store=store,
        on_undecryptable=options.get("on_undecryptable") or FAIL,
        others=[each for each in stores if each is not store],
    )
    return placer, age
