# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.run`: run everything that proves this checkout, and say what ran."""

from __future__ import annotations

import argparse
import sys

from . import engine, stages


def main() -> int:
    """Run the chosen stages. Returns 0 when every one of them passed or could not run here, else 1."""
    known = stages.all_stages()
    parser = argparse.ArgumentParser(prog="python -m tests.run", description=__doc__)
    parser.add_argument(
        "--only",
        metavar="NAMES",
        help="stages or groups of stages, separated by commas: "
        + ", ".join(sorted({group for stage in known for group in (stage.name, *stage.groups)})),
    )
    parser.add_argument(
        "--at-once", type=int, default=2, metavar="N", help="how many stages may run at a time (default: 2)"
    )
    arguments = parser.parse_args()
    names = arguments.only.split(",") if arguments.only else ["test"]
    unknown = set(names) - {group for stage in known for group in (stage.name, *stage.groups)}
    if unknown:
        parser.error(f"there is no stage or group named {', '.join(sorted(unknown))}")
    chosen = [stage for stage in known if {stage.name, *stage.groups} & set(names)]
    return engine.run(stages=chosen, at_once=arguments.at_once)


if __name__ == "__main__":
    sys.exit(main())
