# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are watched for secrets: by everything that writes, on the controller and on the hosts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from tests.lab.e2e._support import Controller, Run, places
from tests.lab.e2e._sweep import Needles, ProcessWatch, Watch, sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.lab._lab import Lab

_T = TypeVar("_T")


class Leaks:
    """Runs plays and keeps a list of everything that showed a secret.

    ``belongs`` are parts of paths where a secret belongs: a service's own directory in memory.
    """

    def __init__(self, lab: Lab, directory: Path, secrets: Mapping[str, Any], *, belongs: Sequence[str] = ()) -> None:
        self.lab = lab
        self.directory = directory
        self.needles = Needles.of(_strings(secrets))
        self.belongs = tuple(belongs)
        self.began = time.time()

    def logs(self) -> dict[str, str]:
        """Return the settings with which Ansible writes all that it can write: a log, facts, a report for CI."""
        return {
            "ANSIBLE_LOG_PATH": str(self.directory / "ansible.log"),
            "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self.directory / "facts"),
            "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit",
            "JUNIT_OUTPUT_DIR": str(self.directory / "junit"),
        }

    def watched(self, controller: Controller, *tasks: Mapping[str, Any], **options: Any) -> tuple[Run, list[str]]:
        run, seen = self.watch(controller, lambda: controller.run(*tasks, environment=self.logs(), **options))
        return run, [*seen, *(["the output"] if self.needles.are_in(run.output.encode()) else [])]

    def watch(self, controller: Controller, work: Callable[[], _T]) -> tuple[_T, list[str]]:
        """Do the work, and return its result and every file and process that showed a secret meanwhile or after."""
        where = places(self.lab, controller)
        with Watch(self.needles, where) as files, ProcessWatch(self.needles) as processes:
            done = work()
        assert files.files > 0
        assert processes.rounds > 0
        seen = [*files.found, *processes.found, *sweep(self.needles, *where, newer_than=self.began)]
        return done, [place for place in seen if not any(part in place for part in self.belongs)]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _strings(entry)
