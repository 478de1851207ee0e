# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories in which somebody else could replace a credential, directly or by a parent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential._writer import check_directory
from ansible_collections.trading.hosts.plugins.module_utils._errors import StoreError


def check(path: Path | str) -> bool:
    return check_directory(directory=str(path), owner_uid=os.getuid())


@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_a_directory_that_only_its_owner_changes(tmp_path: Path, mode: int) -> None:
    place = tmp_path / "store"
    assert check(place) is False
    place.mkdir()
    place.chmod(mode)
    assert check(place) is True


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
def test_a_directory_that_others_change(tmp_path: Path, mode: int) -> None:
    place = tmp_path / "store"
    place.mkdir()
    place.chmod(mode)
    with pytest.raises(StoreError, match="can be changed by others"):
        check(place)


@pytest.mark.parametrize(("mode", "safe"), [(0o755, True), (0o1777, True), (0o777, False), (0o775, False)])
def test_a_parent_counts_too(tmp_path: Path, mode: int, safe: bool) -> None:
    place = tmp_path / "parent" / "below" / "store"
    place.mkdir(parents=True)
    (tmp_path / "parent").chmod(mode)
    link = tmp_path / "link"
    link.symlink_to(place)
    for name in (place, link, place.parent / "absent"):
        if safe:
            assert check(name) is (name != place.parent / "absent")
            continue
        with pytest.raises(StoreError, match="which others than root can change"):
            check(name)


@pytest.mark.parametrize("directory", ["credstore", "/etc/x\nExecStart=/bin/sh", "/etc/\x1b[31m"])
def test_paths_that_no_unit_can_name(directory: str) -> None:
    with pytest.raises(StoreError, match="is no absolute path"):
        check(directory)
