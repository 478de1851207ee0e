# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of the module ``public_ip_info``: guards the proxy's URL on its way, names the host, writes facts."""

from __future__ import annotations

import typing as t

from ..module_utils._egress._request import ARGUMENT_SPEC
from ..plugin_utils._facts_files import write_facts
from ..plugin_utils._secret_action import SecretAction


class ActionModule(SecretAction):
    module_name = "trading.hosts.public_ip_info"
    argument_spec = ARGUMENT_SPEC

    def finish(self, result: dict[str, t.Any], *, task_vars: t.Mapping[str, t.Any]) -> None:
        host = str(task_vars["inventory_hostname"])
        egress = result.get("egress", [])
        for fact in egress:
            # The host knows its own name; judges and people know the one in the inventory.
            fact["host"] = host
        directory = self._task.args.get("facts_dir")
        # Also what is disputed is written: an older file that says otherwise must not outlive it.
        if directory and egress:
            write_facts(directory=str(directory), host=host, kind="egress", document={"egress": egress})
