# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.enrollment_mistake`` does."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ...module_utils._credential._request import parse
from ...module_utils._errors import InputError
from .._enrollment import mistake, pasted
from .credential_documents import credential_documents


def enrollment_mistake(values: t.Any, planned: t.Any, *, only_pasted: bool = False) -> str:
    """Return one sentence without a value in it, or an empty text."""
    if not isinstance(values, dict):
        return "The new key is not a mapping; give api_key, secret and what else it has."
    if only_pasted:
        return pasted(values)
    found = mistake(
        values,
        exchange=planned["question"]["exchange"],
        asks=[each["field"] for each in planned["asks"]],
        pair=bool(planned["pair"]),
    )
    return found or _unwritable(values, planned=planned)


def _unwritable(values: t.Mapping[str, t.Any], *, planned: t.Mapping[str, t.Any]) -> str:
    """Return why the planned document cannot hold these values, or nothing."""
    half = {"credential": {"name": planned["pair"]}} if planned["pair"] else {}
    key = {**planned["question"], **{field: value for field, value in values.items() if value}, **half}
    try:
        parse(credentials=credential_documents(planned["documents"], [key]))
    except (AnsibleFilterError, InputError) as error:
        return str(error)
    return ""
