# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests have of Debian beside this machine's own packages, by mmdebstrap: its keyring, its mirror."""

from __future__ import annotations

import subprocess

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
#: What mmdebstrap, which ignores the machine's apt settings, must know of them: the way out, and whether an index may
#: be old, as that of a mirror that stands still is.
_SETTINGS = (
    "Acquire::http::Proxy",
    "Acquire::https::Proxy",
    "Acquire::Check-Valid-Until",
    "Acquire::Check-Date",
)


def mirror() -> str | None:
    """Return this machine's own Debian mirror, or None: then mmdebstrap takes its default."""
    told = _output("apt-get", "indextargets", "--format", "$(LABEL)|$(COMPONENT)|$(REPO_URI)", "Identifier: Packages")
    for line in told.splitlines():
        label, component, uri = line.split("|", 2)
        if label == "Debian" and component == "main" and uri.startswith(("http://", "https://")):
            return uri
    return None


def apt_options() -> list[str]:
    """Return the options for mmdebstrap that carry over this machine's apt settings."""
    options = []
    for name in _SETTINGS:
        value = _output("apt-config", "shell", "VALUE", name).strip()
        if value:
            options.append(f'--aptopt={name} "{value.removeprefix("VALUE=").strip(chr(39))}";')
    return options


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        # Not a machine with apt.
        return ""
