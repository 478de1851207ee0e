# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a scan for secrets in clear takes: `python -m tests.bench.bench_exposed [--files 200000]`.

Makes a tree of files as servers have them (code, configurations, data, some binary) with a few planted secrets, scans
it, and lets ``grep -rE`` look for the names of secrets in it. Whole processes with their start; seconds, peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import secrets
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.collection import collections_directory

_WORDS = re.findall(
    r"\w+",
    "def return import value order price amount market config key token symbol open close high low time data list"
    " name path self class index session request response user host port level debug info error",
)
_PLANTED = 20
_PROGRAM = """
import json, sys
from ansible_collections.trading.hosts.plugins.module_utils._exposed._scan import scan
told = scan(scope="host", paths=[sys.argv[1]], exclude=[], timeout=600, max_files=10**7, max_file_bytes=2**26)
print(json.dumps({"found": len(told["exposed"]), **told["scan"]}))
"""


def make_tree(directory: Path, *, files: int) -> int:
    """Write the files, a hundred to a directory, and return their size in bytes."""
    chance = random.Random(1)
    lines = [" ".join(chance.choices(_WORDS, k=8)) for _turn in range(499)] + ["client_secret = options.client_secret"]
    size = 0
    for number in range(files):
        if number % 100 == 0:
            here = directory / f"{number // 10_000}" / f"{number // 100 % 100}"
            here.mkdir(parents=True)
        kind = number % 10
        if kind == 9:
            text = os.urandom(chance.choice((2_000, 20_000)))
        else:
            text = "\n".join(chance.choices(lines, k=chance.choice((5, 20, 60, 300)))).encode()
        if number % (files // _PLANTED) == 0:
            text = json.dumps({"exchange": {"name": "binance", "key": _word(64), "secret": _word(64)}}).encode()
        (here / f"file{number}.{('py', 'json', 'yml', 'txt', 'conf')[kind % 5]}").write_bytes(text)
        size += len(text)
    return size


def _word(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _turn in range(length))


def measure(command: Sequence[str]) -> tuple[float, int, str]:
    """Run a program; return seconds, peak memory in MB, and what it wrote."""
    environment = {**os.environ, "PYTHONPATH": str(collections_directory()), "LC_ALL": "C"}
    begun = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, errors="replace") as program:
        assert program.stdout is not None
        output = program.stdout.read()
        _pid, _status, usage = os.wait4(program.pid, 0)
        program.returncode = 0
    return time.monotonic() - begun, usage.ru_maxrss // 1024, output


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--files", type=int, default=200_000)
    files = arguments.parse_args().files
    with tempfile.TemporaryDirectory() as directory:
        size = make_tree(Path(directory), files=files)
        print(f"{files} files, {size / 1e6:.0f} MB")
        names = "(secret|private_?key)[a-z_]*[\"']?[ ]*[:=]"
        for name, command in (
            ("grep -rEi", ["grep", "-rEil", "--binary-files=without-match", names, directory]),
            ("scan", [sys.executable, "-c", _PROGRAM, directory]),
            ("grep -rEi again", ["grep", "-rEil", "--binary-files=without-match", names, directory]),
            ("scan again", [sys.executable, "-c", _PROGRAM, directory]),
        ):
            seconds, memory, output = measure(command)
            last = output.splitlines()[-1] if name.startswith("scan") else f"{len(output.splitlines())} files named"
            print(f"{name}: {seconds:.1f} s, {memory} MB; {last}")


if __name__ == "__main__":
    main()
