# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one look at a service's host: what is told of a file, and that what is not there is no error."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[3] / "roles/trading_service/files/look.py"


@pytest.fixture(scope="module")
def look() -> dict[str, Any]:
    return runpy.run_path(str(PROGRAM), run_name="look")


def test_a_file_is_told_with_what_it_holds_and_whose_it_is(look: dict[str, Any], tmp_path: Path) -> None:
    read: Callable[..., dict[str, Any]] = look["_file"]
    unit = tmp_path / "a.service"
    unit.write_bytes(b"[Unit]\n\xff")
    unit.chmod(0o640)
    # 2026-11-22T07:13:54.123456789Z
    os.utime(unit, ns=(0, 1_795_331_634_123_456_789))
    told = read(str(unit), whole=True)
    assert told["sha256"] == hashlib.sha256(b"[Unit]\n\xff").hexdigest()
    assert (told["mode"], told["uid"], told["base64"]) == ("0640", os.getuid(), "W1VuaXRdCv8=")
    assert told["written"] == "2026-11-22 07:13:54.123456"
    assert "base64" not in read(str(unit))


def test_what_is_not_here_is_none(look: dict[str, Any], tmp_path: Path) -> None:
    assert look["_file"](str(tmp_path / "gone")) is None
    assert look["_user"]("no-such-user") is None
    assert look["_user"]("root")["gid"] == 0


TOOLS = {
    "systemctl": r"""#!/bin/sh
[ "$1" = --version ] && echo "systemd $VERSION ($VERSION.1)" && exit
printf '%s\n' ActiveState=active UnitFileState=enabled
""",
    "systemd-analyze": r"""#!/bin/sh
for path; do :; done
grep -q Private "$path" && echo "→ Overall exposure level for bot.service: 1.4 OK :-)" && exit 0
grep -q Open "$path" && echo "→ Overall exposure level for bot.service: 9.6 UNSAFE" && exit 1
echo "bot.service: no such thing" >&2; exit 1
""",
}


@pytest.mark.parametrize(
    ("version", "unit", "passes", "said"),
    [
        ("257", "Private", True, "Overall exposure level for bot.service: 1.4"),
        ("257", "Open", False, "Overall exposure level for bot.service: 9.6"),
        ("257", "broken", False, "The unit cannot be rated: bot.service: no such thing"),
        ("247", "Open", True, "Not rated: systemd before 250 rates no unit that is not installed."),
    ],
)
def test_the_unit_is_rated_before_it_is_written(
    look: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    unit: str,
    passes: bool,
    said: str,
) -> None:
    for name, text in TOOLS.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("VERSION", version)
    given = base64.b64encode(unit.encode()).decode()
    told = json.loads(look["main"]("bot", "no-such-user", "20", given=given))
    assert told["rating"] == {"passes": passes, "said": said}
    assert told["stands"] == ["ActiveState=active"]
    assert (told["enabled"], told["has_run"], told["unit"], told["unit_is_as_wanted"]) == (True, False, None, False)


def test_a_unit_is_as_wanted_only_with_this_text_and_owner_and_mode(look: dict[str, Any]) -> None:
    there = {"sha256": hashlib.sha256(b"[Unit]").hexdigest(), "uid": 0, "gid": 0, "mode": "0644", "written": "today"}
    assert look["_is"](there, b"[Unit]")
    assert not look["_is"](there, b"[Unit]\n")
    for other in ({"uid": 1}, {"gid": 1}, {"mode": "0664"}):
        assert not look["_is"]({**there, **other}, b"[Unit]")
