# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of the collection. Private: not an interface for other collections.

Library code raises these; only the edge (a module's ``main``, an action's ``run``) turns them into a failure.
A message never holds a secret: whoever raises builds it from names, classes and redacted values.
"""

from __future__ import annotations

import os
import traceback

#: What no code here raises on purpose. Its text comes from elsewhere and can quote what was being worked on.
UNFORESEEN: tuple[type[Exception], ...] = (Exception,)


def without_text(error: Exception, *, ended: str) -> str:
    """Return what a person can report of an exception that nobody foresaw: its text could quote a secret.

    ``ended`` names what it put an end to.
    """
    places = [f"{os.path.basename(f.filename)}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-4:]]
    return (
        f"An unexpected {type(error).__name__} at {', '.join(places)} ended {ended}; its text is kept back because "
        "it could hold a secret; please report this line."
    )


class TradingHostsError(Exception):
    """Anything this collection refuses or cannot do; ``str(error)`` is one sentence for a person."""


class InputError(TradingHostsError):
    """A value that a person gave cannot be used.

    The sentence names the field, the value (never a secret: leave ``value`` out for those) and the mend.
    """

    def __init__(self, *, field: str, problem: str, mend: str, value: str | None = None) -> None:
        self.field = field
        shown = f" {value!r}" if value is not None else ""
        super().__init__(f"{field}{shown}: {problem}; {mend}.")


class HttpError(TradingHostsError):
    """No usable HTTP answer came. ``kind`` is a slug: ``timeout``, ``refused``, ``tls``, ``too_large`` ..."""

    def __init__(self, *, kind: str, host: str, problem: str) -> None:
        self.kind = kind
        self.host = host
        super().__init__(f"{host}: {problem}")


class AnswerError(TradingHostsError):
    """An exchange or an IP source answered something that is not the documented shape."""


class StoreError(TradingHostsError):
    """A credential store refuses or fails; the old credential is untouched."""


class MissingLibraryError(TradingHostsError):
    """A Python library that this work needs is not installed."""

    def __init__(self, *, library: str, package: str) -> None:
        self.library = library
        super().__init__(
            f"The Python library {library} is missing for the interpreter that runs this module; "
            f"install the distribution's package {package} on the host."
        )
