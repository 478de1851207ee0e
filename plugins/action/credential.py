# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of the module ``credential``: checks everything, hands the secrets over, keeps the sealed copies."""

from __future__ import annotations

import typing as t

from ..module_utils._credential._request import ARGUMENT_SPEC, parse, parse_recipients, parse_user
from ..plugin_utils._escrow import CURRENT, Escrow
from ..plugin_utils._facts_files import learning_host
from ..plugin_utils._secret_action import SecretAction


class ActionModule(SecretAction):
    module_name = "trading.hosts.credential"
    argument_spec = ARGUMENT_SPEC

    def check(self, args: t.Mapping[str, t.Any]) -> None:
        parse(credentials=args.get("credentials"), store=args.get("store") or "systemd")
        parse_recipients(options=args)
        parse_user(options=args)
        if args.get("escrow_to"):
            # The host is the same as at the end; its name is checked here, before anything is sent.
            Escrow(directory=str(args["escrow_to"]), host=str(self._task.delegate_to or "host")).check()

    def _run(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        result = super()._run(task_vars)
        if "transport" not in result and not result.get("failed") and _copies(self._task.args.get("credentials")):
            # No secret was sent, but one comes to another place: the judge asks whether the host is the right one.
            result["transport"] = self._check_identity(self._settings()).told()
        return result

    def finish(self, result: dict[str, t.Any], *, task_vars: t.Mapping[str, t.Any]) -> None:
        copies = {copy["name"]: copy["sealed"] for copy in result.pop("sealed_copies", None) or ()}
        directory = self._task.args.get("escrow_to")
        if not directory or result.get("failed"):
            return
        recipients = parse_recipients(options=self._task.args)
        escrow = Escrow(directory=str(directory), host=learning_host(self._task, task_vars))
        written = []
        for entry in result["credentials"]:
            changed_at = entry["content_changed_at"]
            state = escrow.state(name=entry["name"], content_changed_at=changed_at, recipients=recipients)
            if entry["state"] != "present" or state == CURRENT:
                continue
            if entry["name"] in copies:
                escrow.write(
                    name=entry["name"],
                    sealed=copies[entry["name"]],
                    content_changed_at=changed_at,
                    recipients=recipients,
                )
            elif not self._task.check_mode:
                continue  # it was left as it is, and nobody sent its content
            written.append(entry["name"])
        result["escrow"] = {"directory": str(escrow.directory), "written": written}
        result["changed"] = bool(result["changed"] or written)


def _copies(credentials: t.Any) -> bool:
    return any(isinstance(each, dict) and each.get("copy_from") for each in credentials or ())
