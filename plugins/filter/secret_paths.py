# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.secret_paths``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: secret_paths
short_description: Name what looks like a secret in settings that everybody may read
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Walks through the settings of a program and names every value that belongs into an encrypted credential, by its name
    (a key, secret, password, token, webhook and the like) or because it is an address with a password.
  - Empty values and placeholders for them are none. The values themselves are not returned.
options:
  _input:
    description: The settings, such as a program's JSON file.
    type: raw
    required: true
"""

EXAMPLES = r"""
---
- name: Refuse settings with secrets
  ansible.builtin.assert:
    that:
      - settings | trading.hosts.secret_paths | length == 0
"""

RETURN = r"""
_value:
  description: The paths of what was found, such as V(exchange.ccxt_config.apiKey).
  type: list
  elements: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"secret_paths": deferred("secret_paths")}
