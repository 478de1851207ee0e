# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.

from __future__ import annotations


class ModuleDocFragment:
    """What every plugin says of check mode, diff mode, idempotence and where it runs.

    A module takes the first fragment, which only describes, and states `support` itself; the others state it too.
    """

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
  diff_mode:
    description:
      - Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
      - This assumes that the system controlled or queried by the module has not changed in a relevant way.
  platform:
    description: Target OS/families that can be operated against.
"""

    # For modules that only read.
    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This action does not modify state.
  diff_mode:
    support: N/A
    details:
      - This action does not modify state.
  idempotent:
    support: full
    details:
      - This action does not modify state.
"""

    # For modules of the action group of the exchanges.
    ACTIONGROUP_EXCHANGE = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/trading.hosts.exchange) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - trading.hosts.exchange
"""

    # For plugins that run on the controller.
    CONTROLLER = r"""
options: {}
attributes:
  action:
    description:
      - Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
  platform:
    support: full
    platforms: all
    details:
      - It runs on the controller and needs no connection to the host.
  async:
    description: Supports being used with the C(async) keyword.
    support: none
"""

    # For modules whose action plugin guards the way of a secret to the host.
    SECRET_TRANSPORT = r"""
options: {}
attributes:
  action:
    description:
      - Indicates this has a corresponding action plugin so some parts of the options can be executed on the controller.
    support: full
    details:
      - The action plugin makes sure that no secret is written to a file on its way to the host.
        It refuses to run where that cannot be ensured.
  platform:
    support: full
    platforms: posix
  async:
    description: Supports being used with the C(async) keyword.
    support: none
"""
