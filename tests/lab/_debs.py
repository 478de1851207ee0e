# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages that only some hosts install: fetched once, and laid below such a host's disk as one more package source.

The images stay as small as they are, and a role installs the packages for real.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests import debian

from ._images import cache_dir, ensure_images
from ._tools import remove_tree, run, say

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = "opt/more-packages"


def ensure_debs(packages: Sequence[str], *, suite: str) -> Path:
    """Return a directory to lay below hosts of this release, which then can install these packages."""
    image = ensure_images([suite])[suite]
    recipe = json.dumps([sorted(packages), image.name])
    target = cache_dir() / f"debs-{suite}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    with (cache_dir() / "debs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            say(f"{suite}: fetching {', '.join(packages)} (once; cached in {target.parent})")
            scratch = Path(tempfile.mkdtemp(prefix=".fetching-", dir=target.parent))
            try:
                _fetch(packages, image=image, suite=suite, scratch=scratch / "apt")
                layer = scratch / "layer"
                source = layer / SOURCE
                source.mkdir(parents=True)
                for deb in sorted((scratch / "apt/cache/archives").glob("*.deb")):
                    deb.rename(source / deb.name)
                (source / "Packages").write_text("".join(_entry(deb) for deb in sorted(source.glob("*.deb"))))
                listed = layer / "etc/apt/sources.list.d/more.list"
                listed.parent.mkdir(parents=True)
                listed.write_text(f"deb [trusted=yes] file:/{SOURCE} ./\n")
                for directory in (layer, *(path for path in layer.rglob("*") if path.is_dir())):
                    directory.chmod(0o755)
                layer.rename(target)
            finally:
                remove_tree(scratch)
    return target


def _fetch(packages: Sequence[str], *, image: Path, suite: str, scratch: Path) -> None:
    """Have this machine's apt fetch what an image lacks for them, as if it were that host's."""
    for directory in ("state/lists/partial", "cache/archives/partial", "etc"):
        (scratch / directory).mkdir(parents=True)
    (scratch / "etc/sources.list").write_text(
        f"deb [signed-by={debian.KEYRING}] {debian.mirror() or 'http://deb.debian.org/debian'} {suite} main\n"
    )
    settings = {
        "Dir::State": scratch / "state",
        "Dir::State::status": image / "var/lib/dpkg/status",
        "Dir::Cache": scratch / "cache",
        "Dir::Etc::sourcelist": scratch / "etc/sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferencesparts": "-",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    apt = ["apt-get", "--quiet", "--yes", *(f"--option={name}={value}" for name, value in settings.items())]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    run([*apt, "update"], env=environment)
    run([*apt, "--download-only", "--no-install-recommends", "install", *packages], env=environment)


def _entry(deb: Path) -> str:
    """Return what a package source says of a package."""
    told = subprocess.run(["dpkg-deb", "--field", str(deb)], capture_output=True, text=True, check=True).stdout
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    return f"{told}Filename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {digest}\n\n"
