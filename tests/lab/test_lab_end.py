# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""However a lab ends, nothing of it stays. Apart from test_lab.py, whose own lab would be in the way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import _cgroup
from tests.lab._spec import CHECKOUT, PREFIX, RUN_DIR
from tests.lab._tools import mounts_below, wait_for


def leftovers() -> list[str]:
    """Return all that a lab has made and that is still there."""
    network = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    rules = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
    return [
        *(str(path) for path in Path("/run/netns").glob(f"{PREFIX}-*")),
        *(str(path) for path in Path("/run/systemd/nspawn").glob(f"*/{PREFIX}-*")),
        *(line for line in (network + rules).splitlines() if PREFIX in line),
        *_cgroup.names(),
        *(str(path) for path in mounts_below(RUN_DIR)),
        *([str(RUN_DIR)] if RUN_DIR.exists() else []),
    ]


HOLDER = """
import signal, sys
# What was started in the background ignores Ctrl-C, and hands that down.
signal.signal(signal.SIGINT, signal.default_int_handler)
from tests.lab._lab import Lab
from tests.lab._spec import DEFAULT_HOSTS
with Lab(hosts=DEFAULT_HOSTS[:1]) as lab:
    lab.start_simulator()
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_when_the_caller_is_ended(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "up\n"
        assert leftovers()
        holder.send_signal(number)
        assert holder.wait(timeout=60) != 0
    wait_for(lambda: not leftovers(), what="the end of the lab", timeout=30)


def test_a_lab_left_by_a_crash_is_removed_by_the_next_down() -> None:
    subprocess.run([sys.executable, "-c", "from tests.lab._lab import Lab; Lab().up()"], cwd=CHECKOUT, check=True)
    assert json.loads((RUN_DIR / "state.json").read_text())["hosts"]
    (RUN_DIR / "state.json").unlink()
    subprocess.run(["ip", "netns", "delete", f"{PREFIX}-router"], check=True)
    for _turn in range(2):
        subprocess.run([sys.executable, "-m", "tests.lab", "down"], cwd=CHECKOUT, check=True)
        assert leftovers() == []
