# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of ``api_key_info``: guards the secrets on their way, names the host, writes the facts.

It also sees to it that hosts which share a key do not get it refused one after the other.
"""

from __future__ import annotations

import typing as t

from ansible import constants

from ..module_utils._exchanges._options import ARGUMENT_SPEC, check_texts
from ..module_utils._policy._case import RETIRED, REVOKED
from ..plugin_utils._facts_files import learning_host, write_facts
from ..plugin_utils._refused_keys import RUN_SECRET, AskedKey, given_mark, refused_keys
from ..plugin_utils._secret_action import SecretAction


class ActionModule(SecretAction):
    module_name = "trading.hosts.api_key_info"
    argument_spec = ARGUMENT_SPEC

    def check(self, args: t.Mapping[str, t.Any]) -> None:
        check_texts(args.get("api_keys"))

    def _execute(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        args = self._task.args
        marks: dict[str, str] = {}
        if _lie_on_host(args.get("api_keys")):
            told = self._ask_module({**args, "mark_with": RUN_SECRET}, task_vars)
            if told.get("failed"):
                return told
            marks = told["marks"]
        keys = _asked_keys(args.get("api_keys"), marks=marks)
        host = learning_host(self._task, task_vars)
        with refused_keys(directory=constants.DEFAULT_LOCAL_TMP, host=host, keys=keys) as run:
            held_back = run.held_back()
            names = sorted({*held_back, *_names(args.get("hold_back"))})
            result = self._ask_module({**args, "hold_back": names} if names else args, task_vars)
            learned = result.get("api_keys", [])
            for fact in learned:
                if fact["name"] in held_back:
                    fact["access"]["next_step"] = held_back[fact["name"]]
            run.note({fact["name"]: (fact["access"]["status"], fact["access"]["code"]) for fact in learned})
        return result

    def finish(self, result: dict[str, t.Any], *, task_vars: t.Mapping[str, t.Any]) -> None:
        host = learning_host(self._task, task_vars)
        learned = result.get("api_keys", [])
        for fact in learned:
            # The host knows its own name; judges and people know the one in the inventory.
            fact["host"] = host
        directory = self._task.args.get("facts_dir")
        if directory and not result.get("failed"):
            result["facts_file"] = write_facts(
                directory=str(directory), host=host, kind="api_keys", document={"api_keys": learned}
            )


def _dicts(given: t.Any) -> list[dict[str, t.Any]]:
    return [key for key in given if isinstance(key, dict)] if isinstance(given, list) else []


def _lie_on_host(given: t.Any) -> bool:
    return any(key.get("credential") or key.get("file") for key in _dicts(given))


def _asked_keys(given: t.Any, *, marks: t.Mapping[str, str]) -> list[AskedKey]:
    found = []
    for key in _dicts(given):
        name, exchange = str(key.get("name")), str(key.get("exchange"))
        told = given_mark(exchange=exchange, api_key=str(key["api_key"])) if key.get("api_key") else marks.get(name)
        declared = key.get("declared")
        retired = isinstance(declared, dict) and declared.get("lifecycle") in (RETIRED, REVOKED)
        found.append(AskedKey(name, exchange, told, retired))
    return found


def _names(given: t.Any) -> list[str]:
    """Return the user's own list, as Ansible would read it."""
    names = given.split(",") if isinstance(given, str) else given or ()
    return [str(name).strip() for name in names]
