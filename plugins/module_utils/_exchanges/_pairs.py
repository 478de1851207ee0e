# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pairs of keys an exchange takes, and how. Private to this collection.

The controller knows it for the module ``key_pair``, so that no exchange has to travel to the host with it.
"""

from __future__ import annotations

import typing as t

from .._credential._key_pair import RSA, TYPES
from .._errors import InputError
from ._registry import get


def fitting_type(*, exchange: str | None, type_: str | None, size: int | None) -> str | None:
    """Return the type that the host is asked for: the given one, or the only one that the exchange takes.

    ``None`` leaves it to the host. Raises ``InputError`` for what the exchange does not take.
    """
    if exchange is None:
        return type_
    found = get(exchange, field="exchange")
    registration = found.registration()
    if registration is None:
        raise InputError(
            field="exchange",
            value=found.name,
            problem=f"{found.title} is not known to take the public half of a pair that was made elsewhere",
            mend="use a key that the exchange makes, and place it with the module credential",
        )
    types = [name for name in TYPES if name in found.key_types()]
    if type_ not in (None, *types):
        raise InputError(
            field="type",
            value=type_,
            problem=f"is not what {found.title} takes",
            mend=f"use {' or '.join(types)}",
        )
    if size is not None and RSA in types and registration.sizes and size not in registration.sizes:
        raise InputError(
            field="size",
            value=str(size),
            problem=f"is not what {found.title} takes, as far as it tells",
            mend=f"use {' or '.join(map(str, registration.sizes))}",
        )
    return types[0] if len(types) == 1 else type_


def read_registration(exchange: str | None) -> dict[str, t.Any] | None:
    """Return how the exchange's page takes a public half, as ``key_pair`` returns it."""
    found = None if exchange is None else get(exchange, field="exchange").registration()
    if found is None:
        return None
    return {
        "click_path": found.click_path,
        "form": found.described,
        "unverified": found.unverified,
        "source": found.source,
        "as_of": found.as_of,
    }
