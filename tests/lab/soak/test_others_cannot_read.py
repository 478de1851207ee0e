# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who else tries to read a credential does not get it; who has the whole disk does, as docs/security.md says first.

Each attempt is made with the real programs. Beside each stands a control that the same attempt works where it should.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lab._tools import run
from tests.lab.e2e._support import HOST_KEY, HOSTS, MACHINE_ID, STORE, Controller, canary, place, virgin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

IDENTITY = "var/lib/trading-hosts/age/identity"
READS = {
    "systemd": f"systemd-creds decrypt --name=grid.json /{STORE}/grid.json -",
    "age": f"age --decrypt --identity /{IDENTITY} /{STORE}/grid.json.age",
}
FILES = {"systemd": f"{STORE}/grid.json", "age": f"{STORE}/grid.json.age"}

UNIT = """
[Service]
Type=exec
{user}
PrivateTmp=yes
ProtectSystem=strict
NoNewPrivileges=yes
LoadCredentialEncrypted={name}:/{store}/{name}
ExecStart=/bin/sh -c 'cat $CREDENTIALS_DIRECTORY/{name} > /dev/null; exec sleep infinity'
"""


class Held:
    """A host that holds two credentials: ``grid.json``, which is tried to be read, and ``other.json``."""

    def __init__(self, lab: Lab, host: str, *, store: str, secret: str, other: str) -> None:
        self.lab, self.host, self.store, self.secret, self.other = lab, host, store, secret, other

    def shell(self, script: str, *, user: str = "root") -> str:
        """Return all that a shell on the host says, on either stream, whatever becomes of it."""
        words = ["sh", "-c", script] if user == "root" else ["sudo", "--user", user, "sh", "-c", script]
        done = self.lab.execute(self.host, words, check=False)
        return done.stdout + done.stderr

    def in_service(self, script: str, *properties: str) -> str:
        """Return what a service says that is started for this."""
        given = [f"--property={text}" for text in ("PrivateTmp=yes", "ProtectSystem=strict", *properties)]
        words = ["systemd-run", "--quiet", "--wait", "--collect", "--pipe", *given, "sh", "-c", script]
        done = self.lab.execute(self.host, words, check=False)
        return done.stdout + done.stderr


@pytest.fixture(params=["systemd", "age"])
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def held(lab: Lab, tmp_path: Path, store: str) -> Iterator[list[Held]]:
    virgin(lab)
    controller = Controller(lab, tmp_path)
    secret, other = canary().replace('"\\/+é', ""), canary().replace('"\\/+é', "")
    controller.write_vars({"secret": secret, "other": other})
    entries = (
        {"name": name, "content": f"{{{{ {word} }}}}"}
        for name, word in (("grid.json", "secret"), ("other.json", "other"))
    )
    placed = controller.run(place(*entries, store=store))
    assert placed.returncode == 0, placed.output
    hosts = [Held(lab, host, store=store, secret=secret, other=other) for host in HOSTS]
    # The control: root on the host reads it.
    assert [one.shell(READS[store]) for one in hosts] == [secret] * 2
    yield hosts
    for host in HOSTS:
        for path in (lab.root(host) / STORE).glob("*.age"):
            path.unlink()


def ways(store: str) -> list[str]:
    """Return what somebody without rights would try."""
    return [
        READS[store],
        f"cat /{FILES[store]}",
        f"cat /{HOST_KEY} /{IDENTITY}",
        "cat /run/credentials/*/grid.json /run/credentials/reader.service/grid.json",
        "cat /proc/[0-9]*/root/run/credentials/reader.service/grid.json",
        "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline",
        "sudo --non-interactive cat /run/credentials/reader.service/grid.json",
        "systemctl show reader.service; systemctl cat reader.service; journalctl --no-pager --unit reader.service",
    ]


@contextlib.contextmanager
def service(held: Held, name: str, *, credential: str, user: str = "DynamicUser=yes") -> Iterator[None]:
    """Run a service that loads a credential from the systemd store."""
    unit = held.lab.root(held.host) / f"etc/systemd/system/{name}.service"
    unit.write_text(UNIT.format(user=user, name=credential, store=STORE))
    try:
        held.lab.execute(held.host, ["systemctl", "daemon-reload"])
        held.lab.execute(held.host, ["systemctl", "start", f"{name}.service"])
        yield
    finally:
        held.lab.execute(held.host, ["systemctl", "stop", f"{name}.service"], check=False)
        unit.unlink()


@contextlib.contextmanager
def reader(held: Held, *, user: str = "DynamicUser=yes") -> Iterator[None]:
    """Run the service that the credential is for, where systemd itself hands it over."""
    with (
        service(held, "reader", credential="grid.json", user=user)
        if held.store == "systemd"
        else contextlib.nullcontext()
    ):
        if held.store == "systemd":
            assert held.shell("cat /run/credentials/reader.service/grid.json") == held.secret
        yield


def test_another_user(held: list[Held]) -> None:
    for one in held:
        # deploy may become root by sudo, which is not what is tried here.
        with reader(one):
            for way in ways(one.store):
                said = one.shell(way, user="nobody")
                assert said, "something was tried"
                assert one.secret not in said, way


def test_another_service(held: list[Held]) -> None:
    for one in held:
        with reader(one):
            for way in ways(one.store):
                for properties in (["DynamicUser=yes"], ["User=nobody"]):
                    assert one.secret not in one.in_service(way, *properties), (way, properties)


def test_the_same_services_other_credentials(held: list[Held]) -> None:
    """A service gets what its unit names, and nothing else of what lies there."""
    for one in held:
        load = f"LoadCredentialEncrypted=other.json:/{STORE}/other.json" if one.store == "systemd" else "UMask=0077"
        if one.store == "systemd":
            own = one.in_service("cat $CREDENTIALS_DIRECTORY/other.json", "User=deploy", load)
            assert own == one.other
        for way in (
            f"cd ${{CREDENTIALS_DIRECTORY:-/nowhere}} && cat grid.json ../*/*; cat /{STORE}/*",
            *ways(one.store),
        ):
            # deploy may become root by sudo, which is not what is tried here.
            said = one.in_service(way, "User=deploy", "NoNewPrivileges=yes", load)
            assert one.secret not in said, way


def test_two_services_of_one_user_are_not_apart(lab: Lab, tmp_path: Path) -> None:
    """The limit that docs/security.md names: who is the same user may look into the other one's process."""
    virgin(lab)
    controller = Controller(lab, tmp_path)
    secret = canary().replace('"\\/+é', "")
    controller.write_vars({"secret": secret})
    assert controller.run(place({"name": "grid.json", "content": "{{ secret }}"})).returncode == 0
    for host in HOSTS:
        one = Held(lab, host, store="systemd", secret=secret, other="")
        way = "cat /proc/[0-9]*/root/run/credentials/reader.service/grid.json"
        with reader(one, user="User=deploy"):
            assert secret in one.in_service(way, "User=deploy")
            assert secret not in one.in_service(way, "User=nobody")


@contextlib.contextmanager
def copy_of_disk(lab: Lab, host: str, directory: Path) -> Iterator[Path]:
    """Yield a copy of a host's whole disk, on this machine; changes to it stay in the copy."""
    paths = [directory / name for name in ("upper", "work", "root")]
    run(["mount", "-t", "tmpfs", "-o", "mode=700", "thlab-copy", str(directory)])
    try:
        for path in paths:
            path.mkdir()
        upper, work, root = map(str, paths)
        lower = str(lab.root(host))
        run(["mount", "-t", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", "thlab-copy", root])
        try:
            yield paths[2]
        finally:
            run(["umount", root])
    finally:
        run(["umount", "--lazy", str(directory)])


def inside(root: Path, script: str) -> str:
    """Return what root says in a container whose disk this is: its own processes, its own names, no network."""
    words = ["unshare", "--mount", "--pid", "--fork", "--ipc", "--uts", "--net", f"--root={root}", "sh", "-c"]
    mounted = f"mount -t proc proc /proc && mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /dev/shm; {script}"
    done = subprocess.run([*words, mounted], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return done.stdout + done.stderr


def without_keys(root: Path) -> None:
    for name in (HOST_KEY, IDENTITY):
        (root / name).unlink(missing_ok=True)


def test_a_container_with_the_file(lab: Lab, held: list[Held], tmp_path: Path) -> None:
    """It has the same programs and the encrypted file; without the key, and then with a key of its own."""
    for one in held:
        directory = tmp_path / one.host
        directory.mkdir()
        with copy_of_disk(lab, one.host, directory) as root:
            without_keys(root)
            (root / MACHINE_ID).write_text(f"{uuid.uuid4().hex}\n")
            assert (root / FILES[one.store]).read_bytes() == (lab.root(one.host) / FILES[one.store]).read_bytes()
            assert one.secret not in inside(root, READS[one.store])
            own = {
                "systemd": "echo mine | systemd-creds encrypt --with-key=host --name=x - /x; "
                "systemd-creds decrypt --name=x /x -",
                "age": f"age-keygen --output /{IDENTITY} && echo mine",
            }
            assert "mine" in inside(root, own[one.store])
            assert one.secret not in inside(root, READS[one.store])


def test_a_copied_file_on_another_machine(lab: Lab, held: list[Held]) -> None:
    first, second = held
    file = lab.root(second.host) / FILES[second.store]
    own = file.read_bytes()
    try:
        shutil.copyfile(lab.root(first.host) / FILES[first.store], file)
        said = second.shell(READS[second.store])
        assert said
        assert first.secret not in said
    finally:
        file.write_bytes(own)
    assert second.shell(READS[second.store]) == second.secret


def test_a_copy_of_the_whole_disk_reads_it(lab: Lab, held: list[Held], tmp_path: Path) -> None:
    """The control, and the limit: the key lies on the same disk, where there is no TPM."""
    for one in held:
        directory = tmp_path / one.host
        directory.mkdir()
        with copy_of_disk(lab, one.host, directory) as root:
            assert inside(root, READS[one.store]) == one.secret
