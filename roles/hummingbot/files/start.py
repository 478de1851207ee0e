# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs hummingbot's own engine in the directory where it is started, instead of where it is installed.

The role trading.hosts.hummingbot puts it beside the bot's files, and hummingbot's own Python runs it, with the
arguments of hummingbot.cli.engine. As it is published, hummingbot keeps conf, data and logs beside its code, which
belongs to root here.
"""

from __future__ import annotations

import importlib
import runpy
import shutil
from pathlib import Path

DIRECTORIES = ("conf/strategies", "conf/scripts", "conf/controllers", "data", "logs", "scripts", "controllers")


def main() -> None:
    """Lay out the directory, then become the engine."""
    here = Path.cwd()
    for name in DIRECTORIES:
        (here / name).mkdir(parents=True, exist_ok=True)
    # What it wrote itself the last time is not what it is to begin with.
    shutil.copytree(Path(__file__).resolve().parent / "bot", here, dirs_exist_ok=True, copy_function=shutil.copyfile)
    # Of an earlier start: who waits for this one must not read it.
    (here / "data/bot/status.json").unlink(missing_ok=True)
    hummingbot = importlib.import_module("hummingbot")
    code = here / "hummingbot"
    code.unlink(missing_ok=True)
    code.symlink_to(Path(str(hummingbot.__file__)).parent)
    vars(hummingbot)["root_path"] = lambda: here
    hummingbot.set_prefix_path(str(here))
    runpy.run_module("hummingbot.cli.engine", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
