# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Core dumps and backups, on made-up hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._exposed._backups import backups, in_text
from ansible_collections.trading.hosts.plugins.module_utils._exposed._core_dumps import core_dumps, dumps_in_store


def host(root: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(root)


PATTERN = "proc/sys/kernel/core_pattern"
SYSTEMD = "|/usr/lib/systemd/systemd-coredump %P %u %g %s %t 9223372036854775808 %h\n"
CONF = "etc/systemd/coredump.conf"
VENDOR = "usr/lib/systemd/coredump.conf.d/a.conf"
NO_LIMIT = "Max core file size        unlimited            unlimited            bytes     \n"
ZERO = "Max core file size        0                    unlimited            bytes     \n"
ONE = "Max core file size        1                    1                    bytes     \n"


@pytest.mark.parametrize(
    ("files", "state"),
    [
        ({}, "unknown"),
        ({PATTERN: "core\n"}, "unknown"),
        ({PATTERN: "core\n", "proc/1/limits": ZERO, "proc/2/limits": ONE}, "off"),
        ({PATTERN: "/var/core/%p\n", "proc/1/limits": ZERO, "proc/2/limits": NO_LIMIT}, "stored"),
        ({PATTERN: "\n", "proc/sys/kernel/core_uses_pid": "0\n"}, "off"),
        ({PATTERN: "\n", "proc/sys/kernel/core_uses_pid": "1\n", "proc/1/limits": NO_LIMIT}, "stored"),
        ({PATTERN: "|/bin/false\n", "proc/1/limits": NO_LIMIT}, "off"),
        ({PATTERN: "|/usr/share/apport/apport -p%p\n", "proc/1/limits": ZERO}, "stored"),
        ({PATTERN: SYSTEMD, "proc/1/limits": ZERO}, "stored"),
        ({PATTERN: SYSTEMD, CONF: "[Coredump]\n#Storage=none\n"}, "stored"),
        ({PATTERN: SYSTEMD, CONF: "[Coredump]\nStorage=none\n"}, "off"),
        ({PATTERN: SYSTEMD, CONF: "[Coredump]\nStorage=journal\n"}, "stored"),
        ({PATTERN: SYSTEMD, CONF: "[Coredump]\nProcessSizeMax=0\n"}, "off"),
        ({PATTERN: SYSTEMD, "etc/systemd/coredump.conf.d/a.conf": "[Coredump]\nStorage = none\n"}, "off"),
        ({PATTERN: SYSTEMD, CONF: "Storage=none\n", f"{CONF}.d/a.conf": "Storage=external\n"}, "stored"),
        ({PATTERN: SYSTEMD, VENDOR: "Storage=none\n"}, "off"),
        ({PATTERN: SYSTEMD, VENDOR: "Storage=none\n", f"{CONF}.d/a.conf": ""}, "stored"),
    ],
)  # fmt: skip
def test_core_dumps(files: dict[str, str], state: str, tmp_path: Path) -> None:
    told = core_dumps(root=host(tmp_path, files))
    assert told.state == state
    assert told.why


def test_dumps_that_lie_there(tmp_path: Path) -> None:
    root = host(tmp_path, {"var/lib/systemd/coredump/core.bot.1.zst": "", "var/crash/_usr_bin_x.crash": ""})
    assert dumps_in_store(root=root) == ["/var/crash/_usr_bin_x.crash", "/var/lib/systemd/coredump/core.bot.1.zst"]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("/etc/cron.d/b", "5 3 * * * root restic -r sftp:x:/b backup / --one-file-system\n", [(1, "restic", "/")]),
        ("/etc/cron.d/b", "5 3 * * * root restic backup /etc /var/lib/systemd\n", [(1, "restic", "/var/lib/systemd")]),
        ("/etc/cron.d/b", "# restic\n5 3 * * * root borg create repo::x \\\n  /etc /var\n", [(2, "borg", "/var")]),
        ("/etc/cron.daily/x", "#!/bin/sh\nrsync -a / backup@nas:/srv/bot/\n", [(2, "rsync", "/")]),
        ("/etc/cron.daily/x", "#!/bin/sh\ntar czf /srv/x.tgz '/var/lib'\n", [(2, "tar", "/var/lib")]),
        ("/etc/cron.daily/x", "duplicity full /var/ scp://x//y\n", [(1, "duplicity", "/var")]),
        ("/etc/rsnapshot.conf",
         "snapshot_root\t/s/\nbackup\t/etc/\thost/\nbackup\t/var/\thost/\n", [(3, "rsnapshot", "/var")]),
        ("/etc/borgmatic/config.yaml", "source_directories:\n    - /etc\n    - /var\n", [(3, "borgmatic", "/var")]),
        ("/etc/systemd/system/b.service", "[Service]\nExecStart=/usr/bin/restic backup /\n", [(2, "restic", "/")]),
        ("/etc/cron.d/b", "restic backup /home /etc /srv\n", []),
        ("/etc/cron.d/b", "restic backup / --exclude /var/lib/systemd\n", []),
        ("/etc/cron.d/b", "rsync -a --exclude=/var/lib/systemd/credential.secret / nas:/x\n", []),
        ("/etc/borgmatic/config.yaml", "source_directories:\n    - /\nexclude_patterns:\n    - /var\n", []),
        ("/etc/cron.daily/dpkg", "tar -czf /var/backups/x.tgz -C / --verbatim-files-from /etc/alternatives\n", []),
        ("/etc/cron.daily/x", "cd / && tar cf x etc\n", []),
        ("/etc/cron.daily/x", "find / -xdev -name core\n", []),
        ("/etc/cron.daily/x", "# tar cf x /\n", []),
        ("/etc/cron.daily/x", "tar xf x.tar --directory /\n", []),
        ("/etc/cron.d/b", "restic restore latest\n", []),
    ],
)  # fmt: skip
def test_backups(path: str, text: str, expected: list[tuple[int, str, str]]) -> None:
    assert [(each.line, each.program, each.takes) for each in in_text(text, path=path)] == expected


def test_backups_are_looked_for_where_they_are_set_up(tmp_path: Path) -> None:
    line = "0 3 * * * root restic backup /\n"
    root = host(
        tmp_path, {"etc/cron.d/a": line, "var/spool/cron/crontabs/root": line, "root/b.sh": line, "root/b": line}
    )
    (tmp_path / "etc/cron.d/device").symlink_to("/dev/zero")
    assert [each.path for each in backups(root=root)] == [
        "/etc/cron.d/a",
        "/var/spool/cron/crontabs/root",
        "/root/b.sh",
    ]
