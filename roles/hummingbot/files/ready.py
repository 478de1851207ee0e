# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends well when hummingbot's engine says that its strategy runs, and badly when the engine has ended.

The role trading.hosts.hummingbot puts it beside the bot's files, and the unit runs it after the start, with the
process. How long it may take is the unit's TimeoutStartSec=. Python 3.9, nothing but its standard library.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def runs(process: int) -> bool:
    """Say whether the engine has written, after its strategy was started, that it runs."""
    try:
        told = json.loads(Path("data/bot/status.json").read_text(encoding="utf-8"))
        return bool(told["running"]) and told["pid"] == process
    except (OSError, ValueError, KeyError, TypeError):
        return False


def main() -> None:
    """Wait for one or the other."""
    process = int(sys.argv[1])
    while not runs(process):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            sys.exit("hummingbot has ended before its strategy was started; see logs/ in its state directory")
        time.sleep(0.3)


if __name__ == "__main__":
    main()
