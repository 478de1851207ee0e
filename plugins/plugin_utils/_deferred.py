# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters whose code is read when they are used. Private to this collection.

Who uses one filter of a collection has Ansible load all of them, again in the process of every task and without cached
bytecode. So a filter's file holds what is documented of it, and what it does is in ``_filters``, under the same name.
"""

from __future__ import annotations

import importlib
import typing as t


def deferred(name: str) -> t.Callable[..., t.Any]:
    """Return the filter of this name; its arguments, what it returns and what it raises are those of its function."""

    def run(*given: t.Any, **options: t.Any) -> t.Any:
        module = importlib.import_module(f"._filters.{name}", package=__package__)
        return getattr(module, name)(*given, **options)

    return run
