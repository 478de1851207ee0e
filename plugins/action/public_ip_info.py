# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of the module ``public_ip_info``: guards the proxy's URL on its way, names the host, writes facts."""

from __future__ import annotations

import datetime
import typing as t
from pathlib import Path

from ..module_utils._clock import from_text, utc_now
from ..module_utils._egress._options import ARGUMENT_SPEC
from ..module_utils._errors import InputError
from ..plugin_utils._facts_files import learning_host, read_file, write_facts
from ..plugin_utils._secret_action import SecretAction

#: Facts of other paths that are older do not survive in the file of a host.
_KEPT = datetime.timedelta(hours=1)


class ActionModule(SecretAction):
    module_name = "trading.hosts.public_ip_info"
    argument_spec = ARGUMENT_SPEC

    def finish(self, result: dict[str, t.Any], *, task_vars: t.Mapping[str, t.Any]) -> None:
        host = learning_host(self._task, task_vars)
        egress = result.get("egress", [])
        for fact in egress:
            # The host knows its own name; judges and people know the one in the inventory.
            fact["host"] = host
        directory = self._task.args.get("facts_dir")
        # Also what is disputed is written: an older file that says otherwise must not outlive it.
        if directory and egress:
            known = other_paths(Path(str(directory)).expanduser() / f"{host}.egress.json", egress=egress)
            write_facts(directory=str(directory), host=host, kind="egress", document={"egress": [*known, *egress]})


def other_paths(path: Path, *, egress: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return the facts in a host's file that are young and about other paths than those just learned.

    A host may leave by several paths, each learned by a task of its own.
    """
    try:
        known = read_file(str(path)).facts
        oldest = utc_now() - _KEPT
        learned = [fact["path"] for fact in egress]
        return [fact for fact in known if fact.get("path") not in learned and from_text(fact["asked_at"]) > oldest]
    except (InputError, KeyError, TypeError, ValueError):
        # Absent, of another release or spoiled: what was just learned replaces it.
        return []
