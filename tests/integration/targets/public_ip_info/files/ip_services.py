# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IP services on loopback for this target: ``/A/<what it answers>`` over plain HTTP. ``/A/stop`` ends them.

Called with the file into which it writes its port, and the seconds after which it ends by itself.
"""

from __future__ import annotations

import http.server
import os
import sys
import threading
from pathlib import Path
from urllib.parse import unquote


class Service(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        said = unquote(self.path.rpartition("/")[2]).encode()
        self.send_response(302 if said == b"redirect" else 200)
        self.send_header("Location", "/elsewhere/91.198.115.11")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)
        if said == b"stop":
            threading.Thread(target=self.server.shutdown, daemon=True).start()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def main(port_file: Path, seconds: float) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    last_resort = threading.Timer(seconds, os._exit, (0,))
    last_resort.daemon = True
    last_resort.start()
    temporary = port_file.with_suffix(".new")
    temporary.write_text(str(server.server_address[1]))
    temporary.replace(port_file)
    server.serve_forever()


main(Path(sys.argv[1]), float(sys.argv[2]))
