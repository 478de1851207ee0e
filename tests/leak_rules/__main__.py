# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python -m tests.leak_rules`: fetch gitleaks and trufflehog, and say their versions, or why not."""

from __future__ import annotations

import sys

from . import programs

if __name__ == "__main__":
    try:
        print(", ".join(f"{name} {programs.version(name)}" for name in programs.NAMES))
    except programs.CannotFetch as reason:
        print(reason)
        sys.exit(programs.CANNOT_FETCH)
