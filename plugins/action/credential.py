# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of the module ``credential``: checks everything, then hands the secrets over on standard input."""

from __future__ import annotations

import typing as t

from ..module_utils._credential._request import ARGUMENT_SPEC, parse, parse_recipients
from ..plugin_utils._secret_action import SecretAction


class ActionModule(SecretAction):
    module_name = "trading.hosts.credential"
    argument_spec = ARGUMENT_SPEC

    def check(self, args: t.Mapping[str, t.Any]) -> None:
        parse(credentials=args.get("credentials"), store=args.get("store") or "systemd")
        parse_recipients(options=args)
