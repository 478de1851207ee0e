# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells in one answer how a host differs from what the role wants. Changes nothing.

The role gives this program to the host's Python on its standard input, behind ``_swap.py``, whose functions it uses,
and the question as JSON in the only argument. The answer is JSON on standard output. Standard library only, Python 3.9.
"""

from __future__ import annotations

import glob
import hashlib
import itertools
import json
import os
import re
import stat
import subprocess
import sys
import time
import typing as t

Run = t.Callable[[t.Sequence[str]], str]

#: A session's environment must not change what commands print.
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC"}

#: As systemd and _changed_at() write it.
_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}[.][0-9]{6}"

HOST_KEY = "/var/lib/systemd/credential.secret"
#: Where the collection's stores keep credentials and what opens them.
CREDENTIAL_DIRECTORIES = ("/etc/credstore", "/etc/credstore.encrypted")
AGE_IDENTITY = "/var/lib/trading-hosts/age/identity"


def run(argv: t.Sequence[str]) -> str:
    """Return what a command prints; nothing where it does not exist. Its status is not looked at."""
    try:
        done = subprocess.run(  # the role's programs run without the collection's helpers
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=_ENVIRONMENT, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def missing_packages(names: t.Sequence[str], *, run: Run) -> list[str]:
    """Return the packages that are not installed, by dpkg or rpm."""
    if not names:
        return []
    if run(["dpkg-query", "--version"]):
        told = run(["dpkg-query", "--show", "--showformat=${binary:Package} ${db:Status-Status}\n", *names])
        found = {line.split()[0].split(":")[0] for line in told.splitlines() if line.endswith(" installed")}
    else:
        found = set(run(["rpm", "--query", "--queryformat=%{NAME}\n", *names]).splitlines())
    return [name for name in names if name not in found]


def stale_files(wanted: t.Sequence[t.Mapping[str, str]], *, root: str = "") -> dict[str, str]:
    """Return the paths that differ from what is wanted, each with why: absent, content, owner, mode or no-directory."""
    return {each["path"]: why for each in wanted if (why := _stale(root + each["path"], each["sha256"])) is not None}


def _stale(path: str, sha256: str) -> str | None:
    try:
        with open(path, "rb") as file:
            content, status = file.read(), os.fstat(file.fileno())
    except OSError:
        return "absent" if os.path.isdir(os.path.dirname(path)) else "no-directory"
    if hashlib.sha256(content).hexdigest() != sha256:
        return "content"
    if (status.st_uid, status.st_gid) != (0, 0):
        return "owner"
    return None if stat.S_IMODE(status.st_mode) == 0o644 else "mode"


def sysctls(wanted: t.Mapping[str, str], *, root: str = "") -> dict[str, t.Any]:
    """Return what is not as wanted.

    ``differ``: settings that can be set, each with the wanted value. ``locked``: settings that nobody can set here, as
    in a container. ``absent``: what this kernel does not know. A star stands for a part of a name, as in sysctl.d(5).
    """
    differ: dict[str, str] = {}
    locked: list[str] = []
    absent: list[str] = []
    for pattern, value in wanted.items():
        base = f"{root}/proc/sys/"
        # A dot in a name below a star, as in the interface eth0.1, is written as a slash.
        paths = sorted(glob.glob(base + pattern.replace(".", "/")))
        if not paths:
            absent.append(pattern)
        for path in paths:
            name = path[len(base) :].replace(".", "\0").replace("/", ".").replace("\0", "/")
            found = _text(path)
            if found is not None and found.split() == value.split():
                continue
            if found is None or not os.access(path, os.W_OK):
                locked.append(name)
            else:
                differ[name] = value
    return {"differ": differ, "locked": locked, "absent": absent}


def units(names: t.Sequence[str], *, run: Run) -> dict[str, dict[str, str]]:
    """Return ``load``, ``active`` and ``enabled`` of each unit, in systemd's words, and when it ``began``, in UTC.

    One question for all: systemctl answers in the order of the names, with an empty line between two.
    """
    properties = "--property=LoadState,ActiveState,UnitFileState,InactiveExitTimestamp"
    told = run(["systemctl", "show", "--timestamp=us+utc", properties, "--", *names])
    found = {}
    # Without systemd nothing is told of any.
    for name, block in itertools.zip_longest(names, told.split("\n\n")[: len(names)], fillvalue=""):
        said = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        began = re.search(_INSTANT, said.get("InactiveExitTimestamp", ""))
        found[name] = {
            "load": said.get("LoadState", ""),
            "active": said.get("ActiveState", ""),
            "enabled": said.get("UnitFileState", ""),
            "began": began[0] if began else "",
        }
    return found


def due_units(
    wanted: t.Sequence[t.Mapping[str, str]], *, found: t.Mapping[str, t.Mapping[str, str]], root: str = ""
) -> list[str]:
    """Return the running units that started before one of their files was written: a run may have ended in between."""
    due = {
        each["unit"]
        for each in wanted
        if each.get("unit") and _changed_at(root + each["path"]) > found[each["unit"]]["began"] > ""
    }
    return sorted(due)


def _changed_at(path: str) -> str:
    """Return when the file got its content, in UTC, so that it compares as text; nothing where there is no file."""
    try:
        instant = os.stat(path).st_mtime_ns
    except OSError:
        return ""
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(instant // 10**9))
    return f"{moment}.{instant % 10**9 // 1000:06d}"


def is_utc(*, root: str = "") -> bool:
    """Tell whether the host's zone is UTC, which it is without a file, too (localtime(5))."""
    try:
        link = os.readlink(f"{root}/etc/localtime")
    except FileNotFoundError:
        return True
    except OSError:  # a copy of some zone's file
        return False
    return link.partition("zoneinfo/")[2].removeprefix("Etc/") in ("UTC", "UCT", "Zulu", "Universal")


def swap(*, root: str = "", clear: t.Callable[[], t.Sequence[str]], safe: t.Callable[[str], bool]) -> dict[str, t.Any]:
    """Return the swaps in clear that are on, the lines of fstab that turn one on, and whether memory has room.

    ``used_kib`` is what lies in all swaps, ``available_kib`` is memory that can be had.
    """
    meminfo = dict(re.findall(r"^(\w+): +([0-9]+)", _text(f"{root}/proc/meminfo") or "", flags=re.MULTILINE))
    return {
        "in_clear": list(clear()),
        "fstab": [
            line
            for line in (_text(f"{root}/etc/fstab") or "").splitlines()
            if (fields := line.split())
            and not line.lstrip().startswith("#")
            and len(fields) > 2
            and fields[2] == "swap"
            if not safe(_device(fields[0]))
        ],
        "used_kib": int(meminfo.get("SwapTotal", 0)) - int(meminfo.get("SwapFree", 0)),
        "available_kib": int(meminfo.get("MemAvailable", 0)),
    }


def _user() -> str:
    """Return who has logged in; root's own name where nobody became root."""
    return os.environ.get("SUDO_USER") or "root"


def _device(spec: str) -> str:
    kind, _sign, value = spec.partition("=")
    by = {"UUID": "uuid", "LABEL": "label", "PARTUUID": "partuuid", "PARTLABEL": "partlabel"}.get(kind)
    return f"/dev/disk/by-{by}/" + value.strip('"') if by else spec


def ssh(*, user: str, drop_in: str, run: Run, root: str = "") -> dict[str, t.Any]:
    """Return what is in force for this user, by keyword, and whether the server reads the directory of ``drop_in``.

    Nothing is in force where there is no OpenSSH server, or its configuration is broken.
    """
    told = run(["sshd", "-T", "-C", f"user={user},host=localhost,addr=127.0.0.1"])
    main = _text(f"{root}/etc/ssh/sshd_config") or ""
    pattern = re.compile(
        rf"^\s*Include\s.*{re.escape(os.path.dirname(drop_in))}/\*\.conf", re.IGNORECASE | re.MULTILINE
    )
    # Behind a Match line an Include counts for some connections only.
    whole = re.split(r"^\s*Match\s", main, flags=re.IGNORECASE | re.MULTILINE)[0]
    return {
        "effective": dict(line.split(" ", 1) for line in told.splitlines() if " " in line),
        "reads_drop_ins": bool(pattern.search(whole)),
    }


def image(*, root: str = "") -> dict[str, list[str]]:
    """Return what must not be in an image: ``secrets``, which are one host's, and ``identity``, which makes clones."""
    secrets = [path for path in (HOST_KEY, AGE_IDENTITY) if os.path.lexists(root + path)]
    for directory in CREDENTIAL_DIRECTORIES:
        if os.path.isdir(root + directory):
            secrets += [f"{directory}/{name}" for name in sorted(os.listdir(root + directory))]
    identity = sorted(path[len(root) :] for path in glob.glob(f"{root}/etc/ssh/ssh_host_*_key"))
    if (_text(f"{root}/etc/machine-id") or "").strip() not in ("", "uninitialized"):
        identity.insert(0, "/etc/machine-id")
    return {"secrets": secrets, "identity": identity}


def observe(question: t.Mapping[str, t.Any], *, run: Run = run) -> dict[str, t.Any]:
    """Return the whole answer; a part that is switched off is not looked at."""
    parts, files = question["parts"], question["files"]
    of_files = [each["unit"] for each in files if each.get("unit")]
    found = units(list(dict.fromkeys([*question["units"], *of_files])), run=run)
    answer: dict[str, t.Any] = {
        "packages": missing_packages(question["packages"], run=run),
        "files": stale_files(files),
        "sysctls": sysctls(question["sysctls"]),
        "units": found,
        "due": due_units(files, found=found),
        "container": run(["systemd-detect-virt", "--container"]).strip() not in ("", "none"),
        "utc": is_utc() if "timezone" in parts else True,
        "image": image(),
        "reboot_required": any(os.path.exists(path) for path in ("/run/reboot-required", "/var/run/reboot-required")),
    }
    if "swap" in parts:
        # These two come from _swap.py, which stands before this file.
        answer["swap"] = swap(clear=globals()["clear_swaps"], safe=globals()["is_safe"])
    if "ssh" in parts:
        answer["ssh"] = ssh(user=_user(), drop_in=question["ssh_drop_in"], run=run)
    return answer


def _text(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(256 * 1024)
    except OSError:
        return None


if __name__ == "__main__":
    sys.stdout.write(json.dumps(observe(json.loads(sys.argv[1]))))
