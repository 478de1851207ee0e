# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tells one host from its clone. Private: not an interface for other collections.

Two hosts made of one image can have the same machine-id and the same SSH host keys. Then either one's host key opens
the other's credentials, and either one can pass for the other.
"""

from __future__ import annotations

import base64
import binascii
import glob
import hashlib
import hmac
import os
import typing as t

from ._machine_id import MACHINE_ID_PATH

SSH_DIRECTORY = "/etc/ssh"

#: Made for this collection. machine-id(5) asks programs to show the id only hashed with a key of their own.
_APPLICATION_ID = bytes.fromhex("6f1f2d1bb0a94cf5a4b1a2c6f4a8d317")


def host_identity(*, machine_id_path: str = MACHINE_ID_PATH, ssh_directory: str = SSH_DIRECTORY) -> dict[str, t.Any]:
    """Return ``machine_id``, 32 hexadecimal digits that are the same for the same machine-id and do not tell it, and
    ``ssh_host_keys``, the fingerprints of the public halves in the form of ``ssh-keygen -l``.

    What cannot be read is ``None`` or left out. Raises nothing.
    """
    paths = sorted(glob.glob(os.path.join(glob.escape(ssh_directory), "ssh_host_*_key.pub")))
    found = [fingerprint for path in paths if (fingerprint := _fingerprint(_read(path))) is not None]
    return {"machine_id": _digest(_read(machine_id_path)), "ssh_host_keys": sorted(found)}


def _digest(text: bytes) -> str | None:
    try:
        machine_id = bytes.fromhex(text.strip().decode("ascii"))
    except ValueError:
        return None
    return hmac.new(machine_id, _APPLICATION_ID, hashlib.sha256).hexdigest()[:32] if len(machine_id) == 16 else None


def _fingerprint(line: bytes) -> str | None:
    """Return the fingerprint of one line of a ``.pub`` file: kind, key in base64, comment."""
    try:
        key = base64.b64decode(line.split()[1], validate=True)
    except (IndexError, binascii.Error):
        return None
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode("ascii").rstrip("=")


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(16 * 1024)
    except OSError:
        return b""
