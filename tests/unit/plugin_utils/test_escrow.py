# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, TradingHostsError
from ansible_collections.trading.hosts.plugins.plugin_utils._escrow import Escrow

FIRST, LATER = "2026-11-22T07:13:54.123456Z", "2026-11-23T07:13:54.123456Z"
SEALED = "-----BEGIN AGE ENCRYPTED FILE-----\nabc\n-----END AGE ENCRYPTED FILE-----\n"


@pytest.fixture
def escrow(tmp_path: Path) -> Escrow:
    made = Escrow(directory=str(tmp_path / "escrow"), host="bot1")
    made.check()
    made.write(name="grid.json", sealed=SEALED, content_changed_at=FIRST, recipients=["age1a", "age1b"])
    return made


def test_a_copy_is_current_for_one_content_and_its_recipients(escrow: Escrow) -> None:
    assert (escrow.directory / "grid.json.age").read_text() == SEALED
    assert (escrow.directory / "grid.json.age").stat().st_mode & 0o777 == 0o600
    assert escrow.recipients(name="grid.json") == ["age1a", "age1b"]
    for changed_at, recipients, state in (
        (FIRST, None, "current"),
        (FIRST, ["age1b", "age1a"], "current"),
        (FIRST, ["age1a"], "old"),
        (LATER, None, "old"),
        (None, None, "old"),
    ):
        assert escrow.state(name="grid.json", content_changed_at=changed_at, recipients=recipients) == state
    assert escrow.state(name="other", content_changed_at=FIRST) == "none"
    assert escrow.recipients(name="other") == []


@pytest.mark.parametrize("damage", ["grid.json.age", "grid.json.json", "rubbish", "[]"])
def test_what_was_damaged_is_not_counted(escrow: Escrow, damage: str) -> None:
    path = escrow.directory / ("grid.json.age" if damage.endswith(".age") else "grid.json.json")
    path.write_text("" if damage.startswith("grid") else damage)
    assert escrow.state(name="grid.json", content_changed_at=FIRST) == "old"
    assert escrow.recipients(name="grid.json") == []


def test_a_record_that_is_gone_makes_no_current_copy(escrow: Escrow) -> None:
    (escrow.directory / "grid.json.json").unlink()
    assert escrow.state(name="grid.json", content_changed_at=FIRST) == "none"


@pytest.mark.parametrize("host", ["../x", "a/b", "", "a..b"])
def test_a_host_cannot_lead_elsewhere(tmp_path: Path, host: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a directory"):
        Escrow(directory=str(tmp_path), host=host)


def test_a_place_that_cannot_be_written_is_told_before_and_after(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    escrow = Escrow(directory=str(tmp_path / "file"), host="bot1")
    with pytest.raises(InputError, match="no directory on the controller that can be written to"):
        escrow.check()
    with pytest.raises(TradingHostsError, match="the credential is placed; mend that and run again"):
        escrow.write(name="a", sealed=SEALED, content_changed_at=FIRST, recipients=["age1a"])
