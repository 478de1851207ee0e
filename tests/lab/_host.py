# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host: its disk, its boot, its end. A real systemd under systemd-nspawn, on an overlay over its image."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from . import _cgroup
from ._spec import RUN_DIR, USERS
from ._tools import LabError, run, tail, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._spec import HostSpec

CLIENT_KEY = RUN_DIR / "ssh_key"
KNOWN_HOSTS = RUN_DIR / "known_hosts"

BOOT_TIMEOUT = 60.0

# Starts the host in a fresh group each time (a group that still has children takes no process), and starts it
# again when it asks for a reboot: systemd-nspawn ends with 133 then.
_SUPERVISOR = """
groups=$1
shift
for group in $groups; do
  mkdir -p "$group/supervisor" && echo 0 > "$group/supervisor/cgroup.procs" || exit 1
done
while :; do
  (
    for group in $groups; do
      [ ! -d "$group/host" ] || find "$group/host" -depth -type d -exec rmdir {} \\;
      mkdir "$group/host" && echo 0 > "$group/host/cgroup.procs" || exit 1
    done
    exec "$@"
  )
  status=$?
  [ "$status" -eq 133 ] || exit "$status"
done
"""

_HOSTS_BEGIN = "# The lab's names"


def ssh_address_options() -> list[str]:
    """Return the ssh options that verify the host's identity and use nothing of the person who runs the lab."""
    return [
        *("-o", f"UserKnownHostsFile={KNOWN_HOSTS}"),
        *("-o", "GlobalKnownHostsFile=/dev/null"),
        *("-o", "StrictHostKeyChecking=yes"),
        *("-o", "IdentitiesOnly=yes"),
    ]


def ssh_argv(spec: HostSpec, user: str) -> list[str]:
    """Return the ssh command that reaches this host as this user; append a command or nothing."""
    return [
        *("ssh", "-F", "/dev/null", "-i", str(CLIENT_KEY)),
        *ssh_address_options(),
        *("-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "LogLevel=ERROR"),
        f"{user}@{spec.ssh_address}",
    ]


def make_client_key() -> None:
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "trading-hosts-lab", "-f", str(CLIENT_KEY)])


def create(spec: HostSpec, *, image: Path, names: Mapping[str, Sequence[str]], layers: Sequence[Path] = ()) -> None:
    """Make the host's disk: the image below, on it the layers (the first on top), and above what is this host's own."""
    for part in ("upper", "work", "root"):
        (spec.directory / part).mkdir(parents=True)
    below = ":".join(str(path) for path in (*layers, image))
    options = f"lowerdir={below},upperdir={spec.directory / 'upper'},workdir={spec.directory / 'work'}"
    run(["mount", "-t", "overlay", spec.machine, "-o", options, str(spec.root)])

    etc = spec.root / "etc"
    (etc / "hostname").write_text(f"{spec.name}\n")
    (etc / "machine-id").write_text(f"{uuid.uuid4().hex}\n")
    (etc / "hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {spec.name}\n")
    write_names(spec, names)

    host_key = etc / "ssh" / "ssh_host_ed25519_key"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", spec.name, "-f", str(host_key)])
    with KNOWN_HOSTS.open("a") as stream:
        stream.write(f"{spec.ssh_address} {host_key.with_suffix('.pub').read_text()}")
    for user in USERS:
        home = spec.root / ("root" if user == "root" else f"home/{user}")
        target = home / ".ssh" / "authorized_keys"
        shutil.copyfile(CLIENT_KEY.with_suffix(".pub"), target)
        os.chown(target, home.stat().st_uid, home.stat().st_gid)


def write_names(spec: HostSpec, names: Mapping[str, Sequence[str]]) -> None:
    """Replace the lab's part of the host's /etc/hosts: each name has one or more addresses."""
    path = spec.root / "etc" / "hosts"
    own = path.read_text().partition(_HOSTS_BEGIN)[0]
    lines = [f"{address} {name}" for name, addresses in sorted(names.items()) for address in addresses]
    path.write_text("\n".join([own.rstrip("\n"), _HOSTS_BEGIN, *lines]) + "\n")


def start(spec: HostSpec) -> None:
    """Power the host on; `wait_ready` waits for it."""
    if _cgroup.is_populated(spec.name):
        raise LabError(f"{spec.name} is running already.")
    groups = _cgroup.create(spec.name)
    command = [
        "systemd-nspawn",
        "--quiet",
        "--boot",
        f"--directory={spec.root}",
        f"--machine={spec.machine}",
        f"--network-namespace-path=/run/netns/{spec.netns}",
        # systemd is not necessarily what runs this machine: nothing is registered with it.
        "--register=no",
        "--keep-unit",
        "--capability=CAP_NET_ADMIN",
        "--console=pipe",
        "--settings=no",
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
    ]
    env = {
        **{name: os.environ[name] for name in ("PATH",) if name in os.environ},
        # Version 2 inside, whatever the machine has: systemd 257 and newer want no other.
        "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
        # Lets the host set the sysctls of its own network, and no others: those are the machine's.
        "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
    }
    with spec.console.open("ab") as console:
        # Not a child of this process: hosts stay when `up` ends.
        subprocess.run(
            ["setsid", "--fork", "sh", "-c", _SUPERVISOR, "trading-hosts-lab", " ".join(map(str, groups)), *command],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            check=True,
            cwd="/",
            env=env,
        )
    wait_for(
        lambda: _cgroup.is_populated(spec.name), what=f"the first process of {spec.name}", timeout=10, interval=0.01
    )


def kill(spec: HostSpec) -> None:
    """End the host as a power cut does: nothing in it is told. What it wrote to its disk stays."""
    _cgroup.kill(spec.name)


def execute(
    spec: HostSpec,
    command: str,
    *,
    user: str = "root",
    check: bool = True,
    text_input: str | None = None,
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    return run([*ssh_argv(spec, user), command], check=check, text_input=text_input, timeout=timeout)


def answers(spec: HostSpec) -> bool:
    """Say whether the host's SSH server greets. Raises LabError when the host has ended."""
    try:
        with socket.create_connection((spec.ssh_address, 22), timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        if not _cgroup.is_populated(spec.name):
            raise LabError(
                f"{spec.name} ended while booting:\n{tail(spec.console.read_text(errors='replace'))}"
            ) from None
        return False


def boot_id(spec: HostSpec) -> str | None:
    """Return what tells this boot of the host from others; None while SSH does not answer."""
    if not answers(spec):
        return None
    done = execute(spec, "cat /proc/sys/kernel/random/boot_id", check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def wait_ready(spec: HostSpec, *, not_boot: str | None = None) -> str:
    """Wait until the host (in another boot than `not_boot`) answers and has finished booting.

    Returns "running", or "degraded: " and the units that failed.
    """

    def booted() -> bool:
        found = boot_id(spec)
        return found is not None and found != not_boot

    wait_for(booted, what=f"SSH of {spec.name}", timeout=BOOT_TIMEOUT)
    state = execute(spec, "systemctl is-system-running --wait", check=False, timeout=BOOT_TIMEOUT).stdout.strip()
    if state == "running":
        return state
    failed = execute(spec, "systemctl list-units --failed --plain --no-legend", check=False).stdout
    units = ", ".join(line.split(" ")[0] for line in failed.splitlines())
    if state != "degraded":
        raise LabError(f"{spec.name} did not finish booting: {state or 'no answer'}. Failed units: {units or 'none'}.")
    return f"degraded: {units}"


def reboot(spec: HostSpec) -> str:
    """Reboot the host as its administrator would, and wait until it is back; returns as `wait_ready`."""
    if not _cgroup.is_populated(spec.name):
        raise LabError(f"{spec.name} is not running: boot it first.")
    before = boot_id(spec)
    if before is None:
        raise LabError(f"{spec.name} does not answer over SSH.")
    execute(spec, "systemctl reboot", check=False)
    return wait_ready(spec, not_boot=before)


def power_off(spec: HostSpec) -> None:
    """Shut the host down in order, and wait until it has ended."""
    execute(spec, "systemctl poweroff", check=False)
    wait_for(lambda: not _cgroup.is_populated(spec.name), what=f"the end of {spec.name}", timeout=BOOT_TIMEOUT)


def install_ca(spec: HostSpec, pem: str) -> None:
    """Let everything on the host trust this authority."""
    (spec.root / "usr/local/share/ca-certificates/trading-hosts-lab.crt").write_text(pem)
    execute(spec, "update-ca-certificates")
