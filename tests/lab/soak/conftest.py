# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab of the end-to-end tests, for what takes longer."""

from __future__ import annotations

from tests.lab.e2e.conftest import lab

__all__ = ["lab"]
