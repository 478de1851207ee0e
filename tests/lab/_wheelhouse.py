# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wheelhouses for the hosts, which reach no package index: fetched once, cached beside the images, never changed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import sys
import tempfile
from pathlib import Path

from packaging.markers import Marker

from ._images import cache_dir
from ._tools import remove_tree, run, say

# The Python of each release's hosts, and the newest C library that a wheel may ask for.
PYTHONS = {"bookworm": ("3.11", 36), "trixie": ("3.13", 41)}
_REQUIREMENT = re.compile(
    r"^(?P<pin>[A-Za-z0-9][^ ;]*==[^ ;]*)(?: *; *(?P<marker>[^\\\n]*?))?(?P<rest> *\\\n(?:    .*\n)+)", re.MULTILINE
)


def for_python(requirements: str, *, python: str) -> str:
    """Return what of hashed requirements a Linux host with this Python needs.

    Without markers, which pip would take as meant for the Python that it runs on.
    """
    here = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "implementation_name": "cpython",
        "platform_machine": platform.machine(),
    }
    return "".join(
        match["pin"] + match["rest"]
        for match in _REQUIREMENT.finditer(requirements)
        if not match["marker"] or Marker(match["marker"]).evaluate(here)
    )


def ensure_wheelhouse(requirements: Path, *, suite: str) -> Path:
    """Return a directory with every file that the requirements list for hosts of this release; fetch it once."""
    python, libc = PYTHONS[suite]
    listed = for_python(requirements.read_text(), python=python)
    recipe = json.dumps([listed, python, libc, platform.machine()])
    target = cache_dir() / f"wheelhouse-{suite}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    cache_dir().mkdir(parents=True, exist_ok=True)
    with (cache_dir() / "wheelhouse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            say(f"{suite}: fetching the wheelhouse of {requirements.stem} (once; cached in {target.parent})")
            scratch = Path(tempfile.mkdtemp(prefix=".fetching-", dir=target.parent))
            try:
                (scratch / "requirements.txt").write_text(listed)
                tags = ["manylinux2014", *(f"manylinux_2_{minor}" for minor in range(libc, 4, -1))]
                run(
                    [
                        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
                        *("--no-deps", "--require-hashes", f"--python-version={python}", "--implementation=cp"),
                        *(f"--platform={tag}_{platform.machine()}" for tag in tags),
                        *("--dest", str(scratch), "--requirement", str(scratch / "requirements.txt")),
                    ],
                    env={**os.environ, "LC_ALL": "C.UTF-8"},
                )
                (scratch / "requirements.txt").unlink()
                scratch.chmod(0o755)
                scratch.rename(target)
            finally:
                remove_tree(scratch)
    return target
