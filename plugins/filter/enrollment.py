# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.enrollment``."""

from __future__ import annotations

import typing as t

from ..plugin_utils._deferred import deferred

DOCUMENTATION = r"""
name: enrollment
short_description: Say what takes part when a new API key comes to a host
version_added: 1.0.0
author:
  - trading.hosts contributors (@trading-hosts)
description:
  - Joins what the inventory declares of a new key with what was given beside it, and says which credentials take part,
    what a person is asked for, and how the key is asked about.
  - Fails with one sentence that lists everything that is missing.
  - The result holds no secret.
positional: api_keys, given
options:
  _input:
    description:
      - The documents, as P(trading.hosts.credential_documents#filter) takes them.
    type: list
    elements: dict
    required: true
  api_keys:
    description:
      - The API keys that the inventory declares. The new one may be among them.
    type: list
    elements: dict
    required: true
  given:
    description:
      - The variables C(exchange_credentials_enroll_*) of the role exchange_credentials by the rest of their names.
      - With C(today) (C(YYYY-MM-DD)), C(escrow), whether sealed copies are made, and C(has_values), whether the key's
        values are at hand.
    type: dict
    required: true
"""

EXAMPLES = r"""
---
- name: See what takes part in an enrolment
  ansible.builtin.debug:
    msg: "{{ documents | trading.hosts.enrollment(api_keys, {'api_key': 'grid', 'by': 'Ada', 'today': '2026-11-22'}) }}"
"""

RETURN = r"""
_value:
  description:
    - C(document), C(waits), C(previous) and C(pair) are names of credentials. C(pair) is null where the exchange makes
      the secret. C(terms) says how they are encrypted, C(documents) is the document as the inventory has it.
    - C(api_key) is the key's name, C(title) its exchange as people write it, C(where) the way to its page of keys.
    - C(question) is the key without values, as the inventory is to declare it.
    - C(asks) lists what a person is asked for, each with C(field) and C(prompt). C(cannot_be_typed) says why nobody
      can be asked, or is null.
    - C(sealed) is what M(trading.hosts.credential) takes beside a sealed text, C(seals) what that text must hold.
    - C(settles) is the number of seconds after which a new key works at the latest, C(settling) says so, C(polled) is
      whether it is worth waiting, with C(pause) seconds between two questions, after a refusal of C(settles_from).
    - C(by), C(today) and C(recovery) are as given. C(before) is the key as the inventory declares it, and
      C(document_declared) whether the document stands there as it is.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"enrollment": deferred("enrollment")}
