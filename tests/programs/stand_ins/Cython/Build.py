# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets pip name the files of a source distribution that it would compile: nothing is compiled here."""

from __future__ import annotations


def cythonize(*_given: object, **_named: object) -> list[object]:
    """Return no extensions."""
    return []
