# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the options that every placing module has to the stores. Private: no interface for other collections."""

from __future__ import annotations

import pwd
import typing as t

from .._errors import InputError
from ._age import AgeStore
from ._files import DEFAULT_DIRECTORY
from ._place import FAIL, Placer
from ._request import parse_recipients, parse_user
from ._store import Store
from ._systemd import SystemdStore


def placer_of(options: t.Mapping[str, t.Any]) -> tuple[Placer, AgeStore]:
    """Return the placer for ``directory``, ``store`` and their like, and the store ``age`` that is one of its stores.

    Raises ``InputError`` for recipients that are none.
    """
    user, reader = _user_of(options)
    age = AgeStore(identity_path=options["age_identity"], recipients=parse_recipients(options=options))
    stores: list[Store] = [SystemdStore(user=user), age]
    store = next(each for each in stores if each.kind == options["store"])
    placer = Placer(
        directory=_directory_of(options, user=user),
        store=store,
        on_undecryptable=options.get("on_undecryptable") or FAIL,
        others=[each for each in stores if each is not store and user is None],
        reader=reader,
    )
    return placer, age


def _user_of(options: t.Mapping[str, t.Any]) -> tuple[str | None, tuple[int, int] | None]:
    user = parse_user(options=options)
    if user is None:
        return None, None
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        raise InputError(
            field="user", value=user, problem="is no user of this host", mend="make that user first"
        ) from None
    return user, (found.pw_uid, found.pw_gid)


def _directory_of(options: t.Mapping[str, t.Any], *, user: str | None) -> str:
    """Return the directory; the user's manager must be able to go into it, which nobody may with the system's own."""
    directory = str(options["directory"])
    return f"{DEFAULT_DIRECTORY}.{user}" if user is not None and directory == DEFAULT_DIRECTORY else directory
