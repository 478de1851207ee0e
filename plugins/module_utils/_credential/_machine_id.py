# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Is the host key still bound to this machine? Private: not an interface for other collections.

systemd keeps the host key in ``/var/lib/systemd/credential.secret``: 16 bytes of hashed machine-id, then 4096 bytes
of key. When the machine-id does not match, *any* call of ``systemd-creds``, a mere decrypt too, deletes the file for
good, and with it every credential of the host. So the question is answered here, from the two files alone, before
anything may call ``systemd-creds``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import re
import typing as t

from .._errors import StoreError

SECRET_PATH = "/var/lib/systemd/credential.secret"
MACHINE_ID_PATH = "/etc/machine-id"

#: The application id that systemd hashes the machine-id with for this file (systemd, src/shared/creds-util.c).
_APPLICATION_ID = bytes.fromhex("d3acecba0dad4cdfb8c9381528936c58")

BOUND = "bound"
DIFFERS = "differs"
ABSENT = "absent"
EMPTY_MACHINE_ID = "empty-machine-id"
UNREADABLE = "unreadable"
STATES = (BOUND, DIFFERS, ABSENT, EMPTY_MACHINE_ID, UNREADABLE)


@dataclasses.dataclass(frozen=True)
class HostKey:
    """State of the host key, one of :data:`STATES`; ``problem`` says why it is ``unreadable``.

    ``bound``: the key belongs to this machine-id. ``differs``: it belongs to another one. ``absent``: systemd makes
    it at
    the first encryption. ``empty-machine-id``: the machine has no identity yet, so nothing can be told.
    """

    state: str
    problem: str | None = None


def hashed_machine_id(*, machine_id: bytes) -> bytes:
    """Return the 16 bytes with which systemd marks its host key for the machine-id of 16 bytes."""
    digest = bytearray(hmac.new(machine_id, _APPLICATION_ID, hashlib.sha256).digest()[:16])
    digest[6] = (digest[6] & 0x0F) | 0x40  # the marks of a version 4 UUID
    digest[8] = (digest[8] & 0x3F) | 0x80
    return bytes(digest)


def read_host_key(*, secret_path: str = SECRET_PATH, machine_id_path: str = MACHINE_ID_PATH) -> HostKey:
    """Tell the state of the host key from its file's header; the key itself is not read. Raises nothing."""
    try:
        machine_id = _read_machine_id(machine_id_path)
    except (OSError, ValueError) as error:
        return HostKey(UNREADABLE, f"{machine_id_path} cannot be used ({_reason(error)})")
    try:
        with open(secret_path, "rb") as file:
            header = file.read(16)
    except FileNotFoundError:
        return HostKey(EMPTY_MACHINE_ID if machine_id is None else ABSENT)
    except OSError as error:
        return HostKey(UNREADABLE, f"{secret_path} cannot be read ({_reason(error)})")
    if machine_id is None:
        return HostKey(EMPTY_MACHINE_ID)
    if len(header) < 16:
        return HostKey(UNREADABLE, f"{secret_path} is cut short")
    same = hmac.compare_digest(header, hashed_machine_id(machine_id=machine_id))
    return HostKey(BOUND if same else DIFFERS)


def guard(*, host_key: HostKey, at_stake: t.Sequence[str]) -> None:
    """Raise :class:`StoreError` unless systemd-creds may be called now; an absent host key is harmless.

    ``at_stake`` are the paths of the credentials that the host key opens; they are named in the refusal.
    """
    if host_key.state not in (BOUND, ABSENT):
        raise StoreError(_refusal(host_key=host_key, at_stake=at_stake))


def _refusal(*, host_key: HostKey, at_stake: t.Sequence[str]) -> str:
    named = ", ".join(at_stake[:5]) + (f" and {len(at_stake) - 5} more" if len(at_stake) > 5 else "")
    if host_key.state == DIFFERS:
        return (
            f"The machine-id of this host has changed since its host key {SECRET_PATH} was made, and systemd would "
            "delete that key "
            "for good at the next use, even at a decrypt, so nothing was done; at stake: "
            f"{named or 'no credential file was found'}; "
            f"put the old content of {MACHINE_ID_PATH} back, or, if it is lost, move {SECRET_PATH} away and place "
            "the secrets anew with on_undecryptable: replace."
        )
    if host_key.state == EMPTY_MACHINE_ID:
        return (
            f"{MACHINE_ID_PATH} is empty, so this host has no identity that credentials can be bound to; restore the "
            "file's old "
            "content, or run systemd-machine-id-setup on a host that never held credentials."
        )
    return f"The host key's state cannot be told: {host_key.problem}; nothing was done; mend that file first."


def _read_machine_id(path: str) -> bytes | None:
    """Return the machine-id's 16 bytes, or None where it is empty (a first boot's ``uninitialized`` included)."""
    with open(path, "rb") as file:
        text = file.read(64).strip()
    if text in (b"", b"uninitialized"):
        return None
    if not re.fullmatch(rb"[0-9a-fA-F]{32}", text):
        raise ValueError("it is not 32 hexadecimal digits")
    return bytes.fromhex(text.decode("ascii"))


def _reason(error: Exception) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)
