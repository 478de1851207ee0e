# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter ``trading.hosts.enrollment``."""

from __future__ import annotations

import json
import string
import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._credential._request import parse
from ..module_utils._errors import InputError
from ..plugin_utils._enrollment import EnrollmentError, plan
from .credential_documents import credential_documents

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

#: Values of no key, by which a document is tried before anybody is asked for real ones.
_LETTERS = string.ascii_letters + string.digits
_TRIED = {"api_key": _LETTERS[:16], "secret": _LETTERS[16:48], "passphrase": _LETTERS[48:]}


def enrollment(documents: t.Any, api_keys: t.Any, given: t.Any) -> dict[str, t.Any]:
    """Return what takes part; raises ``AnsibleFilterError`` with one sentence for what cannot be done."""
    for name, value in (("documents", documents), ("api_keys", api_keys)):
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise AnsibleFilterError(f"{name} is not a list of mappings.")
    try:
        planned = plan(documents=documents, api_keys=api_keys, given=given)
        tried = _tried(planned)
    except (EnrollmentError, InputError) as error:
        raise AnsibleFilterError(str(error)) from None
    held = tried.pop("fields", None) or tried.pop("accounts", {})
    holds = {name: dict.fromkeys(value, "...") if isinstance(value, dict) else "..." for name, value in held.items()}
    return {**planned, "sealed": {**tried, "name": planned["waits"]}, "seals": json.dumps(holds)}


def _tried(planned: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the document with values of no key, after a look whether its form can hold one."""
    fields = {each["field"] for each in planned["asks"]} | {"secret"}
    key = {**planned["question"], **{name: value for name, value in _TRIED.items() if name in fields}}
    if planned["pair"]:
        half = {**{name: value for name, value in key.items() if name != "secret"}, "credential": {"name": "half"}}
        parse(credentials=credential_documents(planned["documents"], [half]))
    (tried,) = credential_documents(planned["documents"], [key])
    parse(credentials=[tried])
    return tried


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"enrollment": enrollment}
