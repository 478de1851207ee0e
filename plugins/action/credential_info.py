# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of the module ``credential_info``: writes what the host told to ``facts_dir``."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..module_utils._errors import TradingHostsError
from ..plugin_utils._escrow import Escrow
from ..plugin_utils._facts_files import learning_host, write_facts


class ActionModule(ActionBase):
    _requires_connection = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        result.update(self._execute_module(module_name="trading.hosts.credential_info", task_vars=task_vars))
        if self._task.args.get("escrow_to") and not result.get("failed"):
            try:
                self._tell_copies(result["credentials"], task_vars)
            except TradingHostsError as error:
                return {**result, "failed": True, "msg": str(error)}
        directory = self._task.args.get("facts_dir")
        if directory and not result.get("failed"):
            document = {"credentials": result["credentials"], "machine": result["machine"]}
            host = learning_host(self._task, task_vars)
            try:
                result["facts_file"] = write_facts(
                    directory=str(directory), host=host, kind="credentials", document=document
                )
            except TradingHostsError as error:
                return {**result, "failed": True, "msg": str(error)}
        return result

    def _tell_copies(self, credentials: list[dict[str, t.Any]], task_vars: dict[str, t.Any]) -> None:
        directory = str(self._task.args["escrow_to"])
        escrow = Escrow(directory=directory, host=learning_host(self._task, task_vars))
        for entry in credentials:
            name, changed_at = entry["name"], entry["content_changed_at"]
            entry["sealed_copy"] = escrow.state(name=name, content_changed_at=changed_at)
            entry["sealed_for"] = escrow.recipients(name=name)
