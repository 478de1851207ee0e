# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of credentials: their names, their stores, and what is said of one that does not open. Private."""

from __future__ import annotations

import os
import re

from .._errors import InputError, StoreError
from .._redact import one_line

SYSTEMD = "systemd"
AGE = "age"
STORES = (SYSTEMD, AGE)

DEFAULT_DIRECTORY = "/etc/credstore.encrypted"
#: systemd refuses more, per credential and per unit (src/shared/creds-util.h, CREDENTIAL_SIZE_MAX).
MAX_CONTENT = 1024 * 1024
#: The same with room for headers, TPM material and base64.
MAX_FILE = (MAX_CONTENT + 128 * 1024) * 3 // 2

NULL_KEY = "null"
UNKNOWN_KEY = "unknown"

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}")
#: What a file of the age store has behind the credential's name.
AGE_SUFFIX = ".age"
_AGE_BEGINNINGS = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")


class UndecryptableError(StoreError):
    """A credential does not decrypt. ``embedded_name`` is the name inside it where that is the only reason.

    ``key`` says in words what opens it.
    """

    def __init__(self, *, path: str, reason: str, key: str, embedded_name: str | None = None) -> None:
        self.path = path
        self.reason = reason
        self.embedded_name = embedded_name
        super().__init__(
            f"{path} cannot be decrypted on this host ({reason}); restore the file and {key} from a backup of "
            "this host, or place the secret anew with on_undecryptable: replace."
        )


def check_name(*, name: str, field: str) -> None:
    """Raise :class:`InputError` unless systemd and a unit file both take ``name`` as it is."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InputError(
            field=field,
            value=one_line(name, limit=60),
            problem="is not a credential name",
            mend="use 1 to 128 letters, digits and _ . @ + -, beginning with a letter, a digit or _",
        )
    if name.endswith(AGE_SUFFIX):
        raise InputError(
            field=field,
            value=name,
            problem=f"ends in {AGE_SUFFIX}, which the files of the age store have behind the name",
            mend="leave that end out",
        )


def file_path(*, directory: str, name: str, kind: str) -> str:
    """Return the path of a credential's file in a store."""
    return os.path.join(directory, name + (AGE_SUFFIX if kind == AGE else ""))


def store_of(*, encrypted: bytes) -> str:
    """Tell the store of a credential file from its content."""
    return AGE if encrypted.lstrip()[:64].startswith(_AGE_BEGINNINGS) else SYSTEMD
