# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make `ansible_collections.trading.hosts` importable from this checkout."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.collection import make_importable

make_importable()

# How busy the machine is says nothing about the code.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The code is the same on every ansible-core: how it fits the core is looked for there, not one more hostile text.
settings.register_profile("another-core", settings.get_profile("any-machine"), max_examples=20)
settings.load_profile("any-machine")
