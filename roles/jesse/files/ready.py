# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends well when jesse's dashboard answers, and badly when jesse has ended: systemd calls it started only then.

The role trading.hosts.jesse puts it beside the settings, and the unit runs it after the start, with the port and the
process. How long it may take is the unit's TimeoutStartSec=. Python 3.9, nothing but its standard library.
"""

from __future__ import annotations

import http.client
import os
import sys
import time


def answers(port: int) -> bool:
    """Say whether the dashboard answers as it should."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> None:
    """Wait for one or the other."""
    port, process = int(sys.argv[1]), int(sys.argv[2])
    while not answers(port):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            sys.exit("jesse has ended before its dashboard answered")
        time.sleep(0.3)


if __name__ == "__main__":
    main()
