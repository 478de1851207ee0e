# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pairs of keys an exchange takes, for the module ``key_pair``. Private to this collection."""

from __future__ import annotations

import typing as t

from .._credential._key_pair import RSA, TYPES, Wish
from .._errors import InputError
from ._registry import get


def read_wish(options: t.Mapping[str, t.Any]) -> Wish:
    """Return what the options of ``key_pair`` ask for. Raises ``InputError``."""
    types = tuple(TYPES)
    if options.get("exchange") is not None:
        exchange = get(str(options["exchange"]), field="exchange")
        if exchange.registration() is None:
            raise InputError(
                field="exchange",
                value=exchange.name,
                problem=f"{exchange.title} is not known to take the public half of a pair that was made elsewhere",
                mend="use a key that the exchange makes, and place it with the module credential",
            )
        types = tuple(name for name in TYPES if name in exchange.key_types())
        if options.get("type") not in (None, *types):
            raise InputError(
                field="type",
                value=str(options["type"]),
                problem=f"is not what {exchange.title} takes",
                mend=f"use {' or '.join(types)}",
            )
    if options.get("type") is not None:
        types = (str(options["type"]),)
    elif options.get("size") is not None and RSA in types:
        types = (RSA,)
    return Wish(
        name=str(options["name"]),
        types=types,
        size=options.get("size"),
        regenerate=bool(options.get("regenerate")),
        promote=bool(options.get("promote")),
        with_key=str(options.get("with_key") or "auto"),
    )


def read_registration(exchange: str | None) -> dict[str, t.Any] | None:
    """Return how the exchange's page takes a public half, as the module returns it."""
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
