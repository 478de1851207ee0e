# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ``systemd`` store: credentials that systemd-creds encrypts and LoadCredentialEncrypted= loads.

Private: not an interface for other collections. No cryptography of our own: systemd-creds does all of it, on the host
that will use the credential, because only there the key exists.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
import typing as t

from .._errors import StoreError
from .._redact import one_line
from ._machine_id import ABSENT, BOUND, MACHINE_ID_PATH, SECRET_PATH, HostKey, guard, read_host_key
from ._run import Completed, ProgramMissingError, Runner, run
from ._store import NULL_KEY, SYSTEMD, UNKNOWN_KEY, Terms, UndecryptableError

#: The first release with credentials for one user.
_SCOPED_SINCE = 256

WITH_KEY = ("auto", "host", "tpm2", "host+tpm2")

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


def key_fits(*, wanted: str, found: str, scoped: bool = False) -> bool:
    """Whether a credential with the key type ``found`` needs no new encryption when ``wanted`` was asked for.

    ``auto`` takes every real key. A type that this release does not know counts as fitting once it decrypts, or a newer
    systemd would have every credential encrypted anew on every run.
    """
    if found == NULL_KEY or (found != UNKNOWN_KEY and found.endswith("-scoped") != scoped):
        return False
    held = found[: -len("-scoped")] if scoped and found != UNKNOWN_KEY else found
    return wanted == "auto" or held == UNKNOWN_KEY or held in (wanted, f"{wanted}+pk")


def load_directive(*, name: str, path: str) -> str:
    """Return the line for the unit that uses the credential; a percent sign in the path is doubled, as units want."""
    return f"LoadCredentialEncrypted={name}:{path.replace('%', '%%')}"


@dataclasses.dataclass(frozen=True)
class SystemdStore:
    """Encrypts and decrypts with systemd-creds, never past the host-key guard.

    With ``user`` its credentials are for the services of this user's own manager (systemd 256 or newer).
    Every method raises :class:`StoreError` (:class:`UndecryptableError` where the credential is at fault).
    """

    runner: Runner = run
    secret_path: str = SECRET_PATH
    machine_id_path: str = MACHINE_ID_PATH
    user: str | None = None

    kind: t.ClassVar[str] = SYSTEMD

    def host_key(self) -> HostKey:
        """Return the host key's state, read anew: it must be true at the moment of the call that follows."""
        return read_host_key(secret_path=self.secret_path, machine_id_path=self.machine_id_path)

    def guard(self, *, at_stake: t.Sequence[str], replace: bool = False) -> None:
        """Refuse unless systemd-creds may be called now."""
        del replace  # no other host key may take the place of one that is there
        if self.user is not None and (found := self._version_number()) < _SCOPED_SINCE:
            raise StoreError(
                f"systemd on this host (version {found}) knows no credentials for one user; that needs systemd "
                f"{_SCOPED_SINCE} or newer (Debian 13): use scope: system."
            )
        guard(host_key=self.host_key(), at_stake=at_stake)

    def trouble(self) -> str | None:
        """Return why no decryption may be tried now."""
        if self.host_key().state in (BOUND, ABSENT):
            return None
        return "Not tried: a decryption could make systemd delete the host key (see machine.host_key)."

    def everybody(self) -> t.Sequence[str]:
        """Nobody but the host: it has no recipients."""
        return ()

    def begins(self) -> bool:
        """The first encryption on a host makes the host key."""
        return self.host_key().state == ABSENT

    def encrypt(self, *, name: str, content: bytes, terms: Terms) -> bytes:
        """Return the text of the credential file for ``content``, encrypted by the key of ``terms``."""
        self.guard(at_stake=())
        with_key = terms.with_key
        argv = ["systemd-creds", "encrypt", *self._scope(), f"--name={name}", f"--with-key={with_key}"]
        if terms.not_after is not None:
            argv.append(f"--not-after={terms.not_after.replace('T', ' ').replace('Z', ' UTC')}")
        done = self._run(argv=[*argv, "-", "-"], stdin=content)
        if done.rc != 0:
            raise StoreError(
                f"systemd-creds could not encrypt {name} with the key {with_key}: {_complaint(done.stderr)}."
            )
        if key_type(encrypted=done.stdout) == NULL_KEY:
            raise StoreError(
                f"systemd-creds encrypted {name} with the null key, which protects nothing, so it was not stored; "
                "use with_key: host on a host without a TPM."
            )
        return done.stdout

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
            complaint = _complaint(done.stderr)
            other = re.search(r"Embedded credential name '([^']*)' does not match", complaint)
            raise self._undecryptable(path, complaint, embedded_name=other.group(1) if other else None)
        return done.stdout

    def _undecryptable(self, path: str, reason: str, embedded_name: str | None = None) -> UndecryptableError:
        return UndecryptableError(
            path=path, reason=reason, key=f"the host key {self.secret_path}", embedded_name=embedded_name
        )

    def key_type(self, *, encrypted: bytes) -> str:
        """Return the kind of key that encrypts it."""
        return key_type(encrypted=encrypted)

    def key_fits(self, *, wanted: str, found: str) -> bool:
        """Whether the key type ``found`` will do where ``wanted`` was asked for."""
        return key_fits(wanted=wanted, found=found, scoped=self.user is not None)

    def _scope(self) -> list[str]:
        return [] if self.user is None else ["--user", f"--uid={self.user}"]

    def load_directive(self, *, name: str, path: str) -> str | None:
        """Return the line for the unit that uses the credential."""
        return load_directive(name=name, path=path)

    def predict_key_type(self, *, terms: Terms) -> str:
        """Return the key type that :meth:`encrypt` would give, without touching the host key."""
        with_key = terms.with_key
        has_tpm2 = self._run(argv=["systemd-creds", "has-tpm2", "--quiet"]).rc == 0
        scoped = "-scoped" if self.user is not None else ""
        if with_key == "auto":
            return f"host+tpm2{scoped}" if has_tpm2 else f"host{scoped}"
        if "tpm2" in with_key and not has_tpm2:
            raise StoreError(f"with_key {with_key!r}: this host has no usable TPM 2.0; use with_key: host.")
        return f"{with_key}{scoped}"

    def _run(self, *, argv: t.Sequence[str], stdin: bytes = b"") -> Completed:
        try:
            return self.runner(argv=argv, stdin=stdin)
        except ProgramMissingError:
            raise StoreError(
                f"This host has no systemd-creds ({self._version()}); the systemd store needs systemd 250 or newer: "
                "use Debian 12, Ubuntu 24.04 or later."
            ) from None

    def _version_number(self) -> int:
        found = re.search(r"\b[0-9]{3}\b", self._version())
        return int(found[0]) if found else 0

    def _version(self) -> str:
        try:
            first = self.runner(argv=["systemctl", "--version"]).stdout.split(b"\n", 1)[0]
        except StoreError:
            return "systemd was not found"
        return "found " + one_line(first.decode("utf-8", "replace"), limit=60)


def _complaint(stderr: bytes) -> str:
    """Return the last line that systemd-creds wrote: the ones before it are remarks."""
    lines = [line for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return one_line(lines[-1] if lines else "it gave no reason").rstrip(".")
