# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No leak: random secrets appear nowhere but in the memory of those who need them, whatever happens to a run."""

from __future__ import annotations

import base64
import gzip
import json
import lzma
import time
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard

from tests.lab.e2e._placing import place_and_sweep
from tests.lab.e2e._support import (
    canary,
    memory_root,
)
from tests.lab.e2e._sweep import Needles, ProcessWatch, sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab._lab import Lab


def test_placing_leaks_nothing(lab: Lab, tmp_path: Path) -> None:
    """As a user with sudo and Ansible's defaults; tests/lab/soak/test_canary_sweep.py has the other ways."""
    place_and_sweep(lab, tmp_path, user="deploy", pipelining=False)


def escaped(text: str) -> bytes:
    return json.dumps({"secret": text}).encode()


PLANTED: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip, cut short": lambda text: gzip.compress(text.encode())[:-8],
    "gzip in the middle": lambda text: b"\0" * 777 + gzip.compress(text.encode()) + b"\0" * 777,
    "xz": lambda text: lzma.compress(text.encode()),
    "zstd": lambda text: zstandard.compress(text.encode()),
    "zstd in gzip": lambda text: gzip.compress(zstandard.compress(text.encode())),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, 1 before": lambda text: base64.b64encode(b"x" + text.encode()),
    "base64, 2 before": lambda text: base64.b64encode(b"xx" + text.encode() + b"x"),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16")),
    "JSON escapes": escaped,
    "JSON in JSON": lambda text: json.dumps(escaped(text).decode()).encode(),
    "URL escapes": lambda text: urllib.parse.quote(text, safe="").encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be"),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "Python's repr": lambda text: repr(text).encode(),
}


@pytest.mark.parametrize("form", PLANTED)
def test_the_sweep_finds_what_is_planted(lab: Lab, form: str) -> None:
    """The control, on a real host's disk and in its memory."""
    secret = canary()
    needles = Needles.of([secret])
    began = time.time()
    root = memory_root("alpha")
    for directory in ("var/tmp", "run"):
        planted = root / directory / "planted"
        assert sweep(needles, root / directory, newer_than=began) == []
        planted.write_bytes(PLANTED[form](secret))
        try:
            assert sweep(needles, root / directory, newer_than=began) == [str(planted)]
        finally:
            planted.unlink()


def test_the_sweep_finds_what_sudo_and_the_journal_recorded(lab: Lab, tmp_path: Path) -> None:
    """The control for the two recorders of a real host: a compressed log, and a binary one."""
    root = lab.root("alpha")
    rules = root / "etc/sudoers.d/zz-record"
    recorded, logged, shown = canary(), canary(), canary()
    began = time.time()
    rules.write_text("Defaults log_input\n")
    rules.chmod(0o440)
    try:
        lab.execute("alpha", ["sudo", "cat"], user="deploy", text_input=recorded + "\n")
    finally:
        rules.unlink()
    lab.execute("alpha", ["logger", "--", logged])
    lab.execute("alpha", ["journalctl", "--sync"])
    assert [path for path in sweep(Needles.of([recorded]), root / "var/log", newer_than=began) if "sudo-io" in path]
    assert [path for path in sweep(Needles.of([logged]), root / "var/log", newer_than=began) if "journal" in path]
    with ProcessWatch(Needles.of([shown])) as watch:
        lab.execute("alpha", ["sh", "-c", "sleep 0.5 && : $1", "sh", shown])
    assert watch.found
