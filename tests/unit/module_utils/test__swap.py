# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils import _swap

HEAD = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


class Machine:
    """A /sys and /dev of block devices: each is a number, and what the kernel tells of it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.numbers: dict[str, int] = {}
        self.real_stat = os.stat
        monkeypatch.setattr(os, "stat", self.stat)

    def stat(self, path: t.Any, **more: t.Any) -> t.Any:
        if str(path) in self.numbers:
            number = self.numbers[str(path)]
            return type("Status", (), {"st_rdev": number, "st_dev": 0})
        if str(path).endswith(".swap"):
            return type("Status", (), {"st_rdev": 0, "st_dev": self.numbers["/dev/root"]})
        return self.real_stat(path, **more)

    def device(
        self, name: str, *, minor: int, files: t.Mapping[str, str] | None = None, on: t.Sequence[str] = ()
    ) -> None:
        place = self.root / "devices" / name
        for file, text in (files or {}).items():
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).write_text(text)
        (place / "slaves").mkdir(parents=True)
        for below in on:
            (place / "slaves" / below).symlink_to(self.root / "devices" / below)
        link = self.root / "dev" / "block" / f"7:{minor}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(place)
        self.numbers[f"/dev/{name}"] = os.makedev(7, minor)

    def clear(self, *lines: str) -> list[str]:
        table = self.root / "swaps"
        table.write_text(HEAD + "".join(f"{line}\tpartition\t1048572\t0\t-2\n" for line in lines))
        return _swap.clear_swaps(proc_swaps=str(table), sys=str(self.root))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path, monkeypatch)
    made.device("sda2", minor=2)
    made.device("root", minor=1)
    made.device("zram0", minor=3, files={"backing_dev": "none\n"})
    made.device("zram1", minor=4, files={"backing_dev": "/dev/sda3\n"})
    made.device("dm-0", minor=5, files={"dm/uuid": "CRYPT-LUKS2-abc-swap\n"}, on=["sda2"])
    made.device("dm-1", minor=6, files={"dm/uuid": "LVM-abc\n"}, on=["dm-0"])
    made.device("dm-2", minor=7, files={"dm/uuid": "LVM-def\n"}, on=["dm-0", "sda2"])
    return made


@pytest.mark.parametrize(
    ("swap", "is_clear"),
    [
        ("/dev/sda2", True),
        ("/dev/zram0", False),
        ("/dev/zram1", True),
        ("/dev/dm-0", False),
        ("/dev/dm-1", False),
        ("/dev/dm-2", True),
        ("/dev/gone", True),
        ("/a\\040file.swap", True),
    ],
)
def test_what_counts_as_clear(machine: Machine, swap: str, is_clear: bool) -> None:
    assert machine.clear(swap) == ([swap.replace("\\040", " ")] if is_clear else [])


def test_only_the_clear_ones_are_named(machine: Machine) -> None:
    assert machine.clear("/dev/zram0", "/dev/sda2", "/dev/dm-1") == ["/dev/sda2"]
    assert machine.clear() == []


def test_a_file_is_as_safe_as_what_it_lies_on(machine: Machine) -> None:
    machine.numbers["/dev/root"] = os.makedev(7, 5)
    assert machine.clear("/file.swap") == []


def test_a_kernel_without_swap(tmp_path: Path) -> None:
    assert _swap.clear_swaps(proc_swaps=str(tmp_path / "none")) == []
