# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens what the ``systemd`` store holds. Who only reads needs nothing of what encrypts. Private to this collection."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
import typing as t

from .._errors import StoreError
from .._redact import one_line
from ._files import NULL_KEY, SYSTEMD, UNKNOWN_KEY, UndecryptableError
from ._machine_id import ABSENT, MACHINE_ID_PATH, SECRET_PATH, HostKey, guard, read_host_key
from ._run import Completed, ProgramMissingError, Runner, run

#: First 16 bytes of the decoded file -> key type (systemd, src/shared/creds-util.h). A type that is not listed is
#: ``unknown``: newer releases add some. ``+pk``: also sealed to a public key's policy; ``-scoped``: for one user.
_KEY_TYPES: t.Mapping[str, str] = {
    "5a1c6a86df9d4096b1d5a65e0862f19a": "host",
    "55b9ed1d38594d43a8319d2ebb332ac6": "host-scoped",
    "0c7cc07b117645919c4b0bea08bc20fe": "tpm2",
    "faf7eb9341e3412ca1a436f95a29362f": "tpm2+pk",
    "93a894094874449090caf2fc93cab553": "host+tpm2",
    "ef4ac13679a9480ea7db68897f9f165d": "host+tpm2-scoped",
    "af4950a849134eb1a73846304ff30c05": "host+tpm2+pk",
    "adbc4ca3efb64201ba881b6f2e4095ea": "host+tpm2+pk-scoped",
    "058469daf6f54324800549da0f8ea2fb": NULL_KEY,
}


def key_type(*, encrypted: bytes) -> str:
    """Tell the kind of key from the file alone: no privilege, no decryption. ``unknown`` where it cannot be told."""
    head = b"".join(encrypted[:256].split())[:24]
    try:
        return _KEY_TYPES.get(base64.b64decode(head, validate=True)[:16].hex(), UNKNOWN_KEY)
    except (binascii.Error, ValueError):
        return UNKNOWN_KEY


@dataclasses.dataclass(frozen=True)
class SystemdReader:
    """Decrypts with systemd-creds, never past the host-key guard; with ``user`` what is for this user's services."""

    runner: Runner = run
    secret_path: str = SECRET_PATH
    machine_id_path: str = MACHINE_ID_PATH
    user: str | None = None

    kind: t.ClassVar[str] = SYSTEMD

    def host_key(self) -> HostKey:
        """Return the host key's state, read anew: it must be true at the moment of the call that follows."""
        return read_host_key(secret_path=self.secret_path, machine_id_path=self.machine_id_path)

    def decrypt(self, *, name: str, path: str, encrypted: bytes, any_name: bool = False) -> bytes:
        """Return the content of the credential file at ``path``, whose text is ``encrypted``.

        The file is read by systemd-creds itself, so that what is proved is what lies on the disk. ``any_name`` takes
        a credential that was made for another name.
        """
        found = key_type(encrypted=encrypted)
        if found == NULL_KEY:
            raise self._undecryptable(
                path, "it is encrypted with the null key, which anybody can do, so it is not trusted"
            )
        host_key = self.host_key()
        guard(host_key=host_key, at_stake=[path])
        if host_key.state == ABSENT and not found.startswith("tpm2"):  # a pure TPM credential needs no host key
            raise self._undecryptable(path, f"the host key {self.secret_path} is gone")
        done = self._run(
            argv=["systemd-creds", "decrypt", *self._scope(), f"--name={'' if any_name else name}", path, "-"]
        )
        if done.rc != 0:
            reason = complaint(done.stderr)
            other = re.search(r"Embedded credential name '([^']*)' does not match", reason)
            raise self._undecryptable(path, reason, embedded_name=other.group(1) if other else None)
        return done.stdout

    def _undecryptable(self, path: str, reason: str, embedded_name: str | None = None) -> UndecryptableError:
        return UndecryptableError(
            path=path, reason=reason, key=f"the host key {self.secret_path}", embedded_name=embedded_name
        )

    def _scope(self) -> list[str]:
        return [] if self.user is None else ["--user", f"--uid={self.user}"]

    def _run(self, *, argv: t.Sequence[str], stdin: bytes = b"") -> Completed:
        try:
            return self.runner(argv=argv, stdin=stdin)
        except ProgramMissingError:
            raise StoreError(
                f"This host has no systemd-creds ({self._version()}); the systemd store needs systemd 250 or newer: "
                "use Debian 12, Ubuntu 24.04 or later."
            ) from None

    def _version(self) -> str:
        try:
            first = self.runner(argv=["systemctl", "--version"]).stdout.split(b"\n", 1)[0]
        except StoreError:
            return "systemd was not found"
        return "found " + one_line(first.decode("utf-8", "replace"), limit=60)


def complaint(stderr: bytes) -> str:
    """Return the last line that systemd-creds wrote: the ones before it are remarks."""
    lines = [line for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return one_line(lines[-1] if lines else "it gave no reason").rstrip(".")
