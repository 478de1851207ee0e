# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which credentials a unit's launcher puts into the environment of its program."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential._units import LAUNCH, environment_by_unit

START = f'ExecStart="/usr/bin/python3" "-I" "{LAUNCH}"'


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (
            f'{START} "--environment-from=a.env" "--variable=TOKEN=b" "--" "/bin/x" "--environment-from=no"',
            ["a.env", "b"],
        ),
        (f'{START} "--link=/var/lib/x/k=a" "--join=/var/lib/x/c.json=b:/etc/b.json" "--" "/bin/x"', []),
        ('ExecStart="/bin/x" "--environment-from=no"', None),
        (f'ExecStart=/bin/echo a b c {LAUNCH} "--environment-from=no"', []),
        (f'{START} "--environment-from=a" "--" /x\nExecStart=\nExecStart=/bin/x', []),
        (f'{START} "--environment-from=a', []),
    ],
    ids=["variables", "files", "no launcher", "somewhere else", "emptied", "broken"],
)
def test_what_a_unit_hands_over(tmp_path: Path, lines: str, names: list[str] | None) -> None:
    (tmp_path / "x.service").write_text(f"[Service]\n{lines}\n")
    (tmp_path / "other.service").write_text(f"[Service]\n{START} --environment-from=c -- /x\n")
    found = environment_by_unit(units=["x.service"], unit_directories=[str(tmp_path)])
    assert found.get("x.service", []) == (names or [])
    assert "other.service" not in found
