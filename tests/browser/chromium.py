# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real browser, driven over its own pipe: Chromium's DevTools protocol without a library in between."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 60


def find() -> str | None:
    """Return the path of a browser of this machine."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    """One tab. Whatever the page logs, throws or asks the network for is kept."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._number = 0
        self._rest = b""
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def start(self) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Performance.enable", timeDomain="threadTicks")

    def call(self, method: str, **parameters: Any) -> Any:
        """Call a method of the protocol and return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            chunk = os.read(self._read, 1 << 16)
            assert chunk, "the browser ended"
            self._rest += chunk
        message, _nul, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def run(self, expression: str) -> Any:
        """Run JavaScript on the page, await it, and return its value."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, url: str) -> float:
        """Open a page and return the seconds until something of it was painted and its script had run."""
        self.call("Page.navigate", url="about:blank")
        self.events.clear()
        before = time.monotonic()
        self.call("Page.navigate", url=url)
        while (
            self.run(f"document.readyState === 'complete' && location.href.startsWith({json.dumps(url[:7])})")
            is not True
        ):
            assert time.monotonic() - before < _PATIENCE
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return time.monotonic() - before

    def worked(self) -> float:
        """Return the seconds that the page's thread has worked: a busy machine does not count."""
        metrics = self.call("Performance.getMetrics")["metrics"]
        spent: float = next(each["value"] for each in metrics if each["name"] == "TaskDuration")
        return spent

    def size(self, width: int, height: int, *, phone: bool = False) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )

    def offline(self) -> None:
        self.call(
            "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )

    def complaints(self) -> list[Any]:
        """Return what the page logged, threw, or asked anybody else for."""
        self.run("0")
        found = []
        for event in self.events:
            name, data = event.get("method"), event.get("params", {})
            url = data.get("request", {}).get("url", "")
            if name in (
                "Runtime.exceptionThrown",
                "Log.entryAdded",
                "Runtime.consoleAPICalled",
                "Page.javascriptDialogOpening",
            ) or (name == "Network.requestWillBeSent" and not url.startswith(("file:", "about:"))):
                found.append(data)
        return found


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start a browser with a profile of its own, and end it."""
    path = find()
    assert path is not None, f"none of {', '.join(NAMES)} is installed"
    to_read, write = os.pipe()
    read, to_write = os.pipe()
    command = [
        path,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--remote-debugging-pipe",
        f"--user-data-dir={profile}",
    ]

    # The browser reads from 3 and writes to 4.
    script = (
        "import fcntl, os, sys\n"
        "high = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]\n"
        "os.dup2(high[0], 3)\n"
        "os.dup2(high[1], 4)\n"
        "os.execv(sys.argv[3], sys.argv[3:])\n"
    )
    starter = [sys.executable, "-c", script, str(to_read), str(to_write)]
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(
        [*starter, *command], pass_fds=(to_read, to_write), stdout=nowhere, stderr=nowhere
    ) as running:
        os.close(to_read)
        os.close(to_write)
        try:
            tab = Browser(write, read)
            tab.start()
            yield tab
        finally:
            os.close(write)
            os.close(read)
            running.terminate()
