# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every store of credentials can do, and what the stores share. Private: no interface for other collections."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import os
import typing as t


@dataclasses.dataclass(frozen=True)
class Terms:
    """How one credential is to be encrypted: the key of the systemd store, and when it ends (ISO 8601 in UTC)."""

    with_key: str = "auto"
    not_after: str | None = None


class Store(t.Protocol):
    """Encrypts from standard input, decrypts to a pipe, and tells from the file alone what it is.

    Every method raises ``StoreError``, and ``UndecryptableError`` where a credential is at fault.
    """

    @property
    def kind(self) -> str:
        """One of ``STORES``."""

    def guard(self, *, at_stake: t.Sequence[str], replace: bool = False) -> None:
        """Refuse where a use now could do harm; ``at_stake`` are the paths of the credentials in the directory.

        ``replace`` says that what does not decrypt may be lost.
        """

    def trouble(self) -> str | None:
        """Return why no decryption may be tried now, in a sentence."""

    def everybody(self) -> t.Sequence[str]:
        """Return the recipients of what :meth:`encrypt` makes, in a store that has any."""

    def begins(self) -> bool:
        """Whether the next encryption makes the host's key, so that it must be alone."""

    def encrypt(self, *, name: str, content: bytes, terms: Terms) -> bytes:
        """Return the text of the credential file."""

    def decrypt(self, *, name: str, path: str, encrypted: bytes, any_name: bool = False) -> bytes:
        """Return the content of the credential file at ``path``, whose text is ``encrypted``."""

    def key_type(self, *, encrypted: bytes) -> str:
        """Return the kind of key that encrypts it."""

    def key_fits(self, *, wanted: str, found: str) -> bool:
        """Whether a credential with the key type ``found`` will do where ``wanted`` was asked for."""

    def predict_key_type(self, *, terms: Terms) -> str:
        """Return the key type that :meth:`encrypt` would give; nothing is written."""

    def load_directive(self, *, name: str, path: str) -> str | None:
        """Return the line for the unit that uses the credential."""


@dataclasses.dataclass(frozen=True)
class Notes:
    """What cannot be read back from a credential file: for whom it was encrypted, and until when it opens.

    Nothing of it is a secret. They lie beside the file and name it by its hash: notes of another file do not count.
    ``recipients`` are all who can open an age file, the host included.
    """

    recipients: t.Sequence[str] = ()
    not_after: str | None = None

    def text(self, *, encrypted: bytes) -> bytes:
        """Return the text of the file of notes."""
        document = {"sha256": hashlib.sha256(encrypted).hexdigest(), **dataclasses.asdict(self)}
        return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode("ascii")


def notes_path(*, path: str) -> str:
    """Return where the notes of the credential file at ``path`` lie."""
    directory, name = os.path.split(path)
    return os.path.join(directory, f".trading-hosts.{name}.notes")


def read_notes(*, path: str, encrypted: bytes) -> Notes:
    """Return the notes of the credential file at ``path``; empty ones where there are none for this very file."""
    try:
        with open(notes_path(path=path), "rb") as file:
            document = json.loads(file.read(64 * 1024))
        if not hmac.compare_digest(str(document["sha256"]), hashlib.sha256(encrypted).hexdigest()):
            return Notes()
        not_after = document["not_after"]
        return Notes(
            recipients=tuple(str(each) for each in document["recipients"]),
            not_after=None if not_after is None else str(not_after),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Notes()
