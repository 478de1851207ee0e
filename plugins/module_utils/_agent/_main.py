# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command ``trading-hosts-agent``: the shared packages on a host, without a controller. Private.

A subcommand is one entry of ``COMMANDS``. What it finds is one line on the standard error, which in a unit is the
journal.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import syslog
import typing as t

from .._clock import utc_now
from .._errors import StoreError, TradingHostsError
from .._owner import user_name
from .._redact import one_line
from .._version import VERSION
from ._check import Surroundings, check
from ._decide import ERROR, INFO
from ._override import add_override, check_service, length_of, new_override

NAME = "trading-hosts-agent"
#: sysexits.h: not permitted, and wrong use.
EX_NOPERM = 77
EX_USAGE = 64


@dataclasses.dataclass(frozen=True)
class Command:
    """One subcommand: what it does in a line, its options, and what runs and returns the exit status."""

    help: str
    options: t.Callable[[argparse.ArgumentParser], None]
    run: t.Callable[[argparse.Namespace], int]


def main(words: t.Sequence[str]) -> int:
    """Run what the words say and return the exit status."""
    options = _parser().parse_args(words)
    command = COMMANDS[options.command]
    try:
        return command.run(options)
    except StoreError as error:
        say(str(error), level=ERROR)
        return 1
    except TradingHostsError as error:
        say(str(error), level=ERROR)
        return EX_USAGE


def say(line: str, *, level: int = INFO) -> None:
    """Write one line; in a unit with the level that the journal reads from its head."""
    head = f"<{level}>" if _to_journal() else ""
    sys.stderr.write(f"{head}{NAME}: {one_line(line, limit=2000)}\n")


def _to_journal() -> bool:
    """Tell whether the standard error leads to the journal: systemd names its device and inode."""
    try:
        status = os.fstat(2)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=NAME, allow_abbrev=False, description="The trading host's own judge.")
    parser.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        command.options(commands.add_parser(name, help=command.help, description=command.help, allow_abbrev=False))
    return parser


def _check_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--service", required=True, metavar="NAME", help="the unit's name without .service")


def _check(options: argparse.Namespace) -> int:
    outcome = check(service=check_service(options.service), around=Surroundings.of_unit(os.environ))
    say(outcome.line, level=outcome.level)
    return 0 if outcome.start else EX_NOPERM


def _override_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--for", required=True, dest="length", metavar="TIME", help="such as 2h or 1h30m, at most 24h")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why; it is in the next audit")
    parser.add_argument("--service", metavar="NAME", help="only this service; without it all of this host")


def _override(options: argparse.Namespace) -> int:
    if os.geteuid() != 0:
        raise StoreError("Only root may override the check; run this with sudo.")
    override = new_override(
        service=None if options.service is None else check_service(options.service),
        length=length_of(options.length),
        reason=options.reason,
        by=_who(),
        now=utc_now(),
    )
    add_override(override)
    what = override.service or "every service of this host"
    line = f"{override.by} lets {what} start whatever the check finds, until {override.until}: {override.reason}"
    syslog.openlog(NAME, 0, syslog.LOG_AUTHPRIV)
    syslog.syslog(syslog.LOG_WARNING, line)
    say(line)
    return 0


def _who() -> str:
    """Return who it is that became root, as far as the host knows."""
    try:
        with open("/proc/self/loginuid", encoding="ascii") as file:
            uid = int(file.read())
    except (OSError, ValueError):
        uid = -1
    # The kernel's word for nobody who has logged in.
    logged_in = uid not in (-1, 0, 2**32 - 1)
    return user_name(uid) if logged_in else os.environ.get("SUDO_USER") or "root"


#: By their names.
COMMANDS: t.Mapping[str, Command] = {
    "check": Command("say whether a service may start; run by its unit", _check_options, _check),
    "override": Command("let services start whatever the check finds", _override_options, _override),
}
