# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge between this collection and AnsibleModule. Private: not an interface for other collections.

The only file of the shared packages that knows Ansible.
"""

from __future__ import annotations

import ctypes
import os
import resource
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ._errors import UNFORESEEN, StoreError, TradingHostsError, without_text

__all__ = ["AnsibleModule", "require_root", "run_module"]

_PR_SET_DUMPABLE = 4
#: Hiding a shorter value would mangle every output that happens to contain it. No real secret is that short.
_SHORTEST_HIDDEN = 6


def run_module(
    *,
    argument_spec: t.Mapping[str, t.Any],
    work: t.Callable[[AnsibleModule], dict[str, t.Any]],
    holds_secrets: bool = False,
    **rules: t.Any,
) -> None:
    """Run ``work`` with the module's parameters and end with its result, or with the sentence of its error.

    All modules support check mode. ``rules`` are AnsibleModule's own (``mutually_exclusive`` ...). With
    ``holds_secrets`` no secret
    parameter is returned, and the process leaves no core dump.
    """
    if holds_secrets:
        _forbid_core_dumps()
    # The host's log entry with these parameters is turned off by the action plugin, which is how Ansible wants it.
    module = AnsibleModule(argument_spec=dict(argument_spec), supports_check_mode=True, **rules)
    shown: dict[str, t.Any] = {}
    if holds_secrets:
        module.no_log_values = {value for value in module.no_log_values if len(value) >= _SHORTEST_HIDDEN}
        shown["invocation"] = {"module_args": _without_secrets(argument_spec, module.params)}
    result: dict[str, t.Any] = {}
    unexpected = None
    try:
        result = work(module)
    except TradingHostsError as error:
        module.fail_json(msg=str(error), **shown)
    except UNFORESEEN as error:
        unexpected = without_text(error, ended="the module")
    if unexpected is not None:  # out here the exception is gone, and Ansible cannot add it to the result
        module.fail_json(msg=unexpected, **shown)
    module.exit_json(**shown, **result)


def require_root(because: str = "Credentials belong to root") -> None:
    """Raise ``StoreError`` unless this is root; ``because`` begins the sentence."""
    if os.geteuid() != 0:
        raise StoreError(f"{because}, and this task does not run as root on the host; set become: true.")


def _without_secrets(spec: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    shown: dict[str, t.Any] = {}
    for name, value in given.items():
        option = spec.get(name, {})
        if option.get("no_log"):
            continue
        if "options" in option and isinstance(value, list):
            shown[name] = [_without_secrets(option["options"], entry) for entry in value]
        elif "options" in option and isinstance(value, dict):
            shown[name] = _without_secrets(option["options"], value)
        else:
            shown[name] = value
    return shown


def _forbid_core_dumps() -> None:
    """Best effort: secrets are in this process's memory, and in that of the programs it feeds."""
    try:
        # A limit of 1 also stops dumps that are piped to a program, which a limit of 0 does not (core(5),
        # fs/coredump.c).
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, ValueError, AttributeError):
        return
