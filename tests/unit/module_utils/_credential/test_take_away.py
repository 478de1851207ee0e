# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key in clear goes when, and only when, it is proved that nothing is lost by it."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import re
import stat
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential import _take_away
from ansible_collections.trading.hosts.plugins.module_utils._credential._age import AgeStore
from ansible_collections.trading.hosts.plugins.module_utils._credential._in_use import was_given
from ansible_collections.trading.hosts.plugins.module_utils._credential._place import Placer
from ansible_collections.trading.hosts.plugins.module_utils._credential._request import parse
from ansible_collections.trading.hosts.plugins.module_utils._credential._run import Completed
from ansible_collections.trading.hosts.plugins.module_utils._credential._take_away import Here, take_away
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.unit.module_utils._credential.conftest import FakeSystemd

FIELDS = {"api_key": "canary-key-1-long", "secret": "canary-secret-1-long"}
CONFIG = (
    '// mine\n{"exchange": {"name": "bybit", "key": "canary-key-1-long", "secret": "canary-secret-1-long"}, "n": 1}\n'
)
CLEAN = '// mine\n{"exchange": {"name": "bybit", "key": "", "secret": ""}, "n": 1}\n'
UNIT = "[Service]\nLoadCredentialEncrypted={name}:{directory}/{name}\nExecStart=/usr/bin/bot --config {file}\n"


@dataclasses.dataclass
class World:
    """A host with a placed credential, a file in clear, and a service that may run from either."""

    root: Path
    here: Here
    placer: Placer
    active: set[str] = dataclasses.field(default_factory=set)
    #: Other names of units -> their own.
    names: dict[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("units", "run", "proc", "srv"):
            (self.root / name).mkdir()
        self.file.write_text(CONFIG)
        self.file.chmod(0o640)
        self.place(FIELDS)

    @property
    def file(self) -> Path:
        return self.root / "srv" / "config.json"

    def place(self, fields: dict[str, str]) -> None:
        entry = {"name": "grid", "format": "freqtrade", "fields": fields}
        self.placer.run(requests=parse(credentials=[entry]), check_mode=False)

    def start(self, unit: str = "grid.service", *, loads: bool = True, content: bytes | None = None) -> None:
        """Write the unit, and start it as systemd does."""
        text = UNIT.format(name="grid", directory=self.here.directory, file=self.file)
        (self.root / "units" / unit).write_text(text if loads else "\n".join(text.splitlines()[::2]))
        self.active.add(unit)
        if loads:
            given = self.root / "run" / "credentials" / unit
            given.mkdir(parents=True, exist_ok=True)
            (given / "grid").write_bytes(content or self.placer.content("grid") or b"")

    def process(self, pid: int, *words: str, unit: str = "other.service", opens: Path | None = None) -> None:
        base = self.root / "proc" / str(pid)
        (base / "fd").mkdir(parents=True)
        (base / "cmdline").write_text("\0".join(words) + "\0")
        (base / "cgroup").write_text(f"0::/system.slice/{unit}\n")
        (base / "comm").write_text("bot\n")
        (base / "cwd").symlink_to(self.root / "srv")
        if opens is not None:
            (base / "fd" / "3").symlink_to(opens)

    def systemctl(self, *, argv: Sequence[str], stdin: bytes = b"") -> Completed:
        if argv[1] == "list-units":
            begin, end = argv[-1].split("*")
            found = [unit for unit in sorted(self.active) if unit.startswith(begin) and unit.endswith(end)]
            return Completed(0, "".join(f"{unit} loaded active running\n" for unit in found).encode(), b"")
        assert argv[:3] == ["systemctl", "show", "--property=Id,ActiveState"]
        unit = self.names.get(argv[3], argv[3])
        state = "active" if unit in self.active else "inactive"
        return Completed(0, f"Id={unit}\nActiveState={state}\n".encode(), b"")

    def adopt(self, *, check_mode: bool = False, files: Sequence[Path] = (), **options: Any) -> dict[str, Any]:
        given = {"credential": "grid", "service": None, "on_held_back": "report", **options}
        names = [str(file) for file in files or [self.file]]
        return take_away(files=names, here=self.here, check_mode=check_mode, **given)

    def held_back(self, **options: Any) -> str:
        """Return why nothing was done, and see that nothing was."""
        before = self.file.read_bytes()
        told = self.adopt(**options)
        (only,) = told["files"]
        assert (told["changed"], only["changed"], only["state"]) == (False, False, "clear")
        assert self.file.read_bytes() == before
        assert "canary" not in str(told)
        with pytest.raises(StoreError) as refused:
            self.adopt(**{**options, "on_held_back": "fail"})
        assert str(refused.value) == only["held_back"]
        return str(only["held_back"])


@pytest.fixture
def world(tmp_path: Path, placer: Placer, systemd: FakeSystemd) -> World:
    root = tmp_path / "host"
    root.mkdir()
    here = Here(
        directory=placer.directory,
        systemd=systemd.store(),
        age=AgeStore(identity_path=str(tmp_path / "no-identity")),
        uid=os.geteuid(),
        gid=os.getegid(),
        runtime=str(root / "run"),
        proc=str(root / "proc"),
        unit_directories=(str(root / "units"),),
    )
    made = World(root, here, placer)
    made.here = dataclasses.replace(here, runner=made.systemctl)
    return made


def test_it_goes_when_the_service_runs_from_the_credential(world: World) -> None:
    world.start()
    world.process(7, "/usr/bin/bot", "--config", str(world.file), unit="grid.service")
    before = world.file.stat()
    foreseen = world.adopt(check_mode=True)
    assert world.file.read_text() == CONFIG
    told = world.adopt()
    assert told == foreseen
    assert (told["changed"], told["running"]) == (True, ["grid.service"])
    assert told["files"] == [
        {
            "path": str(world.file),
            "state": "present",
            "changed": True,
            "entries": [None],
            "fields": ["api_key", "secret"],
            "held_back": None,
        }
    ]
    assert told["diff"][0]["before"] == {"state": "in clear", "fields": ["api_key", "secret"]}
    assert "canary" not in str(told)
    assert world.file.read_text() == CLEAN
    after = world.file.stat()
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (0o640, before.st_uid, before.st_gid)
    assert os.listdir(world.file.parent) == ["config.json"]
    # Once more: nothing is left to do.
    again = world.adopt(service="grid")
    assert (again["changed"], again["diff"], again["files"][0]["state"]) == (False, [], "present")
    assert world.file.stat().st_mtime_ns == after.st_mtime_ns


def test_copies_go_too_and_a_file_of_keys_alone_goes_whole(world: World) -> None:
    copy = world.root / "srv" / "old.json"
    copy.write_text('{"exchange": "bybit", "apiKey": "canary-key-1-long", "secret": "canary-secret-1-long"}')
    named = world.root / "srv" / "named.json"
    named.write_text(copy.read_text())
    world.start()
    world.process(7, "bot", "--keys=named.json", unit="grid.service")
    files = [world.file, copy, named, world.root / "srv" / "gone.json"]
    told = world.adopt(files=files, service="grid.service")
    assert [each["state"] for each in told["files"]] == ["present", "absent", "present", "absent"]
    assert [each["changed"] for each in told["files"]] == [True, True, True, False]
    assert not copy.exists()
    assert json.loads(named.read_text()) == {"exchange": "bybit", "apiKey": "", "secret": ""}


def test_all_files_of_a_key_or_none(world: World) -> None:
    copy = world.root / "srv" / "old.json"
    copy.write_text(CONFIG + "// canary-secret-1-long\n")
    world.start()
    told = world.adopt(files=[world.file, copy])
    assert (told["changed"], [each["changed"] for each in told["files"]]) == (False, [False, False])
    assert told["files"][0]["held_back"].endswith("keeps its key as long as another of these files does.")
    assert "in another place too, by its line 3" in told["files"][1]["held_back"]
    assert world.file.read_text() == CONFIG


def with_another_name(world: World) -> None:
    world.start()
    os.link(world.file, world.root / "other")


@pytest.mark.parametrize(
    ("arrange", "sentence"),
    [
        (lambda world: None, "no service loads grid"),
        (lambda world: world.start(loads=False), "no service loads grid"),
        (lambda world: (world.start(), world.active.clear()), "grid.service does not run"),
        (lambda world: world.start(content=b"{}"), "grid.service runs with an older content of grid; restart it"),
        (
            lambda world: (world.start(), (world.root / "run/credentials/grid.service/grid").unlink()),
            "grid.service runs, but was not given grid at its start; restart it",
        ),
        (lambda world: (world.start(), world.start("old.service", loads=False)), "old.service names it and does not"),
        (
            lambda world: (world.start(), world.start("two.service"), world.start("two.service", content=b"{}")),
            "two.service runs with an older content",
        ),
        (
            lambda world: (world.start(), world.process(7, "bot", opens=world.file)),
            r"the process 7 \(bot\) has it open; end that",
        ),
        (
            lambda world: (world.start(), world.process(7, "bot", "-c", "./config.json")),
            r"the process 7 \(bot\) names it and is none of grid.service",
        ),
        (with_another_name, "it has 2 names"),
    ],
)
def test_what_is_not_proved_stays(world: World, arrange: Any, sentence: str) -> None:
    arrange(world)
    assert re.search(sentence, world.held_back())


def another_unit(world: World, text: str, *, name: str = "old.service") -> None:
    """Write the unit of a service that does not run; SRV is the directory of the file in clear."""
    world.start()
    (world.root / "units" / name).write_text(text.replace("SRV", str(world.root / "srv")))


@pytest.mark.parametrize(
    "text",
    [
        "[Service]\nEnvironmentFile=-SRV/config.json\n",
        "[Service]\nEnvironmentFile=SRV/%i.json\n",
        "[Service]\nEnvironmentFile=-SRV/*.json\n",
        "[Service]\nWorkingDirectory=SRV\nExecStart=/usr/bin/bot --config config.json\n",
        "[Service]\nWorkingDirectory=-SRV/strategies\nExecStart=/usr/bin/bot --config=../config.json\n",
        '[Service]\nExecStart=/usr/bin/bot -c "SRV/strategies/../config.json"\n',
        "[Service]\nExecStart=/usr/bin/bot SRV/link.json\n",
    ],
)
def test_a_unit_names_a_file_in_many_ways(world: World, text: str) -> None:
    (world.root / "srv" / "link.json").symlink_to(world.file)
    another_unit(world, text)
    assert "old.service names it and does not load grid" in world.held_back()


@pytest.mark.parametrize(
    "text",
    [
        "[Service]\nEnvironmentFile=SRV/%i.env\nExecStart=/usr/bin/bot %i %d/config.json\n",
        "[Service]\nWorkingDirectory=SRV\nExecStart=/usr/bin/bot --name %i * x.json ${X}/config.json\n",
        "[Service]\nWorkingDirectory=/var/lib/bot\nExecStart=/usr/bin/bot config.json\n",
        "[Service]\nExecStart=/usr/bin/bot config.json SRV SRV/config.json.d/x [/srv\n",
    ],
)
def test_what_looks_like_the_file_is_not_it(world: World, text: str) -> None:
    another_unit(world, text)
    assert world.adopt()["changed"]


def test_a_unit_by_its_other_name_is_the_same_service(world: World) -> None:
    world.start()
    (world.root / "units" / "bot.service").symlink_to(world.root / "units" / "grid.service")
    world.names["bot.service"] = "grid.service"
    told = world.adopt(service="bot")
    assert (told["changed"], told["running"]) == (True, ["grid.service"])


def test_of_a_template_each_instance_that_runs_counts(world: World) -> None:
    world.start("bot@.service")
    world.active = {"bot@one.service", "bot@two.service"}
    for name in ("one", "two"):
        given = world.root / "run" / "credentials" / f"bot@{name}.service"
        given.mkdir()
        (given / "grid").write_bytes(world.placer.content("grid") or b"")
    (given / "grid").write_bytes(b"{}")
    assert "bot@two.service runs with an older content" in world.held_back(service="bot@one")
    assert "bot@three.service does not run" in world.held_back(service="bot@three")
    assert "other@one.service does not load grid" in world.held_back(service="other@one")
    (given / "grid").write_bytes(world.placer.content("grid") or b"")
    told = world.adopt(service="bot@one")
    assert (told["changed"], told["running"]) == (True, ["bot@one.service", "bot@two.service"])


def test_another_service_than_the_named_one_is_no_proof(world: World) -> None:
    world.start()
    assert "other.service does not load grid" in world.held_back(service="other")
    world.start("other.service")
    world.active.discard("other.service")
    assert "other.service does not run" in world.held_back(service="other")
    # And another one that would lose by it counts, whichever is named.
    world.start("other.service", content=b"{}")
    assert "other.service runs with an older content" in world.held_back(service="grid")


def test_of_the_age_store_it_is_what_was_unsealed(tmp_path: Path) -> None:
    given = tmp_path / "grid@btc-credentials"
    given.mkdir()
    (given / "key").write_bytes(b"canary")
    asked = {"unit": "grid@btc.service", "name": "key", "runtime": str(tmp_path)}
    assert was_given(store="age", content=b"canary", **asked) is None
    assert "was not given key" in str(was_given(store="systemd", content=b"canary", **asked))
    assert "an older content" in str(was_given(store="age", content=b"new", **asked))


def test_attributes_of_the_file_stay(world: World) -> None:
    world.start()
    try:
        os.setxattr(world.file, "user.note", b"x")
        has = True
    except OSError:  # a file system without any is no obstacle
        has = False
    assert world.adopt()["changed"]
    assert not has or os.getxattr(world.file, "user.note") == b"x"


def test_a_directory_opens_the_file_to_nobody_who_could_not_read_it(world: World) -> None:
    world.start()
    # Of this directory's new files the user 12345 may read each.
    entries = ((1, 7, -1), (2, 4, 12345), (4, 5, -1), (16, 5, -1), (32, 0, -1))
    rules = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    with contextlib.suppress(OSError):  # a file system without such rules opens nothing
        os.setxattr(world.file.parent, "system.posix_acl_default", rules)
    assert world.adopt()["changed"]
    assert "system.posix_acl_access" not in os.listxattr(world.file)
    assert stat.S_IMODE(world.file.stat().st_mode) == 0o640


@pytest.mark.parametrize("hidden", ["fd", "cwd"])
def test_a_process_that_may_not_be_looked_at_is_no_proof(
    world: World, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start()
    world.process(7, "bot", "-c", "./config.json" if hidden == "cwd" else "other", opens=world.file)
    if hidden == "cwd":
        (world.root / "proc/7/fd/3").unlink()
    name = {"fd": "listdir", "cwd": "readlink"}[hidden]
    call = getattr(os, name)

    def refused(path: Any, *given: Any, **named: Any) -> Any:
        if str(path).endswith(f"/7/{hidden}"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return call(path, *given, **named)

    monkeypatch.setattr(os, name, refused)
    assert "whether a process uses it cannot be seen (Permission denied)" in world.held_back()
    if hidden == "cwd":
        (world.root / "proc/7/cmdline").write_text("bot\0-c\0./another\0")
        assert world.adopt()["changed"], "wherever it runs, that is another file"


@pytest.mark.parametrize("changed", [{"secret": "canary-secret-2-long"}, {"passphrase": "canary-phrase"}])
def test_values_that_differ_stay(world: World, changed: dict[str, str]) -> None:
    names = {"secret": "secret", "passphrase": "password"}
    pair = {"key": FIELDS["api_key"], "secret": FIELDS["secret"]}
    pair.update({names[name]: value for name, value in changed.items()})
    world.file.write_text(json.dumps({"exchange": {"name": "bybit", **pair}}))
    world.start()
    assert "holds the credential's key with another secret" in world.held_back()


def test_a_key_that_the_credential_does_not_hold_is_none_of_its_business(world: World) -> None:
    world.file.write_text(CONFIG.replace("key-1", "key-2"))
    world.start()
    told = world.adopt()
    assert (told["changed"], told["files"][0]["state"]) == (False, "present")
    assert "key-2" in world.file.read_text()


def test_links_and_odd_files_stay(world: World) -> None:
    world.start()
    link = world.root / "srv" / "link.json"
    link.symlink_to(world.file)
    (world.root / "behind").symlink_to("srv")
    (world.root / "srv" / "big").write_text(CONFIG + " " * 300_000)
    os.mkfifo(world.root / "srv" / "pipe")
    files = [link, world.root / "behind" / "config.json", *(world.root / "srv" / name for name in ("big", "pipe", ""))]
    told = world.adopt(files=files)
    assert told["changed"] is False
    assert all(each["held_back"] for each in told["files"])
    assert world.file.read_text() == CONFIG


@pytest.mark.parametrize("path", ["config.json", "/srv/../etc/x", "~/x"])
def test_paths_that_are_none(world: World, path: str) -> None:
    with pytest.raises(InputError, match="is no plain absolute path"):
        take_away(
            credential="grid", files=[path], service=None, on_held_back="report", here=world.here, check_mode=False
        )


def test_a_credential_that_does_not_open_touches_nothing(world: World, systemd: FakeSystemd) -> None:
    world.start()
    with pytest.raises(StoreError, match="No file was touched: gone is not in"):
        world.adopt(credential="gone")
    systemd.set_machine_id("f" * 32 + "\n")
    with pytest.raises(StoreError, match="The machine-id of this host has changed"):
        world.adopt()
    assert world.file.read_text() == CONFIG
    assert systemd.secret.exists()


def test_a_file_that_changes_meanwhile_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.start()
    stage = _take_away._stage

    def slowly(*given: Any, **named: Any) -> str:
        world.file.write_text(CONFIG + "// more\n")
        return stage(*given, **named)

    monkeypatch.setattr(_take_away, "_stage", slowly)
    with pytest.raises(StoreError, match="was changed meanwhile"):
        world.adopt()
    assert world.file.read_text() == CONFIG + "// more\n"
    assert os.listdir(world.file.parent) == ["config.json"]


CALLS = ("open", "fchown", "fchmod", "write", "fsync", "stat", "replace", "unlink", "listxattr")


class Killed(BaseException):
    """The process is gone: nothing that it would still do to a file is done."""


def cut_off(at: int, patch: pytest.MonkeyPatch) -> None:
    """Let nothing happen any more from the so-many-th call of the system on, clean-up included."""
    left = [at]

    def watch(name: str) -> None:
        call = getattr(os, name)

        def watched(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] <= 0:
                raise Killed
            return call(*given, **named)

        patch.setattr(os, name, watched)

    for name in CALLS:
        watch(name)


def test_a_run_that_is_cut_off_anywhere_leaves_one_whole_file_and_the_next_one_goes_on(world: World) -> None:
    left_over = 0
    for at in range(1, 300):
        world.file.write_text(CONFIG)
        world.file.chmod(0o640)
        world.start()
        ended = False
        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
            cut_off(at, patch)
            world.adopt()
            ended = True
        assert world.file.read_text() in (CONFIG, CLEAN)
        left_over += len(os.listdir(world.file.parent)) - 1
        assert FIELDS["secret"].encode() in (world.placer.content("grid") or b"")
        assert world.adopt()["files"][0]["state"] == "present"
        assert world.file.read_text() == CLEAN
        assert stat.S_IMODE(world.file.stat().st_mode) == 0o640
        if ended:
            break
    assert ended
    assert at > 20
    # Some were cut off with a file beside it, which the next ones that change something take away.
    assert left_over > 0
    world.file.write_text(CONFIG)
    world.adopt()
    assert os.listdir(world.file.parent) == ["config.json"]
