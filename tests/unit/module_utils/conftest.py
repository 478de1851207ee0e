# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on hosts is tested on the hosts' Pythons too.

There the programs of a controller do not exist: files that need the simulator, Ansible or an exchange's client are no
part of that run.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
_OF_A_CONTROLLER = re.compile(
    r"^\s*(?:from|import) (?:tests\.simulator|tests\.unit\.simulator|ansible|bitmart|ccxt|coinbase)\b"
    r"|sys\.stdlib_module_names",
    re.MULTILINE,
)

collect_ignore = (
    [str(path) for path in HERE.rglob("test_*.py") if _OF_A_CONTROLLER.search(path.read_text(encoding="utf-8"))]
    if sys.version_info < (3, 11)
    else []
)
