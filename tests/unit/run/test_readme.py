# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README's commands are what CI runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


def command(target: str) -> str:
    """The one line of the README that runs this target of the Makefile."""
    readme = (CHECKOUT / "README.md").read_text()
    (line,) = re.findall(rf"^```sh\n(.*make {target})\n```$", readme, flags=re.MULTILINE)
    return str(line)


def test_ci_runs_the_readmes_line_and_nothing_else() -> None:
    lines = (CHECKOUT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands == ['cd "$(dirname "$0")/.." || exit', command("test")]


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_makefile_has_what_the_readme_calls(target: str) -> None:
    assert command(target).endswith(f"; make {target}")
    assert f"\n{target}: venv " in (CHECKOUT / "Makefile").read_text()


def test_both_lines_install_the_same() -> None:
    assert command("demo").removesuffix("demo") == command("test").removesuffix("test")
