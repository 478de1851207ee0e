# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Bybit on loopback that only tells the time, some seconds ahead of this machine, and how often it was asked.

Arguments: the file to write the port to, the seconds to be ahead, the seconds to live.
"""

from __future__ import annotations

import http.server
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

PORT_FILE, AHEAD, SECONDS = Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
asked: list[str] = []


class Exchange(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/stop":
            self._answer({})  # first: with the server this process ends
            threading.Thread(target=server.shutdown, daemon=True).start()
        elif self.path == "/asked":
            self._answer({"asked": asked})
        else:
            asked.append(self.path)
            self._answer({"retCode": 0, "retMsg": "OK", "result": {}, "time": int((time.time() + AHEAD) * 1000)})

    def _answer(self, data: dict[str, Any]) -> None:
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
timer = threading.Timer(SECONDS, server.shutdown)
timer.daemon = True
timer.start()
PORT_FILE.write_text(str(server.server_port))
server.serve_forever()
