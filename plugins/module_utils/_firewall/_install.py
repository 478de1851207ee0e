# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts the firewall on a host, on trial, and confirms it. Private: not an interface for other collections.

New rules are never simply there. They are on trial, and the host goes back to the old ones by itself unless a new
connection comes in time and says that it could.
"""

from __future__ import annotations

import inspect
import io
import json
import os
import stat
import typing as t
import zipfile

from .. import _errors
from .._credential import _run
from .._credential._run import ProgramMissingError, run
from .._errors import StoreError
from .._together import gather
from . import _config, _known, _program, _refresh, _rules, _system
from ._config import ENFORCE, Config, write_config
from ._known import Known, learn, only
from ._rules import elements, removal, ruleset, users
from ._ssh import connection
from ._system import CONFIRMED, PROGRAM, ROLLBACK_UNIT, SERVICE, STATE, TRIAL, UNIT, Host, read_text, remove, write_text

#: What the program on the host is made of: the same files that were tested here.
_BUNDLE = (_errors, _run, _config, _known, _program, _refresh, _rules, _system)
_PACKAGE = "trading_hosts"
_MAIN = f"import sys\n\nfrom {_PACKAGE}._firewall._program import main\n\nsys.exit(main(sys.argv[1:]))\n"

#: The rules are loaded before there is a network, with the addresses that were known before the reboot. A service
#: that is stopped leaves them loaded. Others' rules come first: the start of nftables.service flushes everything.
UNIT_TEXT = f"""\
# Written by the role egress_firewall of trading.hosts.
[Unit]
Description=Egress firewall of a trading host
Documentation=man:nft(8)
DefaultDependencies=no
After=local-fs.target systemd-sysusers.service nftables.service firewalld.service
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={PROGRAM} run
Restart=always
RestartSec=2
WatchdogSec=90
TimeoutStopSec=5
StateDirectory=trading-hosts-firewall
StateDirectoryMode=0700
CapabilityBoundingSet=CAP_NET_ADMIN
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0077

[Install]
WantedBy=sysinit.target
"""


def bundle() -> bytes:
    """Return the host's program: one file, the same bytes for the same sources."""
    content = {"__main__.py": _MAIN, f"{_PACKAGE}/__init__.py": ""}
    for module in _BUNDLE:
        path = module.__name__.partition("module_utils.")[2].split(".")
        for depth in range(1, len(path)):
            content[f"{_PACKAGE}/{'/'.join(path[:depth])}/__init__.py"] = ""
        content[f"{_PACKAGE}/{'/'.join(path)}.py"] = inspect.getsource(module)
    buffer = io.BytesIO(b"#!/usr/bin/python3 -I\n")
    buffer.seek(0, io.SEEK_END)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(content):
            archive.writestr(zipfile.ZipInfo(name), content[name])
    return buffer.getvalue()


def try_out(config: Config, *, rollback_after: int, needed: t.Sequence[str], check_mode: bool) -> dict[str, t.Any]:
    """Bring the host to this configuration, on trial where anything changes.

    ``needed`` are names of which one must have an address before anything is refused. Raises ``TradingHostsError``;
    what was loaded before is loaded then too.
    """
    _require_systemd()
    host, text = Host(), write_config(config)
    before = read_text(CONFIRMED)
    known = only(host.read_known(), names=config.names())
    _refuse_broken(config, host=host, known=known, check_mode=check_mode)
    differing = [
        what
        for what, differs in (
            ("program", _read_bytes(PROGRAM) != bundle() or not _executable(PROGRAM)),
            ("unit", read_text(UNIT) != UNIT_TEXT),
            ("configuration", before != text),
            ("trial", read_text(TRIAL) is not None),
            ("service", not _stands()),
        )
        if differs
    ]
    result: dict[str, t.Any] = {"changed": bool(differing), "changed_parts": differing, "on_trial": False}
    result["unresolved"] = sorted(set(config.names()) - known.keys())
    result["unknown_users"] = sorted(set(users(config)) - host.uids(users(config)).keys())
    result["diff"] = {"before": before or "", "after": text, "before_header": CONFIRMED, "after_header": CONFIRMED}
    if not differing or check_mode:
        return result

    known = _resolve(host, config, known)
    result["unresolved"] = sorted(set(config.names()) - known.keys())
    lost = [name for name in needed if name in result["unresolved"]]
    if config.mode == ENFORCE and needed and len(lost) == len(needed):
        raise StoreError(
            f"None of {', '.join(needed)} resolves on this host, so the mode enforce would cut it off from its "
            "exchanges; mend its name servers, or stay with the mode observe. Nothing was changed."
        )
    host.write_known(known)
    _write_program()
    write_text(UNIT, UNIT_TEXT, mode=0o644)
    here = connection()
    _start(text=text, came_by=here.text if here else None, rollback_after=rollback_after)
    _refuse_deaf(host, config=config, known=known)
    return {**result, "on_trial": True}


def confirm(*, check_mode: bool) -> dict[str, t.Any]:
    """Make the rules on trial those that stay. Raises ``StoreError`` where they are gone, or nothing is proved."""
    if check_mode:
        return {"changed": True}
    here, text = connection(), read_text(TRIAL)
    if text is not None and here is not None and json.loads(text)["connection"] == here.text:
        raise StoreError(
            "This connection is older than the rules, so it does not prove that a new one comes through; reset it "
            "(meta: reset_connection) before this task. The host goes back to its old rules by itself."
        )
    # Whoever comes first: after this, either the host has gone back, or it will not any more.
    run(argv=["systemctl", "stop", f"{ROLLBACK_UNIT}.timer", f"{ROLLBACK_UNIT}.service"])
    text = read_text(TRIAL)
    if text is None:
        _program.rollback()  # once more: it may just have been stopped half way
        raise StoreError(
            "The host went back to its old rules, because no new connection came in time; see that one comes "
            "through the new rules, or give it more time with rollback_after."
        )
    write_text(CONFIRMED, json.loads(text)["config"], mode=0o644)
    remove(TRIAL)
    _systemctl("enable", SERVICE)
    return {"changed": True}


def take_away(*, check_mode: bool) -> dict[str, t.Any]:
    """Remove the table, the service and all files."""
    paths = (PROGRAM, UNIT, CONFIRMED, TRIAL, STATE)
    changed = any(os.path.exists(path) for path in paths)
    if changed and not check_mode:
        run(argv=["systemctl", "stop", f"{ROLLBACK_UNIT}.timer", f"{ROLLBACK_UNIT}.service"])
        run(argv=["systemctl", "disable", "--now", SERVICE])
        Host().nft(removal())
        for path in paths:
            remove(path)
        _systemctl("daemon-reload")
    return {"changed": changed, "on_trial": False}


def _start(*, text: str, came_by: str | None, rollback_after: int) -> None:
    """Load the rules; the way back is prepared before they are."""
    _systemctl("daemon-reload")
    run(argv=["systemctl", "stop", f"{ROLLBACK_UNIT}.timer", f"{ROLLBACK_UNIT}.service"])
    argv = ["systemd-run", "--quiet", "--collect", f"--unit={ROLLBACK_UNIT}", f"--on-active={rollback_after}"]
    argv += ["--timer-property=AccuracySec=100ms", PROGRAM, "rollback"]
    done = run(argv=argv)
    if done.rc:
        raise StoreError(
            f"systemd-run cannot prepare the way back ({_said(done.stderr)}), so the rules were not loaded; mend that "
            "and run the role again."
        )
    write_text(TRIAL, json.dumps({"config": text, "connection": came_by}) + "\n", mode=0o600)
    if run(argv=["systemctl", "restart", SERVICE]).rc:
        _go_back()
        raise StoreError(
            f"{SERVICE} does not start with the new rules, and the host has gone back to its old ones; "
            f"`journalctl -u {SERVICE}` says why."
        )


def _go_back() -> None:
    run(argv=["systemctl", "stop", f"{ROLLBACK_UNIT}.timer"])
    _program.rollback()


def _refuse_broken(config: Config, *, host: Host, known: Known, check_mode: bool) -> None:
    rules = ruleset(config, elements=elements(config, known), uids=host.uids(users(config)))
    try:
        host.nft(rules, check=True)
    except ProgramMissingError:
        # In check mode the package may not have been installed.
        if not check_mode:
            raise
    except _system.NftError as error:
        raise StoreError(f"{error} Correct the extra rule that it names. Nothing was changed.") from None


def _refuse_deaf(host: Host, *, config: Config, known: Known) -> None:
    """Go back at once where no name resolves any more under the new rules."""
    names = [name for name in config.names() if name in known and name != _config.RESOLV_CONF]
    if not names or config.mode != ENFORCE:
        return
    for _try in range(2):
        if _resolve(host, config, {}, names=names):
            return
    _go_back()
    raise StoreError(
        "No name resolves under the new rules, and the host has gone back to its old ones; name the servers that it "
        "really asks in egress_firewall_resolvers."
    )


def _resolve(host: Host, config: Config, known: Known, *, names: t.Sequence[str] | None = None) -> Known:
    """Return what is known after one question for each name, within a bounded time."""
    asked = [_ask(host, name) for name in names or config.names()]
    for name, answer in gather(asked, seconds=15):
        known = learn(known, name=name, answer=answer, now=host.now())
    return known


def _ask(host: Host, name: str) -> t.Iterator[tuple[str, t.Sequence[str]]]:
    try:
        yield name, host.resolve(name)
    except (OSError, UnicodeError):
        return


def _require_systemd() -> None:
    if not os.path.isdir("/run/systemd/system"):
        raise StoreError(
            "This host is not run by systemd, which the firewall needs to come back after a reboot and to go back on "
            "its own; use a distribution with systemd. Nothing was changed."
        )


def _stands() -> bool:
    """Say whether the service runs, comes back after a reboot, and systemd has read its unit."""
    done = run(argv=["systemctl", "show", "--property=ActiveState,UnitFileState,NeedDaemonReload", SERVICE])
    wanted = {"ActiveState=active", "UnitFileState=enabled", "NeedDaemonReload=no"}
    return set(done.stdout.decode(errors="replace").split()) == wanted


def _systemctl(*words: str) -> None:
    done = run(argv=["systemctl", *words])
    if done.rc:
        raise StoreError(f"systemctl {' '.join(words)} fails: {_said(done.stderr)}.")


def _said(stderr: bytes) -> str:
    return " ".join(stderr.decode(errors="replace").split())[:200].rstrip(".") or "no reason given"


def _read_bytes(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _executable(path: str) -> bool:
    return stat.S_IMODE(os.stat(path).st_mode) == 0o755


def _write_program() -> None:
    scratch = f"{PROGRAM}.new"
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o755), "wb") as file:
        os.fchmod(file.fileno(), 0o755)
        file.write(bundle())
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, PROGRAM)
