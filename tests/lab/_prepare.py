# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine must have: Linux, root, and a few packages, which are installed when they are missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ._tools import LabError, run, say

# Package on Debian and Ubuntu -> what shows that it is there: a command or a file.
PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "gpg": "gpg",
    "systemd-container": "systemd-nspawn",
    "nftables": "nft",
    "iproute2": "ip",
    "openssh-client": "ssh",
    "age": "age",
    "debian-archive-keyring": "/usr/share/keyrings/debian-archive-keyring.gpg",
}


def _is_there(what: str) -> bool:
    return Path(what).exists() if what.startswith("/") else shutil.which(what) is not None


def require_root() -> None:
    if os.geteuid() != 0:
        raise LabError("The lab boots hosts and makes networks, which needs root: run it with sudo or as root.")


def prepare() -> None:
    """Install what is missing. Raises LabError when this is not root or not a machine with apt."""
    require_root()
    # A service's or a cron job's PATH may lack these, and nft and mmdebstrap live there.
    os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/local/sbin:/usr/sbin:/sbin"
    missing = [package for package, proof in PACKAGES.items() if not _is_there(proof)]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise LabError(
            f"The lab needs {', '.join(missing)}, and apt-get is missing: install them, or use Debian or Ubuntu."
        )
    say(f"installing {', '.join(missing)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    run(["apt-get", "update", "--quiet"], env=env)
    run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing], env=env)
