# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tells systemd that a program is up: it waits for the program's own word, and for no longer than it lives."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES = Path(__file__).parents[3] / "roles"
JESSE = ROLES / "jesse/files/ready.py"
HUMMINGBOT = ROLES / "hummingbot/files/ready.py"


def run(program: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-I", str(program), *words]
    return subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def ended() -> str:
    """Return the number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return str(process.pid)


@contextlib.contextmanager
def dashboard(status: int) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield str(server.server_port)
        server.shutdown()
        thread.join()


def test_jesse_is_up_when_its_dashboard_answers(ended: str) -> None:
    with dashboard(200) as port:
        assert run(JESSE, port, str(os.getpid())).returncode == 0
    with dashboard(500) as port:
        assert "has ended before its dashboard answered" in run(JESSE, port, ended).stderr
    # Nobody listens there any more.
    assert run(JESSE, port, ended).returncode == 1


@pytest.mark.parametrize(
    "told", [None, "", "{}", "[]", '{"running": true}', '{"running": false, "pid": PID}', '{"running": true, "pid": 1}']
)
def test_hummingbot_is_not_up_before_its_engine_says_so(tmp_path: Path, ended: str, told: str | None) -> None:
    status = tmp_path / "data/bot/status.json"
    status.parent.mkdir(parents=True)
    if told is not None:
        status.write_text(told.replace("PID", ended))
    done = run(HUMMINGBOT, ended, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("hummingbot has ended before its strategy was started")


def test_hummingbot_is_up_when_its_engine_says_so(tmp_path: Path) -> None:
    status = tmp_path / "data/bot/status.json"
    status.parent.mkdir(parents=True)
    status.write_text(json.dumps({"running": True, "pid": os.getpid(), "balances": {}}))
    assert run(HUMMINGBOT, str(os.getpid()), cwd=tmp_path).returncode == 0
