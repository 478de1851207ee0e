# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab by hand: `python -m tests.lab up|down|status|ssh NAME [COMMAND]|reboot NAME|kill NAME|boot NAME|...`"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ._images import DEFAULT_SUITES, SUITES, ensure_images, remove_images
from ._lab import Lab, down, undertake
from ._prepare import prepare
from ._spec import USERS
from ._tools import LabError, say


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="Real hosts behind NAT on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("prepare", help="install what the lab needs on this machine")
    images = commands.add_parser("images", help="build the hosts' images that are missing")
    images.add_argument("--suite", action="append", choices=SUITES, help=f"default: {' and '.join(DEFAULT_SUITES)}")
    images.add_argument("--remove", action="store_true", help="delete all cached images instead")
    commands.add_parser("up", help="boot the hosts, with the simulator, and leave them running")
    commands.add_parser("down", help="remove the lab and everything an earlier one left")
    commands.add_parser("status", help="show hosts and addresses")
    commands.add_parser("inventory", help="write an inventory of the hosts").add_argument("file", type=Path)
    ssh = commands.add_parser("ssh", help="open a shell on a host, or run a command there")
    ssh.add_argument("--user", choices=USERS, default="root")
    ssh.add_argument("name", nargs="?", help="default: the first host")
    ssh.add_argument("remote", nargs=argparse.REMAINDER, metavar="COMMAND")
    for name, text in (
        ("reboot", "reboot a host from inside and wait for it"),
        ("kill", "end a host as a power cut does"),
        ("boot", "power a host on and wait for it"),
    ):
        commands.add_parser(name, help=text).add_argument("name")
    commands.add_parser("undertaker").add_argument("lab_id")  # the lab's own helper
    return parser.parse_args()


def status(lab: Lab) -> None:
    for host in lab.hosts.values():
        state = "running" if lab.is_running(host.name) else "stopped"
        public = ", ".join(lab.public_addresses(host.name))
        print(f"{host.name:10} {host.suite:9} {state:8} ssh {host.ssh_address:15} seen as {public}")


def act(options: argparse.Namespace) -> None:
    match options.command:
        case "prepare":
            prepare()
        case "images" if options.remove:
            remove_images()
        case "images":
            prepare()
            for suite, path in ensure_images(options.suite or DEFAULT_SUITES).items():
                print(f"{suite:9} {path}")
        case "up":
            lab = Lab()
            lab.up(simulator=True)
            status(lab)
        case "down":
            down()
        case "status":
            status(Lab.attach())
        case "inventory":
            Lab.attach().write_inventory(options.file)
        case "ssh":
            lab = Lab.attach()
            argv = [*lab.ssh_argv(options.name or next(iter(lab.hosts)), options.user), *options.remote]
            os.execvp(argv[0], argv)
        case "reboot" | "boot" as command:
            lab = Lab.attach()
            state = lab.reboot(options.name) if command == "reboot" else lab.boot(options.name)
            say(f"{options.name} is {state}")
        case "kill":
            Lab.attach().kill(options.name)
        case "undertaker":
            undertake(options.lab_id)


def main() -> None:
    try:
        act(arguments())
    except LabError as exc:
        sys.exit(f"lab: {exc}")
    except KeyboardInterrupt:
        sys.exit(130)


main()
