# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.enrollment_mistake``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: enrollment_mistake
short_description: Say what cannot be right about the values of a new API key
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Looks at values that were typed or given before anything is sent. Refused are empty ones, blanks, placeholders,
    white space around a value, equal and swapped ones, and a passphrase that the exchange does not take.
  - Refused is also what the planned document cannot hold.
  - Returns one sentence, which holds none of the values, or an empty text.
positional: planned
options:
  _input:
    description:
      - The values, C(api_key), C(secret) and C(passphrase), as far as the exchange has them.
    type: dict
    required: true
  planned:
    description:
      - What P(trading.hosts.enrollment#filter) returned.
    type: dict
    required: true
  only_pasted:
    description:
      - Look only for a private key of several lines, or a part of one. What is typed after it is no answer any more.
    type: bool
    default: false
"""

EXAMPLES = r"""
---
- name: Refuse values that cannot be right
  ansible.builtin.assert:
    that: vault_grid | trading.hosts.enrollment_mistake(planned) == ''
"""

RETURN = r"""
_value:
  description: One sentence, or an empty text.
  type: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"enrollment_mistake": deferred("enrollment_mistake")}
