# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The age store on real hosts, Debian 11 among them: services read it, moves are one run, and nothing stays behind."""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab._spec import HostSpec
from tests.lab._tools import wait_for
from tests.lab.e2e._support import (
    HOSTS,
    IDENTITY,
    MACHINE_ID,
    STORE,
    Controller,
    Run,
    canary,
    decrypt,
    decrypt_age,
    info,
    names,
    place,
    virgin,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab._lab import Lab

DELTA = HostSpec(name="delta", number=4, suite="bullseye", public_v4="91.198.115.45", public_v6="2a02:ec80:700:1::45")
READER = """
import hashlib, os, signal, sys
for name in sys.argv[1:]:
    with open(os.path.join(os.environ["CREDENTIALS_DIRECTORY"], name), "rb") as file:
        print("reads", os.getuid(), name, hashlib.sha256(file.read()).hexdigest(), flush=True)
if "TOKEN" in os.environ:
    print("reads", os.getuid(), "$TOKEN", hashlib.sha256(os.environ["TOKEN"].encode()).hexdigest(), flush=True)
signal.pause()
"""
#: The releases before the one on which credentials move.
READERS = ("alpha", "delta")
MOVER = "beta"
UNIT = "reader.service"
MEMORY = "/run/reader-credentials"
GRID = {"name": "grid.json", "format": "ccxt", "fields": {"api_key": "{{ key }}", "secret": "{{ secret }}"}}
TOKEN = {"name": "token", "content": "{{ token }}"}
PROGRAM = {
    "name": "program",
    "ansible.builtin.copy": {"content": READER, "dest": "/usr/local/lib/reader.py", "mode": "0644"},
}
SERVE = {
    "name": "serve",
    "ansible.builtin.include_role": {"name": "trading.hosts.trading_service"},
    "vars": {
        "trading_service_name": "reader",
        "trading_service_command": ["/usr/bin/python3", "/usr/local/lib/reader.py", "grid.json", "token"],
        "trading_service_credentials": ["grid.json", "token"],
        # The oldest release's Python runs the launcher too.
        "trading_service_environment_values": "{{ {'TOKEN': 'token'} if inventory_hostname == 'delta' else {} }}",
    },
}


@pytest.fixture(scope="module")
def hosts(lab: Lab) -> Iterator[tuple[str, ...]]:
    assert lab.add_guest(DELTA) == "running"
    everywhere = (*HOSTS, "delta")
    yield everywhere
    for host in HOSTS:
        clean(lab, host)
    lab.dismiss("delta")


def clean(lab: Lab, host: str) -> None:
    lab.execute(host, ["systemctl", "disable", "--quiet", "--now", UNIT], check=False)
    lab.execute(host, ["userdel", "reader"], check=False)
    lab.execute(host, ["rm", "--force", f"/etc/systemd/system/{UNIT}"])
    lab.execute(host, ["systemctl", "daemon-reload"])
    virgin(lab, host)


@pytest.fixture
def controller(lab: Lab, hosts: tuple[str, ...], tmp_path: Path) -> Controller:
    for host in hosts:
        clean(lab, host)
    made = Controller(lab, tmp_path, pipelining=True, guests=True)
    made.write_vars({"key": canary(), "secret": canary(), "token": canary()}, hosts=hosts)
    return made


@pytest.fixture
def recovery(tmp_path: Path) -> tuple[Path, str]:
    """An operator's identity, and its recipient."""
    path = tmp_path / "recovery"
    subprocess.run(["age-keygen", "--output", str(path)], check=True, capture_output=True)
    done = subprocess.run(["age-keygen", "-y", str(path)], check=True, capture_output=True, text=True)
    return path, done.stdout.strip()


def said(lab: Lab, host: str) -> dict[str, str]:
    """Return the hash of each credential that the service's present start has read."""

    def lines() -> dict[str, str] | None:
        found = lab.execute(host, ["systemctl", "show", "--property=InvocationID,ActiveState", UNIT]).stdout
        properties = dict(line.split("=", 1) for line in found.splitlines())
        match = f"_SYSTEMD_INVOCATION_ID={properties['InvocationID']}"
        log = lab.execute(host, ["journalctl", "--boot", "--output", "cat", "--no-pager", match]).stdout.splitlines()
        read = {words[2]: words[3] for line in log if len(words := line.split()) == 4 and words[0] == "reads"}
        return read if len(read) == 2 + (host == "delta") and properties["ActiveState"] == "active" else None

    return wait_for(lines, what=f"the service on {host}", timeout=20)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def held(lab: Lab, host: str) -> dict[str, str]:
    """Return the hash of what the service must have read: of each credential, by age itself, and of the variable."""
    found = {name: digest(decrypt_age(lab, host, name)) for name in ("grid.json", "token")}
    return found | ({"$TOKEN": found["token"]} if host == "delta" else {})


def ok(run: Run) -> Run:
    assert run.returncode == 0, run.output
    return run


@contextlib.contextmanager
def swapping(lab: Lab, host: str) -> Iterator[None]:
    """Let the host believe that it swaps to a disk in clear."""
    table = "Filename Type Size Used Priority\\n/dev/sda9 partition 1 0 -2\\n"
    lab.execute(host, ["sh", "-ec", f"printf '{table}' > /run/swaps; mount --bind /run/swaps /proc/swaps"])
    try:
        yield
    finally:
        lab.execute(host, ["umount", "/proc/swaps"])


def check_swap(lab: Lab, controller: Controller) -> None:
    """Where memory reaches the disk nothing is placed, and nothing is unsealed."""
    with swapping(lab, "alpha"):
        refused = controller.run(place(GRID, TOKEN, store="age"), hosts="alpha")
        assert "swaps to /dev/sda9 without encryption" in refused.message()
        lab.execute("alpha", ["systemctl", "start", UNIT], check=False)
        log = lab.execute("alpha", ["journalctl", "--unit", UNIT, "--output", "cat", "--lines", "20"]).stdout
        assert "so nothing was unsealed; run swapoff --all" in log
        assert lab.execute("alpha", ["ls", "-A", MEMORY], check=False).stdout == ""
    lab.execute("alpha", ["systemctl", "start", UNIT])
    assert said(lab, "alpha")


def test_a_service_reads_it_on_every_release_and_nothing_stays(
    lab: Lab, controller: Controller, recovery: tuple[Path, str]
) -> None:
    identity, recipient = recovery
    keep = place(GRID, TOKEN, store="age", recipients=[recipient])
    run = ok(
        controller.run(
            {**keep, "name": "foresee", "check_mode": True},
            keep,
            {**keep, "name": "again"},
            PROGRAM,
            SERVE,
            info(),
            hosts=",".join(READERS),
        )
    )
    for host in READERS:
        for task, reasons in (("foresee", ["absent"]), ("place", ["absent"]), ("again", [])):
            told = run.of(host, task).data["credentials"]
            assert [entry["changed_reasons"] for entry in told] == [reasons, reasons], (host, task)
        assert lab.execute(host, ["stat", "-c", "%U:%G %a", f"/{IDENTITY}"]).stdout == "root:root 600\n"
        read = said(lab, host)
        assert read == held(lab, host)
        listed = lab.execute(host, ["stat", "-c", "%U %a %n", MEMORY, f"{MEMORY}/grid.json", f"{MEMORY}/token"]).stdout
        assert listed.splitlines() == [
            f"reader 700 {MEMORY}",
            f"reader 400 {MEMORY}/grid.json",
            f"reader 400 {MEMORY}/token",
        ]
        for entry in run.of(host, "info").data["credentials"]:
            own = run.of(host, "info").data["machine"]["age_recipient"]
            assert (entry["store"], entry["decryptable"], entry["recipients"]) == ("age", "yes", [own, recipient])
            assert entry["loaded_by"] == [UNIT]
            assert entry["readable_by"] == [{"user": "root", "service": None}, {"user": "reader", "service": UNIT}]
        # Others cannot read it: not another user, not a copy on another machine; who holds the recovery can.
        peek = lab.execute(host, ["sudo", "-u", "nobody", "sh", "-c", f"cat {MEMORY}/* /{STORE}/*"], check=False)
        assert (peek.returncode != 0, peek.stdout) == (True, "")
        text = (lab.root(host) / STORE / "token.age").read_text()
        other = lab.execute(
            next(each for each in READERS if each != host),
            ["age", "--decrypt", "--identity", f"/{IDENTITY}"],
            text_input=text,
            check=False,
        )
        assert (other.returncode != 0, other.stdout) == (True, "")
        mine = subprocess.run(
            ["age", "--decrypt", "--identity", str(identity)], input=text, capture_output=True, text=True, check=True
        )
        assert digest(mine.stdout) == read["token"]
        # A crash starts it again; a stop leaves nothing.
        lab.execute(host, ["systemctl", "kill", "--signal=KILL", UNIT])
        lab.execute(host, ["systemctl", "restart", UNIT])
        assert said(lab, host) == read
        lab.execute(host, ["systemctl", "stop", UNIT])
        assert lab.execute(host, ["ls", "-d", MEMORY], check=False).returncode != 0
    check_swap(lab, controller)
    assert lab.reboot("delta") == "running"
    assert said(lab, "delta") == held(lab, "delta")
    still = ok(controller.run(keep, SERVE, info(), hosts="delta"))
    assert [result.status for result in still.results if result.status == "changed"] == []


def test_a_move_is_one_run_in_both_directions(lab: Lab, controller: Controller) -> None:
    ok(controller.run(place(GRID, TOKEN), PROGRAM, SERVE, hosts=MOVER))
    before = said(lab, MOVER)

    # Placed, but the unit still loads the old ones: a reboot in between starts the service from them.
    half = ok(controller.run(place(GRID, TOKEN, store="age"), hosts=MOVER)).of(MOVER, "place")
    assert [entry["changed_reasons"] for entry in half.data["credentials"]] == [["store"], ["store"]]
    assert [entry["kept_for_units"] for entry in half.data["credentials"]] == [
        [f"/{STORE}/{name}"] for name in ("grid.json", "token")
    ]
    assert half.data["restart_needed"] == []
    assert lab.reboot(MOVER) == "running"
    assert said(lab, MOVER) == before

    for store, ends in (("age", ".age"), ("systemd", "")):
        moved = ok(controller.run(place(GRID, TOKEN, store=store), SERVE, info(), hosts=MOVER))
        again = ok(controller.run(place(GRID, TOKEN, store=store), SERVE, hosts=MOVER))
        assert {entry["store"] for entry in moved.of(MOVER, "info").data["credentials"]} == {store}
        assert [name for name in names(lab, MOVER) if not name.startswith(".")] == [f"grid.json{ends}", f"token{ends}"]
        assert said(lab, MOVER) == before
        assert [result.task for result in again.results if result.status == "changed"] == []
    assert digest(decrypt(lab, MOVER, "token")) == before["token"]
    assert lab.execute(MOVER, ["ls", "-d", MEMORY], check=False).returncode != 0


def test_one_store_for_a_service(lab: Lab, controller: Controller) -> None:
    run = controller.run(place(GRID), place(TOKEN, store="age", name="other"), SERVE, hosts="alpha")
    assert "reads credentials of the stores age and systemd" in run.message()
    assert lab.execute("alpha", ["ls", f"/etc/systemd/system/{UNIT}"], check=False).returncode != 0


def test_a_host_that_lacks_what_a_store_needs_says_so(lab: Lab, hosts: tuple[str, ...], controller: Controller) -> None:
    """Debian 11 has no systemd-creds; a host without the program age has no age store."""
    without = controller.run(place(TOKEN), hosts="delta")
    assert "This host has no systemd-creds (found systemd 247" in without.message("delta")
    program = lab.root("delta") / "usr/bin/age"
    aside = program.with_suffix(".aside")
    program.rename(aside)
    try:
        for arguments in (["-v"], ["-v", "--check"]):
            run = controller.run(
                place(TOKEN, store="age"), arguments=arguments, hosts="delta", environment={"ANSIBLE_NOCOLOR": "1"}
            )
            assert "This host has no program age" in run.message("delta")
    finally:
        aside.rename(program)
    assert names(lab, "delta") == []


def reasons(run: Run, host: str, task: str = "place") -> list[Any]:
    return [entry["changed_reasons"] for entry in run.of(host, task).data["credentials"]]


def test_damage_and_a_lost_identity(lab: Lab, controller: Controller) -> None:
    ok(controller.run(place(TOKEN, store="age"), hosts="alpha"))
    path = lab.root("alpha") / STORE / "token.age"
    right = path.read_text()
    lines = right.splitlines()
    lines[-2] = ("A" if lines[-2][0] != "A" else "B") + lines[-2][1:]
    path.write_text("\n".join(lines) + "\n")
    refused = controller.run(place(TOKEN, store="age"), hosts="alpha")
    assert "from a backup" in refused.message()
    assert "on_undecryptable: replace" in refused.message()
    replaced = ok(controller.run(place(TOKEN, store="age", on_undecryptable="replace"), hosts="alpha"))
    assert reasons(replaced, "alpha") == [["undecryptable"]]
    identity = lab.root("alpha") / IDENTITY
    aside = identity.with_name("aside")
    identity.rename(aside)
    try:
        lost = controller.run(place({**TOKEN, "name": "new"}, store="age"), hosts="alpha")
        assert "is gone" in lost.message()
        assert not identity.exists()
    finally:
        aside.rename(identity)
    assert ok(controller.run(place(TOKEN, store="age"), hosts="alpha")).of("alpha", "place").status == "ok"


def test_another_machine_id_does_no_harm(lab: Lab, controller: Controller) -> None:
    """Nothing here is bound to it: no credential is lost, on any release, and nothing calls systemd-creds."""
    ok(controller.run(place(TOKEN, store="age"), hosts="alpha"))
    path = lab.root("alpha") / MACHINE_ID
    right = path.read_text()
    path.write_text(f"{uuid.uuid4().hex}\n")
    try:
        run = ok(controller.run(place(TOKEN, store="age"), info(), hosts="alpha"))
        assert run.of("alpha", "place").status == "ok"
        assert run.of("alpha", "info").data["credentials"][0]["decryptable"] == "yes"
    finally:
        path.write_text(right)


@pytest.mark.parametrize("store", ["systemd", "age"])
def test_a_full_and_a_read_only_disk_leave_what_was_there(lab: Lab, controller: Controller, store: str) -> None:
    small = "/srv/small"
    lab.execute("alpha", ["mkdir", "--parents", "--mode=700", small])
    lab.execute("alpha", ["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", small])
    others = [{"name": f"other{number}", "content": "{{ secret }}"} for number in range(3)]
    new = {**TOKEN, "content": "{{ token }}-new"}
    try:
        ok(controller.run(place(TOKEN, directory=small, store=store), hosts="alpha"))
        before = lab.execute("alpha", ["sh", "-c", f"cat {small}/token*"]).stdout
        lab.execute("alpha", ["dd", "if=/dev/zero", f"of={small}/rest", "bs=4k"], check=False)
        full = controller.run(place(new, *others, directory=small, store=store), hosts="alpha")
        assert "the disk is full; what was there before is untouched" in full.message()
        lab.execute("alpha", ["rm", f"{small}/rest"])
        lab.execute("alpha", ["mount", "-o", "remount,ro", small])
        read_only = controller.run(
            place(new, directory=small, store=store, ignore_errors=True, name="new"),
            place(TOKEN, directory=small, store=store),
            hosts="alpha",
        )
        assert "its file system is read-only" in read_only.of("alpha", "new").data["msg"]
        assert read_only.of("alpha", "place").status == "ok"
        assert lab.execute("alpha", ["sh", "-c", f"cat {small}/token*"]).stdout == before
        lab.execute("alpha", ["mount", "-o", "remount,rw", small])
        mended = ok(controller.run(place(new, *others, directory=small, store=store), hosts="alpha"))
        assert reasons(mended, "alpha") == [["content"], ["absent"], ["absent"], ["absent"]]
    finally:
        lab.execute("alpha", ["umount", small])


@pytest.mark.parametrize("stores", [("age", "age"), ("systemd", "age")], ids="-".join)
def test_two_runs_at_once_end_well_with_one_result(
    lab: Lab, hosts: tuple[str, ...], tmp_path: Path, stores: tuple[str, str]
) -> None:
    clean(lab, "alpha")
    wanted = [f"key{number}" for number in range(6)]
    contents = [canary(), canary()]
    controllers = []
    for number, content in enumerate(contents):
        one = Controller(lab, tmp_path / str(number), pipelining=True)
        one.write_vars({"content": content})
        controllers.append(one)

    def run(number: int) -> Run:
        credentials = ({"name": name, "content": "{{ content }}"} for name in wanted)
        return controllers[number].run(place(*credentials, store=stores[number]), hosts="alpha")

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for done in pool.map(run, (0, 1)):
            ok(done)
    there = names(lab, "alpha")
    files = [name for name in there if not name.startswith(".")]
    assert [name.removesuffix(".age") for name in files] == wanted
    assert len({name.endswith(".age") for name in files}) == 1, files
    age = files[0].endswith(".age")
    texts = {decrypt_age(lab, "alpha", name) if age else decrypt(lab, "alpha", name) for name in wanted}
    assert len(texts) == 1
    assert texts <= set(contents)
    assert [name for name in there if name.endswith(".tmp")] == []
