# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts' images: Debian releases with what the tests need, built once, cached outside the checkout, read-only."""

from __future__ import annotations

import concurrent.futures
import contextlib
import fcntl
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests import debian

from ._tools import LabError, remove_tree, say, tail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEFAULT_SUITES = ("bookworm", "trixie")
SUITES = (*DEFAULT_SUITES, "bullseye")

PACKAGES = (
    "age", "ca-certificates", "dbus", "iproute2", "nftables", "openssh-server", "procps", "python3", "python3-certifi",
    "python3-cryptography", "python3-requests", "python3-socks", "python3-typing-extensions", "sudo", "systemd",
    "systemd-sysv",
)  # fmt: skip

# What roles install: not in the image but in a package source on it, with all that it needs, so that roles install it
# for real on hosts that have no way out.
SOURCE_PACKAGES = ("chrony", "lynis", "python3-apt", "python3-venv", "unattended-upgrades")
SOURCE = "/opt/packages"

# The independent trading program of the tests. Its asynchronous and websocket halves are there but not compiled:
# they need libraries that the hosts do not have.
CCXT = "ccxt==4.5.90"
CCXT_DIR = "/opt/ccxt"
# It needs Python 3.10, which Debian 11 does not have.
CCXT_SUITES = ("bookworm", "trixie")

MERGED_USR_HOOK = Path("/usr/share/mmdebstrap/hooks/merged-usr")

# Nobody reads manuals on a throwaway host, and nothing of it must survive a power cut of the machine.
DPKG_OPTIONS = (
    "force-unsafe-io",
    "path-exclude=/usr/share/doc/*",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
)

# Run in the image while it still has apt's lists.
FILL_SOURCE = f"""
set -eu
mkdir -p {SOURCE}/partial
apt-get -o Dir::Cache::archives={SOURCE} --quiet --yes --download-only --no-install-recommends \\
  install {" ".join(SOURCE_PACKAGES)}
cd {SOURCE}
rm -rf partial lock
for file in *.deb; do
  dpkg-deb --field "$file"
  printf 'Filename: ./%s\\nSize: %s\\nSHA256: %s\\n\\n' \\
    "$file" "$(stat --format=%s "$file")" "$(sha256sum "$file" | cut -d ' ' -f 1)"
done > Packages
"""

# Run in the image. Host keys and the machine-id are each host's own. The journal is kept on disk, as on a server,
# so that it survives a reboot and can be searched. No timer and no login prompt runs in a throwaway host. All hosts
# share the machine's clock: chrony runs, once it is installed, but sets nothing.
FINISH = f"""
set -eu
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id /var/lib/systemd/credential.secret
rm -f /etc/apt/apt.conf.d/99mmdebstrap /etc/resolv.conf
echo 'deb [trusted=yes] file:{SOURCE} ./' > /etc/apt/sources.list
mkdir -p /etc/systemd/system/chrony.service.d
printf '[Unit]\\nConditionCapability=\\n[Service]\\nEnvironmentFile=\\nEnvironment="DAEMON_OPTS=-F 1 -x"\\n' \\
  > /etc/systemd/system/chrony.service.d/lab.conf
: > /etc/machine-id
mkdir -p /var/log/journal
useradd --create-home --shell /bin/bash deploy
echo 'deploy ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/deploy
chmod 0440 /etc/sudoers.d/deploy
install -d -m 0700 /root/.ssh
install -d -m 0700 -o deploy -g deploy /home/deploy/.ssh
systemctl enable ssh.service
systemctl mask --quiet console-getty.service getty.target apt-daily.timer apt-daily-upgrade.timer \\
  dpkg-db-backup.timer e2scrub_all.timer fstrim.timer ldconfig.service
"""

# Compiled for the image's own Python, and tried.
FINISH_CCXT = f"""
set -eu
python3 -m compileall -q -x '/(async_support|pro|test)/' {CCXT_DIR}
python3 -c "import sys; sys.path.insert(0, '{CCXT_DIR}'); import ccxt; ccxt.bybit()"
"""


def cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "trading-hosts-lab"


def _packages(suite: str) -> tuple[str, ...]:
    # Without it bookworm installs perl only to merge /usr, which the hook has done.
    return (*PACKAGES, "usr-is-merged") if suite == "bookworm" and MERGED_USR_HOOK.is_dir() else PACKAGES


def image_path(suite: str) -> Path:
    """Return where the image of this suite is or will be; the name changes with everything it is made of."""
    recipe = json.dumps([suite, _packages(suite), CCXT, DPKG_OPTIONS, FILL_SOURCE, FINISH, FINISH_CCXT])
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    return cache_dir() / f"{suite}-{digest}"


# A step lives in a process namespace of its own: should this program be killed, nothing of the step goes on alone,
# and what it had mounted is gone.
_ENCLOSED = ("setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--mount-proc", "--fork", "--kill-child=KILL")


class _Steps:
    """Runs the commands of builds that go on side by side, and can end them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, argv: Sequence[str], *, log: Path) -> None:
        with self._lock, log.open("ab") as stream:
            if self._stopped:
                raise LabError("The build was interrupted.")
            process = subprocess.Popen(
                [*_ENCLOSED, *argv],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                # Ctrl-C on the terminal is for this program, which ends the step.
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
            )
            self._running.add(process)
        status = process.wait()
        self._running.discard(process)
        if status != 0:
            raise LabError(f"{Path(argv[0]).name} failed with {status}:\n{tail(log.read_text(errors='replace'))}")

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()


def _build(suite: str, steps: _Steps) -> None:
    target = image_path(suite)
    started = time.monotonic()
    # Beside the target, so that the move into place is one rename; mmdebstrap wants to make the directory itself.
    scratch = Path(tempfile.mkdtemp(prefix=f".building-{suite}-", dir=target.parent))
    image, log = scratch / "image", scratch / "log"
    try:
        say(f"{suite}: building the image (once; cached in {target.parent})")
        hook = [f"--hook-dir={MERGED_USR_HOOK}"] if "usr-is-merged" in _packages(suite) else []
        mirror = debian.mirror()
        steps.run(
            [
                "mmdebstrap",
                "--mode=root",
                "--variant=apt",
                "--format=directory",
                f"--keyring={debian.KEYRING}",
                f"--include={','.join(_packages(suite))}",
                *(f"--dpkgopt={option}" for option in DPKG_OPTIONS),
                *debian.apt_options(),
                *hook,
                f'--customize-hook=chroot "$1" /bin/sh -c {shlex.quote(FILL_SOURCE)}',
                suite,
                str(image),
                *([mirror] if mirror else []),
            ],
            log=log,
        )
        say(f"{suite}: packages installed after {time.monotonic() - started:.0f} s")
        steps.run(["chroot", str(image), "/bin/sh", "-c", FINISH], log=log)
        if suite in CCXT_SUITES:
            steps.run(
                [
                    *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                    *("--no-deps", "--no-compile", "--only-binary=:all:", f"--target={image}{CCXT_DIR}", CCXT),
                ],
                log=log,
            )
            steps.run(["chroot", str(image), "/bin/sh", "-c", FINISH_CCXT], log=log)
        image.rename(target)
    finally:
        remove_tree(scratch)
    say(f"{suite}: image ready after {time.monotonic() - started:.0f} s")


@contextlib.contextmanager
def _cache_lock() -> Iterator[None]:
    """Let one build at a time use the cache, and remove what killed builds left there."""
    directory = cache_dir()
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        for leftover in directory.glob(".building-*"):
            remove_tree(leftover)
        yield


def ensure_images(suites: Sequence[str] = DEFAULT_SUITES) -> dict[str, Path]:
    """Return the image directory of each suite; build those that are missing, side by side."""
    for suite in suites:
        if suite not in SUITES:
            raise LabError(f"suite {suite!r} is unknown: use one of {', '.join(SUITES)}.")
    with _cache_lock():
        missing = sorted({suite for suite in suites if not image_path(suite).is_dir()})
        steps = _Steps()
        with concurrent.futures.ThreadPoolExecutor(max_workers=max(len(missing), 1)) as pool:
            builds = [pool.submit(_build, suite, steps) for suite in missing]
            try:
                for build in concurrent.futures.as_completed(builds):
                    build.result()
            except BaseException:
                steps.stop()
                raise
    return {suite: image_path(suite) for suite in suites}


def remove_images() -> None:
    """Delete every cached image, also those of other versions of this file."""
    with _cache_lock():
        for path in cache_dir().iterdir():
            if path.is_dir():
                remove_tree(path)
