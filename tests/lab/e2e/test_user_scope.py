# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials for the services of one user: opened in that user's name and in no other, refused on older hosts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.e2e._support import Controller, canary, info, place

if TYPE_CHECKING:
    from tests.lab._lab import Lab

DIRECTORY = "/etc/credstore.encrypted.deploy"
TOKEN = {"name": "token", "content": "{{ token }}"}


def test_a_credential_for_one_user(lab: Lab, tmp_path: Path) -> None:
    controller = Controller(lab, tmp_path, pipelining=True)
    token = canary()
    controller.write_vars({"token": token})
    try:
        run = controller.run(
            place(TOKEN, scope="user", user="deploy"),
            place(TOKEN, scope="user", user="deploy", name="again"),
            info(directory=DIRECTORY),
        )
        assert "needs systemd 256 or newer (Debian 13): use scope: system." in run.message("alpha")
        assert run.of("beta", "place").data["credentials"][0]["key_type"] == "host-scoped"
        assert run.of("beta", "again").status == "ok"
        (entry,) = run.of("beta", "info").data["credentials"]
        assert (entry["scope"], entry["decryptable"], entry["owner"]) == ("user", "yes", "deploy")
        command = ["systemd-creds", "decrypt", "--name=token", f"{DIRECTORY}/token", "-"]
        assert lab.execute("beta", [*command[:2], "--user", "--uid=deploy", *command[2:]]).stdout == token
        for other in ([], ["--user", "--uid=nobody"]):
            done = lab.execute("beta", [*command[:2], *other, *command[2:]], check=False)
            assert (done.returncode != 0, done.stdout) == (True, "")
    finally:
        lab.execute("beta", ["rm", "--recursive", "--force", DIRECTORY])
