# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for hummingbot's engine (hummingbot/cli/engine.py of 20260922): its arguments, files and status."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--config")
    options = parser.parse_args()
    hummingbot = importlib.import_module("hummingbot")
    crypt = importlib.import_module("hummingbot.client.config.config_crypt")
    here: Path = hummingbot.root_path()
    assert here == Path(hummingbot.prefix) == Path.cwd()
    assert (here / "hummingbot" / "connector").is_dir()
    manager = crypt.ETHKeyFileSecretManger(os.environ.pop("HBOT_PASSWORD"))
    os.environ.pop("CONFIG_PASSWORD")
    word = crypt.PASSWORD_VERIFICATION_WORD
    if manager.decrypt(word, (here / "conf/.password_verification").read_text()) != word:
        sys.exit(4)
    strategy = (here / "conf/strategies" / options.config).read_text()
    if "broken" in strategy:
        print("Failed to load strategy. Exiting.")
        sys.exit(1)
    for path in sorted((here / "conf/connectors").glob("*.yml")):
        for line in path.read_text().splitlines()[1:]:
            name, _colon, value = line.partition(": ")
            print(f"{path.stem}: {name} of {len(manager.decrypt(name, value.strip(chr(34))))} characters", flush=True)
    status = here / "data/bot/status.json"
    status.parent.mkdir(parents=True, exist_ok=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    status.write_text(json.dumps({"pid": os.getpid(), "running": True}))
    print(f"{options.name} runs {strategy.strip()} with {sorted(os.listdir(here))}", flush=True)
    signal.sigwait([signal.SIGTERM])
    print("cancelled all orders", flush=True)


if __name__ == "__main__":
    main()
