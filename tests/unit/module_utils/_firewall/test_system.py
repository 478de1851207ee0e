# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the firewall reads of its host: name servers, complaints of nftables, files, and how SSH comes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential._run import Completed
from ansible_collections.trading.hosts.plugins.module_utils._firewall import _ssh, _system
from ansible_collections.trading.hosts.plugins.module_utils._firewall._program import loaded_at
from ansible_collections.trading.hosts.plugins.module_utils._firewall._system import (
    explain,
    name_servers,
    read_text,
    write_text,
)


def test_name_servers_but_for_those_on_this_host(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("# nameserver 192.0.2.9\nnameserver 127.0.0.53\noptions edns0\n")
    (tmp_path / "b").write_text("nameserver 192.0.2.1\nnameserver  fe80::1%eth0\nnameserver\nnameserver ::1\n")
    assert name_servers([str(tmp_path / name) for name in ("a", "b", "missing")]) == ["192.0.2.1", "fe80::1"]


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        (
            "/dev/stdin:2:5-7: Error: syntax error, unexpected string\n    foo\n    ^^^\n",
            'syntax error, unexpected string of "foo bar"',
        ),
        (
            "Error: Could not process rule: No such file or directory\n",
            "Could not process rule: No such file or directory",
        ),
        ("netlink: Operation not permitted\n", "netlink: Operation not permitted"),
        ("", "no reason given"),
    ],
)
def test_what_nft_complains_of_is_one_line(stderr: str, said: str) -> None:
    assert explain(stderr, commands="table x {\n    foo bar\n}\n") == said


class Tables:
    """An nftables with one table, of which a test sets what it lists."""

    def __init__(self) -> None:
        self.handle: int | None = 7
        self.has_json = True
        self.chains = {"input": "policy drop", "output": "policy drop"}

    def run(self, *, argv: list[str]) -> Completed:
        if argv[:4] == ["nft", "--json", "list", "tables"]:
            others = [{"metainfo": {}}, {"table": {"family": "inet", "name": "filter", "handle": 2}}]
            ours = {"table": {"family": "inet", "name": "trading_hosts", "handle": self.handle}}
            told = {"nftables": [*others, *([ours] if self.handle else [])]}
            return Completed(0 if self.has_json else 1, json.dumps(told).encode() if self.has_json else b"", b"")
        assert argv[:7] == ["nft", "--stateless", "--numeric", "list", "chain", "inet", "trading_hosts"]
        return Completed(0 if self.handle else 1, self.chains[argv[7]].encode() if self.handle else b"", b"")


@pytest.mark.parametrize("has_json", [True, False])
def test_a_table_is_told_from_another_one_in_its_place(monkeypatch: pytest.MonkeyPatch, has_json: bool) -> None:
    tables = Tables()
    tables.has_json = has_json
    monkeypatch.setattr(_system, "run", tables.run)
    host = _system.Host()
    loaded = host.table_id()
    assert loaded
    assert host.table_id() == loaded
    # What `nft -f` makes of a file without a flush: the policy of that day, and its rules behind those that are there.
    tables.chains["output"] = "policy accept"
    assert host.table_id() not in ("", loaded)
    tables.chains["output"] = "policy drop"
    tables.handle = 8
    assert (host.table_id() == loaded) is not has_json
    tables.handle = None
    assert host.table_id() == ""


def test_a_file_is_replaced_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "new" / "state.json")
    assert read_text(path) is None
    write_text(path, "one", mode=0o600)
    before = os.stat(path)
    write_text(path, "two", mode=0o644)
    after = os.stat(path)
    assert (read_text(path), before.st_mode & 0o777, after.st_mode & 0o777) == ("two", 0o600, 0o644)
    assert before.st_ino != after.st_ino
    assert os.listdir(tmp_path / "new") == ["state.json"]


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        (b"\tset loaded_at {\n\t\ttype mark\n\t\telements = { 0x69225ad0 }\n\t}\n", 0x69225AD0),
        (b"\t\telements = { 1763859152 }\n", 1763859152),
        (b"", None),
    ],
)
def test_the_rules_tell_since_when_they_count(listed: bytes, told: int | None) -> None:
    assert loaded_at(listed) == told


# --- SSH ---

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def listening(port: int, inode: int, *, address: str = "00000000", state: str = "0A") -> str:
    """Return a line of /proc/net/tcp."""
    zeros = "00000000:00000000 00:00000000 00000000     0        0"
    return f"   0: {address}:{port:04X} 00000000:0000 {state} {zeros} {inode} 1\n"


def process(
    proc: Path, pid: int, *, comm: str, parent: int, sockets: tuple[int, ...] = (), connection: str | None = None
) -> None:
    place = proc / str(pid)
    (place / "fd").mkdir(parents=True)
    (place / "comm").write_text(f"{comm}\n")
    (place / "status").write_text(f"Name:\t{comm}\nPPid:\t{parent}\n")
    (place / "environ").write_text(f"A=1\0SSH_CONNECTION={connection}\0B=2\0" if connection else "A=1\0")
    for number, inode in enumerate(sockets):
        (place / "fd" / str(number)).symlink_to(f"socket:[{inode}]")


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a /proc in which a server, a session with a forwarded port, and a module under sudo run."""
    monkeypatch.setattr(_ssh, "_of_sockets", lambda: iter(()))
    (tmp_path / "net").mkdir()
    lines = [listening(2222, 501), listening(6010, 502), listening(7022, 503, address="0100007F")]
    (tmp_path / "net/tcp").write_text(HEAD + "".join(lines) + listening(40000, 504, state="01"))
    (tmp_path / "net/tcp6").write_text(HEAD + listening(2223, 505, address="0" * 32))
    process(tmp_path, 1, comm="systemd", parent=0)
    process(tmp_path, 10, comm="sshd", parent=1, sockets=(501, 503, 504, 505))
    process(tmp_path, 20, comm="sshd", parent=10, sockets=(502,))
    process(tmp_path, 21, comm="sh", parent=20, connection="203.0.113.5 50000 192.0.2.10 2200")
    process(tmp_path, 22, comm="sudo", parent=21)
    process(tmp_path, 23, comm="python3", parent=22)
    return tmp_path


def test_the_connection_is_found_through_sudo(proc: Path) -> None:
    found = _ssh.connection(proc=str(proc), pid=23)
    assert found is not None
    assert (found.client, found.port) == ("203.0.113.5", 2200)
    assert found.text == "203.0.113.5 50000 192.0.2.10 2200"


@pytest.mark.parametrize("pid", [10, 1, 4711])
def test_who_did_not_come_by_ssh_has_no_connection(proc: Path, pid: int) -> None:
    assert _ssh.connection(proc=str(proc), pid=pid) is None


def test_ports_are_those_of_the_server_and_not_of_forwarding_sessions(proc: Path) -> None:
    assert _ssh.ports(proc=str(proc)) == [2222, 2223]


def test_without_a_server_the_usual_port_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ssh, "_of_sockets", lambda: iter(()))
    assert _ssh.ports(proc=str(tmp_path)) == [22]
