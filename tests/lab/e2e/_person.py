# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody at a terminal, for playbooks that ask."""

from __future__ import annotations

import os
import pty
import re
import select
import termios
import threading
import time
from typing import TYPE_CHECKING

from tests.lab._tools import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Person:
    """Somebody at a terminal, who answers prompts."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], list(argv), dict(environment))
        self.output = ""
        self.seen = 0

    def read(self, text: str) -> None:
        """Wait until this has been shown after what was waited for last."""
        end = time.monotonic() + 60
        while not (found := re.search(text, self.output[self.seen :])):
            assert time.monotonic() < end, self.output
            assert self._more(), self.output
        self.seen += found.end()

    def _more(self) -> bool:
        if not select.select([self.terminal], [], [], 1)[0]:
            return True
        try:
            data = os.read(self.terminal, 65536)
        except OSError:  # the other end is closed
            return False
        self.output += data.decode(errors="replace")
        return bool(data)

    def answer(self, prompt: str, text: str) -> None:
        """Answer as a person does: Ansible throws away what was typed before it listens."""
        self.read(prompt)
        wait_for(lambda: not termios.tcgetattr(self.terminal)[3] & termios.ICANON, what="Ansible to listen", timeout=10)
        threading.Event().wait(0.2)
        os.write(self.terminal, f"{text}\r".encode())

    def end(self) -> int:
        """Wait until it has ended by itself, and return its exit status; a question would be waited for in vain."""
        end, seen = time.monotonic() + 60, -1
        while self._more():
            if len(self.output) > seen:
                end, seen = time.monotonic() + 60, len(self.output)
            assert time.monotonic() < end, self.output
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
