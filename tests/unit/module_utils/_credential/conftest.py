# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A systemd-creds and an age that run in the test's process; the first is as dangerous as the real one."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential._age import AgeStore
from ansible_collections.trading.hosts.plugins.module_utils._credential._machine_id import hashed_machine_id
from ansible_collections.trading.hosts.plugins.module_utils._credential._place import Placer
from ansible_collections.trading.hosts.plugins.module_utils._credential._run import Completed, ProgramMissingError
from ansible_collections.trading.hosts.plugins.module_utils._credential._systemd import SystemdStore

HEADERS = {
    "host": "5a1c6a86df9d4096b1d5a65e0862f19a",
    "host-scoped": "55b9ed1d38594d43a8319d2ebb332ac6",
    "host+tpm2-scoped": "ef4ac13679a9480ea7db68897f9f165d",
    "tpm2": "0c7cc07b117645919c4b0bea08bc20fe",
    "host+tpm2": "93a894094874449090caf2fc93cab553",
    "null": "058469daf6f54324800549da0f8ea2fb",
}
MACHINE_ID = "0123456789abcdef0123456789abcdef"


@dataclasses.dataclass
class FakeSystemd:
    """What systemd-creds does, with base64 for its cipher: it deletes the host key under another machine-id."""

    root: Path
    has_tpm2: bool = False
    missing: bool = False
    version: int = 257
    refuse: str = ""
    corrupt: bool = False
    calls: list[list[str]] = dataclasses.field(default_factory=list)
    lock: t.Any = dataclasses.field(default_factory=threading.Lock)

    @property
    def secret(self) -> Path:
        return self.root / "credential.secret"

    @property
    def machine_id(self) -> Path:
        return self.root / "machine-id"

    def set_machine_id(self, text: str) -> None:
        self.machine_id.write_text(text)

    def store(self) -> SystemdStore:
        return SystemdStore(runner=self, secret_path=str(self.secret), machine_id_path=str(self.machine_id))

    def verbs(self) -> list[str]:
        return [call[1] for call in self.calls]

    def __call__(self, *, argv: t.Sequence[str], stdin: bytes = b"") -> Completed:
        if self.missing:
            if argv[0] == "systemctl":
                return Completed(0, b"systemd 247 (247.3)\n+PAM\n", b"")
            raise ProgramMissingError("missing")
        with self.lock:
            self.calls.append(list(argv))
            return self._run(list(argv), stdin)

    def _run(self, argv: list[str], stdin: bytes) -> Completed:
        verb = argv[1]
        if verb == "--version":
            return Completed(0, f"systemd {self.version} ({self.version}.1)\n+PAM\n".encode(), b"")
        user = next((word[6:] for word in argv if word.startswith("--uid=")), None)
        if verb == "has-tpm2":
            return Completed(0 if self.has_tpm2 else 7, b"", b"")
        name = next(word[7:] for word in argv if word.startswith("--name="))
        if verb == "encrypt":
            if self.refuse:
                return Completed(1, b"", f"a remark\n{self.refuse}\n".encode())
            with_key = next(word[11:] for word in argv if word.startswith("--with-key="))
            kind = with_key if with_key != "auto" else "host+tpm2" if self.has_tpm2 else "host"
            kind += "-scoped" if user else ""
            body = self._key(create=True) + json.dumps([name, stdin.hex(), user]).encode()
            return Completed(0, base64.encodebytes(bytes.fromhex(HEADERS[kind]) + body), b"")
        blob = base64.b64decode(Path(argv[-2]).read_bytes())
        key = self._key(create=False)
        if not key or blob[16:32] != key:
            return Completed(1, b"", b"Failed to decrypt: Bad message\n")
        embedded, content, scope = json.loads(blob[32:])
        if scope != user:
            return Completed(1, b"", b"Encrypted file is scoped to a user, but no user selected.\n")
        if name not in ("", embedded):
            complaint = f"Embedded credential name '{embedded}' does not match filename '{name}', refusing.\n"
            return Completed(1, b"", complaint.encode())
        return Completed(0, b"damaged" if self.corrupt else bytes.fromhex(content), b"")

    def _key(self, *, create: bool) -> bytes:
        mine = hashed_machine_id(machine_id=bytes.fromhex(self.machine_id.read_text().strip()))
        if self.secret.exists():
            if self.secret.read_bytes()[:16] == mine:
                return self.secret.read_bytes()[16:32]
            self.secret.unlink()  # as systemd does
        if not create:
            return b""
        self.secret.write_bytes(mine + os.urandom(16))
        return self.secret.read_bytes()[16:32]


ALPHABET = "023456789acdefghjklmnpqrstuvwxyz"


def age_recipient(identity: str) -> str:
    """The public half of an identity of :class:`FakeAge`."""
    return "age1" + "".join(ALPHABET[byte % 32] for byte in hashlib.sha512(identity.encode()).digest()[:58])


@dataclasses.dataclass
class FakeAge:
    """What age and age-keygen do, with hexadecimal for their cipher."""

    root: Path
    missing: bool = False
    corrupt: bool = False
    made: int = 0
    clear_swaps: list[str] = dataclasses.field(default_factory=list)
    calls: list[list[str]] = dataclasses.field(default_factory=list)
    lock: t.Any = dataclasses.field(default_factory=threading.Lock)

    @property
    def identity(self) -> Path:
        return self.root / "lib" / "age" / "identity"

    def store(self, *recipients: str) -> AgeStore:
        return AgeStore(
            runner=self,
            identity_path=str(self.identity),
            recipients=recipients,
            swaps=lambda: self.clear_swaps,
            uid=os.geteuid(),
            gid=os.getegid(),
        )

    def __call__(self, *, argv: t.Sequence[str], stdin: bytes = b"") -> Completed:
        if self.missing:
            raise ProgramMissingError("missing")
        with self.lock:
            self.calls.append(list(argv))
            return self._run(list(argv), stdin)

    def _run(self, argv: list[str], stdin: bytes) -> Completed:
        if argv == ["age-keygen"]:
            self.made += 1
            secret = f"AGE-SECRET-KEY-1FAKE{self.made}"
            return Completed(0, f"# public key: {age_recipient(secret)}\n{secret}\n".encode(), b"")
        if argv[:2] == ["age-keygen", "-y"]:
            return Completed(0, f"{age_recipient(self._secret(argv[2]))}\n".encode(), b"")
        if argv[1] == "--encrypt":
            recipients = [word for before, word in zip(argv, argv[1:]) if before == "--recipient"]
            text = "age-encryption.org/v1\n" + "".join("-> X25519 x\nbody\n" for _one in recipients) + "--- mac\n"
            body = base64.encodebytes(text.encode() + json.dumps([recipients, stdin.hex()]).encode()).decode()
            armor = f"-----BEGIN AGE ENCRYPTED FILE-----\n{body}-----END AGE ENCRYPTED FILE-----\n"
            return Completed(0, armor.encode(), b"")
        if argv[1] == "--decrypt":
            text = (stdin or Path(argv[4]).read_bytes()).decode()
            try:
                held = json.loads(base64.b64decode("".join(text.splitlines()[1:-1])).partition(b"--- mac\n")[2])
            except ValueError:
                return Completed(1, b"", b"age: error: failed to decrypt and authenticate payload chunk\n")
            if age_recipient(self._secret(argv[3])) not in held[0]:
                return Completed(1, b"", b"age: error: no identity matched any of the recipients\n")
            return Completed(0, b"damaged" if self.corrupt else bytes.fromhex(held[1]), b"")
        return Completed(0, b"", b"")

    def _secret(self, path: str) -> str:
        return Path(path).read_text().splitlines()[-1]


@pytest.fixture
def age(tmp_path: Path) -> FakeAge:
    """A machine with the program and without an identity."""
    return FakeAge(root=tmp_path)


@pytest.fixture
def systemd(tmp_path: Path) -> FakeSystemd:
    """A machine with an identity and no host key yet."""
    fake = FakeSystemd(root=tmp_path)
    fake.set_machine_id(MACHINE_ID + "\n")
    return fake


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "credstore.encrypted"


@pytest.fixture
def placer(systemd: FakeSystemd, directory: Path) -> Placer:
    return Placer(directory=str(directory), store=systemd.store(), uid=os.geteuid(), gid=os.getegid())
