# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens a credential that lies on the host, so that an audit needs no secret from elsewhere. Private."""

from __future__ import annotations

from .._credential._age_reader import AgeReader
from .._credential._files import AGE, STORES, check_name, file_path, store_of
from .._credential._held import read_fields
from .._credential._reader import read_file
from .._credential._systemd_reader import SystemdReader
from .._errors import InputError
from ._contract import Credential
from ._options import Placed


def open_placed(placed: Placed, field: str) -> Credential:
    """Return what is inside, decrypted in memory behind the host-key guard.

    Raises ``InputError`` where there is no such credential or it lacks a key, ``StoreError`` where it cannot be opened.
    """
    check_name(name=placed.name, field=f"{field}.name")
    paths = [file_path(directory=placed.directory, name=placed.name, kind=kind) for kind in STORES]
    found = [(path, read) for path in paths for read in [read_file(path=path)] if read is not None]
    if not found:
        raise InputError(
            field=f"{field}.name",
            value=placed.name,
            problem=f"there is no such credential in {placed.directory} on this host",
            mend="place it first with the module credential, or name the directory it is in",
        )
    # The one that was put there last, should a move between stores have been interrupted.
    path, (encrypted, _status) = max(found, key=lambda each: each[1][1].st_ctime_ns)
    age = AgeReader(identity_path=placed.age_identity)
    store: AgeReader | SystemdReader = age if store_of(encrypted=encrypted) == AGE else SystemdReader()
    content = store.decrypt(name=placed.name, path=path, encrypted=encrypted)
    return credential_in(content, placed=placed, field=field)


def credential_in(content: bytes, *, placed: Placed, field: str) -> Credential:
    """Return the credential in a document, or the one that a private key alone makes with what was given beside it."""
    if content.lstrip().startswith(b"-----BEGIN ") and placed.signed:
        if placed.api_key is None:
            raise InputError(
                field=f"{field}.name",
                value=placed.name,
                problem="holds a private key alone, without the id of the key that it signs for",
                mend="give that id, as the exchange shows it, as api_key beside credential",
            )
        return Credential(placed.api_key, content.decode("utf-8", "replace"), placed.passphrase)
    if placed.api_key is not None:
        raise InputError(
            field=f"{field}.name",
            value=placed.name,
            problem="holds no private key alone, so api_key must not be given beside it",
            mend="leave api_key out, or give the secret instead of the credential",
        )
    fields = read_fields(content=content, account=placed.entry)
    missing = [name for name in (("api_key", "secret") if placed.signed else ("api_key",)) if not fields.get(name)]
    if missing:
        raise InputError(
            field=f"{field}.entry" if placed.entry else f"{field}.name",
            value=placed.entry or placed.name,
            problem=f"holds no {' and no '.join(missing)} in a form that is known here",
            mend="name the account with entry where the document holds several, or give the secret instead",
        )
    # What signs stays where it is, where nothing is signed: a wallet's private key is not even taken out.
    secret = fields["secret"] if placed.signed else ""
    passphrase = (fields.get("uid") if placed.passphrase_in_uid else None) or fields.get("passphrase")
    return Credential(fields["api_key"], secret, passphrase or None)
