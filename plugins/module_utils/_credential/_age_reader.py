# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens what the ``age`` store holds. Who only reads needs nothing of what encrypts. Private to this collection.

What is called here is what age 1.0.0~rc1 (Debian 11) and later have.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import os
import re
import stat
import typing as t

from .._errors import StoreError
from .._redact import one_line
from ._files import AGE, UndecryptableError
from ._run import Completed, ProgramMissingError, Runner, run

#: Not below /etc, so that a copy of /etc holds credentials without what opens them.
IDENTITY = "/var/lib/trading-hosts/age/identity"

PRESENT = "present"
ABSENT = "absent"
EXPOSED = "exposed"
UNREADABLE = "unreadable"

PASSPHRASE = "age-passphrase"

_MAX_HEADER = 64 * 1024


@dataclasses.dataclass(frozen=True)
class Identity:
    """State of the host's identity; ``problem`` says what is wrong with it, in a sentence."""

    state: str
    problem: str | None = None


def stanzas(*, encrypted: bytes) -> list[str] | None:
    """Return the kinds of recipient in the header of an age file, or None where it is none.

    ``X25519`` for ``age1...``, ``ssh-ed25519``, ``ssh-rsa``, ``scrypt`` for a passphrase. Who they are is not in there.
    """
    text = encrypted.lstrip()
    if text.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----"):
        body = b"".join(text.splitlines()[1:])[:_MAX_HEADER].partition(b"-----")[0]
        try:
            text = base64.b64decode(body[: len(body) // 4 * 4], validate=True)
        except (binascii.Error, ValueError):
            return None
    lines = text[:_MAX_HEADER].split(b"\n")
    if lines[0] != b"age-encryption.org/v1":
        return None
    found: list[str] = []
    for line in lines[1:]:
        if line.startswith(b"---"):
            return found
        if line.startswith(b"-> "):
            words = line.split(b" ")
            found.append(one_line(words[1].decode("utf-8", "replace"), limit=40))
    return None


@dataclasses.dataclass(frozen=True)
class AgeReader:
    """Decrypts with the program age and the host's identity, which belongs to ``uid``."""

    runner: Runner = run
    identity_path: str = IDENTITY
    uid: int = 0

    kind: t.ClassVar[str] = AGE

    def identity(self) -> Identity:
        """Return the state of the identity from its file's status; it is not read. Raises nothing."""
        try:
            found = os.lstat(self.identity_path)
        except FileNotFoundError:
            return Identity(ABSENT)
        except OSError as error:
            return Identity(UNREADABLE, f"{self.identity_path} cannot be read ({error.strerror}); mend that first.")
        if not stat.S_ISREG(found.st_mode):
            return Identity(UNREADABLE, f"{self.identity_path} is not a plain file; put the identity back there.")
        if found.st_uid != self.uid or found.st_mode & 0o077:
            return Identity(
                EXPOSED,
                f"The identity {self.identity_path} can be read by others than root (mode "
                f"{stat.S_IMODE(found.st_mode):04o}, uid {found.st_uid}), so nothing that it opens is safe; find out "
                f"who did, run: chown root {self.identity_path} && chmod 600 {self.identity_path} - and make other "
                "keys on the exchanges if somebody can have read it.",
            )
        return Identity(PRESENT)

    def decrypt(self, *, name: str, path: str, encrypted: bytes, any_name: bool = False) -> bytes:
        """Return the content of the credential file at ``path``; it is read by age itself, from the disk."""
        del name, any_name  # there is no name in an age file
        return self._open(path=path, encrypted=encrypted, stdin=None)

    def _open(self, *, path: str, encrypted: bytes, stdin: bytes | None) -> bytes:
        kinds = stanzas(encrypted=encrypted)
        if kinds is None:
            raise self._undecryptable(path, "it is no whole age file")
        if "scrypt" in kinds:
            raise self._undecryptable(path, "it is encrypted with a passphrase, which no service can type")
        identity = self.identity()
        if identity.state == ABSENT:
            raise self._undecryptable(path, f"the identity {self.identity_path} is gone")
        if identity.problem is not None:
            raise StoreError(identity.problem)
        argv = ["age", "--decrypt", "--identity", self.identity_path]
        done = self._run(argv=argv, stdin=stdin) if stdin is not None else self._run(argv=[*argv, path])
        if done.rc != 0:
            raise self._undecryptable(path, complaint(done.stderr))
        return done.stdout

    def _undecryptable(self, path: str, reason: str) -> UndecryptableError:
        return UndecryptableError(path=path, reason=reason, key=f"the identity {self.identity_path}")

    def _run(self, *, argv: t.Sequence[str], stdin: bytes = b"") -> Completed:
        try:
            return self.runner(argv=argv, stdin=stdin)
        except ProgramMissingError:
            raise StoreError(
                f"This host has no program {argv[0]}, which the age store needs; install the package age."
            ) from None


def complaint(stderr: bytes) -> str:
    """Return what age complained of: its first line; the ones after it are advice."""
    lines = [line for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    first = lines[0] if lines else "it gave no reason"
    return one_line(re.sub(r"^(?:age|age-keygen): (?:error: )?", "", first)).rstrip(".")
