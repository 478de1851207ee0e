# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of ``exposed_credential_info``: writes what the host told to ``facts_dir``."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..module_utils._errors import TradingHostsError
from ..plugin_utils._facts_files import learning_host, write_facts

_TOLD = ("exposed", "found_keys", "scan", "swap", "core_dumps", "backups", "host_key")


class ActionModule(ActionBase):
    _requires_connection = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        result.update(self._execute_module(module_name="trading.hosts.exposed_credential_info", task_vars=task_vars))
        directory = self._task.args.get("facts_dir")
        if directory and not result.get("failed"):
            # A controller can be scanned as a host and for its inventory: two files.
            kind = "inventory" if result["scan"]["scope"] == "inventory" else "exposed"
            document = {name: result[name] for name in _TOLD}
            host = learning_host(self._task, task_vars)
            try:
                result["facts_file"] = write_facts(directory=str(directory), host=host, kind=kind, document=document)
            except TradingHostsError as error:
                return {**result, "failed": True, "msg": str(error)}
        return result
