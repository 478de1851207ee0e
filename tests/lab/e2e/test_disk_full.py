# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A full disk, damaged credentials and hosts that lack what is needed: one sentence, and nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lab.e2e._support import STORE, Controller, canary, decrypt, info, names, place, virgin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

SMALL = "/srv/small"
TOKEN = {"name": "token", "content": "{{ secret }}"}
CHANGED = {"name": "token", "content": "{{ changed }}"}


@pytest.fixture
def controller(lab: Lab, tmp_path: Path) -> Controller:
    virgin(lab)
    made = Controller(lab, tmp_path)
    made.write_vars({"secret": canary(), "changed": canary()})
    return made


@pytest.fixture
def small(lab: Lab) -> Iterator[str]:
    lab.execute("alpha", ["mkdir", "--parents", "--mode=700", SMALL])
    lab.execute("alpha", ["mount", "-t", "tmpfs", "-o", "size=32k,mode=700", "tmpfs", SMALL])
    try:
        yield SMALL
    finally:
        lab.execute("alpha", ["umount", SMALL])


def listed(lab: Lab, directory: str) -> list[str]:
    return lab.execute("alpha", ["ls", "-A", directory]).stdout.split()


def test_a_full_disk_leaves_the_old_credentials(lab: Lab, controller: Controller, small: str) -> None:
    others = [{"name": f"other{number}", "content": "{{ changed }}"} for number in range(4)]
    assert controller.run(place(TOKEN, directory=small), hosts="alpha").returncode == 0
    before = decrypt(lab, "alpha", "token", directory=small)
    lab.execute("alpha", ["dd", "if=/dev/zero", f"of={small}/rest", "bs=4k"], check=False)

    run = controller.run(
        place(CHANGED, *others, directory=small, name="place", ignore_errors=True),
        place(TOKEN, directory=small, name="same"),
        hosts="alpha",
    )
    refusal = run.of("alpha", "place").data["msg"]
    assert "the disk is full" in refusal
    assert "free some space" in refusal
    assert refusal.count(". ") == 0
    assert run.of("alpha", "same").status == "ok"
    assert listed(lab, small) == ["rest", "token"]
    assert decrypt(lab, "alpha", "token", directory=small) == before

    lab.execute("alpha", ["rm", f"{small}/rest"])
    assert controller.run(place(CHANGED, *others[:2], directory=small), hosts="alpha").returncode == 0
    assert decrypt(lab, "alpha", "token", directory=small) != before


def test_a_damaged_credential_is_kept_or_replaced_as_told(lab: Lab, controller: Controller) -> None:
    assert controller.run(place(TOKEN), hosts="alpha").returncode == 0
    path = lab.root("alpha") / STORE / "token"
    content = bytearray(path.read_bytes())
    content[120] = ord("A") if content[120] != ord("A") else ord("B")
    path.write_bytes(content)

    run = controller.run(
        place(TOKEN, ignore_errors=True),
        place(TOKEN, name="foresee", check_mode=True, ignore_errors=True),
        {**info(), "ignore_errors": True},
        place(TOKEN, name="foresee replacing", check_mode=True, on_undecryptable="replace"),
        hosts="alpha",
    )
    for task in ("place", "foresee"):
        assert run.of("alpha", task).status == "failed"
        for mend in ("from a backup", "on_undecryptable: replace"):
            assert mend in run.of("alpha", task).data["msg"]
    assert run.of("alpha", "info").data["credentials"][0]["decryptable"] == "no"
    assert run.of("alpha", "foresee replacing").data["credentials"][0]["changed_reasons"] == ["undecryptable"]
    assert path.read_bytes() == content

    run = controller.run(
        place(TOKEN, on_undecryptable="replace"), place(TOKEN, on_undecryptable="replace", name="again"), hosts="alpha"
    )
    assert run.of("alpha", "place").data["restart_needed"] == ["token"]
    assert run.of("alpha", "again").status == "ok"
    assert decrypt(lab, "alpha", "token")


def test_a_credential_renamed_by_hand_is_made_anew(lab: Lab, controller: Controller) -> None:
    assert controller.run(place(TOKEN), hosts="alpha").returncode == 0
    store = lab.root("alpha") / STORE
    (store / "token").rename(store / "moved")
    run = controller.run(place({**TOKEN, "name": "moved"}), hosts="alpha")
    assert run.of("alpha", "place").data["credentials"][0]["changed_reasons"] == ["name"]
    assert run.of("alpha", "place").data["restart_needed"] == []
    assert decrypt(lab, "alpha", "moved")


def test_a_credential_with_the_null_key_is_not_believed(lab: Lab, controller: Controller) -> None:
    (lab.root("alpha") / STORE).mkdir(mode=0o700, exist_ok=True)
    lab.execute(
        "alpha",
        ["systemd-creds", "encrypt", "--with-key=tpm2-absent", "--name=token", "-", f"/{STORE}/token"],
        text_input="planted",
    )
    run = controller.run(info(), place(TOKEN), hosts="alpha")
    assert run.of("alpha", "info").data["credentials"][0]["null_key"] is True
    assert run.of("alpha", "place").data["credentials"][0]["changed_reasons"] == ["key_type", "mode"]
    assert run.of("alpha", "place").data["restart_needed"] == ["token"]
    assert decrypt(lab, "alpha", "token") != "planted"


def test_without_the_right_to_become_root_it_says_so(lab: Lab, controller: Controller) -> None:
    run = controller.run(place(TOKEN, vars={"ansible_become": False}), hosts="alpha")
    assert run.message().endswith("this task does not run as root on the host; set become: true.")
    assert names(lab, "alpha") == []


def test_without_systemd_creds_it_names_the_release(lab: Lab, controller: Controller) -> None:
    """As on Debian 11, whose systemd has no such program."""
    program = lab.root("alpha") / "usr/bin/systemd-creds"
    aside = program.with_suffix(".aside")
    program.rename(aside)
    try:
        run = controller.run(
            place(TOKEN, ignore_errors=True), place(TOKEN, name="foresee", check_mode=True), hosts="alpha"
        )
    finally:
        aside.rename(program)
    for task in ("place", "foresee"):
        said = run.of("alpha", task).data["msg"]
        assert "This host has no systemd-creds (found systemd 252" in said
        assert "needs systemd 250 or newer" in said
    assert names(lab, "alpha") == []
