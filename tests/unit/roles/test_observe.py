# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role host_baseline sees of a host: packages, files, settings of the kernel, swap, zone, SSH, images."""

from __future__ import annotations

import hashlib
import os
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

OBSERVE: dict[str, Any] = runpy.run_path(str(Path(__file__).parents[3] / "roles/host_baseline/files/observe.py"))


def says(answers: Mapping[str, str]) -> Callable[[Sequence[str]], str]:
    """Return a host on which each program prints this, whatever it is asked; other programs are not there."""
    return lambda argv: answers.get(argv[0], "")


def write(root: Path, path: str, text: str) -> Path:
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    return target


def test_packages_by_dpkg_and_by_rpm() -> None:
    missing = OBSERVE["missing_packages"]
    dpkg = says({"dpkg-query": "chrony installed\nlibc6:amd64 installed\nlynis config-files\n"})
    assert missing(["chrony", "libc6", "lynis", "age"], run=dpkg) == ["lynis", "age"]
    rpm = says({"rpm": "chrony\npackage age is not installed\n"})
    assert missing(["chrony", "age"], run=rpm) == ["age"]
    assert missing([], run=says({})) == []


def test_files_that_differ_and_why(tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"as wanted\n").hexdigest()
    for name, text, mode in (
        ("same", "as wanted\n", 0o644),
        ("other", "else\n", 0o644),
        ("open", "as wanted\n", 0o666),
    ):
        write(tmp_path, f"etc/{name}", text).chmod(mode)
    paths = ("/etc/same", "/etc/other", "/etc/open", "/etc/gone", "/etc/none/gone")
    found = OBSERVE["stale_files"]([{"path": path, "sha256": sha256} for path in paths], root=str(tmp_path))
    owner = {} if os.geteuid() == 0 else {"/etc/same": "owner", "/etc/open": "owner"}
    assert found == {
        "/etc/other": "content",
        "/etc/open": "mode",
        "/etc/gone": "absent",
        "/etc/none/gone": "no-directory",
        **owner,
    }


def test_settings_of_the_kernel(tmp_path: Path) -> None:
    for path, text in (
        ("kernel/sysrq", "438\n"),
        ("kernel/core_pattern", "|/bin/false\n"),
        ("net/ipv4/ip_local_port_range", "1024\t60999\n"),
        ("net/ipv4/conf/all/rp_filter", "2\n"),
        ("net/ipv4/conf/eth0.7/rp_filter", "0\n"),
    ):
        write(tmp_path, f"proc/sys/{path}", text)
    wanted = {
        "kernel.sysrq": "0",
        "kernel.core_pattern": "|/bin/false",
        "net.ipv4.ip_local_port_range": "1024 60999",
        "net.ipv4.conf.*.rp_filter": "2",
        "net.ipv6.conf.*.use_tempaddr": "0",
    }
    assert OBSERVE["sysctls"](wanted, root=str(tmp_path)) == {
        "differ": {"kernel.sysrq": "0", "net.ipv4.conf.eth0/7.rp_filter": "2"},
        "locked": [],
        "absent": ["net.ipv6.conf.*.use_tempaddr"],
    }


def test_what_nobody_can_set_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "proc/sys/kernel/sysrq", "438\n")
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    told = OBSERVE["sysctls"]({"kernel.sysrq": "0"}, root=str(tmp_path))
    assert (told["differ"], told["locked"]) == ({}, ["kernel.sysrq"])


@pytest.mark.parametrize(
    ("target", "utc"),
    [
        (None, True),
        ("/usr/share/zoneinfo/Etc/UTC", True),
        ("../usr/share/zoneinfo/UTC", True),
        ("/usr/share/zoneinfo/Europe/London", False),
        ("/usr/share/zoneinfo/right/UTC", False),
        ("a copy", False),
    ],
)
def test_zone(tmp_path: Path, target: str | None, utc: bool) -> None:
    (tmp_path / "etc").mkdir()
    if target == "a copy":
        (tmp_path / "etc/localtime").write_bytes(b"TZif2")
    elif target:
        (tmp_path / "etc/localtime").symlink_to(target)
    assert OBSERVE["is_utc"](root=str(tmp_path)) is utc


def test_swap_that_fstab_turns_on(tmp_path: Path) -> None:
    write(tmp_path, "proc/meminfo", "MemAvailable:  900 kB\nSwapTotal:  500 kB\nSwapFree:  100 kB\n")
    lines = [
        "UUID=1-2 none swap sw 0 0",
        "/dev/mapper/secret none swap sw 0 0",
        "# /dev/sdb none swap",
        "/dev/sda1 / ext4",
    ]
    write(tmp_path, "etc/fstab", "\n".join(lines) + "\n")
    told = OBSERVE["swap"](
        root=str(tmp_path), clear=lambda: ["/dev/sda2"], safe=lambda path: path == "/dev/mapper/secret"
    )
    assert told == {"in_clear": ["/dev/sda2"], "fstab": lines[:1], "used_kib": 400, "available_kib": 900}
    assert OBSERVE["_device"]('UUID="1-2"') == "/dev/disk/by-uuid/1-2"


@pytest.mark.parametrize(
    ("config", "reads"),
    [
        ("Include /etc/ssh/sshd_config.d/*.conf\n", True),
        ("# comment\n  include /etc/x/*.conf /etc/ssh/sshd_config.d/*.conf\nMatch User a\n", True),
        ("# Include /etc/ssh/sshd_config.d/*.conf\n", False),
        ("Match User a\n  Include /etc/ssh/sshd_config.d/*.conf\n", False),
        ("PasswordAuthentication no\n", False),
    ],
)
def test_whether_the_ssh_server_reads_drop_ins(tmp_path: Path, config: str, reads: bool) -> None:
    write(tmp_path, "etc/ssh/sshd_config", config)
    server = says({"sshd": "port 22\npasswordauthentication yes\n"})
    told = OBSERVE["ssh"](user="root", drop_in="/etc/ssh/sshd_config.d/00-a.conf", run=server, root=str(tmp_path))
    assert told == {"effective": {"port": "22", "passwordauthentication": "yes"}, "reads_drop_ins": reads}


def test_what_may_not_be_in_an_image(tmp_path: Path) -> None:
    root = str(tmp_path)
    write(tmp_path, "etc/machine-id", "uninitialized\n")
    (tmp_path / "etc/credstore.encrypted").mkdir()
    assert OBSERVE["image"](root=root) == {"secrets": [], "identity": []}
    write(tmp_path, "etc/machine-id", "0" * 32)
    write(tmp_path, "etc/ssh/ssh_host_ed25519_key", "canary")
    write(tmp_path, "etc/credstore.encrypted/grid", "canary")
    write(tmp_path, "var/lib/systemd/credential.secret", "canary")
    write(tmp_path, "var/lib/trading-hosts/age/identity", "canary")
    assert OBSERVE["image"](root=root) == {
        "secrets": [
            "/var/lib/systemd/credential.secret",
            "/var/lib/trading-hosts/age/identity",
            "/etc/credstore.encrypted/grid",
        ],
        "identity": ["/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key"],
    }


@pytest.mark.parametrize(
    ("written", "due"), [("2026-11-22 07:13:54.100000", False), ("2026-11-22 07:13:54.300000", True)]
)
def test_a_unit_that_is_older_than_its_files(tmp_path: Path, written: str, due: bool) -> None:
    second = 1795331634  # 2026-11-22 07:13:54
    path = write(tmp_path, "etc/a.conf", "")
    instant = second * 10**9 + int(written[-6:]) * 1000
    os.utime(path, ns=(instant, instant))
    files = [{"path": "/etc/a.conf", "unit": "a.service"}, {"path": "/etc/b.conf"}]
    began = {"a.service": {"began": "2026-11-22 07:13:54.200000"}}
    assert OBSERVE["due_units"](files, found=began, root=str(tmp_path)) == (["a.service"] if due else [])
    never = {"a.service": {"began": ""}}
    assert OBSERVE["due_units"](files, found=never, root=str(tmp_path)) == []


def test_all_units_are_asked_for_at_once() -> None:
    asked: list[Sequence[str]] = []

    def systemctl(argv: Sequence[str]) -> str:
        asked.append(argv)
        return (
            "LoadState=loaded\nActiveState=active\nInactiveExitTimestamp=Sun 2026-11-22 07:13:54.200000 UTC\n"
            "UnitFileState=enabled\n\nLoadState=not-found\nActiveState=inactive\nInactiveExitTimestamp=\n"
        )

    found = OBSERVE["units"](["chrony.service", "kdump.service"], run=systemctl)
    assert found == {
        "chrony.service": {
            "load": "loaded",
            "active": "active",
            "enabled": "enabled",
            "began": "2026-11-22 07:13:54.200000",
        },
        "kdump.service": {"load": "not-found", "active": "inactive", "enabled": "", "began": ""},
    }
    assert [argv[-2:] for argv in asked] == [["chrony.service", "kdump.service"]]
    unknown = {"load": "", "active": "", "enabled": "", "began": ""}
    assert OBSERVE["units"](["a.service", "b.service"], run=says({})) == {"a.service": unknown, "b.service": unknown}
