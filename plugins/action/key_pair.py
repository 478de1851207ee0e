# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of the module ``key_pair``: no secret is sent, but the answer must come from the right host.

Whoever answers at the host's address could hand out a public key of their own, and who registers that gives them the
rights of the key. So the host's identity is checked as it is where a secret is sent.

What an exchange takes, and where its page is, is known here. The host is told which type of key to make, and the code
of the exchanges does not travel.
"""

from __future__ import annotations

import typing as t

from ..module_utils._credential._key_pair import ARGUMENT_SPEC, check_wish, read_wish
from ..module_utils._exchanges._pairs import fitting_type, read_registration
from ..plugin_utils._secret_action import SecretAction, check_shape


class ActionModule(SecretAction):
    module_name = "trading.hosts.key_pair"
    argument_spec = ARGUMENT_SPEC

    def _run(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        check_shape(spec=self.argument_spec, given=self._task.args)
        _validated, options = self.validate_argument_spec(argument_spec=self.argument_spec)
        exchange = options["exchange"]
        type_ = fitting_type(exchange=exchange, type_=options["type"], size=options["size"])
        check_wish(read_wish({**options, "type": type_}))
        transport = self._check_verified(self._settings(), risk="hand you a public key of their own to register")
        settled = {} if type_ is None else {"type": type_}
        result = self._ask_module({**self._task.args, **settled}, task_vars)
        registration = read_registration(exchange)
        if registration is not None and not result.get("failed"):
            result["registration"] = registration
        result["transport"] = transport.told()
        return result
