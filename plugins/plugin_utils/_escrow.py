# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sealed copies of credentials, on the controller: ciphertext for the recovery recipients. Private to this collection.

A copy is ``<directory>/<host>/<credential>.age``, and beside it ``<credential>.json`` tells which content it is: its
hash, when that content was placed, and who can open it. Nothing there is a secret.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import typing as t
from pathlib import Path

from ..module_utils._errors import InputError, TradingHostsError
from ._facts_files import replace_file

CURRENT = "current"
OLD = "old"
NONE = "none"

_SCHEMA = 1
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:@-]{0,252}")


class Escrow:
    """The sealed copies of one host's credentials."""

    def __init__(self, *, directory: str, host: str) -> None:
        """Raise :class:`InputError` for a host whose name no directory can have."""
        if _HOST.fullmatch(host) is None or ".." in host:
            raise InputError(
                field="inventory_hostname",
                value=host,
                problem="cannot be the name of a directory",
                mend="use letters, digits, dots, dashes, underscores and colons in host names",
            )
        self.host = host
        self.directory = Path(directory).expanduser() / host

    def check(self) -> None:
        """Raise :class:`InputError` where nothing can be written, before a secret is sent."""
        place = self.directory
        while not place.exists() and place != place.parent:
            place = place.parent
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            raise InputError(
                field="escrow_to",
                value=str(self.directory.parent),
                problem="is no directory on the controller that can be written to",
                mend="name another one",
            )

    def state(self, *, name: str, content_changed_at: str | None, recipients: t.Collection[str] | None = None) -> str:
        """Tell whether there is a copy of the content that was placed at this instant, for these recipients."""
        record = self._record(name)
        if record is None:
            return NONE
        same = content_changed_at is not None and record["content_changed_at"] == content_changed_at
        return CURRENT if same and (recipients is None or set(record["recipients"]) == set(recipients)) else OLD

    def recipients(self, *, name: str) -> list[str]:
        """Return who can open the copy."""
        return list((self._record(name) or {"recipients": ()})["recipients"])

    def write(self, *, name: str, sealed: str, content_changed_at: str, recipients: t.Sequence[str]) -> None:
        """Keep a copy. Raises :class:`TradingHostsError` where the disk refuses."""
        record = {
            "schema": _SCHEMA,
            "host": self.host,
            "name": name,
            "content_changed_at": content_changed_at,
            "recipients": list(recipients),
            "sha256": hashlib.sha256(sealed.encode("ascii")).hexdigest(),
        }
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            # In this order: a copy without its record counts as old, and is made again.
            replace_file(self._path(name), text=sealed)
            replace_file(
                self._path(name).with_suffix(".json"), text=json.dumps(record, indent=1, sort_keys=True) + "\n"
            )
        except OSError as error:
            raise TradingHostsError(
                f"escrow_to: the sealed copy {self._path(name)} cannot be written ({os.strerror(error.errno or 0)}), "
                f"and the credential is placed; mend that and run again, or the loss of {self.host} is the loss of the "
                "key."
            ) from None

    def _path(self, name: str) -> Path:
        return self.directory / f"{name}.age"

    def _record(self, name: str) -> dict[str, t.Any] | None:
        try:
            sealed = self._path(name).read_bytes()
            record = json.loads(self._path(name).with_suffix(".json").read_text(encoding="ascii"))
            whole = {
                "content_changed_at": str(record["content_changed_at"]),
                "recipients": [str(each) for each in record["recipients"]],
            }
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return {"content_changed_at": "", "recipients": []}
        if record.get("sha256") != hashlib.sha256(sealed).hexdigest():
            return {"content_changed_at": "", "recipients": []}
        return whole
