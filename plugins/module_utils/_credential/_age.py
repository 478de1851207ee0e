# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ``age`` store: credentials that the program age encrypts for an identity of the host, and for its operators.

Private: not an interface for other collections. For hosts whose systemd is older than 250, and for everybody who wants
a credential that more than one place can open. The host's identity is made on the host by age-keygen and never leaves
it.

What is called here is what age 1.0.0~rc1 (Debian 11) and later have.
"""

from __future__ import annotations

import dataclasses
import os
import re
import typing as t

from .._errors import InputError, StoreError
from .._redact import one_line
from .._swap import clear_swaps
from . import _writer
from ._age_reader import ABSENT, PASSPHRASE, AgeReader, complaint, stanzas
from ._files import AGE, AGE_SUFFIX, UNKNOWN_KEY, UndecryptableError
from ._store import Terms

_RECIPIENT = re.compile(
    r"age1[02-9ac-hj-np-z]{58}|(?:ssh-ed25519|ssh-rsa) [A-Za-z0-9+/]{40,}={0,2}(?: [ -~]{0,200})?", re.ASCII
)


def check_recipients(*, recipients: t.Any, field: str) -> tuple[str, ...]:
    """Return the recipients, each once; raise :class:`InputError` for one that age would not take."""
    if recipients is None:
        return ()
    if not isinstance(recipients, list):
        raise InputError(field=field, problem="is not a list", mend="give a list of recipients, age1...")
    found: dict[str, None] = {}
    for number, recipient in enumerate(recipients):
        where = f"{field}[{number}]"
        if isinstance(recipient, str) and "SECRET-KEY" in recipient.upper():
            raise InputError(
                field=where,
                problem="is an identity, the secret half of a pair",
                mend="give the public half, age1...; this one has been seen by others now, so make another pair",
            )
        if not isinstance(recipient, str) or not _RECIPIENT.fullmatch(recipient.strip()):
            raise InputError(
                field=where,
                value=one_line(str(recipient), limit=80),
                problem="is no recipient",
                mend="give the public half that age-keygen prints (age1...), or an SSH key (ssh-ed25519 or ssh-rsa)",
            )
        found.setdefault(recipient.strip())
    return tuple(found)


@dataclasses.dataclass(frozen=True)
class AgeStore(AgeReader):
    """Encrypts and decrypts with the program age, for the host's identity and for further recipients.

    Every method raises :class:`StoreError` (:class:`UndecryptableError` where the credential is at fault).
    """

    recipients: t.Sequence[str] = ()
    swaps: t.Callable[[], t.Sequence[str]] = clear_swaps
    gid: int = 0

    _own: dict[str, str] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def guard(self, *, at_stake: t.Sequence[str], replace: bool = False) -> None:
        """Refuse where memory reaches the disk in clear, and where the identity is not what it should be."""
        try:
            clear = list(self.swaps())
        except OSError as error:
            raise StoreError(f"Whether this host swaps cannot be told ({error.strerror}); mend that first.") from None
        if clear:
            raise StoreError(
                f"This host swaps to {', '.join(clear[:3])} without encryption, where what the age store unseals for "
                "a service could be written to the disk in clear; turn it off (swapoff --all, and remove it from "
                "/etc/fstab), encrypt it, or use store: systemd."
            )
        found = self.identity()
        if found.problem is not None:
            raise StoreError(found.problem)
        lost = [path for path in at_stake if path.endswith(AGE_SUFFIX)]
        if found.state == ABSENT and lost and not replace:
            raise StoreError(
                f"The identity {self.identity_path} is gone, and {', '.join(lost[:5])} on this host can be opened by "
                "nothing else here, so no other one was made in its place; restore it from a backup of this host, or "
                "place the secrets anew with on_undecryptable: replace."
            )

    def trouble(self) -> str | None:
        """A decryption does no harm here."""
        return None

    def begins(self) -> bool:
        """The first encryption on a host makes the identity."""
        return self.identity().state == ABSENT

    def recipient(self) -> str:
        """Return the host's own recipient, the public half of its identity."""
        if self.identity_path not in self._own:
            done = self._run(argv=["age-keygen", "-y", self.identity_path])
            found = done.stdout.decode("utf-8", "replace").split("\n", 1)[0].strip()
            if done.rc != 0 or not _RECIPIENT.fullmatch(found):
                raise StoreError(
                    f"The identity {self.identity_path} cannot be used: {complaint(done.stderr)}; restore it from a "
                    "backup of this host."
                )
            self._own[self.identity_path] = found
        return self._own[self.identity_path]

    def make_identity(self) -> bool:
        """Make the identity unless there is one, and return whether it was made. Two runs at once make one."""
        if self.identity().state != ABSENT:
            return False
        directory = os.path.dirname(self.identity_path)
        for each in (os.path.dirname(directory), directory):
            if not os.path.isdir(each):
                _writer.make_directory(directory=each)
        _writer.check_directory(directory=directory, owner_uid=self.uid)
        with _writer.locked(directory=directory):
            _writer.remove_leftovers(directory=directory)
            if self.identity().state != ABSENT:
                return False
            done = self._run(argv=["age-keygen"])
            if done.rc != 0 or b"AGE-SECRET-KEY-" not in done.stdout:
                raise StoreError(f"age-keygen could not make an identity: {complaint(done.stderr)}.")
            staged = _writer.stage(
                directory=directory, name="identity", content=done.stdout, uid=self.uid, gid=self.gid
            )
            _writer.commit(staged=staged, path=self.identity_path)
            _writer.sync_directory(directory=directory)
        return True

    def everybody(self) -> tuple[str, ...]:
        """Return all who can open a credential: the host, where it has an identity, and the further recipients."""
        if self.identity().state == ABSENT:
            return tuple(self.recipients)
        return tuple(dict.fromkeys((self.recipient(), *self.recipients)))

    def encrypt(self, *, name: str, content: bytes, terms: Terms) -> bytes:
        """Return the text of the credential file; makes the identity on a host that has none."""
        del terms  # they are the systemd store's
        self.make_identity()
        return self.seal(name=name, content=content, recipients=(self.recipient(), *self.recipients))

    def seal(self, *, name: str, content: bytes, recipients: t.Sequence[str]) -> bytes:
        """Return ``content`` encrypted for these recipients, as text."""
        argv = ["age", "--encrypt", "--armor"]
        for recipient in recipients:
            argv += ["--recipient", recipient]
        done = self._run(argv=argv, stdin=content)
        if done.rc != 0 or stanzas(encrypted=done.stdout) is None:
            raise StoreError(f"age could not encrypt {name}: {complaint(done.stderr)}.")
        return done.stdout

    def unseal(self, *, what: str, sealed: bytes) -> bytes:
        """Return the content of a text that was sealed for this host; ``what`` names it."""
        try:
            return self._open(path=what, encrypted=sealed, stdin=sealed)
        except UndecryptableError as error:
            if self.identity().state == ABSENT:
                raise StoreError(
                    f"{what} cannot be opened: this host has no identity yet; run this module with make_age_identity: "
                    "true and no credentials, and seal the secret for the recipient that it returns."
                ) from None
            raise StoreError(
                f"{what} cannot be opened on this host ({error.reason}); seal it with age --encrypt --armor "
                f"--recipient {self.recipient()} --recipient <your recovery recipient>."
            ) from None

    def key_type(self, *, encrypted: bytes) -> str:
        """Return ``age``, ``age-passphrase`` for a file that no identity opens, or ``unknown``."""
        kinds = stanzas(encrypted=encrypted)
        return UNKNOWN_KEY if kinds is None else PASSPHRASE if "scrypt" in kinds else AGE

    def key_fits(self, *, wanted: str, found: str) -> bool:
        """Whether it needs no new encryption."""
        del wanted
        return found == AGE

    def predict_key_type(self, *, terms: Terms) -> str:
        """Prove that age is there and takes the recipients; nothing is written."""
        del terms
        self._run(argv=["age", "--version"])
        if self.recipients:
            self.seal(name="nothing", content=b"", recipients=self.recipients)
        return AGE

    def load_directive(self, *, name: str, path: str) -> str | None:
        """systemd has no directive for age files: the role ``trading_service`` unseals them."""
        del name, path
        return None
