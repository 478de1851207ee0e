# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.enrollment`` does."""

from __future__ import annotations

import json
import string
import typing as t

from ansible.errors import AnsibleFilterError

from ...module_utils._credential._request import parse
from ...module_utils._errors import InputError
from .._enrollment import EnrollmentError, plan
from .credential_documents import credential_documents

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
