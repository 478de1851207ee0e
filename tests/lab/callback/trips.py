# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback of Ansible that tells how often each role went to the host, for plays of one host.

It writes JSON to the file that ``TRIPS_REPORT`` names: for each role ``trips``, ``files`` (of tasks that keep a file,
each item once), ``others`` (items of tasks that did something else) and ``seconds``. ``TRIPS_LOG`` has a line for each
run of ssh.
"""

from __future__ import annotations

import collections
import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

FILES = ("copy", "template", "unarchive", "file")


class CallbackModule(CallbackBase):
    """Counts as the tasks go by."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "trips"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._log, self._report = Path(os.environ["TRIPS_LOG"]), Path(os.environ["TRIPS_REPORT"])
        self._roles: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        self._seconds: dict[str, float] = collections.defaultdict(float)
        self._role, self._file = "", False
        self._seen, self._began = 0, time.monotonic()

    def _close(self) -> None:
        seen = len(self._log.read_text().splitlines()) if self._log.exists() else 0
        went, self._seen = seen - self._seen, seen
        self._roles[self._role]["trips"] += went
        self._seconds[self._role] += time.monotonic() - self._began
        self._began = time.monotonic()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._close()
        self._role = task._role.get_name() if task._role else ""
        self._file = task.action.rpartition(".")[2] in FILES

    def _count(self, result: Any) -> None:
        self._roles[self._role]["files" if self._file else "others"] += 1

    v2_runner_item_on_ok = _count

    def v2_runner_on_ok(self, result: Any) -> None:
        if not result._task.loop:
            self._count(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._close()
        told = {
            role: {**counts, "seconds": round(self._seconds[role], 2)} for role, counts in self._roles.items() if role
        }
        self._report.write_text(json.dumps(told))
