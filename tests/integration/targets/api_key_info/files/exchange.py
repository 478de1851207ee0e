# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small Bybit on loopback: one key, checked by its signature, and a record of what was asked.

Arguments: the file to write the port to, the file with the secret, the seconds to live. The key `refused...` is
refused for its address.
"""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import sys
import threading
from pathlib import Path
from typing import Any

PORT_FILE, SECRET_FILE, SECONDS = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
SECRET = SECRET_FILE.read_text().strip()
GOOD = {
    "note": "bot",
    "apiKey": "x",
    "readOnly": 0,
    "permissions": {"Spot": ["SpotTrade"], "Wallet": [], "NewGroup": ["NewWord"]},
    "ips": ["91.198.115.11"],
    "type": 1,
    "deadlineDay": -2,
    "expiredAt": "1970-01-01T00:00:00Z",
    "createdAt": "2026-10-13T03:20:45Z",
    "userID": 1448939,
    "isMaster": False,
    "parentUid": "7",
}
asked: list[str] = []


class Exchange(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/stop":
            self._answer({})
            threading.Thread(target=server.shutdown, daemon=True).start()
        elif self.path == "/asked":
            self._answer({"asked": asked})
        else:
            asked.append(self.path)
            self._answer(self._judge())

    def _judge(self) -> dict[str, Any]:
        key = self.headers.get("X-BAPI-API-KEY", "")
        signed = self.headers["X-BAPI-TIMESTAMP"] + key + self.headers["X-BAPI-RECV-WINDOW"]
        if not hmac.compare_digest(
            hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest(), self.headers["X-BAPI-SIGN"]
        ):
            return {"retCode": 10004, "retMsg": f"error sign! origin_string[{signed}]"}
        if key.startswith("refused"):
            return {"retCode": 10010, "retMsg": "Unmatched IP, please check your API key's bound IP addresses."}
        return {"retCode": 0, "retMsg": "", "result": GOOD}

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
