# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ``systemd`` store: credentials that systemd-creds encrypts and LoadCredentialEncrypted= loads.

Private: not an interface for other collections. No cryptography of our own: systemd-creds does all of it, on the host
that will use the credential, because only there the key exists.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._errors import StoreError
from ._files import NULL_KEY, UNKNOWN_KEY
from ._machine_id import ABSENT, BOUND, guard
from ._store import Terms
from ._systemd_reader import SystemdReader, complaint, key_type

#: The first release with credentials for one user.
_SCOPED_SINCE = 256

WITH_KEY = ("auto", "host", "tpm2", "host+tpm2")


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
class SystemdStore(SystemdReader):
    """Encrypts and decrypts with systemd-creds, never past the host-key guard.

    With ``user`` its credentials are for the services of this user's own manager (systemd 256 or newer).
    Every method raises :class:`StoreError` (:class:`UndecryptableError` where the credential is at fault).
    """

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
                f"systemd-creds could not encrypt {name} with the key {with_key}: {complaint(done.stderr)}."
            )
        if key_type(encrypted=done.stdout) == NULL_KEY:
            raise StoreError(
                f"systemd-creds encrypted {name} with the null key, which protects nothing, so it was not stored; "
                "use with_key: host on a host without a TPM."
            )
        return done.stdout

    def key_type(self, *, encrypted: bytes) -> str:
        """Return the kind of key that encrypts it."""
        return key_type(encrypted=encrypted)

    def key_fits(self, *, wanted: str, found: str) -> bool:
        """Whether the key type ``found`` will do where ``wanted`` was asked for."""
        return key_fits(wanted=wanted, found=found, scoped=self.user is not None)

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

    def _version_number(self) -> int:
        found = re.search(r"\b[0-9]{3}\b", self._version())
        return int(found[0]) if found else 0
