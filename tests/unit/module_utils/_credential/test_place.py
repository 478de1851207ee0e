# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential import _place, _writer
from ansible_collections.trading.hosts.plugins.module_utils._credential._place import Placer
from ansible_collections.trading.hosts.plugins.module_utils._credential._request import Request
from ansible_collections.trading.hosts.plugins.module_utils._errors import StoreError

if t.TYPE_CHECKING:
    from tests.unit.module_utils._credential.conftest import FakeSystemd


OLD = b'{"apiKey": "CANARY-old-key", "secret": "CANARY-old-secret"}\n'
NEW = b'{"apiKey": "CANARY-new-key", "secret": "CANARY-new-secret"}\n'


class KilledError(BaseException):
    """Stands for a SIGKILL: no handler of the code under test may take it for a failure and carry on."""


def place(placer: Placer, *requests: Request, check_mode: bool = False) -> list[_place.Outcome]:
    return placer.run(requests=requests, check_mode=check_mode)


def content(placer: Placer, name: str) -> bytes:
    path = os.path.join(placer.directory, name)
    return placer.store.decrypt(name=name, path=path, encrypted=Path(path).read_bytes())


def test_placed_then_unchanged(placer: Placer, systemd: FakeSystemd, directory: Path) -> None:
    (first,) = place(placer, Request("bot.json", NEW))
    assert first.result() == {
        "name": "bot.json",
        "path": str(directory / "bot.json"),
        "state": "present",
        "changed": True,
        "changed_reasons": ["absent"],
        "content_changed": True,
        "store": "systemd",
        "key_type": "host",
        "recipients": [],
        "not_after": None,
        "content_changed_at": _place.instant((directory / "bot.json").stat().st_mtime_ns),
        "kept_for_units": [],
        "load_directive": f"LoadCredentialEncrypted=bot.json:{directory}/bot.json",
    }
    assert content(placer, "bot.json") == NEW
    assert directory.stat().st_mode & 0o7777 == 0o700
    assert (directory / "bot.json").stat().st_mode & 0o7777 == 0o600
    systemd.calls.clear()
    before = (directory / "bot.json").read_bytes()
    (second,) = place(placer, Request("bot.json", NEW))
    assert second.reasons == ()
    assert not second.content_changed
    assert second.result()["key_type"] == "host"
    assert systemd.verbs() == ["decrypt"]
    assert (directory / "bot.json").read_bytes() == before


def test_many_in_one_run(placer: Placer, directory: Path) -> None:
    requests = [Request(f"c{number}", b"content %d" % number) for number in range(20)]
    assert [o.name for o in place(placer, *requests)] == [r.name for r in requests]
    assert [content(placer, r.name) for r in requests] == [r.content for r in requests]
    assert sorted(os.listdir(directory)) == sorted(r.name for r in requests)
    assert all(o.reasons == () for o in place(placer, *requests))


def test_only_what_differs_is_written(placer: Placer) -> None:
    place(placer, Request("a", OLD), Request("b", OLD))
    a, b = place(placer, Request("a", NEW), Request("b", OLD))
    assert (a.reasons, a.content_changed) == (("content",), True)
    assert (b.reasons, b.content_changed) == ((), False)


def test_mode_is_put_right_without_a_restart(placer: Placer, systemd: FakeSystemd, directory: Path) -> None:
    place(placer, Request("a", OLD))
    (directory / "a").chmod(0o644)
    text = (directory / "a").read_bytes()
    (outcome,) = place(placer, Request("a", OLD))
    assert (outcome.reasons, outcome.content_changed) == (("mode",), False)
    assert (directory / "a").stat().st_mode & 0o7777 == 0o600
    assert (directory / "a").read_bytes() == text


def test_owner_differs(placer: Placer, monkeypatch: pytest.MonkeyPatch) -> None:
    place(placer, Request("a", OLD))
    changed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fchown", lambda _fd, uid, gid: changed.append((uid, gid)))
    other = Placer(directory=placer.directory, store=placer.store, uid=placer.uid, gid=placer.gid + 1)
    (outcome,) = place(other, Request("a", OLD))
    assert (outcome.reasons, outcome.content_changed) == (("owner",), False)
    assert changed == [(placer.uid, placer.gid + 1)]


def test_the_time_of_the_file_is_the_time_of_its_content(placer: Placer, systemd: FakeSystemd, directory: Path) -> None:
    place(placer, Request("a", OLD, "host"))
    os.utime(directory / "a", ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))
    systemd.has_tpm2 = True
    (moved,) = place(placer, Request("a", OLD, "host+tpm2"))
    assert moved.reasons == ("key_type",)
    assert (directory / "a").stat().st_mtime_ns == 1_700_000_000_123_456_789
    (changed,) = place(placer, Request("a", NEW, "host+tpm2"))
    assert changed.reasons == ("content",)
    assert (directory / "a").stat().st_mtime_ns > 1_700_000_000_123_456_789


def test_key_type_differs(placer: Placer, systemd: FakeSystemd) -> None:
    place(placer, Request("a", OLD, "host"))
    systemd.has_tpm2 = True
    (kept,) = place(placer, Request("a", OLD, "auto"))
    assert kept.reasons == ()
    (outcome,) = place(placer, Request("a", OLD, "host+tpm2"))
    assert (outcome.reasons, outcome.content_changed, outcome.after.key_type) == (("key_type",), False, "host+tpm2")


def test_a_null_key_credential_is_replaced_and_its_content_not_believed(
    placer: Placer, systemd: FakeSystemd, directory: Path
) -> None:
    place(placer, Request("a", OLD))
    text = systemd(argv=["systemd-creds", "encrypt", "--name=a", "--with-key=null", "-", "-"], stdin=OLD).stdout
    (directory / "a").write_bytes(text)
    (outcome,) = place(placer, Request("a", OLD))
    assert (outcome.reasons, outcome.content_changed) == (("key_type",), True)
    assert outcome.before.key_type == "null"
    assert outcome.after.key_type == "host"


def test_a_credential_made_for_another_name(placer: Placer, directory: Path) -> None:
    place(placer, Request("a", OLD))
    (directory / "a").rename(directory / "b")
    (outcome,) = place(placer, Request("b", OLD))
    assert (outcome.reasons, outcome.content_changed) == (("name",), False)
    (directory / "b").rename(directory / "c")
    (outcome,) = place(placer, Request("c", NEW))
    assert (outcome.reasons, outcome.content_changed) == (("name", "content"), True)
    assert content(placer, "c") == NEW


def damage(path: Path) -> None:
    text = bytearray(path.read_bytes())
    text[40] = ord("A") if text[40] != ord("A") else ord("B")
    path.write_bytes(bytes(text))


@pytest.mark.parametrize("check_mode", [False, True])
def test_undecryptable_fails_with_both_mends_and_changes_nothing(
    placer: Placer, directory: Path, check_mode: bool
) -> None:
    place(placer, Request("a", OLD), Request("b", OLD))
    damage(directory / "a")
    text = {name: (directory / name).read_bytes() for name in ("a", "b")}
    with pytest.raises(StoreError, match=r"a cannot be decrypted .*backup.*on_undecryptable: replace"):
        place(placer, Request("a", OLD), Request("b", NEW), check_mode=check_mode)
    assert {name: (directory / name).read_bytes() for name in ("a", "b")} == text


def test_undecryptable_is_replaced_when_asked(placer: Placer, directory: Path) -> None:
    place(placer, Request("a", OLD))
    damage(directory / "a")
    replacing = Placer(placer.directory, placer.store, _place.REPLACE, placer.uid, placer.gid)
    (outcome,) = place(replacing, Request("a", OLD))
    assert (outcome.reasons, outcome.content_changed) == (("undecryptable",), True)
    assert content(placer, "a") == OLD


def test_a_host_key_that_is_gone_is_not_made_anew_behind_the_users_back(placer: Placer, systemd: FakeSystemd) -> None:
    place(placer, Request("a", OLD))
    systemd.secret.unlink()
    systemd.calls.clear()
    with pytest.raises(StoreError, match=r"the host key .* is gone"):
        place(placer, Request("a", OLD))
    assert not systemd.secret.exists()
    assert systemd.calls == []
    replacing = Placer(placer.directory, placer.store, _place.REPLACE, placer.uid, placer.gid)
    assert place(replacing, Request("a", OLD))[0].reasons == ("undecryptable",)
    assert content(placer, "a") == OLD


@pytest.mark.parametrize("on_undecryptable", [_place.FAIL, _place.REPLACE])
@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("machine_id", ["f" * 32 + "\n", "", "rubbish\n"])
def test_a_changed_machine_id_never_reaches_systemd_and_recovers(
    placer: Placer, systemd: FakeSystemd, machine_id: str, check_mode: bool, on_undecryptable: str
) -> None:
    place(placer, Request("a", OLD), Request("b", OLD))
    key, identity = systemd.secret.read_bytes(), systemd.machine_id.read_text()
    systemd.calls.clear()
    systemd.set_machine_id(machine_id)
    guarded = Placer(placer.directory, placer.store, on_undecryptable, placer.uid, placer.gid)
    with pytest.raises(StoreError) as refused:
        place(guarded, Request("a", NEW), Request("new", NEW), check_mode=check_mode)
    assert systemd.calls == []
    assert systemd.secret.read_bytes() == key
    if machine_id.startswith("f"):
        assert os.path.join(placer.directory, "b") in str(refused.value)
    systemd.set_machine_id(identity)
    assert content(placer, "a") == OLD


def test_control_the_fake_destroys_the_key_as_systemd_does(placer: Placer, systemd: FakeSystemd) -> None:
    place(placer, Request("a", OLD))
    systemd.set_machine_id("f" * 32)
    systemd(argv=["systemd-creds", "decrypt", "--name=a", os.path.join(placer.directory, "a"), "-"])
    assert not systemd.secret.exists()


def test_removing_needs_neither_secret_nor_systemd(placer: Placer, systemd: FakeSystemd, directory: Path) -> None:
    place(placer, Request("a", OLD), Request("b", OLD))
    systemd.missing = True
    systemd.set_machine_id("f" * 32)
    (told,) = place(placer, Request("a"), check_mode=True)
    assert (told.reasons, (directory / "a").exists()) == (("removed",), True)
    gone, none = place(placer, Request("a"), Request("never"))
    assert (gone.reasons, gone.content_changed, gone.result()["load_directive"]) == (("removed",), False, None)
    assert none.reasons == ()
    assert os.listdir(directory) == ["b"]


def test_removing_from_a_virgin_host_makes_nothing(placer: Placer, directory: Path) -> None:
    assert place(placer, Request("a"))[0].reasons == ()
    assert not directory.exists()


def test_check_mode_on_a_virgin_host_predicts_and_makes_nothing(
    placer: Placer, systemd: FakeSystemd, directory: Path
) -> None:
    (told,) = place(placer, Request("a", NEW), check_mode=True)
    assert not directory.exists()
    assert not systemd.secret.exists()
    (done,) = place(placer, Request("a", NEW))
    assert told == done


def test_check_mode_fails_where_the_real_run_would(placer: Placer, systemd: FakeSystemd) -> None:
    systemd.missing = True
    with pytest.raises(StoreError, match="no systemd-creds"):
        place(placer, Request("a", NEW), check_mode=True)


def test_diffs_and_results_hold_no_value(placer: Placer) -> None:
    place(placer, Request("a", OLD))
    (outcome,) = place(placer, Request("a", NEW))
    assert "CANARY" not in json.dumps([outcome.diff(), outcome.result()])
    assert outcome.diff()["before"]["fields"] == ["api_key", "secret"]


def test_a_new_credential_that_does_not_decrypt_is_not_used(
    placer: Placer, systemd: FakeSystemd, directory: Path
) -> None:
    place(placer, Request("a", OLD))
    text = (directory / "a").read_bytes()
    systemd.corrupt = True
    with pytest.raises(StoreError, match="did not decrypt to what was given"):
        place(placer, Request("a", NEW))
    assert (directory / "a").read_bytes() == text
    assert os.listdir(directory) == ["a"]


def test_if_one_cannot_be_made_none_is_replaced(placer: Placer, systemd: FakeSystemd, directory: Path) -> None:
    place(placer, Request("a", OLD))
    text = (directory / "a").read_bytes()
    with pytest.raises(StoreError, match="null key"):
        place(placer, Request("a", NEW), Request("b", NEW, "null"))
    assert (directory / "a").read_bytes() == text
    assert os.listdir(directory) == ["a"]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_one(
    placer: Placer, directory: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(placer, Request("a", OLD))

    def full(*_given: t.Any) -> t.NoReturn:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, full)
        with pytest.raises(StoreError, match=r"a could not be written because the disk is full.*untouched"):
            place(placer, Request("a", NEW))
    assert os.listdir(directory) == ["a"]
    assert content(placer, "a") == OLD


#: Every call of the operating system by which a run changes the disk.
STEPS = ("open", "fchmod", "fchown", "write", "fsync", "close", "replace")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("nth", range(1, 8))
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_host_holds_a_credential_that_decrypts(
    placer: Placer, directory: Path, step: str, nth: int, after: bool
) -> None:
    place(placer, Request("a", OLD), Request("b", OLD))
    child = os.fork()
    if child == 0:  # the run that is killed: no clean-up of any kind happens after os._exit
        real, count = getattr(os, step), 0

        def fatal(*given: t.Any, **named: t.Any) -> t.Any:
            nonlocal count
            count += 1
            if count == nth and not after:
                os._exit(9)
            result = real(*given, **named)
            if count == nth:
                os._exit(9)
            return result

        setattr(os, step, fatal)
        try:
            place(placer, Request("a", NEW), Request("b", NEW))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    for name in ("a", "b"):
        assert content(placer, name) in (OLD, NEW)
    for path in directory.iterdir():
        assert b"CANARY" not in path.read_bytes()
    place(placer, Request("a", NEW), Request("b", NEW))
    assert sorted(os.listdir(directory)) == ["a", "b"]
    assert content(placer, "a") == content(placer, "b") == NEW


def test_an_interrupted_run_cleans_up_when_it_can(
    placer: Placer, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(placer, Request("a", OLD))

    def killed(**_given: t.Any) -> t.NoReturn:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(_writer, "commit", killed)
        with pytest.raises(KilledError):
            place(placer, Request("a", NEW))
    assert os.listdir(directory) == ["a"]


def test_content_counts_from_the_instant_at_which_it_is_in_place(
    placer: Placer, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that restarts by itself while the new file is proved has read the old one: it must look older."""
    place(placer, Request("a", OLD))
    original = _writer.commit
    started = []

    def commit(**given: t.Any) -> None:
        wait_for_another_time(directory)
        started.append((directory / "clock").stat().st_mtime_ns)
        original(**given)

    with monkeypatch.context() as patched:
        patched.setattr(_writer, "commit", commit)
        place(placer, Request("a", NEW))
    assert (directory / "a").stat().st_mtime_ns >= started[0]


def wait_for_another_time(directory: Path) -> None:
    """Return when files get another time than before: the clock of file systems ticks every few milliseconds."""
    clock = directory / "clock"
    clock.write_bytes(b"")
    first = clock.stat().st_mtime_ns
    while clock.stat().st_mtime_ns == first:
        clock.write_bytes(b"")


def test_leftovers_of_a_killed_run_go_and_nothing_else(placer: Placer, directory: Path) -> None:
    place(placer, Request("a", OLD))
    (directory / f".trading-hosts.a.{'0' * 16}.tmp").write_bytes(b"x")
    (directory / ".mine").write_bytes(b"x")
    place(placer, Request("a", OLD))
    assert sorted(os.listdir(directory)) == [".mine", "a"]


def test_everything_is_flushed_before_the_run_ends(
    placer: Placer, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_fsync, real_replace = os.fsync, os.replace
    done: list[str] = []

    def fsync(descriptor: int) -> None:
        done.append("fsync " + os.readlink(f"/proc/self/fd/{descriptor}"))
        real_fsync(descriptor)

    def replace(source: str, target: str) -> None:
        done.append(f"rename {source}")
        real_replace(source, target)

    place(placer, Request("x", OLD))
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    place(placer, Request("a", OLD), Request("b", OLD))
    renamed = [entry[7:] for entry in done if entry.startswith("rename ")]
    assert len(renamed) == 2
    for path in renamed:
        assert done.index(f"fsync {path}") < done.index(f"rename {path}")
    assert done[-1] == f"fsync {directory}"


def test_what_is_no_plain_file_is_refused(placer: Placer, directory: Path, tmp_path: Path) -> None:
    place(placer, Request("a", OLD))
    (tmp_path / "elsewhere").write_bytes(b"x")
    (directory / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="symbolic link"):
        place(placer, Request("link", NEW))
    (directory / "sub").mkdir()
    with pytest.raises(StoreError, match="not a plain file"):
        place(placer, Request("sub", NEW))
    os.mkfifo(directory / "pipe")
    with pytest.raises(StoreError, match="not a plain file"):
        place(placer, Request("pipe", NEW))
    (directory / "big").write_bytes(b"x" * 2_000_000)
    with pytest.raises(StoreError, match="too big"):
        place(placer, Request("big", NEW))


def test_a_directory_that_others_can_change_is_refused(placer: Placer, directory: Path) -> None:
    place(placer, Request("a", OLD))
    directory.chmod(0o777)
    with pytest.raises(StoreError, match=r"mode 0777.*chmod go-w"):
        place(placer, Request("a", NEW))
    directory.chmod(0o755)
    other = Placer(directory=placer.directory, store=placer.store, uid=placer.uid + 1, gid=placer.gid)
    with pytest.raises(StoreError, match="chown root"):
        place(other, Request("a", NEW))


def test_a_directory_without_a_parent_is_one_sentence(placer: Placer, tmp_path: Path) -> None:
    lost = Placer(directory=str(tmp_path / "no" / "where"), store=placer.store, uid=placer.uid, gid=placer.gid)
    with pytest.raises(StoreError, match="parent directory does not exist"):
        place(lost, Request("a", NEW))


def test_a_directory_that_is_a_file(placer: Placer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    lost = Placer(directory=str(tmp_path / "file"), store=placer.store, uid=placer.uid, gid=placer.gid)
    with pytest.raises(StoreError, match="is not a directory"):
        place(lost, Request("a", NEW))


def test_two_runs_at_once_do_not_disturb_each_other(placer: Placer, directory: Path) -> None:
    def run(number: int) -> None:
        place(placer, *(Request(f"c{n}", b"run %d" % number) for n in range(5)))

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(run, range(4)))
    assert len({content(placer, f"c{n}") for n in range(5)}) == 1
    assert sorted(os.listdir(directory)) == [f"c{n}" for n in range(5)]
