# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a crashing program's memory ends up on a disk. Private to this collection.

core(5), systemd-coredump(8), coredump.conf(5). A limit of zero does not hold for dumps that are piped to a program.
"""

from __future__ import annotations

import os
import re
import typing as t

OFF = "off"
STORED = "stored"
UNKNOWN = "unknown"

#: Programs that throw away what they get.
_SINKS = frozenset(("true", "false"))
#: systemd's order: a file in an earlier directory hides one of the same name in a later one.
_CONF_DIRECTORIES = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd")
#: Where systemd-coredump, apport and abrt put them.
_DUMP_DIRECTORIES = ("/var/lib/systemd/coredump", "/var/crash", "/var/spool/abrt", "/var/lib/apport/coredump")
_MOST_LISTED = 100


class CoreDumps(t.NamedTuple):
    """``state`` is ``off``, ``stored`` or ``unknown``; ``why`` says in one line what that rests on."""

    state: str
    why: str
    pattern: str | None


def core_dumps(*, root: str = "") -> CoreDumps:
    """Tell whether this host stores core dumps. ``root`` is what stands before all paths, for tests."""
    pattern = _text(f"{root}/proc/sys/kernel/core_pattern")
    if pattern is None:
        return CoreDumps(UNKNOWN, "the kernel's core_pattern cannot be read", None)
    pattern = pattern.rstrip("\n")
    if pattern.startswith("|"):
        program = pattern[1:].split(" ")[0].strip()
        return CoreDumps(*_piped(program, root=root), pattern)
    if not pattern and (_text(f"{root}/proc/sys/kernel/core_uses_pid") or "").strip() == "0":
        return CoreDumps(OFF, "core_pattern is empty", pattern)
    return CoreDumps(*_written(root=root), pattern)


def dumps_in_store(*, root: str = "") -> list[str]:
    """Return the paths of dumps where programs collect them, at most a hundred."""
    found: list[str] = []
    for directory in _DUMP_DIRECTORIES:
        if os.path.isdir(root + directory):
            found += [f"{directory}/{name}" for name in os.listdir(root + directory) if not name.startswith(".")]
    return sorted(found)[:_MOST_LISTED]


def _piped(program: str, *, root: str) -> tuple[str, str]:
    name = os.path.basename(program)
    if name in _SINKS:
        return OFF, f"core_pattern pipes to {name}, which stores nothing"
    if name != "systemd-coredump":
        return STORED, f"core_pattern pipes to {name}, which limits do not stop"
    storage = _coredump_setting("Storage", root=root) or "external"
    if storage == "none":
        return OFF, "systemd-coredump has Storage=none"
    if re.fullmatch(r"0[KMGTPE]?", _coredump_setting("ProcessSizeMax", root=root) or "1"):
        return OFF, "systemd-coredump has ProcessSizeMax=0"
    return STORED, f"systemd-coredump has Storage={storage}"


def _written(*, root: str) -> tuple[str, str]:
    """Dumps go to files: of processes whose limit lets them."""
    limits = []
    try:
        pids = [name for name in os.listdir(f"{root}/proc") if name.isdigit()]
    except OSError:
        return UNKNOWN, "the processes' limits cannot be read"
    for pid in pids:
        found = re.search(r"^Max core file size +(\S+)", _text(f"{root}/proc/{pid}/limits") or "", flags=re.MULTILINE)
        if found:
            limits.append(found[1])
    if not limits:
        return UNKNOWN, "the processes' limits cannot be read"
    # A limit of 1 byte is what programs set that want none: no dump is so short.
    able = sum(1 for limit in limits if limit not in ("0", "1"))
    if able:
        return STORED, f"core_pattern names a file, and {able} running processes may write one"
    return OFF, "core_pattern names a file, and the limit of every running process is 0"


def _coredump_setting(name: str, *, root: str) -> str | None:
    main = next((text for base in _CONF_DIRECTORIES if (text := _text(f"{root}{base}/coredump.conf")) is not None), "")
    drop_ins: dict[str, str] = {}
    for base in _CONF_DIRECTORIES:
        directory = f"{root}{base}/coredump.conf.d"
        for each in os.listdir(directory) if os.path.isdir(directory) else ():
            if each.endswith(".conf"):
                drop_ins.setdefault(each, _text(f"{directory}/{each}") or "")
    value = None
    for text in (main, *(drop_ins[each] for each in sorted(drop_ins))):
        for found in re.finditer(rf"^[ \t]*{name}[ \t]*=[ \t]*(.*?)[ \t]*$", text, flags=re.MULTILINE):
            value = found[1] or None
    return value


def _text(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(64 * 1024)
    except OSError:
        return None
