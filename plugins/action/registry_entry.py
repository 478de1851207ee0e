# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes one key, and its document, into a file of the inventory on the controller, or takes it out."""

from __future__ import annotations

import datetime
import typing as t
from pathlib import Path

from ..module_utils._errors import InputError, TradingHostsError
from ..plugin_utils._facts_files import plain
from ..plugin_utils._judge_action import JudgeAction
from ..plugin_utils._registry_file import RegistryFileError, edit_file, entry_text, with_key, without_key
from ..plugin_utils._registry_rules import SECRETS, Problem, document_problems, key_problems

PRESENT, ABSENT = "present", "absent"


class ActionModule(JudgeAction):
    _supports_diff = True

    argument_spec: t.ClassVar[dict[str, t.Any]] = {
        "path": {"type": "path", "required": True},
        "api_key": {"type": "dict", "required": True, "no_log": False},
        "document": {"type": "dict"},
        "state": {"type": "str", "choices": [PRESENT, ABSENT], "default": PRESENT},
    }

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Write, and say whether anything is another than before."""
        result = super().run(tmp, task_vars)
        result["changed"] = result.pop("differs", False)
        return result

    def judge(self, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Check what is given, and change the file in one step."""
        api_key, document = plain(options["api_key"]), plain(options["document"])
        present = options["state"] == PRESENT
        _check(api_key, document, present=present)
        entry = entry_text(api_key=api_key, document=document) if present else ""

        def edit(text: str) -> t.Any:
            if present:
                return with_key(text, api_key=api_key, document=document)
            return without_key(text, name=api_key["name"])

        try:
            change = edit_file(Path(options["path"]), edit=edit, write=not self._task.check_mode)
        except RegistryFileError as error:
            return {"failed": True, "msg": str(error), "entry": entry}
        result: dict[str, t.Any] = {"differs": change.differs, "entry": entry}
        if self._task.diff:
            header = str(options["path"])
            result["diff"] = {
                "before_header": header,
                "after_header": header,
                "before": change.before,
                "after": change.after,
            }
        return result


def _check(api_key: dict[str, t.Any], document: dict[str, t.Any] | None, *, present: bool) -> None:
    """Refuse what must not be written, before the file is opened; raises ``TradingHostsError``."""
    for name in SECRETS:
        if api_key.get(name) is not None:
            problem = "would lie in clear in the file"
            mend = "leave it out where it is placed on its host, or write it by hand as a vaulted value or a lookup"
            raise InputError(field=f"api_key.{name}", problem=problem, mend=mend)
    if not present and document is not None:
        problem = "is given with state absent"
        mend = "leave it out: the documents of the file that hold no other key go with the key"
        raise InputError(field="document", problem=problem, mend=mend)
    today = datetime.datetime.now(tz=datetime.UTC)
    problems: list[Problem] = []
    if present:
        problems += key_problems(api_key, where="api_key", today=today, part=True)
        problems += document_problems(document, where="document", part=True) if document is not None else []
    for each, field in ((api_key, "api_key"), (document, "document")):
        if each is not None and not (isinstance(each.get("name"), str) and each["name"]):
            raise InputError(field=f"{field}.name", problem="is missing", mend="give the name")
    if problems:
        raise TradingHostsError(" ".join(problem.sentence for problem in problems))
