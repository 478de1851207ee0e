# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filter ``trading.hosts.placed_questions`` does."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError

from ...module_utils._exchanges._registry import OTHER
from .._enrollment import EnrollmentError, question, refuse_strange
from .credential_documents import documents_and_keys, has_values


def placed_questions(
    api_keys: t.Any, documents: t.Any, credentials: t.Any, directory: str | None = None, prefer: str = "placed"
) -> list[dict[str, t.Any]]:
    """Return the questions; raises ``AnsibleFilterError`` for a key nobody can ask about, or a strange document."""
    if prefer not in ("placed", "given"):
        raise AnsibleFilterError(f"prefer is {prefer!r}; use placed or given.")
    on_host = {held["name"] for held in credentials}
    entries: dict[str, dict[str, t.Any]] = {}
    for document, keys in documents_and_keys(documents, api_keys):
        if document["name"] in on_host:
            place = {"name": document["name"], **({"directory": directory} if directory else {})}
            for name in keys:
                entries.setdefault(name, {**place, "entry": name if len(keys) > 1 else None})
    asked = []
    for key in api_keys:
        name = key["name"]
        if prefer == "given" and has_values(key):
            asked.append(key)
        elif name in entries:
            asked.append({**_question(key), "credential": entries[name]})
        elif "credential" in key:
            asked.append(key)
        elif key.get("exchange") == OTHER:
            asked.append(_question(key))
        elif prefer == "given":
            raise AnsibleFilterError(
                f"The key {name} has no values in the inventory, and no credential on the host holds it; enrol it, or "
                "give its values from a vault or a lookup."
            )
    return asked


def _question(key: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    try:
        refuse_strange(key)
    except EnrollmentError as error:
        raise AnsibleFilterError(str(error)) from None
    return question(key)
