# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Say what of a service is on this host, in one answer: ``python3 -I - NAME USER`` prints JSON. It changes nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pwd
import subprocess
import sys
import time


def main(name: str, user: str) -> dict[str, object]:
    """Return what is here; what is not is ``None``."""
    unit = f"/etc/systemd/system/{name}.service"
    shown = _systemd(f"{name}.service", "ActiveEnterTimestamp", "UnitFileState", "NeedDaemonReload")
    return {
        "user": _user(user),
        "unit": _file(unit, whole=True),
        "declaration": _file(f"/etc/trading-hosts/services/{name}.json"),
        "has_flat_unit": os.path.lexists(f"/etc/systemd/system/{name}-flat.service"),
        "is_noted_as_run": os.path.lexists(f"/var/lib/{name}/.trading-hosts-ran"),
        "has_unsealed": os.path.lexists(f"/run/{name}-credentials"),
        "has_run": bool(shown.get("ActiveEnterTimestamp")),
        "enabled": shown.get("UnitFileState") == "enabled",
        "needs_reload": shown.get("NeedDaemonReload") != "no",
    }


def _user(name: str) -> dict[str, object] | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return {"shell": entry.pw_shell, "home": entry.pw_dir, "gid": entry.pw_gid}


def _file(path: str, *, whole: bool = False) -> dict[str, object] | None:
    try:
        with open(path, "rb") as file:
            content, status = file.read(), os.fstat(file.fileno())
    except FileNotFoundError:
        return None
    seconds, nanoseconds = divmod(status.st_mtime_ns, 1_000_000_000)
    told: dict[str, object] = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "uid": status.st_uid,
        "gid": status.st_gid,
        "mode": f"{status.st_mode & 0o7777:04o}",
        # UTC, with microseconds cut off, so that it compares as text with what systemd tells.
        "written": f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(seconds))}.{nanoseconds // 1000:06d}",
    }
    return {**told, "base64": base64.b64encode(content).decode()} if whole else told


def _systemd(unit: str, *properties: str) -> dict[str, str]:
    argv = ["systemctl", "show", f"--property={','.join(properties)}", unit]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=False)
    return dict(line.split("=", 1) for line in done.stdout.decode().splitlines() if "=" in line)


if __name__ == "__main__":
    json.dump(main(*sys.argv[1:]), sys.stdout)
