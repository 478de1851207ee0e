# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unseals credentials of the age store into a directory on memory, just before the service that reads them starts.

Run by the unit as root: ``unseal.py IDENTITY USER DIRECTORY FILE.age...``. systemd makes the directory for the service
alone, and removes it when the service ends, however it ends. What age decrypts goes straight into the files. Standard
library only, on Python 3.9 and later.
"""

from __future__ import annotations

import os
import pwd
import resource
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _swap import clear_swaps


class Refused(Exception):
    """A sentence for the journal."""


def file_system(path: str) -> str:
    """Return the kind of file system on which the directory lies."""
    kinds = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            left, _dash, right = line.partition(" - ")
            kinds[left.split()[4]] = right.split()[0]
    where = os.path.realpath(path)
    while where not in kinds and where != "/":
        where = os.path.dirname(where)
    return kinds.get(where, "unknown")


def unseal(*, identity: str, owner: pwd.struct_passwd, directory: str, path: str) -> None:
    """Decrypt one file into the directory, under the credential's name."""
    target = os.path.join(directory, os.path.basename(path)[: -len(".age")])
    # A name of a run before is not written through: the directory is the service's own.
    if os.path.lexists(target):
        os.unlink(target)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o400)
    try:
        done = subprocess.run(
            ["age", "--decrypt", "--identity", identity, path],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.PIPE,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"},
            cwd="/",
            check=False,
        )
        os.fchmod(descriptor, 0o400)
        os.fchown(descriptor, owner.pw_uid, owner.pw_gid)
    finally:
        os.close(descriptor)
    if done.returncode != 0:
        os.unlink(target)
        said = done.stderr.decode("utf-8", "replace").strip().split("\n", maxsplit=1)[0]
        raise Refused(f"{path} does not decrypt on this host ({said}); place it anew.")


def main() -> None:
    identity, user, directory, *paths = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    if file_system(directory) not in ("tmpfs", "ramfs"):
        raise Refused(f"{directory} is not on memory, so nothing was unsealed there; mount a tmpfs on /run.")
    if clear := clear_swaps():
        raise Refused(
            f"This host swaps to {', '.join(clear)} without encryption, where unsealed credentials could be written "
            "to the disk in clear, so nothing was unsealed; run swapoff --all, or encrypt it, and start again."
        )
    owner = pwd.getpwnam(user)
    for path in paths:
        unseal(identity=identity, owner=owner, directory=directory, path=path)


try:
    main()
except (Refused, OSError, KeyError) as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(1)
