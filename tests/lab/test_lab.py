# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab is believed because of this: hosts that are what they say, and closed networks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._lab import Lab
from tests.lab._spec import RUN_DIR, HostSpec
from tests.lab._tools import LabError, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTS = ("alpha", "beta")

ASK_ADDRESS = "import requests, sys; [print(requests.get(url, timeout=10).text.strip()) for url in sys.argv[1:]]"
TRY_CONNECT = """
import socket, sys
for target in sys.argv[1:]:
    address, _, port = target.rpartition(":")
    try:
        socket.create_connection((address, int(port)), timeout=1).close()
        print("reached")
    except OSError:
        print("closed")
"""

CREDENTIAL_UNIT = """
[Service]
Type=exec
DynamicUser=yes
LoadCredentialEncrypted=word:/etc/word.cred
ExecStart=/bin/sh -c 'id -u; cat $CREDENTIALS_DIRECTORY/word; exec sleep infinity'
[Install]
WantedBy=multi-user.target
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as running:
        running.start_simulator()
        yield running


def seen_as(lab: Lab, name: str, *urls: str) -> list[str]:
    return lab.execute(name, ["python3", "-c", ASK_ADDRESS, *urls]).stdout.split()


@pytest.mark.parametrize(("name", "version"), [("alpha", "systemd 252"), ("beta", "systemd 257")])
def test_hosts_run_a_real_systemd(lab: Lab, name: str, version: str) -> None:
    assert lab.execute(name, ["systemctl", "is-system-running"]).stdout == "running\n"
    assert lab.execute(name, ["systemctl", "--version"]).stdout.startswith(version)
    assert lab.execute(name, ["hostname"]).stdout == f"{name}\n"


def test_hosts_have_identities_of_their_own(lab: Lab) -> None:
    for path in ("/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key.pub"):
        assert lab.execute("alpha", ["cat", path]).stdout != lab.execute("beta", ["cat", path]).stdout


@pytest.mark.parametrize("name", HOSTS)
def test_the_other_user_becomes_root_with_sudo(lab: Lab, name: str) -> None:
    assert lab.execute(name, ["id", "-un"], user="deploy").stdout == "deploy\n"
    assert lab.execute(name, ["sudo", "-n", "id", "-un"], user="deploy").stdout == "root\n"


def test_a_host_with_another_ssh_key_is_refused(lab: Lab) -> None:
    known_hosts = RUN_DIR / "known_hosts"
    right = known_hosts.read_text()
    keys = [line.split(" ", 1) for line in right.splitlines()]
    try:
        known_hosts.write_text(f"{keys[0][0]} {keys[1][1]}\n")
        with pytest.raises(LabError, match="verification failed"):
            lab.execute("alpha", ["true"])
    finally:
        known_hosts.write_text(right)


def test_each_host_is_seen_from_its_own_public_addresses(lab: Lab) -> None:
    urls = ("https://api4.ipify.org/ip", "https://api6.ipify.org/ip")
    assert seen_as(lab, "alpha", *urls) == ["91.198.115.11", "2a02:ec80:700:1::11"]
    assert seen_as(lab, "beta", *urls) == ["91.198.115.22", "2a02:ec80:700:1::22"]


def test_public_addresses_change_and_rotate(lab: Lab) -> None:
    v4, v6 = "https://api4.ipify.org/ip", "https://api6.ipify.org/ip"
    try:
        lab.set_public_address("alpha", "91.198.115.33")
        assert seen_as(lab, "alpha", v4, v6) == ["91.198.115.33", "2a02:ec80:700:1::11"]
        lab.set_public_address("alpha", "91.198.115.33", "91.198.115.34", "2a02:ec80:700:1::34")
        assert set(seen_as(lab, "alpha", v4, v4, v4, v4)) == {"91.198.115.33", "91.198.115.34"}
        assert seen_as(lab, "alpha", v6) == ["2a02:ec80:700:1::34"]
        assert seen_as(lab, "beta", v4) == ["91.198.115.22"]
    finally:
        lab.set_public_address("alpha", "91.198.115.11", "2a02:ec80:700:1::11")


def test_a_second_source_address_is_seen_as_another(lab: Lab) -> None:
    inner = lab.add_source_address("beta", public="91.198.115.77")
    program = f"""
import http.client
connection = http.client.HTTPSConnection("api4.ipify.org", source_address=("{inner}", 0), timeout=10)
connection.request("GET", "/ip")
print(connection.getresponse().read().decode().strip())
"""
    assert lab.execute("beta", ["python3", "-c", program]).stdout == "91.198.115.77\n"
    assert seen_as(lab, "beta", "https://api4.ipify.org/ip") == ["91.198.115.22"]


@pytest.mark.parametrize("name", HOSTS)
def test_nothing_but_the_services_is_reached(lab: Lab, name: str) -> None:
    other = next(host for host in lab.hosts.values() if host.name != name)
    own = lab.host(name)
    # On the machine a server that would answer, to see that the rules and not its absence refuse.
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", "--bind", own.machine_address, "18077"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: _listens(own.machine_address, 18077), what="the server on the machine", timeout=10)
        # Even a host that makes itself a way out through the machine does not get out.
        lab.execute(name, ["ip", "route", "add", "91.198.99.0/24", "via", own.machine_address])
        targets = (
            "91.198.120.10:443",
            f"{own.machine_address}:18077",
            "91.198.99.1:443",
            f"{other.uplink_v4}:22",
            f"{other.ssh_address}:22",
            f"{other.public_v4}:22",
            f"{other.public_v6}:22",
        )
        tried = lab.execute(name, ["python3", "-c", TRY_CONNECT, *targets]).stdout.split()
        assert tried == ["reached", *["closed"] * (len(targets) - 1)]
    finally:
        lab.execute(name, ["ip", "route", "del", "91.198.99.0/24"], check=False)
        server.kill()
        server.wait()


def _listens(address: str, port: int) -> bool:
    shown = subprocess.run(["ss", "-Hltn", f"src {address} sport = {port}"], capture_output=True, text=True, check=True)
    return bool(shown.stdout.strip())


@pytest.mark.parametrize("name", HOSTS)
def test_the_independent_program_talks_to_the_simulated_exchange(lab: Lab, name: str) -> None:
    program = "import sys; sys.path.insert(0, '/opt/ccxt'); import ccxt; print(ccxt.bybit().fetch_time())"
    assert int(lab.execute(name, ["python3", "-c", program]).stdout) > 1_700_000_000_000


@pytest.mark.parametrize("name", HOSTS)
def test_a_service_reads_its_encrypted_credential_after_a_reboot_and_a_power_cut(lab: Lab, name: str) -> None:
    lab.execute(
        name,
        ["systemd-creds", "encrypt", "--with-key=host", "--name=word", "-", "/etc/word.cred"],
        text_input="sesame\n",
    )
    (lab.root(name) / "etc/systemd/system/reader.service").write_text(CREDENTIAL_UNIT)
    lab.execute(name, ["systemctl", "daemon-reload"])
    lab.execute(name, ["systemctl", "enable", "--now", "reader"])

    def times_read() -> int:
        return lab.execute(name, ["journalctl", "-u", "reader", "-o", "cat"]).stdout.count("sesame")

    assert lab.reboot(name) == "running"
    wait_for(lambda: times_read() == 2, what="the credential after the reboot", timeout=10)
    lab.kill(name)
    assert not lab.is_running(name)
    assert lab.boot(name) == "running"
    assert lab.execute(name, ["systemctl", "is-active", "reader"]).stdout == "active\n"


def test_a_failed_unit_is_told(lab: Lab) -> None:
    lab.execute("alpha", ["systemd-run", "--unit=broken", "--wait", "false"], check=False)
    unit = lab.root("alpha") / "etc/systemd/system/never.service"
    unit.write_text("[Service]\nType=oneshot\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n")
    lab.execute("alpha", ["systemctl", "enable", "never"])
    try:
        assert lab.reboot("alpha") == "degraded: never.service"
    finally:
        lab.execute("alpha", ["systemctl", "disable", "never"])
        unit.unlink()
        assert lab.reboot("alpha") == "running"


def test_a_stopped_host_is_said_to_be_stopped(lab: Lab) -> None:
    lab.power_off("alpha")
    try:
        with pytest.raises(LabError, match="is not running"):
            lab.reboot("alpha")
    finally:
        lab.boot("alpha")


@pytest.mark.parametrize("user", ["root", "deploy"])
def test_ansible_reaches_the_hosts_by_the_inventory(lab: Lab, tmp_path: Path, user: str) -> None:
    inventory = tmp_path / "inventory.json"
    lab.write_inventory(inventory, user=user)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ansible",
            "adhoc",
            "-i",
            str(inventory),
            "all",
            "-m",
            "ansible.builtin.command",
            "-a",
            "id -un",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in HOSTS:
        assert f"{name} | CHANGED | rc=0 >>\nroot\n" in done.stdout


@pytest.mark.parametrize(
    ("change", "says"),
    [({"name": "Alpha_1"}, "name 'Alpha_1'"), ({"number": 63}, "number 63"), ({"public_v4": "1.2.3"}, "1.2.3")],
)
def test_a_host_that_cannot_be_is_refused(change: dict[str, Any], says: str) -> None:
    right: dict[str, Any] = {
        "name": "alpha", "number": 1, "suite": "bookworm", "public_v4": "91.198.115.11", "public_v6": "2a02::1"
    }  # fmt: skip
    HostSpec(**right)
    with pytest.raises(ValueError, match=says):
        HostSpec(**(right | change))
