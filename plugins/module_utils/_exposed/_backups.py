# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backups that take the host key along: then encrypted credentials in the same backup open anywhere. Private."""

from __future__ import annotations

import os
import re
import stat
import typing as t

#: The directories that hold systemd's host key, from the whole disk down.
TAKES_HOST_KEY = ("/", "/var", "/var/lib", "/var/lib/systemd", "/var/lib/systemd/credential.secret")

_PROGRAM = re.compile(
    r"(?<![\w.-])(?:backupninja|bareos-fd|borg|borgbackup|borgmatic|burp|duplicati|duplicity|duply|kopia"
    r"|proxmox-backup-client|rclone|rdiff-backup|restic|rsnapshot|rsync|tar|tarsnap|timeshift)(?![\w.-])"
)
#: Files of which every line is about what a backup takes.
_OWN_FILES = re.compile(r"/(?:rsnapshot|borgmatic|backupninja|backup\.d|duply|restic|resticprofile|autorestic|kopia)\b")
_TAKEN = re.compile(
    r"(?<![\w./:@~$*{}=-])(/(?:var(?:/lib(?:/systemd(?:/credential\.secret)?)?)?/?)?)\*?(?=[\s\"',;\]]|$)"
)
_EXCLUDED = re.compile(
    r"exclu[^\n]*(?:/var/lib/systemd|credential\.secret|/var/lib/?[\s\"'*]|/var/?[\s\"'*])", re.IGNORECASE
)
#: A place that is gone to or restored to is not taken.
_NOT_TAKEN = re.compile(r"(?:\bcd|-C|--directory|--target|--one-file-system-root)[ =]+/\S*")
_LIST_OF_EXCLUDED = re.compile(r"^\s*-?\s*exclu\w*\s*[:=]?\s*$", re.IGNORECASE)

_DIRECTORIES = (
    "/etc/cron.d",
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/var/spool/cron",
    "/var/spool/cron/crontabs",
    "/etc/systemd/system",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/etc/borgmatic",
    "/etc/borgmatic.d",
    "/root/.config/borgmatic",
    "/root/.config/borgmatic.d",
    "/etc/backup.d",
    "/etc/restic",
    "/etc/resticprofile",
    "/etc/rsnapshot.d",
    "/etc/duply",
    "/root/bin",
    "/root",
)
_FILES = ("/etc/crontab", "/etc/rsnapshot.conf", "/etc/default/restic", "/etc/restic.conf")
_MOST_FILES = 2000
_MOST_BYTES = 256 * 1024


class Backup(t.NamedTuple):
    """A line by which a backup takes ``takes``, a directory that holds the host key."""

    path: str
    line: int
    program: str
    takes: str


def backups(*, root: str = "") -> list[Backup]:
    """Return the backups of the host that take the host key along. ``root`` stands before all paths, for tests."""
    found: list[Backup] = []
    for path in _candidates(root):
        text = _text(root + path)
        if text:
            found += in_text(text, path=path)
    return found


def in_text(text: str, *, path: str) -> list[Backup]:
    """Return what a backup's configuration, cron table, unit or script at ``path`` takes."""
    own = _OWN_FILES.search(path)
    whole = _PROGRAM.search(text)
    if own is None and whole is None:
        return []
    if _EXCLUDED.search(text):
        return []
    found: list[Backup] = []
    excluding = False
    for number, line in _lines(text):
        bare = line.strip()
        if bare.startswith(("#", ";")) or not bare:
            continue
        if _LIST_OF_EXCLUDED.match(line) or re.match(r"^\s*exclude\w*:", line):
            excluding = True
        elif re.match(r"^\s*[A-Za-z_]\w*\s*[:=]", line):
            excluding = False
        program = _PROGRAM.search(line)
        if program is None and own is None:
            continue
        taken = None if excluding else _TAKEN.search(_NOT_TAKEN.sub(" ", line))
        if taken is not None:
            name = program[0] if program else own[0].strip("/") if own else ""
            found.append(Backup(path, number, name, taken[1].rstrip("/") or "/"))
        elif excluding and re.search(r"/var(?:/lib(?:/systemd\S*)?)?/?\*?[\s\"']*$", line):
            return []
    return found


def _lines(text: str) -> t.Iterator[tuple[int, str]]:
    """Yield each line with its number; one that goes on behind a backslash is one line."""
    joined, first = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        first = first or number
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        yield first, joined + line
        joined, first = "", 0
    if joined:
        yield first, joined


def _candidates(root: str) -> t.Iterator[str]:
    budget = _MOST_FILES
    yield from _FILES
    for directory in _DIRECTORIES:
        try:
            names = sorted(os.listdir(root + directory))
        except OSError:
            continue
        for name in names:
            if directory == "/root" and not name.endswith((".sh", ".conf", ".toml", ".yaml", ".yml")):
                continue
            budget -= 1
            if budget < 0:
                return
            yield f"{directory}/{name}"


def _text(path: str) -> str:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        data = os.read(fd, _MOST_BYTES) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
    except OSError:
        return ""
    finally:
        os.close(fd)
    return "" if b"\0" in data else data.decode("utf-8", "replace")
