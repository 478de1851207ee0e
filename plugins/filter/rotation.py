# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.rotation``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: rotation
short_description: Say what takes part in the rotation of a key
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Names the credentials that take part in the rotation of one key in one document, what a person must be asked for,
    and how the key is asked about with a placed credential.
  - The result holds no secret.
positional: api_keys
options:
  _input:
    description:
      - The documents, as P(trading.hosts.credential_documents#filter) takes them.
    type: list
    elements: dict
    required: true
  api_keys:
    description:
      - The API keys as M(trading.hosts.api_key_info) takes them.
    type: list
    elements: dict
    required: true
  document:
    description:
      - Name of the document.
    type: str
    required: true
  api_key:
    description:
      - Name of the key in it that gets another one in its place. May be left out where the document holds one key.
    type: str
"""

EXAMPLES = r"""
---
- name: See what takes part in a rotation
  ansible.builtin.debug:
    msg: "{{ documents | trading.hosts.rotation(api_keys, document='grid') }}"
"""

RETURN = r"""
_value:
  description:
    - C(document), C(next) and C(previous) are names of credentials. C(terms) says how they are encrypted.
    - C(api_key) is the key's name, C(entry) its account in the document or null, C(title) its exchange as people write
      it, C(where) the way to its page of keys.
    - C(question) is the key without secrets, for M(trading.hosts.api_key_info) with a C(credential).
    - C(asks) lists what a person is asked for, each with C(field) and C(prompt). C(cannot_be_typed) says why nobody
      can be asked, or is null.
    - C(settles) is the number of seconds after which a new key works at the latest, C(settling) says so, C(polled) is
      whether it is worth waiting, with C(pause) seconds between two questions, after a refusal of C(settles_from).
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"rotation": deferred("rotation")}
