# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the firewall reads of its host and does to it, in one place. Private: not an interface for other collections."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pwd
import socket
import time
import typing as t

from .._credential._run import run
from .._errors import StoreError
from ._config import RESOLV_CONF, Config, addresses, read_config
from ._known import Known, from_text, to_text
from ._rules import CHAINS, FAMILY, TABLE

PROGRAM = "/usr/local/sbin/trading-hosts-firewall"
SERVICE = "trading-hosts-firewall.service"
UNIT = f"/etc/systemd/system/{SERVICE}"
#: The configuration that a second connection has confirmed; it counts after a reboot.
CONFIRMED = "/etc/trading-hosts/firewall.json"
#: One that nobody has confirmed yet. On memory: a reboot undoes it too.
TRIAL = "/run/trading-hosts-firewall/trial.json"
STATE = "/var/lib/trading-hosts-firewall/state.json"
#: Ends a trial that nobody confirms.
ROLLBACK_UNIT = "trading-hosts-firewall-rollback"

RESOLV_CONFS = ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf")


class NftError(StoreError):
    """nftables refuses something. ``said`` is what it says, on one line."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(f"nftables refuses the rules: {said}.")


class System(t.Protocol):
    """The host, as the refresher sees it."""

    def nft(self, commands: str) -> None:
        """Carry out commands in one transaction; raises :class:`NftError` or ``StoreError``."""

    def table_id(self) -> str:
        """Return what tells the table and its rules from any others in their place; empty where there is none.

        Others may have flushed everything, and may have loaded an older copy of it from a file of theirs.
        """

    def resolve(self, name: str) -> t.Sequence[str]:
        """Return the addresses of a name; none where it has none. Raises ``OSError`` where that is not known."""

    def uids(self, names: t.Iterable[str]) -> t.Mapping[str, int]:
        """Return the numbers of those users that exist."""

    def now(self) -> float:
        """Return the seconds since 1970."""

    def read_known(self) -> Known:
        """Return the state on disk."""

    def write_known(self, known: Known) -> None:
        """Replace the state on disk; raises ``OSError``."""

    def say(self, text: str) -> None:
        """Tell the journal one line."""


class Host:
    """This host."""

    def nft(self, commands: str, *, check: bool = False) -> None:
        done = run(argv=["nft", *(["-c"] if check else []), "-f", "-"], stdin=commands.encode())
        if done.rc:
            raise NftError(explain(done.stderr.decode(errors="replace"), commands=commands))

    def table_id(self) -> str:
        # A file without a flush at its beginning adds its rules to those that are there, and sets the policies.
        listed = [
            run(argv=["nft", "--stateless", "--numeric", "list", "chain", FAMILY, TABLE, chain]) for chain in CHAINS
        ]
        if any(done.rc for done in listed):
            return ""
        return f"{_number()} {hashlib.sha256(b''.join(done.stdout for done in listed)).hexdigest()}"

    def resolve(self, name: str) -> t.Sequence[str]:
        if name == RESOLV_CONF:
            return name_servers(RESOLV_CONFS)
        # By the host's own resolver, which is what programs ask too: files, DNS, whatever is set up there.
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        return [str(entry[4][0]) for entry in found]

    def uids(self, names: t.Iterable[str]) -> t.Mapping[str, int]:
        found = {}
        for name in names:
            with contextlib.suppress(KeyError):
                found[name] = pwd.getpwnam(name).pw_uid
        return found

    def now(self) -> float:
        return time.time()

    def read_known(self) -> Known:
        return from_text(read_text(STATE) or "")

    def write_known(self, known: Known) -> None:
        write_text(STATE, to_text(known), mode=0o600)

    def say(self, text: str) -> None:
        os.write(1, f"{text}\n".encode(errors="replace"))


def _number() -> str:
    """Return the table's number, which no later one of its name has; empty where nft was built without JSON."""
    done = run(argv=["nft", "--json", "list", "tables", FAMILY])
    told = [each.get("table", {}) for each in json.loads(done.stdout)["nftables"]] if done.rc == 0 else []
    return "".join(str(each["handle"]) for each in told if (each.get("family"), each.get("name")) == (FAMILY, TABLE))


def config_in_force() -> Config | None:
    """Return the configuration on trial, or the confirmed one; ``None`` on a host without."""
    text = read_text(TRIAL)
    if text is not None:
        return read_config(json.loads(text)["config"])
    text = read_text(CONFIRMED)
    return read_config(text) if text is not None else None


def read_text(path: str) -> str | None:
    """Return the content of a file, or ``None`` where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_text(path: str, text: str, *, mode: int) -> None:
    """Replace a file at once: a reader, or a host that loses its power, finds the old content or the new one."""
    directory = os.path.dirname(path)
    os.makedirs(directory, mode=0o755, exist_ok=True)
    scratch = f"{path}.new"
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, path)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: str) -> None:
    """Remove a file that may not be there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def name_servers(paths: t.Iterable[str]) -> t.Sequence[str]:
    """Return the name servers of resolver files but for those on this host itself, such as the stub of systemd."""
    found = []
    for path in paths:
        for line in (read_text(path) or "").splitlines():
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver":
                found.append(words[1])
    return [address for address in addresses(found) if not address.startswith("127.") and address != "::1"]


def explain(stderr: str, *, commands: str) -> str:
    """Return nft's first complaint on one line, with the line of the rules that it is about."""
    for line in stderr.splitlines():
        place, error, said = line.partition("Error: ")
        if error:
            numbers = [part for part in place.split(":") if part.strip().isdigit()]
            lines = commands.splitlines()
            at = int(numbers[0]) if numbers else 0
            rule = f' of "{lines[at - 1].strip()}"' if 0 < at <= len(lines) else ""
            return f"{said.strip()}{rule}"
    return " ".join(stderr.split())[:200] or "no reason given"
