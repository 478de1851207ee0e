# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Say what of a service is on this host, in one answer, and how open the sandbox of the unit is that it is to have.

The role trading.hosts.trading_service runs it there, with a last line that prints what ``main`` returns. It changes
nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pwd
import re
import subprocess
import tempfile
import time

#: systemd rates units that are not installed since then.
_RATES_SINCE = 250
_STATE = ("ActiveState", "SubState", "InactiveExitTimestamp", "NeedDaemonReload")


def main(name: str, user: str, tenths: str, *, given: str) -> str:
    """Return what is here, as JSON; what is not is null.

    ``given`` is the unit's text in base64, ``tenths`` the exposure that it may have, times ten.
    """
    wanted = base64.b64decode(given)
    return json.dumps(_seen(name, user, _rating(name, wanted.decode("utf-8"), tenths=tenths), wanted=wanted))


def _seen(name: str, user: str, rating: dict[str, object], *, wanted: bytes) -> dict[str, object]:
    unit = _file(f"/etc/systemd/system/{name}.service", whole=True)
    shown = _systemd(f"{name}.service", "ActiveEnterTimestamp", "UnitFileState", *_STATE)
    return {
        "rating": rating,
        # As `systemctl show` prints it.
        "stands": [f"{each}={shown[each]}" for each in _STATE if each in shown],
        "user": _user(user),
        "unit": unit,
        "unit_is_as_wanted": bool(unit) and _is(unit, wanted),
        "declaration": _file(f"/etc/trading-hosts/services/{name}.json"),
        "has_flat_unit": os.path.lexists(f"/etc/systemd/system/{name}-flat.service"),
        "is_noted_as_run": os.path.lexists(f"/var/lib/{name}/.trading-hosts-ran"),
        "has_unsealed": os.path.lexists(f"/run/{name}-credentials"),
        "has_run": bool(shown.get("ActiveEnterTimestamp")),
        "enabled": shown.get("UnitFileState") == "enabled",
    }


def _rating(name: str, text: str, *, tenths: str) -> dict[str, object]:
    """Rate the unit before it is written: one that is too open never reaches the place that systemd reads."""
    version = re.match(r"systemd (\d+)", _run("systemctl", "--version").stdout)
    if version is None or int(version[1]) < _RATES_SINCE:
        return {
            "passes": True,
            "said": f"Not rated: systemd before {_RATES_SINCE} rates no unit that is not installed.",
        }
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, f"{name}.service")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = _run("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={tenths}", path)
    exposure = re.search(r"Overall exposure level for .*: [0-9.]+", done.stdout)
    cannot = f"The unit cannot be rated: {' '.join(done.stderr.split())}"
    return {"passes": done.returncode == 0, "said": exposure[0] if exposure else cannot}


def _run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, encoding="utf-8", check=False)


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


def _is(unit: dict[str, object], wanted: bytes) -> bool:
    as_wanted = {"sha256": hashlib.sha256(wanted).hexdigest(), "uid": 0, "gid": 0, "mode": "0644"}
    return as_wanted.items() <= unit.items()


def _systemd(unit: str, *properties: str) -> dict[str, str]:
    argv = ["systemctl", "show", "--timestamp=us+utc", f"--property={','.join(properties)}", unit]
    return dict(line.split("=", 1) for line in _run(*argv).stdout.splitlines() if "=" in line)
