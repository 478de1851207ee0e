# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials on real hosts, over SSH: as root and with sudo, whatever the user's configuration says of pipelining."""

from __future__ import annotations

import hashlib
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._tools import wait_for
from tests.lab.e2e._support import (
    HOST_KEY,
    HOSTS,
    STORE,
    USERS,
    Controller,
    canary,
    decrypt,
    drop_connections,
    info,
    listing,
    names,
    place,
    virgin,
)

if TYPE_CHECKING:
    from tests.lab._lab import Lab

CCXT = {
    "name": "grid.json",
    "format": "ccxt",
    "fields": {"api_key": "{{ key }}", "secret": "{{ secret }}", "passphrase": "{{ passphrase }}"},
}
FREQTRADE = {
    "name": "freqtrade.json",
    "format": "freqtrade",
    "fields": {"api_key": "{{ key }}", "secret": "{{ secret }}"},
}
RAW = {"name": "token", "content": "{{ passphrase }}"}
ALL = (CCXT, FREQTRADE, RAW)
NEW_SECRET = {
    **CCXT,
    "fields": {"api_key": "{{ key }}", "secret": "{{ new_secret }}", "passphrase": "{{ passphrase }}"},
}


def reasons(result: Any) -> dict[str, list[str]]:
    return {entry["name"]: entry["changed_reasons"] for entry in result.data["credentials"] if entry["changed_reasons"]}


@pytest.mark.parametrize(
    ("user", "pipelining"),
    [
        pytest.param("deploy", False, marks=pytest.mark.core_pass),
        ("deploy", True),
        ("root", False),
        ("root", True),
    ],
)
def test_the_life_of_credentials(lab: Lab, tmp_path: Path, user: str, pipelining: bool) -> None:
    virgin(lab)
    controller = Controller(lab, tmp_path, user=user, pipelining=pipelining)
    secret = {name: canary() for name in ("key", "secret", "passphrase", "new_secret")}
    controller.write_vars(secret)

    before = {host: listing(lab, host, "etc", "var/lib/systemd") for host in HOSTS}
    predicted = controller.run(place(*ALL), arguments=["-v", "--check", "--diff"])
    for result in predicted.everywhere("place"):
        assert result.status == "changed"
        assert reasons(result) == {entry["name"]: ["absent"] for entry in ALL}
        assert {entry["key_type"] for entry in result.data["credentials"]} == {"host"}
    assert {host: listing(lab, host, "etc", "var/lib/systemd") for host in HOSTS} == before
    assert not any((lab.root(host) / HOST_KEY).exists() for host in HOSTS)

    placed = controller.run(place(*ALL), place(*ALL, name="again"), place(NEW_SECRET, name="foresee", check_mode=True))
    assert placed.returncode == 0, placed.output
    for first, again, foreseen in zip(*map(placed.everywhere, ("place", "again", "foresee")), strict=True):
        foretold = predicted.of(first.host, "place").data
        # The moment of writing is not foreseen.
        written = [{**entry, "content_changed_at": None} for entry in first.data["credentials"]]
        assert written == foretold["credentials"]
        assert first.data["restart_needed"] == foretold["restart_needed"]
        assert again.status == "ok"
        assert reasons(again) == {}
        assert reasons(foreseen) == {"grid.json": ["content"]}
    for host in HOSTS:
        assert names(lab, host) == ["freqtrade.json", "grid.json", "token"]
        assert json.loads(decrypt(lab, host, "grid.json")) == {
            "apiKey": secret["key"], "secret": secret["secret"], "password": secret["passphrase"]
        }  # fmt: skip
        assert json.loads(decrypt(lab, host, "freqtrade.json")) == {
            "exchange": {"key": secret["key"], "secret": secret["secret"]}
        }
        assert decrypt(lab, host, "token") == secret["passphrase"]
        (lab.root(host) / STORE / "token").chmod(0o644)

    changed = controller.run(place(NEW_SECRET, FREQTRADE, RAW), info())
    for result in changed.everywhere("place"):
        assert reasons(result) == {"grid.json": ["content"], "token": ["mode"]}
        assert result.data["restart_needed"] == ["grid.json"]
    for result in changed.everywhere("info"):
        assert {
            (entry["name"], entry["decryptable"], entry["mode"], entry["owner"], entry["key_type"])
            for entry in result.data["credentials"]
        } == {(name, "yes", "0600", "root", "host") for name in ("freqtrade.json", "grid.json", "token")}
        assert result.data["machine"]["host_key"] == "bound"
    for host in HOSTS:
        assert json.loads(decrypt(lab, host, "grid.json"))["secret"] == secret["new_secret"]

    gone = {"name": "token", "state": "absent"}
    removed = controller.run(place(gone, check_mode=True, name="foresee"), place(gone), place(gone, name="again"))
    assert [result.status for result in removed.everywhere("foresee")] == ["changed", "changed"]
    assert [result.status for result in removed.everywhere("place")] == ["changed", "changed"]
    assert [result.status for result in removed.everywhere("again")] == ["ok", "ok"]
    for host in HOSTS:
        assert names(lab, host) == ["freqtrade.json", "grid.json"]


@pytest.mark.parametrize("user", USERS)
def test_placing_is_one_round_trip(lab: Lab, tmp_path: Path, user: str) -> None:
    controller = Controller(lab, tmp_path, user=user)
    controller.write_vars({"key": canary(), "secret": canary(), "passphrase": canary()})
    drop_connections()
    first = controller.run(place(*ALL), hosts="alpha")
    again = controller.run(place(*ALL), hosts="alpha")
    assert (first.of("alpha", "place").status, again.of("alpha", "place").status) == ("changed", "ok")
    assert (first.trips, again.trips) == (1, 1)
    control = controller.run({"name": "two", "ansible.builtin.copy": {"content": "x", "dest": "/tmp/x"}}, hosts="alpha")
    assert control.trips > 1


def test_an_owner_and_a_directory_that_others_can_change(lab: Lab, tmp_path: Path) -> None:
    controller = Controller(lab, tmp_path)
    controller.write_vars({"passphrase": canary()})
    controller.run(place(RAW))
    for host in HOSTS:
        lab.execute(host, ["chown", "deploy:deploy", f"/{STORE}/token"])
    mended = controller.run(place(RAW))
    assert [reasons(result) for result in mended.everywhere("place")] == [{"token": ["owner"]}] * 2
    assert [lab.execute(host, ["stat", "-c", "%U:%G %a", f"/{STORE}/token"]).stdout for host in HOSTS] == [
        "root:root 600\n"
    ] * 2

    lab.execute("alpha", ["chmod", "o+w", f"/{STORE}"])
    try:
        refused = controller.run(place({**RAW, "content": "{{ passphrase }}-new"}), hosts="alpha")
    finally:
        lab.execute("alpha", ["chmod", "o-w", f"/{STORE}"])
    assert "chmod go-w" in refused.message()


UNIT = """
[Service]
Type=exec
{user}
{load}
ExecStart=/bin/sh -c 'echo "reads $(id -u) $(sha256sum < $CREDENTIALS_DIRECTORY/grid.json)"; exec sleep infinity'
[Install]
WantedBy=multi-user.target
"""


def test_services_read_it_also_after_a_reboot(lab: Lab, tmp_path: Path) -> None:
    """A dynamic user on one host, an own one on the other, and nobody else."""
    controller = Controller(lab, tmp_path)
    controller.write_vars({"key": canary(), "secret": canary(), "passphrase": canary()})
    placed = controller.run(place(CCXT))
    for host, user in zip(HOSTS, ("DynamicUser=yes", "User=deploy"), strict=True):
        load = placed.of(host, "place").data["credentials"][0]["load_directive"]
        unit = lab.root(host) / "etc/systemd/system/reader.service"
        unit.write_text(UNIT.format(user=user, load=load))
        lab.execute(host, ["systemctl", "enable", "--quiet", "--now", "reader.service"])
        wanted = hashlib.sha256(decrypt(lab, host, "grid.json").encode()).hexdigest()
        try:
            word, uid, content = said(lab, host).split()
            assert (word, content) == ("reads", wanted)
            assert int(uid) in (range(61184, 65520) if user == "DynamicUser=yes" else (1000,))
            held = controller.run(info(), hosts=host).of(host, "info").data["credentials"]
            assert {entry["name"]: entry["loaded_by"] for entry in held}["grid.json"] == ["reader.service"]
            peek = lab.execute(
                host, ["sudo", "-u", "nobody", "sh", "-c", f"cat /{STORE}/* /run/credentials/*/*"], check=False
            )
            assert peek.returncode != 0
            assert peek.stdout == ""
            assert lab.reboot(host) == "running"
            assert said(lab, host).endswith(f" {wanted}")
            assert controller.run(place(CCXT), hosts=host).of(host, "place").status == "ok"
        finally:
            lab.execute(host, ["systemctl", "disable", "--quiet", "--now", "reader.service"])
            unit.unlink()


def said(lab: Lab, host: str) -> str:
    """Return what the service has last said in the journal since the boot."""
    command = shlex.split("journalctl --boot --unit reader.service --output cat --no-pager")

    def line() -> str | None:
        lines = [text for text in lab.execute(host, command).stdout.splitlines() if text.startswith("reads ")]
        return lines[-1].removesuffix("  -") if lines else None

    return wait_for(line, what=f"the service on {host}", timeout=20)
