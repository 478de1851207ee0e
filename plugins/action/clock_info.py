# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of ``clock_info``: guards the proxy's URL on its way, names the host, writes the facts."""

from __future__ import annotations

import typing as t

from ..module_utils._exchanges._clock_options import ARGUMENT_SPEC
from ..plugin_utils._facts_files import learning_host, write_facts
from ..plugin_utils._secret_action import SecretAction


class ActionModule(SecretAction):
    module_name = "trading.hosts.clock_info"
    argument_spec = ARGUMENT_SPEC

    def finish(self, result: dict[str, t.Any], *, task_vars: t.Mapping[str, t.Any]) -> None:
        host = learning_host(self._task, task_vars)
        clocks = result.get("clocks", [])
        for fact in clocks:
            # The host knows its own name; judges and people know the one in the inventory.
            fact["host"] = host
        directory = self._task.args.get("facts_dir")
        if directory and not result.get("failed"):
            write_facts(directory=str(directory), host=host, kind="clock", document={"clocks": clocks})
