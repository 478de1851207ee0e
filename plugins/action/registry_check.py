# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the registry of all hosts of the inventory on the controller: every problem in one run."""

from __future__ import annotations

import datetime
import typing as t

from ..plugin_utils._judge_action import JudgeAction, now_of
from ..plugin_utils._registry_check import Checked, Found, check

#: So many stand in the message; the list has them all.
MOST_TOLD = 50


class ActionModule(JudgeAction):
    argument_spec: t.ClassVar[dict[str, t.Any]] = {"now": {"type": "str"}}

    def judge(self, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Check everything, and fail where anything is wrong."""
        today = datetime.datetime.fromtimestamp(now_of(options["now"]), tz=datetime.UTC)
        checked = check(hostvars=self.task_vars["hostvars"], loader=self._loader, today=today)
        return {
            "failed": bool(checked.problems),
            "msg": _message(checked),
            "problems": [_told(each) for each in checked.problems],
            "notes": [_told(each) for each in checked.notes],
            "checked": {"hosts": checked.hosts, "api_keys": checked.api_keys, "documents": checked.documents},
        }


def _told(found: Found) -> dict[str, t.Any]:
    return {
        "file": found.origin.file if found.origin else None,
        "line": found.origin.line if found.origin else None,
        "hosts": list(found.hosts),
        "message": found.sentence,
    }


def _message(checked: Checked) -> str:
    much = f"{checked.api_keys} keys and {checked.documents} documents on {checked.hosts} hosts"
    count = len(checked.problems)
    lines = [f"The registry of {much}: {count} problem{'' if count == 1 else 's'}."]
    lines += map(str, checked.problems[:MOST_TOLD])
    return "\n".join([*lines, *([f"And {count - MOST_TOLD} more, in problems."] if count > MOST_TOLD else [])])
