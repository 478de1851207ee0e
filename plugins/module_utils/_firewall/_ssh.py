# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""By which ports this host is reached over SSH: what its server listens on, and the connection in use. Private."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import typing as t

from .._credential._run import run
from .._errors import StoreError
from ._system import read_text

#: The port that remains where nothing else is known.
DEFAULT_PORT = 22
_LISTEN = "0A"
_LOOPBACK = ("0100007F", "00000000000000000000000001000000")


@dataclasses.dataclass(frozen=True)
class Connection:
    """The SSH connection that this process came by. ``text`` tells it from others; ``client`` is its address."""

    text: str
    client: str
    port: int


def connection(*, proc: str = "/proc", pid: int | None = None) -> Connection | None:
    """Return the connection of the nearest ancestor that has one: sudo takes it out of the environment."""
    process = os.getpid() if pid is None else pid
    for _generation in range(32):
        found = _parse(_environment(f"{proc}/{process}/environ"))
        if found:
            return found
        process = _parent(proc, process)
        if process <= 1:
            break
    return None


def ports(*, proc: str = "/proc") -> list[int]:
    """Return the ports that the SSH server listens on, also where systemd listens for it, and this connection's."""
    found = set(_of_server(proc)) | set(_of_sockets())
    here = connection(proc=proc)
    if here:
        found.add(here.port)
    return sorted(found) or [DEFAULT_PORT]


def _environment(path: str) -> str:
    try:
        with open(path, "rb") as file:
            for entry in file.read().split(b"\0"):
                if entry.startswith(b"SSH_CONNECTION="):
                    return entry.partition(b"=")[2].decode(errors="replace")
    except OSError:
        pass
    return ""


def _parse(text: str) -> Connection | None:
    words = text.split()
    if len(words) != 4 or not words[3].isdigit():
        return None
    return Connection(text=" ".join(words), client=words[0].partition("%")[0], port=int(words[3]))


def _parent(proc: str, process: int) -> int:
    match = re.search(r"^PPid:\s*([0-9]+)$", _text(f"{proc}/{process}/status"), re.MULTILINE)
    return int(match[1]) if match else 0


def _of_server(proc: str) -> t.Iterator[int]:
    """Yield the ports of sshd itself; its sessions, which listen for forwarded ports, are not started by systemd."""
    listening = {}
    for family in ("tcp", "tcp6"):
        for line in _text(f"{proc}/net/{family}").splitlines()[1:]:
            words = line.split()
            address, _colon, port = words[1].partition(":")
            if words[3] == _LISTEN and address not in _LOOPBACK:
                listening[f"socket:[{words[9]}]"] = int(port, 16)
    for process in os.listdir(proc):
        if process.isdigit() and _text(f"{proc}/{process}/comm").strip() == "sshd" and _parent(proc, int(process)) == 1:
            with contextlib.suppress(OSError):
                for descriptor in os.listdir(f"{proc}/{process}/fd"):
                    with contextlib.suppress(OSError, KeyError):
                        yield listening[os.readlink(f"{proc}/{process}/fd/{descriptor}")]


def _of_sockets() -> t.Iterator[int]:
    argv = ["systemctl", "show", "--property=ActiveState,Listen", "ssh.socket", "sshd.socket"]
    try:
        said = run(argv=argv).stdout.decode(errors="replace")
    except StoreError:
        return
    for unit in said.split("\n\n"):
        if "ActiveState=active" in unit:
            for match in re.finditer(r"^Listen=(?:.*:)?([0-9]+) \(Stream\)$", unit, re.MULTILINE):
                yield int(match[1])


def _text(path: str) -> str:
    try:
        return read_text(path) or ""
    except OSError:  # the process has ended meanwhile
        return ""
