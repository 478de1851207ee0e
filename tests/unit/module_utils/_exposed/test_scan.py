# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole scan: what it enters and what not, its bounds, and what it tells of a place."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError
from ansible_collections.trading.hosts.plugins.module_utils._exposed import _git, _processes, _scan, _walk
from ansible_collections.trading.hosts.plugins.module_utils._exposed._walk import Mounts
from ansible_collections.trading.hosts.plugins.module_utils._redact import mask_id
from tests.unit.module_utils._exposed.build import pair

KEY, SECRET = pair("binance")
LINE = f"BINANCE_API_SECRET={SECRET}\n"


def scan(*paths: Path, **changes: t.Any) -> dict[str, t.Any]:
    options: dict[str, t.Any] = {
        "scope": "host",
        "paths": [str(path) for path in paths],
        "exclude": [],
        "timeout": 60,
        "max_files": 10_000,
        "max_file_bytes": 1_000_000,
        **changes,
    }
    told = _scan.scan(**options)
    # Other tests run beside this one, and processes of theirs may have what looks like a secret.
    told["exposed"] = [each for each in told["exposed"] if each["pid"] is None]
    assert SECRET not in json.dumps(told)
    return told


def found(*paths: Path, **changes: t.Any) -> list[str]:
    return [each["path"] for each in scan(*paths, **changes)["exposed"]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # The processes are another test's matter.
    monkeypatch.setattr(_processes, "in_processes", lambda **_given: ([], 0))
    return tmp_path


def test_a_place_is_told_with_its_line_mode_owner_and_readers(place: Path) -> None:
    file = place / "bot.env"
    file.write_text("A=b\n" + LINE)
    file.chmod(0o640)
    (told,) = scan(place)["exposed"]
    owner = pwd.getpwuid(os.getuid()).pw_name
    assert told == {
        "kind": "dotenv",
        "path": str(file),
        "line": 2,
        "pid": None,
        "program": None,
        "commit": None,
        "field": "secret",
        "exchanges": ["binance"],
        "mode": "0640",
        "owner": owner,
        "group": grp.getgrgid(file.stat().st_gid).gr_name,
        "readable_by": "group",
        "git": None,
        "from_credential": False,
    }


def test_a_closed_directory_keeps_others_out(place: Path) -> None:
    shelf = place / "open"
    shelf.mkdir()
    (shelf / "a.env").write_text(LINE)
    (shelf / "a.env").chmod(0o644)
    above = [each for each in (place, *place.parents) if not each.stat().st_mode & 0o001]
    (told,) = scan(place)["exposed"]
    assert told["readable_by"] == ("group" if above else "others")
    shelf.chmod(0o700)
    (told,) = scan(place)["exposed"]
    assert told["readable_by"] == "group"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (".bash_history", "history"),
        (".zsh_history", "history"),
        (".local/share/fish/fish_history", "history"),
        (".env.production", "dotenv"),
        (".config/systemd/user/bot.service", "unit"),
        ("etc/systemd/system/bot.service.d/override.conf", "unit"),
        ("repo/.git/config", "git_config"),
        ("user_data/config.json", "file"),
    ],
)
def test_kinds(place: Path, name: str, kind: str) -> None:
    file = place / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(LINE)
    file.chmod(0o600)
    (told,) = scan(place)["exposed"]
    assert (told["path"], told["kind"]) == (str(file), kind)
    if kind == "unit":
        assert told["readable_by"] == "others"  # systemd tells everybody what a unit sets


def test_links_devices_pipes_and_sockets_are_left_alone(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "a.env").write_text(LINE)
    (place / "link.env").symlink_to(outside / "a.env")
    (place / "directory").symlink_to(outside)
    (place / "loop").symlink_to(place)
    os.mkfifo(place / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place / "socket"))
        told = scan(place)
    assert told["exposed"] == []
    assert told["scan"]["complete"]
    assert found(place / "link.env") == [str(outside / "a.env")]  # what is asked for by name is looked at


def test_a_link_that_takes_a_directorys_place_meanwhile_is_not_followed(
    place: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "a.env").write_text(LINE)
    (place / "shelf").mkdir()
    opened = os.open

    def swap(path: t.Any, *given: t.Any, **named: t.Any) -> int:
        if path == "shelf":
            shutil.rmtree(place / "shelf")
            (place / "shelf").symlink_to(outside)
        return opened(path, *given, **named)

    monkeypatch.setattr(os, "open", swap)
    assert found(place) == []
    assert (place / "shelf").is_symlink()


def test_mounts() -> None:
    lines = (
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw",
        "2 1 0:5 / /proc rw - proc proc rw",
        "3 1 0:6 / /home rw,nosuid shared:1 - nfs4 server:/home rw",
        r"4 3 0:7 / /home/with\040space rw - ext4 /dev/sdb1 rw",
        "5 1 0:8 / /mnt/keys rw - fuse.sshfs a@b:/ rw",
        "6 1 0:9 / /run/credentials/x.service ro - ramfs ramfs rw",
        "7 1 0:10 / /srv rw - autofs systemd-1 rw",
        "8 7 8:3 / /srv rw - ext4 /dev/sdc1 rw",
        "9 1 0:11 / /tmp rw - tmpfs tmpfs rw",
        "broken",
    )
    mounts = Mounts(lines)
    assert mounts.closed == {"/proc", "/home", "/mnt/keys", "/run/credentials/x.service"}
    assert mounts.lies_in_closed("/home/bot/x")
    assert not mounts.lies_in_closed("/home/with space/x")
    assert not mounts.lies_in_closed("/srv/bot")
    assert not mounts.lies_in_closed("/etc")
    assert not Mounts(["1 0 0:1 / / rw - 9p x rw"]).lies_in_closed("/etc")


def test_a_network_file_system_is_not_entered_and_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = place / "nfs"
    shelf.mkdir()
    (shelf / "a.env").write_text(LINE)
    (place / "b.env").write_text(LINE)
    mounts = Mounts([f"1 0 0:6 / {shelf} rw - nfs4 s:/ rw"])
    monkeypatch.setattr(Mounts, "read", classmethod(lambda _cls: mounts))
    told = scan(place)
    assert [each["path"] for each in told["exposed"]] == [str(place / "b.env")]
    assert told["scan"]["closed_mounts"] == [str(shelf)]
    assert found(shelf) == []


def test_a_pseudo_file_system_is_not_entered(place: Path) -> None:
    told = scan(Path("/proc/self"), Path("/sys/kernel"))
    assert told["scan"]["files"] == 0
    assert len(told["scan"]["closed_mounts"]) == 2


def test_what_is_left_out(place: Path) -> None:
    for name in (
        "a/x.env",
        "b/x.env",
        "b/__pycache__/x.env",
        "c/site-packages/ccxt/x.py",
        "c/site-packages/conf/x.yml",
    ):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(LINE)
    (place / "picture.png").write_text(LINE)
    (place / "binary.conf").write_bytes(b"\0" + LINE.encode())
    assert found(place, exclude=[str(place / "a")]) == [
        str(place / "b/x.env"),
        str(place / "c/site-packages/conf/x.yml"),
    ]


@pytest.mark.parametrize("name", ["a", "bin", "o"])
def test_a_name_without_an_ending_is_looked_at(place: Path, name: str) -> None:
    (place / name).write_text(LINE)
    assert found(place) == [str(place / name)]


def test_a_directory_that_two_paths_lead_to_is_entered_once(place: Path) -> None:
    (place / "a").mkdir()
    (place / "a" / "x.env").write_text(LINE)
    told = scan(place, place / "a")
    assert len(told["exposed"]) == 1
    assert told["scan"]["directories"] == 2


def test_a_secret_across_the_border_of_two_pieces_is_found_once(place: Path) -> None:
    filler = ("x" * 99 + "\n") * ((_walk.CHUNK - 100) // 100)
    for cut in (0, 30, 80, 120):
        file = place / f"{cut}.conf"
        file.write_text(filler + "\n" * cut + LINE + filler)
    told = {each["path"]: each["line"] for each in scan(place)["exposed"]}
    line = filler.count("\n") + 1
    assert told == {str(place / f"{cut}.conf"): line + cut for cut in (0, 30, 80, 120)}


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"max_files": 3}, "there are more than 3 files"),
        ({"max_file_bytes": 100}, "1 files are longer than max_file_bytes"),
    ],
)
def test_a_bound_that_was_reached_is_told(place: Path, changes: dict[str, int], because: str) -> None:
    for number in range(5):
        (place / f"{number}.txt").write_text("quiet\n")
    (place / "long.txt").write_text("quiet\n" * 100_000)
    told = scan(place, **changes)["scan"]
    assert not told["complete"]
    assert because in " ".join(told["partial_because"])


def test_the_time_is_a_bound(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "a.txt").write_text("quiet\n")
    now = time.monotonic()
    ticks = iter(range(0, 1000, 10))
    monkeypatch.setattr(time, "monotonic", lambda: now + next(ticks))
    told = scan(place, timeout=5)["scan"]
    assert told["partial_because"] == ["the time was over"]


def test_what_cannot_be_read_makes_the_scan_partial(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "a.txt").write_text("quiet\n")
    opened = os.open

    def refuse(path: t.Any, *given: t.Any, **named: t.Any) -> int:
        if path == "a.txt":
            raise PermissionError(13, "no")
        return opened(path, *given, **named)

    monkeypatch.setattr(os, "open", refuse)
    assert scan(place)["scan"]["partial_because"] == ["1 files or directories could not be read"]


def test_a_scan_changes_nothing(place: Path) -> None:
    file = place / "a.env"
    file.write_text(LINE)
    os.utime(file, ns=(1, 1))
    before = file.stat()
    assert found(place) == [str(file)]
    after = file.stat()
    assert (after.st_mtime_ns, after.st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)
    if os.geteuid() == 0:
        assert after.st_atime_ns == before.st_atime_ns


def test_what_a_unit_names_is_looked_at(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "bot.conf"
    elsewhere.write_text(LINE)
    unit = place / "systemd/system/bot.service"
    unit.parent.mkdir(parents=True)
    unit.write_text(f"[Service]\nEnvironmentFile=-{elsewhere}\nEnvironmentFile=/nowhere\n")
    assert found(place) == [str(elsewhere)]


def test_a_core_dump_is_told(place: Path) -> None:
    (place / "core.123").write_bytes(b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x04\0" + b"\0" * 100)
    (place / "program").write_bytes(b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x02\0" + b"\0" * 100)
    dumps = scan(place)["core_dumps"]["found"]
    assert str(place / "core.123") in dumps
    assert str(place / "program") not in dumps


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timeout": 0}, "timeout"),
        ({"max_files": -1}, "max_files"),
        ({"paths": ["relative"]}, "paths"),
        ({"paths": ["/does/not/exist"]}, "paths"),
        ({"exclude": ["x"]}, "exclude"),
        ({"scope": "inventory", "paths": None}, "paths"),
    ],
)
def test_options_that_cannot_be_used(place: Path, changes: dict[str, t.Any], field: str) -> None:
    with pytest.raises(InputError) as error:
        scan(place, **changes)
    assert error.value.field == field


def test_the_default_is_all_but_the_systems_own() -> None:
    roots = _scan._roots()
    assert roots[0] in ("/root", "/home")
    assert {"/etc", "/usr/local", "/tmp", "/dev/shm"} <= set(roots)
    assert not {"/usr", "/proc", "/sys", "/dev", "/run"} & set(roots)


def test_an_ordinary_installation_is_quiet(place: Path) -> None:
    library = Path(os.__file__).parent
    told = scan(Path("/etc"), library, max_files=100_000)
    assert told["exposed"] == []
    assert told["scan"]["files"] > 500


def git(directory: Path, *words: str) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *words], cwd=directory, check=True, capture_output=True, env=environment)


@pytest.fixture
def checkout(place: Path) -> Path:
    (place / "conf").mkdir()
    (place / "conf" / "bot.env").write_text(LINE)
    (place / "bot.env").write_text("A=b\n")
    (place / ".gitignore").write_text("ignored.env\n")
    git(place, "init", "-q")
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "one")
    return place


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_what_git_keeps_is_told(checkout: Path, version: str) -> None:
    (checkout / "ignored.env").write_text(LINE)
    if version == "3":
        (checkout / "intended").write_text("x")
        git(checkout, "add", "--intent-to-add", "intended")
    git(checkout, "update-index", "--index-version", version)
    told = {Path(each["path"]).name: each["git"] for each in scan(checkout)["exposed"]}
    expected = {"bot.env": "tracked", "ignored.env": "untracked"}
    assert told == (dict.fromkeys(expected, "unknown") if version == "4" else expected)


def test_a_path_that_ends_like_a_tracked_one_is_not_tracked(checkout: Path) -> None:
    (checkout / "env").write_text(LINE)
    assert _git.is_tracked(str(checkout / "env"), checkout=str(checkout)) is False
    assert _git.is_tracked(str(checkout / "conf" / "bot.env"), checkout=str(checkout)) is True
    assert _git.is_tracked(str(checkout / "nowhere"), checkout=str(checkout / "conf")) is None


def test_the_history_of_an_inventory_is_read(checkout: Path) -> None:
    (checkout / "conf" / "bot.env").write_text("# now vaulted\n")
    git(checkout, "commit", "-q", "-a", "-m", "two")
    git(checkout, "checkout", "-q", "-b", "other")
    (checkout / "päper.yml").write_text(f"x: 1\n\n\nokx_secret: {pair('okx')[1]}\n")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "three")
    git(checkout, "checkout", "-q", "main")
    told = scan(checkout / "conf", scope="inventory")
    assert told["scan"]["git_history"] == "read"
    assert told["scan"]["complete"]
    assert [(each["kind"], Path(each["path"]).name, each["line"]) for each in told["exposed"]] == [
        ("git_history", "bot.env", 1),
        ("git_history", "päper.yml", 4),
    ]
    assert all(len(each["commit"]) == 12 and each["git"] == "history" for each in told["exposed"])
    assert told["swap"] is None


def test_a_line_that_is_replaced_is_seen_with_those_around_it(checkout: Path) -> None:
    inventory = checkout / "hosts.yml"
    for secret in ("TODO", pair("okx")[1], "!vault"):
        inventory.write_text(f"keys:\n  - exchange: okx\n    name: grid\n    secret: {secret}\n    unit: bot\n")
        git(checkout, "add", ".")
        git(checkout, "commit", "-q", "-m", "change")
    # What only stands around a change is told of the commit that brought it.
    inventory.write_text(inventory.read_text().replace("bot", "other"))
    git(checkout, "commit", "-q", "-a", "-m", "another line")
    told = [each for each in scan(inventory, scope="inventory")["exposed"] if each["path"] == str(inventory)]
    assert [(each["kind"], each["line"], each["exchanges"]) for each in told] == [("git_history", 4, ["okx"])]


def test_what_was_amended_away_or_stashed_twice_is_in_the_history(checkout: Path) -> None:
    for name in ("amended", "older", "newer"):
        (checkout / f"{name}.yml").write_text(f"okx_secret: {pair('okx')[1]}\n")
        git(checkout, "add", ".")
        git(checkout, *(("commit", "-q", "-m", "x") if name == "amended" else ("stash", "-q")))
        if name == "amended":
            git(checkout, "rm", "-q", "amended.yml")
            git(checkout, "commit", "-q", "--amend", "--allow-empty", "-m", "y")
    told = scan(checkout, scope="inventory")["exposed"]
    names = {Path(each["path"]).name for each in told if each["kind"] == "git_history"}
    assert names >= {"amended.yml", "older.yml", "newer.yml"}


def test_the_history_of_a_checkout_below_is_read(checkout: Path) -> None:
    below = checkout / "conf" / "group_vars"
    below.mkdir()
    git(below, "init", "-q")
    for text in (f"okx_secret: {pair('okx')[1]}\n", "a: b\n"):
        (below / "all.yml").write_text(text)
        git(below, "add", ".")
        git(below, "commit", "-q", "-m", "x")
    told = scan(checkout / "conf", scope="inventory")["exposed"]
    assert str(below / "all.yml") in {each["path"] for each in told if each["kind"] == "git_history"}
    # And what lies above knows which files it keeps, also where only a part of it is looked at.
    assert {Path(each["path"]).name: each["git"] for each in told if each["kind"] != "git_history"} == {
        "bot.env": "tracked"
    }


def test_an_inventory_without_a_repository(place: Path) -> None:
    (place / "hosts.yml").write_text(f"okx_secret: {pair('okx')[1]}\n")
    told = scan(place, scope="inventory")
    assert told["scan"]["git_history"] == "none"
    assert [each["kind"] for each in told["exposed"]] == ["file"]


def test_a_repository_cannot_make_git_run_something(checkout: Path) -> None:
    ran = checkout / "ran"
    script = checkout / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {ran}\n")
    script.chmod(0o755)
    for name in (
        "core.fsmonitor",
        "diff.external",
        "core.pager",
        "gpg.program",
        "diff.evil.textconv",
        "diff.evil.command",
    ):
        git(checkout, "config", name, str(script))
    git(checkout, "config", "log.showSignature", "true")
    (checkout / ".gitattributes").write_text("* diff=evil\n")
    assert scan(checkout, scope="inventory")["scan"]["git_history"] == "read"
    assert not ran.exists()


def test_a_history_that_git_does_not_read_is_partial(place: Path) -> None:
    (place / ".git").mkdir()
    told = scan(place, scope="inventory")["scan"]
    assert told["git_history"] == "partly_read"
    assert "git could not read it" in told["partial_because"][0]


def test_on_a_host_no_git_runs(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_git, "history", None)
    assert scan(checkout)["scan"]["git_history"] == "not_read"


@pytest.mark.parametrize("loaded", [False, True])
def test_environment_and_command_line_of_processes(loaded: bool) -> None:
    program = "import sys; print(); sys.stdout.flush(); sys.stdin.read()"
    words = [sys.executable, "-c", program, "--api-secret", pair("okx")[1], "okx"]
    environment = {name: value for name, value in os.environ.items() if name != "CREDENTIALS_DIRECTORY"}
    environment["BINANCE_API_SECRET"] = SECRET
    if loaded:
        environment["CREDENTIALS_DIRECTORY"] = "/run/credentials/bot.service"
    with subprocess.Popen(words, stdin=-1, stdout=-1, env=environment) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        told, _closed = _processes.in_processes()
        lines, _closed = _processes.in_processes(environment=False)
        process.stdin.close()
    mine = {(each.kind, each.hit.exchanges, each.uid, each.from_credential) for each in told if each.pid == process.pid}
    assert mine == {
        ("environment", ("binance",), os.getuid(), loaded),
        ("command_line", ("okx",), os.getuid(), False),
    }
    assert {each.kind for each in lines if each.pid == process.pid} == {"command_line"}


def freqtrade(exchange: str, key: str, secret: str) -> str:
    return json.dumps({"exchange": {"name": exchange, "key": key, "secret": secret}})


def test_keys_that_can_be_asked_about_are_told_once_and_not_shown(place: Path) -> None:
    (place / "old").mkdir()
    old, new, users = place / "old" / "config.json", place / "config.json", place / "api-keys.json"
    for at, file in enumerate((old, new)):
        file.write_text(freqtrade("binance", KEY, SECRET))
        os.utime(file, (1_000_000 + at, 1_000_000 + at))
    other, secret = pair("bybit")
    placeholder = {"exchange": "bybit", "key": "your_api_key_here", "secret": "your_api_secret_here"}
    users.write_text(json.dumps({"a b": {"exchange": "weex", "key": other, "secret": secret}, "sample": placeholder}))
    os.utime(users, (1_000_000, 1_000_000))
    told = scan(place)
    assert told["found_keys"] == [
        {
            "name": f"freqtrade {new}" if len(str(new)) <= 70 else told["found_keys"][0]["name"],
            "program": "freqtrade",
            "path": str(new),
            "entry": None,
            "exchange": "binance",
            "ccxt_id": None,
            "region": "global",
            "spelled": "binance",
            "masked_id": mask_id(KEY),
            "names": {"api_key": "key", "secret": "secret"},
            "also_in": [str(old)],
        },
        {
            "name": told["found_keys"][1]["name"],
            "program": "passivbot",
            "path": str(users),
            "entry": "a b",
            "exchange": "other",
            "ccxt_id": "weex",
            "region": "global",
            "spelled": "weex",
            "masked_id": mask_id(other),
            "names": {"api_key": "key", "secret": "secret"},
            "also_in": [],
        },
    ]
    assert told["found_keys"][1]["name"].endswith("api-keys.json a b")
    for text in (KEY, SECRET, other, secret):
        assert text not in json.dumps(told)


def test_each_found_key_has_a_name_that_a_key_can_have(place: Path) -> None:
    deep = place / ("d" * 120) / "\u00e4"
    for name in ("one", "two"):
        (deep / name).mkdir(parents=True)
        key, secret = pair("binance", seed=len(name) + ord(name[0]))
        (deep / name / ("c" * 100)).write_text(freqtrade("binance", key, secret))
    names = [each["name"] for each in scan(place)["found_keys"]]
    assert len(set(names)) == 2
    for name in names:
        assert len(name) <= 80
        assert name.isascii()
        assert name.startswith("freqtrade ")


@pytest.mark.parametrize("named", ["{{ evil }}", "line\nbreak", "x\u202ey"])
def test_a_path_that_is_not_told_as_it_is_is_not_asked_about(place: Path, named: str) -> None:
    (place / named).mkdir()
    (place / named / "config.json").write_text(freqtrade("binance", KEY, SECRET))
    told = scan(place)
    assert told["found_keys"] == []
    assert len(told["exposed"]) == 1


def test_a_key_that_is_not_in_a_whole_file_is_not_asked_about(place: Path) -> None:
    (place / "large.json").write_text(freqtrade("binance", KEY, SECRET) + " " * 300_000)
    (place / ".bash_history").write_text(f"BINANCE_API_KEY={KEY} ./bot\n{LINE}")
    assert scan(place, scope="host")["found_keys"] == []


def test_an_inventory_has_none_to_ask_about(place: Path) -> None:
    (place / "config.json").write_text(freqtrade("binance", KEY, SECRET))
    assert scan(place, scope="inventory")["found_keys"] == []


def test_more_keys_than_are_told_are_counted(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_scan, "_MOST_KEYS", 1)
    for number in range(3):
        (place / f"{number}.json").write_text(freqtrade("binance", *pair("binance", seed=number)))
    told = scan(place)
    assert len(told["found_keys"]) == 1
    assert told["scan"]["partial_because"] == ["2 more keys were found than are told"]
