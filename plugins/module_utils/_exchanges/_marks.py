# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Marks by which the hosts of one run know the same key without showing it. Private to this collection.

A mark is an HMAC of exchange and key id under a secret that is made anew for each run. Only the host knows the id of a
credential that is placed there; the controller compares marks.
"""

from __future__ import annotations

import hashlib
import hmac
import typing as t

from .._errors import InputError
from ._contract import Credential
from ._options import InClear, Placed, read_keys


def mark(*, run_secret: str, exchange: str, api_key: str) -> str:
    """Return the mark of a key: the same for the same key within one run, and nothing to anybody else."""
    return hmac.new(run_secret.encode(), f"{exchange}\n{api_key}".encode(), hashlib.sha256).hexdigest()


def host_marks(
    options: t.Mapping[str, t.Any],
    *,
    run_secret: str,
    open_placed: t.Callable[[Placed, str], Credential],
    open_in_clear: t.Callable[[InClear, str], Credential],
) -> dict[str, str]:
    """Return the marks of the keys that lie on this host, placed or in clear, by name. Nothing is asked.

    Raises ``InputError`` and ``StoreError`` as asking would. What cannot be read in clear is left out: it is not asked.
    """
    marks: dict[str, str] = {}
    for plan in read_keys(options["api_keys"]):
        if plan.placed is not None:
            credential = open_placed(plan.placed, f"{plan.field}.credential")
        elif plan.in_clear is not None:
            try:
                credential = open_in_clear(plan.in_clear, f"{plan.field}.file")
            except InputError:
                continue
        else:
            continue
        marks[plan.name] = mark(run_secret=run_secret, exchange=plan.exchange_name, api_key=credential.api_key)
    return marks
