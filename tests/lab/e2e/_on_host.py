# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on a host, as one program: starts the module again and again, kills it, and tells what it left.

Standard input is one JSON object: ``directory``, ``host_keys``, ``contents`` (name: the texts of version 0 and 1),
``payloads`` (what Ansible pipes to python to place version 0 and 1, in base64), ``runs`` (or only look) and ``kills``.
A kill is ``when`` (``time``, ``change`` or ``rename``), ``share`` (0 to 1, of the duration, of the changes in the
directory or of the renames among them), ``group`` (also what the module has started) and ``virgin`` (begin on a host
without credentials and key). Standard output is one JSON object per line: the state at the beginning, then after each
kill, then after a run that nobody disturbed. A run that ended before its kill is told as such and repeated.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_IN_CREATE, _IN_MOVED_TO = 0x100, 0x80


class Changes:
    """Counts new names in a directory, by inotify."""

    def __init__(self, directory: str) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        libc.inotify_add_watch(self.descriptor, os.fsencode(directory), _IN_CREATE | _IN_MOVED_TO)
        self.seen = {"change": 0, "rename": 0}

    def wait(self, kind: str, number: int, *, process: subprocess.Popen[bytes]) -> None:
        """Return after this many changes or renames, or when the process has ended."""
        while self.seen[kind] < number and process.poll() is None:
            if select.select([self.descriptor], [], [], 0.02)[0]:
                self._count()

    def _count(self) -> None:
        try:
            data = os.read(self.descriptor, 65536)
        except BlockingIOError:
            return
        while data:
            self.seen["change"] += 1
            self.seen["rename"] += bool(int.from_bytes(data[4:8], sys.byteorder) & _IN_MOVED_TO)
            data = data[16 + int.from_bytes(data[12:16], sys.byteorder) :]

    def close(self) -> dict[str, int]:
        self._count()
        os.close(self.descriptor)
        return self.seen


class Host:
    """The host's credentials and the module that places them."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.directory = Path(order["directory"])
        self.host_keys = [Path(path) for path in order["host_keys"]]
        self.contents: dict[str, list[str]] = order["contents"]
        self.payloads = [base64.b64decode(payload) for payload in order["payloads"]]
        self.duration = 1.0
        self.changes = {"change": 1, "rename": 1}

    def start(self, version: int) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            ["/usr/bin/python3"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdin is not None
        process.stdin.write(self.payloads[version])
        process.stdin.close()
        return process

    def undisturbed(self, version: int) -> int:
        """Run to the end, measure it, and return the exit status."""
        watch = Changes(str(self.directory))
        process = self.start(version)
        began = time.monotonic()
        status = process.wait()
        self.duration = time.monotonic() - began
        self.changes = watch.close()
        return status

    def killed(self, kill: dict[str, Any], version: int) -> int:
        """Run, kill, and return the exit status."""
        if kill["virgin"]:
            for path in [*self.directory.iterdir(), *self.host_keys]:
                path.unlink(missing_ok=True)
        watch = Changes(str(self.directory))
        process = self.start(version)
        if kill["when"] == "time":
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=kill["share"] * self.duration)
        else:
            watch.wait(kill["when"], 1 + int(kill["share"] * self.changes[kill["when"]]), process=process)
        if process.poll() is None:
            (os.killpg if kill["group"] else os.kill)(process.pid, signal.SIGKILL)
        status = process.wait()
        watch.close()
        return status

    def state(self, **more: Any) -> dict[str, Any]:
        """Tell which version each credential holds, and what else lies there."""
        there = sorted(path.name for path in self.directory.iterdir()) if self.directory.is_dir() else []
        stores = {name: [path for path in (name, f"{name}.age") if path in there] for name in self.contents}
        own = {each for paths in stores.values() for path in paths for each in (path, f".trading-hosts.{path}.notes")}
        rest = [name for name in there if name not in own]
        texts = [text.encode() for versions in self.contents.values() for text in versions]
        plain = [name for name in rest if any(text in (self.directory / name).read_bytes() for text in texts)]
        held = {name: self._version(name, paths) if paths else "absent" for name, paths in stores.items()}
        both = [name for name, paths in stores.items() if len(paths) == 2]
        return {"held": held, "rest": rest, "both": both, "plain": plain, **more}

    def _version(self, name: str, files: list[str]) -> str:
        """Return the version of the file that was put there last, by the store's own program."""
        path = str(max((self.directory / file for file in files), key=lambda each: each.stat().st_ctime_ns))
        command = (
            ["age", "--decrypt", "--identity", str(self.host_keys[1]), path]
            if path.endswith(".age")
            else ["systemd-creds", "decrypt", f"--name={name}", path, "-"]
        )
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return "undecryptable"
        return str(self.contents[name].index(done.stdout)) if done.stdout in self.contents[name] else "other"


def main() -> None:
    order = json.load(sys.stdin)
    host = Host(order)

    def tell(**more: Any) -> None:
        print(json.dumps(host.state(**more)), flush=True)

    tell(kind="found")
    if not order["runs"]:
        return
    for version in (0, 1):
        tell(kind="undisturbed", status=host.undisturbed(version), duration=host.duration, changes=host.changes)
    version = 0
    for kill in order["kills"]:
        for _attempt in range(5):
            status = host.killed(kill, version)
            tell(kind="ended" if status == 0 else "killed", status=status, kill=kill, version=version)
            version = 1 - version
            if status != 0:
                break
            # It was faster than the kill: earlier then.
            kill["share"] *= 0.6
    tell(kind="undisturbed", status=host.undisturbed(0), duration=host.duration, changes=host.changes)


main()
