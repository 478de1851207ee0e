# Copyright (c) 2026, trading.hosts contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The age store, and moves between it and the systemd store."""

from __future__ import annotations

import dataclasses
import json
import os
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ansible_collections.trading.hosts.plugins.module_utils._credential import _inspect, _place, _writer
from ansible_collections.trading.hosts.plugins.module_utils._credential._age import check_recipients
from ansible_collections.trading.hosts.plugins.module_utils._credential._age_reader import stanzas
from ansible_collections.trading.hosts.plugins.module_utils._credential._clear_file import only_key
from ansible_collections.trading.hosts.plugins.module_utils._credential._files import store_of
from ansible_collections.trading.hosts.plugins.module_utils._credential._place import Placer, instant
from ansible_collections.trading.hosts.plugins.module_utils._credential._request import (
    Late,
    Request,
    parse,
    parse_recipients,
)
from ansible_collections.trading.hosts.plugins.module_utils._errors import InputError, StoreError

if t.TYPE_CHECKING:
    from ansible_collections.trading.hosts.plugins.module_utils._credential._units import Loads
    from tests.unit.module_utils._credential.conftest import FakeAge, FakeSystemd

OLD = b'{"apiKey": "CANARY-old-key", "secret": "CANARY-old-secret"}\n'
NEW = b'{"apiKey": "CANARY-new-key", "secret": "CANARY-new-secret"}\n'
ANNA = "age1" + "q" * 58
BORIS = "age1" + "z" * 58
OTHER_IDENTITY = "# public key: x\nAGE-SECRET-KEY-1OTHER\n"


class KilledError(BaseException):
    """Stands for a SIGKILL."""


@dataclasses.dataclass
class Machine:
    """One host with both stores."""

    directory: Path
    systemd: FakeSystemd
    age: FakeAge
    loads: Loads = dataclasses.field(default_factory=dict)
    on_undecryptable: str = _place.FAIL

    def placer(self, store: str, *recipients: str) -> Placer:
        stores = {"age": self.age.store(*recipients), "systemd": self.systemd.store()}
        return Placer(
            directory=str(self.directory),
            store=t.cast(t.Any, stores[store]),
            on_undecryptable=self.on_undecryptable,
            uid=os.geteuid(),
            gid=os.getegid(),
            others=[t.cast(t.Any, each) for kind, each in stores.items() if kind != store],
            loads=self.loads,
        )

    def place(
        self, store: str, *requests: Request, to: t.Sequence[str] = (), check_mode: bool = False
    ) -> list[dict[str, t.Any]]:
        outcomes = self.placer(store, *to).run(requests=requests, check_mode=check_mode)
        return [outcome.result() for outcome in outcomes]

    def files(self) -> list[str]:
        return sorted(os.listdir(self.directory)) if self.directory.exists() else []

    def info(self) -> dict[str, t.Any]:
        return _inspect.inspect(
            directory=str(self.directory),
            names=None,
            systemd=self.systemd.store(),
            age=self.age.store(),
            loads=self.loads,
        )

    def content(self, name: str) -> bytes:
        """What the service would get: from the file that was put there last."""
        (entry,) = [one for one in self.info()["credentials"] if one["name"] == name and not one["superseded"]]
        path = Path(entry["path"])
        store: t.Any = self.age.store() if entry["store"] == "age" else self.systemd.store()
        return t.cast(bytes, store.decrypt(name=name, path=str(path), encrypted=path.read_bytes()))


@pytest.fixture
def machine(directory: Path, systemd: FakeSystemd, age: FakeAge) -> Machine:
    return Machine(directory, systemd, age)


def test_placed_then_unchanged(machine: Machine) -> None:
    (first,) = machine.place("age", Request("bot.json", NEW), to=[ANNA])
    own = machine.age.store().recipient()
    assert first == {
        "name": "bot.json",
        "path": str(machine.directory / "bot.json.age"),
        "state": "present",
        "changed": True,
        "changed_reasons": ["absent"],
        "content_changed": True,
        "store": "age",
        "key_type": "age",
        "recipients": [own, ANNA],
        "not_after": None,
        "content_changed_at": instant((machine.directory / "bot.json.age").stat().st_mtime_ns),
        "kept_for_units": [],
        "load_directive": None,
    }
    assert machine.files() == [".trading-hosts.bot.json.age.notes", "bot.json.age"]
    assert machine.content("bot.json") == NEW
    assert machine.age.identity.stat().st_mode & 0o7777 == 0o600
    assert machine.age.identity.parent.stat().st_mode & 0o7777 == 0o700
    assert os.listdir(machine.age.identity.parent) == ["identity"]
    assert machine.systemd.calls == []
    machine.age.calls.clear()
    (second,) = machine.place("age", Request("bot.json", NEW), to=[ANNA])
    assert (second["changed_reasons"], second["recipients"]) == ([], [own, ANNA])
    assert [call[:2] for call in machine.age.calls] == [["age", "--decrypt"], ["age-keygen", "-y"]]


def test_no_secret_is_in_a_command(machine: Machine) -> None:
    machine.place("age", Request("a", NEW), Request("b", OLD), to=[ANNA])
    assert "CANARY" not in json.dumps(machine.age.calls)
    assert "SECRET-KEY" not in json.dumps(machine.age.calls)


@pytest.mark.parametrize("check_mode", [False, True])
def test_other_recipients_mean_another_encryption_and_no_restart(machine: Machine, check_mode: bool) -> None:
    machine.place("age", Request("a", OLD), to=[ANNA])
    os.utime(machine.directory / "a.age", ns=(1, 1_700_000_000_123_456_789))
    (outcome,) = machine.place("age", Request("a", OLD), to=[ANNA, BORIS], check_mode=check_mode)
    assert (outcome["changed_reasons"], outcome["content_changed"]) == (["recipients"], False)
    assert outcome["recipients"][1:] == [ANNA, BORIS]
    assert (machine.directory / "a.age").stat().st_mtime_ns == 1_700_000_000_123_456_789
    assert len(machine.info()["credentials"][0]["recipients"]) == (2 if check_mode else 3)


def test_notes_that_are_lost_or_of_another_file_do_not_count(machine: Machine) -> None:
    machine.place("age", Request("a", OLD), to=[ANNA])
    notes = machine.directory / ".trading-hosts.a.age.notes"
    for text in (None, "{}", "[]", '{"sha256": 1}', notes.read_text().replace('"sha256": "', '"sha256": "0')):
        notes.unlink() if text is None else notes.write_text(text)
        assert machine.info()["credentials"][0]["recipients"] == []
        assert machine.place("age", Request("a", OLD), to=[ANNA])[0]["changed_reasons"] == ["recipients"]
        assert machine.place("age", Request("a", OLD), to=[ANNA])[0]["changed_reasons"] == []


def test_check_mode_on_a_virgin_host_writes_nothing(machine: Machine, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    (outcome,) = machine.place("age", Request("a", NEW), to=[ANNA], check_mode=True)
    assert (outcome["changed_reasons"], outcome["key_type"]) == (["absent"], "age")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_host_without_the_program_says_so(machine: Machine, check_mode: bool) -> None:
    machine.age.missing = True
    with pytest.raises(StoreError, match=r"^This host has no program age.*install the package age\.$"):
        machine.place("age", Request("a", NEW), check_mode=check_mode)
    assert machine.files() == []


@pytest.mark.parametrize("check_mode", [False, True])
def test_swap_in_clear_is_refused(machine: Machine, check_mode: bool) -> None:
    machine.age.clear_swaps = ["/dev/sda2"]
    with pytest.raises(StoreError, match=r"swaps to /dev/sda2 without encryption.*swapoff.*store: systemd\.$"):
        machine.place("age", Request("a", NEW), check_mode=check_mode)
    assert machine.age.calls == []
    assert machine.place("age", Request("a"))[0]["changed"] is False
    assert machine.place("systemd", Request("a", NEW))[0]["changed"] is True


def test_an_identity_that_others_can_read_is_not_used(machine: Machine) -> None:
    machine.place("age", Request("a", NEW))
    machine.age.identity.chmod(0o640)
    with pytest.raises(StoreError, match=r"can be read by others than root \(mode 0640.*chmod 600"):
        machine.place("age", Request("a", NEW))
    told = machine.info()
    assert told["machine"]["age_identity"] == "exposed"
    assert told["credentials"][0]["decryptable"] == "no"


def test_a_lost_identity_is_not_made_anew_behind_the_users_back(machine: Machine) -> None:
    machine.place("age", Request("a", OLD))
    identity = machine.age.identity.read_text()
    machine.age.identity.unlink()
    for request in (Request("a", OLD), Request("new", NEW)):
        with pytest.raises(StoreError, match=r"identity .* is gone, and .*a\.age .*restore it from a backup"):
            machine.place("age", request)
    assert not machine.age.identity.exists()
    assert machine.info()["credentials"][0]["decryptable"] == "no"
    machine.age.identity.write_text(identity)
    machine.age.identity.chmod(0o600)
    assert machine.place("age", Request("a", OLD))[0]["changed"] is False
    machine.age.identity.unlink()
    machine.on_undecryptable = _place.REPLACE
    assert machine.place("age", Request("a", OLD))[0]["changed_reasons"] == ["undecryptable"]
    assert machine.content("a") == OLD


def test_a_file_for_another_host_is_kept_or_replaced_as_told(machine: Machine) -> None:
    machine.place("age", Request("a", OLD), Request("b", OLD))
    machine.age.identity.write_text(OTHER_IDENTITY)
    text = (machine.directory / "a.age").read_bytes()
    with pytest.raises(StoreError, match=r"no identity matched .*identity .*backup.*on_undecryptable: replace"):
        machine.place("age", Request("a", OLD), Request("c", NEW))
    assert (machine.directory / "a.age").read_bytes() == text
    assert machine.files() == [".trading-hosts.a.age.notes", ".trading-hosts.b.age.notes", "a.age", "b.age"]
    machine.on_undecryptable = _place.REPLACE
    assert machine.place("age", Request("a", OLD))[0]["changed_reasons"] == ["undecryptable"]


SCRYPT = b"age-encryption.org/v1\n-> scrypt salt 18\nbody\n--- mac\nrest"


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        (b"", "unknown", "no whole age file"),
        (b"rubbish", "unknown", "no whole age file"),
        (b"age-encryption.org/v1\n-> X25519 abc\n", "unknown", "no whole age file"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\n!!!\n", "unknown", "no whole age file"),
        (SCRYPT, "age-passphrase", "with a passphrase"),
    ],
)
def test_odd_files_are_told_and_never_reach_the_program(machine: Machine, text: bytes, kind: str, says: str) -> None:
    machine.place("age", Request("b", OLD))
    (machine.directory / "a.age").write_bytes(text)
    machine.age.calls.clear()
    (entry,) = [each for each in machine.info()["credentials"] if each["name"] == "a"]
    assert (entry["decryptable"], entry["key_type"] in (kind, "unknown")) == ("no", True)
    with pytest.raises(StoreError, match=says):
        machine.place("age", Request("a", OLD))
    assert not [call for call in machine.age.calls if call[-1].endswith("a.age")]


def test_the_kinds_of_recipients_are_told_from_the_header() -> None:
    header = b"age-encryption.org/v1\n-> X25519 a\nbody\n-> ssh-ed25519 b c\nbody\n--- mac\n\x00\xff"
    assert stanzas(encrypted=header) == ["X25519", "ssh-ed25519"]
    assert store_of(encrypted=header) == "age"
    assert stanzas(encrypted=b"Whxqht+dQJax1aZeCGLxmiAAAAABAAAA") is None
    assert store_of(encrypted=b"Whxqht+dQJax1aZeCGLxmiAAAAABAAAA") == "systemd"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("age1x", "is not a list"),
        (["age1short"], "recipients[0] 'age1short': is no recipient"),
        ([ANNA, 5], "recipients[1] '5': is no recipient"),
        (["AGE-SECRET-KEY-1CANARY"], "the secret half"),
        (["--output=/etc/passwd"], "is no recipient"),
        (["ssh-ed25519 short"], "is no recipient"),
    ],
)
def test_what_is_no_recipient_is_refused(given: t.Any, says: str) -> None:
    with pytest.raises(InputError) as refused:
        check_recipients(recipients=given, field="recipients")
    assert says in str(refused.value)
    assert "CANARY" not in str(refused.value)


def test_recipients_count_once() -> None:
    ssh = "ssh-ed25519 " + "A" * 68 + " anna@example.com"
    assert check_recipients(recipients=[ANNA, f" {ANNA}\n", ssh], field="recipients") == (ANNA, ssh)
    assert check_recipients(recipients=None, field="recipients") == ()


@pytest.mark.parametrize(("origin", "target"), [("systemd", "age"), ("age", "systemd")])
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_move_is_one_run(machine: Machine, origin: str, target: str, check_mode: bool) -> None:
    machine.place(origin, Request("a", OLD), Request("b", OLD))
    old_path = machine.directory / ("a.age" if origin == "age" else "a")
    os.utime(old_path, ns=(1, 1_700_000_000_123_456_789))
    before = machine.files()
    moved, same = machine.place(target, Request("a", OLD), Request("b", NEW), check_mode=check_mode)
    assert (moved["changed_reasons"], moved["content_changed"], moved["store"]) == (["store"], False, target)
    assert (same["changed_reasons"], same["content_changed"]) == (["store", "content"], True)
    if check_mode:
        assert machine.files() == before
        return
    new_path = Path(moved["path"])
    assert new_path.stat().st_mtime_ns == 1_700_000_000_123_456_789
    assert store_of(encrypted=new_path.read_bytes()) == target
    assert {entry["store"] for entry in machine.info()["credentials"]} == {target}
    assert not old_path.exists()
    assert not [name for name in machine.files() if origin == "age" and "age" in name]
    assert [one["changed"] for one in machine.place(target, Request("a", OLD), Request("b", NEW))] == [False, False]
    assert machine.content("a") == OLD
    assert machine.content("b") == NEW


@pytest.mark.parametrize(("origin", "target"), [("systemd", "age"), ("age", "systemd")])
def test_what_a_unit_loads_stays_until_no_unit_does(machine: Machine, origin: str, target: str) -> None:
    machine.place(origin, Request("a", OLD))
    old_path = machine.directory / ("a.age" if origin == "age" else "a")
    machine.loads = {"bot.service": [f"a:{old_path}"]}
    (moved,) = machine.place(target, Request("a", OLD))
    assert (moved["changed_reasons"], moved["kept_for_units"]) == (["store"], [str(old_path)])
    told = {entry["store"]: entry for entry in machine.info()["credentials"]}
    assert told[origin]["superseded"] is True
    assert told[target]["superseded"] is False
    assert told[origin]["loaded_by"] == ["bot.service"]
    assert told[origin]["readable_by"][1]["service"] == "bot.service"
    (again,) = machine.place(target, Request("a", OLD), Request("a", settled=True))[:1]
    assert (again["changed"], again["kept_for_units"]) == (False, [str(old_path)])

    machine.loads = {}
    (foreseen,) = machine.place(target, Request("a", settled=True), check_mode=True)
    assert (foreseen["changed_reasons"], old_path.exists()) == (["unused_copy"], True)
    (settled,) = machine.place(target, Request("a", settled=True))
    assert (settled["changed_reasons"], settled["content_changed"], old_path.exists()) == (
        ["unused_copy"],
        False,
        False,
    )
    assert machine.place(target, Request("a", settled=True))[0]["changed"] is False
    assert machine.content("a") == OLD


def test_a_move_back_before_the_first_was_settled(machine: Machine) -> None:
    machine.place("systemd", Request("a", OLD))
    machine.loads = {"bot.service": [f"a:{machine.directory}/a"]}
    machine.place("age", Request("a", NEW))
    assert machine.content("a") == NEW
    (back,) = machine.place("systemd", Request("a", NEW))
    assert (back["changed_reasons"], back["content_changed"]) == (["store"], False)
    assert machine.content("a") == NEW
    assert [entry["store"] for entry in machine.info()["credentials"]] == ["systemd"]


def test_settling_what_is_not_there_removes_nothing(machine: Machine) -> None:
    machine.place("systemd", Request("a", OLD))
    before = machine.files()
    for name in ("a", "never"):
        with pytest.raises(StoreError, match="so no other copy of it was removed"):
            machine.place("age", Request(name, settled=True))
    assert machine.files() == before


def test_removal_is_from_every_store(machine: Machine) -> None:
    machine.place("systemd", Request("a", OLD))
    machine.loads = {"bot.service": [f"a:{machine.directory}/a"]}
    machine.place("age", Request("a", OLD))
    assert machine.place("systemd", Request("a"))[0]["changed_reasons"] == ["removed"]
    assert machine.files() == []


def test_a_move_away_from_a_lost_host_key_says_what_to_do(machine: Machine) -> None:
    machine.place("systemd", Request("a", OLD))
    machine.systemd.set_machine_id("f" * 32)
    machine.systemd.calls.clear()
    with pytest.raises(StoreError, match="machine-id"):
        machine.place("age", Request("a", OLD))
    assert machine.systemd.calls == []
    assert machine.systemd.secret.exists()


def test_what_does_not_decrypt_after_writing_is_not_put_in_place(machine: Machine) -> None:
    machine.place("systemd", Request("a", OLD))
    machine.age.corrupt = True
    with pytest.raises(StoreError, match="did not decrypt to what was given"):
        machine.place("age", Request("a", OLD))
    assert machine.files() == ["a"]
    assert machine.content("a") == OLD


@pytest.mark.parametrize("step", ["stage", "commit", "sync_directory", "discard"])
@pytest.mark.parametrize(("origin", "target"), [("systemd", "age"), ("age", "systemd"), ("age", "age")])
@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_killed_in_a_move_there_is_always_one_that_decrypts(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, step: str, number: int, origin: str, target: str
) -> None:
    machine.place(origin, Request("a", OLD), Request("b", OLD))
    original = getattr(_writer, step)
    calls = []

    def killed(**given: t.Any) -> t.Any:
        calls.append(given)
        if len(calls) > number:
            raise KilledError
        return original(**given)

    with monkeypatch.context() as patched:
        patched.setattr(_writer, step, killed)
        patched.setattr(_place, "in_parallel", lambda work, arguments: [work(argument) for argument in arguments])
        try:
            machine.place(target, Request("a", NEW), Request("b", NEW), to=[ANNA] if target == "age" else [])
        except KilledError:
            assert machine.content("a") in (OLD, NEW)
            assert machine.content("b") in (OLD, NEW)
    machine.place(target, Request("a", NEW), Request("b", NEW), to=[ANNA] if target == "age" else [])
    assert machine.content("a") == machine.content("b") == NEW
    assert [name for name in machine.files() if name.endswith(".tmp")] == []
    assert {entry["store"] for entry in machine.info()["credentials"]} == {target}


@pytest.mark.parametrize("step", ["file", "notes"])
def test_killed_in_a_removal_nothing_stays_after_the_next_run(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    machine.place("age", Request("a", OLD))
    original = os.unlink

    def killed(path: t.Any, **given: t.Any) -> None:
        if str(path).endswith(".notes") == (step == "notes"):
            raise KilledError
        original(path, **given)

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", killed)
        with pytest.raises(KilledError):
            machine.place("age", Request("a"))
    # As long as a trace of it is there, the file is: a run that looks at files sees that it has something to do.
    assert "a.age" in machine.files()
    machine.place("age", Request("a"))
    assert machine.files() == []


def test_notes_of_a_file_that_is_gone_go_too(machine: Machine) -> None:
    machine.place("age", Request("a", OLD), Request("b", OLD))
    (machine.directory / "a.age").unlink()
    machine.place("age", Request("b", OLD))
    assert machine.files() == [".trading-hosts.b.age.notes", "b.age"]


def test_two_runs_at_once_end_with_one_result(machine: Machine) -> None:
    names = [f"c{number}" for number in range(6)]

    def run(content: bytes) -> None:
        machine.place("age", *(Request(name, content) for name in names))

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(run, [OLD, NEW, OLD, NEW]))
    assert len({machine.content(name) for name in names}) == 1
    assert machine.info()["machine"]["age_identity"] == "present"
    assert sorted(name for name in machine.files() if not name.startswith(".")) == [f"{name}.age" for name in names]


def sealed_for(machine: Machine, content: bytes, *recipients: str) -> str:
    """What somebody seals on a laptop."""
    return machine.age.store().seal(name="x", content=content, recipients=recipients).decode()


def opened(machine: Machine, entry: dict[str, t.Any]) -> Request:
    """What the host makes of it."""
    (request,) = parse(credentials=[{"name": "a", **entry}], late=Late(machine.age.store().unseal, only_key))
    return request


FIELDS = {"api_key": "CANARY-key-1", "secret": "CANARY-secret-1"}


def test_what_is_sealed_for_this_host_is_placed_like_what_comes_in_clear(machine: Machine) -> None:
    machine.age.store().make_identity()
    own = machine.age.store().recipient()
    for text, entry, clear in (
        (json.dumps(FIELDS).encode(), {"format": "ccxt"}, {"format": "ccxt", "fields": FIELDS}),
        (
            json.dumps({"grid": FIELDS, "hedge": FIELDS}).encode(),
            {"format": "json"},
            {"format": "json", "accounts": {"grid": FIELDS, "hedge": FIELDS}},
        ),
        (NEW, {}, {"content": NEW.decode()}),
    ):
        sealed = {**entry, "sealed": sealed_for(machine, text, own, ANNA)}
        assert opened(machine, sealed).content == parse(credentials=[{"name": "a", **clear}])[0].content
        # The controller cannot look inside, and knows that it will be placed.
        (request,) = parse(credentials=[{"name": "a", **sealed}])
        assert (request.content, request.state) == (None, "present")


@pytest.mark.parametrize(
    ("text", "entry", "says"),
    [
        (b"{", {"format": "ccxt"}, "does not hold a JSON object"),
        (b'["CANARY"]', {"format": "ccxt"}, "does not hold a JSON object"),
        (b'{"CANARY": "x"}', {"format": "ccxt"}, "not a known field"),
        (b'{"api_key": 12345678}', {"format": "ccxt"}, "was read as a number"),
        (b"\xff\xfeCANARY", {}, "does not hold text"),
        (b"", {}, "is empty"),
    ],
)
def test_what_is_sealed_badly_is_told_without_its_content(
    machine: Machine, text: bytes, entry: dict[str, str], says: str
) -> None:
    machine.age.store().make_identity()
    with pytest.raises(InputError, match=says) as refused:
        opened(machine, {**entry, "sealed": sealed_for(machine, text, machine.age.store().recipient())})
    assert "CANARY" not in str(refused.value)


def test_what_is_sealed_for_others_says_for_whom_to_seal(machine: Machine) -> None:
    sealed = sealed_for(machine, NEW, ANNA)
    with pytest.raises(StoreError, match=r"no identity yet; run this module with make_age_identity: true"):
        opened(machine, {"sealed": sealed})
    machine.age.store().make_identity()
    own = machine.age.store().recipient()
    with pytest.raises(StoreError, match=rf"credentials\[0\] \(a\)\.sealed cannot .*--recipient {own} --recipient <"):
        opened(machine, {"sealed": sealed})


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"sealed": "CANARY in clear"}, "is not the text of an age file"),
        ({"sealed": 5}, "is not the text of an age file"),
        ({"sealed": SCRYPT.decode(), "content": "CANARY"}, "is given beside content"),
        ({"sealed": SCRYPT.decode(), "copy_from": "b"}, "gives sealed beside copy_from"),
    ],
)
def test_what_is_not_sealed_is_refused_on_the_controller(entry: dict[str, t.Any], says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        parse(credentials=[{"name": "a", **entry}])
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"recipients": [ANNA]}, "systemd encrypts for one host only"),
        ({"escrow_to": "/x"}, "nobody who could open the sealed copies"),
        ({"escrow_to": "/x", "recipients": [], "store": "age"}, "nobody who could open"),
    ],
)
def test_recipients_and_where_they_belong(options: dict[str, t.Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_recipients(options=options)
    assert parse_recipients(options={"escrow_to": "/x", "recipients": [ANNA]}) == (ANNA,)
